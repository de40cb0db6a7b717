"""Clipped gradients, and the rules by which a run stops."""

from __future__ import annotations

import dataclasses
import math
from urllib.parse import urlencode

import numpy as np
import pytest
from conftest import awaited
from starlette.datastructures import Headers

from landscape import SURFACES, Formula
from landscape.language import language
from optimizers import OPTIMIZERS, Experiment, Run, describe, simulate, sweep, verdict
from optimizers.analysis import verdicts
from optimizers.analysis.measures import sharpness
from optimizers.analysis.moments import has_moments
from optimizers.analysis.step import CLIPPED_GRADIENT, arrows, formula, inspect_step
from optimizers.maps import SharpnessSweep
from optimizers.maps.stationary import predicted
from optimizers.simulation.experiment import GRADIENT_NORM, LOSS_CHANGE, continued, draws
from views.factors import stop_change, stop_norm
from views.live import routes as live
from views.live.kept import size_of
from views.scene.curves import curvature, share_of_limit
from views.scene.figures import Ground, foreground, marks_of, outcome
from views.settings.choice import choose
from views.settings.settings import read
from views.theme import THEMES

FIELDS = ("clip_norm", "clip_value", "stop_norm", "stop_change")
LIMITS = (
    {"clip_norm": 2.0},
    {"clip_value": 1.5},
    {"clip_norm": 5.0, "stop_norm": 4.0},
    {"clip_value": 5.0, "stop_change": 0.02},
    {"stop_norm": 3.0, "stop_change": 1e-3},
)


def decayed(rule):
    return 0.1 if OPTIMIZERS[rule].weight_decay == "coupled" else 0.0


def experiment(*runs, **given):
    return Experiment(
        **{"surface": "Himmelblau", "noise": 3.0, "samples": 50, "steps": 60, "runs": runs} | given
    )


def by_hand(experiment, run):
    """Return the path of a run of SGD, written a second time from PyTorch's definitions."""
    plan = experiment.plan(run)
    x, path, before = np.array(plan.start), [plan.start], math.inf
    for t in range(plan.steps):
        g = np.array(plan.objective.gradient(*x))
        g += plan.noises(t, 1)[0] * draws(plan.seed, plan.steps)[t]
        norm, loss = math.hypot(*g), float(plan.objective.loss(*x))
        if run.stop_norm is not None and norm <= run.stop_norm:
            break
        if run.stop_change is not None and abs(loss - before) <= run.stop_change:
            break
        before = loss
        if run.clip_norm is not None:  # torch.nn.utils.clip_grad_norm_
            g *= min(run.clip_norm / (norm + 1e-6), 1.0)
        if run.clip_value is not None:  # torch.nn.utils.clip_grad_value_
            g = np.minimum(np.maximum(g, -run.clip_value), run.clip_value)
        x = x - plan.lr * (g + run.weight_decay * x)
        path.append(tuple(x))
    return np.array(path)


@pytest.mark.parametrize("limits", LIMITS, ids=str)
@pytest.mark.parametrize("noise", [0.0, 3.0])
def test_a_run_is_the_one_that_is_written_by_hand(limits, noise):
    run = Run("SGD", 0.005, weight_decay=0.1, batch_size=8, **limits)
    given = experiment(run, noise=noise, l2=0.1)
    (found,) = simulate(given)
    path = by_hand(given, run)
    assert found.path.shape == path.shape
    np.testing.assert_allclose(found.path, path, rtol=0, atol=1e-10)


@pytest.mark.parametrize("limits", LIMITS, ids=str)
@pytest.mark.parametrize("rule", OPTIMIZERS)
def test_a_rule_is_given_the_clipped_gradient_and_then_the_decay(rule, limits):
    (found,) = simulate(experiment(run := Run(rule, weight_decay=decayed(rule), **limits)))
    if "clip_norm" not in limits and "clip_value" not in limits:
        assert found.unclipped is None
        return
    assert found.unclipped is not None
    most, given = limits.get("clip_value", math.inf), found.unclipped
    clipped = given.clip(-most, most)
    if (norm := limits.get("clip_norm")) is not None:
        long = np.hypot(*given.T)
        clipped = given * np.minimum(norm / (long + 1e-6), 1.0)[:, None]
        assert (np.hypot(*clipped.T) <= norm * (1 + 1e-12)).all()
    assert (clipped != given).any(), "nothing was clipped, and nothing is tested"
    decay = run.weight_decay * found.path[: len(given)]
    np.testing.assert_allclose(found.gradient, clipped + decay, rtol=1e-14, atol=1e-14)


