"""Momentum: when it smooths, and when it swings."""

from __future__ import annotations

import numpy as np

from optimizers import sweep
from optimizers.analysis.statements import Compared
from views.lessons import measures
from views.lessons.lesson import Answer, Card, Lesson, Numbers, Runs

RAVINE = {
    "Quadratic.condition": "40",
    "Quadratic.x": "-4",
    "Quadratic.y": "1.5",
    "compare": "Rate and momentum",
    "length": "40",
}


def same_rate(runs: Runs) -> Numbers:
    """Measure how wide two runs swing in the second half of their updates."""
    half = runs.experiment.steps // 2
    sgd, other = (float(np.ptp(t.path[half:, 1])) for t in runs.trajectories)
    wide, narrow, factor = measures.compared(other, sgd)
    momentum = runs.experiment.runs[1].hyper["momentum"]
    return {
        "rate": measures.rates(runs)[0],
        "momentum": momentum,
        "gain": 1 / (1 - momentum),
        "without": narrow,
        "with": wide,
        "times": factor,
        "past": float(runs.trajectories[1].path[:, 0].max()),
    }


def lower(runs: Runs) -> Numbers:
    """Measure the paths of SGD, and of momentum at a lower rate."""
    (without, gliding), (sgd, other) = measures.lengths(runs), measures.distances(runs)
    momentum = runs.experiment.runs[1].hyper["momentum"]
    return {
        "rate": measures.rates(runs)[0],
        "lower": measures.rates(runs)[1],
        "momentum": momentum,
        "effective": measures.rates(runs)[1] / (1 - momentum),
        "without": without,
        "with": gliding,
        "share": gliding / without,
        "sgd": sgd,
        "other": other,
    }


def apart(runs: Runs) -> Numbers:
    """Measure how far the line of one run is from that of the other, at most."""
    sgd, momentum = (t.path for t in runs.trajectories)
    return {
        "rate": measures.rates(runs)[0],
        "small": measures.rates(runs)[1],
        "momentum": runs.experiment.runs[1].hyper["momentum"],
        "apart": measures.distance_to_line(momentum, sgd),
        "length": measures.lengths(runs)[0],
        "updates": runs.experiment.steps,
    }


def too_much(runs: Runs) -> Numbers:
    """Measure how the runs of three momenta end."""
    none, some, much = measures.final_losses(runs)
    high = runs.experiment.runs[2].hyper["momentum"]
    return {
        "none": none,
        "some": some,
        "much": much,
        "low": runs.experiment.runs[1].hyper["momentum"],
        "high": high,
        "memory": round(1 / (1 - high)),
        "updates": runs.experiment.steps,
        "past": float(runs.trajectories[2].path[:, 0].max()),
        "lowest": measures.lowest([none, some, much]),
    }


def headline(runs: Runs) -> Numbers:
    """Measure SGD at its best rate against momentum."""
    sgd, momentum = measures.final_losses(runs)
    rates = np.geomspace(1e-3, 1.0, 300)
    every = sweep(runs.experiment, runs.experiment.runs[0], lr=rates)
    best = min(float(np.nanmin(np.where(every.diverged, np.inf, every.loss))), sgd)
    sgd, momentum, factor = measures.compared(sgd, momentum)
    return {
        "sgd": sgd,
        "momentum": momentum,
        "best": Compared(best),
        "times": factor,
        "updates": runs.experiment.steps,
        "condition": runs.experiment.params["condition"],
    }


def crossing(runs: Runs) -> Numbers:
    """Measure where three momenta end, and what the last does where it is flattest on its way."""
    ends = [float(t.path[-1, 0]) for t in runs.trajectories]
    path = runs.trajectories[2].path
    (over,) = np.nonzero(path[:, 0] < 0)
    way = path[: over[0]] if over.size else path  # to the pass, where it gets over it
    slopes = np.hypot(*runs.trajectories[0].objective.gradient(*way.T))
    flattest = int(np.argmin(slopes))
    return {
        "low": runs.experiment.runs[1].hyper["momentum"],
        "high": runs.experiment.runs[2].hyper["momentum"],
        "slope": float(slopes[flattest]),
        "step": float(np.hypot(*(path[flattest + 1] - path[flattest]))),
        "crossed": sum(end < 0 for end in ends),
        "last": ends[2],
        "second": ends[1],
    }


