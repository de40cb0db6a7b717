"""What the page's own components report: a browser sends it, and so anybody may."""

from __future__ import annotations

from typing import Any


def numbers(value: Any, count: int, most: float) -> tuple[float, ...] | None:
    """Return `count` numbers from -most to most, or None where anything else was reported."""
    try:
        found = tuple(map(float, value))
    except (TypeError, ValueError, OverflowError):
        return None
    # Written so that NaN fails it.
    return found if len(found) == count and all(abs(v) <= most for v in found) else None
