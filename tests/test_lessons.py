"""Lessons: exactly one answer of every card is right, and what is measured says which."""

from __future__ import annotations

import html
import itertools
import json
import re
import string
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs

import numpy as np
import plotly.graph_objects as go
import pytest
import streamlit as st
from conftest import ROOT, answer_of
from streamlit.testing.v1 import AppTest
from test_texts import escaped, page_texts

from landscape.language import LANGUAGES, language
from landscape.record import LOWEST_KINDS, MINIMUM_KINDS, SADDLE
from optimizers import Experiment, Run, simulate, sweep
from optimizers.analysis.measures import largest_curvature
from optimizers.analysis.statements import Factor, said
from views.classroom import member
from views.lessons import LESSONS, measures, page, sheet, small
from views.lessons import outcome as outcomes
from views.lessons.index import CONDITIONAL, COURSE, FAILS, MISCONCEPTIONS, cards_on
from views.lessons.lesson import FEWEST_CARDS, LETTERS, MOST_CARDS, Card, Runs, filled
from views.lessons.outcome import FAULT, FULL, Measuring, outcome
from views.lessons.page import ASK, DONE, RUN, in_lab
from views.live.answer import Asked, described
from views.scene.figures import OVERLAY, SIDE_BY_SIDE
from views.server.jobs import Jobs
from views.server.server import OWN
from views.settings import session
from views.settings.choice import choose, planned
from views.settings.settings import Settings, read, write
from views.settings.teaching import BESIDE, PARTS
from views.settings.watching import SPEEDS
from views.share import share
from views.theme import THEMES

CARDS = {
    f"{lesson.name} {place + 1}": (lesson.name, str(place + 1), card)
    for lesson in LESSONS.values()
    for place, card in enumerate(lesson.cards)
}
every_card = pytest.mark.parametrize("name", CARDS)


def fields(message: str) -> set[str]:
    """Return the names of a message's placeholders."""
    return {name for _, name, _, _ in string.Formatter().parse(message) if name}


def texts_of(card: Card) -> list[str]:
    """Return the texts of a card that numbers are put into."""
    answers = (answer.text for answer in card.answers)
    return [card.text, card.question, card.measured, card.why, *answers]


# --- The cards


@every_card
def test_exactly_one_answer_is_right_by_what_is_measured_now(name):
    lesson, number, card = CARDS[name]
    settings = Settings({"lesson": lesson, "card": number})
    experiment = choose(settings).experiment
    # Measured here, of runs made here, and not by what the page keeps.
    numbers = card.measure(Runs(experiment, simulate(experiment)))
    right = [place for place, answer in enumerate(card.answers) if answer.holds(numbers)]
    assert len(right) == 1, {key: numbers[key] for key in numbers}
    assert tuple(right) == outcome(lesson, number).right


@every_card
def test_every_number_of_a_card_is_one_that_was_measured(name):
    lesson, number, card = CARDS[name]
    numbers = outcome(lesson, number).numbers
    assert fields(card.measured), "the sentence says what was measured"
    for text in texts_of(card):
        assert fields(text) <= {*numbers}
        bare = re.sub(r"\{[^}]*\}|\bL[12]\b", "", text)
        if text == card.why:  # whose formulas have 0, 1 and 2
            bare = re.sub(r"\b[012]\b(?!\.\d)|, \d{4}\)", "", bare)
        assert not re.search(r"\d", bare), text
        for code in LANGUAGES:
            with language(code):
                assert "{" not in filled(text, numbers)


@every_card
def test_a_factor_of_a_card_is_the_quotient_of_two_numbers_that_it_says(name):
    lesson, number, card = CARDS[name]
    numbers = outcome(lesson, number).numbers
    texts = texts_of(card)
    # "300 times as steep as it is flat" is what the condition number says by itself.
    named = set(re.findall(r"\{(\w+)\} times (?:as|the)", " ".join(texts))) - {"condition"}
    keys = set().union(*map(fields, texts))
    factors = named | {key for key in keys if isinstance(numbers[key], Factor)}
    texts = (said(numbers[key]).replace(",", "") for key in keys - factors)
    others = {float(text) for text in texts if re.fullmatch(r"[\d.e-]+", text)}
    for key in factors:
        assert isinstance(numbers[key], Factor)
        found = {said(Factor(a / b)) for a in others for b in others - {0.0}}
        assert said(numbers[key]) in found, (key, said(numbers[key]))


