"""A typed formula against the hand-written surface: single runs and sweeps of SGD and Adam.

Both take turns; a number is the ratio of their median processor times, of all threads together.

    python benchmarks/formula.py
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
from common import ROOT, Row, report

sys.path.insert(0, str(ROOT))
from landscape import SURFACES, Formula, Surface
from optimizers import Experiment, Run, simulate, sweep

TEXTS = {
    "Rosenbrock": "(1 - x)^2 + 100*(y - x^2)^2",
    "Himmelblau": "(x^2 + y - 11)^2 + (x + y^2 - 7)^2",
    "Beale": "(1.5 - x + x*y)^2 + (2.25 - x + x*y^2)^2 + (2.625 - x + x*y^3)^2",
    "Six-hump camel": "(4 - 2.1*x^2 + x^4/3)*x^2 + x*y + (4*y^2 - 4)*y^2",
    "Ackley": "20 + e - 20*exp(-0.2*sqrt((x^2 + y^2)/2)) - exp((cos(2*pi*x) + cos(2*pi*y))/2)",
}
TARGET = 3.0
RATES = {"SGD": 1e-4, "Adam": 0.01}  # at which no run ends before the others


def ratio(first: Callable[[], object], second: Callable[[], object], rounds: int) -> float:
    """Return how many times as long the first call takes."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds + 1):
        for call, taken in zip((first, second), times, strict=True):
            begun = time.process_time()
            call()
            taken.append(time.process_time() - begun)
    first_time, second_time = (statistics.median(taken[1:]) for taken in times)  # one warms up
    return first_time / second_time


def run_of(surface: Surface | str, rule: str, start: tuple[float, float]) -> Callable[[], object]:
    """Return a call of one recorded run of 5,000 updates."""
    run = Run(rule, lr=RATES[rule])
    experiment = Experiment(surface, start=start, steps=5_000, runs=(run,))  # type: ignore[arg-type]
    return lambda: simulate(experiment)


def sweep_of(surface: Surface | str, rule: str, record: Surface) -> Callable[[], object]:
    """Return a call of the sweep over 256 x 256 starts in the domain, 500 updates each."""
    axes = [np.linspace(low, high, 256) for low, high in record.domain]
    starts = np.stack(np.meshgrid(*axes), axis=-1)
    run = Run(rule, lr=RATES[rule])
    experiment = Experiment(surface, steps=500, runs=(run,))  # type: ignore[arg-type]
    return lambda: sweep(experiment, run, start=starts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    rows: list[Row] = []
    for name, text in TEXTS.items():
        record = SURFACES[name]
        formula = Formula(text, domain=record.domain, start=record.start)
        single = [
            ratio(run_of(formula, rule, record.start), run_of(name, rule, record.start), 4 * rounds)
            for rule in RATES
        ]
        many = [
            ratio(sweep_of(formula, rule, record), sweep_of(name, rule, record), rounds)
            for rule in RATES
        ]
        for what, found in (("one run", single), ("sweep", many)):
            shown = ", ".join(f"{value:.1f}x" for value in found)
            rows.append((f"{name}: {what}", shown, f"{TARGET:g}x", max(found) <= TARGET))
    report(f"formula against the written surface: {', '.join(RATES)}", rows)


if __name__ == "__main__":
    main()
