"""Surfaces made by data: data sets, batches, and the numbers that theory has for them."""

from __future__ import annotations

import math
import pickle
from dataclasses import replace

import numpy as np
import pytest

from landscape import SURFACES, Dataset
from landscape.data import MOST_SAMPLES
from optimizers import OPTIMIZERS, Experiment, Run, simulate, sweep
from optimizers.analysis.noise import (
    batch_covariance,
    noise_scale_at,
    sample_covariance,
    sample_gradients,
)
from optimizers.maps.stationary import predicted
from optimizers.simulation.epochs import order
from optimizers.simulation.experiment import MOST_SEEN, continued

MADE = [surface.name for surface in SURFACES.values() if surface.samples]
every_surface = pytest.mark.parametrize("name", MADE)
every_rule = pytest.mark.parametrize("rule", OPTIMIZERS)


def one(run, name="Linear regression", **settings):
    (trajectory,) = simulate(Experiment(name, runs=(run,), **settings))
    return trajectory


def first_plan(experiment):
    return experiment.plan(experiment.runs[0])


# --- Data sets ----------------------------------------------------------------------------------


def test_a_data_set_is_frozen_and_known_by_its_content():
    x, y = np.arange(5.0), np.array([1.0, 0.0, 2.0, 5.0, 3.0])
    data, again = Dataset(x, y), Dataset(x[:, None], list(y))
    assert data == again
    assert hash(data) == hash(again)
    assert data != Dataset(x, y + 1)
    assert pickle.loads(pickle.dumps(data)) == data
    x[0] = 9.0
    assert data.x[0, 0] == 0.0
    with pytest.raises(AttributeError, match="cannot be changed"):
        data.x = x
    with pytest.raises(ValueError, match="read-only"):
        data.y[0] = 1.0


@pytest.mark.parametrize(
    ("x", "y", "told"),
    [
        ([1.0, 2.0], [1.0, 2.0, 3.0], "shapes of x"),
        ([[[1.0]]], [1.0], "shapes of x"),
        ([1.0], [1.0], "samples = 1: must be from 2"),
        ([], [], "samples = 0: must be from 2"),
        ([1.0, math.nan], [1.0, 2.0], "x = nan: must be numbers up to 1e"),
        ([1.0, math.inf], [1.0, 2.0], "x = inf"),
        ([1.0, 2.0], [1.0, -1e7], "y = -10000000.0"),
        ([3.0, 3.0], [1.0, 2.0], "column 0 of x: must not be the same"),
        ([[1.0, 2.0], [2.0, 2.0]], [1.0, 2.0], "column 1 of x"),
        (["a", "b"], [1.0, 2.0], "must be a number or an array of numbers"),
        ([[1.0], [1.0, 2.0]], [1.0, 2.0], "must be a number or an array of numbers"),
        ([True, False], [1.0, 2.0], "must be a number or an array of numbers"),
    ],
)
def test_what_is_no_data_set_is_refused_in_one_sentence(x, y, told):
    with pytest.raises(ValueError, match=told):
        Dataset(x, y)


def test_a_data_set_has_at_most_a_million_samples():
    with pytest.raises(ValueError, match="from 2 to 1000000"):
        Dataset(np.arange(MOST_SAMPLES + 1.0), np.zeros(MOST_SAMPLES + 1))


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("Linear regression", Dataset(np.eye(3), [1, 2, 3]), "3 columns of x: must be 1"),
        ("Two features", Dataset([1, 2], [1, 2]), "1 columns of x: must be 2"),
        ("Logistic regression", Dataset(np.eye(2), [1, 2]), "y must hold 0 and 1"),
        ("Logistic regression", Dataset(np.eye(2), [1, 1]), "y must hold 0 and 1, and both"),
        ("Two features", Dataset([[1, 2], [2, 4], [3, 6]], [1, 2, 3]), "columns of x"),
        ("Quadratic", Dataset([1, 2], [1, 2]), "Quadratic is not made by data"),
        ("Linear regression", [[1, 2], [1, 2]], "must be a Dataset"),
    ],
)
def test_data_must_fit_the_surface(name, data, told):
    with pytest.raises(ValueError, match=told):
        Experiment(name, data=data)


