"""Maps against the same loops in C and in NumPy, and their cost against the number of cells.

The three compute the same 500 updates of every cell and stop the same cells early: those that have
diverged, and in gradient descent those that no longer move. The C loops (`maps.c`) are compiled
here, once as asked for and once without fused multiply-adds: the second must agree with `sweep`
and NumPy to the bit, the faster of the two is what counts. C and `sweep` use all processors, and
the threads of `sweep` give way to whatever else the machine does: they are compared by the
processor time that they take, the least of several, in turns. The time against cells is that until
the map is there.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from common import ROOT, Row, in_turns, report

sys.path.insert(0, str(ROOT))
from optimizers import Experiment, Run, sweep

STEPS = 500
BIG = 1e6
VALLEY, START = 100.0, (-1.2, 1.0)
DESCENT_RATE, BALL_RATE, MU, ADAM_RATE = 0.01, 0.003, 0.9, 0.1
BETA1, BETA2, EPS = 0.9, 0.999, 1e-8
CORRECTION1, CORRECTION2 = (
    np.array([1 - beta ** float(t) for t in range(1, STEPS + 1)]) for beta in (BETA1, BETA2)
)
SIZES = (32, 64, 128, 256, 512, 1024)

Array = np.ndarray[Any, Any]


def starts(size: int) -> Array:
    """Return size x size starts in Himmelblau's frame."""
    side = np.linspace(-6, 6, size)
    return np.stack(np.meshgrid(side, side), axis=-1)


RATES, MOMENTA = np.geomspace(1e-5, 1e-2, 128), np.linspace(0, 0.999, 128)
GRID = np.broadcast_arrays(RATES, MOMENTA[:, None])
BASINS = starts(256)


# --- The sweep ----------------------------------------------------------------------------------


def swept_momentum() -> Array:
    experiment = Experiment("Rosenbrock", {"b": VALLEY}, START, STEPS)
    return sweep(
        experiment, Run("Momentum"), lr=RATES, hyper={"momentum": MOMENTA[:, None]}
    ).end.reshape(-1, 2)


def swept_descent(places: Array = BASINS) -> Array:
    experiment = Experiment("Himmelblau", steps=STEPS)
    return sweep(experiment, Run("SGD", DESCENT_RATE), start=places).end.reshape(-1, 2)


def swept_ball() -> Array:
    experiment = Experiment("Himmelblau", steps=STEPS)
    run = Run("Momentum", BALL_RATE, {"momentum": MU})
    return sweep(experiment, run, start=BASINS).end.reshape(-1, 2)


def swept_adam(places: Array = BASINS) -> Array:
    run = Run("Adam", ADAM_RATE, {"beta1": BETA1, "beta2": BETA2, "eps": EPS})
    return sweep(Experiment("Himmelblau", steps=STEPS), run, start=places).end.reshape(-1, 2)


# --- NumPy: all cells at once, without those that have ended -------------------------------------


def numpy_momentum() -> Array:
    lr, mu = (array.ravel() for array in GRID)
    end = np.empty((lr.size, 2))
    cell = np.arange(lr.size)
    x, y = (np.full(lr.size, value) for value in START)
    vx, vy = np.zeros(lr.size), np.zeros(lr.size)
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(STEPS):
            off = y - x * x
            loss = (1 - x) ** 2 + VALLEY * off * off
            fine = (np.abs(x) <= BIG) & (np.abs(y) <= BIG) & np.isfinite(loss)
            if not fine.all():
                end[cell[~fine]] = np.stack([x[~fine], y[~fine]], axis=-1)
                kept = (array[fine] for array in (cell, lr, mu, x, y, vx, vy, off))
                cell, lr, mu, x, y, vx, vy, off = kept
            vx = mu * vx + (-2 * (1 - x) - 4 * VALLEY * x * off)
            vy = mu * vy + 2 * VALLEY * off
            x = x - lr * vx
            y = y - lr * vy
    end[cell] = np.stack([x, y], axis=-1)
    return end


def numpy_descent() -> Array:
    x, y = BASINS.reshape(-1, 2).T
    end = np.empty((x.size, 2))
    cell = np.arange(x.size)
    for _ in range(STEPS):
        u, v = x * x + y - 11, x + y * y - 7
        new_x = x - DESCENT_RATE * (4 * x * u + 2 * v)
        new_y = y - DESCENT_RATE * (2 * u + 4 * y * v)
        moved = (new_x != x) | (new_y != y)
        if not moved.all():
            end[cell[~moved]] = np.stack([x[~moved], y[~moved]], axis=-1)
            cell, new_x, new_y = cell[moved], new_x[moved], new_y[moved]
        x, y = new_x, new_y
    end[cell] = np.stack([x, y], axis=-1)
    return end


def numpy_ball() -> Array:
    x, y = BASINS.reshape(-1, 2).T
    vx, vy = np.zeros_like(x), np.zeros_like(y)
    for _ in range(STEPS):
        u, v = x * x + y - 11, x + y * y - 7
        vx = MU * vx + (4 * x * u + 2 * v)
        vy = MU * vy + (2 * u + 4 * y * v)
        x = x - BALL_RATE * vx
        y = y - BALL_RATE * vy
    return np.stack([x, y], axis=-1)


def numpy_adam() -> Array:
    place = BASINS.reshape(-1, 2).T.copy()
    m, s = np.zeros_like(place), np.zeros_like(place)
    for correction1, correction2 in zip(CORRECTION1, CORRECTION2, strict=True):
        x, y = place
        u, v = x * x + y - 11, x + y * y - 7
        g = np.stack([4 * x * u + 2 * v, 2 * u + 4 * y * v])
        m = BETA1 * m + (1 - BETA1) * g
        s = BETA2 * s + (1 - BETA2) * g * g
        rate = ADAM_RATE / correction1
        place = place - rate * m / (np.sqrt(s) / np.sqrt(correction2) + EPS)
    return place.T