STEEPEST = {  # curvature at the minimum, by surface
    name: largest_curvature(Experiment(name).objectives[0]) for name in ("Quadratic", "Rosenbrock")
}
CLAIMED = {  # what a card's words say of its numbers beside the answers
    "rate 5": lambda n: n["early"] < n["start"] / 10 and n["good"] < n["high"],
    "zigzag 2": lambda n: n["lower"] < n["rate"],
    "zigzag 3": lambda n: n["shrinking"] < n["start"],
    "batch 6": lambda n: [n[k].bit_count() == 1 for k in ("small", "even", "large")] == [1, 0, 1],
    "schedule 3": lambda n: n["third"] / n["second"] == pytest.approx(n["last"] / n["third"]),
    "schedule 4": lambda n: n["step"],
    "schedule 5": lambda n: n["larger"] / n["size"] == pytest.approx(n["rate"] / n["lower"]),
    "noise 5": lambda n: n["more"] == n["medium"] / n["small"],
    "adaptive 3": lambda n: max(n["first_off"], n["second_off"], n["third_off"]) < 0.3,
    "adaptive 5": lambda n: n["momentum_after"] == pytest.approx(n["momentum_before"]),
    "edge 1": lambda n: n["low"] < n["limit"] < n["high"],
    "edge 2": lambda n: min(n["first"], n["second"], n["third"]) > 2 / n["start"],
    "edge 4": lambda n: n["low"] < n["limit"] < n["high"] < 2 * n["limit"],
}
SAYING = {  # some of the words, so that no claim moves to another card
    "rate 5": "with noise",
    "zigzag 2": "The same run",
    "zigzag 3": "swings",
    "batch 6": "power of two",
    "schedule 3": "Step decay",
    "schedule 4": "steep start",
    "schedule 5": "hover",
    "noise 5": "Updates until",
    "adaptive 3": "RMSProp at three",
    "adaptive 5": "turned by",
    "edge 1": "gets sharper",
    "edge 2": "beyond the limit",
    "edge 4": "limit of the rate",
}


@pytest.mark.parametrize("name", CLAIMED)
def test_what_a_card_says_of_its_numbers_is_so(name):
    lesson, number, card = CARDS[name]
    assert SAYING[name] in card.text
    numbers = outcome(lesson, number).numbers
    assert CLAIMED[name](numbers), {key: numbers[key] for key in numbers}


def test_the_walls_of_the_second_surface_of_a_lesson_are_far_steeper_than_those_of_the_first():
    assert STEEPEST["Rosenbrock"] > 50 * STEEPEST["Quadratic"]


@every_card
def test_a_card_shows_what_its_own_link_shows_and_gives_nothing_away(name):
    lesson, number, card = CARDS[name]
    alone, notes = read(card.shows)
    assert notes == []
    there, notes = read({"lesson": lesson, "card": number})
    assert notes == []
    assert planned(there).experiment == planned(alone).experiment
    assert planned(there).view == planned(alone).view
    assert not planned(there).extras.arrows
    assert not planned(there).extras.future
    assert not planned(there).preset, "its title and claim would tell"


@pytest.mark.parametrize("lesson", LESSONS.values(), ids=LESSONS)
def test_no_card_draws_what_the_next_one_asks_about(lesson):
    def drawn(card: Card) -> list[Experiment]:
        settings, _ = read(card.shows)
        experiment = planned(settings).experiment
        return [replace(experiment, runs=(run,)) for run in experiment.runs]

    for card, following in itertools.pairwise(lesson.cards):
        before = drawn(card)
        assert any(one not in before for one in drawn(following)), following.question


@every_card
@pytest.mark.parametrize("view", [SIDE_BY_SIDE, OVERLAY])
def test_what_tells_how_a_run_ends_is_marked_in_the_titles_to_be_hidden(name, view):
    lesson, number, _ = CARDS[name]
    settings = Settings({"lesson": lesson, "card": number, "view": view})
    labels = planned(settings).labels
    told = described(Asked(settings))
    for note in told["front"]["layout"]["annotations"]:
        shown = re.sub(r'<span class="zz-told".*?</span>', "", note["text"])
        words = set(re.sub(r"<.*?>", "\n", shown).split("\n"))
        for word in {word.strip(" \u2002●◆▲■") for word in words} - {"", "&ensp;"}:
            assert word in {*labels, "loss", "median loss"}


def test_runs_have_names_in_the_language_that_is_current_whatever_was_when_first_asked():
    settings = Settings({"lesson": "batch", "card": "1", "lang": "ko"})
    assert planned(settings).labels[0] == "batch 100"  # as a callback asks
    with language("ko"):
        assert planned(settings).labels[0] == "배치 100"


@every_card
def test_the_lab_opens_on_what_a_card_shows(name):
    lesson, number, card = CARDS[name]
    settings, notes = read(card.lab or card.shows)
    assert notes == []
    kept = in_lab(Settings({"lesson": lesson, "card": number, "lang": "ko", "answers": "a"}))
    assert kept == Settings({**settings.values, "lang": "ko"})


@pytest.mark.parametrize("lesson", LESSONS.values(), ids=list(LESSONS))
def test_a_lesson_has_some_cards_with_a_few_answers(lesson):
    assert FEWEST_CARDS <= len(lesson.cards) <= MOST_CARDS
    assert [each.place for each in LESSONS.values()] == [*range(1, len(LESSONS) + 1)]
    assert 5 <= lesson.minutes <= 40
    for card in lesson.cards:
        assert 2 <= len(card.answers) <= len(LETTERS)
        assert len({answer.text for answer in card.answers}) == len(card.answers)


