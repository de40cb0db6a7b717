"""Small weights: weight decay, L2, L1 and dropout, and where they move the minimum."""

from __future__ import annotations

import numpy as np

from optimizers.analysis.measures import curvatures, known_minima
from optimizers.analysis.statements import Coordinate
from views.lessons import measures
from views.lessons.lesson import Answer, Card, Lesson, Numbers, Runs


def moved(runs: Runs) -> Numbers:
    """Measure how far from the minimum runs with weight decay come to rest."""
    none, some, much = measures.distances(runs)
    return {
        "low": runs.experiment.runs[1].weight_decay,
        "high": runs.experiment.runs[2].weight_decay,
        "none": none,
        "some": some,
        "much": much,
        "length": float(np.hypot(*runs.trajectories[0].path[-1])),
        "shorter": float(np.hypot(*runs.trajectories[2].path[-1])),
    }


def decoupled(runs: Runs) -> Numbers:
    """Measure how far the same decay moves the ends of Adam and AdamW."""
    adam, adamw = measures.distances(runs)
    return {
        "decay": runs.experiment.runs[0].weight_decay,
        "adam": adam,
        "adamw": adamw,
        "times": adamw / adam,
        "x": Coordinate(runs.trajectories[1].path[-1, 0]),
        "bound": 1 / runs.experiment.runs[1].weight_decay,
    }


def zeros(runs: Runs) -> Numbers:
    """Measure the weights that stronger and stronger L2 leaves."""
    weights = [np.abs(t.path[-1]) for t in runs.trajectories]
    minima = [
        known_minima(runs.trajectories[0].objective, run.weight_decay).xy[0]
        for run in runs.experiment.runs
    ]
    return {
        "low": runs.experiment.runs[1].weight_decay,
        "high": runs.experiment.runs[2].weight_decay,
        "none": float(weights[0].min()),
        "some": float(weights[1].min()),
        "much": float(weights[2].min()),
        "least": float(min(np.abs(minimum).min() for minimum in minima)),
    }


def thresholds(runs: Runs) -> Numbers:
    """Measure the second weight that stronger and stronger L1 leaves."""
    none, some, much = (abs(float(t.path[-1, 1])) for t in runs.trajectories)
    strengths = [t.objective.penalty.l1 for t in runs.trajectories]
    first = [abs(float(t.path[-1, 0])) for t in runs.trajectories]
    return {
        "low": strengths[1],
        "high": strengths[2],
        "none": none,
        "some": some,
        "much": much,
        "whole": first[0],
        "rest": first[2],
    }


