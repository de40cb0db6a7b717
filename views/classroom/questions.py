"""What a class is asked: the cards of a lesson, or one thing that everybody chooses.

An answer is a text: a letter of a card, or what is chosen as its Choice writes it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from landscape.language import Message
from views.classroom import rates, starts
from views.classroom.choosing import AnswerError, Choice
from views.lessons import LESSONS
from views.lessons.lesson import LETTERS

MOST_TEXT = 40  # characters of an answer
CHOICES = {choice.name: choice for choice in (rates.RATE, starts.START)}


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


def of_choice(choice: Choice) -> Subject:
    """Return a choice as a subject of one card."""
    return Subject(choice.name, choice.title, 1, lambda card, answer: choice.checked(answer))


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
    **{name: of_choice(choice) for name, choice in CHOICES.items()},
    **{name: of_lesson(name) for name in LESSONS},
}
