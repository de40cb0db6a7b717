"""Gradient descent with a backtracking line search, against the same in plain Python."""

import math
from dataclasses import replace

import numpy as np
import pytest

from landscape import SURFACES, Formula
from optimizers import OPTIMIZERS, Experiment, Run, simulate, sweep
from optimizers.analysis.step import inspect_step
from optimizers.record import DONE, LONG, NO_DECAY
from optimizers.sheet import Trial
from optimizers.simulation.chunks import SEARCHED, cost_of
from views.report.inspector import MOST_TRIED
from views.report.inspector import searched as table

RUN = Run("Backtracking")


def one(run=RUN, surface="Quadratic", **settings):
    (trajectory,) = simulate(Experiment(surface, runs=(run,), **settings))
    return trajectory


def searched(loss, theta, g, lr, share, factor):
    """Return where a search from theta leads, and how many lengths it has tried."""
    here, step = loss(*theta), [-lr * d for d in g]
    for tried in range(100):
        there = [p + s for p, s in zip(theta, step, strict=True)]
        if there == [*theta]:
            break
        value = loss(*there)
        slope = g[0] * step[0] + g[1] * step[1]
        if math.isfinite(value) and value <= here + share * slope:
            return there, tried + 1
        step = [factor * s for s in step]
    return [*theta], 100


# With the derivatives and the order of operations of the surfaces' own kernels: to the bit.
def quadratic(x, y):
    return 0.5 * (x * x + 8.0 * (y * y))


def rosenbrock(x, y):
    off = y - x * x
    return (1.0 - x) * (1.0 - x) + 100.0 * off * off


PLAIN = {
    "Quadratic": (quadratic, lambda x, y: (x, 8.0 * y), {"params": {"condition": 8.0}}),
    "Rosenbrock": (
        rosenbrock,
        lambda x, y: (
            -2.0 * (1.0 - x) - 400.0 * x * (y - x * x),
            200.0 * (y - x * x),
        ),
        {},
    ),
}


@pytest.mark.parametrize("share", [0.0001, 0.1, 0.5, 0.9])
@pytest.mark.parametrize("factor", [0.3, 0.5, 0.85])
@pytest.mark.parametrize("surface", PLAIN)
def test_a_run_is_the_one_in_plain_python(surface, share, factor):
    loss, gradient, given = PLAIN[surface]
    run = Run("Backtracking", 0.9, {"decrease": share, "shrink": factor})
    made = one(run, surface, steps=40, **given)
    for k in range(40):
        # From the run's own positions, so that no rounding grows.
        theta = made.path[k].tolist()
        expected, _ = searched(loss, theta, gradient(*theta), 0.9, share, factor)
        scale = max(1.0, float(np.abs(made.path[k : k + 2]).max()))
        np.testing.assert_allclose(made.path[k + 1], expected, rtol=0, atol=1e-14 * scale)


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("seed", range(3))
def test_a_step_keeps_the_promise_and_the_next_longer_one_does_not(surface, seed):
    random = np.random.default_rng(seed)
    share, factor = random.uniform(0.01, 0.8), random.uniform(0.2, 0.8)
    run = Run("Backtracking", 2.0, {"decrease": share, "shrink": factor}, schedule="Cosine")
    made = one(run, surface, steps=25)
    assert (np.diff(made.loss) <= 0).all()
    objective, moved = made.objective, 0
    for k, lr in enumerate(made.lr):
        theta, g = made.path[k], made.gradient[k]
        square, step = g @ g, made.path[k + 1] - theta
        # Close to rounding nothing can be told from the outside.
        fall = made.loss[k] - made.loss[k + 1]
        if fall < 1e-9 * (1 + abs(made.loss[k])):
            continue
        length = math.hypot(*step) / math.sqrt(square)
        power = math.log(length / lr) / math.log(factor)
        assert power == pytest.approx(round(power), abs=1e-3)  # a length that is tried
        assert fall >= share * length * square * (1 - 1e-6)
        if round(power) > 0:
            longer = objective.loss(*(theta + step / factor))
            assert not longer < made.loss[k] - share * length / factor * square * (1 + 1e-6)
        moved += 1
    assert moved >= 1


