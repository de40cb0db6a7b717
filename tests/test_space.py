"""The 3-D view by its data: what lies on the surface is what was simulated."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from test_figures import arrays, experiment_on, traces

from landscape import SURFACES
from optimizers import Experiment, Run, simulate
from views.scene import figures, scene, space
from views.scene.figures import RAISED, SPACE, Ground, Mark
from views.scene.payload import pack
from views.theme import LIGHT

WILD = (Run("SGD", lr=50.0), Run("Momentum", lr=1.0), Run("L-BFGS", lr=20.0))
LEAVING = {
    "at once": Run("SGD", lr=3.0),
    "slowly": Run("SGD", lr=0.21),
    "and coming back": Run("SGD", lr=0.1, batch_size=1),
}


def scene_of(experiment: Experiment) -> dict[str, Any]:
    marks = [Mark.of(i, run.optimizer, LIGHT) for i, run in enumerate(experiment.runs)]
    ground = Ground.of(experiment)
    return scene.ground(ground, SPACE, len(marks), LIGHT) | scene.scene(
        scene.Drawing(experiment, simulate(experiment), marks, SPACE, LIGHT), ground
    )


def path_of(scene: dict[str, Any], run: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return the vertices of a run's path and the steps at which it is there."""
    (trace,) = traces(scene["front"], f"path-{run}")
    vertices = np.column_stack([trace["x"], trace["y"], trace["customdata"]])
    times = scene["runs"][run]["times"]
    return vertices, np.arange(len(vertices)) if times is None else times


def pieces_of(scene: dict[str, Any]) -> list[tuple[np.ndarray, np.ndarray]]:
    starts = scene["runs"][0]["starts"]
    assert starts[0] == 0
    vertices, times = path_of(scene)
    return list(zip(np.split(vertices, starts[1:]), np.split(times, starts[1:]), strict=True))


def raised(experiment: Experiment, run: int = 0) -> np.ndarray:
    """Return the simulated positions of a run and their scaled losses."""
    trajectory = simulate(experiment)[run]
    _, scale = figures.terrain(Ground.of(experiment), RAISED)
    return np.column_stack([trajectory.path, scale(trajectory.loss)])


@pytest.mark.parametrize("surface", SURFACES)
def test_plotly_accepts_every_figure(surface):
    scene = scene_of(experiment_on(surface))
    for name in ("back", "front", "loss"):
        go.Figure(scene[name])


@pytest.mark.parametrize("surface", SURFACES)
def test_the_surface_is_coloured_as_the_ground_and_its_ticks_are_losses(surface):
    ground = Ground.of(experiment_on(surface))
    heights, scale = figures.terrain(ground, RAISED)
    back = space.background(ground, LIGHT)
    (raised,) = traces(back, "surface")
    assert raised["z"] is heights
    contour = figures.background(ground, 1, LIGHT)["data"][0]
    assert raised["colorscale"] == contour["colorscale"]
    axes = back["layout"]["scene"]
    low, high = axes["zaxis"]["range"]
    assert low < heights.min() < heights.max() < high
    lines = raised["contours"]["z"]
    assert low < lines["start"] < lines["end"] < high
    for height, text in zip(axes["zaxis"]["tickvals"], axes["zaxis"]["ticktext"], strict=True):
        written = float(text.replace("−", "-").replace(",", ""))
        assert float(scale.inverse(height)) == pytest.approx(written, rel=1e-5, abs=1e-9)
    for name, side in zip(("xaxis", "yaxis"), ground.box, strict=True):
        assert axes[name]["range"] == list(side)
        assert all(side[0] <= tick <= side[1] for tick in axes[name]["tickvals"])
        assert 3 <= len(axes[name]["tickvals"]) <= 7


@pytest.mark.parametrize("surface", SURFACES)
def test_heights_are_scaled_losses(surface):
    experiment = experiment_on(surface, runs=(Run("SGD"),))
    expected = raised(experiment)
    for vertices, times in pieces_of(scene_of(experiment)):
        whole = times == np.rint(times)
        np.testing.assert_allclose(vertices[whole], expected[times[whole].astype(int)], rtol=1e-9)


