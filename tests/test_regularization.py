"""L2 and L1 in the loss, on every surface: the numbers of theory, runs and maps, minimizers."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from landscape import SURFACES, Dataset
from landscape.language import number
from landscape.penalty import Penalty
from landscape.record import CUSP, GLOBAL_MINIMUM, LOWEST_KINDS, MINIMUM_KINDS
from optimizers import OPTIMIZERS, Experiment, Run, simulate, sweep, verdict
from optimizers.analysis.measures import known_minima
from optimizers.analysis.step import formula, inspect_step
from optimizers.record import L1_STEPS, NO_DECAY, PROXIMAL, SUBGRADIENT
from views.live.answer import UnreadableError, ground_address, ground_answer, lowest
from views.presets import PRESETS
from views.scene.figures import Ground, background, terrain
from views.scene.frames import fitted, within
from views.scene.scene import packed_ground
from views.settings.choice import choose, idle
from views.settings.regularization import PENALIZED
from views.settings.settings import read
from views.theme import LIGHT

every_surface = pytest.mark.parametrize("name", SURFACES)
every_rule = pytest.mark.parametrize("rule", OPTIMIZERS)

# Two samples whose features are orthonormal: the Hessian is the identity, the minimizer (3, 1/2).
ROOT = math.sqrt(2.0)
ORTHONORMAL = Dataset([[ROOT, 0.0], [0.0, ROOT]], [3.0 * ROOT, 0.5 * ROOT])


def orthonormal(run=None, **settings):
    runs = (run or Run("SGD", 0.1),)
    return Experiment("Two features", data=ORTHONORMAL, start=(3.0, 2.0), runs=runs, **settings)


def minimizer(experiment):
    (objective,) = experiment.objectives
    (point,) = objective.minimizers()
    return point


# --- The numbers of theory ----------------------------------------------------------------------


def test_with_orthonormal_features_l1_is_a_soft_threshold_and_l2_shrinks():
    point = minimizer(orthonormal())
    assert (point.x, point.y) == (pytest.approx(3.0), pytest.approx(0.5))
    point = minimizer(orthonormal(l1=1.0))
    assert (point.x, point.y, point.kind) == (pytest.approx(2.0), 0.0, CUSP)
    point = minimizer(orthonormal(l2=1.0))
    assert (point.x, point.y) == (pytest.approx(1.5), pytest.approx(0.25))
    assert point.kind == GLOBAL_MINIMUM


def test_proximal_steps_set_a_weight_to_zero_and_subgradient_steps_never_settle():
    proximal, other = (
        simulate(orthonormal(l1=1.0, l1_step=step, steps=200))[0].path[:, 1]
        for step in (PROXIMAL, SUBGRADIENT)
    )
    assert (proximal[:16] > 0).all()
    assert (proximal[16:] == 0).all()
    # A step y -= .1 (y - .5 + sign y) leads from above 0 to -.05 at least, from below to .15.
    late = other[50:]
    assert (late > -0.05).all()
    assert (late < 0.15).all()
    assert (np.diff(np.sign(late)) != 0).mean() > 0.5


def test_ridge_regression_has_its_closed_form():
    for l2 in (0.01, 0.3, 4.0):
        experiment = Experiment("Two features", l2=l2)
        data = experiment.objectives[0].data
        hessian = data.x.T @ data.x / len(data)
        expected = np.linalg.solve(hessian + l2 * np.eye(2), data.x.T @ data.y / len(data))
        point = minimizer(experiment)
        np.testing.assert_allclose([point.x, point.y], expected, rtol=1e-12)


def test_adamw_is_not_l2_and_coupled_decay_is():
    # f = (x - 3)^2, rates .05 / (1 + t / 200): AdamW ends at min(3, 1 / wd), Adam with L2 at
    # 2 x 3 / (2 + wd).
    falling = {"schedule": "Inverse time", "schedule_params": {"timescale": 200.0}}
    data = Dataset([[2.0, 0.0], [0.0, 2.0]], [6.0, 0.0])  # the Hessian is twice the identity
    settings = {"data": data, "steps": 40_000, "start": (0.0, 0.0)}
    runs = (
        Run("AdamW", 0.05, weight_decay=0.5, **falling),
        Run("Adam", 0.05, weight_decay=0.5, **falling),
        Run("Adam", 0.05, l2=0.5, **falling),
    )
    ends = [t.path[-1, 0] for t in simulate(Experiment("Two features", runs=runs, **settings))]
    assert ends[0] == pytest.approx(1.9997, abs=2e-4)
    assert ends[1] == pytest.approx(2.4, abs=1e-4)
    assert ends[2] == pytest.approx(ends[1], abs=1e-9)


def test_coupled_decay_makes_the_steps_of_l2():
    decay, l2 = (
        simulate(Experiment("Himmelblau", steps=60, runs=(run,)))[0]
        for run in (Run("Momentum", 0.01, weight_decay=0.4), Run("Momentum", 0.01, l2=0.4))
    )
    np.testing.assert_allclose(decay.path, l2.path, rtol=1e-10)
    added = 0.2 * (l2.path**2).sum(axis=1)
    np.testing.assert_allclose(decay.loss + added, l2.loss, rtol=1e-10)


# --- The loss, its derivatives and its critical points ------------------------------------------


@every_surface
def test_the_loss_has_the_penalty_and_its_derivatives_are_its_own(name):
    penalty = Penalty(0.7, 1.3)
    objective = SURFACES[name].at(penalty=penalty)
    x, y = np.random.default_rng(5).uniform(0.3, 1.2, (2, 9)) * [[-1.0], [1.0]]
    expected = objective.bare.loss(x, y) + 0.35 * (x**2 + y**2) + 1.3 * (abs(x) + abs(y))
    np.testing.assert_allclose(objective.loss(x, y), expected, rtol=1e-14)
    h = 1e-5
    gx, _ = objective.gradient(x, y)
    slope = (objective.loss(x + h, y) - objective.loss(x - h, y)) / (2 * h)
    np.testing.assert_allclose(gx, slope, rtol=1e-5, atol=1e-5)
    bends = objective.hessian(x, y)
    right, left = objective.gradient(x, y + h), objective.gradient(x, y - h)
    np.testing.assert_allclose(bends[1], (right[0] - left[0]) / (2 * h), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(bends[2], (right[1] - left[1]) / (2 * h), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("strengths", [(0.1, 0.0), (1.0, 0.0), (0.0, 0.3), (0.0, 2.0), (0.5, 0.5)])
@every_surface
def test_the_lowest_loss_is_below_a_fine_grid_and_no_minimum_is_missed(name, strengths):
    objective = SURFACES[name].at(penalty=Penalty(*strengths))
    size = 401
    xs, ys = (np.linspace(*side, size) for side in objective.domain)
    loss = objective.loss(*np.meshgrid(xs, ys, indexing="ij"))
    found = [p for p in objective.critical_points() if p.kind in MINIMUM_KINDS]
    for point in objective.critical_points():
        assert math.hypot(*objective.gradient(point.x, point.y)) < 1e-9, point
        assert point.loss == objective.loss(point.x, point.y)
    if objective.bounded:
        assert any(point.kind in LOWEST_KINDS for point in found)
        assert objective.lowest() <= loss.min() + 1e-12
    if name in ("Rosenbrock", "Beale"):
        return  # along their valleys a grid has minima of its own
    inner = loss[1:-1, 1:-1]
    around = [
        loss[i : size - 2 + i, j : size - 2 + j]
        for i in range(3)
        for j in range(3)
        if (i, j) != (1, 1)
    ]
    wide = max(xs[1] - xs[0], ys[1] - ys[0])
    for i, j in np.argwhere(inner < np.min(around, axis=0)) + 1:
        away = min(math.hypot(p.x - xs[i], p.y - ys[j]) for p in found)
        assert away < 3 * wide, (xs[i], ys[j])


def test_a_minimum_beside_a_slanted_valley_is_found():
    # Beside it the valley falls on across the corners of the grid that is searched.
    params = {"noise": 0.1004265057203797, "data_seed": 9870.0}
    objective = SURFACES["Sine fit"].at(params, 100, penalty=Penalty(1e-6, 0.1))
    found = [(p.x, p.y) for p in objective.critical_points() if p.kind in MINIMUM_KINDS]
    near = min(found, key=lambda point: np.hypot(point[0] - 0.6209, point[1] + 1.9947))
    assert near == pytest.approx((0.620856, -1.994654), abs=1e-6)


def test_a_minimum_on_an_axis_close_to_0_is_found():
    f, g = np.array([1.0, 1.0, -1.0, -1.0]), np.array([1.0, -1.0, 1.0, -1.0])
    data = Dataset(np.column_stack([f, g]), 0.302 * f)
    (objective,) = Experiment("Two features", data=data, l1=0.3).objectives
    (point,) = objective.minimizers()  # the soft threshold, .302 less .3
    assert (point.x, point.y) == (pytest.approx(0.002, abs=1e-12), 0.0)
    assert objective.lowest() == pytest.approx(objective.loss(0.002, 0.0), rel=1e-12)
    for strength in (0.91768, 0.9177):  # and with the surface's own samples
        (objective,) = Experiment("Two features", l1=strength).objectives
        assert objective.minimizers()


def test_a_sine_without_a_minimum_in_the_domain_has_a_lowest_loss_there():
    data = Dataset([-0.63, -0.38, -1.09, -1.28], [1.89, 1.74, 3.88, -2.26])
    experiment = Experiment("Sine fit", data=data)
    (objective,) = experiment.objectives
    assert objective.minimizers() == ()
    told = number(objective.lowest(), 4)
    assert lowest(experiment) == f"No minimum lies in the domain; the lowest loss there is {told}."
    (x0, x1), (y0, y1) = objective.surface.domain
    x, y = np.meshgrid(np.linspace(x0, x1, 301), np.linspace(y0, y1, 301))
    assert objective.lowest() == pytest.approx(objective.loss(x, y).min(), abs=0.02)


def test_without_a_penalty_a_surface_keeps_its_own_points():
    objective = SURFACES["Six-hump camel"].at(penalty=Penalty())
    assert objective.critical_points() == SURFACES["Six-hump camel"].critical_points()
    assert objective.bare is objective


def test_what_can_be_told_apart_has_a_minimum_with_l2():
    surface = SURFACES["Logistic regression"]
    bare = surface.at({"overlap": 0.0} if "overlap" in surface.resolve() else {"noise": 0.0})
    assert bare.minimizers() == ()
    penalized = replace(bare, penalty=Penalty(l2=0.01))
    (point,) = penalized.minimizers()
    assert penalized.lowest() == point.loss > 0
    assert math.hypot(*penalized.gradient(point.x, point.y)) < 1e-12


def test_weight_decay_moves_what_l1_and_l2_have_moved():
    objective = Experiment("Two features", l1=0.3).objectives[0]
    heavier = replace(objective, penalty=Penalty(0.2, 0.3)).minimizers()[0]
    ((x, y),) = known_minima(objective, 0.2).xy
    assert (x, y) == pytest.approx((heavier.x, heavier.y), abs=1e-12)


def test_the_ball_through_a_point_touches_the_contour_there():
    for penalty in (Penalty(l2=0.4), Penalty(l1=0.3), Penalty(0.4, 0.3)):
        objective = SURFACES["Two features"].at(penalty=penalty)
        (point,) = objective.minimizers()
        x, y = penalty.ball(point.x, point.y, 4001)
        np.testing.assert_allclose(penalty.loss(x, y), penalty.loss(point.x, point.y), rtol=1e-12)
        # Nowhere in the ball is the loss alone lower than at the minimizer.
        lowest = objective.bare.loss(x, y).min()
        assert lowest == pytest.approx(objective.bare.loss(point.x, point.y), abs=1e-6)
    x, y = Penalty(l2=1.0).ball(3.0, 4.0)
    np.testing.assert_allclose(np.hypot(x, y), 5.0)
    x, y = Penalty(l1=2.0).ball(-1.0, 2.0)
    np.testing.assert_allclose(abs(x) + abs(y), 3.0)


def test_a_frame_holds_the_contours_of_the_loss_alone():
    x, y = np.meshgrid(*[np.linspace(-6, 6, 601)] * 2)
    for slug, count in (("dropout", 3), ("l2-pulls-in", 3), ("l1-zero", 1)):
        experiment = PRESETS[slug].experiment
        frame = fitted(experiment, simulate(experiment), 0.95)
        regularized = [each for each in experiment.objectives if each.regularized]
        assert len(regularized) == count
        for objective in regularized:
            (point,) = objective.minimizers()
            lower = objective.whole.loss(x, y) <= objective.whole.loss(point.x, point.y)
            assert within(np.column_stack([x[lower], y[lower]]), frame).all()


# --- Runs and maps ------------------------------------------------------------------------------


def strengths_of(rule):
    return {"l2": 0.3, "l1": 0.2 if OPTIMIZERS[rule].l1_steps else 0.0}


# A rule that takes no L1 may be told any step.
STEPS = [
    (name, step)
    for name, rule in OPTIMIZERS.items()
    for step in L1_STEPS
    if step in (rule.l1_steps or L1_STEPS)
]


@pytest.mark.parametrize(("rule", "step"), STEPS)
def test_a_map_is_the_single_runs_to_the_bit(rule, step):
    able = OPTIMIZERS[rule].weight_decay != NO_DECAY
    for surface in ("Himmelblau", "Two features"):
        made = SURFACES[surface].samples is not None
        settings = {**strengths_of(rule), "l1_step": step, "noise": 0.0 if made else 0.5}
        run = Run(rule, batch_size=16, weight_decay=0.1 * able)
        experiment = Experiment(surface, steps=40, runs=(run,), **settings)
        rates, seeds = np.geomspace(1e-3, 0.5, 5), np.arange(2)[:, None]
        found = sweep(experiment, run, lr=rates, seed=seeds, tolerance=0.1, record=41)
        for i, j in np.ndindex(2, 5):
            single = replace(run, lr=float(rates[j]), seed=i)
            (expected,) = simulate(replace(experiment, runs=(single,)))
            assert (found.end[i, j] == expected.path[-1]).all()
            assert found.loss[i, j] == expected.loss[-1]
            count = len(expected.loss)
            assert (found.losses[i, j][:count] == expected.loss).all()
            there = expected.loss - expected.objective.lowest() <= 0.1
            assert found.arrived_at[i, j] == (there.argmax() if there.any() else -1)


@every_rule
def test_a_run_may_have_strengths_of_its_own(rule):
    strengths = strengths_of(rule)
    own = Experiment("Beale", steps=30, runs=(Run(rule, **strengths), Run(rule)))
    shared = Experiment("Beale", steps=30, runs=(Run(rule),), **strengths)
    with_it, without = simulate(own)
    assert (with_it.path == simulate(shared)[0].path).all()
    assert (
        without.path == simulate(Experiment("Beale", steps=30, runs=(Run(rule),)))[0].path
    ).all()
    assert len(own.objectives) == 2
    assert with_it.objective.penalty == Penalty(**strengths)


def test_how_l1_is_stepped_changes_nothing_where_there_is_none():
    paths = [
        simulate(Experiment("Beale", l1_step=step, noise=1.0, runs=(Run("SGD", batch_size=4),)))[0]
        for step in L1_STEPS
    ]
    assert (paths[0].path == paths[1].path).all()


def test_newton_jumps_to_the_ridge_minimizer_and_lbfgs_finds_it():
    experiment = Experiment(
        "Two features", l2=0.5, steps=25, runs=(Run("Newton", 1.0), Run("L-BFGS", 1.0))
    )
    point = minimizer(experiment)
    newton, lbfgs = simulate(experiment)
    np.testing.assert_allclose(newton.path[1], [point.x, point.y], rtol=1e-12)
    np.testing.assert_allclose(lbfgs.path[-1], [point.x, point.y], rtol=1e-5)
    assert verdict(experiment, newton).kind == "converged"


@pytest.mark.parametrize("rule", ["Newton", "L-BFGS"])
def test_a_kink_is_refused_by_rules_that_take_a_curvature(rule):
    for settings, own in (({"l1": 0.5}, {}), ({}, {"l1": 0.5})):
        with pytest.raises(ValueError, match=rf"l1 = 0\.5: must be 0 for {rule}.* kink"):
            Experiment(runs=(Run(rule, **own),), **settings)
    assert Experiment(l1=0.5, runs=(Run(rule, l1=0.0),)).objectives[0].penalty == Penalty()


@pytest.mark.parametrize(
    "rule", [name for name, rule in OPTIMIZERS.items() if rule.l1_steps == (SUBGRADIENT,)]
)
def test_a_proximal_step_is_refused_where_it_would_end_elsewhere(rule):
    with pytest.raises(
        ValueError, match=rf"l1_step = 'proximal': must be 'subgradient' for {rule}"
    ):
        Experiment(l1=0.5, l1_step=PROXIMAL, runs=(Run(rule),))
    Experiment(l1_step=PROXIMAL, runs=(Run(rule),))  # there is no L1


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"l2": -0.1}, "l2 = -0.1: must be a number from 0 to 100"),
        ({"l1": math.nan}, "l1 = nan: must be a number from 0 to 100"),
        ({"l1": "much"}, "l1 = 'much': must be a number"),
        ({"l1_step": "gradient"}, "l1_step = 'gradient': unknown; known: subgradient, proximal"),
    ],
)
def test_a_strength_that_cannot_be_is_refused(settings, told):
    for make in (Experiment, lambda **own: Run("SGD", **own)):
        with pytest.raises(ValueError, match=told):
            make(**settings)


# --- One step taken apart -----------------------------------------------------------------------


@pytest.mark.parametrize("step", L1_STEPS)
def test_the_parts_of_a_step_add_up(step):
    run = Run("SGD", 0.05, weight_decay=0.1, batch_size=16)
    experiment = Experiment("Two features", l2=0.4, l1=0.3, l1_step=step, steps=30, runs=(run,))
    (trajectory,) = simulate(experiment)
    for k in (0, 7, 29):
        parts = inspect_step(experiment, trajectory, k)
        given = parts.exact + parts.noise + parts.coupled * parts.theta
        np.testing.assert_allclose(given, trajectory.gradient[k], rtol=1e-9, atol=1e-12)
        assert parts.hessian[0, 0] == pytest.approx(
            trajectory.objective.bare.hessian(*parts.theta)[0] + 0.4
        )
        lines = formula(parts)
        np.testing.assert_array_equal(lines[-1].value, trajectory.path[k + 1])
        if step == PROXIMAL:
            half = parts.theta - 0.05 * parts.gradient
            np.testing.assert_allclose(lines[-2].value, half)
            soft = np.sign(half) * np.maximum(abs(half) - 0.05 * 0.3, 0)
            np.testing.assert_allclose(lines[-1].value, soft, atol=1e-15)


# --- On the page --------------------------------------------------------------------------------


def chosen_by(**link):
    settings, notes = read(link)
    assert notes == []
    return choose(settings)


def test_a_link_holds_strengths_and_step_and_the_page_says_what_they_do():
    link = {
        "surface": "Beale",
        "l2": "0.2",
        "l1": "0.4",
        "l1_step": "proximal",
        "optimizers": "SGD",
    }
    choice = chosen_by(**link)
    experiment = choice.experiment
    assert (experiment.l2, experiment.l1, experiment.l1_step) == (0.2, 0.4, PROXIMAL)
    assert [note.message for note in choice.notes] == [PENALIZED]
    assert chosen_by(surface="Beale").notes == ()


def test_what_a_rule_cannot_take_is_left_out_of_its_run_and_said():
    link = {"l1": "0.4", "l1_step": "proximal", "optimizers": ["SGD", "Adam", "Newton", "L-BFGS"]}
    choice = chosen_by(**link)
    plans = [choice.experiment.plan(run) for run in choice.experiment.runs]
    assert [plan.objective.penalty.l1 for plan in plans] == [0.4, 0.4, 0.0, 0.0]
    assert [plan.l1_step for plan in plans[:2]] == [PROXIMAL, SUBGRADIENT]
    told = [note.text() for note in choice.notes]
    assert any(text.startswith("Newton, L-BFGS: without L1") for text in told)
    assert any(text.startswith("Adam: L1 by its subgradient") for text in told)


@pytest.mark.parametrize("rule", ["Newton", "L-BFGS"])
def test_a_rule_alone_that_cannot_take_l1_is_told_of_too(rule):
    choice = chosen_by(l1="0.5", optimizers=rule)
    assert not choice.experiment.objectives[0].penalty
    (note,) = choice.notes
    assert note.text().startswith(f"{rule}: without L1")
    settings, _ = read({"l1": "0.5", "optimizers": rule})
    assert idle(settings, "l1_step") is None


@pytest.mark.parametrize("bad", [-5, "a", math.nan, 101])
def test_a_penalty_takes_no_strange_strength(bad):
    with pytest.raises(ValueError, match=r"l1 = .*: must be a number from 0 to 100"):
        Penalty(0.0, bad)


@pytest.mark.parametrize("value", ["nan", "-1", "1e9", "much", ""])
def test_a_strange_strength_in_a_link_is_the_default_and_said(value):
    settings, notes = read({"l1": value})
    assert settings["l1"] == 0
    assert len(notes) == 1


def test_the_step_of_l1_has_no_effect_without_it_and_a_button_sets_it():
    settings, _ = read({"l1_step": "proximal", "optimizers": "SGD"})
    found = idle(settings, "l1_step")
    assert found is not None
    changed, _ = settings.changed(found.changes)
    assert idle(changed, "l1_step") is None


def test_the_ground_is_drawn_with_the_penalty_and_its_address_says_so():
    choice = chosen_by(surface="Two features", compare="L1 strength", **{"l1.values": "0, 0.3"})
    ground = Ground.of(choice.experiment)
    assert [each.penalty.l1 for each in ground.objectives] == [0.0, 0.3]
    address = ground_address(ground, "Side by side", 2, "light")
    expected = packed_ground(ground, "Side by side", 2, LIGHT, "en")
    assert ground_answer(address.partition("?")[2]) == expected
    for bad in ("l1=2&l1=nan", "l1=1&l1=2&l1=3", "l2=-1"):
        with pytest.raises(UnreadableError):
            ground_answer(f"{address.partition('?')[2]}&{bad}")


def test_the_panel_shows_where_contour_and_diamond_touch():
    choice = chosen_by(surface="Two features", l1="0.3", optimizers="SGD")
    ground = Ground.under(choice.experiment, simulate(choice.experiment), 0.7)
    traces = {trace.get("name"): trace for trace in background(ground, 1, LIGHT)["data"]}
    (point,) = ground.objective.minimizers()
    (bare,) = ground.objective.bare.minimizers()
    assert (traces["minima"]["x"], traces["minima"]["y"]) == ([point.x], [point.y])
    assert traces["minima of the loss alone"]["x"] == [bare.x]
    x, y = (np.array(traces["same penalty"][letter]) for letter in "xy")
    np.testing.assert_allclose(abs(x) + abs(y), abs(point.x) + abs(point.y))
    _, scale = terrain(ground)
    alone = traces["loss alone"]["contours"]["start"]
    assert alone == pytest.approx(float(scale(ground.objective.bare.loss(point.x, point.y))))
    (x0, x1), (y0, y1) = ground.box
    for place in ((0.0, 0.0), (point.x, point.y), (bare.x, bare.y)):
        assert x0 < place[0] < x1
        assert y0 < place[1] < y1
    plain = background(Ground.of(chosen_by(surface="Two features").experiment), 1, LIGHT)
    assert not {"same penalty", "zero"} & {trace.get("name") for trace in plain["data"]}
