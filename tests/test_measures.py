"""What is measured on a trajectory, against the golden table, the theory and slower code."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

from landscape import SURFACES
from landscape.record import CUSP, MAXIMUM, SADDLE
from optimizers import OPTIMIZERS, Experiment, Run, simulate
from optimizers.analysis.measures import (
    MEANINGS,
    MONOTONE,
    NO_THEORY,
    SWINGS,
    UNSTABLE,
    ZIGZAG,
    ZONES,
    largest_curvature,
    progress,
    stability,
    stability_limit,
    zigzag,
)
from optimizers.analysis.statements import render
from optimizers.record import CONVENTIONS

BOOK = {
    "params": {"scale": 0.1, "condition": 20.0},
    "start": (-7.0, 2.0),
    "steps": 30,
}


def one(run, **settings):
    experiment = Experiment(**settings, runs=(run,))
    return experiment, simulate(experiment)[0]


# --- Zigzag


@pytest.mark.parametrize(
    ("run", "flip_rate", "turn_angle", "path_ratio"),
    [
        (Run("SGD", 0.95), "1.00", "158.5", "5.35"),
        (Run("SGD", 0.5), "0.00", "2.8", "1.23"),
        (Run("Momentum", 0.1), "0.14", "15.9", "1.58"),
        (Run("Nesterov", 0.1), "0.14", "6.9", "1.26"),
        (Run("AdaGrad", 1.5), "0.00", "1.6", "1.06"),
        (Run("Adam", 0.3), "0.07", "3.4", "1.13"),
    ],
    ids=lambda value: f"{value.optimizer} {value.lr}" if isinstance(value, Run) else value,
)
def test_the_golden_table_is_reproduced_to_its_last_digit(run, flip_rate, turn_angle, path_ratio):
    measured = zigzag(*one(run, **BOOK))
    assert f"{measured.flip_rate:.2f}" == flip_rate
    assert f"{measured.turn_angle:.1f}" == turn_angle
    assert f"{measured.path_ratio:.2f}" == path_ratio
    assert measured.turns == 29
    assert measured.flips == round(measured.flip_rate * 29)


def slow_zigzag(experiment, trajectory):
    """Measure with NumPy's own eigenvectors, one turn after the other."""
    surface = experiment.objectives[0]
    tolerance = 1e-9 * math.dist(*zip(*surface.domain, strict=True))
    steps = np.diff(trajectory.path, axis=0)
    flips, turns, angles = 0, 0, []
    for k, (before, after) in enumerate(itertools.pairwise(steps)):
        sizes = np.linalg.norm(before), np.linalg.norm(after)
        if min(sizes) <= tolerance:
            continue
        cosine = before @ after / (sizes[0] * sizes[1])
        angles.append(math.degrees(math.acos(min(1.0, max(-1.0, cosine)))))
        hxx, hxy, hyy = surface.hessian(*trajectory.path[k + 1])
        values, vectors = np.linalg.eigh([[hxx, hxy], [hxy, hyy]])
        if values[1] > 0:
            across = before @ vectors[:, 1], after @ vectors[:, 1]
            turns += 1
            flips += across[0] * across[1] < 0 and min(map(abs, across)) > tolerance
    return flips, turns, np.mean(angles)


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("rule", ["SGD", "Momentum", "RMSProp"])
def test_zigzag_agrees_with_slower_code_on_every_surface(rule, surface):
    experiment, trajectory = one(Run(rule), surface=surface, steps=80)
    if trajectory.diverged_at is not None:
        trajectory = replace(trajectory, path=trajectory.path[:-1])
    measured = zigzag(experiment, trajectory)
    flips, turns, angle = slow_zigzag(experiment, trajectory)
    assert (measured.flips, measured.turns) == (flips, turns)
    assert measured.turn_angle == pytest.approx(angle, abs=1e-5)
    steps = np.diff(trajectory.path, axis=0)
    assert measured.path_ratio == pytest.approx(
        sum(map(np.linalg.norm, steps)) / np.linalg.norm(steps.sum(axis=0))
    )


