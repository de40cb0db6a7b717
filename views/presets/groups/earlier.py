"""Experiments of earlier galleries, which their links still find."""

from __future__ import annotations

from dataclasses import replace

from optimizers import Experiment, Run
from views.presets.preset import Group, Preset

SADDLE_RUNS = (
    Run("SGD", lr=0.1),
    Run("Momentum", lr=0.02),
    Run("Adam", lr=0.05),
    Run("Newton", lr=1.0),
)

PRESETS = (
    Preset(
        slug="ravine",
        title="Ravine zigzag",
        claim="The steep side of this ravine has curvature 100. At rate 0.019, SGD crosses the"
        " valley at every step (59 of 59 turns); at 0.0095 it never does. Rate × curvature"
        " decides: above 1 a run zigzags, above 2 it diverges. Here it is 1.9 and 0.95.",
        experiment=Experiment(
            surface="Quadratic",
            params={"condition": 100.0},
            steps=60,
            runs=(Run("SGD", lr=0.019), Run("SGD", lr=0.0095)),
        ),
        compare="Learning rate",
        listed=False,
    ),
    Preset(
        slug="momentum",
        title="Momentum smooths it",
        claim="The same ravine, every run at rate 0.017. Without momentum, SGD zigzags 54 times in"
        " 100 updates and ends at loss 0.26. With momentum 0.5 it zigzags 29 times and ends at"
        " 0.0066; with 0.9 it swings gently and ends at 0.0077. More is not better: at 0.99 it"
        " is still swinging, at loss 8.3.",
        experiment=Experiment(
            surface="Quadratic",
            params={"condition": 100.0},
            steps=100,
            runs=tuple(
                Run("Momentum", lr=0.017, hyper={"momentum": mu}) for mu in (0, 0.5, 0.9, 0.99)
            ),
        ),
        compare="Momentum",
        listed=False,
    ),
    Preset(
        slug="book",
        title="The textbook figure",
        claim="Four optimizers on x²/20 + y², 30 updates, as in many textbooks. Plain SGD at rate"
        " 0.95, close to 0.952, the best rate in the long run, ends at loss 0.0133: lower than"
        " Momentum (0.0479) and Adam (0.102) at the textbook's rates. Only AdaGrad (0.000722)"
        " ends lower.",
        experiment=Experiment(
            surface="Quadratic",
            params={"scale": 0.1, "condition": 20.0},
            start=(-7.0, 2.0),
            steps=30,
            runs=(
                Run("SGD", lr=0.95),
                Run("Momentum", lr=0.1),
                Run("AdaGrad", lr=1.5),
                Run("Adam", lr=0.3),
            ),
        ),
        listed=False,
    ),
    Preset(
        slug="rates",
        title="Learning rate: too high, high, good, low",
        claim="The limit here is 2 / 10 = 0.2. At 0.25 each step lands 1.5 times as far up the"
        " other side, and the run diverges at update 33. At 0.19 it zigzags, and 50 updates"
        " bring the loss from 28 to 0.00053; at 0.15 they bring it to 0.0000007, at 0.02 only"
        " to 1.1.",
        experiment=Experiment(
            surface="Quadratic",
            steps=50,
            runs=tuple(Run("SGD", lr=lr) for lr in (0.25, 0.19, 0.15, 0.02)),
        ),
        compare="Learning rate",
        listed=False,
    ),
    Preset(
        slug="rosenbrock",
        title="Rosenbrock's valley",
        claim="A run reaches the floor of the valley at once, but not the minimum: after 1,000"
        " updates SGD is still 1.12 away from it. Momentum at the same rate is within 0.1 of"
        " it after 486 updates, Adam after 660.",
        experiment=Experiment(
            surface="Rosenbrock",
            steps=1000,
            runs=(Run("SGD", lr=0.001), Run("Momentum", lr=0.001), Run("Adam", lr=0.1)),
        ),
        listed=False,
    ),
    Preset(
        slug="saddle",
        title="A saddle holds without noise",
        claim="The start lies exactly on the ridge line y = 0, where the slope across it is 0. No"
        " optimizer leaves it: after 100 updates SGD and Newton are at rest at the saddle,"
        " Momentum and Adam on flat ground within 0.01 of it. The loss is 0.0001 or less, while"
        " at the minima it is −0.25.",
        experiment=Experiment(
            surface="Saddle",
            start=(1.5, 0.0),
            steps=100,
            runs=SADDLE_RUNS,
        ),
        listed=False,
    ),
    Preset(
        slug="noise",
        title="Noise frees it",
        claim="The same start with single-sample noise, σ = 0.1. A tiny push off the ridge grows:"
        " of 300 seeds, SGD ends within 0.05 of a minimum, at a loss below −0.248, in 92%, Adam"
        " in 85%, Momentum in 69%, and all three in 65%. Newton jumps to the saddle and hovers"
        " around it, on average 0.14 away.",
        experiment=Experiment(
            surface="Saddle",
            start=(1.5, 0.0),
            steps=100,
            noise=0.1,
            runs=tuple(replace(run, batch_size=1) for run in SADDLE_RUNS),
        ),
        listed=False,
    ),
    Preset(
        slug="crossing",
        title="Momentum crosses the local minimum",
        claim="SGD and Adam stop in the nearer hollow, at loss 0.667. With momentum 0.9 the run is"
        " fast enough to roll over the saddle at loss 0.895 and ends in the lower hollow,"
        " 0.00051 from the global minimizer.",
        experiment=Experiment(
            surface="Local-minima valley",
            steps=150,
            runs=(Run("SGD", lr=0.05), Run("Momentum", lr=0.05), Run("Adam", lr=0.05)),
        ),
        listed=False,
    ),
    Preset(
        slug="batch",
        title="Small batch, large batch",
        claim="Each sample's gradient has noise σ = 8. Over 200 seeds, the run ends nearest to the"
        " minimum of the lower hollow 140 times with batches of 8, 10 times with batches of"
        " 32, and never with 256 or all 10,000.",
        experiment=Experiment(
            surface="Local-minima valley",
            steps=300,
            noise=8.0,
            seed=9,
            runs=tuple(Run("SGD", lr=0.05, batch_size=size) for size in (8, 32, 256, None)),
        ),
        compare="Batch size",
        listed=False,
    ),
    Preset(
        slug="adagrad",
        title="AdaGrad slows down",
        claim="On Rosenbrock's valley, AdaGrad divides by all the gradients it has ever seen, so"
        " its first steep steps slow the rest of the run: the last 200 of 500 updates take it"
        " 0.29 further, and RMSProp, which forgets, 0.40. In the end AdaGrad is 1.77 from the"
        " minimizer, RMSProp 0.58.",
        experiment=Experiment(
            surface="Rosenbrock",
            steps=500,
            runs=(Run("AdaGrad", lr=0.1), Run("RMSProp", lr=0.01)),
        ),
        listed=False,
    ),
    Preset(
        slug="newton",
        title="Newton jumps",
        claim="On a quadratic, Newton's step lands on the minimum in one update. L-BFGS, which"
        " learns the curvature as it goes, needs 7 to come within 0.0001 of it; SGD at its"
        " best rate needs 54.",
        experiment=Experiment(
            surface="Quadratic",
            steps=80,
            runs=(Run("Newton", lr=1.0), Run("L-BFGS", lr=1.0), Run("SGD", lr=2 / 11)),
        ),
        listed=False,
    ),
    Preset(
        slug="sweep",
        title="Map: good learning rates",
        claim="Curvature 10, batches of 32, noise σ = 2, 100 updates. SGD is best at rate 0.05 and"
        " diverges from 0.22 on; its limit is 2 / 10 = 0.2. Momentum 0.9 is best at 0.0032, a"
        " sixteenth of that, and is stable up to 0.38. Adam never diverges.",
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
        listed=False,
        map={"map": "Learning-rate sweep"},
    ),
    Preset(
        slug="polyak",
        title="Map: rate and momentum",
        claim="A ravine with condition number 100, 100 updates. The best of 128 × 128 settings is"
        " rate 0.03 at momentum 0.7; Polyak's formula gives 0.033 at 0.67. To the right of the"
        " line 2 (1 + μ) / λ every run grows.",
        experiment=Experiment(
            surface="Quadratic",
            params={"condition": 100.0},
            steps=100,
            runs=(Run("Momentum", lr=0.01),),
        ),
        listed=False,
        map={"map": "Rate and momentum"},
    ),
    Preset(
        slug="scaling",
        title="Map: the best rate grows with the batch",
        claim="Every run sees 12,800 samples. SGD's best rate is 0.0032 for single samples, 0.029"
        " for batches of 8, 0.22 for 64 and 0.64 for 256: at first it grows about in"
        " proportion to the batch. Up to 256 the final loss is about the same, 0.0081 or less;"
        " larger batches make too few updates, and at 1,024 it is 0.34.",
        experiment=Experiment(
            surface="Quadratic",
            params={"scale": 0.1, "condition": 20.0},
            start=(-7.0, 2.0),
            steps=400,
            noise=2.0,
            runs=(Run("SGD", lr=0.1, batch_size=32),),
        ),
        listed=False,
        map={"map": "Rate and batch size", "map.budget": "samples"},
    ),
    Preset(
        slug="ball",
        title="Map: the noise ball and its theory",
        claim="At a constant rate of 0.01, SGD hovers at a mean loss of 0.00063 above the minimum,"
        " at 0.1 of 0.0095; theory says 0.00064 and 0.0095. From the start at rate 0.1, 1,000"
        " updates leave 0.0092 with a constant rate and 0.00024 with cosine decay.",
        experiment=Experiment(
            surface="Quadratic",
            steps=1000,
            noise=2.0,
            runs=(Run("SGD", lr=0.1, batch_size=32), Run("Momentum", lr=0.02, batch_size=32)),
        ),
        listed=False,
        map={"map": "Schedules under noise"},
    ),
    Preset(
        slug="along-axes",
        title="Along the axes Adam arrives",
        claim="A ravine of condition number 100 along the axis. Momentum and Adam both come to the"
        " minimum in 60 updates: they end 0.042 and 0.093 from it, at loss 0.086 and 0.064.",
        experiment=Experiment(
            surface="Quadratic",
            params={"condition": 100.0},
            start=(-4.0, 1.0),
            steps=60,
            runs=(Run("Momentum", lr=0.02), Run("Adam", lr=0.2)),
        ),
        listed=False,
    ),
    Preset(
        slug="rotated",
        title="Adam needs the axes",
        claim="The same ravine and start, turned by 45 degrees. Momentum's path just turns with"
        " them, to the same loss of 0.086. Adam, which had arrived, is stuck half-way: 2.4 from the"
        " minimum, at loss 2.9. It scales each axis by itself, and here both are steep.",
        experiment=Experiment(
            surface="Quadratic",
            params={"condition": 100.0, "rotation": 45.0},
            start=(-3.5355339059327378, -2.121320343559643),
            steps=60,
            runs=(Run("Momentum", lr=0.02), Run("Adam", lr=0.2)),
        ),
        listed=False,
    ),
)

GROUP = Group("Earlier experiments", "Earlier", 10, PRESETS)