@pytest.mark.parametrize("surface", SURFACES)
def test_starts_and_minima_lie_on_the_surface(surface):
    experiment = experiment_on(surface)
    scene = scene_of(experiment)
    _, scale = figures.terrain(Ground.of(experiment), RAISED)
    back, front = scene["back"], scene["front"]
    for trace in (*traces(back, "minima"), *traces(back, "valley"), *traces(front, "start")):
        loss = SURFACES[surface].loss(np.array(trace["x"]), np.array(trace["y"]))
        np.testing.assert_allclose(trace["customdata"], scale(loss), atol=1e-9)


@pytest.mark.parametrize("surface", SURFACES)
def test_lines_of_minima_are_dots_on_the_surface(surface):
    valley = SURFACES[surface].valley
    found = traces(scene_of(experiment_on(surface))["back"], "valley")
    assert len(found) == bool(valley)
    for trace in found:
        assert len(trace["x"]) > 40
        for x, y in zip(trace["x"], trace["y"], strict=True):
            assert math.dist(valley.nearest(x, y), (x, y)) < 1e-3


def test_a_path_within_the_frame_is_sent_as_it_is():
    scene = scene_of(experiment_on("Himmelblau"))
    assert [run["times"] for run in scene["runs"]] == [None] * 3
    assert [run["starts"] for run in scene["runs"]] == [[0]] * 3
    assert [len(path_of(scene, i)[0]) - 1 for i in range(3)] == [r["last"] for r in scene["runs"]]


@pytest.mark.parametrize("surface", SURFACES)
def test_nothing_that_is_drawn_is_nan_infinite_or_outside_the_box(surface):
    experiment = experiment_on(surface, runs=WILD)
    scene = scene_of(experiment)
    assert all(np.isfinite(array).all() for array in arrays(scene))
    box = [scene["back"]["layout"]["scene"][f"{letter}axis"]["range"] for letter in "xyz"]
    for run in range(len(WILD)):
        vertices, _ = path_of(scene, run)
        low, high = np.array(box).T
        assert ((vertices >= low - 1e-9) & (vertices <= high + 1e-9)).all()


@pytest.mark.parametrize("run", LEAVING.values(), ids=LEAVING)
def test_a_path_that_leaves_is_cut_at_the_border_and_never_led_along_it(run):
    experiment = experiment_on("Quadratic", runs=(run,), steps=60, noise=40.0)
    scene, points = scene_of(experiment), raised(experiment)
    low, high = np.array(Ground.of(experiment).box).T
    top = figures.terrain(Ground.of(experiment), RAISED)[0].max()
    inside = ((points[:, :2] >= low) & (points[:, :2] <= high)).all(axis=1)
    assert not inside.all()
    shown = set()
    for vertices, times in pieces_of(scene):
        whole = times == np.rint(times)
        shown |= set(times[whole].astype(int).tolist())
        for vertex, time in zip(vertices[~whole], times[~whole], strict=True):
            before, share = int(time), time - int(time)
            chord = points[before] + share * (points[before + 1] - points[before])
            np.testing.assert_allclose(vertex, chord, rtol=1e-4, atol=1e-4)
            border = [*np.abs(vertex[:2] - low), *np.abs(vertex[:2] - high), abs(vertex[2] - top)]
            assert min(border) < 1e-9
        assert whole[1:-1].all(), "between its ends a piece is the path"
    assert shown == set(np.flatnonzero(inside).tolist())
    assert len(pieces_of(scene)) > 1 or run is not LEAVING["and coming back"]


def test_a_step_that_is_too_small_to_divide_by_is_as_none():
    box = np.array([[-1.0, 1.0]] * 3)
    for tiny in (0.0, 5e-324, 1e-310):
        times, starts = space.cut(
            np.array([[0.5, 0.5, 0.5], [0.5, 0.5 + tiny, 0.5], [0.0, tiny, 0]]), box
        )
        assert (times.tolist(), starts) == ([0.0, 1.0, 2.0], [0])
        times, _ = space.cut(np.array([[2.0, 0.0, 0.0], [2.0, tiny, 0.0]]), box)
        assert times.size == 0


