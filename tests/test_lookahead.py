"""Nesterov's points in Sutskever's form, against his own recursion."""

import numpy as np
import pytest

from landscape import SURFACES
from optimizers import Experiment, Run, before_looking_ahead, simulate
from optimizers.analysis.step import formula, inspect_step


def one(run, surface="Quadratic", **settings):
    (trajectory,) = simulate(Experiment(surface, runs=(run,), **settings))
    return trajectory


def sutskever(gradient, start, rates, mu):
    """Return theta_0, theta_1, ...: v <- mu v - lr grad(theta + mu v), theta <- theta + v."""
    theta, v = np.array(start), np.zeros(2)
    path = [theta]
    for lr in rates:
        v = mu * v - lr * np.array(gradient(*(theta + mu * v)))
        theta = theta + v
        path.append(theta)
    return np.array(path)


@pytest.mark.parametrize("mu", [0.3, 0.9, 0.99])
@pytest.mark.parametrize(
    ("surface", "lr"), [("Quadratic", 0.05), ("Rosenbrock", 0.0005), ("Himmelblau", 0.003)]
)
def test_they_are_those_of_sutskevers_recursion(surface, lr, mu):
    made = one(Run("Nesterov", lr, {"momentum": mu}), surface, steps=40)
    found = before_looking_ahead(made)
    place = SURFACES[surface]
    expected = sutskever(place.gradient, made.path[0], [lr] * 40, mu)
    np.testing.assert_allclose(found.path, expected, rtol=0, atol=1e-11)
    np.testing.assert_allclose(found.loss, place.loss(*expected.T), rtol=1e-9, atol=1e-11)
    assert np.abs(found.path[1:] - made.path[1:]).max() > 1e-3  # not the run's own points


def test_the_gradient_with_noise_and_decay_is_the_one_that_the_run_was_given():
    run = Run("Nesterov", 0.05, {"momentum": 0.8}, weight_decay=0.1, batch_size=8)
    made = one(run, noise=1.0, samples=64, steps=25)
    draws = np.random.default_rng(0).standard_normal((25, 2)) * np.sqrt(56 / (8 * 63))
    theta, v = np.array(made.path[0]), np.zeros(2)
    for k in range(25):
        ahead = theta + 0.8 * v
        slope = np.array(SURFACES["Quadratic"].gradient(*ahead)) + draws[k] + 0.1 * ahead
        v = 0.8 * v - 0.05 * slope
        theta = theta + v
        point = before_looking_ahead(made).path[k + 1]
        np.testing.assert_allclose(point, theta, rtol=0, atol=1e-12)


def test_under_a_schedule_they_are_his_only_nearly():
    run = Run("Nesterov", 0.05, {"momentum": 0.9}, schedule="Cosine")
    made = one(run, steps=30)
    found = before_looking_ahead(made).path
    v = np.zeros(2)
    for k, lr in enumerate(made.lr):  # what they are: without the velocity's part of the step
        v = 0.9 * v + made.gradient[k]
        np.testing.assert_allclose(found[k + 1], made.path[k + 1] + lr * 0.9 * v, atol=1e-12)
    expected = sutskever(SURFACES["Quadratic"].gradient, made.path[0], made.lr, 0.9)
    assert np.abs(found - expected).max() > 1e-3


def test_only_nesterov_with_momentum_has_them():
    assert before_looking_ahead(one(Run("Nesterov", 0.05, {"momentum": 0.0}))) is None
    for rule in ("SGD", "Momentum", "NAdam"):
        assert before_looking_ahead(one(Run(rule))) is None


def test_a_run_that_diverges_has_them_as_far_as_it_is_finite():
    made = one(Run("Nesterov", 1e3), "Rosenbrock")
    assert made.diverged_at is not None
    assert len(before_looking_ahead(made).path) == len(made.finite_path)


def test_an_update_tells_its_point():
    experiment = Experiment(steps=10, runs=(Run("Nesterov", 0.05),))
    (made,) = simulate(experiment)
    found = before_looking_ahead(made).path
    for k in range(10):
        lines = {line.symbol: line.value for line in formula(inspect_step(experiment, made, k))}
        np.testing.assert_array_equal(lines["s_t"], found[k + 1])
