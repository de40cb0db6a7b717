"""Batches an update of one optimizer: gradient accumulation."""

from __future__ import annotations

from dataclasses import replace

from landscape.language import msgid
from views.settings.factor import Factor
from views.settings.noise import MOST_ACCUMULATED, idle_accumulated
from views.settings.setting import Note, NumberList, Setting

FACTOR = Factor(
    name="Batches an update",
    label="Batches an update",
    place=29,
    settings=(
        Setting(
            *("accumulated", NumberList(1, MOST_ACCUMULATED, whole=True), "1, 2, 4, 8"),
            msgid("Numbers of batches to compare"),
            idle=idle_accumulated,
        ),
    ),
    setting=lambda settings: "accumulated",
    vary=lambda run, value, settings: replace(run, accumulate=value),
    names_of=lambda values: [f"accumulate {value}" for value in values],
    labels_of=lambda values: [Note(msgid("batches {value}"), {"value": value}) for value in values],
    replaces=lambda surface, rule: ("accumulate",),
    defaults=lambda experiment: {
        "accumulated": ", ".join(str(run.accumulate) for run in experiment.runs)
    },
)
