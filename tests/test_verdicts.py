"""How a run ended: each verdict on a case made for it, and what each promises on all others."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

from landscape import SURFACES, Formula, record
from optimizers import OPTIMIZERS, Experiment, Run, describe, simulate
from optimizers.analysis.measures import facts_of, known_minima, progress
from optimizers.analysis.verdicts import (
    CLOSE,
    CONVERGED,
    DIVERGED,
    GROWING,
    KINDS,
    LOCAL_MINIMUM,
    MAXIMUM,
    NOISE_BALL,
    OSCILLATING,
    PLATEAU,
    RAN_OUT,
    SADDLE,
    STILL_DESCENDING,
    STILL_MOVING,
    STOPPED,
    STOPPING_RULE,
    verdict,
)
from views.presets import PRESETS

RIDGE = {"surface": "Saddle", "start": (1.5, 0.0), "steps": 100}
NOISY = {"noise": 1.0, "samples": 64}


def one(run, **settings):
    experiment = Experiment(**settings, runs=(run,))
    return experiment, simulate(experiment)[0]


def judged(run, **settings):
    return verdict(*one(run, **settings))


def hessian_at(experiment, position):
    surface = experiment.objectives[0]
    hxx, hxy, hyy = surface.hessian(*position)
    return np.array([[hxx, hxy], [hxy, hyy]])


# --- Each verdict on cases made for it


CASES = {
    "bowl": (Run("SGD", 0.15), {}, CONVERGED),
    "one step of Newton": (Run("Newton", 1.0), {"steps": 1}, CONVERGED),
    "start at the minimizer": (Run("Adam", 0.1), {"start": (0, 0), "steps": 1}, CONVERGED),
    "one of four minimizers": (
        Run("Adam", 0.1),
        {"surface": "Himmelblau", "steps": 300},
        CONVERGED,
    ),
    "on a curve of minima": (
        Run("SGD", 0.05),
        {"surface": "Four linear layers", "start": (4.0, 0.2), "steps": 300},
        CONVERGED,
    ),
    "on an axis of minima": (Run("SGD", 0.3), {"surface": "Two linear layers"}, CONVERGED),
    "at the edge of stability": (
        Run("SGD", 0.05),
        {"surface": "Four linear layers", "start": (6.0, 0.1), "steps": 3000},
        STILL_DESCENDING,
    ),
    "noise across a line of minima": (
        Run("SGD", 0.02, batch_size=1),
        {**NOISY, "surface": "Two linear layers", "noise": 0.05, "steps": 400},
        NOISE_BALL,
    ),
    "held by weight decay where a line was": (
        Run("Momentum", 0.01, weight_decay=0.5),
        {"surface": "Four linear layers", "start": (1.5, 0.6), "steps": 2000},
        CONVERGED,
    ),
    "held by weight decay where no line is": (
        Run("SGD", 0.05, weight_decay=0.5),
        {"surface": "Four linear layers", "start": (1.0, 0.5), "steps": 600},
        CONVERGED,
    ),
    "away again from where it was": (
        Run("Lion"),
        {"params": {"condition": 30}, "steps": 120},
        STILL_MOVING,
    ),
    "down to where the loss has no value": (
        Run("SGD", 0.01),
        {"surface": Formula("log(x)"), "start": (4.0, 0.0)},
        STILL_DESCENDING,
    ),
    "on the cusp": (Run("SGD", 0.02), {"surface": "Ackley", "start": (0, 0)}, CONVERGED),
    "beside the cusp": (Run("AdaGrad", 0.1), {"surface": "Ackley", "steps": 3000}, CONVERGED),
    "nearer hollow": (Run("SGD", 0.05), {"surface": "Local-minima valley"}, LOCAL_MINIMUM),
    "minimizer out of the frame": (
        Run("SGD", 0.001),
        {"surface": "Rastrigin", "start": (7.1, 0.1)},
        LOCAL_MINIMUM,
    ),
    "ridge": (Run("SGD", 0.1), RIDGE, SADDLE),
    "start at the saddle": (Run("Momentum", 0.1), {**RIDGE, "start": (0, 0)}, SADDLE),
    "degenerate saddle": (Run("Newton", 1.0), {"surface": "Monkey saddle"}, SADDLE),
    "Newton climbs": (Run("Newton", 1.0), {"surface": "Himmelblau"}, MAXIMUM),
    "slow along the ridge": (Run("Momentum", 0.02), RIDGE, PLATEAU),
    "slow towards the monkey saddle": (
        Run("Newton", 0.01),
        {"surface": "Monkey saddle", "steps": 500},
        PLATEAU,
    ),
    "creeping from a saddle": (
        Run("SGD", 1e-3),
        {**RIDGE, "start": (0.012, 0.0), "steps": 30},
        PLATEAU,
    ),
    "convex and flat": (
        Run("Momentum", 2e-5),
        {"surface": "Beale", "start": (-30.0, 1.033), "steps": 400},
        PLATEAU,
    ),
    "edge of stability": (Run("SGD", 0.2), {"steps": 200}, OSCILLATING),
    "around the cusp": (Run("SGD", 0.02), {"surface": "Ackley", "steps": 200}, OSCILLATING),
    "within a pixel of the cusp": (Run("SGD", 0.004), {"surface": "Ackley"}, OSCILLATING),
    "about the cusp, in bursts": (
        Run("Adam", 0.1),
        {"surface": "Ackley", "steps": 300},
        OSCILLATING,
    ),
    "around the minimizer": (Run("RMSProp", 0.05), {"steps": 400}, OSCILLATING),
    "around a local minimizer below 0": (
        Run("RMSProp", 0.01),
        {"surface": "Six-hump camel", "start": (-1.8, 0.8), "steps": 200},
        OSCILLATING,
    ),
    "chaos": (
        Run("SGD", 0.02),
        {"surface": "Rastrigin", "start": (0.3, 0.2), "steps": 400},
        STILL_MOVING,
    ),
    "held by weight decay": (
        Run("RMSProp", 0.1, weight_decay=1.0),
        {"surface": "Monkey saddle", "start": (0.2, 0.1), "steps": 200},
        OSCILLATING,
    ),
    "small batches": (Run("SGD", 0.1, batch_size=1), {**NOISY, "steps": 200}, NOISE_BALL),
    "at a saddle, with noise": (
        Run("Newton", 1.0, batch_size=1),
        {**NOISY, **RIDGE, "noise": 0.1},
        NOISE_BALL,
    ),
    "above the limit": (Run("SGD", 0.25), {}, DIVERGED),
    "down without end": (Run("SGD", 0.05), {"surface": "Monkey saddle"}, DIVERGED),
    "no finite loss": (
        Run("SGD", 1.0, steps=400),
        {"surface": "Rosenbrock", "start": (9e5, -9e5)},
        DIVERGED,
    ),
    "singular Hessian": (
        Run("Newton", 1.0),
        {"surface": "Monkey saddle", "start": (0, 0)},
        STOPPED,
    ),
    "rate 0": (Run("SGD", 0.0), {}, STOPPED),
    "stopped at a small gradient": (Run("SGD", 0.1, stop_norm=0.01), {}, STOPPING_RULE),
    "stopped at a small change": (Run("SGD", 0.1, stop_change=0.01), {}, STOPPING_RULE),
    "not stopped yet": (Run("SGD", 0.001, stop_norm=0.01), {}, STILL_DESCENDING),
    "rate that runs out": (
        Run(
            *("SGD", 0.05),
            schedule="Step",
            schedule_params={"factor": 1e-4, "milestones": (10, 20), "unit": "percent"},
        ),
        {},
        RAN_OUT,
    ),
    "flat ground without a hint": (
        Run("SGD", 0.1),
        {"surface": "Monkey saddle", "start": (0, 0)},
        STOPPED,
    ),
    "valley floor": (Run("SGD", 0.001), {"surface": "Rosenbrock"}, STILL_DESCENDING),
    "almost in a hollow": (
        Run("SGD", 0.05),
        {"surface": "Local-minima valley", "steps": 60},
        STILL_DESCENDING,
    ),
    "zigzag into a hollow": (
        Run("SGD", 0.066),
        {"surface": "Styblinski-Tang", "start": (2.9, 2.74680277), "steps": 40},
        STILL_DESCENDING,
    ),
    "slow and smooth": (Run("SGD", 1e-4), {"start": (-4, 0), "steps": 6000}, STILL_DESCENDING),
    "sixteen updates near the limit": (
        Run("SGD", 0.199),
        {"start": (0, 2), "steps": 16},
        STILL_DESCENDING,
    ),
    "too few updates to hover": (
        Run("SGD", 0.001, batch_size=1),
        {**NOISY, "noise": 100.0, "steps": 8},
        STILL_DESCENDING,
    ),
    "low rate on a steep slope": (Run("SGD", 1e-6), {"steps": 10}, STILL_DESCENDING),
    "zigzag that dies out": (Run("SGD", 0.19), {"steps": 30}, STILL_DESCENDING),
    "zigzag along a valley that falls": (
        Run("RMSProp", 0.01),
        {"surface": "Rosenbrock", "steps": 500},
        STILL_DESCENDING,
    ),
    "down without end, slowly": (Run("Adam", 0.1), {"surface": "Monkey saddle"}, STILL_DESCENDING),
    "noise on a slope": (Run("SGD", 0.001, batch_size=1), NOISY, STILL_DESCENDING),
    "one update": (Run("SGD", 0.01), {"steps": 1}, STILL_DESCENDING),
    "before it diverges": (Run("SGD", 0.25), {"steps": 15}, GROWING),
}


@pytest.mark.parametrize(("run", "settings", "kind"), CASES.values(), ids=CASES.keys())
def test_a_case_made_for_a_verdict_gets_it(run, settings, kind):
    assert judged(run, **settings).kind == kind


def test_every_verdict_has_a_case():
    assert {kind for _, _, kind in CASES.values()} == set(KINDS)


@pytest.mark.parametrize(
    ("slug", "kinds"),
    {
        "ravine": [STILL_DESCENDING] * 2,
        "momentum": [STILL_DESCENDING] * 4,
        "book": [STILL_DESCENDING] * 3 + [STILL_MOVING],  # Adam swings
        "rates": [DIVERGED, STILL_DESCENDING, CONVERGED, STILL_DESCENDING],
        "rosenbrock": [STILL_DESCENDING] * 2
        + [STILL_MOVING],  # Adam arrives, and is thrown out again
        "saddle": [SADDLE, PLATEAU, PLATEAU, SADDLE],
        "noise": [NOISE_BALL] * 4,
        "crossing": [LOCAL_MINIMUM, CONVERGED, LOCAL_MINIMUM],
        "batch": [NOISE_BALL] * 3 + [LOCAL_MINIMUM],
        "decay": [NOISE_BALL, RAN_OUT, RAN_OUT, NOISE_BALL],
        "adagrad": [STILL_DESCENDING] * 2,
        "newton": [CONVERGED] * 3,
    }.items(),
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_gallery_gets_the_verdicts_that_its_claims_imply(slug, kinds):
    experiment = PRESETS[slug].experiment
    assert [verdict(experiment, t).kind for t in simulate(experiment)] == kinds


# --- The cases that were judged wrongly once

WRONG = {
    "a swing that grows slowly": (
        Run("SGD", 0.2001),
        {"steps": 5000},
        GROWING,
        {"factor": 1.001},
    ),
    "a start near the minimizer, above the limit": (
        Run("SGD", 0.25),
        {"start": (0, 1e-4), "steps": 10},
        GROWING,
        {"factor": 1.5},
    ),
    "a warm-up that ends above the limit": (
        Run("SGD", 0.4, warmup=100),
        {"start": (0, 1e-4), "steps": 108},
        GROWING,
        {"factor": 3.0},
    ),
    "a saddle that is being left": (
        Run("SGD", 0.1),
        {"surface": "Saddle", "start": (1.5, 1e-8), "steps": 120},
        GROWING,
        {"factor": 1.1, "x": 0.0, "y": 0.0},
    ),
    "growth in the noise": (
        Run("SGD", 0.201, batch_size=1),
        {"steps": 200, "noise": 4, "seed": 1},
        GROWING,
        {"factor": 1.01},
    ),
    **{
        f"{steps} updates of a swing, noise {noise:g}": (
            Run("SGD", 0.2, batch_size=1),
            {"steps": steps, "noise": noise},
            OSCILLATING,
            {"period": 2, "width": 4.0},
        )
        for steps in (100, 101)
        for noise in (0, 1e-6)
    },
    "a schedule that ran out": (
        Run("SGD", 0.1, batch_size=1, schedule="Exponential"),
        {"steps": 100, "noise": 1},
        RAN_OUT,
        {"rate": 0.001, "largest": 0.1},
    ),
    "a steep slope after a steeper past": (
        Run("RMSProp", 1.5, hyper={"decay": 0.99}),
        {"surface": "Monkey saddle", "steps": 40},
        STILL_DESCENDING,
        {},
    ),
    "two ends of a swing": (
        Run("RMSProp", 0.05, hyper={"decay": 0}),
        {"surface": "Saddle", "start": (-1.5, -0.4), "steps": 60},
        OSCILLATING,
        {"period": 2, "width": 0.05 * math.sqrt(2)},
    ),
    "a swing within a pixel": (
        Run("SGD", 0.004),
        {"surface": "Ackley"},
        OSCILLATING,
        {"period": 2, "width": 0.0126616},
    ),
}


@pytest.mark.parametrize(("run", "settings", "kind", "numbers"), WRONG.values(), ids=WRONG.keys())
def test_what_was_judged_wrongly_is_judged_rightly(run, settings, kind, numbers):
    found = judged(run, **settings)
    assert found.kind == kind
    for name, value in numbers.items():
        assert found[name] == pytest.approx(value, rel=1e-4, abs=1e-12)


def test_windows_of_odd_length_do_not_matter():
    swing = Run("RMSProp", 0.05, hyper={"decay": 0})
    kinds = {
        judged(swing, surface="Saddle", start=(-1.5, -0.4), steps=steps).kind
        for steps in range(56, 72)
    }
    assert kinds == {OSCILLATING}


# --- The numbers


def test_a_verdict_is_frozen_and_its_numbers_have_names():
    first, second = (judged(Run("SGD", 0.2), steps=200) for _ in range(2))
    assert first == second
    assert hash(first) == hash(second)
    assert first["width"] == first.numbers["width"]
    assert all(isinstance(number, float) for number in first.numbers.values())


def test_a_cycle_is_found_with_its_period_and_width():
    # At the limit the steep coordinate goes from 2 to -2 and back.
    found = judged(Run("SGD", 0.2), steps=200)
    assert found["width"] == pytest.approx(4)
    assert found["period"] == 2


def test_a_swing_that_shrinks_is_no_cycle():
    # It loses 0.4 % in two updates, and two thirds of its width by the horizon.
    assert judged(Run("SGD", 0.1998), steps=80).kind == STILL_DESCENDING


@pytest.mark.parametrize("rate", [0.02, 0.1, 0.18])
def test_the_radius_of_a_noise_ball_is_that_of_the_theory(rate):
    # Stationary variance along an eigenvector of curvature c: lr s^2 / (c (2 - lr c)).
    experiment, _ = one(Run("SGD", rate, batch_size=4), noise=2.0, steps=20_000)
    scale = 2.0 * math.sqrt((10_000 - 4) / (4 * 9_999))
    expected = math.sqrt(sum(rate * scale**2 / (c * (2 - rate * c)) for c in (1.0, 10.0)))
    found = verdict(experiment, simulate(experiment)[0])
    assert found.kind == NOISE_BALL
    assert found["radius"] == pytest.approx(expected, rel=0.15)


HOVERING = [n for n, rule in OPTIMIZERS.items() if n != "L-BFGS" and not rule.searches]


@pytest.mark.parametrize("rule", HOVERING)
def test_a_long_noisy_run_hovers(rule):
    # AdaMax forgets a thousandth of the largest gradient with every update, so that after 400 its
    # steps still grow.
    steps = 4000 if rule == "AdaMax" else 400
    for seed in range(20):
        run = Run(rule, batch_size=4)
        assert judged(run, noise=1.0, steps=steps, seed=seed).kind == NOISE_BALL


def test_a_search_by_the_exact_loss_comes_to_rest_in_the_noise():
    for seed in range(20):
        run = Run("Backtracking", batch_size=4)
        assert judged(run, noise=1.0, steps=400, seed=seed).kind == CONVERGED


@pytest.mark.parametrize("steps", [60, 100, 200, 400])
def test_a_search_that_losses_tell_nothing_any_more_has_converged(steps):
    # The loss at the minimum is -1.03, and to rounding the same some 1e-8 around it.
    found = one(Run("Backtracking"), surface="Six-hump camel", steps=steps)
    assert verdict(*found).kind == CONVERGED
    assert 0 < np.ptp(found[1].path[-10:], axis=0).max() < 1e-7


@pytest.mark.parametrize("rate", [5.0, 10.0])
def test_a_rule_that_the_noise_keeps_from_its_swing_hovers(rate):
    # Without noise Adadelta comes to a rate of 2 over the curvature along both axes, and swings.
    run = Run("Adadelta", rate, batch_size=4)
    experiment, alone = one(run, steps=2000)
    assert verdict(experiment, alone).kind in (OSCILLATING, GROWING)
    experiment, trajectory = one(run, steps=2000, noise=1.0)
    assert verdict(experiment, trajectory).kind == NOISE_BALL
    turns = [np.diff(t.path[-500:, 1]) for t in (alone, trajectory)]
    flips = [np.mean(each[1:] * each[:-1] < 0) for each in turns]
    assert flips[0] == 1.0
    assert flips[1] < 0.6


def test_a_noisy_descent_does_not_hover():
    for seed, rate in itertools.product(range(20), (0.001, 0.01)):
        run = Run("SGD", rate, batch_size=4)
        assert judged(run, noise=2.0, steps=40, seed=seed).kind == STILL_DESCENDING


def test_the_numbers_are_those_of_the_surface():
    assert judged(Run("SGD", 0.1), **RIDGE)["low"] == pytest.approx(-1)
    assert judged(Run("Newton", 1.0), surface="Himmelblau")["high"] == pytest.approx(
        -16.07, abs=0.01
    )
    hollow = judged(Run("SGD", 0.05), surface="Local-minima valley", steps=300)
    assert hollow["gap"] == pytest.approx(8 / 3 * 0.25)
    assert judged(Run("SGD", 0.25))["step"] == 33
    fall = ((4 * 0.9**22) ** 2 - (4 * 0.9**30) ** 2) / 2
    assert judged(Run("SGD", 0.1), steps=30)["fall"] == pytest.approx(fall)


def test_a_run_stops_where_no_step_is_left_that_can_be_seen():
    # At the limit of the numbers a rate of 1e-30 moves nothing, and the gradient is what it was.
    found = judged(Run("SGD", 1e-30), steps=50)
    assert (found.kind, found["step"]) == (STOPPED, 0)
    assert found["slope"] == pytest.approx(math.hypot(*SURFACES["Quadratic"].gradient(-4, 2)))


def test_a_loss_that_is_not_finite_is_told_from_a_position_too_far():
    experiment, trajectory = one(Run("SGD", 0.25))
    assert math.isfinite(verdict(experiment, trajectory)["loss"])
    loss = trajectory.loss.copy()
    loss[-1] = math.inf
    found = verdict(experiment, replace(trajectory, known_loss=loss))
    assert (found.kind, found["step"], found["loss"]) == (DIVERGED, 33, math.inf)


# --- A small gradient alone is never "converged"


def test_a_run_that_rushes_through_a_minimizer_has_not_converged():
    experiment, trajectory = one(Run("Momentum", 0.01), steps=40)
    path, loss = trajectory.path.copy(), trajectory.loss.copy()
    path[-1], loss[-1] = 0.0, 0.0
    through = replace(trajectory, path=path, known_loss=loss)
    assert verdict(experiment, through).kind == STILL_MOVING


@pytest.mark.parametrize("kind", [record.SADDLE, record.MAXIMUM])
def test_a_vanishing_gradient_is_judged_by_the_curvature(kind):
    found = set()
    for surface in SURFACES.values():
        for point in surface.critical_points():
            if point.kind == kind:
                run, start = Run("SGD", 1e-9), (point.x, point.y)
                found.add(judged(run, surface=surface.name, start=start).kind)
    assert found == {kind}


def test_a_run_that_leaves_a_critical_point_has_not_settled_there():
    # From (0, 1e-4) the saddle lets go: the distance grows by a tenth at each update.
    kinds = [
        judged(Run("SGD", 0.1), **{**RIDGE, "start": (0.0, 1e-4), "steps": n})
        for n in (1, 20, 60, 200)
    ]
    assert [found.kind for found in kinds] == [GROWING, GROWING, STILL_DESCENDING, CONVERGED]
    assert [found["factor"] for found in kinds[:2]] == pytest.approx([1.1, 1.1], abs=1e-4)


# --- What a verdict promises, on every surface, rule and rate


def grid():
    for surface, rule in itertools.product(SURFACES.values(), OPTIMIZERS.values()):
        for factor, steps in itertools.product((0.1, 1.0, 10.0), (5, 60, 300)):
            lr = rule.default_rate(surface) * factor
            yield one(Run(rule.name, lr), surface=surface.name, steps=steps)


GRID = list(grid())


@pytest.fixture(scope="module")
def verdicts():
    return [
        (experiment, trajectory, verdict(experiment, trajectory)) for experiment, trajectory in GRID
    ]


def only(verdicts, *kinds):
    """Return the grid's runs with one of these verdicts: there must be some of each."""
    chosen = [entry for entry in verdicts if entry[2].kind in kinds]
    assert {found.kind for _, _, found in chosen} == set(kinds)
    return chosen


