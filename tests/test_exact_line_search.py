"""Gradient descent with an exact line search, against roots of polynomials and what defines it."""

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.polynomial import Polynomial

from landscape import SURFACES, Formula
from optimizers import Experiment, Run, simulate, sweep
from optimizers.analysis.step import formula, inspect_step
from optimizers.record import LINE
from optimizers.simulation.chunks import SEARCHED, cost_of
from tests.test_backtracking import CASES
from views.report.inspector import MOST_TRIED
from views.report.inspector import searched as table

RULE = "Exact line search"


def one(lr=10.0, surface="Quadratic", **settings):
    (trajectory,) = simulate(Experiment(surface, runs=(Run(RULE, lr),), **settings))
    return trajectory


def minima(surface, theta, g, lr):
    """Return the lengths in (0, lr) at which the loss, of degree 4 at most, is lowest on a line."""
    at = np.linspace(0, 1, 5)
    line = Polynomial.fit(at, surface.loss(*(theta - at[:, None] * g).T), 4).convert()
    roots = line.deriv().roots()
    real = np.real(roots[np.abs(np.imag(roots)) < 1e-6 * (1 + np.abs(roots))])
    return sorted(root for root in real if 0 < root < lr and line.deriv(2)(root) > 0)


@pytest.mark.parametrize("name", ["Quadratic", "Rosenbrock", "Himmelblau", "Styblinski-Tang"])
@pytest.mark.parametrize("lr", [0.3, 1.0, 100.0])
def test_a_step_ends_at_a_minimum_of_its_line(name, lr):
    surface = SURFACES[name]
    (x_low, x_high), (y_low, y_high) = surface.domain
    random = np.random.default_rng(4)
    starts = random.uniform((x_low, y_low), (x_high, y_high), (12, 2))
    inside = 0
    for start in starts.tolist():
        made = one(lr, name, start=start, steps=2)
        for theta, there, g in zip(made.path, made.path[1:], made.gradient, strict=False):
            if np.hypot(*g) < 1e-3:
                continue
            length = math.dist(theta, there) / math.hypot(*g)
            found = minima(surface, theta, g, lr)
            if not found or abs(length - lr) < 1e-12 * lr:
                assert length == pytest.approx(lr)
                continue
            off = min(abs(length / each - 1) for each in found)
            assert off < 1e-4
            assert surface.loss(*there) < surface.loss(*theta)
            inside += 1
    assert inside >= 5


@pytest.mark.parametrize("condition", [3.0, 30.0, 1000.0])
def test_on_a_quadratic_it_is_steepest_descent(condition):
    settings = {"params": {"condition": condition, "rotation": 20.0}, "start": (-4.0, 1.0)}
    runs = Run(RULE, 100.0), Run("Steepest descent", 1.0)
    found, expected = simulate(Experiment(runs=runs, steps=20, **settings))
    np.testing.assert_allclose(found.path, expected.path, rtol=0, atol=1e-9)
    # Kantorovich's bound of what a step leaves of the loss.
    most = ((condition - 1) / (condition + 1)) ** 2
    assert (found.loss[1:] <= most * found.loss[:-1] * (1 + 1e-9)).all()


@pytest.mark.parametrize("surface", SURFACES)
def test_the_loss_never_rises_and_steps_stand_across_each_other(surface):
    made = one(100.0, surface, steps=40)
    assert (np.diff(made.loss) <= 0).all()
    across = []
    for k in range(len(made.lr) - 1):
        length, fall = math.dist(*made.path[k : k + 2]), made.loss[k] - made.loss[k + 1]
        g, after = made.gradient[k], made.gradient[k + 1]
        # Of steps that end at the bottom of a line, and fall by more than rounding.
        if length < 99 * math.hypot(*g) and fall > 1e-8 * abs(made.loss[k]):
            across.append(abs(g @ after) / (math.hypot(*g) * max(math.hypot(*after), 1e-3)))
    assert np.max(across or 0.0) < 1e-6 or surface == "Ackley"  # which has a cusp


def test_the_rate_is_the_longest_length():
    curvature = 10.0
    for lr in (0.01, 0.05, 0.5, 5.0):
        made = one(lr, params={"condition": curvature}, start=(0.0, 2.0), steps=1)
        length = abs(made.path[1, 1] - 2.0) / (curvature * 2.0)
        assert length == pytest.approx(min(lr, 1 / curvature), rel=1e-12)
    assert one(0.0).path[-1].tolist() == one().path[0].tolist()
    rest = one(start=(0.0, 0.0))
    assert (rest.path == 0).all()


