"""Momentum: what it is good for, and when there is too much of it."""

from __future__ import annotations

from optimizers import Experiment, Run
from views.presets.preset import Group, Preset

PRESETS = (
    Preset(
        slug="tenth",
        title="A tenth of the rate",
        claim="At SGD's rate, momentum 0.9 swings far past the minimum, to x = 1.9. At a tenth of"
        " that rate it glides along the ravine: in 40 updates to x = −0.34, where SGD is at −0.57,"
        " on a path 8.7 long where SGD's is 28. SGD's loss is lower all the same, for it is nearer"
        " to the floor.",
        caption="Momentum 0.9 glides at a tenth of SGD's rate",
        experiment=Experiment(
            surface="Quadratic",
            params={"condition": 40.0},
            start=(-4.0, 1.5),
            steps=40,
            runs=(
                Run("Momentum", lr=0.0475, hyper={"momentum": 0.0}),
                Run("Momentum", lr=0.0475, hyper={"momentum": 0.9}),
                Run("Momentum", lr=0.00475, hyper={"momentum": 0.9}),
            ),
        ),
        compare="Rate and momentum",
    ),
    Preset(
        slug="too-much",
        title="Too much momentum",
        claim="Without momentum the run creeps, with 0.8 it arrives, with 0.99 it flies past the"
        " minimum again and again. All have rate 0.01; 100 updates bring the loss from 28 to"
        " 1.1, 0.0000082 and 7.4.",
        caption="Without it creeps, 0.8 arrives, 0.99 flies past",
        experiment=Experiment(
            surface="Quadratic",
            steps=100,
            runs=tuple(Run("Momentum", lr=0.01, hyper={"momentum": mu}) for mu in (0, 0.8, 0.99)),
        ),
        compare="Momentum",
    ),
    Preset(
        slug="same-path",
        title="Momentum is a rate",
        claim="At a small rate, momentum 0.9 is nearly SGD at ten times the rate. In the bend the"
        " two lines are up to 0.13 apart, for Momentum has yet to gain its speed; from x = −2 on"
        " they are one, and after 500 updates so are the ends.",
        caption="0.9 at a tenth of the rate: nearly the same line",
        experiment=Experiment(
            surface="Quadratic",
            steps=500,
            runs=(Run("SGD", lr=0.003), Run("Momentum", lr=0.0003)),
        ),
        settings={"view": "Overlay"},
    ),
    Preset(
        slug="paths-part",
        title="But not at a high rate",
        claim="Again momentum 0.9 at a tenth of SGD's rate, now 0.01 and 0.1. The lines part, up to"
        " 1.2 from each other: SGD goes down and then along, Momentum swings.",
        caption="At rate 0.1 the lines part by 1.2",
        experiment=Experiment(
            surface="Quadratic",
            steps=40,
            runs=(Run("SGD", lr=0.1), Run("Momentum", lr=0.01)),
        ),
        settings={"view": "Overlay"},
    ),
    Preset(
        slug="nesterov",
        title="Nesterov looks ahead",
        claim="Same rate, same momentum. Momentum swings from wall to wall for the whole run;"
        " Nesterov settles on the floor after two swings. After 40 updates the loss is 0.33"
        " against 0.00047.",
        caption="Same rate: loss 0.33 against 0.00047",
        experiment=Experiment(
            surface="Quadratic",
            params={"condition": 20.0},
            steps=40,
            runs=(Run("Momentum", lr=0.04), Run("Nesterov", lr=0.04)),
        ),
    ),
    Preset(
        slug="just-enough",
        title="Just enough momentum",
        claim="Without momentum the run stays in the nearer hollow. With 0.8 it rolls up the pass"
        " and falls back; with 0.85 it gets over it, into the lower hollow. The threshold is"
        " 0.824.",
        caption="With 0.8 it falls back, with 0.85 it crosses",
        experiment=Experiment(
            surface="Local-minima valley",
            steps=150,
            runs=tuple(Run("Momentum", lr=0.05, hyper={"momentum": mu}) for mu in (0, 0.8, 0.85)),
        ),
        compare="Momentum",
    ),
)

GROUP = Group("Momentum and its rate", "momentum", 2, PRESETS)