# --- Measured once, for all who ask


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[Jobs]:
    """Jobs of which none has been made, so that every card is measured anew."""

    class Counted(Jobs):
        asked = threading.Semaphore(0)

        def join(self, *arguments: Any, **more: Any) -> Any:
            job = super().join(*arguments, **more)
            self.asked.release()
            return job

    jobs = Counted()
    monkeypatch.setattr(outcomes, "JOBS", jobs)
    outcome.cache_clear()
    yield jobs
    outcome.cache_clear()


def test_a_card_is_measured_once_for_two_who_open_it_at_the_same_time(fresh, monkeypatch):
    measured, opened = [], threading.Event()
    compute = Measuring.compute

    def slow(self: Measuring, *arguments: Any) -> Any:
        measured.append(self)
        assert opened.wait(30)
        return compute(self, *arguments)

    monkeypatch.setattr(Measuring, "compute", slow)
    with ThreadPoolExecutor(2) as visitors:
        first, second = (visitors.submit(outcome, "zigzag", "1") for _ in range(2))
        for _ in range(2):
            assert fresh.asked.acquire(timeout=30)
        opened.set()
        assert first.result(30) is second.result(30)
    outcome("zigzag", "1")
    assert len(measured) == 1


@pytest.mark.parametrize("what", ["fault", "full"])
def test_a_card_that_cannot_be_measured_says_so_and_leads_on(fresh, monkeypatch, what):
    def broken(*_: Any) -> Any:
        raise ArithmeticError("no such number")

    with monkeypatch.context() as patched:
        if what == "fault":
            patched.setattr(Measuring, "compute", broken)
            told = FAULT.format(reason="ArithmeticError: no such number")
        else:
            patched.setattr("views.server.jobs.MOST_WAITING", 0)
            told = FULL
        app = page_of(lesson="zigzag", card="3")
        assert [warning.value for warning in app.warning] == [told]
        assert phase_of(app) == ASK
        found = answer_of(sheet.serve, "lang=en", name="zigzag")
        assert found.status_code == (503 if what == "full" else 500)
        assert found.body.decode() == told
        teacher = teachers_page_of("zigzag")
        assert {warning.value for warning in teacher.warning} == {told}
        app.button(key="next").click()
        app.run()
        assert app.query_params["card"] == "4"
    app.run()
    assert not app.warning, "what went wrong is not kept"
    assert app.button(key="answer 0")


def test_the_updates_of_a_batch_are_those_of_the_exact_moments():
    experiment = choose(Settings({"lesson": "noise", "card": "5"})).experiment
    numbers = outcome("noise", "5").numbers
    curvatures, (x, y) = (0.1, 2.0), experiment.start
    for name, run in zip(("first", "second", "third", "fourth"), experiment.runs, strict=True):
        count, size = experiment.samples, run.batch_size
        variance = experiment.noise**2 / size * (count - size) / (count - 1)

        def after(lr: float, steps: int, variance: float = variance) -> float:
            """Return the expected loss of two axes by the closed form of their recursions."""
            total = 0.0
            for h, start in zip(curvatures, (x, y), strict=True):
                rho = (1 - lr * h) ** 2
                steady = lr**2 * variance / (1 - rho)
                total += h / 2 * (steady + rho**steps * (start**2 - steady))
            return total

        def lowest(steps: int) -> float:
            """Return the lowest expected loss after so many steps over a fine grid of rates."""
            return min(after(lr, steps) for lr in np.geomspace(1e-2, 0.99, 4001))

        # The card tries fewer rates: it may need a step more, never one less.
        assert lowest(numbers[name]) < numbers["target"]
        assert lowest(numbers[name] - 2) >= numbers["target"]
        found = sweep(replace(experiment, steps=40), run, lr=0.2, seed=np.arange(4000)).loss
        error = 5 * found.std() / len(found) ** 0.5
        expected = measures.expected_losses(experiment.plan(run), np.array([0.2]), 40)
        assert found.mean() == pytest.approx(expected[-1, 0], abs=error)
        assert expected[-1, 0] == pytest.approx(after(0.2, 40))


def test_expected_losses_are_of_a_quadratic_and_those_of_the_full_batch_exact():
    run = Run("SGD", 0.1)
    bumpy, bowl = (
        Experiment(name, steps=3, runs=(run,), noise=1.0) for name in ("Rosenbrock", "Quadratic")
    )
    with pytest.raises(ValueError, match="must be a quadratic"):
        measures.expected_losses(bumpy.plan(run), np.array([0.1]), 3)
    expected = measures.expected_losses(bowl.plan(run), np.array([0.1]), 3)
    np.testing.assert_allclose(expected[:, 0], simulate(bowl)[0].loss, rtol=1e-12)


