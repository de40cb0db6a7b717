"""Learning-rate schedules: a factor for every update, in plain NumPy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscape.checks import NOTHING, check_mapping, check_names, check_number, shown
from landscape.language import Message, msgid
from landscape.record import Number, resolve

UNITS = (msgid("percent"), msgid("epochs"), msgid("updates"))
MILESTONES = (30.0, 60.0, 90.0)
MOST_MILESTONES = 10
MOST_MILESTONE = 1e9

Factors = NDArray[np.float64]


@dataclass(frozen=True)
class ScheduleListing:
    """A schedule in a script: the expression `factor` of t, of `steps` and of its numbers.

    `special` holds (name, value, listing): the listing to take where a number has this value.
    """

    factor: str
    special: tuple[tuple[str, float, ScheduleListing], ...] = ()


@dataclass(frozen=True)
class Schedule:
    """A named schedule. `factor(t, steps, **numbers)` gives the factor of updates t = 0..steps-1.

    `stepped` schedules also take milestones and their unit; a listing knows the updates that they
    stand for as `cuts`.
    """

    name: Message
    sentence: Message
    latex: str
    source: Message
    factor: Callable[..., Factors]
    listing: ScheduleListing
    numbers: tuple[Number, ...] = ()
    stepped: bool = False

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

        For the first `warmup` updates the factor rises linearly, (t + 1) / (warmup + 1) of what
        the schedule gives, so that no update has rate 0.
        """
        values = self.resolve(params)
        if self.stepped:
            # Divided last: 95 % of 220 updates is 209, but 95 * 2.2 is a little more.
            scales = {"percent": (steps, 100), "epochs": (updates_per_epoch, 1), "updates": (1, 1)}
            up, down = scales[values.pop("unit")]
            values["milestones"] = [m * up / down for m in values["milestones"]]
        t = np.arange(steps, dtype=np.float64)
        return self.factor(t, steps, **values) * np.minimum(1.0, (t + 1) / (warmup + 1))


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


def step(t: Factors, steps: int, factor: float, milestones: list[float]) -> Factors:
    passed: Factors = np.searchsorted(np.array(milestones), t, side="right").astype(np.float64)
    return factor**passed


def exponential(t: Factors, steps: int, final: float) -> Factors:
    return final ** (t / max(steps - 1, 1))


def cosine(t: Factors, steps: int, final: float) -> Factors:
    return final + (1 - final) * (1 + np.cos(np.pi * t / max(steps - 1, 1))) / 2


def linear(t: Factors, steps: int, final: float) -> Factors:
    return 1 - (1 - final) * t / max(steps - 1, 1)


def inverse_sqrt(t: Factors, steps: int, timescale: float) -> Factors:
    return 1 / np.sqrt(1 + t / timescale)


def final(default: float, low: float = 0.0) -> Number:
    scale = "log" if low > 0 else "linear"
    return Number("final", "f", default, low, 1.0, "Factor of the last update.", scale)


COSINE_TO_0 = ScheduleListing("(1 + math.cos(math.pi * t / (steps - 1))) / 2")
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
                numbers=(
                    Number(
                        *("timescale", r"\tau", 10.0, 1.0, 1e4),
                        *("Updates after which the decay sets in.", "log"),
                    ),
                ),
            ),
        )
    }
)
