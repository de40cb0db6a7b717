"""An experiment as frozen data, and its simulation."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from landscape import SURFACES, Formula
from landscape.checks import check_mapping, check_names, check_number, shown
from landscape.data import LEAST_KEEP, Dataset
from landscape.formula import nameable
from landscape.language import msgid
from landscape.penalty import Penalty
from landscape.record import Objective, Surface, check_keep
from landscape.values import Values
from optimizers.record import (
    APART,
    COUPLED,
    DECOUPLED,
    L1_STEPS,
    NO_DECAY,
    SUBGRADIENT,
    Optimizer,
)
from optimizers.registry import OPTIMIZERS
from optimizers.simulation import driver
from optimizers.simulation.epochs import Epoch, rows
from optimizers.simulation.schedules import SCHEDULES

BIG = 1e6  # |x| or |y| beyond this is a divergence
MOST_STEPS = 100_000
MOST_RUNS = 64
MOST_SAMPLES = 10_000_000
MOST_SEED = 2**32 - 1
# The covariance of the noise of one sample's gradient, over the square of its size.
ISOTROPIC, DATA_LIKE = msgid("isotropic"), msgid("data-like")
COVARIANCES = (ISOTROPIC, DATA_LIKE)
MOST_SEEN = 2**26  # samples that a run may see on a surface made by data
RATE = (0.0, 1e6)
DECAY = (0.0, 10.0)
STRENGTH = (0.0, 100.0)  # of L2 and of L1
NOISE = (0.0, 1e6)
CLIP = (0.0, 1e9)  # what a gradient is clipped to, not 0
STOP = (0.0, 1e9)  # tolerances of the rules by which a run stops
# What a run may stop by.
GRADIENT_NORM, LOSS_CHANGE = msgid("gradient norm"), msgid("change of the loss")
NEVER_STOPS = driver.Stopping(False, -1.0, -1.0)
STOPPED_BY = {driver.GENTLE: GRADIENT_NORM, driver.LEVEL: LOSS_CHANGE}


def check_count(field: str, value: Any, most: int, least: int = 1) -> int:
    """Return `value` as an int from `least` to `most`, or raise ValueError naming `field`."""
    return int(check_number(field, value, least, most, integer=True))


def check_switch(field: str, value: Any) -> None:
    """Raise a ValueError that names `field` unless a value is True or False."""
    if not isinstance(value, bool):
        raise ValueError(f"{field} = {shown(value)}: must be True or False")


@dataclass(frozen=True)
class Run:
    """One optimizer's part of an experiment.

    `lr` is the learning rate, None for the rule's default on the surface. `hyper` sets the rule's
    hyperparameters by name, the others keep their defaults. `batch_size` is from 1 to the
    experiment's samples, or None for the full batch. The samples of a batch are drawn without
    replacement or, with `replacement`, each from all of them; the full batch is not drawn and
    exact. `covariance` is the shape of the experiment's noise: "isotropic", or on an analytic
    quadratic "data-like", that of its Hessian. `schedule` names a factor on the rate and
    `schedule_params` its numbers; over the first `warmup` updates the rate rises linearly instead.
    `steps`, `start`, `seed`, `l2`, `l1`, `l1_step`, `keep` and `params`, of the surface, are given
    where they differ from the experiment's.

    An update takes the mean gradient over the samples of `accumulate` batches, one after another:
    it is that of one batch of so many samples. Where an epoch has fewer batches left, its last
    update takes those, or is left out with the experiment's `drop_last`; where an update takes all
    batches of an epoch it sees all samples, and is exact.

    A gradient is clipped as PyTorch does it, after the noise of its batch and before weight decay:
    with `clip_norm` c one of norm n is multiplied by min(1, c / (n + 1e-6)), with `clip_value` c
    each coordinate is held to [-c, c]. Of the two there may be one.

    A run stops before an update for which the norm of the gradient, that of its batch, not clipped
    and without weight decay, is at most `stop_norm`, or whose loss, that of its batch, differs from
    that of the update before by at most `stop_change`; it makes `steps` updates at most.

    Raises ValueError naming the field, the value and the allowed range; unknown names list the
    known ones.
    """

    optimizer: str
    lr: float | None = None
    hyper: Mapping[str, float] = Values({})
    weight_decay: float = 0.0
    batch_size: int | None = None
    replacement: bool = False
    covariance: str = ISOTROPIC
    schedule: str = "Constant"
    schedule_params: Mapping[str, Any] = Values({})
    warmup: int = 0
    steps: int | None = None
    start: tuple[float, float] | None = None
    seed: int | None = None
    params: Mapping[str, float] = Values({})
    l2: float | None = None
    l1: float | None = None
    l1_step: str | None = None
    keep: float | None = None
    clip_norm: float | None = None
    clip_value: float | None = None
    stop_norm: float | None = None
    stop_change: float | None = None
    accumulate: int = 1

    def __post_init__(self) -> None:
        put = functools.partial(object.__setattr__, self)
        check_names("optimizer", (self.optimizer,), OPTIMIZERS)
        put("optimizer", str(self.optimizer))  # of NumPy's strings too
        check_names("schedule", (self.schedule,), SCHEDULES)
        put("schedule", str(self.schedule))
        rule, schedule = OPTIMIZERS[self.optimizer], SCHEDULES[self.schedule]
        if self.lr is not None:
            put("lr", check_number("lr", self.lr, *RATE))
        put("hyper", Values(rule.resolve(self.hyper)))
        most = 0.0 if rule.weight_decay == NO_DECAY else DECAY[1]
        field = f"weight_decay of {rule.name}"
        put("weight_decay", check_number(field, self.weight_decay, DECAY[0], most))
        if self.batch_size is not None:
            put("batch_size", check_count("batch_size", self.batch_size, MOST_SAMPLES))
        check_switch("replacement", self.replacement)
        put("accumulate", check_count("accumulate", self.accumulate, MOST_SAMPLES))
        check_names("covariance", (self.covariance,), COVARIANCES)
        put("covariance", str(self.covariance))
        put("schedule_params", Values(schedule.resolve(self.schedule_params)))
        put("warmup", check_count("warmup", self.warmup, MOST_STEPS, least=0))
        if self.steps is not None:
            put("steps", check_count("steps", self.steps, MOST_STEPS))
        if self.start is not None:
            put("start", check_point("start", self.start))
        if self.seed is not None:
            put("seed", check_count("seed", self.seed, MOST_SEED, least=0))
        for name in ("l2", "l1"):
            if getattr(self, name) is not None:
                put(name, check_number(name, getattr(self, name), *STRENGTH))
        if self.l1_step is not None:
            check_names("l1_step", (self.l1_step,), L1_STEPS)
            put("l1_step", str(self.l1_step))
        if self.keep is not None:
            put("keep", check_number("keep", self.keep, LEAST_KEEP, 1.0))
        for name, bounds in (
            *(("clip_norm", CLIP), ("clip_value", CLIP)),
            *(("stop_norm", STOP), ("stop_change", STOP)),
        ):
            if getattr(self, name) is not None:
                put(name, check_number(name, getattr(self, name), *bounds))
        for name in ("clip_norm", "clip_value"):
            if getattr(self, name) == 0:
                raise ValueError(f"{name} = 0: must be above 0, or None, which does not clip")
        if self.clip_norm is not None and self.clip_value is not None:
            raise ValueError(
                f"clip_value = {self.clip_value:g}: must be None where clip_norm is not;"
                " a gradient is clipped by its norm or by value"
            )
        params = check_mapping("params", self.params)
        known = {fact.name for surface in SURFACES.values() for fact in surface.parameters}
        # A formula has names of its own; an experiment checks these, and the values.
        check_names("params", (n for n in params if not nameable(n)), sorted(known))
        put("params", Values(params))


def seen(batch_size: int | None, accumulate: int, samples: int) -> int:
    """Return how many samples an update sees in all its batches."""
    return samples if batch_size is None else min(batch_size * accumulate, samples)


@dataclass(frozen=True)
class Experiment:
    """A surface, a start, a budget and the runs that are compared on them.

    `surface` is the name of one of SURFACES, or a Formula; then it is "Formula", and `formula` has
    what was given.

    `noise` is the standard deviation of one sample's gradient in each coordinate. Of runs whose
    noise is data-like its covariance is noise^2 H, as at the minimum of a regression whose labels
    are off by so much: along an axis of curvature h the deviation is noise sqrt(h).
    `samples` is the size N of the data set (by default 10,000, and 100 on a surface made by data),
    and `seed` that of the draws, shared by all runs that name no other.
    Where a run's batch size does not divide N, the last batch of an epoch has what is left, or is
    left out with `drop_last`.

    A surface made by data has N samples, or those of `data`, whose number N then is. Its batches
    are real ones, of an order that is shuffled anew for every epoch, the same for every run of a
    seed, or of draws with replacement: there is no other `noise`.

    Regularization adds l2 / 2 (x^2 + y^2) + l1 (|x| + |y|) to the loss, with the strengths `l2` and
    `l1`: every loss, gradient and minimizer of the runs is one of the sum. L2 has its part in the
    gradient and the Hessian that a rule gets. L1 has a kink at 0, which a run meets by `l1_step`:
    "subgradient" adds l1 times the signs of the coordinates to the gradient, "proximal" leaves the
    gradient alone and then takes lr l1 off each coordinate, not beyond 0. That is a step of SGD; a
    rule that scales its steps or remembers them would not end at the minimizer so, and is refused.
    So is L1 with rules whose curvature says nothing of a kink, or whose search may end at one.

    Dropout keeps each input of a sample that an update sees with the probability `keep`, from 0.1
    to 1, and divides it by that; the others are 0. An input is a feature, and no constant. Which
    are dropped is drawn from the seed for every epoch and sample, the same for every run of a seed
    and whatever the batch size, so that the full batch varies too. A batch's loss is that of what
    is left; every other loss, gradient and minimizer is one of the expected loss, the mean over all
    ways to drop inputs. On a surface that is not made by data `keep` is 1.

    Raises ValueError naming the field, the value and the allowed range; unknown names list the
    known ones.
    """

    surface: str = "Quadratic"
    params: Mapping[str, float] = Values({})
    start: tuple[float, float] | None = None
    steps: int = 100
    noise: float = 0.0
    samples: int = cast("int", None)  # as many as are usual on the surface
    seed: int = 0
    runs: tuple[Run, ...] = (Run("SGD"),)
    drop_last: bool = False
    data: Dataset | None = None
    l2: float = 0.0
    l1: float = 0.0
    l1_step: str = SUBGRADIENT
    keep: float = 1.0
    formula: Formula | None = None

    def __post_init__(self) -> None:
        put = functools.partial(object.__setattr__, self)
        given: Any = self.surface
        if isinstance(given, Formula):
            put("formula", given)
            put("surface", given.name)
        check_names("surface", (self.surface,), SURFACES)
        put("surface", str(self.surface))
        surface = SURFACES[self.surface]
        if isinstance(surface, Formula):
            # Of one experiment there is one form: that of the registry is given by its name.
            if self.formula == surface:
                put("formula", None)
            elif self.formula is not None and not isinstance(self.formula, Formula):
                raise ValueError(f"formula = {shown(self.formula)}: must be a Formula")
        elif self.formula is not None:
            raise ValueError(f"formula = {shown(self.formula)}: must be None on {self.surface}")
        surface = self.surface_record
        put("params", Values(surface.resolve(self.params)))
        put("start", check_point("start", surface.start if self.start is None else self.start))
        put("steps", check_count("steps", self.steps, MOST_STEPS))
        put("noise", check_number("noise", self.noise, *NOISE))
        samples = surface.usual_samples if self.samples is None else self.samples
        put("samples", check_count("samples", samples, MOST_SAMPLES))
        objective = surface.at(self.params, self.samples, self.data)  # checks the data
        if surface.samples is not None:
            put("samples", objective.count)
            if self.noise:
                raise ValueError(
                    f"noise = {self.noise:g}: must be 0 on {surface.name}, where the noise of a"
                    " gradient comes from the samples of its batch"
                )
        put("seed", check_count("seed", self.seed, MOST_SEED, least=0))
        check_switch("drop_last", self.drop_last)
        put("l2", check_number("l2", self.l2, *STRENGTH))
        put("l1", check_number("l1", self.l1, *STRENGTH))
        check_names("l1_step", (self.l1_step,), L1_STEPS)
        put("l1_step", str(self.l1_step))
        put("keep", check_keep(surface, self.keep))
        if not isinstance(self.runs, (tuple, list)) or not all(
            isinstance(run, Run) for run in self.runs
        ):
            raise ValueError(f"runs = {shown(self.runs)}: must be 1 to {MOST_RUNS} Run objects")
        put("runs", tuple(map(self._checked, self.runs)))
        if not 1 <= len(self.runs) <= MOST_RUNS:
            raise ValueError(f"runs = {len(self.runs)} runs: must be 1 to {MOST_RUNS}")
        for run in self.runs:
            self._check_covariance(run)
            self._check_l1(run)
            keep = self.keep if run.keep is None else check_keep(surface, run.keep)
            if run.batch_size is not None and run.batch_size > self.samples:
                raise ValueError(
                    f"batch_size = {run.batch_size}: must be from 1 to samples = {self.samples}"
                )
            several, batch = run.accumulate > 1, run.batch_size or self.samples
            if several and run.replacement and batch < self.samples <= batch * run.accumulate:
                raise ValueError(
                    f"accumulate = {run.accumulate}: must be below samples / batch_size ="
                    f" {self.samples / batch:g} where batches are drawn with replacement"
                )
            steps = run.steps or self.steps
            size = seen(run.batch_size, run.accumulate, self.samples)
            if steps > most_steps(replace(objective, keep=keep), size):
                raise ValueError(
                    f"steps x batch_size{' x accumulate' if several else ''} = {steps * size}:"
                    f" must be at most MOST_SEEN = {MOST_SEEN}"
                    f" on {surface.name}"
                )

    def __reduce__(self) -> tuple[Any, ...]:
        return Experiment, tuple(getattr(self, field.name) for field in fields(self))

    def _check_l1(self, run: Run) -> None:
        """Raise a ValueError where the rule of a run cannot take L1 as the experiment says."""
        l1 = self.l1 if run.l1 is None else run.l1
        step = self.l1_step if run.l1_step is None else run.l1_step
        rule = OPTIMIZERS[run.optimizer]
        able, searches = rule.l1_steps, rule.searches
        if l1 == 0 or step in able:
            return
        if not able:
            raise ValueError(
                f"l1 = {l1:g}: must be 0 for {run.optimizer}, whose"
                f" {'search may end at' if searches else 'curvature says nothing of'} the"
                " kink that L1 has at 0"
            )
        raise ValueError(
            f"l1_step = {step!r}: must be {able[0]!r} for {run.optimizer}; a proximal step of the"
            " rate does not belong to steps that are scaled or remembered"
        )

    @property
    def surface_record(self) -> Surface:
        """What is known of the surface."""
        return SURFACES[self.surface] if self.formula is None else self.formula

    def _checked(self, run: Run) -> Run:
        """Return a run whose own parameters of the surface are plain numbers."""
        if not run.params:
            return run
        found = self.surface_record.resolve({**self.params, **run.params})
        return replace(run, params={str(name): found[name] for name in run.params})

    @functools.cached_property
    def shared(self) -> tuple[Any, ...]:
        """The fields that all runs share: a run's trajectory depends on these and on itself."""
        return tuple(getattr(self, field.name) for field in fields(self) if field.name != "runs")

    @functools.cached_property
    def objectives(self) -> tuple[Objective, ...]:
        """What its runs descend: the one of all runs, or one for each of them in their order."""
        found = tuple(self.plan(run).objective for run in self.runs)
        return found if len(set(found)) > 1 else found[:1]

    @property
    def made_by_data(self) -> bool:
        """Whether samples make the surface."""
        return self.surface_record.samples is not None

    @property
    def varies(self) -> bool:
        """Whether the gradient of a batch is another than that of all samples."""
        return self.noise > 0 or self.made_by_data

    def epoch(
        self, batch_size: int | None, replacement: bool = False, accumulate: int = 1
    ) -> Epoch:
        """Return a pass over the data set, so many batches of a size making each update.

        A `batch_size` of None is the full batch. What the epoch calls a batch is all that an update
        sees.
        """
        size = seen(batch_size, accumulate, self.samples)
        return Epoch(self.samples, size, self.drop_last, replacement)

    def plan(self, run: Run) -> Plan:
        """Return what `run` does in this experiment, every default resolved."""
        plan = self._plans.get(run)
        if plan is None:
            plan = self._plans[run] = self._plan(run)
        return plan

    @functools.cached_property
    def _plans(self) -> dict[Run, Plan]:
        """Those made so far: pictures and words ask for each of them some ten times."""
        return {}

    def _check_covariance(self, run: Run) -> None:
        """Raise a ValueError where the surface has no Hessian for noise to be shaped by."""
        surface = self.surface_record
        if run.covariance == DATA_LIKE and (self.made_by_data or not surface.quadratic):
            raise ValueError(
                f"covariance = {DATA_LIKE!r}: must be {ISOTROPIC!r} on {surface.name}, which is"
                " no analytic quadratic"
            )

    def _plan(self, run: Run) -> Plan:
        self._check_covariance(run)
        surface, rule = self.surface_record, OPTIMIZERS[run.optimizer]
        start = self.start if run.start is None else run.start
        assert start is not None  # __post_init__ put the surface's
        lr = rule.default_rate(surface) if run.lr is None else run.lr
        decoupled = run.weight_decay if rule.weight_decay == DECOUPLED else 0.0
        if run.hyper.get(APART):  # by the schedule's factor, which is the rate over its peak
            decoupled = decoupled / lr if lr > 0 else 0.0
        return Plan(
            run=run,
            objective=_objective(
                surface,
                Values(surface.resolve({**self.params, **run.params})),
                self.samples * self.made_by_data,
                self.data,
                Penalty(
                    self.l2 if run.l2 is None else run.l2, self.l1 if run.l1 is None else run.l1
                ),
                self.keep if run.keep is None else check_keep(surface, run.keep),
            ),
            rule=rule,
            start=start,
            steps=self.steps if run.steps is None else run.steps,
            lr=lr,
            seed=self.seed if run.seed is None else run.seed,
            epoch=self.epoch(run.batch_size, run.replacement, run.accumulate),
            sample_noise=self.noise,
            coupled=run.weight_decay if rule.weight_decay == COUPLED else 0.0,
            decoupled=decoupled,
            l1_step=self.l1_step if run.l1_step is None else run.l1_step,
        )