def test_no_rate_of_the_best_is_above_a_run_that_is_shown():
    numbers = outcome("momentum", "5").numbers
    assert numbers["best"] <= numbers["sgd"]
    numbers = outcome("adaptive", "4").numbers
    assert numbers["nearest"] <= numbers["sgd"] < 1.01 * numbers["nearest"]


# --- What the course says


def test_what_holds_in_part_or_not_at_all_says_what_does():
    names = [sentence.name for sentence in (*COURSE, *MISCONCEPTIONS)]
    assert len({*names}) == len(names)
    for sentence in (*COURSE, *MISCONCEPTIONS):
        if sentence.standing in (CONDITIONAL, FAILS):
            assert sentence.but
    assert {sentence.standing for sentence in MISCONCEPTIONS} == {FAILS}


@pytest.mark.parametrize("sentence", [*COURSE, *MISCONCEPTIONS], ids=lambda each: each.name)
def test_every_sentence_has_a_card_that_measures_it(sentence):
    covering = [card for _, _, card in CARDS.values() if sentence.name in card.covers]
    assert covering
    assert len([*cards_on(sentence.name)]) == len(covering)


def test_a_card_covers_what_the_index_lists_and_nothing_else():
    names = {sentence.name for sentence in (*COURSE, *MISCONCEPTIONS)}
    for _, _, card in CARDS.values():
        assert {*card.covers} <= names
        assert card.covers


# --- Links


def test_a_lesson_begins_anew_and_keeps_how_the_page_stands():
    before = Settings({"surface": "Beale", "lang": "ko", "hide": ("save",), "length": 7})
    lesson, *_ = LESSONS
    opened, notes = before.changed({"lesson": lesson})
    assert notes == []
    assert opened.values == {"lesson": lesson, "lang": "ko", "hide": ("save",)}
    answered, _ = opened.changed({"card": "2", "answers": "-a"})
    assert write(answered)["answers"] == ["-a"]
    assert read(write(answered)) == (answered, [])
    left, _ = answered.changed({"lesson": ""})
    assert left.values.get("lesson") is None


@pytest.mark.parametrize(
    ("query", "used", "told"),
    [
        ({"lesson": "none", "card": "2"}, {"card": "2"}, "`lesson` = `none` was not accepted"),
        ({"lesson": "rate", "card": "0"}, {"lesson": "rate"}, "`card` = `0` was not accepted"),
        ({"lesson": "rate", "card": "99"}, {"lesson": "rate"}, "`card` = `99` was not accepted"),
        ({"lesson": "rate", "card": "nan"}, {"lesson": "rate"}, "`card` = `nan`"),
        ({"lesson": "zigzag", "card": "7"}, {"lesson": "zigzag"}, "`card` = `7`"),
        ({"lesson": "rate", "answers": "<b>"}, {"lesson": "rate"}, "`answers` = `?b?`"),
        ({"lesson": "rate", "answers": "a" * 99}, {"lesson": "rate"}, "`answers` = `aaa"),
        ({"lesson": "rate", "length": "9"}, {"lesson": "rate"}, "`length` = `9` has no place"),
        ({"lesson": "rate", "preset": "zigzag"}, {"lesson": "rate"}, "has no place beside a"),
        ({"hide": "save,zzz"}, {"hide": ("save",)}, "`hide` = `save,zzz`"),
        ({"lock": "lesson"}, {}, "`lock` = `lesson` was not accepted."),
        ({"answers": "zzz"}, {}, "`answers` = `zzz` was not accepted."),
        ({"hide": "lesson"}, {}, "`hide` = `lesson` was not accepted."),
        ({"autoplay": "yes"}, {}, "`autoplay` = `yes`"),
    ],
    ids=str,
)
def test_a_hostile_link_falls_back_with_a_message(query, used, told):
    settings, notes = read(query)
    assert dict(settings.values) == used
    assert len(notes) == 1
    assert told in notes[0].text()
    assert "``" not in notes[0].text()
    assert planned(settings).experiment


# --- The page


def lessons_page() -> None:
    """Draw the lessons' page as the header's navigation does."""
    from landscape.language import language
    from views.lessons import page
    from views.navigation import theme
    from views.settings import session

    settings, _ = session.opened("lessons")
    with language(settings["lang"]):
        page.draw(settings, theme(), lambda: None)


def page_of(**link: Any) -> AppTest:
    """Return the lessons' page as a link opens it."""
    app = AppTest.from_function(lessons_page, default_timeout=120)
    for name, value in link.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def phase_of(app: AppTest) -> str:
    """Return the phase that the player is told."""
    told = [json.loads(part.proto.json or "{}") for part in app.get("bidi_component")]
    (page,) = (found for found in told if "act" in found)
    assert page["fixed"]
    assert page["plays"] == (page["act"] == RUN)
    assert page["clock"][0] == ("0" if page["act"] == ASK else "")
    return str(page["act"])


