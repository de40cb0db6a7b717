"""One step of a run, taken apart: its parts, its formula in numbers, arrows, local models.

Everything comes from the stored trajectory and the surface's functions: nothing is simulated
again. A step is update k of a run, and t = k + 1 the number that the formulas have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from landscape.checks import check_number, shown
from landscape.hessian import BOWL, DEGENERATE, NO_MINIMIZER, shape, solve
from landscape.language import msgid, tr
from landscape.record import Objective
from optimizers.analysis.measures import curvatures
from optimizers.record import Optimizer
from optimizers.registry import OPTIMIZERS
from optimizers.sheet import DIGITS, HYPER_DIGITS, Line, Sheet, Step, Trial, Vector
from optimizers.simulation import driver
from optimizers.simulation.driver import Clipping, clip
from optimizers.simulation.experiment import BIG, RATE, Experiment, Plan, Run, Trajectory


def inspect_step(experiment: Experiment, trajectory: Trajectory, k: int) -> Step:
    """Return update k of one of the experiment's trajectories.

    Raises ValueError, naming k, its value and its range, unless k is a whole number from 0 to
    the number of updates - 1.
    """
    count = len(trajectory.lr)
    if count == 0:
        raise ValueError(f"k = {shown(k)}: the run made no update")
    k = int(check_number("k", k, 0, count - 1, integer=True))
    run, theta = trajectory.run, trajectory.path[k]
    plan = experiment.plan(run)
    objective, rule = plan.objective, plan.rule
    lr, gradient = float(trajectory.lr[k]), trajectory.gradient[k]
    penalty = plan.penalty
    exact = np.array(objective.bare.gradient(*theta))
    if penalty.on:
        exact += penalty.l2 * theta + penalty.slope * np.sign(theta)
    # What a clipped gradient was before is recorded; of others it is what the rule was given.
    clips = plan.clipping.on
    recorded = gradient if trajectory.unclipped is None else trajectory.unclipped[k]
    added = np.zeros(2) if clips else plan.coupled * theta
    noise = np.zeros(2)
    if plan.noisy:
        with np.errstate(invalid="ignore"):  # a formula may have no gradient there
            noise = recorded - exact - added
        # Less than the rounding of what it was added to is no trace of the noise.
        noise[np.abs(noise) <= 4 * np.finfo(float).eps * (np.abs(exact) + np.abs(added))] = 0.0
    unclipped = recorded if clips else exact + noise
    rows = trajectory.states
    before = rows[k - 1] if k > 0 else np.zeros((len(rule.state), 2))
    hxx, hxy, hyy = objective.hessian(*theta)
    return Step(
        run=run,
        k=k,
        lr=lr,
        theta=theta,
        loss=float(trajectory.loss[k]),
        exact=exact,
        noise=noise,
        unclipped=unclipped,
        clipped=clipped(plan.clipping, unclipped) if clips else unclipped,
        coupled=plan.coupled,
        gradient=gradient,
        hessian=np.array([[hxx, hxy], [hxy, hyy]]),
        before=MappingProxyType(dict(zip(rule.state, before, strict=True))),
        after=MappingProxyType(dict(zip(rule.state, rows[k], strict=True))),
        decoupled=plan.decoupled,
        decay=-lr * plan.decoupled * theta + 0.0,  # no -0
        proximal=penalty.proximal,
        step=trajectory.path[k + 1] - theta,
        theta_after=trajectory.path[k + 1],
        loss_after=float(trajectory.loss[k + 1]),
        tried=tuple(_tried(plan, trajectory, k)) if rule.searches else (),
    )


def _tried(plan: Plan, trajectory: Trajectory, k: int) -> Iterator[Trial]:
    """Yield the lengths that update k has tried: the compiled search is made once more."""
    losses = trajectory.loss if trajectory.batch_loss is None else trajectory.batch_loss
    epoch, samples, rows = plan.epoch, plan.surface.samples, np.empty(0, np.int32)
    if plan.batched:
        begin = k % epoch.updates * epoch.batch_size
        rows = plan.rows(1, k // epoch.updates)[begin : begin + epoch.batch_size].copy()
    lr, gradient = float(trajectory.lr[k]), trajectory.gradient[k]
    with np.errstate(over="ignore"):
        longest = -lr * gradient
    step, found = longest.copy(), np.empty((driver.MOST_LENGTHS, driver.NOTED))
    count = driver.search_once(
        plan.rule.searches,
        plan.surface.kernel.pointer,
        (driver.no_batch if samples is None else samples.batch).pointer,
        plan.objective.numbers,
        rows,
        plan.penalty,
        trajectory.path[k].copy(),
        losses[k],
        gradient.copy(),
        plan.hyper,
        step,
        found,
    )
    found = found[:count]
    along = int(np.argmax(np.abs(longest)))  # the coordinate that tells most of the length
    with np.errstate(all="ignore"):  # a length may lead to no number
        off = np.abs(found[:, driver.SHARE] - step[along] / longest[along])
        taken = int(np.argmin(off)) if count and step.any() else -1
        slopes = found[:, driver.SLOPE] / np.hypot(*longest)
    for i, (share, loss, most, _, moves) in enumerate(found.tolist()):
        yield Trial(lr * share, loss, most, float(slopes[i]), bool(moves), i == taken)


def clipped(clipping: Clipping, gradient: Vector) -> Vector:
    """Return a gradient (2,) as a run clips it."""
    found = gradient.copy()
    clip(1, found[:1], found[1:], clipping)
    return found


# --- The formula in numbers


def formula(step: Step, digits: int = DIGITS) -> list[Line]:
    """Return the rule's formula with the numbers of this step, one line for each equation.

    Numbers have `digits` digits, at least 6 for hyperparameters. The first line is the gradient
    that the rule is given and the last the new position. Where clipping has changed the gradient,
    a line before the first shows the unclipped one. What a line claims is what the run stored,
    wherever the run stored it.
    """
    with np.errstate(all="ignore"):  # the last numbers of a diverged run may overflow
        rule = OPTIMIZERS[step.run.optimizer]
        sheet = Sheet(step, rule.hyperparameters, digits)
        _given(sheet)
        rule.formula(sheet)
    return sheet.lines


def _given(sheet: Sheet) -> None:
    step = sheet.step
    text, parts = "$exact", [tr("the exact gradient")]
    if step.noise.any():
        text += " + $noise"
        parts.append(tr("the noise of the batch"))
    if step.is_clipped:
        note = tr("The gradient before it is clipped: {parts}.", parts=" + ".join(parts))
        sheet.write("whole", r"\tilde g_t", step.unclipped, note, text)
        run, text = step.run, r"\operatorname{clip}($whole,\ -$clip,\ $clip)"
        if run.clip_norm is not None:
            text = r"\min\left(1,\ \frac{$clip}{\lVert $whole \rVert + 10^{-6}}\right) \cdot $whole"
        limit = run.clip_value if run.clip_norm is None else run.clip_norm
        sheet.define("clip", "c", limit, HYPER_DIGITS)
        parts = [tr("the clipped gradient")]
    if step.coupled > 0:
        text += r" + $weight_decay \cdot $theta0"
        parts.append(tr("weight decay"))
    sheet.write(
        "g", "g_t", step.gradient, tr("The rule is given {parts}.", parts=" + ".join(parts)), text
    )


# --- Arrows

GRADIENT, NOISY_GRADIENT = msgid("gradient"), msgid("noisy gradient")
CLIPPED_GRADIENT = msgid("clipped gradient")
WEIGHT_DECAY, STEP = msgid("weight decay"), msgid("step")


@dataclass(frozen=True)
class Arrow:
    """An arrow from the step's theta by `vector`, in the surface's coordinates."""

    name: str
    vector: tuple[float, float]


def arrows(step: Step) -> list[Arrow]:
    """Return the step and what it is made of, all as displacements that can be compared.

    `step` has its true length. `gradient` and, where the batch is noisy, `noisy gradient` are -lr
    times the gradient: the step that plain SGD would have taken, downhill, and so is `clipped
    gradient`, which is there where clipping has changed it and then what the rule gets. `weight
    decay` is -lr wd theta, whether the rule couples it or not, without lr's peak where the decay is
    apart from it. `velocity`, or Adam's `first moment`, is the rule's memory: the part of the step
    from the state before the update, with Adam's division by the root of the second moment. So for
    SGD, and for Momentum as in PyTorch and Keras, velocity + noisy gradient, or the clipped one, +
    weight decay = step.
    """
    with np.errstate(all="ignore"):
        found = [(GRADIENT, -step.lr * step.exact)]
        if step.noise.any():
            found.append((NOISY_GRADIENT, -step.lr * step.unclipped))
        if step.is_clipped:
            found.append((CLIPPED_GRADIENT, -step.lr * step.clipped))
        if step.run.weight_decay > 0:
            decay = step.coupled + step.decoupled  # one of them is 0
            found.append((WEIGHT_DECAY, -step.lr * decay * step.theta))
        if memory := OPTIMIZERS[step.run.optimizer].memory_of(step.run.hyper):
            found.append((memory.name, memory.part(step)))
        found.append((STEP, step.step))
    # + 0.0 makes a 0 of -0.
    return [Arrow(name, (float(v[0]) + 0.0, float(v[1]) + 0.0)) for name, v in found]


@dataclass(frozen=True, eq=False)
class Updates:
    """All updates of a run at once, as `Update` has them."""

    run: Run
    t: Vector
    lr: Vector
    before: Mapping[str, Vector]
    after: Mapping[str, Vector]


def kept(trajectory: Trajectory) -> Vector | None:
    """Return the part of each of a run's k steps that its rule remembers, float64 (k, 2).

    It is the arrow of the memory that `arrows` gives, for every step; None for a run without one.
    """
    run, rows = trajectory.run, trajectory.states
    rule = OPTIMIZERS[run.optimizer]
    memory = rule.memory_of(run.hyper)
    if memory is None:
        return None
    before = np.concatenate([np.zeros_like(rows[:1]), rows[:-1]])
    many = Updates(
        run,
        np.arange(1.0, len(rows) + 1)[:, None],
        trajectory.lr[:, None],
        {name: before[:, i] for i, name in enumerate(rule.state)},
        {name: rows[:, i] for i, name in enumerate(rule.state)},
    )
    with np.errstate(all="ignore"):  # the last numbers of a diverged run may overflow
        return memory.part(many)


# --- Local models

NO_LOWEST_POINT = msgid("A plane has no single lowest point.")


@dataclass(frozen=True, eq=False)
class Model:
    """A Taylor polynomial of the loss at `theta`; model(x, y) is its value there.

    `gradient` float64 (2,), `hessian` float64 (2, 2), zeros for a plane, and its `eigenvalues`,
    the larger first. `stationary` (2,) is where the model is level: the point that Newton's full
    step leads to, None if there is no single one. `minimizer` is the same point where that is the
    model's minimum, else None, for the `reason` given.
    """

    theta: Vector
    loss: float
    gradient: Vector
    hessian: Vector
    eigenvalues: tuple[float, float]
    stationary: Vector | None
    minimizer: Vector | None
    reason: str | None

    def __call__(self, x: ArrayLike, y: ArrayLike) -> Any:
        """Return the model's values at (x, y), numbers or arrays of any common shape."""
        dx, dy = (
            np.asarray(x, np.float64) - self.theta[0],
            np.asarray(y, np.float64) - self.theta[1],
        )
        (hxx, hxy), (_, hyy) = self.hessian
        slope = self.gradient[0] * dx + self.gradient[1] * dy
        return self.loss + slope + (hxx * dx * dx + 2 * hxy * dx * dy + hyy * dy * dy) / 2


