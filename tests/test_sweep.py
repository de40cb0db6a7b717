"""A map's cells are the single runs, to the bit, however they are cut up and shared out."""

from __future__ import annotations

import dataclasses
import functools
import importlib
import json
import math
import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numba
import numpy as np
import pytest

from landscape import SURFACES
from optimizers import OPTIMIZERS, SCHEDULES, Cancelled, Experiment, Run, Sweep, simulate, sweep
from optimizers.record import NO_DECAY
from optimizers.simulation import driver as compiled
from optimizers.simulation.experiment import BIG, MOST_STEPS

module = importlib.import_module("optimizers.simulation.sweep")  # its name is also the function's

needs_compiler = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="nothing is compiled")
ROOT = Path(__file__).parent.parent


def by_name(registry):
    return {"argvalues": registry.values(), "ids": registry.keys()}


def bits(array):
    return np.ascontiguousarray(array, dtype=np.float64).view(np.int64).tolist()


def cell_of(run, shape, cell, given):
    """Return the run of one cell of a map."""
    changes = {}
    for field, values in given.items():
        if field == "hyper":
            own = {name: np.broadcast_to(v, shape)[cell].item() for name, v in values.items()}
            changes[field] = {**run.hyper, **own}
        elif field == "start":
            changes[field] = tuple(np.broadcast_to(values, (*shape, 2))[cell].tolist())
        else:
            changes[field] = np.broadcast_to(values, shape)[cell].item()
    if changes.get("batch_size") == 0:
        changes["batch_size"] = None
    return replace(run, **changes)


def assert_is_the_single_runs(experiment, run, tolerance=None, record=None, count=12, **given):
    """Compare randomly chosen cells of a map with their single runs, bit by bit."""
    found = sweep(experiment, run, tolerance=tolerance, record=record, **given)
    random = np.random.default_rng(0)
    lowest = experiment.objectives[0].lowest()
    for _ in range(count):
        cell = tuple(int(random.integers(length)) for length in found.shape)
        single = cell_of(run, found.shape, cell, given)
        (expected,) = simulate(replace(experiment, runs=(single,)))
        assert bits(found.end[cell]) == bits(expected.path[-1]), single
        assert bits(found.loss[cell]) == bits(expected.loss[-1])
        assert found.steps[cell] == len(expected.lr)
        assert found.diverged[cell] == (expected.diverged_at is not None)
        assert found.stopped[cell] == (expected.stopped is not None)
        if tolerance is not None:
            with np.errstate(over="ignore"):
                there = expected.loss - lowest <= tolerance
            assert found.arrived_at[cell] == (np.argmax(there) if there.any() else -1)
        if record is not None:
            losses = np.full(found.recorded_at[-1] + 1, np.nan)
            losses[: len(expected.loss)] = expected.loss
            np.testing.assert_array_equal(found.losses[cell], losses[found.recorded_at])
    return found


# --- The same bits ------------------------------------------------------------------------------

PLACES = ("Quadratic", "Rosenbrock", "Himmelblau", "Ackley", "Monkey saddle")
NOISY = {"noise": 0.5, "samples": 64, "seed": 3}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("rule", **by_name(OPTIMIZERS))
def test_a_map_of_rates_and_hyperparameters_is_the_single_runs(rule, place):
    hyper = {
        h.name: np.round(values) if h.integer else values
        for h in rule.hyperparameters
        for values in [np.linspace(h.low, h.high, 5)[:, None]]
    }
    assert_is_the_single_runs(
        Experiment(place, steps=90),
        Run(rule.name),
        lr=np.geomspace(1e-4, 10, 70),
        hyper=hyper,
        tolerance=0.1,
        record=31,
    )


@pytest.mark.parametrize("schedule", ["Constant", "Cosine"])
def test_a_map_of_rates_with_a_decay_apart_from_them_is_the_single_runs(schedule):
    run = Run("AdamW", hyper={"decay_apart": "on"}, weight_decay=0.1, schedule=schedule)
    rates = np.concatenate([[0.0], np.geomspace(1e-4, 10, 70)])
    assert_is_the_single_runs(Experiment("Himmelblau", steps=90), run, lr=rates)
    with pytest.raises(ValueError, match=r"AdamW\.decay_apart: must be the same for all cells"):
        sweep(Experiment("Himmelblau"), run, hyper={"decay_apart": [0, 1]})


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("rule", **by_name(OPTIMIZERS))
def test_a_map_of_starts_is_the_single_runs(rule, place):
    x, y = (np.linspace(*side, 23) for side in SURFACES[place].domain)
    starts = np.stack(np.meshgrid(x, y), axis=-1)
    run, experiment = Run(rule.name), Experiment(place, steps=150)
    assert_is_the_single_runs(experiment, run, start=starts, tolerance=1e-3)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("rule", **by_name(OPTIMIZERS))