@pytest.mark.parametrize("condition", [3.0, 30.0, 1000.0])
@pytest.mark.parametrize("start", [(-4.0, 2.0), (5.0, 0.1), (0.3, -1.0)])
def test_on_a_quadratic_it_falls_as_fast_as_theory_says(condition, start):
    share, factor, lr = 0.3, 0.7, 1.0
    run = Run("Backtracking", lr, {"decrease": share, "shrink": factor})
    made = one(run, params={"condition": condition}, start=start, steps=30)
    # Boyd and Vandenberghe, Convex Optimization (2004), section 9.3.1, with m = 1, M = condition;
    # a length is too long only from 2 (1 - share) / M on.
    least = min(lr, factor * 2 * (1 - share) / condition)
    assert (made.loss[1:] <= (1 - 2 * share * least) * made.loss[:-1] * (1 + 1e-12)).all()
    lengths = np.linalg.norm(np.diff(made.path, axis=0), axis=1)
    assert (lengths >= least * np.linalg.norm(made.gradient, axis=1) * (1 - 1e-9)).all()


def test_no_rate_is_too_large():
    for lr in (1.0, 1e3, 1e6):
        made = one(Run("Backtracking", lr), "Rosenbrock", steps=300)
        assert made.diverged_at is None
        assert made.loss[-1] < made.loss[0] / 5
    assert one(Run("SGD", 1.0), "Rosenbrock", steps=300).diverged_at is not None


def test_at_rate_0_and_at_rest_nothing_moves():
    for made in (one(Run("Backtracking", 0.0), steps=3), one(start=(0.0, 0.0), steps=3)):
        assert (made.path == made.path[0]).all()
        assert made.diverged_at is None


def test_where_the_loss_has_no_value_a_length_is_too_long():
    barrier = Formula("x - log(x) + y**2", domain=((0.1, 4), (-1, 1)), start=(0.5, 0.5))
    made = one(Run("Backtracking", 1e4), barrier, steps=60)
    assert made.diverged_at is None
    np.testing.assert_allclose(made.path[-1], [1, 0], atol=1e-6)
    steep = Formula("exp(x**2) + y**2", domain=((-5, 5), (-5, 5)), start=(3, 1))
    made = one(Run("Backtracking", 10.0), steep, steps=200)  # exp overflows at the first lengths
    assert made.diverged_at is None
    assert made.loss[-1] < 1 + 1e-3


def test_a_loss_without_a_lower_bound_is_followed_down():
    assert one(surface="Monkey saddle").diverged_at is not None


def test_the_loss_of_noise_is_exact_and_never_rises():
    noise = {"noise": 3.0, "samples": 64, "seed": 3, "steps": 60}
    made = one(Run("Backtracking", batch_size=8), "Himmelblau", **noise)
    assert (np.diff(made.loss) <= 0).all()
    random = np.random.default_rng(3).standard_normal((60, 2))
    spread = 3.0 * math.sqrt(56 / (8 * 63))
    stays = 0
    for k in range(60):
        theta = made.path[k].tolist()
        g = np.array(SURFACES["Himmelblau"].gradient(*theta)) + spread * random[k]
        loss = SURFACES["Himmelblau"].loss
        expected, tried = searched(loss, theta, g.tolist(), 0.0 + made.lr[k], 0.1, 0.5)
        np.testing.assert_allclose(made.path[k + 1], expected, rtol=0, atol=1e-13)
        stays += tried == 100
    assert stays > 0  # a direction that leads up at any length


