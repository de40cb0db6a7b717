"""An experiment is frozen data; its simulation is exact, repeatable and hides nothing."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import os
import pickle
import subprocess
import sys
import threading
import time
from pathlib import Path

import numba
import numpy as np
import pytest
from numba.core.codegen import get_host_cpu_features

from landscape import SURFACES
from landscape.compiled import SURFACE_SIGNATURE, Code, kernel
from optimizers import OPTIMIZERS, SCHEDULES, Experiment, Run, simulate, sweep
from optimizers.record import NO_DECAY, UPDATE_SIGNATURE
from optimizers.simulation import driver
from optimizers.simulation.epochs import Epoch, noise_scale
from optimizers.simulation.experiment import (
    BIG,
    MOST_RUNS,
    MOST_STEPS,
    NEVER_STOPS,
    continued,
    draws,
)

# Everything else also holds when the kernels are plain Python (NUMBA_DISABLE_JIT=1).
needs_compiler = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="nothing is compiled")
ROOT = Path(__file__).parent.parent
U = 2.0**-53


def by_name(registry):
    return {"argvalues": registry.values(), "ids": registry.keys()}


def one(run, **settings):
    (trajectory,) = simulate(Experiment(**settings, runs=(run,)))
    return trajectory


def python(script, **environment):
    """Run a script in a new process from the project's root, warnings being errors."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


EXAMPLE = Experiment(
    surface="Rosenbrock",
    params={"b": 100.0},
    start=(-1.2, 1.0),
    steps=200,
    noise=0.5,
    samples=10_000,
    seed=0,
    runs=(
        Run("SGD", lr=0.001),
        Run(
            "Momentum",
            lr=0.001,
            hyper={"momentum": 0.9},
            weight_decay=0.0,
            batch_size=32,
            schedule="Cosine",
        ),
    ),
)


# --- Frozen data --------------------------------------------------------------------------------


def test_an_experiment_is_equal_to_its_copy_hashes_and_pickles():
    copy = pickle.loads(pickle.dumps(EXAMPLE))
    assert copy == EXAMPLE
    assert hash(copy) == hash(EXAMPLE)
    assert copy.runs[1].hyper == {"momentum": 0.9, "convention": 0, "dampening": 0.0}
    assert dataclasses.replace(EXAMPLE, seed=1) != EXAMPLE


def test_defaults_that_are_spelled_out_make_no_difference():
    short = Experiment(surface="Rosenbrock", runs=(Run("Adam"),))
    spelled = Experiment(
        surface="Rosenbrock",
        params={"b": 100},
        start=[-1.2, 1],
        runs=[Run("Adam", hyper={"beta2": 0.999, "beta1": 0.9}, schedule="Constant")],
    )
    assert short == spelled
    assert hash(short) == hash(spelled)


@pytest.mark.parametrize("item", [EXAMPLE, EXAMPLE.runs[0]], ids=["Experiment", "Run"])
def test_nothing_of_it_can_be_changed(item):
    for field in dataclasses.fields(item):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(item, field.name, None)
    with pytest.raises(TypeError):
        (item.params if item is EXAMPLE else item.hyper)["b"] = 1.0


def test_numpy_scalars_become_plain_numbers():
    number, count, name = np.float64, np.int64, np.str_
    run = Run(
        name("Momentum"),
        lr=np.float32(2**-10),
        hyper={name("momentum"): number(0.5)},
        weight_decay=count(1),
        batch_size=count(32),
        schedule=name("Step"),
        schedule_params={"milestones": (count(3), number(5.0)), "unit": name("updates")},
        warmup=np.uint8(2),
        steps=np.int32(7),
        start=(number(0.0), count(1)),
        seed=np.uint8(3),
        params={name("b"): number(20.0)},
        l2=count(1),
        l1=np.float32(0.5),
        l1_step=name("subgradient"),
        keep=count(1),
        clip_norm=np.float32(0.5),
        stop_norm=np.float32(0),
        stop_change=count(0),
        accumulate=np.uint8(2),
    )
    experiment = Experiment(
        surface=name("Rosenbrock"),
        params={"b": number(10.0)},
        start=(number(0.0), count(1)),
        steps=count(9),
        noise=np.float32(0.25),
        samples=count(64),
        seed=np.uint32(2**32 - 1),
        runs=(run,),
    )

    def kinds(value):
        if isinstance(value, Run | Experiment):
            value = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
            # There is none on an analytic surface, and one way to clip.
            for none in ("data", "formula", "clip_value"):
                value.pop(none, None)
        if isinstance(value, tuple):
            return set().union(*map(kinds, value))
        if hasattr(value, "values"):
            return set().union(*map(kinds, value.values())) if value else set()
        return {type(value)}

    assert kinds(experiment) == {str, int, float, bool}
    assert len(simulate(experiment)[0].lr) == 7


# --- Bad fields ---------------------------------------------------------------------------------

