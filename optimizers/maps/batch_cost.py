"""What a batch costs on this machine: updates of a linear model are timed for each batch size.

It is the one request whose answer is measured, and so another on every machine and every day.
"""

from __future__ import annotations

import datetime
import os
import platform
import threading
import time
import tracemalloc
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from landscape.checks import check_number
from optimizers.maps.base import Array, Result
from optimizers.simulation.experiment import check_count
from optimizers.simulation.sweep import Cancelled

MOST_NUMBERS = 2**24  # samples x features: 128 MB
FEWEST_UPDATES = 3  # that are timed of each size, however long they take
RATE = 1e-4
# As long as so many updates of a short sweep: it is made by the process for what takes long.
UPDATES = 2**24


@dataclass(frozen=True)
class BatchCost:
    """A request to time updates of a linear model of `features` weights on `samples`.

    Batches have 1, 4, 16, ... samples, and all of them; each size is timed for some `seconds`.
    """

    samples: int = 4096
    features: int = 1000
    seconds: float = 0.2

    def __post_init__(self) -> None:
        put, most = object.__setattr__, MOST_NUMBERS
        put(self, "samples", check_count("samples", self.samples, most, least=2))
        put(self, "features", check_count("features", self.features, most // self.samples))
        put(self, "seconds", check_number("seconds", self.seconds, 0.001, 1.0))

    @property
    def sizes(self) -> list[int]:
        """The batch sizes, rising."""
        return [*(4**k for k in range(12) if 4**k < self.samples), self.samples]

    @property
    def updates(self) -> int:
        """How many updates of a sweep take about as long."""
        return UPDATES

    def coarse(self) -> None:
        """Return None: nothing is saved by a coarser look."""

    def compute(
        self,
        cancel: threading.Event | None = None,
        progress: Callable[[float], None] | None = None,
        executor: Executor | None = None,
    ) -> BatchCosts:
        """Return what was measured; raise Cancelled soon after `cancel` is set.

        It is this machine that is measured, and so there is no use for an `executor`: ValueError.
        """
        if executor is not None:
            raise ValueError("executor: must be None, for what is timed is this machine")
        random = np.random.default_rng(0)
        x = random.standard_normal((self.samples, self.features))
        y = x @ random.standard_normal(self.features)
        order, sizes = random.permutation(self.samples), self.sizes
        seconds, held = np.empty(len(sizes)), np.empty(len(sizes), dtype=np.int64)
        for k, size in enumerate(sizes):
            weights = np.zeros(self.features)
            times: list[float] = []
            first, until = 0, time.perf_counter() + self.seconds
            while len(times) < FEWEST_UPDATES or time.perf_counter() < until:
                if cancel is not None and cancel.is_set():
                    raise Cancelled
                rows = order[first : first + size]
                began = time.perf_counter()
                update(weights, x, y, rows)
                times.append(time.perf_counter() - began)
                first = 0 if first + 2 * size > self.samples else first + size
            seconds[k] = np.median(times)
            held[k] = memory_of(update, weights, x, y, order[:size])
            if progress is not None:
                progress((k + 1) / len(sizes))
        return BatchCosts(
            sizes=np.array(sizes),
            updates=-(-self.samples // np.array(sizes)),
            seconds=seconds,
            held=held,
            date=datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
            processor=processor(),
            processors=os.cpu_count() or 1,
        )


@dataclass(frozen=True, eq=False)
class BatchCosts(Result):
    """What was measured, for each of s batch sizes.

    `sizes` int64 (s,), `updates` int64 (s,) of an epoch, `seconds` float64 (s,) of an update, the
    median, and `held` int64 (s,), the most bytes that an update takes beside samples and weights.
    """

    sizes: Array
    updates: Array
    seconds: Array
    held: Array
    date: str
    processor: str
    processors: int

    @property
    def epoch(self) -> Array:
        """The seconds of an epoch, float64 (s,)."""
        return self.seconds * self.updates


def update(weights: Array, x: Array, y: Array, rows: Array) -> None:
    """Make one update of gradient descent in place, with the batch of these rows."""
    batch = x[rows]
    error = batch @ weights - y[rows]
    weights -= RATE / len(rows) * (error @ batch)


def memory_of(work: Callable[..., object], *arguments: Any) -> int:
    """Return the most bytes that are held at once while some work is done."""
    tracemalloc.start()
    try:
        work(*arguments)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def processor() -> str:
    """Return what the processor of this machine is called, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or platform.machine()