def html_of(app: AppTest) -> str:
    """Return all HTML of a page, unescaped."""
    return html.unescape("".join(part.proto.body for part in app.get("html")))


def test_the_page_lists_all_lessons_and_begins_one():
    app = page_of()
    assert not app.get("bidi_component")
    for lesson in LESSONS.values():
        assert lesson.finds in html_of(app)
    app.button(key="begin zigzag").click()
    app.run()
    assert app.query_params["lesson"] == "zigzag"
    assert phase_of(app) == ASK
    assert "Card 1 of 4" in html_of(app)


def test_an_answer_is_locked_the_runs_play_and_then_it_says_what_was_measured():
    lesson, number, card = CARDS["zigzag 3"]
    said = filled(card.measured, outcome(lesson, number).numbers)
    app = page_of(lesson=lesson, card=number)
    assert phase_of(app) == ASK
    assert said not in html_of(app)
    app.button(key="answer 0").click()
    app.run()
    assert phase_of(app) == RUN
    assert app.query_params["answers"] == "--a"
    assert said not in html_of(app)
    assert 'class=" zz-right"' not in html_of(app)
    assert not [button for button in app.button if (button.key or "").startswith("answer")]
    app.button(key="skip").click()
    app.run()
    assert phase_of(app) == DONE
    assert said in html_of(app)
    assert html_of(app).count(' zz-right"') == 1
    # On reload the answer is still there, and nothing plays.
    again = page_of(lesson=lesson, card=number, answers="--a")
    assert phase_of(again) == DONE
    assert said in html_of(again)
    again.button(key="next").click()
    again.run()
    assert phase_of(again) == ASK
    assert again.query_params["card"] == "4"
    assert again.query_params["answers"] == "--a"


# --- A card in a class

AT = member.Standing("zigzag", 2, open=True)


def in_class(standing: member.Standing | None, answers: str = "") -> AppTest:
    """Return the second card of a lesson, in a class that stands so."""
    app = page_of(lesson="zigzag", card="2", answers=answers, **{"class": "AB23"})
    app.session_state[member.STANDING] = "AB23", standing
    app.run()
    assert not app.exception
    return app


def offered(app: AppTest) -> list[bool]:
    """Return of each answer that can be seen whether it can be given."""
    return [not b.disabled for b in app.button if (b.key or "").startswith("answer")]


def test_a_card_of_a_class_waits_until_it_is_revealed():
    said = filled(CARDS["zigzag 2"][2].measured, outcome("zigzag", "2").numbers)
    closed, revealed = replace(AT, open=False), replace(AT, open=False, revealed=True)
    for standing in (None, AT):
        app = in_class(standing)
        app.button(key="answer 1").click()
        app.run()
        # It may be changed as long as answers are open.
        assert (phase_of(app), said in html_of(app)) == (ASK, False)
        assert app.query_params["answers"] == "-b"
        assert offered(app) == [True] * len(CARDS["zigzag 2"][2].answers)
        assert not [b.key for b in app.button if b.key in ("next", "try", "all")]
    assert not any(offered(in_class(closed)))
    assert not any(offered(in_class(closed, "-b")))
    assert phase_of(in_class(closed, "-b")) == ASK
    # Revealed it says so to all, whether they have answered or not.
    for answers in ("", "-b"):
        app = in_class(revealed, answers)
        assert (phase_of(app), said in html_of(app), offered(app)) == (DONE, True, [])
    # What the class is past is told, what it has not come to is not even to be answered.
    assert said in html_of(in_class(replace(AT, card=3)))
    ahead = in_class(replace(AT, card=1), "-b")
    assert (phase_of(ahead), any(offered(ahead))) == (ASK, False)
    # A class that is over, or is asked something else, has nothing to say of the card.
    for other in (member.Standing(over=True), replace(AT, subject="rate")):
        assert phase_of(in_class(other)) == ASK
        assert said in html_of(in_class(other, "-b"))


@pytest.mark.parametrize(
    ("answers", "before", "after", "card", "plays"),
    [
        ("-b", AT, replace(AT, revealed=True), "2", True),
        ("-b", AT, replace(AT, card=3), "3", False),
        ("", AT, replace(AT, card=3), "2", True),  # who thinks is not sent away, and sees it
        ("", replace(AT, open=False), replace(AT, card=3), "3", False),
        ("", replace(AT, card=1), replace(AT, card=4), "4", False),  # who waited for the class
        ("-b", None, replace(AT, card=3), "3", False),
        ("-b", replace(AT, card=3), replace(AT, card=3, open=False), "2", False),  # went back
        ("-b", replace(AT, revealed=True), AT, "2", False),  # is asked once more
        ("-b", AT, member.Standing(over=True), "2", False),
        ("-b", AT, replace(AT, subject="rate", card=3), "2", False),
    ],
)
def test_a_card_goes_on_with_its_class(monkeypatch, answers, before, after, card, plays):
    """By what the browser tells, in a session of its own."""
    given = {"lesson": "zigzag", "card": "2", "answers": answers, "class": "AB23"}
    state: dict[str, Any] = {session.SETTINGS: Settings(given), session.LINK: {}}
    state[member.STANDING] = "AB23", before
    state[member.KEY] = SimpleNamespace(standing=member.told(after))
    monkeypatch.setattr(st, "session_state", state)
    monkeypatch.setattr(session, "write_link", lambda: None)
    member.stands(page.follow)
    assert state[session.SETTINGS]["card"] == card
    assert (page.PLAYS in state) == plays


