"""Noise: what it frees, what keeps hovering, and how the best rate grows with the batch."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import numpy as np

from optimizers import sweep
from optimizers.analysis.statements import Compared, Coordinate, times
from views.lessons import measures
from views.lessons.lesson import Answer, Card, Lesson, Numbers, Runs

NEAR = 0.4  # of the global minimum, for a run to have arrived
FEW_SEEDS = 64
TIMES, EPOCHS = 15, 20  # that a run is timed, of which the shortest counts; and how long it is


def escapes(runs: Runs) -> Numbers:
    """Measure which share of the seeds leaves the higher hollow, for three batch sizes."""
    small, medium, large = (
        measures.share(measures.over_seeds(runs, run).end[:, 0] < 0) for run in runs.experiment.runs
    )
    sizes = [run.batch_size for run in runs.experiment.runs]
    return {
        "seeds": measures.SEEDS,
        "eight": sizes[0],
        "middle": sizes[1],
        "large": sizes[2],
        "small_share": small,
        "middle_share": medium,
        "large_share": large,
    }


def ripples(runs: Runs) -> Numbers:
    """Measure which share of the seeds comes to the global minimum, by the noise."""
    shares = [
        measures.share(np.hypot(*measures.over_seeds(runs, run).end.T) < NEAR)
        for run in runs.experiment.runs
    ]
    none, some, much = shares
    return {
        "seeds": measures.SEEDS,
        "size": runs.experiment.runs[1].batch_size,
        "near": NEAR,
        "none": none,
        "some": some,
        "much": much,
    }


def budgets(runs: Runs) -> Numbers:
    """Measure three batch sizes after equal updates, and after equal samples."""
    experiment, samples = runs.experiment, 3840
    medians: dict[str, list[float]] = {"updates": [], "samples": []}
    for run in experiment.runs:
        steps = {"updates": experiment.steps, "samples": samples // (run.batch_size or samples)}
        for name, count in steps.items():
            same = replace(experiment, steps=max(count, 1), runs=(replace(run, steps=None),))
            losses = sweep(same, same.runs[0], seed=np.arange(measures.SEEDS)).loss
            medians[name].append(float(np.median(losses)))
    sizes = [run.batch_size for run in experiment.runs]
    return {
        "seeds": measures.SEEDS,
        "rate": measures.rates(runs)[0],
        "updates": experiment.steps,
        "samples": samples,
        **dict(zip(("small", "middle", "large"), sizes, strict=True)),
        **dict(zip(("small_loss", "middle_loss", "large_loss"), medians["updates"], strict=True)),
        **dict(zip(("small_same", "middle_same", "large_same"), medians["samples"], strict=True)),
        "best_updates": measures.lowest(medians["updates"]),
        "best_samples": measures.lowest(medians["samples"]),
    }


def best_rates(runs: Runs) -> Numbers:
    """Measure the rate whose mean final loss is lowest, for the batch size of each run."""
    experiment, tried = runs.experiment, np.geomspace(1e-3, 2.2, 120)
    best = []
    for run in experiment.runs:
        found = sweep(experiment, run, lr=tried[:, None], seed=np.arange(FEW_SEEDS))
        mean = np.where(found.diverged, np.inf, found.loss).mean(axis=1)
        best.append(Coordinate(tried[int(np.argmin(mean))]))
    first, second, third = best
    return {
        "small": experiment.runs[0].batch_size,
        "middle": experiment.runs[1].batch_size,
        "large": experiment.runs[2].batch_size,
        "first": first,
        "second": second,
        "third": third,
        "updates": experiment.steps,
    }


def critical(runs: Runs) -> Numbers:
    """Count the updates to an expected loss at the best rate, for four batch sizes."""
    target, most = 0.02, 1000
    experiment, tried = runs.experiment, np.geomspace(1e-2, 1.0, 400)
    updates = []
    for run in experiment.runs:
        below = measures.expected_losses(experiment.plan(run), tried, most) < target
        updates.append(int(np.where(below.any(axis=0), below.argmax(axis=0), most).min()))
    a, b, c, d = updates
    sizes = [run.batch_size or experiment.samples for run in experiment.runs]
    return {
        "target": target,
        **dict(zip(("small", "medium", "large", "huge"), sizes, strict=True)),
        **dict(zip(("first", "second", "third", "fourth"), updates, strict=True)),
        "more": times(sizes[3], sizes[2]),
        "early": a / b,
        "late": c / d,
    }


def costs(runs: Runs) -> Numbers:
    """Time an update and an epoch of single samples and of all, on the machine that runs."""
    experiment = runs.experiment
    samples = experiment.samples
    single, full = experiment.runs
    counts = {"single": (single, EPOCHS * samples), "full": (full, EPOCHS)}
    shortest = dict.fromkeys(counts, math.inf)
    for _ in range(TIMES):
        for name, (run, steps) in counts.items():
            timed = replace(experiment, steps=steps, runs=(replace(run, steps=None),))
            began = time.perf_counter()
            sweep(timed, timed.runs[0], threads=1)
            shortest[name] = min(shortest[name], time.perf_counter() - began)
    epoch, whole = (1e6 * shortest[name] / EPOCHS for name in counts)
    update, alone, update_times = measures.compared(whole, epoch / samples)
    return {
        "samples": samples,
        "whole": update,
        "single": alone,
        "times": update_times,
        "epoch": Compared(epoch),
        "epoch_times": times(epoch, whole),
    }


LESSON = Lesson(
    name="noise",
    place=6,
    title="Noise",
    finds="Is noise good or bad? See what it frees, what it keeps from settling, and which"
    " rate suits which batch.",
    objective="Say what the noise of batches frees, what it keeps from settling, and how batch and"
    " rate go together.",
    minutes=25,
    say="A batch's gradient is the true one plus noise. Is noise good or bad? Collect answers, and"
    " ask each time: for which batch, and at which rate?",
    cards=(
        Card(
            text="All runs start at the bottom of the higher hollow. {seeds} times each: batches of"
            " {eight}, of {middle} and of {large}.",
            question="Which of them end in the deeper hollow, on the left?",
            shows={"preset": "get-out", "view": "Side by side"},
            measure=escapes,
            answers=(
                Answer("All, for all batches are noisy", lambda n: n["large_share"] > 0.5),
                Answer(
                    "Most with batches of {eight}, few or none with the others",
                    lambda n: n["small_share"] > 0.5 and n["middle_share"] < 0.2,
                ),
                Answer("None", lambda n: n["small_share"] < 0.05),
            ),
            measured="The shares that end there are {small_share} with batches of {eight},"
            " {middle_share} with {middle} and {large_share} with {large}. A share of many runs,"
            " not one run, is the answer.",
            why="The noise has to lift a run over the pass, and it goes with the root of 1/B."
            " Nothing avoids local minima; something gets out of them now and then.",
            covers=("small-batches-escape", "mini-batches-avoid-minima"),
            lab={"preset": "get-out"},
        ),
        Card(
            text="Ripples all over, the global minimum in the middle. The rate falls to zero."
            " {seeds} times each: all samples, batches of {size}, single samples.",
            question="Which arrive at the global minimum most often?",
            shows={"preset": "ripples-ends", "view": "Side by side"},
            measure=ripples,
            answers=(
                Answer(
                    "All samples: nothing disturbs them",
                    lambda n: n["none"] > max(n["some"], n["much"]),
                ),
                Answer("Batches of {size}", lambda n: n["some"] > 2 * max(n["none"], n["much"])),
                Answer(
                    "Single samples: the more noise the better",
                    lambda n: n["much"] > max(n["none"], n["some"]),
                ),
            ),
            measured="The shares that end within {near} of it are {none} with all samples, {some}"
            " with batches of {size} and {much} with single samples.",
            why="Without noise a run stays in the first local minimum, with too much nothing"
            " holds it anywhere. Noise has a right size.",
            covers=("small-batches-escape",),
            lab={"preset": "ripples-ends"},
        ),
        Card(
            text="Batches of {small}, {middle} and {large}, at the same rate of {rate}. After"
            " {updates} updates each the largest batch has the lowest loss.",
            question="And when all have seen the same {samples} samples?",
            shows={"preset": "equal-updates", "show": "paths"},
            measure=budgets,
            answers=(
                Answer(
                    "The largest batch again",
                    lambda n: n["best_updates"] == 2 and n["best_samples"] == 2,
                ),
                Answer(
                    "The middle one",
                    lambda n: n["best_updates"] == 2 and n["best_samples"] == 1,
                ),
                Answer(
                    "The smallest",
                    lambda n: n["best_updates"] == 2 and n["best_samples"] == 0,
                ),
            ),
            measured="After equal updates the medians of {seeds} seeds are {small_loss},"
            " {middle_loss} and {large_loss}; after equal samples {small_same}, {middle_same} and"
            " {large_same}.",
            why="At one rate the small batch is the one that does not settle, and the large one has"
            " not come far: it is the rate that makes strides, not the batch.",
            covers=("large-batches-faster", "small-are-slow"),
            lab={"preset": "equal-samples"},
        ),
        Card(
            text="Batches of {small}, {middle} and {large}, {updates} updates each. For each of"
            " them the best rate is searched.",
            question="How does the best rate change with the batch?",
            shows={
                "Quadratic.scale": "0.1",
                "Quadratic.condition": "20",
                "Quadratic.x": "-7",
                "Quadratic.y": "2",
                "noise": "3",
                "samples": "65536",
                "compare": "Batch size",
                "batches": ["1", "16", "256"],
                "Quadratic.SGD.lr": "0.15",
                "length": "200",
            },
            measure=best_rates,
            answers=(
                Answer("It falls", lambda n: n["first"] > n["second"] > n["third"]),
                Answer("It stays", lambda n: n["first"] == n["second"] == n["third"]),
                Answer("It grows", lambda n: n["first"] < n["second"] < n["third"]),
            ),
            measured="The best rates are {first}, {second} and {third}: less noise bears larger"
            " steps.",
            why="The best rate weighs the way against the noise. With less noise the way counts"
            " more. It ends at the limit of the curvature, which no batch moves.",
            covers=("batch-and-rate",),
            lab={"preset": "batch-scaling"},
        ),
        Card(
            text="Updates until the expected loss is below {target}, each batch size at its best"
            " rate. From {small} to {medium} samples a batch, they fall from {first} to {second}.",
            question="And from {large} to {huge}, {more} times as many samples?",
            shows={
                "Quadratic.scale": "0.1",
                "Quadratic.condition": "20",
                "Quadratic.x": "-7",
                "Quadratic.y": "2",
                "noise": "3",
                "samples": "65536",
                "compare": "Batch size",
                "batches": ["16", "64", "4096", "16384"],
                "Quadratic.SGD.lr": "0.3",
                "length": "60",
            },
            measure=critical,
            answers=(
                Answer("They fall in the same way", lambda n: n["late"] > 0.7 * n["early"]),
                Answer(
                    "Hardly any are saved",
                    lambda n: n["early"] > 2.5 and 1 <= n["late"] < 1.15,
                ),
                Answer("More are needed", lambda n: n["late"] < 1),
            ),
            measured="The updates fall from {third} to {fourth}: nearly all of the added samples"
            " are spent for nothing.",
            why="Up to a critical batch, twice the batch saves nearly half of the updates. Beyond"
            " it the gradient is exact enough, and only work is added.",
            covers=("bigger-is-better", "batch-and-rate"),
        ),
        Card(
            text="A loss over {samples} samples. An update from all of them, against one from a"
            " single sample, timed on the machine that serves this page.",
            question="And a whole epoch, of single samples against all at once?",
            shows={
                "surface": "Logistic regression",
                "samples": "1000",
                "compare": "Batch size",
                "batches": ["1", "all"],
                "Logistic regression.SGD.lr": "0.1",
                "length": "200",
            },
            measure=costs,
            answers=(
                Answer(
                    "They take equally long: the same samples",
                    lambda n: n["epoch_times"] < 1.05,
                ),
                Answer(
                    "Single samples take longer",
                    lambda n: n["epoch_times"] >= 1.05,
                ),
            ),
            measured="An update of all takes {whole} microseconds, one of a single sample {single}:"
            " {times} times as long. The epoch of single samples takes {epoch} microseconds, which"
            " is {epoch_times} times as long as that of all.",
            why="A large batch is costly per update and cheap per sample: what every update costs"
            " besides is paid once. On parallel hardware the difference is much larger.",
            covers=("batch-cost", "updates-and-time", "sgd-update", "full-batch"),
        ),
    ),
)
