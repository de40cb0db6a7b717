"""One step downhill, and how long it is."""

from __future__ import annotations

import numpy as np

from landscape.record import LOWEST_KINDS
from optimizers import Experiment, Run, simulate, sweep
from optimizers.analysis.measures import facts_of, progress
from views.lessons import measures
from views.lessons.lesson import Answer, Card, Lesson, Numbers, Runs

TOLERANCE = 0.1


def direction(runs: Runs) -> Numbers:
    """Measure where the first step leads."""
    (trajectory,) = runs.trajectories
    start = trajectory.path[0]
    downhill = -np.array(trajectory.objective.gradient(*start))
    (step,) = measures.steps(runs)
    return {
        "off": measures.angle(step, -start),  # the minimum is the origin
        "slope": round(measures.angle(step, downhill), 3),
    }


def stride(runs: Runs) -> Numbers:
    """Measure how long the first steps are."""
    first, second = (float(np.hypot(*step)) for step in measures.steps(runs))
    rate, other = measures.rates(runs)
    second, first, share = measures.compared(second, first)
    return {"first": first, "second": second, "share": share, "rate": rate, "other": other}


def ground(runs: Runs) -> Numbers:
    """Measure what one rate does on this surface and on another."""
    rate = runs.experiment.plan(runs.experiment.runs[0]).lr
    bowl = Experiment("Quadratic", steps=runs.experiment.steps, runs=(Run("SGD", lr=rate),))
    (good,) = simulate(bowl)
    first, second = runs.trajectories
    return {
        "rate": measures.rates(runs)[0],
        "smaller": measures.rates(runs)[1],
        "diverged": first.diverged_at,
        "second_diverged": second.diverged_at,
        "loss": float(second.loss[-1]),
        "bowl": float(good.loss[-1]),
        "from_bowl": float(good.loss[0]),
        "updates": runs.experiment.steps,
        "arrived": progress(bowl, good, TOLERANCE).updates is not None,
    }


def curves(runs: Runs) -> Numbers:
    """Measure how the losses at four rates end."""
    names = ("very_high", "high", "good", "low")
    losses, lrs = measures.final_losses(runs), measures.rates(runs)
    return {
        "start": float(runs.trajectories[0].loss[0]),
        "limit": 2 / measures.curvature(runs),
        "updates": runs.experiment.steps,
        **{f"{name}_rate": lr for name, lr in zip(names, lrs, strict=True)},
        **{f"{name}_loss": loss for name, loss in zip(names, losses, strict=True)},
        "lowest": measures.lowest(losses),
    }


def shelves(runs: Runs) -> Numbers:
    """Measure the medians of the losses over many seeds: early, in the middle and at the end."""
    experiment = runs.experiment
    high, good, _ = lrs = measures.rates(runs)
    found = sweep(
        experiment,
        experiment.runs[0],
        lr=np.array(lrs)[:, None],
        seed=np.arange(measures.SEEDS),
        record=experiment.steps + 1,
    )
    assert found.losses is not None
    median = np.median(found.losses, axis=1)
    quarter = experiment.steps // 4
    return {
        "seeds": measures.SEEDS,
        "high": high,
        "good": good,
        "start": float(median[0, 0]),
        "early": float(median[0, quarter]),
        "quarter": quarter,
        "late": float(median[0, -1]),
        "best": float(median[1, -1]),
    }


def blindfolded(runs: Runs) -> Numbers:
    """Measure in which of the hollows the runs end."""
    facts = facts_of(runs.trajectories[0].objective)
    left, right = (progress(runs.experiment, t, measures.ANY).critical for t in runs.trajectories)
    assert left is not None
    assert right is not None
    return {
        "left": float(runs.trajectories[0].loss[-1]),
        "right": float(runs.trajectories[1].loss[-1]),
        "left_lowest": left.kind in LOWEST_KINDS,
        "right_lowest": right.kind in LOWEST_KINDS,
        "floor": facts.lowest,
    }


