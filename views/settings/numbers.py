"""Numbers as texts: how they are read where they are typed or come with a link, and written."""

from __future__ import annotations

import re
from collections.abc import Sequence

NUMBER = re.compile(r"[+-]?(\d+[.,]?\d*|[.,]\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
# 1,500 is a number of its own in one country and a tenth of a percent of it in another.
GROUPED = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}", re.ASCII)
GROUPED_WHOLE = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", re.ASCII)


def number_of(text: str) -> float:
    """Return the number that a text is, whose decimals may follow a point or a comma.

    It is infinite where it is too large for a float. Raises ValueError for any other text.
    """
    text = text.strip().replace("\N{MINUS SIGN}", "-")
    if not NUMBER.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not a number")
    return float(text.replace(",", ".")) + 0.0  # which makes 0 of -0


def meanings(text: str, whole: bool = False) -> tuple[str, str] | None:
    """Return the two numbers that a text may mean, the smaller first, or None for at most one."""
    text = text.strip()
    if not (GROUPED_WHOLE if whole else GROUPED).fullmatch(text):
        return None
    return exact(number_of(text)), re.sub("[.,]", "", text)


def exact(value: float) -> str:
    """Return a number as the shortest text that is read as the same number."""
    short = f"{value:g}"
    return short if float(short) == value else repr(float(value))


def told_apart(values: Sequence[float]) -> list[str]:
    """Return numbers as short texts: of 6 digits, or of as many as keep different ones apart."""
    texts: list[str] = []
    for digits in range(6, 18):  # 17 are enough for any two floats
        texts = [f"{value:.{digits}g}" for value in values]
        if len({*texts}) == len({*values}):
            break
    return texts
