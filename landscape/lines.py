"""Lines of minima of a surface of which nothing is known but its kernels: found and followed."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from landscape.compiled import Kernel

Vector = NDArray[np.float64]
Side = tuple[float, float]
Sides = tuple[Side, Side]
Point = tuple[float, float]

# Lengths are in sides of the domain, about its middle.
REACH = 1.5  # how far a line is followed: in three times the domain
LONGEST, SHORTEST = 0.03, 0.03 / 64  # steps along a line
TURN, EVEN = 0.2, 0.08  # radians: a step that turns by more is halved, by less is made longer
GROWTH = 1.5
CORRECTIONS = 8  # steps of Newton's method across the line
SETTLED, CLOSE = 1e-13, 1e-9  # of such a step: the end, and what will do where rounding is large
THIN = 1e-6  # of the curvature across: that along a line
LEVEL = 1e-9  # of the same: the slope along a line
SAME, ROUNDING = 1e-12, 1e-14  # of the loss, and of the curvature: how low all of a line is
APART = LONGEST / 20  # less is on a line
MOST_POINTS = 2_000  # of all lines
MOST_FAILED = 12  # points through which there is none, though they are flat
SEEDS, STEPS, FURTHEST = 32, 20, 0.1  # points along a side, and their steps across
CELLS = 64  # along each side of the domain: of the points in one of them one is tried
BESIDE, RISES, MOSTLY = LONGEST / 4, 1e-3, 0.9  # where both sides are to be higher, and by what
PARTS = 100  # of a frame: segments that are drawn are not longer
MOST_PARTS = 100  # of one segment
TOGETHER = 2**20  # distances that are found at once
FAR = 1e100  # of a coordinate: beyond, lengths overflow
NEARER = 8  # steps towards the nearest point of a line


class Function(NamedTuple):
    """A surface's kernels with their parameters."""

    kernel: Kernel
    curvature: Kernel
    params: Vector

    def loss(self, x: Vector, y: Vector) -> Vector:
        return self._at(self.kernel, x, y)[0]

    def gradient(self, x: Vector, y: Vector) -> Vector:
        return self._at(self.kernel, x, y)[1:]

    def hessian(self, x: Vector, y: Vector) -> Vector:
        return self._at(self.curvature, x, y)

    def _at(self, kernel: Kernel, x: Vector, y: Vector) -> Vector:
        out = np.empty((3, x.size))
        kernel(x.size, np.ascontiguousarray(x), np.ascontiguousarray(y), self.params, *out)
        return out


def follow(function: Function, domain: Sides, points: Vector, lowest: float) -> list[Vector]:
    """Return the lines of minima through some lowest points (2, n), each (m, 2).

    Each goes on until it leaves three times the domain, and ends a little outside, or closes. What
    does neither at any end is a flat minimum and no line, and neither is the edge of a plain. There
    are none where they would have more than MOST_POINTS.
    """
    walk = _Walk(function, domain, lowest)
    low = Lines(function, (), walk.sides, lowest).low(points)
    waiting = _one_of_a_cell(scaled(domain, points[:, low]))
    found: list[Vector] = []
    failed, room = 0, MOST_POINTS
    while waiting.size and failed < MOST_FAILED:
        (u, v), waiting = waiting[:, 0], waiting[:, 1:]
        line = walk.through(float(u), float(v), room)
        if line is None:
            failed += 1
            continue
        room -= len(line)
        if room <= 0:
            return []
        waiting = waiting[:, ~(apart([line], waiting)[0] <= APART)]
        if walk.higher_beside(line):
            found.append(line)
    return [walk.placed(line) for line in found]


def across(function: Function, domain: Sides) -> Vector:
    """Return points (2, n) that Newton's method finds when it goes across, where it may be curved.

    It leads onto lines that cross, from which Newton's own leads away to where they do.
    """
    low, high = np.array(domain, dtype=np.float64).T[:, :, None]
    side = high - low
    shares = np.linspace(0.0, 1.0, SEEDS)
    at = low + side * np.array([axis.ravel() for axis in np.meshgrid(shares, shares)])
    lines = Lines(function, (), (domain[0][1] - domain[0][0], domain[1][1] - domain[1][0]))
    for _ in range(STEPS):
        step = lines.across(at)[0]
        length = np.hypot(*(step / side))
        at = (at - step * np.minimum(1.0, FURTHEST / np.maximum(length, FURTHEST)))[
            :, np.isfinite(length)
        ]
        length = length[np.isfinite(length)]
    return at[:, ((at >= low) & (at <= high)).all(axis=0) & (length <= CLOSE)]


