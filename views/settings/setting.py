"""What a setting is: its name in links, the kind of its values, its default and its words."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from landscape import Formula, Surface
from landscape.formula import LIMIT
from landscape.language import Message, msgid, tr
from landscape.record import Number
from views.settings.numbers import exact, meanings, number_of
from views.theme import MOST_PANELS

if TYPE_CHECKING:
    from optimizers import Experiment
    from views.settings.settings import Settings

MOST_LIST = 400  # characters of a list
HARMLESS = " .,;-+_()"  # beside letters and digits
RATE_DECADES = (-6, 2)  # of a learning rate's slider
PER_DECADE = 50  # positions
MOST_RATE = 10.0 ** RATE_DECADES[1]


# Of a text in a field.
MOST_QUOTED = 20  # characters
EMPTY = msgid("Type a number from {low} to {high}.")
NO_NUMBER = msgid("`{text}` is not a number.")
NOT_WHOLE = msgid("`{text}` is not a whole number.")
OUTSIDE = msgid("`{text}` is not from {low} to {high}.")
TWO_MEANINGS = msgid("`{text}` may mean {one} or {other}: type one of these.")


class Note(NamedTuple):
    """Something to tell the visitor: a message's id and its values, in no language yet.

    A value that is to be translated too is a note itself, a list is a tuple.
    """

    message: Message
    values: Mapping[str, Any] = MappingProxyType({})

    def text(self) -> str:
        """Return it in the current language, harmless whatever its values are."""
        return tr(self.message, **{name: said(value) for name, value in self.values.items()})


def said(value: Any) -> str:
    """Return a note's value in the current language."""
    if isinstance(value, Note):
        return value.text()
    if isinstance(value, tuple):
        return ", ".join(map(said, value))
    return harmless(str(value))


def harmless(text: str) -> str:
    """Return a text that a stranger may have written with every character replaced that could act.

    What is left are letters and digits that run from left to right, and HARMLESS. In a Markdown
    code span it is shown as it is. Outside of one, a web address would still become a link: what
    comes from a link stands in code spans.
    """
    return "".join(c if c in HARMLESS or (c.isalnum() and forward(c)) else "?" for c in text)


def forward(letter: str) -> bool:
    """Tell whether text runs from left to right at a letter or digit."""
    return unicodedata.bidirectional(letter) in ("L", "EN")


def clean(text: str) -> str:
    """Return a piece of a link as something harmless and short to print."""
    kept = harmless(text[:50]) or "?"  # a code span cannot be empty
    return kept if len(kept) <= 40 else kept[:40] + "..."


class Idle(NamedTuple):
    """Why a setting has no effect beside the others, and what makes it count.

    `offer` is what a button says that makes the `changes`: values of settings by id.
    """

    why: Note
    offer: Note
    changes: Mapping[str, Any]


class Kind(Protocol):
    """The values a setting can have, and how a link writes them."""

    def check(self, value: Any) -> Any:
        """Return a widget's value as the setting's; raise ValueError for what is none."""

    def read(self, texts: Sequence[str]) -> tuple[Any, bool]:
        """Return what a link says, None for no value at all, and whether all of it was used."""

    def write(self, value: Any) -> list[str]:
        """Return what a link says for a value."""


class UnreadError(ValueError):
    """A typed text that is no value of its setting: `note` says why."""

    def __init__(self, note: Note) -> None:
        super().__init__(note.message)
        self.note = note


@dataclass(frozen=True)
class Range:
    """A number from `low` to `high`, which a slider changes by `step`."""

    low: float
    high: float
    step: float
    whole: bool = False
    slider: bool = False

    def check(self, value: Any) -> Any:
        number = float(value) + 0.0  # which makes 0 of -0
        if not self.low <= number <= self.high or (self.whole and number != int(number)):
            raise ValueError(f"{value}: must be a number from {self.low:g} to {self.high:g}")
        return int(number) if self.whole else number

    def typed(self, text: str) -> Any:
        """Return the value of a text in a field; raise UnreadError, with what to tell, for none."""
        said = {"text": clean(text.strip()[:MOST_QUOTED])}
        bounds = {"low": exact(self.low), "high": exact(self.high)}
        if not text.strip():
            raise UnreadError(Note(EMPTY, bounds))
        if found := meanings(text, self.whole):
            raise UnreadError(Note(TWO_MEANINGS, {**said, "one": found[0], "other": found[1]}))
        try:
            number = number_of(text)
        except ValueError:
            raise UnreadError(Note(NO_NUMBER, said)) from None
        if not self.low <= number <= self.high:
            raise UnreadError(Note(OUTSIDE, {**said, **bounds}))
        if self.whole and number != int(number):
            raise UnreadError(Note(NOT_WHOLE, said))
        return self.check(number)

    def read(self, texts: Sequence[str]) -> tuple[Any, bool]:
        try:
            return self.typed(texts[-1]), len(texts) == 1
        except UnreadError:
            return None, False

    def write(self, value: Any) -> list[str]:
        return [str(value) if self.whole else exact(value)]