def kinks(runs: Runs) -> Numbers:
    """Measure how two kinds of steps meet the kink of L1."""
    subgradient, proximal = (t.path[:, 1] for t in runs.trajectories)
    late = np.sign(subgradient[len(subgradient) // 2 :])
    (zeros,) = np.nonzero(proximal == 0)
    return {
        "strength": runs.experiment.l1,
        "first": int(zeros[0]) if zeros.size else None,
        "proximal": float(np.abs(proximal[-1])),
        "subgradient": float(np.abs(subgradient[-1])),
        "jumps": int((np.diff(late) != 0).sum()),
        "steps": len(late) - 1,
    }


def condition(runs: Runs) -> Numbers:
    """Measure how round stronger and stronger L2 makes a ravine."""
    found = [curvatures(*t.objective.hessian(0.0, 0.0)) for t in runs.trajectories]
    ratios = [float(high / low) for high, low in found]
    away = [float(np.hypot(*t.path[-1])) for t in runs.trajectories]
    return {
        "strength": runs.trajectories[-1].objective.penalty.l2,
        "before": ratios[0],
        "after": ratios[-1],
        "far": away[0],
        "near": away[-1],
        "rising": ratios == sorted(ratios),
        "falling": ratios == sorted(ratios, reverse=True),
    }


def dropped(runs: Runs) -> Numbers:
    """Measure how long the weights are that runs with dropout leave, and the least of them."""
    long = [float(np.hypot(*t.path[-1])) for t in runs.trajectories]
    keeps = [runs.experiment.plan(run).objective.keep for run in runs.experiment.runs]
    return {
        "some": keeps[1],
        "half": keeps[2],
        "few": keeps[3],
        "whole": long[0],
        "first": long[1],
        "second": long[2],
        "third": long[3],
        "least": float(min(np.abs(t.path[-1]).min() for t in runs.trajectories)),
        "falling": long == sorted(long, reverse=True),
    }


LESSON = Lesson(
    name="weights",
    place=11,
    title="Small weights",
    finds="L1, L2, dropout and weight decay move the minimum on purpose. Find out where to, and"
    " which of them sets a weight to zero.",
    objective="Say what weight decay and L2 do to the weights, where they are the same, and that"
    " L1 alone sets a weight to zero.",
    minutes=30,
    say="Regularization changes what is minimized, so the runs end elsewhere on purpose. Ask where,"
    " before you ask whether that is good.",
    cards=(
        Card(
            text="Three runs on the same loss: without weight decay, with {low} and with {high}.",
            question="Where do those with decay come to rest?",
            shows={"preset": "decay-moves"},
            measure=moved,
            answers=(
                Answer("At the minimum, only later", lambda n: n["much"] < 0.05),
                Answer(
                    "Before the minimum, nearer to the origin",
                    lambda n: n["much"] > n["some"] > 0.1 and n["shorter"] < n["length"],
                ),
                Answer(
                    "Beyond the minimum",
                    lambda n: n["much"] > 0.1 and n["shorter"] > n["length"],
                ),
            ),
            measured="They end {none}, {some} and {much} from the minimum. The weights of the last"
            " are {shorter} long, without decay {length}.",
            why="Decay adds a pull to the origin: what is minimized is another loss, with another"
            " minimum. Smaller weights are the aim.",
            covers=("regularization",),
        ),
        Card(
            text="The same decay, {decay}, in two ways: added to the gradient, as L2 (Adam), or"
            " taken off the weights directly (AdamW).",
            question="Do both end at the same place?",
            shows={"preset": "adamw"},
            measure=decoupled,
            answers=(
                Answer("Yes: weight decay is L2", lambda n: 0.9 < n["times"] < 1.1),
                Answer("No: L2 moves the end much further", lambda n: n["times"] < 0.2),
                Answer(
                    "No: the direct decay moves the end much further",
                    lambda n: n["times"] > 5,
                ),
            ),
            measured="L2 moves the end of Adam by {adam}, the direct decay that of AdamW by"
            " {adamw}, to x = {x}, just below one over the decay, {bound}.",
            why="Adam divides the pull of L2 by the size of the gradients, like everything else."
            " With SGD the two are the same; with Adam they are not.",
            covers=("decay-is-l2", "regularization"),
        ),
        Card(
            text="L2 of strength {low} and {high}, against none: each run at rest.",
            question="Does strong L2 set a weight to zero?",
            shows={
                "surface": "Rosenbrock",
                "compare": "Weight decay",
                "Weight decay.optimizer": "Momentum",
                "decays": "0, 0.5, 1",
                "Rosenbrock.Momentum.lr": "0.001",
                "length": "1500",
            },
            measure=zeros,
            answers=(
                Answer("Yes, the strong one", lambda n: n["least"] == 0),
                Answer("Yes, both", lambda n: n["some"] == 0),
                Answer(
                    "No: it makes them smaller",
                    lambda n: n["least"] > 0 and n["much"] < n["some"] < n["none"],
                ),
            ),
            measured="The smaller of the two weights is {none} without, {some} with {low} and"
            " {much} with {high}.",
            why="The pull of L2 is proportional to the weight, and so ends before zero is reached."
            " Only a pull that stays, as that of L1, arrives there.",
            covers=("l2-zeroes",),
        ),
        Card(
            text="L2 of rising strength on the loss of two correlated features, a ravine.",
            question="What does L2 do to the shape of the ravine?",
            shows={"preset": "l2-pulls-in"},
            measure=condition,
            answers=(
                Answer("It only moves it", lambda n: n["before"] == n["after"]),
                Answer("It makes it narrower", lambda n: n["rising"] and not n["falling"]),
                Answer("It makes it rounder", lambda n: n["falling"] and not n["rising"]),
            ),
            measured="The condition number falls from {before} to {after} at strength {strength}."
            " The weights end {near} from the origin instead of {far}.",
            why="L2 adds the same curvature in every direction, which counts most where there was"
            " least. So a descent with L2 is also easier.",
            covers=("regularization",),
        ),
        Card(
            text="L1 in the loss, by proximal steps: none, strength {low} and strength {high}. The"
            " second feature tells little that the first does not.",
            question="What does L1 make of the second weight?",
            shows={
                "surface": "Two features",
                "compare": "L1 strength",
                "L1 strength.optimizer": "SGD",
                "l1.values": "0, 0.1, 0.3",
                "l1_step": "proximal",
                "Two features.correlation": "0.5",
                "Two features.SGD.lr": "0.1",
                "length": "200",
            },
            measure=thresholds,
            answers=(
                Answer("Smaller, as L2 does, but never zero", lambda n: 0 < n["much"] < n["none"]),
                Answer("Exactly zero", lambda n: n["some"] == n["much"] == 0 < n["none"]),
                Answer("Nothing: it takes from the first", lambda n: n["much"] >= n["none"]),
            ),
            measured="It ends at {none} without L1, at {some} with {low} and at {much} with {high}."
            " The first weight ends at {rest} instead of {whole}.",
            why="The pull of L1 does not get weaker near zero: it arrives, and holds the weight"
            " there. Look at the diamond: the contour of the loss touches it at a corner.",
            covers=("regularization", "l2-zeroes"),
        ),
        Card(
            text="L1 of strength {strength} has a kink at zero. One run adds its subgradient to the"
            " gradient, the other takes a proximal step: rate times strength off, not beyond zero.",
            question="Which run sets the second weight to exactly zero?",
            shows={"preset": "l1-zero"},
            measure=kinks,
            answers=(
                Answer("Both", lambda n: n["proximal"] == n["subgradient"] == 0),
                Answer(
                    "Only the one with subgradients",
                    lambda n: n["subgradient"] == 0 < n["proximal"],
                ),
                Answer(
                    "Only the one with proximal steps",
                    lambda n: n["first"] is not None and n["proximal"] == 0 < n["subgradient"],
                ),
            ),
            measured="Proximal steps set it to zero at update {first} and keep it there. With"
            " subgradients {jumps} of the last {steps} steps jump over zero; it ends {subgradient}"
            " away.",
            why="A subgradient is as large beside zero as far away, so a constant rate jumps over"
            " it for ever. The proximal step is cut at zero, and stops there.",
            covers=("regularization",),
        ),
        Card(
            text="Dropout: one run keeps all inputs of the samples, the others keep each with"
            " probability {some}, {half} and {few}, drawn anew at every update.",
            question="Where do the runs end when more is dropped?",
            shows={"preset": "dropout"},
            measure=dropped,
            answers=(
                Answer(
                    "At the same minimum, only with more noise",
                    lambda n: 0.95 * n["whole"] < n["third"] < 1.05 * n["whole"],
                ),
                Answer("With a weight of exactly zero", lambda n: n["least"] == 0),
                Answer(
                    "Nearer to the origin, as with L2",
                    lambda n: n["falling"] and n["third"] < 0.5 * n["whole"] and n["least"] > 0,
                ),
            ),
            measured="The weights end {whole} from the origin with all inputs, {first} with {some},"
            " {second} with {half} and {third} with {few}.",
            why="On average over what is dropped, a regression gets a squared penalty on each"
            " weight, as from L2. A single update is only noisier: look at the paths.",
            covers=("regularization",),
        ),
    ),
    pictured=6,
)
