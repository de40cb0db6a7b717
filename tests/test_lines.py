"""Lines of minima of a formula: found and followed, and known to everything that knows minima."""

from __future__ import annotations

import math
import pickle
import time
from urllib.parse import urlencode

import numpy as np
import pytest
from test_payload import unpack

from landscape import SURFACES, Formula
from landscape import search as search_module
from landscape.penalty import Penalty
from landscape.record import DEGENERATE, GLOBAL_MINIMUM
from optimizers import Experiment, Run, simulate
from optimizers.analysis.measures import facts_of, nearest_minimizer, sharpness
from optimizers.analysis.verdicts import CONVERGED, verdict
from optimizers.analysis.words import describe
from views.live.answer import answer, asked, ground_answer

# The surfaces of the lab that have lines of minima, typed.
TYPED = {"Four linear layers": "(1 - x^2*y^2)^2/4", "Two linear layers": "x^2*y^2/2"}


def typed(name: str) -> Formula:
    record = SURFACES[name]
    return Formula(TYPED[name], domain=record.domain, start=record.start)


def frame_of(formula: Formula, times: float) -> tuple[tuple[float, float], ...]:
    return tuple(
        ((low + high) / 2 - times * (high - low) / 2, (low + high) / 2 + times * (high - low) / 2)
        for low, high in formula.domain
    )


def scattered(formula: Formula, count: int = 400) -> np.ndarray:
    rng = np.random.default_rng(4)
    return np.array([rng.uniform(low, high, count) for low, high in formula.domain])


# --- Where they are


@pytest.mark.parametrize("name", TYPED)
def test_the_lines_that_are_found_are_those_that_are_known(name):
    found, known = typed(name).at().valley, SURFACES[name].valley
    frame = frame_of(typed(name), 2)
    ours, theirs = found.lines(frame), known.lines(frame)
    assert len(ours) == len(theirs)
    for x, y in np.concatenate(ours).tolist():
        assert math.dist(known.nearest(x, y), (x, y)) < 1e-9
    drawn = np.concatenate(ours)
    side = max(high - low for low, high in frame)
    (x0, x1), (y0, y1) = frame
    for x, y in np.concatenate(theirs).tolist():
        if x0 < x < x1 and y0 < y < y1:
            assert np.hypot(*(drawn - (x, y)).T).min() < side / 100
    assert found.lines(((20.0, 21.0), (15.0, 16.0))) == []


@pytest.mark.parametrize("name", TYPED)
def test_the_minimizer_that_is_nearest_is_that_of_the_known_lines(name):
    found, known = typed(name).at().valley, SURFACES[name].valley
    apart = scattered(typed(name))
    on = np.array(known.all_nearest(*apart))
    beside = on + np.random.default_rng(5).normal(0, 0.02, on.shape)
    for points, rtol, atol in ((beside, 0, 1e-12), (apart, 1e-3, 0)):
        ours = np.hypot(*(np.array(found.all_nearest(*points)) - points))
        theirs = np.hypot(*(np.array(known.all_nearest(*points)) - points))
        np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=atol)
    x, y = apart
    assert found.nearest(x[0], y[0]) == pytest.approx(
        [float(v[0]) for v in found.all_nearest(x, y)], abs=1e-14
    )


def test_a_line_goes_on_where_it_was_not_followed():
    found, known = typed("Four linear layers").at().valley, SURFACES["Four linear layers"].valley
    for point in ((30.0, 0.05), (200.0, 3.0), (-60.0, 0.02)):
        assert found.nearest(*point) == pytest.approx(known.nearest(*point), abs=1e-9)


