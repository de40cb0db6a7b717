"""The edge of stability: the rate decides how sharp a place may be."""

from __future__ import annotations

import numpy as np

from optimizers.analysis.measures import largest_curvature, sharpness
from optimizers.analysis.statements import Coordinate, Near
from views.lessons import measures
from views.lessons.lesson import Answer, Card, Lesson, Numbers, Runs

LATE = 1000  # updates at the end that are looked at
VALLEY = {
    "surface": "Rosenbrock",
    "Rosenbrock.x": "0",
    "Rosenbrock.y": "0",
    "compare": "Learning rate",
    "length": "5000",
}
LINES = {
    "surface": "Four linear layers",
    "Four linear layers.x": "4",
    "Four linear layers.y": "0.2",
    "compare": "Learning rate",
    "length": "2000",
}
END = 50  # updates whose mean loss is where a swinging run ends


def sharpness_along(runs: Runs) -> list[np.ndarray]:
    """Return the largest curvature where every run is, or of the minimizers beneath its path."""
    return [sharpness(runs.experiment, trajectory).curvature for trajectory in runs.trajectories]


def edge(runs: Runs) -> Numbers:
    """Measure whether a run beyond the limit of the minimum diverges, arrives, or stays away."""
    low, high = measures.rates(runs)
    _, along = sharpness_along(runs)
    return {
        "low": low,
        "high": high,
        "limit": 2 / largest_curvature(runs.trajectories[0].objective),
        "diverged": runs.trajectories[1].diverged_at is not None,
        "near": measures.distances(runs)[0],
        "away": measures.distances(runs)[1],
        "curvature": float(along[-LATE:].mean()),
        "bound": 2 / high,
        "start": float(along[0]),
    }


def flatness(runs: Runs) -> Numbers:
    """Measure how sharp the minima are that three rates find, and the one below the start."""
    along, lrs = sharpness_along(runs), measures.rates(runs)
    ends = [Near(curvature[-1]) for curvature in along]
    bounds = [Near(2 / rate) for rate in lrs]
    return {
        **dict(zip(("first", "second", "third"), lrs, strict=True)),
        **dict(zip(("sharp", "middle", "flat"), ends, strict=True)),
        **dict(zip(("bound", "next", "last"), bounds, strict=True)),
        "start": Near(along[0][0]),
        "nearest": min(end / bound for end, bound in zip(ends, bounds, strict=True)),
        "farthest": max(end / bound for end, bound in zip(ends, bounds, strict=True)),
    }


def rises(runs: Runs) -> Numbers:
    """Measure at how many updates the loss rises."""
    (trajectory,) = runs.trajectories
    changes = np.diff(trajectory.loss)
    return {
        "rate": measures.rates(runs)[0],
        "share": measures.share(changes > 0),
        "start": float(trajectory.loss[0]),
        "highest": float(trajectory.loss.max()),
        "end": float(trajectory.loss[-END:].mean()),
        "updates": len(changes),
    }


def thrown(runs: Runs) -> Numbers:
    """Measure how a run beyond the limit below its start gets to a flatter minimum."""
    low, high = measures.rates(runs)
    along, run = sharpness_along(runs), runs.trajectories[1]
    peak, first, factor = measures.compared(float(run.loss.max()), float(run.loss[0]))
    return {
        "low": low,
        "high": high,
        "limit": 2 / along[0][0],
        "diverged": run.diverged_at is not None,
        "peak": peak,
        "first": first,
        "factor": factor,
        "sharp": Coordinate(along[0][-1]),
        "flat": Coordinate(along[1][-1]),
        "away": measures.distances(runs)[1],
    }


