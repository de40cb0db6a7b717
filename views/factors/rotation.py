"""Rotations of the surface, and of the start with it: whether a rule depends on the axes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from landscape.language import msgid
from landscape.plane import turned
from optimizers import Run
from views.settings.parameters import of_parameter


def vary(run: Run, value: float, settings: Any) -> Run:
    """Return a run on the surface that is turned by `value` degrees, whose start turns with it."""
    x, y = (settings[f"{settings['surface']}.{letter}"] for letter in "xy")
    return replace(run, params={"rotation": value}, start=turned((x, y), value))


FACTOR = of_parameter(
    "rotation",
    "Rotation",
    12,
    (0, 15, 30, 45),
    title=msgid("Rotations to compare"),
    of_run=msgid("rotation {value}°"),
    help=msgid("In degrees. The start turns with the surface: it is set for a rotation of 0."),
    vary=vary,
    turn=float,
)
