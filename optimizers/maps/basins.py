"""Basins of attraction: at which critical point a run from each start in the frame ends."""

from __future__ import annotations

import functools
import math
import threading
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace

import numpy as np

from landscape.checks import shown
from landscape.hessian import solve
from landscape.record import CriticalPoint
from optimizers.analysis.measures import known_minima
from optimizers.maps.base import MOST_SIDE, Array, Result, updates_of
from optimizers.simulation.experiment import Experiment, Run, check_count, check_point
from optimizers.simulation.sweep import sweep

Frame = tuple[tuple[float, float], tuple[float, float]]

# The run diverges; where it would end is not known; it rests at an unlisted critical point.
NOWHERE, UNDECIDED, ELSEWHERE = -1, -2, -3
NEAR = 0.02  # of the frame's diagonal: a run this close to a critical point has ended there
CHECKS = 26  # times at which the loss of a run is looked at
# A run rests if its loss changes, from the last look but one, by no more than this share of all
# that it has changed, and if Newton's method leads from its end to a critical point within NEAR.
STILL = 0.01
POLISH = 12  # steps of Newton's method; its last is to be shorter than this share of the diagonal:
POLISHED = 1e-9


@dataclass(frozen=True, eq=False)
class Basins(Result):
    """Where the run from every start ends, (n, n) by y and x.

    `x` and `y` (n,) are the starts' coordinates; `where` indexes `points`, or is NOWHERE,
    UNDECIDED or ELSEWHERE; `steps` is the number of updates after which the loss had come nearly
    all the way to the last one, of the CHECKS that were looked at.
    """

    x: Array
    y: Array
    where: Array
    steps: Array
    end: Array
    points: tuple[CriticalPoint, ...]

    def table(self) -> dict[str, Array]:
        """Return the map as columns, a row for every start."""
        n = len(self.x)
        return {
            "x": np.tile(self.x, n),
            "y": np.repeat(self.y, n),
            "ends_at": self.where.ravel(),
            "end_x": self.end[..., 0].ravel(),
            "end_y": self.end[..., 1].ravel(),
            "updates": self.steps.ravel(),
        }