def test_noise_schedules_and_decay_are_those_of_the_single_runs(rule, schedule):
    stepped = SCHEDULES[schedule].stepped
    run = Run(
        rule.name,
        weight_decay=0.0 if rule.weight_decay == NO_DECAY else 0.1,
        schedule=schedule,
        schedule_params={"milestones": (2, 3), "unit": "epochs"} if stepped else {},
        warmup=5,
    )
    assert_is_the_single_runs(
        Experiment("Himmelblau", steps=40, **NOISY),
        run,
        lr=np.geomspace(1e-3, 0.1, 9)[:, None, None],
        batch_size=np.array([1, 8, 64, 0])[:, None],
        seed=np.arange(7),
        steps=np.array([1, 40, 77, 30])[:, None],
        record=20,
    )


def test_every_cell_may_have_numbers_of_its_own():
    random, shape = np.random.default_rng(1), (400,)
    assert_is_the_single_runs(
        Experiment("Rosenbrock", **NOISY),
        Run("Adam", schedule="Cosine"),
        lr=random.uniform(0, 0.1, shape),
        hyper={
            "beta1": random.uniform(0, 0.99, shape),
            "bias_correction": random.integers(2, size=400),
        },
        start=random.uniform(-2, 2, (*shape, 2)),
        seed=random.integers(1000, size=shape),
        batch_size=random.integers(1, 65, size=shape),
        steps=random.integers(1, 60, shape),
        tolerance=1.0,
        count=60,
    )


@pytest.mark.parametrize("schedule", ["Constant", "Step"])
@pytest.mark.parametrize("place", ["Quadratic", "Himmelblau"])
@pytest.mark.parametrize("rule", **by_name(OPTIMIZERS))
def test_a_run_that_repeats_itself_is_not_cut_short(rule, place, schedule):
    """Past 2 / lambda gradient descent goes round between two, four, eight ... points."""
    start, steepest = {"Quadratic": ((-8, 3), 10), "Himmelblau": ((-3.7, -3.2), 134)}[place]
    found = assert_is_the_single_runs(
        Experiment(place, start=start, steps=3003),
        Run(rule.name, schedule=schedule, warmup=3),
        lr=np.linspace(0.5, 2.8, 100) / steepest,
        tolerance=1e-9,
        record=77,
        count=40,
    )
    assert ((found.steps == 3003) | found.diverged | found.stopped).all()


@pytest.mark.parametrize("rule", ["SGD", "Momentum", "Nesterov"])
def test_a_run_that_rests_along_one_axis_goes_on_along_the_other(rule):
    """Some of them are at rest along x from the start, some come to rest, some go round."""
    starts = np.array([[0.0, 3.0], [3.0, 0.0], [0.0, 0.0], [3.0, 3.0], [-8.0, 3.0], [0.0, -7.5]])
    for steps in (9, 30, 301):
        found = assert_is_the_single_runs(
            Experiment(params={"condition": 100.0}, steps=steps),
            Run(rule),
            start=np.repeat(starts, 12, axis=0)[:, None],
            lr=np.linspace(0.0, 0.0199, 10),
            record=9,
            count=60,
        )
        at_rest = (found.end[:12, 1:, 0] == 0).all() and (found.end[:12, 1:, 1] != 3).all()
        assert at_rest, "along x, and not along y"


def test_a_noisy_run_that_rests_for_a_while_is_not_taken_for_one_that_repeats_itself():
    # Only a draw beyond 2.8 moves a coordinate of 1.5 by half a unit of its last digit.
    found = assert_is_the_single_runs(
        Experiment(params={"scale": 0.01}, start=(1.5, 1.5), steps=500, noise=1.0),
        Run("SGD", lr=4e-17, batch_size=1),
        seed=np.arange(20),
        count=20,
    )
    assert len(np.unique(found.end)) > 3


def test_a_cell_without_noise_keeps_even_the_sign_of_zero_beside_noisy_ones():
    still = Experiment("Saddle", start=(-0.0, 1.0), steps=1, **NOISY)
    sizes = np.array([0, 1])
    found = assert_is_the_single_runs(still, Run("SGD", lr=0.01), batch_size=sizes, count=9)
    assert found.end[0, 0] == 0
    assert found.end[1, 0] != 0