class Rate(Range):
    """A learning rate: a logarithmic slider and an exact number show it."""


@dataclass(frozen=True)
class OneOf:
    """One of `options`, each by its id, or what else `other` takes, where that may be typed.

    `labels` are what they are called where that is not their ids, which never change.
    """

    options: tuple[str, ...]
    other: Callable[[str], bool] | None = None
    labels: tuple[Message, ...] = ()

    def label(self, option: str) -> Message:
        """Return what an option is called."""
        return self.labels[self.options.index(option)] if self.labels else option

    def takes(self, value: Any) -> bool:
        """Tell whether a value can be chosen or typed."""
        return value in self.options or bool(self.other and self.other(str(value)))

    def check(self, value: Any) -> Any:
        if not self.takes(value):
            raise ValueError(f"{value}: must be one of {', '.join(self.options)}")
        return value

    def read(self, texts: Sequence[str]) -> tuple[Any, bool]:
        found = texts[-1] if self.takes(texts[-1]) else None
        return found, found is not None and len(texts) == 1

    def write(self, value: Any) -> list[str]:
        return [value]


@dataclass(frozen=True)
class RunName:
    """One of the runs by its name; an empty text is the first of those that can be chosen."""

    def check(self, value: Any) -> Any:
        return str(value)[:MOST_LIST]

    def read(self, texts: Sequence[str]) -> tuple[Any, bool]:
        # Links of old hold the rate of an optimizer whose rate is made fair.
        found = re.fullmatch(r"(.+) lr [\d.e+-]+", texts[-1])
        return self.check(found[1] if found else texts[-1]), len(texts) == 1

    def write(self, value: Any) -> list[str]:
        return [value]


@dataclass(frozen=True)
class Several:
    """Some of what OneOf takes, in the order of their choice, each once, up to MOST_PANELS."""

    options: tuple[str, ...]
    other: Callable[[str], bool] | None = None
    empty = msgid("Nothing is chosen to compare: {shown} are shown.")

    def check(self, value: Any) -> Any:
        chosen = tuple(dict.fromkeys(value))
        if not all(map(OneOf(self.options, self.other).takes, chosen)):
            raise ValueError(f"{value}: must be some of {', '.join(self.options)}")
        return chosen[:MOST_PANELS]

    def read(self, texts: Sequence[str]) -> tuple[Any, bool]:
        if list(texts) == [""]:
            return (), True
        found = self.check(filter(OneOf(self.options, self.other).takes, texts))
        return found or None, len(found) == len(texts)

    def write(self, value: Any) -> list[str]:
        return list(value) or [""]

    def values(self, value: Any) -> tuple[list[Any], list[Note]]:
        """Return what is to be compared, and a note on everything that is left out."""
        return list(value), []


class Listed:
    """A text that lists up to MOST_PANELS values, kept as it was typed."""

    def check(self, value: Any) -> Any:
        return str(value)[:MOST_LIST]

    def read(self, texts: Sequence[str]) -> tuple[Any, bool]:
        return self.check(texts[-1]), len(texts) == 1 and len(texts[-1]) <= MOST_LIST

    def write(self, value: Any) -> list[str]:
        return [value]


@dataclass(frozen=True)
class NumberList(Listed):
    """Numbers from `low` to `high`, as `read_numbers` reads them."""

    low: float
    high: float
    whole: bool = False
    empty = msgid("No number to compare: {shown} are shown.")

    def values(self, value: Any) -> tuple[list[Any], list[Note]]:
        """Return the numbers, each once, and a note on everything that is left out."""
        numbers, notes = read_numbers(value, self.low, self.high, self.whole)
        return list(dict.fromkeys(map(math.floor, numbers))) if self.whole else numbers, notes


