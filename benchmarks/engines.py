"""Sweeps on engines: one and two processes, what one adds to a chunk, and what many runs cost.

Noisy Adam in Rosenbrock's valley: `--side` x `--side` rates and first betas, each with `--seeds`
seeds. Dask is measured where it is installed, and MPI with --mpi, below mpiexec:

    mpiexec -n 1 python benchmarks/engines.py --mpi

What 10^9 and 10^12 runs would take is extrapolated
from the processor time of this map.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np
from common import ROOT, Row, report

sys.path.insert(0, str(ROOT))
from optimizers import Experiment, Run, Sweep, sweep
from optimizers.simulation import chunks

STEPS = 100
VALLEY = Experiment("Rosenbrock", steps=STEPS, noise=0.5)
RUNS = (1e9, 1e12)
PROCESSORS = (2, 1000)  # that those are counted for


class Here(Executor):
    """No engine: a chunk is made when it is handed over."""

    made = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args))
        self.made += 1
        return future


def noisy_adam(side: int, seeds: int, executor: Executor | None) -> Sweep:
    """Make the map (side, side, seeds)."""
    return sweep(
        VALLEY,
        Run("Adam", batch_size=32),
        lr=np.geomspace(1e-4, 1.0, side)[:, None],
        hyper={"beta1": np.linspace(0.0, 0.99, side)[:, None, None]},
        seed=np.arange(seeds),
        executor=executor,
    )


@contextlib.contextmanager
def processes(count: int) -> Iterator[Executor]:
    """Start processes as an engine."""
    with ProcessPoolExecutor(count, get_context("spawn")) as pool:
        yield pool


@contextlib.contextmanager
def dask(count: int) -> Iterator[Executor]:
    """Start Dask's scheduler with worker processes as an engine."""
    from dask.distributed import Client, LocalCluster

    options = {"processes": True, "dashboard_address": None}
    with LocalCluster(n_workers=count, threads_per_worker=1, **options) as two, Client(two) as c:
        yield c.get_executor()


@contextlib.contextmanager
def mpi(count: int) -> Iterator[Executor]:
    """Start processes of MPI as an engine."""
    from mpi4py.futures import MPIPoolExecutor

    with MPIPoolExecutor(count) as pool:
        yield pool


def process(_: int) -> int:
    """Return who makes this, after a while in which others are busy with the same."""
    time.sleep(0.05)
    return os.getpid()


def warm_up(executor: Executor, count: int) -> None:
    """Wait until every one of `count` workers is there and has loaded its kernels."""
    while len({*executor.map(process, range(4 * count))}) < count:
        pass
    with small_chunks():
        noisy_adam(64, 1, executor)


@contextlib.contextmanager
def small_chunks() -> Iterator[None]:
    """Cut maps into chunks of 64 runs."""
    usual, chunks.CHUNK_UPDATES = chunks.CHUNK_UPDATES, 64 * STEPS
    try:
        yield
    finally:
        chunks.CHUNK_UPDATES = usual


def seconds(work: Callable[[], object]) -> float:
    """Return how long some work takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def overhead(executor: Executor) -> float:
    """Return the seconds that an engine of one worker adds to a chunk: the least of three tries."""
    with small_chunks():
        here, tries = Here(), []
        noisy_adam(64, 1, here)
        for _ in range(3):
            alone = seconds(lambda: noisy_adam(64, 1, Here()))
            tries.append((seconds(lambda: noisy_adam(64, 1, executor)) - alone) / here.made)
        return min(tries)


def measured(side: int, seeds: int, with_mpi: bool) -> Iterator[Row]:
    """Measure all, and yield the table's rows."""
    updates = side * side * seeds * STEPS
    kinds = {"processes": processes}
    if importlib.util.find_spec("dask"):
        kinds["Dask's workers"] = dask
    if with_mpi:
        kinds["MPI's processes"] = mpi
    noisy_adam(64, 1, Here())
    began = time.process_time()  # which others on this machine do not lengthen much
    noisy_adam(side, seeds, Here())
    alone = time.process_time() - began
    per_update = f"{1e9 * alone / updates:.0f} ns an update"
    yield "one thread, its processor time", f"{alone:.1f} s, {per_update}", "", None
    each = {}
    for name, engine in kinds.items():
        for count in (1, 2):
            with engine(count) as executor:
                warm_up(executor, count)
                took = each[name, count] = seconds(lambda: noisy_adam(side, seeds, executor))
                per_update = f"{1e9 * took / updates:.0f} ns an update"
                yield f"{count} of {name}", f"{took:.1f} s, {per_update}", "", None
                if count == 1:
                    added = f"{1e3 * overhead(executor):.2f} ms"
                    yield f"{name}: added to a chunk", added, "", None
        ratio = each[name, 1] / each[name, 2]
        yield f"{name}: two against one", f"{ratio:.2f}x", "1.8x", ratio >= 1.8
    for runs in RUNS:
        for count in PROCESSORS:
            took = alone * runs / (side * side * seeds) / count
            name = f"extrapolated: {runs:.0e} runs on {count:,} processors"
            yield name, f"{took / 3600:,.3g} h", "", None


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=1024)
    parser.add_argument("--seeds", type=int, default=64)
    parser.add_argument("--mpi", action="store_true", help="measure MPI too")
    options = parser.parse_args()
    title = f"{options.side} x {options.side} x {options.seeds} runs of {STEPS} updates"
    rows = measured(options.side, options.seeds, options.mpi)
    report(f"{title}, {os.cpu_count()} processors", rows)


if __name__ == "__main__":
    main()
