"""What is known of an update rule: one frozen record for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from numbers import Real
from types import MappingProxyType
from typing import Any

from landscape.compiled import MATRIX, VECTOR, Kernel, types
from landscape.record import Number, Surface, check_names, check_number

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
    sentence: str
    latex: str
    source: str
    differs: str  # from other versions that go by the same name
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

    def resolve(self, hyper: Mapping[str, Any] | None = None) -> dict[str, float]:
        """Return every hyperparameter by name, those not in `hyper` at their defaults.

        Raises ValueError for an unknown name or a value out of range.
        """
        return resolve("hyper", self.name, self.hyperparameters, {} if hyper is None else hyper)


def resolve(
    field: str, owner: str, numbers: Iterable[Number], given: Mapping[str, Any]
) -> dict[str, float]:
    """Return each of `owner`'s `numbers` by name: as `given`, else its default.

    Raises ValueError, naming `field` or owner.name, if `given` is no mapping, holds an unknown
    name or a value out of range.
    """
    numbers = tuple(numbers)
    given = check_mapping(field, given)
    check_names(f"{field} of {owner}", given, (n.name for n in numbers))
    return {
        n.name: check_scalar(
            f"{owner}.{n.name}", given.get(n.name, n.default), n.low, n.high, n.integer
        )
        for n in numbers
    }


def check_scalar(field: str, value: Any, low: float, high: float, integer: bool = False) -> float:
    """Return a Python or NumPy real number as a float; raise as `check_number` does otherwise.

    By its type is refused what float() would make a number of: an array, bytes, a NumPy bool.
    """
    try:
        number = float(value) if isinstance(value, Real) else None
    except OverflowError:  # an int that no float can hold
        number = None
    return check_number(field, shown(value) if number is None else value, low, high, integer)


def check_name(field: str, value: Any, known: Iterable[str]) -> str:
    """Return `value` if it is one of the `known` names; ValueError listing them otherwise."""
    # Only text is compared: an array would answer element by element.
    check_names(field, (value if isinstance(value, str) else shown(value) + ", not text",), known)
    return str(value)


def check_mapping(field: str, value: Any) -> dict[str, Any]:
    """Return a copy of a mapping from text; ValueError naming `field` for anything else."""
    if not (isinstance(value, Mapping) and all(isinstance(name, str) for name in value)):
        raise ValueError(f"{field} = {shown(value)}: must map names to values")
    return {str(name): item for name, item in value.items()}


def shown(value: Any) -> str:
    """Return `value` as a message shows it: its repr, cut where that is long."""
    try:
        text = repr(value)
    except ValueError:  # Python does not print an int of more than 4,300 digits
        text = f"<{type(value).__name__}>"
    return text if len(text) <= 80 else f"{text[:77]}..."
