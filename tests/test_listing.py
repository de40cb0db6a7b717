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

from landscape import SURFACES, Dataset, Formula
from optimizers import OPTIMIZERS, SCHEDULES, Experiment, Run, simulate
from optimizers.analysis.listing import (
    DECAY_TEXTS,
    WIDTH,
    plain_python,
    pytorch,
)
from optimizers.analysis.source import source
from optimizers.record import CONVENTIONS, LINE, NO_DECAY

U = 2.0**-53  # the largest relative error of one rounding
FILE = Path(__file__).parent / "fixtures" / "listing_torch.json"


# --- What is listed -----------------------------------------------------------------------------


def noisy(steps=30, **settings):
    """Return a setting of 8 of 64 samples; a run of it needs batch_size=8."""
    return {"noise": 0.7, "samples": 64, "seed": 3, "steps": steps, **settings}


def scheduled(name):
    """Return settings of a schedule other than its defaults, with a warm-up."""
    known = {"final": 0.05, "timescale": 4.0, "factor": 0.3, "milestones": (25.0, 55.0)}
    known |= {"every": 3, "unit": "epochs", "growth": 2, "start": 0.2, "peak": 0.6}
    params = {n.name: known[n.name] for n in SCHEDULES[name].numbers}
    if SCHEDULES[name].stepped:
        params["milestones"] = known["milestones"]
    return {"schedule": name, "schedule_params": params, "warmup": 4}


def decay(rule, size=0.1):
    return 0.0 if rule.weight_decay == NO_DECAY else size


