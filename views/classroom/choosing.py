"""What a class is asked where it is no lesson: one thing that everybody chooses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from landscape.language import Message
from views.theme import Theme

DIGITS = 6  # of a number that is chosen


class AnswerError(ValueError):
    """An answer that a card does not offer; its text says what it offers."""


@dataclass(frozen=True)
class Choice:
    """Something that everybody chooses; `name` is the subject's in links and in the database.

    `checked` returns an answer as it is kept, and raises AnswerError for what is none. `question`
    is told to all, and `form` says what a student's page needs to choose with. `found` returns
    what became of the answers, of how many gave each: words and pictures, as class.d.ts has them.
    `columns` names the numbers of an answer where it has several, with commas between them.
    """

    name: str
    title: Message
    checked: Callable[[str], str]
    question: Callable[[], str]
    form: Callable[[Theme], Mapping[str, Any]]
    found: Callable[[Mapping[str, int], Theme], Mapping[str, Any]]
    columns: tuple[str, ...] = ()


def number_text(value: float) -> str:
    """Return a chosen number as a text: equal choices are equal texts."""
    return f"{value:.{DIGITS}g}"
