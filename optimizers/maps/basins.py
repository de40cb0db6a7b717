"""Basins of attraction: at which critical point a run from each start in the frame ends."""

from __future__ import annotations

import functools
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from landscape import SURFACES
from landscape.checks import shown
from landscape.record import CriticalPoint
from optimizers.maps.base import MOST_SIDE, Array, Result
from optimizers.simulation.experiment import Experiment, check_count, check_point
from optimizers.simulation.sweep import sweep

Frame = tuple[tuple[float, float], tuple[float, float]]

NOWHERE, UNDECIDED = -1, -2  # the run diverges; where it ends is not known
NEAR = 0.02  # of the frame's diagonal: a run this close to a critical point has ended there
CHECKS = 26  # times at which the loss of a run is looked at


@dataclass(frozen=True, eq=False)
class Basins(Result):
    """Where the run from every start ends, (n, n) by y and x.

    `x` and `y` (n,) are the starts' coordinates; `where` indexes `points`, or is NOWHERE or
    UNDECIDED; `steps` is the number of updates after which the loss had come nearly all the way to
    the last one, of the CHECKS that were looked at.
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
        frame = SURFACES[self.experiment.surface].domain if self.frame is None else self.frame
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

    def compute(
        self,
        cancel: threading.Event | None = None,
        progress: Callable[[float], None] | None = None,
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
        )
        assert found.losses is not None
        assert found.recorded_at is not None
        points = tuple(SURFACES[experiment.surface].critical_points(**experiment.params))
        where = nearest(found.end, points, self.frame)
        where[found.diverged] = NOWHERE
        return Basins(x, y, where, came(found.losses, found.recorded_at), found.end, points)


def nearest(ends: Array, points: tuple[CriticalPoint, ...], frame: Frame) -> Array:
    """Return the index of the critical point at which each end (..., 2) lies, or UNDECIDED."""
    near = NEAR * math.hypot(*(high - low for low, high in frame))
    where = np.full(ends.shape[:-1], UNDECIDED)
    best = np.full(ends.shape[:-1], near)
    for index, point in enumerate(points):
        distance = np.hypot(ends[..., 0] - point.x, ends[..., 1] - point.y)
        closer = distance < best
        where[closer], best[closer] = index, distance[closer]
    return where


def came(losses: Array, at: Array) -> Array:
    """Return when 99% of each run's descent was done, from losses (..., c) after `at` (c,)."""
    first, last = losses[..., :1], losses[..., -1:]
    with np.errstate(invalid="ignore"):
        there = losses <= last + 0.01 * (first - last)
    # A diverged run has no last loss: count all its updates.
    there[..., -1] = True
    return at[np.argmax(there, axis=-1)]
