"""Rules that know the curvature, or learn it."""

from __future__ import annotations

from optimizers import Experiment, Run
from views.presets.preset import Group, Preset

PRESETS = (
    Preset(
        slug="one-jump",
        title="Newton jumps",
        claim="Newton is on the minimum after 1 update, in one straight jump. SGD bounces 19 times"
        " in 20 updates, and is still 0.6 away.",
        caption="There after 1 update; SGD bounces 19 times",
        experiment=Experiment(
            surface="Quadratic",
            params={"condition": 20.0},
            steps=20,
            runs=(Run("SGD", lr=0.095), Run("Newton", lr=1.0)),
        ),
    ),
    Preset(
        slug="newton-saddle",
        title="Newton lands on the saddle",
        claim="SGD rolls down to the minimum, at loss −0.25. Newton's jumps end on the saddle"
        " below it, where the slope is 0 too, and the loss is 0: there it stays.",
        caption="The wrong point, where the slope is 0 too",
        experiment=Experiment(
            surface="Saddle",
            start=(1.5, 0.4),
            steps=40,
            runs=(Run("SGD", lr=0.2), Run("Newton", lr=1.0)),
        ),
    ),
    Preset(
        slug="lbfgs",
        title="L-BFGS learns the curvature",
        claim="Four updates bring L-BFGS within 0.001 of the lowest loss. SGD turns 29 times and"
        " ends at loss 2.3.",
        caption="Four updates, where SGD turns 29 times",
        experiment=Experiment(
            surface="Quadratic",
            params={"condition": 30.0, "rotation": 30.0},
            start=(-4.0, 1.0),
            steps=30,
            runs=(Run("SGD", lr=0.0645), Run("L-BFGS", lr=1.0)),
        ),
    ),
    Preset(
        slug="line-search",
        title="The best step still zigzags",
        claim="Steepest descent goes as far down each line as it can, and turns by 90° after every"
        " step: each leaves 67% of the loss. Conjugate gradient is on the minimum after 2 updates.",
        caption="Right angles, or 2 updates",
        experiment=Experiment(
            surface="Quadratic",
            params={"condition": 10.0},
            start=(-4.0, 0.4),
            steps=20,
            runs=(Run("Steepest descent", lr=1.0), Run("Conjugate gradient", lr=1.0)),
        ),
    ),
    Preset(
        slug="backtracking",
        title="A rate for every step",
        claim="At rate 0.0005 SGD ends at loss 8.7, and at 0.0006 it diverges. Backtracking tries"
        " rate 1 at every step and halves it until the loss falls by enough: it takes lengths from"
        " 0.00024 to 0.5, and is below loss 0.001 after 7 updates.",
        caption="Lengths from 0.00024 to 0.5; at the minimum",
        experiment=Experiment(
            surface="Beale",
            start=(-3.0, 3.0),
            steps=40,
            runs=(Run("SGD", lr=0.0005), Run("Backtracking", lr=1.0)),
        ),
    ),
    Preset(
        slug="exact-search",
        title="The best of every line",
        claim="Exact line search ends each step at the bottom of its line, and turns by 90° after"
        " every one: after 100 updates its loss is 0.15. Backtracking takes what is good enough,"
        " lengths up to 1 where the other's end at 0.24, and is below loss 0.0001 after 10"
        " updates.",
        caption="The best steps end higher, at loss 0.15",
        experiment=Experiment(
            surface="Rosenbrock",
            steps=100,
            runs=(Run("Exact line search", lr=10.0), Run("Backtracking", lr=1.0)),
        ),
    ),
)

GROUP = Group("Second order", "Second order", 4, PRESETS)
