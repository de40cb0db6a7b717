"""Warm-ups of one optimizer's rate."""

from __future__ import annotations

from dataclasses import replace

from landscape.language import msgid
from views.settings.factor import Factor
from views.settings.schedules import MOST_UPDATES
from views.settings.setting import Note, NumberList, Setting

LABEL = msgid("warm-up {value}")

FACTOR = Factor(
    name="Warm-up",
    label="Warm-up",
    place=9,
    settings=(
        Setting(
            *("warmups", NumberList(0, MOST_UPDATES, whole=True), "0, 10, 30, 50"),
            msgid("Warm-ups to compare, in updates"),
        ),
    ),
    setting=lambda settings: "warmups",
    vary=lambda run, value, settings: replace(run, warmup=value),
    names_of=lambda values: [f"warm-up {value}" for value in values],
    labels_of=lambda values: [Note(LABEL, {"value": value}) for value in values],
    replaces=lambda surface, rule: ("warmup",),
    defaults=lambda experiment: {"warmups": ", ".join(str(run.warmup) for run in experiment.runs)},
)
