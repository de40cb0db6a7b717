"""Batch, mini-batch, single sample; epoch and iteration: on real data."""

from __future__ import annotations

from typing import Any

import numpy as np

from optimizers import Experiment, Run, simulate, sweep
from optimizers.analysis.measures import curvatures
from optimizers.analysis.noise import batch_covariance
from optimizers.analysis.statements import times
from views.lessons import measures
from views.lessons.lesson import Answer, Card, Lesson, Numbers, Runs

DATA = {"surface": "Linear regression", "compare": "Batch size", "Linear regression.SGD.lr": "0.05"}
CLOSE = 1e-6  # of the lowest loss
MOST_UPDATES = 5000
MANY_SEEDS = 2000


def iterations(runs: Runs) -> Numbers:
    """Count the updates of one epoch, and the samples of the last of them."""
    experiment = runs.experiment
    small, medium, large = (len(t.lr) for t in runs.trajectories)
    sizes = [run.batch_size or experiment.samples for run in experiment.runs]
    return {
        "samples": experiment.samples,
        "size": sizes[0],
        "ten": sizes[1],
        "odd": sizes[2],
        "small": small,
        "medium": medium,
        "large": large,
        "left": experiment.samples - (large - 1) * sizes[2],
    }


def one_epoch(runs: Runs) -> Numbers:
    """Measure what one epoch of three batch sizes does."""
    single, some, full = measures.final_losses(runs)
    return {
        "samples": runs.experiment.samples,
        "size": runs.experiment.runs[1].batch_size,
        "start": float(runs.trajectories[0].loss[0]),
        "single": single,
        "some": some,
        "full": full,
        "updates": len(runs.trajectories[0].lr),
        "some_updates": len(runs.trajectories[1].lr),
        "lowest": measures.lowest([single, some, full]),
    }


def steadiness(runs: Runs) -> Numbers:
    """Measure how the runs turn, and how far above the lowest loss they stay."""
    floor = runs.trajectories[0].objective.lowest()
    half = runs.experiment.steps // 2
    single, some, full = (float(t.loss[half:].mean()) - floor for t in runs.trajectories)
    angles = [found.turn_angle or 0.0 for found in measures.crossings(runs)]
    return {
        "size": runs.experiment.runs[1].batch_size,
        "updates": runs.experiment.steps,
        "single": single,
        "some": some,
        "full": full,
        "single_turn": angles[0],
        "some_turn": angles[1],
        "full_turn": angles[2],
        "wildest": int(np.argmax(angles)),
    }


def spread(runs: Runs) -> Numbers:
    """Measure how much the gradients of batches spread at the start."""
    experiment = runs.experiment
    start = runs.trajectories[0].path[0]
    sizes = [run.batch_size or experiment.samples for run in experiment.runs]
    plan = experiment.plan(experiment.runs[0])
    widths = (float(np.sqrt(np.trace(batch_covariance(plan, start, size)))) for size in sizes)
    small, large = widths
    large, small, ratio = measures.compared(large, small)
    return {
        "size": sizes[0],
        "larger": sizes[1],
        "more": times(sizes[1], sizes[0]),
        "small": small,
        "large": large,
        "ratio": ratio,
    }


def accumulated(runs: Runs) -> Numbers:
    """Measure the mean gradient of several small batches against that of one large one."""
    experiment = runs.experiment
    small, large = (run.batch_size or experiment.samples for run in experiment.runs)
    count = large // small
    # At a rate of nothing all are taken at the start.
    first, second = (Run("SGD", lr=0.0, batch_size=size) for size in (small, large))
    still = Experiment(
        experiment.surface,
        params=experiment.params,
        samples=experiment.samples,
        steps=count,
        runs=(first, second),
    )
    several, one = (t.gradient for t in simulate(still))
    mean = several[:count].mean(axis=0)
    return {
        "count": count,
        "size": small,
        "large": large,
        "one": float(np.hypot(*one[0])),
        "mean": float(np.hypot(*mean)),
        "apart": float(np.hypot(*(mean - one[0]))),
        "share": float(np.hypot(*(mean - one[0])) / np.hypot(*one[0])),
    }


def sizes(runs: Runs) -> Numbers:
    """Measure the median loss over many seeds with three batch sizes."""
    medians = [
        float(np.median(measures.over_seeds(runs, run, MANY_SEEDS).loss))
        for run in runs.experiment.runs
    ]
    low, middle, high = medians
    return {
        "seeds": MANY_SEEDS,
        "small": runs.experiment.runs[0].batch_size,
        "even": runs.experiment.runs[1].batch_size,
        "large": runs.experiment.runs[2].batch_size,
        "first": low,
        "second": middle,
        "third": high,
    }


