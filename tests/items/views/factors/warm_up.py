"""Warm-ups of one optimizer's rate."""

from dataclasses import replace

from landscape.language import tr
from views.settings.factor import Factor
from views.settings.setting import NumberList, Setting

FACTOR = Factor(
    name="Warm-up",
    place=9,
    settings=(Setting("warmups", NumberList(0, 100, whole=True), "0, 10, 30, 50", "Warm-ups"),),
    setting=lambda settings: "warmups",
    vary=lambda run, value, settings: replace(run, warmup=value),
    name_of=lambda value: f"warm-up {value}",
    label_of=lambda value: tr("warm-up {value}", value=value),
    replaces=lambda surface, rule: ("warmup",),
    defaults=lambda experiment: {"warmups": ", ".join(str(run.warmup) for run in experiment.runs)},
)