JUNK = {
    "NaN": math.nan,
    "inf": math.inf,
    "-inf": -math.inf,
    "minus one": -1,
    "huge": 1e300,
    "beyond floats": 10**400,
    "beyond text": 10**5000,
    "minus that": -(10**5000),
    "bool": True,
    "NumPy bool": np.True_,
    "text": "1",
    "bytes": b"1",
    "complex": 1j,
    "NumPy NaN": np.float32(np.nan),
    "NumPy inf": np.float64(np.inf),
    "0-d array": np.array(1.0),
    "array": np.array([1.0]),
    "two": np.array([1.0, 2.0]),
    "names": np.array(["SGD", "Adam"]),
    "object": object(),
    "type": float,
    "set": {1.0},
    "empty list": [],
    "empty tuple": (),
    "list": [1.0],
    "list of names": ["SGD"],
    "None": None,
    "dict": {"x": 1.0},
    "number key": {1: 1},
    "empty dict": {},
    "one": 1,
    "half": 0.5,
    "zero": 0,
    "Run": Run("SGD"),
}
NUMBERS = {"one", "half", "zero"}
MAPPING = {"empty dict"}
# What of the above a field takes; everything else must be refused.
RUN_TAKES = {
    "optimizer": set(),
    "lr": NUMBERS | {"None"},
    "hyper": MAPPING,
    "weight_decay": NUMBERS,
    "batch_size": {"one", "None"},
    "replacement": {"bool"},
    "covariance": set(),
    "schedule": set(),
    "schedule_params": MAPPING,
    "warmup": {"one", "zero"},
    "steps": {"one", "None"},
    "start": {"None"},
    "seed": {"one", "zero", "None"},
    "params": MAPPING,
    "l2": NUMBERS | {"None"},
    "l1": NUMBERS | {"None"},
    "l1_step": {"None"},
    "keep": {"one", "half", "None"},
    "clip_norm": {"one", "half", "None"},
    "clip_value": {"one", "half", "None"},
    "stop_norm": NUMBERS | {"None"},
    "stop_change": NUMBERS | {"None"},
    "accumulate": {"one"},
}
EXPERIMENT_TAKES = {
    "drop_last": {"bool"},
    "surface": set(),
    "params": MAPPING,
    "start": {"None"},
    "steps": {"one"},
    "noise": NUMBERS,
    "samples": {"one", "None"},  # None is what is usual on the surface
    "seed": {"one", "zero"},
    "runs": set(),
    "data": {"None"},
    "l2": NUMBERS,
    "l1": NUMBERS,
    "l1_step": set(),
    "keep": {"one"},  # half of it on a surface that is made by data
    "formula": {"None"},
}
# Names and numbers inside a field, each as the field that holds it.
INSIDE = {
    "Momentum.momentum": lambda v: Run("Momentum", hyper={"momentum": v}),
    "L-BFGS.history": lambda v: Run("L-BFGS", hyper={"history": v}),
    "Cosine.final": lambda v: Run("SGD", schedule="Cosine", schedule_params={"final": v}),
    "Step.milestones": lambda v: Run("SGD", schedule="Step", schedule_params={"milestones": [v]}),
    "Step.unit": lambda v: Run("SGD", schedule="Step", schedule_params={"unit": v}),
    "Rosenbrock.b": lambda v: Experiment(surface="Rosenbrock", params={"b": v}),
    "Quadratic.condition": lambda v: Experiment(runs=(Run("SGD", params={"condition": v}),)),
    "start": lambda v: Experiment(start=(0.0, v)),
    "runs": lambda v: Experiment(runs=(v,)),
}
INSIDE_TAKES = {
    "Momentum.momentum": {"half", "zero"},
    "L-BFGS.history": {"one"},
    "Cosine.final": NUMBERS,
    "Step.milestones": {"one", "half"},
    "Step.unit": set(),
    "Rosenbrock.b": {"one"},
    "Quadratic.condition": {"one"},
    "start": NUMBERS | {"minus one"},
    "runs": {"Run"},
}


def make(kind, field):
    base = {"optimizer": "Momentum"} if kind is Run else {}
    return lambda value: kind(**{**base, field: value})


FIELDS = [
    *((f"Run.{field}", field, make(Run, field), takes) for field, takes in RUN_TAKES.items()),
    *((f"Experiment.{f}", f, make(Experiment, f), takes) for f, takes in EXPERIMENT_TAKES.items()),
    *((f"inside {field}", field, maker, INSIDE_TAKES[field]) for field, maker in INSIDE.items()),
]


def test_no_field_is_left_out():
    assert RUN_TAKES.keys() == {field.name for field in dataclasses.fields(Run)}
    assert EXPERIMENT_TAKES.keys() == {field.name for field in dataclasses.fields(Experiment)}


@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize(
    ("field", "maker", "takes"), [f[1:] for f in FIELDS], ids=[f[0] for f in FIELDS]
)
def test_a_bad_value_is_refused_with_the_name_of_its_field(field, maker, takes, junk):
    if junk in takes:
        maker(JUNK[junk])
        return
    with pytest.raises(ValueError, match=r"must|unknown") as caught:
        maker(JUNK[junk])
    assert field in str(caught.value)


