"""One step of one run: its numbers under the player, its arrows and local model on the panel."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import streamlit as st

from landscape.language import msgid, tr, whole
from landscape.language import number as written
from optimizers import OPTIMIZERS, Trajectory
from optimizers.analysis.noise import NoiseScale, independent_samples, noise_scale_at
from optimizers.analysis.step import Model, equal_runs, formula
from optimizers.record import LINE
from optimizers.sheet import Trial
from views.scene.local import Look
from views.settings.choice import Choice
from views.settings.runs import CLOSED, OPEN
from views.settings.settings import Settings
from views.settings.table import TABLE
from views.settings.widgets import control
from views.settings.widgets import draw as draw_control

MOST_TRIED = 20  # rows of the lengths of a search, the taken and the last among them
TAKEN, TOO_HIGH, NOWHERE = msgid("taken"), msgid("too high"), msgid("moves nothing")
LEFT_OUT = "| … | … | … | |\n"
START, FALLS, RISES = msgid("start"), msgid("falls"), msgid("rises")


def opened(settings: Settings) -> Any:
    """Return the drawer of a step, which is `open` while one is looked at."""
    shown = settings["look"] == OPEN
    return st.expander(
        tr(TABLE["look"].label),
        shown,
        **control(settings, "look", "look", shown, lambda value: OPEN if value else CLOSED),
    )


def draw(
    opened: Any,
    settings: Settings,
    choice: Choice,
    trajectories: list[Trajectory],
    look: Look | None,
) -> None:
    """Draw the choice of a step and what is seen in it, if its drawer is open."""
    if choice.look is None:
        return
    with opened:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            labels = dict(zip(choice.names, choice.labels, strict=True))
            draw_control(settings, "look.run", format_func=labels.get)
            draw_control(settings, "look.step")
            draw_control(settings, "look.model")
            st.html(f'<a class="zz-file zz-up" href="#zz-picture">{tr("To the picture")}</a>')
        if look is None:
            st.caption(tr("This run made no update."))
        else:
            st.markdown(told(look, len(trajectories[look.run].lr)))
            plan = choice.experiment.plan(look.step.run)
            if choice.experiment.varies:
                scale = noise_scale_at(plan, look.step.theta)
                alike = independent_samples(plan, look.step.theta)
                st.markdown(on_noise(scale, plan.epoch.batch_size, alike))


def told(look: Look, count: int) -> str:
    """Return the step in numbers, and as numbers in the rule's formula, as Markdown."""
    step, rule = look.step, OPTIMIZERS[look.step.run.optimizer]
    rows = {
        tr("position θ"): pair(step.theta),
        tr("loss"): before_and_after(written(step.loss), written(step.loss_after)),
        tr("exact gradient"): pair(step.exact),
        tr("gradient of the batch"): pair(step.unclipped)
        if step.noise.any()
        else tr("the exact one"),
        **({tr("clipped gradient"): pair(step.clipped)} if step.is_clipped else {}),
        tr("learning rate"): written(step.lr),
        tr("step"): pair(step.step),
    }
    # A rule may have room for more than it holds, as L-BFGS for its pairs.
    for name in step.before:
        before, after = step.before[name], step.after[name]
        if (before.any() or after.any()) and name not in rule.scratch:
            rows[tr("state {name}", name=tr(name))] = before_and_after(pair(before), pair(after))
    parts = [
        tr(
            "**From update {before} to {after}** of {count}.",
            before=whole(step.k),
            after=whole(step.t),
            count=whole(count),
        ),
        f"| {tr('quantity')} | x, y |\n|:--|:--|\n"
        + "\n".join(f"| {name} | {rows[name]} |" for name in rows),
    ]
    if step.tried:
        parts.append(searched(step.tried, rule.searches))
    parts += [f"{line.note}\n\n$$\n{line.latex}\n$$" for line in formula(step)]
    if found := equal_runs(rule, step.run.hyper, step.lr):
        first, *others, last = found
        parts.append("\n".join([f"{first}\n", *(f"- {text}" for text in others), f"\n{last}"]))
    if look.model:
        parts.append(described(look.model))
    return "\n\n".join(parts)


