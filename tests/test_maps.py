"""Maps: every cell is a run that `simulate` makes too, and the pictures agree with theory."""

from __future__ import annotations

import functools
import itertools
import math
import threading
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from landscape import SURFACES
from landscape.record import GLOBAL_MINIMUM, CriticalPoint
from optimizers import SCHEDULES, Cancelled, Experiment, Run, simulate, sweep
from optimizers.analysis.averaging import Average, averaged
from optimizers.analysis.moments import expected_gaps, has_moments
from optimizers.maps import (
    REQUESTS,
    BasinMap,
    BatchGrid,
    Ensemble,
    Escape,
    MomentumGrid,
    NoiseBall,
    RateSweep,
    Scaling,
    SharpnessSweep,
    basins,
    rates,
)
from optimizers.maps.base import batch_axis, quantile
from optimizers.maps.basins import ELSEWHERE, NOWHERE, UNDECIDED, nearest
from optimizers.maps.ensembles import closest, wilson
from optimizers.maps.grids import LOSS, MOMENTUM_LIKE, SAMPLES, STEPS
from optimizers.maps.rates import DIVERGES, GOOD, RATE_ZONES, UNRATED, Curves, zones
from optimizers.simulation.epochs import noise_scale
from views.server.table import COLUMNS

RNG = np.random.default_rng(20)
TWO = (Run("Momentum", batch_size=4, hyper={"momentum": 0.8}), Run("Adam", lr=0.1, batch_size=32))
# One on which some cells diverge, one with many minima, and one without a lowest loss.
ROSENBROCK = Experiment("Rosenbrock", steps=60, noise=3, seed=11, runs=TWO)
RASTRIGIN = Experiment("Rastrigin", steps=40, noise=5, samples=1000, runs=TWO)
MONKEY = Experiment("Monkey saddle", steps=50, noise=1, seed=2**32 - 3, runs=TWO)
EXPERIMENTS = [ROSENBROCK, RASTRIGIN, MONKEY]
on_all = pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda e: e.surface)

# A small request of every kind.
SMALL: dict[str, Any] = {
    "RateSweep": RateSweep(ROSENBROCK, count=9, seeds=5),
    "RateSweep with averages": RateSweep(ROSENBROCK, count=9, seeds=5, average=Average(first=7)),
    "MomentumGrid": MomentumGrid(ROSENBROCK, size=12, seeds=3),
    "BatchGrid": BatchGrid(ROSENBROCK, size=6, seeds=3),
    "BasinMap": BasinMap(ROSENBROCK, size=16),
    "Ensemble": Ensemble(ROSENBROCK, seeds=7),
    "Escape": Escape(ROSENBROCK, seeds=5),
    "Scaling": Scaling(ROSENBROCK, count=5, seeds=4, tolerance=5.0),
    "NoiseBall": NoiseBall(ROSENBROCK, count=5, seeds=4),
    "SharpnessSweep": SharpnessSweep(ROSENBROCK, count=9, seeds=5),
}
of_every_kind = pytest.mark.parametrize("request_", SMALL.values(), ids=SMALL.keys())


@functools.cache
def trajectory(experiment: Experiment, run: Run) -> Any:
    return simulate(replace(experiment, runs=(run,)))[0]


def above(experiment: Experiment, loss: Any) -> Any:
    """Return how far losses lie above the lowest, or the losses if there is none."""
    surface = experiment.objectives[0]
    if not surface.bounded:
        return loss
    return np.maximum(loss - surface.lowest(), 0.0)


def end_gap(experiment: Experiment, run: Run) -> float:
    """Return the gap at the end of a run, infinity if it diverged."""
    made = trajectory(experiment, run)
    return math.inf if made.diverged_at is not None else float(above(experiment, made.loss[-1]))


def with_seeds(run: Run, experiment: Experiment, count: int) -> list[Run]:
    return [replace(run, seed=(experiment.seed + k) % 2**32) for k in range(count)]


def some(count: int, least: int = 0, picks: int = 6) -> list[int]:
    return sorted({least, count - 1, *RNG.integers(least, count, picks).tolist()})


# --- Cells are runs


@on_all
def test_a_rate_sweep_holds_the_tenth_median_and_ninetieth_of_its_runs(experiment):
    request = RateSweep(experiment, 1e-4, 3.0, count=40, seeds=11)
    found = request.compute()
    assert np.isinf(found.median).any()
    assert np.isfinite(found.median).any()
    for c, run in enumerate(experiment.runs):
        for r in some(40):
            at_rate = replace(run, lr=float(found.rates[r]))
            ends = sorted(end_gap(experiment, x) for x in with_seeds(at_rate, experiment, 11))
            bands = (found.low, found.median, found.high)
            assert [band[c, r] for band in bands] == [ends[1], ends[5], ends[9]]
            assert found.diverged[c, r] == np.mean(np.isinf(ends))


@pytest.mark.parametrize("most", [None, 300])  # positions at once
@pytest.mark.parametrize("average", [Average(), Average("exponential", 0.9, 5), Average(first=999)])
@on_all
def test_a_rate_sweep_holds_the_median_of_where_averages_end(
    experiment, average, most, monkeypatch
):
    if most is not None:
        monkeypatch.setattr(rates, "MOST_PLACES", most)
    # Newton's method stops where the Hessian has no inverse.
    experiment = replace(experiment, runs=(*experiment.runs, Run("Newton", batch_size=4)))
    plain = RateSweep(experiment, 1e-4, 3.0, count=11, seeds=5)
    found = replace(plain, average=average).compute()
    for field in ("low", "median", "high", "diverged", "zone"):
        np.testing.assert_array_equal(getattr(found, field), getattr(plain.compute(), field))
    for c, run in enumerate(experiment.runs):
        for r in some(11):
            at_rate = replace(run, lr=float(found.rates[r]))
            ends = []
            for other in with_seeds(at_rate, experiment, 5):
                made = trajectory(experiment, other)
                lost = made.diverged_at is not None
                loss = math.inf if lost else float(averaged(made, average).loss[-1])
                ends.append(above(experiment, loss))
            assert found.averaged[c, r] == pytest.approx(sorted(ends)[2], rel=1e-9, abs=1e-12)


def test_where_the_rate_is_high_the_mean_ends_lower_than_the_iterates_do():
    experiment = Experiment(noise=2, steps=400, runs=(Run("SGD", batch_size=1),))
    found = RateSweep(experiment, 1e-3, 0.19, 41, seeds=50, average=Average()).compute()
    assert found.averaged[0, -1] < found.median[0, -1] / 20
    assert found.averaged[0, 0] > found.median[0, 0]  # of a run that creeps it lags behind
    assert found.table()["gap_averaged"].shape == found.table()["lr"].shape


