"""Critical points that move with a parameter are computed, not stated."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from landscape.compiled import Kernel

STEPS = 20  # Newton's method doubles the digits at each; more than enough from two digits


def polish(
    loss_and_gradient: Kernel,
    hessian: Kernel,
    points: Iterable[tuple[float, float]],
    *params: float,
) -> list[tuple[float, float]]:
    """Return the critical points near `points`, to full precision, by Newton's method.

    `params` are the surface's parameters in order. The Hessian must be regular at each point.
    """
    x, y = np.array(list(points), dtype=np.float64).T.copy()
    values = np.array(params, dtype=np.float64)
    loss, gx, gy, hxx, hxy, hyy = np.empty((6, x.size))
    for _ in range(STEPS):
        loss_and_gradient(x, y, values, loss, gx, gy)
        hessian(x, y, values, hxx, hxy, hyy)
        determinant = hxx * hyy - hxy * hxy
        x -= (hyy * gx - hxy * gy) / determinant
        y -= (hxx * gy - hxy * gx) / determinant
    return list(zip(x.tolist(), y.tolist(), strict=True))
