"""The search for the critical points of a surface of which nothing is known but its kernels."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from landscape.compiled import Kernel
from landscape.hessian import RANK_TOLERANCE, solve
from landscape.lines import Function, Lines, across, follow, on_lines
from landscape.record import (
    CUSP,
    DEGENERATE,
    GLOBAL_MINIMUM,
    LOCAL_MINIMUM,
    LOWEST_KINDS,
    MAXIMUM,
    SADDLE,
    SAME_LOSS,
)

Vector = NDArray[np.float64]
Sides = tuple[tuple[float, float], tuple[float, float]]

SIZE = 64  # points along each side from which Newton's method begins
STEPS = 60  # of Newton's method
LONGEST = 2.0  # cells of the grid, of one step
SETTLED = 1e-9  # cells: a shorter last step is the end
LEVEL = 1e-7  # of the Hessian, in cells: a gradient that vanishes
MERGED = 1e-6  # of a side: points that are nearer to each other are one
FLAT = 1e-12  # of the largest Hessian and of the range of losses: less is nothing
MOST_DEGENERATE = 64  # points: there are more where a whole line is critical
AROUND = 16  # points of a circle
CIRCLES = (0.05, 0.2)  # cells: radii
SINGULAR = 1e-10  # of the squared Hessian: a determinant that may be rounding
ROUNDING = 1e-14  # of a loss
LOW = (LOCAL_MINIMUM, DEGENERATE)  # which may be lowest
SEEN, WIDE = 129, (1.0, 3.0, 10.0, 100.0)  # points along each side of the grids, in such frames
HALVINGS = 45  # of the steps towards a cusp


class Found(NamedTuple):
    """Critical points (x, y, kind), the lowest loss of them, and whether nothing was lower.

    Where the lowest points make `lines` these have them, but for those where lines cross.
    """

    points: tuple[tuple[float, float, str], ...]
    lowest: float
    bounded: bool
    lines: Lines | None = None


def search(kernel: Kernel, curvature: Kernel, params: Vector, domain: Sides) -> Found:
    """Return the critical points in a domain that Newton's method finds from a grid.

    A minimum is global if no loss of four grids is lower, in the domain and around it up to 100
    times its size. Lines of such minima are followed, of other lines of critical points some
    points are found. A lowest point without a gradient is a cusp; kinks elsewhere are not found.
    """
    function = Function(kernel, curvature, params)
    with np.errstate(all="ignore"):
        points = _kept(function, _newton(function, domain), domain)
        return _told(function, points, domain)


def _grid(domain: Sides, size: int, wide: float = 1.0) -> tuple[Vector, Vector]:
    sides = []
    for low, high in domain:
        middle, half = (low + high) / 2, wide * (high - low) / 2
        sides.append(np.linspace(middle - half, middle + half, size))
    x, y = np.meshgrid(*sides)
    return x.ravel(), y.ravel()


def _cells(domain: Sides) -> Vector:
    return np.array([(high - low) / (SIZE - 1) for low, high in domain])


def _newton(function: Function, domain: Sides) -> Vector:
    """Return where Newton's method settles in the domain, (2, n); many are the same point."""
    cells = _cells(domain)[:, None]
    low, high = np.array(domain).T[:, :, None]
    at = np.stack(_grid(domain, SIZE))
    settled = [np.empty((2, 0))]
    for _ in range(STEPS):
        if not at.size:
            break
        g, (hxx, hxy, hyy) = function.gradient(*at), function.hessian(*at)
        # In cells, so that a step is as long along both sides.
        gx, gy = g * cells
        hxx, hxy, hyy = (
            hxx * cells[0] ** 2,
            hxy * cells[0] * cells[1],
            hyy * cells[1] ** 2,
        )
        det, norm = hxx * hyy - hxy * hxy, hxx * hxx + 2 * hxy * hxy + hyy * hyy
        # Where the Hessian is singular: least squares, damped.
        damp = np.where(np.abs(det) > RANK_TOLERANCE * norm, 0.0, 1e-12 * norm)
        axx, ayy = hxx * hxx + hxy * hxy + damp, hxy * hxy + hyy * hyy + damp
        axy = hxy * (hxx + hyy)
        right = np.array([hxx * gx + hxy * gy, hxy * gx + hyy * gy])
        damped = solve(np.array([[axx, axy], [axy, ayy]]), right)
        exact = solve(np.array([[hxx, hxy], [hxy, hyy]]), np.array([gx, gy]))
        step = np.where(damp > 0, damped, exact)
        step[:, (gx == 0) & (gy == 0)] = 0.0
        length = np.hypot(*step)
        # Least squares also settle where the gradient is only as small as it gets.
        level = np.hypot(gx, gy) <= LEVEL * np.sqrt(norm)
        step *= np.minimum(1.0, LONGEST / np.maximum(length, LONGEST))
        at = at - step * cells
        done = length <= SETTLED
        settled.append(at[:, done & level])
        inside = ((at >= low - 4 * cells) & (at <= high + 4 * cells)).all(axis=0)
        at = at[:, ~done & inside & np.isfinite(length)]
    found = np.concatenate(settled, axis=1)
    edge = 1e-9 * (high - low)
    return found[:, ((found >= low - edge) & (found <= high + edge)).all(axis=0)]