REFUSALS = {
    "lr": (
        lambda: Run("SGD", lr=-0.5),
        "lr = -0.5: must be a number from 0 to 1e+06",
    ),
    "batch size": (
        lambda: Experiment(runs=(Run("SGD", batch_size=10_001),)),
        "batch_size = 10001: must be from 1 to samples = 10000",
    ),
    "batch beyond the samples": (
        lambda: Experiment(samples=100, runs=(Run("SGD", batch_size=128),)),
        "batch_size = 128: must be from 1 to samples = 100",
    ),
    "fraction of a step": (
        lambda: Experiment(steps=1.5),
        f"steps = 1.5: must be a whole number from 1 to {MOST_STEPS:g}",
    ),
    "start of three": (
        lambda: Experiment(start=(1, 2, 3)),
        "start = (1, 2, 3): must be two numbers from -1e+06 to 1e+06",
    ),
    "start as text": (
        lambda: Experiment(start="12"),
        "start = '12': must be two numbers from -1e+06 to 1e+06",
    ),
    "no runs": (lambda: Experiment(runs=()), f"runs = 0 runs: must be 1 to {MOST_RUNS}"),
    "too many runs": (
        lambda: Experiment(runs=(Run("SGD"),) * (MOST_RUNS + 1)),
        f"runs = {MOST_RUNS + 1} runs: must be 1 to {MOST_RUNS}",
    ),
    "optimizer": (
        lambda: Run("sgd"),
        f"optimizer = 'sgd': unknown; known: {', '.join(OPTIMIZERS)}",
    ),
    "schedule": (
        lambda: Run("SGD", schedule="Warm"),
        f"schedule = 'Warm': unknown; known: {', '.join(SCHEDULES)}",
    ),
    "surface": (
        lambda: Experiment(surface="Flat"),
        f"surface = 'Flat': unknown; known: {', '.join(SURFACES)}",
    ),
    "parameter": (
        lambda: Experiment(surface="Rosenbrock", params={"c": 1}),
        "params of Rosenbrock = 'c': unknown; known: b",
    ),
    "parameter of no surface": (
        lambda: Experiment(runs=(Run("SGD", params={"turn": 1}),)),
        "params of Quadratic = 'turn': unknown; known: scale, condition, rotation",
    ),
    "parameter of another surface": (
        lambda: Experiment(surface="Rosenbrock", runs=(Run("SGD", params={"rotation": 1}),)),
        "params of Rosenbrock = 'rotation': unknown; known: b",
    ),
    "hyperparameter": (
        lambda: Run("Momentum", hyper={"mu": 0.5}),
        "hyper of Momentum = 'mu': unknown; known: momentum, convention, dampening",
    ),
    "hyperparameter of a rule that has none": (
        lambda: Run("SGD", hyper={"momentum": 0.5}),
        "hyper of SGD = 'momentum': unknown; known: none",
    ),
    "schedule parameter": (
        lambda: Run("SGD", schedule="Step", schedule_params={"gamma": 0.5}),
        "schedule_params of Step = 'gamma': unknown; known: factor, milestones, unit",
    ),
}