def test_what_is_no_average_is_refused_by_a_sweep():
    with pytest.raises(ValueError, match="average = 'mean': must be an Average or None"):
        RateSweep(ROSENBROCK, average="mean")


@pytest.mark.parametrize("optimizer", MOMENTUM_LIKE)
def test_a_pixel_of_rate_and_momentum_is_the_median_of_its_runs(optimizer):
    experiment = replace(ROSENBROCK, runs=(Run(optimizer, batch_size=16),))
    request = MomentumGrid(experiment, 1e-4, 1.0, size=24, seeds=3, tolerance=2.0)
    found = request.compute()
    assert found.gap.shape == (24, 24)
    assert found.name == MOMENTUM_LIKE[optimizer]
    for j, i in zip(some(24), some(24), strict=False):
        hyper = {request.hyper: float(found.others[j])}
        run = Run(optimizer, float(found.rates[i]), hyper, batch_size=16)
        runs = with_seeds(run, experiment, 3)
        assert found.gap[j, i] == sorted(end_gap(experiment, run) for run in runs)[1]
        assert found.arrived[j, i] == sorted(arrival(experiment, run, 2.0) for run in runs)[1]


def arrival(experiment: Experiment, run: Run, tolerance: float) -> float:
    """Return the first update count with a gap of at most the tolerance, infinity without one."""
    there = np.flatnonzero(above(experiment, trajectory(experiment, run).loss) <= tolerance)
    return float(there[0]) if len(there) else math.inf


@pytest.mark.parametrize("budget", ["updates", "samples"])
@on_all
def test_a_pixel_of_rate_and_batch_size_is_the_median_of_its_runs(experiment, budget):
    request = BatchGrid(experiment, 1e-4, 1.0, 16, seeds=3, budget=budget, tolerance=4.0)
    found = request.compute()
    assert found.others[-1] == experiment.samples
    for j in some(len(found.others)):
        (i,) = RNG.integers(0, 16, 1)
        size = int(found.others[j])
        steps = experiment.steps if budget == "updates" else round(experiment.steps * 32 / size)
        assert found.steps[j] == max(1, steps)
        run = replace(experiment.runs[0], lr=float(found.rates[i]), batch_size=size)
        runs = with_seeds(replace(run, steps=max(1, steps)), experiment, 3)
        assert found.gap[j, i] == sorted(end_gap(experiment, run) for run in runs)[1]
        if experiment.objectives[0].bounded:
            assert found.arrived[j, i] == sorted(arrival(experiment, run, 4.0) for run in runs)[1]
        else:
            assert np.isinf(found.arrived).all()


@on_all
def test_a_pixel_of_the_basins_is_where_the_run_from_its_middle_ends(experiment):
    frame = ((-1.5, 2.0), (-3.0, 0.25))
    found = BasinMap(experiment, frame, 20).compute()
    for j, i in zip(some(20), some(20), strict=False):
        start = (-1.5 + (i + 0.5) * 3.5 / 20, -3.0 + (j + 0.5) * 3.25 / 20)
        assert (found.x[i], found.y[j]) == pytest.approx(start, rel=1e-12)
        start = (float(found.x[i]), float(found.y[j]))
        made = trajectory(experiment, replace(experiment.runs[0], start=start))
        assert tuple(found.end[j, i]) == tuple(made.path[-1])
        assert (found.where[j, i] == NOWHERE) == (made.diverged_at is not None)


@on_all
def test_an_ensemble_holds_the_losses_and_ends_of_its_runs(experiment):
    found = Ensemble(experiment, seeds=11).compute()
    for c, run in enumerate(experiment.runs):
        made = [trajectory(experiment, run) for run in with_seeds(run, experiment, 11)]
        assert (found.end[c] == [t.path[-1] for t in made]).all()
        assert ((found.where[c] == NOWHERE) == [t.diverged_at is not None for t in made]).all()
        for k in some(found.at.shape[1]):
            at = found.at[c, k]
            losses = [t.loss[at] if at < len(t.loss) else math.inf for t in made]
            gaps = np.sort(above(experiment, np.array(losses)))
            bands = (found.low, found.median, found.high)
            assert [band[c, k] for band in bands] == [gaps[1], gaps[5], gaps[9]]
            assert found.mean[c, k] == pytest.approx(np.mean(gaps), rel=1e-12)


def test_an_ensemble_of_runs_of_different_length_ends_each_at_its_own():
    runs = (replace(TWO[0], steps=7), TWO[1])
    found = Ensemble(replace(RASTRIGIN, runs=runs), seeds=3).compute()
    assert found.at[:, -1].tolist() == [7, 40]
    assert found.at[0, :8].tolist() == list(range(8))
    assert (np.diff(found.at) >= 0).all()


@pytest.mark.parametrize(
    ("surface", "noise"), [("Rastrigin", 100), ("Ackley", 8), ("Six-hump camel", 8)]
)
def test_the_share_that_escapes_is_that_of_the_runs_nearest_to_a_lowest_point(surface, noise):
    experiment = Experiment(surface, steps=30, noise=noise, start=(0.6, 0.4), runs=(Run("SGD"),))
    found = Escape(experiment, seeds=40).compute()
    points = SURFACES[surface].critical_points()
    lowest = min(p.loss for p in points)
    minima = [p for p in points if "minimum" in p.kind or p.loss == lowest]
    assert len(np.unique(found.share)) > 3
    for b in some(len(found.sizes), picks=3):
        run = replace(experiment.runs[0], batch_size=int(found.sizes[b]))
        escaped = 0
        for each in with_seeds(run, experiment, 40):
            made = trajectory(experiment, each)
            x, y = made.path[-1]
            nearest = min(minima, key=lambda p: math.hypot(p.x - x, p.y - y))
            escaped += made.diverged_at is None and nearest.loss < lowest + 1e-9
        assert found.share[0, b] == escaped / 40


def test_a_noise_ball_is_the_mean_gap_over_the_last_half_of_runs_from_a_minimizer():
    runs = (Run("Adam", lr=0.1, batch_size=8, schedule="Cosine", warmup=5), TWO[0])
    experiment = replace(RASTRIGIN, steps=100, runs=runs)
    found = NoiseBall(experiment, 1e-3, 1e-2, count=4, seeds=5).compute()
    for c, run in enumerate(runs):
        lr = float(found.rates[2])
        constant = replace(run, lr=lr, schedule="Constant", schedule_params={}, warmup=0)
        made = [
            trajectory(experiment, replace(x, start=(0.0, 0.0)))
            for x in with_seeds(constant, experiment, 5)
        ]
        late = [above(experiment, t.loss[50:]) for t in made]
        assert found.measured[c, 2] == pytest.approx(np.mean(late), rel=1e-12)
    for name, losses in zip(found.schedules, found.shrinking, strict=True):
        run = replace(runs[0], schedule=name, schedule_params={})
        made = [trajectory(experiment, run) for run in with_seeds(run, experiment, 5)]
        expected = np.mean([above(experiment, t.loss) for t in made], axis=0)
        assert losses == pytest.approx(expected[found.at], rel=1e-12)


