"""Where many seeds end: clouds, which say what no single noisy run can."""

from __future__ import annotations

from optimizers import Experiment, Run
from views.presets.preset import Group, Preset

ENDS = {"show": "ends"}
RAVINE = {"scale": 0.1, "condition": 20.0}

PRESETS = (
    Preset(
        slug="get-out",
        title="Small batches get out",
        claim="All 200 runs start in the higher hollow. With batches of 8, 72% end in the lower"
        " one; with batches of 32, 5%; with 256 none has moved.",
        caption="Batches of 8: 72% leave the hollow, of 256: none",
        experiment=Experiment(
            surface="Local-minima valley",
            start=(1.0, 0.5),
            steps=300,
            noise=8.0,
            runs=tuple(Run("SGD", lr=0.05, batch_size=size) for size in (8, 32, 256)),
        ),
        compare="Batch size",
        settings=ENDS,
    ),
    Preset(
        slug="round-cloud",
        title="The round cloud",
        claim="The ends of 200 seeds after 2,000 updates in a ravine of condition 100. Noise that"
        " is the same in all directions makes a cloud 9.8 times as long as it is wide. Noise of"
        " samples is largest where the ravine is steepest, for its covariance is proportional to"
        " the Hessian: the cloud is round, with a deviation of 0.41 along the ravine and 0.42"
        " across.",
        caption="Condition 100: a long cloud, and a round one",
        experiment=Experiment(
            surface="Quadratic",
            params={"scale": 0.1, "condition": 100.0},
            start=(2.0, 1.0),
            steps=2_000,
            noise=4.0,
            runs=tuple(
                Run("SGD", lr=0.02, batch_size=1, covariance=shape)
                for shape in ("isotropic", "data-like")
            ),
        ),
        compare="Noise covariance",
        settings=ENDS,
    ),
    Preset(
        slug="accumulated",
        title="Accumulating takes noise away",
        claim="Batches of 1, of which an update takes 1, 4 or 16. With four times as many the cloud"
        " of 200 ends is half as wide: its deviation along the ravine is 0.98, 0.49 and 0.24. Where"
        " 16 batches of 1 are accumulated, every run ends where it does with batches of 16.",
        caption="Four times the batches, half the cloud",
        experiment=Experiment(
            surface="Quadratic",
            params={"condition": 4.0},
            start=(-4.0, 2.0),
            steps=100,
            noise=4.0,
            runs=tuple(Run("SGD", lr=0.1, batch_size=1, accumulate=k) for k in (1, 4, 16)),
        ),
        compare="Batches an update",
        settings=ENDS,
    ),
    Preset(
        slug="decays",
        title="Decay shrinks the cloud",
        claim="The ends of 200 seeds each. A constant rate leaves a wide cloud, every decay a"
        " small one: the median loss is 0.76, and 0.13 with inverse square root, 0.057 with step,"
        " 0.049 with linear and 0.044 with cosine decay.",
        caption="Median loss 0.76 at a constant rate, 0.044 with cosine",
        experiment=Experiment(
            surface="Quadratic",
            steps=300,
            noise=4.0,
            runs=tuple(
                Run("SGD", lr=0.1, batch_size=1, schedule=name)
                for name in ("Constant", "Inverse sqrt", "Step", "Linear", "Cosine")
            ),
        ),
        compare="Schedule",
        settings=ENDS,
    ),
    Preset(
        slug="equal-updates",
        title="Equal updates",
        claim="60 updates each, at the same rate. The three clouds have one middle, 1.2 before the"
        " minimum, and the larger the batch the tighter the cloud: the median loss is 0.34 with"
        " batches of 4, 0.089 with 32, 0.066 with 256.",
        caption="60 updates each: the larger the batch, the tighter",
        experiment=Experiment(
            surface="Quadratic",
            params=RAVINE,
            start=(-7.0, 2.0),
            steps=60,
            noise=3.0,
            runs=tuple(Run("SGD", lr=0.3, batch_size=size) for size in (4, 32, 256)),
        ),
        compare="Batch size",
        settings=ENDS,
    ),
    Preset(
        slug="equal-samples",
        title="Equal samples",
        claim="The same runs with 3,840 samples each: 960, 120 and 15 updates. The small batch is"
        " wide, the large one tight and still 4.4 from the minimum. The middle one wins: the"
        " median loss is 0.35, 0.043 and 0.99.",
        caption="3,840 samples each: the middle batch wins",
        experiment=Experiment(
            surface="Quadratic",
            params=RAVINE,
            start=(-7.0, 2.0),
            steps=960,
            noise=3.0,
            runs=(
                Run("SGD", lr=0.3, batch_size=4),
                Run("SGD", lr=0.3, batch_size=32, steps=120),
                Run("SGD", lr=0.3, batch_size=256, steps=15),
            ),
        ),
        compare="Batch size",
        settings={**ENDS, "length": 3840, "unit": "samples"},
    ),
    Preset(
        slug="ripples-ends",
        title="Noise across the ripples",
        claim="The ends of 200 seeds. With all samples they are one dot, in the first local"
        " minimum; with batches of 16, 92% are within 0.4 of the global minimum; with single"
        " samples 10%, and more than half end further away from it than they started.",
        caption="Batches of 16: 92% end in one spot, at the minimum",
        experiment=Experiment(
            surface="Ackley",
            start=(-3.3, 2.4),
            steps=400,
            noise=16.0,
            runs=tuple(
                Run("SGD", lr=0.05, batch_size=size, schedule="Cosine") for size in (None, 16, 1)
            ),
        ),
        compare="Batch size",
        settings=ENDS,
    ),
)

GROUP = Group("Ends of many seeds", "Ends", 8, PRESETS)