@pytest.mark.parametrize("far", [1e8, 1e150, 1.7e308])
def test_a_position_far_out_has_some_minimizer_too(far):
    for text in (*TYPED.values(), "(x^2 + y^2 - 1)^2"):
        formula = Formula(text)
        for point in ((far, 0.0), (-far, far / 3), (0.0, -far)):
            at = formula.at().valley.nearest(*point)
            assert formula.loss(*at) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("text", "middle", "radius"),
    [
        ("(x^2 + y^2 - 1)^2", (0, 0), 1.0),
        ("3 + ((x - 1)^2 + (y + 2)^2 - 4)^2", (1, -2), 2.0),
        ("log(1 + (x^2 + y^2 - 9)^2)", (0, 0), 3.0),
    ],
)
def test_a_circle_is_found_as_a_whole(text, middle, radius):
    formula = Formula(text)
    valley = formula.at().valley
    (line,) = valley.lines(formula.domain)
    np.testing.assert_allclose(np.hypot(*(line - middle).T), radius, atol=1e-9)
    np.testing.assert_allclose(line[0], line[-1], atol=1e-9)
    turned = np.unwrap(np.arctan2(*(line - middle).T[::-1]))
    assert abs(turned[-1] - turned[0]) == pytest.approx(2 * math.pi)
    points = scattered(formula)
    off = points - np.array(middle)[:, None]
    away = np.hypot(*(np.array(valley.all_nearest(*points)) - points))
    np.testing.assert_allclose(away, np.abs(np.hypot(*off) - radius), rtol=1e-3)