@pytest.mark.parametrize(
    "told",
    [None, 1, "over", [], {}, {"over": False}, {"subject": "x", "card": 1}]
    + [{**member.told(AT), name: value} for name, value in
       (("subject", None), ("card", 0), ("card", 9), ("card", "2"), ("card", True), ("open", 1))],
)  # fmt: skip
def test_what_makes_no_sense_of_a_class_is_not_believed(told):
    assert member.read(told) is None
    assert member.read(member.told(AT)) == AT


def test_an_answer_that_a_card_does_not_have_is_none():
    asked = sum(len(card.answers) == 4 for card in LESSONS["zigzag"].cards)
    app = page_of(lesson="zigzag", card="4", answers="dddd")
    assert len(re.findall(r'<i class="zz-done', html_of(app))) == asked < 4
    app = page_of(lesson="zigzag", card="4", answers="ab")
    assert len(re.findall(r'<i class="zz-done', html_of(app))) == 2


def test_a_lesson_leads_to_the_next_and_back_to_the_list():
    first, second, *_ = LESSONS
    app = page_of(lesson=first, card=str(len(LESSONS[first].cards)))
    app.button(key="next").click()
    app.run()
    assert app.query_params["lesson"] == second
    assert "card" not in app.query_params
    app = page_of(lesson=second, card="2")
    app.button(key="all").click()
    app.run()
    assert "lesson" not in app.query_params


@every_card
def test_no_card_shows_an_english_word(name):
    lesson, number, _ = CARDS[name]
    link = {"lesson": lesson, "card": number, "lang": "pseudo"}
    for answers in ("", "-" * (int(number) - 1) + "a"):
        app = page_of(**link, answers=answers)
        texts = dict(page_texts(app.main))
        assert len(texts) > 8
        assert escaped(iter(texts.items())) == {}


def test_the_list_of_lessons_shows_no_english_word_and_a_picture_of_each():
    app = page_of(lang="pseudo")
    assert escaped(page_texts(app.main)) == {}
    assert html_of(app).count('<img class="zz-small"') == len(LESSONS)


@pytest.mark.parametrize("theme", THEMES.values(), ids=list(THEMES))
def test_the_small_picture_of_a_lesson_has_the_colours_of_the_theme(theme):
    for lesson in LESSONS.values():
        (name,) = re.findall(rf"{OWN}/lesson/(.*)-{theme.name}", small.image(lesson, theme))
        found = answer_of(small.serve, "", name=name, theme=theme.name)
        assert found.media_type == "image/svg+xml"
        text = found.body.decode()
        assert theme.ground[-1] in text
        assert "light-dark" not in text
    assert answer_of(small.serve, "", name="../secret", theme=theme.name).status_code == 404


# --- For teachers


def teachers_page() -> None:
    """Draw the teachers' page as the header's navigation does."""
    from landscape.language import language
    from views.lessons import teacher
    from views.navigation import theme
    from views.settings import session

    settings, _ = session.opened("teacher")
    with language(settings["lang"]):
        teacher.draw(settings, theme())


def class_page() -> None:
    """Draw the page of a class as the header's navigation does, after the lab's if that is said."""
    import streamlit as st

    from views.classroom import page
    from views.navigation import theme
    from views.settings import session

    settings, _ = session.opened(st.session_state.get("comes from", session.CLASS))
    page.draw(settings, theme(), lambda: None)


def class_page_of(**link: str) -> AppTest:
    """Return the page of a class as a link opens it."""
    app = AppTest.from_function(class_page, default_timeout=120)
    for name, value in link.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def told_to_class(app: AppTest) -> dict[str, Any]:
    """Return what the page of a class tells its script."""
    (part,) = app.get("bidi_component")
    return dict(json.loads(part.proto.json))


def test_a_class_is_opened_on_the_lesson_of_the_page_that_leads_there():
    for app in (page_of(lesson="momentum"), teachers_page_of("momentum")):
        assert "./class?lesson=momentum" in html_of(app)
    assert "./class?" not in html_of(page_of(lesson="momentum", **{"class": "AB23"}))
    app = class_page_of(lesson="momentum")
    assert told_to_class(app)["subject"] == "momentum"
    assert told_to_class(class_page_of())["subject"] == "choose-rate"


