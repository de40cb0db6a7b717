"""What a run did, in numbers, from its stored trajectory: nothing is simulated again.

Curvature means an eigenvalue of the surface's Hessian. Lengths are in the surface's coordinates,
turns in degrees. Every function takes the experiment and one of its trajectories.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscape.hessian import solve
from landscape.language import msgid
from landscape.record import (
    CUSP,
    GLOBAL_MINIMUM,
    LOCAL_MINIMUM,
    LOWEST_KINDS,
    MINIMUM_KINDS,
    CriticalPoint,
    Objective,
)
from optimizers.analysis.statements import Statement, Text
from optimizers.record import Optimizer
from optimizers.registry import OPTIMIZERS
from optimizers.simulation.experiment import Experiment, Run, Trajectory

Vector = NDArray[np.float64]

# A step counts if it is longer than this share of the frame's diagonal: a ten-thousandth of a
# pixel, yet a hundred times the rounding of a coordinate of 1e6.
SHORTEST = 1e-9
# A range of losses so many times as large as that of half of them says nothing of a slope.
LARGEST_RANGE = 1e6
# Curvatures closer to each other than this are equal but for rounding: no direction is steeper.
EQUAL_CURVATURES = 1e-9
# A minimum moves with the weight decay; it is followed in this many steps of Newton's method.
FOLLOW = 32
LOSS_GRID = 33  # points a side at which the loss in the frame is looked at


@dataclass(frozen=True, eq=False)
class SurfaceFacts:
    """What is known of a surface at its parameters, looked up once.

    `points` holds the critical points in the domain, `xy` float64 (p, 2) where they are, and
    `minimizers` which of them are global minimizers, their indices. `lowest` is -inf where the
    loss has no lower bound, `diagonal` the length that other lengths are compared with.
    """

    objective: Objective
    points: tuple[CriticalPoint, ...]
    xy: Vector
    minimizers: NDArray[np.intp]
    lowest: float
    diagonal: float


@functools.lru_cache(maxsize=256)
def facts_of(objective: Objective) -> SurfaceFacts:
    """Return the facts of what a run descends."""
    points = objective.critical_points()
    best = [i for i, point in enumerate(points) if point.kind in LOWEST_KINDS]
    return SurfaceFacts(
        objective=objective,
        points=points,
        xy=np.array([(point.x, point.y) for point in points]).reshape(-1, 2),
        minimizers=np.array(best, dtype=np.intp),
        lowest=objective.lowest(),
        diagonal=math.hypot(*(high - low for low, high in objective.domain)),
    )


@functools.lru_cache(maxsize=256)
def losses_in_frame(objective: Objective) -> Vector:
    """Return the loss on a grid over its domain, where there is one, in rising order."""
    loss = _on_grid(objective)
    there = loss[np.isfinite(loss)]
    return np.sort(there) if there.size else np.zeros(1)


def _on_grid(objective: Objective) -> Vector:
    x, y = (np.linspace(*side, LOSS_GRID) for side in objective.domain)
    return np.asarray(objective.loss(*np.meshgrid(x, y)))


@functools.lru_cache(maxsize=64)
def overflows(objective: Objective) -> bool:
    """Tell whether the loss is too large for a number somewhere in its domain, or nearly so.

    It is, where its range is beyond LARGEST_RANGE times what half of its domain lies within.
    """
    there = losses_in_frame(objective)
    low, high = np.quantile(there, (0.25, 0.75)).tolist()
    beyond = float(there[-1] - there[0]) > LARGEST_RANGE * (high - low)
    return bool(np.isposinf(_on_grid(objective)).any()) or (beyond and high > low)


def curvatures(hxx: Any, hxy: Any, hyy: Any) -> tuple[Any, Any]:
    """Return the eigenvalues of symmetric 2 x 2 matrices, the larger first."""
    with np.errstate(over="ignore", invalid="ignore"):  # a formula's may be no numbers
        middle, radius = (hxx + hyy) / 2, np.hypot((hxx - hyy) / 2, hxy)
        return middle + radius, middle - radius


@dataclass(frozen=True, eq=False)
class Minima:
    """Minimizers, float64 (m, 2), and which of them (m,) belong to global minima or are cusps.

    `origin` float64 (m, 2) is where they would be without weight decay.
    """

    xy: Vector
    origin: Vector
    best: NDArray[np.bool_]
    cusp: NDArray[np.bool_]


@functools.lru_cache(maxsize=256)
def known_minima(objective: Objective, decay: float) -> Minima:
    """Return the minimizers in the domain, each where a coupled weight decay moves it.

    A minimum stays global or local when it moves; one that vanishes on the way is left out.
    """
    points = [p for p in objective.critical_points() if p.kind in MINIMUM_KINDS]
    origin = np.array([(point.x, point.y) for point in points]).reshape(-1, 2)
    x, y = origin.T
    kept = np.ones(len(points), dtype=bool)
    if decay > 0 and (objective.penalty.l1 > 0 or objective.valley is not None):
        return _found_anew(objective, decay, points, origin)
    if decay > 0:
        # Half of the steps go with the decay, the other half polish.
        for share in np.minimum(1.0, np.linspace(0, 2, FOLLOW + 1)[1:]):
            gx, gy = objective.gradient(x, y)
            hxx, hxy, hyy = objective.hessian(x, y)
            wd = share * decay
            gx, gy, hxx, hyy = gx + wd * x, gy + wd * y, hxx + wd, hyy + wd
            kept &= curvatures(hxx, hxy, hyy)[1] > 0
            with np.errstate(divide="ignore", invalid="ignore"):  # of those that have vanished
                step = solve(np.array([[hxx, hxy], [hxy, hyy]]), np.array([gx, gy]))
            x, y = np.where(kept, [x, y] - step, [x, y])
    return Minima(
        np.stack([x, y], axis=1)[kept],
        origin[kept],
        np.array([p.kind != LOCAL_MINIMUM for p in points], dtype=bool)[kept],
        np.array([p.kind == CUSP for p in points], dtype=bool)[kept],
    )


def _found_anew(
    objective: Objective, decay: float, points: list[CriticalPoint], origin: Vector
) -> Minima:
    """Return the minimizers where they cannot be followed: a coupled decay acts as more L2 does.

    So it is where L1 has kinks, and where lines of minimizers leave some points only.
    """
    penalty = replace(objective.penalty, l2=objective.penalty.l2 + decay)
    moved = [
        p for p in replace(objective, penalty=penalty).critical_points() if p.kind in MINIMUM_KINDS
    ]
    xy = np.array([(p.x, p.y) for p in moved]).reshape(-1, 2)
    if objective.valley is not None:
        return Minima(
            xy,
            np.stack(objective.valley.all_nearest(*xy.T), axis=1),
            np.array([p.kind != LOCAL_MINIMUM for p in moved], dtype=bool),
            np.zeros(len(moved), dtype=bool),
        )
    if not points:  # what only the decay makes is no minimum of the loss that has moved
        moved, xy = [], xy[:0]
    nearest = [int(np.argmin(np.hypot(*(origin - at).T))) for at in xy]
    return Minima(
        xy,
        origin[nearest],
        np.array([points[i].kind != LOCAL_MINIMUM for i in nearest], dtype=bool),
        np.array([p.kind == CUSP for p in moved], dtype=bool),
    )


def largest_curvature(objective: Objective, decay: float = 0.0) -> float:
    """Return the largest curvature at a smooth global minimizer, 0 if there is none.

    With a coupled weight decay it is that of the loss that is descended, where the decay has
    moved the minimizer.
    """
    minima = known_minima(objective, decay)
    smooth = minima.xy[minima.best & ~minima.cusp]
    hessians = (objective.hessian(x, y) for x, y in smooth.tolist())
    # Not `curvatures`: of single numbers `math.hypot` is the more exact.
    found = ((hxx + hyy) / 2 + math.hypot((hxx - hyy) / 2, hxy) for hxx, hxy, hyy in hessians)
    return max((curvature + decay for curvature in found), default=0.0)


@dataclass(frozen=True)
class Zigzag:
    """How a run crosses the valley. A value is None where nothing defines it.

    Of `turns` pairs of successive steps that both count (see SHORTEST), taken where the largest
    curvature is positive, `flips` change sign along its direction; `flip_rate` is their share.
    `turn_angle` is the mean angle between successive steps, 0 straight on and 180 straight back.
    `path_ratio` is the length of the path over the straight line from its start to its end.
    """

    flips: int
    turns: int
    flip_rate: float | None
    turn_angle: float | None
    path_ratio: float | None


def zigzag(experiment: Experiment, trajectory: Trajectory) -> Zigzag:
    """Measure how a run crosses the valley.

    The last position of a diverged run may be infinite; then its last step is left out.
    """
    facts, path = facts_of(trajectory.objective), trajectory.finite_path
    shortest = SHORTEST * facts.diagonal
    dx, dy = np.diff(path, axis=0).T
    length = np.hypot(dx, dy)
    straight = math.hypot(*(path[-1] - path[0])) if len(path) else 0.0
    ratio = float(length.sum()) / straight if straight > shortest else None

    counts = length > shortest
    (at,) = np.nonzero(counts[:-1] & counts[1:])
    if at.size == 0:
        return Zigzag(0, 0, None, None, ratio)
    with np.errstate(over="ignore"):  # a last step may be so long that its square is no float
        ux, uy = dx[at] / length[at], dy[at] / length[at]
        wx, wy = dx[at + 1] / length[at + 1], dy[at + 1] / length[at + 1]
    angle = float(np.degrees(np.arctan2(np.abs(ux * wy - uy * wx), ux * wx + uy * wy)).mean())

    x, y = path[at + 1].T
    hxx, hxy, hyy = facts.objective.hessian(x, y)
    steepest, other = curvatures(hxx, hxy, hyy)
    # The eigenvector of the larger curvature, in whichever form adds two numbers of one sign. Both
    # steps are projected on the same one, so that its own sign does not matter.
    half = (hxx - hyy) / 2
    radius = np.hypot(half, hxy)
    right = half >= 0
    vx, vy = np.where(right, half + radius, hxy), np.where(right, hxy, radius - half)
    # Where every direction is as steep, the step's own is taken.
    round_ = steepest - other <= EQUAL_CURVATURES * np.abs(steepest)
    vx, vy = np.where(round_, ux, vx), np.where(round_, uy, vy)
    norm = np.hypot(vx, vy)
    before = (ux * vx + uy * vy) / norm * length[at]
    after = (wx * vx + wy * vy) / norm * length[at + 1]
    flip = (before * after < 0) & (np.minimum(np.abs(before), np.abs(after)) > shortest)
    ravine = steepest > 0
    turns, flips = int(ravine.sum()), int((flip & ravine).sum())
    return Zigzag(flips, turns, flips / turns if turns else None, angle, ratio)


MONOTONE, SWINGS, ZIGZAG = msgid("monotone"), msgid("swings"), msgid("zigzag")
UNSTABLE, NO_THEORY = msgid("unstable"), msgid("n/a")
ZONES = (MONOTONE, SWINGS, ZIGZAG, UNSTABLE)  # from calm to unstable
# What a run does along the steepest direction, at a constant rate on a quadratic.
MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        MONOTONE: "stays on its side of the valley",
        SWINGS: "changes sides, at fewer than half of its updates",
        ZIGZAG: "changes sides at more than half of its updates",
        UNSTABLE: "swings further out each time",
        NO_THEORY: "nothing is known",
    }
)


@dataclass(frozen=True, eq=False)
class Stability:
    """How close each of k updates is to the edge of stability.

    `product` float64 (k,) is the rate of an update times the largest curvature where it starts,
    coupled weight decay included. `edges` are the products that end the zones, for a constant rate
    on a quadratic; the last of them, `limit`, is the rule's limit of stability. `zones` (k,) names
    the zone of each update, with the MEANINGS above: monotone up to the first edge, swings up to
    the second, zigzag up to the limit, unstable beyond it, n/a for the `reason` given.

    Without momentum the edges are 1, 1 and 2: no swings, and a zigzag changes sides each time. The
    heavy ball zigzags from half of its limit on, Nesterov from 1 on. `share` (k,) is the product
    over the limit, by which rules can be compared. Where no theory holds for the rule, limit and
    edges are None and the product is NaN. Noise does not change a limit.
    """

    product: Vector
    zones: NDArray[np.str_]
    edges: tuple[float, float, float] | None
    reason: Statement | None

    @property
    def limit(self) -> float | None:
        return None if self.edges is None else self.edges[-1]

    @property
    def share(self) -> Vector:
        return self.product / (math.nan if self.limit is None else self.limit)


def stability_limit(rule: Optimizer, hyper: Mapping[str, float], curvature: float) -> float | None:
    """Return the rate above which a rule is unstable on a quadratic of this largest curvature.

    None where no theory holds for the rule or the curvature is not positive.
    """
    if isinstance(rule.edges, str) or curvature <= 0:
        return None
    return rule.edges(hyper)[-1] / curvature


def run_limit(experiment: Experiment, run: Run) -> float | None:
    """Return the rate above which a run is unstable at a global minimizer, if theory has one.

    With coupled weight decay it is the minimizer of the loss that is descended.
    """
    plan = experiment.plan(run)
    return stability_limit(plan.rule, run.hyper, largest_curvature(plan.objective, plan.coupled))


def stability(experiment: Experiment, trajectory: Trajectory) -> Stability:
    """Measure how close each update is to the edge of stability."""
    run, rule = trajectory.run, OPTIMIZERS[trajectory.run.optimizer]
    count = len(trajectory.lr)
    if isinstance(rule.edges, str):
        reason = Statement("no_limit", optimizer=rule.name, reason=Text(rule.edges))
        return Stability(np.full(count, math.nan), np.full(count, NO_THEORY), None, reason)
    x, y = trajectory.path[:count].T
    hessian = trajectory.objective.hessian(x, y)
    curvature = curvatures(*hessian)[0] + experiment.plan(run).coupled
    product = trajectory.lr * curvature
    edges = rule.edges(run.hyper)
    zones = np.array(ZONES)[np.searchsorted(np.array(edges), product)]
    off = curvature <= 0
    zones[off] = NO_THEORY
    why = None
    if off.any():
        why = Statement("no_curvature", part=int(off.sum()), count=count)
    return Stability(product, zones, edges, why)


@dataclass(frozen=True, eq=False)
class Sharpness:
    """The largest curvature along a run of k updates, and how large its rule bears.

    `curvature` float64 (n,) is that of what is descended at each finite position, coupled weight
    decay included; with `of_valley`, on a surface whose minimizers lie on lines, it is that of the
    minimizer nearest to the position, which does not swing as the run does. `limit` (k,) is the
    rule's limit of stability, `share`, over the rate of each update, infinite at rate 0; both are
    None where no theory holds for the rule.
    """

    curvature: Vector
    share: float | None
    limit: Vector | None
    of_valley: bool


def sharpness(experiment: Experiment, trajectory: Trajectory) -> Sharpness:
    """Measure how sharp the surface is along a run."""
    run, objective = trajectory.run, trajectory.objective
    decay = experiment.plan(run).coupled
    of_valley = objective.valley is not None and decay == 0
    x, y = trajectory.finite_path.T
    curvature = sharpness_at(objective, x, y, decay)
    share = stability_limit(OPTIMIZERS[run.optimizer], run.hyper, 1.0)
    if share is None:
        return Sharpness(curvature, None, None, of_valley)
    with np.errstate(divide="ignore"):
        return Sharpness(curvature, share, share / trajectory.lr, of_valley)


def sharpness_at(objective: Objective, x: Any, y: Any, decay: float = 0.0) -> Any:
    """Return the largest curvature at positions, numbers or arrays, as Sharpness has it."""
    if objective.valley is not None and decay == 0:
        x, y = objective.valley.all_nearest(x, y)
    with np.errstate(over="ignore", invalid="ignore"):  # a position may be huge
        return curvatures(*objective.hessian(x, y))[0] + decay


@dataclass(frozen=True)
class Progress:
    """How far a run came and what it took.

    `updates` is the number after which the loss gap, loss - lowest, is first below the tolerance;
    `samples` counts the samples whose gradients went into them (N at each, for the full batch) and
    `gradients` the gradients that the rule asked for, each the mean over one batch. All three are
    None if that never happens. `gap` is the last gap, infinite if the last loss is not finite; it
    is None, for the `reason` given, where the loss has no lower bound.

    `distance` leads from the end of the path to the nearest global minimizer, `minimizer`;
    `critical_distance` to the nearest critical point of any kind, `critical`. They are None where
    the surface has no such point or the path's end is not finite.
    """

    updates: int | None
    samples: int | None
    gradients: int | None
    gap: float | None
    reason: Statement | None
    distance: float | None
    minimizer: CriticalPoint | None
    critical_distance: float | None
    critical: CriticalPoint | None


def progress(experiment: Experiment, trajectory: Trajectory, tolerance: float) -> Progress:
    """Measure how far a run came, and what it took to bring the loss gap below `tolerance`."""
    facts = facts_of(trajectory.objective)
    updates = gap = reason = None
    if facts.objective.bounded:
        (below,) = np.nonzero(trajectory.loss - facts.lowest < tolerance)
        updates = int(below[0]) if below.size else None
        gap = last_gap(facts, trajectory)
    else:
        # A record says that there is no bound; of a formula nobody knows more than was found.
        known = not facts.objective.surface.bounded
        reason = Statement(
            "no_lower_bound" if known else "no_lowest_found", surface=Text(facts.objective.name)
        )
    epoch = experiment.plan(trajectory.run).epoch
    end = trajectory.path[-1]
    distance, minimizer = nearest_minimizer(facts, end)
    critical_distance, critical = nearest(facts, end, np.arange(len(facts.points)))
    return Progress(
        updates=updates,
        samples=None if updates is None else epoch.samples_seen(updates),
        gradients=updates,  # every rule of the registry asks for one at each update
        gap=gap,
        reason=reason,
        distance=distance,
        minimizer=minimizer,
        critical_distance=critical_distance,
        critical=critical,
    )


def last_gap(facts: SurfaceFacts, trajectory: Trajectory) -> float:
    """Return the last loss gap: infinite if the loss is not finite or has no lower bound."""
    gap = float(trajectory.loss[-1]) - facts.lowest
    # The lowest loss is known but for its own rounding: a run may end a little below it.
    return max(gap, 0.0) if math.isfinite(gap) else math.inf


def nearest(
    facts: SurfaceFacts, position: Vector, among: NDArray[np.intp]
) -> tuple[float | None, CriticalPoint | None]:
    """Return the critical point, of those with the indices `among`, nearest to a position (2,)."""
    if not among.size or not np.isfinite(position).all():
        return None, None
    distances = np.hypot(*(facts.xy[among] - position).T)
    best = int(np.argmin(distances))
    return float(distances[best]), facts.points[int(among[best])]


def nearest_minimizer(
    facts: SurfaceFacts, position: Vector
) -> tuple[float | None, CriticalPoint | None]:
    """Return the global minimizer nearest to a position (2,), on a line of them or by itself."""
    valley = facts.objective.valley
    if valley is None:
        return nearest(facts, position, facts.minimizers)
    if not np.isfinite(position).all():
        return None, None
    x, y = valley.nearest(*position.tolist())
    point = CriticalPoint(x, y, facts.lowest, GLOBAL_MINIMUM)
    return math.dist((x, y), position), point
