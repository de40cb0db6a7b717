"""Learning rates of one optimizer."""

from __future__ import annotations

from dataclasses import replace

from landscape import SURFACES, Surface
from landscape.language import msgid
from optimizers import OPTIMIZERS, Optimizer
from optimizers.analysis.measures import largest_curvature, stability_limit
from views.settings.factor import Factor
from views.settings.numbers import told_apart
from views.settings.setting import (
    MOST_RATE,
    Note,
    NumberList,
    Setting,
    number_list,
)

LABEL = msgid("rate {rate}")

# Above the limit of stability, just below it, half of it (no zigzag on a quadratic), and slow.
SHARES_OF_LIMIT = (1.05, 0.95, 0.5, 0.01)
SHARES_OF_DEFAULT = (10.0, 3.0, 1.0, 0.1)  # where no theory sets a limit


def rates_to_compare(surface: Surface, rule: Optimizer) -> str:
    """Return a very high, a high, a good and a low learning rate, as text.

    They are shares of the rule's limit over the largest curvature at a global minimizer, with the
    parameters and hyperparameters at their defaults: a list that moved with every control would
    not be the user's own.
    """
    scale = stability_limit(rule, rule.resolve(), largest_curvature(surface.at()))
    shares = SHARES_OF_LIMIT
    if scale is None:
        scale, shares = rule.default_rate(surface), SHARES_OF_DEFAULT
    return number_list(float(f"{share * scale:.3g}") for share in shares)


FACTOR = Factor(
    name="Learning rate",
    label="Learning rate",
    place=2,
    settings=tuple(
        Setting(
            f"{surface.name}.{rule.name}.rates",
            NumberList(0.0, MOST_RATE),
            lambda settings, surface=surface, rule=rule: rates_to_compare(surface, rule),
            msgid("Rates to compare"),
        )
        for surface in SURFACES.values()
        for rule in OPTIMIZERS.values()
    ),
    setting=lambda settings: f"{settings['surface']}.{settings.rules[0]}.rates",
    vary=lambda run, value, settings: replace(run, lr=value),
    # Links call a rate by its older name; what is read says "rate".
    names_of=lambda values: [f"lr {text}" for text in told_apart(values)],
    labels_of=lambda values: [Note(LABEL, {"rate": text}) for text in told_apart(values)],
    replaces=lambda surface, rule: (f"{surface}.{rule}.lr",),
    defaults=lambda experiment: {
        f"{experiment.surface}.{experiment.runs[0].optimizer}.rates": number_list(
            experiment.plan(run).lr for run in experiment.runs
        )
    },
)
