"""What the cards measure of their runs, beside what optimizers/analysis measures of any."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscape.record import LOWEST_KINDS
from optimizers import Experiment, Run, sweep
from optimizers.analysis.measures import Zigzag, largest_curvature, progress, zigzag
from optimizers.analysis.moments import expected_gaps
from optimizers.analysis.statements import Compared, Coordinate, Factor, Share, times
from optimizers.maps import BasinMap
from optimizers.simulation.experiment import Plan
from optimizers.simulation.sweep import Sweep
from views.lessons.lesson import Runs

ANY = 1e-3  # a tolerance where none is looked at
STARTS, SETTLED = 61, 1000  # of a look at all starts: along each side, and the updates of each
SEEDS = 200


def final_losses(runs: Runs) -> list[float]:
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


def compared(one: float, other: float) -> tuple[Compared, Compared, Factor]:
    """Return two numbers, and how many times as large the first is, for a text with all three."""
    return Compared(one), Compared(other), times(one, other)


def lowest(values: Sequence[Any]) -> int:
    """Return the place of the lowest value."""
    return int(np.argmin(values))


def distance_to_line(points: NDArray[np.float64], line: NDArray[np.float64]) -> float:
    """Return the largest distance of points (n, 2) from a line through other points (m, 2)."""
    first, along = line[:-1], np.diff(line, axis=0)
    square = np.maximum((along**2).sum(axis=1), np.finfo(float).tiny)
    off = points[:, None] - first
    share = np.clip((off * along).sum(axis=-1) / square, 0.0, 1.0)
    return float(np.hypot(*(off - share[..., None] * along).T).min(axis=0).max())


def to_lowest(experiment: Experiment, run: Run) -> NDArray[np.bool_]:
    """Tell of STARTS x STARTS starts in the frame whether the run comes to a global minimum."""
    alone = replace(experiment, steps=SETTLED, runs=(replace(run, steps=None),))
    found = BasinMap(alone, size=STARTS).compute()
    best = [i for i, point in enumerate(found.points) if point.kind in LOWEST_KINDS]
    return np.isin(found.where, best)


def share(found: Any) -> Share:
    """Return the share of what holds."""
    return Share(np.mean(found))


def over_seeds(runs: Runs, run: Run, seeds: int = SEEDS) -> Sweep:
    """Return what becomes of a run with each of so many seeds, from 0 on."""
    return sweep(runs.experiment, run, seed=np.arange(seeds))


def expected_losses(plan: Plan, lrs: NDArray[np.float64], steps: int) -> NDArray[np.float64]:
    """Return the expected loss above the lowest at rates (n,) after 0, 1, ... updates.

    It is (steps + 1, n), exact, and no mean over seeds. Raises ValueError where theory has none.
    """
    gaps = expected_gaps(plan, lrs, [plan.batch_size])
    return np.array([gap[0] for gap in itertools.islice(gaps, steps + 1)])