# From the default start of this surface all gradients have one direction: across it a step of the
# full-matrix rule is rounding divided by the root of eps, and grows.
# A parabola's lowest point is far away where the curvature is nearly 0: the others stay away there.
ASIDE = {
    ("Full-matrix AdaGrad", "Styblinski-Tang"): (4.0, 3.0),
    ("Steepest descent", "Rastrigin"): (-2.1, 3.1),
    ("Conjugate gradient", "Rastrigin"): (-2.1, 3.1),
    ("Conjugate gradient", "Six-hump camel"): (0.4, -0.5),
}
SEARCHING = [name for name, rule in OPTIMIZERS.items() if rule.searches]
# Where each rule has the default rate of its surface.
EVERYWHERE = {
    f"{rule}, {surface}": Experiment(
        *(surface, {}, ASIDE.get((rule, surface))),
        # Close to a minimum it is rounding that decides which length lowers the loss by enough.
        steps=5 if OPTIMIZERS[rule].searches else 30,
        runs=(Run(rule),),
    )
    for rule in OPTIMIZERS
    for surface in SURFACES
}
WHOLE = {
    f"{rule.name}, {name}": Experiment(
        "Himmelblau",
        runs=(Run(rule.name, 0.01, weight_decay=decay(rule), batch_size=8, **scheduled(name)),),
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
    **{
        f"{rule}, {', '.join(f'{name} {value}' for name, value in hyper.items())}": Experiment(
            "Himmelblau", runs=(Run(rule, 0.01, hyper, 0.1, 8, **scheduled("Cosine")),), **noisy()
        )
        for rule, hyper in (
            *(("Momentum", {"dampening": 0.6, "convention": name}) for name in CONVENTIONS),
            ("AdaGrad", {"initial_accumulator": 0.5}),
            ("AdaMax", {"beta1": 0.5, "eps": 0.01}),
            ("NAdam", {"beta1": 0.5, "momentum_decay": 0.3}),
            ("Adadelta", {"decay": 0.5, "eps": 0.01}),
            ("Lion", {"beta1": 0.5, "beta2": 0.8}),
            ("AdamW", {"decay_apart": "on"}),
            ("RMSProp", {"momentum": 0.7}),
            ("RMSProp", {"centered": "on"}),
            ("RMSProp", {"momentum": 0.7, "centered": "on"}),
            ("Adam", {"amsgrad": "on"}),
            ("Adam", {"eps_in_root": "on", "eps": 0.01}),
            ("Adam", {"amsgrad": "on", "bias_correction": "off"}),
            ("Adam", {"amsgrad": "on", "eps_in_root": "on", "eps": 0.01}),
            ("Adam", {"amsgrad": "on", "eps_in_root": "on", "bias_correction": "off"}),
        )
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
    "a warm-up and one update": Experiment(
        steps=5, runs=(Run("Adam", warmup=4, schedule="Cosine"),)
    ),
    "restarts alike": Experiment(
        steps=30,
        runs=(
            Run(
                *("SGD", 0.1),
                schedule="Warm restarts",
                schedule_params={"every": 7, "growth": 1, "final": 0.1},
                warmup=2,
            ),
        ),
    ),
    "restarts to the end": Experiment(
        steps=21, runs=(Run("SGD", schedule="Warm restarts", schedule_params={"every": 7}),)
    ),
    "one cycle, falling only": Experiment(
        steps=20, runs=(Run("SGD", schedule="One cycle", schedule_params={"peak": 0.0}),)
    ),
    "short last batches": Experiment(
        runs=(Run("SGD", 0.1, batch_size=15, schedule="Step every n", warmup=3),), **noisy()
    ),
    "no last batches": Experiment(
        runs=(Run("Adam", 0.1, batch_size=15),), drop_last=True, **noisy()
    ),
    "less than an epoch": Experiment(runs=(Run("Adam", 0.1, batch_size=15),), **noisy(4)),
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
    "all that can be listed": Experiment(
        *("Ackley", {}, (-4 / 3, 8 / 3)),
        runs=(Run("L-BFGS", 1 / 30, batch_size=8, **scheduled("Step")),),
        **noisy(noise=1 / 3),
    ),
    "the full batch of a noisy gradient": Experiment(runs=(Run("SGD", batch_size=64),), **noisy()),
    "batches of a standardized feature": Experiment(
        *("Linear regression", {"standardize": "on", "mean": 5.0}),
        steps=60,
        runs=(Run("SGD", 0.1, batch_size=32),),
    ),
    "batches of two classes": Experiment(
        *("Logistic regression", {"noise": 0.2}),
        steps=40,
        seed=3,
        runs=(Run("Adam", 0.1, batch_size=7, schedule="Cosine"),),
    ),
    "whole batches only": Experiment(
        *("One hidden unit", {"data_seed": 4}),
        steps=40,
        samples=37,
        runs=(Run("Momentum", 0.05, batch_size=8, weight_decay=0.01),),
        drop_last=True,
    ),
    "batches drawn with replacement": Experiment(
        *("Linear regression", {"mean": 1.0}),
        steps=40,
        seed=2,
        runs=(Run("Momentum", 0.05, batch_size=8, replacement=True),),
    ),
    "the noise of draws with replacement": Experiment(
        runs=(Run("Adam", 0.1, batch_size=15, replacement=True),), **noisy()
    ),
    "data-like noise": Experiment(
        params={"rotation": 20.0},
        runs=(Run("SGD", 0.1, batch_size=8, covariance="data-like"),),
        **noisy(),
    ),
    "batches of one": Experiment(
        "Sine fit", steps=40, samples=20, runs=(Run("RMSProp", 0.01, batch_size=1),)
    ),
    "batches and a Hessian": Experiment(
        "Two features", steps=20, runs=(Run("Newton", 0.5, batch_size=10),)
    ),
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
    **{
        f"regularized, {rule}": Experiment(
            "Himmelblau",
            start=(1.0, 1.0),
            l2=0.3,
            l1=0.7 if OPTIMIZERS[rule].l1_steps else 0.0,
            steps=12,
            runs=(Run(rule),),
        )
        for rule in ("Nesterov", "AdamW", "Newton", "L-BFGS", *SEARCHING)
    },
    **{
        f"{rule} in batches": Experiment(
            *("Two features", {}, None),
            l2=0.1,
            steps=25,
            runs=(Run(rule, 4.0, batch_size=9),),
        )
        for rule in SEARCHING
    },
    **{
        f"{rule} in several batches": Experiment(
            "Sine fit",
            steps=25,
            runs=(Run(rule, 8.0, batch_size=7, accumulate=2, stop_norm=1e-9),),
        )
        for rule in SEARCHING
    },
    "Exact line search where no loss can be told from another": Experiment(
        Formula("1e8 + x**2 + 10*y**2", domain=((-50, 50), (-50, 50)), start=(3, 1)),
        steps=40,
        runs=(Run("Exact line search", 10.0),),
    ),
    **{
        f"{rule} under dropout": Experiment(
            *("One hidden unit", {}, (1.4, 0.9)),
            keep=0.7,
            steps=25,
            runs=(Run(rule, 8.0, batch_size=50),),
        )
        for rule in SEARCHING
    },
    "L1 by its subgradient in batches": Experiment(
        "Two features", l1=0.2, steps=40, runs=(Run("SGD", 0.1, batch_size=16),)
    ),
    "L1 by proximal steps": Experiment(
        "Two features",
        l1=0.2,
        l1_step="proximal",
        steps=60,
        runs=(Run("SGD", 0.1, weight_decay=0.05, schedule="Cosine"),),
    ),
    "L1 by proximal steps, alone": Experiment(
        l1=1.0, l1_step="proximal", steps=40, runs=(Run("SGD", 0.02),)
    ),
    "dropout of two inputs": Experiment(
        "Two features",
        keep=0.8,
        steps=40,
        seed=5,
        runs=(Run("SGD", 0.1, batch_size=16),),
    ),
    "dropout of one input, drawn with replacement": Experiment(
        *("Linear regression", {"standardize": "on"}),
        steps=40,
        runs=(Run("Adam", 0.1, batch_size=32, replacement=True, keep=0.5),),
    ),
    "dropout in the full batch": Experiment(
        "One hidden unit", keep=2 / 3, steps=25, runs=(Run("Momentum", 0.05, replacement=True),)
    ),
    "dropout and a Hessian": Experiment(
        *("One hidden unit", {}, (1.4, 0.9)),
        keep=0.7,
        steps=15,
        runs=(Run("Newton", 0.5, batch_size=50),),
    ),
    "diverging": Experiment("Rosenbrock", runs=(Run("SGD", 0.1),)),
    "diverging under a schedule": Experiment(
        "Monkey saddle",
        runs=(Run("Momentum", 0.1, weight_decay=0.1, batch_size=8, warmup=2),),
        **noisy(),
    ),
    "a singular Hessian": Experiment("Monkey saddle", start=(0, 0), runs=(Run("Newton"),)),
    "at the cusp": Experiment("Ackley", start=(0, 0), steps=5, runs=(Run("SGD"),)),
    "Newton at the cusp": Experiment("Ackley", start=(0, 0), steps=5, runs=(Run("Newton"),)),
    **{
        f"{what}, {rule}": Experiment(
            "Himmelblau",
            runs=(Run(rule, 0.01, weight_decay=decay(OPTIMIZERS[rule]), batch_size=8, **limits),),
            **noisy(),
        )
        for rule in ("SGD", "AdamW", "Newton")
        for what, limits in (
            ("clipped by norm", {"clip_norm": 4.0}),
            ("clipped by value", {"clip_value": 1.5, "stop_norm": 0.1}),
            ("stops at a norm", {"stop_norm": 6.0}),
            ("stops at a change", {"stop_change": 0.2}),
        )
    },
    "a clipped EMA that stops": Experiment(
        "Himmelblau",
        runs=(
            Run(
                *("Momentum", 0.01, {"momentum": 0.8, "convention": "EMA"}, 0.1),
                clip_norm=10.0,
                stop_norm=2.0,
                stop_change=1e-6,
            ),
        ),
    ),
    "L-BFGS, clipped": Experiment(
        steps=12, runs=(Run("L-BFGS", 0.5, clip_norm=3.0, stop_norm=0.01),)
    ),
    **{
        f"{samples} samples, {rule} of 3 batches": Experiment(
            "Two features",
            samples=samples,
            runs=(
                Run(rule, 0.05, batch_size=8, accumulate=3, weight_decay=decay(OPTIMIZERS[rule])),
            ),
        )
        for samples in (62, 64)
        for rule in ("SGD", "AdamW", "Newton")
    },
    "noise of 3 batches": Experiment(
        "Himmelblau", runs=(Run("SGD", 0.01, batch_size=8, accumulate=3),), **noisy()
    ),
    "L-BFGS of 4 batches": Experiment(
        "Linear regression",
        samples=60,
        steps=20,
        runs=(Run("L-BFGS", 0.1, batch_size=10, accumulate=4),),
    ),
    "3 batches, clipped, and rules that stop": Experiment(
        "Linear regression",
        samples=62,
        runs=(
            Run(
                *("SGD", 0.05),
                batch_size=8,
                accumulate=3,
                clip_norm=1.0,
                stop_norm=0.05,
                stop_change=1e-4,
            ),
        ),
    ),
    "batches, and a change that stops": Experiment(
        "Linear regression",
        runs=(Run("Adam", 0.1, batch_size=10, clip_value=2.0, stop_change=0.001),),
    ),
    "AMSGrad by hand, one cycle": Experiment(
        "Himmelblau",
        runs=(
            Run(
                *("Adam", 0.01, {"amsgrad": "on", "eps_in_root": "on"}),
                schedule="One cycle",
                stop_norm=1e-6,
            ),
        ),
    ),
    "eps under the root, batches of two sizes": Experiment(
        "Linear regression",
        samples=62,
        runs=(Run("Adam", 0.1, {"eps_in_root": "on"}, batch_size=8, accumulate=3),),
    ),
    **{
        f"{rule} on a formula of {name}": Experiment(
            Formula(f"{name}*x**2 + x*y + y**2", start=(2, 1), **{name: (1.5, 1.0, 2.0)}),
            l2=0.1 if name == "l2" else 0.0,
            runs=(Run(rule, 0.1, batch_size=8, **scheduled("Cosine")),),
            **noisy(),
        )
        for rule, name in (
            *(("SGD", "g"), ("SGD", "steps"), ("SGD", "t"), ("Momentum", "lr"), ("Lion", "c")),
            *(("Conjugate gradient", "d"), ("Newton", "range"), ("SGD", "final"), ("Adam", "l2")),
        )
    },
    **{
        f"{rule} where nothing curves": Experiment(Formula("x + y"), steps=5, runs=(Run(rule),))
        for rule in ("Steepest descent", "Conjugate gradient")
    },
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


def assert_repeats(path, experiment, at=slice(None), roundings=100):
    """Compare a script's path, or its points `at`, with the run's, up to what rounding explains.

    An update of either rounds up to a hundred times, most of them less, numbers that are at most
    as large as the positions so far, or 1. Each error is then carried along the path, and grows in
    proportion to the positions at most as a displacement of the start does.
    """
    (trajectory,) = simulate(experiment)
    expected, h = trajectory.path, 1e-9
    if OPTIMIZERS[trajectory.run.optimizer].searches == LINE:
        roundings *= 100  # the search ends where the slope is BOTTOM of that at the start
    assert np.shape(path) == expected[at].shape
    if np.array_equal(path, expected[at]):  # as at a cusp, which a displaced start would leave
        return
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
    error = np.abs(np.array(path) - expected[at]).max(axis=1)
    assert (error <= (tolerance * largest)[at]).all()


@pytest.mark.parametrize("name", CASES)
def test_the_source_makes_the_experiment(name):
    text = source(CASES[name])
    assert eval(text) == CASES[name]
    assert max(map(len, text.splitlines())) <= WIDTH


def test_the_source_of_long_numbers_is_no_longer_than_a_line():
    for size in range(1, 400, 7):
        run = Run("SGD", lr=1 / 9, start=(11 / 9, 1.5), batch_size=size, warmup=size)
        text = source(Experiment(runs=(run,), params={"scale": 1 / 3, "rotation": size / 7}))
        assert max(map(len, text.splitlines())) <= WIDTH


def test_the_source_leaves_defaults_out_and_brings_data():
    data = Dataset([1.0, 2.0, 3.5], [0, 1, 2])
    runs = (Run("SGD"), Run("Adam", batch_size=2, hyper={"beta1": 0.5}))
    own = Experiment("Linear regression", runs=runs, data=data)
    assert source(own) == (
        """Experiment(
    "Linear regression",
    runs=(Run("SGD"), Run("Adam", hyper={"beta1": 0.5}, batch_size=2)),
    data=Dataset([[1.0], [2.0], [3.5]], [0.0, 1.0, 2.0]),
)"""
    )
    assert eval(source(own)) == own


@pytest.mark.parametrize("experiment", CASES.values(), ids=CASES)
def test_the_class_repeats_the_run(experiment):
    assert_repeats(left(listings(experiment)[0])["path"], experiment)


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
    torch.set_default_dtype(torch.float32)
    exec(compile(script, name, "exec"), names)
    paths[name] = names["path"]
json.dump({"torch": torch.__version__, "paths": paths}, sys.stdout)
"""


def run_by(python, scripts):
    """Return PyTorch's version and the path of each script, as run by another Python."""
    # PyTorch deprecates what it uses itself; anything else is a complaint about a script.
    command = [python, "-W", "error", "-W", "ignore::DeprecationWarning", "-c", RUNNER]
    answer = subprocess.run(command, input=json.dumps(scripts), capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    made = json.loads(answer.stdout)
    return made["torch"], made["paths"]


def stored(count):
    """Return which points of a path are stored: the first, every tenth, the last."""
    return sorted({*range(min(count, 3) + 1), *range(0, count + 1, 10), count})


def digest(script):
    return hashlib.sha256(script.encode()).hexdigest()[:16]


def remake(python):
    """Write the fixture: what the PyTorch of another Python does with every listing."""
    scripts = {name: listings(experiment)[1] for name, experiment in CASES.items()}
    version, paths = run_by(python, scripts)
    lines = [f'"torch": {json.dumps(version)}']
    for name, path in paths.items():
        count = len(path) - 1
        points = [path[k] for k in stored(count)]
        run = {"script": digest(scripts[name]), "updates": count, "points": points}
        lines.append(f"{json.dumps(name)}: {json.dumps(run)}")
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n")


@pytest.fixture(scope="module")
def fixture():
    return json.loads(FILE.read_text())


@pytest.mark.parametrize(("name", "experiment"), CASES.items(), ids=CASES)
def test_pytorch_repeated_the_run(name, experiment, fixture):
    run, script = fixture[name], listings(experiment)[1]
    assert run["script"] == digest(script), "the listing changed: make the fixture anew (see top)"
    (trajectory,) = simulate(experiment)
    assert run["updates"] == len(trajectory.lr)
    assert_repeats(run["points"], experiment, stored(run["updates"]))


def test_the_fixture_holds_no_other_run(fixture):
    assert fixture.keys() - {"torch"} == CASES.keys()


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is no dependency")
def test_pytorch_repeats_the_runs():
    scripts = {name: listings(experiment)[1] for name, experiment in CASES.items()}
    _, paths = run_by(sys.executable, scripts)
    for name, experiment in CASES.items():
        assert_repeats(paths[name], experiment)


# --- The texts ----------------------------------------------------------------------------------


def specials(listing):
    """Yield all special listings of a listing, those of special ones too."""
    for number, value, other in listing.special:
        yield number, value, other
        yield from specials(other)


@pytest.mark.parametrize(
    ("registry", "numbers"),
    [
        (SURFACES, lambda record: record.parameters),
        (OPTIMIZERS, lambda record: record.hyperparameters),
        (SCHEDULES, lambda record: record.numbers),
    ],
    ids=["surfaces", "rules", "schedules"],
)
def test_a_special_listing_is_for_a_value_that_can_be(registry, numbers):
    for record in registry.values():
        for number, value, _ in specials(record.listing):
            (known,) = (n for n in numbers(record) if n.name == number)
            assert known.check(record.name, value) == value


def test_the_readme_says_what_pytorch_does_not_have():
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    told = readme.split("Optimizers as PyTorch defines them: ")[1].split("Schedules:")[0]
    has, lacks = told.split("and what it does not have: ")
    named = [name for name, rule in OPTIMIZERS.items() if rule.listing.optim]
    assert sorted(has.replace("\n", " ").strip(" ;").split(", ")) == sorted(named)
    others = [name for name, rule in OPTIMIZERS.items() if not rule.listing.optim]
    assert others
    # Of PyTorch's classes, those that take another rate or are written by hand.
    special = {
        name
        for name, rule in OPTIMIZERS.items()
        for *_, listing in specials(rule.listing)
        if not listing.optim or any("(1 -" in argument for argument in listing.arguments)
    }
    assert special == {"Momentum", "Adam"}
    assert all(text in lacks for text in (*others, *special, "Keras", "EMA", "bias correction"))


def test_every_weight_decay_has_a_text():
    assert {rule.weight_decay for rule in OPTIMIZERS.values()} == {*DECAY_TEXTS, NO_DECAY}


def surface_functions(surface, params, monkeypatch):
    """Return gradient, Hessian and both losses of a surface's scripts, NumPy in PyTorch's place."""
    run = Run("Newton")
    experiment = Experiment(surface.name, params, steps=1, runs=(run,))
    plain, torch = plain_python(experiment, run), pytorch(experiment, run)
    monkeypatch.setitem(sys.modules, "torch", np)
    definitions, _, _ = torch.partition("\n\n\ntheta = ")
    names = left(plain) | left(definitions)
    searching = plain_python(experiment, Run("Backtracking"))
    return names["gradient"], names["hessian"], names["loss"], left(searching)["loss"]


PLACES = {
    f"{surface.name}{' with defaults' * (not random)}": (surface, random)
    for surface in SURFACES.values()
    for random in ([False, True] if surface.parameters else [False])
}


@pytest.mark.parametrize(("surface", "random"), PLACES.values(), ids=PLACES)
def test_the_formulas_of_a_surface_are_its_kernels(surface, random, monkeypatch):
    draw = np.random.default_rng(5).uniform
    for _ in range(8):
        params = {
            p.name: round(value) if p.integer else value
            for p in surface.parameters
            if random
            for value in [draw(p.low, p.high)]
        }
        gradient, hessian, loss, plain = surface_functions(surface, params, monkeypatch)
        x, y = (draw(low, high, 50) for low, high in surface.domain)
        listed = [
            (loss(np.array(point)), plain(*point), *gradient(*point), *hessian(*point))
            for point in zip(x.tolist(), y.tolist(), strict=True)
        ]
        expected = np.array(
            [
                *[surface.loss(x, y, **params)] * 2,
                *surface.gradient(x, y, **params),
                *surface.hessian(x, y, **params),
            ]
        )
        # Each is at most some fifty roundings of terms that are hardly larger than it gets.
        tolerance = 100 * U * np.abs(expected).max(axis=1, keepdims=True)
        assert (np.abs(np.array(listed).T - expected) <= tolerance).all()


def unused(script):
    """Return what a script binds and never reads: names, and attributes with a dot."""
    bound, read = set(), set()
    for node in ast.walk(ast.parse(script)):
        match node:
            case ast.Name(id=name, ctx=context):
                (read if isinstance(context, ast.Load) else bound).add(name)
            case ast.Attribute(attr=name, ctx=context):
                (read if isinstance(context, ast.Load) else bound).add(f".{name}")
            case ast.ClassDef(name=name, body=methods):
                bound |= {name, *(f".{method.name}" for method in methods)}
            case ast.FunctionDef(name=name, args=arguments):
                # A constant gradient or Hessian is still a function of both coordinates.
                point = {"x", "y"} if name in ("gradient", "hessian") else set()
                bound |= {argument.arg for argument in arguments.args} - point
            case ast.Module(body=body):
                bound |= {item.name for item in body if isinstance(item, ast.FunctionDef)}
            case ast.alias(name=name, asname=other):
                bound.add(other or name)
    return bound - read - {"path", "_", ".__init__", ".grad"}


# Lines: of the longest scripts, Backtracking in batches with L2, and exact line search there.
LINES = {False: (76, 51), True: (96, 71)}


@pytest.mark.parametrize("experiment", CASES.values(), ids=CASES)
def test_a_script_is_short_and_uses_what_it_names(experiment):
    exact = any(OPTIMIZERS[run.optimizer].searches == LINE for run in experiment.runs)
    for script, most in zip(listings(experiment), LINES[exact], strict=True):
        assert script.count("\n") <= most
        assert max(map(len, script.splitlines())) <= WIDTH
        assert unused(script) == set()


def test_unused_names_are_found():
    script = "import a\nb = 1\ndef c(d): e = 2\nclass F:\n    def g(self): self.h = 3"
    assert unused(script) == {"a", "b", "c", "d", "e", "F", ".g", ".h"}


@pytest.mark.skipif(importlib.util.find_spec("ruff") is None, reason="Ruff is not here")
def test_the_scripts_are_written_as_python_is(tmp_path):
    for number, experiment in enumerate(CASES.values()):
        for kind, script in zip(("plain", "torch"), listings(experiment), strict=True):
            (tmp_path / f"{kind}_{number}.py").write_text(script)
    for command in (["check", "--select=E,F,W,I"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--isolated", "--no-cache", str(tmp_path)]
        told = subprocess.run(ruff, capture_output=True, text=True)
        assert told.returncode == 0, told.stdout + told.stderr


def test_the_shortest_script_reads():
    experiment = Experiment("Rosenbrock")
    assert (
        listings(experiment)[0]
        == """\
b = 100.0


def gradient(x, y):  # Rosenbrock
    off = y - x**2
    return -2 * (1 - x) - 4 * b * x * off, 2 * b * off


class SGD:
    def __init__(self, lr):
        self.lr = lr

    def step(self, theta, g):
        for i in range(2):
            theta[i] -= self.lr * g[i]


theta = [-1.2, 1.0]
path = [tuple(theta)]
optimizer = SGD(lr=0.001)
for _ in range(100):
    optimizer.step(theta, gradient(*theta))
    path.append(tuple(theta))
"""
    )


def test_a_run_that_ends_early_says_why():
    experiment = SPECIAL["diverging"]
    (trajectory,) = simulate(experiment)
    line = f"for _ in range({trajectory.diverged_at}):  # of 100 updates: then it has diverged\n"
    assert all(line in script for script in listings(experiment))
    line = "for _ in range(0):  # of 100 updates: then the Hessian is singular\n"
    assert all(line in script for script in listings(SPECIAL["a singular Hessian"]))
    for stopping, why in (
        ({"stop_norm": 1.0}, "then the gradient's norm is small"),
        ({"stop_change": 0.01}, "then the loss changes little"),
    ):
        # PyTorch's L-BFGS asks for the loss itself: the loop sees no gradient to test.
        run = Run("L-BFGS", 0.1, **stopping)
        experiment = Experiment(runs=(run,))
        (trajectory,) = simulate(experiment)
        line = f"for _ in range({len(trajectory.lr)}):  # of 100 updates: {why}\n"
        assert line in pytorch(experiment, run)


def test_a_batch_of_all_samples_lists_no_noise():
    settings = noisy()
    of_all, exact = Run("SGD", batch_size=settings["samples"]), Run("SGD")
    assert listings(Experiment(runs=(of_all,), **settings)) == listings(
        Experiment(runs=(exact,), **settings)
    )


def test_numbers_are_listed_to_the_last_digit():
    experiment = SPECIAL["long numbers"]
    (run,) = experiment.runs
    names = left(plain_python(experiment, run))
    optimizer = names["optimizer"]
    assert names["amplitude"] == experiment.params["amplitude"]
    assert names["path"][0] == experiment.start
    assert (optimizer.lr, optimizer.weight_decay) == (run.lr, run.weight_decay)
    given = {n.name for n in OPTIMIZERS[run.optimizer].hyperparameters if not n.choices}
    assert {n: getattr(optimizer, n) for n in given} == {n: run.hyper[n] for n in given}


@pytest.mark.parametrize("name", ["Adam, Cosine", "L-BFGS, Step"])
def test_the_same_run_has_the_same_text(name):
    experiment = WHOLE[name]
    (run,) = experiment.runs
    again = dataclasses.replace(
        run, hyper=dict(reversed(list(run.hyper.items()))), schedule_params={**run.schedule_params}
    )
    other = dataclasses.replace(experiment, runs=(Run("SGD"), again))
    assert plain_python(other, again) == plain_python(experiment, run)
    assert pytorch(other, again) == pytorch(experiment, run)


if __name__ == "__main__":
    remake(sys.argv[1])