def test_a_run_with_a_seed_of_its_own_keeps_it():
    runs = tuple(replace(TWO[0], seed=seed) for seed in (3, 4))
    experiment = replace(RASTRIGIN, runs=runs)
    found = RateSweep(experiment, 1e-3, 1e-2, count=3).compute()
    for c, run in enumerate(runs):
        expected = end_gap(experiment, replace(run, lr=float(found.rates[1])))
        assert found.median[c, 1] == expected
    assert found.median[0, 1] != found.median[1, 1]


# --- The learning-rate sweep

LIMITS = {  # of lr times the largest curvature, from the textbook
    "SGD": lambda mu: 2.0,
    "Momentum": lambda mu: 2 * (1 + mu),
    "Nesterov": lambda mu: (2 + 2 * mu) / (1 + 2 * mu),
}


@pytest.mark.parametrize("optimizer", LIMITS)
@pytest.mark.parametrize("condition", [3.0, 40.0])
def test_rates_diverge_above_the_limit_of_a_quadratic_and_never_below(optimizer, condition):
    params = {"scale": 2.0, "condition": condition, "rotation": 30.0}
    run = Run(optimizer)
    experiment = Experiment(params=params, steps=3000, runs=(run,))
    limit = LIMITS[optimizer](run.hyper.get("momentum", 0.0)) / (2 * condition)
    found = RateSweep(experiment, limit / 30, limit * 3, count=301).compute()
    lost = found.zone[0] == RATE_ZONES.index("diverges")
    # Just above the limit the steps grow too slowly to leave the plane within 3,000 updates.
    assert found.rates[lost].min() == pytest.approx(limit, rel=0.03)
    assert found.rates[lost].min() > limit
    assert lost[found.rates > limit * 1.03].all()
    assert (found.diverged[0] == lost).all()


def test_zones_follow_each_other_from_low_to_good_to_high_to_diverging():
    experiment = Experiment(params={"condition": 50.0}, steps=100, runs=(Run("SGD"),))
    found = RateSweep(experiment, 1e-4, 1.0, count=200).compute()
    zone = found.zone[0].tolist()
    assert sorted(zone) == zone
    assert set(zone) == {0, 1, 2, 3}
    # 2 / (L + l) is the best rate for ever; with 100 updates none above it is better.
    assert found.best(0) == pytest.approx(2 / 51, rel=0.05)
    assert zone[int(np.argmin(abs(found.rates - found.best(0))))] == RATE_ZONES.index("good")


@pytest.mark.parametrize(
    ("median", "diverged", "start", "expected"),
    [
        ([9, 3, 1, 2, 5, math.inf], [0, 0, 0, 0, 0, 1], 100, "LLGGHD"),
        ([9, 3, 1, 2, 5, 6], [0, 0, 0, 0, 0.6, 0.5], 100, "LLGGDH"),
        ([9, 3, 1, 2, 5, 9], [0] * 6, 4000, "HGGGHH"),  # 4 is a thousandth of the start
        ([5, 1, 5, 1, 5], [0] * 5, 1, "LGHGH"),
        ([math.inf] * 3, [1] * 3, 1, "DDD"),
        ([0.0, 0.0], [0, 0], 1, "GG"),
    ],
)
def test_zones_of_given_gaps(median, diverged, start, expected):
    found = zones(np.array(median, float), np.array(diverged, float), float(start))
    # Rates before the first good one are low.
    expected = expected.replace("HG", "LG", 1) if expected.startswith("H") else expected
    assert "".join(RATE_ZONES[z][0].upper() for z in found) == expected


def test_where_the_loss_has_no_lower_bound_no_rate_is_good():
    runs = (Run("Momentum"), Run("Adam"))
    found = RateSweep(Experiment("Monkey saddle", runs=runs), 1e-4, 10, 101).compute()
    assert found.median.min() < -1000
    assert set(found.zone.ravel()) == {RATE_ZONES.index(DIVERGES), RATE_ZONES.index(UNRATED)}


def test_the_rates_that_diverge_are_stretches_that_need_not_be_one():
    experiment = Experiment("Styblinski-Tang", runs=(Run("Momentum"),))
    found = RateSweep(experiment, 1e-4, 10, 101).compute()
    island, above = found.stretches(0, DIVERGES)
    assert [float(f"{rate:.2g}") for rate in (*island, *above)] == [0.05, 0.056, 0.071, 10]
    assert island[1] < found.best(0) < above[0]
    lost = [rate for rate in found.rates for low, high in (island, above) if low <= rate <= high]
    assert lost == found.rates[found.diverged[0] > 0.5].tolist()


@pytest.mark.parametrize(
    ("zone", "expected"),
    [("GGG", []), ("DDD", [(1, 3)]), ("DGD", [(1, 1), (3, 3)]), ("GDD", [(2, 3)])],
)
def test_stretches_that_diverge(zone, expected):
    indices = np.array([[RATE_ZONES.index({"G": GOOD, "D": DIVERGES}[z]) for z in zone]])
    none = np.zeros((1, 3))
    curves = Curves(np.array([1.0, 2.0, 3.0]), none, none, none, none, indices)
    assert curves.stretches(0, DIVERGES) == expected


def test_no_gap_is_negative():
    # Rounded, the lowest loss of this surface lies above that of some runs.
    surface = SURFACES["Styblinski-Tang"]
    experiment = Experiment(surface.name, steps=500, start=(-2.8, -2.9), runs=(Run("Momentum"),))
    found = RateSweep(experiment, 1e-3, 0.1, count=51).compute()
    assert found.median.min() == 0
    losses = [trajectory(experiment, Run("Momentum", lr=float(lr))).loss for lr in found.rates]
    assert min(loss[-1] for loss in losses) < surface.lowest()


def test_of_equally_good_rates_the_middle_one_is_the_best():
    found = RateSweep(Experiment(steps=5000, runs=(Run("SGD"),)), 0.08, 0.15, count=51).compute()
    assert (found.median == 0).all()
    assert found.best(0) == found.rates[25]


# --- Rate and momentum