@pytest.mark.parametrize(("maker", "message"), REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_says(maker, message):
    with pytest.raises(ValueError) as caught:  # noqa: PT011  (the whole message is compared)
        maker()
    assert str(caught.value) == message


def test_a_rule_without_weight_decay_takes_none():
    without = [name for name, rule in OPTIMIZERS.items() if rule.weight_decay == NO_DECAY]
    assert without
    for name in without:
        with pytest.raises(ValueError, match=f"weight_decay of {name} = 0.1: must be .* 0 to 0"):
            Run(name, weight_decay=0.1)


# --- Trajectories -------------------------------------------------------------------------------


def test_a_trajectory_has_one_point_more_than_updates():
    for trajectory in simulate(EXAMPLE):
        steps = len(trajectory.lr)
        assert steps == EXAMPLE.steps
        assert (trajectory.path.shape, trajectory.loss.shape) == ((steps + 1, 2), (steps + 1,))
        assert {a.dtype for a in (trajectory.path, trajectory.loss, trajectory.lr)} == {
            np.dtype(float)
        }
        assert tuple(trajectory.path[0]) == EXAMPLE.start
        assert trajectory.diverged_at is None
        assert trajectory.stopped is None


@pytest.mark.parametrize("surface", **by_name(SURFACES))
def test_the_loss_is_the_surfaces_at_the_point_without_noise_or_decay(surface):
    run = Run("SGD", weight_decay=0.1, batch_size=1)
    trajectory = one(run, surface=surface.name, noise=0.0 if surface.samples else 0.1)
    np.testing.assert_array_equal(trajectory.loss, surface.loss(*trajectory.path.T))


def test_a_run_may_have_its_own_number_of_steps():
    runs = (Run("SGD", steps=5), Run("SGD"), Run("SGD", steps=20))
    assert [len(t.lr) for t in simulate(Experiment(steps=10, runs=runs))] == [5, 10, 20]


def test_the_rate_of_each_update_is_the_schedules():
    run = Run("SGD", lr=0.04, schedule="Cosine", warmup=3)
    expected = 0.04 * SCHEDULES["Cosine"].factors(50, {}, warmup=3)
    np.testing.assert_array_equal(one(run, steps=50).lr, expected)


def test_a_run_without_a_rate_takes_its_rules_default_on_the_surface():
    for surface in SURFACES.values():
        for rule in OPTIMIZERS.values():
            rate = rule.default_rate(surface)
            assert (one(Run(rule.name), surface=surface.name, steps=1).lr == rate).all()


@pytest.mark.parametrize("rule", **by_name(OPTIMIZERS))
def test_at_rate_zero_nothing_moves(rule):
    trajectory = one(Run(rule.name, lr=0), steps=10)
    assert (trajectory.path == trajectory.path[0]).all()
    assert len(trajectory.path) == 11


# --- Divergence ---------------------------------------------------------------------------------


@pytest.mark.parametrize("surface", **by_name(SURFACES))
@pytest.mark.parametrize("lr", [1e6, 30.0])
def test_a_run_ends_at_the_first_step_that_has_diverged(surface, lr):
    runs = tuple(Run(name, lr=lr) for name in OPTIMIZERS)
    for trajectory in simulate(Experiment(surface=surface.name, runs=runs)):
        fine = (np.abs(trajectory.path) <= BIG).all(axis=1) & np.isfinite(trajectory.loss)
        assert len(trajectory.path) == len(trajectory.loss) == len(trajectory.lr) + 1
        assert fine[:-1].all()
        assert trajectory.diverged_at == (None if fine[-1] else len(trajectory.path) - 1)


def test_a_divergence_is_found_at_the_step_the_theory_gives():
    # On the steep axis every update multiplies by 1 - lr l = -3: from 1 to beyond 1e6.
    trajectory = one(Run("SGD", lr=0.4), start=(0, 1), steps=100)
    assert trajectory.diverged_at == math.ceil(math.log(BIG) / math.log(3))


@kernel(SURFACE_SIGNATURE)
def pole(n, x, y, params, loss, gx, gy):
    """A loss of s / (x y): on the axes it is infinite, and NaN if s is 0."""
    for i in range(n):
        loss[i] = params[0] / (x[i] * y[i])
        gx[i] = gy[i] = 1.0


UNCLIPPED = driver.Clipping(False, math.inf, math.inf)


@needs_compiler
@pytest.mark.parametrize("strength", [1.0, 0.0], ids=["inf", "NaN"])
def test_a_loss_that_is_not_finite_is_a_divergence_however_small_the_position(strength):
    path, loss = np.full((6, 2), 3.0), np.empty(6)
    record = np.empty((5, 2)), np.empty((5, 0, 2))
    rule, nothing = OPTIMIZERS["SGD"], np.empty((0, 2))
    done = driver.run(
        *(pole.pointer, pole.pointer, driver.no_batch.pointer, rule.update.pointer),
        *(np.array([strength]), np.empty(0, np.int32), (1, 1, 1), np.ones(5)),
        *(nothing, np.empty(0), nothing, 0.0, 0.0, driver.Penalty(False, 0.0, 0.0, 0.0, 0.0)),
        *(UNCLIPPED, NEVER_STOPS, False, 1, nothing, BIG),
        *(path, loss, record[0], nothing, record[1]),
    )
    assert done == (3, driver.OUT_OF_BOUNDS)  # 3, 2, 1, and the pole at 0
    assert path[3].tolist() == [0.0, 0.0]
    assert not math.isfinite(loss[3])


@pytest.mark.parametrize("start", [(BIG, 0.0), (0.0, -BIG)], ids=str)
def test_a_run_diverges_only_beyond_a_million(start):
    flat = {"params": {"scale": 1.0, "condition": 1.0}, "steps": 1}
    assert one(Run("SGD", lr=2.0), start=start, **flat).diverged_at is None  # to its mirror image
    assert one(Run("SGD", lr=2.0 + 1e-9), start=start, **flat).diverged_at == 1


def test_a_run_that_leaves_the_frame_is_not_brought_back_and_may_return():
    ((_, right), _) = SURFACES["Quadratic"].domain
    path = one(Run("AdaGrad", lr=40.0), steps=100).path
    np.testing.assert_allclose(path[1], [36, -38], rtol=1e-9)  # 40 per coordinate, unclipped
    assert path[1, 0] > right
    assert (np.abs(path[-1]) < right).all()


def test_a_run_may_have_a_start_and_a_seed_of_its_own():
    own = Run("SGD", batch_size=1, start=(1.0, 2.0), seed=7)
    (mine,) = simulate(Experiment(noise=1.0, runs=(own,)))
    shared = Experiment(noise=1.0, start=(1.0, 2.0), seed=7, runs=(Run("SGD", batch_size=1),))
    assert (mine.path == simulate(shared)[0].path).all()


def test_the_recorded_gradient_is_what_the_rule_was_given():
    run = Run("SGD", lr=0.1, batch_size=4, weight_decay=0.5)
    trajectory = one(run, noise=2.0, steps=20)
    np.testing.assert_allclose(
        np.diff(trajectory.path, axis=0), -0.1 * trajectory.gradient, rtol=1e-12, atol=1e-14
    )
    exact = np.stack(SURFACES["Quadratic"].gradient(*trajectory.path[:-1].T), axis=1)
    drawn = trajectory.gradient - exact - 0.5 * trajectory.path[:-1]
    scale = noise_scale(2.0, 10_000, 4)
    np.testing.assert_allclose(drawn, scale * draws(0, 20), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_recorded_states_have_a_row_for_every_name(name):
    trajectory = one(Run(name), steps=7)
    assert trajectory.states.shape == (7, len(OPTIMIZERS[name].state), 2)
    assert np.isfinite(trajectory.states).all()


def test_the_recorded_state_of_momentum_is_its_velocity():
    trajectory = one(Run("Momentum", lr=0.01), steps=20)
    np.testing.assert_allclose(
        np.diff(trajectory.path, axis=0), -0.01 * trajectory.states[:, 0], rtol=1e-9, atol=1e-14
    )


# --- Noise --------------------------------------------------------------------------------------


def test_the_same_experiment_gives_the_same_bits():
    first, second = simulate(EXAMPLE), simulate(pickle.loads(pickle.dumps(EXAMPLE)))
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a.path, b.path)
        np.testing.assert_array_equal(a.loss, b.loss)


def noisy(**settings):
    return one(Run("SGD", lr=0.01, batch_size=1), noise=1.0, **settings).path


def test_another_seed_gives_another_path():
    assert not np.array_equal(noisy(seed=0), noisy(seed=1))


def test_a_longer_experiment_begins_with_the_same_draws():
    np.testing.assert_array_equal(noisy(steps=1000)[:101], noisy(steps=100))


def test_every_run_of_an_experiment_sees_the_same_draws():
    runs = tuple(
        Run("SGD", lr=lr, batch_size=2, steps=steps) for lr, steps in ((1e-3, 50), (1, 80))
    )
    still = {"surface": "Quadratic", "params": {"scale": 0.01, "condition": 1.0}, "start": (0, 0)}
    small, large = simulate(Experiment(**still, noise=1e-3, runs=runs))
    # x[k+1] = (1 - lr s) x[k] - lr draw: solved for the draws, in units of their size.
    draws = [
        ((1 - lr * 0.01) * t.path[:-1] - t.path[1:])[:50] / lr
        for lr, t in ((1e-3, small), (1, large))
    ]
    # Positions of at most about 1e-2, rounded a few times, over the rate.
    np.testing.assert_allclose(*draws, rtol=0, atol=10 * U * 1e-2 / 1e-3)
    assert np.abs(draws[0]).max() > 1e-4


@pytest.mark.parametrize("batch", [1, 8, 64, 1024])
def test_the_noise_of_a_batch_is_that_of_sampling_without_replacement(batch):
    population = np.random.default_rng(0).standard_normal(1024)
    population *= 3.0 / population.std(ddof=0)
    assert noise_scale(3.0, 1024, batch) == pytest.approx(
        3.0 * math.sqrt((1 / batch) * (1024 - batch) / 1023), rel=8 * U, abs=0
    )
    batches = np.random.default_rng(1).permuted(np.tile(population, (4000, 1)), axis=1)[:, :batch]
    # The standard deviation of 4,000 means is itself known to 1 / sqrt(8000) = 1.1 %.
    measured = batches.mean(axis=1).std()
    assert measured == pytest.approx(noise_scale(3.0, 1024, batch), rel=4 * 0.0112, abs=1e-12)


@pytest.mark.parametrize("batch", [None, 1024])
@pytest.mark.parametrize("rule", **by_name(OPTIMIZERS))
def test_the_full_batch_is_free_of_noise(rule, batch):
    noisy = one(Run(rule.name, batch_size=batch), noise=5.0, samples=1024)
    np.testing.assert_array_equal(noisy.path, one(Run(rule.name), noise=0.0).path)


@pytest.mark.parametrize("batch", [1, 8, 512])
def test_drawn_with_replacement_a_batch_has_the_noise_of_independent_samples(batch):
    run = Run("SGD", batch_size=batch, replacement=True, lr=0.0)
    experiment = Experiment(noise=3.0, samples=1024, steps=5000, runs=(run,))
    (trajectory,) = simulate(experiment)
    noise = trajectory.gradient - np.array(experiment.objectives[0].gradient(*experiment.start))
    assert noise.std() == pytest.approx(3.0 / math.sqrt(batch), rel=0.04)
    short = Epoch(1024, 1000, replacement=True).noises(3.0, 0, 2)
    np.testing.assert_allclose(short, [3.0 / math.sqrt(1000), 3.0 / math.sqrt(24)])
    found = sweep(experiment, dataclasses.replace(run, lr=0.01), batch_size=[batch, 0], steps=40)
    for cell, size in enumerate((batch, None)):
        one_run = dataclasses.replace(run, lr=0.01, batch_size=size, steps=40)
        (single,) = simulate(dataclasses.replace(experiment, runs=(one_run,)))
        np.testing.assert_array_equal(found.end[cell], single.path[-1])


RAVINE = {"scale": 0.5, "condition": 20.0, "rotation": 30.0}


@pytest.mark.parametrize("batch", [1, 16])
def test_data_like_noise_has_the_covariance_of_the_hessian(batch):
    run = Run("SGD", 0.0, batch_size=batch, covariance="data-like")
    experiment = Experiment(params=RAVINE, noise=3.0, steps=20_000, samples=10**6, runs=(run,))
    hxx, hxy, hyy = experiment.objectives[0].hessian(0.0, 0.0)
    hessian = np.array([[hxx, hxy], [hxy, hyy]])
    plan = experiment.plan(run)
    np.testing.assert_allclose(plan.root @ plan.root, hessian, rtol=1e-12)
    (trajectory,) = simulate(experiment)
    found = np.cov(trajectory.gradient.T) * batch / 9.0
    np.testing.assert_allclose(found, hessian, rtol=0.03, atol=0.03)
    rest = continued(experiment, trajectory, 50)
    longer = simulate(dataclasses.replace(experiment, steps=20_050))[0]
    np.testing.assert_array_equal(rest.gradient, longer.gradient[-50:])


def test_a_sweep_draws_data_like_noise_to_the_bit():
    run = Run("Adam", covariance="data-like")
    experiment = Experiment(params=RAVINE, noise=2.0, steps=37, samples=100, runs=(run,))
    sizes, seeds = np.array([1, 15, 0]), np.array([3, 9])
    found = sweep(experiment, run, batch_size=sizes[:, None], seed=seeds, lr=0.1)
    for i, size in enumerate(sizes.tolist()):
        for j, seed in enumerate(seeds.tolist()):
            own = dataclasses.replace(run, lr=0.1, batch_size=size or None, seed=seed)
            (single,) = simulate(dataclasses.replace(experiment, runs=(own,)))
            np.testing.assert_array_equal(found.end[i, j], single.path[-1])


@pytest.mark.parametrize("surface", ["Rosenbrock", "Linear regression"])
def test_data_like_noise_needs_an_analytic_quadratic(surface):
    told = f"covariance = 'data-like': must be 'isotropic' on {surface}"
    with pytest.raises(ValueError, match=told):
        Experiment(surface, runs=(Run("SGD", covariance="data-like"),))
    with pytest.raises(ValueError, match=told):
        Experiment(surface).plan(Run("SGD", covariance="data-like"))
    with pytest.raises(ValueError, match="covariance"):
        Run("SGD", covariance="round")


def test_one_sample_is_a_full_batch():
    noisy = one(Run("SGD", batch_size=1), noise=5.0, samples=1)
    np.testing.assert_array_equal(noisy.path, one(Run("SGD")).path)


def test_a_full_batch_need_not_be_a_power_of_two():
    noisy = one(Run("SGD", batch_size=1000), noise=5.0, samples=1000)
    np.testing.assert_array_equal(noisy.path, one(Run("SGD")).path)


@pytest.mark.parametrize(
    ("samples", "batch", "updates"),
    [(10_000, 1, 10_000), (10_000, 128, 79), (10_000, 8192, 2), (10_000, None, 1), (1, 1, 1)],
)
def test_an_epoch_takes_as_many_updates_as_batches(samples, batch, updates):
    experiment = Experiment(samples=samples)
    assert experiment.epoch(batch).updates == updates
    whole = dataclasses.replace(experiment, drop_last=True).epoch(batch)
    assert whole.updates == samples // (batch or samples)


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("batch", [1, 3, 7, 64, 99, 100])
def test_an_epoch_sees_every_sample_once(batch, drop_last):
    epoch = Epoch(100, batch, drop_last)
    sizes = []  # batch after batch, two epochs long
    for _ in range(2):
        left = 100
        while left >= (batch if drop_last else 1):
            sizes.append(min(batch, left))
            left -= sizes[-1]
    assert epoch.updates == len(sizes) // 2
    assert epoch.last == sizes[-1]
    assert epoch.seen == sum(sizes) // 2
    seen = np.concatenate([[0], np.cumsum(sizes)])
    assert epoch.samples_seen(np.arange(len(seen))).tolist() == seen.tolist()
    for samples in range(1, 150):
        updates = epoch.updates_to_see(samples)
        assert epoch.samples_seen(updates) >= samples > epoch.samples_seen(updates - 1)
    expected = [noise_scale(2.0, 100, size) for size in sizes]
    for first in (0, 1, 5):
        found = epoch.noises(2.0, first, len(sizes) - first) if first < len(sizes) else []
        assert list(found) == expected[first:]


def test_the_last_batch_of_an_epoch_has_the_noise_of_its_size():
    """Of 10,000 samples a second batch of 8,192 has 1,808, and 4.53 times the noise."""
    experiment = Experiment(
        noise=1.0, steps=4, seed=5, start=(0, 0), runs=(Run("SGD", 0.0, batch_size=8192),)
    )
    (trajectory,) = simulate(experiment)
    scales = trajectory.gradient / draws(5, 4)
    large, small = (math.sqrt((10_000 - n) / (n * 9_999)) for n in (8192, 1808))
    np.testing.assert_allclose(scales, np.repeat([[large], [small]] * 2, 2, axis=1), rtol=1e-12)
    assert small / large == pytest.approx(4.53, abs=0.005)
    (plan,) = map(experiment.plan, experiment.runs)
    assert plan.epoch.samples_seen(2) == 10_000
    assert plan.noise_rms == pytest.approx(math.sqrt((large**2 + small**2) / 2))
    (dropped,) = simulate(dataclasses.replace(experiment, drop_last=True))
    np.testing.assert_allclose(dropped.gradient / draws(5, 4), large, rtol=1e-12)


def test_a_continuation_counts_the_batches_of_the_run_before():
    run = Run("SGD", 0.01, batch_size=3)
    experiment = Experiment(noise=1.0, samples=10, steps=30, runs=(run,))
    (whole,) = simulate(experiment)
    (part,) = simulate(dataclasses.replace(experiment, steps=13))
    rest = continued(experiment, part, 17)
    np.testing.assert_array_equal(np.concatenate([part.path, rest.path[1:]]), whole.path)


def test_any_batch_size_and_a_milestone_in_decimals_are_taken():
    stones = {"milestones": (2.2,), "unit": "epochs"}
    run = Run("SGD", batch_size=100, schedule="Step", schedule_params=stones)
    (trajectory,) = simulate(Experiment(steps=300, samples=10_000, runs=(run,)))
    assert int(np.argmax(trajectory.lr < trajectory.lr[0])) == 220


def test_a_negative_zero_is_zero():
    for start in ((0.0, 1.0), (-0.0, 1.0), (0, np.float64(1.0))):
        experiment = Experiment(start=start)
        assert not np.signbit(experiment.start).any()
        assert not np.signbit(simulate(experiment)[0].path[0]).any()
    assert not np.signbit(Run("SGD", lr=-0.0).lr)


def test_a_milestone_in_epochs_counts_a_runs_own_batches():
    step = {"schedule": "Step", "schedule_params": {"milestones": [2], "unit": "epochs"}}
    runs = tuple(Run("SGD", lr=0.1, batch_size=b, **step) for b in (16, 32, None))
    cuts = [
        int(np.argmax(t.lr < 0.1)) for t in simulate(Experiment(samples=256, steps=60, runs=runs))
    ]
    assert cuts == [32, 16, 2]


# --- Compiled code ------------------------------------------------------------------------------

KERNELS = {
    "run": driver.run,
    **{f"{s.name} loss": s.kernel for s in SURFACES.values()},
    **{f"{s.name} Hessian": s.hessian_kernel for s in SURFACES.values()},
    **{f"{s.name} batch": s.samples.batch for s in SURFACES.values() if s.samples},
    **{rule.name: rule.update for rule in OPTIMIZERS.values()},
}


@needs_compiler
def test_no_pair_of_surface_and_rule_compiles_anything():
    for surface in SURFACES:
        for schedule in SCHEDULES:
            runs = tuple(Run(rule, schedule=schedule, batch_size=4) for rule in OPTIMIZERS)
            noise = 0.0 if SURFACES[surface].samples else 0.1
            simulate(Experiment(surface=surface, noise=noise, steps=3, runs=runs))
    for name, function in KERNELS.items():
        assert len(function.compiled.signatures) == 1, name


def reference_counts(kernel):
    """Return how often the code of a kernel, compiled anew, mentions counting a reference."""
    function = numba.njit(nogil=True, error_model="numpy")(kernel.__wrapped__)
    function.compile(kernel.signature)
    (code,) = function.inspect_llvm().values()
    return code.count("NRT_incref")


@needs_compiler
@pytest.mark.parametrize("name", [name for name in KERNELS if name != "run"])
def test_a_kernel_counts_no_references(name):
    assert reference_counts(KERNELS[name]) == 0


@needs_compiler
@pytest.mark.parametrize("name", [name for name in KERNELS if name != "run"])
def test_the_type_of_a_pointer_is_made_once(name):
    pointer = KERNELS[name].pointer
    assert numba.typeof(pointer) is numba.typeof(pointer)
    assert numba.typeof(pointer) == Code(KERNELS[name].signature)


@needs_compiler
def test_a_function_of_arrays_would_count_references():
    assert reference_counts(driver.run) > 0


@needs_compiler
def test_a_kernel_that_takes_a_pointer_takes_nothing_else():
    with pytest.raises(AttributeError, match="code"):
        driver.sample_gradients(
            SURFACES["Linear regression"].samples.batch.compiled,
            *(np.zeros(2), np.zeros(2), np.empty((0, 2))),
        )


@needs_compiler
def test_kernels_take_as_many_numbers_at_a_time_as_the_processor_can():
    if "+avx512f" not in get_host_cpu_features().split(","):
        pytest.skip("this processor takes no eight numbers at a time")
    function = numba.njit(nogil=True, error_model="numpy")(OPTIMIZERS["SGD"].update.__wrapped__)
    function.compile(UPDATE_SIGNATURE)
    (code,) = function.inspect_asm().values()
    assert "%zmm" in code


CACHED = """
import hashlib, pickle
import landscape, optimizers
from optimizers.simulation import driver
data = pickle.loads(bytes.fromhex({pickled!r}))
digest = hashlib.sha256()
for t in optimizers.simulate(data):
    digest.update(t.path.tobytes() + t.loss.tobytes())
surface = landscape.SURFACES[data.surface]
kernels = [driver.run, surface.kernel, surface.hessian_kernel]
kernels += [optimizers.OPTIMIZERS[run.optimizer].update for run in data.runs]
hits = sum(sum(k.compiled.stats.cache_hits.values()) for k in kernels)
misses = sum(sum(k.compiled.stats.cache_misses.values()) for k in kernels)
print(digest.hexdigest(), len(kernels), hits, misses)
"""


@needs_compiler
def test_a_new_process_compiles_nothing_again_and_gives_the_same_bits(tmp_path):
    script = CACHED.format(pickled=pickle.dumps(EXAMPLE).hex())
    outputs = [python(script, NUMBA_CACHE_DIR=str(tmp_path)).split() for _ in range(2)]
    digest = hashlib.sha256()
    for trajectory in simulate(EXAMPLE):
        digest.update(trajectory.path.tobytes() + trajectory.loss.tobytes())
    (first, count, *cold), (second, _, *warm) = outputs
    assert first == second == digest.hexdigest()
    assert cold == ["0", count]
    assert warm == [count, "0"]


PLAIN = """
import json, numba
from optimizers import OPTIMIZERS, Experiment, Run, simulate
assert numba.config.DISABLE_JIT
runs = tuple(Run(name) for name in OPTIMIZERS)
print(json.dumps([t.path.tolist() for t in simulate(Experiment(steps=30, runs=runs))]))
"""


def test_the_kernels_are_plain_python_too():
    paths = json.loads(python(PLAIN, NUMBA_DISABLE_JIT="1"))
    runs = tuple(Run(name) for name in OPTIMIZERS)
    for path, trajectory in zip(paths, simulate(Experiment(steps=30, runs=runs)), strict=True):
        # The same operations in the same order; the vectorizer may only exchange libm's last bit.
        np.testing.assert_allclose(trajectory.path, path, rtol=0, atol=100 * 30 * U * 4)


UNWRITABLE = """
import os
os.access = lambda *arguments, **settings: False  # root may write anywhere: deny it by hand
from optimizers import Experiment, simulate
simulate(Experiment(steps=3))
print(os.environ["NUMBA_CACHE_DIR"])
"""


@needs_compiler
def test_it_starts_where_neither_package_nor_home_can_hold_the_cache(tmp_path):
    environment = {k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"}
    done = subprocess.run(
        [sys.executable, "-c", UNWRITABLE],
        cwd=ROOT,
        env={**environment, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    folder = Path(done.stdout.strip())
    assert tmp_path in folder.parents
    assert list(folder.rglob("driver.run-*.nbi"))


@needs_compiler
def test_other_threads_run_while_a_kernel_does(monkeypatch):
    inside, kernel, seen = threading.Event(), driver.run, []

    def marked(*arguments):
        inside.set()
        result = kernel(*arguments)
        inside.clear()
        return result

    monkeypatch.setattr(driver, "run", marked)
    experiment = Experiment(steps=MOST_STEPS, runs=(Run("L-BFGS", lr=1e-4),))
    simulate(experiment)  # compiled before anything is observed
    interval = sys.getswitchinterval()
    # No thread is made to hand over: the others run only while the kernel lets them.
    sys.setswitchinterval(1e3)
    try:
        for _ in range(200):
            worker = threading.Thread(target=simulate, args=(experiment,))
            worker.start()
            while worker.is_alive():
                time.sleep(1e-4)
                seen.append(inside.is_set())
            if any(seen):
                break
    finally:
        sys.setswitchinterval(interval)
    assert any(seen)


@needs_compiler
@pytest.mark.parametrize("function", **by_name(KERNELS))
def test_a_kernel_frees_the_interpreter_and_never_raises_for_arithmetic(function):
    options = function.compiled.targetoptions
    assert options["nogil"]
    assert options["error_model"] == "numpy"
    assert not options.get("fastmath")
    assert not options.get("parallel")


def test_a_plan_resolves_what_a_run_leaves_to_the_experiment():
    runs = (
        Run("SGD", weight_decay=0.2),
        Run("AdamW", lr=0.3, weight_decay=0.1, batch_size=64, steps=7, start=(1, 2), seed=9),
    )
    experiment = Experiment(
        "Rosenbrock", {"b": 50}, steps=30, noise=2.0, samples=1_000, seed=4, runs=runs
    )
    own, given = map(experiment.plan, runs)
    assert (own.surface.name, own.rule.name, own.objective.numbers.tolist()) == (
        "Rosenbrock",
        "SGD",
        [50.0],
    )
    assert (own.start, own.steps, own.seed) == ((-1.2, 1.0), 30, 4)
    assert own.lr == OPTIMIZERS["SGD"].rates["Rosenbrock"]
    assert (own.batch_size, own.epoch.updates, own.noise) == (1_000, 1, 0.0)
    assert (own.coupled, own.decoupled) == (0.2, 0.0)
    assert (given.start, given.steps, given.seed, given.lr) == ((1.0, 2.0), 7, 9, 0.3)
    assert (given.batch_size, given.epoch.updates) == (64, 16)
    assert given.noise == noise_scale(2.0, 1_000, 64) > 0
    assert (given.coupled, given.decoupled) == (0.0, 0.1)
    assert given.rates().tolist() == [0.3] * 7


def test_a_run_may_have_parameters_of_its_own():
    """Its objective is that of an experiment with these, and so are its bits."""
    turned = Run("Adam", lr=0.2, params={"rotation": 30})
    experiment = Experiment(
        params={"condition": 50.0, "rotation": 10.0}, steps=20, runs=(Run("Adam", lr=0.2), turned)
    )
    alone = Experiment(
        params={"condition": 50.0, "rotation": 30.0}, steps=20, runs=(Run("Adam", lr=0.2),)
    )
    plan = experiment.plan(turned)
    assert plan.objective.params == {"scale": 1.0, "condition": 50.0, "rotation": 30.0}
    assert experiment.objectives == (experiment.plan(experiment.runs[0]).objective, plan.objective)
    assert alone.objectives == (plan.objective,)
    first, found = simulate(experiment)
    (expected,) = simulate(alone)
    assert found.objective == expected.objective != first.objective
    np.testing.assert_array_equal(found.path, expected.path)
    np.testing.assert_array_equal(found.loss, expected.loss)
    assert not np.array_equal(found.path, first.path)


def test_runs_with_the_experiments_own_parameters_share_what_they_descend():
    runs = Run("SGD"), Run("Adam", params={"rotation": 0.0}), Run("SGD", params={})
    assert len(Experiment(runs=runs).objectives) == 1


# --- A run that is carried on


@pytest.mark.parametrize("rule", OPTIMIZERS)
def test_a_run_carried_on_is_to_the_bit_the_longer_run(rule):
    def of(steps):
        run = Run(rule, batch_size=8)
        return Experiment("Rosenbrock", steps=steps, noise=0.1, seed=3, runs=(run,))

    (short,), (long,) = simulate(of(20)), simulate(of(80))
    more = continued(of(20), short, 60)
    np.testing.assert_array_equal(more.path, long.path[20:])
    np.testing.assert_array_equal(more.loss, long.loss[20:])
    np.testing.assert_array_equal(more.states, long.states[20:])


def test_a_run_is_carried_on_at_its_last_rate_and_without_noise_where_that_is_asked():
    run = Run("SGD", lr=0.1, schedule="Cosine", schedule_params={"final": 0.5}, batch_size=1)
    experiment = Experiment(steps=10, noise=1.0, runs=(run,))
    (trajectory,) = simulate(experiment)
    more = continued(experiment, trajectory, 30, noisy=False)
    assert set(more.lr) == {trajectory.lr[-1]} == {0.05}
    slopes = np.array([1.0, 10.0])  # of the default quadratic
    expected = trajectory.path[-1] * (1 - 0.05 * slopes) ** np.arange(31)[:, None]
    np.testing.assert_allclose(more.path, expected, rtol=1e-12)
