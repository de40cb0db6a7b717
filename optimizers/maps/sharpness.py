"""How sharp the surface is where each run ends, against the rate."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from optimizers.analysis.measures import sharpness_at, stability_limit
from optimizers.maps.base import Array, Rates, Result, part, quantile, seeds_of, without_rates
from optimizers.simulation.sweep import sweep

JUST_UNDER = 0.99  # of the limit: a run that ends above that share of it is at the edge


@dataclass(frozen=True, eq=False)
class Sharpnesses(Result):
    """Of every run c and rate r, at its end.

    `rates` (r,); `curvature` (c, r) is the median over the seeds of the largest curvature, as
    `measures.Sharpness` has it: infinity where half of the runs diverge. `limit` (c, r) is the
    rule's limit of stability over the rate of the last update, with which the schedule ends or at
    which a rule of the run has stopped it, the median too: infinity at rate 0, NaN where no theory
    holds.
    """

    rates: Array
    curvature: Array
    limit: Array

    def ends(self, c: int) -> Array:
        """Tell of every rate (r,) whether run c ends anywhere."""
        return np.isfinite(self.curvature[c])

    def below(self, c: int) -> Array:
        """Tell of every rate (r,) whether run c ends below its limit."""
        found: Array = self.ends(c) & (self.curvature[c] < self.limit[c])
        return found

    def at_edge(self, c: int) -> Array:
        """Tell of every rate (r,) whether run c ends just under its limit."""
        found: Array = self.below(c) & (self.curvature[c] > JUST_UNDER * self.limit[c])
        return found

    def table(self) -> dict[str, Array]:
        """Return the map as columns, a row for every run and rate."""
        runs, count = self.curvature.shape
        return {
            "run": np.repeat(np.arange(runs), count),
            "lr": np.tile(self.rates, runs),
            "curvature": self.curvature.ravel(),
            "curvature_limit": self.limit.ravel(),
        }


@dataclass(frozen=True)
class SharpnessSweep(Rates):
    """Every run of an experiment at `count` rates from `low` to `high`, with `seeds` seeds each."""

    low: float = 1e-3
    high: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "experiment", without_rates(self.experiment))

    def compute(
        self,
        cancel: threading.Event | None = None,
        progress: Callable[[float], None] | None = None,
        executor: Executor | None = None,
    ) -> Sharpnesses:
        """Return the curvatures at the ends of all runs."""
        experiment, runs = self.experiment, self.experiment.runs
        rates = np.geomspace(self.low, self.high, self.count)
        curvature = np.empty((len(runs), self.count))
        limit = np.full(curvature.shape, np.nan)
        for c, run in enumerate(runs):
            plan = experiment.plan(run)
            found = sweep(
                experiment,
                run,
                lr=rates[:, None],
                seed=seeds_of(experiment, run, self.seeds),
                cancel=cancel,
                progress=part(progress, c, len(runs)),
                executor=executor,
            )
            x, y = np.moveaxis(np.where(found.diverged[..., None], 0.0, found.end), -1, 0)
            sharp = sharpness_at(plan.objective, x, y, plan.coupled)
            curvature[c] = quantile(np.where(found.diverged, np.inf, sharp), 0.5)
            share = stability_limit(plan.rule, plan.run.hyper, 1.0)
            if share is not None:
                last = np.where(
                    found.by_stopping_rule, np.maximum(found.steps - 1, 0), plan.steps - 1
                )
                left = quantile(plan.rates()[last] / plan.lr, 0.5)  # by the schedule
                with np.errstate(divide="ignore"):
                    limit[c] = share / (rates * left)
        return Sharpnesses(rates, curvature, limit)