def searched(tried: Sequence[Trial], how: int) -> str:
    """Return the lengths that a search has tried, and what it found there, as Markdown's table.

    `how` it searches is LONG or LINE: by the loss alone, or by the slope too.
    """
    rows = []
    for trial in tried:
        found = TOO_HIGH if trial.moves else NOWHERE
        if how == LINE and trial.length == 0:
            found = START
        elif how == LINE and trial.fits:
            found = FALLS if trial.slope < 0 else RISES
        numbers = trial.length, trial.loss, trial.slope if how == LINE else trial.most
        told = " | ".join(written(number, 4) for number in numbers)
        rows.append(f"| {told} | {tr(TAKEN if trial.taken else found)} |")
    if len(tried) > MOST_TRIED:
        taken = {i for i, trial in enumerate(tried) if trial.taken}
        kept = sorted({*range(MOST_TRIED - 4), *taken, len(tried) - 1})
        steps = zip([-1, *kept], kept, strict=False)
        rows = [LEFT_OUT * (i - before > 1) + rows[i] for before, i in steps]
    head = [
        tr("length tried"),
        tr("loss there"),
        tr("slope there") if how == LINE else tr("at most"),
    ]
    return "\n".join([f"| {' | '.join(head)} | |", "|:--|:--|:--|:--|", *rows])


def on_noise(scale: NoiseScale, batch_size: int, alike: float) -> str:
    """Return what the noise of a batch means for a step from here, as Markdown.

    The batch is as noisy as `alike` independent samples.
    """
    numbers = {"simple": written(scale.simple), "weighted": written(scale.weighted)}
    if not (math.isfinite(scale.simple) and math.isfinite(scale.weighted)):
        return tr("**Noise scale.** The exact gradient vanishes here: all of a step is noise.")
    said = [
        tr(
            "**Noise scale.** B_simple = {simple} samples, B_n = {weighted}. In much smaller"
            " batches noise is most of the gradient; of much larger ones the steps are hardly"
            " better.",
            **numbers,
        )
    ]
    if scale.largest <= 0 or scale.weighted < 0:
        said.append(tr("The surface bends down along the gradient, so that no rate is the best."))
        return " ".join(said)
    rate, fall = scale.best_rate(alike), scale.expected_fall(alike)
    said.append(
        tr(
            "One update with batches of {size} is best at rate {rate}, with all samples at"
            " {largest}: it lowers the loss of the local quadratic by {fall} on average.",
            size=whole(batch_size),
            rate=written(rate, 3),
            largest=written(scale.largest, 3),
            fall=written(fall, 3),
        )
    )
    return " ".join(said)


def described(model: Model) -> str:
    """Return what a local model says, in words."""
    if not model.hessian.any():
        return tr(
            "The dashed lines are the plane that touches the surface here: all that a gradient step"
            " knows. The plane falls forever, so the learning rate alone sets the step's length."
        )
    larger, smaller = model.eigenvalues
    parts = [
        tr(
            "The dashed lines are the quadratic that agrees with slope and curvature here; its"
            " curvatures are {larger} and {smaller}.",
            larger=written(larger),
            smaller=written(smaller),
        )
    ]
    if model.minimizer is not None:
        lowest = pair(model.minimizer)
        parts.append(
            tr("Its lowest point, where Newton's full step leads, is {point}.", point=lowest)
        )
        return " ".join(parts)
    if model.reason:
        parts.append(tr(model.reason))
    if model.stationary is not None:
        parts.append(tr("Newton's step leads to {point}.", point=pair(model.stationary)))
    return " ".join(parts)


def before_and_after(before: str, after: str) -> str:
    """Return a value before and after the update."""
    return tr("{before}, after the update {after}", before=before, after=after)


def pair(vector: Any) -> str:
    """Return a vector as two numbers."""
    x, y = vector.tolist()
    return f"({written(x)}, {written(y)})"
