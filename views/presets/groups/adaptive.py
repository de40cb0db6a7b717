"""Rules that adapt the rate, and weight decay."""

from __future__ import annotations

from dataclasses import replace

from landscape.plane import turned
from optimizers import Experiment, Run
from views.presets.preset import Group, Preset


def turned_runs(run: Run, start: tuple[float, float]) -> tuple[Run, ...]:
    """Return a run on a surface along the axes, and on it turned by 45 degrees with its start."""
    return tuple(
        replace(run, params={"rotation": angle}, start=turned(start, angle))
        for angle in (0.0, 45.0)
    )


PRESETS = (
    Preset(
        slug="out-of-breath",
        title="AdaGrad runs out of breath",
        claim="At the same rate on the same way, AdaGrad's steps crowd together a third of the way,"
        " RMSProp's reach the minimum. AdaGrad's step 60 is 0.016 long, a ninth of its first.",
        caption="AdaGrad's step 60 is a ninth of its first",
        experiment=Experiment(
            surface="Quadratic",
            start=(-4.5, 4.0),
            steps=60,
            runs=(Run("AdaGrad", lr=0.1), Run("RMSProp", lr=0.1)),
        ),
    ),
    Preset(
        slug="never-rests",
        title="RMSProp never rests",
        claim="Each run seems to arrive, and then hops for ever between points half its rate beside"
        " the minimum: 0.2, 0.1 and 0.05 away on each axis. Half the rate, half the hop, and a"
        " quarter of the loss: at the end it is 0.1, 0.025 and 0.00625.",
        caption="It hops for ever, half its rate beside the minimum",
        experiment=Experiment(
            surface="Quadratic",
            params={"condition": 4.0},
            start=(-1.5, 1.0),
            steps=300,
            runs=tuple(Run("RMSProp", lr=lr) for lr in (0.4, 0.2, 0.1)),
        ),
        compare="Learning rate",
    ),
    Preset(
        slug="adam-scale",
        title="Adam ignores the scale",
        claim="The ravine is 300 times as steep as it is flat. SGD drops into it and crawls; Adam"
        " heads for the minimum. After 60 updates Adam is 0.043 away, and no rate brings SGD"
        " nearer than 2.7.",
        caption="No rate brings SGD nearer than 2.7",
        experiment=Experiment(
            surface="Quadratic",
            params={"condition": 300.0},
            steps=60,
            runs=(Run("SGD", lr=0.00317), Run("Adam", lr=0.1)),
        ),
    ),
    Preset(
        slug="turned-momentum",
        title="Momentum turns with the ravine",
        claim="A ravine of condition number 100, along the axis and turned by 45 degrees, and the"
        " start with it. Momentum's path just turns too: both runs end 0.042 from the minimum, at"
        " loss 0.086. The next experiment does the same with Adam.",
        caption="Turned by 45 degrees: the same path, loss 0.086",
        experiment=Experiment(
            surface="Quadratic",
            params={"condition": 100.0},
            start=(-4.0, 1.0),
            steps=60,
            runs=turned_runs(Run("Momentum", lr=0.02), (-4.0, 1.0)),
        ),
        compare="Rotation",
    ),
    Preset(
        slug="turned-adam",
        title="Adam does not turn with it",
        claim="The same ravine, along the axis and turned by 45 degrees. Along the axis Adam comes"
        " to the minimum: 0.093 from it, at loss 0.064. Turned, it is stuck half-way: 2.4 from the"
        " minimum, at loss 2.9. It scales each axis by itself, and there both are steep.",
        caption="Along the axis loss 0.064, turned 2.9",
        experiment=Experiment(
            surface="Quadratic",
            params={"condition": 100.0},
            start=(-4.0, 1.0),
            steps=60,
            runs=turned_runs(Run("Adam", lr=0.2), (-4.0, 1.0)),
        ),
        compare="Rotation",
    ),
    Preset(
        slug="decay-moves",
        title="Weight decay moves the goal",
        claim="All runs come to rest, but with weight decay not at the minimum: decay 0.1 stops"
        " 0.24 before it, decay 1 stops 0.83 before it.",
        caption="Decay 1 stops 0.83 before the minimum",
        experiment=Experiment(
            surface="Rosenbrock",
            steps=1500,
            runs=tuple(Run("Momentum", lr=0.001, weight_decay=w) for w in (0.0, 0.1, 1.0)),
        ),
        compare="Weight decay",
    ),
)

GROUP = Group("Adaptive rates", "Adaptive", 3, PRESETS)