def test_the_address_of_a_class_names_the_class_and_no_experiment():
    app = class_page_of(**{"class": "AB23"})
    told = told_to_class(app)
    assert told["code"] == "AB23"
    assert told["link"].endswith("?class=AB23")
    assert dict(app.query_params) == {"class": "AB23"}
    # From an experiment of the lab's, which stays as it is.
    app = AppTest.from_function(class_page, default_timeout=120)
    app.session_state["comes from"] = ""
    app.query_params["surface"] = "Rosenbrock"
    app.run()
    assert "Rosenbrock" in app.query_params["surface"]
    app.session_state["comes from"] = session.CLASS
    app.query_params.clear()
    app.run()
    assert not {*app.query_params} - {"lesson"}
    assert app.session_state[session.SETTINGS]["surface"] == "Rosenbrock"
    # A step back or forward between codes leads there.
    for code in ("AB23", "", "CD45"):
        app.query_params.clear()
        if code:
            app.query_params["class"] = code
        app.run()
        assert told_to_class(app)["code"] == code
        assert app.session_state[session.SETTINGS]["surface"] == "Rosenbrock"
    # Back in the lab the address has all of it again.
    app.session_state["comes from"] = ""
    app.query_params.clear()
    app.run()
    assert "Rosenbrock" in app.query_params["surface"]


def teachers_page_of(lesson: str, **link: Any) -> AppTest:
    """Return the teachers' page of a lesson."""
    app = AppTest.from_function(teachers_page, default_timeout=120)
    for name, value in {"lesson": lesson, **link}.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


@pytest.mark.parametrize("name", LESSONS)
def test_a_teacher_finds_every_answer_to_expect_and_no_english_word(name):
    app = teachers_page_of(name, lang="pseudo")
    texts = ((at, text) for at, text in page_texts(app.main) if not at.endswith(".spec"))
    assert escaped(texts) == {}
    found = "".join(part.proto.body for part in app.get("html"))
    assert found.count('class="zz-right"') == len(LESSONS[name].cards)
    assert f"{OWN}/sheet/{name}.html" in found
    pictures = [json.loads(part.proto.spec) for part in app.get("plotly_chart")]
    assert len(pictures) == len(LESSONS[name].cards)
    for place, shown in enumerate(pictures):
        with language("pseudo"):
            choice = planned(Settings({"lesson": name, "card": str(place + 1)}))
        experiment, labels = choice.experiment, choice.labels
        keys = [trace for trace in shown["data"] if trace.get("showlegend")]
        keys.sort(key=lambda trace: trace["legendrank"])
        # Words lie over all paths, and a short path over a long one.
        assert "text" in shown["data"][-1].get("mode", "") or len(experiment.objectives) > 2
        reaches = [
            np.ptp(trace["x"]) + np.ptp(trace["y"])
            for trace in shown["data"]
            if trace.get("name", "").startswith("path-")
        ]
        assert reaches == sorted(reaches, reverse=True)
        assert [key["name"] for key in keys] == list(labels)
        heads = [[*key["x"], *key["y"]] for key in keys]
        for trajectory, head in zip(simulate(experiment), heads, strict=True):
            x, y = trajectory.finite_path.T
            away = np.hypot(x - head[0], y - head[1])
            # A run that leaves the frame is drawn to where it does.
            assert away.min() < 1e-2 * np.ptp([*x, *y])
            assert away[0] > 0


@pytest.mark.parametrize("name", LESSONS)
def test_a_sheet_has_the_questions_and_pictures_and_gives_nothing_away(name):
    text = answer_of(sheet.serve, "lang=en", name=name).body.decode()
    for place, card in enumerate(LESSONS[name].cards):
        numbers = outcome(name, str(place + 1)).numbers
        assert html.escape(filled(card.question, numbers)) in text
        assert html.escape(filled(card.measured, numbers)) not in text
    figures = [json.loads(part) for part in re.findall(r'json">(.*?)</script>', text)]
    assert len(figures) == len(LESSONS[name].cards)
    for figure in figures:
        names = [trace.get("name", "") for trace in figure["data"]]
        assert "start-0" in names
        assert not [name for name in names if re.match("(path|casing|dots|head|faint)-", name)]
        go.Figure(figure)
    assert answer_of(sheet.serve, "", name="../secret").status_code == 404
    korean = answer_of(sheet.serve, "lang=ko", name=name).body.decode()
    assert '<html lang="ko">' in korean


# --- Links for a class


def test_boxes_make_a_link_that_is_read_as_it_says():
    settings = Settings({"preset": "headline", "hide": ("noise",)})
    made = share.query(settings, list(share.BOXES))
    found, notes = read(parse_qs(made))
    assert notes == []
    assert found.values == {
        "preset": "headline",
        "hide": ("noise", "settings", "gallery", "save", "sentences"),
        "lock": ("settings",),
        "step": 0,
        "autoplay": "1",
        "present": "1",
    }
    assert "lang=en" not in share.query(settings, [])
    answered = Settings({"lesson": "zigzag", "card": "2", "answers": "a"})
    assert read(parse_qs(share.query(answered, [])))[0].values == {"lesson": "zigzag", "card": "2"}


