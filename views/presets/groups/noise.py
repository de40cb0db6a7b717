"""Noise, batch sizes and schedules."""

from __future__ import annotations

from optimizers import Experiment, Run
from views.presets.preset import Group, Preset

PRESETS = (
    Preset(
        slug="freed",
        title="Noise frees a run",
        claim="The start is on the ridge, where the slope across it is 0. With all samples the run"
        " stops at the saddle. With single samples it turns off the ridge, here up to this"
        " minimum. Up or down is chance: of 200 seeds 102 end here, and 97 at its mirror image"
        " below.",
        caption="Single samples push a run off the ridge",
        experiment=Experiment(
            surface="Saddle",
            start=(1.5, 0.0),
            steps=100,
            noise=0.1,
            seed=3,
            runs=(Run("SGD", lr=0.1), Run("SGD", lr=0.1, batch_size=1)),
        ),
        compare="Batch size",
    ),
    Preset(
        slug="ripples",
        title="The right amount of noise",
        claim="Without noise the run stays in the first local minimum. With batches of 16 it"
        " crosses one after the other, to the global minimum; with single samples it is thrown"
        " about. Of 200 seeds 0, 92 and 10% end within 0.4 of it.",
        caption="Batches of 16 cross the ripples, single samples are lost",
        experiment=Experiment(
            surface="Ackley",
            start=(-3.3, 2.4),
            steps=400,
            noise=16.0,
            seed=137,
            runs=tuple(
                Run("SGD", lr=0.05, batch_size=size, schedule="Cosine") for size in (None, 16, 1)
            ),
        ),
        compare="Batch size",
        opens=("Ackley",),
    ),
    Preset(
        slug="high-ripples",
        title="Higher ripples",
        claim="Without noise the run rests in the first local minimum, 3.5 from the global one."
        " With batches of 16 it wanders down to the middle: of 200 seeds 90% end within 1.5 of the"
        " global minimum. With single samples it is thrown about, and 28% do.",
        caption="Of batches of 16, 90% end in the middle",
        experiment=Experiment(
            surface="Rastrigin",
            params={"amplitude": 2.0},
            start=(-3.3, 2.4),
            steps=400,
            noise=50.0,
            seed=63,
            runs=tuple(
                Run("SGD", lr=0.02, batch_size=size, schedule="Cosine") for size in (None, 16, 1)
            ),
        ),
        compare="Batch size",
        opens=("Rastrigin",),
    ),
    Preset(
        slug="decay",
        title="Decay settles the noise",
        claim="At a constant rate, the noise keeps SGD hovering: over 200 seeds the median loss"
        " after 300 updates is 0.76. Cutting the rate to a tenth at 30, 60 and 90% of the run"
        " leaves 0.057, cosine decay 0.044, inverse square root decay 0.13.",
        caption="At a constant rate it hovers, a falling rate calms it",
        experiment=Experiment(
            surface="Quadratic",
            steps=300,
            noise=4.0,
            runs=tuple(
                Run("SGD", lr=0.1, batch_size=1, schedule=name)
                for name in ("Constant", "Step", "Cosine", "Inverse sqrt")
            ),
        ),
        compare="Schedule",
    ),
    Preset(
        slug="average",
        title="The mean walks into the minimum",
        claim="At a constant rate the noise keeps SGD in a cloud around the minimum: over all seeds"
        " the expected loss after 1,000 updates is 2.5 at rate 0.4 and 0.48 at rate 0.1. The mean"
        " of the iterates (★), from update 100 on, walks into the minimum: 0.012 at both rates.",
        caption="The iterates hover, their mean (★) is in the minimum",
        experiment=Experiment(
            surface="Quadratic",
            params={"scale": 0.5, "condition": 4.0},
            start=(-7.0, 2.5),
            steps=1_000,
            noise=3.0,
            seed=5,
            runs=tuple(Run("SGD", lr=rate, batch_size=1) for rate in (0.4, 0.1)),
        ),
        compare="Learning rate",
        settings={"average": "mean", "average.from": 100, "arrows": "0"},
    ),
)

GROUP = Group("Noise, batches, schedules", "Noise", 5, PRESETS)
