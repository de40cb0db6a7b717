"""The chart under the panels, by its data."""

from __future__ import annotations

import csv
import io
import itertools
import math
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest

from landscape import SURFACES, Formula
from landscape.language import language
from optimizers import OPTIMIZERS, Experiment, Run, simulate
from optimizers.analysis.measures import ZONES, sharpness
from views.report.report import measures
from views.report.results import table
from views.scene import curves, scene
from views.scene.figures import Mark
from views.scene.payload import pack
from views.server.save import FORMATS
from views.settings.choice import choose
from views.settings.settings import read
from views.settings.table import BUDGET_UNITS
from views.theme import LIGHT

NOISY = Experiment(
    noise=1.0,
    steps=80,
    runs=(Run("SGD", lr=0.1, batch_size=256), Run("SGD", lr=0.1, batch_size=1024, steps=20)),
)


def marks(experiment: Experiment) -> list[Mark]:
    return [Mark.of(i, run.optimizer, LIGHT) for i, run in enumerate(experiment.runs)]


def chart(experiment: Experiment, curve: str, unit: str = "updates") -> dict:
    return curves.chart(experiment, simulate(experiment), marks(experiment), LIGHT, curve, unit)


@pytest.mark.parametrize("curve", curves.CURVES)
@pytest.mark.parametrize("surface", SURFACES)
def test_plotly_and_the_payload_accept_every_curve(curve, surface):
    runs = (*(Run(name) for name in OPTIMIZERS), Run("SGD", lr=50.0), Run("Momentum", lr=0))
    experiment = Experiment(surface=surface, steps=30, runs=runs[2:])
    figure = chart(experiment, curve)
    go.Figure(figure)
    pack(figure)
    assert all(map(math.isfinite, figure["layout"]["yaxis"]["range"]))


@pytest.mark.parametrize(
    ("unit", "ends"), [("updates", (80, 20)), ("epochs", (2, 2)), ("samples", (20_000, 20_000))]
)
def test_every_curve_ends_where_its_budget_does(unit, ends):
    lines = chart(NOISY, "Loss", unit)["data"][::2]
    assert tuple((len(line["y"]) - 1) * line["dx"] for line in lines) == pytest.approx(ends)


@pytest.mark.parametrize("unit", BUDGET_UNITS)
def test_all_runs_of_equal_samples_arrive_with_the_clock(unit):
    trajectories = simulate(NOISY)
    made = scene.scene(
        scene.Drawing(NOISY, trajectories, marks(NOISY), "Side by side", LIGHT, "Loss", unit)
    )
    done = [made["steps"] * pace for pace in made["pace"]]
    assert done == ([80, 80] if unit == "updates" else [80, 20])
    assert made["tick"] == min(curves.per_update(NOISY, run, unit) for run in NOISY.runs)


def test_the_stability_curve_is_rate_times_curvature_over_the_limit():
    experiment = Experiment(runs=(Run("SGD", lr=0.18), Run("Momentum", lr=0.18), Run("Adam")))
    figure = chart(experiment, "Stability")
    sgd, momentum, adam = figure["data"][::2]
    np.testing.assert_allclose(sgd["y"], 0.18 * 10 / 2)
    np.testing.assert_allclose(momentum["y"], 0.18 * 10 / 3.8)
    assert len(adam["y"]) == 0
    assert figure["data"][5]["name"] == "Adam n/a"
    assert figure["layout"]["shapes"][0]["y0"] == 1


def limits(figure: dict) -> list[dict]:
    return [trace for trace in figure["data"] if trace.get("name") == "limit"]


def test_the_curvature_curve_is_the_largest_eigenvalue_of_the_hessian_along_the_path():
    runs = (Run("SGD", lr=0.001), Run("Momentum", lr=0.001), Run("Adam"))
    experiment = Experiment("Rosenbrock", steps=50, runs=runs)
    figure = chart(experiment, curves.CURVATURE)
    for line, trajectory in zip(figure["data"][::2], simulate(experiment), strict=False):
        hxx, hxy, hyy = SURFACES["Rosenbrock"].hessian(*trajectory.path.T)
        hessians = np.array([[hxx, hxy], [hxy, hyy]]).transpose(2, 0, 1)
        largest = np.linalg.eigvalsh(hessians)[:, 1]
        np.testing.assert_allclose(line["y"], largest, rtol=1e-12)
    sgd, momentum, adam = limits(figure)
    np.testing.assert_allclose(sgd["y"], 2 / 0.001)
    np.testing.assert_allclose(momentum["y"], 3.8 / 0.001)
    assert len(sgd["y"]) == 50
    assert len(adam["y"]) == 0, "no theory, no line"
    assert figure["layout"]["yaxis"]["title"]["text"] == "largest curvature (dashed: limit)"
    assert not [a for a in figure["layout"]["annotations"] if "rate" in a["text"]]


