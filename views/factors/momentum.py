"""Momenta of one optimizer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from landscape import SURFACES
from landscape.language import msgid
from optimizers import OPTIMIZERS, Run
from views.settings.factor import Factor
from views.settings.numbers import told_apart
from views.settings.setting import Note, NumberList, Setting, number_list

LABEL = msgid("momentum {value}")


def momentum_of(name: str) -> str:
    """Return what a rule that has a momentum calls it."""
    found = OPTIMIZERS[name].momentum
    assert found is not None, name
    return found


def vary(run: Run, value: float, settings: Any) -> Run:
    """Return a run with a momentum of `value`."""
    return replace(run, hyper={**run.hyper, momentum_of(run.optimizer): value})


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
        if rule.momentum
    ),
    setting=lambda settings: f"{settings['surface']}.{settings.rules[0]}.momenta",
    vary=vary,
    names_of=lambda values: [f"momentum {text}" for text in told_apart(values)],
    labels_of=lambda values: [Note(LABEL, {"value": text}) for text in told_apart(values)],
    replaces=lambda surface, rule: (f"{rule}.{momentum_of(rule)}",),
    defaults=lambda experiment: {
        f"{experiment.surface}.{experiment.runs[0].optimizer}.momenta": number_list(
            run.hyper[momentum_of(run.optimizer)] for run in experiment.runs
        )
    },
    able=lambda rule: rule.momentum is not None,
    optimizer="Momentum",
)
