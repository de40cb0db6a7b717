"""Runs that go down surfaces of their own: every number, word and picture takes the run's."""

from __future__ import annotations

import csv
import io
import math
from typing import Any
from urllib.parse import parse_qs

import numpy as np
import pytest
from test_live import get, scene_of, unpacked

from landscape import SURFACES, Formula
from landscape.plane import turned
from optimizers import Experiment, Run, simulate
from optimizers.analysis.listing import plain_python, pytorch
from optimizers.analysis.measures import progress, run_limit, stability, zigzag
from optimizers.analysis.step import inspect_step
from optimizers.analysis.verdicts import verdict
from optimizers.analysis.words import comparison, outcome
from optimizers.maps import Ensemble, RateSweep
from optimizers.simulation.sweep import sweep
from views.live.answer import link, moved_start
from views.report import results
from views.scene import figures, scene
from views.scene.figures import SIDE_BY_SIDE, Ground
from views.server import save
from views.settings.choice import choose
from views.settings.settings import read, write
from views.settings.sliders import compared_texts
from views.settings.table import FACTORS, TABLE
from views.theme import LIGHT

# A surface, two values of one of its parameters, and a rule that goes down both.
PAIRS = {
    "rotation": ("Quadratic", "rotation", (0.0, 45.0)),
    "condition": ("Quadratic", "condition", (2.0, 15.0)),
    "steepness": ("Rosenbrock", "b", (10.0, 100.0)),
    "saddle": ("Local-minima valley", "saddle", (0.1, 0.5)),
    "ripples": ("Rastrigin", "amplitude", (2.0, 10.0)),
    "data": ("Linear regression", "noise", (0.1, 1.0)),
}


def pair(name: str, optimizer: str = "Momentum") -> tuple[Experiment, list[Experiment]]:
    """Return an experiment of two runs with parameters of their own, and those of each alone."""
    surface, parameter, values = PAIRS[name]
    common: dict[str, Any] = {"surface": surface, "steps": 60}
    runs = tuple(Run(optimizer, lr=0.002, params={parameter: value}) for value in values)
    alone = [
        Experiment(**common, params={parameter: value}, runs=(Run(optimizer, lr=0.002),))
        for value in values
    ]
    return Experiment(**common, runs=runs), alone


@pytest.mark.parametrize("name", PAIRS)
def test_a_run_is_what_it_would_be_alone(name):
    """The same path, measures, verdict, words, limit and step as where all have its parameters."""
    together, alone = pair(name)
    for trajectory, experiment in zip(simulate(together), alone, strict=True):
        (single,) = simulate(experiment)
        np.testing.assert_array_equal(trajectory.path, single.path)
        np.testing.assert_array_equal(trajectory.loss, single.loss)
        assert zigzag(together, trajectory) == zigzag(experiment, single)
        assert progress(together, trajectory, 1e-3) == progress(experiment, single, 1e-3)
        np.testing.assert_array_equal(
            stability(together, trajectory).product, stability(experiment, single).product
        )
        assert run_limit(together, trajectory.run) == run_limit(experiment, single.run)
        assert verdict(together, trajectory) == verdict(experiment, single)
        assert outcome(together, trajectory) == outcome(experiment, single)
        step, other = inspect_step(together, trajectory, 3), inspect_step(experiment, single, 3)
        assert np.array_equal(step.exact, other.exact)
        row = results.table(together, ["A"], [trajectory])
        assert row == results.table(experiment, ["A"], [single])


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("listing", [plain_python, pytorch])
def test_the_code_of_a_run_is_that_of_its_own_surface(name, listing):
    together, alone = pair(name)
    for run, experiment in zip(together.runs, alone, strict=True):
        assert listing(together, run) == listing(experiment, experiment.runs[0])


@pytest.mark.parametrize("name", PAIRS)
def test_a_sweep_and_a_map_of_a_run_are_those_of_its_own_surface(name):
    together, alone = pair(name)
    rates = np.array([0.0005, 0.002])
    for run, experiment in zip(together.runs, alone, strict=True):
        found = sweep(together, run, lr=rates, tolerance=0.1)
        other = sweep(experiment, experiment.runs[0], lr=rates, tolerance=0.1)
        for field in ("end", "loss", "arrived_at"):
            np.testing.assert_array_equal(getattr(found, field), getattr(other, field))
    curves = RateSweep(together, 1e-4, 1e-2, count=5).compute()
    for c, experiment in enumerate(alone):
        single = RateSweep(experiment, 1e-4, 1e-2, count=5).compute()
        np.testing.assert_array_equal(curves.median[c], single.median[0])
        np.testing.assert_array_equal(curves.zone[c], single.zone[0])