def test_a_schedule_moves_the_line_that_a_rate_draws():
    experiment = Experiment(steps=50, runs=(Run("SGD", lr=0.1, schedule="Cosine"),))
    (trajectory,) = simulate(experiment)
    (line,) = limits(chart(experiment, curves.CURVATURE))
    with np.errstate(divide="ignore"):  # cut where it is far out of a chart up to 25
        np.testing.assert_allclose(line["y"], np.minimum(2 / trajectory.lr, 75))


def test_one_limit_of_all_runs_is_written_on_its_line():
    experiment = Experiment(steps=20, runs=(Run("SGD", lr=0.1), Run("SGD", lr=0.1, steps=5)))
    layout = chart(experiment, curves.CURVATURE)["layout"]
    (said,) = (a for a in layout["annotations"] if "rate" in a["text"])
    assert (said["text"], said["y"]) == ("2 / rate = 20", 20)
    two = replace(experiment, runs=(Run("SGD", lr=0.1), Run("SGD", lr=0.15)))
    assert not chart(two, curves.CURVATURE)["layout"]["annotations"]


def test_weight_decay_counts_to_the_curvature():
    experiment = Experiment(steps=20, runs=(Run("SGD", lr=0.1, weight_decay=0.5),))
    np.testing.assert_allclose(chart(experiment, curves.CURVATURE)["data"][0]["y"], 10.5)


def test_where_minima_lie_on_a_line_the_curve_is_that_of_the_nearest():
    experiment = Experiment(
        "Two linear layers", start=(2.0, 0.3), steps=30, runs=(Run("SGD", lr=0.856),)
    )
    figure = chart(experiment, curves.CURVATURE)
    (trajectory,) = simulate(experiment)
    np.testing.assert_allclose(
        figure["data"][0]["y"], np.abs(trajectory.path).max(axis=1) ** 2, rtol=1e-12
    )
    told = figure["layout"]["yaxis"]["title"]["text"]
    assert told == "largest curvature of the valley (dashed: limit)"
    assert curves.texts_of_ends(curves.curvature(experiment, [trajectory])) == ["0.4111"]
    decays = replace(experiment, runs=(Run("SGD", lr=0.3, weight_decay=0.1),))
    figure = chart(decays, curves.CURVATURE)
    assert figure["layout"]["yaxis"]["title"]["text"] == "largest curvature (dashed: limit)"


def test_the_file_has_the_curvatures_where_their_curve_is_chosen():
    link = {
        "surface": "Four linear layers",
        "length": "20",
        "compare": "Start",
        "Four linear layers.starts": "4 0.2; 8 0.05",
        "optimizer": "SGD",
    }
    choice = choose(read({**link, "curve": "Largest curvature"})[0])
    header, *rows = csv.reader(io.StringIO(FORMATS["csv"][2](choice)))
    assert header[-3:] == ["lr", "curvature", "curvature_limit"]
    first, lost = simulate(choice.experiment)
    expected = sharpness(choice.experiment, first)
    kept = [row[-2:] for row in rows[:21]]
    np.testing.assert_array_equal([float(value) for value, _ in kept], expected.curvature)
    assert [limit for _, limit in kept] == ["40.0"] * 20 + [""]
    assert lost.diverged_at == 4
    assert len(rows) == 21 + 5
    # The limit is that of the rate of the update that comes, which the next row has.
    cosine = choose(read({**link, "curve": "Largest curvature", "schedule": "Cosine"})[0])
    _, *rows = csv.reader(io.StringIO(FORMATS["csv"][2](cosine)))
    for row, following in itertools.pairwise(rows[:20]):
        assert float(row[-1]) * float(following[-3]) == pytest.approx(2, rel=1e-12)
    plain = choose(read(link)[0])
    assert next(csv.reader(io.StringIO(FORMATS["csv"][2](plain))))[-1] == "lr"


def test_a_run_that_diverges_leaves_the_chart_of_curvature():
    runs = (Run("SGD", lr=0.05, start=(4, 0.2)), Run("SGD", lr=0.05, start=(8, 0.05)))
    experiment = Experiment("Four linear layers", steps=100, runs=runs)
    heights = curves.curvature(experiment, simulate(experiment))
    assert heights.high == pytest.approx(1.25 * 40), "the line is in it"
    assert heights.rows[1].max() <= 3 * heights.high
    assert curves.texts_of_ends(heights) == ["32.16", "∞"]


