"""The edge of stability: the rate decides how sharp a place may be."""

from __future__ import annotations

import numpy as np

from optimizers.analysis.measures import curvatures, largest_curvature
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


def sharpness(runs: Runs) -> list[np.ndarray]:
    """Return the largest curvature along the path of every run."""
    objective = runs.trajectories[0].objective
    return [curvatures(*objective.hessian(*t.path.T))[0] for t in runs.trajectories]


def edge(runs: Runs) -> Numbers:
    """Measure whether a run beyond the limit of the minimum diverges, arrives, or stays away."""
    low, high = measures.rates(runs)
    _, along = sharpness(runs)
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
    """Measure the mean curvature at which three rates stay."""
    found = [float(along[-LATE:].mean()) for along in sharpness(runs)]
    lrs = measures.rates(runs)
    bounds = [2 / rate for rate in lrs]
    return {
        **dict(zip(("first", "second", "third"), lrs, strict=True)),
        **dict(zip(("sharp", "middle", "flat"), found, strict=True)),
        **dict(zip(("bound", "next", "last"), bounds, strict=True)),
        "off": max(abs(f / b - 1) for f, b in zip(found, bounds, strict=True)),
        "same": max(found) / min(found),
    }


def rises(runs: Runs) -> Numbers:
    """Measure at how many updates the loss rises."""
    (trajectory,) = runs.trajectories
    changes = np.diff(trajectory.loss)
    return {
        "rate": measures.rates(runs)[0],
        "share": measures.share(changes > 0),
        "start": float(trajectory.loss[0]),
        "end": float(trajectory.loss[-LATE:].mean()),
        "updates": len(changes),
    }


LESSON = Lesson(
    name="edge",
    place=12,
    title="The edge of stability",
    finds="A rate beyond the limit need not diverge. See where such a run stays, and what the"
    " curvature there tells.",
    objective="Say what a rate beyond two over the curvature does where the valley has flatter"
    " places, and read a rate off the curvature at the end.",
    minutes=15,
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
            text="Three rates beyond the limit of the minimum: {first}, {second} and {third}.",
            question="At which curvature does each of them stay?",
            shows={**VALLEY, "Rosenbrock.SGD.rates": "0.0021, 0.0025, 0.003"},
            measure=flatness,
            answers=(
                Answer("All at the same: it is the valley's", lambda n: n["same"] < 1.05),
                Answer("Each at about two over its rate", lambda n: n["off"] < 0.05),
                Answer("The higher the rate, the sharper", lambda n: n["sharp"] < n["flat"]),
            ),
            measured="They stay at {sharp}, {middle} and {flat}; two over the rate is {bound},"
            " {next} and {last}. The rate picks how sharp a place may be.",
            why="One reads the rate off the curvature at the end. Large networks do the same: their"
            " sharpness rises until it is about 2 / rate (Cohen et al., 2021).",
            covers=("stride-everywhere",),
        ),
        Card(
            text="The run at rate {rate} once more, {updates} updates of exact gradients.",
            question="Does its loss fall at every update?",
            shows={**VALLEY, "Rosenbrock.SGD.rates": "0.003"},
            measure=rises,
            answers=(
                Answer("Yes: it is gradient descent", lambda n: n["share"] == 0),
                Answer(
                    "No: it rises at many, and still ends lower",
                    lambda n: n["share"] > 0.2 and n["end"] < n["start"],
                ),
                Answer("No: it ends above the start", lambda n: n["end"] >= n["start"]),
            ),
            measured="It rises at {share} of the updates, and comes from {start} to {end}.",
            why="A loss that jumps need not be noise. At the edge a run swings across the valley,"
            " and still goes down along it.",
            covers=("loss-curves",),
        ),
    ),
    pictured=3,
)