@pytest.mark.parametrize(("convention", "shrink"), [("PyTorch", 0), ("Keras", 0), ("EMA", 1)])
def test_the_edge_of_divergence_is_that_of_the_heavy_ball_within_a_pixel(convention, shrink):
    run = Run("Momentum", hyper={"convention": convention})
    experiment = Experiment(params={"condition": 30, "rotation": 20}, steps=3000, runs=(run,))
    found = MomentumGrid(experiment, 1e-2, 100.0, size=64, most=0.99).compute()
    pixel = found.rates[1] / found.rates[0]
    for mu, row in zip(found.others, np.isinf(found.gap), strict=True):
        limit = 2 * (1 + mu) / 30 / (1 - mu) ** shrink
        assert not row[found.rates <= limit].any()
        assert row[found.rates >= limit * pixel].all()


@pytest.mark.parametrize(("condition", "steps"), [(30, 60), (100, 150)])
def test_the_best_pixel_lies_near_polyaks_optimum(condition, steps):
    experiment = Experiment(params={"condition": condition}, steps=steps, runs=(Run("Momentum"),))
    found = MomentumGrid(experiment, 1e-3, 1.0).compute()
    j, i = np.unravel_index(np.argmin(found.gap), found.gap.shape)
    root = math.sqrt(condition)
    assert found.rates[i] == pytest.approx(4 / (root + 1) ** 2, rel=0.1)
    assert found.others[j] == pytest.approx(((root - 1) / (root + 1)) ** 2, abs=0.05)


def test_momenta_run_from_none_to_the_most_evenly_in_the_logarithm_of_their_memory():
    found = replace(SMALL["MomentumGrid"], most=0.99).compute()
    assert found.others[0] == 0
    assert found.others[-1] == 0.99
    memory = np.log(1 / (1 - found.others))
    assert np.diff(memory) == pytest.approx(np.full(11, memory[-1] / 11), rel=1e-9)


# --- Rate and batch size


@pytest.fixture(scope="module")
def equal_samples():
    """The map of the best rates at 12,800 samples on x^2 / 20 + y^2."""
    experiment = Experiment(
        params={"scale": 0.1, "condition": 20},
        start=(-7, 2),
        steps=400,
        noise=2,
        runs=(Run("SGD"),),
    )
    return BatchGrid(experiment, 1e-3, 1.0, size=31, seeds=200, budget=SAMPLES).compute()


def test_the_best_rate_grows_with_the_batch_as_measured_elsewhere(equal_samples):
    ridge = dict(zip(equal_samples.others.tolist(), equal_samples.ridge(), strict=True))
    assert (np.diff([ridge[2**k] for k in range(9)]) > 0).all()
    # Two pixels: rates are ten to the decade and the valley is flat.
    for size, best in {1: 0.003, 8: 0.026, 64: 0.19, 256: 0.649}.items():
        assert abs(math.log10(ridge[size] / best)) <= 0.2


def test_the_final_loss_is_flat_up_to_a_critical_batch_and_rises_after(equal_samples):
    lowest = dict(zip(equal_samples.others.tolist(), equal_samples.gap.min(axis=1), strict=True))
    flat = [lowest[2**k] for k in range(7)]
    assert max(flat) < 1.3 * min(flat)
    rising = [lowest[2**k] for k in range(7, 13)]
    assert rising == sorted(rising)
    assert rising[1] > 1.5 * max(flat)
    assert rising[-1] > 100 * max(flat)


def test_rows_see_equal_samples_as_far_as_batches_allow(equal_samples):
    seen = equal_samples.others * equal_samples.steps
    small = equal_samples.others <= 12_800
    assert (abs(seen - 12_800) <= equal_samples.others / 2)[small].all()
    assert (equal_samples.steps >= 1).all()


@pytest.mark.parametrize(
    ("samples", "sizes"), [(2, [1, 2]), (8, [1, 2, 4, 8]), (9, [1, 2, 4, 8, 9])]
)
def test_the_batch_sizes_are_powers_of_two_and_all_samples_once(samples, sizes):
    assert batch_axis(samples).tolist() == sizes


def test_rows_that_would_need_too_many_updates_are_left_out():
    experiment = replace(RASTRIGIN, steps=5000)
    sizes, steps = BatchGrid(experiment, budget=SAMPLES).rows()
    assert sizes[0] == 2
    assert steps[0] == 80_000


# --- Basins


def test_the_basins_of_gradient_descent_on_himmelblau_fill_the_frame():
    experiment = Experiment("Himmelblau", steps=200, runs=(Run("SGD", lr=0.005),))
    found = BasinMap(experiment).compute()
    shares = [(found.where == k).mean() for k in range(4)]
    assert sum(shares) > 0.99
    assert all(0.2 < share < 0.3 for share in shares)
    for k, point in enumerate(found.points[:4]):
        j, i = np.abs(found.y - point.y).argmin(), np.abs(found.x - point.x).argmin()
        assert found.where[j, i] == k
        assert np.hypot(*(found.end[found.where == k] - (point.x, point.y)).T).max() < 0.34


MINIMIZERS = [
    (surface, point)
    for surface, record in SURFACES.items()
    for point in record.minimizers()
    if point.kind == GLOBAL_MINIMUM  # at a cusp no constant rate comes to rest
]


@pytest.mark.parametrize(("surface", "point"), MINIMIZERS)
def test_a_start_at_a_minimizer_belongs_to_it(surface, point):
    experiment = Experiment(surface, steps=300, runs=(Run("SGD", lr=0.001),))
    frame = ((point.x - 0.01, point.x + 0.01), (point.y - 0.01, point.y + 0.01))
    found = BasinMap(experiment, frame, 3).compute()
    assert found.points[found.where[1, 1]] == point


@pytest.mark.parametrize("surface", ["Six-hump camel", "Three-hump camel"])
def test_the_basins_of_a_symmetric_surface_are_symmetric(surface):
    experiment = Experiment(surface, steps=300, runs=(Run("Momentum", lr=0.02),))
    found = BasinMap(experiment, ((-2, 2), (-2, 2)), size=64).compute()
    assert (found.end == -found.end[::-1, ::-1]).all()
    assert (found.steps == found.steps[::-1, ::-1]).all()
    for k, point in enumerate(found.points):
        (mirror,) = (
            m
            for m, other in enumerate(found.points)
            if math.hypot(other.x + point.x, other.y + point.y) < 1e-6
        )
        assert ((found.where == k) == (found.where == mirror)[::-1, ::-1]).all()


