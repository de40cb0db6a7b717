"""Batches of real samples against the same loops in C: a run with its batch losses, and a sweep.

Both see the same samples in the same order. C is compiled here with all that the processor has; the
sweep uses all processors in both. A time is the least of several, taken in turns. What the order of
the samples costs is told apart: it is made once for all runs of a seed.

    python benchmarks/data.py
"""

from __future__ import annotations

import ctypes
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from common import ROOT, Row, in_turns, report

sys.path.insert(0, str(ROOT))
from optimizers import Experiment, Run, simulate, sweep
from optimizers.simulation.epochs import order

SAMPLES, SIZE, EPOCHS = 10_000, 32, 20
UPDATES = EPOCHS * -(-SAMPLES // SIZE)
RATES, SEEDS = np.geomspace(1e-4, 1e-1, 101), np.arange(16)
KINDS = ("Linear regression", "Logistic regression", "One hidden unit")
RATE = 0.01
TARGET = 1.5

Array = np.ndarray[Any, Any]


def built() -> ctypes.CDLL:
    """Return the C loops, compiled."""
    file = Path(tempfile.mkdtemp()) / "data.so"
    source = str(Path(__file__).with_suffix(".c"))
    flags = ["-O3", "-march=native", "-fopenmp", "-shared", "-fPIC"]
    subprocess.run(["cc", *flags, source, "-o", str(file), "-lm"], check=True)
    return ctypes.CDLL(str(file))


def at(array: Array) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


class Case:
    """One surface, its samples as C has them, and the same work for both."""

    def __init__(self, name: str, library: ctypes.CDLL) -> None:
        self.kind, self.library = KINDS.index(name), library
        run = Run("SGD", RATE, batch_size=SIZE)
        self.single = Experiment(name, samples=SAMPLES, steps=UPDATES, runs=(run,))
        self.many = Experiment(name, samples=SAMPLES, steps=UPDATES // EPOCHS, runs=(run,))
        data = self.single.objectives[0].data
        assert data is not None
        first, one = data.x[:, 0], np.ones(SAMPLES)
        rows = {
            "Linear regression": (first, one, data.y),
            "Logistic regression": (first, data.x[:, -1], 2 * data.y - 1),
            "One hidden unit": (first, one, data.y),
        }[name]
        self.data = np.ascontiguousarray(np.column_stack(rows))
        self.order = order(0, SAMPLES, EPOCHS)
        self.orders = np.array([order(int(seed), SAMPLES, 1) for seed in SEEDS])
        self.x, self.y = self.single.plan(run).start

    def ours(self) -> tuple[Array, Array]:
        (found,) = simulate(self.single)
        assert found.batch_loss is not None
        return found.path, found.batch_loss

    def c(self) -> tuple[Array, Array]:
        path, loss = np.empty((UPDATES + 1, 2)), np.empty(UPDATES)
        path[0] = self.x, self.y
        self.library.run(
            *(self.kind, at(self.data), at(self.order), SAMPLES, SIZE, UPDATES),
            *(ctypes.c_double(RATE), at(path), at(loss)),
        )
        return path, loss

    def our_sweep(self) -> Array:
        run = self.many.runs[0]
        found = sweep(self.many, run, lr=RATES[:, None], seed=SEEDS)
        return np.concatenate([found.end, found.loss[..., None]], axis=-1)

    def c_sweep(self) -> Array:
        ends = np.empty((len(RATES), len(SEEDS), 3))
        self.library.sweep(
            *(self.kind, at(self.data), at(self.orders), SAMPLES, SIZE, UPDATES // EPOCHS),
            *(len(SEEDS), SAMPLES, at(RATES), len(RATES)),
            *(ctypes.c_double(self.x), ctypes.c_double(self.y), at(ends)),
        )
        return ends


def main() -> None:
    library = built()
    rows: list[Row] = []
    for name in KINDS:
        case = Case(name, library)
        for mine, theirs in zip(case.ours(), case.c(), strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(case.our_sweep(), case.c_sweep(), rtol=1e-6, atol=1e-9)
        for what, ours, c, repeats in (
            (f"{UPDATES} updates", case.ours, case.c, 15),
            ("sweep", case.our_sweep, case.c_sweep, 7),
        ):
            times = {k: min(v) for k, v in in_turns({"ours": ours, "C": c}, repeats).items()}
            ratio = times["ours"] / times["C"]
            milliseconds = f"{1e3 * times['ours']:.2f} ms, C {1e3 * times['C']:.2f}"
            title = f"{name}, {what}: {milliseconds}"
            rows.append((title, f"{ratio:.2f}x", f"{TARGET}x", ratio <= TARGET))
    began = time.perf_counter()
    order(99, SAMPLES, EPOCHS)  # of a seed that nobody has asked for
    made = f"{1e3 * (time.perf_counter() - began):.1f} ms"
    rows.append((f"the order of {EPOCHS} epochs, once for a seed", made, "", None))
    report("Batches of real samples against C", rows)


if __name__ == "__main__":
    main()