@dataclass(frozen=True)
class BasinMap:
    """The first run of an experiment from `size` x `size` starts in a frame."""

    experiment: Experiment
    frame: Frame | None = None  # the surface's domain
    size: int = 256
    here: tuple[float, float] | None = field(default=None, compare=False)  # the lab's start

    def __post_init__(self) -> None:
        put = functools.partial(object.__setattr__, self)
        put("size", check_count("size", self.size, MOST_SIDE, least=2))
        frame = self.experiment.objectives[0].domain if self.frame is None else self.frame
        sides = frame if isinstance(frame, (tuple, list)) else ()
        checked = tuple(check_point("frame", side) for side in sides)
        if len(checked) != 2 or not all(low < high for low, high in checked):
            raise ValueError(f"frame = {shown(frame)}: must be ((x0, x1), (y0, y1)), growing")
        put("frame", checked)
        # The lab's start is drawn on the map; a new start must not mean a new map.
        run = self.experiment.runs[0]
        put("here", check_point("here", self.here or self.experiment.plan(run).start))
        put("experiment", replace(self.experiment, start=None, runs=(replace(run, start=None),)))

    def coarse(self) -> BasinMap | None:
        """Return the same with fewer starts."""
        return replace(self, size=self.size // 4) if self.size >= 64 else None

    @property
    def updates(self) -> int:
        """How many updates all its runs make."""
        return self.size**2 * updates_of(self.experiment)

    def compute(
        self,
        cancel: threading.Event | None = None,
        progress: Callable[[float], None] | None = None,
        executor: Executor | None = None,
    ) -> Basins:
        """Return the basins."""
        experiment, run = self.experiment, self.experiment.runs[0]
        assert self.frame is not None
        # The centres of the pixels.
        x, y = (
            low + (np.arange(self.size) + 0.5) * (high - low) / self.size
            for low, high in self.frame
        )
        starts = np.stack(np.meshgrid(x, y), axis=-1)
        found = sweep(
            experiment,
            run,
            start=starts,
            record=min(CHECKS, experiment.plan(run).steps + 1),
            cancel=cancel,
            progress=progress,
            executor=executor,
        )
        assert found.losses is not None
        assert found.recorded_at is not None
        points = points_of(experiment, run)
        where = nearest(found.end, points, self.frame)
        unlisted = (where == UNDECIDED) & ~found.diverged & still(found.losses)
        where[unlisted] = np.where(
            rests(experiment, run, found.end[unlisted], self.frame), ELSEWHERE, UNDECIDED
        )
        where[found.diverged] = NOWHERE
        return Basins(x, y, where, came(found.losses, found.recorded_at), found.end, points)


def points_of(experiment: Experiment, run: Run) -> tuple[CriticalPoint, ...]:
    """Return the critical points that are listed of a surface.

    For a run with coupled weight decay they are the minima of the loss that it descends, each
    where the decay has moved it, with the surface's loss there.
    """
    plan = experiment.plan(run)
    objective, decay = plan.objective, plan.coupled
    points = objective.critical_points()
    if decay == 0:
        return points
    minima = known_minima(objective, decay)
    kinds = {(point.x, point.y): point.kind for point in points}
    return tuple(
        CriticalPoint(x, y, objective.loss(x, y), kinds[old[0], old[1]])
        for (x, y), old in zip(minima.xy.tolist(), minima.origin.tolist(), strict=True)
    )


def still(losses: Array) -> Array:
    """Tell of runs with the given losses (..., c) whether the last of them hardly changes them."""
    with np.errstate(invalid="ignore"):
        lately = np.abs(losses[..., -1] - losses[..., -2])
        return np.asarray(lately <= STILL * np.abs(losses - losses[..., :1]).max(axis=-1))


def rests(experiment: Experiment, run: Run, ends: Array, frame: Frame) -> Array:
    """Tell of ends (m, 2) whether a critical point of the loss that is descended is within NEAR."""
    plan = experiment.plan(run)
    objective, decay = plan.objective, plan.coupled
    diagonal = math.hypot(*(high - low for low, high in frame))
    xy = ends.T.copy()
    step = np.full_like(xy, np.inf)
    with np.errstate(all="ignore"):  # the Hessian may be singular on the way
        for _ in range(POLISH):
            slope = np.array(objective.gradient(*xy)) + decay * xy
            hxx, hxy, hyy = objective.hessian(*xy)
            step = solve(np.array([[hxx + decay, hxy], [hxy, hyy + decay]]), slope)
            xy = xy - step
        found = np.hypot(*step) <= POLISHED * diagonal
        return np.asarray(found & (np.hypot(*(xy - ends.T)) <= NEAR * diagonal))


def nearest(ends: Array, points: tuple[CriticalPoint, ...], frame: Frame) -> Array:
    """Return the index of the critical point at which each end (..., 2) lies, or UNDECIDED."""
    near = NEAR * math.hypot(*(high - low for low, high in frame))
    flat = ends.reshape(-1, 2)
    where = np.full(len(flat), UNDECIDED)
    best = np.full(len(flat), near)
    # Only ends beside a point are compared with it: a surface may have a thousand of them.
    order = np.argsort(flat[:, 0])
    x, beside = flat[order, 0], near * (1 + 1e-9)
    for index, point in enumerate(points):
        first, last = np.searchsorted(x, (point.x - beside, point.x + beside))
        some = order[first:last]
        distance = np.hypot(flat[some, 0] - point.x, flat[some, 1] - point.y)
        closer = distance < best[some]
        where[some[closer]], best[some[closer]] = index, distance[closer]
    return where.reshape(ends.shape[:-1])


def came(losses: Array, at: Array) -> Array:
    """Return when 99% of each run's descent was done, from losses (..., c) after `at` (c,)."""
    first, last = losses[..., :1], losses[..., -1:]
    with np.errstate(invalid="ignore"):
        there = losses <= last + 0.01 * (first - last)
    # A diverged run has no last loss: count all its updates.
    there[..., -1] = True
    return at[np.argmax(there, axis=-1)]