def _kept(function: Function, found: Vector, domain: Sides) -> Vector:
    """Return the points, each once, without those where the surface is flat."""
    sides = np.ptp(np.array(domain), axis=1)[:, None]
    # The logarithm of a negative number has a gradient all the same.
    found = found[:, np.isfinite(function.loss(*found))]
    # Two that are near to each other may lie in two squares of a grid, but not of both.
    for shift in (0.0, 0.5):
        _, first = np.unique(np.round(found / (MERGED * sides) + shift), axis=1, return_index=True)
        found = found[:, np.sort(first)]
    grid = _grid(domain, SIZE)
    large, losses = np.abs(function.hessian(*grid)).max(axis=0), function.loss(*grid)
    largest = large[np.isfinite(large)].max(initial=0.0)
    losses = losses[np.isfinite(losses)]
    span = np.ptp(losses) if losses.size else 0.0
    steep = np.abs(function.hessian(*found)).max(axis=0) > FLAT * largest
    rise = np.abs(_around(function, found, domain, 0.5) - function.loss(*found)).max(axis=0)
    found = found[:, steep | (rise > FLAT * span)]
    # Where a round number does as well, it is the point but for rounding.
    digits = 8 - np.ceil(np.log10(sides)).astype(int)
    rounded = np.array(
        [np.round(row, int(d)) for row, d in zip(found, digits.ravel(), strict=True)]
    ).reshape(2, -1)
    better = np.hypot(*function.gradient(*rounded)) <= np.hypot(*function.gradient(*found))
    return np.where(better, rounded, found) + 0.0


def _around(function: Function, points: Vector, domain: Sides, cells: float) -> Vector:
    """Return the losses on circles around points (2, n), as (AROUND, n)."""
    angle = 0.1 + np.linspace(0, 2 * np.pi, AROUND, endpoint=False)[:, None]
    across, up = cells * _cells(domain)
    x, y = points[0] + across * np.cos(angle), points[1] + up * np.sin(angle)
    return function.loss(x.ravel(), y.ravel()).reshape(x.shape)