@pytest.mark.parametrize("condition", [1.0, 20.0])
def test_turned_axes_do_not_change_the_zigzag(condition):
    (plain, turned) = (
        zigzag(
            *one(
                Run("SGD", 1.9 / condition),
                params={"condition": condition, "rotation": angle},
                start=tuple(
                    3
                    * np.array(
                        [math.cos(1 + math.radians(angle)), math.sin(1 + math.radians(angle))]
                    )
                ),
                steps=40,
            )
        )
        for angle in (0.0, 37.0)
    )
    assert plain.flips == turned.flips == plain.turns == turned.turns == 39
    assert plain.turn_angle == pytest.approx(turned.turn_angle)
    assert plain.path_ratio == pytest.approx(turned.path_ratio)


@pytest.mark.parametrize("rotation", [0.0, 30.0])
def test_rounding_across_the_valley_is_no_flip(rotation):
    # At lr = 1 / curvature the steep side is done after one step: what is left there is rounding.
    params = {"condition": 10.0, "rotation": rotation}
    measured = zigzag(*one(Run("SGD", 0.1), params=params, steps=60))
    assert (measured.flips, measured.turns) == (0, 59)


def test_a_converged_run_invents_no_turns():
    short, long = (zigzag(*one(Run("SGD", 0.15), steps=steps)) for steps in (300, 3000))
    assert (short.flips, short.turns) == (long.flips, long.turns)
    assert short.turn_angle == long.turn_angle
    assert short.turns < 200


def test_a_run_that_does_not_move_has_no_zigzag():
    measured = zigzag(*one(Run("SGD"), start=(0, 0)))
    assert (measured.flip_rate, measured.turn_angle, measured.path_ratio) == (None, None, None)


def test_a_run_that_comes_back_to_its_start_has_no_path_ratio():
    # Turned axes, so that it comes back but for rounding.
    params = {"condition": 1.0, "rotation": 11.0}
    experiment, trajectory = one(Run("SGD", 2.0), params=params, start=(1.3, 0.7), steps=10)
    assert 0 < math.dist(trajectory.path[-1], trajectory.path[0]) < 1e-13
    measured = zigzag(experiment, trajectory)
    assert measured.path_ratio is None
    assert measured.flip_rate == 1
    assert measured.turn_angle == pytest.approx(180)


def test_where_no_curvature_is_positive_no_flip_is_counted():
    surface = SURFACES["Himmelblau"]
    (top,) = (p for p in surface.critical_points() if p.kind == MAXIMUM)
    run = Run("SGD", 1e-3)
    measured = zigzag(*one(run, surface="Himmelblau", start=(top.x + 0.05, top.y), steps=5))
    assert (measured.turns, measured.flip_rate) == (0, None)
    assert measured.turn_angle is not None


def test_an_end_that_is_not_finite_is_left_out():
    experiment, trajectory = one(Run("SGD", 0.25), steps=60)
    path = trajectory.path.copy()
    path[-1] = math.inf, math.nan
    cut = replace(trajectory, path=path[:-1])
    assert zigzag(experiment, replace(trajectory, path=path)) == zigzag(experiment, cut)
    assert zigzag(experiment, cut).turns == trajectory.diverged_at - 2


def test_a_last_step_of_any_length_is_measured():
    experiment, trajectory = one(Run("SGD", 0.25), steps=60)
    path = trajectory.path.copy()
    path[-1] = 1e300, -1e300
    assert zigzag(experiment, replace(trajectory, path=path)).path_ratio == pytest.approx(1)


# --- Stability

# The rules that have a limit of stability.
LIMITED = [name for name, rule in OPTIMIZERS.items() if callable(rule.edges)]
RULES = [
    ("SGD", {}),
    *(
        (rule, {"momentum": mu, **more})
        for mu in (0.0, 0.3, 0.9)
        for rule, more in (
            *(("Momentum", {"convention": name}) for name in CONVENTIONS),
            ("Nesterov", {}),
        )
    ),
]


