"""Nesterov's points in Sutskever's form, against his own recursion."""

import contextlib
import csv
import io
import json
from urllib.parse import urlencode

import numpy as np
import pytest
from conftest import ROOT
from streamlit.testing.v1 import AppTest

from landscape import SURFACES
from landscape.language import number
from optimizers import Average, Experiment, Run, before_looking_ahead, simulate
from optimizers.analysis.step import formula, inspect_step
from optimizers.analysis.words import of_points
from views.live.answer import asked, described
from views.notebook import notebook
from views.scene.figures import OVERLAY, SIDE_BY_SIDE, SPACE, Extras, marks_of
from views.scene.payload import pack
from views.scene.scene import Drawing, scene
from views.server.save import FORMATS
from views.settings.choice import choose, idle
from views.settings.settings import read, write
from views.theme import LIGHT


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


# --- On the page ----------------------------------------------------------------------------------

LINK = {
    "surface": "Quadratic",
    "optimizers": ["SGD", "Nesterov"],
    "length": "30",
    "Quadratic.Nesterov.lr": "0.05",
}
ON = {"sutskever": "1"}


def shown_of(link):
    return described(asked(urlencode(link, doseq=True)))


def runs_of(link):
    choice = choose(read(link)[0])
    return choice, simulate(choice.experiment)


@pytest.mark.parametrize("view", [SIDE_BY_SIDE, OVERLAY, SPACE])
@pytest.mark.parametrize("average", [None, Average(first=10)])
def test_every_view_draws_them_beside_nesterov_only(view, average):
    choice, trajectories = runs_of(LINK)
    found = before_looking_ahead(trajectories[1])
    marks = marks_of(choice.labels, LIGHT)
    extras = Extras(average=average, sutskever=True)
    drawn = Drawing(choice.experiment, trajectories, marks, view, LIGHT, extras=extras)
    made = scene(drawn)
    place = 0 if average is None else 2  # after the averages of both runs
    assert made["beside"][place:] == [{"run": 1, "first": 0}]
    named = {trace["name"]: trace for trace in made["front"]["data"]}
    line, tip = named[f"beside-{place}"], named[f"tip-{place}"]
    assert f"beside-{place + 1}" not in named
    assert (tip["marker"]["symbol"], tip["marker"]["color"]) == ("star-diamond", LIGHT.runs[1])
    points = np.column_stack([line["x"], line["y"]])
    if view == SPACE:
        assert made["runs"][2 + place]["last"] == 30
    np.testing.assert_allclose(points, found.path, rtol=1e-5, atol=1e-3 if view == SPACE else 1e-6)
    curve = [trace for trace in made["loss"]["data"] if trace.get("name") == "beside"][place]
    assert curve["line"]["color"] == LIGHT.runs[1]
    np.testing.assert_allclose(curve["y"], np.log10(found.loss), atol=1e-9)
    np.testing.assert_allclose(made["readings"]["beside"][place]["loss"], found.loss, rtol=1e-6)
    # The line of a run is faint where something stands beside it, and no other.
    faint = [named[f"path-{i}"].get("opacity") for i in range(2)]
    assert faint == ([None, 0.45] if average is None else [0.45, 0.45])
    titles = [note["text"] for note in made["front"]["layout"]["annotations"]]
    assert f'✦ <b data-beside="{place}"></b>' in titles[-1]
    assert "✦ before looking ahead" in titles[-1]
    assert view != SIDE_BY_SIDE or "✦" not in titles[0]
    assert made["label"].endswith("✦ before looking ahead")
    assert ("★ mean of the iterates" in made["label"]) == (average is not None)
    pack(made)


def test_a_link_asks_for_them_and_nothing_is_said_without():
    settings, notes = read(LINK | ON)
    assert notes == []
    assert choose(settings).extras.sutskever
    assert read(write(settings))[0] == settings
    assert not choose(read(LINK)[0]).extras.sutskever
    assert "sutskever" not in write(read(LINK)[0])
    made = shown_of(LINK)
    assert made["beside"] == []
    assert "ahead" not in json.dumps([made["told"], made["label"]])
    _, (unread,) = read(LINK | {"sutskever": "yes"})
    assert "sutskever" in unread.text() or "Points before looking ahead" in unread.text()


def test_sentence_and_table_have_their_last_loss():
    _, trajectories = runs_of(LINK)
    loss, last = before_looking_ahead(trajectories[1]).loss[-1], trajectories[1].loss[-1]
    told = shown_of(LINK | ON)["told"]
    assert (
        f"Nesterov ends at loss {number(last, 3)} where it would take its next gradient; before it"
        f" looks ahead (✦) it stands at loss {number(loss, 3)}."
    ) in told["sentence"]
    column = told["head"].index("Loss before looking ahead")
    assert column == told["head"].index("Final loss") + 1
    assert [row[column] for row in told["rows"]] == ["none", number(loss, 4)]


