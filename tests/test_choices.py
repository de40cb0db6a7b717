"""Everybody chooses a rate: what becomes of each run, what is said of all, and what is drawn."""

from __future__ import annotations

import math

import numpy as np
import plotly.graph_objects as go
import pytest

from landscape.language import LANGUAGES, language, number
from views.classroom import cards, rates
from views.classroom.questions import RATE, number_text
from views.classroom.store import Class
from views.lessons import LESSONS
from views.lessons.outcome import outcome
from views.theme import DARK, LIGHT

# By rate, as the class of the design: some slide, some zigzag, some never come down.
COUNTS = {"0.001": 2, "0.01": 40, "0.02": 25, "0.03": 30, "0.038": 3, "0.04": 20, "0.1": 3}


def test_what_becomes_of_a_run_is_decided_by_its_curvature_across_the_valley():
    """On a quadratic y is multiplied by 1 - 50 rate at every update."""
    limit, best, low, high = rates.theory()
    assert (limit, low, high) == (0.04, 1.0, 50.0)
    assert best == pytest.approx(2 / 51)
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
        "From 0.04 = 2 / 50 on nobody comes down.",
        "Half of the class chose 0.02 or less.",
    ]
    assert "{count}" not in " ".join(rates.kind_words(found).values())


def test_what_nobody_did_is_not_said_of_anybody():
    assert rates.measured(rates.chosen({"0.01": 1}))[1].startswith("Nobody chose 0.04")
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
        for revealed in (False, True):
            found = Class("AAAA", "", RATE, 1, False, revealed, 0.0, 1.0)
            # What was answered is not told before it is revealed.
            assert ("choice" in cards.told(found, COUNTS, LIGHT)) == revealed