@pytest.mark.parametrize("name", ["PyTorch", "Keras", "EMA"])
def test_a_convention_is_called_by_its_name(name):
    hyper = Run("Momentum", hyper={"convention": name}).hyper
    assert OPTIMIZERS["Momentum"].memory.convention(hyper) == name


@pytest.mark.parametrize("rule", [r for r in OPTIMIZERS.values() if r.memory], ids=lambda r: r.name)
def test_a_memory_is_a_share_from_0_to_less_than_1_in_one_of_the_conventions(rule):
    (share,) = (h for h in rule.hyperparameters if h.name == rule.memory.hyper)
    assert (share.low, share.high < 1) == (0, True)
    assert rule.memory.convention(rule.resolve()) in CONVENTIONS


def shown(value):
    return " ".join(map(str, value.values())) if isinstance(value, dict) else None


def at_product(rule, hyper, product, steps=4000):
    """Run a rule on a round bowl, so that every update has this product of rate and curvature."""
    run = Run(rule, product * 4, hyper=hyper)
    experiment, trajectory = one(
        run, params={"scale": 0.25, "condition": 1.0}, start=(1.0, 1.0), steps=steps
    )
    return stability(experiment, trajectory), trajectory


def sides(trajectory, floor=1e-200):
    """Return the share of updates that change sides, while the position is above rounding."""
    x = trajectory.path[:, 0]
    x = x[: np.argmax(np.abs(x) < floor) or len(x)]
    x = x[len(x) // 3 :]
    return float(np.mean(x[1:] * x[:-1] < 0))


@pytest.mark.parametrize(("rule", "hyper"), RULES, ids=shown)
def test_a_rule_settles_below_its_limit_and_not_above(rule, hyper):
    limit = at_product(rule, hyper, 1.0, steps=1)[0].limit
    below, inside = at_product(rule, hyper, 0.99 * limit)
    above, outside = at_product(rule, hyper, 1.01 * limit)
    assert abs(inside.path[-1]).max() < 1e-3
    assert outside.diverged_at is not None
    assert UNSTABLE not in below.zones
    assert set(above.zones) == {UNSTABLE}
    np.testing.assert_allclose(below.share, 0.99)


@pytest.mark.parametrize(
    ("rule", "hyper", "limit"),
    [
        ("SGD", {}, 2),
        ("Momentum", {"momentum": 0.9}, 3.8),
        ("Momentum", {"momentum": 0.9, "convention": "Keras"}, 3.8),
        ("Momentum", {"momentum": 0.9, "convention": "EMA"}, 38),
        ("Nesterov", {"momentum": 0.9}, 3.8 / 2.8),
    ],
    ids=shown,
)
def test_the_limits_are_those_of_the_textbooks(rule, hyper, limit):
    assert at_product(rule, hyper, 1.0, steps=1)[0].limit == pytest.approx(limit)


@pytest.mark.parametrize(("rule", "hyper"), RULES, ids=shown)
def test_a_zone_says_how_often_a_run_changes_sides(rule, hyper):
    edges = at_product(rule, hyper, 1.0, steps=1)[0].edges
    zones = (MONOTONE, SWINGS, ZIGZAG)
    for zone, low, high in zip(zones, (0.0, *edges), edges, strict=False):
        if high - low < 1e-9:
            continue
        for share in (0.1, 0.5, 0.9):
            measured, trajectory = at_product(rule, hyper, low + share * (high - low), steps=400)
            assert set(measured.zones) == {zone}
            often = sides(trajectory)
            if zone == MONOTONE:
                assert often == 0
            elif zone == SWINGS:
                assert 0 < often < 0.5
            else:
                assert often > 0.5


def test_every_zone_has_a_meaning():
    assert MEANINGS.keys() == {*ZONES, NO_THEORY}


def test_without_momentum_the_edges_are_1_and_2():
    for rule in LIMITED:
        hyper = {} if rule == "SGD" else {"momentum": 0.0}
        assert at_product(rule, hyper, 1.0, steps=1)[0].edges == (1, 1, 2)


def test_the_product_is_that_of_the_rate_and_the_curvature_at_each_update():
    experiment, trajectory = one(
        Run("SGD", 0.002, schedule="Cosine", warmup=5, weight_decay=0.5),
        surface="Rosenbrock",
        steps=50,
    )
    expected = []
    for (x, y), lr in zip(trajectory.path, trajectory.lr, strict=False):
        hxx, hxy, hyy = SURFACES["Rosenbrock"].hessian(x, y)
        expected.append(lr * (np.linalg.eigvalsh([[hxx, hxy], [hxy, hyy]])[1] + 0.5))
    np.testing.assert_allclose(stability(experiment, trajectory).product, expected, rtol=1e-12)


def test_coupled_weight_decay_moves_the_limit():
    params = {"scale": 1.0, "condition": 1.0}
    outcomes = []
    for decay in (0.0, 0.5):
        run = Run("SGD", 1.9, weight_decay=decay)
        experiment, trajectory = one(run, params=params, steps=200)
        outcomes.append((set(stability(experiment, trajectory).zones), trajectory.diverged_at))
    (stable, settled), (unstable, diverged) = outcomes
    assert (stable, settled) == ({ZIGZAG}, None)
    assert unstable == {UNSTABLE}
    assert diverged is not None


def test_noise_does_not_change_a_limit():
    run = Run("Momentum", 0.05, batch_size=1)
    clean, noisy = (stability(*one(run, noise=noise)) for noise in (0.0, 1.0))
    assert clean.edges == noisy.edges
    np.testing.assert_array_equal(clean.product, noisy.product)


@pytest.mark.parametrize("rule", [rule for rule in OPTIMIZERS if rule not in LIMITED])
def test_a_rule_without_theory_gets_a_reason_and_no_number(rule):
    measured = stability(*one(Run(rule)))
    assert set(measured.zones) == {NO_THEORY}
    assert measured.limit is None
    assert render(measured.reason).startswith(f"{rule}: ")
    assert "not known" not in render(measured.reason)
    assert np.isnan(measured.product).all()
    assert np.isnan(measured.share).all()


def test_where_no_curvature_is_positive_there_is_no_limit():
    surface = SURFACES["Himmelblau"]
    experiment, trajectory = one(Run("SGD"), surface=surface.name, start=(-0.2, -0.8), steps=60)
    measured = stability(experiment, trajectory)
    hessians = np.array(surface.hessian(*trajectory.path[:-1].T))
    top = [np.linalg.eigvalsh([[a, b], [b, c]])[1] for a, b, c in hessians.T]
    np.testing.assert_array_equal(measured.zones == NO_THEORY, np.array(top) <= 0)
    count = int(np.sum(np.array(top) <= 0))
    assert 0 < count < 60
    assert render(measured.reason) == f"No curvature is positive at {count} of 60 updates."


@pytest.mark.parametrize("name", SURFACES)
def test_the_largest_curvature_is_that_at_the_smooth_minimizers(name):
    surface = SURFACES[name]
    points = [p for p in surface.minimizers() if p.kind != CUSP]
    hessians = [surface.hessian(p.x, p.y) for p in points]
    top = [np.linalg.eigvalsh([[a, b], [b, c]])[1] for a, b, c in hessians]
    assert largest_curvature(surface.at()) == pytest.approx(max(top, default=0.0), rel=1e-12)


def test_the_limit_is_a_rate_and_none_where_nothing_sets_one():
    hyper = Run("Momentum", hyper={"momentum": 0.5}).hyper
    assert stability_limit(OPTIMIZERS["Momentum"], hyper, 6.0) == 0.5
    assert stability_limit(OPTIMIZERS["SGD"], {}, 4.0) == 0.5
    assert stability_limit(OPTIMIZERS["SGD"], {}, 0.0) is None
    assert stability_limit(OPTIMIZERS["SGD"], {}, -1.0) is None
    assert stability_limit(OPTIMIZERS["Adam"], Run("Adam").hyper, 4.0) is None


# --- Progress


@pytest.mark.parametrize(("batch", "size"), [(None, 10_000), (10_000, 10_000), (256, 256)], ids=str)
def test_progress_counts_updates_and_samples(batch, size):
    experiment, trajectory = one(Run("SGD", 0.15, batch_size=batch), steps=80)
    measured = progress(experiment, trajectory, 0.01)
    k = measured.updates
    assert trajectory.loss[k] < 0.01 <= trajectory.loss[:k].min()
    assert measured.samples == k * size
    assert measured.gradients == k > 0
    assert measured.reason is None


def test_a_tolerance_that_is_never_met_gives_none():
    measured = progress(*one(Run("SGD", 0.02), steps=20), 1e-3)
    assert (measured.updates, measured.samples, measured.gradients) == (None, None, None)
    assert measured.gap > 1e-3
    assert measured.reason is None


def test_a_start_below_the_tolerance_takes_no_updates():
    measured = progress(*one(Run("SGD"), start=(0.01, 0)), 1.0)
    assert (measured.updates, measured.samples, measured.gradients) == (0, 0, 0)


def test_the_gap_is_counted_from_the_lowest_loss():
    experiment, trajectory = one(Run("SGD"), surface="Six-hump camel")
    gap = progress(experiment, trajectory, 1e-3).gap
    assert gap == pytest.approx(trajectory.loss[-1] + 1.031628453489877)


def test_no_gap_is_negative():
    surface = SURFACES["Six-hump camel"]
    point = surface.minimizers()[0]
    experiment, trajectory = one(Run("SGD"), surface=surface.name, start=(point.x, point.y))
    below = replace(trajectory, known_loss=trajectory.loss - 1e-15)
    assert progress(experiment, below, 1e-3).gap == 0


def test_an_unbounded_surface_has_no_gap_for_a_reason():
    measured = progress(*one(Run("Adam"), surface="Monkey saddle"), 1e-3)
    assert (measured.updates, measured.gap, measured.distance) == (None, None, None)
    assert measured.minimizer is None
    assert measured.critical is not None
    assert render(measured.reason) == "The loss of Monkey saddle has no lower bound."


def test_the_nearest_minimizer_is_named():
    experiment, trajectory = one(Run("SGD", 0.01), surface="Himmelblau", steps=200)
    measured = progress(experiment, trajectory, 1e-3)
    assert (measured.minimizer.x, measured.minimizer.y) == (3, 2)
    assert measured.distance == pytest.approx(math.dist(trajectory.path[-1], (3, 2)), abs=1e-15)
    assert measured.critical == measured.minimizer


def test_the_nearest_critical_point_may_be_of_any_kind():
    measured = progress(*one(Run("SGD", 0.1), surface="Saddle", start=(1.5, 0.0)), 1e-3)
    assert measured.critical.kind == SADDLE
    assert measured.critical_distance == pytest.approx(1.5 * 0.9**100)
    assert measured.distance == pytest.approx(1)


def test_an_end_that_is_not_finite_is_near_nothing():
    experiment, trajectory = one(Run("SGD", 0.25), steps=60)
    path, loss = trajectory.path.copy(), trajectory.loss.copy()
    path[-1], loss[-1] = math.inf, math.nan
    measured = progress(experiment, replace(trajectory, path=path, known_loss=loss), 1e-3)
    assert measured.gap == math.inf
    assert (measured.distance, measured.minimizer, measured.critical) == (None, None, None)
    assert measured.critical_distance is None
