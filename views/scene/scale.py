"""How a loss is mapped to a colour or a height, and the ticks that say so."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from landscape.language import number

LARGEST = 1e300  # of what a picture or a chart shows
TICKS = 5  # of a linear axis, about


@dataclass(frozen=True)
class LossScale:
    """A monotone map of the loss: linear within `width` of `centre`, logarithmic beyond.

    A logarithm alone has no place for the minimum itself, nor for losses below zero.
    """

    centre: float
    width: float

    def __call__(self, loss: ArrayLike) -> NDArray[np.float64]:
        """Return asinh((loss - centre) / width) in decades, of the shape of `loss`."""
        with np.errstate(over="ignore"):
            loss = np.asarray(loss, np.float64)
            scaled = (loss - self.centre) / self.width
            # Of a formula the quotient of a finite loss may overflow.
            scaled = np.where(np.isfinite(loss), np.clip(scaled, -LARGEST, LARGEST), scaled)
        return np.arcsinh(scaled) / math.log(10)

    def inverse(self, height: ArrayLike) -> NDArray[np.float64]:
        """Return the loss at a height of the scale."""
        return self.centre + self.width * np.sinh(np.asarray(height, np.float64) * math.log(10))

    def ticks(self, low: float, high: float, most: int = 6) -> tuple[list[float], list[str]]:
        """Return heights and texts of about `most` round losses between two heights.

        Zero comes first, if it is in between; of two ticks that would touch the later one is left
        out.
        """
        wanted = self.inverse(np.linspace(low, high, most))
        kept: dict[float, float] = {}
        for loss in [0.0, *map(round_number, wanted)]:
            height = float(self(loss))
            apart = all(abs(height - other) >= (high - low) / (most + 2) for other in kept)
            if low <= height <= high and apart:
                kept[height] = loss
        return sorted(kept), [number(kept[height], 6) for height in sorted(kept)]


def round_number(value: float) -> float:
    """Return the nearest 1, 2 or 5 times a power of ten, with the sign of `value`."""
    if value == 0 or not math.isfinite(value):
        return 0.0
    exponent = math.floor(math.log10(abs(value)))
    nearest = min((1, 2, 5, 10), key=lambda digit: abs(math.log(abs(value) / 10**exponent / digit)))
    return math.copysign(float(f"{nearest}e{exponent}"), value)


def even(side: tuple[float, float]) -> list[float]:
    """Return about TICKS round numbers at equal distances."""
    low, high = side
    power = 10.0 ** math.floor(math.log10((high - low) / TICKS))
    step = next(d * power for d in (1, 2, 5, 10) if d * power * TICKS >= high - low)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{k * step:.6g}") for k in range(first, last + 1)]
