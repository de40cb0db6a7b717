"""Pairs of learning rate and momentum of one optimizer: what the two do together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from landscape import SURFACES, Surface
from landscape.language import msgid
from optimizers import OPTIMIZERS, Optimizer, Run
from views.factors.momentum import momentum_of
from views.settings.factor import Factor
from views.settings.numbers import exact, told_apart
from views.settings.setting import MOST_RATE, Note, PairList, Setting

LABEL = msgid("rate {rate}, momentum {value}")
MOMENTA = (0.0, 0.5, 0.9, 0.99)


def pairs_to_compare(surface: Surface, rule: Optimizer) -> str:
    """Return pairs of the same effective rate, rate / (1 - momentum), as text."""
    effective = 10 * rule.default_rate(surface)
    return "; ".join(f"{effective * (1 - momentum):.3g} {momentum:g}" for momentum in MOMENTA)


def vary(run: Run, value: tuple[float, float], settings: Any) -> Run:
    """Return a run with a pair of rate and momentum."""
    rate, momentum = value
    return replace(run, lr=rate, hyper={**run.hyper, momentum_of(run.optimizer): momentum})


def texts_of(pairs: Sequence[tuple[float, float]]) -> list[tuple[str, str]]:
    """Return the numbers of pairs as texts, of which no two pairs have the same."""
    rates, momenta = zip(*pairs, strict=True)
    return list(zip(told_apart(rates), told_apart(momenta), strict=True))


FACTOR = Factor(
    name="Rate and momentum",
    label="Rate and momentum",
    place=11,
    settings=tuple(
        Setting(
            f"{surface.name}.{rule.name}.pairs",
            PairList(((0.0, MOST_RATE), (0.0, 0.999))),
            pairs_to_compare(surface, rule),
            msgid("Rates and momenta to compare"),
            msgid("Pairs rate momentum, separated by semicolons."),
        )
        for surface in SURFACES.values()
        for rule in OPTIMIZERS.values()
        if rule.momentum
    ),
    setting=lambda settings: f"{settings['surface']}.{settings.rules[0]}.pairs",
    vary=vary,
    # Links call a rate by its older name; what is read says "rate".
    names_of=lambda values: [f"lr {rate}, momentum {mu}" for rate, mu in texts_of(values)],
    labels_of=lambda values: [
        Note(LABEL, {"rate": rate, "value": mu}) for rate, mu in texts_of(values)
    ],
    replaces=lambda surface, rule: (f"{surface}.{rule}.lr", f"{rule}.{momentum_of(rule)}"),
    defaults=lambda experiment: {
        f"{experiment.surface}.{experiment.runs[0].optimizer}.pairs": "; ".join(
            f"{exact(experiment.plan(run).lr)} {exact(run.hyper[momentum_of(run.optimizer)])}"
            for run in experiment.runs
        )
    },
    able=lambda rule: rule.momentum is not None,
    optimizer="Momentum",
)