def test_the_ends_of_a_run_are_told_by_the_minima_of_its_own_surface():
    runs = tuple(
        Run("SGD", lr=0.05, batch_size=8, params={"saddle": saddle}) for saddle in (0.1, 0.5)
    )
    together = Experiment("Local-minima valley", steps=100, noise=8.0, runs=runs)
    found = Ensemble(together, seeds=64).compute()
    for c, run in enumerate(runs):
        own = together.plan(run).objective
        assert found.points[c] == own.critical_points()
        minima = [i for i, p in enumerate(found.points[c]) if "minimum" in p.kind]
        for end, where in zip(found.end[c], found.where[c], strict=True):
            away = {i: math.dist(end, (found.points[c][i].x, found.points[c][i].y)) for i in minima}
            assert where == min(away, key=lambda i: away[i])


def test_runs_are_compared_by_how_far_they_are_above_their_own_lowest_loss():
    """The first ends at the lower loss, the second is nearer to its own minimum."""
    runs = (
        Run("SGD", lr=0.05, params={"noise": 0.1}),
        Run("SGD", lr=0.1, params={"noise": 1.0}),
    )
    experiment = Experiment("Linear regression", steps=300, runs=runs)
    first, second = trajectories = simulate(experiment)
    gaps = [t.loss[-1] - t.objective.lowest() for t in trajectories]
    assert first.loss[-1] < second.loss[-1]
    assert gaps[1] < gaps[0] / 10
    assert second.objective.lowest() > first.objective.lowest() + 0.1
    (said, *_) = comparison(experiment, trajectories, ["A", "B"])
    assert said.values["run"] == "B"
    assert said.kind == "closest_to_own"


# --- The picture


def test_every_panel_stands_on_its_own_ground():
    experiment, alone = pair("rotation")
    trajectories = simulate(experiment)
    ground = scene.ground_of(experiment, trajectories, SIDE_BY_SIDE)
    assert ground.objectives == experiment.objectives
    back = scene.ground(ground, SIDE_BY_SIDE, 2, LIGHT)
    contours = [trace for trace in back["back"]["data"] if trace["type"] == "contour"][:2]
    assert [trace.get("xaxis") for trace in contours] == ["x", "x2"]
    for trace, scale, own in zip(contours, back["scales"], alone, strict=True):
        single = Ground(own.objectives, ground.box)
        heights, expected = figures.terrain(single)
        np.testing.assert_array_equal(trace["z"], heights)
        assert scale == {"centre": expected.centre, "width": expected.width}
    assert not np.array_equal(contours[0]["z"], contours[1]["z"])


def test_the_minima_of_a_panel_are_those_of_its_own_surface():
    experiment, _ = pair("saddle")
    ground = scene.ground_of(experiment, simulate(experiment), SIDE_BY_SIDE)
    data = scene.ground(ground, SIDE_BY_SIDE, 2, LIGHT)["back"]["data"]
    marked = [trace for trace in data if trace.get("name") == "minima"]
    for trace, objective in zip(marked, experiment.objectives, strict=True):
        points = [p for p in objective.critical_points() if "minimum" in p.kind]
        assert trace["x"] == [p.x for p in points]


LINK = "compare=Rotation&Rotation.optimizer=Adam&Quadratic.rotation.values=0%2C+45"


def test_the_address_of_a_ground_says_what_each_panel_stands_on():
    found = scene_of(LINK)
    address = found["groundAt"]
    query = parse_qs(address.partition("?")[2])
    assert query["params.rotation"] == ["0.0", "45.0"]
    ground = unpacked(get(address).body)
    assert ground["id"] == found["ground"]
    assert len(ground["scales"]) == 2
    assert found["told"]["lowest"] == "Lowest loss: 0."


@pytest.mark.parametrize("count", [1, 2, 4])
def test_an_address_with_values_for_other_panels_is_refused(count):
    address = scene_of(LINK)["groundAt"]
    wrong = address.replace(
        "params.scale=1.0&params.scale=1.0", "&".join(["params.scale=1"] * count)
    )
    assert get(wrong).status_code == (200 if count == 2 else 400)