def test_the_same_start_and_seed_are_used_where_none_is_given():
    run = Run("SGD", lr=0.01, start=(1.0, 2.0), seed=9, batch_size=4, steps=17)
    assert_is_the_single_runs(Experiment("Himmelblau", **NOISY), run, count=1)
    found = assert_is_the_single_runs(
        Experiment("Himmelblau", start=(3.0, 1.0), steps=8, **NOISY), Run("SGD", batch_size=4)
    )
    assert (found.shape, found.end.shape, found.loss.shape) == ((), (2,), ())
    assert found.steps == 8


def test_a_hyperparameter_that_is_not_given_is_the_runs():
    run, experiment = Run("Momentum", hyper={"convention": "EMA"}), Experiment()
    values = {"momentum": np.array([0.5, 0.9])}
    found = assert_is_the_single_runs(experiment, run, hyper=values)
    other = sweep(experiment, replace(run, hyper={}), hyper={**values, "convention": "EMA"})
    assert bits(found.end) == bits(other.end)


# --- However it is cut up -----------------------------------------------------------------------

BUSY = Experiment("Rosenbrock", steps=60, **NOISY)
MAP = {
    "lr": np.geomspace(1e-4, 1e-1, 37)[:, None, None],
    "hyper": {"momentum": np.linspace(0, 0.99, 11)[:, None]},
    "seed": np.arange(5),
    "tolerance": 1.0,
    "record": 9,
}
whole = functools.cache(lambda: sweep(BUSY, Run("Momentum", batch_size=1), **MAP))


def assert_same(found: Sweep, expected: Sweep):
    for field in dataclasses.fields(Sweep):
        a, b = getattr(found, field.name), getattr(expected, field.name)
        np.testing.assert_array_equal(a, b, err_msg=field.name)


@pytest.mark.parametrize("threads", [1, 2, 7])
@pytest.mark.parametrize("runs", [1, 64, 1000])
def test_chunks_and_threads_make_no_difference(monkeypatch, threads, runs):
    monkeypatch.setattr(module, "CHUNK_RUNS", (runs, runs))
    assert_same(sweep(BUSY, Run("Momentum", batch_size=1), threads=threads, **MAP), whole())


def test_tables_for_every_chunk_make_no_difference(monkeypatch):
    monkeypatch.setattr(module, "SHARED_NUMBERS", 0)
    monkeypatch.setattr(module, "CHUNK_RUNS", (64, 100))
    assert_same(sweep(BUSY, Run("Momentum", batch_size=1), **MAP), whole())


def test_maps_made_at_the_same_time_do_not_disturb_each_other():
    found = [None] * 4

    def work(i):
        found[i] = sweep(BUSY, Run("Momentum", batch_size=1), **MAP)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(found))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in found:
        assert_same(one, whole())


def test_arrays_broadcast_as_numpys_do():
    found = whole()
    assert found.shape == found.loss.shape == (37, 11, 5)
    assert found.end.shape == (37, 11, 5, 2)
    assert found.losses.shape == (37, 11, 5, 9)
    lr, momentum, seed = np.broadcast_arrays(MAP["lr"], MAP["hyper"]["momentum"], MAP["seed"])
    spelled = {**MAP, "lr": lr, "hyper": {"momentum": momentum}, "seed": seed}
    assert_same(sweep(BUSY, Run("Momentum", batch_size=1), **spelled), found)


# --- How runs end -------------------------------------------------------------------------------


def test_a_divergence_is_found_at_the_update_the_theory_gives():
    # On the steep axis every update multiplies by 1 - 10 lr: from 1 to beyond a million.
    rates = np.linspace(0.25, 3, 50)
    found = sweep(
        Experiment(start=(0, 1), params={"scale": 1.0, "condition": 10.0}), Run("SGD"), lr=rates
    )
    assert found.diverged.all()
    assert found.steps.tolist() == [math.ceil(math.log(BIG) / math.log(10 * r - 1)) for r in rates]
    assert (np.abs(found.end[:, 1]) > BIG).all()
    assert (found.arrived_at == -1).all()


