"""The part of the plane that a picture shows: the domain of a surface, or what fits some runs."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from landscape import Objective
from landscape.penalty import Penalty
from landscape.record import MINIMUM_KINDS
from optimizers import Experiment, Trajectory

Frame = tuple[tuple[float, float], tuple[float, float]]
Vector = NDArray[np.float64]

AROUND = 0.75  # a run counts as long as it is within so many widths of the domain
FEW = 6  # positions of a diverging run that count, its start included
NEAR_MINIMIZER = 1 / 3  # of the longer side: a minimizer that is no further away is shown too
NEAR_OF_SEVERAL = 1.0  # the same of compared surfaces: each panel shows where its own leads to
LEAST = 0.2  # of the domain: a run that hardly moves is not enlarged beyond that
PADDING = np.array([0.075, 0.115])  # of the sides; above a start there is room for its name
MUCH = 0.75  # a frame stays if a fresh one would have at least this share of its width
CELLS = 32  # of the shorter side's grid, to which a frame is rounded: small changes leave it alone


def domain(experiment: Experiment) -> Frame:
    """Return a surface's domain, or its double where a start needs it."""
    sides = experiment.objectives[0].domain
    starts = [experiment.plan(run).start for run in experiment.runs]

    def grown(side: tuple[float, float], times: int) -> tuple[float, float]:
        middle, half = (side[0] + side[1]) / 2, (side[1] - side[0]) / 2 * times
        return (middle - half, middle + half)

    def holds(side: tuple[float, float], values: tuple[float, ...]) -> bool:
        return side[0] <= min(values) and max(values) <= side[1]

    inside = all(map(holds, sides, zip(*starts, strict=True)))
    x, y = (grown(side, 1 if inside else 2) for side in sides)
    return x, y


def fitted(experiment: Experiment, trajectories: list[Trajectory], shape: float) -> Frame:
    """Return the frame of some runs, of the same scale in x and y.

    It holds what counts of every run, each surface's nearest minimizer, if that is near, and what
    shows a regularization; around them it is grown to `shape`, its height over its width.
    """
    own = np.array(experiment.objectives[0].domain)
    seen = np.concatenate([counted(experiment, t) for t in trajectories])
    seen = np.concatenate([seen, *(touched(o) for o in experiment.objectives)])
    low, high = seen.min(axis=0), seen.max(axis=0)
    longest = max(float((high - low).max()), LEAST * float((own[:, 1] - own[:, 0]).max()))
    lost = all(diverges(experiment, t) for t in trajectories)
    objectives = experiment.objectives
    reach = longest * (NEAR_MINIMIZER if len(objectives) == 1 else NEAR_OF_SEVERAL)
    near = []
    for objective in objectives:
        points = [p for p in objective.critical_points() if p.kind in MINIMUM_KINDS]
        minima = np.array([(p.x, p.y) for p in points]).reshape(-1, 2)
        if objective.valley is not None:  # of a line of them what is nearest to the first start
            start = experiment.plan(experiment.runs[0]).start
            minima = np.array([objective.valley.nearest(*start), *minima])
        if len(minima):
            away = np.maximum(np.maximum(low - minima, minima - high), 0).max(axis=1)
            nearest = int(away.argmin())
            if lost or away[nearest] <= reach:
                near.append(minima[nearest])
    if near:
        low, high = np.min([low, *near], axis=0), np.max([high, *near], axis=0)
        longest = max(longest, float((high - low).max()))
    grid = 2.0 ** math.floor(math.log2(longest / CELLS))
    low, high = np.floor(low / grid) * grid, np.ceil(high / grid) * grid
    sides = (high - low) * (1 + 2 * PADDING)
    wide = max(float(sides[0]), float(sides[1]) / shape, longest)
    half = np.array([wide, wide * shape]) / 2
    middle = (low + high) / 2
    (x0, y0), (x1, y1) = (middle - half).tolist(), (middle + half).tolist()
    return (x0, x1), (y0, y1)