@pytest.mark.parametrize("surface", ["Ackley", "Himmelblau", "Quadratic"])
def test_the_nearest_point_is_that_of_slower_code(surface):
    points, frame = SURFACES[surface].critical_points(), SURFACES[surface].domain
    (x0, x1), (y0, y1) = frame
    rng = np.random.default_rng(3)
    near = basins.NEAR * math.hypot(x1 - x0, y1 - y0)
    ends = np.stack([rng.uniform(x0, x1, (50, 40)), rng.uniform(y0, y1, (50, 40))], axis=-1)
    some = rng.integers(len(points), size=40)
    ends[0] = [(points[i].x, points[i].y) for i in some]
    ends[1] = ends[0] + rng.normal(0, near, (40, 2))
    ends[2, :3] = np.array([[np.nan, 0.0], [np.inf, np.inf], [-np.inf, 0.0]])
    found = nearest(ends, points, frame)
    for place in np.ndindex(found.shape):
        with np.errstate(invalid="ignore"):
            distances = [np.hypot(*(ends[place] - (point.x, point.y))) for point in points]
        within = [distance for distance in distances if distance < near]
        assert found[place] == (distances.index(min(within)) if within else UNDECIDED)


def test_an_end_belongs_to_the_nearest_of_the_points_within_reach():
    points = tuple(CriticalPoint(x, 0.0, 0.0, GLOBAL_MINIMUM) for x in (0.0, 0.1, 0.2))
    ends = np.array([[0.01, 0], [0.08, 0.01], [0.19, 0], [0.2, 0.3], [np.inf, 0]])
    frame = ((0.0, 6.0), (0.0, 8.0))  # so that 0.2 is within reach
    expected = [0, 1, 2, UNDECIDED, UNDECIDED]
    assert nearest(ends, points, frame).tolist() == expected
    expected = [2, 1, 0, UNDECIDED, UNDECIDED]
    assert nearest(ends, points[::-1], frame).tolist() == expected


def test_diverged_and_undecided_starts_are_flagged():
    himmelblau = Experiment("Himmelblau", steps=200, runs=(Run("SGD", lr=0.03),))
    found = BasinMap(himmelblau, size=32).compute()
    assert 0.05 < (found.where == NOWHERE).mean() < 0.95
    assert (found.steps[found.where == NOWHERE] == 200).all()
    slow = BasinMap(replace(himmelblau, runs=(Run("SGD", lr=1e-6),)), size=32).compute()
    assert (slow.where == UNDECIDED).mean() > 0.9


@pytest.mark.parametrize(("surface", "share"), [("Rastrigin", 0.72), ("Ackley", 0.9)])
def test_starts_at_rest_at_a_point_that_is_not_listed_are_not_undecided(surface, share):
    found = BasinMap(Experiment(surface, runs=(Run("Newton"),)), size=128).compute()
    elsewhere = found.where == ELSEWHERE
    assert elsewhere.mean() > share
    assert (found.where == UNDECIDED).mean() < 0.01
    record = SURFACES[surface]
    gx, gy = record.gradient(*found.end[elsewhere].T)
    assert np.hypot(gx, gy).max() < 1e-6
    # In the frame every minimum is listed; a run may also leave it, and find one outside.
    _, most = record.domain[0]
    inside = found.end[elsewhere & (np.abs(found.end).max(axis=-1) < most)]
    hxx, hxy, hyy = record.hessian(*inside.T)
    assert len(inside) > 100
    assert (np.linalg.eigvalsh(np.array([[hxx, hxy], [hxy, hyy]]).T)[:, 0] < 0).all()


def test_a_run_that_still_moves_past_an_unlisted_point_is_undecided():
    run = Run("SGD", lr=1e-5)
    found = BasinMap(Experiment("Rastrigin", runs=(run,)), ((0.4, 0.6), (0.4, 0.6)), 8).compute()
    assert (found.where == UNDECIDED).all()


def test_weight_decay_moves_the_ends_of_the_basins():
    run = Run("SGD", lr=0.01, weight_decay=1.0)
    experiment = Experiment("Himmelblau", steps=2000, runs=(run,))
    found = BasinMap(experiment, size=16).compute()
    assert set(found.where.ravel()) <= {0, 1, 2, 3}
    for k, point in enumerate(found.points):
        assert np.abs(found.end[found.where == k] - (point.x, point.y)).max() < 1e-6
        gx, gy = SURFACES["Himmelblau"].gradient(point.x, point.y)
        assert (gx + point.x, gy + point.y) == pytest.approx((0, 0), abs=1e-9)


