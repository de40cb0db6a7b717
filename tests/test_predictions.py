"""A verdict is a prediction: what becomes of a run that goes on to four times its length agrees.

Thousands of random experiments are carried on, at the last rate and with the further draws of their
seeds, and a referee of its own says whether the verdict was right. `--seed N` draws others:

    python3 .ci/zigzag.py test tests/test_predictions.py --seed 20251126
"""

from __future__ import annotations

import collections
import math
from dataclasses import dataclass

import numpy as np
import pytest

from landscape import SURFACES
from landscape.record import CUSP
from optimizers import OPTIMIZERS, SCHEDULES, Experiment, Run, simulate
from optimizers.analysis import verdicts
from optimizers.analysis.verdicts import KINDS, verdict
from optimizers.record import COUPLED, NO_DECAY
from optimizers.simulation import driver
from optimizers.simulation.experiment import NEVER_STOPS

EXPERIMENTS = 2_400
TIMES = 4
PIXEL = 1e-3  # of the frame's diagonal


# --- Experiments of every kind


def a_start(random, surface, points):
    x, y = (float(random.uniform(*side)) for side in surface.domain)
    choice = random.random()
    if choice < 0.2 and points:  # on a critical point, or a little beside it
        point = points[random.integers(len(points))]
        shift = random.choice([0.0, 1e-10, 1e-6, 1e-4, 1e-2], size=2) * random.choice([-1, 1], 2)
        return point.x + float(shift[0]), point.y + float(shift[1])
    if choice < 0.3:  # on a line of symmetry
        return (x, 0.0) if random.random() < 0.5 else (0.0, y)
    if choice < 0.35:  # outside the frame
        return 3 * x, 3 * y
    return x, y


def a_value(random, number):
    """Return a value of a parameter from anywhere in its range."""
    if number.scale == "log":
        value = math.exp(random.uniform(math.log(max(number.low, 1e-4)), math.log(number.high)))
    else:
        value = random.uniform(number.low, number.high)
    return round(value) if number.integer else float(value)


def a_schedule(random, steps):
    name = str(random.choice(list(SCHEDULES)))
    params = {n.name: a_value(random, n) for n in SCHEDULES[name].numbers if random.random() < 0.5}
    warmup = int(random.integers(0, 2 * steps)) if random.random() < 0.3 else 0
    return {"schedule": name, "schedule_params": params, "warmup": warmup}


CLIPS = "clip_norm", "clip_value"


def a_limit(random):
    """Return what a gradient is clipped to, from what clips nearly all to what clips few."""
    return float(10 ** random.uniform(-2, 1.5))


def an_experiment(random):
    surface = SURFACES[str(random.choice(list(SURFACES)))]
    params = {n.name: a_value(random, n) for n in surface.parameters if random.random() < 0.3}
    rule = OPTIMIZERS[str(random.choice(list(OPTIMIZERS)))]
    hyper = {}
    for number in rule.hyperparameters:
        if random.random() < 0.3:
            value = random.choice(
                [number.low, number.high, random.uniform(number.low, number.high)]
            )
            hyper[number.name] = round(float(value)) if number.integer else float(value)
    steps = round(math.exp(random.uniform(0, math.log(400))))
    decays = rule.weight_decay != NO_DECAY and random.random() < 0.25
    uncertain = random.random() < 0.4
    noise = 10 ** random.uniform(-7, 1.5) if uncertain and surface.samples is None else 0.0
    samples = 1024 if surface.samples is None else int(random.integers(8, 120))
    sizes = [2**k for k in range(10) if 2**k < samples]
    run = Run(
        rule.name,
        lr=rule.default_rate(surface) * float(10 ** random.uniform(-2, 0.7)),
        hyper=hyper,
        weight_decay=float(10 ** random.uniform(-3, 1)) if decays else 0.0,
        batch_size=int(random.choice(sizes)) if uncertain else None,
        **(a_schedule(random, steps) if random.random() < 0.4 else {}),
        **({CLIPS[random.integers(2)]: a_limit(random)} if random.random() < 0.2 else {}),
        accumulate=int(random.integers(2, 9)) if uncertain and random.random() < 0.3 else 1,
    )
    objective = surface.at(params, samples if surface.samples else None)
    start = a_start(random, surface, objective.critical_points())
    seed = int(random.integers(100))
    return Experiment(
        *(surface.name, params, start, steps, noise), samples=samples, seed=seed, runs=(run,)
    )


# --- What becomes of a run


@dataclass(frozen=True, eq=False)
class Future:
    """A run carried on: `path` (n+1, 2) from its start, and the `loss` (n+1,) that it descends."""

    experiment: Experiment
    updates: int  # of the run itself
    path: np.ndarray
    loss: np.ndarray
    outcome: int

    @property
    def after(self):
        return self.path[self.updates :]

    @property
    def last(self):
        """The positions of the last of the four lengths."""
        return self.path[-self.updates :]

    @property
    def size(self):
        return math.dist(*zip(*self.experiment.objectives[0].domain, strict=True))


