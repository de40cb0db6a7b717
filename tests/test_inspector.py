"""Looking inside a step: what is said, and what is drawn on the panel."""

from __future__ import annotations

import re

import numpy as np
import plotly.graph_objects as go
import pytest
from streamlit.testing.v1 import AppTest

from landscape import SURFACES
from optimizers import OPTIMIZERS, Experiment, Run, simulate, sweep
from optimizers.analysis.noise import independent_samples, noise_scale_at
from optimizers.analysis.step import arrows, inspect_step, taylor
from views.report.inspector import Look, on_noise, told
from views.scene import local
from views.scene.figures import Ground, Mark, panel_layout, terrain
from views.settings.runs import MODELS
from views.theme import LIGHT

RUNS = tuple(Run(name, batch_size=8) for name in OPTIMIZERS)
EXPERIMENT = Experiment("Himmelblau", noise=1.0, steps=20, runs=RUNS)
TRAJECTORIES = simulate(EXPERIMENT)


def opened(**query) -> AppTest:
    app = AppTest.from_file("../app.py", default_timeout=60)
    app.query_params.update(query or {"surface": "Quadratic"})
    return app.run()


def texts(app: AppTest) -> str:
    assert not app.exception
    return "\n".join(m.value for m in app.markdown)


@pytest.mark.parametrize("index", range(len(RUNS)))
def test_a_step_is_told_with_its_numbers(index):
    step = inspect_step(EXPERIMENT, TRAJECTORIES[index], 5)
    text = told(Look(index, step, None), 20)
    assert "**From update 5 to 6** of 20." in text
    assert text.count("$$") >= 4
    for name, row in step.after.items():
        scratch = OPTIMIZERS[step.run.optimizer].scratch
        assert (f"| state {name} |" in text) == (bool(row.any()) and name not in scratch)


def test_only_the_weights_of_the_two_loops_are_scratch():
    rule = OPTIMIZERS["L-BFGS"]
    assert rule.scratch == tuple(name for name in rule.state if name.startswith("alpha"))


def test_a_link_looks_inside_a_step():
    query = {"look.run": "Momentum", "look.step": "12", "look.model": MODELS[2]}
    text = texts(opened(surface="Rosenbrock", **query))
    assert "**From update 12 to 13** of 100." in text
    assert "| position θ | (−0.91, 0.58) |" in text
    assert "EMA at rate 0.01 = 0.001 / (1 − 0.9)" in text
    assert "where Newton's full step leads, is (−0.87, 0.76)." in text


def test_a_closed_drawer_says_nothing_and_is_not_in_the_link():
    app = opened()
    assert "Step 0 to 1" not in texts(app)
    assert app.query_params == {"surface": "Quadratic"}
    assert "**From update 0 to 1** of 100." in texts(opened(look="open"))


def test_a_step_past_the_end_is_the_last_one():
    assert "**From update 9 to 10** of 10." in texts(opened(length="10", **{"look.step": "4000"}))


@pytest.mark.parametrize(
    "query", [{"look.run": "Nobody"}, {"look.model": "cubic"}, {"look.step": "-3"}]
)
def test_what_a_link_gets_wrong_is_said(query):
    app = opened(**{"look.step": "2"} | query)
    texts(app)
    assert "was not accepted" in app.warning[0].value


def test_the_run_looked_at_may_go():
    app = opened(**{"look.run": "Adam", "look.step": "2"})
    app.multiselect(key="optimizers").set_value(["SGD", "Newton"]).run()
    assert "The rule is given the exact gradient." in texts(app)
    assert "Adam is not among the runs any more; SGD is shown." in app.warning[0].value
    assert "look.run" not in app.query_params
    assert not app.run().warning


def traces(index: int, order: int, k: int = 5) -> list:
    step = inspect_step(EXPERIMENT, TRAJECTORIES[index], k)
    model = taylor(EXPERIMENT.objectives[0], step.theta, order) if order else None
    ground = Ground.of(EXPERIMENT)
    found = local.traces(step, model, index, ground, Mark.of(index, "run", LIGHT), LIGHT)
    go.Figure(found, panel_layout(ground.box, len(RUNS), LIGHT))  # checks every key and value
    return found


@pytest.mark.parametrize("index", range(len(RUNS)))
def test_arrows_are_those_of_the_step(index):
    step = inspect_step(EXPERIMENT, TRAJECTORIES[index], 5)
    drawn = {t["name"]: t for t in traces(index, 0)}
    for arrow in arrows(step):
        if f"arrow-{arrow.name}" in drawn:
            x, y = (drawn[f"arrow-{arrow.name}"][letter] for letter in "xy")
            assert (x[0], y[0]) == tuple(step.theta)
            assert (x[1] - x[0], y[1] - y[0]) == pytest.approx(arrow.vector)
    sides = [high - low for low, high in Ground.of(EXPERIMENT).box]
    if max(np.abs(step.step) / sides) > local.SHORTEST_ARROW:
        assert "arrow-step" in drawn


def test_equal_arrows_have_one_label():
    experiment = Experiment("Himmelblau", steps=5)
    step = inspect_step(experiment, simulate(experiment)[0], 1)
    found = local.traces(step, None, 0, Ground.of(experiment), Mark.of(0, "SGD", LIGHT), LIGHT)
    assert {t["text"][1] for t in found} == {"", "step = − rate × gradient"}


