"""How a run ended: each verdict on a case made for it, and what each promises on all others."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

from landscape import SURFACES, record
from optimizers import OPTIMIZERS, Experiment, Run, simulate
from optimizers.analysis.measures import frame_of, progress
from optimizers.analysis.verdicts import (
    CLOSE,
    CONVERGED,
    DIVERGED,
    KINDS,
    LOCAL_MINIMUM,
    MAXIMUM,
    NOISE_BALL,
    OSCILLATING,
    PLATEAU,
    SADDLE,
    STILL_DESCENDING,
    STILL_MOVING,
    STOPPED,
    human,
    known_minima,
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
    surface = SURFACES[experiment.surface]
    hxx, hxy, hyy = surface.hessian(*position, **experiment.params)
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
    "on the cusp": (Run("SGD", 0.02), {"surface": "Ackley", "start": (0, 0)}, CONVERGED),
    "beside the cusp": (Run("Adam", 0.1), {"surface": "Ackley", "steps": 300}, CONVERGED),
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
    "around the minimizer": (Run("RMSProp", 0.05), {"steps": 400}, OSCILLATING),
    "around a local minimizer below 0": (
        Run("RMSProp", 0.01),
        {"surface": "Six-hump camel", "steps": 200},
        OSCILLATING,
    ),
    "chaos": (
        Run("SGD", 0.02),
        {"surface": "Rastrigin", "start": (0.3, 0.2), "steps": 400},
        OSCILLATING,
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
    "rate that runs out": (
        Run(
            *("SGD", 0.05),
            schedule="Step",
            schedule_params={"factor": 1e-4, "milestones": (10, 20), "unit": "percent"},
        ),
        {},
        STOPPED,
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
    "before it diverges": (Run("SGD", 0.25), {"steps": 15}, STILL_MOVING),
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
        "book": [STILL_DESCENDING] * 3 + [STILL_MOVING],
        "rates": [DIVERGED, STILL_DESCENDING, CONVERGED, STILL_DESCENDING],
        "rosenbrock": [STILL_DESCENDING] * 3,
        "saddle": [SADDLE, PLATEAU, PLATEAU, SADDLE],
        "noise": [NOISE_BALL] * 4,
        "crossing": [LOCAL_MINIMUM, CONVERGED, LOCAL_MINIMUM],
        "batch": [NOISE_BALL] * 3 + [LOCAL_MINIMUM],
        "decay": [NOISE_BALL] * 4,
        "adagrad": [STILL_DESCENDING] * 2,
        "newton": [CONVERGED] * 3,
    }.items(),
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_gallery_gets_the_verdicts_that_its_claims_imply(slug, kinds):
    experiment = PRESETS[slug].experiment
    assert [verdict(experiment, t).kind for t in simulate(experiment)] == kinds


# --- The number and the evidence


def test_a_cycle_is_found_with_its_period_and_width():
    # At the limit the steep coordinate goes from 2 to -2 and back.
    found = judged(Run("SGD", 0.2), steps=200)
    assert found.number == pytest.approx(4)
    assert found.evidence == "a cycle of 2 updates, 4 wide"


def test_a_swing_that_shrinks_is_no_cycle():
    # The swing loses 0.4 % in two updates: a cycle may lose 0.1 % of its width, 0.2 % of the swing.
    found = judged(Run("SGD", 0.1998), steps=80)
    assert found.kind == OSCILLATING
    assert "cycle" not in found.evidence


@pytest.mark.parametrize("rate", [0.02, 0.1, 0.18])
def test_the_radius_of_a_noise_ball_is_that_of_the_theory(rate):
    # Stationary variance along an eigenvector of curvature c: lr s^2 / (c (2 - lr c)).
    experiment, _ = one(Run("SGD", rate, batch_size=4), noise=2.0, steps=20_000)
    scale = 2.0 * math.sqrt((10_000 - 4) / (4 * 9_999))
    expected = math.sqrt(sum(rate * scale**2 / (c * (2 - rate * c)) for c in (1.0, 10.0)))
    found = verdict(experiment, simulate(experiment)[0])
    assert found.kind == NOISE_BALL
    assert found.number == pytest.approx(expected, rel=0.15)


@pytest.mark.parametrize("rule", [rule for rule in OPTIMIZERS if rule != "L-BFGS"])
def test_a_long_noisy_run_hovers(rule):
    for seed in range(20):
        run = Run(rule, batch_size=4)
        assert judged(run, noise=1.0, steps=400, seed=seed).kind == NOISE_BALL


def test_a_noisy_descent_does_not_hover():
    for seed, rate in itertools.product(range(20), (0.001, 0.01)):
        run = Run("SGD", rate, batch_size=4)
        assert judged(run, noise=2.0, steps=40, seed=seed).kind == STILL_DESCENDING


def test_the_numbers_are_those_of_the_surface():
    assert judged(Run("SGD", 0.1), **RIDGE).number == pytest.approx(-1)
    assert judged(Run("Newton", 1.0), surface="Himmelblau").number == pytest.approx(
        -16.07, abs=0.01
    )
    hollow = judged(Run("SGD", 0.05), surface="Local-minima valley", steps=300)
    assert hollow.number == pytest.approx(8 / 3 * 0.25)
    assert judged(Run("SGD", 0.25)).number == 33
    assert judged(Run("SGD", 0.25)).evidence == "beyond 1,000,000 at step 33"
    fall = ((4 * 0.9**22) ** 2 - (4 * 0.9**30) ** 2) / 2
    assert judged(Run("SGD", 0.1), steps=30).number == pytest.approx(fall)


def test_a_run_stops_where_no_step_is_left_that_can_be_seen():
    run, settings, _ = CASES["rate that runs out"]
    experiment, trajectory = one(run, **settings)
    found = verdict(experiment, trajectory)
    slope = math.hypot(*SURFACES["Quadratic"].gradient(*trajectory.path[-1]))
    assert found.evidence == f"at rest from step 19, with gradient norm {human(slope)}"
    ahead = [np.linalg.norm(np.diff(trajectory.path[k:], axis=0), axis=1).sum() for k in (18, 19)]
    assert ahead[1] <= 1e-6 * frame_of(experiment).diagonal < ahead[0]


def test_a_loss_that_is_not_finite_is_told_from_a_position_too_far():
    experiment, trajectory = one(Run("SGD", 0.25))
    path, loss = trajectory.path.copy(), trajectory.loss.copy()
    path[-1], loss[-1] = (1.0, 1.0), math.inf
    found = verdict(experiment, replace(trajectory, path=path, loss=loss))
    assert found.evidence == "the loss is not finite at step 33"
    path[-1] = math.nan
    found = verdict(experiment, replace(trajectory, path=path, loss=loss))
    assert found.evidence == "beyond 1,000,000 at step 33"


# --- A small gradient alone is never "converged"


def test_a_run_that_rushes_through_a_minimizer_has_not_converged():
    experiment, trajectory = one(Run("Momentum", 0.01), steps=40)
    path, loss = trajectory.path.copy(), trajectory.loss.copy()
    path[-1], loss[-1] = 0.0, 0.0
    through = replace(trajectory, path=path, loss=loss)
    assert verdict(experiment, through).kind == STILL_DESCENDING


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
    assert [found.kind for found in kinds] == [SADDLE, SADDLE, STILL_DESCENDING, CONVERGED]


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
        assert curvatures[0] > 0
        size = frame_of(experiment).diagonal
        measured = progress(experiment, trajectory, 1e-3)
        assert measured.distance <= 2 * CLOSE * size
        if measured.minimizer.kind != record.CUSP:
            # A quadratic of this width cannot be higher; the factor is for what is not quadratic.
            assert measured.gap <= 2 * curvatures[1] * measured.distance**2
            gradient = SURFACES[experiment.surface].gradient(*end, **experiment.params)
            step = np.linalg.solve(hessian_at(experiment, end), gradient)
            assert found.number == pytest.approx(np.linalg.norm(step), rel=1e-6)
        assert measured.gap <= 0.01 * (trajectory.loss[0] - frame_of(experiment).lowest)


def test_a_local_minimum_is_a_minimum_and_not_the_lowest(verdicts):
    for experiment, trajectory, found in only(verdicts, LOCAL_MINIMUM):
        assert np.linalg.eigvalsh(hessian_at(experiment, trajectory.path[-1]))[0] > 0
        assert found.number == progress(experiment, trajectory, 1e-3).gap > 0.01


def test_saddles_and_maxima_are_what_they_are_called(verdicts):
    for experiment, trajectory, found in only(verdicts, SADDLE, MAXIMUM):
        low, high = np.linalg.eigvalsh(hessian_at(experiment, trajectory.path[-1]))
        assert low < 0
        assert (high > 0) == (found.kind == SADDLE)
        assert found.number == pytest.approx(low if found.kind == SADDLE else high)


def test_a_run_that_settled_lately_kept_within_a_pixel(verdicts):
    for experiment, trajectory, _ in only(verdicts, CONVERGED, LOCAL_MINIMUM, SADDLE):
        lately = trajectory.path[-math.ceil(len(trajectory.lr) / 10) :]
        far = np.linalg.norm(lately - trajectory.path[-1], axis=1).max()
        assert far <= CLOSE * frame_of(experiment).diagonal


def test_a_run_with_a_limit_that_settled_stays(verdicts):
    # Of the others, RMSProp and Adam may be thrown out again when they have forgotten the slopes.
    for experiment, trajectory, _ in only(verdicts, CONVERGED, LOCAL_MINIMUM, SADDLE):
        if callable(OPTIMIZERS[trajectory.run.optimizer].edges):
            steps = len(trajectory.lr)
            (longer,) = simulate(replace(experiment, steps=2 * steps + 20))
            away = np.linalg.norm(longer.path[steps:] - trajectory.path[-1], axis=1).max()
            assert away <= 3 * CLOSE * frame_of(experiment).diagonal


def test_diverged_is_said_of_the_runs_that_diverged_and_of_no_other(verdicts):
    for _, trajectory, found in verdicts:
        assert (found.kind == DIVERGED) == (trajectory.diverged_at is not None)
        if found.kind == DIVERGED:
            assert found.number == trajectory.diverged_at
        if trajectory.stopped is not None:
            assert found.kind == STOPPED


def test_still_descending_and_still_moving_are_told_apart_by_the_loss(verdicts):
    for _, trajectory, found in only(verdicts, STILL_DESCENDING, STILL_MOVING):
        quarter = math.ceil(len(trajectory.lr) / 4)
        fall = trajectory.loss[-1 - quarter] - trajectory.loss[-1]
        assert found.number == pytest.approx(fall)
        assert (found.kind == STILL_DESCENDING) == (fall > 0)


def test_without_noise_nothing_hovers_and_with_noise_nothing_is_called_a_cycle(verdicts):
    assert all(found.kind != NOISE_BALL for _, _, found in verdicts)
    kinds = set()
    for experiment, trajectory in GRID[::5]:
        noisy = replace(
            experiment, noise=1.0, runs=(replace(trajectory.run, batch_size=1),), seed=1
        )
        kinds.add(verdict(noisy, simulate(noisy)[0]).kind)
    assert NOISE_BALL in kinds
    assert OSCILLATING not in kinds


def test_an_oscillation_moves_and_does_not_get_lower(verdicts):
    for experiment, trajectory, found in only(verdicts, OSCILLATING):
        assert found.number > 1e-6 * frame_of(experiment).diagonal
        quarter = math.ceil(len(trajectory.lr) / 4)
        third, last = trajectory.loss[-2 * quarter : -quarter], trajectory.loss[-quarter:]
        lowest = frame_of(experiment).lowest
        assert last.mean() - lowest >= 0.89 * (third.mean() - lowest)


def test_the_evidence_names_the_number(verdicts):
    for _, _, found in verdicts:
        shown = f"{found.number:,.0f}" if found.kind in (DIVERGED, STOPPED) else human(found.number)
        assert shown.removeprefix("−") in found.evidence


def test_the_grid_has_every_verdict_that_needs_no_noise_and_no_accident(verdicts):
    assert {found.kind for _, _, found in verdicts} == set(KINDS) - {NOISE_BALL, STOPPED}


# --- What does not change a verdict


@pytest.mark.parametrize("noise", [0.0, 1.0])
@pytest.mark.parametrize("rule", OPTIMIZERS)
def test_turned_axes_do_not_change_a_verdict(rule, noise):
    # The picture is turned, not the run: an adaptive rule would take other steps.
    c, s = math.cos(1.0), math.sin(1.0)
    params = {"rotation": math.degrees(1.0)}
    kinds = set()
    for factor, steps in itertools.product((0.01, 0.5, 1.0, 1.1, 2.0), (3, 40, 200)):
        rate = OPTIMIZERS[rule].default_rate(SURFACES["Quadratic"]) * factor
        experiment, plain = one(Run(rule, rate, batch_size=32), steps=steps, noise=noise)
        path = plain.path @ np.array([[c, s], [-s, c]])
        found = verdict(experiment, plain)
        other = verdict(replace(experiment, params=params), replace(plain, path=path))
        assert found.kind == other.kind
        if found.kind != CONVERGED:
            assert found.number == pytest.approx(other.number, rel=1e-6)
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
    params = frame_of(Experiment(surface.name)).surface.resolve()
    minima = known_minima(surface.name, Experiment(surface.name).params, decay)
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
    assert found.evidence.endswith("from the minimizer that weight decay leads to")
    assert 0.03 < math.dist(trajectory.path[-1], (3, 2)) < 0.3
    assert found.number < 1e-6


def test_with_weight_decay_noise_hovers_around_the_moved_minimizer():
    run = Run("SGD", 0.01, weight_decay=1.0, batch_size=1)
    found = judged(run, surface="Himmelblau", noise=1.0, steps=2000)
    assert found.kind == NOISE_BALL


def test_with_weight_decay_a_local_minimum_stays_local():
    run = Run("SGD", 0.001, weight_decay=1.0)
    assert judged(run, surface="Rastrigin", steps=300).kind == LOCAL_MINIMUM


def test_a_minimum_that_weight_decay_makes_has_no_lowest_loss_to_be_compared_with():
    run = Run("SGD", 0.1, weight_decay=2.0)
    found = judged(run, surface="Monkey saddle", start=(0.1, 0.1))
    assert (found.kind, found.number) == (LOCAL_MINIMUM, math.inf)
    assert found.evidence.endswith("curvatures 2 and 2; loss without a lower bound")


def test_decoupled_weight_decay_is_not_taken_for_a_coupled_one():
    # Where the coupled decay comes to rest, the decoupled one has no reason to.
    run = Run("SGD", 0.01, weight_decay=1.0)
    experiment, trajectory = one(run, surface="Himmelblau", steps=300)
    other = replace(trajectory, run=Run("AdamW", 0.01, weight_decay=1.0))
    assert verdict(experiment, trajectory).kind == CONVERGED
    assert verdict(experiment, other).kind == STOPPED


# --- Numbers for people


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1, "1"),
        (0.36050, "0.36"),
        (5.3458, "5.3"),
        (20.0, "20"),
        (18.4, "18"),
        (158.5, "158"),
        (1234, "1,230"),
        (99.96, "100"),
        (0.0996, "0.1"),
        (123456, "123,000"),
        (0.00042, "0.00042"),
        (0.000011, "0.000011"),
        (2e-9, "2e-9"),
        (2.34e-9, "2.3e-9"),
        (1.5e7, "1.5e7"),
        (-3.21, "−3.2"),
        (math.inf, "inf"),
    ],
)
def test_a_number_has_two_or_three_digits(value, text):
    assert human(value) == text


def test_a_shown_number_is_within_five_percent():
    for exponent in np.linspace(-12, 12, 500):
        value = 10.0**exponent
        assert float(human(value).replace(",", "")) == pytest.approx(value, rel=0.051)


def test_swings_that_grow_are_no_cycle():
    # Beyond the limit of 2 / 10 the run grows by a tenth with every update, for ever.
    experiment = Experiment("Quadratic", steps=100, runs=(Run("SGD", lr=0.21),))
    (trajectory,) = simulate(experiment)
    assert trajectory.diverged_at is None
    found = verdict(experiment, trajectory)
    assert found.kind == STILL_MOVING
    assert "the loss rises by" in found.evidence
