"""The learning-rate sweep: the final loss of each run against its rate."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from landscape.checks import shown
from landscape.language import msgid
from optimizers.analysis.averaging import Average
from optimizers.maps.base import (
    BAND,
    Array,
    Rates,
    Result,
    best_of,
    gaps,
    part,
    quantile,
    seeds_of,
    without_rates,
)
from optimizers.simulation.experiment import Experiment, Run
from optimizers.simulation.sweep import Sweep, sweep

LOW, GOOD, HIGH, DIVERGES = msgid("low"), msgid("good"), msgid("high"), msgid("diverges")
UNRATED = msgid("falls without end")
RATE_ZONES = (LOW, GOOD, HIGH, DIVERGES, UNRATED)
# A rate is good if its gap is at most twice the best one, or a thousandth of the gap at the start:
# below that nobody would see a difference. Where the loss has no lower bound, no rate is good.
GOOD_TIMES, GOOD_SHARE = 2.0, 1e-3
MOST_PLACES = 2**22  # positions that are held at once, to be averaged


@dataclass(frozen=True, eq=False)
class Curves(Result):
    """Of every run c and rate r, over the seeds.

    `rates` (r,); `low`, `median` and `high` (c, r) are the gaps to the lowest loss below which a
    tenth, a half and nine tenths of the runs end (the loss itself on a surface without a lowest),
    infinity where they diverge; `diverged` (c, r) is the share that does. `zone` (c, r) indexes
    RATE_ZONES. Where an average of the iterates was asked for, `averaged` (c, r) is the median of
    the gaps at which it ends, and otherwise None.
    """

    rates: Array
    low: Array
    median: Array
    high: Array
    diverged: Array
    zone: Array
    averaged: Array | None = None

    def best(self, c: int) -> float:
        """Return the rate at which run c ends lowest, the middle one if several are equal."""
        return best_of(self.rates, self.median[c])

    def stretches(self, c: int, zone: str) -> list[tuple[float, float]]:
        """Return the unbroken stretches of rates at which run c is in a zone, by their ends."""
        there = np.concatenate([[False], self.zone[c] == RATE_ZONES.index(zone), [False]])
        turns = np.diff(there.astype(int))
        first, after = (np.flatnonzero(turns == turn) for turn in (1, -1))
        return [
            (float(self.rates[i]), float(self.rates[j - 1]))
            for i, j in zip(first, after, strict=True)
        ]

    def table(self) -> dict[str, Array]:
        """Return the map as columns, a row for every run and rate."""
        runs, count = self.median.shape
        return {
            "run": np.repeat(np.arange(runs), count),
            "lr": np.tile(self.rates, runs),
            **{f"gap_{name}": getattr(self, name).ravel() for name in ("low", "median", "high")},
            "diverged": self.diverged.ravel(),
            "zone": np.array(RATE_ZONES)[self.zone.ravel()],
            **({} if self.averaged is None else {"gap_averaged": self.averaged.ravel()}),
        }


@dataclass(frozen=True)
class RateSweep(Rates):
    """Every run of an experiment at `count` rates from `low` to `high`, with `seeds` seeds each.

    With an `average` of the iterates there is also where that ends.
    """

    average: Average | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.average is not None and not isinstance(self.average, Average):
            raise ValueError(f"average = {shown(self.average)}: must be an Average or None")
        object.__setattr__(self, "experiment", without_rates(self.experiment))

    def compute(
        self,
        cancel: threading.Event | None = None,
        progress: Callable[[float], None] | None = None,
        executor: Executor | None = None,
    ) -> Curves:
        """Return the curves of all runs."""
        experiment, runs = self.experiment, self.experiment.runs
        rates = np.geomspace(self.low, self.high, self.count)
        bands, diverged, averaged = [], [], []
        for done, run in enumerate(runs):
            objective = experiment.plan(run).objective
            gap, of_average = np.empty((2, self.count, self.seeds))
            lost = np.empty((self.count, self.seeds), bool)
            boxes = list(self._boxes(run))
            for box, (some, few) in enumerate(boxes):
                found = sweep(
                    experiment,
                    run,
                    lr=rates[some, None],
                    seed=seeds_of(experiment, run, self.seeds)[few],
                    record=None if self.average is None else experiment.plan(run).steps + 1,
                    places=self.average is not None,
                    cancel=cancel,
                    progress=part(progress, done * len(boxes) + box, len(runs) * len(boxes)),
                    executor=executor,
                )
                gap[some, few] = gaps(objective, found.loss, found.diverged)
                lost[some, few] = found.diverged
                if self.average is not None:
                    x, y = np.moveaxis(last_average(found, self.average), -1, 0)
                    of_average[some, few] = gaps(objective, objective.loss(x, y), found.diverged)
            bands.append([quantile(gap, share) for share in BAND])
            diverged.append(lost.mean(axis=-1))
            if self.average is not None:
                averaged.append(quantile(of_average, 0.5))
        low, median, high = np.swapaxes(np.array(bands), 0, 1)
        start = [start_gap(experiment, c) for c in range(len(runs))]
        share, bounded = np.array(diverged), experiment.objectives[0].bounded
        zone = np.array(
            [zones(m, d, s, bounded) for m, d, s in zip(median, share, start, strict=True)]
        )
        means = np.array(averaged) if averaged else None
        return Curves(rates, low, median, high, share, zone, means)

    def _boxes(self, run: Run) -> Iterator[tuple[slice, slice]]:
        """Yield parts of the rates and of the seeds that are swept at once: all, or a few."""
        across, along = self.count, self.seeds
        if self.average is not None:
            most = max(1, MOST_PLACES // (self.experiment.plan(run).steps + 1))
            along = min(along, most)
            across = max(1, most // self.seeds)
        for first in range(0, self.count, across):
            for begin in range(0, self.seeds, along):
                yield slice(first, first + across), slice(begin, begin + along)


def last_average(found: Sweep, average: Average) -> Array:
    """Return the average of the iterates of each cell, shape + (2,), of which all are recorded.

    Of a run that diverged it is no number.
    """
    assert found.places is not None
    means = np.full(found.end.shape, np.nan)
    for updates in np.unique(found.steps[~found.diverged]):
        these = ~found.diverged & (found.steps == updates)
        weights = average.weights(int(updates))
        means[these] = np.einsum("k,nkd->nd", weights, found.places[these][:, : updates + 1])
    return means


def start_gap(experiment: Experiment, c: int) -> float:
    """Return how far above the lowest loss run c starts; 0 on a surface without a lowest."""
    plan = experiment.plan(experiment.runs[c])
    if not plan.objective.bounded:
        return 0.0
    return float(plan.objective.loss(*plan.start)) - plan.objective.lowest()


def zones(median: Array, diverged: Array, start: float, bounded: bool = True) -> Array:
    """Return the zone of every rate, (r,) ints, given the gaps, diverged shares and first gap."""
    found = np.full(len(median), RATE_ZONES.index(HIGH if bounded else UNRATED))
    if bounded:
        good = median <= max(GOOD_TIMES * float(median.min()), GOOD_SHARE * start)
        found[: int(np.argmax(good))] = RATE_ZONES.index(LOW)
        found[good] = RATE_ZONES.index(GOOD)
    found[(diverged > 0.5) | ~np.isfinite(median)] = RATE_ZONES.index(DIVERGES)
    return found
