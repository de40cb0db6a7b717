"""What a teacher's page shows of the card that a class is at, in the current language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from landscape.language import current, msgid, tr, whole
from views.classroom.questions import CHOICES
from views.classroom.store import Class
from views.lessons import LESSONS
from views.lessons.lesson import LETTERS, filled
from views.lessons.outcome import card_of, outcome
from views.lessons.picture import picture
from views.settings.teaching import UNANSWERED
from views.theme import Theme

RATIO = 2.6  # of a lesson's picture: its width to its height


def told(found: Class, counts: Mapping[str, int], theme: Theme) -> dict[str, Any]:
    """Return the words of a class's card and, once revealed, what was found and its pictures.

    Raises UnmeasuredError where a lesson's card cannot be measured, whose texts have numbers.
    """
    if found.subject in LESSONS:
        return of_lesson(found, theme)
    choice = CHOICES[found.subject]
    made = {"why": "", "right": [], "played": ""}
    return {
        "card": found.card,
        "title": tr(choice.title),
        "said": choice.question(),
        "question": "",
        "answers": [],
        "link": "",
        **({"found": {**made, **choice.found(counts, theme)}} if found.revealed else {}),
    }


def of_lesson(found: Class, theme: Theme) -> dict[str, Any]:
    """Return the words of a lesson's card and, once revealed, what the lesson says was measured."""
    number = str(found.card)
    card, measured = card_of(found.subject, number), outcome(found.subject, number)
    right = [LETTERS[place] for place in measured.right]
    link = {"lesson": found.subject, "card": number, "lang": current()}
    played = {**link, "answers": UNANSWERED * (found.card - 1) + right[0]}
    outcomes = {
        "measured": [filled(card.measured, measured.numbers)],
        "why": filled(card.why, measured.numbers),
        "kinds": [],
        "right": right,
        "played": f"./lessons?{urlencode(played)}",
        "label": tr("How the runs of card {place} end", place=whole(found.card)),
        "updates": 0,
        "ratio": RATIO,
        "beside": False,
        "histogram": None,
    }
    return {
        "card": found.card,
        "title": tr(LESSONS[found.subject].title),
        "said": filled(card.text, measured.numbers),
        "question": filled(card.question, measured.numbers),
        "answers": [
            [LETTERS[place], filled(answer.text, measured.numbers)]
            for place, answer in enumerate(card.answers)
        ],
        "link": f"./lessons?{urlencode(link)}",
        **(
            {"found": {**outcomes, "runs": picture(found.subject, number, theme, ended=True)}}
            if found.revealed
            else {}
        ),
    }


# --- As a table


def header(found: Class) -> tuple[str, ...]:
    """Return the names of the columns of a class's table."""
    usual = tr(msgid("student")), tr(msgid("card")), tr(msgid("question"))
    if found.subject in CHOICES:
        return (*usual, *(CHOICES[found.subject].columns or (tr(msgid("answer")),)))
    return (*usual, tr(msgid("answer")), tr(msgid("text")), tr(msgid("right")))


def lines(found: Class, rows: Iterable[tuple[int, int, str]]) -> Iterator[tuple[Any, ...]]:
    """Yield the lines of a class's table: of each student, card and answer.

    An answer to a lesson's card has its text, and 1 if it is right or 0. Raises UnmeasuredError.
    """
    for student, number, answer in rows:
        if found.subject in CHOICES:
            choice = CHOICES[found.subject]
            values = map(float, answer.split(",")) if choice.columns else (answer,)
            yield student, number, choice.question(), *values
            continue
        try:
            card, place = card_of(found.subject, str(number)), LETTERS.index(answer)
            messages = card.question, card.answers[place].text
        except (IndexError, ValueError):  # of another version of the lesson
            yield student, number, "", answer.upper(), "", ""
            continue
        measured = outcome(found.subject, str(number))
        question, text = (filled(message, measured.numbers) for message in messages)
        yield student, number, question, answer.upper(), text, int(place in measured.right)
