"""Everybody chooses a rate, or a start: what becomes of each run, and what is said and drawn."""

from __future__ import annotations

import math
from urllib.parse import parse_qsl

import numpy as np
import plotly.graph_objects as go
import pytest

from landscape.language import LANGUAGES, language, number
from views.classroom import cards, rates, starts
from views.classroom.choosing import AnswerError, number_text
from views.classroom.store import Class
from views.lessons import LESSONS
from views.lessons.lesson import LETTERS, filled
from views.lessons.outcome import outcome
from views.settings.settings import read
from views.theme import DARK, LIGHT

# By rate, as the class of the design: some slide, some zigzag, some never come down.
COUNTS = {"0.001": 2, "0.01": 40, "0.02": 25, "0.03": 30, "0.038": 3, "0.04": 20, "0.1": 3}


def test_what_becomes_of_a_run_is_decided_by_its_curvature_across_the_valley():
    """On a quadratic y is multiplied by 1 - 50 rate at every update."""
    assert rates.theory() == (0.04, 1.0, 50.0)
    found = rates.chosen({number_text(rate): 1 for rate in np.geomspace(1e-6, 100, 400)})
    assert len(found) == 400
    for choice in found:
        factor = 1 - 50 * choice.rate
        expected = rates.SLIDES if factor >= 0 else rates.ZIGZAGS if factor > -1 else rates.NEVER
        assert choice.kind == expected, choice.rate
    by_rate = rates.chosen({"0.02": 1, "0.0200001": 1, "0.0399999": 1, "0.04": 1})
    assert [choice.kind for choice in by_rate] == [
        *(rates.SLIDES, rates.ZIGZAGS, rates.ZIGZAGS, rates.NEVER)
    ]


def test_no_rate_is_better_than_the_one_that_is_called_best():
    """Of the loss after 30 updates, in closed form."""

    def loss(rate):
        return 0.5 * (16 * (1 - rate) ** 60 + 50 * (1 - 50 * rate) ** 60)

    tried = np.linspace(1e-6, 0.1, 1_000_001)
    best = tried[np.argmin(loss(tried))]
    assert rates.best() == (pytest.approx(best, rel=1e-3), pytest.approx(loss(best), rel=1e-4))


def test_what_is_said_holds():
    found = rates.chosen(COUNTS)
    students = np.repeat([c.rate for c in found], [c.count for c in found])
    assert rates.kinds(found) == {rates.SLIDES: 67, rates.ZIGZAGS: 33, rates.NEVER: 23}
    ends = {rate: 0.5 * ((-4 * (1 - rate) ** 30) ** 2 + 50 * (1 - 50 * rate) ** 60)
            for rate in map(float, COUNTS)}  # fmt: skip
    lowest = min(ends, key=ends.__getitem__)
    assert rates.lowest(found).rate == lowest == 0.038
    assert rates.lowest(found).loss == pytest.approx(ends[lowest])
    assert all((choice.rate >= 0.04) == (choice.kind == rates.NEVER) for choice in found)
    half = rates.median(found)
    assert (students <= half).mean() >= 0.5
    assert (students >= half).mean() >= 0.5
    assert rates.measured(found) == [
        f"Lowest loss {number(ends[lowest])} at rate 0.038, from 33.",
        "No rate leaves less than 0.81, which 0.0377 does.",
        "From 0.04 = 2 / 50 on nobody comes down.",
        "Half of the class chose 0.02 or less.",
    ]
    assert "{count}" not in " ".join(rates.kind_words(found).values())


def test_a_rate_below_the_limit_is_not_written_as_the_limit():
    (only,) = rates.chosen({"0.0399999": 1})
    assert "at rate 0.0399999, " in rates.measured([only])[0]
    assert rates.told({"0.0399999": 1}, LIGHT)["label"] == "The path of 1 run into the valley"


