"""The ends of many seeds in place of a path: what is drawn, said and offered."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
from test_live import get, scene_of, unpacked

from landscape.language import PSEUDO
from optimizers import Experiment, Run, simulate
from optimizers.maps import Ensemble, Spread
from optimizers.maps.base import noisy
from views.live import kept
from views.live.answer import asked, described
from views.maps import ends
from views.scene import clouds, scene
from views.scene.figures import OVERLAY, SIDE_BY_SIDE, SPACE, marks_of
from views.scene.frames import within
from views.server import save
from views.server.search import large
from views.settings.choice import choose, idle
from views.settings.settings import read, write
from views.settings.watching import ENDS, PATHS, SEEDS_OF_ENDS
from views.theme import LIGHT

VALLEY = Experiment(
    "Local-minima valley",
    start=(1.0, 0.5),
    steps=120,
    noise=8.0,
    runs=(
        Run("SGD", lr=0.05, batch_size=8),
        Run("SGD", lr=0.05),
        Run("Momentum", lr=0.05, batch_size=8, steps=7),
        Run("SGD", lr=9.0, batch_size=8),
    ),
)
LABELS = ("A", "B", "C", "D")
BOWL = replace(VALLEY, surface="Quadratic", start=(-4.0, 2.0), params={}, runs=VALLEY.runs[:2])
SADDLE = replace(BOWL, surface="Monkey saddle", params={}, start=(0.5, 0.5), noise=0.1, steps=8)
LINK = {"noise": "2", "batch": "8", "show": ENDS}


def spread_of(experiment: Experiment, seeds: int = 40) -> Spread:
    return Ensemble(experiment, seeds).compute()


def drawn(experiment: Experiment, spread: Spread, view: str = SIDE_BY_SIDE) -> dict[str, Any]:
    marks = marks_of(LABELS[: len(experiment.runs)], LIGHT)
    return scene.scene(
        scene.Drawing(experiment, simulate(experiment), marks, view, LIGHT, spread=spread)
    )


# --- What is drawn


def test_the_places_are_those_of_each_seeds_own_run():
    spread = spread_of(VALLEY)
    for c, run in enumerate(VALLEY.runs):
        for s in (0, 7, 39):
            (own,) = simulate(replace(VALLEY, seed=s, runs=(run,)))
            for m, at in enumerate(spread.moments[c]):
                if own.diverged_at is not None and at >= own.diverged_at:
                    assert np.isnan(spread.places[c, m, s]).all()
                else:
                    np.testing.assert_array_equal(spread.places[c, m, s], own.path[at])
    assert spread.moments[:, 0].tolist() == [0] * 4
    assert spread.moments[:, -1].tolist() == [120, 120, 7, 120]


@pytest.mark.parametrize("view", [SIDE_BY_SIDE, OVERLAY])
def test_the_picture_holds_the_clouds_and_ends_with_the_ends(view):
    spread = spread_of(VALLEY)
    found = drawn(VALLEY, spread, view)
    box = scene.ground_of(VALLEY, [], view, spread=spread).box
    for c, moves in enumerate(found["clouds"]):
        trace = found["front"]["data"][c]
        assert trace["name"] == f"cloud-{c}"
        assert trace["xaxis"] == ("x" if c == 0 or view == OVERLAY else f"x{c + 1}")
        assert moves["at"] == spread.moments[c].tolist()
        places = np.stack([moves["x"], moves["y"]], axis=-1).reshape(21, -1, 2)
        inside = within(np.nan_to_num(spread.places[c], nan=np.inf).reshape(-1, 2), box)
        inside = inside.reshape(21, -1)
        np.testing.assert_array_equal(places[inside], spread.places[c][inside])
        flat = places.reshape(-1, 2)
        assert not within(flat[~inside.ravel()], box).any()
        np.testing.assert_array_equal(places[-1], np.stack([trace["x"], trace["y"]], axis=-1))
    assert [len(found[name]) for name in ("runs", "arrows")] == [0, 0]
    assert not [t for t in found["front"]["data"] if t["name"].startswith(("path", "head"))]


def test_the_curves_are_the_medians_with_their_bands():
    spread = spread_of(VALLEY)
    found = drawn(VALLEY, spread)
    lowest = VALLEY.objectives[0].lowest()
    for c in (0, 1, 2):
        steps = VALLEY.plan(VALLEY.runs[c]).steps
        row = found["loss"]["data"][2 * c]["y"]
        assert len(row) == steps + 1
        losses = [
            simulate(replace(VALLEY, seed=s, runs=(VALLEY.runs[c],)))[0].loss for s in range(40)
        ]
        ordered = np.sort(losses, axis=0) - lowest
        np.testing.assert_allclose(10**row, ordered[round(0.5 * 39)], rtol=1e-9)
        reading = found["readings"]["runs"][c]
        assert reading["height"] is row
        assert reading["centre"] == lowest
        band = found["loss"]["data"][-4 + c]
        assert band["mode"] == "none"
        low, high = band["y"][: steps + 1], band["y"][steps + 1 :][::-1]
        np.testing.assert_allclose(10**low, ordered[round(0.1 * 39)], rtol=1e-9)
        np.testing.assert_allclose(10**high, ordered[round(0.9 * 39)], rtol=1e-9)
    assert found["loss"]["layout"]["yaxis"]["title"]["text"].endswith("median and 80% of 40 seeds")
    assert found["steps"] == 120


def test_titles_say_how_many_ends_are_outside():
    spread = spread_of(VALLEY)
    ground = scene.ground_of(VALLEY, [], SIDE_BY_SIDE, spread=spread)
    front, _ = clouds.foreground(VALLEY, spread, marks_of(LABELS, LIGHT), False, LIGHT, ground)
    for c, note in enumerate(front["layout"]["annotations"]):
        count = int((~within(np.nan_to_num(spread.end[c], nan=np.inf), ground.box)).sum())
        said = re.search(r"(\d+) outside the frame", note["text"])
        assert (int(said[1]) if said else 0) == count
        assert "median loss" in note["text"]
    assert "40 outside the frame" in front["layout"]["annotations"][3]["text"], "all have diverged"


# --- What is said


def wilson_by_hand(count: int, seeds: int) -> tuple[float, float]:
    """Solve (p - share)^2 = z^2 p (1 - p) / n for p."""
    z2, share = 1.959964**2, count / seeds
    roots = np.roots([1 + z2 / seeds, -(2 * share + z2 / seeds), share**2])
    return float(min(roots.real)), float(max(roots.real))


def test_the_sentence_counts_the_ends_at_a_global_minimum():
    spread = spread_of(VALLEY, 200)
    told = ends.sentence(VALLEY, spread, LABELS)
    points = VALLEY.objectives[0].critical_points()
    best = next(p for p in points if p.kind == "global minimum")
    other = next(p for p in points if p.kind == "local minimum")
    found = dict(re.findall(r"(\w): (\d+) \(", told))
    for c, label in enumerate(LABELS[:3]):
        near = np.hypot(*(spread.end[c] - (best.x, best.y)).T)
        count = int((near < np.hypot(*(spread.end[c] - (other.x, other.y)).T)).sum())
        assert int(found[label]) == count
        low, high = wilson_by_hand(count, 200)
        assert f"{label}: {count} ({100 * low:.0f}% to {100 * high:.0f}%)" in told
    assert told.startswith("So many of 200 seeds end nearest to a global minimum")
    assert found["A"] != "0" == found["B"]
    assert ends.more(spread, LABELS).endswith("Diverged: D: 200.")


def test_without_local_minima_the_sentence_says_how_near_half_of_them_end():
    spread = spread_of(BOWL, 41)
    told = ends.sentence(BOWL, spread, LABELS[:2])
    (said,) = re.findall(r"A: ([\d.]+);", told)
    away = np.sort(np.hypot(*spread.end[0].T))
    assert float(said) == pytest.approx(away[20], rel=0.05)
    assert told.startswith("Half of 41 seeds end within this distance of a global minimum")


def test_without_minima_the_sentence_says_the_median_loss():
    spread = spread_of(SADDLE, 41)
    told = ends.sentence(SADDLE, spread, LABELS[:2])
    (said,) = re.findall(r"A: (\u2212?[\d.]+);", told)
    loss = np.median(SADDLE.objectives[0].loss(*spread.end[0].T))
    assert float(said.replace("\u2212", "-")) == pytest.approx(loss, rel=0.06)
    assert told.startswith("Median loss of 41 seeds")


def test_the_table_has_the_shares_of_all_seeds():
    spread = spread_of(VALLEY, 200)
    head, rows = ends.table(spread, LABELS, "loss")
    assert head[:2] == ["Run", "Median loss"]
    for c, row in enumerate(rows):
        shares = [float(cell.rstrip("%")) for cell in row[2:]]
        assert sum(shares) == pytest.approx(100, abs=1.5)
        assert len(row) == len(head)
        assert row[0] == LABELS[c]


# --- What a link says


def test_a_link_shows_the_ends_and_is_written_as_it_is():
    settings, notes = read(LINK)
    assert notes == []
    assert write(settings)["show"] == [ENDS]
    assert choose(settings).seeds == SEEDS_OF_ENDS
    assert choose(read({**LINK, "show": PATHS})[0]).seeds == 0
    other, (note,) = read({**LINK, "show": "<b>all"})
    assert choose(other).seeds == 0
    assert "show" in note.text()


def test_the_same_link_gives_the_same_bytes_and_another_seed_others():
    query = urlencode(LINK)
    first = bytes(get(f"scene?{query}").body)
    kept.SPREADS.put("nothing", spread_of(VALLEY, 2))
    kept.SPREADS._things.clear()
    again = described(asked(query))
    assert unpacked(first)["id"] == again["id"]
    moves = again["clouds"][0]
    other = described(asked(query + "&seed=1"))["clouds"][0]
    assert not np.array_equal(moves["x"], other["x"])
    # The seeds of the second are those of the first, but for one.
    rows = np.reshape(moves["x"], (21, -1))[-1, 1:], np.reshape(other["x"], (21, -1))[-1, :-1]
    np.testing.assert_array_equal(*rows)


def test_without_noise_paths_are_shown_with_the_reason_and_a_way_out():
    settings, _ = read({"show": ENDS})
    choice = choose(settings)
    assert choice.seeds == 0
    assert choice.notes[-1].text().startswith("The gradients are exact")
    reason = idle(settings, "show")
    assert reason is not None
    changed, notes = settings.changed(reason.changes)
    assert notes == []
    assert noisy(choose(changed).experiment)
    assert choose(changed).seeds == SEEDS_OF_ENDS
    assert idle(changed, "show") is None


def test_runs_that_differ_in_their_seeds_show_paths_and_the_page_says_so():
    link = {"compare": "Seed", "noise": "2", "batch": "1", "show": ENDS}
    choice = choose(read({**link, "seeds": "7, 8"})[0])
    assert (choice.seeds, len(choice.experiment.runs)) == (0, 2)
    assert choice.notes[-1].text().startswith("These runs differ in their seeds only")
    assert choose(read({**link, "seeds": "7"})[0]).seeds == SEEDS_OF_ENDS


def test_in_space_there_are_no_clouds_and_the_page_says_so():
    choice = choose(read({**LINK, "view": SPACE})[0])
    assert (choice.view, choice.seeds) == (SIDE_BY_SIDE, SEEDS_OF_ENDS)
    assert choice.notes[-1].text().startswith("3-D shows paths")


def test_the_answer_tells_of_the_clouds_in_the_language_asked_for():
    told = scene_of(urlencode(LINK))["told"]
    assert told["sentence"].startswith("Half of 200 seeds")
    assert told["head"][1] == "Median excess loss"
    assert len(told["rows"]) == 4
    pseudo = scene_of(urlencode({**LINK, "lang": PSEUDO}))["told"]
    assert "[[" in pseudo["sentence"]
    assert "[[" in pseudo["more"]


# --- While something moves, and in a file


def test_a_picture_in_motion_has_fewer_seeds_where_all_would_take_long():
    frame = scene_of(urlencode(LINK))["frame"]
    few = described(asked(urlencode({**LINK, "frame": frame})))
    assert len(few["clouds"][0]["x"]) == 21 * SEEDS_OF_ENDS
    long = {**LINK, "length": "2000"}
    assert large(read(long)[0])
    assert not large(read(LINK)[0])
    moving = described(asked(urlencode({**long, "frame": frame})))
    still = described(asked(urlencode(long)))
    assert len(moving["clouds"][0]["x"]) == 21 * SEEDS_OF_ENDS // 8
    assert len(still["clouds"][0]["x"]) == 21 * SEEDS_OF_ENDS
    assert "25 seeds" in moving["loss"]["layout"]["yaxis"]["title"]["text"]


def test_the_file_of_the_page_holds_the_clouds():
    text = save.file("html", write(read(LINK)[0]), None)
    (packed,) = re.findall(r'show\(document.getElementById\("player"\), bytes\("([^"]+)"\)\)', text)
    assert len(unpacked(base64.b64decode(packed))["clouds"]) == 4