def on_lines(lines: list[Vector], domain: Sides, points: Vector) -> NDArray[np.bool_]:
    """Tell which points (2, n) are on some lines; of those in a cell, of a grid, one is looked at.

    Those are the many points in which Newton's method meets a line.
    """
    points = scaled(domain, points)
    cells = np.floor(CELLS * points)
    _, first, which = np.unique(cells, axis=1, return_index=True, return_inverse=True)
    away, *_ = apart([scaled(domain, line.T).T for line in lines], points[:, first])
    return (away <= APART)[which.ravel()]


def scaled(domain: Sides, points: Vector) -> Vector:
    """Return points (2, n) in sides of a domain, about its middle."""
    low, high = np.array(domain, dtype=np.float64).T[:, :, None]
    return (points - (low + high) / 2) / (high - low)


def _one_of_a_cell(points: Vector) -> Vector:
    _, first = np.unique(np.floor(CELLS * points), axis=1, return_index=True)
    return points[:, np.sort(first)]


class _Walk:
    """What leads along a line of minima."""

    def __init__(self, function: Function, domain: Sides, lowest: float) -> None:
        self._function, self._lowest = function, lowest
        low, high = np.array(domain, dtype=np.float64).T
        self._middle, self._side = (low + high) / 2, high - low
        self._place, self._values = np.empty(2), np.empty(6)
        (x, y), out = np.split(self._place, 2), np.split(self._values, 6)
        self._slopes = function.kernel.bound(1, x, y, function.params, *out[:3])
        self._bends = function.curvature.bound(1, x, y, function.params, *out[3:])
        self._scale = (*self._middle.tolist(), *self._side.tolist())
        self.sides: Point = self._scale[2], self._scale[3]

    def placed(self, line: Vector) -> Vector:
        """Return a line (m, 2) in coordinates."""
        return self._middle + self._side * line

    def _at(self, u: float, v: float) -> tuple[float, float, float, float, float, float]:
        """Return the loss, its gradient (2) and its Hessian (3) at a point, all in sides."""
        x, y, a, b = self._scale
        self._place[:] = x + a * u, y + b * v
        self._slopes()
        self._bends()
        loss, gx, gy, hxx, hxy, hyy = self._values.tolist()
        return loss, a * gx, b * gy, a * a * hxx, a * b * hxy, b * b * hyy

    def onto(self, u: float, v: float) -> tuple[float, float, float, float] | None:
        """Return the point of a line across from another, and the line's direction there."""
        for _ in range(CORRECTIONS):
            loss, gx, gy, hxx, hxy, hyy = self._at(u, v)
            half = math.hypot((hxx - hyy) / 2, hxy)
            high, low = (hxx + hyy) / 2 + half, (hxx + hyy) / 2 - half
            if not 0 < high < math.inf or half == 0:
                return None
            nx, ny = (high - hyy, hxy) if hxx >= hyy else (hxy, high - hxx)
            length = math.hypot(nx, ny)
            nx, ny = nx / length, ny / length
            step = (nx * gx + ny * gy) / high
            if not abs(step) <= LONGEST:
                return None
            if abs(step) <= SETTLED:
                break
            u, v = u - step * nx, v - step * ny
        level = abs(ny * gx - nx * gy) <= LEVEL * high and abs(low) <= THIN * high
        as_low = loss - self._lowest <= SAME * (1 + abs(self._lowest)) + ROUNDING * high
        return (u, v, -ny, nx) if abs(step) <= CLOSE and level and as_low else None

    def _crossing(self, u: float, v: float) -> bool:
        """Tell whether a point is as low as a line and without any curvature."""
        loss, *slopes = self._at(u, v)
        return not any(slopes) and loss - self._lowest <= SAME * (1 + abs(self._lowest))

    def through(self, u: float, v: float, most: int) -> Vector | None:
        """Return the line through a point, of about `most` points at most, if one does."""
        start = self.onto(u, v)
        if start is None:
            return None
        u, v, tx, ty = start
        ahead, closed, left = self._way(u, v, tx, ty, most)
        if closed:
            return np.array([(u, v), *ahead])
        back, _, left_too = self._way(u, v, -tx, -ty, most)
        if not (left or left_too or len(ahead) + len(back) >= most):
            return None
        return np.array([*back[::-1], (u, v), *ahead])

    def _way(
        self, u: float, v: float, tx: float, ty: float, most: int
    ) -> tuple[list[Point], bool, bool]:
        """Return the points of one direction, whether they close the line, or leave."""
        found: list[Point] = []
        begin, heading, step = (u, v), (tx, ty), LONGEST / 4
        while len(found) < most:
            next_u, next_v = u + step * tx, v + step * ty
            reached = self.onto(next_u, next_v)
            if reached is None and self._crossing(next_u, next_v):
                reached = next_u, next_v, tx, ty  # nothing tells the directions there: straight on
            turn = math.inf
            if reached is not None:
                x, y, sx, sy = reached
                sign = 1.0 if sx * tx + sy * ty >= 0 else -1.0
                turn = abs(math.atan2(sign * (tx * sy - ty * sx), sign * (sx * tx + sy * ty)))
                gone = (x - u) * tx + (y - v) * ty
                turn = turn if 0.5 * step <= gone <= 1.5 * step else math.inf
            if reached is None or turn > TURN:
                step /= 2
                if step < SHORTEST:
                    return found, False, False
                continue
            # How far ahead the begin is, if the line comes back to it.
            ahead = (begin[0] - u) * tx + (begin[1] - v) * ty
            off = abs((begin[0] - u) * ty - (begin[1] - v) * tx)
            if 0 < ahead <= step and off <= TURN * step and heading[0] * tx + heading[1] * ty > 0.7:
                return [*found, begin], True, False
            u, v, tx, ty = x, y, sign * sx, sign * sy
            found.append((u, v))
            if max(abs(u), abs(v)) > REACH:
                return found, False, True
            if turn < EVEN:
                step = min(step * GROWTH, LONGEST)
        return found, False, False

    def higher_beside(self, line: Vector) -> bool:
        """Tell whether both sides of a line are higher, as they are not where it is an edge."""
        function, (a, b) = self._function, self._side
        x, y = self.placed(line).T
        high, nx, ny = most_curved(function.hessian(x, y), self._side)
        wanted = RISES * high * BESIDE**2 / 2
        for way in (-BESIDE, BESIDE):
            beside = function.loss(x + way * a * nx, y + way * b * ny)
            if np.mean(~(beside - function.loss(x, y) <= wanted)) < MOSTLY:
                return False
        return True


