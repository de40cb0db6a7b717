"""First and second order: models of the loss, and what jumps to their minima."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from landscape.record import SADDLE
from optimizers import simulate
from optimizers.analysis.measures import progress
from optimizers.analysis.step import inspect_step
from views.lessons import measures
from views.lessons.lesson import Answer, Card, Lesson, Numbers, Runs

TOLERANCE = 1e-3


def models(runs: Runs) -> Numbers:
    """Measure what the models of first and second order foretell of the first step of SGD."""
    objective, (trajectory, *_) = runs.trajectories[0].objective, runs.trajectories
    start, step = trajectory.path[0], trajectory.path[1] - trajectory.path[0]
    slope = np.array(objective.gradient(*start))
    hxx, hxy, hyy = objective.hessian(*start)
    bend = hxx * step[0] ** 2 + 2 * hxy * step[0] * step[1] + hyy * step[1] ** 2
    linear = float(trajectory.loss[0] + slope @ step)
    return {
        "start": float(trajectory.loss[0]),
        "linear": linear,
        "quadratic": float(linear + bend / 2),
        "loss": float(trajectory.loss[1]),
    }


def jump(runs: Runs) -> Numbers:
    """Count the updates of Newton's method, and what SGD does meanwhile."""
    sgd, newton = (progress(runs.experiment, t, TOLERANCE) for t in runs.trajectories)
    return {
        "updates": newton.updates,
        "tolerance": TOLERANCE,
        "sgd_updates": sgd.updates,
        "steps": runs.experiment.steps,
        "gap": sgd.gap,
        "flips": measures.crossings(runs)[0].flips,
    }


def saddle(runs: Runs) -> Numbers:
    """Measure at which critical points the runs end."""
    sgd, newton = (progress(runs.experiment, t, TOLERANCE).critical for t in runs.trajectories)
    assert sgd
    assert newton
    losses = measures.final_losses(runs)
    return {
        "sgd": losses[0],
        "newton": losses[1],
        "at_saddle": newton.kind == SADDLE,
        "sgd_at_saddle": sgd.kind == SADDLE,
    }


def learned(runs: Runs) -> Numbers:
    """Count the updates that L-BFGS needs."""
    sgd, lbfgs = (progress(runs.experiment, t, TOLERANCE) for t in runs.trajectories)
    return {
        "steps": runs.experiment.steps,
        "sgd_arrives": sgd.updates is not None,
        "updates": lbfgs.updates,
        "tolerance": TOLERANCE,
        "loss": measures.final_losses(runs)[0],
    }


def disturbed(runs: Runs) -> Numbers:
    """Measure how many noisy runs of L-BFGS and SGD end within the tolerance, and exact ones."""
    sgd, run = runs.experiment.runs
    losses, others = (measures.over_seeds(runs, each).loss for each in (run, sgd))
    exact = replace(runs.experiment, noise=0.0)
    sgd_exact, lbfgs_exact = (float(t.loss[-1]) for t in simulate(exact))
    return {
        "seeds": measures.SEEDS,
        "size": run.batch_size,
        "noise": runs.experiment.noise,
        "tolerance": TOLERANCE,
        "share": measures.share(losses < TOLERANCE),
        "median": float(np.median(losses)),
        "exact": lbfgs_exact,
        "sgd_share": measures.share(others < TOLERANCE),
        "sgd_median": float(np.median(others)),
        "sgd_exact": sgd_exact,
        "steps": runs.experiment.steps,
    }


def lines(runs: Runs) -> Numbers:
    """Measure the turns of steps that are each the best of their line, and when another arrives."""
    conjugate = progress(runs.experiment, runs.trajectories[1], TOLERANCE)
    seen = measures.crossings(runs)[0]
    losses = runs.trajectories[0].loss
    return {
        "angle": seen.turn_angle,
        "turns": seen.turns,
        "steps": runs.experiment.steps,
        "share": measures.share(losses[1] / losses[0]),
        "updates": conjugate.updates,
        "tolerance": TOLERANCE,
    }


def searched(runs: Runs) -> Numbers:
    """Measure the lengths that a search takes, and how many losses it asks for."""
    run, experiment = runs.trajectories[1], runs.experiment
    steps = [inspect_step(experiment, run, k) for k in range(len(run.lr))]
    taken = [step.taken.length for step in steps if step.taken]
    losses = measures.final_losses(runs)
    return {
        "sgd_rate": experiment.plan(experiment.runs[0]).lr,
        "rate": experiment.plan(experiment.runs[1]).lr,
        "diverged": run.diverged_at is not None,
        "shortest": min(taken),
        "longest": max(taken),
        "tried": sum(len(step.tried) for step in steps) / len(steps),
        "start": float(run.loss[0]),
        "sgd": losses[0],
        "loss": losses[1],
        "steps": experiment.steps,
    }


