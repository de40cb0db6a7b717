"""What a teacher's link says beside the experiment: a lesson's card, what is hidden or locked.

    ?preset=headline&hide=gallery,save&lock=noise,Quadratic.x&step=0&autoplay=1

`hide` takes parts of the page away, and `lock` shows controls that cannot be changed. Both list
names: PARTS of the page, and single controls by the ids of their settings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from landscape.language import msgid
from views.lessons import LESSONS
from views.lessons.lesson import LETTERS, MOST_CARDS
from views.settings.setting import OneOf, Setting

if TYPE_CHECKING:
    from views.settings.settings import Settings

# Of the page: all that is set, the way through the gallery, what is saved and shared, and what is
# said of the runs.
CONTROLS, GALLERY, SAVE, SENTENCES = PARTS = ("settings", "gallery", "save", "sentences")
UNANSWERED = "-"  # a card that is not answered
CODE_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # of a class; none looks like another
CODE_LENGTH = 4
OFF, ON = "0", "1"
NO_CARD = msgid("Card {old} is not in this lesson; card {new} is shown.")
# What stands beside a lesson in a link: the card says all the rest.
BESIDE = (
    *("lang", "present", "hide", "lock", "autoplay", "lesson", "card", "answers", "class"),
    *("view", "speed"),
)
NO_CONTROL = (*(name for name in BESIDE if name != "view"), "preset", "step", "map")
# What is no part of the experiment.
WATCHING = (
    *(*NO_CONTROL, "view", "show", "curve", "arrows", "future", "tolerance"),
    *("look", "look.run", "look.step", "look.model", "average", "average.gamma", "average.from"),
    "sutskever",
)


@dataclass(frozen=True)
class Names:
    """Some of what `known` takes, each once, separated by commas in a link."""

    known: Callable[[str], bool]

    def check(self, value: Any) -> Any:
        names = tuple(dict.fromkeys(value))
        if not all(map(self.known, names)):
            raise ValueError(f"{value}: must be names of parts of the page or of settings")
        return names

    def read(self, texts: Sequence[str]) -> tuple[Any, bool]:
        given = [name for name in texts[-1].split(",") if name]
        found = self.check(filter(self.known, given))
        return found or None, len(texts) == 1 and len(found) == len(given)

    def write(self, value: Any) -> list[str]:
        return [",".join(value)]


class Text:
    """A text that a link holds as it is, if `check` takes it."""

    def check(self, value: Any) -> Any:
        raise NotImplementedError

    def read(self, texts: Sequence[str]) -> tuple[Any, bool]:
        try:
            return self.check(texts[-1]), len(texts) == 1
        except ValueError:
            return None, False

    def write(self, value: Any) -> list[str]:
        return [value]


class Letters(Text):
    """The answers to a lesson's cards, a letter for each in their order, or UNANSWERED."""

    def check(self, value: Any) -> Any:
        if not re.fullmatch(f"[{LETTERS}{UNANSWERED}]{{0,{MOST_CARDS}}}", str(value)):
            raise ValueError(
                f"{value}: must be up to {MOST_CARDS} letters of {LETTERS}, or {UNANSWERED}"
            )
        return str(value)


class Code(Text):
    """The code of a class, or an empty text; whether there is such a class is not known here."""

    def check(self, value: Any) -> Any:
        code = str(value).upper()
        if code and (len(code) != CODE_LENGTH or not {*code} <= {*CODE_LETTERS}):
            raise ValueError(f"{value}: must be {CODE_LENGTH} of {CODE_LETTERS}")
        return code


def cards_of(settings: Settings) -> tuple[str, ...]:
    """Return the numbers of the cards of the lesson that is shown."""
    return tuple(str(place + 1) for place in range(len(LESSONS[settings["lesson"]].cards)))


def settings(known: Callable[[str], bool]) -> Iterator[Setting]:
    """Return the settings; `known` tells whether there is a setting of an id."""

    def named(name: str) -> bool:
        return name in PARTS or (name not in NO_CONTROL and known(name))

    yield Setting("lesson", OneOf(("", *LESSONS)), "", msgid("Lesson"))
    yield Setting(
        "card",
        OneOf(tuple(str(place + 1) for place in range(MOST_CARDS))),
        "1",
        msgid("Card"),
        needs=("lesson",),
        choices=cards_of,
        fallback="1",
        unfit=NO_CARD,
        used=lambda settings: bool(settings["lesson"]),
    )
    yield Setting("answers", Letters(), "", msgid("Answers"))
    yield Setting("class", Code(), "", msgid("Class"))
    yield Setting("hide", Names(named), (), msgid("Hidden"))
    yield Setting("lock", Names(named), (), msgid("Locked"))
    yield Setting("autoplay", OneOf((OFF, ON)), OFF, msgid("Play at once"))
