"""No statement contradicts its numbers: each claim is checked against the paths themselves."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from landscape import SURFACES, Formula
from landscape.language import PSEUDO, language, number, whole
from landscape.record import CUSP, GLOBAL_MINIMUM
from optimizers import OPTIMIZERS, SCHEDULES, Experiment, Run, describe, simulate
from optimizers.analysis import verdicts
from optimizers.analysis.measures import zigzag
from optimizers.analysis.statements import TEMPLATES, Growth, Near, Share, Statement, render
from optimizers.analysis.step import inspect_step
from optimizers.analysis.verdicts import verdict
from optimizers.analysis.words import comparison, of_run, outcome
from optimizers.record import COUPLED, NO_DECAY
from views.presets import PRESETS

LABELS = ("Alpha", "Bravo", "Coral", "Delta", "Echo", "Fox", "Golf", "Hotel", "India")
EXPERIMENTS = 600


def random_start(random, surface):
    if random.random() < 0.15:  # where a run may stand still
        point = random.choice(np.array([(p.x, p.y) for p in surface.critical_points()]))
        return float(point[0]), float(point[1])
    return tuple(random.uniform(low, high) for low, high in surface.domain)


def random_run(random, surface, noise):
    rule = OPTIMIZERS[random.choice(list(OPTIMIZERS))]
    decays = rule.weight_decay != NO_DECAY and random.random() < 0.2
    momentum = {"momentum": random.choice([0.0, 0.5, 0.9, 0.99])}
    return Run(
        rule.name,
        lr=rule.default_rate(surface) * random.choice([0, 0.001, 0.1, 0.5, 1, 1, 1, 2, 10]),
        hyper=momentum if rule.name in ("Momentum", "Nesterov") else {},
        weight_decay=random.choice([0.001, 0.1, 1.0]) if decays else 0.0,
        batch_size=int(random.choice([1, 8, 64]))
        if random.random() < (0.8 if noise else 0.2)
        else None,
        schedule=random.choice(list(SCHEDULES)) if random.random() < 0.3 else "Constant",
        steps=int(random.choice([5, 30])) if random.random() < 0.1 else None,
        start=random_start(random, surface) if random.random() < 0.1 else None,
        seed=int(random.choice([2, 3])) if random.random() < 0.2 else None,
    )


def random_experiment(random):
    surface = SURFACES[random.choice(list(SURFACES))]
    noise = float(random.choice([0, 0, 0, 0.1, 1.0])) if surface.samples is None else 0.0
    runs = [random_run(random, surface, noise) for _ in range(random.integers(1, 10))]
    if random.random() < 0.2:
        runs = [runs[0]] * len(runs)
        if random.random() < 0.5:
            runs = [replace(run, batch_size=2**k) for k, run in enumerate(runs)]
        if random.random() < 0.5:
            runs = [replace(run, seed=k) for k, run in enumerate(runs)]
    if random.random() < 0.1:
        runs = [replace(run, lr=1e5 * (1 + k)) for k, run in enumerate(runs)]
    steps = int(random.choice([1, 2, 5, 20, 60, 200]))
    return Experiment(
        *(surface.name, {}, random_start(random, surface), steps, noise),
        samples=4096 if surface.samples is None else 300,
        seed=1,
        runs=tuple(runs),
    )


@pytest.fixture(scope="module")
def sample():
    """Hundreds of experiments of all kinds, with their trajectories and labels."""
    random = np.random.default_rng(7)
    experiments = [random_experiment(random) for _ in range(EXPERIMENTS)]
    experiments += [replace(e, keep=0.6) for e in experiments if e.made_by_data][:20]
    experiments += [preset.experiment for preset in PRESETS.values()]
    # No other comes to rest at a saddle of a loss that has no lower bound.
    experiments.append(Experiment("Monkey saddle", start=(0.5, 0.0), steps=3000))
    stops = Run("SGD", stop_norm=0.5), Run("SGD", stop_change=1e-3), Run("SGD", stop_norm=1e9)
    experiments.append(Experiment(runs=stops, steps=1000))
    # Seldom do two of several runs diverge first, or one, and the others end no lower.
    some = Run("SGD", 1.0), Run("Momentum", 1.0), Run("SGD", 0.1)
    experiments.append(Experiment("Rosenbrock", runs=some))
    rest = Run("SGD", 3.0), Run("SGD", 0.0), Run("SGD", 0.0, start=(1.0, 1.0))
    experiments.append(Experiment(runs=rest))
    nowhere = (Formula("log(x) + y**2"), (-1.0, 1.0)), (Formula("exp(exp(exp(x)))"), (4.0, 1.0))
    experiments += [Experiment(f, start=at, runs=(Run("SGD", 0.1),)) for f, at in nowhere]
    return [(e, simulate(e), LABELS[: len(e.runs)]) for e in experiments]


# --- What the claims are checked against


def is_noisy(experiment, run):
    uncertain = experiment.noise > 0 or SURFACES[experiment.surface].samples is not None
    keep = experiment.keep if run.keep is None else run.keep
    return keep < 1 or (uncertain and run.batch_size not in (None, experiment.samples))


def decay_of(run):
    return run.weight_decay if OPTIMIZERS[run.optimizer].weight_decay == COUPLED else 0.0


def size_of(experiment):
    return math.dist(*zip(*experiment.objectives[0].domain, strict=True))


def points_of(experiment, *kinds):
    points = experiment.objectives[0].critical_points()
    return [p for p in points if not kinds or p.kind in kinds]


def gap_of(experiment, trajectory):
    """Return how far a run ends above the lowest loss there is on its own surface."""
    points = objective_of(experiment, trajectory).critical_points()
    lowest = min((p.loss for p in points if p.kind in (GLOBAL_MINIMUM, CUSP)), default=0.0)
    return max(0.0, trajectory.loss[-1] - lowest)


def objective_of(experiment, trajectory):
    return experiment.plan(trajectory.run).objective


def valley_of(experiment):
    return SURFACES[experiment.surface].valley


def distance_to(experiment, position, *kinds):
    if valley_of(experiment) and GLOBAL_MINIMUM in kinds:
        return math.dist(position, valley_of(experiment).nearest(*map(float, position)))
    points = points_of(experiment, *kinds)
    return min((math.dist(position, (p.x, p.y)) for p in points), default=math.inf)


def about(value, other):
    return value == pytest.approx(other, rel=1e-9, abs=1e-15)


def divides(times, one, other):
    """Tell whether a factor is the quotient of two numbers as the titles of panels show them."""
    one, other = (float(number(abs(each), 3).replace(",", "")) for each in (one, other))
    return about(times, one / other)


def descends(experiment, run, point):
    """Return gradient and Hessian of what a run descends: weight decay included."""
    surface, wd = experiment.objectives[0], decay_of(run)
    gx, gy = surface.gradient(*point)
    hxx, hxy, hyy = surface.hessian(*point)
    gradient = np.array([gx, gy]) + wd * np.array(point)
    return gradient, np.array([[hxx + wd, hxy], [hxy, hyy + wd]])


def is_minimizers_name(experiment, run, kind):
    """Tell whether a global minimizer is called what it is: one of several, or with others."""
    if valley_of(experiment):
        # A weight decay leaves some points of the axes or curves: the origin or, moved, others.
        left = "the_minimizer" if experiment.surface == "Two linear layers" else kind
        decayed = left if left == "the_minimizer" else "the_moved_minimizer"
        return kind == (decayed if decay_of(run) else "the_valley")
    minimizers = points_of(experiment, GLOBAL_MINIMUM, CUSP)
    # A weight decay pulls towards the origin, and leaves a minimum there.
    if decay_of(run) and all((p.x, p.y) != (0, 0) for p in minimizers):
        return kind == "the_moved_minimizer"
    if len(points_of(experiment, GLOBAL_MINIMUM, CUSP)) > 1:
        return kind in ("a_global_minimizer", "the_nearest_global_minimizer")
    local = points_of(experiment, "local minimum")
    return kind == ("the_global_minimizer" if local else "the_minimizer")


def is_distance(experiment, trajectory, distance, position):
    """Tell whether a minimizer of what a run descends is just that far from a position."""
    run = trajectory.run
    if not decay_of(run):
        return about(distance, distance_to(experiment, position, GLOBAL_MINIMUM, CUSP))
    # The gradient with decay vanishes somewhere on the circle of that radius.
    angles = np.linspace(0, 2 * np.pi, 721)
    circle = position + distance * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    slopes = [np.linalg.norm(descends(experiment, run, tuple(p))[0]) for p in circle]
    _, hessian = descends(experiment, run, tuple(circle[int(np.argmin(slopes))]))
    step = distance * (angles[1] - angles[0])
    cusp = distance_to(experiment, position, CUSP)
    bound = 2 * np.abs(np.linalg.eigvalsh(hessian)).max() * step + 1e-6
    return min(slopes) <= bound or about(distance, cusp)


def is_place(experiment, trajectory, place):
    run, end = trajectory.run, trajectory.path[-1]
    bounded = experiment.objectives[0].bounded
    if place.kind == "at_loss":
        return (not bounded or decay_of(run) > 0) and place["loss"] == trajectory.loss[-1]
    named = is_minimizers_name(experiment, run, place["point"].kind)
    if place.kind == "at_point":
        near = distance_to(experiment, end, GLOBAL_MINIMUM, CUSP) <= 1e-6 * size_of(experiment)
        return named and (near or decay_of(run) > 0)
    return named and is_distance(experiment, trajectory, place["distance"], end)


NAMES = {
    "a_local_minimizer": ("local minimum",),
    "a_saddle": ("saddle",),
    "a_maximizer": ("maximum",),
    "a_degenerate_point": ("degenerate",),
    "the_cusp": ("cusp",),
}


def is_point_at(experiment, trajectory, point, distance, position):
    """Tell whether the nearest critical point of all is of that name and so far away."""
    if decay_of(trajectory.run):
        return is_minimizers_name(experiment, trajectory.run, point.kind)
    kinds = NAMES.get(point.kind, (GLOBAL_MINIMUM,))
    named = point.kind in NAMES or is_minimizers_name(experiment, trajectory.run, point.kind)
    nearest = about(distance, distance_to(experiment, position))
    return named and nearest and about(distance, distance_to(experiment, position, *kinds))


def is_settled_in(experiment, trajectory, point):
    """Tell whether a run rests in that kind of point, and its decay is said."""
    wd = decay_of(trajectory.run)
    if wd:
        if point.kind != "with_decay" or point["decay"] != wd:
            return False
        point = point["point"]
    kind = verdict(experiment, trajectory).kind
    names = {verdicts.CONVERGED: "a_global_minimum", verdicts.LOCAL_MINIMUM: "a_local_minimum"}
    names |= {verdicts.SADDLE: "a_saddle", verdicts.MAXIMUM: "a_maximum"}
    if point.kind != names[kind]:
        return False
    if any(math.dist((p.x, p.y), trajectory.path[-1]) < 0.01 for p in points_of(experiment, CUSP)):
        return kind == verdicts.CONVERGED
    low, high = np.linalg.eigvalsh(descends(experiment, trajectory.run, trajectory.path[-1])[1])
    if valley_of(experiment) and kind == verdicts.CONVERGED and not wd:
        return abs(low) <= 1e-2 * high
    minimum = kind in (verdicts.CONVERGED, verdicts.LOCAL_MINIMUM)
    signs = (1, 1) if minimum else (-1, 1) if kind == verdicts.SADDLE else (-1, -1)
    return (np.sign(low), np.sign(high)) == signs


# --- One run: what each statement claims


def does_not_move(e, t, point):
    return still(t) and is_settled_in(e, t, point)


def does_not_move_at_rate_0(e, t):
    return still(t) and t.lr.max() == 0


def does_not_move_for_no_step(e, t, slope):
    steep = np.linalg.norm(descends(e, t.run, t.path[-1])[0])
    unmoved = (t.path == t.path[0]).all()
    return unmoved and t.lr.max() > 0 and about(slope, steep)


def still(t):
    return np.abs(t.path - t.path[0]).max() < 1e-7


def diverges(e, t, step):
    return t.diverged_at == step


def ends_without_value(e, t, step):
    return t.diverged_at == step > 0 and np.isnan(t.loss[-1])


def starts_without_value(e, t):
    return t.diverged_at == len(t.lr) == 0 and np.isnan(t.loss[0])


def starts_too_high(e, t):
    return t.diverged_at == len(t.lr) == 0 and np.isinf(t.loss[0])


def stops_singular(e, t, place, step):
    return t.stopped is not None and len(t.lr) == step and is_place(e, t, place)


def stops_at_rest(e, t, place, step, slope):
    return (t.path[-1] == t.path[-2]).all() and hardly_moves(e, t, place, step, slope)


def creeps(e, t, place, step, slope, clipped=False):
    shorter = inspect_step(e, t, len(t.lr) - 1).is_clipped
    moves = (t.path[-1] != t.path[-2]).any() and hardly_moves(e, t, place, step, slope)
    return moves and shorter == clipped


def hardly_moves(e, t, place, step, slope):
    steep = np.linalg.norm(descends(e, t.run, t.path[-1])[0])
    ahead = np.linalg.norm(np.diff(t.path[step:], axis=0), axis=1).sum()
    return ahead <= 1e-6 * size_of(e) and about(slope, steep) and is_place(e, t, place)


def stops_norm(e, t, place, step, tolerance):
    steep = np.linalg.norm(t.objective.gradient(*t.path[-1]))
    last = len(t.lr) == step < e.plan(t.run).steps
    return last and steep <= tolerance == t.run.stop_norm and is_place(e, t, place)


def stops_change(e, t, place, step, tolerance):
    small = abs(t.loss[-1] - t.loss[-2]) <= tolerance == t.run.stop_change
    last = len(t.lr) == step < e.plan(t.run).steps
    return last and small and is_place(e, t, place)


def converges(e, t, point):
    return converges_within(e, t, point, None)


def converges_within(e, t, point, distance):
    settled = verdict(e, t).kind == verdicts.CONVERGED
    near = 1e-6 * size_of(e)
    if distance is None:
        real = distance_to(e, t.path[-1], GLOBAL_MINIMUM, CUSP)
        right = real <= near or decay_of(t.run) > 0
    else:
        right = distance > near and is_distance(e, t, distance, t.path[-1])
    return settled and right and is_minimizers_name(e, t.run, point.kind)


def settles(e, t, point, gap=None):
    settled = verdict(e, t).kind == verdicts.LOCAL_MINIMUM and is_settled_in(e, t, point)
    return settled and is_gap(e, t, gap)


def rests(e, t, point, gap=None):
    kinds = (verdicts.SADDLE, verdicts.MAXIMUM)
    return verdict(e, t).kind in kinds and is_settled_in(e, t, point) and is_gap(e, t, gap)


def is_gap(e, t, gap):
    return not SURFACES[e.surface].bounded if gap is None else about(gap, gap_of(e, t))


def ends_flat(e, t, place, change, slope, updates=1):
    moved = np.ptp(t.loss[-updates - 1 :])
    steep = np.linalg.norm(descends(e, t.run, t.path[-1])[0])
    where = decay_of(t.run) or is_point_at(e, t, place["point"], place["distance"], t.path[-1])
    where = is_place(e, t, place) if valley_of(e) else where
    return where and about(slope, steep) and (decay_of(t.run) or about(change, moved))


def ends_in_a_cycle(e, t, place, period, width):
    if is_noisy(e, t.run):
        return is_place(e, t, place)
    (longer,) = simulate(replace(e, steps=4 * len(t.lr), runs=(replace(t.run, steps=None),)))
    if t.run.schedule == "Constant":
        path = longer.path
        assert np.linalg.norm(path[-1] - path[-1 - period]) <= 0.003 * width
        cycle = path[-period - 1 :]
        across = max(np.linalg.norm(cycle - point, axis=1).max() for point in cycle)
        assert width == pytest.approx(across, rel=0.05)
    return is_place(e, t, place)


def ends_swinging(e, t, place, width, path, updates):
    last = t.path[-updates - 1 :]
    across = max(np.linalg.norm(last - point, axis=1).max() for point in last)
    length = np.linalg.norm(np.diff(last, axis=0), axis=1).sum()
    fits = about(path, length) and 0.5 * across <= width <= across * (1 + 1e-9)
    return fits and length >= 3 * width and is_place(e, t, place)


def ends_growing(e, t, place, factor):
    return verdict(e, t).kind == verdicts.GROWING and factor > 1 and is_place(e, t, place)


def leaves(e, t, point, factor):
    how = verdict(e, t)
    low, high = np.linalg.eigvalsh(descends(e, t.run, (how["x"], how["y"]))[1])
    names = {(1, 1): "a_minimum", (-1, 1): "a_saddle", (-1, -1): "a_maximum"}
    if valley_of(e) and abs(low) < 1e-6 * high:
        names = dict.fromkeys(((-1, 1), (0, 1), (1, 1)), "the_valley")
    near = math.dist((how["x"], how["y"]), t.path[-1]) <= 2e-3 * size_of(e)
    return near and factor > 1 and names[np.sign(low), np.sign(high)] == point.kind


def hovers(e, t, radius, distance, point):
    last = t.path[-math.ceil(len(t.lr) / 4) :]
    far = np.linalg.norm(last - last.mean(axis=0), axis=1).max()
    local = point.kind == "the_moved_local" and points_of(e, "local minimum")
    where = local or point.kind in NAMES or is_minimizers_name(e, t.run, point.kind)
    # Half of the positions may be far nearer than the farthest, as where a curvature is near 0.
    return bool(where) and is_noisy(e, t.run) and 0.05 * far <= radius <= 30 * far


def ends_hovering(e, t, place, radius):
    decay, known = decay_of(t.run), points_of(e, GLOBAL_MINIMUM, "local minimum", CUSP)
    none_known = decay > 0 and vanish(e, known, decay)
    return none_known and is_noisy(e, t.run) and radius > 0 and is_place(e, t, place)


def runs_out_of_rate(e, t, place, rate, largest):
    right = (rate, largest) == (t.lr[-1], t.lr.max())
    return right and rate <= 0.1 * largest and is_place(e, t, place)


def ends_descending(e, t, place):
    return verdict(e, t).kind == verdicts.STILL_DESCENDING and is_place(e, t, place)


def ends_rising(e, t, place, updates):
    still = verdict(e, t).kind == verdicts.STILL_MOVING and is_place(e, t, place)
    return still and not e.plan(t.run).noisy and t.loss[-1] > t.loss[-updates - 1]


def ends_unsettled(e, t, place):
    return verdict(e, t).kind == verdicts.STILL_MOVING and is_place(e, t, place)


ENDINGS = {
    **{f.__name__: f for f in (does_not_move, does_not_move_at_rate_0, does_not_move_for_no_step)},
    **{f.__name__: f for f in (diverges, stops_singular, stops_at_rest, converges)},
    **{f.__name__: f for f in (stops_norm, stops_change, creeps)},
    "creeps_clipped": partial(creeps, clipped=True),
    **{f.__name__: f for f in (ends_without_value, starts_without_value, starts_too_high)},
    **{f.__name__: f for f in (converges_within, settles, rests, ends_flat, ends_in_a_cycle)},
    **{f.__name__: f for f in (ends_swinging, ends_growing, leaves, hovers, runs_out_of_rate)},
    **{f.__name__: f for f in (ends_hovering, ends_descending, ends_rising, ends_unsettled)},
    "settles_above": settles,
    "rests_above": rests,
    "ends_flat_in_one": ends_flat,
}


def zigzags(e, t, turns, flips=None):
    measured = zigzag(e, t)
    seen = measured.flip_rate >= 0.5 and measured.turn_angle >= 30 and not is_noisy(e, t.run)
    flips = turns if flips is None else flips
    return seen and (flips, turns) == (measured.flips, measured.turns)


def changes_sides(e, t, turns, flips):
    measured = zigzag(e, t)
    return (flips, turns) == (measured.flips, measured.turns) and flips > 2


def decay_pulls(e, t, decay):
    return decay == t.run.weight_decay > 0 == decay_of(t.run) and t.lr.max() > 0


def decay_moves(e, t, decay, distance, x, y):
    gradient, hessian = descends(e, t.run, (x, y))
    moved = np.linalg.norm(gradient) < 1e-8 and np.linalg.eigvalsh(hessian)[0] > 0
    origins = points_of(e, GLOBAL_MINIMUM, "local minimum", CUSP)
    from_there = any(about(distance, math.dist((p.x, p.y), (x, y))) for p in origins)
    if valley_of(e):
        from_there = about(distance, distance_to(e, (x, y), GLOBAL_MINIMUM))
    cusp = any((p.x, p.y) == (x, y) for p in points_of(e, CUSP))
    return decay == decay_of(t.run) and (moved or cusp) and from_there and distance > 0


def decay_leaves(e, t, decay, x, y):
    there = any((p.x, p.y) == (x, y) == (0, 0) for p in points_of(e, GLOBAL_MINIMUM, CUSP))
    there = there or (bool(valley_of(e)) and (x, y) == (0, 0) == valley_of(e).nearest(0.0, 0.0))
    return there and decay == decay_of(t.run)


def decay_counts(e, t, decay):
    """Said of a loss in which no minimum is left where the surface has one."""
    known = points_of(e, GLOBAL_MINIMUM, "local minimum", CUSP)
    lost = not SURFACES[e.surface].bounded or vanish(e, known, decay)
    return decay == decay_of(t.run) > 0 and lost


def vanish(e, points, decay):
    """Tell whether all of some minima give way, suddenly, while weight decay rises."""
    at, jump = np.array([[p.x, p.y] for p in points]).reshape(-1, 2).T, 0.02 * size_of(e)
    gone = np.zeros(len(points), dtype=bool)
    for share in np.linspace(0, decay, 100):
        before = at
        for _ in range(100):
            at = at - 0.05 * (np.array(e.objectives[0].gradient(*at)) + share * at)
        gone |= np.hypot(*(at - before)) > jump
        if gone.all():
            return True
    return False


def as_sharp_as(e, t, high):
    largest = np.linalg.eigvalsh(descends(e, t.run, t.path[-1])[1])[1]
    return verdict(e, t).kind == verdicts.CONVERGED and high == pytest.approx(largest, rel=1e-9)


def as_sharp_as_the_limit(e, t, high, rate, limit):
    edges = OPTIMIZERS[t.run.optimizer].edges(t.run.hyper)
    return as_sharp_as(e, t, high) and rate == t.lr[-1] and about(limit * rate, edges[-1])


REMARKS = {
    "as_sharp_as": as_sharp_as,
    "as_sharp_as_the_limit": as_sharp_as_the_limit,
    "zigzags_always": zigzags,
    **{f.__name__: f for f in (zigzags, changes_sides, decay_pulls, decay_moves, decay_leaves)},
    "decay_counts": decay_counts,
}


def test_no_statement_on_a_run_contradicts_its_numbers(sample):
    said = set()
    for experiment, trajectories, labels in sample:
        for trajectory, label in zip(trajectories, labels, strict=True):
            ending, *remarks = of_run(experiment, trajectory, label)
            values = dict(ending.values)
            assert values.pop("run") == label
            alone = replace(experiment, runs=(trajectory.run,))  # on its own surface
            assert ENDINGS[ending.kind](alone, trajectory, **values), (ending, experiment)
            for remark in remarks:
                right = REMARKS[remark.kind](alone, trajectory, **remark.values)
                assert right, (remark, experiment)
            said |= {ending.kind, *(remark.kind for remark in remarks)}
            kinds = {remark.kind for remark in remarks}
            # Beside the gradient it does nothing to a run without a rate, or without an update.
            decays = decay_of(trajectory.run) > 0 or (
                trajectory.run.weight_decay > 0 and trajectory.lr.any()
            )
            assert decays == any(kind.startswith("decay_") for kind in kinds)
            if not kinds & {"zigzags", "zigzags_always", "changes_sides"}:
                turns = zigzag(experiment, trajectory)
                few = turns.flips <= max(2, 0.1 * turns.turns) or turns.turns < 4
                assert few or ending.kind.startswith("does_not_move")
    # What not every draw brings about is put into words below.
    elsewhere = {"settles", "ends_hovering", "ends_flat_in_one", "creeps_clipped"}
    assert said | elsewhere == {*ENDINGS, *REMARKS}


# --- The comparison: what each statement claims


class Context:
    """What the claims of a comparison are checked against."""

    def __init__(self, experiment, trajectories, labels):
        self.experiment, self.trajectories, self.labels = experiment, trajectories, labels
        self.by_name = dict(zip(labels, trajectories, strict=True))
        self.ended = [t for t in trajectories if t.diverged_at is None]
        self.bounded = experiment.objectives[0].bounded
        self.starts = {t.loss[0] for t in self.ended}
        self.start = max(self.starts, default=math.nan)

    def size(self, trajectory):
        """What is compared: the gap or, with no lowest loss, how far the run falls (negative)."""
        if self.bounded:
            return gap_of(self.experiment, trajectory)
        return trajectory.loss[-1] - self.start

    def are(self, who, expected):
        """Tell whether the subject of a statement stands for just the runs of `expected`."""
        count = len(self.trajectories)
        if isinstance(who, str):
            names = [who]
        elif who.kind == "two_runs":
            names = [who["first"], who["second"]]
        elif who.kind == "some_runs":
            return 2 < len(expected) == who["count"] < count == who["total"]
        else:
            both = who.kind == "both_runs"
            return count == len(expected) == (2 if both else who["count"]) and (both or count > 2)
        return sorted(names) == sorted(
            name for name, t in self.by_name.items() if any(t is other for other in expected)
        )

    def all_but(self, chosen):
        return [t for t in self.ended if not any(t is other for other in chosen)]


def one_run(c):
    return len(c.trajectories) == 1


def identical(c, runs, batch=False, seed=False):
    first, *others = c.trajectories
    if not all(np.array_equal(first.path, t.path, equal_nan=True) for t in others):
        groups = [
            [t for t in c.trajectories if np.array_equal(t.path, other.path, equal_nan=True)]
            for other in c.trajectories
        ]
        return any(len(g) > 1 and c.are(runs, g) for g in groups)
    unlike = {replace(t.run, batch_size=None, seed=None) for t in c.trajectories}
    exact = not any(is_noisy(c.experiment, t.run) for t in c.trajectories)
    explained = c.experiment.noise == 0 and exact and len(unlike) == 1
    batches = explained and len({t.run.batch_size for t in c.trajectories}) > 1
    seeds = explained and len({c.experiment.plan(t.run).seed for t in c.trajectories}) > 1
    return c.are(runs, c.trajectories) and (batch, seed) == (batches, seeds)


def all_diverge(c, runs, step, run=None, some=False):
    steps = [t.diverged_at for t in c.trajectories]
    if None in steps or not c.are(runs, c.trajectories) or min(steps) != step:
        return False
    early = [t for t in c.trajectories if t.diverged_at == min(steps)]
    if run is not None:
        return c.are(run, early)
    return 1 < len(early) < len(steps) if some else len(early) == len(steps)


def one_diverges(c, run, step):
    (lost,) = (t for t in c.trajectories if t.diverged_at is not None)
    return c.are(run, [lost]) and lost.diverged_at == step


def some_diverge(c, runs):
    lost = [t for t in c.trajectories if t.diverged_at is not None]
    return len(lost) > 1 and c.are(runs, lost)


def others_follow(c):
    return 1 < len(c.ended) < len(c.trajectories)


def one_ends(c, run, loss):
    return len(c.ended) == 1 and c.are(run, c.ended) and about(loss, c.ended[0].loss[-1])


def none_is_lower(c, loss=None, rest=False):
    lower = any(t.loss[-1] < t.loss[0] for t in c.ended)
    lost = len(c.ended) < len(c.trajectories)
    which = len(c.starts) > 1 if loss is None else about(loss, c.start)
    return not lower and rest == lost and which


def reached(c):
    """Return the runs within a billionth of what the loss typically is in the frame."""
    return [t for t in c.ended if c.size(t) <= tiny_on(objective_of(c.experiment, t))]


def tiny_on(surface):
    x, y = (np.linspace(*side, 33) for side in surface.domain)
    losses = surface.loss(*np.meshgrid(x, y))
    return 1e-9 * (np.median(losses) - surface.lowest())


def one_reaches(c, run, second, gap):
    others = [c.size(t) for t in c.all_but(reached(c))]
    nearest = c.size(c.by_name[second])
    return c.bounded and c.are(run, reached(c)) and nearest == min(others) and about(gap, nearest)


def closest_to_own(c, run, gap, second, other):
    lows = {c.experiment.plan(t.run).objective.lowest() for t in c.ended}
    sizes = sorted(t.loss[-1] - t.objective.lowest() for t in c.ended)
    told = [c.by_name[name].loss[-1] - c.by_name[name].objective.lowest() for name in (run, second)]
    return len(lows) > 1 and told == sizes[:2] and about(gap, told[0]) and about(other, told[1])


def near_own(c, gap):
    lows = {t.objective.lowest() for t in c.trajectories}
    left = [t.loss[-1] - t.objective.lowest() for t in c.trajectories]
    ways = [t.loss[0] - t.objective.lowest() for t in c.trajectories]
    near = all(one <= 1e-3 * way for one, way in zip(left, ways, strict=True))
    return len(lows) > 1 and near and about(gap, max(left))


def weights_end(c, run, away, second, other):
    ends = {name: np.hypot(*t.path[-1]) for name, t in c.by_name.items()}
    extremes = ends[run] == max(ends.values()) and ends[second] == min(ends.values())
    return extremes and about(away, ends[run]) and about(other, ends[second])


def some_reach(c, runs):
    return c.bounded and len(reached(c)) > 1 and c.are(runs, reached(c))


def about_equal(c, runs, loss, some=False):
    sizes = [c.size(t) for t in c.ended]
    best = min(sizes)
    bound = 1.1 * best if c.bounded else best / 1.1
    equal = [t for t in c.ended if c.size(t) <= bound]
    at = about(loss, min(t.loss[-1] for t in c.ended))
    return len(equal) > 1 and at and some == (len(equal) < len(c.ended)) and c.are(runs, equal)


def one_is_lowest(c, run, second, zero=True, two=False):
    """Tell whether a run is the lowest, by more than a tenth, and the second the next."""
    winner, other = c.by_name[run], c.by_name[second]
    others = [c.size(t) for t in c.all_but([winner])]
    right = c.size(winner) < c.size(other) == min(others) and winner.diverged_at is None
    right &= two == (len(c.ended) == 2)
    return right and (not c.bounded or zero == (gap_of(c.experiment, winner) == winner.loss[-1]))


def is_lower(c, run, second, two, zero=True, times=None, share=None, much=False):
    ratio = c.size(c.by_name[second]) / c.size(c.by_name[run])
    if share is not None:
        right = about(share, ratio - 1) and 1.0999 < ratio < 2
    else:
        sizes = (c.size(c.by_name[name]) for name in (second, run))
        right = ratio > times == 1000 if much else divides(times, *sizes) and ratio >= 2
    return c.bounded and right and one_is_lowest(c, run, second, zero, two)


def lowest_without_a_ratio(c, run, second, two):
    """Tell whether the next is no lower than the start, or fell about as far to another loss."""
    winner, other = c.by_name[run], c.by_name[second]
    right = not c.bounded and one_is_lowest(c, run, second, two=two)
    lows = winner.loss[-1], other.loss[-1]
    apart = lows[1] - lows[0] > 0.1 * max(abs(low) for low in lows) * (1 - 1e-9)
    return right and (lows[1] >= c.start or (apart and c.size(winner) / c.size(other) <= 1.1))


def falls(c, run, second, times, highest=False, much=False):
    winner, other = c.by_name[run], c.by_name[second]
    ratio = c.size(winner) / c.size(other)
    right = not c.bounded and winner.loss[-1] < c.start and highest == (len(c.starts) > 1)
    sizes = c.size(winner), c.size(other)
    right &= ratio > times == 1000 if much else divides(times, *sizes)
    return right and one_is_lowest(c, run, second, two=len(c.ended) == 2)


def updates_differ(c):
    return len({len(t.lr) for t in c.ended}) > 1


def some_settle(c, who, kind):
    return c.are(who, [t for t in c.ended if verdict(c.experiment, t).kind == kind])


def longest(c, run, second, times, two=False, much=False):
    length = {
        n: np.linalg.norm(np.diff(t.path, axis=0), axis=1).sum() for n, t in c.by_name.items()
    }
    rest = [value for n, value in length.items() if n != run]
    ratio = length[run] / length[second]
    right = length[run] >= 1.0999 * max(rest) and length[second] == max(rest)
    right &= two == (len(length) == 2) and len(c.ended) == len(length)
    return right and (
        ratio > times == 1000 if much else divides(times, length[run], length[second])
    )


def without_decay(c):
    return any(t.run.weight_decay > 0 for t in c.trajectories)


def seeds_drawn(c):
    noisy = [t.run for t in c.trajectories if is_noisy(c.experiment, t.run)]
    return len({c.experiment.plan(run).seed for run in noisy})


def accounted(c, samples, cuts):
    told = []
    while cuts.kind == "epoch_more":
        told.append(cuts["cut"])
        cuts = cuts["before"]
    told.append(cuts)
    sizes = {}  # of an update, by how it is told
    for run in c.experiment.runs:
        batch = run.batch_size or samples
        batches = min(run.accumulate, -(-samples // batch))
        sizes[batch if batches == 1 else f"{batches} × {batch}"] = min(batch * batches, samples)
    right = {cut["size"] for cut in told} == {*sizes} and len(told) == len(sizes) > 1
    for cut in told:
        size = sizes[cut["size"]]
        whole, rest = divmod(samples, size)
        left = rest if c.experiment.drop_last else 0
        last = rest if rest and not left else size
        right &= cut["updates"] == whole + (rest > left)
        right &= cut.values.get("last", size) == last and cut.values.get("left", 0) == left
    return right and samples == c.experiment.samples


def with_(check, **fixed):
    """Return the check with some of its values fixed by the kind of the statement."""
    return lambda c, **values: check(c, **values, **fixed)


CLAIMS = {
    "one_run": one_run,
    "identical": identical,
    "identical_batch": with_(identical, batch=True),
    "identical_seed": with_(identical, seed=True),
    "identical_batch_and_seed": with_(identical, batch=True, seed=True),
    "all_diverge_at_once": all_diverge,
    "all_diverge": all_diverge,
    "all_diverge_some_first": with_(all_diverge, some=True),
    "diverges": one_diverges,
    "some_diverge": some_diverge,
    "others_follow": others_follow,
    "one_ends": one_ends,
    "none_lower": none_is_lower,
    "none_lower_than": none_is_lower,
    "rest_not_lower": with_(none_is_lower, rest=True),
    "rest_not_lower_than": with_(none_is_lower, rest=True),
    "reaches_before": one_reaches,
    "closest_to_own": closest_to_own,
    "near_own": near_own,
    "weights_end": weights_end,
    "reach": some_reach,
    "all_equal": about_equal,
    "some_equal": with_(about_equal, some=True),
    **{
        f"{kind}_{by}": with_(is_lower, two=two, zero=zero, **much)
        for kind, two, zero in (
            *(("lower", True, True), ("lowest", False, True)),
            *(("closer", True, False), ("closest", False, False)),
        )
        for by, much in (("times", {}), ("share", {}), ("much", {"much": True}))
    },
    "lower": with_(lowest_without_a_ratio, two=True),
    "lowest": with_(lowest_without_a_ratio, two=False),
    "falls_times": falls,
    "falls_much": with_(falls, much=True),
    "falls_times_from_highest": with_(falls, highest=True),
    "falls_much_from_highest": with_(falls, highest=True, much=True),
    "updates_differ": updates_differ,
    "settles_in_local": lambda c, run: some_settle(c, run, verdicts.LOCAL_MINIMUM),
    "settle_in_local": lambda c, runs: some_settle(c, runs, verdicts.LOCAL_MINIMUM),
    "rests_at_saddle": lambda c, run: some_settle(c, run, verdicts.SADDLE),
    "rest_at_saddle": lambda c, runs: some_settle(c, runs, verdicts.SADDLE),
    "longer_path": with_(longest, two=True),
    "longer_path_much": with_(longest, two=True, much=True),
    "longest_path": longest,
    "longest_path_much": with_(longest, much=True),
    "without_decay": without_decay,
    "accounting": accounted,
    "one_seed": lambda c: seeds_drawn(c) == 1,
    "some_seeds": lambda c: seeds_drawn(c) > 1,
}
WHOLE = re.compile("one_run|identical|all_diverge")
RANKING = re.compile(
    "one_ends|none_lower|rest_not_lower|reach|closest_to_own|near_own|all_equal|some_equal|lower|lowest|closer|closest"
    "|falls"
)


def check_comparison(experiment, trajectories, labels):
    context, said = Context(experiment, trajectories, labels), []
    for statement in comparison(experiment, trajectories, labels):
        assert CLAIMS[statement.kind](context, **statement.values), (statement, experiment)
        said.append(statement.kind)
    if not WHOLE.match(said[0]) or said[0] == "identical" != said[-1]:
        noted = {"one_seed": 1, "some_seeds": 2}.get(said[-1], 0)
        assert min(seeds_drawn(context), 2) == noted
        assert without_decay(context) == ("without_decay" in said)
    return said


def test_a_run_that_hovers_where_decay_leaves_two_points_of_a_line_is_told_of_the_nearer():
    start = (3.0297158909341153, 0.7787134563812117)
    run = Run("RMSProp", 0.05, weight_decay=0.1, batch_size=4)
    for seed in range(6):
        experiment = Experiment(
            "Four linear layers", start=start, steps=200, noise=1.0, seed=seed, runs=(run,)
        )
        (trajectory,) = simulate(experiment)
        assert of_run(experiment, trajectory, "A")


def test_no_comparison_contradicts_its_numbers(sample):
    said = set()
    for experiment, trajectories, labels in sample:
        kinds = check_comparison(experiment, trajectories, labels)
        rankings = sum(bool(RANKING.match(kind)) for kind in kinds)
        whole = bool(WHOLE.match(kinds[0]))
        assert rankings == (0 if whole else 1), kinds
        said.update(kinds)
        lower = any(t.loss[-1] < t.loss[0] for t in trajectories if t.diverged_at is None)
        told = any(re.match("none_lower|rest_not_lower|one_ends", kind) for kind in kinds)
        assert lower or whole or told
    # The rarest of these need an accident, and have a test of their own.
    rare = {kind for kind in CLAIMS if kind not in said}
    assert rare <= RARE, rare - RARE


def compared(surface, *runs, **settings):
    experiment = Experiment(surface, **settings, runs=runs)
    return check_comparison(experiment, simulate(experiment), LABELS[: len(runs)])


def test_the_rarest_claims_hold_too():
    slow, slower, fast = Run("SGD", 1e-6), Run("SGD", 1e-7), Run("SGD", 0.1)
    elsewhere = replace(slow, start=(1.1, 0.3))
    said = {
        *compared("Quadratic", slow, fast),
        *compared("Quadratic", Run("SGD", 10.0), Run("SGD", 1000.0), steps=300),
        *compared("Quadratic", slow, slower, fast),
        *compared("Monkey saddle", slow, Run("Adam")),
        *compared("Two features", Run("SGD", 0.01), Run("SGD", 0.01, l2=3.0)),
        *compared("Two features", Run("SGD", 0.1), Run("SGD", 0.1, l2=0.5), steps=300),
        *compared("Monkey saddle", elsewhere, Run("Adam")),
        *compared("Monkey saddle", Run("SGD", 0.0), Run("Adam")),
        *compared("Monkey saddle", Run("SGD", 0.0), Run("SGD", 0.0), Run("Adam")),
        *compared("Quadratic", Run("SGD", 0.0), Run("SGD", 0.0, start=(1.0, 1.0))),
        *compared("Six-hump camel", Run("SGD", 0.05), slow, start=(0.2, -0.5), steps=12),
    }
    assert said >= RARE


def test_runs_that_differ_in_the_sign_of_a_zero_are_identical():
    runs = (Run("SGD"), Run("AdamW", 1e5, weight_decay=0.1))  # this one shrinks by 1 - 10,000
    experiment = Experiment("Quadratic", start=(0.0, 0.0), steps=5, runs=runs)
    trajectories = simulate(experiment)
    assert len({t.path.tobytes() for t in trajectories}) > 1
    (statement,) = comparison(experiment, trajectories, LABELS[:2])
    assert statement == Statement("identical", runs=Statement("both_runs"))


RARE = {"falls_much", "falls_much_from_highest", "longer_path_much", "longest_path_much"}
RARE |= {"closer_much", "lower", "lowest", "none_lower", "closest_to_own", "near_own"}
RARE |= {"weights_end", "all_diverge"}


def test_the_comparison_does_not_depend_on_the_order_of_the_runs(sample):
    for experiment, trajectories, labels in sample[:100]:
        backwards = check_comparison(experiment, trajectories[::-1], labels[::-1])
        assert sorted(backwards) == sorted(check_comparison(experiment, trajectories, labels))


def test_what_is_reached_does_not_depend_on_the_start():
    # From (9, 9) the loss is 5e7, and a billionth of that is more than the gap of 0.021.
    runs = (Run("Adam", 0.1), Run("RMSProp", 0.05), Run("AdaGrad", 1.0))
    experiment = Experiment("Beale", start=(9, 9), steps=900, runs=runs)
    trajectories = simulate(experiment)
    assert trajectories[1].loss[-1] == pytest.approx(0.021, abs=5e-4)
    kinds = [s.kind for s in comparison(experiment, trajectories, ["A", "B", "C"])]
    assert not any(kind.startswith("reach") for kind in kinds)


# --- Statements as they are read


def everything_said(sample):
    for experiment, trajectories, labels in sample:
        yield from comparison(experiment, trajectories, labels)
        for trajectory, label in zip(trajectories, labels, strict=True):
            yield from of_run(experiment, trajectory, label)


def leaves_of(statement):
    """Yield the values of a statement and of those within it."""
    for value in statement.values.values():
        if isinstance(value, Statement):
            yield from leaves_of(value)
        else:
            yield value


def test_every_sentence_is_whole_and_has_its_values(sample):
    for statement in set(everything_said(sample[::5])):
        text = render(statement)
        assert text[0].isupper() or text[0].isdigit(), text
        assert text.endswith("."), text
        assert not re.search(r"[{}]|nan|  |  ", text), text
        for value in leaves_of(statement):
            if isinstance(value, str):
                assert value in text
            elif isinstance(value, int):
                assert whole(value) in text
            elif not isinstance(value, (Share, Growth)):
                digits = 4 if isinstance(value, Near) else 3
                assert number(value, digits) in text or number(value) in text, (value, text)


def test_nothing_is_said_outside_the_catalog(sample):
    for statement in set(everything_said(sample[::20])):
        with language(PSEUDO):
            words = re.sub(r"\[\[|\]\]", "", render(statement))
        labels = [value for value in leaves_of(statement) if isinstance(value, str)]
        for text in (*labels, "e-"):
            words = words.replace(text, "")
        assert not re.search("[A-Za-z]{2}", re.sub(r"\de\d", "", words)), words


def test_every_template_is_a_sentence_or_a_phrase():
    for kind, template in TEMPLATES.items():
        assert not re.search(r"\w\{|\}[a-z]", template), template  # no word put together
        assert template == template.strip(), kind


def test_a_statement_is_frozen_hashable_and_of_a_known_kind():
    one = Statement("at_loss", loss=1.0)
    assert one == Statement("at_loss", loss=1.0) != Statement("at_loss", loss=2.0)
    assert hash(one) == hash(Statement("at_loss", loss=1.0))
    assert repr(one) == "Statement('at_loss', loss=1.0)"
    assert one["loss"] == 1.0
    with pytest.raises(AttributeError, match="cannot change"):
        one.kind = "other"
    with pytest.raises(ValueError, match="kind = 'thrown'"):
        Statement("thrown")


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.1, "1.1"), (1.001, "1.001"), (1.0000123, "1.000012"), (1.5, "1.5"), (58840.0, "58,800")],
)
def test_a_factor_of_growth_shows_what_exceeds_one(value, text):
    assert render(Statement("outcome_growing", factor=Growth(value))) == (
        f"growing: {text} times per update"
    )


def described(slug):
    experiment = PRESETS[slug].experiment
    trajectories = simulate(experiment)
    return describe(experiment, trajectories, [t.run.optimizer for t in trajectories])


def test_the_book_figure_is_put_into_words():
    assert described("book") == [
        "AdaGrad's final loss is the lowest; SGD's is 18 times as high.",
        "SGD's path is the longest, 2.9 times as long as Momentum's.",
        "SGD ends 0.36 from the minimizer, still descending. It zigzags: it crosses the valley at"
        " every one of 29 turns.",
        "Momentum ends 0.9 from the minimizer, still descending. It crosses the valley at 4 of 29"
        " turns.",
        "AdaGrad ends 0.12 from the minimizer, still descending.",
        "Adam ends 0.35 from the minimizer, not settled: its loss has risen in the last 8 updates.",
    ]


def test_two_runs_are_compared_without_a_superlative():
    assert described("adagrad")[:2] == [
        "RMSProp's final loss is lower; AdaGrad's is 29 times as high.",
        "RMSProp's path is longer, 6.7 times as long as AdaGrad's.",
    ]


def test_batch_sizes_without_noise_are_called_identical():
    runs = tuple(Run("SGD", batch_size=2**k) for k in range(4))
    experiment = Experiment(runs=runs)
    text = describe(experiment, simulate(experiment), LABELS[:4])[0]
    assert text == "All 4 runs are identical: without noise the batch size changes nothing."


def test_how_batch_sizes_cut_an_epoch_is_told_with_what_is_left_out_and_no_plural_of_one():
    runs = tuple(Run("SGD", batch_size=size) for size in (300, 500))
    for drop_last, told in (
        (False, "N = 700; updates an epoch: 3 with B = 300 (last batch: 100), 2 with B = 500"),
        (True, "N = 700; updates an epoch: 2 with B = 300 (samples left out: 100), 1 with B = 500"),
    ):
        experiment = Experiment(noise=1.0, samples=700, runs=runs, drop_last=drop_last)
        text = " ".join(describe(experiment, simulate(experiment), LABELS[:2]))
        assert told in text
        assert "accounting" in check_comparison(experiment, simulate(experiment), LABELS[:2])


def test_runs_that_fall_equally_far_do_not_end_at_the_same_loss():
    steep = Formula("exp(exp(exp(x**2)))")
    runs = (Run("SGD"), Run("Momentum"), Run("Adam"))
    experiment = Experiment(steep, runs=runs)
    found = simulate(experiment)
    first, *_ = describe(experiment, found, LABELS[:3])
    assert found[0].loss[-1] > 50 * found[1].loss[-1] > 50 * 50 * found[2].loss[-1]
    assert first == f"{LABELS[2]}'s final loss is the lowest, {LABELS[1]}'s the next."


def test_a_run_that_is_thrown_out_of_where_it_was_does_not_hover():
    # It ends with its last positions some 25 apart, and is then thrown 100,000 away.
    run = Run("RMSProp", 2e5, weight_decay=1.0, batch_size=8, seed=2)
    start = (-2.962038468556422, -4.3418055047792805)
    experiment = Experiment("Ackley", {}, start, 20, 1.0, samples=4096, seed=1, runs=(run,))
    (trajectory,) = simulate(experiment)
    ending, *_ = of_run(experiment, trajectory, "RMSProp")
    assert ending.kind == "ends_unsettled"


@pytest.mark.parametrize(
    ("run", "settings", "text"),
    [
        (
            Run("SGD"),
            {"surface": "Saddle", "start": (0, 0), "steps": 1},
            "SGD does not move: it starts at a saddle.",
        ),
        (
            Run("SGD", 0.25),
            {"steps": 1},
            "SGD ends 4.2 from the minimizer, and its swings grow by a factor of 1.5 with every"
            " update.",
        ),
        (
            Run("SGD", 0.1),
            {"surface": "Saddle", "start": (1.5, 1e-8), "steps": 120},
            "SGD is leaving a saddle: its distance grows by a factor of 1.1 with every update.",
        ),
        (
            Run("SGD", 0.1, schedule="Exponential", batch_size=1),
            {"noise": 1.0},
            "SGD ends 0.41 from the minimizer: its learning rate has run out, from 0.1 to 0.001."
            " It crosses the valley at 48 of 99 turns.",
        ),
        (
            Run("SGD", 0.01, weight_decay=1.0),
            {"surface": "Himmelblau", "steps": 300},
            "SGD converges to the minimizer that weight decay 1 has moved. Weight decay 1 moves the"
            " minimum by 0.051, to (2.97, 1.96).",
        ),
        (
            Run("SGD", 0.1, clip_norm=1e-12, weight_decay=1e-12),
            {},
            "SGD hardly moves any more 4.5 from the minimizer: its gradients are clipped, and from"
            " update 0 on its steps are too short to see, at gradient norm 20. Weight decay 1e-12"
            " leaves the minimum where it is, at (0, 0).",
        ),
        (
            Run("SGD", 1e-9, clip_norm=100.0),
            {},
            "SGD hardly moves any more 4.5 from the minimizer: its steps are too short to see from"
            " update 0 on, at gradient norm 20.",
        ),
        (
            Run("SGD", 0.001, weight_decay=1.0),
            {"surface": "Rastrigin", "steps": 300},
            "SGD settles in a local minimum of the loss with weight decay 1, 13 above the lowest"
            " loss. Weight decay 1 moves the minimum by 0.0091, to (−1.98, 2.98).",
        ),
        (
            Run("SGD", 0.01),
            {"surface": "Monkey saddle", "start": (0.05, 0.02), "steps": 2},
            "SGD ends on flat ground 0.054 from a degenerate critical point: the loss changes by"
            " 7.5e-7 in the last update, at gradient norm 0.0087.",
        ),
        (
            Run("SGD", 0.1, weight_decay=2.0),
            {"surface": "Monkey saddle", "start": (0.1, 0.1)},
            "SGD settles in a local minimum of the loss with weight decay 2. The loss that"
            " it descends includes weight decay 2.",
        ),
        (
            Run("SGD", 0.1, weight_decay=2.0),
            {"steps": 100},
            "SGD converges to the minimizer. It crosses the valley at 11 of 51 turns."
            " Weight decay 2 leaves the minimum where it is, at (0, 0).",
        ),
        (
            Run("SGD", 0.1, stop_norm=0.001),
            {"steps": 300},
            "SGD stops 0.00097 from the minimizer at update 79: the gradient's norm is at most"
            " 0.001.",
        ),
        (
            Run("SGD", 0.1, stop_change=0.001),
            {"steps": 300},
            "SGD stops 0.09 from the minimizer at update 36: the loss changed by at most 0.001.",
        ),
        (
            Run("SGD", 0.1, clip_norm=1e-8),
            {},
            "SGD hardly moves any more 4.5 from the minimizer: its gradients are clipped, and from"
            " update 0 on its steps are too short to see, at gradient norm 20.",
        ),
        (
            Run("AdamW", 0.0, hyper={"decay_apart": 1}, weight_decay=0.1),
            {},
            "SGD does not move: its learning rate is 0.",
        ),
        (
            Run("SGD", 0.1),
            {"surface": Formula("log(x) + y**2"), "start": (-1.0, 1.0)},
            "SGD makes no update: the loss has no value where it starts.",
        ),
        (
            Run("SGD", 0.1),
            {"surface": Formula("exp(exp(exp(x**2)))"), "start": (2.0, 1.0)},
            "SGD makes no update: the loss where it starts is too large for a number.",
        ),
        (
            Run("SGD", 1e-11),
            {"surface": Formula("exp(exp(exp(x**2)))"), "start": (0.9, 1.0)},
            "SGD ends at loss 12,700, still descending.",
        ),
        (
            Run("SGD", 0.2),
            {"surface": Formula("sqrt(x) + y**2"), "start": (0.5, 1.0)},
            "SGD diverges at update 3: the loss has no value where it is then.",
        ),
        (
            Run("SGD", 0.1, stop_norm=1000),
            {},
            "SGD stops 4.5 from the minimizer at update 0: the gradient's norm is at most 1,000.",
        ),
        (
            Run("SGD", 0.1, weight_decay=10.0, batch_size=1),
            {"surface": "Monkey saddle", "start": (0.1, 0.1), "noise": 0.01},
            "SGD ends at loss −3.8e-10, hovering in the noise: radius 0.0014. It crosses the valley"
            " at 68 of 99 turns. The loss that it descends includes weight decay 10.",
        ),
        (
            Run("SGD", 0.001, weight_decay=1.0, batch_size=1),
            {"surface": "Rastrigin", "steps": 300, "noise": 1.0},
            "SGD hovers in the noise: radius 0.0018 around a point 0.00011 from the local minimizer"
            " that weight decay 1 has moved. It crosses the valley at 174 of 299 turns. Weight"
            " decay 1 moves the minimum by 0.0091, to (−1.98, 2.98).",
        ),
    ],
)
def test_a_run_is_put_into_words(run, settings, text):
    experiment = Experiment(**settings, runs=(run,))
    assert describe(experiment, simulate(experiment), ["SGD"])[1] == text


def test_each_verdict_has_its_cell_in_the_table(sample):
    cells = {}
    for experiment, trajectories, _ in sample:
        for trajectory in trajectories:
            how, cell = verdict(experiment, trajectory), outcome(experiment, trajectory)
            cells.setdefault(how.kind, set()).add(cell.kind)
            for name in cell.values.keys() & how.numbers.keys():
                assert cell[name] == how[name]
    assert cells.keys() == set(verdicts.KINDS)
    kinds = [kind for of_kind in cells.values() for kind in of_kind]
    assert len(kinds) == len(set(kinds))
    for rate, start, cell in (
        (0.1, (-1.0, 1.0), "diverged at update 0: the loss has no value there"),
        (1e-11, (1.0, 1.0), "steps too short to see from update 0: gradient norm 2.2"),
    ):
        given = Experiment(Formula("log(x) + y**2"), start=start, runs=(Run("SGD", rate),))
        (trajectory,) = simulate(given)
        assert render(outcome(given, trajectory)) == cell


def test_labels_must_be_one_for_each_run():
    experiment = Experiment()
    with pytest.raises(ValueError, match="labels = 2 labels: must be one for each of 1 runs"):
        describe(experiment, simulate(experiment), ["a", "b"])


def test_an_unknown_language_is_refused():
    experiment = Experiment()
    with pytest.raises(ValueError, match="language = 'tlh'"):
        describe(experiment, simulate(experiment), ["a"], language="tlh")
