"""What regularization adds to a loss, and where it moves the critical points."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscape.checks import check_number
from landscape.hessian import BOWL, DEGENERATE, SADDLE_SHAPED, shape, solve

Vector = NDArray[np.float64]
Function = Callable[[Any, Any], Any]

MOST_STRENGTH = 100.0
GRID = 65  # points along each side, where minima are looked for: odd, so that the middle is one
COARSE = 25  # and where all critical points are
FEW = 2**21  # samples that the losses of a grid may see: of many samples it is coarser
ALONG = 1025  # points of an axis
MARGIN = 0.25  # of the box, around it: the lowest may lie somewhat outside
DESCENT, HALVINGS, POLISH, NEWTON, BISECTIONS = 60, 12, 4, 20, 60  # steps
MERGED = 1e-6  # of the box: points that are nearer to each other are one


@dataclass(frozen=True)
class Penalty:
    """The term l2 / 2 (x^2 + y^2) + l1 (|x| + |y|) of a loss.

    Raises ValueError for a strength that is no number from 0 to 100.
    """

    l2: float = 0.0
    l1: float = 0.0

    def __post_init__(self) -> None:
        for name in ("l2", "l1"):
            value = check_number(name, getattr(self, name), 0.0, MOST_STRENGTH)
            object.__setattr__(self, name, value)

    def __bool__(self) -> bool:
        return self.l2 > 0 or self.l1 > 0

    def loss(self, x: Any, y: Any) -> Any:
        """Return the term at (x, y), rounded as the compiled loops round it."""
        return 0.5 * self.l2 * (x * x + y * y) + self.l1 * (abs(x) + abs(y))

    def gradient(self, x: Any, y: Any, gx: Any, gy: Any) -> tuple[Any, Any]:
        """Return the gradient of the sum, where the rest of it has the gradient (gx, gy).

        Where a coordinate is 0 it is the subgradient nearest to 0: it vanishes at a minimizer.
        """
        return self._along(x, gx), self._along(y, gy)

    def _along(self, x: Any, g: Any) -> Any:
        at_kink = np.sign(g) * np.maximum(np.abs(g) - self.l1, 0.0)
        return np.where(np.equal(x, 0.0), at_kink, g + self.l2 * x + self.l1 * np.sign(x))[()]

    def ball(self, x: float, y: float, count: int = 181) -> tuple[Vector, Vector]:
        """Return the points (count,) of the plane where the term is what it is at (x, y).

        They make a circle of L2 alone and a diamond of L1 alone.
        """
        angle = np.linspace(0.0, 2 * np.pi, count)
        c, s = np.cos(angle), np.sin(angle)
        slope, height = self.l1 * (np.abs(c) + np.abs(s)), self.loss(x, y)
        # The positive root of l2 r^2 / 2 + slope r = height, in the form that bears l2 = 0.
        root = np.sqrt(slope * slope + 2 * self.l2 * height)
        r = 2 * height / np.maximum(slope + root, np.finfo(float).tiny)
        return r * c, r * s


@dataclass(frozen=True)
class Stationary:
    """A critical point of a penalized loss: its `shape`, as hessian.py has them.

    At a point that is not `smooth` a coordinate is 0 and held there by L1.
    """

    x: float
    y: float
    shape: str
    smooth: bool


class Search:
    """The search for the critical points of a loss with a penalty, in a box.

    `known` are those of the loss alone. Minima are descended to from the lowest places of a grid
    and from the known ones; of a quadratic, whose Hessian is the same everywhere, the first step
    is exact. With `all_kinds` saddles and maxima are looked for too.
    """

    def __init__(
        self,
        loss: Function,
        gradient: Function,
        hessian: Function,
        penalty: Penalty,
        box: Iterable[tuple[float, float]],
        known: Iterable[tuple[float, float]],
        samples: int,
        all_kinds: bool,
    ) -> None:
        self._loss, self._gradient, self._hessian, self._penalty = loss, gradient, hessian, penalty
        low, high = np.array(list(box), dtype=np.float64).T
        self._box = np.stack([low - MARGIN * (high - low), high + MARGIN * (high - low)], axis=1)
        self._known = np.array(list(known), dtype=np.float64).reshape(-1, 2).T
        self._most = int((FEW / max(samples, 1)) ** 0.5) // 2 * 2 + 1
        self._all_kinds = all_kinds
        self._close = MERGED * float(np.ptp(self._box, axis=1).max())

    def found(self) -> list[Stationary]:
        """Return the critical points, each once."""
        points = [*self._inside(), *self._on_axes()]
        kept: list[Stationary] = []
        for point in points:
            if all(np.hypot(point.x - p.x, point.y - p.y) > self._close for p in kept):
                kept.append(point)
        return kept

    # --- Where both coordinates are free

    def _inside(self) -> list[Stationary]:
        if self._penalty.l1 == 0:
            return self._of_piece(0.0, 0.0)
        signs = (-1.0, 1.0)
        return [point for sx in signs for sy in signs for point in self._of_piece(sx, sy)]

    def _of_piece(self, sx: float, sy: float) -> list[Stationary]:
        """Return the points of a quadrant, or of the plane where there are no signs."""
        x, y = self._starts(GRID, sx, sy, lowest=True)
        level = (self._slope(self._known[0], self._known[1], sx, sy) == 0).all(axis=0)
        ends = [self._known[:, level], self._descended(x, y, sx, sy)]
        if self._all_kinds:
            ends.append(self._level(*self._starts(COARSE, sx, sy, lowest=False), sx, sy))
        found, lowest = [], self._value(x, y, sx, sy).min(initial=np.inf)
        for px, py in np.concatenate(ends, axis=1).T.tolist():
            if px * sx < 0 or py * sy < 0 or (sx and 0.0 in (px, py)):
                continue
            kind = shape(self._bend(px, py))
            if kind == DEGENERATE and self._value(px, py, sx, sy) <= lowest:
                kind = BOWL
            found.append(Stationary(px, py, kind, True))
        return found

    def _starts(self, size: int, sx: float, sy: float, lowest: bool) -> tuple[Vector, Vector]:
        """Return the known points and those of a grid, of which only the lowest may be wanted."""
        most = self._most if lowest else self._most // 6  # of which each takes many steps
        size = max(9, min(size, most))
        xs, ys = (
            np.linspace(*self._part(side, s), size)
            for side, s in zip(self._box, (sx, sy), strict=True)
        )
        x, y = (axis.ravel() for axis in np.meshgrid(xs, ys, indexing="ij"))
        if lowest:
            # Lower than the neighbours along the axes; those across the corners would hide a
            # minimum in a slanted valley that falls on beside it.
            height = np.pad(
                self._value(x, y, sx, sy).reshape(size, size), 1, constant_values=np.inf
            )
            inner = height[1:-1, 1:-1]
            sides = height[:-2, 1:-1], height[2:, 1:-1], height[1:-1, :-2], height[1:-1, 2:]
            low = (inner <= np.min(sides, axis=0)).ravel()
            x, y = x[low], y[low]
        return np.concatenate([x, self._known[0]]), np.concatenate([y, self._known[1]])

    @staticmethod
    def _part(side: Vector, sign: float) -> tuple[float, float]:
        """Return the part of a side on which a coordinate has a sign, all of it without one."""
        low, high = side.tolist()
        return (max(low, 0.0) if sign > 0 else low, min(high, 0.0) if sign < 0 else high)

    def _value(self, x: Any, y: Any, sx: float, sy: float) -> Any:
        """Return the loss, whose kinks are taken out: each |x| is x times its sign."""
        l2, l1 = self._penalty.l2, self._penalty.l1
        return self._loss(x, y) + 0.5 * l2 * (x * x + y * y) + l1 * (sx * x + sy * y)

    def _slope(self, x: Any, y: Any, sx: float, sy: float) -> Vector:
        l2, l1 = self._penalty.l2, self._penalty.l1
        gx, gy = self._gradient(x, y)
        return np.array([gx + l2 * x + l1 * sx, gy + l2 * y + l1 * sy])

    def _bend(self, x: Any, y: Any) -> Vector:
        hxx, hxy, hyy = self._hessian(x, y)
        return np.array([[hxx + self._penalty.l2, hxy], [hxy, hyy + self._penalty.l2]])

    def _descended(self, x: Vector, y: Vector, sx: float, sy: float) -> Vector:
        """Return the minima (2, k) below some points, by Newton's method with a shift."""
        ends = []
        with np.errstate(all="ignore"):  # where there is no minimum, numbers grow without end
            for _ in range(DESCENT):
                slope, bend = self._slope(x, y, sx, sy), self._bend(x, y)
                middle = (bend[0, 0] + bend[1, 1]) / 2
                half = np.hypot((bend[0, 0] - bend[1, 1]) / 2, bend[0, 1])
                shift = np.maximum(0.0, 1e-3 * (np.abs(middle) + half) - (middle - half))
                step = solve(bend + shift * np.eye(2)[:, :, None], slope)
                here = self._value(x, y, sx, sy)
                for _ in range(HALVINGS):
                    worse = ~(self._value(x - step[0], y - step[1], sx, sy) <= here)
                    if not worse.any():
                        break
                    step[:, worse] /= 2
                step[:, worse] = 0.0
                x, y = x - step[0], y - step[1]
                goes = (np.abs(step) > 1e-12 * (1 + np.abs([x, y]))).any(axis=0)
                ends.append(np.array([x, y])[:, ~goes])
                goes &= self._near(x, y)
                x, y = x[goes], y[goes]
                if not x.size:
                    break
        x, y = np.concatenate([*ends, [x, y]], axis=1)
        return self._level(x, y, sx, sy, POLISH)

    def _near(self, x: Vector, y: Vector) -> NDArray[np.bool_]:
        """Tell which points are in reach: the lowest may lie somewhat outside the box."""
        (x0, x1), (y0, y1) = self._box
        wide, high = x1 - x0, y1 - y0
        found: NDArray[np.bool_] = (np.abs(x - (x0 + x1) / 2) <= 1.5 * wide) & (
            np.abs(y - (y0 + y1) / 2) <= 1.5 * high
        )
        return found

    def _level(self, x: Vector, y: Vector, sx: float, sy: float, steps: int = NEWTON) -> Vector:
        """Return the critical points (2, k) that Newton's method finds from some points."""
        with np.errstate(all="ignore"):
            for _ in range(steps):
                step = solve(self._bend(x, y), self._slope(x, y, sx, sy))
                x, y = x - step[0], y - step[1]
            still = (np.abs(step) <= 1e-9 * (1 + np.abs([x, y]))).all(axis=0)
            # Where the Hessian is singular Newton's method does not arrive.
            still |= (self._slope(x, y, sx, sy) == 0).all(axis=0)
        return np.array([x, y])[:, still & self._near(x, y)]

    # --- Where L1 holds a coordinate at 0

    def _on_axes(self) -> list[Stationary]:
        if self._penalty.l1 == 0:
            return []
        found = []
        gx, gy = self._gradient(0.0, 0.0)
        if max(abs(gx), abs(gy)) <= self._penalty.l1:
            found.append(Stationary(0.0, 0.0, BOWL, False))
        for along in (0, 1):
            for sign in (-1.0, 1.0):
                found += self._on_half_axis(along, sign)
        return found

    def _on_half_axis(self, along: int, sign: float) -> list[Stationary]:
        """Return the points of the x axis (`along` 0) or the y axis where x, or y, has a sign."""
        l2, l1 = self._penalty.l2, self._penalty.l1

        def place(t: Any) -> tuple[Any, Any]:
            return (t, np.zeros_like(t)) if along == 0 else (np.zeros_like(t), t)

        def slope(t: Any) -> Any:
            return self._gradient(*place(t))[along] + l2 * t + l1 * sign

        t = np.linspace(*self._part(self._box[along], sign), max(33, min(ALONG, self._most**2)))
        t[t == 0] = sign * np.finfo(float).tiny  # the slope beside 0, where L1 has its kink
        values = slope(t)
        where = np.flatnonzero(np.sign(values[1:]) != np.sign(values[:-1]))
        low, high, begins = t[where], t[where + 1], np.sign(values[where])
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            before = np.sign(slope(middle)) == begins
            low, high = np.where(before, middle, low), np.where(before, high, middle)
        found = []
        for root in ((low + high) / 2).tolist():
            x, y = (root, 0.0) if along == 0 else (0.0, root)
            if abs(self._gradient(x, y)[1 - along]) > l1:
                continue
            curvature = self._hessian(x, y)[2 * along] + l2
            kind = BOWL if curvature > 0 else SADDLE_SHAPED if curvature < 0 else DEGENERATE
            found.append(Stationary(x, y, kind, False))
        return found
