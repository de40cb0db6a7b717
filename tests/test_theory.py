"""Numbers that theory and papers have, against what the lab computes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from landscape import Dataset
from optimizers import Experiment, Run, simulate, sweep
from optimizers.maps.stationary import predicted

# --- The noisy quadratic (Zhang et al., 2019) ----------------------------------------------------

# Updates until the expected loss is at most the target, at the best constant rate: curvatures 1 and
# 0.01, the noise's covariance the Hessian over the batch, both weights 1 to begin with.
CURVATURES, TARGET = np.array([1.0, 0.01]), 1e-3
BOWL = {"scale": 0.01, "condition": 100.0}


def expected_losses(rate, momentum, batch, updates):
    """Return the expected loss after so many updates, exact to the last: the moments are linear.

    `rate` and `updates` are (n,). Along an axis of curvature h the second moments (E x x, E x v,
    E v v) of weight and velocity follow one matrix, with noise of variance h / batch in v.
    """
    total = np.zeros(len(rate))
    for h in CURVATURES:
        moves = np.zeros((len(rate), 4, 4))
        x, v = np.stack([1 - rate * h, -rate * momentum]), (h, momentum)
        for row, (p, q) in enumerate(((x, x), (x, v), (v, v))):
            moves[:, row, 0] = p[0] * q[0]
            moves[:, row, 1] = p[0] * q[1] + p[1] * q[0]
            moves[:, row, 2] = p[1] * q[1]
        variance = h / batch
        moves[:, :3, 3] = np.stack([rate**2 * variance, -rate * variance, 0 * rate + variance], 1)
        moves[:, 3, 3] = 1.0
        begun = np.array([1.0, 0.0, 0.0, 1.0])
        found = [np.linalg.matrix_power(m, k) @ begun for m, k in zip(moves, updates, strict=True)]
        total += h / 2 * np.array(found)[:, 0]
    return total


def fewest(momentum, batch, rates, most):
    """Return the fewest updates to the target over the rates, and the rate that needs them."""
    updates = np.full(len(rates), most)
    with np.errstate(over="ignore", invalid="ignore"):
        if most <= 1000:  # the first of all, where velocities make the loss rise and fall
            losses = [expected_losses(rates, momentum, batch, updates * 0 + k) for k in range(most)]
            there = np.array(losses) <= TARGET
            updates = np.where(there.any(axis=0), there.argmax(axis=0), most)
        else:
            low, high = np.zeros(len(rates), dtype=int), updates.copy()
            while (high - low > 1).any():
                middle = (low + high) // 2
                there = expected_losses(rates, momentum, batch, middle) <= TARGET
                low, high = np.where(there, low, middle), np.where(there, middle, high)
            updates = high
    best = int(np.argmin(updates))
    return int(updates[best]), float(rates[best])


@pytest.mark.parametrize(
    ("momentum", "batch", "expected", "low", "high", "most"),
    [
        (0.0, 1, 50_514, 2.5e-3, 3.5e-3, 100_000),
        (0.9, 1, 50_448, 2.5e-4, 3.5e-4, 100_000),
        (0.0, 64, 861, 0.1, 0.3, 2000),
        (0.9, 64, 787, 0.01, 0.03, 2000),
        (0.0, 1024, 114, 0.5, 1.9, 200),
        (0.0, 65_536, 46, 1.5, 1.99, 100),
        # On a coarse grid of rates from 1e-4 to 2 these two are 53 and 13.
        (0.9, 1024, 50, 0.2, 0.5, 100),
        (0.9, 65_536, 8, 2.0, 3.7, 50),
    ],
)
def test_the_noisy_quadratic_takes_as_many_updates_as_in_the_paper(
    momentum, batch, expected, low, high, most
):
    fewest_updates, rate = fewest(momentum, batch, np.geomspace(low, high, 121), most)
    assert fewest_updates == pytest.approx(expected, rel=0.03)
    assert low < rate < high
    # The lab's own runs: their mean loss comes to the target at the same update, but for chance.
    run = Run("Momentum", rate, {"momentum": momentum}, batch_size=batch, covariance="data-like")
    seeds = 400 if batch == 1 else 4000
    experiment = Experiment(
        params=BOWL,
        noise=1.0,
        samples=10_000_000,
        start=(1.0, 1.0),
        steps=fewest_updates,
        runs=(run,),
    )
    losses = sweep(experiment, run, seed=np.arange(seeds)).loss
    error = losses.std() / math.sqrt(seeds)
    exact = expected_losses(np.array([rate]), momentum, batch, [fewest_updates])[0]
    assert exact <= TARGET
    assert abs(losses.mean() - exact) < 4 * error
    assert error < 0.06 * TARGET


def test_updates_times_batch_is_constant_for_small_batches_and_updates_are_for_large_ones():
    products = [
        fewest(0.0, batch, np.geomspace(low, high, 61), 100_000)[0] * batch
        for batch, low, high in ((1, 2.5e-3, 3.5e-3), (8, 0.015, 0.04), (64, 0.1, 0.3))
    ]
    assert max(products) / min(products) < 1.1
    large = [fewest(0.0, batch, np.geomspace(1.0, 1.99, 121), 150)[0] for batch in (2**16, 2**20)]
    assert large[0] / large[1] < 1.1


# --- Rules on quadratics -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("run", "straight", "turned"),
    [
        (Run("Momentum", 0.02, {"momentum": 0.9}), 7.770e-9, 7.770e-9),
        (Run("Adam", 0.1), 1.15e-8, 0.446),
        (Run("AdaGrad", 1.0), 1.5e-28, 4.93e-2),
        (Run("Full-matrix AdaGrad", 1.0), 1.397e-28, 1.397e-28),
    ],
    ids=lambda value: getattr(value, "optimizer", None),
)
def test_turning_the_ravine_changes_nothing_for_some_rules_and_all_for_those_with_a_rate_per_axis(
    run, straight, turned
):
    for angle, expected in ((0.0, straight), (45.0, turned)):
        c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        (trajectory,) = simulate(
            Experiment(
                params={"condition": 100.0, "rotation": angle},
                start=(-4 * c - s, c - 4 * s),
                steps=200,
                runs=(run,),
            )
        )
        rel = 0.1 if expected < 1e-20 else 1e-2  # where rounding has its share
        assert trajectory.loss[-1] == pytest.approx(expected, rel=rel), angle


@pytest.mark.parametrize("curvature", [1.0, 100.0])
def test_rmsprop_rests_half_a_rate_from_the_minimum_whatever_the_curvature(curvature):
    for decay in (0.9, 0.99):
        (trajectory,) = simulate(
            Experiment(
                params={"scale": curvature, "condition": 1.0},
                start=(1.0, 1.0),
                steps=4000,
                runs=(Run("RMSProp", 0.01, {"decay": decay}),),
            )
        )
        np.testing.assert_allclose(np.abs(trajectory.path[-2:]), 0.005, rtol=1e-3)


def test_halving_the_rate_is_not_doubling_the_batch():
    experiment = Experiment(
        params={"scale": 2.0, "condition": 1.0},
        noise=2.0,
        samples=10_000_000,
        start=(0.0, 0.0),
        steps=200,
    )
    for rate, batch, expected in ((0.05, 8, 0.006579), (0.1, 16, 0.006944)):
        run = Run("SGD", rate, batch_size=batch)
        ends = sweep(experiment, run, seed=np.arange(20_000)).end
        assert np.square(ends).mean() == pytest.approx(expected, rel=0.02)
        (gap,) = predicted(experiment, run, np.array([rate]))
        assert gap == pytest.approx(2 * expected, rel=1e-3)  # of two axes of curvature 2


def test_momentum_is_sgd_at_a_larger_rate_for_small_rates():
    distances = []
    for rate in (0.1, 0.01, 0.001):
        steps = round(20 / rate)
        sgd, heavy = simulate(
            Experiment(
                params={"scale": 1.0, "condition": 2.0},
                noise=1.0,
                start=(1.0, 1.0),
                steps=steps,
                runs=(
                    Run("SGD", rate, batch_size=16),
                    Run("Momentum", rate / 10, {"momentum": 0.9}, batch_size=16),
                ),
            )
        )
        distances.append(math.sqrt(np.square(sgd.path - heavy.path).sum(axis=1).mean()))
    assert distances[0] > 2.5 * distances[1] > 6 * distances[2]


# --- Regressions ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mean", "condition", "updates"), [(0.0, 1, 1), (3.0, 119, 822), (10.0, 10_402, 71_854)]
)
def test_standardizing_saves_as_many_updates_as_the_condition_number_says(mean, condition, updates):
    feature = np.array([mean - 1, mean + 1])  # of that mean, and deviation 1
    data = Dataset(feature, 2 * feature - 1)
    experiment = Experiment("Linear regression", data=data)
    objective = experiment.objectives[0]
    hxx, hxy, hyy = objective.hessian(0.0, 0.0)
    (low, high), axes = np.linalg.eigh([[hxx, hxy], [hxy, hyy]])
    assert high / low == pytest.approx(condition, rel=1e-3)
    start = np.array([2.0, -1.0]) + axes.sum(axis=1)
    before = objective.loss(*start) - objective.lowest()
    found = sweep(
        experiment,
        Run("SGD", 2 / (low + high)),
        start=start,
        steps=80_000,
        tolerance=1e-12 * before,  # of the loss: 1e-6 of the distance
    )
    assert found.arrived_at == pytest.approx(updates, rel=1e-3)
    standardized = Experiment("Linear regression", {"standardize": 1}, data=data)
    at_once = sweep(standardized, Run("SGD", 1.0), start=start, tolerance=1e-12 * before)
    assert at_once.arrived_at == 1


@pytest.mark.parametrize(("optimizer", "end"), [("AdamW", 1.9997), ("Adam", 2.4000)])
def test_decoupled_decay_ends_elsewhere_than_coupled(optimizer, end):
    """On (x - 3)^2 with decay 0.5: Adam at lambda a / (lambda + wd), AdamW at min(a, 1 / wd)."""
    data = Dataset([[2.0, 0.0], [-2.0, 0.0], [0.0, 2.0], [0.0, -2.0]], [6.0, -6.0, 0.0, 0.0])
    experiment = Experiment(
        "Two features",
        data=data,
        start=(0.0, 0.0),
        steps=40_000,
        runs=(
            Run(
                optimizer,
                0.05,
                weight_decay=0.5,
                schedule="Inverse time",
                schedule_params={"timescale": 200.0},
            ),
        ),
    )
    (trajectory,) = simulate(experiment)
    assert trajectory.path[-1, 0] == pytest.approx(end, abs=2e-3)


# --- The edge of stability (Cohen, 2021; Zhu, 2023) and the catapult (Lewkowycz, 2020)


def largest_at_end(trajectory):
    hxx, hxy, hyy = trajectory.objective.hessian(*trajectory.path[-1])
    return float(np.linalg.eigvalsh([[hxx, hxy], [hxy, hyy]])[1])


@pytest.mark.parametrize(
    ("start", "rate", "curvature"),
    [
        ((6.0, 0.1), 0.05, 39.9755),
        ((5.4, 0.1), 0.05, 39.9755),
        ((6.0, 0.1), 0.04, 49.9802),
        ((6.0, 0.1), 0.03, 66.6477),
        ((4.0, 0.2), 0.1, 19.9539),
    ],
)
def test_the_curvature_ends_just_under_two_over_the_rate(start, rate, curvature):
    found = after_many(start, rate)
    assert found == pytest.approx(curvature, abs=1e-4)
    assert 0.995 * 2 / rate < found < 2 / rate


@pytest.mark.parametrize(("start", "curvature"), [((4.0, 0.2), 32.1625), ((3.0, 0.3), 18.2621)])
def test_a_start_flatter_than_two_over_the_rate_keeps_its_curvature(start, curvature):
    assert after_many(start, 0.05) == pytest.approx(curvature, abs=1e-4)


def after_many(start, rate):
    """Return the largest curvature of the valley where 20,000 updates of SGD end."""
    run = Run("SGD", lr=rate)
    (found,) = simulate(Experiment("Four linear layers", start=start, steps=20_000, runs=(run,)))
    return largest_at_end(found)


def test_a_valley_that_is_too_sharp_throws_the_run_out():
    run = Run("SGD", lr=0.05)
    (found,) = simulate(Experiment("Four linear layers", start=(8.0, 0.05), steps=99, runs=(run,)))
    assert found.diverged_at == 4


@pytest.mark.parametrize("product", [3.15, 3.3, 3.5, 3.85])
def test_the_catapult_raises_the_loss_and_ends_where_it_is_flatter(product):
    lambda_0 = 2.0**2 + 0.3**2
    runs = tuple(Run("SGD", lr=p / lambda_0) for p in (1.5, product, 4.1))
    low, thrown, lost = simulate(
        Experiment("Two linear layers", start=(2.0, 0.3), steps=40, runs=runs)
    )
    assert low.loss.argmax() == 0
    assert thrown.loss.max() > 2 * thrown.loss[0]
    assert largest_at_end(thrown) < 0.5 < 3.6 < largest_at_end(low)
    assert lost.diverged_at == 8
    if product == 3.5:
        assert thrown.loss.max() / thrown.loss[0] == pytest.approx(5.511, abs=5e-4)