def touched(objective: Objective) -> Vector:
    """Return what a regularized loss is looked at for, (n, 2): the lowest minimum and its path.

    That is the way from the minimum of the loss alone to the origin, with all of the circle or
    diamond of equal penalty about that, where the line is closed, and of the contour of the loss
    alone that touches it.
    """
    if not objective.regularized:
        return np.empty((0, 2))
    lowest = objective.minimizers()[:1]
    points = [(point.x, point.y) for point in (*lowest, *objective.whole.minimizers()[:1])]
    # The line of dropout is about a circle for two inputs of one size, and is open for one input.
    penalty = Penalty(l2=1.0) if objective.dropped else objective.penalty
    closed = lowest if objective.ways != 2 else ()
    around = [np.column_stack(penalty.ball(point.x, point.y)) for point in closed]
    contour = contour_through(objective.whole, points[:1])
    found = np.concatenate([[(0.0, 0.0), *points], *around, contour])
    return found[within(found, objective.domain)]


def contour_through(objective: Objective, through: list[tuple[float, float]]) -> Vector:
    """Return the corners of the box around the contour through a point, (2, 2); else (0, 2).

    It is exact on a quadratic loss: half its sides are sqrt(2 h (H^-1)_ii) of the Hessian H at the
    minimizer, h the height above that.
    """
    lowest = [np.array([point.x, point.y]) for point in objective.minimizers()[:1]]
    if not lowest or not through:
        return np.empty((0, 2))
    xx, xy, yy = (float(value) for value in objective.hessian(*lowest[0]))
    height = float(objective.loss(*through[0]) - objective.loss(*lowest[0]))
    determinant = xx * yy - xy**2
    if min(xx, yy, determinant, height) <= 0:
        return np.empty((0, 2))
    half = np.sqrt(2 * height * np.array([yy, xx]) / determinant)
    return np.array([lowest[0] - half, lowest[0] + half])


def serves(shown: Frame, fresh: Frame) -> bool:
    """Tell whether a frame that is shown holds all of a fresh one, and is not much larger.

    Frames of another shape are of another view.
    """
    low, high = np.array(shown).T
    fresh_low, fresh_high = np.array(fresh).T
    sides, fresh_sides = high - low, fresh_high - fresh_low
    if not np.isclose(sides[1] / sides[0], fresh_sides[1] / fresh_sides[0]):
        return False
    slack = 0.5 * PADDING * fresh_sides  # of its margin
    holds = (low <= fresh_low + slack).all() and (fresh_high - slack <= high).all()
    return bool(holds and fresh_sides[0] >= MUCH * sides[0])


def within(points: Vector, box: Frame) -> NDArray[np.bool_]:
    """Tell which points lie in a frame."""
    (x0, x1), (y0, y1) = box
    x, y = points.T
    found: NDArray[np.bool_] = (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)
    return found


def region(experiment: Experiment, around: float) -> Frame:
    """Return the domain with some of its widths around it, and all starts in it."""
    starts = [experiment.plan(run).start for run in experiment.runs]
    x, y = (
        (
            min(low - around * (high - low), *values),
            max(high + around * (high - low), *values),
        )
        for (low, high), values in zip(
            experiment.objectives[0].domain, zip(*starts, strict=True), strict=True
        )
    )
    return x, y


def diverges(experiment: Experiment, trajectory: Trajectory) -> bool:
    """Tell whether a run has diverged, or ends far outside the domain."""
    if trajectory.diverged_at is not None:
        return True
    return not within(trajectory.finite_path[-1:], region(experiment, AROUND))[0]


def counted(experiment: Experiment, trajectory: Trajectory) -> Vector:
    """Return the positions of a run that a frame is fitted to, (n, 2); the start is one of them.

    A run counts until it goes far outside the domain, a diverging one with a few positions in it.
    """
    path = trajectory.finite_path
    lost = diverges(experiment, trajectory)
    inside = within(path, region(experiment, 0.0 if lost else AROUND))
    stays = inside[: FEW if lost else None]
    count = len(stays) if stays.all() else int(stays.argmin())
    return path[: max(1, count)]


def exit_of(experiment: Experiment, trajectory: Trajectory, box: Frame) -> int | None:
    """Return the step at which a diverging run leaves a frame first, and None of any other run."""
    outside = ~within(trajectory.finite_path, box)
    leaves = outside.any() and diverges(experiment, trajectory)
    return int(outside.argmax()) if leaves else None


def drawn(trajectory: Trajectory, step: int | None) -> int:
    """Return how many positions of a run are drawn, up to the step of its `exit_of` the frame."""
    return len(trajectory.finite_path) if step is None else step + 1
