"""The noise ball: the loss that remains at a constant rate, against the rate and the theory."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np

from optimizers.maps.base import Array, Rates, Result, gaps, part, seeds_of
from optimizers.registry import OPTIMIZERS
from optimizers.simulation.experiment import Experiment, Run
from optimizers.simulation.schedules import SCHEDULES
from optimizers.simulation.sweep import sweep

CHECKS = 101  # update counts at which the losses are kept


@dataclass(frozen=True, eq=False)
class Stationary(Result):
    """Final losses of noisy runs at a constant rate, compared with theory.

    `rates` (r,); `measured` (c, r) is the mean gap over the last half of the updates and all
    seeds, infinity where runs diverge, and `theory` (c, r) what the stationary variance predicts,
    infinity beyond the limit of stability and NaN where there is no theory.

    `shrinking` (n, k) is the mean gap over the seeds of the first run at its own rate with each of
    `schedules`, after `at` (k,) updates.
    """

    rates: Array
    measured: Array
    theory: Array
    schedules: tuple[str, ...]
    at: Array
    shrinking: Array

    def table(self) -> dict[str, Array]:
        """Return the map as columns, a row for every run and rate."""
        runs, count = self.measured.shape
        return {
            "run": np.repeat(np.arange(runs), count),
            "lr": np.tile(self.rates, runs),
            "measured": self.measured.ravel(),
            "theory": self.theory.ravel(),
        }


@dataclass(frozen=True)
class NoiseBall(Rates):
    """Every run of an experiment at `count` constant rates, with `seeds` seeds each.

    The runs start at a global minimizer, so that what is measured is the noise and not the way
    there; the runs with each schedule start where the experiment does.
    """

    count: int = 41
    seeds: int = 100

    @property
    def updates(self) -> int:
        """How many updates all its runs make, those with each schedule among them."""
        steps = self.experiment.plan(self.experiment.runs[0]).steps
        return super().updates + len(SCHEDULES) * self.seeds * steps

    def compute(
        self,
        cancel: threading.Event | None = None,
        progress: Callable[[float], None] | None = None,
        executor: Executor | None = None,
    ) -> Stationary:
        """Return the losses that remain."""
        experiment, runs = self.experiment, self.experiment.runs
        rates = np.geomspace(self.low, self.high, self.count)
        parts = len(runs) + len(SCHEDULES)
        measured = []
        for done, run in enumerate(runs):
            plan = experiment.plan(run)
            start = [(p.x, p.y) for p in plan.objective.minimizers()][:1] or [plan.start]
            found = sweep(
                experiment,
                replace(run, schedule="Constant", schedule_params={}, warmup=0),
                lr=rates[:, None],
                seed=seeds_of(experiment, run, self.seeds),
                start=np.array(start[0]),
                record=min(CHECKS, plan.steps + 1),
                cancel=cancel,
                progress=part(progress, done, parts),
                executor=executor,
            )
            assert found.losses is not None
            assert found.recorded_at is not None
            late = found.losses[..., len(found.recorded_at) // 2 :]
            gap = gaps(plan.objective, late, np.isnan(late))
            measured.append(gap.mean(axis=(-2, -1)))
        expected = [predicted(experiment, run, rates) for run in runs]
        shrinking: list[Array] = []
        at: Array = np.zeros(0)
        for done, name in enumerate(SCHEDULES, len(runs)):
            found = sweep(
                experiment,
                replace(runs[0], schedule=name, schedule_params={}),
                seed=seeds_of(experiment, runs[0], self.seeds),
                record=min(CHECKS, experiment.plan(runs[0]).steps + 1),
                cancel=cancel,
                progress=part(progress, done, parts),
                executor=executor,
            )
            assert found.losses is not None
            assert found.recorded_at is not None
            gap = gaps(experiment.plan(runs[0]).objective, found.losses, np.isnan(found.losses))
            shrinking.append(gap.mean(axis=0))
            at = found.recorded_at
        return Stationary(
            rates,
            np.array(measured),
            np.array(expected),
            tuple(SCHEDULES),
            at,
            np.array(shrinking),
        )


def predicted(experiment: Experiment, run: Run, rates: Array) -> Array:
    """Return the stationary mean gap of a heavy ball on a quadratic, (r,), else NaN.

    Along an eigenvector of curvature l the position's variance is
    lr s^2 (1 + mu) / (l (1 - mu) (2 (1 + mu) - lr l)), where s is the standard deviation of the
    batch's gradient along it, and the mean gap l / 2 times that. Infinity where the run is
    unstable.
    """
    objective = experiment.plan(run).objective
    ball = OPTIMIZERS[run.optimizer].ball_of(run.hyper)
    # Batches of a reshuffled order are not independent of each other: what one epoch's batches lack
    # the next ones have, and the cloud is smaller than that of independent draws.
    plan = experiment.plan(run)
    known = objective.quadratic and not (run.weight_decay or objective.count)
    known = known and not (plan.clipping.on or plan.stopping.on)
    if ball is None or not known:
        return np.full(len(rates), np.nan)
    mu, share = ball
    lr = share * rates
    hxx, hxy, hyy = objective.hessian(0.0, 0.0)
    total = np.zeros(len(rates))
    curvatures, axes = np.linalg.eigh([[hxx, hxy], [hxy, hyy]])
    variances = plan.noise_rms**2 * np.diag(axes.T @ plan.covariance @ axes)
    for curvature, variance in zip(curvatures, variances, strict=True):
        room = 2 * (1 + mu) - lr * curvature
        with np.errstate(divide="ignore"):
            share = lr * variance * (1 + mu) / (2 * (1 - mu) * room)
        total += np.where(room > 0, share, np.inf)
    return total