def conditions(runs: Runs) -> Numbers:
    """Measure what standardizing does to the condition number, and the updates at the best rate."""
    found: dict[str, Any] = {}
    for name, on in (("raw", 0.0), ("standard", 1.0)):
        experiment = Experiment(
            "Linear regression",
            params={**runs.experiment.params, "standardize": on},
            samples=runs.experiment.samples,
            steps=MOST_UPDATES,
        )
        (objective,) = experiment.objectives
        steep, flat = curvatures(*objective.hessian(0.0, 0.0))
        best = Run("SGD", lr=float(2 / (steep + flat)))
        arrived = sweep(experiment, best, tolerance=CLOSE).arrived_at
        found |= {f"{name}_condition": float(steep / flat), f"{name}_updates": int(arrived)}
    return {
        **found,
        "mean": runs.experiment.params["mean"],
        "deviation": runs.experiment.params["spread"],
        "close": CLOSE,
        "times": found["raw_updates"] / found["standard_updates"],
    }


LESSON = Lesson(
    name="batch",
    place=5,
    title="Batch, mini-batch, single sample",
    finds="One sample, a few, or all of them: count an epoch, and see what the size of a"
    " batch changes and what it does not.",
    objective="Count epochs and iterations, and say what the size of a batch changes and what it"
    " does not.",
    minutes=25,
    say="The loss is a mean over samples. An update may use all of them, one, or a few. Most of"
    " these surfaces are made by samples: a line is fitted to them.",
    cards=(
        Card(
            text="There are {samples} samples. One epoch, in batches of {size}, of {ten} and of"
            " {odd}.",
            question="How many updates does the epoch have with batches of {odd}?",
            shows={
                "noise": "1",
                "compare": "Batch size",
                "batches": ["100", "1000", "8192"],
                "Quadratic.SGD.lr": "0.05",
                "length": "1",
                "unit": "epochs",
            },
            measure=iterations,
            answers=(
                Answer("One: an epoch is an iteration", lambda n: n["large"] == 1),
                Answer("Two, the second of what is left", lambda n: n["large"] == 2),
                Answer("As many as with batches of {ten}", lambda n: n["large"] == n["medium"]),
            ),
            measured="Batches of {size} make {small} updates, of {ten} make {medium}, and of {odd}"
            " make {large}: the last of them has {left} samples.",
            why="Weights change once per batch. Updates are epochs × iterations, and iterations are"
            " samples over batch size, rounded up.",
            covers=("epoch", "updates-per-epoch", "epoch-is-iteration"),
        ),
        Card(
            text="A line is fitted to {samples} samples. Each run sees every sample once: singly,"
            " in batches of {size}, and all at once.",
            question="Whose loss is lowest after the epoch?",
            shows={
                **DATA,
                "samples": "1000",
                "batches": ["1", "32", "all"],
                "length": "1",
                "unit": "epochs",
            },
            measure=one_epoch,
            answers=(
                Answer("Single samples", lambda n: n["lowest"] == 0),
                Answer("Batches of {size}", lambda n: n["lowest"] == 1),
                Answer("All at once", lambda n: n["lowest"] == 2),
            ),
            measured="From {start}, {updates} updates of one sample lead to loss {single},"
            " {some_updates} of batches to {some}, and one update of all to {full}.",
            why="For the same samples, small batches make more updates, and each already helps."
            " This is why nobody trains on all samples at once.",
            covers=("sgd-update", "large-batches-faster", "updates-and-time"),
        ),
        Card(
            text="Now {updates} updates each: of single samples, of batches of {size}, and of all"
            " samples.",
            question="Which run changes its direction most?",
            shows={
                **DATA,
                "samples": "1000",
                "batches": ["1", "32", "all"],
                "length": "500",
            },
            measure=steadiness,
            answers=(
                Answer("Single samples", lambda n: n["wildest"] == 0),
                Answer("Batches of {size}", lambda n: n["wildest"] == 1),
                Answer("All samples", lambda n: n["wildest"] == 2),
            ),
            measured="Single samples turn by {single_turn} degrees at each step, batches of {size}"
            " by {some_turn}, all samples by {full_turn}. In the second half they stay {single},"
            " {some} and {full} above the lowest loss.",
            why="All samples go steadily and need the fewest updates, but all data for each. A"
            " single sample jumps about, and hardly comes to rest at the minimum.",
            covers=("single-sample", "full-batch", "batch-noise"),
        ),
        Card(
            text="The gradients of batches scatter around the true one. Batches of {size} and of"
            " {larger}, {more} times as many samples.",
            question="By how much do the larger ones scatter less?",
            shows={
                **DATA,
                "samples": "1000",
                "batches": ["8", "32"],
                "length": "400",
            },
            measure=spread,
            answers=(
                Answer("A quarter as much", lambda n: 0.2 < n["ratio"] < 0.3),
                Answer("Half as much", lambda n: 0.45 < n["ratio"] < 0.55),
                Answer("As much", lambda n: n["ratio"] > 0.9),
            ),
            measured="At the start batches of {size} scatter by {small}, those of {larger} by"
            " {large}: {ratio} times as much.",
            why="The variance goes with 1/B, so the deviation with its root. Four times the work"
            " halves the noise; with all samples it is 0.",
            covers=("batch-noise",),
        ),
        Card(
            text="Memory for {size} samples only. Somebody adds up the gradients of {count} batches"
            " of {size} before the update, instead of one batch of {large}.",
            question="Is that gradient noisier?",
            shows={
                **DATA,
                "samples": "96",
                "batches": ["8", "32"],
                "length": "400",
            },
            measure=accumulated,
            answers=(
                Answer("Yes: each small batch adds its noise", lambda n: n["share"] > 0.05),
                Answer("No: it is the same gradient", lambda n: n["share"] < 1e-9),
                Answer("It is less noisy", lambda n: n["mean"] < 0.9 * n["one"]),
            ),
            measured="The mean of the {count} gradients is {mean} long, the gradient of the one"
            " batch {one}. They are {apart} apart.",
            why="A mean of means over equal parts is the mean over all. Accumulating is a large"
            " batch in small memory, nothing else.",
            covers=("accumulating-adds-noise",),
        ),
        Card(
            text="Batches of {small}, {even} and {large}. Some hold that a size must be a power of"
            " two.",
            question="Where does the median loss with {even} end?",
            shows={
                "noise": "3",
                "samples": "12800",
                "compare": "Batch size",
                "batches": ["64", "100", "128"],
                "Quadratic.SGD.lr": "0.1",
                "length": "300",
            },
            measure=sizes,
            answers=(
                Answer(
                    "Above both others: it is no power of two",
                    lambda n: n["second"] > max(n["first"], n["third"]),
                ),
                Answer(
                    "Between the others",
                    lambda n: n["third"] < n["second"] < n["first"],
                ),
                Answer(
                    "Below both others",
                    lambda n: n["second"] < min(n["first"], n["third"]),
                ),
            ),
            measured="Over {seeds} seeds the median losses are {first}, {second} and {third}: each"
            " as its size says.",
            why="Powers of two are a habit of those who think of memory. For the loss, only the"
            " number of samples counts.",
            covers=("powers-of-two", "batch-power-of-two"),
        ),
        Card(
            text="The feature has mean {mean} and deviation {deviation}: a ravine of condition"
            " number {raw_condition}. One may subtract the mean first and divide by the deviation.",
            question="What does that change?",
            shows={
                "surface": "Linear regression",
                "optimizers": "SGD",
                "Linear regression.SGD.lr": "0.17",
                "length": "200",
            },
            measure=conditions,
            answers=(
                Answer("Nothing but the scale of the axes", lambda n: n["times"] < 1.2),
                Answer("About half as many updates", lambda n: 1.2 <= n["times"] < 4),
                Answer(
                    "Hundreds of updates become a few",
                    lambda n: n["raw_updates"] >= 200 and n["standard_updates"] < 10,
                ),
            ),
            measured="The condition number falls from {raw_condition} to {standard_condition}. At"
            " the best rate, {raw_updates} updates to within {close} of the lowest loss become"
            " {standard_updates}.",
            why="Intercept and slope are entangled where the feature is far from 0. Normalizing is"
            " no cosmetics: it changes the shape of the loss.",
            covers=("normalizing-is-cosmetic",),
            lab={
                "surface": "Linear regression",
                "Linear regression.standardize": "on",
                "optimizers": "SGD",
                "Linear regression.SGD.lr": "0.17",
                "length": "200",
            },
        ),
    ),
    pictured=3,
)
