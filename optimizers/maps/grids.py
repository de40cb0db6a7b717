"""Maps over the learning rate and one more number: momentum, or the batch size."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace

import numpy as np

from landscape.checks import check_names, check_number
from landscape.language import msgid
from optimizers.maps.base import (
    MOST_SIDE,
    Array,
    Result,
    batch_axis,
    best_of,
    check_rates,
    gaps,
    quantile,
    seeds_of,
    updates_of,
)
from optimizers.registry import OPTIMIZERS
from optimizers.simulation.chunks import cost_of
from optimizers.simulation.experiment import MOST_STEPS, Experiment, check_count
from optimizers.simulation.sweep import Sweep, sweep

# The hyperparameter of each rule that is the share of past gradients it keeps.
MOMENTUM_LIKE = {name: rule.memory.hyper for name, rule in OPTIMIZERS.items() if rule.memory}
LOSS, STEPS = msgid("final loss"), msgid("updates to the tolerance")
MEASURES = (LOSS, STEPS)
UPDATES, SAMPLES = msgid("updates"), msgid("samples")
BUDGETS = (UPDATES, SAMPLES)
# The lab's rate and momentum, or batch size; None is the default, or the full batch. They are drawn
# on the map; changing them must not mean a new map.
Here = tuple[float | None, float | None]


@dataclass(frozen=True, eq=False)
class Grid(Result):
    """A map (h, r) over `rates` (r,) and `others` (h,): momenta, or batch sizes.

    `gap` is the median over the seeds of how far above the lowest loss a run ends, infinity where
    it diverges; `arrived` the median number of updates until the gap is below the tolerance,
    infinity where it is not; `steps` (h,) the updates of every row.
    """

    rates: Array
    others: Array
    gap: Array
    arrived: Array
    steps: Array
    name: str  # of the others

    def ridge(self) -> Array:
        """Return the best rate of every row, (h,): the middle one of equals, NaN if all diverge."""
        best = [best_of(self.rates, row) for row in self.gap]
        return np.where(np.isfinite(self.gap.min(axis=1)), best, np.nan)

    def table(self) -> dict[str, Array]:
        """Return the map as columns, a row for every pixel."""
        h, r = self.gap.shape
        return {
            "lr": np.tile(self.rates, h),
            self.name: np.repeat(self.others, r),
            "updates": np.repeat(self.steps, r),
            "gap": self.gap.ravel(),
            "updates_to_tolerance": self.arrived.ravel(),
        }


@dataclass(frozen=True)
class MomentumGrid:
    """The first run of an experiment at `size` rates and as many momenta.

    The momenta are evenly spaced in the logarithm of 1 - momentum, from 0 to `most`: their effect
    is a memory of 1 / (1 - momentum) updates.
    """

    experiment: Experiment
    low: float = 1e-4
    high: float = 10.0
    size: int = 128
    seeds: int = 1
    most: float = 0.999
    tolerance: float = 1e-3
    measure: str = field(default=LOSS, compare=False)  # what is shown of the same map
    here: Here | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        put = functools.partial(object.__setattr__, self)
        check_rates(self, "size", MOST_SIDE)
        put("most", check_number("most", self.most, 0.1, 0.999))
        put("tolerance", check_number("tolerance", self.tolerance, 1e-12, 1e6))
        check_names("measure", (self.measure,), MEASURES)
        run = self.experiment.runs[0]
        check_names("optimizer", (run.optimizer,), MOMENTUM_LIKE)
        put("here", tuple(self.here or (run.lr, run.hyper[self.hyper])))
        run = replace(run, lr=None, hyper={**run.hyper, self.hyper: 0.0})
        put("experiment", replace(self.experiment, runs=(run,)))

    @property
    def hyper(self) -> str:
        """The name of the hyperparameter."""
        return MOMENTUM_LIKE[self.experiment.runs[0].optimizer]

    def coarse(self) -> MomentumGrid | None:
        """Return the same with few rates and momenta."""
        return replace(self, size=self.size // 4) if self.size >= 64 else None

    @property
    def updates(self) -> int:
        """How many updates all its runs make."""
        return self.size**2 * self.seeds * updates_of(self.experiment)

    def compute(
        self,
        cancel: threading.Event | None = None,
        progress: Callable[[float], None] | None = None,
        executor: Executor | None = None,
    ) -> Grid:
        """Return the map."""
        experiment, run = self.experiment, self.experiment.runs[0]
        rates = np.geomspace(self.low, self.high, self.size)
        momenta = 1 - np.geomspace(1.0, 1 - self.most, self.size)
        found = sweep(
            experiment,
            run,
            lr=rates[:, None],
            hyper={self.hyper: momenta[:, None, None]},
            seed=seeds_of(experiment, run, self.seeds),
            tolerance=self.tolerance if bounded(experiment) else None,
            cancel=cancel,
            progress=progress,
            executor=executor,
        )
        steps = np.full(self.size, experiment.plan(run).steps)
        return Grid(rates, momenta, *medians(experiment, found), steps, self.hyper)


@dataclass(frozen=True)
class BatchGrid:
    """The first run of an experiment at `size` rates and every batch size, one batch an update.

    With the budget `updates` every run makes the experiment's updates; with `samples` it sees as
    many samples as the experiment's updates do at a batch of `reference`, so that a run with small
    batches makes more updates. Rows whose updates would be more than MOST_STEPS are left out.
    """

    experiment: Experiment
    low: float = 1e-4
    high: float = 10.0
    size: int = 64
    seeds: int = 16
    budget: str = UPDATES
    reference: int = 32
    tolerance: float = 1e-3
    measure: str = field(default=LOSS, compare=False)  # what is shown of the same map
    here: Here | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        put = functools.partial(object.__setattr__, self)
        check_rates(self, "size", MOST_SIDE)
        put("reference", check_count("reference", self.reference, 65_536))
        put("tolerance", check_number("tolerance", self.tolerance, 1e-12, 1e6))
        check_names("budget", (self.budget,), BUDGETS)
        check_names("measure", (self.measure,), MEASURES)
        run = self.experiment.runs[0]
        size = None if run.batch_size is None else self.experiment.plan(run).batch_size
        put("here", tuple(self.here or (run.lr, size)))
        run = replace(run, lr=None, batch_size=None, accumulate=1)
        put("experiment", replace(self.experiment, runs=(run,)))

    def coarse(self) -> BatchGrid | None:
        """Return the same with few rates and seeds."""
        if self.size * self.seeds < 256:
            return None
        size = max(min(self.size, 8), self.size // 4)
        return replace(self, size=size, seeds=max(1, self.seeds // 4))

    @property
    def updates(self) -> int:
        """How many updates all its runs make."""
        updates = int(self.rows()[1].sum()) * cost_of(self.experiment)
        return self.size * self.seeds * updates

    def rows(self) -> tuple[Array, Array]:
        """Return the batch sizes and the updates of each."""
        experiment = self.experiment
        updates = experiment.plan(experiment.runs[0]).steps
        sizes = batch_axis(experiment.samples)
        steps = np.full(len(sizes), updates)
        if self.budget == SAMPLES:
            steps = np.maximum(1, np.rint(updates * self.reference / sizes)).astype(np.int64)
        kept = steps <= MOST_STEPS
        return sizes[kept], steps[kept]

    def compute(
        self,
        cancel: threading.Event | None = None,
        progress: Callable[[float], None] | None = None,
        executor: Executor | None = None,
    ) -> Grid:
        """Return the map."""
        experiment, run = self.experiment, self.experiment.runs[0]
        rates = np.geomspace(self.low, self.high, self.size)
        sizes, steps = self.rows()
        found = sweep(
            experiment,
            run,
            lr=rates[:, None],
            batch_size=sizes[:, None, None],
            steps=steps[:, None, None],
            seed=seeds_of(experiment, run, self.seeds),
            tolerance=self.tolerance if bounded(experiment) else None,
            cancel=cancel,
            progress=progress,
            executor=executor,
        )
        return Grid(rates, sizes, *medians(experiment, found), steps, "batch_size")


def bounded(experiment: Experiment) -> bool:
    return experiment.objectives[0].bounded


def medians(experiment: Experiment, found: Sweep) -> tuple[Array, Array]:
    """Return the median gap and the median updates to the tolerance over the seeds."""
    gap = quantile(gaps(experiment.objectives[0], found.loss, found.diverged), 0.5)
    arrived = found.arrived_at
    return gap, quantile(np.where(arrived < 0, np.inf, arrived.astype(float)), 0.5)