def test_converged_means_a_positive_definite_hessian_near_a_global_minimizer(verdicts):
    for experiment, trajectory, found in only(verdicts, CONVERGED):
        end = trajectory.path[-1]
        curvatures = np.linalg.eigvalsh(hessian_at(experiment, end))
        size = facts_of(experiment.objectives[0]).diagonal
        measured = progress(experiment, trajectory, 1e-3)
        assert measured.distance <= 2 * CLOSE * size
        if experiment.objectives[0].valley:  # along it there is no curvature
            assert found["distance"] == measured.distance <= CLOSE * size
            assert abs(curvatures[0]) <= 1e-3 * max(curvatures[1], 1.0)
            continue
        assert curvatures[0] > 0
        if measured.minimizer.kind != record.CUSP:
            # A quadratic of this width cannot be higher; the factor is for what is not quadratic.
            # Where the lowest loss is not 0 the gap is known but for its rounding.
            rounding = 16 * np.finfo(float).eps * abs(trajectory.loss[-1])
            assert measured.gap <= 2 * curvatures[1] * measured.distance**2 + rounding
            gradient = experiment.objectives[0].gradient(*end)
            step = np.linalg.solve(hessian_at(experiment, end), gradient)
            assert found["distance"] == pytest.approx(np.linalg.norm(step), rel=1e-6)
        assert measured.gap <= 0.01 * (
            trajectory.loss[0] - facts_of(experiment.objectives[0]).lowest
        )