def most_curved(hessian: Vector, sides: Iterable[float]) -> tuple[Vector, Vector, Vector]:
    """Return the larger curvature of Hessians (3, n) and its direction, with lengths in `sides`."""
    a, b = sides
    hxx, hxy, hyy = hessian * np.array([[a * a], [a * b], [b * b]])
    angle = np.arctan2(2 * hxy, hxx - hyy) / 2
    return (hxx + hyy) / 2 + np.hypot((hxx - hyy) / 2, hxy), np.cos(angle), np.sin(angle)


def apart(lines: Iterable[Vector], points: Vector) -> tuple[Vector, Vector, Vector]:
    """Return how far points (2, n) are from the nearest of some lines (m, 2).

    Also returns where on them that is, (2, n), and which of the points of a line is beside it.
    """
    begins = np.concatenate([line[:-1] for line in lines]).T
    steps = np.concatenate([np.diff(line, axis=0) for line in lines]).T
    squares = np.maximum((steps * steps).sum(axis=0), np.finfo(float).tiny)
    distances, nearest, beside = np.empty(points.shape[1]), np.empty(points.shape), points.copy()
    size = max(1, TOGETHER // begins.shape[1])
    for first in range(0, points.shape[1], size):
        part = slice(first, first + size)
        off = points[:, part, None] - begins[:, None, :]
        share = np.clip((off * steps[:, None, :]).sum(axis=0) / squares, 0.0, 1.0)
        away = np.hypot(*(off - share * steps[:, None, :]))
        at = np.argmin(away, axis=1)
        rows = np.arange(at.size)
        distances[part] = away[rows, at]
        nearest[:, part] = begins[:, at] + share[rows, at] * steps[:, at]
        beside[:, part] = begins[:, at] + np.round(share[rows, at]) * steps[:, at]
    return distances, nearest, beside


@dataclass(frozen=True, eq=False)
class Lines:
    """Lines of minima that were found, (m, 2) each, of a function whose lowest loss they are.

    What is across a line is told by lengths in `sides` of the domain. `single` (2, k) are minima as
    low that are on no line.
    """

    function: Function
    found: tuple[Vector, ...]
    sides: Point
    lowest: float = 0.0
    single: Vector = field(default_factory=lambda: np.empty((2, 0)))

    def inside(self, frame: Sides) -> list[Vector]:
        """Return the parts of the lines in a frame, each with a point more at both ends."""
        low, high = np.array(frame, dtype=np.float64).T
        least = float((high - low).max()) / PARTS
        parts: list[Vector] = []
        for line in self.found:
            first, second = line[:-1], line[1:]
            meets = (np.minimum(first, second) <= high) & (np.maximum(first, second) >= low)
            for run in _runs(meets.all(axis=1)):
                fine = self._fine(line[run.start : run.stop + 1], least)
                inside = ((fine >= low) & (fine <= high)).all(axis=1)
                parts += [fine[max(r.start - 1, 0) : r.stop + 1] for r in _runs(inside)]
        return [part for part in parts if len(part) > 1]

    def _fine(self, line: Vector, least: float) -> Vector:
        """Return a line with more points, no further apart than `least` if these are not many."""
        lengths = np.hypot(*np.diff(line, axis=0).T)
        counts = np.clip(np.ceil(lengths / least), 1, MOST_PARTS)
        along = np.concatenate([[0.0], np.cumsum(counts)])
        at = np.arange(along[-1] + 1)
        points = np.array([np.interp(at, along, values) for values in line.T])
        with np.errstate(all="ignore"):
            return self._onto(points).T

    def _onto(self, points: Vector) -> Vector:
        """Return points (2, n) near a line, moved across onto it; at a crossing they stay."""
        for _ in range(2):
            step, _ = self.across(points)
            points = np.where(np.isfinite(step).all(axis=0), points - step, points)
        return points

    def across(self, points: Vector) -> tuple[Vector, Vector]:
        """Return Newton's step across a line from points (2, n), and its direction there, (2, n).

        Across is where the Hessian's larger curvature is.
        """
        a, b = self.sides
        gx, gy = self.function.gradient(*points) * np.array([[a], [b]])
        high, nx, ny = most_curved(self.function.hessian(*points), self.sides)
        step = np.where(high > 0, (nx * gx + ny * gy) / high, np.nan)
        along = np.array([-a * ny, b * nx])
        return step * np.array([a * nx, b * ny]), along / np.hypot(*along)

    def nearest(self, x: ArrayLike, y: ArrayLike) -> tuple[Vector, Vector]:
        """Return the points of the lines, or the single ones, that are nearest to positions.

        Beyond what was followed a line goes on to where Newton's method leads across.
        """
        x, y = np.broadcast_arrays(np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64))
        points = np.array([x.ravel(), y.ravel()])
        with np.errstate(all="ignore"):
            _, on, beside = apart(self.found, np.clip(points, -FAR, FAR))
            on = self._onto(on)
            on = np.where(self.low(on), on, beside)  # beside where a line has a corner
            outside = np.flatnonzero(self._outside(points))
            if outside.size:
                beyond = self._beyond(points[:, outside])
                nearer = _nearer(points[:, outside], beyond, on[:, outside])
                on[:, outside] = np.where(nearer, beyond, on[:, outside])
            share = np.ones(len(on[0]))  # of a step, which leads too far where a line is bent
            for _ in range(NEARER):
                _, way = self.across(on)
                longest = LONGEST * max(self.sides)
                along = np.clip(((points - on) * way).sum(axis=0), -longest, longest)
                moved = self._onto(on + share * along * way)
                better = _nearer(points, moved, on) & self.low(moved)
                on, share = np.where(better, moved, on), np.where(better, share, share / 2)
            for one in self.single.T[:, :, None]:
                on = np.where(_nearer(points, one, on), one, on)
        return on[0].reshape(x.shape), on[1].reshape(x.shape)

    def low(self, points: Vector) -> NDArray[np.bool_]:
        """Tell which points (2, n) are as low as the lines."""
        a, b = self.sides
        hxx, _, hyy = self.function.hessian(*points)
        allowed = SAME * (1 + abs(self.lowest)) + ROUNDING * np.abs(a * a * hxx + b * b * hyy)
        return np.asarray(self.function.loss(*points) - self.lowest <= allowed)

    def _outside(self, points: Vector) -> NDArray[np.bool_]:
        """Tell which points (2, n) lie where the lines were not followed."""
        low, high = (
            np.array([of([of(line[:, i]) for line in self.found]) for i in (0, 1)])[:, None]
            for of in (np.min, np.max)
        )
        return np.asarray(((points < low) | (points > high)).any(axis=0))

    def _beyond(self, points: Vector) -> Vector:
        """Return the minima (2, n) to which Newton's method leads across, NaN for none."""
        at = points
        for _ in range(STEPS):
            step, _ = self.across(at)
            at = at - step
        there = (np.hypot(*step) <= CLOSE * np.hypot(*at)) & self.low(at)
        return np.where(there, at, np.nan)


def _nearer(points: Vector, ones: Vector, others: Vector) -> NDArray[np.bool_]:
    """Tell which of some points (2, n) are nearer to the ones than to the others."""
    return np.asarray(np.hypot(*(points - ones)) < np.hypot(*(points - others)))


def _runs(there: NDArray[np.bool_]) -> list[slice]:
    """Return the runs of what is there, as slices."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], there, [False]]).astype(int)))
    return [slice(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