def test_a_data_set_of_ones_own_takes_the_place_of_the_samples():
    x, y = np.array([0.0, 1.0, 2.0, 3.0]), np.array([1.0, 3.0, 5.0, 8.0])
    experiment = Experiment("Linear regression", data=Dataset(x, y), start=(0.5, 0.25))
    assert experiment.samples == 4
    slope, intercept = np.polyfit(x, y, 1)
    (point,) = experiment.objectives[0].minimizers()
    assert (point.x, point.y) == pytest.approx((slope, intercept))
    loss = np.mean((0.5 * x + 0.25 - y) ** 2) / 2
    assert experiment.objectives[0].loss(0.5, 0.25) == pytest.approx(loss)
    assert {experiment: 1}[replace(experiment)] == 1


@every_surface
def test_samples_are_those_of_their_seed(name):
    surface = SURFACES[name]
    made = surface.at({}, 50).data
    assert made == surface.at({}, 50).data
    assert made != surface.at({"data_seed": 1}, 50).data
    assert len(made) == 50
    assert set(surface.samples.made_by) <= {p.name for p in surface.parameters}


@every_surface
@pytest.mark.parametrize("samples", [1, 0, 2.5, MOST_SAMPLES + 1])
def test_there_are_two_samples_at_least(name, samples):
    with pytest.raises(ValueError, match="samples"):
        Experiment(name, samples=samples)


@every_surface
def test_noise_beside_the_samples_is_refused(name):
    with pytest.raises(ValueError, match=r"noise = 1: must be 0 on .* samples of its batch"):
        Experiment(name, noise=1.0)


@every_surface
def test_a_run_sees_a_bounded_number_of_samples(name):
    size = 2**10
    settings = {"samples": 2 * size, "runs": (Run("SGD", batch_size=size),)}
    steps = MOST_SEEN // size
    Experiment(name, steps=steps, **settings)
    with pytest.raises(ValueError, match="must be at most MOST_SEEN"):
        Experiment(name, steps=steps + 1, **settings)


# --- Batches ------------------------------------------------------------------------------------


def batch_mean(experiment, position, rows):
    """Return loss and gradient of the mean over some samples, by a loop of one at a time."""
    objective = experiment.objectives[0]
    found = []
    for row in rows:
        out = np.empty((3, 1))
        x, y = (np.array([value]) for value in position)
        kernel = objective.surface.samples.batch
        kernel(1, x, y, objective.numbers, np.array([row], dtype=np.int32), 0, 1, *out)
        found.append(out[:, 0])
    return np.mean(found, axis=0)


@every_surface
@pytest.mark.parametrize("batch_size", [1, 7, 8, 32])
@pytest.mark.parametrize("drop_last", [False, True])
def test_every_update_sees_its_batch_of_the_epochs_order(name, batch_size, drop_last):
    samples, steps = 37, 40
    experiment = Experiment(
        name,
        samples=samples,
        steps=steps,
        seed=5,
        drop_last=drop_last,
        runs=(Run("SGD", 0.01, batch_size=batch_size),),
    )
    (trajectory,) = simulate(experiment)
    random, seen = np.random.default_rng(5), []
    while len(seen) < steps:
        rows = random.permutation(samples)
        assert sorted(rows) == list(range(samples))
        cut = [rows[i : i + batch_size] for i in range(0, samples, batch_size)]
        seen += cut[:-1] if drop_last and len(cut[-1]) < batch_size else cut
    for k in range(steps):
        loss, *gradient = batch_mean(experiment, trajectory.path[k], seen[k])
        assert trajectory.batch_loss[k] == pytest.approx(loss, rel=1e-12, abs=1e-15)
        np.testing.assert_allclose(trajectory.gradient[k], gradient, rtol=1e-10, atol=1e-13)
        step = trajectory.path[k + 1] - trajectory.path[k]
        np.testing.assert_allclose(step, -0.01 * trajectory.gradient[k], rtol=1e-9, atol=1e-15)