def test_newton_stops_only_where_the_hessian_is_singular():
    x = np.array([[0.0, 0.005], [0.0, 0.1], [0.5, 0.5], [0.0, 0.005]])  # y = x^2 + 1/(2b)
    found = assert_is_the_single_runs(Experiment("Rosenbrock"), Run("Newton"), start=x)
    assert found.stopped.tolist() == [True, False, False, True]
    assert found.steps.tolist()[::3] == [0, 0]
    assert found.end[0].tolist() == [0.0, 0.005]
    assert not found.diverged.any()


def test_runs_that_stop_diverge_and_go_on_may_be_neighbours():
    x = np.linspace(-2, 2, 30)
    starts = np.stack(np.meshgrid(np.append(x, 0), [0.005, 0, 1.5]), axis=-1)
    found = assert_is_the_single_runs(
        Experiment("Rosenbrock", steps=50),
        Run("Newton"),
        lr=np.array([0.5, 9.0])[:, None, None],
        start=starts,
        count=100,
    )
    assert found.stopped.any()
    assert found.diverged.any()
    assert (~found.stopped & ~found.diverged).any()


def test_an_arrival_is_the_first_update_within_the_tolerance():
    found = sweep(Experiment(start=(2, 0), steps=50), Run("SGD", 0.1), tolerance=np.float64(0))
    assert found.arrived_at == -1
    there = sweep(Experiment(start=(0, 0), steps=50), Run("SGD", 0.1), tolerance=0)
    assert there.arrived_at == 0
    assert sweep(Experiment("Saddle"), Run("SGD"), tolerance=1e300).arrived_at >= 0
    assert sweep(Experiment("Monkey saddle"), Run("SGD"), tolerance=1e300).arrived_at == -1


@pytest.mark.parametrize(("count", "at"), [(2, [0, 10]), (5, [0, 2, 5, 7, 10]), (11, [*range(11)])])
def test_losses_are_recorded_at_evenly_spread_update_counts(count, at):
    found = assert_is_the_single_runs(
        Experiment(steps=3), Run("SGD"), steps=np.array([3, 10, 5]), record=count
    )
    assert found.recorded_at.tolist() == at
    assert np.isnan(found.losses[0]).tolist() == [k > 3 for k in at]


def test_nothing_is_recorded_unasked():
    found = sweep(Experiment(), Run("SGD"))
    assert (found.recorded_at, found.losses) == (None, None)


@pytest.mark.parametrize("rule", **by_name(OPTIMIZERS))
def test_a_rule_uses_time_if_its_update_depends_on_its_number(rule):
    random = np.random.default_rng(0)
    defaults = np.array([h.default for h in rule.hyperparameters], dtype=float)
    results = []
    start = random.uniform(0.5, 1.5, (len(rule.state), 16))
    g, hessian = random.standard_normal(16), random.standard_normal((3, 8))
    for t in (2, 1000):  # the first may begin a state otherwise
        state, step = start.copy(), np.empty(16)
        hyper = np.repeat(defaults[:, None], 16, axis=1)
        rule.update(16, t, g, hessian, np.full(16, 0.1), hyper, state, step)
        results.append((bits(state), bits(step)))
    assert rule.uses_time == (results[0] != results[1])


# --- Cancelling and progress --------------------------------------------------------------------

LONG = Experiment("Rosenbrock", steps=MOST_STEPS)


def test_a_map_is_given_up_soon_after_its_event_is_set():
    cancel, told = threading.Event(), []
    starts = np.random.default_rng(0).uniform(-2, 2, (2000, 2))
    sweep(replace(LONG, steps=1), Run("L-BFGS"))  # compiled
    timer = threading.Timer(0.1, cancel.set)
    timer.start()
    began = time.perf_counter()
    with pytest.raises(Cancelled):
        # Some 20 s of work.
        sweep(LONG, Run("L-BFGS", lr=1e-4), start=starts, cancel=cancel, progress=told.append)
    assert time.perf_counter() - began < 1
    assert not told or told[-1] < 1


def test_a_map_that_is_given_up_beforehand_does_nothing():
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        sweep(LONG, Run("SGD"), cancel=cancel, progress=pytest.fail)


def test_an_event_that_is_not_set_changes_nothing():
    assert_same(
        sweep(BUSY, Run("Momentum", batch_size=1), cancel=threading.Event(), **MAP), whole()
    )