def test_a_local_minimum_is_a_minimum_and_not_the_lowest(verdicts):
    for experiment, trajectory, found in only(verdicts, LOCAL_MINIMUM):
        assert np.linalg.eigvalsh(hessian_at(experiment, trajectory.path[-1]))[0] > 0
        assert found["gap"] == progress(experiment, trajectory, 1e-3).gap > 0.01


def test_saddles_and_maxima_are_what_they_are_called(verdicts):
    for experiment, trajectory, found in only(verdicts, SADDLE, MAXIMUM):
        low, high = np.linalg.eigvalsh(hessian_at(experiment, trajectory.path[-1]))
        assert low < 0
        assert (high > 0) == (found.kind == SADDLE)
        assert (found["low"], found["high"]) == pytest.approx((low, high))


def test_a_run_that_settled_lately_kept_within_a_pixel(verdicts):
    for experiment, trajectory, _ in only(verdicts, CONVERGED, LOCAL_MINIMUM, SADDLE):
        lately = trajectory.path[-math.ceil(len(trajectory.lr) / 10) :]
        far = np.linalg.norm(lately - trajectory.path[-1], axis=1).max()
        assert far <= CLOSE * facts_of(experiment.objectives[0]).diagonal


def test_a_run_with_a_limit_that_settled_stays(verdicts):
    # Of the others, RMSProp and Adam may be thrown out again when they have forgotten the slopes.
    for experiment, trajectory, _ in only(verdicts, CONVERGED, LOCAL_MINIMUM, SADDLE):
        if callable(OPTIMIZERS[trajectory.run.optimizer].edges):
            steps = len(trajectory.lr)
            (longer,) = simulate(replace(experiment, steps=2 * steps + 20))
            away = np.linalg.norm(longer.path[steps:] - trajectory.path[-1], axis=1).max()
            assert away <= 3 * CLOSE * facts_of(experiment.objectives[0]).diagonal