def test_a_limit_that_is_never_reached_changes_no_bit():
    runs = [Run(rule, weight_decay=decayed(rule), batch_size=8) for rule in OPTIMIZERS]
    plain = experiment(*runs)
    for limits in ({"clip_norm": 1e9}, {"clip_value": 1e9}, {"stop_norm": 0.0}):
        runs = [dataclasses.replace(run, **limits) for run in plain.runs]
        limited = dataclasses.replace(plain, runs=tuple(runs))
        for one, other in zip(simulate(plain), simulate(limited), strict=True):
            assert other.stopped_by is None
            np.testing.assert_array_equal(one.path, other.path)


@pytest.mark.parametrize("surface", ["Himmelblau", "Linear regression"])
@pytest.mark.parametrize("limits", LIMITS, ids=str)
@pytest.mark.parametrize("rule", ["SGD", "Adam", "Newton", "L-BFGS"])
def test_a_sweep_ends_as_single_runs_do_to_the_bit(rule, limits, surface):
    noise = {} if surface == "Himmelblau" else {"noise": 0.0}
    run = Run(rule, weight_decay=decayed(rule), batch_size=8, **limits)
    given = experiment(run, surface=surface, **noise)
    rates = np.geomspace(1e-3, 0.2, 6)[:, None]
    seeds, sizes, n = np.arange(9), np.array([3, 50])[:, None, None], 13
    found = sweep(given, run, lr=rates, seed=seeds, batch_size=sizes, record=n, places=True)
    for i, j, k in np.ndindex(found.shape):
        own = {"lr": rates[j, 0], "seed": int(seeds[k]), "batch_size": int(sizes[i, 0, 0])}
        (one,) = simulate(dataclasses.replace(given, runs=(dataclasses.replace(run, **own),)))
        cell = i, j, k
        assert found.steps[cell] == len(one.lr)
        assert found.by_stopping_rule[cell] == (one.stopped_by is not None)
        assert found.diverged[cell] == (one.diverged_at is not None)
        np.testing.assert_array_equal(found.end[cell], one.path[-1])
        np.testing.assert_array_equal(found.loss[cell], one.loss[-1])
        if one.stopped_by is not None:  # it stays where it has stopped
            at = np.minimum(found.recorded_at, len(one.lr))
            np.testing.assert_array_equal(found.losses[cell], one.loss[at])
            np.testing.assert_array_equal(found.places[cell], one.path[at])
    if "stop_norm" in limits and surface == "Himmelblau":
        assert 0 < found.by_stopping_rule.mean() < 1


@pytest.mark.parametrize("name", ["stop_norm", "stop_change"])
def test_a_run_stops_at_the_first_update_that_meets_its_rule(name):
    run = Run("SGD", 0.1, **{name: 1e-3})
    given = Experiment(steps=400, runs=(run, Run("SGD", 0.1)))
    stopped, whole = simulate(given)
    count = len(stopped.lr)
    np.testing.assert_array_equal(stopped.path, whole.path[: count + 1])
    slopes = np.hypot(*np.array(whole.objective.gradient(*whole.path.T)))
    changes = np.abs(np.diff(whole.loss, prepend=math.inf))
    small = (slopes if name == "stop_norm" else changes) <= 1e-3
    assert 0 < count < 400
    assert np.argmax(small) == count
    assert stopped.stopped_by == (GRADIENT_NORM if name == "stop_norm" else LOSS_CHANGE)
    assert whole.stopped_by is None
    assert stopped.diverged_at is None
    assert stopped.stopped is None


def test_a_run_on_batches_stops_by_the_gradient_and_the_loss_of_a_batch():
    plain = Run("SGD", 0.05, batch_size=10)
    given = Experiment("Linear regression", start=(0, 0), steps=200, runs=(plain,))
    (whole,) = simulate(given)
    assert whole.batch_loss is not None
    slopes = np.hypot(*whole.gradient.T)
    changes = np.abs(np.diff(whole.batch_loss, prepend=math.inf))
    for name, values, rule in (
        ("stop_norm", slopes, GRADIENT_NORM),
        ("stop_change", changes, LOSS_CHANGE),
    ):
        tolerance = float(np.sort(values)[2]) * (1 + 1e-9)
        run = dataclasses.replace(plain, **{name: tolerance})
        (stopped,) = simulate(dataclasses.replace(given, runs=(run,)))
        assert 0 < len(stopped.lr) == np.argmax(values <= tolerance)
        assert stopped.stopped_by == rule


