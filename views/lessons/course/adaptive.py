"""AdaGrad, RMSProp, Adam: and what each of them still needs tuned."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from optimizers import Experiment, Run, simulate, sweep
from optimizers.analysis.statements import Compared, times
from views.lessons import measures
from views.lessons.lesson import Answer, Card, Lesson, Numbers, Runs


def breath(runs: Runs) -> Numbers:
    """Measure the first and the last step of AdaGrad and RMSProp."""
    adagrad = np.hypot(*np.diff(runs.trajectories[0].path, axis=0).T)
    last, first, share = measures.compared(adagrad[-1], adagrad[0])
    return {
        "rate": measures.rates(runs)[0],
        "updates": runs.experiment.steps,
        "first": first,
        "last": last,
        "share": share,
        "adagrad": measures.distances(runs)[0],
        "rmsprop": measures.distances(runs)[1],
        "start": float(np.hypot(*runs.trajectories[0].path[0])),
    }


def larger(runs: Runs) -> Numbers:
    """Measure AdaGrad at two rates, against RMSProp at the lower of them."""
    low, high = measures.rates(runs)
    near, far = measures.distances(runs)[1], measures.distances(runs)[0]
    rmsprop = Experiment(
        start=runs.experiment.start,
        steps=runs.experiment.steps,
        runs=(Run("RMSProp", lr=low),),
    )
    (other,) = simulate(rmsprop)
    return {
        "low": low,
        "high": high,
        "far": far,
        "near": near,
        "other": float(np.hypot(*other.path[-1])),
        "updates": runs.experiment.steps,
    }


def hops(runs: Runs) -> Numbers:
    """Measure how far from the minimum RMSProp hops at the end."""
    lrs = measures.rates(runs)
    off = [float(np.abs(t.path[-20:]).mean()) for t in runs.trajectories]
    return {
        "first": lrs[0],
        "second": lrs[1],
        "third": lrs[2],
        "first_off": off[0],
        "second_off": off[1],
        "third_off": off[2],
        "updates": runs.experiment.steps,
        "share": off[1] / lrs[1],
    }


def scales(runs: Runs) -> Numbers:
    """Measure Adam against the best of all rates of SGD."""
    found = sweep(runs.experiment, runs.experiment.runs[0], lr=np.geomspace(1e-4, 0.1, 400))
    sgd, adam = measures.distances(runs)
    near = np.where(found.diverged, np.inf, np.hypot(*found.end.T)).min()
    return {
        "condition": runs.experiment.params["condition"],
        "updates": runs.experiment.steps,
        "sgd": sgd,
        "adam": adam,
        "nearest": min(float(near), sgd),
        "start": float(np.hypot(*runs.trajectories[0].path[0])),
    }


def turned(runs: Runs) -> Numbers:
    """Measure Adam on a ravine along the axes and on the same one turned, and Momentum on both."""
    experiment = runs.experiment
    before, after = measures.final_losses(runs)
    longer = 8 * experiment.steps
    _, later = simulate(replace(experiment, steps=longer))
    other = replace(
        experiment,
        runs=tuple(replace(r, optimizer="Momentum", hyper={}, lr=0.02) for r in experiment.runs),
    )
    momentum_before, momentum_after = (float(t.loss[-1]) for t in simulate(other))
    after, before, factor = measures.compared(after, before)
    return {
        "degrees": runs.trajectories[1].objective.params["rotation"],
        "condition": experiment.params["condition"],
        "before": before,
        "after": after,
        "times": factor,
        "longer": longer,
        "later": float(later.loss[-1]),
        "momentum_before": momentum_before,
        "momentum_after": momentum_after,
        "momentum_times": momentum_after / momentum_before,
    }


def tuned(runs: Runs) -> Numbers:
    """Measure how the final loss of Adam depends on its rate."""
    low, middle, high = losses = [Compared(loss) for loss in measures.final_losses(runs)]
    first, second, third = measures.rates(runs)
    return {
        "first": first,
        "second": second,
        "third": third,
        "low": low,
        "middle": middle,
        "high": high,
        "updates": runs.experiment.steps,
        "ratio": max(low, high) / middle,
        "spread": times(max(losses), min(losses)),
    }


LESSON = Lesson(
    name="adaptive",
    place=8,
    title="A rate for each axis: AdaGrad, RMSProp, Adam",
    finds="AdaGrad, RMSProp and Adam give each axis a rate of its own. What do they still"
    " leave to you?",
    objective="Say how each of them scales its steps, and what each still needs tuned.",
    minutes=25,
    say="Flat directions deserve longer steps than steep ones. These rules measure that by the"
    " gradients they have seen, for each axis by itself. Keep those last words in mind.",
    cards=(
        Card(
            text="AdaGrad and RMSProp at the same rate of {rate}, from the same start. AdaGrad"
            " divides by the root of all squared gradients so far.",
            question="How far does AdaGrad come in {updates} updates, of {start}?",
            shows={"preset": "out-of-breath"},
            measure=breath,
            answers=(
                Answer("To the minimum, like RMSProp", lambda n: n["adagrad"] < 1),
                Answer(
                    "Not half of the way: its steps shrink",
                    lambda n: n["adagrad"] > n["start"] / 2 and n["share"] < 0.2,
                ),
                Answer("It stands at the start", lambda n: n["adagrad"] > 0.99 * n["start"]),
            ),
            measured="It ends {adagrad} from the minimum, RMSProp {rmsprop}. AdaGrad's first step"
            " is {first} long, its last {last}: {share} times as long.",
            why="The sum only grows, so the step only shrinks. RMSProp forgets old squares, and its"
            " step does not vanish.",
            covers=("adagrad-shrinks", "rmsprop"),
        ),
        Card(
            text="Once more AdaGrad, at rate {low} and at {high}.",
            question="Does the larger rate bring it to the minimum?",
            shows={
                "Quadratic.x": "-4.5",
                "Quadratic.y": "4",
                "compare": "Learning rate",
                "Learning rate.optimizer": "AdaGrad",
                "Quadratic.AdaGrad.rates": "0.1, 1",
                "length": "60",
            },
            measure=larger,
            answers=(
                Answer("Yes", lambda n: n["near"] < 0.1),
                Answer("No: the steps shrink all the same", lambda n: n["near"] > 1),
                Answer("It diverges", lambda n: not np.isfinite(n["near"])),
            ),
            measured="At {low} it ends {far} from the minimum, at {high} only {near}: nearer than"
            " RMSProp at {low}, which ends at {other}.",
            why="With a larger rate AdaGrad's path looks like RMSProp's. Whether it stops on the"
            " way is a question of the rate, which nobody knows beforehand.",
            covers=("adagrad-higher-rate", "adagrad-shrinks"),
        ),
        Card(
            text="RMSProp at three rates, {updates} updates: all seem to have arrived.",
            question="What do they do at the end?",
            shows={"preset": "never-rests"},
            measure=hops,
            answers=(
                Answer("They rest on the minimum", lambda n: n["first_off"] < 0.001),
                Answer(
                    "They hop about it, by half of their rate",
                    lambda n: 0.45 < n["share"] < 0.55,
                ),
                Answer("They drift away", lambda n: n["third_off"] > 1),
            ),
            measured="At rates {first}, {second} and {third} they hop {first_off}, {second_off} and"
            " {third_off} beside the minimum, for ever.",
            why="A small gradient divided by its own small root is not small: the step never ends."
            " Only a falling rate ends it.",
            covers=("rmsprop", "adam-tunes-itself"),
        ),
        Card(
            text="A ravine {condition} times as steep as it is flat. Adam, which is RMSProp with"
            " momentum, and SGD.",
            question="How near does SGD come in {updates} updates, at the best of all rates?",
            shows={"preset": "adam-scale", "Quadratic.SGD.lr": "0.0065"},
            measure=scales,
            answers=(
                Answer("As near as Adam", lambda n: n["nearest"] < 2 * n["adam"]),
                Answer(
                    "Not half of the way",
                    lambda n: n["nearest"] > n["start"] / 2 and n["sgd"] < 1.01 * n["nearest"],
                ),
                Answer("Twice as near as Adam", lambda n: n["nearest"] < n["adam"] / 2),
            ),
            measured="Adam comes within {adam} of the minimum. No rate brings SGD nearer than"
            " {nearest}, from {start}.",
            why="Dividing each axis by the size of its own gradients makes the ravine nearly round"
            " for Adam, as long as it lies along the axes.",
            covers=("adam", "adam-conditioning"),
        ),
        Card(
            text="A ravine of condition number {condition} along the axes, where Adam ends at loss"
            " {before}. Beside it the same ravine and start, turned by {degrees} degrees. Momentum"
            " does not mind: its loss is {momentum_before} on both.",
            question="And Adam on the turned one?",
            shows={
                "Quadratic.condition": "100",
                "Quadratic.x": "-4",
                "Quadratic.y": "1",
                "compare": "Rotation",
                "Rotation.optimizer": "Adam",
                "Quadratic.rotation.values": "0, 45",
                "Quadratic.Adam.lr": "0.2",
                "length": "60",
            },
            measure=turned,
            answers=(
                Answer("It arrives as well", lambda n: 0.9 < n["times"] < 1.1),
                Answer("It ends even lower", lambda n: n["times"] <= 0.9),
                Answer(
                    "It is slower by far: still on the way",
                    lambda n: (
                        n["times"] > 5
                        and n["later"] < n["before"]
                        and abs(n["momentum_times"] - 1) < 1e-6
                    ),
                ),
            ),
            measured="It ends at loss {after}, {times} times as high as {before}. With {longer}"
            " updates it would come to {later}. Momentum ends at {momentum_after}, as on the"
            " other.",
            why="Adam scales each axis by itself, and across the axes both are steep. Networks have"
            " no reason to lie along the axes.",
            covers=("adam-conditioning",),
            lab={"preset": "rotated"},
        ),
        Card(
            text="Adam on the turned ravine, at rates {first}, {second} and {third}.",
            question="How much do the final losses differ?",
            shows={
                "Quadratic.condition": "100",
                "Quadratic.rotation": "45",
                "Quadratic.x": "-3.5355",
                "Quadratic.y": "-2.1213",
                "compare": "Learning rate",
                "Learning rate.optimizer": "Adam",
                "Quadratic.Adam.rates": "0.1, 1, 10",
                "length": "60",
            },
            measure=tuned,
            answers=(
                Answer("Hardly: Adam tunes its own rate", lambda n: n["spread"] < 1.5),
                Answer("By a few times", lambda n: 1.5 <= n["spread"] < 8),
                Answer("By more than ten times", lambda n: n["spread"] > 10),
            ),
            measured="After {updates} updates the losses are {low}, {middle} and {high}: the"
            " highest is {spread} times as high as the lowest.",
            why="Adam divides by the size of the gradients, so that the rate is the length of its"
            " steps: still to be chosen. At a good one it arrives on the turned ravine, too.",
            covers=("adam-tunes-itself", "adam"),
        ),
    ),
)