def test_progress_rises_to_one_in_the_callers_thread(monkeypatch):
    monkeypatch.setattr(module, "CHUNK_RUNS", (64, 64))
    monkeypatch.setattr(module, "STINT_SECONDS", 0.0)
    shares, threads = [], set()

    def progress(share):
        shares.append(share)
        threads.add(threading.current_thread())

    sweep(BUSY, Run("Momentum", batch_size=1), progress=progress, **MAP)
    assert len(shares) > 5
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[-1] == 1
    assert threads == {threading.current_thread()}


@pytest.mark.parametrize(
    ("seconds", "steps", "first", "others"),
    [(math.inf, 50, True, False), (0.0, 50, True, True), (math.inf, 4000, False, True)],
    ids=["all", "the first chunk", "none"],
)
def test_whoever_asks_makes_what_is_short(monkeypatch, seconds, steps, first, others):
    monkeypatch.setattr(module, "HAND_OVER_SECONDS", seconds)
    monkeypatch.setattr(module, "CHUNK_RUNS", (64, 64))
    run, own = module._Job.run, []

    def watched(job, start, stop):
        own.append(threading.current_thread() is threading.main_thread())
        run(job, start, stop)

    monkeypatch.setattr(module._Job, "run", watched)
    rates, shares = np.geomspace(1e-4, 1e-2, 300), []
    found = sweep(Experiment(steps=steps), Run("SGD"), lr=rates, progress=shares.append)
    assert own[0] == first
    assert (False in own) == others
    assert own.count(True) == {(True, False): 5, (True, True): 1, (False, True): 0}[first, others]
    assert shares[-1] == 1
    for i in (0, 150, 299):
        (alone,) = simulate(Experiment(steps=steps, runs=(Run("SGD", rates[i]),)))
        assert found.loss[i] == alone.loss[-1]


def test_whoever_asks_for_many_cells_makes_none_of_them(monkeypatch):
    monkeypatch.setattr(module._Job, "_run_next", lambda job: pytest.fail("it was begun here"))
    experiment = Experiment(steps=2)
    cells = module._Cells(experiment, Run("SGD"), np.ones(module.MOST_BEGUN + 1), *[None] * 5)
    watch = module._watch(cells, None, None, False)
    module._Job(cells, watch, module._room(cells.count, watch)).begin()


def test_what_progress_raises_comes_out_and_nothing_goes_on(monkeypatch):
    monkeypatch.setattr(module, "CHUNK_RUNS", (64, 64))

    def progress(share):
        raise KeyError(share)

    with pytest.raises(KeyError):
        sweep(BUSY, Run("Momentum", batch_size=1), progress=progress, **MAP)
    assert_same(sweep(BUSY, Run("Momentum", batch_size=1), **MAP), whole())


# --- Refusals -----------------------------------------------------------------------------------

REFUSALS = {
    "lr": ({"lr": [0.1, -0.5]}, "lr = -0.5: must be a number from 0 to 1e+06"),
    "NaN": ({"lr": [0.1, math.nan]}, "lr = nan: must be a number from 0 to 1e+06"),
    "infinity": ({"lr": math.inf}, "lr = inf: must be a number from 0 to 1e+06"),
    "text": ({"lr": ["a"]}, "lr = ['a']: must be a number from 0 to 1e+06"),
    "bool": ({"lr": np.True_}, "lr = np.True_: must be a number from 0 to 1e+06"),
    "ragged": ({"lr": [[1], [1, 2]]}, "lr = [[1], [1, 2]]: must be a number from 0 to 1e+06"),
    "beyond floats": ({"lr": [10**400]}, "lr = [1"),
    "hyperparameter": (
        {"hyper": {"momentum": [0.5, 2.0]}},
        "Momentum.momentum = 2.0: must be a number from 0 to 0.999",
    ),
    "no whole number": (
        {"hyper": {"convention": [0.5]}},
        "Momentum.convention = 0.5: must be a whole number from 0 to 2",
    ),
    "choice": (
        {"hyper": {"convention": "Nadam"}},
        "Momentum.convention = 'Nadam': unknown; known: PyTorch, Keras, EMA",
    ),
    "unknown hyperparameter": (
        {"hyper": {"mu": 0.5}},
        "hyper of Momentum = 'mu': unknown; known: momentum, convention",
    ),
    "hyper": ({"hyper": [1]}, "hyper = [1]: must map names to values"),
    "start": (
        {"start": [[0, 0], [0, 2e6]]},
        "start = 2000000.0: must be a number from -1e+06 to 1e+06",
    ),
    "start of three": (
        {"start": (1, 2, 3)},
        "start = (1, 2, 3): must be two numbers from -1e+06 to 1e+06 along the last axis",
    ),
    "seed": ({"seed": [1, -1]}, "seed = -1: must be a whole number from 0 to 4.29497e+09"),
    "batch size": (
        {"batch_size": [32, 10_001]},
        "batch_size = 10001: must be from 1 to samples = 10000, or 0 for the full batch",
    ),
    "steps": ({"steps": [1.5]}, "steps = 1.5: must be a whole number from 1 to 100000"),
    "no steps": ({"steps": 0}, "steps = 0: must be a whole number from 1 to 100000"),
    "tolerance": ({"tolerance": -1}, "tolerance = -1: must be a number from 0 to 1e+300"),
    "record": ({"record": 102}, "record = 102: must be a whole number from 2 to 101"),
    "threads": ({"threads": 0}, "threads = 0: must be a whole number from 1 to 64"),
    "shapes": (
        {"lr": np.ones(3), "seed": np.arange(4)},
        "shapes of lr (3,), seed (4,): must broadcast to one",
    ),
    "no cell": ({"lr": []}, "cells = 0: must be 1 to MOST_CELLS = 4194304"),
    "too many cells": (
        {"lr": np.broadcast_to(0.1, 2**23)},
        "cells = 8388608: must be 1 to MOST_CELLS = 4194304",
    ),
    "too much work": (
        {"lr": np.ones(2**16), "steps": 2**16},
        "cells x steps = 4294967296: must be at most MOST_MAP_UPDATES = 2147483648",
    ),
    "too many losses": (
        {"lr": np.ones(2**20), "record": 64},
        "cells x record = 67108864: must be at most MOST_LOSSES = 33554432",
    ),
}


