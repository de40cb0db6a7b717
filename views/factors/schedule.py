"""Schedules of one optimizer's rate."""

from __future__ import annotations

from dataclasses import replace

from landscape.language import msgid
from optimizers import SCHEDULES
from views.settings.factor import Factor
from views.settings.noise import NOTHING_TO_AVERAGE, idle_without_noise
from views.settings.schedules import numbers_of
from views.settings.setting import Note, Setting, Several

FACTOR = Factor(
    name="Schedule",
    label="Schedule",
    place=5,
    settings=(
        Setting(
            "schedules",
            Several(tuple(SCHEDULES)),
            ("Constant", "Step", "Cosine", "Inverse sqrt"),
            msgid("Schedules to compare"),
            idle=idle_without_noise(NOTHING_TO_AVERAGE),
        ),
    ),
    setting=lambda settings: "schedules",
    vary=lambda run, value, settings: replace(
        run, schedule=value, schedule_params=numbers_of(settings, value)
    ),
    names_of=list,
    labels_of=lambda values: [Note(value) for value in values],
    replaces=lambda surface, rule: ("schedule",),
    defaults=lambda experiment: {"schedules": tuple(run.schedule for run in experiment.runs)},
)