@dataclass(frozen=True, eq=False)
class Plan:
    """What one run does in an experiment: the numbers that hold, whoever gave them.

    `objective` is what it descends, the surface at the run's parameters. `lr` is the rate that the
    schedule's factors multiply, and `sample_noise` the standard deviation of one sample's gradient
    in each coordinate. `coupled` weight decay is added to the gradient, `decoupled` times the rate
    shrinks the position beside the rule; at least one of them is 0. `l1_step` tells how an L1 gets
    into it.
    """

    run: Run
    objective: Objective
    rule: Optimizer
    start: tuple[float, float]
    steps: int
    lr: float
    seed: int
    epoch: Epoch
    sample_noise: float
    coupled: float
    decoupled: float
    l1_step: str

    @property
    def penalty(self) -> driver.Penalty:
        """What regularization adds, as the compiled loops take it."""
        l2, l1 = self.objective.penalty.l2, self.objective.penalty.l1
        slope, proximal = (l1 if self.l1_step == name else 0.0 for name in L1_STEPS)
        return driver.Penalty(bool(self.objective.penalty), l2, l1, slope, proximal)

    @property
    def hyper(self) -> NDArray[np.float64]:
        """The hyperparameters (h, 2), the same for both coordinates."""
        values = np.array(list(self.run.hyper.values()), dtype=np.float64)
        return np.stack([values, values], axis=1)

    @property
    def clipping(self) -> driver.Clipping:
        """How gradients are clipped, as the compiled loops take it."""
        limits = self.run.clip_norm, self.run.clip_value
        norm, value = (math.inf if limit is None else limit for limit in limits)
        return driver.Clipping(min(norm, value) < math.inf, norm, value)

    @property
    def stopping(self) -> driver.Stopping:
        """Where the run stops by itself, as the compiled loops take it."""
        tolerances = self.run.stop_norm, self.run.stop_change
        norm, change = (-1.0 if tolerance is None else tolerance for tolerance in tolerances)
        return driver.Stopping(max(norm, change) >= 0, norm, change)

    @property
    def surface(self) -> Surface:
        """The surface that is descended."""
        return self.objective.surface

    @property
    def batch_size(self) -> int:
        """The samples of an update, of all its batches, the last of an epoch perhaps excepted."""
        return self.epoch.batch_size

    @property
    def batches(self) -> int:
        """How many batches an update takes: where it sees all samples, as many as there are."""
        return -(-self.batch_size // (self.run.batch_size or self.epoch.samples))

    def epoch_of(self, batch_size: int) -> Epoch:
        """Return its epoch with batches of another size."""
        return replace(self.epoch, batch_size=batch_size)

    @property
    def batched(self) -> bool:
        """Whether the updates see real batches, of samples that make the surface.

        Where dropout leaves something of each, all of them are one too.
        """
        return 0 < self.objective.count != self.batch_size or self.objective.dropped

    def rows(self, epochs: int, first: int = 0) -> NDArray[np.int32]:
        """Return what the updates of `epochs` epochs from `first` see, int32 (epochs x samples,).

        They are rows of the samples in all the ways in which dropout leaves them.
        """
        samples = self.surface.samples
        return rows(
            *(self.seed, self.epoch.samples, epochs, first),
            self.epoch.replacement and self.batch_size < self.epoch.samples,
            self.objective.keep,
            samples.columns if samples is not None else 1,
        )

    @property
    def noisy(self) -> bool:
        """Whether the gradients are other than the exact ones."""
        return self.noise > 0 or self.batched

    @functools.cached_property
    def covariance(self) -> NDArray[np.float64]:
        """The covariance (2, 2) of the noise that is added, over the square of its size."""
        if self.run.covariance == ISOTROPIC:
            return np.eye(2)
        hxx, hxy, hyy = self.objective.bare.hessian(*self.start)
        return np.array([[hxx, hxy], [hxy, hyy]])

    @functools.cached_property
    def root(self) -> NDArray[np.float64] | None:
        """The symmetric root (2, 2) of that, or None of noise that is the same in all directions.

        It is (C + sqrt(det C) I) / sqrt(tr C + 2 sqrt(det C)).
        """
        if self.run.covariance == ISOTROPIC:
            return None
        (a, b), (_, c) = self.covariance.tolist()
        middle = math.sqrt(a * c - b * b)
        root: NDArray[np.float64] = self.covariance + middle * np.eye(2)
        return root / math.sqrt(a + c + 2 * middle)

    def shaped(self, draws: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return standard normal draws (..., 2) with the covariance of this run's noise."""
        if self.root is None:
            return draws
        # Not a product of matrices: its bits would depend on how many draws there are.
        (a, b), (_, c) = self.root.tolist()
        u, v = draws[..., 0], draws[..., 1]
        return np.stack([a * u + b * v, b * u + c * v], axis=-1)

    @property
    def noise(self) -> float:
        """The standard deviation of such a batch's mean gradient in each coordinate.

        Of noise that is not isotropic it is what its `root` is multiplied by.
        """
        return self.epoch.noise(self.sample_noise, self.epoch.batch_size)

    @property
    def noise_rms(self) -> float:
        """The same for all batches of an epoch: the root of their mean variance."""
        noises = self.noises(0, self.epoch.updates)
        return math.sqrt(float(np.mean(noises**2)))

    def noises(self, first: int, count: int) -> NDArray[np.float64]:
        """Return the same for each of `count` updates from `first`, float64 (count,)."""
        return self.epoch.noises(self.sample_noise, first, count)

    def rates(self) -> NDArray[np.float64]:
        """Return the learning rate of every update, float64 (steps,)."""
        run = self.run
        factors = SCHEDULES[run.schedule].factors(
            self.steps, run.schedule_params, run.warmup, self.epoch.updates
        )
        return self.lr * factors


def check_point(field: str, value: Any) -> tuple[float, float]:
    """Return two numbers as floats, or raise a ValueError that names `field`."""
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise ValueError(f"{field} = {shown(value)}: must be two numbers from {-BIG:g} to {BIG:g}")
    x, y = (check_number(field, number, -BIG, BIG) for number in value)
    return x, y


@dataclass(frozen=True, eq=False)
class Trajectory:
    """What one run did: k updates, k <= steps.

    `path` float64 (k+1, 2), `loss` float64 (k+1,) and `lr` float64 (k,), the rate of each update.
    On a surface made by data `loss` is that of all samples, which takes a pass over them for each
    position when it is first asked for, and `batch_loss` float64 (k,) that of the batch of each
    update before it; elsewhere that is None. `gradient` float64 (k, 2) is what each update was
    given, noise and coupled weight decay included, and `states` float64 (k, s, 2) the rows of the
    rule's state after it. Where gradients are clipped `unclipped` float64 (k, 2) are those of the
    batches before that and without weight decay, and else None.
    `diverged_at` is the step whose position is the first to leave |x|, |y| <= 1e6 or whose loss,
    that of the next batch where there are batches, is the first not to be finite; the path ends
    there. `stopped` is None, or why the rule had no
    step to take. `stopped_by` is None, or which stopping rule has ended the run: GRADIENT_NORM or
    LOSS_CHANGE.
    """

    run: Run
    objective: Objective
    path: NDArray[np.float64]
    known_loss: NDArray[np.float64] | None  # where the run itself has found `loss`
    batch_loss: NDArray[np.float64] | None
    lr: NDArray[np.float64]
    gradient: NDArray[np.float64]
    states: NDArray[np.float64]
    diverged_at: int | None
    stopped: str | None
    unclipped: NDArray[np.float64] | None = None
    stopped_by: str | None = None

    @functools.cached_property
    def loss(self) -> NDArray[np.float64]:
        """The loss after 0, 1, ... updates."""
        if self.known_loss is not None:
            return self.known_loss
        found: NDArray[np.float64] = self.objective.loss(*self.path.T)
        return found

    @property
    def finite_path(self) -> NDArray[np.float64]:
        """The path, without its last position where that is not finite."""
        return finite(self.path)


def finite(path: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a path (k, 2) without its last position where that is not finite."""
    return path if np.isfinite(path[-1]).all() else path[:-1]


@functools.lru_cache(maxsize=16)
def _objective(
    surface: Surface,
    params: Values,
    count: int,
    data: Dataset | None,
    penalty: Penalty,
    keep: float,
) -> Objective:
    """Return an objective with all that it has found out, one for all who ask."""
    return Objective(surface, params, count, data, penalty, keep)


def most_steps(objective: Objective, batch_size: int) -> int:
    """Return the most updates that a run may make with batches of a size."""
    all_at_once = objective.surface.quadratic and batch_size == objective.count
    all_at_once = all_at_once and not objective.dropped
    if objective.count == 0 or all_at_once:
        return MOST_STEPS
    return min(MOST_STEPS, MOST_SEEN // batch_size)


@functools.lru_cache(maxsize=32)
def draws(seed: int, steps: int) -> NDArray[np.float64]:
    """Return the standard normal draws of a seed, float64 (steps, 2), the same for every run."""
    values = np.random.default_rng(seed).standard_normal((steps, 2))
    values.flags.writeable = False
    return values


def simulate(experiment: Experiment) -> list[Trajectory]:
    """Run every run of an experiment; the same experiment gives the same bits.

    Returns one Trajectory per run, in their order.
    """
    trajectories = []
    for run in experiment.runs:
        plan = experiment.plan(run)
        chance = plan.shaped(draws(plan.seed, plan.steps)) if plan.noise > 0 else None
        state = np.zeros((len(plan.rule.state), 2))
        trajectories.append(_simulate(plan, plan.stopping, plan.rates(), chance, plan.start, state))
    return trajectories


def continued(
    experiment: Experiment,
    trajectory: Trajectory,
    updates: int,
    noisy: bool = True,
    before: int = 0,
) -> Trajectory:
    """Carry a run on from its end, for `updates` more, the rate held at its last value.

    The noise goes on with the further draws, or batches, of the seed; not `noisy`, the gradients
    are exact from here on. No rule stops it. Returns the continuation alone, its steps counted from
    0 and its path beginning where the trajectory ends. The trajectory must be one that was not cut
    short, of one update or more; `before` counts the updates made before it, if it is a
    continuation itself.
    """
    plan, before = experiment.plan(trajectory.run), before + len(trajectory.lr)
    chance = None
    if noisy and plan.noise > 0:
        chance = plan.shaped(draws(plan.seed, before + updates)[before:])
    return _simulate(
        plan,
        NEVER_STOPS,
        np.full(updates, trajectory.lr[-1]),
        chance,
        trajectory.path[-1],
        trajectory.states[-1].copy(),
        before,
        noisy,
    )


def _simulate(
    plan: Plan,
    stopping: driver.Stopping,
    lr: NDArray[np.float64],
    chance: NDArray[np.float64] | None,
    start: ArrayLike,
    state: NDArray[np.float64],
    before: int = 0,
    batches: bool = True,
) -> Trajectory:
    """Make len(lr) updates after the first `before`, with the draws `chance`, if any.

    Without `batches` each takes all samples of a surface made by data.
    """
    run, rule, steps, epoch = plan.run, plan.rule, len(lr), plan.epoch
    samples, seen = plan.surface.samples, np.empty(0, dtype=np.int32)
    batches = batches and plan.batched
    if batches:
        passed = before // epoch.updates
        passes = -(-(before + steps) // epoch.updates) - passed
        seen = plan.rows(passes, passed)
    path = np.empty((steps + 1, 2))
    loss = np.empty(steps + 1)
    gradient = np.empty((steps, 2))
    whole = np.empty((steps if plan.clipping.on else 0, 2))
    states = np.empty((steps, len(rule.state), 2))
    path[0] = start
    done, outcome = driver.run(
        plan.surface.kernel.pointer,
        plan.surface.hessian_kernel.pointer,
        (driver.no_batch if samples is None else samples.batch).pointer,
        rule.update.pointer,
        plan.objective.numbers,
        seen,
        (epoch.samples, epoch.batch_size, epoch.updates),
        lr,
        np.empty((0, 2)) if chance is None else chance,
        np.empty(0) if chance is None else plan.noises(before, steps),
        plan.hyper,
        plan.coupled,
        plan.decoupled,
        plan.penalty,
        plan.clipping,
        stopping,
        rule.needs_hessian,
        before + 1,
        state,
        BIG,
        path,
        loss,
        gradient,
        whole,
        states,
    )
    return Trajectory(
        run=run,
        objective=plan.objective,
        path=path[: done + 1],
        known_loss=None if batches else loss[: done + 1],
        batch_loss=loss[:done] if samples is not None else None,
        lr=lr[:done],
        gradient=gradient[:done],
        states=states[:done],
        diverged_at=done if outcome == driver.OUT_OF_BOUNDS else None,
        stopped=f"The Hessian is singular at step {done}." if outcome == driver.NO_STEP else None,
        unclipped=whole[:done] if plan.clipping.on else None,
        stopped_by=STOPPED_BY.get(outcome),
    )