def test_the_loss_of_a_batch_is_that_of_the_same_batch():
    settings = {"seed": 2, "l2": 0.05, "steps": 40}
    made = one(Run("Backtracking", 4.0, batch_size=16), "Two features", **settings)
    data, random = made.objective.data, np.random.default_rng(2)
    orders = [random.permutation(100) for _ in range(6)]
    shorter = 0
    for k in range(40):
        epoch, turn = divmod(k, 7)
        rows = orders[epoch][16 * turn : 16 * turn + 16]
        features, labels = data.x[rows], data.y[rows]

        def loss(x, y, features=features, labels=labels):
            off = features @ (x, y) - labels
            return float((off * off).mean() / 2 + 0.05 / 2 * (x * x + y * y))

        theta = made.path[k].tolist()
        g = features.T @ (features @ theta - labels) / len(rows) + 0.05 * np.array(theta)
        expected, tried = searched(loss, theta, g.tolist(), 4.0, 0.1, 0.5)
        np.testing.assert_allclose(made.path[k + 1], expected, rtol=0, atol=1e-12)
        shorter += tried > 1
    assert shorter > 0
    assert (np.diff(made.loss) > 0).any()  # of all samples it may rise


CASES = {
    "exact": ({"surface": "Beale", "steps": 50}, {}),
    "regularized": ({"surface": "Rosenbrock", "l2": 0.1, "steps": 50}, {}),
    "clipped": ({"surface": "Rosenbrock", "steps": 50}, {"clip_norm": 1.0}),
    "noisy": (
        {"surface": "Himmelblau", "noise": 3.0, "samples": 64, "steps": 40},
        {"batch_size": 8},
    ),
    "batches": ({"surface": "Two features", "l2": 0.05, "steps": 40}, {"batch_size": 16}),
    "several batches": ({"surface": "Sine fit", "steps": 40}, {"batch_size": 7, "accumulate": 2}),
    "dropout": ({"surface": "One hidden unit", "keep": 0.7, "steps": 40}, {"batch_size": 32}),
    "drawn with replacement": (
        {"surface": "Linear regression", "steps": 40},
        {"batch_size": 16, "replacement": True, "schedule": "Cosine"},
    ),
}


@pytest.mark.parametrize(("settings", "run"), CASES.values(), ids=CASES)
def test_a_map_is_the_single_runs_to_the_bit(settings, run):
    experiment = Experiment(runs=(Run("Backtracking", **run),), **settings)
    rates, shares = np.geomspace(1e-3, 30, 41), np.array([0.001, 0.1, 0.5])
    seeds = np.arange(2)[:, None, None]
    made = sweep(
        experiment,
        experiment.runs[0],
        lr=rates,
        seed=seeds,
        hyper={"decrease": shares[:, None], "shrink": 0.6},
        record=settings["steps"] + 1,
    )
    for (i, j, k), loss in np.ndenumerate(made.loss):
        hyper = {"decrease": shares[j], "shrink": 0.6}
        each = replace(experiment.runs[0], lr=rates[k], hyper=hyper)
        (alone,) = simulate(replace(experiment, seed=i, runs=(each,)))
        assert alone.loss[-1] == loss
        assert alone.path[-1].tolist() == made.end[i, j, k].tolist()
        count = len(alone.loss)
        np.testing.assert_array_equal(made.losses[i, j, k, :count], alone.loss)


def test_a_map_of_batch_sizes_is_the_single_runs_to_the_bit():
    experiment = Experiment("Logistic regression", steps=50, runs=(Run("Backtracking", 8.0),))
    sizes, seeds = np.array([0, 1, 7, 32]), np.arange(5)[:, None]
    made = sweep(experiment, experiment.runs[0], batch_size=sizes, seed=seeds)
    for (i, j), loss in np.ndenumerate(made.loss):
        each = replace(experiment.runs[0], batch_size=int(sizes[j]) or None)
        (alone,) = simulate(replace(experiment, seed=i, runs=(each,)))
        assert alone.loss[-1] == loss
        assert alone.path[-1].tolist() == made.end[i, j].tolist()