def taylor(objective: Objective, theta: Sequence[float] | Vector, order: int) -> Model:
    """Return the model of order 1, the tangent plane, or 2, the quadratic, at theta (two numbers).

    Raises ValueError for another order and a coordinate that is not finite or beyond 1e6.
    """
    order = int(check_number("order", order, 1, 2, integer=True))
    if np.shape(theta) != (2,):
        raise ValueError(f"theta = {shown(theta)}: must be two numbers")
    x, y = (check_number("theta", value, -BIG, BIG) for value in theta)
    at, gradient = np.array([x, y]), np.array(objective.gradient(x, y))
    hxx, hxy, hyy = objective.hessian(x, y) if order == 2 else (0.0, 0.0, 0.0)
    hessian = np.array([[hxx, hxy], [hxy, hyy]])
    kind = shape(hessian)
    stationary = None if kind == DEGENERATE else at - solve(hessian, gradient)
    reason = NO_MINIMIZER.get(kind) if order == 2 else NO_LOWEST_POINT
    larger, smaller = curvatures(hxx, hxy, hyy)
    return Model(
        theta=at,
        loss=float(objective.loss(x, y)),
        gradient=gradient,
        hessian=hessian,
        eigenvalues=(float(larger), float(smaller)),
        stationary=stationary,
        minimizer=stationary if kind == BOWL else None,
        reason=reason,
    )


# --- Conventions


def equal_runs(rule: Optimizer, hyper: Mapping[str, Any], lr: float) -> list[str]:
    """Return, in plain sentences, the settings in a rule's other conventions that equal these.

    Empty for a rule in one convention. Raises ValueError for a hyperparameter or a rate out of
    range, as Run does.
    """
    values, lr = rule.resolve(hyper), check_number("lr", lr, *RATE)
    return [] if rule.equal_runs is None else rule.equal_runs(values, lr)
