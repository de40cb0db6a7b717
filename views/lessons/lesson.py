"""What a lesson is: cards that each ask for a prediction, and measure what comes of it.

Nothing that is true is written down: which answer is right is what `measure` finds, and every
number in a text is one of those it returns: no text of a card holds a digit, but for the formulas
of `why`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from landscape.language import Message, tr
from optimizers import Experiment, Trajectory
from optimizers.analysis.statements import said

LETTERS = "abcd"  # of the answers; a link has them
FEWEST_CARDS, MOST_CARDS = 3, 8  # of a lesson

Numbers = Mapping[str, Any]


@dataclass(frozen=True)
class Runs:
    """What a card's picture shows, with what is measured."""

    experiment: Experiment
    trajectories: Sequence[Trajectory]


@dataclass(frozen=True)
class Answer:
    """One of the predictions, and whether it `holds` of what was measured."""

    text: Message
    holds: Callable[[Numbers], bool]


@dataclass(frozen=True)
class Card:
    """A prediction to make.

    `shows` is the link of the experiment, by names, as a page's address has it. `measure` returns
    numbers by the names that the texts have places for; exactly one answer holds of them.
    `measured` is the sentence on what was measured, `why` the reason for it, which is told with it.
    `covers` names what of the course is seen here, as index.py has it. `lab` is another link to
    try, where that shows more than `shows`.
    """

    text: Message
    question: Message
    shows: Mapping[str, Any]
    measure: Callable[[Runs], Numbers]
    answers: tuple[Answer, ...]
    measured: Message
    why: Message
    covers: tuple[str, ...] = ()
    lab: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Lesson:
    """Cards in their order; `name` is the lesson's in links.

    `finds` tells students what they will find out, `objective` tells a teacher what they can do
    then, and `say` is what a teacher begins with. The list of lessons has a small picture of the
    card that is `pictured`, by its number.
    """

    name: str
    place: int  # among the lessons
    title: Message
    finds: Message
    objective: Message
    minutes: int
    say: Message
    cards: tuple[Card, ...]
    pictured: int = 1


def filled(message: Message, numbers: Numbers) -> str:
    """Return a card's text in the current language, with its numbers as people write them."""
    return tr(message, **{name: said(value) for name, value in numbers.items()})