@dataclass(frozen=True)
class PointList(Listed):
    """Points x y of a surface, separated by semicolons."""

    surface: Surface
    empty = msgid("No start to compare: {shown} are shown.")

    def values(self, value: Any) -> tuple[list[Any], list[Note]]:
        """Return the points, each once, and a note on everything that is left out."""
        return read_points(value, self.surface)


@dataclass(frozen=True)
class PairList(Listed):
    """Pairs of numbers separated by semicolons, of which each has its own `sides`."""

    sides: tuple[tuple[float, float], tuple[float, float]]
    empty = msgid("No pair to compare: {shown} are shown.")

    def values(self, value: Any) -> tuple[list[Any], list[Note]]:
        """Return the pairs, each once, and a note on everything that is left out."""
        (low, high), (least, most) = self.sides
        bounds = {
            "low": f"{low:g}",
            "high": f"{high:g}",
            "least": f"{least:g}",
            "most": f"{most:g}",
        }
        return read_pairs(value, self.sides, Note(NO_PAIR, bounds))


@dataclass(frozen=True)
class Setting:
    """One setting of the lab.

    `id` is its name in links and never changes; `label` and `help` are messages. `default` is a
    value, or a function of the other settings where it depends on them; a preset may have another.
    `choices` returns what can be chosen beside the other settings, where that depends on them, and
    `fallback` is what else becomes of a value; `used` tells whether the setting counts at all then.
    `needs` are the ids of those other settings, and its own where `choices` has what is set.
    `idle` says why the setting has no effect on the runs of an experiment that is chosen with it,
    where that is so; a setting without it always counts.
    """

    id: str
    kind: Kind
    default: Any
    label: Message = ""
    help: Message = ""
    needs: tuple[str, ...] = ()
    choices: Callable[[Settings], Sequence[str]] | None = None
    fallback: str = ""
    unfit: Message = ""  # the message that a value had to change
    used: Callable[[Settings], bool] = lambda settings: True
    width: int | str = "stretch"  # of its control, in pixels
    idle: Callable[[Settings, Experiment], Idle | None] | None = None

    @property
    def title(self) -> str:
        """The label in the current language; that of a number is its name, whose underscores go."""
        return tr(self.label).replace("_", " ")

    def shown(self, value: Any) -> Any:
        """Return a value as notes have it: of options by their ids, which are messages."""
        if isinstance(value, tuple):
            return tuple(map(self.shown, value))
        if isinstance(self.kind, OneOf):
            return Note(self.kind.label(value))
        return Note(value) if isinstance(self.kind, Several) else str(value)

    def fitting(self, settings: Settings, value: Any) -> Any:
        """Return what becomes of a value beside the other settings."""
        if self.choices is None or value == self.fallback or not self.used(settings):
            return value
        choices = self.choices(settings)
        if isinstance(value, tuple):
            return tuple(dict.fromkeys(v if v in choices else self.fallback for v in value))
        return value if value in choices else self.fallback


def of_number(owner: str, fact: Number) -> Setting:
    """Return the setting of a number that a surface, an optimizer or a schedule declares."""
    name, label = f"{owner}.{fact.name}", fact.name
    if fact.choices:
        return Setting(name, OneOf(fact.choices), fact.choices[int(fact.default)], label, fact.help)
    if fact.integer:
        kind = Range(fact.low, fact.high, 1, whole=True)
        return Setting(name, kind, int(fact.default), label, fact.help)
    if fact.scale == "log":
        kind = Range(fact.low, fact.high, fact.default / 2)
    elif 0.99 < fact.high < 1:  # .99, .999 and .9999 are far apart
        kind = Range(fact.low, fact.high, 0.01)
    else:
        kind = Range(fact.low, fact.high, (fact.high - fact.low) / 180, slider=True)
    return Setting(name, kind, float(fact.default), label, fact.help)


def number_list(values: Any) -> str:
    """Return numbers as the text that `read_numbers` reads."""
    return ", ".join(map(exact, values))