@every_surface
@pytest.mark.parametrize("batch_size", [1, 7, 32])
def test_with_replacement_every_update_sees_its_draws(name, batch_size):
    samples, steps = 37, 40
    run = Run("SGD", 0.01, batch_size=batch_size, replacement=True)
    experiment = Experiment(name, samples=samples, steps=steps, seed=5, runs=(run,))
    (trajectory,) = simulate(experiment)
    random, seen = np.random.default_rng(5), []
    while len(seen) < steps:
        rows = random.integers(samples, size=samples)
        assert len({*rows}) < samples, "some are taken twice"
        seen += [rows[i : i + batch_size] for i in range(0, samples, batch_size)]
    for k in range(steps):
        loss, *gradient = batch_mean(experiment, trajectory.path[k], seen[k])
        assert trajectory.batch_loss[k] == pytest.approx(loss, rel=1e-12, abs=1e-15)
        np.testing.assert_allclose(trajectory.gradient[k], gradient, rtol=1e-10, atol=1e-13)


@every_surface
def test_nothing_is_drawn_of_the_full_batch(name):
    for size in (None, 64):
        drawn = one(Run("SGD", batch_size=size, replacement=True), name, samples=64)
        np.testing.assert_array_equal(drawn.path, one(Run("SGD"), name, samples=64).path)


@every_surface
@every_rule
def test_the_full_batch_is_gradient_descent_to_the_bit(name, rule):
    full, all_of_them = (one(Run(rule, batch_size=b), name, samples=64) for b in (None, 64))
    np.testing.assert_array_equal(full.path, all_of_them.path)
    objective = Experiment(name, samples=64).objectives[0]
    gradient = np.array(objective.gradient(*full.path[:-1].T)).T
    np.testing.assert_array_equal(full.gradient, gradient)
    np.testing.assert_array_equal(full.batch_loss, full.loss[:-1])


@pytest.mark.parametrize("replacement", [False, True])
def test_four_batches_of_8_are_one_of_32(replacement):
    still = {"samples": 64, "steps": 8, "start": (0.5, 0.5)}
    small = one(Run("SGD", 0.0, batch_size=8, replacement=replacement), **still)
    large = one(Run("SGD", 0.0, batch_size=32, replacement=replacement), **still)
    means = small.gradient.reshape(2, 4, 2).mean(axis=1)
    np.testing.assert_allclose(means, large.gradient[:2], rtol=1e-12)
    losses = small.batch_loss.reshape(2, 4).mean(axis=1)
    np.testing.assert_allclose(losses, large.batch_loss[:2], rtol=1e-12)


@every_surface
def test_the_loss_of_all_samples_is_beside_that_of_the_batch(name):
    trajectory = one(Run("SGD", 0.02, batch_size=4), name, samples=40, steps=25)
    objective = trajectory.objective
    np.testing.assert_array_equal(trajectory.loss, objective.loss(*trajectory.path.T))
    assert trajectory.batch_loss.shape == (25,)
    assert (trajectory.batch_loss != trajectory.loss[:-1]).any()


def test_an_analytic_surface_has_no_loss_of_a_batch():
    assert one(Run("SGD", batch_size=4), "Quadratic", noise=1.0).batch_loss is None


