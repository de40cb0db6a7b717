"""The listings of a run: plain Python is run, PyTorch is run or compared with what it once did.

PyTorch is no dependency. What its listings do is stored in fixtures/listing_torch.json; to make
that file anew, give a Python that has PyTorch and NumPy (nothing of the project):

    pip install torch==2.13.0 numpy
    PYTHONPATH=. python tests/test_listing.py /path/to/that/python
"""

from __future__ import annotations

import ast
import dataclasses
import hashlib
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from landscape import SURFACES
from optimizers import OPTIMIZERS, SCHEDULES, Experiment, Run, simulate
from optimizers.listing import (
    DECAY_TEXTS,
    RULE_TEXTS,
    SCHEDULE_TEXTS,
    SURFACE_TEXTS,
    WIDTH,
    plain_python,
    pytorch,
)
from optimizers.record import NO_DECAY

U = 2.0**-53  # the largest relative error of one rounding
FILE = Path(__file__).parent / "fixtures" / "listing_torch.json"


# --- What is listed -----------------------------------------------------------------------------


def noisy(steps=30, **settings):
    """Return a setting of 8 of 64 samples; a run of it needs batch_size=8."""
    return {"noise": 0.7, "samples": 64, "seed": 3, "steps": steps, **settings}


def scheduled(name):
    """Return settings of a schedule other than its defaults, with a warm-up."""
    known = {"final": 0.05, "timescale": 4.0, "factor": 0.3, "milestones": (25.0, 55.0)}
    params = {n.name: known[n.name] for n in SCHEDULES[name].numbers}
    if SCHEDULES[name].stepped:
        params["milestones"] = known["milestones"]
    return {"schedule": name, "schedule_params": params, "warmup": 4}


def decay(rule, size=0.1):
    return 0.0 if rule.weight_decay == NO_DECAY else size


# Where each rule has the default rate of its surface.
EVERYWHERE = {
    f"{rule}, {surface}": Experiment(surface, steps=30, runs=(Run(rule),))
    for rule in OPTIMIZERS
    for surface in SURFACES
}
WHOLE = {
    f"{rule.name}, {name}": Experiment(
        "Himmelblau",
        runs=(
            Run(rule.name, 0.01, weight_decay=decay(rule), batch_size=8, **scheduled(name)),
        ),
        **noisy(),
    )
    for rule in OPTIMIZERS.values()
    for name in SCHEDULES
}
SPECIAL = {
    "a turned quadratic": Experiment(
        params={"scale": 0.3, "condition": 20.0, "rotation": -33.0},
        start=(1 / 3, -1e-3),
        steps=50,
        runs=(Run("Momentum", 0.1 + 0.2, {"momentum": 0.7}),),
    ),
    "a turned quadratic, Newton": Experiment(
        params={"rotation": 20.0}, steps=5, runs=(Run("Newton", 0.5),)
    ),
    "parameters": Experiment("Rosenbrock", {"b": 7.5}, (0, 2), 50, runs=(Run("Adam", 0.03),)),
    "hyperparameters": Experiment(
        "Beale", steps=50, runs=(Run("Adam", 0.03, {"beta1": 0.5, "beta2": 0.99, "eps": 0.01}),)
    ),
    **{
        f"momentum as {convention}, {name}": Experiment(
            "Himmelblau",
            runs=(
                Run(
                    *("Momentum", 0.01, {"momentum": 0.8, "convention": convention}),
                    *(0.1, 8),
                    **scheduled(name),
                ),
            ),
            **noisy(),
        )
        for convention in ("PyTorch", "Keras", "EMA")
        for name in ("Constant", "Step")
    },
    **{
        f"bias correction {correction}": Experiment(
            "Himmelblau",
            runs=(
                Run("Adam", 0.01, {"bias_correction": correction}, 0.1, 8, **scheduled("Cosine")),
            ),
            **noisy(),
        )
        for correction in ("on", "off")
    },
    "no momentum": Experiment("Beale", steps=50, runs=(Run("Nesterov", 1e-3, {"momentum": 0}),)),
    "no decay": Experiment("Saddle", steps=50, runs=(Run("AdamW"),)),
    "rate 0": Experiment("Saddle", steps=5, runs=(Run("SGD", 0.0),)),
    "steps of its own": Experiment(steps=9, runs=(Run("SGD", steps=30, schedule="Linear"),)),
    "one update": Experiment(steps=1, runs=(Run("SGD", schedule="Cosine"),)),
    "a warm-up alone": Experiment(steps=30, runs=(Run("Adam", warmup=50),)),
    "a schedule alone": Experiment(steps=30, runs=(Run("Adam", schedule="Cosine"),)),
    "a schedule that does nothing": Experiment(
        steps=30,
        runs=(Run("Adam", schedule="Cosine", schedule_params={"final": 1.0}),),
    ),
    "milestones in epochs": Experiment(
        runs=(
            Run(
                *("SGD", 0.1),
                batch_size=8,
                schedule="Step",
                schedule_params={"milestones": (0.3, 1.0, 1.01, 99.0), "unit": "epochs"},
            ),
        ),
        **noisy(20),
    ),
    "ten milestones": Experiment(
        steps=100_000,
        runs=(
            Run(
                *("SGD", 0.1),
                steps=50,
                schedule="Step",
                schedule_params={"milestones": tuple(range(1, 11)), "unit": "updates"},
            ),
        ),
    ),
    "the full batch of a noisy gradient": Experiment(runs=(Run("SGD", batch_size=64),), **noisy()),
    "long numbers": Experiment(
        *("Rastrigin", {"amplitude": 20 / 3}, (-10 / 3, 20 / 7)),
        runs=(
            Run(
                *("AdamW", 1 / 70, {"beta1": 8 / 9, "beta2": 998 / 999, "eps": 1e-7 / 3}),
                weight_decay=1 / 30,
                batch_size=8,
            ),
        ),
        **noisy(noise=1 / 3, seed=2**32 - 1),
    ),
    "diverging": Experiment("Rosenbrock", runs=(Run("SGD", 0.1),)),
    "diverging under a schedule": Experiment(
        "Monkey saddle", runs=(Run("Momentum", 0.1, weight_decay=0.1, batch_size=8, warmup=2),),
        **noisy(),
    ),
    "a singular Hessian": Experiment("Monkey saddle", start=(0, 0), runs=(Run("Newton"),)),
    "L-BFGS at rest": Experiment(steps=60, runs=(Run("L-BFGS", hyper={"history": 1}),)),
}
CASES = {**EVERYWHERE, **WHOLE, **SPECIAL}


