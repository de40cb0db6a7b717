"""Nesterov: the gradient ahead."""

from __future__ import annotations

import numpy as np

from optimizers.analysis.measures import run_limit
from views.lessons import measures
from views.lessons.lesson import Answer, Card, Lesson, Numbers, Runs

HALF = 0.5  # of the updates are looked at, the later ones


def settled(runs: Runs) -> Numbers:
    """Measure how wide the runs swing in the second half of their updates."""
    half = int(HALF * runs.experiment.steps)
    momentum, nesterov = (float(np.ptp(t.path[half:, 1])) for t in runs.trajectories)
    return {
        "momentum": momentum,
        "nesterov": nesterov,
        "times": momentum / nesterov,
        "rate": measures.rates(runs)[0],
        "loss": measures.final_losses(runs)[0],
        "lower": measures.final_losses(runs)[1],
    }


def limits(runs: Runs) -> Numbers:
    """Measure which of the runs diverges, and the limits of both."""
    curvature = measures.curvature(runs)
    experiment = runs.experiment
    first, second = (run_limit(experiment, run) or np.nan for run in experiment.runs)
    momentum = measures.final_losses(runs)[0]
    return {
        "rate": measures.rates(runs)[0],
        "curvature": curvature,
        "product": measures.rates(runs)[0] * curvature,
        "momentum_limit": first,
        "nesterov_limit": second,
        "momentum_product": first * curvature,
        "nesterov_product": second * curvature,
        "start": float(runs.trajectories[0].loss[0]),
        "momentum": momentum,
        "step": runs.trajectories[1].diverged_at,
        "momentum_diverges": runs.trajectories[0].diverged_at is not None or momentum > 1e3,
        "nesterov_diverges": runs.trajectories[1].diverged_at is not None,
        "low": measures.final_losses(runs)[1],
    }


def shares(runs: Runs) -> Numbers:
    """Measure from which share of all starts each rule comes to the lowest minimum."""
    lowest = [measures.to_lowest(runs.experiment, run) for run in runs.experiment.runs]
    momentum, nesterov = lowest
    return {
        "momentum": measures.share(momentum),
        "nesterov": measures.share(nesterov),
        "gained": measures.share(nesterov & ~momentum),
        "lost": measures.share(momentum & ~nesterov),
        "starts": momentum.size,
    }


LESSON = Lesson(
    name="nesterov",
    place=4,
    title="Nesterov: the gradient ahead",
    finds="Looking ahead corrects a wrong velocity. What is gained by it, and where is there"
    " no promise?",
    objective="Say what the gradient ahead corrects, and where that promises nothing.",
    minutes=12,
    say="Nesterov asks for the gradient not where it stands but where the velocity will have"
    " carried it. If the velocity is wrong, that gradient says so earlier.",
    cards=(
        Card(
            text="The same ravine, the same rate of {rate}, the same momentum: the heavy ball and"
            " Nesterov.",
            question="How wide do they swing in the second half of the updates?",
            shows={"preset": "nesterov"},
            measure=settled,
            answers=(
                Answer("About equally", lambda n: 0.5 < n["times"] < 2),
                Answer("Nesterov less", lambda n: n["times"] >= 2),
                Answer("Nesterov more", lambda n: n["times"] <= 0.5),
            ),
            measured="The heavy ball still swings {momentum} wide, Nesterov {nesterov}. Their"
            " losses end at {loss} and {lower}.",
            why="A velocity that points up the wall meets a gradient that points back, one step"
            " earlier. On convex problems that is a gain with a proof.",
            covers=("nesterov",),
        ),
        Card(
            text="A high rate: rate × curvature is {product}. The limit of SGD would be two.",
            question="Which of the two diverges?",
            shows={
                "optimizers": ["Momentum", "Nesterov"],
                "Quadratic.Momentum.lr": "0.15",
                "Quadratic.Nesterov.lr": "0.15",
                "length": "60",
            },
            measure=limits,
            answers=(
                Answer(
                    "Neither",
                    lambda n: not n["momentum_diverges"] and not n["nesterov_diverges"],
                ),
                Answer(
                    "Only the heavy ball",
                    lambda n: n["momentum_diverges"] and not n["nesterov_diverges"],
                ),
                Answer(
                    "Only Nesterov", lambda n: n["nesterov_diverges"] and not n["momentum_diverges"]
                ),
                Answer("Both", lambda n: n["momentum_diverges"] and n["nesterov_diverges"]),
            ),
            measured="Nesterov diverges at update {step}; the heavy ball comes from loss {start} to"
            " {momentum}. The limits of the rate are {nesterov_limit} and {momentum_limit}.",
            why="The heavy ball is stable for rate × curvature up to {momentum_product}, Nesterov"
            " with the same momentum only up to {nesterov_product}. Looking ahead corrects, but it"
            " needs smaller steps.",
            covers=("nesterov",),
        ),
        Card(
            text="Not convex: two hollows, the left one deeper. Both rules are started from every"
            " place in the frame.",
            question="Which of them comes to the deeper hollow from more starts?",
            shows={
                "surface": "Local-minima valley",
                "optimizers": ["Momentum", "Nesterov"],
                "Local-minima valley.Momentum.lr": "0.05",
                "Local-minima valley.Nesterov.lr": "0.05",
                "length": "150",
            },
            measure=shares,
            answers=(
                Answer("Nesterov, by far", lambda n: n["nesterov"] > n["momentum"] + 0.1),
                Answer(
                    "About equally many, but not the same ones",
                    lambda n: (
                        abs(n["nesterov"] - n["momentum"]) < 0.05
                        and n["gained"] > 0.02
                        and n["lost"] > 0.02
                    ),
                ),
                Answer("The very same starts", lambda n: n["gained"] + n["lost"] == 0),
            ),
            measured="Of {starts} starts, {momentum} of the heavy ball's and {nesterov} of"
            " Nesterov's come there. {gained} come only with Nesterov, {lost} only with"
            " the heavy ball.",
            why="Outside of convex problems there is no promise: the rule gains some starts and"
            " loses others.",
            covers=("nesterov",),
            lab={
                "surface": "Local-minima valley",
                "optimizers": ["Momentum", "Nesterov"],
                "Local-minima valley.Momentum.lr": "0.05",
                "Local-minima valley.Nesterov.lr": "0.05",
                "length": "1000",
                "view": "Maps",
                "map": "Basins of attraction",
            },
        ),
    ),
)
