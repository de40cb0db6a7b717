"""How a run ended, in one word, with the number that decided it.

A small gradient alone proves nothing: it may belong to a minimum, a saddle or flat ground. What is
asked instead is where the local quadratic model puts the critical point, what curvature it has
there, and whether the run still moves. Lengths are compared with the frame's diagonal, changes of
the loss with what is left to be gained: neither a scaled loss nor turned axes change a verdict.

Where weight decay is added to the gradient, gradient and curvature are those of what the run then
descends, f + wd/2 |theta|^2.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from landscape import SURFACES, record
from optimizers.analysis.measures import (
    Vector,
    curvatures,
    frame_of,
    last_gap,
    nearest,
)
from optimizers.simulation.experiment import BIG, Experiment, Trajectory

CONVERGED = "converged"  # to a global minimum
LOCAL_MINIMUM = "local minimum"  # higher than the best known
SADDLE = "saddle"
MAXIMUM = "maximum"
PLATEAU = "plateau"  # the loss hardly changes, on flat ground: mostly near a saddle
OSCILLATING = "oscillating"  # back and forth to no end, without noise
NOISE_BALL = "noise ball"  # hovering: the noise outweighs the slope
DIVERGED = "diverged"
STOPPED = "stopped"  # at no critical point: the rule had no step to take, or none with a length
STILL_DESCENDING = "still descending"  # none of the above, and the loss falls
STILL_MOVING = "still moving"  # none of the above, and the loss does not fall
KINDS = (
    *(CONVERGED, LOCAL_MINIMUM, SADDLE, MAXIMUM, PLATEAU, OSCILLATING, NOISE_BALL),
    *(DIVERGED, STOPPED, STILL_DESCENDING, STILL_MOVING),
)

# Positions closer than this share of the frame's diagonal are the same one: a pixel of a panel
# whose diagonal has 1,000.
CLOSE = 1e-3
# A run has settled if its last tenth is that small: five positions at least, because a rule that
# remembers may rush past a critical point; one is enough where the position is all its state.
SETTLED_SHARE, SETTLED_LEAST = 0.1, 5
# What a run does in the end is what it does in its last quarter.
END_SHARE = 0.25
# A run rests if its end is shorter than a thousandth of a pixel.
RESTING = 1e-6
# A plateau: over the end the loss changes by less than 1 % of what is left to be gained, too little
# to be seen in its curve, and the slope is the reason: all across the frame it would gain less than
# 30 %. On a steeper slope such a run is slow for another reason, and still descending.
FLAT_CURVE, FLAT_GROUND = 0.01, 0.3
# A cycle comes back to within a thousandth of its width, a pixel if it fills the panel.
CYCLE = 1e-3
# Other swings go on if neither their steps nor the loss gap shrinks by a tenth from the third
# quarter of the run to the last, and they are swings if the path is three times as long as it is
# wide. In fewer than ten updates a tenth is nothing.
KEPT, BACK_AND_FORTH, SWINGS_LEAST = 0.9, 3.0, 10
GROWN = 2.0  # swings whose path doubles from one quarter of the run to the next grow
# Noise outweighs the slope if the end's mean gradient is within four standard errors of 0, where
# chance alone leaves it but once in 3,000 runs. Five updates at least, or there is no mean.
STANDARD_ERRORS, HOVER_LEAST = 4.0, 5
# What the kinds of critical points are called, as places.
PLACES = {
    record.GLOBAL_MINIMUM: "a global minimizer",
    record.LOCAL_MINIMUM: "a local minimizer",
    record.SADDLE: "a saddle",
    record.MAXIMUM: "a maximizer",
    record.DEGENERATE: "a degenerate critical point",
    record.CUSP: "the cusp",
}
# A minimum moves with the weight decay; it is followed in this many steps of Newton's method.
FOLLOW = 32


@dataclass(frozen=True)
class Verdict:
    """How a run ended: `kind` is one of KINDS, `evidence` a short text with what decided it.

    `number` is the one that the kind calls for: converged, the distance to the minimizer that the
    local model predicts; local minimum, the loss above the lowest; saddle, the smallest curvature;
    maximum, the largest; plateau, the norm of the gradient; oscillating, the width of the swings;
    noise ball, its radius; diverged and stopped, the step; still descending and still moving, by
    how much the loss fell over the last quarter of the run.
    """

    kind: str
    number: float
    evidence: str


# Table and sentences ask for the same verdicts; as long as a trajectory is held, so is its verdict.
_known: WeakKeyDictionary[Trajectory, tuple[Experiment, Verdict]] = WeakKeyDictionary()


def verdict(experiment: Experiment, trajectory: Trajectory) -> Verdict:
    """Return how a run ended."""
    known = _known.get(trajectory)
    if known is None or known[0] is not experiment:
        known = _known[trajectory] = experiment, _judged(experiment, trajectory)
    return known[1]


def _judged(experiment: Experiment, trajectory: Trajectory) -> Verdict:
    run, updates = trajectory.run, len(trajectory.lr)
    if trajectory.diverged_at is not None:
        return _diverged(trajectory)
    if trajectory.stopped is not None:
        return Verdict(STOPPED, updates, _clause(trajectory.stopped))
    plan = experiment.plan(run)
    decay, noise = plan.coupled, plan.noise
    model = model_at(experiment, trajectory.path[-1], decay)
    remembers = bool(plan.rule.state) or noise > 0
    least = SETTLED_LEAST if remembers else 1
    return (
        _settled(experiment, trajectory, model, decay, least)
        or _rests(experiment, trajectory, model)
        or (_hovers(experiment, trajectory, decay, noise) if noise > 0 else None)
        or (_swings(experiment, trajectory) if noise == 0 else None)
        or _still(experiment, trajectory, model)
    )


@dataclass(frozen=True)
class Model:
    """The local quadratic model of the loss at a position.

    `slope` is the norm of the gradient, `high` and `low` are the curvatures. The model's critical
    point is `distance` away, infinitely far if the Hessian is singular.
    """

    slope: float
    high: float
    low: float
    distance: float

    def text(self) -> str:
        curvatures = f"curvatures {human(self.low)} and {human(self.high)}"
        return f"gradient norm {human(self.slope)}, {curvatures}"


def model_at(experiment: Experiment, position: Vector, decay: float = 0.0) -> Model:
    """Return the quadratic model at a position (2,) of the loss with a coupled weight decay."""
    surface, (x, y) = SURFACES[experiment.surface], position.tolist()
    gx, gy = surface.gradient(x, y, **experiment.params)
    hxx, hxy, hyy = surface.hessian(x, y, **experiment.params)
    gx, gy, hxx, hyy = gx + decay * x, gy + decay * y, hxx + decay, hyy + decay
    high, low = (float(value) for value in curvatures(hxx, hxy, hyy))
    slope, determinant = math.hypot(gx, gy), hxx * hyy - hxy * hxy
    if determinant == 0:
        return Model(slope, high, low, math.inf)
    step = (hyy * gx - hxy * gy) / determinant, (hxx * gy - hxy * gx) / determinant
    return Model(slope, high, low, math.hypot(*step))


def _diverged(trajectory: Trajectory) -> Verdict:
    at, (x, y) = len(trajectory.lr), trajectory.path[-1]
    # Written so that NaN is beyond it.
    if abs(x) <= BIG and abs(y) <= BIG:
        return Verdict(DIVERGED, at, f"the loss is not finite at step {at}")
    return Verdict(DIVERGED, at, f"beyond {BIG:,.0f} at step {at}")


def _settled(
    experiment: Experiment, trajectory: Trajectory, model: Model, decay: float, least: int
) -> Verdict | None:
    """Return the verdict on a run that rests at a critical point."""
    frame, end = frame_of(experiment), trajectory.path[-1]
    close = CLOSE * frame.diagonal
    count = max(least, math.ceil(SETTLED_SHARE * len(trajectory.lr)))
    if _distances(trajectory.path[-count:], end).max() > close:
        return None
    minima = known_minima(experiment.surface, experiment.params, decay)
    near = _distances(minima.xy, end)
    if near[minima.cusp].min(initial=math.inf) <= close:
        # Beside a cusp the gradient does not vanish: how near the run is has to be enough.
        away = float(near[minima.cusp].min())
        return Verdict(CONVERGED, away, f"{human(away)} from the cusp")
    if model.distance > close:
        return None
    if model.low > 0:
        # Both the run's end and the known minimizer are within CLOSE of what the model predicts.
        if near[minima.best].min(initial=math.inf) <= 2 * close:
            moved = " that weight decay leads to" if decay > 0 else ""
            place = f"{human(model.distance)} from the minimizer{moved}"
            return Verdict(CONVERGED, model.distance, f"{model.text()}; {place}")
        gap = last_gap(frame, trajectory)
        # Weight decay makes minima even where the loss has no lower bound.
        above = f"{human(gap)} above the lowest" if math.isfinite(gap) else "without a lower bound"
        return Verdict(LOCAL_MINIMUM, gap, f"{model.text()}; loss {above}")
    if model.high < 0:
        return Verdict(MAXIMUM, model.high, model.text())
    if model.low < 0 < model.high:
        return Verdict(SADDLE, model.low, model.text())
    return None


@dataclass(frozen=True, eq=False)
class Minima:
    """Minimizers, float64 (m, 2), and which of them (m,) belong to global minima or are cusps."""

    xy: Vector
    best: NDArray[np.bool_]
    cusp: NDArray[np.bool_]


@functools.lru_cache(maxsize=256)
def known_minima(name: str, params: Mapping[str, float], decay: float) -> Minima:
    """Return the minimizers in the domain, each where a coupled weight decay moves it.

    A minimum stays global or local when it moves; one that vanishes on the way is left out.
    """
    surface = SURFACES[name]
    kinds = (record.GLOBAL_MINIMUM, record.LOCAL_MINIMUM, record.CUSP)
    points = [point for point in surface.critical_points(**params) if point.kind in kinds]
    x, y = np.array([(point.x, point.y) for point in points]).reshape(-1, 2).T
    kept = np.ones(len(points), dtype=bool)
    if decay > 0:
        # Half of the steps go with the decay, the other half polish.
        for share in np.minimum(1.0, np.linspace(0, 2, FOLLOW + 1)[1:]):
            gx, gy = surface.gradient(x, y, **params)
            hxx, hxy, hyy = surface.hessian(x, y, **params)
            wd = share * decay
            gx, gy, hxx, hyy = gx + wd * x, gy + wd * y, hxx + wd, hyy + wd
            kept &= curvatures(hxx, hxy, hyy)[1] > 0
            determinant = np.where(kept, hxx * hyy - hxy * hxy, math.inf)
            x, y = x - (hyy * gx - hxy * gy) / determinant, y - (hxx * gy - hxy * gx) / determinant
    return Minima(
        np.stack([x, y], axis=1)[kept],
        np.array([p.kind != record.LOCAL_MINIMUM for p in points], dtype=bool)[kept],
        np.array([p.kind == record.CUSP for p in points], dtype=bool)[kept],
    )


def _rests(experiment: Experiment, trajectory: Trajectory, model: Model) -> Verdict | None:
    """Return the verdict on a run that no longer moves: its rate has run out, or its rule rests."""
    steps = np.hypot(*np.diff(trajectory.path, axis=0).T)
    ahead = np.cumsum(steps[::-1])
    resting = int((ahead <= RESTING * frame_of(experiment).diagonal).sum())
    if resting < math.ceil(END_SHARE * len(steps)):
        return None
    at = len(steps) - resting
    return Verdict(STOPPED, at, f"at rest from step {at}, with gradient norm {human(model.slope)}")


def _hovers(
    experiment: Experiment, trajectory: Trajectory, decay: float, noise: float
) -> Verdict | None:
    """Return the verdict on a run whose end shows no slope behind the noise.

    The steps of a run that gets nowhere add up to nothing, and with them its noisy gradients: its
    exact ones then add up to what the noise does, and no more. That holds for every rule whose
    steps are, over the end of the run, about linear in the gradients.
    """
    frame, end = frame_of(experiment), _end(trajectory.path)
    at = end[:-1]
    if len(at) < HOVER_LEAST:
        return None
    middle = end.mean(axis=0)
    radius = math.sqrt(float(np.square(end - middle).sum(axis=1).mean()))
    gx, gy = frame.surface.gradient(*at.T, **experiment.params)
    x, y = at.T
    mean = math.hypot((gx + decay * x).mean(), (gy + decay * y).mean())
    if mean * math.sqrt(len(at)) > STANDARD_ERRORS * noise:
        return None
    away, point = nearest(frame, middle, np.arange(len(frame.points)))
    around = ""
    if point is not None and away is not None:
        around = f" around a point {human(away)} from {PLACES[point.kind]}"
    return Verdict(NOISE_BALL, radius, f"radius {human(radius)}{around}")


def _swings(experiment: Experiment, trajectory: Trajectory) -> Verdict | None:
    """Return the verdict on a run that goes back and forth without getting anywhere."""
    frame, path, loss = frame_of(experiment), trajectory.path, trajectory.loss
    half = path[-(len(path) // 2 + 1) :]
    width = _width(half)
    # A period must bring the run back, and must have led it through most of where it has been.
    away = _distances(half[:-1], half[-1])[::-1]
    far = np.maximum.accumulate(away) >= width / 2
    (periods,) = np.nonzero(far & (away <= CYCLE * width))
    if periods.size:
        period = int(periods[0]) + 1
        back = _distances(half[period:], half[:-period]).max()
        if 2 * period < len(half) and back <= CYCLE * width:
            return Verdict(OSCILLATING, width, f"a cycle of {period} updates, {human(width)} wide")
    count = len(_end(path)) - 1
    if count < SWINGS_LEAST:
        return None
    third, last = path[-2 * count - 1 : -count], path[-count - 1 :]
    before, after = _length(third), _length(last)
    width = _width(last)
    # With no lowest loss the gaps are infinite, and the steps alone decide.
    high, low = (part.mean() - frame.lowest for part in (loss[-2 * count : -count], loss[-count:]))
    if after < BACK_AND_FORTH * width or after < KEPT * before or low < KEPT * high:
        return None
    if after > GROWN * before:  # swings that grow are no cycle
        return None
    return Verdict(
        OSCILLATING, width, f"{human(width)} wide, {human(after)} of path in {count} updates"
    )


def _still(experiment: Experiment, trajectory: Trajectory, model: Model) -> Verdict:
    """Return the verdict on a run that has not arrived anywhere."""
    frame, loss = frame_of(experiment), _end(trajectory.loss)
    count = len(loss) - 1
    left = float(np.ptp(trajectory.loss))
    if frame.surface.bounded:
        left = last_gap(frame, trajectory)
    change = float(np.ptp(loss))
    flat = model.slope * frame.diagonal <= FLAT_GROUND * left and change <= FLAT_CURVE * left
    # Where a minimum is near, the slope is small because the run is about to arrive.
    arriving = model.low > 0 and model.distance <= frame.diagonal
    if flat and not arriving:
        text = f"the loss changes by {human(change)} in {_updates(count)}"
        return Verdict(PLATEAU, model.slope, f"{text}, at gradient norm {human(model.slope)}")
    fall = float(loss[0] - loss[-1])
    moves = "falls" if fall > 0 else "rises"
    kind = STILL_DESCENDING if fall > 0 else STILL_MOVING
    return Verdict(kind, fall, f"the loss {moves} by {human(abs(fall))} in {_updates(count)}")


def _clause(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:].rstrip(".")


def _updates(count: int) -> str:
    return "the last update" if count == 1 else f"the last {count:,} updates"


def _end(values: Vector) -> Vector:
    """Return the rows of a run's last quarter, and the one that it starts from."""
    return values[-math.ceil(END_SHARE * (len(values) - 1)) - 1 :]


def _distances(points: Vector, other: Vector) -> Vector:
    return np.hypot(*(points - other).T)


def _length(path: Vector) -> float:
    return float(np.hypot(*np.diff(path, axis=0).T).sum())


def _width(path: Vector) -> float:
    """Return the distance between two of the points that lie furthest apart, or nearly do."""
    furthest = path[int(np.argmax(_distances(path, path[-1])))]
    return float(_distances(path, furthest).max())


def human(value: float) -> str:
    """Return a number as people write it: two or three digits, and no needless exponent."""
    size = abs(value)
    sign = "−" if value < 0 else ""
    if size == 0 or not math.isfinite(size):
        return sign + f"{size:g}"
    if 1e-5 <= size < 1e6:
        digits = 3 if size >= 99.5 else 2
        rounded = float(f"{size:.{digits}g}")
        decimals = max(0, digits - 1 - math.floor(math.log10(rounded)))
        text = f"{rounded:,.{decimals}f}"
        return sign + (text.rstrip("0").rstrip(".") if "." in text else text)
    mantissa, exponent = f"{size:.1e}".split("e")
    return f"{sign}{mantissa.removesuffix('.0')}e{int(exponent)}"
