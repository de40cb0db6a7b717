"""Momenta of one optimizer."""

from __future__ import annotations

from dataclasses import replace

from landscape import SURFACES
from landscape.language import msgid
from optimizers import OPTIMIZERS, Optimizer
from views.settings.factor import Factor
from views.settings.setting import Note, NumberList, Setting, number_list, told_apart

LABEL = msgid("momentum {value}")


def able(rule: Optimizer) -> bool:
    """Tell whether a rule has a momentum."""
    return any(fact.name == "momentum" for fact in rule.hyperparameters)


FACTOR = Factor(
    name="Momentum",
    label="Momentum (μ)",
    place=3,
    settings=tuple(
        Setting(
            f"{surface}.{name}.momenta",
            NumberList(0.0, 0.999),
            "0, 0.5, 0.9, 0.99",
            msgid("Momenta to compare"),
        )
        for surface in SURFACES
        for name, rule in OPTIMIZERS.items()
        if able(rule)
    ),
    setting=lambda settings: f"{settings['surface']}.{settings.rules[0]}.momenta",
    vary=lambda run, value, settings: replace(run, hyper={**run.hyper, "momentum": value}),
    names_of=lambda values: [f"momentum {text}" for text in told_apart(values)],
    labels_of=lambda values: [Note(LABEL, {"value": text}) for text in told_apart(values)],
    replaces=lambda surface, rule: (f"{rule}.momentum",),
    defaults=lambda experiment: {
        f"{experiment.surface}.{experiment.runs[0].optimizer}.momenta": number_list(
            run.hyper["momentum"] for run in experiment.runs
        )
    },
    able=able,
    optimizer="Momentum",
)
