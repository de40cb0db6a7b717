"""Optimizers, each at a rate of its own or at rates that are made fair."""

from __future__ import annotations

from landscape.language import msgid
from optimizers import OPTIMIZERS
from views.presets import DEFAULT
from views.settings.factor import Factor
from views.settings.setting import Note, Setting, Several

FACTOR = Factor(
    name="Optimizer",
    label="Optimizer",
    place=1,
    settings=(
        Setting(
            "optimizers",
            Several(tuple(OPTIMIZERS)),
            tuple(run.optimizer for run in DEFAULT.runs),
            msgid("Optimizers"),
        ),
    ),
    setting=lambda settings: "optimizers",
    vary=lambda run, value, settings: run,
    names_of=list,
    labels_of=lambda values: [Note(value) for value in values],
    replaces=lambda surface, rule: (),
    defaults=lambda experiment: {},
    of_rules=True,
)
