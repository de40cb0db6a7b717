"""How large a step: learning rates, and the zigzag of those that are high."""

from __future__ import annotations

from optimizers import Experiment, Run
from views.presets.preset import Group, Preset

PRESETS = (
    Preset(
        slug="headline",
        title="Momentum beats the zigzag",
        claim="SGD at the best of its rates, and Momentum, go down the same ravine. See how"
        " far each comes, then drag a learning rate.",
        caption="SGD ends at loss 0.18, Momentum at 0.0031",
        experiment=Experiment(
            surface="Quadratic",
            params={"condition": 30.0},
            start=(-4.0, 1.5),
            steps=30,
            runs=(Run("SGD", lr=0.0621), Run("Momentum", lr=0.0217, hyper={"momentum": 0.75})),
        ),
    ),
    Preset(
        slug="zigzag",
        title="Two rates, one zigzag",
        claim="At rate 0.95 every step crosses the ravine, at half that rate none does. There is no"
        " noise: rate × curvature is 1.9 and 0.95. Bouncing is no defeat: at twice the rate the"
        " loss ends lower, at 0.013 against 0.13.",
        caption="Rate × curvature: 1.9 zigzags, 0.95 does not",
        experiment=Experiment(
            surface="Quadratic",
            params={"scale": 0.1, "condition": 20.0},
            start=(-7.0, 2.0),
            steps=30,
            runs=(Run("SGD", lr=0.95), Run("SGD", lr=0.475)),
        ),
        compare="Learning rate",
    ),
    Preset(
        slug="textbook",
        title="The zigzag of the textbooks wins",
        claim="x²/20 + y², 30 updates, at the rates of many textbooks. SGD at 0.95 crosses the"
        " ravine 29 times and still ends at a quarter of Momentum's loss, 0.013 against 0.048:"
        " Momentum at 0.1 has swung past the minimum, to 0.9 on the other side.",
        caption="The zigzag ends at loss 0.013, Momentum at 0.048",
        experiment=Experiment(
            surface="Quadratic",
            params={"scale": 0.1, "condition": 20.0},
            start=(-7.0, 2.0),
            steps=30,
            runs=(Run("SGD", lr=0.95), Run("Momentum", lr=0.1)),
        ),
    ),
    Preset(
        slug="four-rates",
        title="Very high, high, good, low",
        claim="The limit is 2 / 10 = 0.2. At rate 0.21 the run flies out of the frame, at 0.195 it"
        " bounces from wall to wall, at 0.12 it goes straight in, at 0.004 it hardly leaves the"
        " start. The loss, 28 at the start, is 6,090, 0.92, 0.0037 and 8 after 30 updates.",
        caption="The limit is 0.2; at 0.21 the run flies out",
        experiment=Experiment(
            surface="Quadratic",
            steps=30,
            runs=tuple(Run("SGD", lr=lr) for lr in (0.21, 0.195, 0.12, 0.004)),
        ),
        compare="Learning rate",
    ),
    Preset(
        slug="divergence",
        title="The limit is two",
        claim="Bounces that shrink, bounces that stay, bounces that grow: rate × curvature is 1.8,"
        " 2 and 2.12. The run that diverges first lowers its loss, from 2.7 to 1.6; 25 updates"
        " after the start it is 72.",
        caption="Rate × curvature 1.8, 2 and 2.12",
        experiment=Experiment(
            surface="Quadratic",
            params={"scale": 0.1, "condition": 20.0},
            start=(-7.0, 0.5),
            steps=25,
            runs=tuple(Run("SGD", lr=lr) for lr in (0.9, 1.0, 1.06)),
        ),
        compare="Learning rate",
    ),
    Preset(
        slug="warm-up",
        title="Warm-up saves a run",
        claim="At its full rate of 0.03 from the start, the run is thrown out and diverges at"
        " update 3. With ten small first steps the same rate leads to the minimum: after 200"
        " updates the run is 0.07 away, at loss 0.00081.",
        caption="Full rate at once: diverged at update 3",
        experiment=Experiment(
            surface="Beale",
            start=(1.0, 2.0),
            steps=200,
            runs=(Run("SGD", lr=0.03), Run("SGD", lr=0.03, warmup=10)),
        ),
        compare="Warm-up",
    ),
    Preset(
        slug="clipping",
        title="Clipping saves a run",
        claim="The same start and rate: the run is thrown out by one steep gradient and diverges at"
        " update 3. Clipped to a norm of 10, which happens at 5 of 200 updates, it goes down: in"
        " the end it is 0.07 away from the minimum, at loss 0.00079.",
        caption="One steep gradient, or one that is clipped",
        experiment=Experiment(
            surface="Beale",
            start=(1.0, 2.0),
            steps=200,
            runs=(Run("SGD", lr=0.03), Run("SGD", lr=0.03, clip_norm=10.0)),
        ),
        compare="Clipping by norm",
    ),
    Preset(
        slug="long-valley",
        title="The long curved valley",
        claim="Both runs drop to the floor of the valley at once. After 500 updates at the same"
        " rate, SGD is only at the bend, 1.4 from the minimum; Momentum is within 0.03 of it.",
        caption="The floor at once, the minimum much later",
        experiment=Experiment(
            surface="Rosenbrock",
            steps=500,
            runs=(Run("SGD", lr=0.0015), Run("Momentum", lr=0.0015)),
        ),
    ),
    Preset(
        slug="edge-of-stability",
        title="The edge of stability",
        claim="One rate, four starts. The dashed line is 2 / rate = 40. The valley is sharper than"
        " that under the first start, 72: its run swings, and comes along the valley to where the"
        " curvature is 39.98, just under the line. The flat starts keep their own, 32.16 and 18.26."
        " From (8, 0.05) the run diverges at update 4.",
        caption="From 72 down to 39.98, just under 2 / rate = 40",
        experiment=Experiment(
            surface="Four linear layers",
            steps=5000,
            runs=tuple(
                Run("SGD", lr=0.05, start=start)
                for start in ((6.0, 0.1), (4.0, 0.2), (3.0, 0.3), (8.0, 0.05))
            ),
        ),
        compare="Start",
        settings={"curve": "Largest curvature", "view": "Overlay"},
    ),
    Preset(
        slug="rate-picks",
        title="The rate picks the flatness",
        claim="One start, three rates, each too high for the valley below the start, whose"
        " curvature is 32. Every run swings along the valley until that is just under 2 / rate:"
        " 16.61 under 16.67, 19.95 under 20, 24.96 under 25. The higher the rate, the flatter the"
        " minimum.",
        caption="Ends at curvature 16.61, 19.95 and 24.96",
        experiment=Experiment(
            surface="Four linear layers",
            start=(4.0, 0.2),
            steps=2000,
            runs=tuple(Run("SGD", lr=lr) for lr in (0.12, 0.1, 0.08)),
        ),
        compare="Learning rate",
        settings={"curve": "Largest curvature"},
    ),
    Preset(
        slug="catapult",
        title="Thrown to flatter ground",
        claim="Rate × (x² + y²) at the start is 1.5, 3.5 and 4.09. The low rate goes down at once."
        " The second throws the run across the valley and up, to 5.5 times the first loss; then it"
        " comes to rest where the curvature is 0.41 instead of 3.7. Beyond 4 the run diverges, at"
        " update 8. How flat it ends hangs on the last digit of the rate; that it is flatter does"
        " not.",
        caption="Loss first 5.5 times as high, then flatter",
        experiment=Experiment(
            surface="Two linear layers",
            start=(2.0, 0.3),
            steps=40,
            runs=tuple(Run("SGD", lr=lr) for lr in (0.367, 0.856, 1.0)),
        ),
        compare="Learning rate",
        settings={"curve": "Largest curvature"},
    ),
)

GROUP = Group("Step size", "Step size", 1, PRESETS)