LEFT_OUT = msgid("`{word}` is left out: not a number from {low} to {high}.")
# Two numbers that somebody who writes decimals with a comma may have meant as one.
DECIMAL_COMMA = re.compile(r"(?<![\d.,])(?:\d+,0\d+|0,\d+(?!,\d))(?![\d.e])", re.ASCII)
SPLIT = msgid(
    "`{word}` is read as two numbers, {first} and {second}: a comma separates. It is a decimal one"
    " where numbers are separated by semicolons, as in `0,01; 0,1`."
)
TWICE = msgid("`{word}` is left out: it is there already.")
TOO_MANY = msgid("`{word}` is left out: at most {most} runs are compared.")
NO_POINT = msgid("`{word}` is left out: not a point near the frame.")
NO_PAIR = msgid(
    "`{word}` is left out: not a number from {low} to {high} and one from {least} to {most}."
)


def read_numbers(
    text: str, low: float, high: float, whole: bool = False
) -> tuple[list[float], list[Note]]:
    """Read numbers separated by commas, blanks or semicolons.

    Between semicolons a comma is a decimal one, unless there are points or the numbers are whole.
    Returns the numbers from `low` to `high`, at most MOST_PANELS of them and each once, and a
    note on every word that is left out.
    """
    numbers: list[float] = []
    notes: list[Note] = []
    decimal = ";" in text and "." not in text and not whole
    words = text.replace(";", " ") if decimal else re.sub("[,;]", " ", text)
    if not decimal and (comma := None if whole else DECIMAL_COMMA.search(text)):
        first, second = comma[0].split(",")
        said = {"word": comma[0], "first": first, "second": second}
        notes.append(Note(SPLIT, {name: clean(part[:20]) for name, part in said.items()}))
    for word in words.split()[:100]:
        try:
            value = number_of(word.rstrip(","))
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            bounds = {"low": f"{low:g}", "high": f"{high:g}"}
            notes.append(Note(LEFT_OUT, {"word": clean(word[:20]), **bounds}))
        elif value in numbers:
            notes.append(Note(TWICE, {"word": clean(word[:20])}))
        elif len(numbers) == MOST_PANELS:
            notes.append(Note(TOO_MANY, {"word": clean(word[:20]), "most": MOST_PANELS}))
        else:
            numbers.append(value)
    return numbers, notes


def read_points(text: str, surface: Surface) -> tuple[list[tuple[float, float]], list[Note]]:
    """Read points as `read_pairs` does; they lie within twice the domain, if that is fixed."""
    anywhere = (-LIMIT, LIMIT)
    x, y = (anywhere,) * 2 if isinstance(surface, Formula) else map(doubled, surface.domain)
    return read_pairs(text, (x, y), Note(NO_POINT))


def read_pairs(
    text: str, sides: tuple[tuple[float, float], tuple[float, float]], none: Note
) -> tuple[list[tuple[float, float]], list[Note]]:
    """Read pairs, "x y" separated by semicolons; return them and a note on every other.

    A comma between the only two words of a pair is a decimal one, "1,5 2", and else separates.
    Their numbers lie within `sides`; there are at most MOST_PANELS of them and each once. `none`
    is the note on a word that is no such pair, without the word.
    """
    pairs: list[tuple[float, float]] = []
    notes: list[Note] = []
    for words in text.split(";")[:100]:
        said = {"word": clean(words.strip()[:20])}
        try:
            x, y = map(number_of, coordinates(words))
        except ValueError:
            x = y = math.nan
        inside = all(low <= value <= high for value, (low, high) in zip((x, y), sides, strict=True))
        if not inside:
            notes.append(Note(none.message, {**said, **none.values}))
        elif (x, y) in pairs:
            notes.append(Note(TWICE, said))
        elif len(pairs) == MOST_PANELS:
            notes.append(Note(TOO_MANY, {**said, "most": MOST_PANELS}))
        else:
            pairs.append((x, y))
    return pairs, notes


def coordinates(text: str) -> list[str]:
    """Return the words that are a point's coordinates."""
    words = text.split()
    if len(words) != 2:
        return text.replace(",", " ").split()
    return [word.rstrip(",") for word in words]


def doubled(side: tuple[float, float]) -> tuple[float, float]:
    """Return an interval of twice the width about the same middle."""
    middle, width = (side[0] + side[1]) / 2, side[1] - side[0]
    return middle - width, middle + width
