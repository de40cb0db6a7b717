"""Averages of the iterates, against slower code and against the theory of Polyak and Ruppert."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from dataclasses import replace
from urllib.parse import urlencode

import numpy as np
import plotly.graph_objects as go
import pytest

from landscape import SURFACES, Formula
from optimizers import Experiment, Run, simulate
from optimizers.analysis import words
from optimizers.analysis.averaging import (
    EXPONENTIAL,
    MEAN,
    Average,
    averaged,
    decayed,
    expected,
)
from optimizers.analysis.statements import render
from views.live.answer import asked, described
from views.notebook import notebook, show
from views.scene import curves, scene
from views.scene.beside import beside
from views.scene.figures import OVERLAY, SIDE_BY_SIDE, SPACE, Extras, Mark
from views.scene.payload import pack
from views.server.save import FORMATS
from views.settings.choice import choose
from views.settings.settings import read, write
from views.theme import LIGHT

NOISY = Experiment(
    "Rosenbrock",
    steps=300,
    noise=2.0,
    runs=(Run("SGD", 1e-3, batch_size=1), Run("Adam", 0.05, batch_size=8)),
)
# Curvature 2 along both axes, gradients of variance 4, rate 0.1, from the minimum on.
THEORY = Experiment(
    params={"scale": 2.0, "condition": 1.0},
    noise=2.0,
    samples=10_000_000,
    start=(0.0, 0.0),
    steps=1000,
    runs=(Run("SGD", 0.1, batch_size=1),),
)


@pytest.fixture(scope="module")
def paths():
    """Return the paths of many seeds."""
    experiments = (replace(THEORY, seed=seed) for seed in range(SEEDS))
    return [simulate(experiment)[0].path for experiment in experiments]


def slow(path, average):
    """Return the average after every update, one after the other."""
    found = []
    for k in range(len(path)):
        tail = path[average.first : k + 1]
        if not len(tail):
            found.append(path[k])
        elif average.kind == MEAN:
            found.append(tail.mean(axis=0))
        else:
            value = tail[0]
            for point in tail[1:]:
                value = average.gamma * value + (1 - average.gamma) * point
            found.append(value)
    return np.array(found)


@pytest.mark.parametrize("first", [0, 1, 120, 300, 500])
@pytest.mark.parametrize("gamma", [0.0, 0.5, 0.99, 0.9999])
@pytest.mark.parametrize("kind", [MEAN, EXPONENTIAL])
def test_an_average_is_that_of_slower_code(kind, gamma, first):
    average = Average(kind, gamma, first)
    for trajectory in simulate(NOISY):
        found = averaged(trajectory, average)
        np.testing.assert_allclose(found.path, slow(trajectory.path, average), rtol=0, atol=1e-12)
        np.testing.assert_array_equal(found.path[:first], trajectory.path[:first])
        loss = SURFACES["Rosenbrock"].loss(*found.path.T)
        np.testing.assert_allclose(found.loss, loss, rtol=1e-12)
        weights = average.weights(300)
        assert weights.sum() == pytest.approx(1)
        np.testing.assert_allclose(weights @ trajectory.path, found.path[-1], atol=1e-12)


def test_a_run_that_diverges_has_averages_of_its_finite_positions():
    (trajectory,) = simulate(Experiment("Rosenbrock", runs=(Run("SGD", 1.0),)))
    assert trajectory.diverged_at is not None
    found = averaged(trajectory, Average())
    assert found.path.shape == trajectory.finite_path.shape
    assert found.loss.shape == found.path.shape[:1]
    assert np.isfinite(found.path).all()


def test_a_decayed_sum_takes_the_factors_up_to_one():
    values = np.random.default_rng(0).standard_normal((77, 2))
    for factor in (-1.0, -0.8, 0.0, 1e-300, 0.3, 1.0):
        total, expected_sums = np.zeros(2), []
        for value in values:
            total = value + factor * total
            expected_sums.append(total)
        np.testing.assert_allclose(decayed(values, factor), expected_sums, atol=1e-12)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"kind": "median"}, "kind = 'median': unknown; known: mean, exponential"),
        ({"gamma": 1.0}, "gamma = 1.0: must be a number from 0 to 0.9999"),
        ({"gamma": float("nan")}, "gamma = nan: must be a number from 0 to 0.9999"),
        ({"first": -1}, "first = -1: must be a whole number from 0 to 100000"),
        ({"first": 1.5}, "first = 1.5: must be a whole number from 0 to 100000"),
        ({"first": 10**400}, "must be a whole number from 0 to 100000"),
    ],
)
def test_what_is_no_average_is_refused(wrong, message):
    with pytest.raises(ValueError, match=r"must be|unknown") as refused:
        Average(**wrong)
    assert message in str(refused.value)


def test_means_differ_in_no_gamma():
    assert Average(MEAN, 0.5) == Average(MEAN, 0.9)
    assert Average(EXPONENTIAL, 0.5) != Average(EXPONENTIAL, 0.9)


# --- Theory --------------------------------------------------------------------------------------


SEEDS = 1000
LAST = Average(first=1000)  # of the last iterate alone


@pytest.mark.parametrize(
    ("average", "theory"),
    [
        (LAST, 0.1111),  # rate c / (curvature (2 - rate curvature))
        (Average(first=1), 1.00e-3),  # c / (T curvature^2)
        (Average(EXPONENTIAL, 0.99), 0.004810),  # the first times (1 - gamma) (1 + rho gamma) / ...
    ],
    ids=["last", "mean", "exponential"],
)
def test_an_average_is_as_near_as_polyak_and_juditsky_say(average, theory, paths):
    squares = np.square([average.of_path(path)[-1] for path in paths]).ravel()
    error = squares.std() / np.sqrt(len(squares))
    assert abs(squares.mean() - theory) < 4 * error
    assert error < 0.04 * theory
    # Of two axes of curvature 2 the loss is the sum of the squares; 1,000 are not quite for ever.
    found = expected(THEORY.plan(THEORY.runs[0]), average)
    assert found.averaged == pytest.approx(2 * theory, rel=1e-2)
    assert found.last == pytest.approx(2 * 0.1111, rel=1e-3)


def test_the_mean_falls_as_one_over_the_iterates_whatever_the_rate():
    for rate in (0.05, 0.1, 0.5):
        run = Run("SGD", rate, batch_size=1)
        gaps = [
            expected(replace(THEORY, steps=steps).plan(run), Average()).averaged
            for steps in (2_000, 20_000)
        ]
        assert gaps[1] == pytest.approx(2 * 4 / (20_000 * 4), rel=2e-3), rate
        assert gaps[0] / gaps[1] == pytest.approx(10, rel=0.03)


def test_what_is_expected_holds_from_any_start_on_a_turned_ravine_and_for_a_short_last_batch():
    experiment = Experiment(
        params={"scale": 0.5, "condition": 8.0, "rotation": 30.0},
        noise=3.0,
        samples=50,
        start=(-4.0, 2.0),
        steps=40,
        runs=(Run("SGD", 0.2, batch_size=8, covariance="data-like"),),
    )
    for average in (Average(), Average(first=20), Average(EXPONENTIAL, 0.9, 5)):
        found = expected(experiment.plan(experiment.runs[0]), average)
        ends = [
            (trajectory.loss[-1], averaged(trajectory, average).loss[-1])
            for seed in range(2000)
            for trajectory in simulate(replace(experiment, seed=seed))
        ]
        errors = np.std(ends, axis=0) / np.sqrt(len(ends))
        assert (np.abs(np.mean(ends, axis=0) - [found.last, found.averaged]) < 4 * errors).all()
        assert (errors < 0.03 * np.array([found.last, found.averaged])).all()


@pytest.mark.parametrize(
    "changes",
    [
        {"noise": 0.0},
        {"surface": "Rosenbrock"},
        {"surface": "Linear regression", "noise": 0.0, "samples": 100},
        {"l1": 0.1},
        {"runs": (Run("Momentum", 0.1, {"momentum": 0.5}, batch_size=1),)},
        {"runs": (Run("Adam", 0.1, batch_size=1),)},
        {"runs": (Run("SGD", 0.1, batch_size=1, schedule="Cosine"),)},
        {"runs": (Run("SGD", 0.1, batch_size=1, weight_decay=0.1),)},
        {"runs": (Run("SGD", 1.0, batch_size=1),)},
        {"runs": (Run("SGD", 0.1, batch_size=None),)},
    ],
)
def test_where_theory_says_nothing_nothing_is_expected(changes):
    experiment = replace(THEORY, **({"params": {}} if "surface" in changes else {}), **changes)
    assert expected(experiment.plan(experiment.runs[0]), Average()) is None


# --- What is said ---------------------------------------------------------------------------------


def said(experiment, average):
    """Return what the page says of averages, and the numbers in it."""
    runs = simulate(experiment)
    found = words.of_averages(
        experiment, runs, [averaged(t, average) for t in runs], ["one", "two"][: len(runs)]
    )
    return [render(each) for each in found], found


def test_the_sentence_has_the_loss_of_the_run_that_is_helped_most_and_what_theory_expects():
    experiment = replace(THEORY, seed=3, runs=(THEORY.runs[0], replace(THEORY.runs[0], lr=0.5)))
    average = Average(first=100)
    gains = []
    for trajectory in simulate(experiment):
        end = averaged(trajectory, average).loss[-1]
        gains.append((trajectory.loss[-1] / end, trajectory.loss[-1], end))
    best = int(np.argmax([gain for gain, *_ in gains]))
    texts, (ends, theory) = said(experiment, average)
    assert ends["run"] == ["one", "two"][best]
    assert (ends["last"], ends["averaged"]) == gains[best][1:]
    found = expected(experiment.plan(experiment.runs[best]), average)
    assert (theory["last"], theory["averaged"]) == (found.last, found.averaged)
    assert "the mean of its iterates (★), from update 100 on, at" in texts[0]
    assert texts[1].startswith("Theory expects ")


def test_theory_knows_the_curvature_that_l2_adds():
    experiment = replace(THEORY, l2=0.5)
    _, (_, theory) = said(experiment, Average(first=1))
    # c / (T h^2) along two axes of curvature h = 2.5, each times h / 2 in the loss.
    assert theory["averaged"] == pytest.approx(4 / (1000 * 2.5), rel=1e-2)


def test_elsewhere_the_sentence_has_only_what_was_measured():
    texts, (ends,) = said(NOISY, Average(EXPONENTIAL))
    assert ends.kind == "average_ends"
    assert "the exponential average of its iterates" in texts[0]


@pytest.mark.parametrize(
    ("experiment", "average"),
    [
        (Experiment("Rosenbrock", runs=(Run("SGD", 1.0),)), Average()),  # it diverges
        (replace(NOISY, steps=50), Average(first=51)),
    ],
)
def test_of_nothing_that_is_averaged_nothing_is_said(experiment, average):
    assert said(experiment, average) == ([], [])


# --- What is shown --------------------------------------------------------------------------------


def scene_of(experiment, view, average, curve="Loss"):
    marks = [Mark.of(i, run.optimizer, LIGHT) for i, run in enumerate(experiment.runs)]
    drawing = scene.Drawing(
        experiment,
        simulate(experiment),
        marks,
        view,
        LIGHT,
        curve=curve,
        extras=Extras(average=average),
    )
    return scene.scene(drawing)


def named(figure, name):
    return next(trace for trace in figure["data"] if trace.get("name") == name)


@pytest.mark.parametrize("view", [SIDE_BY_SIDE, OVERLAY, SPACE])
@pytest.mark.parametrize("first", [0, 120, 299])
def test_the_line_with_a_star_is_the_average_from_its_first_update_on(view, first):
    average = Average(first=first)
    shown = scene_of(NOISY, view, average)
    assert shown["beside"] == [{"run": i, "first": first} for i in range(2)]
    for i, trajectory in enumerate(simulate(NOISY)):
        found = averaged(trajectory, average)
        line, tube, head = (
            named(shown["front"], f"{name}-{i}") for name in ("beside", "tube", "tip")
        )
        assert line["line"]["color"] == head["marker"]["color"] == LIGHT.runs[i]
        assert line["line"]["width"] < 2 < tube["line"]["width"]
        assert head["marker"]["symbol"] == "star"
        drawn = np.column_stack([line["x"], line["y"]])
        if view == SPACE:
            run = shown["runs"][len(NOISY.runs) + i]
            times = np.arange(len(drawn)) if run["times"] is None else run["times"]
            assert times[0] == first
            assert (times[-1], run["last"]) == (300, 300)
            whole = times == np.rint(times)
            np.testing.assert_allclose(
                drawn[whole], found.path[times[whole].astype(int)], atol=1e-3
            )
        else:
            np.testing.assert_allclose(drawn, found.path[first:], rtol=1e-5, atol=1e-6)
        curve = [t for t in shown["loss"]["data"] if t.get("name") == "beside"][i]
        assert (curve["x0"], curve["dx"], len(curve["y"])) == (first, 1, 301 - first)
        np.testing.assert_allclose(curve["y"], np.log10(found.loss[first:]), atol=1e-9)
        np.testing.assert_allclose(shown["readings"]["beside"][i]["loss"], found.loss, rtol=1e-6)
    low, high = shown["loss"]["layout"]["yaxis"]["range"]
    rows = [t["y"] for t in shown["loss"]["data"] if t.get("name") == "beside"]
    assert low <= min(map(np.min, rows)) <= max(map(np.max, rows)) <= high
    for figure in (shown["front"], shown["loss"]):
        go.Figure(figure)
    titles = " ".join(note["text"] for note in shown["front"]["layout"]["annotations"])
    for i in range(2):
        assert f'★ <b data-beside="{i}"></b>' in titles
    assert "★ mean of the iterates" in titles


def test_of_very_many_updates_the_heights_of_the_averages_are_sent():
    experiment = replace(NOISY, steps=2_000)
    average = Average(EXPONENTIAL)
    runs = simulate(experiment)
    found = [averaged(trajectory, average) for trajectory in runs]
    told = curves.readings(experiment, runs, beside=beside(found, ()))
    for each, end in zip(told["beside"], found, strict=True):
        np.testing.assert_allclose(each["centre"] + 10 ** each["height"], end.loss, rtol=1e-9)


@pytest.mark.parametrize("first", [41, 100_000])
@pytest.mark.parametrize("view", [SIDE_BY_SIDE, OVERLAY, SPACE])
def test_a_run_that_ends_before_its_first_iterate_has_no_line(view, first):
    shown = scene_of(replace(NOISY, steps=40), view, Average(first=first))
    for i in range(2):
        assert len(named(shown["front"], f"beside-{i}")["x"]) == 1
    pack(shown)


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("view", [OVERLAY, SPACE])
def test_averages_can_be_sent_on_every_surface_and_of_runs_that_diverge(surface, view):
    wild = Run("SGD", lr=50.0)
    experiment = Experiment(surface=surface, steps=30, runs=(wild, Run("Adam")))
    for curve in curves.CURVES:
        with np.errstate(all="ignore"):
            pack(scene_of(experiment, view, Average(first=2), curve))


LINK = {"surface": "Quadratic", "optimizers": "SGD", "noise": "2", "batch": "8", "length": "30"}
ON = {"average": "exponential", "average.gamma": "0.9", "average.from": "5"}


@pytest.mark.parametrize("view", [SIDE_BY_SIDE, OVERLAY, SPACE])
def test_where_a_run_begins_without_a_value_there_is_no_average_and_no_fault(view):
    formula = Formula("log(x) + y^2")
    runs = (Run("SGD"), Run("SGD", start=(1.0, 1.0)))
    begins_nowhere = Experiment(surface=formula, start=(-3.0, 1.0), steps=5, runs=runs)
    shown = scene_of(begins_nowhere, view, Average(MEAN))
    pack(shown)
    lines = [trace["y"] for trace in shown["loss"]["data"] if trace.get("name") == "beside"]
    assert [len(line) for line in lines] == [0, 6], "each in its run's place"


def test_a_link_says_how_iterates_are_averaged_and_nothing_without():
    settings, notes = read({**LINK, **ON})
    assert notes == []
    assert choose(settings).extras.average == Average(EXPONENTIAL, 0.9, 5)
    assert read(write(settings))[0] == settings
    plain = choose(read(LINK)[0])
    assert plain.extras.average is None
    assert not any(name.startswith("average") for name in write(read(LINK)[0]))
    made = described(asked(urlencode(LINK)))
    assert made["beside"] == []
    assert "beside" not in made["readings"]
    assert "average" not in json.dumps(made["told"])


@pytest.mark.parametrize(
    ("wrong", "average"),
    [
        ({"average": "median"}, None),
        ({"average": "exponential", "average.gamma": "1"}, Average(EXPONENTIAL)),
        ({"average": "mean", "average.from": "nan"}, Average()),
        ({"average": "mean", "average.from": "1e9"}, Average()),
    ],
)
def test_what_a_link_says_wrongly_is_told(wrong, average):
    settings, notes = read({**LINK, **wrong})
    assert len(notes) == 1
    assert choose(settings).extras.average == average


def test_the_page_tells_where_nothing_is_averaged():
    late = choose(read({**LINK, **ON, "average.from": "31"})[0])
    assert "No run gets to update 31" in late.notes[-1].text()
    ends = choose(read({**LINK, **ON, "show": "ends"})[0])
    assert "not averaged" in ends.notes[-1].text()
    assert ends.extras.average is None
    made = described(asked(urlencode({**LINK, **ON, "show": "ends"})))
    assert made["beside"] == []
    # A map shows no ends of seeds in place of paths.
    of_map = choose(read({**LINK, **ON, "show": "ends", "view": "Maps"})[0])
    assert of_map.extras.average is not None
    assert not any("not averaged" in note.text() for note in of_map.notes)


def test_table_and_sentence_have_the_loss_of_the_average():
    told = described(asked(urlencode({**LINK, **ON})))["told"]
    column = told["head"].index("Loss of the average")
    assert column == told["head"].index("Final loss") + 1
    assert told["rows"][0][column] in told["sentence"] or len(told["rows"][0][column]) > 4
    assert "the exponential average of its iterates (★), from update 5 on" in told["sentence"]
    assert [len(row) for row in told["rows"]] == [len(told["head"])]


def test_files_have_the_average():
    choice = choose(read({**LINK, **ON})[0])
    (trajectory,) = simulate(choice.experiment)
    found = averaged(trajectory, choice.extras.average)
    header, *rows = csv.reader(io.StringIO(FORMATS["csv"][2](choice)))
    assert header[-3:] == ["average_x", "average_y", "average_loss"]
    numbers = np.array([row[-3:] for row in rows], dtype=float)
    np.testing.assert_array_equal(numbers, np.column_stack([found.path, found.loss]))
    _, code, last = json.loads(notebook(choice))["cells"]
    names = {}
    exec(code["source"], names)
    assert names["average"] == choice.extras.average
    assert eval(code["source"].splitlines()[-1], names).average == choice.extras.average
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(last["source"], names)
    assert float(printed.getvalue().split()[-1]) == found.loss[-1]
    with pytest.raises(ValueError, match="average = 'mean': must be an Average or None"):
        show(choice.experiment, average="mean")


def test_rows_after_the_last_finite_position_have_no_average():
    choice = choose(read({"surface": "Rosenbrock", "optimizers": "SGD", **ON})[0])
    experiment = replace(choice.experiment, runs=(Run("SGD", 1.0),))
    text = FORMATS["csv"][2](replace(choice, experiment=experiment))
    header, *rows = csv.reader(io.StringIO(text))
    assert {len(row) for row in (header, *rows)} == {9}