def test_darker_pixels_took_longer_to_come_99_percent_of_their_way_down():
    experiment = Experiment("Himmelblau", steps=100, runs=(Run("SGD", lr=0.002),))
    found = BasinMap(experiment, size=16).compute()
    looked = set((np.arange(26) * 100 // 25).tolist())
    for j, i in zip(some(16), some(16), strict=False):
        run = replace(experiment.runs[0], start=(float(found.x[i]), float(found.y[j])))
        loss = trajectory(experiment, run).loss
        down = np.flatnonzero(loss <= loss[-1] + 0.01 * (loss[0] - loss[-1]))
        assert found.steps[j, i] == min(at for at in looked if at in down)


# --- Ensembles, escapes, noise balls


def test_quantiles_are_values_that_occur_and_infinity_is_the_worst():
    values = np.array([[3.0, np.nan, 1, 2, np.inf], [5, 4, 3, 2, 1]])
    assert quantile(values, 0.5).tolist() == [3, 3]
    assert quantile(values, 0.75).tolist() == [math.inf, 4]
    assert quantile(values, 0).tolist() == [1, 1]
    assert quantile(values, 1).tolist() == [math.inf, 5]


# Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
NEWCOMBE = {
    (81, 263): (0.2553, 0.3662),
    (15, 148): (0.0624, 0.1605),
    (0, 20): (0.0, 0.1611),
    (1, 29): (0.0061, 0.1718),
}


@pytest.mark.parametrize(("counts", "ends"), NEWCOMBE.items())
def test_wilsons_interval_has_its_published_ends(counts, ends):
    successes, trials = counts
    found = wilson(np.array([successes / trials]), trials)
    assert [float(end[0]) for end in found] == pytest.approx(ends, abs=5e-5)
    # Failures are successes of the opposite.
    low, high = wilson(np.array([1 - successes / trials]), trials)
    assert (1 - high[0], 1 - low[0]) == pytest.approx(ends, abs=5e-5)


@pytest.mark.parametrize("rule", ["Adam", "SGD"])
def test_the_updates_to_a_target_are_the_first_at_which_the_mean_loss_is_within_it(rule):
    run = Run(rule, schedule="Linear", batch_size=8)
    experiment = Experiment(steps=60, noise=2.0, samples=40, runs=(run,))
    request = Scaling(experiment, 0.05, 0.19, count=4, seeds=3, tolerance=0.3)
    found = request.compute()
    assert np.isfinite(found.updates).any()
    rates = np.geomspace(0.05, 0.19, 4)
    for b, size in enumerate(found.sizes.tolist()):
        first = []
        for rate in rates.tolist():
            own = replace(run, lr=rate, batch_size=size)
            runs = with_seeds(own, experiment, 3)
            losses = np.mean([above(experiment, trajectory(experiment, r).loss) for r in runs], 0)
            there = np.flatnonzero(losses <= 0.3)
            first.append(float(there[0]) if len(there) else math.inf)
        assert found.updates[0, b] == min(first)
        if min(first) < math.inf:
            assert first[int(np.argmin(np.abs(rates - found.rates[0, b])))] == min(first)
        else:
            assert math.isnan(found.rates[0, b])


@pytest.mark.parametrize(
    "run",
    [
        Run("SGD", batch_size=30),
        Run("SGD", batch_size=30, replacement=True),
        Run("Momentum", hyper={"momentum": 0.8, "convention": "EMA"}, batch_size=30),
        Run("Momentum", hyper={"momentum": 0.8}, batch_size=30, covariance="data-like"),
        Run("SGD", batch_size=30, l2=0.7),
    ],
    ids=["SGD", "replacement", "EMA", "data-like", "L2"],
)
def test_the_expected_loss_is_that_of_many_seeds(run):
    params = {"scale": 0.5, "condition": 8.0, "rotation": 25.0}
    # The last batch of an epoch has 10 samples, and more noise.
    experiment = Experiment("Quadratic", params, (1, 2), 30, 2.0, 100, runs=(run,))
    plan = experiment.plan(run)
    gaps = expected_gaps(plan, [0.1, 0.05], [30, 100])
    expected = np.array(list(itertools.islice(gaps, 31)))
    assert expected.shape == (31, 2, 2)
    losses = sweep(experiment, run, lr=0.1, seed=np.arange(8000), record=31).losses
    error = losses.std(axis=0) / math.sqrt(8000)
    assert (np.abs(losses.mean(axis=0) - expected[:, 0, 0]) <= 4.5 * error + 1e-12).all()
    (exact,) = simulate(replace(experiment, runs=(replace(run, lr=0.05, batch_size=None),)))
    np.testing.assert_allclose(exact.loss, expected[:, 1, 1], rtol=1e-9)


@pytest.mark.parametrize(
    "experiment",
    [
        Experiment("Rosenbrock", runs=(Run("SGD"),)),
        Experiment("Linear regression", runs=(Run("SGD"),)),
        Experiment(runs=(Run("Adam"),)),
        Experiment(runs=(Run("SGD", schedule="Cosine"),)),
        Experiment(runs=(Run("SGD", weight_decay=0.1),)),
        Experiment(runs=(Run("SGD", l1=0.1),)),
    ],
    ids=lambda experiment: f"{experiment.runs[0].optimizer} on {experiment.surface}",
)
def test_no_expected_loss_is_known_of_others(experiment):
    plan = experiment.plan(experiment.runs[0])
    assert not has_moments(plan)
    with pytest.raises(ValueError, match="must be a quadratic"):
        next(expected_gaps(plan, [0.1], [1]))


def test_the_critical_batch_is_where_the_fewest_samples_make_the_fewest_updates():
    runs = (Run("SGD"), Run("Momentum"), Run("SGD", lr=1.0, start=(4, 4)))
    experiment = Experiment(steps=400, noise=3.0, samples=1024, runs=runs)
    found = Scaling(experiment, count=21, tolerance=0.05).compute()
    for c in range(3):
        there = np.isfinite(found.updates[c])
        assert (np.diff(found.updates[c][there]) <= 0).all(), "a larger batch never takes more"
        assert found.critical(c) == found.samples(c) / found.fewest(c)
        small, large = found.sizes < found.critical(c) / 8, found.sizes > 8 * found.critical(c)
        products = (found.updates[c] * found.sizes)[small & there]
        assert (products < 1.5 * found.samples(c)).all()
        assert (found.updates[c][large] < 1.5 * found.fewest(c)).all()
    never = Scaling(replace(experiment, steps=1), 1e-3, 1e-2, count=3).compute()
    assert np.isinf(never.updates).all()
    assert math.isnan(never.critical(0))


def test_fewer_runs_escape_with_larger_batches():
    run = Run("SGD", lr=0.02)
    experiment = Experiment("Local-minima valley", steps=300, noise=5, runs=(run,))
    found = Escape(experiment, seeds=200).compute()
    (share,) = found.share
    assert (np.diff(share) <= 0).all()
    assert share[0] > 0.35
    assert share[-1] == 0
    assert (found.low <= found.share).all()
    assert (found.share <= found.high).all()
    # Four times the batch and twice the noise are the same diffusion.
    louder = Escape(replace(experiment, noise=10), seeds=200).compute()
    assert louder.share[0, 2:6] == pytest.approx(share[:4], abs=0.02)


def test_the_closest_minimum_may_be_a_cusp():
    points = SURFACES["Ackley"].critical_points()
    (found,) = closest(np.array([[0.1, -0.2]]), points)
    assert (points[found].x, points[found].y) == (0, 0)
    saddles = SURFACES["Monkey saddle"].critical_points()
    assert closest(np.zeros((3, 2)), saddles).tolist() == [UNDECIDED] * 3


BALLS = {
    "SGD": (Run("SGD"), 0.0, 0),
    "PyTorch": (Run("Momentum", hyper={"momentum": 0.8}), 0.8, 0),
    "Keras": (Run("Momentum", hyper={"momentum": 0.8, "convention": "Keras"}), 0.8, 0),
    "EMA": (Run("Momentum", hyper={"momentum": 0.8, "convention": "EMA"}), 0.8, 1),
}


@pytest.mark.parametrize(("run", "mu", "averaging"), BALLS.values(), ids=BALLS.keys())
def test_the_noise_that_remains_is_what_theory_predicts(run, mu, averaging):
    params = {"scale": 0.5, "condition": 8.0, "rotation": 25.0}
    experiment = Experiment(params=params, steps=4000, noise=2, runs=(replace(run, batch_size=16),))
    found = NoiseBall(experiment, 0.02, 20.0, count=25, seeds=400).compute()
    (measured,), (theory,) = found.measured, found.theory
    limit = 2 * (1 + mu) / 4.0 / (1 - mu) ** averaging
    assert (np.isinf(theory) == (found.rates >= limit)).all()
    assert np.isinf(measured[found.rates > 1.1 * limit]).all()
    # From a fifth of the run on a mean over what it remembers is one over independent draws.
    push = found.rates * (1 - mu) ** averaging / (1 - mu)
    long = (push * 0.5 * 4000 > 20) & (found.rates < 0.8 * limit)
    assert long.sum() >= 8
    assert measured[long] == pytest.approx(theory[long], rel=0.03)
    # And the theory itself, written out for each axis.
    rate = found.rates[long] * (1 - mu) ** averaging
    variance = noise_scale(2, 10_000, 16) ** 2
    expected = sum(
        0.5 * rate * variance * (1 + mu) / ((1 - mu) * (2 * (1 + mu) - rate * curvature))
        for curvature in (0.5, 4.0)
    )
    assert theory[long] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    "experiment",
    [
        Experiment("Rosenbrock", noise=1, runs=(Run("SGD", batch_size=1),)),
        Experiment(noise=1, runs=(Run("Adam", batch_size=1),)),
        Experiment(noise=1, runs=(Run("SGD", batch_size=1, weight_decay=0.1),)),
    ],
    ids=["surface", "optimizer", "decay"],
)
def test_without_a_theory_there_is_no_prediction(experiment):
    assert np.isnan(NoiseBall(experiment, count=3, seeds=2).compute().theory).all()


def test_schedules_that_end_low_leave_less_noise_than_a_constant_rate():
    run = Run("SGD", lr=0.1, batch_size=1)
    found = NoiseBall(Experiment(steps=500, noise=2, runs=(run,)), count=2, seeds=100).compute()
    left = dict(zip(found.schedules, found.shrinking[:, -1], strict=True))
    assert left["Constant"] > 5 * left["Cosine"]
    assert left["Constant"] > 5 * left["Linear"]


# --- The curvature at the end


def test_the_curvature_at_the_end_is_that_of_the_hessian_there():
    runs = (Run("SGD"), Run("Momentum"), Run("Adam"))
    experiment = Experiment("Rosenbrock", steps=40, runs=runs)
    found = SharpnessSweep(experiment, 1e-4, 1e-2, count=7).compute()
    for c, run in enumerate(runs):
        for r, rate in enumerate(found.rates.tolist()):
            end = trajectory(experiment, replace(run, lr=rate))
            if end.diverged_at is not None:
                assert found.curvature[c, r] == np.inf
                continue
            hxx, hxy, hyy = experiment.objectives[0].hessian(*end.path[-1])
            largest = np.linalg.eigvalsh([[hxx, hxy], [hxy, hyy]])[1]
            assert found.curvature[c, r] == pytest.approx(largest, rel=1e-9)
    np.testing.assert_allclose(found.limit[0] * found.rates, 2.0)
    np.testing.assert_allclose(found.limit[1] * found.rates, 3.8)
    assert np.isnan(found.limit[2]).all()
    assert not found.below(2).any()
    assert not found.ends(0).all()


def test_every_run_along_the_valley_ends_below_its_limit_and_many_just_under_it():
    experiment = Experiment("Four linear layers", start=(4, 0.2), steps=2000, runs=(Run("SGD"),))
    found = SharpnessSweep(experiment, 0.02, 0.2).compute()
    assert (found.below(0) == found.ends(0)).all()
    edge = found.rates[found.at_edge(0)]
    assert len(edge) > 30
    assert edge[0] == pytest.approx(2 / 32.17, rel=0.02)
    # Flatter ones keep the curvature of the valley below the start.
    low = found.rates < edge[0]
    np.testing.assert_allclose(found.curvature[0, low], 32.1, rtol=0.01)


def test_the_limit_is_that_of_the_last_rate_of_a_schedule():
    run = Run("SGD", schedule="Linear", schedule_params={"final": 0.25})
    found = SharpnessSweep(Experiment(steps=50, runs=(run,)), 0.01, 0.1, count=3).compute()
    last = simulate(Experiment(steps=50, runs=(replace(run, lr=1e-3),)))[0].lr[-1]
    np.testing.assert_allclose(found.limit[0] * found.rates * last, 2.0 * 1e-3)
    ends = SharpnessSweep(
        Experiment(steps=50, runs=(replace(run, schedule_params={"final": 0.0}),)), count=3
    ).compute()
    assert (ends.limit[0] > found.limit[0]).all()


# --- Requests


@of_every_kind
def test_progress_grows_to_one(request_):
    told: list[float] = []
    request_.compute(threading.Event(), told.append)
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1)
    parts = {
        "RateSweep": 2,
        "Ensemble": 2,
        "Escape": 2,
        "Scaling": 2 * 15,
        "NoiseBall": 2 + len(SCHEDULES),
        "SharpnessSweep": 2,
    }
    assert told[0] <= 1 / parts.get(type(request_).__name__, 1)