def test_diverged_is_said_of_the_runs_that_diverged_and_of_no_other(verdicts):
    for _, trajectory, found in verdicts:
        assert (found.kind == DIVERGED) == (trajectory.diverged_at is not None)
        if found.kind == DIVERGED:
            assert found["step"] == trajectory.diverged_at
        if trajectory.stopped is not None:
            assert found.kind == STOPPED


def test_still_descending_and_still_moving_have_the_fall_of_the_last_quarter(verdicts):
    for _, trajectory, found in only(verdicts, STILL_DESCENDING, STILL_MOVING):
        quarter = math.ceil(len(trajectory.lr) / 4)
        fall = trajectory.loss[-1 - quarter] - trajectory.loss[-1]
        assert found["fall"] == pytest.approx(fall)
        assert found["updates"] == quarter


def test_without_noise_nothing_hovers_and_in_much_noise_nothing_is_called_a_cycle(verdicts):
    assert all(found.kind != NOISE_BALL for _, _, found in verdicts)
    kinds = set()
    added = [each for each in GRID if not each[0].made_by_data]
    for experiment, trajectory in added:
        noisy = replace(
            experiment, noise=100.0, runs=(replace(trajectory.run, batch_size=1),), seed=1
        )
        (made,) = simulate(noisy)
        if np.abs(made.gradient).max() < 1e6:  # others do not see even that
            kinds.add(verdict(noisy, made).kind)
    assert NOISE_BALL in kinds
    assert OSCILLATING not in kinds


