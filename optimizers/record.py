"""What is known of an update rule: one frozen record for each."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from landscape.checks import NOTHING
from landscape.compiled import ADDRESS, Kernel, types
from landscape.language import Message, msgid
from landscape.record import Number, Surface, resolve
from optimizers.sheet import Sheet, Update, Vector

# (n, t, g, hessian, lr, hyper, state, step) -> status, over n coordinates: x of every lane, then y.
# All but the first two are addresses of float64 in a row: number i of row r of `state` is
# state[r * n + i].
#   n        int64    coordinates, two for each lane
#   t        int64    number of this update, from 1
#   g        (n,)     gradient, coupled weight decay included
#   hessian  (3, n/2) hxx, hxy, hyy of every lane (anything for a rule that does not ask for them)
#   lr       (n,)     learning rate of this update, a lane's two the same
#   hyper    (h, n)   hyperparameters, in the order of the record, a lane's two the same
#   state    (s, n)   zeros before the first update; changed in place
#   step     (n,)     out: what is to be ADDED to the position
UPDATE_SIGNATURE = types.int64(types.int64, types.int64, *[ADDRESS] * 6)

DONE = 0
SINGULAR = 1  # the Hessian has no inverse: the rule defines no step here
# The steps are the longest, and whoever has the loss shortens them, see Optimizer.searches:
LONG = 2  # until each lowers the loss by enough
LINE = 3  # to where the loss is lowest along each

COUPLED = "coupled"  # wd theta is added to the gradient, before the rule
DECOUPLED = "decoupled"  # theta is shrunk by lr wd, beside the rule
NO_DECAY = "none"
# The hyperparameter of a rule that decouples its decay that takes the rate out of it, too: theta is
# shrunk by wd times the schedule's factor.
APART = msgid("decay_apart")

# How L1 gets into an update: its subgradient is added to the gradient, or the update ends with its
# proximal step, which takes rate times strength off each coordinate and stops at 0.
SUBGRADIENT, PROXIMAL = msgid("subgradient"), msgid("proximal")
L1_STEPS = (SUBGRADIENT, PROXIMAL)

# What a memory holds, named after whoever made the convention common: the sum of the gradients,
# the sum of the steps, or the mean of the gradients.
PYTORCH, KERAS, EMA = msgid("PyTorch"), msgid("Keras"), msgid("EMA")
CONVENTIONS = (PYTORCH, KERAS, EMA)
VELOCITY = msgid("velocity")  # the memory of a rule with momentum
FIRST_MOMENT = msgid("first moment")  # that of a rule with a mean of gradients

# Why an adaptive rule has no limit of stability.
ADAPTIVE = msgid(
    "it divides each coordinate by the size of its past gradients, so the curvature alone sets no"
    " limit."
)

Hyper = Mapping[str, float]  # a run's hyperparameters by name
Edges = tuple[float, float, float]  # products of rate and curvature, see measures.Stability


@dataclass(frozen=True)
class RuleListing:
    """The two texts of an update rule in a script.

    In plain Python it is a class called `name`: `state` is what its __init__ adds, `step` the body
    of step(theta, g), `before` what the module needs beside it. In PyTorch it is the class `optim`
    with `arguments` (hyperparameters in braces) or, where PyTorch has none, the lines `hand` of
    the loop, from `theta`, `g`, `loss`, `lr` and the hyperparameters. `hand_state` stands before
    the loop in both cases. With `closure` the optimizer asks for the loss itself. `comments` are
    those in `step`, as messages.

    `special` holds (name, value, listing): the listing to take where a hyperparameter has this
    value, which may have special ones in turn.
    """

    name: str
    step: str
    state: str = ""
    before: str = ""
    optim: str = ""
    arguments: tuple[str, ...] = ("lr={lr}",)
    closure: bool = False
    hand: str = ""
    hand_state: str = ""
    comments: tuple[Message, ...] = ()
    special: tuple[tuple[str, float, RuleListing], ...] = ()


@dataclass(frozen=True)
class Memory:
    """What a rule's direction keeps of past gradients.

    `hyper` names the hyperparameter that is the share of the memory in an update; in most rules it
    is also what is kept of it from one update to the next. `convention` tells which of the
    CONVENTIONS the memory has. `part` is the part of an update's step that comes from the state
    before it, (2,), or (n, 2) of n updates at once; its arrow on the page is called `name`.
    `idle_without` names the hyperparameters that have no effect where this share is 0.
    """

    name: Message
    hyper: str
    convention: Callable[[Hyper], str]
    part: Callable[[Update], Vector]
    idle_without: tuple[str, ...] = ()


def round_down(value: float) -> float:
    """Return the largest 1, 2 or 5 times a power of ten that is no larger than a number."""
    power = 10.0 ** math.floor(math.log10(value))
    digit = max(digit for digit in (1, 2, 5) if digit * power <= value * (1 + 1e-9))
    return float(f"{digit * power:.0e}")


@dataclass(frozen=True)
class Optimizer:
    """An update rule with its hyperparameters and defaults: every fact the project states of it.

    `state` names the rows of the rule's state, `scratch` those of them that hold nothing from one
    update to the next; `rate` is the default learning rate and `rates` holds the ones for the
    surfaces where another makes a better first picture. `manner` says in a few words how it moves,
    after its name. `uses_time` tells whether an update
    after the first depends on its number t.

    `formula` writes the equations of a step on a sheet, the new position last. `memory` is None
    for a rule whose direction is that of the gradient it is given, whatever its numbers. `edges`
    gives the products of rate and curvature where the kinds of a run's motion on a quadratic end,
    the last of them the limit of stability; where no theory does, it is the reason, as the end of
    a sentence. `heavy_ball` gives (mu, share) where the rule at a constant rate lr is the heavy
    ball v = mu v + g, theta -= share lr v, and None where its numbers make another of it; it is
    None for every other rule. `equal_runs` says in sentences which settings make the run of
    (hyper, lr) in the rule's other conventions.
    `l1_steps` are those of L1_STEPS that end at the minimizer of a loss with L1: the proximal one
    of the rate only where the rule's step is the rate times the gradient, and none where the rule
    takes its curvature from gradients or Hessian, which say nothing of a kink, or searches along a
    line, which may end at one.
    A rule of `second_order` is one that takes curvature from either.
    `searches` is LONG where each of its steps is shortened until the loss, that of the update's
    batch, is lower by the first hyperparameter's share of what the slope promises; the second is
    what a step that is too long is multiplied by. It is LINE where each is shortened to where that
    loss is lowest along it, and 0 for a rule that does not search.
    """

    name: str
    year: int
    sentence: Message
    manner: Message
    latex: str
    source: Message
    differs: Message  # from other versions that go by the same name
    update: Kernel
    state: tuple[str, ...]
    rate: float
    rates: Mapping[str, float]
    weight_decay: str  # COUPLED, DECOUPLED or NO_DECAY
    needs_hessian: bool
    uses_time: bool
    formula: Callable[[Sheet], None]
    memory: Memory | None
    edges: Callable[[Hyper], Edges] | Message
    heavy_ball: Callable[[Hyper], tuple[float, float] | None] | None
    listing: RuleListing
    hyperparameters: tuple[Number, ...] = ()
    equal_runs: Callable[[Hyper, float], list[str]] | None = None
    scratch: tuple[str, ...] = ()
    l1_steps: tuple[str, ...] = (SUBGRADIENT,)
    second_order: bool = False
    searches: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "rates", MappingProxyType(dict(self.rates)))

    def __hash__(self) -> int:
        return hash(self.name)

    def default_rate(self, surface: Surface) -> float:
        """Return the learning rate that makes a good first picture on `surface`.

        On a formula it is at most about a quarter of the limit of stability at the start, where
        the rule has one.
        """
        rate, steepness = self.rates.get(surface.name, self.rate), surface.steepness
        if steepness is None or isinstance(self.edges, str):
            return rate
        limit = self.edges(self.resolve())[-1]
        if not rate * steepness > limit / 4:
            return rate
        return round_down(limit / 4 / steepness)

    def memory_of(self, hyper: Hyper) -> Memory | None:
        """Return the memory of a run, None where it keeps nothing of past gradients."""
        memory = self.memory
        return memory if memory is not None and hyper[memory.hyper] > 0 else None

    def ball_of(self, hyper: Hyper) -> tuple[float, float] | None:
        """Return the heavy ball that a run is at a constant rate, None where it is none."""
        return None if self.heavy_ball is None else self.heavy_ball(hyper)

    @property
    def momentum(self) -> str | None:
        """The name of the hyperparameter that is a momentum: the share of a velocity it keeps."""
        memory = self.memory
        return memory.hyper if memory is not None and memory.name == VELOCITY else None

    def resolve(self, hyper: Mapping[str, Any] = NOTHING) -> dict[str, float]:
        """Return every hyperparameter by name, those not in `hyper` at their defaults.

        Raises ValueError for an unknown name or a value out of range.
        """
        return resolve("hyper", self.name, self.hyperparameters, hyper)
