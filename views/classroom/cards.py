"""What a teacher's page shows of the card that a class is at, in the current language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from landscape.language import current, tr
from views.classroom import rates
from views.classroom.questions import RATE, SUBJECTS
from views.classroom.store import Class
from views.lessons import LESSONS
from views.lessons.lesson import LETTERS, filled
from views.lessons.outcome import card_of, outcome
from views.theme import Theme


def told(found: Class, counts: Mapping[str, int], theme: Theme) -> dict[str, Any]:
    """Return the words of a class's card, and of chosen rates, once revealed, the pictures.

    Raises UnmeasuredError where a lesson's card cannot be measured, whose texts have numbers.
    """
    if found.subject in LESSONS:
        return of_lesson(found)
    return {
        "title": tr(SUBJECTS[RATE].title),
        "said": rates.question(),
        "question": "",
        "answers": [],
        "link": "",
        **({"choice": rates.told(counts, theme)} if found.revealed else {}),
    }


def of_lesson(found: Class) -> dict[str, Any]:
    """Return the words of a lesson's card."""
    number = str(found.card)
    card, numbers = card_of(found.subject, number), outcome(found.subject, number).numbers
    link = {"lesson": found.subject, "card": number, "lang": current()}
    return {
        "title": tr(LESSONS[found.subject].title),
        "said": filled(card.text, numbers),
        "question": filled(card.question, numbers),
        "answers": [
            [LETTERS[place], filled(answer.text, numbers)]
            for place, answer in enumerate(card.answers)
        ],
        "link": f"./lessons?{urlencode(link)}",
    }