def test_an_oscillation_moves_and_does_not_get_lower(verdicts):
    for experiment, trajectory, found in only(verdicts, OSCILLATING):
        assert found["width"] > 1e-9 * facts_of(experiment.objectives[0]).diagonal
        (longer,) = simulate(replace(experiment, steps=4 * len(trajectory.lr)))
        quarter = math.ceil(len(trajectory.lr) / 4)
        now, later = trajectory.loss[-quarter:], longer.loss[-quarter:]
        lowest = facts_of(experiment.objectives[0]).lowest
        assert later.mean() - lowest >= 0.74 * (now.mean() - lowest)


def test_the_grid_has_every_verdict_that_needs_no_noise_and_no_accident(verdicts):
    kinds = {found.kind for _, _, found in verdicts}
    # Newton may leap to where the loss of samples is flat and the Hessian singular.
    assert kinds - {STOPPED} == set(KINDS) - {NOISE_BALL, RAN_OUT, STOPPED, STOPPING_RULE}


# --- What does not change a verdict


@pytest.mark.parametrize("rule", ["SGD", "Momentum", "Nesterov", "Newton"])
def test_turned_axes_do_not_change_a_verdict(rule):
    # Path and velocity are turned with the surface; a rule that works by coordinates goes on
    # elsewhere there, and so would the noise.
    c, s = math.cos(1.0), math.sin(1.0)
    turn, params = np.array([[c, s], [-s, c]]), {"rotation": math.degrees(1.0)}
    kinds = set()
    for factor, steps in itertools.product((0.01, 0.5, 1.0, 1.1, 2.0), (3, 40, 200)):
        rate = OPTIMIZERS[rule].default_rate(SURFACES["Quadratic"]) * factor
        experiment, plain = one(Run(rule, rate), steps=steps)
        turned = replace(plain, path=plain.path @ turn, states=plain.states @ turn)
        found = verdict(experiment, plain)
        other = verdict(replace(experiment, params=params), turned)
        assert found.kind == other.kind
        if found.kind != CONVERGED:
            for name in found.numbers.keys() - {"x", "y"}:
                assert found[name] == pytest.approx(other[name], rel=1e-6)
        kinds.add(found.kind)
    assert len(kinds) > 1


