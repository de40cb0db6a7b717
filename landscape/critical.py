"""Critical points that move with a parameter: computed instead of written down."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

from landscape.compiled import Kernel
from landscape.hessian import solve

STEPS = 20  # Newton's method doubles the digits at each; more than enough from two digits


def polish(
    loss_and_gradient: Kernel,
    hessian: Kernel,
    points: Iterable[tuple[float, float]],
    params: ArrayLike = (),
) -> list[tuple[float, float]]:
    """Return the critical points near `points`, to full precision, by Newton's method.

    `params` are what the kernels get. The Hessian must be regular at each point.
    """
    xy = np.array(list(points), dtype=np.float64).T.copy()
    values = np.array(params, dtype=np.float64)
    loss, gx, gy, hxx, hxy, hyy = np.empty((6, xy.shape[1]))
    for _ in range(STEPS):
        loss_and_gradient(xy.shape[1], *xy, values, loss, gx, gy)
        hessian(xy.shape[1], *xy, values, hxx, hxy, hyy)
        xy -= solve(np.array([[hxx, hxy], [hxy, hyy]]), np.array([gx, gy]))
    return list(zip(*xy.tolist(), strict=True))
