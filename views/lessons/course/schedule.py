"""Decay and warm-up of the rate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from optimizers.analysis.statements import Coordinate
from views.lessons import measures
from views.lessons.lesson import Answer, Card, Lesson, Numbers, Runs

MANY_SEEDS = 20_000


def clouds(runs: Runs) -> Numbers:
    """Measure the median loss over many seeds with four schedules."""
    constant, step, cosine, root = (
        float(np.median(measures.over_seeds(runs, run).loss)) for run in runs.experiment.runs
    )
    return {
        "seeds": measures.SEEDS,
        "updates": runs.experiment.steps,
        "constant": constant,
        "step": step,
        "cosine": cosine,
        "root": root,
        "worst": max(step, cosine, root),
    }


def without_noise(runs: Runs) -> Numbers:
    """Measure the same schedules where nothing is noisy."""
    constant, step, cosine, root = measures.final_losses(runs)
    return {
        "rate": measures.rates(runs)[0],
        "noise": runs.experiment.noise,
        "constant": constant,
        "step": step,
        "cosine": cosine,
        "root": root,
        "best": min(step, cosine, root),
    }


def by_steps(runs: Runs) -> Numbers:
    """Measure the rates of a step decay."""
    (trajectory,) = runs.trajectories
    used = sorted({float(f"{rate:.6g}") for rate in trajectory.lr}, reverse=True)
    first, second, third, last = (Coordinate(rate) for rate in used)
    cuts = (np.flatnonzero(np.diff(trajectory.lr)) + 1).tolist()
    return {
        "epochs": runs.experiment.steps,
        "first_cut": cuts[0],
        "second_cut": cuts[1],
        "third_cut": cuts[2],
        "first": first,
        "second": second,
        "third": third,
        "last": last,
        "cut": second / first,
        "cuts": len(cuts),
        "factor": last / first,
    }


def warmed(runs: Runs) -> Numbers:
    """Measure a run at its full rate at once, and one that is warmed up."""
    cold, warm = runs.trajectories
    return {
        "rate": measures.rates(runs)[0],
        "updates": runs.experiment.runs[1].warmup,
        "step": cold.diverged_at,
        "loss": float(warm.loss[-1]),
        "distance": measures.distances(runs)[1],
        "warm_diverges": warm.diverged_at is not None,
    }


def traded(runs: Runs) -> Numbers:
    """Measure the variance of where many seeds end: at a lower rate, and with a larger batch."""
    experiment = runs.experiment
    high, low = experiment.runs
    rate, lower = measures.rates(runs)
    larger = replace(high, batch_size=round((high.batch_size or 1) * rate / lower))
    by_rate, by_batch = (
        float(measures.over_seeds(runs, run, MANY_SEEDS).end.var()) for run in (low, larger)
    )
    more, less, ratio = measures.compared(by_batch, by_rate)
    return {
        "seeds": MANY_SEEDS,
        "rate": rate,
        "lower": lower,
        "size": high.batch_size,
        "larger": larger.batch_size,
        "by_rate": less,
        "by_batch": more,
        "ratio": ratio,
    }


LESSON = Lesson(
    name="schedule",
    place=7,
    title="Decay and warm-up",
    finds="Why are learning rates lowered on the way, when is that no use, and what is a"
    " warm-up for?",
    objective="Say why rates go from large to small, when that is no use, and what a warm-up is"
    " for.",
    minutes=20,
    say="A high rate comes far and then hovers, a low rate settles and comes nowhere. Ask how to"
    " have both, before you show a schedule.",
    cards=(
        Card(
            text="Single samples, much noise. Four schedules that all begin at the same rate:"
            " constant, by steps, cosine, inverse square root.",
            question="Which leaves the highest loss after {updates} updates, in the median of"
            " {seeds} seeds?",
            shows={"preset": "decay"},
            measure=clouds,
            answers=(
                Answer("Constant: it goes on hovering", lambda n: n["constant"] > 3 * n["worst"]),
                Answer(
                    "The decays: their steps become too small",
                    lambda n: n["worst"] > n["constant"],
                ),
                Answer("All the same", lambda n: 0.8 < n["worst"] / n["constant"] < 1.25),
            ),
            measured="Constant leaves {constant}, by steps {step}, cosine {cosine}, inverse square"
            " root {root}.",
            why="The higher the rate, the wider the cloud in which a run hovers. A rate that falls"
            " takes the run down with it.",
            covers=("schedules", "rate-falls"),
            lab={"preset": "decays"},
        ),
        Card(
            text="The same four schedules from rate {rate}, but with noise {noise}: exact"
            " gradients.",
            question="Which run ends lowest now?",
            shows={"preset": "decay", "noise": "0", "Schedule.optimizer": "SGD", "batch": "all"},
            measure=without_noise,
            answers=(
                Answer("One with a decay", lambda n: n["best"] < n["constant"]),
                Answer("The constant rate", lambda n: n["constant"] < n["best"]),
            ),
            measured="Constant ends at {constant}, by steps at {step}, cosine at {cosine}, inverse"
            " square root at {root}.",
            why="Without noise a good constant rate converges geometrically, and every decay only"
            " slows it down. Decay is a cure for noise.",
            covers=("rate-falls",),
        ),
        Card(
            text="Step decay, over {epochs} epochs of one update: the rate begins at {first} and is"
            " cut {cuts} times, each time to {cut} of what it was.",
            question="What is the rate at the end?",
            shows={
                "optimizers": "SGD",
                "Quadratic.SGD.lr": "0.1",
                "schedule": "Step",
                "curve": "Learning rate",
                "length": "100",
            },
            measure=by_steps,
            answers=(
                Answer("A third of the first", lambda n: 0.3 < n["factor"] < 0.4),
                Answer("A thirtieth", lambda n: 0.03 < n["factor"] < 0.04),
                Answer("A thousandth", lambda n: 0.0009 < n["factor"] < 0.0011),
            ),
            measured="The rates are {first}, {second}, {third} and {last}.",
            why="It is cut at epochs {first_cut}, {second_cut} and {third_cut}: the classical"
            " schedule of image networks. Cosine, linear and inverse square root decay do it"
            " without corners.",
            covers=("schedules",),
        ),
        Card(
            text="A steep start. At rate {rate} from the first update on, the run is thrown out at"
            " update {step}. In the second run the rate rises to {rate} over {updates} updates.",
            question="What becomes of the second?",
            shows={"preset": "warm-up"},
            measure=warmed,
            answers=(
                Answer("It is thrown out later", lambda n: n["warm_diverges"]),
                Answer(
                    "It comes to the minimum",
                    lambda n: not n["warm_diverges"] and n["distance"] < 0.2,
                ),
                Answer(
                    "It stays near the start",
                    lambda n: not n["warm_diverges"] and n["distance"] > 1,
                ),
            ),
            measured="It ends {distance} from the minimum, at loss {loss}.",
            why="The limit of the rate is that of the place where a run is. Small first steps leave"
            " the steep place, and then the full rate is safe.",
            covers=("schedules",),
        ),
        Card(
            text="Two runs hover around the minimum, at rate {rate} and at {lower}, both in"
            " batches of {size}. Instead of lowering the rate one may enlarge the batch by the same"
            " factor, to {larger} samples.",
            question="Does that leave a cloud of the same size?",
            shows={
                "Quadratic.scale": "2",
                "Quadratic.condition": "1",
                "Quadratic.x": "0",
                "Quadratic.y": "0",
                "noise": "2",
                "batch": "8",
                "compare": "Learning rate",
                "Quadratic.SGD.rates": "0.1, 0.05",
                "length": "100",
            },
            measure=traded,
            answers=(
                Answer("Exactly the same", lambda n: abs(n["ratio"] - 1) < 0.01),
                Answer("A slightly larger one", lambda n: 1.02 < n["ratio"] < 1.2),
                Answer("One twice as large", lambda n: n["ratio"] > 1.5),
            ),
            measured="Over {seeds} seeds the variance is {by_rate} at the lower rate and {by_batch}"
            " with the larger batch: {ratio} times as large.",
            why="In theory it is rate × c / (B × curvature × (2 − rate × curvature)). At small"
            " rates the two are nearly the same; the larger the rate, the more it counts by"
            " itself.",
            covers=("decay-is-batch",),
        ),
    ),
)