@pytest.mark.parametrize("rule", [n for n, rule in OPTIMIZERS.items() if callable(rule.edges)])
def test_a_scaled_loss_does_not_change_a_verdict(rule):
    for factor, steps in itertools.product((0.01, 0.5, 1.0, 1.1, 1.5), (3, 40, 200)):
        lr = OPTIMIZERS[rule].default_rate(SURFACES["Quadratic"]) * factor
        kinds = {
            judged(Run(rule, lr / scale), steps=steps, params={"scale": scale}).kind
            for scale in (0.01, 1.0, 100.0)
        }
        assert len(kinds) == 1


# --- Weight decay


@pytest.mark.parametrize("decay", [0.001, 0.5, 10.0])
@pytest.mark.parametrize(
    "surface", [s for s in SURFACES.values() if s.bounded], ids=lambda s: s.name
)
def test_a_known_minimum_is_followed_to_where_the_decay_moves_it(surface, decay):
    params = surface.resolve()
    minima = known_minima(surface.at(), decay)
    smooth = ~minima.cusp
    x, y = minima.xy[smooth].T
    gx, gy = surface.gradient(x, y, **params)
    hxx, hxy, hyy = surface.hessian(x, y, **params)
    np.testing.assert_allclose(np.hypot(gx + decay * x, gy + decay * y), 0, atol=1e-9)
    assert ((hxx + decay) * (hyy + decay) > hxy**2).all()
    assert (hxx + decay > 0).all()
    np.testing.assert_array_equal(minima.xy[minima.cusp], np.zeros((minima.cusp.sum(), 2)))


