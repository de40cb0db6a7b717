"""What a class is asked: the cards of a lesson, or one thing that everybody chooses.

An answer is a text: a letter of a card, or a number as `number_text` writes it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from landscape.language import Message, msgid
from views.lessons import LESSONS
from views.lessons.lesson import LETTERS
from views.settings.setting import MOST_RATE

LEAST_RATE = 1e-6
DIGITS = 6  # of a number that is chosen
MOST_TEXT = 40  # characters of an answer
RATE = "choose-rate"  # a subject's name, beside those of the lessons


class AnswerError(ValueError):
    """An answer that a card does not offer; its text says what it offers."""


@dataclass(frozen=True)
class Subject:
    """What a class is opened on.

    `checked` returns an answer to a card, from 1 on, as it is kept; it raises AnswerError for any
    other.
    """

    name: str
    title: Message
    cards: int
    checked: Callable[[int, str], str]


def number_text(value: float) -> str:
    """Return a chosen number as a text: equal choices are equal texts."""
    return f"{value:.{DIGITS}g}"


def checked_rate(card: int, answer: str) -> str:
    """Return a chosen learning rate as it is kept."""
    try:
        value = float(answer)
    except ValueError:
        value = math.nan
    if not LEAST_RATE <= value <= MOST_RATE:  # which NaN is not either
        raise AnswerError(f"answer must be a number from {LEAST_RATE:g} to {MOST_RATE:g}.")
    return number_text(value)


def of_lesson(name: str) -> Subject:
    """Return a lesson as a subject."""
    lesson = LESSONS[name]

    def checked(card: int, answer: str) -> str:
        letters = LETTERS[: len(lesson.cards[card - 1].answers)]
        if len(answer) != 1 or answer not in letters:
            raise AnswerError(f"answer must be one of {', '.join(letters)}.")
        return answer

    return Subject(name, lesson.title, len(lesson.cards), checked)


SUBJECTS = {
    RATE: Subject(RATE, msgid("Everybody choose a rate"), 1, checked_rate),
    **{name: of_lesson(name) for name in LESSONS},
}