LESSON = Lesson(
    name="rate",
    place=1,
    title="One step downhill",
    finds="What does one update of gradient descent do? And can you tell a good learning rate"
    " from the loss curve alone?",
    objective="See what one update of gradient descent does, and read a learning rate off the loss"
    " curve alone.",
    minutes=20,
    say="Imagine that you stand on a mountain with your eyes covered and want to go down. You feel"
    " the slope under your feet and nothing else. The learning rate says how long your stride is.",
    cards=(
        Card(
            text="A ravine: steep across, flat along. The gradient is known at the start, the"
            " minimum is marked by a plus.",
            question="Where does the first step lead?",
            shows={"optimizers": "SGD", "Quadratic.SGD.lr": "0.05", "length": "50"},
            measure=direction,
            answers=(
                Answer("Straight to the minimum", lambda n: n["off"] < 5),
                Answer(
                    "Down the steepest slope, not towards the minimum",
                    lambda n: n["slope"] < 1 and n["off"] > 30,
                ),
                Answer("Along the ravine", lambda n: n["slope"] > 45),
            ),
            measured="The first step lies {slope} degrees off the steepest descent and {off}"
            " degrees off the straight way to the minimum. The update is w ← w − rate × gradient,"
            " and the gradient knows only the slope underfoot.",
            why="The gradient is at right angles to the contour. On a ravine that is nearly across"
            " it. Only on a round bowl does the gradient point at the minimum.",
            covers=("stride",),
        ),
        Card(
            text="Two runs from the same start, the first at rate {rate}, the second at {other}.",
            question="How long is the first step of the second?",
            shows={
                "compare": "Learning rate",
                "Quadratic.SGD.rates": "0.06, 0.03",
                "length": "50",
            },
            measure=stride,
            answers=(
                Answer("As long as the first run's", lambda n: n["share"] > 0.95),
                Answer("Half as long", lambda n: 0.45 < n["share"] < 0.55),
                Answer("A quarter as long", lambda n: 0.2 < n["share"] < 0.3),
            ),
            measured="The first step of the first run is {first} long, that of the second {second}:"
            " {share} times as long. The rate is the stride.",
            why="The step is rate times gradient, so it is proportional to the rate. Where the"
            " slope is less steep the same rate makes shorter steps.",
            covers=("stride",),
        ),
        Card(
            text="On the default ravine, rate {rate} brings the loss from {from_bowl} to {bowl} in"
            " {updates} updates. Here is another surface, a curved valley with steep walls.",
            question="What does rate {rate} do here?",
            shows={
                "surface": "Rosenbrock",
                "compare": "Learning rate",
                "Rosenbrock.SGD.rates": "0.01, 0.001",
                "length": "300",
            },
            measure=ground,
            answers=(
                Answer(
                    "It arrives here, too",
                    lambda n: n["diverged"] is None and n["loss"] < TOLERANCE,
                ),
                Answer(
                    "It is too slow, but safe",
                    lambda n: n["diverged"] is None and n["loss"] >= TOLERANCE,
                ),
                Answer("It is thrown out", lambda n: n["diverged"] is not None and n["arrived"]),
            ),
            measured="At rate {rate} the run diverges at update {diverged}; at {smaller} it"
            " descends, to loss {loss} after {updates} updates. One rate suits one surface and"
            " ruins the next.",
            why="What a rate may be is decided by the largest curvature, and the walls of this"
            " valley are far steeper. No rate is good everywhere.",
            covers=("stride-everywhere",),
        ),
        Card(
            text="Four rates: {very_high_rate}, {high_rate}, {good_rate} and {low_rate}. Look at"
            " the loss curves only, as one does with a large network.",
            question="Which run ends lowest after {updates} updates?",
            shows={"preset": "four-rates"},
            measure=curves,
            answers=(
                Answer("Rate {very_high_rate}", lambda n: n["lowest"] == 0),
                Answer("Rate {high_rate}", lambda n: n["lowest"] == 1),
                Answer("Rate {good_rate}", lambda n: n["lowest"] == 2),
                Answer("Rate {low_rate}", lambda n: n["lowest"] == 3),
            ),
            measured="From {start} the losses come to {very_high_loss} (it explodes: very high),"
            " {high_loss} (high), {good_loss} (falls quickly: good) and {low_loss} (falls slowly:"
            " low). The limit is {limit}.",
            why="An exploding curve says that the rate is beyond the limit, a curve that falls"
            " slowly that it is far below. A rate just below the limit bounces, and loses time.",
            covers=("loss-curves",),
        ),
        Card(
            text="Now with noise, as from batches: a high, a good and a low rate. The curve of the"
            " high rate, {high}, falls fast at first.",
            question="And then?",
            shows={
                "Quadratic.condition": "4",
                "compare": "Learning rate",
                "Quadratic.SGD.rates": "0.4, 0.1, 0.008",
                "noise": "2",
                "batch": "4",
                "length": "200",
            },
            measure=shelves,
            answers=(
                Answer("It goes on falling, below the others", lambda n: n["late"] < n["best"]),
                Answer(
                    "It stays flat, above the good one's",
                    lambda n: n["late"] > 3 * n["best"] and 0.7 < n["late"] / n["early"] < 1.4,
                ),
                Answer("It explodes", lambda n: n["late"] > n["start"]),
            ),
            measured="Of {seeds} seeds, the median loss at rate {high} is {early} after {quarter}"
            " updates and {late} at the end: flat. At rate {good} it ends at {best}.",
            why="A high rate hovers around the minimum, as wide as its steps are. The flat end"
            " needs noise, or a run that bounces: without noise the curve would go on falling.",
            covers=("loss-curves",),
        ),
        Card(
            text="Two hollows, of which the left one is deeper. Two runs at the same rate start on"
            " the two slopes.",
            question="Do both find the lowest point?",
            shows={
                "surface": "Local-minima valley",
                "compare": "Start",
                "Local-minima valley.starts": "-1.2 1.2; 1.8 1.2",
                "length": "200",
            },
            measure=blindfolded,
            answers=(
                Answer("Both do", lambda n: n["left_lowest"] and n["right_lowest"]),
                Answer(
                    "Only the one that starts above it",
                    lambda n: n["left_lowest"] and not n["right_lowest"],
                ),
                Answer("Neither does", lambda n: not n["left_lowest"] and not n["right_lowest"]),
            ),
            measured="The left run ends at loss {left}, the right one at {right}, in the higher"
            " hollow. Nothing at its place says that there is a deeper one.",
            why="All that a run knows is the slope where it is. From there one cannot know the"
            " lowest point, in two dimensions or in a million.",
            covers=("blindfolded",),
        ),
    ),
    pictured=4,
)
