"""A formula of a visitor's own: its settings, which a link holds, and ten to pick from.

The text of a formula that is taken is always one: whatever else is set makes a surface of it.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from landscape import SURFACES, Formula
from landscape.expression import MOST_FORMULA, FormulaError, Reader
from landscape.formula import LIMIT, NAME, NARROWEST
from landscape.language import Message, msgid
from landscape.values import Values
from optimizers import OPTIMIZERS
from views.settings.setting import Note, Range, Setting, UnreadError, clean, doubled

if TYPE_CHECKING:
    from views.settings.settings import Settings

LETTERS = ("a", "b", "c", "d")  # of parameters
RANGE = (-5.0, 5.0)  # of a parameter of which nobody says more
TEXT = f"{NAME}.text"
BOUNDS = ("low", "high")
CORNERS = (("x", "low"), ("x", "high"), ("y", "low"), ("y", "high"))
FRAME = tuple(f"{NAME}.domain.{axis}.{end}" for axis, end in CORNERS)
SPAN_STEPS = 180  # of a parameter's slider
FAR = 1e5  # of a corner
LONGEST = 8.0  # times one side of the frame, of the other
# What the formula depends on.
FORMULA_IDS = (
    TEXT,
    *(f"{NAME}.{letter}{end}" for letter in LETTERS for end in ("", ".low", ".high")),
    *FRAME,
    "compare",
    *(f"{NAME}.{letter}.values" for letter in LETTERS),
)
HALF = 106  # pixels: of two fields side by side

OWN = cast("Formula", SURFACES[NAME])


@dataclass(frozen=True)
class Text:
    """The text of a formula in x and y with the parameters a, b, c and d."""

    def typed(self, text: str) -> str:
        """Return a text that is a formula; raise UnreadError, with what to tell, for any other."""
        try:
            made(text.strip(), RANGES, DOMAIN)
        except FormulaError as problem:
            # The list of known names is the lab's own, and longer than what is quoted.
            told = {
                name: str(value) if name == "known" else clean(str(value))
                for name, value in problem.values.items()
            }
            raise UnreadError(Note(problem.message, told)) from None
        return text.strip()

    def check(self, value: Any) -> Any:
        return self.typed(str(value)[: MOST_FORMULA + 1])

    def read(self, texts: Sequence[str]) -> tuple[Any, bool]:
        try:
            return self.check(texts[-1]), len(texts) == 1
        except UnreadError:
            return None, False

    def why(self, texts: Sequence[str]) -> Note:
        """Return what to tell of a link's text that is no formula."""
        try:
            self.check(texts[-1])
        except UnreadError as problem:
            return problem.note
        raise ValueError(f"{texts[-1]!r} is a formula")

    def write(self, value: Any) -> list[str]:
        return [value]


@dataclass(frozen=True)
class Span(Range):
    """A parameter of a formula: a number whose slider has ends that are settings themselves."""


def step_of(low: float, high: float) -> float:
    """Return the step of a parameter's slider between these ends."""
    return (high - low) / SPAN_STEPS


Side = tuple[float, float]
DOMAIN = OWN.domain
RANGES: tuple[tuple[str, Side], ...] = tuple((letter, RANGE) for letter in LETTERS)


@functools.lru_cache(maxsize=256)
def made(text: str, ranges: tuple[tuple[str, Side], ...], domain: tuple[Side, Side]) -> Formula:
    """Return the formula of a text; raise FormulaError where there is none.

    It has those of the parameters that it speaks of.
    """
    spoken = {token.text for token in Reader(text, [name for name, _ in ranges]).tokens}
    parameters = {
        name: (min(max(1.0, low), high), low, high)
        for name, (low, high) in ranges
        if name in spoken
    }
    return Formula(text, domain=domain, **parameters)  # type: ignore[arg-type]


def formula_of(settings: Settings) -> Formula:
    """Return the formula that is set."""
    ranges = tuple((letter, range_of(settings, letter)) for letter in LETTERS)
    return made(settings[TEXT], ranges, domain_of(settings))