def carried_on(experiment, trajectory):
    """Return what becomes of a run at its last rate, with the further draws or batches."""
    plan, count = experiment.plan(trajectory.run), len(trajectory.lr)
    steps = TIMES * count
    lr = np.concatenate([trajectory.lr, np.full(steps - count, trajectory.lr[-1])])
    path, loss = np.empty((steps + 1, 2)), np.empty(steps + 1)
    path[0] = plan.start
    hyper = np.array(list(trajectory.run.hyper.values()), dtype=float)
    batch, rows, cut = driver.no_batch, np.empty(0, np.int32), (1, 1, 1)
    if plan.batched:
        samples, size = plan.objective.count, plan.batch_size
        random, each = np.random.default_rng(plan.seed), -(-samples // size)
        orders = [random.permutation(samples) for _ in range(-(-steps // each))]
        rows = np.concatenate(orders).astype(np.int32)
        batch, cut = plan.surface.samples.batch, (samples, size, each)
    done, outcome = driver.run(
        *(plan.surface.kernel.pointer, plan.surface.hessian_kernel.pointer),
        *(batch.pointer, plan.rule.update.pointer, plan.objective.numbers),
        *(rows, cut, lr),
        np.random.default_rng(plan.seed).standard_normal((steps, 2)),
        *(
            plan.noises(0, steps) if plan.noise else np.empty(0),
            np.repeat(hyper, 2).reshape(-1, 2),
            plan.coupled,
            plan.decoupled,
            plan.penalty,
            plan.clipping,
            NEVER_STOPS,
        ),
        *(plan.rule.needs_hessian, 1, np.zeros((len(plan.rule.state), 2)), 1e6, path, loss),
        *(np.empty((steps, 2)), np.empty((steps * plan.clipping.on, 2))),
        np.empty((steps, len(plan.rule.state), 2)),
    )
    path = path[: done + 1]
    loss = plan.objective.loss(*path.T) if plan.batched else loss[: done + 1]
    if outcome == driver.NO_STEP:  # a rule that has no step to take stays where it is
        path = np.concatenate([path, np.repeat(path[-1:], steps - done, axis=0)])
        loss = np.concatenate([loss, np.repeat(loss[-1:], steps - done)])
    wd = trajectory.run.weight_decay if plan.rule.weight_decay == COUPLED else 0.0
    if wd:
        loss = loss + wd / 2 * (path**2).sum(axis=1)
    return Future(experiment, count, path, loss, outcome)


def width(path):
    """Return the largest extent of a path in 64 directions: its diameter but for a thousandth."""
    angles = np.linspace(0, np.pi, 64, endpoint=False)
    along = path @ np.array([np.cos(angles), np.sin(angles)])
    return float(np.ptp(along, axis=0).max())


def distances(path, point):
    return np.linalg.norm(path - point, axis=1)


# --- The referee: each function tells whether the future is the one that a verdict promises


def is_critical(future, found, signs):
    """It stays within a pixel, and has a critical point of the right curvature beside it."""
    if future.outcome == driver.OUT_OF_BOUNDS:
        return False
    end, surface = future.path[future.updates], future.experiment.objectives[0]
    pixel, run = PIXEL * future.size, future.experiment.runs[0]
    if distances(future.after, end).max() > pixel * (1 + 1e-9):
        return False
    x, y = future.path[-1]
    cusps = [p for p in surface.critical_points() if p.kind == CUSP]
    if found.kind == verdicts.CONVERGED and any(math.dist((p.x, p.y), end) <= pixel for p in cusps):
        return True
    wd = run.weight_decay if OPTIMIZERS[run.optimizer].weight_decay == COUPLED else 0.0
    if surface.valley is not None and found.kind == verdicts.CONVERGED and wd == 0:
        return math.dist(surface.valley.nearest(float(x), float(y)), (x, y)) <= 2 * pixel
    hxx, hxy, hyy = surface.hessian(x, y)
    hessian = np.array([[hxx + wd, hxy], [hxy, hyy + wd]])
    gradient = np.array(surface.gradient(x, y)) + wd * future.path[-1]
    low, high = np.linalg.eigvalsh(hessian)
    away = np.linalg.norm(np.linalg.lstsq(hessian, gradient, rcond=0)[0])
    return away <= 2 * pixel and (np.sign(low), np.sign(high)) == signs


def is_minimum(future, found):
    return is_critical(future, found, (1, 1))


def is_saddle(future, found):
    return is_critical(future, found, (-1, 1))


def is_maximum(future, found):
    return is_critical(future, found, (-1, -1))


def is_flat(future, found):
    """The loss goes on to change by less than 1 % of what is left, or of what the frame holds."""
    surface = future.experiment.objectives[0]
    loss = future.loss[future.updates :]
    if surface.bounded:
        x, y = future.path[future.updates]
        left = surface.loss(x, y) - surface.lowest()
    else:
        left = np.ptp(surface.loss(*np.meshgrid(*(np.linspace(*s, 33) for s in surface.domain))))
    return future.outcome != driver.OUT_OF_BOUNDS and np.abs(loss - loss[0]).max() <= 0.0101 * left


def is_swinging(future, found):
    """It still goes back and forth, as wide as before; a cycle in its period."""
    if future.outcome == driver.OUT_OF_BOUNDS:
        return False
    noisy = future.experiment.plan(future.experiment.runs[0]).noisy
    period = int(found.numbers.get("period", 0))
    count = max(math.ceil(future.updates / 4), period)
    last = future.path[-count - 1 :]
    same = 1.6 if noisy or not period else 1.03
    if not 1 / same <= width(last) / found["width"] <= same:
        return False
    if period and not noisy:
        back = np.linalg.norm(future.path[-1] - future.path[-1 - period])
        return back <= 0.003 * found["width"]
    length = np.linalg.norm(np.diff(future.after, axis=0), axis=1).sum()
    return length >= 2.5 * width(future.after)


def is_growing(future, found):
    """It diverges uphill, or swings wider and higher, or is further from where it was close."""
    if not found["factor"] > 1:
        return False
    if "x" in found.numbers:
        away = distances(future.path, (found["x"], found["y"]))
        return away[-future.updates :].max() > away[future.updates]
    quarter = math.ceil(future.updates / 4)
    before = slice(future.updates - quarter, future.updates + 1)
    if future.outcome == driver.OUT_OF_BOUNDS:
        return future.loss[np.isfinite(future.loss)][-1] >= future.loss[future.updates]
    # Equally many losses: a run may swing between high and low ones.
    higher = future.loss[-quarter - 1 :].mean() > future.loss[before].mean()
    return higher and width(future.path[-quarter - 1 :]) > width(future.path[before])


def is_hovering(future, found):
    """A ball of about that radius, about that place."""
    if future.outcome == driver.OUT_OF_BOUNDS:
        return False
    middle = future.after.mean(axis=0)
    there = future.last.mean(axis=0)
    spread = math.sqrt(np.square(future.last - there).sum(axis=1).mean())
    inside = np.linalg.norm(there - middle) <= 3.1 * found["radius"]
    return inside and 1 / 3.1 <= spread / found["radius"] <= 3.1


def is_out_of_rate(future, found):
    """With what is left of the rate it does not come a tenth as far as it has come."""
    end = future.path[future.updates]
    come = distances(future.path[: future.updates + 1], end).max()
    return (
        found["rate"] <= 0.1 * found["largest"]
        and distances(future.after, end).max() <= 0.1001 * come
    )


def is_at_rest(future, found):
    end = future.path[future.updates]
    return distances(future.after, end).max() <= 4.001e-6 * future.size


def is_lower(future, found):
    """On the last of the four lengths its loss is lower, on average, than on its last quarter."""
    quarter = future.loss[future.updates - math.ceil(future.updates / 4) : future.updates + 1]
    last = (
        future.loss[np.isfinite(future.loss)][-1:]
        if future.outcome == driver.OUT_OF_BOUNDS
        else future.loss[-future.updates :]
    )
    return last.mean() < quarter.mean()


def moves_on(future, found):
    """It is not where it was."""
    return distances(future.after, future.path[future.updates]).max() > 1e-9 * future.size


REFEREE = {
    verdicts.CONVERGED: is_minimum,
    verdicts.LOCAL_MINIMUM: is_minimum,
    verdicts.SADDLE: is_saddle,
    verdicts.MAXIMUM: is_maximum,
    verdicts.PLATEAU: is_flat,
    verdicts.OSCILLATING: is_swinging,
    verdicts.GROWING: is_growing,
    verdicts.NOISE_BALL: is_hovering,
    verdicts.RAN_OUT: is_out_of_rate,
    verdicts.STOPPED: is_at_rest,
    verdicts.STILL_DESCENDING: is_lower,
    verdicts.STILL_MOVING: moves_on,
}


@pytest.fixture(scope="module")
def judged(request):
    """Random experiments with their verdicts and futures, those that diverged or stopped left out.

    What has ended has no future to be foretold.
    """
    random = np.random.default_rng(request.config.getoption("--seed"))
    found = []
    while len(found) < EXPERIMENTS:
        experiment = an_experiment(random)
        (trajectory,) = simulate(experiment)
        if trajectory.diverged_at is None and trajectory.stopped is None:
            future = carried_on(experiment, trajectory)
            found.append((experiment, verdict(experiment, trajectory), future))
    return found


def test_every_verdict_is_what_becomes_of_the_run(judged):
    wrong = [
        f"{found}\n  of {experiment!r}"
        for experiment, found, future in judged
        if not REFEREE[found.kind](future, found)
    ]
    assert not wrong, f"{len(wrong)} of {len(judged)} verdicts are wrong:\n" + "\n".join(wrong[:20])


def test_the_experiments_are_of_all_kinds(judged):
    kinds = collections.Counter(found.kind for _, found, _ in judged)
    assert (
        kinds.keys() == REFEREE.keys() == set(KINDS) - {verdicts.DIVERGED, verdicts.STOPPING_RULE}
    )
    # The one verdict that promises next to nothing is the exception.
    assert kinds[verdicts.STILL_MOVING] < 0.1 * len(judged)