def test_the_nearest_point_of_straight_lines_is_known_though_the_loss_is_rounded():
    for text in ("(x^2 - y^2)^2", "x^4 - 2*x^2*y^2 + y^4"):
        formula = Formula(text)
        x, y = scattered(formula)
        away = np.hypot(*(np.array(formula.at().valley.all_nearest(x, y)) - (x, y)))
        known = np.minimum(np.abs(x - y), np.abs(x + y)) / math.sqrt(2)
        np.testing.assert_allclose(away, known, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("a", [0.5, 1.0, 2.0])
def test_a_parabola_is_found_and_moves_with_the_parameter(a):
    formula = Formula("(y - a*x^2)^2", a=(1, 0, 3))
    valley = formula.at({"a": a}).valley
    (line,) = valley.lines(formula.domain)
    np.testing.assert_allclose(line[:, 1], a * line[:, 0] ** 2, atol=1e-8)
    assert np.ptp(line[:, 0]) == pytest.approx(2 * math.sqrt(5 / a), rel=0.02)
    for x, y in scattered(formula, 60).T.tolist():
        # Where the distance to (t, a t^2) is least, its derivative vanishes.
        roots = np.roots([2 * a * a, 0, 1 - 2 * a * y, -x])
        known = min(math.hypot(t.real - x, a * t.real**2 - y) for t in roots if abs(t.imag) < 1e-9)
        assert math.dist(valley.nearest(x, y), (x, y)) == pytest.approx(known, abs=2e-3)


LINES = {
    "x^2": 1,
    "(x + y)^2": 1,
    "1e6*(x - y)^2 + 3": 1,
    "-exp(-(x - y)^2)": 1,
    "(x^2 - y^2)^2": 2,
    "x^4 - 2*x^2*y^2 + y^4": 2,
    "((x + 2*y - 1)*(x - y))^2": 2,
    "(x^2 + y^2 - 1)^2*((x - 3)^2 + y^2 - 1)^2": 2,
    "(abs(x) - y)^2": 2,  # with a corner
    "(abs(x) - x)^2 + y^2": 1,  # which ends
    "(y - sin(3*x))^2": 1,
    "(y^2 - x^3)^2": 2,  # with a cusp
    "sin(x)^2": 3,
    "(sqrt(x) - 1)^2": 1,
    "(x^2 - 1)^2 + 0.3*x": 1,  # and another, of local minima
}


@pytest.mark.parametrize("text", LINES)
def test_all_lines_are_found_and_lowest_and_level(text):
    formula = Formula(text)
    lines = formula.at().valley.lines(formula.domain)
    assert len(lines) == LINES[text]
    lowest = formula.lowest()
    for line in lines:
        loss = formula.loss(*line.T)
        there = np.isfinite(loss)
        np.testing.assert_allclose(loss[there], lowest, atol=1e-9)
    assert not [point for point in formula.critical_points() if point.kind == GLOBAL_MINIMUM]


def test_where_lines_cross_a_critical_point_is_told():
    (point,) = typed("Two linear layers").critical_points()
    assert (point.x, point.y, point.kind) == (0, 0, DEGENERATE)


# --- Where there are none


@pytest.mark.parametrize(
    "text",
    [
        "x^4 + y^4",
        "x^2 + y^4",
        "x^2 + y^8",
        "x^2 + y^20",
        "(x^2 + y^2)^2",
        "x^4",  # whose line has no curvature across
        "(x*y - 1)^2 + 0.001*(x - y)^2",
        "x^2 - y^2",
        "exp(-x^2)",
        "1",
        "0*x",
        "(abs(x) - x)^2",  # a plain
        "(abs(x - 1) + x - 1)^2*(abs(y) + y)^2",
        "abs(x - y)",
        "sin(10*x)^2",  # more than are followed
        "sin(x*y)^2",
        "log(-1 - x^2)",
        "tan(1e300*y)*1e300",
    ],
)
def test_a_flat_minimum_a_plain_and_too_many_lines_are_none_and_do_not_take_long(text):
    formula = Formula(text)
    before = time.process_time()
    assert formula.at().valley is None
    assert time.process_time() - before < 3


def test_lines_are_looked_for_only_where_a_lowest_point_is_flat(monkeypatch):
    def refuse(*_):
        raise AssertionError("looked for")

    monkeypatch.setattr(search_module, "follow", refuse)
    for text in ("20 + x^2 + y^2 - 10*cos(2*pi*x) - 10*cos(2*pi*y) + 1e-3", "x^2 - 3*y", "x*y + 7"):
        assert Formula(text).at().valley is None
    with pytest.raises(AssertionError, match="looked for"):
        _ = Formula("(x - 7*y)^2 + 1e-3").at().valley


# --- What knows them


RUNS = (
    Run("SGD", lr=0.05),
    Run("SGD", lr=0.3),
    Run("Momentum", lr=0.02),
    Run("Adam", lr=0.1),
    Run("Newton"),
    Run("SGD", lr=0.05, weight_decay=0.01),
    Run("SGD", lr=0.05, l2=0.1),
)


@pytest.mark.parametrize("run", RUNS, ids=lambda run: f"{run.optimizer} {run.lr}")
@pytest.mark.parametrize("name", TYPED)
def test_a_run_is_judged_and_described_as_on_the_known_surface(name, run):
    told = []
    for surface in (typed(name), name):
        start = SURFACES[name].start
        experiment = Experiment(surface=surface, start=start, steps=300, runs=(run,))
        (trajectory,) = simulate(experiment)
        how = verdict(experiment, trajectory)
        told.append((how.kind, describe(experiment, [trajectory], ["Run"])))
    typed_one, known = told
    assert typed_one == known


def test_the_curvature_is_that_of_the_valley():
    experiment = Experiment(surface=typed("Four linear layers"), runs=(Run("SGD", lr=0.05),))
    (trajectory,) = simulate(experiment)
    found = sharpness(experiment, trajectory)
    assert found.of_valley
    x, y = SURFACES["Four linear layers"].valley.all_nearest(*trajectory.path.T)
    np.testing.assert_allclose(found.curvature, 2 * (x * x + y * y), rtol=1e-3)
    np.testing.assert_allclose(found.curvature[-1], 2 * (x * x + y * y)[-1], rtol=1e-9)


def test_a_minimizer_beside_a_line_is_one_too():
    formula = Formula("((x - 2)^2 + (y - 1)^2)*(x^2 + y^2 - 1)^2")
    assert [(p.x, p.y) for p in formula.minimizers()] == [pytest.approx((2, 1))]
    facts = facts_of(formula.at())
    assert nearest_minimizer(facts, np.array([2.5, 1.0]))[0] == pytest.approx(0.5)
    assert nearest_minimizer(facts, np.array([0.0, -1.5]))[0] == pytest.approx(0.5, rel=1e-5)
    for start, end in (((2.3, 1.2), (2, 1)), ((0.2, -1.3), None)):
        runs = (Run("SGD", lr=0.01),)
        experiment = Experiment(surface=formula, start=start, steps=3000, runs=runs)
        (trajectory,) = simulate(experiment)
        assert verdict(experiment, trajectory).kind == CONVERGED
        assert describe(experiment, [trajectory], ["SGD"])[-1].startswith(
            "SGD converges to a global minimizer."
        )
        assert end is None or trajectory.path[-1] == pytest.approx(end, abs=1e-6)
        hxx, hxy, hyy = formula.hessian(*trajectory.path[-1])
        high = np.linalg.eigvalsh([[hxx, hxy], [hxy, hyy]])[-1]
        assert sharpness(experiment, trajectory).curvature[-1] == pytest.approx(high, rel=1e-4)


def test_a_penalty_leaves_the_minima_that_it_leaves_of_the_known_surface():
    for name in TYPED:
        penalty = Penalty(l2=0.1)
        found, known = typed(name).at(penalty=penalty), SURFACES[name].at(penalty=penalty)
        assert found.valley is None
        ours, theirs = (
            {(round(p.x, 6) + 0.0, round(p.y, 6) + 0.0) for p in objective.minimizers()}
            for objective in (found, known)
        )
        assert ours == theirs


def test_an_experiment_that_knows_its_lines_can_be_sent():
    experiment = Experiment(surface=typed("Four linear layers"), runs=(Run("SGD", lr=0.05),))
    assert experiment.objectives[0].valley is not None
    assert pickle.loads(pickle.dumps(experiment)) == experiment


@pytest.mark.parametrize("view", ["Side by side", "Overlay", "3-D"])
@pytest.mark.parametrize("text", ["(x^2 + y^2 - 4)^2", "x^2", "(1 - x^2*y^2)^2/4"])
def test_the_lines_are_drawn(text, view):
    query = {"surface": "Formula", "Formula.text": text, "view": view, "optimizers": "SGD"}
    found = unpack(answer(asked(urlencode(query))))
    ground = unpack(ground_answer(found["groundAt"].partition("?")[2]))
    traces = [t for t in ground["back"]["data"] if t.get("name") == "valley"]
    assert traces
    for trace in traces:
        loss = Formula(text).loss(np.array(trace["x"]), np.array(trace["y"]))
        np.testing.assert_allclose(loss, 0.0, atol=1e-9 if view != "3-D" else 1e-2)


@pytest.mark.parametrize(
    ("text", "beside"), [("x^2", True), ("y^2", False), ("(y - x/3)^2", False)]
)
def test_the_word_on_a_line_stands_in_the_frame_and_is_not_crossed_by_it(text, beside):
    query = {"surface": "Formula", "Formula.text": text, "view": "Overlay", "optimizers": "SGD"}
    found = unpack(answer(asked(urlencode(query))))
    ground = unpack(ground_answer(found["groundAt"].partition("?")[2]))["back"]
    (word,) = (t for t in ground["data"] if t.get("text") == ["minima"])
    assert (word["textposition"] == "middle right") == beside
    (x0, x1), (y0, y1) = (ground["layout"][f"{axis}axis"]["range"] for axis in "xy")
    assert x0 < word["x"][0] < x1
    assert y0 < word["y"][0] < y1
    assert Formula(text).loss(word["x"][0], word["y"][0]) == pytest.approx(0, abs=1e-12)


def test_the_lowest_loss_is_that_of_the_lowest_point_that_was_found():
    for text in ("(x^2 + y^2 - 4)^2", "(x^2 - 1)^2 + 0.3*x", "(x - y)^2 + 7"):
        formula = Formula(text)
        line = np.concatenate(formula.at().valley.lines(formula.domain))
        assert formula.lowest() <= formula.loss(*line.T).min() + 1e-15


def test_a_bound_kernel_reads_and_writes_its_arrays_as_they_are_when_it_is_called():
    place, out = np.zeros((2, 1)), np.empty((3, 1))
    record = SURFACES["Himmelblau"]
    call = record.kernel.bound(1, *place, np.empty(0), *out)
    for x, y in ((0.0, 0.0), (1.5, -2.0)):
        place[:] = [[x], [y]]
        call()
        assert tuple(out.ravel()) == (record.loss(x, y), *record.gradient(x, y))
    with pytest.raises(TypeError, match="C-contiguous"):
        record.kernel.bound(2, np.zeros(4)[::2], np.zeros(2), np.empty(0), *np.empty((3, 2)))