def test_the_file_of_trajectories_is_that_of_the_picture():
    settings, _ = read({name: texts[-1] for name, texts in parse_qs(LINK).items()})
    choice = choose(settings)
    rows = list(csv.reader(io.StringIO(save.file("csv", write(settings), None))))
    trajectories = simulate(choice.experiment)
    (straight, across) = ([r for r in rows if r[0] == name][-1] for name in choice.names)
    assert choice.names == ("rotation 0", "rotation 45")
    for row, trajectory in zip((straight, across), trajectories, strict=True):
        assert float(row[4]) == trajectory.loss[-1]
    assert float(across[4]) > float(straight[4])


# --- The factors


def test_a_rotation_turns_the_start_with_the_surface_and_momentum_does_not_mind():
    settings, _ = read({"compare": "Rotation", "Rotation.optimizer": "Momentum"})
    choice = choose(settings)
    experiment = choice.experiment
    assert choice.labels[-1] == "rotation 45°"
    assert choice.turns == (0, 15, 30, 45)
    losses = np.array([t.loss for t in simulate(experiment)])
    np.testing.assert_allclose(losses[1:], np.broadcast_to(losses[0], losses[1:].shape), rtol=1e-9)
    for run, turn in zip(experiment.runs, choice.turns, strict=True):
        plan = experiment.plan(run)
        assert plan.objective.params["rotation"] == turn
        assert plan.start == turned(experiment.start, turn)


@pytest.mark.parametrize("panel", range(4))
def test_a_start_that_is_dragged_on_a_turned_panel_goes_where_the_hand_is(panel):
    settings, _ = read({"compare": "Rotation"})
    changes = moved_start(settings, choose(settings), 1.5, -2.5, panel)
    moved, _ = settings.changed(changes)
    experiment = choose(moved).experiment
    assert experiment.plan(experiment.runs[panel]).start == pytest.approx((1.5, -2.5), abs=0.008)


def test_the_compared_rotations_have_sliders_and_what_they_replace_counts_no_more():
    settings, _ = read({"compare": "Rotation", "Quadratic.rotation": "30"})
    assert compared_texts(settings)[0] == "-90"
    assert len(compared_texts(settings)) == 181
    assert settings.replaced("Quadratic.rotation")
    plain, _ = read({"compare": "Rotation"})
    assert choose(settings).experiment == choose(plain).experiment


@pytest.mark.parametrize("factor", ["Rotation", "Condition number"])
@pytest.mark.parametrize("view", ["Overlay", "3-D"])
def test_one_picture_has_no_room_for_several_surfaces_and_says_so(factor, view):
    choice = choose(read({"compare": factor, "view": view})[0])
    assert choice.view == SIDE_BY_SIDE
    (note,) = choice.notes
    assert note.text().startswith(f"{view} has room for one surface.")
    one = choose(read({"compare": factor, "view": view, **dict.fromkeys(lists(factor), "7")})[0])
    assert (one.view, one.notes) == (view, ())


def lists(factor: str) -> list[str]:
    return [setting.id for setting in FACTORS[factor].settings]


@pytest.mark.parametrize("factor", ["Rotation", "Condition number"])
def test_a_surface_without_the_parameter_is_compared_by_something_else(factor):
    without = [
        name
        for name, surface in SURFACES.items()
        if not {fact.name for fact in surface.parameters} & {"rotation", "condition"}
    ]
    assert len(without) > 10
    for name in without:
        assert factor not in TABLE["compare"].choices(read({"surface": name})[0])
        settings, notes = read({"surface": "Quadratic", "compare": factor})[0].changed(
            {"surface": name}
        )
        assert settings["compare"] == "Optimizer"
        assert [note.text() for note in notes] == [
            f"Compare: {factor} does not fit the surface; it is Optimizer now."
        ]
        assert "compare" not in link(settings)


# --- Parameters of a formula


LETTERS = "abcd"