def test_the_sentence_is_of_the_run_to_which_they_matter_most():
    runs = tuple(Run("Nesterov", 0.05, {"momentum": mu}) for mu in (0.1, 0.9, 0.5))
    trajectories = simulate(Experiment(steps=30, runs=runs))
    points = [before_looking_ahead(t) for t in trajectories]
    ratios = [
        abs(np.log(p.loss[-1] / t.loss[-1])) for p, t in zip(points, trajectories, strict=True)
    ]
    (said,) = of_points(trajectories, points, ["a", "b", "c"])
    assert said["run"] == "abc"[int(np.argmax(ratios))]
    (lost,) = simulate(Experiment(runs=(Run("Nesterov", 1e3),)))
    assert of_points([lost], [before_looking_ahead(lost)], ["a"]) == []
    assert of_points(trajectories, [], ["a", "b", "c"]) == []


def test_csv_and_notebook_have_them():
    choice, trajectories = runs_of(LINK | ON | {"average": "mean"})
    found = before_looking_ahead(trajectories[1])
    header, *rows = csv.reader(io.StringIO(FORMATS["csv"][2](choice)))
    assert header[6:] == [
        *("average_x", "average_y", "average_loss"),
        *("sutskever_x", "sutskever_y", "sutskever_loss"),
    ]
    assert {tuple(row[-3:]) for row in rows[:31]} == {("", "", "")}
    numbers = np.array([row[-3:] for row in rows[31:]], dtype=float)
    np.testing.assert_array_equal(numbers, np.column_stack([found.path, found.loss]))
    for link in (LINK | ON, LINK | ON | {"average": "mean"}):
        choice = choose(read(link)[0])
        _, code, last = json.loads(notebook(choice))["cells"]
        names = {}
        exec(code["source"], names)
        shown = eval(code["source"].splitlines()[-1], names)
        assert (shown.sutskever, shown.average) == (True, choice.extras.average)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(last["source"], names)
        lines = [line for line in printed.getvalue().splitlines() if "before" in line]
        assert [float(line.split()[-1]) for line in lines] == [found.loss[-1]]


@pytest.mark.parametrize(
    ("link", "why", "changes"),
    [
        (
            {"optimizers": ["SGD", "Adam"]},
            "No run is Nesterov with momentum",
            {"compare": "Optimizer", "optimizers": ("SGD", "Adam", "Nesterov")},
        ),
        (
            {"compare": "Seed", "Seed.optimizer": "SGD"},
            "No run is Nesterov with momentum",
            {"compare": "Optimizer", "optimizers": ("SGD", "Nesterov")},
        ),
        (
            {"Nesterov.momentum": "0"},
            "Nesterov without momentum does not look ahead.",
            {"Nesterov.momentum": 0.9},
        ),
        (
            {
                "compare": "Momentum",
                "Momentum.optimizer": "Nesterov",
                "Quadratic.Nesterov.momenta": "0",
            },
            "Nesterov without momentum does not look ahead.",
            None,
        ),
    ],
)
def test_where_no_run_looks_ahead_the_page_says_so_and_a_button_helps(link, why, changes):
    settings, _ = read(LINK | ON | link)
    choice = choose(settings)
    assert not choice.extras.sutskever
    assert "so that none looks ahead" in choice.notes[-1].text()
    found = idle(settings, "sutskever")
    assert why in found.why.text()
    if changes is not None:
        assert found.changes == changes
    after, _ = settings.changed(found.changes)
    assert idle(after, "sutskever") is None
    assert choose(after).extras.sutskever


def test_where_ends_of_seeds_are_shown_the_page_says_that_they_are_not():
    link = LINK | ON | {"noise": "2", "batch": "8", "show": "ends"}
    choice = choose(read(link)[0])
    assert choice.notes[-1].text().endswith("points before looking ahead are not.")
    made = shown_of(link)
    assert made["beside"] == []
    assert "ahead" not in json.dumps(made["told"]["head"])


def test_the_page_offers_them_where_nesterov_is_among_the_runs():
    app = AppTest.from_file(ROOT / "app.py", default_timeout=60)
    app.query_params["optimizers"] = ["SGD", "Nesterov"]
    app.run()
    assert any(box.label == "Points before looking ahead" for box in controls(app))
    app.query_params["optimizers"] = ["SGD", "Momentum"]
    app.run()
    assert not any(box.label == "Points before looking ahead" for box in controls(app))


def controls(app):
    return [*app.selectbox, *app.radio, *app.checkbox, *app.toggle, *app.get("button_group")]
