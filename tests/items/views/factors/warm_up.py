"""Warm-ups of one optimizer's rate."""

from dataclasses import replace

from views.settings.factor import Factor
from views.settings.setting import Note, NumberList, Setting

FACTOR = Factor(
    name="Warm-up",
    label="Warm-up",
    place=9,
    settings=(Setting("warmups", NumberList(0, 100, whole=True), "0, 10, 30, 50", "Warm-ups"),),
    setting=lambda settings: "warmups",
    vary=lambda run, value, settings: replace(run, warmup=value),
    names_of=lambda values: [f"warm-up {value}" for value in values],
    labels_of=lambda values: [Note("warm-up {value}", {"value": value}) for value in values],
    replaces=lambda surface, rule: ("warmup",),
    defaults=lambda experiment: {"warmups": ", ".join(str(run.warmup) for run in experiment.runs)},
)
