"""How many updates a target takes against the batch size, each at its best rate."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np

from landscape.checks import check_number
from optimizers.analysis.moments import expected_gaps, has_moments
from optimizers.maps.base import (
    Array,
    Rates,
    Result,
    batch_axis,
    best_of,
    gaps,
    one_batch,
    part,
    seeds_of,
)
from optimizers.simulation.chunks import cost_of
from optimizers.simulation.experiment import Plan
from optimizers.simulation.sweep import MOST_LOSSES, Cancelled, sweep

CHECKS = 4097  # update counts at which losses are looked at, where runs are so long


@dataclass(frozen=True, eq=False)
class Scalings(Result):
    """The fewest updates to a target of every run c with batches of each of `sizes` (b,).

    `updates` (c, b) is the first count at which the mean gap is at most the target, infinity where
    it never is, and `rates` (c, b) the learning rate that comes there first.
    """

    sizes: Array
    updates: Array
    rates: Array

    def fewest(self, run: int) -> float:
        """Return the updates below which no batch brings a run: those of the best."""
        return float(self.updates[run].min())

    def samples(self, run: int) -> float:
        """Return the fewest samples with which a run comes to the target.

        As long as twice the batch takes half the updates, it is these for all.
        """
        return float((self.updates[run] * self.sizes).min())

    def critical(self, run: int) -> float:
        """Return the batch at which so few samples would make so few updates (McCandlish, 2018).

        Much smaller ones take as many samples as that, much larger ones as many updates. NaN where
        the run never comes to the target.
        """
        fewest = self.fewest(run)
        return self.samples(run) / fewest if 0 < fewest < np.inf else np.nan

    def table(self) -> dict[str, Array]:
        """Return the map as columns, a row for every run and batch size."""
        runs, count = self.updates.shape
        return {
            "run": np.repeat(np.arange(runs), count),
            "batch_size": np.tile(self.sizes, runs),
            "updates": self.updates.ravel(),
            "lr": self.rates.ravel(),
        }


@dataclass(frozen=True)
class Scaling(Rates):
    """Every run of an experiment at `count` rates, with every batch size and `seeds` seeds.

    An update takes one batch.
    A run has arrived where its mean gap to the lowest loss is at most `tolerance`. Where theory has
    it the mean is exact; else it is that over the seeds, by whose luck it comes a little early.
    """

    low: float = 1e-3
    count: int = 41
    seeds: int = 32
    tolerance: float = 1e-3

    def __post_init__(self) -> None:
        super().__post_init__()
        put = object.__setattr__
        put(self, "experiment", one_batch(self.experiment))
        put(self, "tolerance", check_number("tolerance", self.tolerance, 1e-12, 1e6))

    @property
    def updates(self) -> int:
        """How many updates all its runs make; those with exact means have no seeds."""
        experiment = self.experiment
        seeds = [1 if has_moments(experiment.plan(run)) else self.seeds for run in experiment.runs]
        steps = [experiment.plan(run).steps * cost_of(experiment) for run in experiment.runs]
        each = sum(count * updates for count, updates in zip(seeds, steps, strict=True))
        return len(batch_axis(experiment.samples)) * self.count * each

    def compute(
        self,
        cancel: threading.Event | None = None,
        progress: Callable[[float], None] | None = None,
        executor: Executor | None = None,
    ) -> Scalings:
        """Return the fewest updates and the rates that need them."""
        experiment = self.experiment
        rates = np.geomspace(self.low, self.high, self.count)
        sizes = batch_axis(experiment.samples)
        updates = np.full((len(experiment.runs), len(sizes)), np.inf)
        best = np.full(updates.shape, np.nan)
        for c, run in enumerate(experiment.runs):
            plan = experiment.plan(run)
            if has_moments(plan):
                updates[c], best[c] = self._expected(plan, rates, sizes, cancel)
                continue
            for b, size in enumerate(sizes.tolist()):
                found = sweep(
                    experiment,
                    replace(run, batch_size=size),
                    lr=rates[:, None],
                    seed=seeds_of(experiment, run, self.seeds),
                    record=min(plan.steps + 1, CHECKS, MOST_LOSSES // (self.count * self.seeds)),
                    cancel=cancel,
                    progress=part(progress, c * len(sizes) + b, updates.size),
                    executor=executor,
                )
                assert found.losses is not None
                assert found.recorded_at is not None
                gap = gaps(plan.objective, found.losses, np.isnan(found.losses)).mean(axis=1)
                there = gap <= self.tolerance
                first = np.where(there.any(axis=1), found.recorded_at[there.argmax(axis=1)], np.inf)
                updates[c, b] = first.min()
                if np.isfinite(first.min()):
                    best[c, b] = best_of(rates, first)
        return Scalings(sizes, updates, best)

    def _expected(
        self, plan: Plan, rates: Array, sizes: Array, cancel: threading.Event | None
    ) -> tuple[Array, Array]:
        """Return the fewest updates and their rates, by the expected loss."""
        updates, best = np.full(len(sizes), np.inf), np.full(len(sizes), np.nan)
        gaps_at = expected_gaps(plan, rates, sizes)
        for count, gap in enumerate(itertools.islice(gaps_at, plan.steps + 1)):
            if cancel is not None and cancel.is_set():
                raise Cancelled
            there = gap <= self.tolerance
            for b in np.flatnonzero(there.any(axis=1) & np.isinf(updates)):
                updates[b], best[b] = count, best_of(rates, np.where(there[b], 0, 1))
            if np.isfinite(updates).all():
                break
        return updates, best