@of_every_kind
def test_a_cancelled_map_is_given_up(request_):
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        request_.compute(cancel)


@of_every_kind
def test_a_table_has_columns_of_equal_length_and_a_row_for_every_cell(request_):
    found = request_.compute()
    columns = found.table()
    (length,) = {column.shape for column in columns.values()}
    cells = {
        "RateSweep": 2 * 9,
        "MomentumGrid": 12 * 12,
        "BatchGrid": 6 * 15,
        "BasinMap": 16 * 16,
        "Ensemble": 2 * 7,
        "Escape": 2 * 15,
        "Scaling": 2 * 15,
        "NoiseBall": 2 * 5,
        "SharpnessSweep": 2 * 9,
    }
    assert length == (cells[type(request_).__name__],)
    assert set(columns) <= set(COLUMNS)  # of which every language has its own


def test_tables_list_what_the_arrays_hold():
    found = SMALL["MomentumGrid"].compute()
    columns = found.table()
    for j, i in ((0, 0), (3, 11), (11, 5)):
        row = {name: column[12 * j + i] for name, column in columns.items()}
        assert row["lr"] == found.rates[i]
        assert row["momentum"] == found.others[j]
        assert row["gap"] == found.gap[j, i]
    ends = SMALL["BasinMap"].compute()
    columns = ends.table()
    row = {name: column[16 * 3 + 5] for name, column in columns.items()}
    assert (row["x"], row["y"]) == (ends.x[5], ends.y[3])
    assert (row["end_x"], row["end_y"]) == tuple(ends.end[3, 5])


@of_every_kind
def test_the_bytes_of_a_result_are_those_that_it_keeps_in_memory(request_):
    found = request_.compute()
    roots = {}
    for field in fields(found):
        value = getattr(found, field.name)
        while isinstance(value, np.ndarray):
            roots[id(value)] = value
            value = value.base
    held = sum(root.nbytes for root in roots.values() if root.base is None)
    assert found.nbytes > 0
    assert held <= 1.1 * found.nbytes + 500