def test_with_weight_decay_a_run_converges_to_the_moved_minimizer():
    run = Run("SGD", 0.01, weight_decay=1.0)
    experiment, trajectory = one(run, surface="Himmelblau", steps=300)
    found = verdict(experiment, trajectory)
    assert found.kind == CONVERGED
    assert 0.03 < math.dist(trajectory.path[-1], (3, 2)) < 0.3
    assert found["distance"] < 1e-6


def test_with_weight_decay_noise_hovers_around_the_moved_minimizer():
    run = Run("SGD", 0.01, weight_decay=1.0, batch_size=1)
    found = judged(run, surface="Himmelblau", noise=1.0, steps=2000)
    assert found.kind == NOISE_BALL


def test_where_weight_decay_has_no_minimum_to_move_noise_hovers_around_none():
    run = Run("SGD", 0.1, weight_decay=10.0, batch_size=1)
    found = judged(run, surface="Monkey saddle", start=(0.1, 0.1), noise=0.01)
    assert (found.kind, found.point, found["away"]) == (NOISE_BALL, None, math.inf)


def test_a_run_whose_last_update_brings_it_to_rest_is_at_rest():
    # The first step squares a gradient of 1e43 into the sum: what is left of the rate is nothing.
    run = Run("AdaGrad", 1e6, {"eps": 0.0004})
    found = judged(run, surface="Beale", start=(3.7, -2.3), steps=2)
    assert (found.kind, found["step"]) == (STOPPED, 2)


