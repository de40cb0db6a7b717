"""The simulation alone: a step of a single run, and the experiments that the page shows.

A step of each rule (Rosenbrock's valley, 20,000 steps) is told beside gradient descent in plain
Python. The compiled loop alone, with all that it records, is held against the same loop in C
(`runs.c`), compiled here once as asked for and once without fused multiply-adds: the second must
agree to the bit, the faster of the two is what counts. All are compiled beforehand and take turns;
a time is the least of all turns, for whatever else the machine does only lengthens it.

Where a run is at rest its moments shrink until they are subnormal numbers, which cost the processor
ten times as much as others, in C too.
"""

from __future__ import annotations

import argparse
import ctypes
import inspect
import math
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from common import LARGE, RATES, ROOT, SMALL, Row, in_turns, report

sys.path.insert(0, str(ROOT))
from optimizers import OPTIMIZERS, Experiment, Run, simulate
from optimizers.simulation import driver

STEPS = 20_000
SURFACES = ("Quadratic", "Rosenbrock", "Himmelblau")
# At these no run comes to rest on any of the surfaces.
SLOW = {"SGD": 1e-5, "Momentum": 1e-6, "Adam": 1e-4}
AT_REST = 0.01  # Adam on Himmelblau's function from its 7,000th step
FLAGS = ("-ffp-contract=off", "-ffp-contract=fast")


def experiment(names: list[str], steps: int) -> Experiment:
    runs = tuple(Run(name, lr=RATES.get(name)) for name in names)
    return Experiment("Rosenbrock", steps=steps, runs=runs)


def plain(steps: int) -> None:
    """Take gradient-descent steps with Python's own numbers."""
    x, y, rate, b = -1.2, 1.0, RATES["SGD"], 100.0
    path, losses = [], []
    for _ in range(steps):
        gap = y - x * x
        path.append((x, y))
        losses.append((1 - x) ** 2 + b * gap * gap)
        x, y = x - rate * (-2 * (1 - x) - 4 * b * x * gap), y - rate * 2 * b * gap


def seconds(work: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Return the least time of each piece of work; they take turns."""
    return {name: min(found) for name, found in in_turns(work, repeats).items()}


# --- Against C ----------------------------------------------------------------------------------


def compiled(folder: Path) -> list[Any]:
    """Return the loops of runs.c, as each of the FLAGS compiles them."""
    found = []
    for flag in FLAGS:
        library = folder / f"runs{flag}.so"
        command = ["cc", "-O3", "-march=native", flag, "-shared", "-fPIC", "-o", str(library)]
        subprocess.run([*command, str(Path(__file__).with_name("runs.c")), "-lm"], check=True)
        found.append(ctypes.CDLL(str(library)))
    return found


def own_loop(one: Experiment) -> Callable[[], object]:
    """Return a call of the compiled loop as `simulate` makes it for an experiment of one run."""
    given: list[Any] = []
    loop = driver.run

    def caught(*arguments: Any) -> Any:
        given.extend(arguments)
        return loop(*arguments)

    driver.run = caught
    try:
        simulate(one)
    finally:
        driver.run = loop
    state = given[list(inspect.signature(loop).parameters).index("state")]

    def call() -> object:
        state[:] = 0.0
        return loop(*given)

    return call


def c_loop(loops: Any, one: Experiment) -> tuple[Callable[[], object], np.ndarray[Any, Any]]:
    """Return a call of the loop in C for an experiment of one run, and the path that it fills."""
    (run,), params = one.runs, list(one.params.values())
    if one.surface == "Quadratic":
        angle = math.radians(params.pop())
        params += [math.cos(angle), math.sin(angle)]
    rows = len(OPTIMIZERS[run.optimizer].state)
    path, loss = np.empty((STEPS + 1, 2)), np.empty(STEPS + 1)
    gradient, states = np.empty((STEPS, 2)), np.empty((STEPS, rows, 2))
    path[0] = one.start
    numbers = [np.array([*values, 0.0]) for values in (params, run.hyper.values())]
    held = [numbers[0], one.plan(run).rates(), numbers[1], path, loss, gradient, states]
    addresses = [ctypes.c_void_p(array.ctypes.data) for array in held]
    function = getattr(loops, f"{one.surface}_{run.optimizer}".lower())

    def call() -> object:
        return held and function(STEPS, *addresses)

    return call, path


def against_c(name: str, one: Experiment, libraries: list[Any], repeats: int) -> Row:
    """Return how a step stands to one in C, once both have made the same path."""
    (trajectory,) = simulate(one)
    work, paths = {"own": own_loop(one)}, []
    for flag, library in zip(FLAGS, libraries, strict=True):
        work[flag], path = c_loop(library, one)
        paths.append(path)
    found = seconds(work, repeats)
    np.testing.assert_array_equal(paths[0], trajectory.path)
    own, c = found["own"], min(found[flag] for flag in FLAGS)
    told = f"{1e9 * own / STEPS:.1f} ns  C {1e9 * c / STEPS:.1f} ns  {own / c:.2f}x"
    return name, told, "2.5x", own / c <= 2.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=30)
    repeats = parser.parse_args().repeats
    singles = {name: experiment([name], STEPS) for name in OPTIMIZERS}
    for name, one in singles.items():
        done = len(simulate(one)[0].lr)
        if done != STEPS:
            raise RuntimeError(f"{name} ended after {done} of {STEPS} steps")
    work: dict[str, Callable[[], object]] = {"plain Python, SGD": lambda: plain(STEPS)}
    work |= {name: partial(simulate, one) for name, one in singles.items()}
    found = seconds(work, repeats)
    base = found["plain Python, SGD"]
    rows: list[Row] = [
        (name, f"{1e9 * took / STEPS:,.0f} ns  {base / took:5.1f}x", "", None)
        for name, took in found.items()
    ]
    report("one step of simulate(), and how much faster", rows)
    cases = {
        f"{surface}, {rule}": Experiment(surface, steps=STEPS, runs=(Run(rule, lr),))
        for surface in SURFACES
        for rule, lr in SLOW.items()
    }
    cases["Himmelblau, Adam, at rest from step 7,000"] = Experiment(
        "Himmelblau", steps=STEPS, runs=(Run("Adam", AT_REST),)
    )
    with tempfile.TemporaryDirectory() as folder:
        try:
            libraries = compiled(Path(folder))
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"there is no C compiler: {error}\n")  # noqa: T201
        else:
            rows = [against_c(name, one, libraries, repeats) for name, one in cases.items()]
            report("one step of the loop", rows)
    shown = {str(s): experiment(s.optimizers, s.steps) for s in (SMALL, LARGE)}
    found = seconds({name: partial(simulate, e) for name, e in shown.items()}, 10 * repeats)
    rows = [(name, f"{1e3 * took:.2f} ms", "1 ms", took <= 0.001) for name, took in found.items()]
    report("simulate()", rows)


if __name__ == "__main__":
    main()
