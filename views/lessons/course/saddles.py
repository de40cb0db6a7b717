"""Local minima and saddles: what frees a run, and what does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from optimizers import Experiment, Run, simulate
from views.lessons import measures
from views.lessons.lesson import Answer, Card, Lesson, Numbers, Runs

OFF = 0.5  # from the ridge: a run that is as far has left the saddle


def leaves(path: np.ndarray) -> int | None:
    """Return the first update after which a path is OFF the ridge, None if it never is."""
    (off,) = np.nonzero(np.abs(path[:, 1]) > OFF)
    return int(off[0]) if off.size else None


def on_the_ridge(runs: Runs) -> Numbers:
    """Measure a run that starts on the ridge exactly, and one that starts just beside it."""
    on, beside, other = runs.trajectories
    far = Experiment(
        runs.experiment.surface,
        start=(float(on.path[0, 0]), float(on.path[0, 1])),
        steps=20_000,
        runs=(Run("SGD", lr=runs.experiment.plan(on.run).lr),),
    )
    (long,) = simulate(far)
    return {
        "off": float(beside.path[0, 1]),
        "on_stays": leaves(long.path) is None,
        "updates": far.steps,
        "beside": leaves(beside.path),
        "other": leaves(other.path),
        "loss": float(on.loss[-1]),
        "lower": float(beside.loss[-1]),
    }


def freed(runs: Runs) -> Numbers:
    """Measure which share of the noisy runs leaves the ridge, and how many go up."""
    noisy = next(run for run in runs.experiment.runs if run.batch_size)
    y = measures.over_seeds(runs, noisy).end[:, 1]
    return {
        "seeds": measures.SEEDS,
        "noise": runs.experiment.noise,
        "left": int((np.abs(y) > OFF).sum()),
        "up": int((y > OFF).sum()),
    }


def creeps(runs: Runs) -> Numbers:
    """Count the updates until SGD, AdaGrad and Momentum have left the saddle, or never do."""
    sgd, adagrad, momentum = (leaves(t.path) for t in runs.trajectories)
    ridge = replace(runs.experiment, start=(runs.trajectories[0].path[0, 0], 0.0))
    stuck = [leaves(t.path) is None for t in simulate(ridge)]
    return {
        "off": float(runs.trajectories[0].path[0, 1]),
        "updates": runs.experiment.steps,
        "sgd": sgd,
        "adagrad": adagrad,
        "momentum": momentum,
        "stuck": sum(stuck),
    }


def gains(runs: Runs) -> Numbers:
    """Measure from which share of all starts SGD and Momentum come to the deeper hollow."""
    sgd, momentum = (measures.to_lowest(runs.experiment, run) for run in runs.experiment.runs)
    return {
        "starts": sgd.size,
        "sgd": measures.share(sgd),
        "momentum": measures.share(momentum),
        "gained": measures.share(momentum & ~sgd),
        "lost": measures.share(sgd & ~momentum),
    }


LESSON = Lesson(
    name="saddles",
    place=9,
    title="Local minima and saddles",
    finds="Some runs stop for ever, others only for a while. What sets them free, and how often?",
    objective="Say where a run stops for ever, where only for a while, and what frees it, in shares"
    " of many runs.",
    minutes=20,
    say="The gradient is zero at a minimum, and also at a saddle. Ask what a run does there, and"
    " insist on the difference between never and not for long.",
    cards=(
        Card(
            text="A saddle between two minima. One run starts on the ridge exactly, the others"
            " {off} beside it. No noise.",
            question="Which of them stops at the saddle for good?",
            shows={
                "surface": "Saddle",
                "compare": "Start",
                "Saddle.starts": "1.5 0; 1.5 0.001; 1.5 -0.001",
                "Start.optimizer": "SGD",
                "Saddle.SGD.lr": "0.1",
                "length": "150",
            },
            measure=on_the_ridge,
            answers=(
                Answer("All of them", lambda n: n["on_stays"] and n["beside"] is None),
                Answer(
                    "Only the one on the ridge",
                    lambda n: n["on_stays"] and n["beside"] == n["other"] is not None,
                ),
                Answer("None of them", lambda n: not n["on_stays"] and n["beside"] is not None),
            ),
            measured="On the ridge it is at loss {loss} and has not left after {updates} updates;"
            " beside it the runs leave after {beside}, to either side, and come to {lower}.",
            why="Across the ridge every update multiplies the distance by more than 1, but zero"
            " stays zero. A saddle holds a run only on that one line.",
            covers=("stops-where-flat", "sgd-stops-at-saddles"),
        ),
        Card(
            text="On the ridge again, but from single samples, with noise {noise}. {seeds} seeds.",
            question="How many leave the saddle?",
            shows={"preset": "freed"},
            measure=freed,
            answers=(
                Answer("None", lambda n: n["left"] == 0),
                Answer("About half", lambda n: 0.3 < n["left"] / n["seeds"] < 0.7),
                Answer("Nearly all", lambda n: n["left"] > 0.95 * n["seeds"]),
            ),
            measured="{left} of {seeds} leave it; {up} end at the upper minimum. Chance decides"
            " which one it is.",
            why="The least noise puts a run beside the ridge, and there it leaves by itself. With"
            " noise, SGD does not stop at saddles.",
            covers=("stops-where-flat", "sgd-stops-at-saddles"),
        ),
        Card(
            text="{off} beside the ridge: SGD, AdaGrad and Momentum, at the same rate.",
            question="Who is the last to leave the saddle?",
            shows={
                "surface": "Saddle",
                "Saddle.x": "1.5",
                "Saddle.y": "0.001",
                "optimizers": ["SGD", "AdaGrad", "Momentum"],
                "Saddle.SGD.lr": "0.1",
                "Saddle.AdaGrad.lr": "0.1",
                "Saddle.Momentum.lr": "0.1",
                "length": "400",
            },
            measure=creeps,
            answers=(
                Answer(
                    "SGD is the last",
                    lambda n: n["sgd"] > max(n["adagrad"] or np.inf, n["momentum"]),
                ),
                Answer(
                    "AdaGrad is the last",
                    lambda n: (n["adagrad"] or np.inf) > max(n["sgd"], n["momentum"]),
                ),
                Answer(
                    "Momentum is the last",
                    lambda n: n["momentum"] > max(n["adagrad"] or np.inf, n["sgd"]),
                ),
            ),
            measured="AdaGrad leaves after {adagrad} updates, Momentum after {momentum}, SGD after"
            " {sgd}. Of the three, {stuck} never leave if they start on the ridge exactly.",
            why="AdaGrad divides each axis by its own gradients, so that even the smallest push"
            " across the ridge makes a whole step. A saddle stops it on the ridge only.",
            covers=("adagrad-saddle",),
        ),
        Card(
            text="Two hollows, the left one deeper. SGD and Momentum are started from every place"
            " in the frame, at the same rate.",
            question="What does momentum change?",
            shows={"preset": "gains-and-losses", "view": "Side by side"},
            measure=gains,
            answers=(
                Answer("Nothing", lambda n: n["gained"] + n["lost"] < 0.01),
                Answer(
                    "More starts come to the deeper hollow, and none is lost",
                    lambda n: n["gained"] > 0.05 and n["lost"] < 0.01,
                ),
                Answer(
                    "Some starts are gained, others lost",
                    lambda n: n["gained"] > 0.05 and n["lost"] > 0.03,
                ),
            ),
            measured="Of {starts} starts, {sgd} come to the deeper hollow with SGD and {momentum}"
            " with Momentum: {gained} are gained and {lost} lost.",
            why="What carries a run out of one hollow carries it past another. That is the nature"
            " of momentum, no fault and no rescue.",
            covers=("narrow-minima", "momentum-frees"),
            lab={"preset": "gains-and-losses"},
        ),
    ),
    pictured=2,
)
