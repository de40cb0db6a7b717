"""Why a run zigzags, and where the limit of the rate is."""

from __future__ import annotations

from views.lessons import measures
from views.lessons.lesson import Answer, Card, Lesson, Numbers, Runs

RAVINE = {
    "Quadratic.scale": "0.1",
    "Quadratic.condition": "20",
    "Quadratic.x": "-7",
    "Quadratic.y": "2",
    "compare": "Learning rate",
    "length": "30",
}


def turns(runs: Runs) -> Numbers:
    """Measure how often the runs cross the ravine, and the rate times the curvature."""
    curvature = measures.curvature(runs)
    (found, *_), (rate, *_) = measures.crossings(runs), measures.rates(runs)
    return {
        "flips": found.flips,
        "turns": found.turns,
        "noise": runs.experiment.noise,
        "rate": rate,
        "curvature": curvature,
        "product": rate * curvature,
        "loss": measures.final_losses(runs)[0],
    }


def two_rates(runs: Runs) -> Numbers:
    """Measure how often a run at a lower rate crosses the ravine."""
    first, second = measures.crossings(runs)
    rate, lower = measures.rates(runs)
    curvature = measures.curvature(runs)
    return {
        "flips": first.flips,
        "turns": first.turns,
        "lower_flips": second.flips,
        "lower_turns": second.turns,
        "rate": rate,
        "lower": lower,
        "product": rate * curvature,
        "lower_product": lower * curvature,
        "loss": measures.final_losses(runs)[0],
        "lower_loss": measures.final_losses(runs)[1],
    }


def limit(runs: Runs) -> Numbers:
    """Measure the swings of three runs across the ravine: the first and the last."""
    curvature = measures.curvature(runs)
    shrinking, same, growing = (abs(t.path[-1, 1]) for t in runs.trajectories)
    growing_run = runs.trajectories[2]
    return {
        "start": float(abs(growing_run.path[0, 1])),
        "shrinking": float(shrinking),
        "same": float(same),
        "growing": float(growing),
        "curvature": curvature,
        "limit": 2 / curvature,
        "rate": measures.rates(runs)[2],
        "loss": float(growing_run.loss[0]),
        "least": float(growing_run.loss.min()),
        "last": float(growing_run.loss[-1]),
        "low_rate": measures.rates(runs)[0],
        "middle_rate": measures.rates(runs)[1],
    }


def textbook(runs: Runs) -> Numbers:
    """Measure who ends lower: the zigzag, or momentum."""
    zigzag, other = measures.crossings(runs)
    sgd, momentum = measures.final_losses(runs)
    momentum, sgd, factor = measures.compared(momentum, sgd)
    return {
        "flips": zigzag.flips,
        "other_flips": other.flips,
        "sgd": sgd,
        "momentum": momentum,
        "times": factor,
        "past": float(runs.trajectories[1].path[:, 0].max()),
        "updates": runs.experiment.steps,
    }


LESSON = Lesson(
    name="zigzag",
    place=2,
    title="Zigzag",
    finds="Where does the zigzag come from? Two numbers, rate and curvature, foretell it, and"
    " whether a run diverges.",
    objective="Say from rate and curvature whether a run zigzags, and whether it diverges.",
    minutes=15,
    say="Everybody has seen the zigzag of gradient descent. Ask first where it comes from: many"
    " answer that the samples are drawn at random.",
    cards=(
        Card(
            text="All samples at every update: no noise, nothing is drawn. The rate is {rate}, the"
            " steep side of the ravine has curvature {curvature}.",
            question="How does the run go down?",
            shows={**RAVINE, "Quadratic.SGD.rates": "0.95"},
            measure=turns,
            answers=(
                Answer("Smoothly: only random samples make it zigzag", lambda n: n["flips"] == 0),
                Answer(
                    "It crosses the ravine now and then",
                    lambda n: 0 < n["flips"] < n["turns"],
                ),
                Answer(
                    "It crosses the ravine at every step",
                    lambda n: n["flips"] == n["turns"] and n["noise"] == 0,
                ),
            ),
            measured="It crosses the ravine at {flips} of {turns} turns, with noise {noise}. Rate ×"
            " curvature is {product}: each update multiplies the distance from the floor by one"
            " minus that.",
            why="Across the ravine an update multiplies y by 1 − rate × curvature. Above 1 that is"
            " negative: the run changes sides each time. No sample was drawn.",
            covers=("zigzag-by-sampling", "sgd-zigzags"),
        ),
        Card(
            text="The same run, and one at the lower rate {lower}.",
            question="How often does the run at rate {lower} cross the ravine?",
            shows={**RAVINE, "Quadratic.SGD.rates": "0.95, 0.475"},
            measure=two_rates,
            answers=(
                Answer(
                    "Half as often",
                    lambda n: 0.4 * n["flips"] < n["lower_flips"] < 0.6 * n["flips"],
                ),
                Answer("Just as often", lambda n: n["lower_flips"] == n["flips"]),
                Answer("Never", lambda n: n["lower_flips"] == 0),
            ),
            measured="At rate {lower} the run crosses the ravine at {lower_flips} of {lower_turns}"
            " turns, at {rate} it does so at {flips} of {turns}. Rate × curvature is"
            " {lower_product} and {product}. The zigzag ends lower all the same: at loss {loss},"
            " the other run at {lower_loss}.",
            why="Below 1 the run stays on its side, above 1 it changes sides at every step. Nothing"
            " in between is half a zigzag. The higher rate also goes faster along the ravine.",
            covers=("sgd-zigzags",),
        ),
        Card(
            text="Three rates: {low_rate}, {middle_rate} and {rate}. The swings of the first"
            " shrink. The curvature of the steep side is {curvature}.",
            question="What do the swings at {rate} do?",
            shows={"preset": "divergence"},
            measure=limit,
            answers=(
                Answer("They shrink more slowly", lambda n: n["growing"] < n["start"]),
                Answer(
                    "They stay as wide as they are",
                    lambda n: 0.99 < n["growing"] / n["start"] < 1.01,
                ),
                Answer("They grow", lambda n: n["growing"] > 1.5 * n["start"]),
            ),
            measured="From {start} the swings come to {shrinking}, {same} and {growing}. The limit"
            " is {limit}, two over the curvature. The loss at {rate} first falls, from {loss} to"
            " {least}, and then rises to {last}.",
            why="Each update multiplies y by 1 − rate × curvature, and beyond 2 that is more than 1"
            " in size. Along the flat side the run still descends, so the loss falls at first.",
            covers=("loss-curves",),
        ),
        Card(
            text="The ravine of many textbooks, at the rates they use: SGD with its zigzag, and"
            " Momentum.",
            question="Whose loss is lower after {updates} updates?",
            shows={"preset": "textbook"},
            measure=textbook,
            answers=(
                Answer("SGD's, although it zigzags", lambda n: n["times"] > 1.2),
                Answer("Momentum's, by far", lambda n: n["times"] < 0.5),
                Answer("They are equal", lambda n: 0.8 <= n["times"] <= 1.2),
            ),
            measured="SGD crosses the ravine {flips} times and ends at loss {sgd}; Momentum, having"
            " swung past the minimum to {past}, ends at {momentum}, which is {times} times"
            " as high.",
            why="A zigzag looks wasteful and is not always slow: it is a high rate at work. Compare"
            " losses, not looks. With suited rates Momentum wins, as the next lesson shows.",
            covers=("sgd-zigzags",),
        ),
    ),
    pictured=4,
)
