"""The positions of sliders whose steps are not even: of rates, and of shares that end near one."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

from views.settings.formulas import Span, range_of, step_of
from views.settings.numbers import exact
from views.settings.setting import PER_DECADE, RATE_DECADES, NumberList, Range, Rate
from views.settings.settings import Settings
from views.settings.table import TABLE

# What the slider of a rate shows, position by position.
RATES = tuple(
    f"{10 ** (RATE_DECADES[0] + place / PER_DECADE):.3g}"
    for place in range(PER_DECADE * (RATE_DECADES[1] - RATE_DECADES[0]) + 1)
)
NEAR_ONE = (*(0.99 + k / 1000 for k in range(1, 10)), 0.9995, 0.9999, 0.99999)
MOST_STEPS = 20  # of a whole number's slider


def texts_of(kind: Any) -> tuple[str, ...]:
    """Return what the slider of a kind of number shows, position by position, if it has such.

    Towards 1 a hundredth is too much.
    """
    if isinstance(kind, Rate):
        return RATES
    if not isinstance(kind, Range) or kind.slider:
        return ()
    return even(int(kind.low), int(kind.high)) if kind.whole else shares(kind.low, kind.high)


def even(low: int, high: int) -> tuple[str, ...]:
    """Return whole numbers from `low` to `high`, unless they are too many for a slider."""
    return tuple(map(str, range(low, high + 1))) if high - low <= MOST_STEPS else ()


@functools.lru_cache(maxsize=16)
def shares(low: float, high: float) -> tuple[str, ...]:
    """Return numbers from `low` to a `high` just below one, none to any other."""
    found = (*(k / 100 for k in range(100)), *NEAR_ONE) if 0.99 < high < 1 else ()
    return tuple(f"{v:.6g}" for v in found if low <= v <= high)


def place_of(texts: Sequence[str], value: float) -> int:
    """Return the position that is nearest to a value."""
    if texts is RATES:
        low, high = RATE_DECADES
        exponent = min(max(math.log10(value), low), high) if value > 0 else low
        return round(PER_DECADE * (exponent - low))
    return min(range(len(texts)), key=lambda place: abs(float(texts[place]) - value))


def compared_texts(settings: Settings) -> tuple[str, ...]:
    """Return the positions of the sliders of the compared numbers, none where they have none."""
    if not isinstance(TABLE[settings.compared].kind, NumberList):
        return ()
    kind: Any = TABLE[settings.instead].kind
    if isinstance(kind, Span):
        low, high = range_of(settings, settings.instead.rpartition(".")[2])
        return stepped(low, high, step_of(low, high))
    if getattr(kind, "slider", False):
        return stepped(kind.low, kind.high, kind.step)
    return texts_of(kind)


@functools.lru_cache(maxsize=16)
def stepped(low: float, high: float, step: float) -> tuple[str, ...]:
    """Return the positions of a slider whose steps are even."""
    return tuple(f"{low + k * step:.6g}" for k in range(round((high - low) / step) + 1))


def scale_of(texts: Sequence[str]) -> Any:
    """Return what a slider's positions mean, as the player reads it."""
    return {"from": RATE_DECADES[0], "each": PER_DECADE} if texts is RATES else list(texts)


def compared_scale(settings: Settings, place: int) -> dict[str, Any]:
    """Return what the positions of one compared number's slider mean: each, a whole list."""
    values = [exact(value) for value in settings.listed(settings.compared)[0]]
    return {"list": values, "place": place, "scale": scale_of(compared_texts(settings))}