LESSON = Lesson(
    name="momentum",
    place=3,
    title="Rolling on: momentum",
    finds="Momentum smooths some runs and makes others swing. Find out when, and how rate and"
    " momentum go together.",
    objective="Say when momentum smooths a run and when it makes it swing, and set rate and"
    " momentum together.",
    minutes=25,
    say="Momentum keeps a part of the last step, as a ball that rolls does. Ask what that does to"
    " the zigzag before you show anything: most say that it always smooths.",
    cards=(
        Card(
            text="SGD at rate {rate} zigzags down this ravine. The second run has momentum"
            " {momentum}, at the same rate.",
            question="How wide does it swing, in the second half of the updates?",
            shows={**RAVINE, "Quadratic.Momentum.pairs": "0.0475 0; 0.0475 0.9"},
            measure=same_rate,
            answers=(
                Answer("Less: momentum smooths", lambda n: n["times"] < 0.8),
                Answer("As wide as SGD", lambda n: 0.8 <= n["times"] <= 1.25),
                Answer("Wider", lambda n: n["times"] > 1.25),
            ),
            measured="It swings {with} wide, SGD {without}: {times} times as wide. It also flies"
            " past the minimum, as far as {past}.",
            why="Momentum {momentum} adds up steps: for a steady gradient one comes to be as long"
            " as {gain} of SGD's. At SGD's rate that is far too much.",
            covers=("momentum-smooths", "momentum-always-smooths"),
        ),
        Card(
            text="Now momentum {momentum} gets rate {lower} instead of {rate}."
            " For a steady gradient it goes as far as SGD at {effective}.",
            question="How long is its path, against SGD's?",
            shows={**RAVINE, "Quadratic.Momentum.pairs": "0.0475 0; 0.00475 0.9"},
            measure=lower,
            answers=(
                Answer("Longer", lambda n: n["share"] > 1.1),
                Answer("About as long", lambda n: 0.7 < n["share"] <= 1.1),
                Answer("Less than half", lambda n: n["share"] < 0.5),
            ),
            measured="Its path is {with} long, SGD's {without}. They end {other} and {sgd} from the"
            " minimum: it glides where SGD bounces.",
            why="Across the ravine successive gradients have opposite signs and cancel in the"
            " velocity; along it they add up. That is what smooths, at a suited rate.",
            covers=("momentum-smooths", "momentum-always-smooths"),
        ),
        Card(
            text="Very small rates: SGD at {rate}, momentum {momentum} at {small}. Both go"
            " {updates} updates.",
            question="How far apart do the two lines get?",
            shows={"preset": "same-path"},
            measure=apart,
            answers=(
                Answer("They nearly lie on each other", lambda n: n["apart"] < 0.05 * n["length"]),
                Answer("As far as the paths are long", lambda n: n["apart"] > 0.5 * n["length"]),
            ),
            measured="The lines are {apart} apart at most, and the paths {length} long. At small"
            " rates momentum is SGD at the rate divided by one minus the momentum.",
            why="That ratio is called the effective rate. Compare momenta at the same effective"
            " rate, or you compare rates.",
            covers=("momentum-smooths",),
            lab={"preset": "paths-part"},
        ),
        Card(
            text="Three runs at the same rate: without momentum, with {low} and with {high}.",
            question="Which ends lowest after {updates} updates?",
            shows={"preset": "too-much"},
            measure=too_much,
            answers=(
                Answer("The one without", lambda n: n["lowest"] == 0),
                Answer("Momentum {low}", lambda n: n["lowest"] == 1),
                Answer("Momentum {high}", lambda n: n["lowest"] == 2),
            ),
            measured="The losses are {none} without, {some} with {low} and {much} with {high},"
            " which flies past the minimum, as far as {past}, again and again.",
            why="Momentum {high} remembers the steps of about {memory} updates. More is not"
            " better.",
            covers=("momentum-smooths",),
        ),
        Card(
            text="A ravine of condition number {condition}. SGD has the best of all rates for"
            " {updates} updates; momentum has a suited one.",
            question="How do the final losses compare?",
            shows={"preset": "headline"},
            measure=headline,
            answers=(
                Answer("They are about equal", lambda n: n["times"] < 2),
                Answer("SGD's is a few times as high", lambda n: 2 <= n["times"] < 10),
                Answer("SGD's is more than ten times as high", lambda n: n["times"] >= 10),
            ),
            measured="SGD ends at {sgd}, and no rate brings it below {best}. Momentum ends at"
            " {momentum}: SGD's loss is {times} times as high.",
            why="This is what momentum is for: a high condition number. SGD's rate is bound by the"
            " steep side, and the flat side has to wait.",
            covers=("momentum-smooths", "sgd-zigzags"),
        ),
        Card(
            text="Two hollows, the left one deeper. Three runs from the right: without momentum,"
            " with {low} and with {high}. At the bottom of the right hollow the gradient is zero.",
            question="Which of them get over the pass to the left?",
            shows={"preset": "just-enough"},
            measure=crossing,
            answers=(
                Answer("None: they stop where it is flat", lambda n: n["crossed"] == 0),
                Answer(
                    "Only momentum {high}",
                    lambda n: n["crossed"] == 1 and n["last"] < 0,
                ),
                Answer("Both with momentum", lambda n: n["crossed"] == 2 and n["second"] < 0),
            ),
            measured="The number of runs that get over it is {crossed}. Momentum {high} ends at"
            " x = {last}; where its way is flattest, with a gradient of {slope}, its"
            " step is still {step} long. Momentum {low} falls back, to x = {second}.",
            why="The velocity carries a run on where the gradient is zero. Whether it carries it"
            " over a pass depends on start, rate and momentum: one path proves nothing.",
            covers=("momentum-moves-on",),
            lab={"preset": "gains-and-losses"},
        ),
    ),
    pictured=5,
)