@every_surface
@pytest.mark.parametrize("rule", ["SGD", "Adam"])
@pytest.mark.parametrize(
    ("batch_size", "drop_last", "replacement"),
    [(1, False, False), (6, False, True), (6, True, False)],
)
def test_a_run_carried_on_sees_the_batches_that_come_next(
    name, rule, batch_size, drop_last, replacement
):
    run = Run(rule, 0.01, batch_size=batch_size, replacement=replacement)
    settings = {"samples": 20, "drop_last": drop_last}
    whole = one(run, name, steps=50, **settings)
    experiment = Experiment(name, steps=17, runs=(run,), **settings)
    (begun,) = simulate(experiment)
    if OPTIMIZERS[rule].uses_time:
        rest = continued(experiment, begun, 33)
        np.testing.assert_array_equal(rest.path, whole.path[17:])
        np.testing.assert_array_equal(rest.batch_loss, whole.batch_loss[17:])
        return
    first = continued(experiment, begun, 5)
    rest = continued(experiment, first, 28, before=17)
    np.testing.assert_array_equal(rest.path, whole.path[22:])


def test_an_order_is_the_same_however_much_of_it_is_asked_for():
    whole = order(3, 10, 6).reshape(6, 10)
    np.testing.assert_array_equal(order(3, 10, 2), whole[:2].ravel())
    np.testing.assert_array_equal(order(3, 10, 3, 2), whole[2:5].ravel())
    assert (order(4, 10, 1) != whole[0]).any()
    drawn = order(3, 10, 6, replacement=True).reshape(6, 10)
    np.testing.assert_array_equal(order(3, 10, 3, 2, replacement=True), drawn[2:5].ravel())
    counts = np.bincount(order(3, 50, 400, replacement=True), minlength=50)
    assert np.abs(counts - 400).max() < 4.5 * math.sqrt(400), "each is as likely as the others"


# --- Sweeps -------------------------------------------------------------------------------------


@every_surface
@every_rule
@pytest.mark.parametrize(
    ("samples", "drop_last", "replacement"),
    [(100, False, False), (37, True, False), (37, False, True)],
)
def test_a_sweep_is_the_single_runs_to_the_bit(name, rule, samples, drop_last, replacement):
    experiment = Experiment(name, samples=samples, steps=41, drop_last=drop_last)
    rates, sizes = np.array([0.01, 0.3, 30.0]), np.array([1, 7, 32, 0])
    seeds, steps = np.array([0, 5]), np.array([41, 30, 41, 12])
    run = Run(rule, replacement=replacement)
    found = sweep(
        experiment,
        run,
        lr=rates[:, None, None],
        batch_size=sizes[:, None],
        steps=steps[:, None],
        seed=seeds,
        tolerance=0.05,
        record=9,
    )
    lowest = experiment.objectives[0].lowest()
    for cell in np.ndindex(found.shape):
        i, j, k = cell
        size = int(sizes[j]) or None
        own = replace(run, lr=rates[i], batch_size=size, seed=int(seeds[k]), steps=int(steps[j]))
        (single,) = simulate(replace(experiment, runs=(own,)))
        np.testing.assert_array_equal(found.end[cell], single.path[-1])
        np.testing.assert_array_equal(found.loss[cell], single.loss[-1])
        assert found.steps[cell] == len(single.lr)
        assert found.diverged[cell] == (single.diverged_at is not None)
        assert found.stopped[cell] == (single.stopped is not None)
        arrived = np.flatnonzero(single.loss - lowest <= 0.05)
        assert found.arrived_at[cell] == (arrived[0] if len(arrived) else -1)
        seen = [at for at in found.recorded_at if at <= len(single.lr)]
        np.testing.assert_array_equal(found.losses[cell][: len(seen)], single.loss[seen])


# --- Numbers of theory --------------------------------------------------------------------------


def test_a_batchs_gradient_has_the_variance_of_drawing_without_replacement():
    samples, size = 60, 12
    experiment = Experiment("Two features", samples=samples, steps=5 * 4000, start=(2.0, -1.0))
    run = Run("SGD", 0.0, batch_size=size)
    (trajectory,) = simulate(replace(experiment, runs=(run,)))
    each = np.array([batch_mean(experiment, (2.0, -1.0), [k])[1:] for k in range(samples)])
    population = np.cov(each.T, bias=True)
    expected = population / size * (samples - size) / (samples - 1)
    np.testing.assert_allclose(np.cov(trajectory.gradient.T), expected, rtol=0.05, atol=0.01)
    mean = trajectory.gradient.reshape(-1, 5, 2).mean(axis=1)
    exact = experiment.objectives[0].gradient(2.0, -1.0)
    np.testing.assert_allclose(mean, np.broadcast_to(exact, mean.shape), rtol=1e-12)