def test_what_nobody_did_is_not_said_of_anybody():
    assert rates.measured(rates.chosen({"0.01": 1}))[2].startswith("Nobody chose 0.04")
    assert rates.measured([]) == []
    (only,) = rates.chosen({"100": 5})
    assert only.kind == rates.NEVER
    assert not any("Lowest" in said for said in rates.measured([only]))
    assert [*rates.kind_words(rates.chosen({"0.01": 1})).values()] == [
        "1 slides down without a zigzag",
        "0 zigzag and come down",
        "0 never come down",
    ]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize("counts", [COUNTS, {}, {"100": 1}, {"1e-06": 3, "99.5": 1}], ids=str)
def test_pictures_are_figures_that_hold_every_run(counts, theme):
    found = rates.chosen(counts)
    runs = rates.picture(found, theme)
    go.Figure(runs)
    paths = [trace for trace in runs["data"] if trace.get("meta") == "path"]
    heads = [trace for trace in runs["data"] if trace.get("meta") == "head"]
    assert [trace["line"]["color"] for trace in paths] == [
        *(theme.runs[rates.COLOURS[kind]] for kind in (rates.NEVER, rates.ZIGZAGS, rates.SLIDES)),
        theme.text,
    ]
    # A gap after each path, and a head for each, the lowest once more in ink.
    gaps = [trace["x"].count(None) for trace in paths]
    assert gaps == [len(trace["x"]) for trace in heads]
    assert sum(gaps[:3]) == len(counts)
    numbers = [
        value for trace in paths for value in (*trace["x"], *trace["y"]) if value is not None
    ]
    assert np.isfinite(numbers).all()
    bars = rates.histogram(found, theme)
    go.Figure(bars)
    assert sum(map(sum, (trace["y"] for trace in bars["data"]))) == sum(counts.values())


def test_no_bar_has_rates_from_both_sides_of_the_limit():
    counts = {number_text(rate): 1 for rate in np.geomspace(0.03, 0.05, 101)} | {"0.04": 1}
    found = rates.chosen(counts)
    edges = rates.bins(found)
    assert np.abs(edges - math.log10(0.04)).min() < 1e-9
    slides, zigzags, never = (np.array(t["y"]) for t in rates.histogram(found, LIGHT)["data"])
    assert not ((slides + zigzags > 0) & (never > 0)).any()


# --- Everybody chooses a start

PLACES = {"3,2.5": 40, "-2.8,3.1": 5, "5.9,4.9": 7, "-4,-4": 20, "0,0": 3, "5.5,-4.5": 2}


def test_where_a_run_ends_is_where_it_ends_after_many_more_updates():
    """By a loop of its own: Himmelblau's gradient by hand, 2,000 updates, the nearest minimum."""
    generator = np.random.default_rng(1)
    points = np.array([(p.x, p.y) for p in starts.minima()])
    texts = {
        f"{x:.2f},{y:.2f}": 1
        for x, y in zip(generator.uniform(-6, 6, 200), generator.uniform(-5, 5, 200), strict=True)
    }
    found = starts.chosen(texts)
    assert len(found) == len(texts)
    xy = np.array([each.start for each in found])
    first, velocity = xy.copy(), np.zeros_like(xy)
    for _ in range(2000):
        (x, y), one, two = xy.T, xy[:, 0] ** 2 + xy[:, 1] - 11, xy[:, 0] + xy[:, 1] ** 2 - 7
        slope = np.stack([4 * x * one + 2 * two, 2 * one + 4 * y * two], axis=1)
        velocity = 0.9 * velocity - 0.002 * slope
        xy = xy + velocity

    def which(place):
        return np.hypot(*(place[:, None] - points).T).argmin(axis=0)

    assert [each.where for each in found] == which(xy).tolist()
    assert [each.beside for each in found] == which(first).tolist()
    assert {each.where for each in found} == {0, 1, 2, 3}


