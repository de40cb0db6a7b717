"""How a run ended: what it would go on to do, and the numbers that say so.

A verdict is a prediction. Where an adaptive or a noisy run goes next cannot be read off its last
positions, so it is not guessed: the run is carried on to HORIZON times its length, at its last
rate and with the further draws of its seed, and judged by both. Under noise it is carried on
without it as well, which tells what the rule does by itself from what the noise does.

A small gradient alone proves nothing: it may belong to a minimum, a saddle or flat ground. What
counts is where the local quadratic model puts the critical point, and its curvatures there. Lengths
are compared with the frame's diagonal or with each other, changes of the loss with what is left to
be gained: neither a scaled loss nor turned axes change a verdict.

A run that a rule of its own has stopped does not go on, and its verdict says no more than that. One
that has made all its updates is carried on without such a rule: what is told is what it would do.

Where weight decay is added to the gradient, loss, gradient and curvature are those of what the run
then descends, f + wd/2 |theta|^2.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from landscape import Objective
from landscape.hessian import solve
from landscape.record import GLOBAL_MINIMUM, CriticalPoint
from landscape.values import Values
from optimizers.analysis.measures import (
    SHORTEST,
    SurfaceFacts,
    Vector,
    curvatures,
    facts_of,
    known_minima,
    last_gap,
    losses_in_frame,
    nearest,
    nearest_minimizer,
    overflows,
)
from optimizers.simulation.experiment import (
    GRADIENT_NORM,
    Experiment,
    Plan,
    Trajectory,
    continued,
    finite,
)

CONVERGED = "converged"  # to a global minimum
LOCAL_MINIMUM = "local minimum"  # higher than the best known
SADDLE = "saddle"
MAXIMUM = "maximum"
PLATEAU = "plateau"  # the loss hardly changes, on flat ground: mostly near a saddle
OSCILLATING = "oscillating"  # back and forth to no end, by the rule and not by the noise
GROWING = "growing"  # swings that grow, or a critical point that is being left
NOISE_BALL = "noise ball"  # hovering: the noise outweighs the slope
RAN_OUT = "rate ran out"  # at no critical point, and the schedule has left no rate to get there
DIVERGED = "diverged"
STOPPED = "stopped"  # at no critical point: the rule had no step to take, or none with a length
STOPPING_RULE = "stopping rule met"  # a run that was stopped is asked for nothing else
STILL_DESCENDING = "still descending"  # none of the above, and the loss goes on falling
STILL_MOVING = "still moving"  # none of the above, and the loss does not fall
KINDS = (
    *(CONVERGED, LOCAL_MINIMUM, SADDLE, MAXIMUM, PLATEAU, OSCILLATING, GROWING, NOISE_BALL),
    *(RAN_OUT, DIVERGED, STOPPED, STOPPING_RULE, STILL_DESCENDING, STILL_MOVING),
)

# A verdict holds at least until the run is this many times as long.
HORIZON = 4
# It is carried on in parts of so many updates: the states of one part are held at a time.
PART = 30_000
# Positions closer than this share of the frame's diagonal are the same one: a pixel of a panel
# whose diagonal has 1,000.
CLOSE = 1e-3
# Losses tell positions around a minimum apart only so far: the root of their rounding, and more.
SHORTEST_BY_LOSS = 1e-7
# A run has settled if its last tenth and all that is ahead are that small: five positions at least,
# because a rule that remembers may rush past a critical point.
SETTLED_SHARE, SETTLED_LEAST = 0.1, 5
# What a run does in the end is what it does in its last quarter.
END_SHARE = 0.25
# A run rests if its end is shorter than a thousandth of a pixel.
RESTING = 1e-6
# A plateau: over the end the loss changes by less than 1 % of what is left to be gained, too little
# to be seen in its curve, and the slope is the reason: all across the frame it would gain less than
# 30 %. On a steeper slope such a run is slow for another reason, and still descending.
FLAT_CURVE, FLAT_GROUND = 0.01, 0.3
# A cycle comes back to within a thousandth of its width, a pixel if it fills the panel, and keeps
# its width to within a hundredth to the horizon: what gains more is growing, if slowly.
CYCLE, KEPT_WIDTH = 1e-3, 0.01
# Other swings vary in width, as bursts of Adam do: those that go on are as wide at the horizon as
# at the end of the run to within SAME_SWING, and in between to within SAME_BALL. So much a ball
# of noise varies too, whose radius is that of a few independent positions.
SAME_SWING, SAME_BALL = 1.4, 3.0
# The middle of swings that stay moves by less than half their width, and less than a quarter of the
# loss gap is gained.
SAME_PLACE, SAME_GAP = 0.5, 0.75
# They are swings if the path is three times as long as it is wide: once there and back is twice. In
# fewer than ten updates that is chance.
BACK_AND_FORTH, SWINGS_LEAST = 3.0, 10
# A period is looked for at this many positions first.
PROBES = 8
# Swings of the rule are seen through the noise if they are at least half of all the motion.
SEEN_SWING = 0.5
# A radius needs a few positions to be measured.
HOVER_LEAST = 5
# Growth at a constant factor adds as much to the logarithm of a width in the last third of the time
# to come as in the one before; swings on their way to a limit add less and less.
STEADY = 0.5
# A distance grows if it gains more than a millionth: the logarithm of less is rounding.
GAIN = 1e-6
# A critical point has been left if the run stays away: at half of its largest distance or further.
STAYS_AWAY = 0.5
# The rate has run out when less than a tenth of the largest is left, and all the time to the
# horizon would take the run less than a tenth as far as it has come.
RATE_LEFT, WAY_LEFT = 0.1, 0.1
# A critical point within a pixel is found to rounding in fewer steps of it than this.
POLISH = 8


@dataclass(frozen=True)
class Verdict:
    """What a run would go on to do: `kind` is one of KINDS, `numbers` holds what decided it.

    Which numbers there are depends on the kind:

    converged        distance   to the minimizer that the local model predicts; where minimizers lie
                                on lines, to the nearest
    local minimum    gap        of the loss above the lowest, infinite where there is none
    saddle, maximum  gap        likewise
    (all of these)   slope, low, high   the gradient's norm and the curvatures at the end
    plateau          slope, change   the gradient's norm, and how much the loss changes in the last
                                `updates`
    oscillating      width, and period, in updates, of a cycle, or path, its length in `updates`
    growing          factor     by which the swings grow per update or, with x, y, low and high, the
                                distance from the critical point there, of these curvatures
    noise ball       radius, away   how far its middle is from `point`, the nearest critical point,
                                or minimizer where these lie on lines;
                                with weight decay `point` is the nearest minimum, and `away` the
                                distance from where the decay has moved it, infinite for none
    rate ran out     rate, largest   the last rate, and the largest there was
    diverged         step, loss   the last loss
    stopped          step, slope, moves   from that update on the steps are too short to see:
                                `moves` is the length of the last, 0 at rest
    stopping rule met   step, tolerance   what the gradient's norm, or the loss's change, is at most
    still descending, still moving   fall   of the loss in the last `updates`
    """

    kind: str
    numbers: Mapping[str, float]
    point: CriticalPoint | None = None

    def __getitem__(self, name: str) -> float:
        """Return one of the numbers."""
        return self.numbers[name]


def _verdict(kind: str, point: CriticalPoint | None = None, /, **numbers: float) -> Verdict:
    return Verdict(kind, Values({name: float(value) for name, value in numbers.items()}), point)


# Table and sentences ask for the same verdicts; as long as a trajectory is held, so is its verdict.
_known: WeakKeyDictionary[Trajectory, tuple[Experiment, Verdict]] = WeakKeyDictionary()


def verdict(experiment: Experiment, trajectory: Trajectory) -> Verdict:
    """Return what a run of an experiment would go on to do."""
    known = _known.get(trajectory)
    # A run does not know the others of its experiment.
    if known is None or known[0].shared != experiment.shared:
        known = _known[trajectory] = experiment, _judged(experiment, trajectory)
    return known[1]


def _judged(experiment: Experiment, trajectory: Trajectory) -> Verdict:
    step = len(trajectory.lr)
    if trajectory.diverged_at is not None:
        return _verdict(DIVERGED, step=step, loss=trajectory.loss[-1])
    if trajectory.stopped_by is not None:
        run, by_norm = trajectory.run, trajectory.stopped_by == GRADIENT_NORM
        tolerance = run.stop_norm if by_norm else run.stop_change
        assert tolerance is not None  # it was met
        return _verdict(STOPPING_RULE, step=step, tolerance=tolerance)
    case = _Case(experiment, trajectory)
    if trajectory.stopped is not None:
        return _verdict(STOPPED, step=step, slope=case.model.slope, moves=0)
    return (
        case.swings()
        or case.grows()
        or case.leaves()
        or case.hovers()
        or case.settled()
        or case.ran_out()
        or case.rests()
        or case.flat()
        or case.still()
    )


@dataclass(frozen=True)
class Model:
    """The local quadratic model of the loss at a position.

    `slope` is the norm of the gradient, `high` and `low` are the curvatures. The model's critical
    point is `position` - `step`, and `distance` away: infinitely far if the Hessian is singular.
    """

    position: tuple[float, float]
    slope: float
    high: float
    low: float
    step: tuple[float, float]

    @property
    def distance(self) -> float:
        return math.hypot(*self.step)


def model_at(objective: Objective, position: Vector, decay: float = 0.0) -> Model:
    """Return the quadratic model at a position (2,) of the loss with a coupled weight decay."""
    x, y = float(position[0]), float(position[1])
    gx, gy = objective.gradient(x, y)
    hxx, hxy, hyy = objective.hessian(x, y)
    gx, gy, hxx, hyy = gx + decay * x, gy + decay * y, hxx + decay, hyy + decay
    high, low = (float(value) for value in curvatures(hxx, hxy, hyy))
    step = math.inf, math.inf
    if hxx * hyy - hxy * hxy != 0:
        with np.errstate(over="ignore", invalid="ignore"):  # a run may end in huge numbers
            step = tuple(solve(np.array([[hxx, hxy], [hxy, hyy]]), np.array([gx, gy])).tolist())
    return Model((x, y), math.hypot(gx, gy), high, low, step)


class _Ahead:
    """What a run goes on to do up to the horizon.

    `path` begins with the run's end, `loss` is that of what the run descends. `whole` tells that
    the continuation did not diverge; a rule that has no further step to take stays where it is.
    """

    def __init__(self, experiment: Experiment, trajectory: Trajectory, noisy: bool = True) -> None:
        made = len(trajectory.lr)
        left = (HORIZON - 1) * made
        paths, losses = [trajectory.path[-1:]], [trajectory.loss[-1:]]
        self.whole, part = True, trajectory
        before = 0
        while left and self.whole and part.stopped is None:
            count = min(left, PART)
            before, part = before + len(part.lr), continued(experiment, part, count, noisy, before)
            paths.append(part.path[1:])
            losses.append(part.loss[1:])
            left -= count
            self.whole = part.diverged_at is None
        self.path = np.concatenate(paths)
        decay = experiment.plan(trajectory.run).coupled
        self.loss = descended(self.path, np.concatenate(losses), decay)


def descended(path: Vector, loss: Vector, decay: float) -> Vector:
    """Return the loss (n,) at the positions (n, 2) with a coupled weight decay added."""
    return loss + decay / 2 * np.square(path).sum(axis=1) if decay > 0 else loss


class _Case:
    """A run, what comes after it, and the questions that are asked of both."""

    def __init__(self, experiment: Experiment, trajectory: Trajectory) -> None:
        self.experiment, self.trajectory = experiment, trajectory
        self.plan: Plan = experiment.plan(trajectory.run)
        self.facts: SurfaceFacts = facts_of(trajectory.objective)
        self.path = trajectory.path
        self.loss = descended(trajectory.path, trajectory.loss, self.plan.coupled)
        self.updates = len(trajectory.lr)
        self.quarter = math.ceil(END_SHARE * self.updates)
        self.close = CLOSE * self.facts.diagonal
        shortest = SHORTEST_BY_LOSS if self.plan.rule.searches else SHORTEST
        self.rounding = shortest * self.facts.diagonal

    @functools.cached_property
    def model(self) -> Model:
        return model_at(self.trajectory.objective, self.path[-1], self.plan.coupled)

    @functools.cached_property
    def ahead(self) -> _Ahead:
        """What comes, noise included."""
        return _Ahead(self.experiment, self.trajectory)

    @functools.cached_property
    def exact(self) -> _Ahead:
        """What would come without noise."""
        if not self.plan.noisy:
            return self.ahead
        return _Ahead(self.experiment, self.trajectory, noisy=False)

    @property
    def end(self) -> Vector:
        """The positions of the run's last quarter, and the one that it starts from."""
        return self.path[-self.quarter - 1 :]

    @property
    def end_loss(self) -> Vector:
        return self.loss[-self.quarter - 1 :]

    def whole_path(self, ahead: _Ahead) -> Vector:
        """Return every position up to the horizon, the last again where the rule has stopped."""
        return _held(ahead.path, (HORIZON - 1) * self.updates + 1)

    def thirds(self, values: Vector, count: int) -> list[Vector]:
        """Return the last `count` updates of each third of the time ahead."""
        return [values[i * self.updates - count :][: count + 1] for i in range(1, HORIZON)]

    # --- The questions, in the order in which they are asked

    def swings(self) -> Verdict | None:
        """Return the verdict on a run that goes back and forth without getting anywhere."""
        if not (self.ahead.whole and self.exact.whole):
            return None
        path, exact = self.whole_path(self.ahead), self.whole_path(self.exact)
        # What shrinks all the time has no period.
        third = self.updates + 1
        shrinks = _width(exact[-third:]) * SAME_SWING < _width(exact[:third])
        period = None if shrinks else _period(exact)
        if period is not None and period > self.updates:
            return None
        count = max(self.quarter, period or 0)
        last = self.path[-count - 1 :]
        parts, width = self.thirds(path, count), _width(last)
        if width <= self.rounding:
            return None
        # In the noise, a swing of the rule is what would go on without it, if it is large enough.
        if self.plan.noisy and (
            _width(exact[-count - 1 :]) < SEEN_SWING * max(width, *map(_width, parts))
            or self._held_back(last, exact)
        ):
            return None
        widths = [_width(part) for part in parts]
        if not 1 / SAME_SWING <= widths[-1] / width <= SAME_SWING:
            return None
        if period is not None:
            steady = 1 + KEPT_WIDTH if not self.plan.noisy else SAME_SWING
            if max(widths) > steady * min(widths):
                return None
            cycle = parts[-1][-period:]
            across = max(float(_distances(cycle, point).max()) for point in cycle)
            return _verdict(OSCILLATING, width=across, period=period)
        if self.updates < SWINGS_LEAST or max(widths) > SAME_BALL * min(widths):
            return None
        if any(_length(part) < BACK_AND_FORTH * _width(part) for part in (last, *parts)):
            return None
        middle = last.mean(axis=0)
        if any(math.dist(part.mean(axis=0), middle) > SAME_PLACE * width for part in parts):
            return None
        # With no lowest loss the gaps are infinite, and the positions alone decide.
        losses = self.thirds(_held(self.ahead.loss, len(path)), count)
        before = float(self.loss[-count - 1 :].mean()) - self.facts.lowest
        if any(float(part.mean()) - self.facts.lowest < SAME_GAP * before for part in losses):
            return None
        return _verdict(OSCILLATING, width=width, path=_length(last), updates=count)

    def _held_back(self, path: Vector, exact: Vector) -> bool:
        """Tell whether a path in the noise has steps that are shorter than the swing's at the end.

        A rule that divides by the size of its gradients takes noise for a steep slope, and swings
        only without it.
        """
        return _length(path) < SEEN_SWING * _length(exact[-len(path) :])

    def grows(self) -> Verdict | None:
        """Return the verdict on a run whose swings climb, to diverge at last."""
        if not self.ahead.whole:
            if self._last_known() < self.loss[-1]:
                return None
            return _verdict(GROWING, factor=self._factor(finite(self.ahead.path)))
        if not self.exact.whole:
            return None
        q, exact = self.quarter, self.whole_path(self.exact)
        losses = self.thirds(_held(self.exact.loss, len(exact)), q)
        widths = [_width(part) for part in self.thirds(exact, q)]
        heights = [float(self.end_loss.mean()), *(float(part.mean()) for part in losses)]
        rises = heights[1:]
        if not self.plan.noisy:
            widths, rises = [_width(self.end), *widths], heights
        if not (_rise(rises) and _rise(widths) and _steady(widths)) or widths[-1] <= self.rounding:
            return None
        if self.plan.noisy:  # with it, too, the run gets higher and wider than by chance
            path, loss = self.whole_path(self.ahead), _held(self.ahead.loss, len(exact))
            wider = _width(path[-q - 1 :]) > SAME_SWING * _width(self.end)
            if not wider or min(loss[-1], loss[-q - 1 :].mean()) <= heights[0]:
                return None
            if self._held_back(path[-q - 1 :], exact):
                return None
        return _verdict(GROWING, factor=(widths[-1] / widths[-3]) ** (1 / (2 * self.updates)))

    def _last_known(self) -> float:
        """Return the last loss ahead that is finite: behind it a surface may have no value."""
        return float(self.ahead.loss[np.isfinite(self.ahead.loss)][-1])

    def _factor(self, path: Vector) -> float:
        """Return by what factor per update a path grows on its way out of all bounds."""
        count = len(path) - 1
        half = count // 2
        if half == 0:
            before, after, span = _length(self.path[-2:]), _length(path[-2:]), 1
        else:
            before, after, span = _width(path[: half + 1]), _width(path[half:]), count - half
        if not after > before:  # it comes closer before it is thrown out: by its last step alone
            before, after, span = _length(path[-3:-1]), _length(path[-2:]), 1
        return (after / before) ** (1 / span) if after > before > 0 else math.inf

    def leaves(self) -> Verdict | None:
        """Return the verdict on a run that was at a critical point and is moving away from it."""
        lately = self.lately(SETTLED_LEAST if self.plan.rule.state else 1)
        there = _distances(lately, self.path[-1]).max() <= self.close
        if not (there and self.model.distance <= self.close):
            return None
        model = self._critical()
        point = np.array(model.position)
        path = finite(self.exact.path)
        away = _distances(path, point)
        if away[0] > 2 * self.close:  # it is further away than the model at the end would have it
            return None
        before = float(_distances(lately, point).max())
        after = float(away[-self.updates - 1 :].max())
        if after <= max(before * (1 + GAIN), self.rounding) or after < STAYS_AWAY * away.max():
            return None
        (beyond,) = np.nonzero(away > 2 * self.close)
        if not beyond.size:
            parts = self.thirds(_held(away, (HORIZON - 1) * self.updates + 1), self.quarter)
            if not _steady([before, *(float(part.max()) for part in parts)]):
                return None
        actual = _distances(finite(self.ahead.path), point)
        if self.plan.noisy and actual[-self.updates :].max() <= actual[0]:
            return None
        until = int(beyond[0]) if beyond.size else len(path) - 1
        # Along the way out: at a saddle the other direction shrinks.
        out = (path[until] - point) / away[until]
        along = np.abs((path[: until + 1] - point) @ out)
        half = until // 2
        first, last = float(along[: half + 1].max()), float(along[until - half :].max())
        factor = (last / first) ** (1 / (until - half)) if first > 0 else math.inf
        if factor <= 1:
            return None
        x, y = model.position
        return _verdict(GROWING, factor=factor, x=x, y=y, low=model.low, high=model.high)

    def _critical(self) -> Model:
        """Return the quadratic model at the critical point near the run's end."""
        model = self.model
        for _ in range(POLISH):
            point = np.subtract(model.position, model.step)
            model = model_at(self.trajectory.objective, point, self.plan.coupled)
            if not model.distance <= self.close or model.distance == 0:
                break
        return model

    @property
    def _points(self) -> NDArray[np.intp]:
        return np.arange(len(self.facts.points))

    def hovers(self) -> Verdict | None:
        """Return the verdict on a run that the noise keeps in a ball."""
        if not self.plan.noisy or not self.ahead.whole or self.quarter < HOVER_LEAST:
            return None
        middle, radius = _ball(self.ahead.path)
        if radius <= self.rounding:
            return None
        for part in np.array_split(self.ahead.path[1:], HORIZON - 1):
            there, other = _ball(part)
            if not 1 / SAME_BALL <= other / radius <= SAME_BALL:
                return None
            if math.dist(there, middle) > SAME_BALL * radius:
                return None
        if math.dist(self.end.mean(axis=0), middle) > SAME_BALL * radius:
            return None
        # It hovers already: in as many updates ahead it comes about as far as in its last quarter.
        parts = self.thirds(self.whole_path(self.ahead), self.quarter)
        radii, now = [_ball(part)[1] for part in parts], _ball(self.end)[1]
        if min(radii) > SAME_BALL * now or now > SAME_BALL * max(radii):
            return None
        if self.facts.objective.valley is None:
            away, point = nearest(self.facts, middle, self._points)
        else:
            away, point = nearest_minimizer(self.facts, middle)
        if self.plan.coupled > 0:
            minima = known_minima(self.trajectory.objective, self.plan.coupled)
            distances = _distances(minima.xy, middle)
            away, point = distances.min(initial=math.inf), None
            if distances.size:
                x, y = minima.origin[int(np.argmin(distances))]
                on_line = CriticalPoint(float(x), float(y), self.facts.lowest, GLOBAL_MINIMUM)
                known = (p for p in self.facts.points if (p.x, p.y) == (x, y))
                point = on_line if self.facts.objective.valley is not None else next(known)
        return _verdict(NOISE_BALL, point, radius=radius, away=math.inf if away is None else away)

    def lately(self, least: int = 1) -> Vector:
        """Return the positions of the run's last tenth, or the last `least` of them."""
        return self.path[-max(least, math.ceil(SETTLED_SHARE * self.updates)) :]

    def settled(self) -> Verdict | None:
        """Return the verdict on a run that rests at a critical point."""
        end, close, model = self.path[-1], self.close, self.model
        if not self.ahead.whole:
            return None
        around = np.concatenate([self.lately(), self.ahead.path])
        if len(around) < SETTLED_LEAST:
            around = np.concatenate([self.lately(SETTLED_LEAST), self.ahead.path])
        if _distances(around, end).max() > close:
            return None
        facts, decay = self.facts, self.plan.coupled
        minima = known_minima(self.trajectory.objective, decay)
        near = _distances(minima.xy, end)
        numbers = {"slope": model.slope, "low": model.low, "high": model.high}
        away = float(near[minima.cusp].min(initial=math.inf))
        if away <= close:
            # Beside a cusp the gradient does not vanish: how near the run is has to be enough.
            return _verdict(CONVERGED, distance=away, **numbers)
        later = model_at(self.trajectory.objective, self.ahead.path[-1], decay)
        if (valley := self.trajectory.objective.valley) is not None and decay == 0:
            # Along it the Hessian is singular but for rounding: how near the run is decides.
            away = math.dist(valley.nearest(*end.tolist()), end)
            if away <= close:
                return _verdict(CONVERGED, distance=away, **numbers)
        same = (model.low > 0) == (later.low > 0) and (model.high > 0) == (later.high > 0)
        if not (model.distance <= close and later.distance <= close and same):
            return None
        gap = last_gap(facts, self.trajectory)
        if model.low > 0:
            # The run's end and the known minimizer are both within CLOSE of the predicted one.
            if near[minima.best].min(initial=math.inf) <= 2 * close:
                return _verdict(CONVERGED, distance=model.distance, **numbers)
            # Weight decay makes minima even where the loss has no lower bound: the gap is infinite.
            return _verdict(LOCAL_MINIMUM, gap=gap, **numbers)
        if model.high < 0:
            return _verdict(MAXIMUM, gap=gap, **numbers)
        if model.low < 0 < model.high:
            return _verdict(SADDLE, gap=gap, **numbers)
        return None

    def ran_out(self) -> Verdict | None:
        """Return the verdict on a run that its schedule has left no rate to go on with."""
        last, largest = float(self.trajectory.lr[-1]), float(self.trajectory.lr.max())
        if last > RATE_LEFT * largest or largest == 0 or not self.ahead.whole:
            return None
        come = _distances(self.path, self.path[-1]).max()
        if _distances(self.ahead.path, self.path[-1]).max() > WAY_LEFT * come:
            return None
        return _verdict(RAN_OUT, rate=last, largest=largest)

    def rests(self) -> Verdict | None:
        """Return the verdict on a run that no longer moves though no critical point holds it."""
        steps = np.hypot(*np.diff(self.path, axis=0).T)
        resting = RESTING * self.facts.diagonal
        if not self.ahead.whole:
            return None
        if _distances(self.ahead.path, self.path[-1]).max() > HORIZON * resting:
            return None
        count = int((np.cumsum(steps[::-1]) <= resting).sum())
        moves = float(steps[-1]) if len(steps) else 0.0
        return _verdict(STOPPED, step=self.updates - count, slope=self.model.slope, moves=moves)

    def flat(self) -> Verdict | None:
        """Return the verdict on a run that hardly gets lower because there is hardly a slope."""
        facts, model = self.facts, self.model
        left = float(np.ptp(losses_in_frame(self.trajectory.objective)))
        if facts.objective.bounded:
            left = last_gap(facts, self.trajectory)
        elif overflows(facts.objective):
            return None  # beside such losses any slope would be flat
        change = float(np.ptp(self.end_loss))
        ahead = np.abs(self.ahead.loss - self.loss[-1]).max() if self.ahead.whole else math.inf
        if not max(change, ahead) <= FLAT_CURVE * left:
            return None
        # Where a minimum is near, the slope is small because the run is about to arrive.
        arriving = model.low > 0 and model.distance <= facts.diagonal
        if arriving or model.slope * facts.diagonal > FLAT_GROUND * left:
            return None
        return _verdict(PLATEAU, slope=model.slope, change=change, updates=self.quarter)

    def still(self) -> Verdict:
        """Return the verdict on a run that has not arrived anywhere."""
        ahead = self.ahead.loss
        noisy = self.plan.noisy
        # A run that falls out of all bounds falls, by more than it goes up and down.
        falls = bool(self._last_known() < min(self.loss[-1], self.end_loss.mean()))
        if self.ahead.whole:
            ahead = _held(ahead, (HORIZON - 1) * self.updates + 1)[1:]
            means = [float(self.end_loss.mean())]
            means += [float(part.mean()) for part in np.split(ahead, HORIZON - 1)]
            # It does not come back, and falls by more than it goes up and down.
            falls = max(means[1:]) < means[0] and (noisy or bool(ahead[-1] < self.loss[-1]))
            falls = falls and means[0] - means[-1] > float(ahead[-self.updates :].std())
        fall = float(self.trajectory.loss[-self.quarter - 1] - self.trajectory.loss[-1])
        falls = falls and (noisy or fall > 0)  # and did so before everybody's eyes
        return _verdict(
            STILL_DESCENDING if falls else STILL_MOVING, fall=fall, updates=self.quarter
        )