def domain_of(settings: Settings) -> tuple[Side, Side]:
    """Return the frame of the formula."""
    low_x, high_x, low_y, high_y = (settings[id] for id in FRAME)
    x, y = ordered(low_x, high_x), ordered(low_y, high_y)
    # Both axes have one scale: a side that is much shorter is made longer about its middle.
    least = max(x[1] - x[0], y[1] - y[0]) / LONGEST
    return at_least(x, least), at_least(y, least)


def at_least(side: Side, length: float) -> Side:
    """Return a side, lengthened about its middle to a length."""
    middle, half = (side[0] + side[1]) / 2, length / 2
    return side if side[1] - side[0] >= length else (middle - half, middle + half)


def near_start(settings: Settings, point: tuple[float, float]) -> tuple[float, float]:
    """Return a start, that of a formula no further away than twice its frame reaches."""
    if settings["surface"] != NAME:
        return point
    x, y = (
        min(max(value, low), high)
        for value, (low, high) in zip(point, map(doubled, domain_of(settings)), strict=True)
    )
    return x, y


def range_of(settings: Settings, letter: str) -> Side:
    """Return the range of a parameter; its value, or those that are compared, are always in it."""
    low, high = ordered(*(settings[f"{NAME}.{letter}.{end}"] for end in BOUNDS))
    compared = settings.compared == f"{NAME}.{letter}.values"
    values = settings.listed(settings.compared)[0] if compared else [settings[f"{NAME}.{letter}"]]
    return min(low, *values), max(high, *values)


def ordered(low: float, high: float) -> Side:
    """Return two ends in their order, apart from each other."""
    low, high = min(low, high), max(low, high)
    if high - low < NARROWEST:
        low, high = max(low - 1.0, -LIMIT), min(high + 1.0, LIMIT)
    return low, high


def settings_of_formula() -> Iterator[Setting]:
    """Return the settings of the formula, in the order of the page."""
    yield Setting(
        TEXT,
        Text(),
        OWN.text,
        msgid("Formula f(x, y)"),
        msgid(
            "Numbers, x, y, pi, e, + - * / ^, parentheses, sqrt, exp, log, sin, cos, tan, asin,"
            " acos, atan, sinh, cosh, tanh, abs; a, b, c and d get sliders."
        ),
    )
    for letter in LETTERS:
        known = {fact.name: fact for fact in OWN.parameters}.get(letter)
        low, high = (known.low, known.high) if known else RANGE
        kind = Span(-LIMIT, LIMIT, step_of(low, high), slider=True)
        help = msgid("A number of the formula.")
        yield Setting(f"{NAME}.{letter}", kind, 1.0, letter, help)
        for end, value, label in zip(
            BOUNDS, (low, high), (msgid("From"), msgid("To")), strict=True
        ):
            ends = Range(-LIMIT, LIMIT, 1.0)
            yield Setting(f"{NAME}.{letter}.{end}", ends, value, label, width=HALF)
    labels = {
        ("x", "low"): msgid("x from"),
        ("x", "high"): msgid("x to"),
        ("y", "low"): msgid("y from"),
        ("y", "high"): msgid("y to"),
    }
    for id, corner, value in zip(FRAME, CORNERS, (*DOMAIN[0], *DOMAIN[1]), strict=True):
        yield Setting(id, Range(-FAR, FAR, 1.0), value, labels[corner], width=HALF)
    for i, (axis, label) in enumerate((("x", msgid("Start x")), ("y", msgid("Start y")))):
        yield Setting(
            f"{NAME}.{axis}",
            Range(-LIMIT, LIMIT, 0.25),
            lambda settings, i=i: formula_of(settings).start[i],
            label,
            msgid("Or click on a panel."),
            needs=FORMULA_IDS,
            width=HALF,
        )