@pytest.mark.parametrize(("given", "message"), REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_says(given, message):
    with pytest.raises(ValueError) as caught:  # noqa: PT011  (the message is compared)
        sweep(Experiment(), Run("Momentum"), **given)
    assert str(caught.value).startswith(message)


def test_the_run_is_checked_against_the_experiment():
    with pytest.raises(ValueError, match="batch_size = 128: must be from 1 to"):
        sweep(Experiment(samples=64), Run("SGD", batch_size=128))


# --- Compiled code ------------------------------------------------------------------------------


@needs_compiler
def test_no_pair_of_surface_and_rule_compiles_anything():
    for surface in SURFACES:
        for rule in OPTIMIZERS:
            sweep(Experiment(surface, steps=2), Run(rule), lr=[0.1, 0.2])
    assert len(compiled.sweep.compiled.signatures) == 1


CACHED = """
import hashlib
from optimizers import Experiment, Run
from optimizers import sweep
from optimizers.simulation import driver
found = sweep(Experiment("Rosenbrock", noise=1.0), Run("Momentum", batch_size=2), seed=range(9))
stats = driver.sweep.compiled.stats
hits, misses = (sum(counts.values()) for counts in (stats.cache_hits, stats.cache_misses))
print(hashlib.sha256(found.end.tobytes()).hexdigest(), hits, misses)
"""


@needs_compiler
def test_a_new_process_compiles_nothing_again_and_gives_the_same_bits(tmp_path):
    outputs = [
        subprocess.run(
            [sys.executable, "-W", "error", "-c", CACHED],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "NUMBA_CACHE_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        for _ in range(2)
    ]
    (first, *cold), (second, *warm) = outputs
    assert first == second
    assert cold == ["0", "1"]
    assert warm == ["1", "0"]


PLAIN = """
import json, numba
from optimizers import OPTIMIZERS, Experiment, Run
from optimizers import sweep
assert numba.config.DISABLE_JIT
experiment = Experiment("Himmelblau", steps=12, noise=0.1)
runs = [Run(name, batch_size=4) for name in OPTIMIZERS]
maps = [sweep(experiment, run, seed=range(2), lr=[[0.01], [0.1], [9]], record=3) for run in runs]
print(json.dumps([found.end.tolist() for found in maps]))
"""


def test_the_driver_is_plain_python_too():
    done = subprocess.run(
        [sys.executable, "-c", PLAIN],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    experiment = Experiment("Himmelblau", steps=12, noise=0.1)
    for name, ends in zip(OPTIMIZERS, json.loads(done.stdout), strict=True):
        run = Run(name, batch_size=4)
        found = sweep(experiment, run, seed=range(2), lr=[[0.01], [0.1], [9]])
        np.testing.assert_allclose(found.end, ends, rtol=1e-9, atol=1e-12)
