"""Learning-rate schedules: a factor for every update, in plain NumPy."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscape.checks import NOTHING, check_mapping, check_names, check_number, shown
from landscape.language import Message, msgid
from landscape.record import Number, resolve

PERCENT, EPOCHS, UPDATES = msgid("percent"), msgid("epochs"), msgid("updates")
UNITS = (PERCENT, EPOCHS, UPDATES)  # of milestones
MILESTONES = (30.0, 60.0, 90.0)
MOST_MILESTONES = 1000
MOST_MILESTONE = 1e9

Factors = NDArray[np.float64]


@dataclass(frozen=True)
class ScheduleListing:
    """A schedule in a script: the expression `factor` of t, of `steps` and of its numbers.

    `before` holds lines that run first and may return another value.
    `special` holds (name, value, listing): the listing to take where a number has this value.
    """

    factor: str
    special: tuple[tuple[str, float, ScheduleListing], ...] = ()
    before: str = ""


@dataclass(frozen=True)
class Schedule:
    """A named schedule. `factor(t, steps, **numbers)` gives the factor of updates t = 0..steps-1.

    `stepped` schedules also take milestones and their unit; `factor` and a listing are given the
    updates that they stand for as `cuts`. A number `every` has its unit in another number, `unit`;
    `factor` and a listing are given it in updates. Other numbers are given as `derived` makes them
    of (steps, numbers).

    With `by_clock` the factor belongs to the updates of the run, and a warm-up multiplies it; else
    it belongs to the updates after the warm-up, and they are its `steps`.
    """

    name: Message
    sentence: Message
    latex: str
    source: Message
    factor: Callable[..., Factors]
    listing: ScheduleListing
    numbers: tuple[Number, ...] = ()
    stepped: bool = False
    by_clock: bool = False
    derived: Callable[[int, dict[str, Any]], dict[str, Any]] | None = None

    @property
    def asks_for_epochs(self) -> bool:
        """Whether a number may be in epochs."""
        return self.stepped or any(number.name == "unit" for number in self.numbers)

    def resolve(self, params: Mapping[str, Any] = NOTHING) -> dict[str, Any]:
        """Return every parameter by name, those not in `params` at their defaults.

        Raises ValueError for an unknown name or a value out of range. Milestones are positive
        and rising; their `unit` is one of UNITS.
        """
        field = "schedule_params"
        given = check_mapping(field, params)
        known = (*(n.name for n in self.numbers), *(("milestones", "unit") * self.stepped))
        check_names(f"{field} of {self.name}", given, known)
        stepped: dict[str, Any] = {}
        if self.stepped:
            stepped["milestones"] = check_milestones(given.pop("milestones", MILESTONES))
            unit = given.pop("unit", UNITS[0])
            check_names(f"{self.name}.unit", (unit,), UNITS)
            stepped["unit"] = str(unit)
        return {**resolve(field, self.name, self.numbers, given), **stepped}

    def factors(
        self,
        steps: int,
        params: Mapping[str, Any] = NOTHING,
        warmup: int = 0,
        updates_per_epoch: int = 1,
    ) -> Factors:
        """Return the factor of each of `steps` updates, float64 (steps,), each in [0, 1].

        For the first `warmup` updates it rises linearly: (t + 1) / (warmup + 1), so that no update
        has rate 0 and the first after them has the full rate. What the schedule gives follows, over
        the rest of the run; one `by_clock` is multiplied by the rise instead.
        """
        t = np.arange(steps, dtype=np.float64)
        rise = np.minimum(1.0, (t + 1) / (warmup + 1))
        if self.by_clock:
            return rise * self._factors(steps, params, updates_per_epoch)
        warm = min(warmup, steps)
        rest = self._factors(steps - warm, params, updates_per_epoch)
        return np.concatenate([rise[:warm], rest])

    def _factors(self, steps: int, params: Mapping[str, Any], updates_per_epoch: int) -> Factors:
        values = self.in_updates(steps, params, updates_per_epoch)
        return self.factor(np.arange(steps, dtype=np.float64), steps, **values)

    def in_updates(
        self, steps: int, params: Mapping[str, Any] = NOTHING, updates_per_epoch: int = 1
    ) -> dict[str, Any]:
        """Return what `factor` takes beside t and steps: the numbers, with all times in updates."""
        values = self.resolve(params)
        if self.stepped:
            # Counted in decimals: 2.2 epochs of 25 updates are 55, but 2.2 * 25 is a little more.
            scales = {PERCENT: Fraction(steps, 100), EPOCHS: Fraction(updates_per_epoch)}
            scale = scales.get(values.pop("unit"), Fraction(1))
            stones = values.pop("milestones")
            values["cuts"] = [math.ceil(Fraction(repr(stone)) * scale) for stone in stones]
        elif "unit" in values:
            in_epochs = values.pop("unit") == 1.0
            values["every"] = int(values["every"]) * (updates_per_epoch if in_epochs else 1)
        return values if self.derived is None else self.derived(steps, values)


def check_milestones(given: Any) -> tuple[float, ...]:
    """Return milestones as floats; ValueError unless they are 1 to 10 rising positive numbers."""
    milestones = tuple(given) if isinstance(given, (tuple, list)) else (given,)
    if not 1 <= len(milestones) <= MOST_MILESTONES:
        raise ValueError(
            f"Step.milestones = {shown(given)}: must be 1 to {MOST_MILESTONES} numbers"
        )
    values = tuple(check_number("Step.milestones", m, 0, MOST_MILESTONE) for m in milestones)
    if any(b <= a for a, b in zip((0.0, *values), values, strict=False)):
        raise ValueError(f"Step.milestones = {shown(given)}: must rise from above 0")
    return values


def constant(t: Factors, steps: int) -> Factors:
    return np.ones_like(t)


def step(t: Factors, steps: int, factor: float, cuts: list[int]) -> Factors:
    passed: Factors = np.searchsorted(np.array(cuts), t, side="right").astype(np.float64)
    return factor**passed


def step_every(t: Factors, steps: int, factor: float, every: int) -> Factors:
    return factor ** (t // every)


def exponential(t: Factors, steps: int, final: float) -> Factors:
    return final ** (t / max(steps - 1, 1))


def exponential_by_factor(t: Factors, steps: int, factor: float, every: int) -> Factors:
    return factor ** (t / every)


def cosine(t: Factors, steps: int, final: float) -> Factors:
    return half_cosine(t, max(steps - 1, 1), 1.0, final)


def half_cosine(t: Factors, length: float, first: float, last: float) -> Factors:
    """Return the way from `first`, at t = 0, to `last`, at t = `length`: slow at both ends."""
    way: Factors = last + (first - last) * (1 + np.cos(np.pi * t / length)) / 2
    return way


def linear(t: Factors, steps: int, final: float) -> Factors:
    return 1 - (1 - final) * t / max(steps - 1, 1)


def inverse_sqrt(t: Factors, steps: int, timescale: float) -> Factors:
    return 1 / np.sqrt(1 + t / timescale)


def inverse_time(t: Factors, steps: int, timescale: float) -> Factors:
    return 1 / (1 + t / timescale)


def restarts(
    t: Factors, steps: int, every: int, growth: float, final: float, cycles: list[tuple[int, int]]
) -> Factors:
    if growth == 1.0:
        return half_cosine(t % every, every, 1.0, final)
    parts = [half_cosine(t[s : s + n] - s, n, 1.0, final) for s, n in cycles]
    return np.concatenate([np.zeros(0), *parts])


def with_cycles(steps: int, numbers: dict[str, Any]) -> dict[str, Any]:
    """Return the numbers of restarts, with first update and length of cycles that grow."""
    cycles, start, length = [], 0, numbers["every"]
    while start < steps and numbers["growth"] > 1.0:
        cycles.append((start, length))
        start, length = start + length, length * int(numbers["growth"])
    return {**numbers, "cycles": cycles}


def one_cycle(
    t: Factors, steps: int, start: float, top: float, fall: float, final: float
) -> Factors:
    before, after = half_cosine(t, top or 1.0, start, 1.0), half_cosine(t - top, fall, 1.0, final)
    return np.where(t < top, before, after)


def with_top(steps: int, numbers: dict[str, Any]) -> dict[str, Any]:
    """Return the numbers of one cycle: the update of the full rate, as in PyTorch, and the fall."""
    top = max(numbers.pop("peak") * steps - 1, 0.0)
    return {**numbers, "top": top, "fall": steps - 1 - top or 1.0}


def final(default: float, low: float = 0.0) -> Number:
    scale = "log" if low > 0 else "linear"
    return Number("final", "f", default, low, 1.0, "Factor of the last update.", scale)


def every(default: int, help: Message) -> Number:
    return Number("every", "n", default, 1, 100_000, help, integer=True)


def timescale() -> Number:
    help = msgid("Updates after which the decay sets in.")
    return Number("timescale", r"\tau", 10.0, 1.0, 1e4, help, "log")


UNIT = Number.choice("unit", (UPDATES, EPOCHS), "Of n: updates, or passes over the data set.")
COSINE_TO_0 = ScheduleListing("(1 + math.cos(math.pi * t / (steps - 1))) / 2")
RESTARTS_ALIKE = ScheduleListing(
    "final + (1 - final) * (1 + math.cos(math.pi * (t % every) / every)) / 2"
)
LINEAR_TO_0 = ScheduleListing("1 - t / (steps - 1)")

SCHEDULES: Mapping[str, Schedule] = MappingProxyType(
    {
        schedule.name: schedule
        for schedule in (
            Schedule(
                name="Constant",
                sentence="The same rate at every update.",
                latex=r"1",
                source="Robbins and Monro (1951) show that it cannot settle under noise",
                factor=constant,
                listing=ScheduleListing("1.0"),
            ),
            Schedule(
                name="Step",
                sentence="The rate is cut at each milestone.",
                latex=r"\gamma^{\,\#\{m \le t\}}",
                source="He et al., CVPR 2016, section 3.4: divided by 10 on the plateaus",
                factor=step,
                listing=ScheduleListing("factor ** sum(t >= cut for cut in cuts)"),
                numbers=(
                    Number(
                        "factor",
                        r"\gamma",
                        0.1,
                        1e-4,
                        1.0,
                        "What each cut leaves of the rate.",
                        "log",
                    ),
                ),
                stepped=True,
                by_clock=True,
            ),
            Schedule(
                name="Step every n",
                sentence="The rate is cut after every n updates or epochs.",
                latex=r"\gamma^{\lfloor t/n \rfloor}",
                source="torch.optim.lr_scheduler.StepLR",
                factor=step_every,
                listing=ScheduleListing("factor ** (t // every)"),
                numbers=(
                    Number("factor", r"\gamma", 0.1, 0.0, 1.0, "What each cut leaves of the rate."),
                    every(30, "From one cut to the next."),
                    UNIT,
                ),
                by_clock=True,
            ),
            Schedule(
                name="Exponential",
                sentence="The rate falls by the same ratio at every update.",
                latex=r"f^{\,t/(T-1)}",
                source="torch.optim.lr_scheduler.ExponentialLR, gamma = f^(1/(T-1))",
                factor=exponential,
                listing=ScheduleListing("final ** (t / (steps - 1))"),
                numbers=(final(0.01, 1e-6),),
            ),
            Schedule(
                name="Exponential by factor",
                sentence="The rate falls by the same factor over every n updates or epochs.",
                latex=r"\gamma^{\,t/n}",
                source="torch.optim.lr_scheduler.ExponentialLR, for n = 1",
                factor=exponential_by_factor,
                listing=ScheduleListing("factor ** (t / every)"),
                numbers=(
                    Number("factor", r"\gamma", 0.95, 0.0, 1.0, "What n of the unit leave."),
                    every(1, "Updates or epochs in which the rate falls by the factor."),
                    UNIT,
                ),
            ),
            Schedule(
                name="Cosine",
                sentence="Half a cosine: slow to leave the full rate, slow to reach the last.",
                latex=r"f + (1-f)\,\tfrac12\left(1 + \cos\frac{\pi t}{T-1}\right)",
                source="Loshchilov and Hutter, SGDR, ICLR 2017, equation 5",
                factor=cosine,
                listing=ScheduleListing(
                    "final + (1 - final) * (1 + math.cos(math.pi * t / (steps - 1))) / 2",
                    (("final", 0.0, COSINE_TO_0),),
                ),
                numbers=(final(0.0),),
            ),
            Schedule(
                name="Linear",
                sentence="The rate falls by the same amount at every update.",
                latex=r"1 - (1-f)\,\frac{t}{T-1}",
                source="torch.optim.lr_scheduler.LinearLR",
                factor=linear,
                listing=ScheduleListing(
                    "1 - (1 - final) * t / (steps - 1)", (("final", 0.0, LINEAR_TO_0),)
                ),
                numbers=(final(0.0),),
            ),
            Schedule(
                name="Inverse sqrt",
                sentence="The rate falls as one over the square root of time.",
                latex=r"\frac{1}{\sqrt{1 + t/\tau}}",
                source="Bottou, Curtis and Nocedal, SIAM Review 60 (2018), section 4",
                factor=inverse_sqrt,
                listing=ScheduleListing("1 / math.sqrt(1 + t / timescale)"),
                numbers=(timescale(),),
            ),
            Schedule(
                name="Inverse time",
                sentence="The rate falls as one over time.",
                latex=r"\frac{1}{1 + t/\tau}",
                source="Robbins and Monro, Annals of Mathematical Statistics 22 (1951) 400-407",
                factor=inverse_time,
                listing=ScheduleListing("1 / (1 + t / timescale)"),
                numbers=(timescale(),),
            ),
            Schedule(
                name="Warm restarts",
                sentence="A cosine again and again, each cycle longer by the same multiple.",
                latex=r"f + (1-f)\,\tfrac12\left(1 + \cos\frac{\pi t_i}{T_i}\right)",
                source="Loshchilov and Hutter, SGDR, ICLR 2017;"
                " torch.optim.lr_scheduler.CosineAnnealingWarmRestarts",
                factor=restarts,
                listing=ScheduleListing(
                    "sum(\n"
                    "    final + (1 - final) * (1 + math.cos(math.pi * (t - start) / length)) / 2\n"
                    "    for start, length in cycles\n"
                    "    if start <= t < start + length\n"
                    ")",
                    (("growth", 1.0, RESTARTS_ALIKE),),
                ),
                numbers=(
                    every(25, "Length of the first cycle."),
                    UNIT,
                    Number(
                        *("growth", "m", 2, 1, 10),
                        "A cycle is so many times as long as the one before.",
                        integer=True,
                    ),
                    final(0.0),
                ),
                derived=with_cycles,
            ),
            Schedule(
                name="One cycle",
                sentence="The rate rises to the full one and falls again, both as half a cosine.",
                latex=r"f_0 \nearrow 1 \searrow f",
                source="Smith and Topin, Super-Convergence (2019);"
                " torch.optim.lr_scheduler.OneCycleLR without its change of momentum",
                factor=one_cycle,
                listing=ScheduleListing(
                    "final + (1 - final) * (1 + math.cos(math.pi * (t - top) / fall)) / 2",
                    before="if t < top:\n"
                    "    return start + (1 - start) * (1 - math.cos(math.pi * t / top)) / 2\n",
                ),
                numbers=(
                    Number("start", "f_0", 0.04, 0.0, 1.0, "Factor of the first update."),
                    Number("peak", "p", 0.3, 0.0, 0.9, "Share of the updates up to the full rate."),
                    final(0.0),
                ),
                derived=with_top,
            ),
        )
    }
)
