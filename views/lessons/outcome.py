"""What comes of a card: its experiment, what is measured of it, and which answer that makes right.

It is computed when it is first asked for, and kept: the texts of a card need its numbers too.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

from views.lessons import LESSONS
from views.lessons.lesson import Card, Numbers, Runs
from views.live.kept import simulated
from views.settings.choice import planned
from views.settings.settings import Settings


@dataclass(frozen=True)
class Outcome:
    """The numbers that were measured, and the places of the answers that hold of them."""

    numbers: Numbers
    right: tuple[int, ...]


def card_of(lesson: str, number: str) -> Card:
    """Return a card by its lesson's name and its number there, from 1 on."""
    return LESSONS[lesson].cards[int(number) - 1]


@functools.cache
def outcome(lesson: str, number: str) -> Outcome:
    """Return what comes of a card."""
    card = card_of(lesson, number)
    experiment = planned(Settings({"lesson": lesson, "card": number})).experiment
    numbers = card.measure(Runs(experiment, simulated(experiment)))
    right = (place for place, answer in enumerate(card.answers) if answer.holds(numbers))
    return Outcome(numbers, tuple(right))