def test_drawn_with_replacement_it_has_that_of_independent_draws():
    samples, size = 60, 12
    run = Run("SGD", 0.0, batch_size=size, replacement=True)
    experiment = Experiment(
        "Two features", samples=samples, steps=5 * 4000, start=(2.0, -1.0), runs=(run,)
    )
    (trajectory,) = simulate(experiment)
    expected = sample_covariance(experiment.plan(run), (2.0, -1.0)) / size
    np.testing.assert_allclose(np.cov(trajectory.gradient.T), expected, rtol=0.05, atol=0.01)
    np.testing.assert_allclose(batch_covariance(experiment.plan(run), (2.0, -1.0), size), expected)
    before, after = trajectory.gradient[:-1, 0], trajectory.gradient[1:, 0]
    assert abs(np.corrcoef(before, after)[0, 1]) < 4 / math.sqrt(len(before))


def test_drawn_with_replacement_the_cloud_is_that_of_independent_draws():
    """Its variance is lr c / (l (2 - lr l)) along each axis, from a gradient's at the minimizer."""
    run = Run("SGD", 0.01, batch_size=4, replacement=True)
    experiment = Experiment("Two features", samples=40, steps=50_000, runs=(run,))
    (point,) = experiment.objectives[0].minimizers()
    runs = tuple(replace(run, seed=seed) for seed in range(20))
    made = simulate(replace(experiment, start=(point.x, point.y), runs=runs))
    hxx, hxy, hyy = experiment.objectives[0].hessian(0.0, 0.0)
    values, axes = np.linalg.eigh([[hxx, hxy], [hxy, hyy]])
    off = np.concatenate([(t.path[2000:] - (point.x, point.y)) @ axes for t in made])
    noise = batch_covariance(experiment.plan(run), (point.x, point.y), 4)
    expected = 0.01 * np.diag(axes.T @ noise @ axes) / (values * (2 - 0.01 * values))
    np.testing.assert_allclose(np.square(off).mean(axis=0), expected, rtol=0.1)


@pytest.mark.parametrize(("mean", "condition"), [(0.0, 1.0), (3.0, 119.0), (10.0, 10402.0)])
def test_standardizing_turns_the_ravine_round(mean, condition):
    # Of a feature N(m, 1): the larger root of l^2 - (2 + m^2) l + 1 over the smaller.
    middle, root = (2 + mean**2) / 2, mean * math.sqrt(4 + mean**2) / 2
    assert (middle + root) / (middle - root) == pytest.approx(condition, rel=1e-3)
    # The samples' own mean and spread are a little off; those are what counts here.
    surface = SURFACES["Linear regression"]
    for standardize, expected in ((0, None), (1, 1.0)):
        objective = surface.at({"mean": mean, "standardize": standardize}, 100_000)
        hxx, hxy, hyy = objective.hessian(0.0, 0.0)
        low, high = np.linalg.eigvalsh([[hxx, hxy], [hxy, hyy]])
        expected = (middle + root) / (middle - root) if expected is None else expected
        assert high / low == pytest.approx(expected, rel=0.03)


