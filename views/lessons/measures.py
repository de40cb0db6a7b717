"""What the cards measure of their runs, beside what optimizers/analysis measures of any."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimizers.analysis.measures import Zigzag, largest_curvature, progress, zigzag
from optimizers.analysis.statements import Coordinate
from views.lessons.lesson import Runs

ANY = 1e-3  # a tolerance where none is looked at


def ends(runs: Runs) -> list[float]:
    """Return the last loss of every run."""
    return [float(t.loss[-1]) for t in runs.trajectories]


def rates(runs: Runs) -> list[Coordinate]:
    """Return the learning rate of every run, to be said in three digits."""
    return [Coordinate(runs.experiment.plan(run).lr) for run in runs.experiment.runs]


def distances(runs: Runs) -> list[float]:
    """Return how far from the nearest global minimizer every run ends, infinity if it diverged."""
    found = (progress(runs.experiment, t, ANY).distance for t in runs.trajectories)
    return [math.inf if distance is None else distance for distance in found]


def crossings(runs: Runs) -> list[Zigzag]:
    """Return how every run crosses the valley."""
    return [zigzag(runs.experiment, t) for t in runs.trajectories]


def lengths(runs: Runs) -> list[float]:
    """Return the length of every run's path."""
    return [float(np.hypot(*np.diff(t.finite_path, axis=0).T).sum()) for t in runs.trajectories]


def curvature(runs: Runs) -> float:
    """Return the largest curvature at a global minimizer of the first run's surface."""
    return largest_curvature(runs.trajectories[0].objective)


def angle(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return the angle between two vectors (2,), in degrees from 0 to 180."""
    cross = one[0] * other[1] - one[1] * other[0]
    return math.degrees(math.atan2(abs(cross), float(one @ other)))


def steps(runs: Runs) -> list[NDArray[np.float64]]:
    """Return the first step (2,) of every run."""
    return [t.path[1] - t.path[0] for t in runs.trajectories]


def lowest(values: Sequence[Any]) -> int:
    """Return the place of the lowest value."""
    return int(np.argmin(values))
