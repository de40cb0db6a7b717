"""The gallery: experiments that each make one point, with the claim that a test checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from landscape.language import Message, msgid
from optimizers import Experiment, Run


@dataclass(frozen=True)
class Preset:
    """An experiment, what differs between its runs, and what it shows.

    Every number in `claim` is computed by a test from the experiment's trajectories, or from its
    map: then `map` has the map's settings, by name. What is not `listed` is no longer in the
    gallery, and still found by its links.
    """

    slug: str
    title: Message
    claim: Message
    experiment: Experiment
    compare: str = "Optimizer"
    map: Mapping[str, Any] = field(default_factory=dict)
    listed: bool = True


DEFAULT = Experiment(
    surface="Quadratic",
    steps=100,
    runs=(Run("SGD"), Run("Momentum"), Run("RMSProp"), Run("Adam")),
)

SADDLE_RUNS = (
    Run("SGD", lr=0.1),
    Run("Momentum", lr=0.02),
    Run("Adam", lr=0.05),
    Run("Newton", lr=1.0),
)

GALLERY = (
    Preset(
        slug="headline",
        title="Momentum beats the zigzag",
        claim="SGD bounces from wall to wall and stops short; Momentum rolls to the minimum. SGD"
        " has the best of all rates for these 30 updates, and each of its 29 turns still crosses"
        " the ravine. It ends at loss 0.18, Momentum at 0.0031.",
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
        slug="four-rates",
        title="Very high, high, good, low",
        claim="The limit is 2 / 10 = 0.2. At rate 0.21 the run flies out of the frame, at 0.195 it"
        " bounces from wall to wall, at 0.12 it goes straight in, at 0.004 it hardly leaves the"
        " start. The loss, 28 at the start, is 6,090, 0.92, 0.0037 and 8 after 30 updates.",
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
        slug="too-much",
        title="Too much momentum",
        claim="Without momentum the run creeps, with 0.8 it arrives, with 0.99 it flies past the"
        " minimum again and again. All have rate 0.01; 100 updates bring the loss from 28 to"
        " 1.1, 0.0000082 and 7.4.",
        experiment=Experiment(
            surface="Quadratic",
            steps=100,
            runs=tuple(Run("Momentum", lr=0.01, hyper={"momentum": mu}) for mu in (0, 0.8, 0.99)),
        ),
        compare="Momentum",
    ),
    Preset(
        slug="nesterov",
        title="Nesterov looks ahead",
        claim="Same rate, same momentum. Momentum swings from wall to wall for the whole run;"
        " Nesterov settles on the floor after two swings. After 40 updates the loss is 0.33"
        " against 0.00047.",
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
        experiment=Experiment(
            surface="Local-minima valley",
            steps=150,
            runs=tuple(Run("Momentum", lr=0.05, hyper={"momentum": mu}) for mu in (0, 0.8, 0.85)),
        ),
        compare="Momentum",
    ),
    Preset(
        slug="long-valley",
        title="The long curved valley",
        claim="Both runs drop to the floor of the valley at once. After 500 updates at the same"
        " rate, SGD is only at the bend, 1.4 from the minimum; Momentum is within 0.03 of it.",
        experiment=Experiment(
            surface="Rosenbrock",
            steps=500,
            runs=(Run("SGD", lr=0.0015), Run("Momentum", lr=0.0015)),
        ),
    ),
    Preset(
        slug="out-of-breath",
        title="AdaGrad runs out of breath",
        claim="At the same rate on the same way, AdaGrad's steps crowd together a third of the way,"
        " RMSProp's reach the minimum. AdaGrad's step 60 is 0.016 long, a ninth of its first.",
        experiment=Experiment(
            surface="Quadratic",
            start=(-4.5, 4.0),
            steps=60,
            runs=(Run("AdaGrad", lr=0.1), Run("RMSProp", lr=0.1)),
        ),
    ),
    Preset(
        slug="adam-scale",
        title="Adam ignores the scale",
        claim="The ravine is 300 times as steep as it is flat. SGD drops into it and crawls; Adam"
        " heads for the minimum. After 60 updates Adam is 0.043 away, and no rate brings SGD"
        " nearer than 2.7.",
        experiment=Experiment(
            surface="Quadratic",
            params={"condition": 300.0},
            steps=60,
            runs=(Run("SGD", lr=0.00317), Run("Adam", lr=0.1)),
        ),
    ),
    Preset(
        slug="one-jump",
        title="Newton jumps",
        claim="Newton is on the minimum after 1 update, in one straight jump. SGD bounces 19 times"
        " in 20 updates, and is still 0.6 away.",
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
        claim="SGD rolls down to a minimum, at loss −0.25. Newton jumps to the flat point between"
        " the minima, where the loss is 0, and stays.",
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
        experiment=Experiment(
            surface="Quadratic",
            params={"condition": 30.0, "rotation": 30.0},
            start=(-4.0, 1.0),
            steps=30,
            runs=(Run("SGD", lr=0.0645), Run("L-BFGS", lr=1.0)),
        ),
    ),
    Preset(
        slug="decay-moves",
        title="Weight decay moves the goal",
        claim="All runs come to rest, but with weight decay not at the minimum: decay 0.1 stops"
        " 0.24 before it, decay 1 stops 0.83 before it.",
        experiment=Experiment(
            surface="Rosenbrock",
            steps=1500,
            runs=tuple(Run("Momentum", lr=0.001, weight_decay=w) for w in (0.0, 0.1, 1.0)),
        ),
        compare="Weight decay",
    ),
    Preset(
        slug="freed",
        title="Noise frees a run",
        claim="The start is on the ridge, where the slope across it is 0. With all samples the run"
        " stops at the saddle. With single samples it turns off, up or down by chance: of 200"
        " seeds 199 end near a minimum, 102 of them at the upper one.",
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
        " other side, and the run diverges at step 33. At 0.19 it zigzags, and 50 updates"
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
        slug="decay",
        title="Decay settles the noise",
        claim="At a constant rate, the noise keeps SGD hovering: over 200 seeds the median loss"
        " after 300 updates is 0.76. Cutting the rate to a tenth at 30, 60 and 90% of the run"
        " leaves 0.057, cosine decay 0.044, inverse square root decay 0.13.",
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
        map={"map": "Rate and batch size", "map.budget": "samples"},
    ),
    Preset(
        slug="basins",
        title="Map: basins of attraction",
        claim="Himmelblau's surface has four minima of equal loss. Adam leads 23.4, 27.1, 25.6 and"
        " 24.0% of the starts to them. The borders of SGD's basins are 1.7 times as long at rate"
        " 0.01: near the edge its first step is up to 12 long and lands anywhere, while Adam's is"
        " 0.1 along each axis. At half that rate they are shorter than Adam's, 0.73 times.",
        experiment=Experiment(
            surface="Himmelblau",
            steps=500,
            runs=(Run("Adam", lr=0.1), Run("SGD", lr=0.01)),
        ),
        map={"map": "Basins of attraction"},
    ),
    Preset(
        slug="ensemble",
        title="Map: one run proves little",
        claim="The same four runs with 200 seeds each, noise σ = 2 in batches of 8. Momentum ends"
        " nearest to the global minimum in 94% of them, the others never: what one seed shows"
        " could be luck, this is not.",
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
        title="Map: the noise of small batches frees a run",
        claim="Noise σ = 8, 300 updates, 300 seeds. SGD at rate 0.05 ends nearest to the global"
        " minimum in 72% of the runs with batches of 8 (95% interval: 67 to 77%), in 3% with"
        " 32, and never with 64 or more. Smaller is not better: with batches of 1 it is 51%.",
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
        map={"map": "Schedules under noise"},
    ),
)

CHANGED = msgid("You changed this experiment; the text describes the original.")
MAPS_VIEW = msgid("Maps")  # the view of maps

OPENING = "headline"  # what a page without a link shows
PRESETS: Mapping[str, Preset] = MappingProxyType({preset.slug: preset for preset in GALLERY})