def listings(experiment):
    (run,) = experiment.runs
    return plain_python(experiment, run), pytorch(experiment, run)


def left(script):
    """Return the variables that a script leaves."""
    names: dict = {}
    exec(compile(script, "listing", "exec"), names)
    return names


# --- The same path ------------------------------------------------------------------------------


def assert_repeats(path, experiment, roundings=100):
    """Compare a script's path with the run's, up to what rounding explains.

    An update of either rounds up to a hundred times, most of them less, numbers that are at most
    as large as the positions so far, or 1. Each error is then carried along the path, and grows in
    proportion to the positions at most as a displacement of the start does.
    """
    (trajectory,) = simulate(experiment)
    expected, h = trajectory.path, 1e-9
    assert np.shape(path) == expected.shape
    largest = np.maximum.accumulate(np.maximum(np.abs(expected).max(axis=1), 1.0))
    growth = np.ones(len(expected))
    x, y = expected[0]
    for start in ((x + h, y), (x, y + h)):
        (moved,) = simulate(dataclasses.replace(experiment, start=start))
        n = min(len(expected), len(moved.path))  # a diverging run may end a step earlier
        off = np.abs(moved.path[:n] - expected[:n]).max(axis=1) / h
        growth[:n] = np.maximum(growth[:n], off * largest[0] / largest[:n])
    tolerance = roundings * U * np.arange(len(expected)) * np.maximum.accumulate(growth)
    assert tolerance[-1] < 1e-7, "the run is too sensitive to tell anything"
    error = np.abs(np.array(path) - expected).max(axis=1)
    assert (error <= tolerance * largest).all()


@pytest.mark.parametrize("experiment", CASES.values(), ids=CASES)
def test_the_class_repeats_the_run(experiment):
    assert_repeats(left(listings(experiment)[0])["path"], experiment)


@pytest.mark.parametrize("run", [Run("SGD"), Run("Newton")], ids=lambda run: run.optimizer)
def test_a_run_rests_at_the_cusp(run):
    experiment = Experiment("Ackley", start=(0, 0), steps=5, runs=(run,))
    (trajectory,) = simulate(experiment)
    path = left(plain_python(experiment, run))["path"]
    assert path == trajectory.path.tolist() or path == [(0.0, 0.0)] * 6


def test_a_script_runs_by_itself(tmp_path):
    experiment = WHOLE["Adam, Cosine"]
    script = listings(experiment)[0] + "print(path)\n"
    command = [sys.executable, "-I", "-W", "error", "-c", script]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True, text=True)
    assert told.stderr == ""
    assert_repeats(ast.literal_eval(told.stdout), experiment)


# --- PyTorch ------------------------------------------------------------------------------------

# Run by a Python that need not know the project: scripts by name in, their paths out.
RUNNER = """
import json, sys, torch
paths = {}
for name, script in json.load(sys.stdin).items():
    names = {}
    exec(compile(script, name, "exec"), names)
    paths[name] = names["path"]
json.dump({"torch": torch.__version__, "paths": paths}, sys.stdout)
"""


def stored_updates(count):
    """Return the updates whose points are stored: the first, every tenth, the last."""
    return sorted({*range(min(count, 3) + 1), *range(0, count + 1, 10), count})


def digest(script):
    return hashlib.sha256(script.encode()).hexdigest()[:16]


def remake(python):
    scripts = {name: listings(experiment)[1] for name, experiment in CASES.items()}
    answer = subprocess.run(
        *([python, "-W", "error", "-W", "ignore::DeprecationWarning", "-c", RUNNER],),
        input=json.dumps(scripts), capture_output=True, text=True,
    )
    assert answer.returncode == 0, answer.stderr[-3000:]
    made = json.loads(answer.stdout)
    runs = {
        name: {
            "script": digest(scripts[name]),
            "updates": len(path) - 1,
            "points": [path[k] for k in stored_updates(len(path) - 1)],
        }
        for name, path in made["paths"].items()
    }
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(run)}" for name, run in runs.items())
    FILE.write_text(f'{{"torch": {json.dumps(made["torch"])}, "runs": {{\n{lines}\n}}}}\n')
    return made

if __name__ == "__main__":
    remake(sys.argv[1])
