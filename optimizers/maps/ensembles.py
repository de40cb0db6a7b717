"""Many seeds of the same runs: how the loss spreads, where they end, and whether they escape."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np

from landscape.record import LOWEST_KINDS, MINIMUM_KINDS, CriticalPoint
from optimizers.maps.base import (
    BAND,
    Array,
    Result,
    batch_axis,
    check_seeds,
    gaps,
    one_batch,
    part,
    quantile,
    seeds_of,
    updates_of,
)
from optimizers.maps.basins import NOWHERE, UNDECIDED
from optimizers.simulation.experiment import Experiment
from optimizers.simulation.sweep import sweep

CHECKS = 201  # update counts at which the losses are kept
MOMENTS = 21  # of these at which the positions are kept
CONFIDENCE = 1.959964  # standard deviations on both sides of which 95 % of a normal variable lie


@dataclass(frozen=True, eq=False)
class Spread(Result):
    """Of every run c, over the seeds s.

    `at` (c, k) are update counts, `low`, `median` and `high` (c, k) the gaps to the lowest loss
    (the loss itself without one) below which a tenth, a half and nine tenths of the runs lie, and
    `mean` (c, k) their mean; infinity where runs have diverged. `end` (c, s, 2) is where the runs
    end and `where` (c, s) indexes the `points` of the run, or is NOWHERE or UNDECIDED.
    `moments` (c, m) are update counts and `places` (c, m, s, 2) where the runs are then, NaN for
    those that have diverged.
    """

    at: Array
    low: Array
    median: Array
    high: Array
    mean: Array
    end: Array
    where: Array
    moments: Array
    places: Array
    points: tuple[tuple[CriticalPoint, ...], ...]

    def table(self) -> dict[str, Array]:
        """Return the end of every run as columns, a row for every run and seed."""
        runs, seeds = self.where.shape
        return {
            "run": np.repeat(np.arange(runs), seeds),
            "seed": np.tile(np.arange(seeds), runs),
            "end_x": self.end[..., 0].ravel(),
            "end_y": self.end[..., 1].ravel(),
            "ends_at": self.where.ravel(),
        }


@dataclass(frozen=True)
class Ensemble:
    """All runs of an experiment with `seeds` seeds each, the first of them their own."""

    experiment: Experiment
    seeds: int = 200

    def __post_init__(self) -> None:
        check_seeds(self)

    def coarse(self) -> Ensemble | None:
        """Return the same with few seeds."""
        return replace(self, seeds=self.seeds // 8) if self.seeds >= 64 else None

    @property
    def updates(self) -> int:
        """How many updates all its runs make."""
        return self.seeds * updates_of(self.experiment)

    def compute(
        self,
        cancel: threading.Event | None = None,
        progress: Callable[[float], None] | None = None,
        executor: Executor | None = None,
    ) -> Spread:
        """Return how the runs spread."""
        experiment, runs = self.experiment, self.experiment.runs
        points = tuple(experiment.plan(run).objective.critical_points() for run in runs)
        at, bands, means, ends, where = [], [], [], [], []
        moments, places = [], []
        for done, run in enumerate(runs):
            found = sweep(
                experiment,
                run,
                seed=seeds_of(experiment, run, self.seeds),
                record=min(CHECKS, experiment.plan(run).steps + 1),
                places=True,
                cancel=cancel,
                progress=part(progress, done, len(runs)),
                executor=executor,
            )
            assert found.losses is not None
            assert found.recorded_at is not None
            assert found.places is not None
            kept = np.arange(MOMENTS) * (len(found.recorded_at) - 1) // (MOMENTS - 1)
            moments.append(found.recorded_at[kept])
            places.append(found.places[:, kept].swapaxes(0, 1))
            gap = gaps(experiment.plan(run).objective, found.losses, np.isnan(found.losses)).T
            at.append(spread_out(found.recorded_at))
            bands.append([spread_out(quantile(gap, share)) for share in BAND])
            means.append(spread_out(gap.mean(axis=-1)))
            ends.append(found.end)
            index = closest(found.end, points[done])
            index[found.diverged] = NOWHERE
            where.append(index)
        low, median, high = np.swapaxes(np.array(bands), 0, 1)
        columns = np.array(at), low, median, high, np.array(means)
        told = np.array(ends), np.array(where), np.array(moments), np.array(places)
        return Spread(*columns, *told, points)


def spread_out(values: Array) -> Array:
    """Return CHECKS values, repeating the last: short runs have fewer to look at."""
    return np.concatenate([values, np.repeat(values[-1:], CHECKS - len(values))])


@dataclass(frozen=True, eq=False)
class Chances(Result):
    """The share of the seeds whose run escapes, of every run c and batch size b.

    `sizes` (b,); `share`, and `low` and `high`, the ends of its 95 % confidence interval, (c, b).
    """

    sizes: Array
    share: Array
    low: Array
    high: Array

    def table(self) -> dict[str, Array]:
        """Return the map as columns, a row for every run and batch size."""
        runs, count = self.share.shape
        return {
            "run": np.repeat(np.arange(runs), count),
            "batch_size": np.tile(self.sizes, runs),
            **{name: getattr(self, name).ravel() for name in ("share", "low", "high")},
        }


@dataclass(frozen=True)
class Escape:
    """How often the runs of an experiment end at a global minimum, against the batch size.

    An update takes one batch.
    """

    experiment: Experiment
    seeds: int = 300

    def __post_init__(self) -> None:
        check_seeds(self)
        object.__setattr__(self, "experiment", one_batch(self.experiment))

    def coarse(self) -> Escape | None:
        """Return the same with few seeds."""
        return replace(self, seeds=self.seeds // 8) if self.seeds >= 64 else None

    @property
    def updates(self) -> int:
        """How many updates all its runs make."""
        sizes = batch_axis(self.experiment.samples)
        return len(sizes) * self.seeds * updates_of(self.experiment)

    def compute(
        self,
        cancel: threading.Event | None = None,
        progress: Callable[[float], None] | None = None,
        executor: Executor | None = None,
    ) -> Chances:
        """Return the shares and their intervals."""
        experiment, runs = self.experiment, self.experiment.runs
        sizes = batch_axis(experiment.samples)
        shares = []
        for done, run in enumerate(runs):
            found = sweep(
                experiment,
                run,
                batch_size=sizes[:, None],
                seed=seeds_of(experiment, run, self.seeds),
                cancel=cancel,
                progress=part(progress, done, len(runs)),
                executor=executor,
            )
            # A noise ball is wider than the tolerance for arriving, so take the nearest minimum.
            points = experiment.plan(run).objective.critical_points()
            best = [i for i, point in enumerate(points) if point.kind in LOWEST_KINDS]
            where = closest(found.end, points)
            shares.append((np.isin(where, best) & ~found.diverged).mean(axis=-1))
        share = np.array(shares)
        return Chances(sizes, share, *wilson(share, self.seeds))


def closest(ends: Array, points: tuple[CriticalPoint, ...]) -> Array:
    """Return the index of the minimum nearest to each end (..., 2)."""
    minima = [i for i, point in enumerate(points) if point.kind in MINIMUM_KINDS]
    if not minima:
        return np.full(ends.shape[:-1], UNDECIDED)
    distances = [np.hypot(ends[..., 0] - points[i].x, ends[..., 1] - points[i].y) for i in minima]
    return np.array(minima)[np.argmin(distances, axis=0)]


def wilson(share: Array, count: int) -> tuple[Array, Array]:
    """Return the ends of the 95 % confidence interval of a share of `count` (Wilson, 1927)."""
    z = CONFIDENCE
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    root = np.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    half = z * root / (1 + z * z / count)
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)