def test_a_run_that_starts_on_flat_ground_makes_no_update():
    (run,) = simulate(Experiment(runs=(Run("SGD", stop_norm=1e9),)))
    assert (len(run.lr), run.stopped_by, run.path.tolist()) == (0, GRADIENT_NORM, [[*run.path[0]]])


def test_what_goes_on_is_not_stopped():
    given = Experiment(steps=300, runs=(Run("SGD", 0.1, stop_norm=1e-3),))
    (whole,) = simulate(given)
    assert whole.stopped_by is not None
    (short,) = simulate(dataclasses.replace(given, steps=len(whole.lr)))
    assert short.stopped_by is None  # all its updates are made
    rest = continued(given, short, 50)
    assert (len(rest.lr), rest.stopped_by) == (50, None)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"clip_norm": 0}, "clip_norm = 0: must be above 0"),
        ({"clip_value": math.nan}, "clip_value = nan: must be"),
        ({"clip_value": -1}, "clip_value = -1: must be"),
        ({"clip_norm": "1"}, "clip_norm = '1': must be"),
        ({"stop_norm": -1e-9}, "stop_norm = -1e-09: must be"),
        ({"stop_change": math.inf}, "stop_change = inf: must be"),
        ({"clip_norm": 1, "clip_value": 1}, "clip_value = 1: must be None where clip_norm is not"),
    ],
)
def test_a_limit_that_is_none_is_refused(given, told):
    with pytest.raises(ValueError, match=told.replace("(", r"\(")):
        Run("SGD", **given)


@pytest.mark.parametrize("limits", [{}, *({f: 1.0} for f in FIELDS)], ids=str)
def test_a_gradient_that_is_no_number_ends_the_run_clipped_or_not(limits):
    kink = Formula("sqrt(abs(x)) + y**2")  # at x = 0 its slope is 0 / 0
    run = Run("SGD", 0.1, start=(0.0, 1.0), **limits)
    (found,) = simulate(Experiment(kink, steps=50, runs=(run,)))
    assert (found.diverged_at, found.stopped_by) == (1, None)
    assert np.isnan(found.path[1, 0])


def test_only_by_value_an_infinite_gradient_is_made_a_finite_one():
    steep = Formula("sqrt(x) + y**2")
    given = Experiment(steep, start=(0.0, 1.0), steps=50)
    ends = {}
    for field in ("clip_norm", "clip_value"):
        run = Run("SGD", 0.1, **{field: 1.0})
        (ends[field],) = simulate(dataclasses.replace(given, runs=(run,)))
    assert ends["clip_norm"].diverged_at == 1
    np.testing.assert_allclose(ends["clip_value"].path[1], (-0.1, 0.9))


# --- What is told ---------------------------------------------------------------------------------


def test_a_verdict_says_that_a_rule_has_stopped_the_run():
    runs = (Run("SGD", 0.01, stop_norm=0.5), Run("SGD", 0.01, stop_change=0.001))
    given = Experiment(steps=3000, runs=runs)
    by_norm, by_change = simulate(given)
    for trajectory, tolerance in ((by_norm, 0.5), (by_change, 0.001)):
        how = verdict(given, trajectory)
        assert how.kind == verdicts.STOPPING_RULE
        assert dict(how.numbers) == {"step": len(trajectory.lr), "tolerance": tolerance}
    *_, first, second = describe(given, [by_norm, by_change], ["one", "two"])
    step = f"at update {len(by_norm.lr)}: the gradient's norm is at most 0.5."
    assert first.startswith("one stops ")
    assert step in first
    step = f"at update {len(by_change.lr)}: the loss changed by at most 0.001."
    assert step in second
    *_, korean = describe(given, [by_norm], ["하나"], "ko")
    assert f"{len(by_norm.lr)}번째 업데이트" in korean
    assert outcome(by_norm) == f"stopped at update {len(by_norm.lr)}"


STOPPING = ("Stopping by gradient norm", "Stopping by change of the loss")


@pytest.mark.parametrize("name", STOPPING)
def test_compared_stopping_rules_begin_with_tolerances_that_differ_in_what_they_do(name):
    def updates(link):
        settings, notes = read({**link, "compare": name})
        assert not notes
        return [len(t.lr) for t in simulate(choose(settings).experiment)]

    opened = updates({"preset": "headline"})  # what a visitor begins with
    assert len(set(opened)) == len(opened) == 4
    alike = {surface for surface in SURFACES if len(set(updates({"surface": surface}))) < 2}
    # There SGD goes across a valley that it stays in, and ends by one step.
    assert alike <= {"Rosenbrock"}
    for factor in (stop_norm, stop_change):
        assert set(factor.OTHERS) <= set(SURFACES)