def test_what_is_said_of_starts_holds():
    found = starts.chosen(PLACES)
    past = sum(each.count for each in found if each.where != each.beside)
    assert 0 < past < 77
    said, of_all = starts.measured(found)
    assert said == f"{past} of 77 do not end at the minimum nearest to their start."
    x, y = np.random.default_rng(2).uniform((-6, -5), (6, 5), (2000, 2)).T
    others = starts.chosen({f"{a:.4f},{b:.4f}": 1 for a, b in zip(x, y, strict=True)})
    share = np.mean([each.where != each.beside for each in others])
    assert starts.passing() == pytest.approx(share, abs=0.03)
    assert f" {100 * starts.passing():.0f}% " in of_all
    words = [*starts.kind_words(found).values()]
    assert [int(word.split()[0]) for word in words] == [
        sum(each.count for each in found if each.where == place) for place in range(4)
    ]
    assert starts.measured([]) == []
    one = starts.chosen({"0,0": 1})
    assert starts.measured(one)[0].split()[:3] in (["0", "of", "1"], ["1", "of", "1"])


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize("counts", [PLACES, {}, {"0,0": 1}], ids=str)
def test_pictures_of_starts_hold_every_run(counts, theme):
    found = starts.chosen(counts)
    runs = starts.picture(found, theme)
    go.Figure(runs)
    paths = [trace for trace in runs["data"] if trace.get("meta") == "path"]
    heads = [trace for trace in runs["data"] if trace.get("meta") == "head"]
    assert [trace["x"].count(None) for trace in paths] == [len(trace["x"]) for trace in heads]
    assert sum(len(trace["x"]) for trace in heads) == len(counts)
    for each in found:
        short, whole = starts.settled(each.trajectory.path), each.trajectory.path
        assert np.hypot(*(whole[len(short) - 1 :] - whole[-1]).T).max() <= starts.STILL
    bars = starts.histogram(found, theme)
    go.Figure(bars)
    assert sum(map(sum, (trace["y"] for trace in bars["data"]))) == sum(counts.values())


def test_a_start_is_a_point_of_the_picture():
    assert starts.checked("1.50,-2") == "1.5,-2"
    assert starts.checked(" -6 , 5 ") == "-6,5"
    for wrong in ("", "1", "1,2,3", "7,0", "0,-5.1", "nan,0", "0,inf", "x,y", "1;2"):
        with pytest.raises(AnswerError):
            starts.checked(wrong)
    form = starts.form(LIGHT)
    assert form["box"] == starts.BOX
    assert form["ground"].startswith("zz/ground?surface=Himmelblau")


# --- What a teacher's page shows


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_teachers_page_has_the_words_of_every_card(code):
    with language(code):
        for name, lesson in [*LESSONS.items()][:2]:
            for place in range(len(lesson.cards)):
                found = Class("AAAA", "", name, place + 1, True, False, 0.0, 1.0)
                told = cards.told(found, {}, LIGHT)
                assert len(told["answers"]) == len(lesson.cards[place].answers)
                assert told["title"]
                assert told["question"]
                assert "{" not in str(told["answers"]) + told["said"]
                assert outcome(name, str(place + 1)).right
        for choice, counts in ((rates.RATE, COUNTS), (starts.START, PLACES)):
            for revealed in (False, True):
                found = Class("AAAA", "", choice.name, 1, False, revealed, 0.0, 1.0)
                # What was answered is not told before it is revealed.
                told = cards.told(found, counts, LIGHT)
                assert ("found" in told) == revealed


def test_a_revealed_card_says_what_its_lesson_says():
    name, lesson = "zigzag", LESSONS["zigzag"]
    for revealed in (False, True):
        found = Class("AAAA", "", name, 2, False, revealed, 0.0, 1.0)
        told = cards.told(found, {"a": 1}, LIGHT)
        card, measured = lesson.cards[1], outcome(name, "2")
        assert ("found" in told) == revealed
    (right,) = measured.right
    assert told["found"]["right"] == [LETTERS[right]]
    assert told["found"]["measured"] == [filled(card.measured, measured.numbers)]
    assert told["found"]["why"] == filled(card.why, measured.numbers)
    go.Figure(told["found"]["runs"])
    # The link opens the card with its runs at their ends: as answered.
    query = dict(parse_qsl(told["found"]["played"].partition("?")[2]))
    settings, notes = read(query)
    assert (notes, settings["lesson"], settings["card"]) == ([], name, "2")
    assert settings["answers"] == f"-{LETTERS[right]}"