@pytest.mark.parametrize("lr", [1.0, 1e3, 1e6])
def test_no_rate_is_too_large(lr):
    made = one(lr, "Rosenbrock", steps=300)
    assert made.diverged_at is None
    assert made.loss[-1] < made.loss[0] / 5
    assert np.isfinite(made.path).all()


def test_where_the_loss_has_no_value_a_length_is_too_long():
    barrier = Formula("x - log(x) + y**2", domain=((0.1, 4), (-1, 1)), start=(0.5, 0.5))
    made = one(1e4, barrier, steps=60)
    assert made.diverged_at is None
    np.testing.assert_allclose(made.path[-1], [1, 0], atol=1e-6)
    steep = Formula("exp(x**2) + y**2", domain=((-5, 5), (-5, 5)), start=(3, 1))
    made = one(10.0, steep, steps=200)  # exp overflows at the first lengths
    assert made.diverged_at is None
    assert made.loss[-1] < 1 + 1e-6


BIG = (-800, 800), (-800, 800)


@pytest.mark.parametrize("name", [RULE, "Backtracking"])
@pytest.mark.parametrize(
    ("text", "start", "lr"),
    [
        ("exp(x)-exp(y)", (708.5, 708.5), 10.0),  # the longest step is infinite, either way
        ("exp(x)+exp(y)", (700, 700), 1e6),
        ("exp(x**2)+y**2", (26.4, 1), 1e6),  # in one coordinate
        ("1/x-1/y", (1e-154, 1e-154), 10.0),
        ("1e155*(x-y)", (1, 1), 1e6),  # the slope is infinite
        ("exp(x**2)+y**2", (16, 1), 10.0),  # and a finite one too long for 100 tries
        ("1e-200*(x**2+y**2)", (1, 1), 1e6),
    ],
)
def test_what_is_no_number_leaves_a_run_where_it_is_and_the_page_whole(name, text, start, lr):
    surface = Formula(text, domain=BIG, start=start)
    experiment = Experiment(surface, steps=3, runs=(Run(name, lr),))
    (made,) = simulate(experiment)
    assert not np.isnan(made.path).any()
    for k in range(len(made.lr)):
        step = inspect_step(experiment, made, k)
        assert len(formula(step)) >= 1
        assert (step.taken is None) == (not step.step.any())
        if name == RULE:
            assert step.taken is None
            assert formula(step)[-1].note.startswith("No length that it tries lowers the loss")


def test_a_line_that_falls_for_ever_is_followed_as_far_as_the_rate():
    plane = Formula("x + 2*y", domain=((-9, 9), (-9, 9)), start=(1, 1))
    made = one(0.5, plane, steps=4)
    np.testing.assert_allclose(np.diff(made.path, axis=0), [[-0.5, -1.0]] * 4, rtol=1e-12)
    assert one(surface="Monkey saddle", steps=200).diverged_at is not None


def test_a_kink_is_the_lowest_point_of_a_line():
    kink = Formula("abs(x)", domain=((-5, 5), (-5, 5)), start=(3, 1))
    made = one(10.0, kink, steps=3)
    assert abs(made.path[1:, 0]).max() < 1e-12


def test_where_noise_leads_up_it_stays():
    noise = {"noise": 3.0, "samples": 64, "seed": 3, "steps": 60}
    run = Run(RULE, batch_size=8)
    (made,) = simulate(Experiment("Himmelblau", runs=(run,), **noise))
    assert (np.diff(made.loss) <= 0).all()
    stays = 0
    for k in range(60):
        exact = np.array(SURFACES["Himmelblau"].gradient(*made.path[k]))
        up = exact @ made.gradient[k] <= 0
        assert not up or (made.path[k + 1] == made.path[k]).all()
        stays += up
    assert 5 < stays < 55


@pytest.mark.parametrize(("settings", "run"), CASES.values(), ids=CASES)
def test_a_map_is_the_single_runs_to_the_bit(settings, run):
    experiment = Experiment(runs=(Run(RULE, **run),), **settings)
    rates, seeds = np.geomspace(1e-3, 30, 41), np.arange(2)[:, None]
    made = sweep(
        *(experiment, experiment.runs[0]), lr=rates, seed=seeds, record=settings["steps"] + 1
    )
    for (i, k), loss in np.ndenumerate(made.loss):
        each = replace(experiment.runs[0], lr=rates[k])
        (alone,) = simulate(replace(experiment, seed=i, runs=(each,)))
        assert alone.loss[-1] == loss
        assert alone.path[-1].tolist() == made.end[i, k].tolist()
        count = len(alone.loss)
        np.testing.assert_array_equal(made.losses[i, k, :count], alone.loss)