# --- C ------------------------------------------------------------------------------------------


class Loops:
    """The compiled loops of maps.c."""

    def __init__(self, folder: Path, *flags: str) -> None:
        library = folder / f"maps{''.join(flags)}.so"
        source = Path(__file__).with_name("maps.c")
        command = ["cc", "-O3", "-march=native", "-fopenmp", *flags, "-shared", "-fPIC"]
        subprocess.run([*command, str(source), "-o", str(library), "-lm"], check=True)
        self._library = ctypes.CDLL(str(library))

    def _call(self, name: str, cells: int, *arguments: Any) -> Array:
        """Call a loop; numbers go in as doubles and arrays as pointers, the ends come out."""
        end = np.empty((cells, 2))
        held = [np.ascontiguousarray(a) if isinstance(a, np.ndarray) else a for a in arguments]
        getattr(self._library, name)(
            ctypes.c_int(cells),
            ctypes.c_int(STEPS),
            *(
                a.ctypes.data_as(ctypes.c_void_p)
                if isinstance(a, np.ndarray)
                else ctypes.c_double(a)
                for a in (*held, end)
            ),
        )
        return end

    def momentum(self) -> Array:
        lr, mu = GRID
        return self._call("momentum", lr.size, VALLEY, *START, lr, mu)

    def descent(self) -> Array:
        return self._call("descent", BASINS.size // 2, DESCENT_RATE, BASINS)

    def ball(self) -> Array:
        return self._call("ball", BASINS.size // 2, BALL_RATE, MU, BASINS)

    def adam(self) -> Array:
        numbers = (ADAM_RATE, BETA1, BETA2, EPS, CORRECTION1, CORRECTION2)
        return self._call("adam", BASINS.size // 2, *numbers, BASINS)


# --- The comparison -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """One map, computed in three ways."""

    name: str
    loop: str
    swept: Callable[[], Array]
    numpy: Callable[[], Array]


CASES = (
    Case("128 x 128 rates x momenta, Rosenbrock", "momentum", swept_momentum, numpy_momentum),
    Case("256 x 256 starts, Himmelblau, GD", "descent", swept_descent, numpy_descent),
    Case("256 x 256 starts, Himmelblau, Momentum", "ball", swept_ball, numpy_ball),
    Case("256 x 256 starts, Himmelblau, Adam", "adam", swept_adam, numpy_adam),
)


def least(
    work: dict[str, Callable[[], object]], repeats: int, clock: Callable[[], float]
) -> dict[str, float]:
    """Return the least time of each piece of work, in seconds; they take turns."""
    return {name: min(found) for name, found in in_turns(work, repeats, clock).items()}


def compare(case: Case, loops: list[Loops], repeats: int) -> Row:
    """Return how one map's time stands to that of C and of NumPy, once all three agree."""
    work: dict[str, Callable[[], object]] = {"sweep": case.swept, "NumPy": case.numpy}
    expected = case.swept()
    np.testing.assert_array_equal(case.numpy(), expected)
    for number, loop in enumerate(loops):
        work[f"C {number}"] = getattr(loop, case.loop)
        if number == 0:
            np.testing.assert_array_equal(getattr(loop, case.loop)(), expected)
    found = least(work, repeats, time.process_time)
    own, slow = found["sweep"], found["NumPy"]
    c = min((took for name, took in found.items() if name[0] == "C"), default=None)
    told = f"{1e3 * own:.2f} ms  NumPy {slow / own:.1f}x"
    if c is None:
        return case.name, told, "", None
    return case.name, f"{told}  {own / c:.2f}x of C", "0.3x of C", own / c <= 0.3


def growth(repeats: int) -> list[Row]:
    """Return rows of time against the number of cells."""
    rows = []
    for name, function in (("GD", swept_descent), ("Adam", swept_adam)):
        work = {str(size): partial(function, starts(size)) for size in SIZES}
        for size, took in least(work, repeats, time.perf_counter).items():
            cells = int(size) ** 2
            told = f"{1e3 * took:.2f} ms  {1e9 * took / cells:,.0f} ns a cell"
            rows.append((f"{size} x {size} starts, {name}", told, "", None))
    return rows


def small(repeats: int) -> Row:
    """Return the time of small maps that are made one after another, as a page's are."""
    work = {"32": partial(swept_descent, starts(32))}
    took = least(work, 20 * repeats, time.perf_counter)["32"]
    return "32 x 32 starts, GD, one after another", f"{1e3 * took:.2f} ms", "0.5 ms", took <= 0.0005


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    repeats = parser.parse_args().repeats
    with tempfile.TemporaryDirectory() as folder:
        loops = []
        # Else OpenMP's threads go on spinning for milliseconds, in the time of whoever is next.
        os.environ["OMP_WAIT_POLICY"] = "passive"
        try:
            loops = [Loops(Path(folder), "-ffp-contract=off"), Loops(Path(folder))]
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"compared with NumPy alone, there is no C compiler with OpenMP: {error}\n")  # noqa: T201
        report(
            "processor time of a map, and of others",
            [compare(case, loops, repeats) for case in CASES],
        )
    report("a small map", [small(repeats)])
    report("time against cells, in turns", growth(max(repeats // 2, 1)))


if __name__ == "__main__":
    main()