def test_an_arrow_that_is_not_finite_is_left_out():
    experiment = Experiment("Himmelblau", steps=50, runs=(Run("SGD", lr=10.0),))
    (trajectory,) = simulate(experiment)
    step = inspect_step(experiment, trajectory, len(trajectory.lr) - 1)
    found = local.traces(step, None, 0, Ground.of(experiment), Mark.of(0, "SGD", LIGHT), LIGHT)
    assert all(np.isfinite(t["x"] + t["y"]).all() for t in found)
    assert local.near(step, Ground.of(experiment)) is None  # its last step begins far away


@pytest.mark.parametrize("order", [1, 2])
def test_a_model_is_drawn_at_the_losses_of_the_surface(order):
    found = {t["name"]: t for t in traces(0, order)}
    z = found["model"]["z"]
    ground = Ground.of(EXPERIMENT)
    _, scale = terrain(ground)
    step = inspect_step(EXPERIMENT, TRAJECTORIES[0], 5)
    model = taylor(SURFACES["Himmelblau"].at(), step.theta, order)
    j, i = 20, 30
    x, y = (found["model"][f"{c}0"] + n * found["model"][f"d{c}"] for c, n in (("x", i), ("y", j)))
    low, high = terrain(ground)[0].min(), terrain(ground)[0].max()
    if low < scale(model(x, y)) < high:
        assert z[j, i] == pytest.approx(float(scale(model(x, y))))
    assert ("newton" in found) == (order == 2)


def test_the_frame_to_zoom_to_holds_every_arrow():
    step = inspect_step(EXPERIMENT, TRAJECTORIES[[*OPTIMIZERS].index("Nesterov")], 3)
    frame = local.near(step, Ground.of(EXPERIMENT))
    assert frame is not None
    (x0, x1), (y0, y1) = frame
    tips = np.array([step.theta, *(step.theta + arrow.vector for arrow in arrows(step))])
    for x, y in tips:
        assert x0 < x < x1
        assert y0 < y < y1
    assert (np.ptp(tips, axis=0) / (x1 - x0, y1 - y0)).max() > 0.7, "and they fill it"


def test_the_frame_to_zoom_to_is_that_of_the_clipped_step():
    experiment = Experiment("Rosenbrock", steps=9, runs=(Run("SGD", 0.01, clip_norm=1.0),))
    (trajectory,) = simulate(experiment)
    ground = Ground.of(experiment)
    step = inspect_step(experiment, trajectory, 0)
    assert step.is_clipped
    ranges = local.near(step, ground)
    assert ranges is not None
    for (low, high), (start, end), at, change in zip(
        ranges, ground.box, step.theta, step.step, strict=True
    ):
        assert low < at < high
        assert low < at + change < high
        assert high - low < 0.02 * (end - start)


def test_around_a_step_beyond_the_frame_there_is_nothing_to_zoom_to():
    experiment = Experiment("Himmelblau", steps=50, runs=(Run("SGD", lr=0.1),))
    (trajectory,) = simulate(experiment)
    ground = Ground.of(experiment)
    ((x0, x1), _) = ground.box
    (beyond, *_) = np.flatnonzero(np.abs(trajectory.path[:, 0]) > 2 * max(x1, -x0))
    step = inspect_step(experiment, trajectory, int(beyond))
    assert local.near(step, ground) is None


# --- The noise of a batch


def noise_text(plan, position):
    scale, alike = noise_scale_at(plan, position), independent_samples(plan, position)
    return on_noise(scale, plan.batch_size, alike)


def test_the_noise_scale_at_a_step_is_that_of_the_paper():
    """x^2/20 + y^2 at (-7, 2), sigma 2, B = 1 (McCandlish et al., 2018)."""
    experiment = Experiment(
        params={"scale": 0.1, "condition": 20}, noise=2.0, runs=(Run("SGD", batch_size=1),)
    )
    plan = experiment.plan(experiment.runs[0])
    text = noise_text(plan, (-7.0, 2.0))
    for number in ("B_simple = 0.49", "B_n = 0.26", "at rate 0.408", "at 0.515", "by 3.36 on"):
        assert number in text


@pytest.mark.parametrize(("size", "keep"), [(4, 1.0), (None, 1.0), (4, 0.7), (None, 0.4)])
def test_the_best_rate_is_the_one_that_lowers_the_expected_loss_most(size, keep):
    run = Run("SGD", batch_size=size, keep=keep)
    experiment = Experiment("Two features", samples=50, start=(3.0, 2.0), steps=1, runs=(run,))
    plan = experiment.plan(run)
    text = noise_text(plan, (3.0, 2.0))
    rate, fall = (float(re.search(f"{before} ([0-9.]+)", text)[1]) for before in ("rate", "by"))
    rates = rate * np.array([0.8, 1.0, 1.25])
    found = sweep(experiment, run, lr=rates[:, None], seed=np.arange(4000))
    falls = plan.objective.loss(3.0, 2.0) - found.loss.mean(axis=1)
    assert falls.argmax() == 1
    assert falls[1] == pytest.approx(fall, rel=0.05)


def test_where_the_gradient_vanishes_or_the_surface_bends_down_it_is_said():
    experiment = Experiment("Saddle", noise=1.0, runs=(Run("SGD", batch_size=8),))
    plan = experiment.plan(experiment.runs[0])
    assert "all of a step is noise" in noise_text(plan, (0.0, 0.0))
    assert "no rate is the best" in noise_text(plan, (0.0, 0.3))


def test_it_is_said_on_the_page_where_there_is_noise_and_only_there():
    query = {"surface": "Linear regression", "batch": "8", "look": "open", "look.step": "3"}
    assert "**Noise scale.** B_simple =" in texts(opened(**query))
    assert "Noise scale" not in texts(opened(surface="Quadratic", look="open"))