def test_a_run_that_leaves_all_bounds_below_its_last_loss_but_above_its_last_ones_does_not_fall():
    run = Run("Momentum", 1000.0, batch_size=549)
    settings = {"surface": "Ackley", "start": (-4.036532103562084, -1.960884867071)}
    settings |= {"noise": 1.5694231483231128e-07, "samples": 1024, "seed": 54}
    assert judged(run, **settings, steps=389).kind == STILL_MOVING


def test_with_weight_decay_a_local_minimum_stays_local():
    run = Run("SGD", 0.001, weight_decay=1.0)
    assert judged(run, surface="Rastrigin", steps=300).kind == LOCAL_MINIMUM


def test_a_minimum_that_weight_decay_makes_has_no_lowest_loss_to_be_compared_with():
    run = Run("SGD", 0.1, weight_decay=2.0)
    found = judged(run, surface="Monkey saddle", start=(0.1, 0.1))
    assert (found.kind, found["gap"]) == (LOCAL_MINIMUM, math.inf)
    assert (found["low"], found["high"]) == pytest.approx((2, 2))


@pytest.mark.parametrize("text", ["x + y", "exp(x) + y", "x**3 + y"])
def test_where_only_the_decay_makes_a_minimum_there_is_none_to_be_moved(text):
    experiment, trajectory = one(
        Run("SGD", 0.05, weight_decay=1.0), surface=Formula(text), start=(1, 1), steps=60, l1=0.1
    )
    assert known_minima(trajectory.objective, 1.0).xy.shape == (0, 2)
    assert verdict(experiment, trajectory).kind == STILL_DESCENDING
    *_, told = describe(experiment, [trajectory], ["SGD"])
    assert told.endswith("The loss that it descends includes weight decay 1.")


def test_decoupled_weight_decay_is_not_taken_for_a_coupled_one():
    # Where the coupled decay comes to rest, the decoupled one has no reason to.
    run = Run("SGD", 0.01, weight_decay=1.0)
    experiment, trajectory = one(run, surface="Himmelblau", steps=300)
    states = np.zeros((300, 2, 2))
    other = replace(trajectory, run=Run("AdamW", 0.01, weight_decay=1.0), states=states)
    assert verdict(experiment, trajectory).kind == CONVERGED
    assert verdict(experiment, other).kind in (STILL_DESCENDING, STILL_MOVING)


def test_swings_that_grow_are_no_cycle():
    # Beyond the limit of 2 / 10 the run grows by a tenth with every update, for ever.
    experiment = Experiment("Quadratic", steps=100, runs=(Run("SGD", lr=0.21),))
    (trajectory,) = simulate(experiment)
    assert trajectory.diverged_at is None
    found = verdict(experiment, trajectory)
    assert found.kind == GROWING
    assert found["factor"] == pytest.approx(1.1)


def test_a_critical_point_that_is_further_away_than_the_model_says_is_not_left():
    # The origin is degenerate: Newton's steps to it are shorter than the way there, and find it
    # further off than a pixel or two of where the run ends.
    run = Run("Conjugate gradient", 0.04, warmup=13)
    found = judged(run, surface="Four linear layers", start=(-0.01, -0.01), steps=14)
    assert found.kind == PLATEAU