def test_the_noise_of_a_regression_makes_a_round_cloud():
    """Per-sample gradients have covariance s^2 H at the minimizer: the cloud is (lr s^2 / 2B) I."""
    noise, rate, size = 1.0, 0.01, 8
    experiment = Experiment(
        "Two features",
        {"correlation": 0.9, "noise": noise},
        samples=1_000_000,  # so many that a run sees none of them twice
        steps=50_000,
    )
    (point,) = experiment.objectives[0].minimizers()
    hessian = np.array(experiment.objectives[0].hessian(0.0, 0.0))[[0, 1, 1, 2]].reshape(2, 2)
    values, axes = np.linalg.eigh(hessian)
    assert values[1] / values[0] > 15
    run = Run("SGD", rate, batch_size=size, start=(point.x, point.y))
    paths = [
        trajectory.path[5000:] - (point.x, point.y)
        for trajectory in simulate(
            replace(experiment, runs=tuple(replace(run, seed=seed) for seed in range(20)))
        )
    ]
    variance = np.square(np.concatenate(paths) @ axes).mean(axis=0)
    expected = rate * noise**2 / (2 * size) / (1 - rate * values / 2)
    np.testing.assert_allclose(variance, expected, rtol=0.15)


def test_reshuffled_batches_leave_less_than_independent_draws_of_the_same_variance():
    """Over an epoch the errors of the batches add up to 0: no theory of independent draws holds."""
    run = Run("SGD", 0.01, batch_size=4)
    experiment = Experiment("Two features", samples=40, steps=20_000, runs=(run,))
    (point,) = experiment.objectives[0].minimizers()
    (path,) = (t.path for t in simulate(replace(experiment, start=(point.x, point.y))))
    variance = np.square(path[2000:] - (point.x, point.y)).mean(axis=0).sum()
    hxx, hxy, hyy = experiment.objectives[0].hessian(0.0, 0.0)
    values, axes = np.linalg.eigh([[hxx, hxy], [hxy, hyy]])
    noise = batch_covariance(first_plan(experiment), (point.x, point.y), 4)
    alone = np.diag(axes.T @ noise @ axes)
    independent = (0.01 * alone / (values * (2 - 0.01 * values))).sum()
    assert variance < independent / 5
    assert np.isnan(predicted(experiment, run, np.array([0.01, 0.1]))).all()


def test_logistic_regression_without_wrong_labels_has_no_minimum():
    parted = SURFACES["Logistic regression"].at({"noise": 0.0}, 500)
    assert parted.minimizers() == ()
    assert parted.lowest() == 0.0
    far, further = (float(parted.loss(0.8 * r, 0.6 * r)) for r in (1e2, 1e4))
    assert 0 < further < far < 0.05
    assert SURFACES["Logistic regression"].at({"noise": 0.2}, 500).minimizers()


@every_surface
def test_the_gradient_of_every_sample_is_that_of_a_batch_of_one(name):
    experiment = Experiment(name, samples=30)
    found = sample_gradients(first_plan(experiment), (0.7, -0.3))
    one_by_one = [batch_mean(experiment, (0.7, -0.3), [k])[1:] for k in range(30)]
    np.testing.assert_array_equal(found, one_by_one)
    exact = experiment.objectives[0].gradient(0.7, -0.3)
    np.testing.assert_allclose(found.mean(axis=0), exact, rtol=1e-12)


@every_surface
def test_the_covariance_of_a_batch_is_that_of_one_sample_and_drawing_without_replacement(name):
    experiment = Experiment(name, samples=50)
    one_sample = np.cov(sample_gradients(first_plan(experiment), (1.0, 2.0)).T, bias=True)
    np.testing.assert_allclose(
        sample_covariance(first_plan(experiment), (1.0, 2.0)), one_sample, rtol=1e-9
    )
    found = batch_covariance(first_plan(experiment), (1.0, 2.0), 8)
    np.testing.assert_allclose(found, one_sample / 8 * 42 / 49, rtol=1e-9)
    assert not batch_covariance(first_plan(experiment), (1.0, 2.0), 50).any()