def exact(runs: Runs) -> Numbers:
    """Measure where steps that are each the best of their line lead, and what they cost."""
    best, enough = (
        [inspect_step(runs.experiment, run, k) for k in range(len(run.lr))]
        for run in runs.trajectories
    )
    losses = measures.final_losses(runs)
    return {
        "steps": runs.experiment.steps,
        "angle": measures.crossings(runs)[0].turn_angle,
        "exact": losses[0],
        "enough": losses[1],
        # The first that exact search looks at is where it begins.
        "tried": sum(len(step.tried) - 1 for step in best) / len(best),
        "other": sum(len(step.tried) for step in enough) / len(enough),
    }


LESSON = Lesson(
    name="second-order",
    place=10,
    title="First and second order",
    finds="When does it help to jump to the minimum of a model of the loss, and where does"
    " the jump end?",
    objective="Say what a linear and a quadratic model of the loss see, and when jumping to the"
    " minimum of a model helps.",
    minutes=20,
    say="The gradient makes a linear model of the loss: true nearby, and it has no minimum. With"
    " the curvature it becomes a quadratic one, which has.",
    cards=(
        Card(
            text="The first step of SGD, at a high rate, from loss {start}. A linear model"
            " foretells {linear} after it, a quadratic one {quadratic}.",
            question="Which is nearer to what comes?",
            shows={"preset": "one-jump", "optimizers": ["SGD"]},  # the jump is asked for next
            measure=models,
            answers=(
                Answer(
                    "The linear one",
                    lambda n: abs(n["linear"] - n["loss"]) < abs(n["quadratic"] - n["loss"]),
                ),
                Answer(
                    "The quadratic one",
                    lambda n: abs(n["quadratic"] - n["loss"]) < abs(n["linear"] - n["loss"]),
                ),
            ),
            measured="The loss after it is {loss}; the linear model said {linear}, the quadratic"
            " one {quadratic}.",
            why="A linear model always promises that a longer step goes lower. The quadratic one"
            " knows that the wall rises again; here the loss is quadratic, and it is exact.",
            covers=("taylor",),
            lab={"preset": "one-jump", "look": "open", "look.model": "second order: a quadratic"},
        ),
        Card(
            text="Newton's method jumps to the minimum of the quadratic model. Nobody chose a rate"
            " for it.",
            question="How many updates does it need here?",
            shows={"preset": "one-jump"},
            measure=jump,
            answers=(
                Answer("One", lambda n: n["updates"] == 1),
                Answer("A few", lambda n: 1 < (n["updates"] or n["steps"]) < n["steps"]),
                Answer("As many as SGD", lambda n: n["updates"] is None),
            ),
            measured="Newton's method is at the lowest loss after update {updates}. SGD crosses the"
            " ravine {flips} times in {steps} updates and is still {gap} above it.",
            why="On a quadratic the model is the loss. But a network of a million weights has a"
            " Hessian of a million million numbers: nobody can store it.",
            covers=("newton", "taylor"),
        ),
        Card(
            text="The picture shows a minimum and a saddle. SGD and Newton's method start at the"
            " same place.",
            question="Where does Newton's method end?",
            shows={"preset": "newton-saddle"},
            measure=saddle,
            answers=(
                Answer(
                    "At a minimum, sooner than SGD",
                    lambda n: not n["at_saddle"] and not n["sgd_at_saddle"],
                ),
                Answer("At the saddle", lambda n: n["at_saddle"] and not n["sgd_at_saddle"]),
                Answer("It diverges", lambda n: not np.isfinite(n["newton"])),
            ),
            measured="It ends at the saddle, at loss {newton}. SGD ends at a minimum, at {sgd}.",
            why="The point where the model is flat need not be its minimum. A second-order method"
            " is not simply faster: it goes wherever the gradient is zero.",
            covers=("newton", "second-order-faster"),
        ),
        Card(
            text="A turned ravine, all samples. L-BFGS learns the curvature from the gradients that"
            " it sees.",
            question="Who is within {tolerance} of the lowest loss after {steps} updates?",
            shows={"preset": "lbfgs"},
            measure=learned,
            answers=(
                Answer("Neither", lambda n: not n["sgd_arrives"] and n["updates"] is None),
                Answer(
                    "L-BFGS, after a few updates",
                    lambda n: not n["sgd_arrives"] and (n["updates"] or 99) < 10,
                ),
                Answer("Both", lambda n: n["sgd_arrives"] and n["updates"] is not None),
            ),
            measured="L-BFGS needs {updates} updates. SGD ends at loss {loss}.",
            why="It keeps a few pairs of steps and gradients instead of a Hessian. For few"
            " parameters and full batches that is hard to beat.",
            covers=("lbfgs",),
        ),
        Card(
            text="The same ravine, in batches of {size} with noise {noise}: the gradients differ"
            " for two reasons now, the curvature and the noise.",
            question="How many of {seeds} runs of L-BFGS are within {tolerance} at the end?",
            shows={
                "Quadratic.condition": "30",
                "Quadratic.rotation": "30",
                "Quadratic.x": "-4",
                "Quadratic.y": "1",
                "optimizers": ["SGD", "L-BFGS"],
                "Quadratic.SGD.lr": "0.03",
                "Quadratic.L-BFGS.lr": "1",
                "noise": "2",
                "batch": "4",
                "length": "30",
            },
            measure=disturbed,
            answers=(
                Answer("Nearly all", lambda n: n["share"] > 0.9),
                Answer("About half", lambda n: 0.3 < n["share"] < 0.7),
                Answer(
                    "Nearly none",
                    lambda n: (
                        n["share"] < 0.05
                        and n["exact"] < TOLERANCE < n["sgd_exact"]
                        and n["median"] < n["sgd_median"]
                    ),
                ),
            ),
            measured="After {steps} updates, {share} of the runs of L-BFGS are within {tolerance},"
            " and half of all end above loss {median}; without noise it ends at {exact}. Of SGD's"
            " runs {sgd_share} are, and half end above {sgd_median}.",
            why="It is the noise that keeps L-BFGS from arriving: without it, it does. SGD beside"
            " it arrives in neither case, and ends higher.",
            covers=("lbfgs",),
        ),
        Card(
            text="Nobody chooses a rate: along the gradient, steepest descent goes exactly to the"
            " lowest point of its line. So does conjugate gradient, but it mixes the last"
            " direction into the next.",
            question="What is the path of steepest descent like?",
            shows={"preset": "line-search"},
            measure=lines,
            answers=(
                Answer("Straight to the minimum", lambda n: n["turns"] < n["steps"] / 4),
                Answer(
                    "A zigzag at right angles",
                    lambda n: n["turns"] == n["steps"] - 1 and abs(n["angle"] - 90) < 1,
                ),
                Answer(
                    "A zigzag that almost goes back on itself",
                    lambda n: n["turns"] == n["steps"] - 1 and n["angle"] > 135,
                ),
            ),
            measured="It turns {turns} times, by {angle}° each, and every step leaves {share} of"
            " the loss. Conjugate gradient is within {tolerance} of the lowest loss after {updates}"
            " updates.",
            why="At the lowest point of a line the gradient stands across it, and that is where the"
            " next step goes. The best step is not the best direction: the zigzag is no fault of"
            " the rate.",
            covers=("newton",),
        ),
        Card(
            text="Where the loss is no quadratic, nobody knows the lowest point of a line."
            " Backtracking tries rate {rate} at every step, and halves it until the loss falls by"
            " enough. SGD has rate {sgd_rate}: hardly more, and it diverges.",
            question="Where is Backtracking after {steps} updates?",
            shows={"preset": "backtracking"},
            measure=searched,
            answers=(
                Answer("Diverged: its rate is far too large", lambda n: n["diverged"]),
                Answer(
                    "About as low as SGD",
                    lambda n: not n["diverged"] and n["loss"] > n["sgd"] / 2,
                ),
                Answer(
                    "Far lower than SGD",
                    lambda n: not n["diverged"] and n["loss"] < n["sgd"] / 100,
                ),
            ),
            measured="It ends at loss {loss}, SGD at {sgd}. The lengths that it takes are"
            " {shortest} to {longest}, and for each of them it has asked for {tried} losses on"
            " average.",
            why="The steep side bears a small rate only, and the flat valley a large one: no single"
            " rate is right for both. A search finds one for every step and never goes up; what it"
            " costs are the losses that it asks for.",
            covers=("newton",),
        ),
        Card(
            text="With more work a lowest point of a line is found: that is exact line search."
            " Backtracking takes the first length that is good enough.",
            question="Whose loss is lower after {steps} updates?",
            shows={"preset": "exact-search"},
            measure=exact,
            answers=(
                Answer(
                    "That of exact line search, whose steps are the best",
                    lambda n: n["exact"] < n["enough"] / 2,
                ),
                Answer(
                    "About the same", lambda n: n["enough"] / 2 <= n["exact"] <= 2 * n["enough"]
                ),
                Answer("That of Backtracking", lambda n: n["exact"] > 2 * n["enough"]),
            ),
            measured="Exact line search ends at loss {exact} and turns by {angle}° each time,"
            " Backtracking at {enough}. They try {tried} and {other} lengths an update.",
            why="The lowest point of a line is the best end of this step, and says nothing of the"
            " next: there the slope along the line is 0, so that the next one stands across it. In"
            " a valley that bends, that crosses from side to side.",
            covers=("newton",),
        ),
    ),
    pictured=3,
)