@pytest.mark.parametrize(("settings", "run"), CASES.values(), ids=CASES)
def test_an_inspected_step_shows_the_search_that_was_made(settings, run):
    experiment = Experiment(runs=(Run(RULE, 3.0, **run),), **settings)
    (made,) = simulate(experiment)
    inside = 0
    for k, lr in enumerate(made.lr):
        step = inspect_step(experiment, made, k)
        first, *others = step.tried
        losses = made.loss if made.batch_loss is None else made.batch_loss
        assert first.length == 0
        assert first.loss == losses[k]
        assert all(trial.most == losses[k] for trial in step.tried)
        assert sum(trial.taken for trial in step.tried) == (step.taken is not None)
        if step.taken is None:
            assert (made.path[k + 1] == made.path[k]).all()
            continue
        assert others[0].length == lr
        moved = made.path[k] - step.taken.length * made.gradient[k]
        np.testing.assert_allclose(made.path[k + 1], moved, rtol=0, atol=1e-14)
        assert step.taken.fits
        if made.batch_loss is None:
            assert step.taken.loss == made.loss[k + 1]
        if step.taken.length < lr and step.loss - step.taken.loss > 1e-9 * abs(step.loss):
            assert abs(step.taken.slope) < 1e-6 * abs(first.slope)
            inside += 1
    assert inside > 0


def test_an_update_counts_as_the_losses_that_a_search_asks_for():
    searching, plain = (Experiment("Beale", runs=(Run(name),)) for name in (RULE, "SGD"))
    assert cost_of(searching) == SEARCHED[LINE] * cost_of(plain)
    both = replace(plain, runs=(Run("Backtracking"), Run(RULE), Run("SGD")))
    assert cost_of(both) == cost_of(searching)
    for surface in ("Beale", "Rosenbrock", "Linear regression"):
        experiment = Experiment(surface, steps=100, runs=(Run(RULE),))
        (made,) = simulate(experiment)
        tried = [len(inspect_step(experiment, made, k).tried) for k in range(100)]
        assert SEARCHED[LINE] / 3 < np.mean(tried) < SEARCHED[LINE]


def test_l1_is_refused_with_the_reason():
    with pytest.raises(ValueError, match="must be 0 for Exact line search, whose search may end"):
        Experiment(l1=0.1, runs=(Run(RULE),))


def test_the_page_shows_the_search():
    experiment = Experiment("Rosenbrock", steps=5, runs=(Run(RULE, 1.0),))
    (made,) = simulate(experiment)
    step = inspect_step(experiment, made, 0)
    head, _, *rows = table(step.tried, LINE).splitlines()
    assert head == "| length tried | loss there | slope there | |"
    said = [row.split(" | ")[3].removesuffix(" |") for row in rows]
    assert said[:2] == ["start", "too high"]
    assert said.count("taken") == 1
    for trial, word in zip(step.tried[1:], said[1:], strict=True):
        expected = "too high" if trial.loss > step.loss else "rises"
        if trial.loss <= step.loss and trial.slope < 0:
            expected = "falls"
        assert word == ("taken" if trial is step.taken else expected)
    whole, line = formula(step)[1], formula(step)[-1]
    assert whole.note == "The length at which the loss has come to its lowest along this line."
    np.testing.assert_array_equal(line.value, made.path[1])


def test_of_a_long_search_the_taken_length_is_in_the_table():
    experiment = Experiment("Beale", steps=600, runs=(Run(RULE, 10.0),))
    (made,) = simulate(experiment)
    hidden = 0
    for k in range(600):
        tried = inspect_step(experiment, made, k).tried
        said = table(tried, LINE)
        assert said.count("taken") == sum(trial.taken for trial in tried) <= 1
        assert len(said.splitlines()) <= 2 + MOST_TRIED
        places = [i for i, trial in enumerate(tried) if trial.taken]
        hidden += bool(places) and MOST_TRIED <= places[0] < len(tried) - 1
    assert hidden > 0


@pytest.mark.parametrize(
    ("settings", "note"),
    [
        ({"start": (0.0, 0.0)}, "At rest: the gradient is zero."),
        ({"lr": 0.01}, "The loss falls all the way: the longest step is taken."),
        ({"lr": 0.0}, "No length that it tries lowers the loss: it stays where it is."),
        (
            {"noise": 9.0, "samples": 64, "seed": 3, "start": (0.1, 0.1)},
            "The loss rises along this line: it stays where it is.",
        ),
    ],
)
def test_the_formula_says_why_a_step_ends(settings, note):
    lr = settings.pop("lr", 10.0)
    run = Run(RULE, lr, batch_size=4 if "noise" in settings else None)
    experiment = Experiment(steps=1, runs=(run,), **settings)
    step = inspect_step(experiment, simulate(experiment)[0], 0)
    assert note in [line.note for line in formula(step)]
