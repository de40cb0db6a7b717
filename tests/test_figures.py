"""The figures by their data: what is drawn is what was simulated."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from landscape import SURFACES
from landscape.record import SADDLE
from optimizers import OPTIMIZERS, Experiment, Run, simulate
from optimizers.analysis.step import arrows as step_arrows
from optimizers.analysis.step import inspect_step
from views.scene import curves, figures, scene
from views.scene.figures import OVERLAY, PLAIN, SIDE_BY_SIDE, Extras, Ground, Mark
from views.scene.scale import LossScale, round_number
from views.theme import DARK, KEYS, LIGHT, MOST_PANELS


def experiment_on(surface: str, **changes: Any) -> Experiment:
    return replace(
        Experiment(surface=surface, steps=40, runs=(Run("SGD"), Run("Adam"), Run("Newton"))),
        **changes,
    )


EVERYTHING = Extras(arrows=True, future=True)


def scene_of(
    experiment: Experiment, overlay: bool = False, extras: Extras = EVERYTHING
) -> dict[str, Any]:
    marks = [Mark.of(i, run.optimizer, LIGHT) for i, run in enumerate(experiment.runs)]
    view = OVERLAY if overlay else SIDE_BY_SIDE
    trajectories = simulate(experiment)
    ground = scene.ground_of(experiment, trajectories, view)
    return scene.ground(ground, view, len(marks), LIGHT) | scene.scene(
        scene.Drawing(experiment, trajectories, marks, view, LIGHT, extras=extras)
    )


def traces(figure: dict[str, Any], prefix: str) -> list[dict[str, Any]]:
    return [trace for trace in figure["data"] if trace.get("name", "").startswith(prefix)]


def arrays(value: Any) -> list[np.ndarray]:
    if isinstance(value, np.ndarray):
        return [value]
    children = (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    )
    return [array for child in children for array in arrays(child)]


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("overlay", [False, True])
def test_plotly_accepts_every_figure(surface, overlay):
    scene = scene_of(experiment_on(surface), overlay)
    for name in ("back", "front", "loss"):
        go.Figure(scene[name])
    for arrangement in scene["arrangements"]:
        layout = go.Figure(scene["back"]).layout
        for path, value in arrangement["layout"].items():
            layout[path.replace(".", "_")] = value


@pytest.mark.parametrize("surface", SURFACES)
def test_nothing_that_is_drawn_is_nan_or_infinite(surface):
    wild = (Run("SGD", lr=50.0), Run("Momentum", lr=1.0), Run("L-BFGS", lr=20.0))
    scene = scene_of(experiment_on(surface, runs=wild))
    drawn = arrays(scene)
    assert drawn
    assert all(np.isfinite(array).all() for array in drawn)
    for axis in ("xaxis", "yaxis"):
        assert all(map(math.isfinite, scene["loss"]["layout"][axis]["range"]))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_drawn_path_is_the_simulated_one(optimizer):
    experiment = experiment_on("Himmelblau", runs=(Run(optimizer, lr=0.01),))
    path = simulate(experiment)[0].path
    for name in ("faint-0", "casing-0", "path-0"):
        (trace,) = traces(scene_of(experiment)["front"], name)
        np.testing.assert_allclose(
            np.stack([trace["x"], trace["y"]], 1), path, rtol=1e-6, atol=1e-6
        )
        assert trace["line"]["simplify"] is False


def test_a_path_far_outside_the_frame_is_not_rounded_to_levels():
    path = simulate(experiment_on("Quadratic", runs=(Run("SGD", lr=0.1),)))[0].path
    for box, kind in (((-5.0, 5.0), np.float64), ((-0.4, 0.4), np.float32)):
        assert {c.dtype for c in figures.coordinates(path, (box, box), exact=False)} == {
            np.dtype(kind)
        }


def test_every_panel_has_the_same_frame_and_its_own_run():
    scene = scene_of(experiment_on("Beale"))
    ranges = {
        tuple(axis["range"])
        for name, axis in scene["back"]["layout"].items()
        if name.startswith("xaxis")
    }
    assert len(ranges) == 1
    assert [trace["xaxis"] for trace in traces(scene["front"], "path-")] == ["x", "x2", "x3"]
    assert {
        trace["xaxis"] for trace in traces(scene_of(experiment_on("Beale"), True)["front"], "")
    } == {"x"}


def test_start_and_minima_are_marked_in_every_panel():
    scene = scene_of(experiment_on("Himmelblau", start=(1.0, -2.0)))
    assert [(t["x"], t["y"]) for t in traces(scene["front"], "start")] == [([1.0], [-2.0])] * 3
    for trace in traces(scene["back"], "minima"):
        assert len(trace["x"]) == 4


@pytest.mark.parametrize("surface", ["Rastrigin", "Ackley"])
def test_of_very_many_minima_only_the_global_one_is_marked(surface):
    (marks, *_) = traces(scene_of(experiment_on(surface))["back"], "minima")
    assert np.hypot(*marks["x"], *marks["y"]) < 1e-9


def test_start_and_minimum_are_named_where_there_is_room():
    two = (Run("SGD"), Run("Adam"))
    for runs, overlay, panels in ((two, False, 2), (two, True, 1), ((*two, Run("Newton")), 0, 0)):
        scene = scene_of(experiment_on("Quadratic", runs=runs), overlay)
        words = traces(scene["front"], "words")
        assert {text for t in words for text in t["text"]} == ({"start"} if panels else set())
        assert [t["text"] for t in traces(scene["back"], "words")] == [["minimum"]] * panels


def test_a_word_at_a_side_of_the_frame_goes_inwards_from_its_mark():
    scene = scene_of(Experiment("Quadratic", start=(-4.0, 1.5), steps=4, runs=(Run("SGD"),)))
    (back,) = traces(scene["back"], "words")
    (low, high), (x,) = scene["back"]["layout"]["xaxis"]["range"], back["x"]
    share = (x - low) / (high - low)
    assert back["textposition"] == ["top left" if share > 0.88 else "top center"]
    box = ((0.0, 1.0), (0.0, 1.0))
    found = [figures.above(figures.Place(x, 0.5), box) for x in (0.05, 0.5, 0.95)]
    assert found == ["top right", "top center", "top left"]


def test_dots_are_where_they_are_apart_and_long_paths_are_thinner():
    few = experiment_on("Quadratic", steps=30, runs=(Run("SGD", lr=0.18), Run("SGD", lr=0.001)))
    front = scene_of(few)["front"]
    assert [t["name"] for t in traces(front, "dots")] == ["dots-0"]
    long = Run("Momentum", lr=0.05, hyper={"momentum": 0.99})
    front = scene_of(experiment_on("Quadratic", steps=600, runs=(long, Run("SGD"))))["front"]
    thin, wide = (t["line"]["width"] for t in traces(front, "path-"))
    assert thin < wide
    assert not traces(front, "dots")


def test_a_diverged_run_is_labelled_with_the_step_at_which_it_leaves():
    experiment = experiment_on("Quadratic", runs=(Run("SGD", lr=0.25),))
    path = simulate(experiment)[0].path
    for overlay in (False, True):
        scene = scene_of(experiment, overlay)
        (note,) = scene["front"]["layout"]["annotations"]
        layout = scene["back"]["layout"]
        box = np.array([layout["xaxis"]["range"], layout["yaxis"]["range"]])
        outside = ((path < box[:, 0]) | (path > box[:, 1])).any(axis=1)
        assert f"out at update {outside.argmax()}" in note["text"]
        (drawn,) = traces(scene["front"], "path-0")
        assert len(drawn["x"]) == outside.argmax() + 1


def test_the_sign_of_a_title_is_the_mark_of_its_run():
    scene = scene_of(experiment_on("Quadratic"))
    for i, note in enumerate(scene["front"]["layout"]["annotations"]):
        (head,) = traces(scene["front"], f"head-{i}")
        assert head["marker"]["color"] in note["text"]
        assert KEYS[head["marker"]["symbol"]] in note["text"]


def test_a_run_that_stops_says_why():
    experiment = experiment_on("Monkey saddle", start=(0.0, 0.0), runs=(Run("Newton"),))
    (note,) = scene_of(experiment)["front"]["layout"]["annotations"]
    assert "singular Hessian" in note["text"]


@pytest.mark.parametrize("surface", SURFACES)
def test_contours_lie_evenly_at_heights_of_the_loss(surface):
    ground = Ground.of(experiment_on(surface))
    heights, scale = figures.terrain(ground)
    fine, strong, *_ = figures.background(ground, 1, LIGHT)["data"]
    assert fine["z"] is strong["z"] is heights, "one array, and so sent once"
    x = fine["x0"] + fine["dx"] * np.arange(figures.GRID)
    y = fine["y0"] + fine["dy"] * np.arange(figures.GRID)
    loss = SURFACES[surface].loss(*np.meshgrid(x, y), **ground.objective.params)
    np.testing.assert_allclose(
        scale.inverse(heights), loss, rtol=1e-9, atol=1e-9 * np.abs(loss).max()
    )
    lines = np.arange(figures.CONTOURS) * fine["contours"]["size"] + fine["contours"]["start"]
    assert fine["contours"]["end"] == pytest.approx(lines[-1])
    below = [float((heights < line).mean()) for line in lines]
    assert (below[0], below[-1]) == pytest.approx((0.03, 0.99), abs=0.01)
    assert strong["contours"]["size"] == figures.STRONG * fine["contours"]["size"]


def test_the_losses_of_contours_grow_by_one_factor():
    ground = Ground.of(experiment_on("Quadratic"))
    _, scale = figures.terrain(ground)
    lines = figures.background(ground, 1, LIGHT)["data"][0]["contours"]
    heights = lines["start"] + lines["size"] * np.arange(figures.CONTOURS)
    losses = scale.inverse(heights)
    factors = losses[1:] / losses[:-1]
    assert factors.max() / factors.min() < 1.05
    assert losses[0] > 0


@pytest.mark.parametrize("surface", SURFACES)
def test_the_loss_axis_is_logarithmic_only_above_the_lowest_loss(surface):
    experiment = experiment_on(surface, runs=(Run("SGD"),))
    record = SURFACES[surface]
    loss = simulate(experiment)[0].loss
    curve = scene_of(experiment)["loss"]["data"][0]
    text = scene_of(experiment)["loss"]["layout"]["yaxis"]["title"]["text"]
    if record.bounded:
        gap = np.maximum(loss - record.lowest(), curves.GAP_FLOOR)
        np.testing.assert_allclose(curve["y"], np.log10(gap))
        floored = bool((gap == curves.GAP_FLOOR).any())
        name = "loss" if record.lowest() == 0 else "loss − minimum"
        assert text == name + " (below 1e-16 drawn at 1e-16)" * floored
        ticks = scene_of(experiment)["loss"]["layout"]["yaxis"]["ticktext"]
        assert (ticks[0] == "≤1e-16") == floored
    else:
        assert text == "loss"
        assert (np.diff(curve["y"]) < 0).any()


def test_a_diverging_run_does_not_flatten_the_curves_of_the_others():
    calm = scene_of(experiment_on("Quadratic", runs=(Run("SGD", lr=0.1),)))
    wild = scene_of(experiment_on("Quadratic", runs=(Run("SGD", lr=0.1), Run("SGD", lr=5.0))))
    top = [scene["loss"]["layout"]["yaxis"]["range"][1] for scene in (calm, wild)]
    assert top[0] < top[1] < top[0] + 2


def test_panels_fill_the_figure_in_rows_without_overlap():
    for panels in range(1, MOST_PANELS + 1):
        for columns in {1, 2, 3, scene.columns(panels)}:
            layout = figures.arrangement(panels, columns)["layout"]
            boxes = []
            for panel in range(panels):
                number = "" if panel == 0 else panel + 1
                boxes.append(layout[f"xaxis{number}.domain"] + layout[f"yaxis{number}.domain"])
            for i, (a0, a1, b0, b1) in enumerate(boxes):
                assert 0 <= a0 < a1 <= 1 + 1e-9
                assert 0 <= b0 < b1 <= 1 + 1e-9
                for c0, c1, d0, d1 in boxes[:i]:
                    assert a0 >= c1 or c0 >= a1 or b0 >= d1 or d0 >= b1


def test_only_outer_axes_carry_labels():
    layout = figures.arrangement(5, 3)["layout"]
    shown = [bool(layout[f"xaxis{n}.showticklabels"]) for n in ("", 2, 3, 4, 5)]
    assert shown == [False, False, True, True, True]
    assert [layout[f"yaxis{n}.showticklabels"] for n in ("", 2, 3, 4, 5)] == [
        True,
        False,
        False,
        True,
        False,
    ]


def test_the_scene_of_a_theme_is_in_its_colours():
    experiment = experiment_on("Saddle")
    marks = [Mark.of(i, "run", DARK) for i in range(3)]
    made = scene.scene(scene.Drawing(experiment, simulate(experiment), marks, SIDE_BY_SIDE, DARK))
    assert made["page"] == DARK.page
    assert made["front"]["layout"]["font"]["color"] == DARK.text


def test_a_loss_scale_is_its_own_inverse_and_linear_near_its_centre():
    scale = LossScale(centre=-3.0, width=0.5)
    losses = np.array([-1e9, -4.0, -3.0, -2.9, 0.0, 7.0, 1e12])
    np.testing.assert_allclose(scale.inverse(scale(losses)), losses, rtol=1e-9, atol=1e-12)
    assert scale(-3.0) == 0
    assert scale(-2.99) / scale(-2.995) == pytest.approx(2, rel=1e-3)


def test_ticks_are_round_within_range_and_apart():
    scale = LossScale(0.0, 1.0)
    heights, texts = scale.ticks(0.0, 5.0)
    assert texts[0] == "0"
    assert heights == sorted(heights)
    assert all(0 <= h <= 5 for h in heights)
    assert all(t == "0" or t.strip("0.,e+")[0] in "125" for t in texts)


@pytest.mark.parametrize(
    ("value", "expected"), [(0, 0), (3, 2), (3.5, 5), (-70, -50), (8e9, 1e10), (math.inf, 0)]
)
def test_round_numbers_are_one_two_or_five(value, expected):
    assert round_number(value) == expected


# --- Minima that weight decay moves

MOVED = Run("SGD", 0.01, weight_decay=1.0)


def test_the_minima_that_weight_decay_moves_are_marked_and_named():
    experiment = Experiment("Himmelblau", runs=(MOVED, Run("SGD", 0.01), Run("AdamW", 0.01)))
    front = scene_of(experiment)["front"]
    go.Figure(front)
    (marked,) = traces(front, "moved-")
    assert marked["name"] == "moved-0"
    assert 1 <= len(marked["x"]) <= 4
    for x, y in zip(marked["x"], marked["y"], strict=True):
        gx, gy = SURFACES["Himmelblau"].gradient(x, y)
        assert (gx + x, gy + y) == pytest.approx((0, 0), abs=1e-9)
    first, *others = [note["text"] for note in front["layout"]["annotations"]]
    assert "× minimum moved by weight decay" in first
    assert not any("×" in text for text in others)


def test_in_one_panel_moved_minima_are_marked_once():
    runs = (MOVED, replace(MOVED, lr=0.02), replace(MOVED, weight_decay=2.0))
    experiment = Experiment("Himmelblau", runs=runs)
    front = scene_of(experiment, overlay=True)["front"]
    assert [trace["name"] for trace in traces(front, "moved-")] == ["moved-0", "moved-2"]
    (note,) = front["layout"]["annotations"]
    assert note["text"].count("× minimum moved by weight decay") == 1


def notes_of(experiment: Experiment) -> list[str]:
    annotations = scene_of(experiment)["front"]["layout"]["annotations"]
    return [re.sub("<[^>]*>", "", note["text"]) for note in annotations]


def test_titles_of_compared_optimizers_give_the_values_that_differ_and_how_the_rules_move():
    pair = (Run("SGD", lr=0.0621), Run("Momentum", lr=0.0217, hyper={"momentum": 0.75}))
    first, second = notes_of(experiment_on("Quadratic", runs=pair))
    # The player writes the loss at the clock behind the word.
    assert first == "● SGD rate 0.0621, follows the slope, forgets the pastloss "
    assert second.startswith("◆ Momentum rate 0.0217, momentum 0.75, keeps rolling the way it went")
    same = (Run("Momentum", lr=0.02), Run("Nesterov", lr=0.02))
    assert notes_of(experiment_on("Quadratic", runs=same))[0].startswith("● Momentum keeps rolling")


def test_titles_of_one_rule_at_several_rates_do_not_repeat_how_it_moves():
    rates = (Run("SGD", lr=0.1), Run("SGD", lr=0.05))
    assert notes_of(experiment_on("Quadratic", runs=rates)) == ["● SGDloss ", "◆ SGDloss "]


def test_every_title_has_a_place_for_the_loss_of_its_run():
    for overlay in (False, True):
        front = scene_of(experiment_on("Beale"), overlay)["front"]
        text = "".join(note["text"] for note in front["layout"]["annotations"])
        assert re.findall('data-run="([0-9]+)"', text) == ["0", "1", "2"]


# --- What is read off a run, and the arrows of its steps


def steps_of(run: Run, **changes: Any) -> tuple[Any, dict[str, Any]]:
    experiment = experiment_on("Himmelblau", runs=(run,), **changes)
    (trajectory,) = simulate(experiment)
    ground = scene.ground_of(experiment, [trajectory], SIDE_BY_SIDE)
    (found,) = figures.arrows(experiment, [trajectory], ground)
    return trajectory, found


@pytest.mark.parametrize("convention", ["PyTorch", "Keras"])
@pytest.mark.parametrize("noise", [0.0, 3.0])
def test_momentum_s_arrows_add_up_to_the_next_recorded_point(convention, noise):
    hyper = {"momentum": 0.8, "convention": convention}
    run = Run("Momentum", lr=0.004, hyper=hyper, batch_size=64 if noise else None)
    trajectory, found = steps_of(run, noise=noise)
    assert found["names"] == ["velocity kept", "− rate × gradient"]
    tips = np.stack([found["x"], found["y"]], 1)
    kept = tips - trajectory.path[:-1]
    np.testing.assert_allclose(kept[0], 0, atol=1e-6)
    # The second arrow ends at the next point, so it has to be what its name says.
    second = trajectory.path[1:] - tips
    np.testing.assert_allclose(second, -0.004 * trajectory.gradient, rtol=1e-3, atol=1e-6)
    # And the first is the share of the last step that momentum keeps.
    np.testing.assert_allclose(
        kept[1:], 0.8 * np.diff(trajectory.path, axis=0)[:-1], rtol=1e-3, atol=1e-6
    )


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_arrows_of_every_rule_are_those_of_the_view_into_a_step(optimizer):
    run = Run(optimizer, lr=0.01)
    trajectory, found = steps_of(run)
    experiment = experiment_on("Himmelblau", runs=(run,))
    for k in (0, 1, 7):
        step = inspect_step(experiment, trajectory, k)
        named = {arrow.name: arrow.vector for arrow in step_arrows(step)}
        memory = OPTIMIZERS[optimizer].memory_of(run.hyper)
        assert len(found["names"]) == (1 if memory is None else 2)
        if memory is not None:
            tip = np.array([found["x"][k], found["y"][k]], float)
            np.testing.assert_allclose(
                tip - trajectory.path[k], named[memory.name], rtol=1e-4, atol=1e-6
            )


@pytest.mark.parametrize("surface", [name for name, s in SURFACES.items() if s.valley])
def test_lines_of_minima_are_dotted_and_one_word_names_them(surface):
    back = scene_of(experiment_on(surface, runs=(Run("SGD"),)))["back"]
    lines = traces(back, "valley")
    assert lines
    assert {line["line"]["dash"] for line in lines} == {"dot"}
    named = [t for t in back["data"] if "minima" in (t.get("text") or ())]
    assert named
    for words in named:
        place = words["x"][0], words["y"][0]
        assert math.dist(SURFACES[surface].valley.nearest(*place), place) < 1e-6


@pytest.mark.parametrize(
    ("run", "last"),
    [
        (Run("SGD", lr=0.01), "− rate × gradient"),
        (Run("SGD", lr=0.01, weight_decay=0.5), "− rate × (gradient + decay)"),
        (Run("SGD", lr=0.01, clip_norm=2.0), "− rate × clipped gradient"),
        (
            Run("SGD", lr=0.01, clip_value=2.0, weight_decay=0.5),
            "− rate × (clipped gradient + decay)",
        ),
        (Run("Momentum", lr=0.01, hyper={"convention": "EMA"}), "gradient's part"),
        (Run("Nesterov", lr=0.003), "gradient's part"),
        (Run("Adam", lr=0.05), "gradient's part"),
        (Run("Newton"), "step"),
        (Run("RMSProp", lr=0.05), "step"),
    ],
)
def test_the_last_arrow_is_called_what_it_is(run, last):
    assert steps_of(run)[1]["names"][-1] == last


def test_arrows_and_the_path_to_come_are_drawn_only_on_request():
    plain = scene_of(experiment_on("Beale"), extras=PLAIN)
    assert plain["arrows"] == []
    assert not traces(plain["front"], "faint")
    assert not traces(plain["loss"], "future")
    asked = scene_of(experiment_on("Beale"))
    assert len(asked["arrows"]) == len(traces(asked["front"], "faint")) == 3
    assert [t["line"]["width"] for t in traces(asked["front"], "faint")] == [1.1] * 3
    assert len(traces(asked["loss"], "future")) == 3


def test_of_very_many_steps_no_arrows_are_sent():
    assert scene_of(experiment_on("Beale", steps=2000))["arrows"] == []


def test_a_run_that_is_far_away_but_not_yet_diverged_has_left_the_frame():
    slow = experiment_on("Quadratic", steps=30, runs=(Run("SGD", lr=0.21), Run("SGD", lr=0.1)))
    assert simulate(slow)[0].diverged_at is None
    first, second = notes_of(slow)
    assert "out at update" in first
    assert "left" not in second


@pytest.mark.parametrize("surface", SURFACES)
def test_the_saddle_of_a_surface_that_has_one_is_marked_and_named(surface):
    saddles = [p for p in SURFACES[surface].critical_points() if p.kind == SADDLE]
    back = scene_of(experiment_on(surface, runs=(Run("SGD"),)))["back"]
    (mark,) = traces(back, "saddle")
    expected = [(p.x, p.y) for p in saddles] if len(saddles) == 1 else []
    assert [*zip(mark["x"], mark["y"], strict=True)] == expected
    named = [
        (x, y)
        for words in traces(back, "words")
        for x, y, text in zip(words["x"], words["y"], words["text"], strict=True)
        if text == "saddle"
    ]
    assert named == expected


def test_three_surfaces_have_one_saddle():
    found = {
        name
        for name, surface in SURFACES.items()
        if [p.kind for p in surface.critical_points()].count(SADDLE) == 1
    }
    assert found == {"Saddle", "Local-minima valley", "One hidden unit"}
