"""Checks of arguments; each failure is a ValueError that says what would be right."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from numbers import Real
from types import MappingProxyType
from typing import Any

import numpy as np

NOTHING: Mapping[str, Any] = MappingProxyType({})


def check_number(field: str, value: Any, low: float, high: float, integer: bool = False) -> float:
    """Return a Python or NumPy real number as a float (a whole one if `integer`).

    Raises ValueError, naming the field, the value and the range, for anything else: a bool, text,
    an array, NaN, an infinity, a number outside [low, high].
    """
    kind = "a whole number" if integer else "a number"
    # Reject by type what float() would accept: text, an array, a NumPy bool.
    if isinstance(value, bool) or not isinstance(value, Real):
        number = math.nan
    else:
        try:
            number = float(value)
        except OverflowError:  # an int that no float can hold
            number = math.inf
    if not low <= number <= high or (integer and number != int(number)):
        raise ValueError(f"{field} = {shown(value)}: must be {kind} from {low:g} to {high:g}")
    return number + 0.0  # not -0, which equals 0 but makes other bits


def check_array(field: str, value: Any) -> Any:
    """Return a number or an array of numbers as a float64 array; ValueError for anything else."""
    try:
        array = np.asarray(value)
    except ValueError:  # rows of different lengths
        array = np.empty(0, dtype=object)
    if array.dtype.kind not in "iuf":
        raise ValueError(f"{field} = {shown(value)}: must be a number or an array of numbers")
    return np.asarray(array, dtype=np.float64)


def check_names(field: str, given: Iterable[Any], known: Iterable[str]) -> None:
    """Raise ValueError naming `field` and the known names unless all of `given` are known."""
    known = tuple(known)
    for name in given:
        # Only compare text: an array would answer element by element.
        if not isinstance(name, str) or name not in known:
            listed = ", ".join(known) or "none"
            raise ValueError(f"{field} = {shown(name)}: unknown; known: {listed}")


def check_mapping(field: str, value: Any) -> dict[str, Any]:
    """Return a copy of a mapping from text; ValueError naming `field` for anything else."""
    if not (isinstance(value, Mapping) and all(isinstance(name, str) for name in value)):
        raise ValueError(f"{field} = {shown(value)}: must map names to values")
    return {str(name): item for name, item in value.items()}


def shown(value: Any) -> str:
    """Return `value` as a message shows it: its repr, cut where that is long."""
    try:
        text = repr(value)
    except ValueError:  # Python does not print an int of more than 4,300 digits
        text = f"<{type(value).__name__}>"
    return text if len(text) <= 80 else f"{text[:77]}..."
