"""A scene as bytes: JSON whose arrays stand apart, in binary, all of it compressed."""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEVELS = 65_535  # of a row of numbers
GRID_LEVELS = 4_095  # of a grid: 256 to each of 16 contours


def pack(scene: dict[str, Any]) -> bytes:
    """Return a scene as zlib-compressed bytes, which the player's `unpack` reads.

    Inflated: the JSON's length as a little-endian uint32, the JSON, padding to a multiple of 8,
    the arrays. In the JSON an array is `{"$": {type, offset, shape, ...}}`. float32 arrays are sent
    as they are; float64 arrays as uint16 levels between their extremes, each as its difference from
    the one before, which compresses to half; a grid has fewer levels. One that has gaps, where a
    number is not finite, is sent as float32 that are no numbers there. Equal arrays are sent once,
    however often they occur.
    """
    blocks: list[bytes] = []
    known: dict[tuple[str, tuple[int, ...], bytes], dict[str, Any]] = {}
    size = 0

    def reference(value: Any) -> Any:
        nonlocal size
        if isinstance(value, np.generic):
            return value.item()
        if not isinstance(value, np.ndarray):
            raise TypeError(f"a scene holds no {type(value).__name__}")
        key = value.dtype.str, value.shape, value.tobytes()
        if key not in known:
            entry, block = encode(value)
            known[key] = {"$": {**entry, "offset": size, "shape": value.shape}}
            blocks.append(block + bytes(-len(block) % 8))
            size += len(blocks[-1])
        return known[key]

    # Offsets count from the end of the JSON, whose length is not known before it is written.
    text = json.dumps(scene, default=reference, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-(4 + len(text)) % 8)
    return zlib.compress(struct.pack("<I", len(text)) + text + b"".join(blocks), 1)


def encode(values: NDArray[Any]) -> tuple[dict[str, Any], bytes]:
    """Return how an array is sent and its bytes."""
    if values.dtype == np.float64 and not np.isfinite(values).all():
        # Levels have no gaps. Where a loss has no end nothing is drawn.
        values = np.where(np.isfinite(values), values, np.nan).astype(np.float32)
    if values.dtype == np.float32 or not values.size:
        return {"type": "f4"}, values.tobytes()
    low, high = float(values.min()), float(values.max())
    step = (high - low) / (GRID_LEVELS if values.ndim == 2 else LEVELS)
    levels = np.rint((values.ravel() - low) / (step or 1.0)).astype("<u2")
    levels[1:] -= levels[:-1].copy()  # uint16 wraps around, and so does the sum that undoes it
    return {"type": "d2", "low": low, "step": step}, levels.tobytes()
