"""Maps: what many runs say together."""

from __future__ import annotations

from optimizers import Experiment, Run
from views.presets.preset import Group, Preset

PRESETS = (
    Preset(
        slug="best-rates",
        title="Good learning rates",
        claim="Curvature 10, batches of 32, noise σ = 2, 100 updates. SGD is best at rate 0.048 and"
        " diverges from 0.22 on; its limit is 2 / 10 = 0.2. Momentum 0.9 is best at 0.0031, about a"
        " fifteenth of that, and is stable up to 0.38. Adam diverges at no rate up to 2.",
        caption="Momentum's best rate is about a fifteenth of SGD's",
        experiment=Experiment(
            surface="Quadratic",
            steps=100,
            noise=2.0,
            runs=(
                Run("SGD", lr=0.18, batch_size=32),
                Run("Momentum", lr=0.01, batch_size=32),
                Run("Adam", lr=0.1, batch_size=32),
            ),
        ),
        map={"map": "Learning-rate sweep", "map.low": 0.001, "map.high": 2.0},
    ),
    Preset(
        slug="rate-momentum",
        title="Rate and momentum",
        claim="A ravine with condition number 100, 100 updates. The best of 128 × 128 settings is"
        " rate 0.033 at momentum 0.68; Polyak's formula gives 0.033 at 0.67. To the right of the"
        " line 2 (1 + μ) / λ every run grows.",
        caption="Best momentum by search 0.68, by theory 0.67",
        experiment=Experiment(
            surface="Quadratic",
            params={"condition": 100.0},
            steps=100,
            runs=(Run("Momentum", lr=0.01),),
        ),
        map={"map": "Rate and momentum", "map.low": 0.001, "map.high": 0.06},
    ),
    Preset(
        slug="batch-scaling",
        title="The best rate grows with the batch",
        claim="Every run sees 12,800 samples. SGD's best rate is 0.0033 for single samples, 0.029"
        " for batches of 8, 0.23 for 64 and 0.68 for 256: at first it grows about in"
        " proportion to the batch. Up to 256 the final loss is about the same, 0.0073 or less;"
        " larger batches make too few updates, and at 1,024 it is 0.29.",
        caption="Best rate 0.0033 with single samples, 0.68 with 256",
        experiment=Experiment(
            surface="Quadratic",
            params={"scale": 0.1, "condition": 20.0},
            start=(-7.0, 2.0),
            steps=400,
            noise=2.0,
            runs=(Run("SGD", lr=0.1, batch_size=32),),
        ),
        map={
            "map": "Rate and batch size",
            "map.budget": "samples",
            "map.low": 0.001,
            "map.high": 2.0,
        },
    ),
    Preset(
        slug="critical-batch",
        title="Where larger batches stop helping",
        claim="The noisy quadratic: curvatures 1 and 0.01, data-like noise σ = 1. To bring the mean"
        " loss to 0.001, SGD takes 860 updates with batches of 64 and 466 with 128: twice the"
        " batch, about half the updates. Beyond its critical batch, 1,280, hardly any are saved: 47"
        " updates with 32,768 and 43 with 65,536. Momentum 0.9 scales further, to a critical batch"
        " of 3,584.",
        caption="SGD gains up to batches of 1,280, Momentum up to 3,584",
        experiment=Experiment(
            surface="Quadratic",
            params={"scale": 0.01, "condition": 100.0},
            start=(1.0, 1.0),
            steps=1000,
            noise=1.0,
            samples=65_536,
            runs=(
                Run("SGD", lr=0.17, batch_size=64, covariance="data-like"),
                Run("Momentum", lr=0.018, batch_size=64, covariance="data-like"),
            ),
        ),
        map={"map": "Updates against batch size", "scaling.low": 0.01, "scaling.high": 4.0},
    ),
    Preset(
        slug="edge-of-rates",
        title="Every run ends below the line",
        claim="SGD from (4, 0.2), where the valley's curvature is 32; 2,000 updates at rates from"
        " 0.02 to 0.2. The dashed line is 2 / rate. All of the 82 runs that do not diverge end"
        " below it. Low rates keep a curvature of 32; from 0.0618 to 0.129 the run ends less than"
        " 1% below the line; from 0.132 on it diverges.",
        caption="From rate 0.0618 to 0.129 just under 2 / rate",
        experiment=Experiment(
            surface="Four linear layers", start=(4.0, 0.2), steps=2000, runs=(Run("SGD", lr=0.1),)
        ),
        map={"map": "Curvature against the rate", "sharpness.low": 0.02, "sharpness.high": 0.2},
    ),
    Preset(
        slug="basins",
        title="Basins of attraction",
        claim="Himmelblau's surface has four minima of equal loss. Adam leads 27.1% of the starts"
        " to (−2.81, 3.13), 25.6% to (−3.78, −3.28), 24.0% to (3.58, −1.85) and 23.4% to (3, 2)."
        " Choose SGD as the run: the borders of its basins are 1.7"
        " times as long at rate 0.01, for near the edge its first step is up to 12 long and lands"
        " anywhere, while Adam's is 0.1 along each axis. At half that rate they are shorter than"
        " Adam's, 0.73 times.",
        caption="Where Adam ends, from every start",
        experiment=Experiment(
            surface="Himmelblau",
            steps=500,
            runs=(Run("Adam", lr=0.1), Run("SGD", lr=0.01)),
        ),
        map={"map": "Basins of attraction"},
    ),
    Preset(
        slug="two-hollows",
        title="Two hollows",
        claim="Every pixel is a start: SGD at rate 0.05, 1,000 updates. From 57% of the frame it"
        " rolls into the lower hollow, on the left; one line parts these starts from the others."
        " The next map has the same starts with momentum 0.9.",
        caption="57% of SGD's starts end in the lower hollow",
        experiment=Experiment(
            surface="Local-minima valley",
            steps=1000,
            runs=(Run("SGD", lr=0.05), Run("Momentum", lr=0.05)),
        ),
        map={"map": "Basins of attraction"},
    ),
    Preset(
        slug="gains-and-losses",
        title="Momentum gains and loses",
        claim="With SGD, on the map before, one line parts the starts: blue on its left, orange on"
        " its right. Momentum 0.9 at the same rate gains blue bands on the right (15% of the frame)"
        " and loses orange bands at the left edge (7.4%), where the run is so fast that it flies"
        " past. It leads 65% in all, SGD 57%, to the lower hollow; its border is 3.6 times as"
        " long.",
        caption="15% of the starts gained, 7.4% lost",
        experiment=Experiment(
            surface="Local-minima valley",
            steps=1000,
            runs=(Run("SGD", lr=0.05), Run("Momentum", lr=0.05)),
        ),
        map={"map": "Basins of attraction", "map.run": "Momentum"},
    ),
    Preset(
        slug="ensemble",
        title="One run proves little",
        claim="The same four runs with 200 seeds each, noise σ = 2 in batches of 8. Momentum ends"
        " nearest to the global minimum in 94% of them, the others never: what one seed shows"
        " could be luck, this is not.",
        caption="Momentum ends lower in 94% of 200 seeds",
        experiment=Experiment(
            surface="Local-minima valley",
            steps=100,
            noise=2.0,
            samples=1024,
            runs=(
                Run("SGD", lr=0.05, batch_size=8),
                Run("Momentum", lr=0.05, batch_size=8),
                Run("RMSProp", lr=0.02, batch_size=8),
                Run("Adam", lr=0.1, batch_size=8),
            ),
        ),
        map={"map": "Ensemble of seeds"},
    ),
    Preset(
        slug="escape",
        title="The noise of small batches frees a run",
        claim="Noise σ = 8, 300 updates, 300 seeds. SGD at rate 0.05 ends nearest to the global"
        " minimum in 72% of the runs with batches of 8 (95% interval: 67 to 77%), in 3% with"
        " 32, and never with 64 or more. Smaller is not better: with batches of 1 it is 51%.",
        caption="Batches of 8: 72%, of 32: 3%",
        experiment=Experiment(
            surface="Local-minima valley",
            steps=300,
            noise=8.0,
            seed=9,
            runs=(Run("SGD", lr=0.05), Run("Adam", lr=0.1)),
        ),
        map={"map": "Escape probability"},
    ),
    Preset(
        slug="noise-ball",
        title="The noise ball and its theory",
        claim="At a constant rate of 0.0095, SGD hovers at a mean loss of 0.0006 above the minimum,"
        " at 0.1 of 0.01; theory says 0.00061 and 0.01. From the start at rate 0.1, 1,000"
        " updates leave 0.0092 with a constant rate and 0.00024 with cosine decay.",
        caption="Measured loss 0.0006, theory 0.00061",
        experiment=Experiment(
            surface="Quadratic",
            steps=1000,
            noise=2.0,
            runs=(Run("SGD", lr=0.1, batch_size=32), Run("Momentum", lr=0.02, batch_size=32)),
        ),
        map={"map": "Schedules under noise", "ball.low": 0.001, "ball.high": 0.4},
    ),
)

GROUP = Group("Maps of many runs", "Maps", 9, PRESETS)