@pytest.mark.parametrize(("code", "none"), [("en", "no value"), ("ko", "값 없음")])
def test_a_loss_without_a_value_is_called_so_everywhere(code, none):
    link = {"surface": "Formula", "Formula.text": "sqrt(x) + y**2", "Formula.x": "0.5"}
    for more in ({}, {"Formula.x": "-1"}):  # comes to where there is none, and starts there
        with language(code):
            choice = choose(read({**link, "Formula.y": "1", "optimizers": ["SGD"], **more})[0])
            given, runs = choice.experiment, simulate(choice.experiment)
            assert runs[0].diverged_at is not None
            assert table(given, choice.labels, runs)[0][1] == none
            assert curves.texts_of_ends(curves.loss(given, runs)) == [none]
            rows = [*csv.reader(io.StringIO(FORMATS["csv"][2](choice)))]
        (readings,) = curves.readings(given, runs)["runs"]
        if len(readings["loss"]) == len(runs[0].loss):  # the header and the tip read it there
            assert np.isnan(readings["loss"][-1])
        assert rows[-1][4] == "nan", "as README says"
        assert "∞" not in measures(given, choice.labels, runs, 1e-3)
    high = Experiment(Formula("exp(exp(exp(x**2)))"), start=(2, 1), runs=(Run("SGD", 0.1),))
    assert table(high, ["SGD"], simulate(high))[0][1] == "∞"


def test_the_rate_curve_is_the_schedule():
    experiment = Experiment(steps=50, runs=(Run("SGD", lr=0.1, schedule="Cosine"),))
    figure = chart(experiment, "Learning rate")
    np.testing.assert_allclose(figure["data"][0]["y"] * 0.1, simulate(experiment)[0].lr)
    assert figure["layout"]["yaxis"]["ticktext"][-1] == "0.1"


def bands(*runs: Run) -> list[tuple[str, float, float]]:
    """Return the zones that the stability chart of some runs shows."""
    figure = chart(Experiment(runs=runs), "Stability")["layout"]
    rects = [shape for shape in figure["shapes"] if shape["type"] == "rect"]
    names = dict(zip(LIGHT.ground[1:], ZONES, strict=True))
    return [(names[r["fillcolor"]], r["y0"], r["y1"]) for r in rects]


def test_the_stability_chart_is_coloured_by_zones():
    assert bands(Run("SGD")) == [("monotone", 0, 0.5), ("zigzag", 0.5, 1), ("unstable", 1, 2)]
    heavy = bands(Run("Momentum", hyper={"momentum": 0.25}))
    assert [name for name, *_ in heavy] == ["monotone", "swings", "zigzag", "unstable"]
    assert heavy[0][2] == pytest.approx(0.25 / 2.5)


def test_rules_with_other_zones_share_only_the_unstable_one():
    assert bands(Run("SGD"), Run("Momentum")) == [("unstable", 1, 2)]
    assert bands(Run("SGD"), Run("Adam"))[0][0] == "monotone"


# --- What the player reads off the runs


def test_the_losses_that_the_player_tells_are_those_of_the_runs():
    experiment = Experiment("Himmelblau", steps=40, runs=(Run("SGD", lr=0.01), Run("SGD", lr=10)))
    trajectories = simulate(experiment)
    found = curves.readings(experiment, trajectories)["runs"]
    for reading, trajectory in zip(found, trajectories, strict=True):
        loss = trajectory.loss[: len(trajectory.finite_path)]
        told = reading["loss"]
        assert np.isfinite(told).all()
        small = loss < 1e30
        np.testing.assert_allclose(told[small], loss[small], rtol=1e-6)
    assert found[0]["rate"] == 0.01


@pytest.mark.parametrize("surface", ["Himmelblau", "Six-hump camel", "Saddle"])
def test_of_very_many_losses_the_heights_of_the_chart_are_sent(surface):
    run = Run("SGD", lr=0.001, schedule="Cosine")
    experiment = Experiment(surface, steps=3000, runs=(run,))
    (trajectory,) = trajectories = simulate(experiment)
    heights = curves.loss(experiment, trajectories)
    found = curves.readings(experiment, trajectories, heights)
    (reading,) = found["runs"]
    assert reading["height"] is heights.rows[0], "one array, and so sent once"
    np.testing.assert_allclose(reading["rate"], trajectory.lr)
    row, centre, width = reading["height"], reading["centre"], found["width"]
    loss = centre + (10**row if width is None else width * np.sinh(row * math.log(10)))
    np.testing.assert_allclose(loss, trajectory.loss, rtol=1e-9, atol=1e-9)


def test_labels_say_what_the_axis_shows_at_the_end_of_each_curve():
    runs = (Run("SGD", lr=0.1), Run("SGD", lr=0.1, schedule="Cosine"), Run("SGD", lr=30.0))
    experiment = Experiment(surface="Saddle", start=(1.5, 0.4), steps=50, runs=runs)
    found = simulate(experiment)
    assert found[2].diverged_at is not None
    gap = curves.loss(experiment, found)
    assert gap.text == "loss − minimum"
    assert gap.ends[:2] == pytest.approx([t.loss[-1] + 0.25 for t in found[:2]])
    said = curves.texts_of_ends(gap)
    assert float(said[0]) == pytest.approx(10 ** gap.rows[0][-1], rel=0.05)
    assert said[2] == "∞"
    assert curves.texts_of_ends(curves.rate(experiment, found))[0] == "0.1"
    share = curves.share_of_limit(experiment, found)
    assert curves.texts_of_ends(share)[1] == "0", "the last rate of a cosine is 0"