@pytest.mark.parametrize("letter", LETTERS)
def test_values_of_a_formulas_parameter_are_compared_each_on_its_own_ground(letter):
    text = f"x^2 + {letter}*y^2"
    link = {"surface": "Formula", "Formula.text": text, "compare": f"Parameter {letter}"}
    settings, notes = read({**link, f"Formula.{letter}.values": "1, 12"})
    assert not notes
    choice = choose(settings)
    assert choice.labels == (f"{letter} = 1", f"{letter} = 12")
    assert choice.names == (f"{letter} 1", f"{letter} 12")
    assert len(choice.experiment.objectives) == 2
    for value, trajectory in zip((1.0, 12.0), simulate(choice.experiment), strict=True):
        x, y = trajectory.path[-1]
        assert trajectory.loss[-1] == pytest.approx(x**2 + value * y**2, rel=1e-12, abs=1e-300)
    assert read(write(settings))[0] == settings


@pytest.mark.parametrize("letter", LETTERS)
def test_one_parameter_is_compared_and_the_others_stay(letter):
    others = dict(zip(LETTERS, (2, 3, 4, 5), strict=True))
    del others[letter]
    settings, notes = read(
        {
            "surface": "Formula",
            "Formula.text": "a*x^2 + b*y^2 + c*x + d*y",
            "compare": f"Parameter {letter}",
            f"Formula.{letter}.values": "1, 3",
            **{f"Formula.{each}": str(number) for each, number in others.items()},
        }
    )
    assert not notes
    found = [objective.params for objective in choose(settings).experiment.objectives]
    assert found == [{**others, letter: 1.0}, {**others, letter: 3.0}]


@pytest.mark.parametrize("values", ["-40, 0, 900000", "0", "1e6, -1e6", "nan, inf", "", "2e6; x"])
@pytest.mark.parametrize("end", [{}, {"low": "3"}, {"high": "-3"}])
@pytest.mark.parametrize("letter", LETTERS)
def test_any_values_of_a_parameter_have_a_slider_and_are_in_its_range(letter, values, end):
    ends = {f"Formula.{letter}.{name}": value for name, value in end.items()}
    link = {"surface": "Formula", "Formula.text": f"x^2 + {letter}*x*y + 2*y^2"}
    link |= {"compare": f"Parameter {letter}", f"Formula.{letter}.values": values}
    settings, _ = read({**link, **ends})
    experiment = choose(settings).experiment
    (fact,) = experiment.surface_record.parameters
    texts = compared_texts(settings)
    assert len(texts) == 181
    assert (float(texts[0]), float(texts[-1])) == pytest.approx((fact.low, fact.high))
    assert all(fact.low <= run.params[letter] <= fact.high for run in experiment.runs)
    # Whatever it is when it is not compared has no part in it.
    other, _ = read({**link, **ends, f"Formula.{letter}": "2.5"})
    assert choose(other).experiment == experiment


@pytest.mark.parametrize("letter", LETTERS)
def test_a_parameter_that_the_formula_does_not_have_is_not_compared(letter):
    factor, text = f"Parameter {letter}", f"x^2 + y^2 + {letter}"
    settings, _ = read({"surface": "Formula", "Formula.text": text, "compare": factor})
    changed, notes = settings.changed({"Formula.text": "x^2 + y^2"})
    assert changed["compare"] == "Optimizer"
    assert [note.text() for note in notes] == [
        f"Compare: {factor} does not fit the surface; it is Optimizer now."
    ]
    assert factor not in TABLE["compare"].choices(changed)
    assert factor in TABLE["compare"].choices(settings)
    assert not [name for name in TABLE["compare"].choices(read({})[0]) if "Parameter" in name]


def test_no_critical_point_with_l1_lies_where_a_formula_has_no_value():
    # log(x) + 1 + 0.5 x + 0.1 = 0 at the minimizer, which lies on the kink at y = 0.
    experiment = Experiment(Formula("x*log(x) + y**2", start=(1, 1)), l1=0.1, l2=0.5)
    (objective,) = experiment.objectives
    (point,) = objective.critical_points()
    assert math.log(point.x) + 1.1 + 0.5 * point.x == pytest.approx(0.0, abs=1e-9)
    assert point.y == 0.0
    least = point.x * math.log(point.x) + 0.25 * point.x**2 + 0.1 * point.x
    assert objective.lowest() == pytest.approx(least)
    for text in ("sqrt(x)*y**2", "sqrt(x) + y**2", "sqrt(x)*y"):
        (objective,) = Experiment(Formula(text, start=(1, 1)), l1=0.1).objectives
        assert all(math.isfinite(point.loss) for point in objective.critical_points())
        assert not math.isnan(objective.lowest())
