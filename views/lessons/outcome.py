"""What comes of a card: its experiment, what is measured of it, and which answer that makes right.

It is measured when it is first asked for, as a job that all who ask share, and kept: the texts of
a card need its numbers too.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, ClassVar

from landscape.language import Message, msgid, tr
from optimizers.maps.base import Result
from optimizers.simulation.sweep import SHORT_UPDATES
from views.lessons import LESSONS
from views.lessons.lesson import Card, Numbers, Runs
from views.live.kept import simulated
from views.server.jobs import JOBS, Full
from views.settings.choice import planned
from views.settings.settings import Settings

FULL = msgid("Many cards are waiting to be measured. Try again in a minute.")
FAULT = msgid("What comes of this card could not be measured: {reason}")
TO_THE_END = threading.Event()  # is never set: what is measured serves the next who asks


class UnmeasuredError(Exception):
    """A card could not be measured; it holds the sentence that says why, and its numbers."""

    def __init__(self, why: Message, **numbers: Any) -> None:
        super().__init__(why, numbers)

    @property
    def full(self) -> bool:
        """Whether too many wait, so that it is worth to ask again."""
        return bool(self.args[0] == FULL)

    def text(self) -> str:
        """Return the sentence in the current language."""
        why, numbers = self.args
        return tr(why, **numbers)


@dataclass(frozen=True, eq=False)
class Outcome(Result):
    """The numbers that were measured, and the places of the answers that hold of them."""

    numbers: Numbers
    right: tuple[int, ...]


@dataclass(frozen=True)
class Measuring:
    """The request for what comes of a card, as that for a map is one."""

    lesson: str
    number: str
    updates: ClassVar[int] = (
        SHORT_UPDATES  # at most: it takes a second at most, and waits for no map
    )

    def compute(
        self,
        cancel: threading.Event | None = None,
        progress: Callable[[float], None] | None = None,
        executor: Executor | None = None,
    ) -> Outcome:
        """Return what comes of the card.

        It is so short that it is not cancelled, has no progress to tell of, and is made here.
        """
        card = card_of(self.lesson, self.number)
        settings = Settings({"lesson": self.lesson, "card": self.number})
        experiment = planned(settings).experiment
        numbers = card.measure(Runs(experiment, simulated(experiment)))
        right = (place for place, answer in enumerate(card.answers) if answer.holds(numbers))
        return Outcome(numbers, tuple(right))

    def coarse(self) -> None:
        """Return None: a card is not measured roughly."""


def card_of(lesson: str, number: str) -> Card:
    """Return a card by its lesson's name and its number there, from 1 on."""
    return LESSONS[lesson].cards[int(number) - 1]


@functools.cache
def outcome(lesson: str, number: str) -> Outcome:
    """Return what comes of a card, as soon as it is known; raise UnmeasuredError if it is not."""
    try:
        found: Outcome = JOBS.made(Measuring(lesson, number), TO_THE_END, page=True)
    except Full:
        raise UnmeasuredError(FULL) from None
    except Exception as problem:
        raise UnmeasuredError(FAULT, reason=f"{type(problem).__name__}: {problem}") from problem
    return found
