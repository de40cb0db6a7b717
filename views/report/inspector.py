"""One step of one run: its numbers under the player, its arrows and local model on the panel."""

from __future__ import annotations

from typing import Any

import streamlit as st

from landscape import SURFACES
from landscape.language import number as written
from optimizers import OPTIMIZERS, Trajectory
from optimizers.analysis.step import Model, equal_runs, formula, inspect_step, taylor
from views.scene.local import Look
from views.settings.controls import Choice, inside, number, pick, row
from views.settings.settings import MOST_UPDATES, Settings

TITLE = "Inside one step"
DRAWER = f"drawer {TITLE}"
STEP = "look.step"
MODELS = ("none", "first order: a plane", "second order: a quadratic")


def drawer(settings: Settings) -> Any:
    """Draw the expander, empty; it is open at first if the link says what to look at."""
    looking = any(settings.key(name) in settings.linked for name in (STEP, "look.model"))
    return st.expander(TITLE, looking, key=DRAWER, on_change="rerun")


def look_at(
    settings: Settings, choice: Choice, trajectories: list[Trajectory], opened: Any
) -> Look | None:
    """Draw the choice of a step into the expander; return the step, None while it is closed."""
    experiment, labels = choice.experiment, choice.labels
    with inside(settings, opened):
        with row(settings):
            label = pick(settings, "look.run", "Run", labels, width=180)
            k = number(
                *(settings, STEP, "From step", 0, MOST_UPDATES, 0, 1),
                help="The magnifier under the panels looks at the step of the clock.",
                on_change=None,
                width=140,
            )
            order = pick(settings, "look.model", "Local model", MODELS, width=230)
        if settings.closed:
            return None
        index = labels.index(label) if label in labels else 0
        trajectory = trajectories[index]
        if not len(trajectory.lr):
            st.caption("This run made no step.")
            return None
        step = inspect_step(experiment, trajectory, min(k, len(trajectory.lr) - 1))
        surface = SURFACES[experiment.surface]
        model = None
        if order in MODELS[1:]:
            model = taylor(surface, experiment.params, step.theta, MODELS.index(order))
        look = Look(index, step, model)
        st.markdown(told(look, len(trajectory.lr)))
        return look


def told(look: Look, count: int) -> str:
    """Return the step in numbers, and as numbers in the rule's formula, as Markdown."""
    step, rule = look.step, OPTIMIZERS[look.step.run.optimizer]
    rows = {
        "position θ": pair(step.theta),
        "loss": f"{written(step.loss)}, after the step {written(step.loss_after)}",
        "exact gradient": pair(step.exact),
        "gradient of the batch": pair(step.noisy) if step.noise.any() else "the exact one",
        "learning rate": written(step.lr),
        "step taken": pair(step.step),
    }
    # A rule may have room for more than it holds, as L-BFGS for its pairs.
    for name in step.before:
        before, after = step.before[name], step.after[name]
        if (before.any() or after.any()) and name not in rule.scratch:
            rows[f"state {name}"] = f"{pair(before)}, after the step {pair(after)}"
    parts = [
        f"**Step {step.k} to {step.t}** of {count:,}.",
        "| | x, y |\n|:--|:--|\n" + "\n".join(f"| {name} | {rows[name]} |" for name in rows),
    ]
    parts += [f"{line.note}\n\n$$\n{line.latex}\n$$" for line in formula(step)]
    if found := equal_runs(rule, step.run.hyper, step.lr):
        first, *others, last = found
        parts.append("\n".join([f"{first}\n", *(f"- {text}" for text in others), f"\n{last}"]))
    if look.model:
        parts.append(described(look.model))
    return "\n\n".join(parts)


def described(model: Model) -> str:
    """Return what a local model says, in words."""
    if not model.hessian.any():
        return (
            "The dashed lines are the plane that touches the surface here: all that a step down the"
            " gradient knows. It falls for ever, so the length of the step is the learning rate's."
        )
    larger, smaller = model.eigenvalues
    text = (
        "The dashed lines are the quadratic that agrees with slope and curvature here; its"
        f" curvatures are {written(larger)} and {written(smaller)}."
    )
    if model.minimizer is not None:
        return (
            f"{text} Its lowest point, where Newton's full step leads, is {pair(model.minimizer)}."
        )
    where = "" if model.stationary is None else f" Newton's step leads to {pair(model.stationary)}."
    return f"{text} {model.reason}{where}"


def pair(vector: Any) -> str:
    """Return a vector as two numbers."""
    x, y = vector.tolist()
    return f"({written(x)}, {written(y)})"