def test_the_note_says_when_a_run_left_and_when_it_diverged():
    experiment = experiment_on("Quadratic", runs=(Run("SGD", lr=3.0), Run("Adam")))
    (note,) = scene_of(experiment)["front"]["layout"]["annotations"]
    diverged = simulate(experiment)[0].diverged_at
    assert f"leaves the frame at update 1, diverged at update {diverged}" in note["text"]
    assert note["text"].index("SGD") < note["text"].index("leaves") < note["text"].index("Adam")
    assert note["text"].count("update") == 2
    (calm,) = scene_of(experiment_on("Himmelblau"))["front"]["layout"]["annotations"]
    assert "step" not in calm["text"]


def test_a_run_that_starts_outside_the_frame_is_not_shown_there():
    experiment = experiment_on("Quadratic", start=(1e5, 0.0), runs=(Run("SGD", lr=1e-9),))
    scene = scene_of(experiment)
    assert len(path_of(scene)[0]) == 0
    assert pack(scene)


@pytest.mark.parametrize("noise", [0.0, 40.0])
def test_a_long_path_is_thinned_and_keeps_its_ends(noise):
    run = Run("SGD", lr=0.01, batch_size=1 if noise else None)
    experiment = experiment_on("Himmelblau", runs=(run,), steps=5000, noise=noise)
    scene, points = scene_of(experiment), raised(experiment)
    vertices, times = path_of(scene)
    assert len(vertices) <= space.MOST_VERTICES + 2
    assert (times[0], times[-1]) == (0, scene["runs"][0]["last"]) == (0, 5000)
    np.testing.assert_allclose(vertices, points[times.astype(int)])
    if not noise:
        box = np.array([*Ground.of(experiment).box, (points[:, 2].min(), points[:, 2].max())])
        between = space.at(vertices, np.interp(np.arange(5001), times, np.arange(len(times))))
        assert np.abs((between - points) / np.ptp(box, axis=1)).max() < 0.01


def test_thinning_keeps_a_zigzag():
    sides = np.where(np.arange(5001) % 2, 0.2, 0.8)
    points = np.column_stack([sides, sides, sides])
    kept = space.thinned(points, [0])
    assert kept[0] == 0
    assert kept[-1] == 5000
    assert (np.diff(sides[kept[:-1]]) != 0).all()


def test_thinning_keeps_the_ends_of_every_piece():
    points = np.full((5000, 3), 0.5)
    assert {0, 1999, 2000, 4999} <= set(space.thinned(points, [0, 2000]).tolist())


def test_ticks_are_even_and_round():
    assert space.even((-5.0, 5.0)) == [-4, -2, 0, 2, 4]
    assert space.even((-0.3, 0.3)) == [-0.2, 0, 0.2]
    assert space.even((1.0, 17.0)) == [5, 10, 15]


def test_another_start_changes_the_height_of_its_cross():
    first = experiment_on("Beale", start=(1.0, 1.0))
    (cross, *_) = traces(scene_of(first)["front"], "start")
    (other, *_) = traces(scene_of(replace(first, start=(3.0, 0.5)))["front"], "start")
    assert other["customdata"][0] < cross["customdata"][0]


def test_moved_minima_lie_on_the_surface():
    run = Run("SGD", 0.01, weight_decay=1.0)
    experiment = Experiment("Himmelblau", runs=(run,))
    front = scene_of(experiment)["front"]
    go.Figure(front)
    (marked,) = (trace for trace in front["data"] if trace["name"] == "moved-0")
    _, scale = figures.terrain(Ground.of(experiment), RAISED)
    heights = scale(SURFACES["Himmelblau"].loss(marked["x"], marked["y"]))
    assert 1 <= len(heights) <= 4
    np.testing.assert_allclose(marked["customdata"], heights)
    assert "× minimum moved by weight decay" in front["layout"]["annotations"][0]["text"]
