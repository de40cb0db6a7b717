"""Points of the plane."""

from __future__ import annotations

import math


def turned(point: tuple[float, float], degrees: float) -> tuple[float, float]:
    """Return a point turned about the origin, counter-clockwise."""
    (x, y), angle = point, math.radians(degrees)
    c, s = math.cos(angle), math.sin(angle)
    return c * x - s * y, s * x + c * y
