"""Critical points that move with a parameter: computed instead of written down."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

from landscape.compiled import Kernel
from landscape.hessian import solve

DAMPED_STEPS, DAMPING = 30, 1e-2  # the damping of the first step, added to the curvatures
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


def descend(
    loss_and_gradient: Kernel,
    hessian: Kernel,
    points: Iterable[tuple[float, float]],
    params: ArrayLike,
    stride: float,
) -> list[tuple[float, float]]:
    """Return near what minima `points` lie: steps of Newton's method that each lower the loss.

    None is longer than `stride`, and one that would not lower it is damped more, as Levenberg and
    Marquardt do.
    """
    xy = np.array(list(points), dtype=np.float64).T.copy()
    values, count = np.array(params, dtype=np.float64), xy.shape[1]
    loss, gx, gy, hxx, hxy, hyy, tried = np.empty((7, count))
    damping = np.full(count, DAMPING)
    for _ in range(DAMPED_STEPS):
        loss_and_gradient(count, *xy, values, loss, gx, gy)
        hessian(count, *xy, values, hxx, hxy, hyy)
        lowest = (hxx + hyy) / 2 - np.hypot((hxx - hyy) / 2, hxy)
        extra = np.maximum(-2 * lowest, 0.0) + damping  # which leaves no curvature negative
        step = solve(np.array([[hxx + extra, hxy], [hxy, hyy + extra]]), np.array([gx, gy]))
        other = xy - step * stride / np.maximum(np.hypot(*step), stride)
        loss_and_gradient(count, *other, values, tried, gx, gy)
        lower = tried < loss
        xy = np.where(lower, other, xy)
        damping = np.where(lower, damping / 4, damping * 4)
    return list(zip(*xy.tolist(), strict=True))