@pytest.mark.parametrize("code", ["en", "ko"])
@pytest.mark.parametrize("name", STOPPING)
def test_a_panel_says_where_its_run_was_stopped(name, code):
    with language(code):
        settings, _ = read({"preset": "headline", "compare": name})
        choice = choose(settings)
        trajectories = simulate(choice.experiment)
        ground = Ground.of(choice.experiment)
        marks = marks_of(choice.labels, THEMES["light"])
        drawn = foreground(choice.experiment, trajectories, marks, False, THEMES["light"], ground)
        words = {t["name"]: t for t in drawn["data"] if t["name"].startswith("stop-")}
        for i, trajectory in enumerate(trajectories):
            if trajectory.stopped_by is None:
                assert f"stop-{i}" not in words
                continue
            word = words[f"stop-{i}"]
            count = len(trajectory.lr)
            assert word["text"] == [
                f"stopped at update {count}" if code == "en" else f"{count}번째 업데이트에서 멈춤"
            ]
            assert ground.box[1][0] < word["y"][0] < ground.box[1][1]
            # The title beside it does not say it again.
            title = drawn["layout"]["annotations"][i]["text"]
            assert word["text"][0] not in title
        overlaid = foreground(choice.experiment, trajectories, marks, True, THEMES["light"], ground)
        assert not any(t["name"].startswith("stop-") for t in overlaid["data"])
        for word in words.values():
            assert word["text"][0] in overlaid["layout"]["annotations"][0]["text"]


def test_a_run_that_was_not_stopped_is_judged_as_if_it_could_not_be():
    for rule in ("SGD", "Adam"):
        plain = Run(rule, 0.01)
        able = dataclasses.replace(plain, stop_norm=1e-9)
        given = Experiment(steps=20, runs=(plain, able))
        one, other = (verdict(given, trajectory) for trajectory in simulate(given))
        assert one == other


def test_theory_of_heavy_balls_is_not_claimed_for_clipped_or_stopped_ones():
    runs = Run("SGD", 0.01), *(Run("SGD", 0.01, **limits) for limits in LIMITS)
    given = Experiment(noise=1.0, runs=tuple(dataclasses.replace(r, batch_size=8) for r in runs))
    known = [has_moments(given.plan(run)) for run in given.runs]
    assert known == [True, *[False] * len(LIMITS)]
    found = [np.isfinite(predicted(given, run, np.array([0.01]))).all() for run in given.runs]
    assert found == known


@pytest.mark.parametrize("limits", LIMITS[:2], ids=str)
@pytest.mark.parametrize("rule", OPTIMIZERS)
def test_a_step_shows_the_gradient_before_and_after_it_is_clipped(rule, limits):
    run = Run(rule, weight_decay=decayed(rule), batch_size=8, **limits)
    given = experiment(run)
    (trajectory,) = simulate(given)
    step = inspect_step(given, trajectory, 0)
    assert step.is_clipped
    assert trajectory.unclipped is not None
    np.testing.assert_array_equal(step.unclipped, trajectory.unclipped[0])
    np.testing.assert_allclose(step.unclipped, step.exact + step.noise, rtol=1e-14)
    np.testing.assert_array_equal(step.gradient, step.clipped + step.coupled * step.theta)
    before, after, *_ = formula(step)
    assert before.symbol == r"\tilde g_t"
    np.testing.assert_array_equal(before.value, step.unclipped)
    assert before.note == (
        "The gradient before it is clipped: the exact gradient + the noise of the batch."
    )
    assert after.symbol == "g_t"
    np.testing.assert_array_equal(after.value, step.gradient)
    assert (r"\min" if "clip_norm" in limits else "clip") in after.rows[0]
    assert after.note.startswith("The rule is given the clipped gradient")
    (arrow,) = (each for each in arrows(step) if each.name == CLIPPED_GRADIENT)
    np.testing.assert_allclose(arrow.vector, -step.lr * step.clipped)


def test_a_step_whose_gradient_is_small_enough_shows_nothing_of_clipping():
    given = experiment(Run("SGD", clip_norm=1e6))
    (trajectory,) = simulate(given)
    step = inspect_step(given, trajectory, 3)
    assert not step.is_clipped
    assert [line.symbol for line in formula(step)] == ["g_t", r"\theta_t"]
    assert CLIPPED_GRADIENT not in [arrow.name for arrow in arrows(step)]
    np.testing.assert_array_equal(step.clipped, step.gradient)


