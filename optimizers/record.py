"""What is known of an update rule: one frozen record for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from landscape.checks import NOTHING
from landscape.compiled import MATRIX, VECTOR, Kernel, types
from landscape.language import Message
from landscape.record import Number, Surface, resolve

# (t, g, hessian, lr, hyper, state, step) -> status, over c coordinates: x of every lane, then y.
#   t        int64    number of this update, from 1
#   g        (c,)     gradient, coupled weight decay included
#   hessian  (3, c/2) hxx, hxy, hyy of every lane (zeros for a rule that does not ask for them)
#   lr       (c,)     learning rate of this update
#   hyper    (h, c)   hyperparameters, in the order of the record
#   state    (s, c)   zeros before the first update; changed in place
#   step     (c,)     out: what is to be ADDED to the position
UPDATE_SIGNATURE = types.int64(types.int64, VECTOR, MATRIX, VECTOR, MATRIX, MATRIX, VECTOR)

DONE = 0
SINGULAR = 1  # the Hessian has no inverse: the rule defines no step here

COUPLED = "coupled"  # wd theta is added to the gradient, before the rule
DECOUPLED = "decoupled"  # theta is shrunk by lr wd, beside the rule
NO_DECAY = "none"


@dataclass(frozen=True)
class Optimizer:
    """An update rule with its hyperparameters and defaults.

    `state` names the rows of the rule's state; `rate` is the default learning rate and `rates`
    holds the ones for the surfaces where another makes a better first picture.
    """

    name: str
    year: int
    sentence: Message
    latex: str
    source: Message
    differs: Message  # from other versions that go by the same name
    update: Kernel
    state: tuple[str, ...]
    rate: float
    rates: Mapping[str, float]
    hyperparameters: tuple[Number, ...] = ()
    weight_decay: str = COUPLED
    needs_hessian: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "rates", MappingProxyType(dict(self.rates)))

    def __hash__(self) -> int:
        return hash(self.name)

    def default_rate(self, surface: Surface) -> float:
        """Return the learning rate that makes a good first picture on `surface`."""
        return self.rates.get(surface.name, self.rate)

    def resolve(self, hyper: Mapping[str, Any] = NOTHING) -> dict[str, float]:
        """Return every hyperparameter by name, those not in `hyper` at their defaults.

        Raises ValueError for an unknown name or a value out of range.
        """
        return resolve("hyper", self.name, self.hyperparameters, hyper)