def values_of_formula(formula: Formula) -> dict[str, Any]:
    """Return the settings, by id, that show a formula whose parameters are some of LETTERS."""
    ends = (*formula.domain[0], *formula.domain[1])
    return {
        TEXT: formula.text,
        **dict(zip(FRAME, ends, strict=True)),
        **{f"{NAME}.{n.name}.low": n.low for n in formula.parameters},
        **{f"{NAME}.{n.name}.high": n.high for n in formula.parameters},
    }


STARTS = (f"{NAME}.x", f"{NAME}.y")
RATED = ("SGD", "Momentum")


@dataclass(frozen=True)
class Example:
    """A formula to pick: its name, its text, and a frame and a start that show something.

    `rates` are those of SGD and Momentum where their defaults are far too large or too small.
    """

    name: Message
    text: str
    domain: tuple[Side, Side]
    start: tuple[float, float]
    rates: Mapping[str, float] = Values({})

    def changes(self) -> dict[str, Any]:
        """Return the settings that show it, by id."""
        ends = (*self.domain[0], *self.domain[1])
        formula = made(self.text, RANGES, self.domain)

        def usual(rule: str) -> float:
            return OPTIMIZERS[rule].default_rate(formula)

        return {
            TEXT: self.text,
            **dict(zip(FRAME, ends, strict=True)),
            **dict(zip(STARTS, self.start, strict=True)),
            **{f"{NAME}.{rule}.lr": self.rates.get(rule, usual(rule)) for rule in RATED},
        }


EXAMPLES = (
    Example(msgid("Flat ravine"), "0.1*x^2 + 2*y^2", ((-6.0, 6.0), (-3.0, 3.0)), (-5.0, -2.0)),
    Example("Booth", "(x + 2*y - 7)^2 + (2*x + y - 5)^2", ((-10.0, 10.0),) * 2, (-8.0, 7.0)),
    Example("Matyas", "0.26*(x^2 + y^2) - 0.48*x*y", ((-10.0, 10.0),) * 2, (-8.0, 4.0)),
    Example(
        "McCormick",
        "sin(x + y) + (x - y)^2 - 1.5*x + 2.5*y + 1",
        ((-1.5, 4.0), (-3.0, 4.0)),
        (3.5, -2.0),
    ),
    Example(
        "Goldstein-Price",
        "(1 + (x + y + 1)^2*(19 - 14*x + 3*x^2 - 14*y + 6*x*y + 3*y^2))"
        "*(30 + (2*x - 3*y)^2*(18 - 32*x + 12*x^2 + 48*y - 36*x*y + 27*y^2))",
        ((-2.0, 2.0),) * 2,
        (-0.5, 0.5),
        {"SGD": 1e-5, "Momentum": 2e-6},
    ),
    Example(
        "Easom",
        "-cos(x)*cos(y)*exp(-(x - pi)^2 - (y - pi)^2)",
        ((0.0, 6.0),) * 2,
        (4.2, 2.2),
    ),
    Example(
        msgid("Two wells"),
        "x^2 + y^2 - 2*exp(-5*((x - 1)^2 + y^2)) - 3*exp(-5*((x + 1)^2 + y^2))",
        ((-3.0, 3.0),) * 2,
        (0.75, 1.0),
    ),
    Example(msgid("Tilted bowl"), "x^2 + x*y + 2*y^2", ((-5.0, 5.0),) * 2, (-4.0, 3.0)),
    Example(
        msgid("Edge of stability"), "(1 - x^2*y^2)^2/4", ((-1.0, 8.0), (-1.0, 1.5)), (6.0, 0.1)
    ),
    Example(msgid("Catapult"), "x^2*y^2/2", ((-3.0, 3.0),) * 2, (2.0, 0.3), {"SGD": 0.85}),
)


def example_of(settings: Settings) -> str | None:
    """Return the name of the example whose text and frame are set, if one is."""
    for example in EXAMPLES:
        changes = example.changes()
        if all(settings[id] == changes[id] for id in (TEXT, *FRAME)):
            return example.name
    return None