def test_what_a_visit_keeps_counts_the_gradients_before_they_were_clipped():
    plain, clipped = simulate(experiment(Run("SGD"), Run("SGD", clip_norm=1.0)))
    assert size_of(clipped) == size_of(plain) + plain.gradient.nbytes


# --- What is drawn --------------------------------------------------------------------------------


def drawn(link):
    """Return the status of the picture of a link, with its arrows and a step looked at."""
    query = urlencode({"look": "open", **link}, doseq=True).encode()
    return awaited(live.respond("scene", "GET", query, Headers({}))).status_code


@pytest.mark.parametrize("view", ["Side by side", "Overlay", "3-D"])
@pytest.mark.parametrize("rule", OPTIMIZERS)
def test_a_run_that_stops_before_its_first_update_is_drawn(rule, view):
    link = {"optimizers": rule, "stop": "norm", "stop.at": "1e9", "view": view, "average": "mean"}
    for curve in ("Loss", "Stability", "Largest curvature", "Learning rate"):
        assert drawn({**link, "curve": curve}) == 200


@pytest.mark.parametrize("rule", ["Steepest descent", "Conjugate gradient"])
def test_a_step_without_end_is_drawn(rule):
    link = {"surface": "Formula", "Formula.text": "x*y", "Formula.x": "1", "Formula.y": "0"}
    link |= {"optimizers": rule, "length": "5", "look.step": "0"}
    for model in ("none", "first order: a plane", "second order: a quadratic"):
        assert drawn({**link, "look.model": model}) == 200


@pytest.mark.parametrize(
    ("link", "told"),
    [
        ({"clip": "norm", "clip.at": "20"}, "A gradient whose norm is above 20 is clipped to it."),
        (
            {"clip": "value", "clip.at": "2"},
            "Each coordinate of a gradient is clipped to a size of 2.",
        ),
        (
            {"stop": "norm", "stop.at": "0.5"},
            "A run stops where the norm of its gradient is at most 0.5.",
        ),
        (
            {"stop": "change", "stop.at": "0.01"},
            "A run stops where an update has changed the loss by at most 0.01.",
        ),
    ],
)
def test_the_page_says_how_gradients_are_clipped_and_when_runs_stop(link, told):
    settings, notes = read(link)
    assert not notes
    assert told in [note.text() for note in choose(settings).notes]


@pytest.mark.parametrize("curve", ["Loss", "Stability", "Largest curvature", "Learning rate"])
@pytest.mark.parametrize("text", ["sqrt(x)*y**2", "log(x) + y**2", "abs(x)**1.5 + y", "asin(x)"])
def test_a_run_that_comes_where_a_formula_has_no_curvature_is_drawn(text, curve):
    link = {"surface": "Formula", "Formula.text": text, "curve": curve, "length": "12"}
    for x, y in ((0, 0), (-1, 1), (2, -1)):  # at the edge of where it has a value, outside, inside
        there = {**link, "Formula.x": str(x), "Formula.y": str(y)}
        assert drawn({**there, "optimizers": ["SGD", "Adam", "Newton"]}) == 200
        noise = {"noise": "1", "batch": "8", "show": "ends"}
        assert drawn({**there, **noise, "optimizers": ["SGD", "Adam"]}) == 200


def test_a_curve_ends_where_there_is_no_curvature():
    given = Experiment(Formula("asin(x) + y**2"), start=(0.9, 1), runs=(Run("SGD", 0.9),))
    trajectories = simulate(given)
    (found,) = [sharpness(given, trajectory) for trajectory in trajectories]
    last = int(np.argmax(np.isnan(found.curvature)))
    assert 0 < last < len(found.curvature)
    for curve in (curvature, share_of_limit):
        (row,) = curve(given, trajectories).rows
        assert row is not None
        assert len(row) == last
        assert np.isfinite(row).all()


# --- A map ----------------------------------------------------------------------------------------


def test_the_limit_of_a_run_that_stops_is_that_of_its_last_update():
    run = Run("SGD", schedule="Cosine", stop_norm=0.05)
    given = Experiment("Himmelblau", start=(2.5, 2.5), steps=40, runs=(run, Run("SGD")))
    found = SharpnessSweep(given, 2e-3, 2e-2, count=9).compute()
    stopped = 0
    for k, rate in enumerate(found.rates):
        (single,) = simulate(
            dataclasses.replace(given, runs=(dataclasses.replace(run, lr=float(rate)),))
        )
        stopped += single.stopped_by is not None
        with np.errstate(divide="ignore"):
            assert found.limit[0, k] == pytest.approx(2 / single.lr[-1])
        assert found.limit[1, k] == pytest.approx(2 / rate)
    assert 0 < stopped < len(found.rates)
