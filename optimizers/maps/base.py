"""What all maps share: requests, results, and quantiles that allow for infinite losses."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from landscape import Objective
from landscape.checks import check_number
from optimizers.simulation.chunks import cost_of
from optimizers.simulation.experiment import Experiment, Run, check_count

Array = NDArray[Any]
MOST_SEEDS = 1000
MOST_SIDE = 1024
BAND = (0.1, 0.5, 0.9)  # the quantiles over the seeds: bottom, median and top of a band


class Request(Protocol):
    """A map to be computed: frozen and hashable, so that an equal request finds the same map."""

    def compute(
        self,
        cancel: threading.Event | None = None,
        progress: Callable[[float], None] | None = None,
        executor: Executor | None = None,
    ) -> Result:
        """Return the map; raise Cancelled soon after `cancel` is set.

        Its sweeps are made by this machine's threads, or by an `executor`, as `sweep` has it.
        """
        ...

    def coarse(self) -> Request | None:
        """Return a request for a much coarser map, or None where that saves nothing."""
        ...

    @property
    def updates(self) -> int:
        """How many updates all its runs make, if none of them ends early."""
        ...

    def __hash__(self) -> int: ...


@dataclass(frozen=True, eq=False)
class Result:
    """The arrays of a map."""

    @property
    def nbytes(self) -> int:
        """The bytes of all arrays."""
        values = (getattr(self, field.name) for field in fields(self))
        return sum(value.nbytes for value in values if isinstance(value, np.ndarray))

    def table(self) -> dict[str, Array]:
        """Return the map as columns of equal length, by name."""
        raise NotImplementedError


def quantile(values: Array, share: float) -> Array:
    """Return a quantile over the last axis, one of the values; NaN and infinity are the largest."""
    ordered = np.sort(np.where(np.isnan(values), np.inf, values), axis=-1)
    # A copy: a view would keep all runs in memory.
    return ordered[..., round(share * (values.shape[-1] - 1))].copy()


def gaps(objective: Objective, loss: Array, diverged: Array) -> Array:
    """Return how far losses lie above the surface's lowest, infinity for runs that diverged.

    On a surface without a lowest loss, return the losses themselves.
    """
    lowest = objective.lowest() if objective.bounded else 0.0
    above = loss - lowest
    if objective.bounded:
        above = np.maximum(above, 0.0)  # rounding may go below the lowest
    return np.where(diverged | ~np.isfinite(loss), np.inf, above)


def check_seeds(request: Any) -> None:
    """Make a request's `seeds` an int, or raise a ValueError that names it."""
    object.__setattr__(request, "seeds", check_count("seeds", request.seeds, MOST_SEEDS))


def check_rates(request: Any, name: str, most: int) -> None:
    """Convert a request's `low`, `high`, `seeds` and its count of rates, `name`, to plain numbers.

    Raises a ValueError that names what is wrong.
    """
    put = functools.partial(object.__setattr__, request)
    put("low", check_number("low", request.low, 1e-6, 100.0))
    put("high", check_number("high", request.high, 1e-6, 100.0))
    if request.low >= request.high:
        raise ValueError(f"high = {request.high:g}: must be above low = {request.low:g}")
    put(name, check_count(name, getattr(request, name), most, least=2))
    check_seeds(request)


@dataclass(frozen=True)
class Rates:
    """A request for `count` rates from `low` to `high`, evenly spaced in their logarithm.

    Every run of the experiment is made at each of them, with `seeds` seeds.
    """

    experiment: Experiment
    low: float = 1e-4
    high: float = 10.0
    count: int = 101
    seeds: int = 1

    def __post_init__(self) -> None:
        check_rates(self, "count", 1000)

    def coarse(self) -> Self | None:
        """Return the same with few rates and seeds."""
        if self.count * self.seeds <= 400:
            return None
        return replace(self, count=max(2, (self.count - 1) // 4 + 1), seeds=max(1, self.seeds // 8))

    @property
    def updates(self) -> int:
        """How many updates all its runs make."""
        return self.count * self.seeds * updates_of(self.experiment)


def updates_of(experiment: Experiment) -> int:
    """Return how many updates the runs of an experiment make together.

    On a surface made by data each counts as many of others as take as long.
    """
    weight = cost_of(experiment)
    return sum(experiment.plan(run).steps * weight for run in experiment.runs)


def best_of(rates: Array, losses: Array) -> float:
    """Return the rate, of (r,), with the lowest loss, of (r,): the middle one of equals."""
    lowest = np.flatnonzero(losses == losses.min())
    return float(rates[lowest[len(lowest) // 2]])


def without_rates(experiment: Experiment) -> Experiment:
    """Return an experiment for a map that varies the rates: the runs' own play no part.

    Changing them must not mean a new map.
    """
    return replace(experiment, runs=tuple(replace(run, lr=None) for run in experiment.runs))


def one_batch(experiment: Experiment) -> Experiment:
    """Return an experiment whose updates take one batch each, for a map against its size."""
    if all(run.accumulate == 1 for run in experiment.runs):
        return experiment
    return replace(experiment, runs=tuple(replace(run, accumulate=1) for run in experiment.runs))


def batch_axis(samples: int) -> Array:
    """Return the batch sizes along an axis of a map: powers of two, and all samples."""
    return np.array([*(2**k for k in range(samples.bit_length()) if 2**k < samples), samples])


def seeds_of(experiment: Experiment, run: Run, count: int) -> Array:
    """Return the seeds of an ensemble: the run's own and those that follow it."""
    return (experiment.plan(run).seed + np.arange(count, dtype=np.int64)) % 2**32


def noisy(experiment: Experiment) -> bool:
    """Tell whether any run sees noise; without it all seeds are the same run."""
    return any(experiment.plan(run).noisy for run in experiment.runs)


def part(
    progress: Callable[[float], None] | None, done: int, parts: int
) -> Callable[[float], None] | None:
    """Return a callback that reports the progress of one of several parts as part of the whole."""
    return None if progress is None else lambda share: progress((done + share) / parts)
