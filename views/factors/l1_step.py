"""L1 by its subgradient and by proximal steps, of a rule that can take both."""

from __future__ import annotations

from dataclasses import replace

from landscape.language import msgid
from optimizers.record import L1_STEPS
from views.settings.factor import Factor
from views.settings.regularization import LABELS, idle_step
from views.settings.setting import Note, Setting, Several

FACTOR = Factor(
    name="Step of L1",
    label="Step of L1",
    place=19,
    settings=(
        Setting(
            "l1_steps",
            Several(L1_STEPS),
            L1_STEPS,
            msgid("Steps to compare"),
            idle=idle_step,
        ),
    ),
    setting=lambda settings: "l1_steps",
    vary=lambda run, value, settings: replace(run, l1_step=value),
    names_of=list,
    labels_of=lambda values: [Note(LABELS[value]) for value in values],
    replaces=lambda surface, rule: ("l1_step",),
    defaults=lambda experiment: {
        "l1_steps": tuple(
            dict.fromkeys(run.l1_step or experiment.l1_step for run in experiment.runs)
        )
    },
    able=lambda rule: {*L1_STEPS} <= {*rule.l1_steps},
)