LESSON = Lesson(
    name="edge",
    place=12,
    title="The edge of stability",
    finds="A rate beyond the limit need not diverge. See where such a run stays, and what the"
    " curvature there tells.",
    objective="Say what a rate beyond two over the curvature does where the valley has flatter"
    " places, and read a rate off the curvature at the end.",
    minutes=20,
    say="On a quadratic, a rate beyond the limit diverges. In a curved valley the curvature differs"
    " from place to place. Ask what becomes of the limit then.",
    cards=(
        Card(
            text="A valley that gets sharper on the way to its minimum. There the limit of the rate"
            " is {limit}. One run has rate {low}, the other {high}, which is beyond it.",
            question="What does the run at {high} do?",
            shows={**VALLEY, "Rosenbrock.SGD.rates": "0.0015, 0.003"},
            measure=edge,
            answers=(
                Answer("It diverges", lambda n: n["diverged"]),
                Answer(
                    "It arrives, like the other",
                    lambda n: not n["diverged"] and n["away"] < 0.1,
                ),
                Answer(
                    "It stays on the way, where the valley is flatter",
                    lambda n: (
                        not n["diverged"]
                        and n["away"] > 0.2
                        and abs(n["curvature"] / n["bound"] - 1) < 0.05
                    ),
                ),
            ),
            measured="It stays {away} from the minimum, the other comes within {near}. The"
            " curvature rose from {start} to {curvature} on its way: two over the rate is {bound}.",
            why="Where the curvature exceeds 2 / rate the run swings further out each time, and"
            " that throws it back to a flatter place. It lives on the edge.",
            covers=("stride-everywhere",),
        ),
        Card(
            text="Here the minima are no points but lines, the dotted ones, and sharper the further"
            " out. Below the start the curvature is {start}. Three rates, each beyond the limit"
            " there: {first}, {second} and {third}.",
            question="How sharp is the minimum that each of them finds?",
            shows={
                **LINES,
                "Four linear layers.SGD.rates": "0.08, 0.1, 0.12",
                "curve": "Largest curvature",
            },
            measure=flatness,
            answers=(
                Answer(
                    "As sharp as the one below the start",
                    lambda n: min(n["sharp"], n["middle"], n["flat"]) > 0.95 * n["start"],
                ),
                Answer(
                    "Just under two over its rate",
                    lambda n: 0.99 < n["nearest"] <= n["farthest"] < 1,
                ),
                Answer("The higher the rate, the sharper", lambda n: n["sharp"] < n["flat"]),
            ),
            measured="They end at {sharp}, {middle} and {flat}; two over the rate is {bound},"
            " {next} and {last}. The rate picks how sharp a minimum may be.",
            why="Where it is sharper the swings across the line grow, and they carry the run along"
            " to flatter ground. They die out where the curvature is below 2 / rate. Large networks"
            " come to this edge too (Cohen et al., 2021).",
            covers=("stride-everywhere",),
        ),
        Card(
            text="The run at rate {rate} once more, {updates} updates of exact gradients.",
            question="Does its loss fall at every update?",
            shows={**LINES, "Four linear layers.SGD.rates": "0.1", "length": "500"},
            measure=rises,
            answers=(
                Answer("Yes: it is gradient descent", lambda n: n["share"] == 0),
                Answer(
                    "No: it rises at many, and still ends lower",
                    lambda n: n["share"] > 0.2 and n["end"] < n["start"],
                ),
                Answer("No: it ends above the start", lambda n: n["end"] >= n["start"]),
            ),
            measured="It rises at {share} of the updates, to {highest} at the highest, and comes"
            " from {start} to {end}.",
            why="A loss that jumps need not be noise. At the edge a run swings across the valley,"
            " and still goes down along it.",
            covers=("loss-curves",),
        ),
        Card(
            text="Both axes are minima here, flatter towards the middle. Below the start the limit"
            " of the rate is {limit}. One run has rate {low}, the other {high}.",
            question="What does the run at {high} do?",
            shows={
                "surface": "Two linear layers",
                "Two linear layers.x": "2",
                "Two linear layers.y": "0.3",
                "compare": "Learning rate",
                "Two linear layers.SGD.rates": "0.367, 0.856",
                "length": "40",
            },
            measure=thrown,
            answers=(
                Answer("It diverges", lambda n: n["diverged"]),
                Answer(
                    "It comes to about the minimum of the other run",
                    lambda n: not n["diverged"] and abs(n["flat"] / n["sharp"] - 1) < 0.1,
                ),
                Answer(
                    "It is thrown up, and ends where it is flatter",
                    lambda n: (
                        not n["diverged"]
                        and n["factor"] > 2
                        and n["flat"] < n["sharp"] / 2
                        and n["away"] < 1e-3
                    ),
                ),
            ),
            measured="Its loss first rises from {first} to {peak}, {factor} times the first. It"
            " ends where the curvature is {flat}, the other run where that is {sharp}.",
            why="Beyond the limit the first steps throw it out of the sharp valley. Where it comes"
            " down flatter, its rate is below the limit, and it stays: a catapult (Lewkowycz et"
            " al., 2020). Beyond twice the limit it is lost.",
            covers=("stride-everywhere",),
        ),
    ),
    pictured=3,
)