def _told(function: Function, points: Vector, domain: Sides) -> Found:
    """Return what the points are."""
    loss, hessian = function.loss(*points), function.hessian(*points)
    kinds = _kinds(function, points, loss, hessian, domain)
    seen = np.concatenate([function.loss(*_grid(domain, SEEN, wide)) for wide in WIDE])
    least = np.where(np.isnan(seen), np.inf, seen).min()
    places = [(float(x), float(y)) for x, y in points.T]
    values = loss.tolist()
    lowest = min((v for v, k in zip(values, kinds, strict=True) if k in LOW), default=np.inf)
    if not _as_low(lowest, least) and (cusp := _lowest_place(function, domain)) is not None:
        (x, y), value, kind = cusp
        if value < lowest and _as_low(value, least):
            places, values, kinds = [*places, (x, y)], [*values, value], [*kinds, kind]
            lowest = value
    bounded = _as_low(lowest, least)
    crossing = np.asarray((hessian == 0).all(axis=0))  # of lines, if any
    lines, on_them = (
        _lines(function, points, loss, hessian, domain, lowest) if bounded else (None, set())
    )
    told = []
    for i, ((x, y), value, kind) in enumerate(zip(places, values, kinds, strict=True)):
        if i in on_them:
            if crossing[i]:
                told.append((x, y, DEGENERATE))
            continue
        best = bounded and kind == LOCAL_MINIMUM and _as_low(value, lowest)
        told.append((x, y, GLOBAL_MINIMUM if best else kind))
    many = [point for point in told if point[2] == DEGENERATE]
    if len(many) > MOST_DEGENERATE:
        some = {*many[:: -(-len(many) // MOST_DEGENERATE)]}
        told = [point for point in told if point[2] != DEGENERATE or point in some]
    if lines is not None:
        single = [(x, y) for x, y, kind in told if kind in LOWEST_KINDS]
        lines = replace(lines, single=np.array(single).reshape(-1, 2).T)
    return Found(tuple(told), lowest if bounded else -np.inf, bounded, lines)


def _lines(
    function: Function,
    points: Vector,
    loss: Vector,
    hessian: Vector,
    domain: Sides,
    lowest: float,
) -> tuple[Lines | None, set[int]]:
    """Return the lines that the lowest points make, if any do, and which points are on them."""
    _, singular = _singular(hessian)
    as_low = np.flatnonzero(loss - lowest <= SAME_LOSS * (1 + abs(lowest)))
    low = as_low[singular[as_low]]
    if not low.size:
        return None, set()
    seeds = np.concatenate([points[:, low], across(function, domain)], axis=1)
    found = follow(function, domain, seeds, lowest)
    if not found:
        return None, set()
    (x0, x1), (y0, y1) = domain
    lines = Lines(function, tuple(found), (x1 - x0, y1 - y0), lowest)
    return lines, {*as_low[on_lines(found, domain, points[:, as_low])].tolist()}


def _as_low(value: float, least: float) -> bool:
    """Tell whether a loss is finite and as low as another, but for rounding."""
    return bool(value < np.inf and value - least <= SAME_LOSS * (1 + abs(value)))


def _singular(hessian: Vector) -> tuple[Vector, NDArray[np.bool_]]:
    """Return the determinants of Hessians (3, n), and which are zero but for rounding."""
    hxx, hxy, hyy = hessian
    det, norm = hxx * hyy - hxy * hxy, hxx * hxx + 2 * hxy * hxy + hyy * hyy
    return det, ~(np.abs(det) > SINGULAR * norm)


def _kinds(
    function: Function, points: Vector, loss: Vector, hessian: Vector, domain: Sides
) -> list[str]:
    """Return the kinds of critical points; no minimum is called global yet."""
    det, singular = _singular(hessian)
    # Where the Hessian says nothing, the losses around the point do.
    rise = np.concatenate([_around(function, points, domain, r) for r in CIRCLES]) - loss
    nothing = ROUNDING * (np.abs(loss) + np.abs(rise).max(axis=0, initial=0.0))
    kinds = []
    for i in range(loss.size):
        if not singular[i]:
            kinds.append(SADDLE if det[i] < 0 else LOCAL_MINIMUM if hessian[0, i] > 0 else MAXIMUM)
        elif singular.sum() > MOST_DEGENERATE:  # points of a line
            kinds.append(DEGENERATE)
        elif (rise[:, i] > nothing[i]).all():
            kinds.append(LOCAL_MINIMUM)
        else:
            kinds.append(MAXIMUM if (rise[:, i] < -nothing[i]).all() else DEGENERATE)
    return kinds


def _lowest_place(
    function: Function, domain: Sides
) -> tuple[tuple[float, float], float, str] | None:
    """Return the point of the domain to which ever smaller steps lead down, its loss and kind."""
    x, y = _grid(domain, SEEN)
    loss = function.loss(x, y)
    loss = np.where(np.isnan(loss), np.inf, loss)
    best = int(np.argmin(loss))
    at, value = np.array([x[best], y[best]]), loss[best]
    if not np.isfinite(value):
        return None
    low, high = np.array(domain).T
    step = (high - low) / (SEEN - 1)
    ways = np.array([(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j]).T
    for _ in range(HALVINGS):
        for _ in range(4):
            around = at[:, None] + step[:, None] * ways
            losses = function.loss(*around)
            losses = np.where(np.isnan(losses), np.inf, losses)
            next_ = int(np.argmin(losses))
            if not losses[next_] < value:
                break
            at, value = around[:, next_], losses[next_]
        step = step / 2
    if not np.isfinite(value) or ((at <= low) | (at >= high)).any():
        return None
    rounded = np.round(at, 9)
    there = function.loss(*rounded[:, None])[0]
    if np.isfinite(there) and there <= value:
        at, value = rounded + 0.0, there
    beside = at[:, None] + 1e-6 * _cells(domain)[:, None] * ways
    slope = np.hypot(*(function.gradient(*beside) * _cells(domain)[:, None])).max()
    rise = np.abs(_around(function, at[:, None], domain, 1.0) - value).max()
    kind = LOCAL_MINIMUM if slope < 1e-3 * rise else CUSP
    return (float(at[0]), float(at[1])), float(value), kind