@pytest.mark.parametrize(("settings", "run"), CASES.values(), ids=CASES)
def test_an_inspected_step_shows_the_search_that_was_made(settings, run):
    experiment = Experiment(runs=(Run("Backtracking", 3.0, **run),), **settings)
    (made,) = simulate(experiment)
    shorter = 0
    for k, lr in enumerate(made.lr):
        step = inspect_step(experiment, made, k)
        count, moved = len(step.tried), made.path[k + 1] - made.path[k]
        np.testing.assert_allclose([t.length for t in step.tried], lr * 0.5 ** np.arange(count))
        assert not any(trial.fits for trial in step.tried[:-1])
        assert [trial.taken for trial in step.tried] == [False] * (count - 1) + [moved.any()]
        assert (step.taken is None) == (not moved.any())
        shorter += count > 1
        if step.taken:
            expected = -step.taken.length * made.gradient[k]
            np.testing.assert_array_equal(made.path[k] + expected, made.path[k + 1])
            if made.batch_loss is None:
                assert step.tried[-1].loss == made.loss[k + 1]
        else:
            assert count == 100 or not step.tried[-1].moves
    assert shorter > 0


def test_a_rule_that_does_not_search_has_tried_nothing():
    experiment = Experiment(runs=(Run("SGD"),))
    (made,) = simulate(experiment)
    assert inspect_step(experiment, made, 3).tried == ()


def test_an_update_counts_as_the_losses_that_a_search_asks_for():
    for surface in ("Beale", "Linear regression"):
        searching, plain = (Experiment(surface, runs=(Run(n),)) for n in ("Backtracking", "SGD"))
        assert cost_of(searching) == SEARCHED[LONG] * cost_of(plain)
    made = one(Run("Backtracking", 1.0), "Beale", steps=100)
    experiment = Experiment("Beale", steps=100, runs=(Run("Backtracking", 1.0),))
    tried = [len(inspect_step(experiment, made, k).tried) for k in range(100)]
    assert SEARCHED[LONG] / 3 < np.mean(tried) < SEARCHED[LONG]


def test_l1_is_refused_with_the_reason():
    with pytest.raises(ValueError, match="must be 0 for Backtracking, whose search may end at the"):
        Experiment(l1=0.1, runs=(RUN,))


@pytest.mark.parametrize("rule", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_the_rules_that_search_are_those_that_say_their_steps_are_long(rule):
    hyper = np.repeat([*rule.resolve().values()], 2).reshape(-1, 2).astype(float)
    state, step = np.zeros((len(rule.state), 2)), np.empty(2)
    bowl = np.array([[1.0], [0.0], [1.0]])
    status = rule.update(2, 1, np.ones(2), bowl, np.ones(2), hyper, state, step)
    assert status == (rule.searches or DONE)
    if rule.searches:  # what the driver leaves out for those
        assert not rule.state
        assert not rule.l1_steps
        assert rule.weight_decay == NO_DECAY
    if rule.searches == LONG:
        assert [*rule.resolve()][:2] == ["decrease", "shrink"]


def test_the_page_shows_the_search():
    experiment = Experiment("Rosenbrock", steps=5, runs=(Run("Backtracking", 1.0),))
    (made,) = simulate(experiment)
    step = inspect_step(experiment, made, 3)
    lengths = [trial.length for trial in step.tried]
    assert lengths == [1.0, 0.5]
    *others, last = [row.split(" | ") for row in table(step.tried, LONG).splitlines()[2:]]
    assert [row[0] for row in (*others, last)] == ["| 1", "| 0.5"]
    assert [row[3] for row in (*others, last)] == ["too high |", "taken |"]
    for row, trial in zip((*others, last), step.tried, strict=True):
        assert [
            float(text.replace(",", "").replace("−", "-")) for text in row[1:3]
        ] == pytest.approx(trial[1:3], rel=1e-3)
    flat = [Trial(0.5**k, 1.0, 0.5, 0.0, k < 39, taken=False) for k in range(40)]
    rows = table(flat, LONG).splitlines()[2:]
    assert len(rows) == MOST_TRIED - 2
    assert rows[-2] == "| … | … | … | |"
    assert rows[-1].endswith("moves nothing |")