def test_data_like_noise_makes_the_cloud_of_a_regression():
    """Theory has (lr s^2 / 2B) I where rates are small: 6.25e-4 along both axes."""
    run = Run("SGD", 0.01, batch_size=8, covariance="data-like")
    experiment = Experiment(
        params={"scale": 0.1, "condition": 100.0},
        noise=1.0,
        samples=10_000_000,
        steps=3000,
        start=(0.0, 0.0),
        runs=(run,),
    )
    ends = sweep(experiment, run, seed=np.arange(2000)).end
    np.testing.assert_allclose(np.square(ends).mean(axis=0), 6.25e-4, rtol=0.1)
    assert abs(np.corrcoef(ends.T)[0, 1]) < 0.1
    curvatures = np.array([0.1, 10.0])
    variances = 0.01 / 8 / (2 - 0.01 * curvatures)
    (gap,) = predicted(experiment, run, np.array([0.01]))
    assert gap == pytest.approx((curvatures * variances).sum() / 2, rel=1e-6)
    np.testing.assert_allclose(
        batch_covariance(experiment.plan(run), (5, 5), 1), np.diag(curvatures), atol=1e-12
    )


def test_noise_that_is_added_is_round():
    experiment = Experiment(noise=3.0, samples=101)
    np.testing.assert_allclose(batch_covariance(first_plan(experiment), (1, 2), 1), 9 * np.eye(2))
    np.testing.assert_allclose(
        batch_covariance(first_plan(experiment), (1, 2), 51), 9 * 0.5 / 51 * np.eye(2)
    )
    with pytest.raises(ValueError, match="must be one that is made by data"):
        sample_gradients(first_plan(experiment), (1, 2))


def test_the_noise_scale_is_that_of_the_paper():
    """x^2/20 + y^2 at (-7, 2), sigma 2 (McCandlish et al., 2018)."""
    experiment = Experiment(params={"scale": 0.1, "condition": 20}, noise=2.0)
    scale = noise_scale_at(first_plan(experiment), (-7.0, 2.0))
    assert scale.largest == pytest.approx(0.51452, abs=5e-6)
    assert scale.weighted == pytest.approx(0.26210, abs=5e-6)
    assert scale.simple == pytest.approx(0.48514, abs=5e-6)
    assert scale.best_rate(1) == pytest.approx(0.40767, abs=5e-6)
    assert scale.expected_fall(1) == pytest.approx(3.3613, abs=1.5e-4)


def test_the_best_rate_lowers_the_expected_loss_most():
    experiment = Experiment("Two features", samples=400, start=(3.0, 2.0), steps=1)
    scale, objective = noise_scale_at(first_plan(experiment), (3.0, 2.0)), experiment.objectives[0]
    before = objective.loss(3.0, 2.0)

    def fall(rate):
        seeds = sweep(experiment, Run("SGD"), lr=rate, batch_size=2, seed=np.arange(4000))
        return before - seeds.loss.mean()

    best = scale.best_rate(2 * 399 / 398)  # drawn without replacement
    assert fall(best) == pytest.approx(scale.expected_fall(2 * 399 / 398), rel=0.05)
    assert fall(best) > max(fall(best / 2), fall(best * 1.5))


def test_a_regressions_noise_has_the_shape_of_its_hessian_at_the_minimizer():
    experiment = Experiment("Two features", {"noise": 0.5, "correlation": 0.9}, samples=200_000)
    (point,) = experiment.objectives[0].minimizers()
    hxx, hxy, hyy = experiment.objectives[0].hessian(0.0, 0.0)
    expected = 0.5**2 * np.array([[hxx, hxy], [hxy, hyy]])
    found = sample_covariance(first_plan(experiment), (point.x, point.y))
    np.testing.assert_allclose(found, expected, rtol=0.02)


def test_most_starts_of_the_sine_fit_end_in_a_local_minimum():
    experiment = Experiment("Sine fit", samples=200, steps=2000)
    x, y = (np.linspace(low, high, 16) for low, high in experiment.objectives[0].domain)
    ends = sweep(experiment, Run("SGD"), lr=0.1, start=np.stack(np.meshgrid(x, y), axis=-1))
    lowest = experiment.objectives[0].lowest()
    assert np.mean(ends.loss - lowest < 1e-3) < 0.5