def test_the_table_of_a_teachers_link_in_the_readme_is_what_the_parser_takes():
    readme = (ROOT / "README.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+) \|$", readme.partition("## In class")[2], re.M)
    names = {name: (values, does) for name, values, does in rows[:11]}
    beside = {*BESIDE, "step"} - {"answers", "view"}  # which the page writes by itself
    assert {*names} == beside | {"embed"}  # this one is Streamlit's
    for name, (values, does) in names.items():
        listed = re.findall(r"`([^`]+)`", values) or re.findall(r"`([^`]+)`", does) or ["3"]
        for value in listed:
            needed = {"lesson": "rate"} if name == "card" else {}
            refused = name == "card" and int(value) > len(LESSONS["rate"].cards)
            assert len(read({**needed, name: value})[1]) == refused, (name, value)
    assert names["card"][0] == f"`1` to `{MOST_CARDS}`"
    assert {*PARTS, "noise"} == {*re.findall(r"`([^`]+)`", names["hide"][1])}
    assert [*SPEEDS] == re.findall(r"`([^`]+)`", names["speed"][0])
    assert [*LANGUAGES] == re.findall(r"`([^`]+)`", names["lang"][0])


def test_the_frame_has_the_smallest_sandbox_and_no_markup_of_a_link():
    made = share.frame("http://a/", 'x="><script>')
    assert 'sandbox="allow-scripts allow-same-origin"' in made
    assert "<script>" not in made
    assert "embed=true" in made


@pytest.mark.parametrize("name", ["noise", "Quadratic.SGD.lr", "Quadratic.x", "surface"])
def test_a_locked_control_is_shown_and_does_not_change_anything(name):
    app = AppTest.from_file(ROOT / "app.py", default_timeout=120)
    app.query_params["optimizers"] = "SGD"
    app.query_params["lock"] = name
    app.run()
    locked = [widget for widget in widgets(app) if widget.disabled]
    assert locked
    assert all(widget.key.removesuffix(".slider") == name for widget in locked)
    settings = app.session_state["settings"]
    assert settings.locks(name)
    assert not settings.locks("length")


def test_a_hidden_control_is_not_there_and_all_settings_can_be_hidden_or_locked():
    app = AppTest.from_file(ROOT / "app.py", default_timeout=120)
    app.query_params["optimizers"] = "SGD"
    app.query_params["hide"] = "noise,length"
    app.run()
    assert not {"noise", "length"} & {widget.key for widget in widgets(app)}
    assert "seed" in {widget.key for widget in widgets(app)}
    app.query_params["hide"] = "settings,save,gallery"
    app.run()
    assert widgets(app) == []
    assert not [block for block in app.get("popover") if block.proto.popover.label == "Share"]
    app.query_params["hide"] = ""
    app.query_params["lock"] = "settings"
    app.run()
    watching = {"view", "arrows", "average", "curve", "future", "show"}
    assert {widget.key for widget in widgets(app) if not widget.disabled} <= watching


def widgets(app: AppTest) -> list[Any]:
    """Return the controls of settings on a page."""
    kinds = (app.text_input, app.selectbox, app.select_slider, app.slider, app.checkbox)
    found = [widget for kind in kinds for widget in kind]
    return [widget for widget in found if not (widget.key or "share ").startswith("share ")]


# --- The first picture

NAMED = {  # what the texts of a card name, and the critical points that are called so
    r"minim(um|a)\b": LOWEST_KINDS,
    r"\bhollows?\b": MINIMUM_KINDS,
    r"\b(saddle|ridge)\b": (SADDLE,),
}
BOTH = re.compile(r"\b(two minima|two hollows)\b", re.IGNORECASE)


@every_card
def test_what_a_card_names_lies_in_the_frame_before_the_answer(name):
    lesson, number, card = CARDS[name]
    settings = Settings({"lesson": lesson, "card": number})
    experiment = planned(settings).experiment
    frame = described(Asked(settings))["frame"].split(",")
    x0, x1, y0, y1 = map(float, frame)

    def seen(x: float, y: float) -> bool:
        return x0 <= x <= x1 and y0 <= y <= y1

    assert all(seen(*experiment.plan(run).start) for run in experiment.runs)
    text = " ".join([card.text, card.question, *(answer.text for answer in card.answers)])
    for objective in experiment.objectives:
        points = objective.critical_points()
        if objective.valley is not None:
            parts = objective.valley.lines(((x0, x1), (y0, y1)))
            assert any(seen(x, y) for part in parts for x, y in part)
            continue
        assert any(seen(p.x, p.y) for p in points if p.kind in LOWEST_KINDS)
        for word, kinds in NAMED.items():
            if re.search(word, text):
                of_kind = [seen(p.x, p.y) for p in points if p.kind in kinds]
                assert all(of_kind) if BOTH.search(text) else any(of_kind)
