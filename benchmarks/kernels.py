"""The simulation alone: time per step of single runs, and of the experiments that the page shows.

One number is the median, over repeats taken in turns, of a whole run's time divided by its steps
(Rosenbrock's valley, 20,000 steps, compiled beforehand). The ratio is to gradient descent on the
same surface in plain Python.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Callable
from functools import partial

from common import LARGE, RATES, ROOT, SMALL, in_turns, report

sys.path.insert(0, str(ROOT))
from optimizers import OPTIMIZERS, Experiment, Run, simulate

STEPS = 20_000


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
    """Return the median time of each piece of work; they take turns."""
    return {name: statistics.median(found) for name, found in in_turns(work, repeats).items()}


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
    rows = [
        (name, f"{1e9 * took / STEPS:,.0f} ns  {base / took:5.1f}x", "", None)
        for name, took in found.items()
    ]
    report("one step, and how much faster", rows)
    shown = {str(s): experiment(s.optimizers, s.steps) for s in (SMALL, LARGE)}
    found = seconds({name: partial(simulate, e) for name, e in shown.items()}, 10 * repeats)
    rows = [(name, f"{1e3 * took:.2f} ms", "", None) for name, took in found.items()]
    report("simulate()", rows)


if __name__ == "__main__":
    main()