LARGE = [
    *(RateSweep(ROSENBROCK, seeds=50), RateSweep(ROSENBROCK, count=2, seeds=1000)),
    *(
        RateSweep(ROSENBROCK, count=1000),
        MomentumGrid(ROSENBROCK),
        MomentumGrid(ROSENBROCK, size=64),
    ),
    *(
        BatchGrid(ROSENBROCK),
        BatchGrid(ROSENBROCK, size=2, seeds=500),
        BatchGrid(ROSENBROCK, size=1000),
    ),
    *(
        BasinMap(ROSENBROCK),
        BasinMap(ROSENBROCK, size=64),
        Ensemble(ROSENBROCK),
        Escape(ROSENBROCK),
    ),
    Scaling(ROSENBROCK),
    *(NoiseBall(ROSENBROCK), NoiseBall(ROSENBROCK, count=2, seeds=1000)),
]


def cells(request_: Any) -> int:
    side = getattr(request_, "size", getattr(request_, "count", 1))
    return int(side * getattr(request_, "seeds", 1))


@pytest.mark.parametrize("request_", LARGE, ids=lambda each: type(each).__name__)
def test_a_coarse_map_is_of_the_same_and_much_smaller(request_):
    rough = request_.coarse()
    assert type(rough) is type(request_)
    assert rough.experiment == request_.experiment
    assert 1 < cells(rough) <= cells(request_) / 4
    again = rough.coarse()
    assert again is None or cells(again) < cells(rough)


@of_every_kind
def test_a_small_map_needs_no_coarse_one(request_):
    assert request_.coarse() is None


@of_every_kind
def test_requests_are_equal_by_what_they_compute(request_):
    twin = type(request_)(**{f.name: getattr(request_, f.name) for f in fields(request_)})
    assert twin == request_
    assert hash(twin) == hash(request_)
    other = replace(request_, experiment=replace(request_.experiment, seed=99))
    assert other != request_


LAB = [
    (RateSweep, {"lr": 0.3}),
    (MomentumGrid, {"lr": 0.3, "hyper": {"momentum": 0.1}}),
    (BatchGrid, {"lr": 0.3, "batch_size": 2}),
    (BasinMap, {"start": (0.5, 0.25)}),
]


@pytest.mark.parametrize(("kind", "change"), LAB, ids=lambda each: getattr(each, "__name__", ""))
def test_what_a_map_varies_is_shown_on_it_and_does_not_make_another(kind, change):
    runs = tuple(replace(run, **change) for run in (TWO[0], TWO[0]))
    one, other = (kind(replace(ROSENBROCK, runs=each)) for each in ((TWO[0], TWO[0]), runs))
    assert one == other
    assert hash(one) == hash(other)
    if kind is not RateSweep:
        assert one.here != other.here
        rough = replace(other, size=8)
        assert rough.here == other.here
        assert rough != other
    elsewhere = replace(TWO[0], weight_decay=0.5)
    assert kind(replace(ROSENBROCK, runs=(elsewhere,))) != one


@pytest.mark.parametrize("kind", [MomentumGrid, BatchGrid])
def test_what_is_shown_of_a_map_does_not_make_it_another(kind):
    one, other = (kind(ROSENBROCK, measure=measure) for measure in (LOSS, STEPS))
    assert one == other
    assert hash(one) == hash(other)
    assert (one.measure, other.measure) == (LOSS, STEPS)


def test_the_frame_of_basins_is_by_default_the_domain():
    request = BasinMap(ROSENBROCK)
    assert request.frame == SURFACES["Rosenbrock"].domain
    assert request == BasinMap(ROSENBROCK, [[-2, 2], [-1, 3]])  # type: ignore[arg-type]


BAD = [
    *((kind, "low", 0.0) for kind in (RateSweep, MomentumGrid, BatchGrid, NoiseBall)),
    *((kind, "high", math.nan) for kind in (RateSweep, MomentumGrid, BatchGrid, NoiseBall)),
    *((kind, "high", 1e-4) for kind in (RateSweep, MomentumGrid, BatchGrid, NoiseBall)),
    *((kind, "low", "1") for kind in (RateSweep, NoiseBall)),
    *((kind, "count", 1) for kind in (RateSweep, NoiseBall)),
    *((kind, "count", 1001) for kind in (RateSweep, NoiseBall)),
    *((kind, "size", 1) for kind in (MomentumGrid, BatchGrid)),
    *((kind, "seeds", 0) for kind in REQUESTS if kind is not BasinMap),
    *((kind, "seeds", 1001) for kind in REQUESTS if kind is not BasinMap),
    *((kind, "seeds", 2.5) for kind in REQUESTS if kind is not BasinMap),
    *((BasinMap, "size", size) for size in (1, 1025, True, None)),
    *((MomentumGrid, "most", most) for most in (0.0, 1.0, math.inf)),
    *((kind, "tolerance", 0.0) for kind in (MomentumGrid, BatchGrid)),
    *((kind, "measure", "speed") for kind in (MomentumGrid, BatchGrid)),
    *((BatchGrid, "budget", "money"), (BatchGrid, "reference", 0)),
    *((BasinMap, "frame", ((0, 1), (1, 0))), (BasinMap, "frame", ((0, 1),))),
    *((BasinMap, "frame", 3), (BasinMap, "frame", "ab")),
]


@pytest.mark.parametrize(
    ("kind", "field", "value"), BAD, ids=[f"{k.__name__}.{f}={v!r}" for k, f, v in BAD]
)
def test_a_bad_request_is_refused_by_the_name_of_its_field_and_its_value(kind, field, value):
    with pytest.raises(ValueError, match=f"^{field} = ") as refused:
        kind(ROSENBROCK, **{field: value})
    written = f"{value:g}" if isinstance(value, float) and value == 1e-4 else repr(value)
    assert str(refused.value).startswith(f"{field} = {written}: ")


@pytest.mark.parametrize("side", [(0, 10**400), (0, math.nan), ("0", "1"), (-1e7, 0)])
def test_a_frame_beyond_the_plane_is_refused(side):
    with pytest.raises(ValueError, match=r"^frame = "):
        BasinMap(ROSENBROCK, (side, (0, 1)))


def test_rate_and_momentum_needs_a_rule_with_momentum():
    with pytest.raises(ValueError, match=r"^optimizer = 'SGD': unknown; known: .*Momentum"):
        MomentumGrid(replace(ROSENBROCK, runs=(Run("SGD"),)))


def test_a_map_of_too_many_updates_is_refused_with_its_number():
    experiment = replace(ROSENBROCK, steps=100_000)
    with pytest.raises(ValueError, match="cells x steps = 26214400000"):
        BasinMap(experiment, size=512).compute()