def _period(path: Vector) -> int | None:
    """Return the updates after which a path has come back, every time, or None.

    A period must bring it back, and must have led it through most of where it has been.
    """
    width = _width(path)
    if width == 0:
        return None
    near = CYCLE * width
    away = _distances(path, path[0])
    far = np.maximum.accumulate(away) >= width / 2
    (periods,) = np.nonzero(far & (away <= near))
    periods = periods[2 * periods < len(path)]
    # Few positions rule out most of the many returns that are no period.
    for at in np.linspace(1, len(path) // 2, PROBES).astype(int).tolist():
        periods = periods[_distances(path[at + periods], path[at]) <= near]
    for period in periods.tolist():
        if _distances(path[period:], path[:-period]).max() <= near:
            return int(period)
    return None


def _held(values: Vector, count: int) -> Vector:
    """Return `count` rows, the last one again and again where there are fewer."""
    missing = count - len(values)
    return values if missing == 0 else np.concatenate([values, np.repeat(values[-1:], missing, 0)])


def _ball(path: Vector) -> tuple[Vector, float]:
    """Return the middle of positions and how far they are from it, root mean square."""
    middle = path.mean(axis=0)
    return middle, math.sqrt(float(np.square(path - middle).sum(axis=1).mean()))


def _rise(values: list[float]) -> bool:
    return all(after > before for before, after in itertools.pairwise(values))


def _steady(values: list[float]) -> bool:
    """Tell whether the last of rising values goes on to grow by about the same factor."""
    *_, before, middle, after = values
    if not 0 < before < middle < after:
        return False
    gain = math.log(after / middle)
    return gain > GAIN and gain >= STEADY * math.log(middle / before)


def _distances(points: Vector, other: Vector) -> Vector:
    x, y = (points - other).T
    with np.errstate(over="ignore"):  # of a last position out of all bounds
        return np.asarray(np.sqrt(x * x + y * y))


def _length(path: Vector) -> float:
    return float(np.hypot(*np.diff(path, axis=0).T).sum())


def _width(path: Vector) -> float:
    """Return the distance between two of the points that lie furthest apart, or nearly do."""
    furthest = path[int(np.argmax(_distances(path, path[-1])))]
    return float(_distances(path, furthest).max())
