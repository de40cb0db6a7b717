"""What is known of a surface: one frozen record for each."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from landscape.checks import NOTHING, check_array, check_mapping, check_names, check_number
from landscape.compiled import Kernel
from landscape.data import FEWEST_SAMPLES, LEAST_KEEP, MOST_SAMPLES, Dataset, Samples
from landscape.hessian import BOWL, DOME, SADDLE_SHAPED
from landscape.language import Message, msgid, tr
from landscape.penalty import Penalty, Search, Stationary
from landscape.values import Values

GLOBAL_MINIMUM = msgid("global minimum")
LOCAL_MINIMUM = msgid("local minimum")
SADDLE = msgid("saddle")
MAXIMUM = msgid("maximum")
DEGENERATE = msgid("degenerate")  # the Hessian is singular there
CUSP = msgid("cusp")  # a global minimum at which the gradient does not exist
POINT_KINDS = (GLOBAL_MINIMUM, LOCAL_MINIMUM, SADDLE, MAXIMUM, DEGENERATE, CUSP)
LOWEST_KINDS = (GLOBAL_MINIMUM, CUSP)  # where the loss is lowest
MINIMUM_KINDS = (*LOWEST_KINDS, LOCAL_MINIMUM)

NO_PENALTY = Penalty()
SAME_LOSS = 1e-12  # relative: minima whose losses differ by no more are equally low

# Where nobody says how many: of a surface made by data, and of one whose noise stands for samples.
SAMPLES, SIMULATED_SAMPLES = 100, 10_000


@dataclass(frozen=True)
class Number:
    """A named number that a user may set: a surface's parameter or a rule's hyperparameter.

    `scale` is "linear" or "log"; `integer` numbers are whole. A number with `choices` is the index
    of one of them, and may be given by its name.
    """

    name: Message
    symbol: str  # LaTeX
    default: float
    low: float
    high: float
    help: Message
    scale: str = "linear"
    integer: bool = False
    choices: tuple[Message, ...] = ()

    @staticmethod
    def choice(name: Message, choices: tuple[Message, ...], help: Message) -> Number:
        """Return the number that stands for one of `choices`, by default the first."""
        return Number(name, name, 0, 0, len(choices) - 1, help, integer=True, choices=choices)

    @property
    def label(self) -> str:
        """The name as the page shows it, in the current language."""
        return tr(self.name).replace("_", " ")

    def named(self, value: float) -> float | str:
        """Return the name of the choice that a value stands for, or the value itself."""
        return self.choices[int(value)] if self.choices else value

    def check(self, owner: str, value: Any) -> float:
        """Return `value` as a float.

        Raises ValueError, naming `owner` and what is allowed, for any other value.
        """
        field = f"{owner}.{self.name}"
        if self.choices and isinstance(value, str):
            check_names(field, (value,), self.choices)
            return float(self.choices.index(value))
        return check_number(field, value, self.low, self.high, self.integer)


DATA_SEED = Number(
    "data_seed",
    "seed",
    0,
    0,
    9999,
    msgid("Seed of the samples: another makes others."),
    integer=True,
)


def resolve(
    field: str, owner: str, numbers: Iterable[Number], given: Mapping[str, Any]
) -> dict[str, float]:
    """Return all of `owner`'s `numbers` by name: the given value, or else the default.

    Raises ValueError, naming `field` or owner.name, if `given` is no mapping, holds an unknown
    name or a value out of range.
    """
    numbers = tuple(numbers)
    given = check_mapping(field, given)
    check_names(f"{field} of {owner}", given, (n.name for n in numbers))
    return {n.name: n.check(owner, given.get(n.name, n.default)) for n in numbers}


@dataclass(frozen=True)
class CriticalPoint:
    """A point where the gradient vanishes or, for a cusp, does not exist."""

    x: float
    y: float
    loss: float
    kind: str  # one of POINT_KINDS


Frame = tuple[tuple[float, float], tuple[float, float]]


@dataclass(frozen=True)
class Valley:
    """The lines of global minimizers of a surface that has such, and not only single ones.

    `lines` maps a frame ((x0, x1), (y0, y1)) to the parts of them in it, arrays (n, 2), and
    `all_nearest` the coordinates of finite positions, arrays of one shape, to those of the global
    minimizers that are nearest, on a line or single.
    """

    lines: Callable[[Frame], list[NDArray[np.float64]]]
    all_nearest: Callable[[Any, Any], tuple[Any, Any]]

    def nearest(self, x: float, y: float) -> tuple[float, float]:
        """Return the point of them that is nearest to one position."""
        at_x, at_y = self.all_nearest(x, y)
        return float(at_x), float(at_y)


@dataclass(frozen=True)
class SurfaceListing:
    """A surface's functions as a script has them: bodies of Python that name its parameters.

    `gradient` and `hessian` are those of gradient(x, y) and hessian(x, y), with `math`; `loss` is
    that of loss(theta), with `torch`, and `plain_loss` that of loss(x, y), where `loss` does not
    become it with another module in torch's place. `special` holds (name, value, listing): the
    shorter listing to take where a parameter has this value.

    Of a surface made by data `data` makes the `columns`, by name, with `np`; gradient and loss are
    the means over `rows` of them. `prepared` holds (name, value, text): what is done to columns
    where a parameter has this value.
    """

    gradient: str
    hessian: str
    loss: str
    special: tuple[tuple[str, float, SurfaceListing], ...] = ()
    data: str = ""
    columns: tuple[str, ...] = ()
    prepared: tuple[tuple[str, float, str], ...] = ()
    plain_loss: str = ""


@dataclass(frozen=True)
class Surface:
    """A test function of two variables: its kernels and every fact the project states about it.

    `domain` is ((x0, x1), (y0, y1)), the frame in which it is drawn; `start` lies in it.
    `locate` maps the parameters, by keyword, to the critical points in the domain as
    (x, y, kind) triples; they are computed where they move with a parameter.
    `bounded` tells whether the loss has a lower bound, `quadratic` whether the Hessian is the same
    everywhere and positive, so that theory is exact.

    Of a surface made by data, whose loss is the mean over N samples, `samples` says how; its
    `kernel` and `hessian_kernel` take the mean over all of them. Their `params` are then what
    `samples.numbers` makes of the data, and so is the one argument of `locate`; the loss is never
    negative. `infimum` maps them to the greatest lower bound of the loss where it has no minimum.
    Of a surface whose global minimizers are no single points, `valley` has the lines of them;
    `locate` then has none.
    """

    name: Message
    sentence: Message
    latex: str
    source: Message
    domain: tuple[tuple[float, float], tuple[float, float]]
    start: tuple[float, float]
    kernel: Kernel
    hessian_kernel: Kernel
    locate: Callable[..., Iterable[tuple[float, float, str]]]
    listing: SurfaceListing
    parameters: tuple[Number, ...] = ()
    bounded: bool = True
    quadratic: bool = False
    samples: Samples | None = None
    infimum: Callable[[NDArray[np.float64]], float] | None = None
    valley: Valley | None = None

    def resolve(self, params: Mapping[str, Any] = NOTHING) -> dict[str, float]:
        """Return every parameter by name, those not in `params` at their defaults.

        Raises ValueError for an unknown name or a value out of range.
        """
        return resolve("params", self.name, self.parameters, params)

    def __hash__(self) -> int:
        return hash(self.name)

    def numbers(self, params: Mapping[str, float]) -> NDArray[np.float64]:
        """Return what the kernels of a surface that is not made by data get as `params`."""
        return np.array(list(params.values()), dtype=np.float64)

    def bounded_at(self, params: Mapping[str, float]) -> bool:
        """Tell whether the loss has a lower bound at these parameters."""
        return self.bounded

    def valley_at(self, params: Mapping[str, float]) -> Valley | None:
        """Return the lines of global minimizers at these parameters, if there are any."""
        return self.valley

    @property
    def steepness(self) -> float | None:
        """The largest curvature at the start, where nobody has tried which rates are good."""
        return None

    @property
    def usual_samples(self) -> int:
        """How many samples there are where nobody says."""
        return SIMULATED_SAMPLES if self.samples is None else SAMPLES

    def at(
        self,
        params: Mapping[str, Any] = NOTHING,
        count: int | None = None,
        data: Dataset | None = None,
        penalty: Penalty = NO_PENALTY,
        keep: float = 1.0,
    ) -> Objective:
        """Return the surface at its parameters, those not in `params` at their defaults.

        A surface made by data has `count` samples, or `data` of one's own; all others have neither.
        A `penalty` is added to its loss. Dropout keeps each input of a sample with the probability
        `keep`, where samples make the surface.
        """
        values = Values(self.resolve(params))
        if self.samples is None:
            if data is not None:
                raise ValueError(f"data: must be None, since {self.name} is not made by data")
            check_keep(self, keep)
            return Objective(self, values, penalty=penalty)
        keep = check_keep(self, keep)
        if data is not None:
            self.samples.check(self.name, data)
            return Objective(self, values, len(data), data, penalty, keep)
        count = SAMPLES if count is None else count
        check_number(f"samples of {self.name}", count, FEWEST_SAMPLES, MOST_SAMPLES, integer=True)
        return Objective(self, values, int(count), penalty=penalty, keep=keep)

    def critical_points(self, **params: float) -> tuple[CriticalPoint, ...]:
        """Return the critical points in the domain, with their loss."""
        return self.at(params).critical_points()

    def minimizers(self, **params: float) -> tuple[CriticalPoint, ...]:
        """Return the global minimizers, cusps included."""
        return self.at(params).minimizers()

    def lowest(self, **params: float) -> float:
        """Return the least value of the loss: -inf where it is unbounded below."""
        return self.at(params).lowest()

    def loss(self, x: ArrayLike, y: ArrayLike, **params: float) -> Any:
        """Return the loss at (x, y), numbers or arrays of any common shape (float64)."""
        return self.at(params).loss(x, y)

    def gradient(self, x: ArrayLike, y: ArrayLike, **params: float) -> tuple[Any, Any]:
        """Return the gradient (gx, gy) at (x, y), numbers or arrays of any common shape."""
        return self.at(params).gradient(x, y)

    def hessian(self, x: ArrayLike, y: ArrayLike, **params: float) -> tuple[Any, Any, Any]:
        """Return the Hessian (hxx, hxy, hyy) at (x, y), numbers or arrays of any common shape."""
        return self.at(params).hessian(x, y)


@dataclass(frozen=True)
class Objective:
    """The function of two variables that a run descends: a surface at its parameters.

    `params` holds every parameter of the surface, resolved. Of a surface made by data, `count` is
    the number of its samples (0 of all others) and `given` the data that took the place of those
    that the parameters make. Its loss, gradient, Hessian and critical points are those of the
    surface with the `penalty`; the samples and the kernels do not know of it.

    Dropout keeps each input of a sample with the probability `keep`, and then divides it by that;
    otherwise the input is 0. The loss is the expected one, the mean over all ways to drop inputs:
    of a linear regression it is that without dropout and, for each input f with the weight w,
    (1 - keep) / (2 keep) E[f^2] w^2 (Srivastava et al., 2014, section 9.1).
    """

    surface: Surface
    params: Values
    count: int = 0
    given: Dataset | None = None
    penalty: Penalty = NO_PENALTY
    keep: float = 1.0

    def __repr__(self) -> str:
        told = f"{self.name!r}, {self.params!r}, {self.count}, {self.given!r}"
        told += f", {self.penalty!r}" * bool(self.penalty) + f", keep={self.keep}" * self.dropped
        return f"Objective({told})"

    @functools.cached_property
    def bare(self) -> Objective:
        """The same without a penalty."""
        if not self.penalty:
            return self
        return _bare(self.surface, self.params, self.count, self.given, self.keep)

    @property
    def whole(self) -> Objective:
        """The same without a penalty and without dropout."""
        if not self.dropped:
            return self.bare
        return _bare(self.surface, self.params, self.count, self.given, 1.0)

    @property
    def dropped(self) -> bool:
        """Whether dropout sets some inputs to 0."""
        return self.keep < 1.0

    @property
    def regularized(self) -> bool:
        """Whether the loss is another than that of the surface."""
        return self.dropped or bool(self.penalty)

    @property
    def ways(self) -> int:
        """In how many ways dropout leaves the inputs of a sample."""
        samples = self.surface.samples
        return 2**samples.columns if samples is not None and self.dropped else 1

    @functools.cached_property
    def data(self) -> Dataset | None:
        """The samples, of a surface made by data."""
        if self.regularized:
            return self.whole.data
        if self.surface.samples is None or self.given is not None:
            return self.given
        return self.surface.samples.make(self.count, **self.params)

    @functools.cached_property
    def features(self) -> NDArray[np.float64] | None:
        """The features of the samples as they are fitted, (N, columns), none of them dropped."""
        if self.regularized:
            return self.whole.features
        if self.surface.samples is None:
            return None
        return self.surface.samples.features(self.data, **self.params)

    @property
    def name(self) -> Message:
        """The surface's name."""
        return self.surface.name

    @property
    def domain(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """The frame in which it is drawn."""
        return self.surface.domain

    @property
    def bounded(self) -> bool:
        """Whether the loss has a lower bound."""
        return self._bounded

    @functools.cached_property
    def _bounded(self) -> bool:
        return self.surface.bounded_at(self.params)

    @property
    def valley(self) -> Valley | None:
        """The lines of global minimizers, of which a penalty leaves none."""
        return None if self.penalty else self.surface.valley_at(self.params)

    @property
    def quadratic(self) -> bool:
        """Whether the Hessian is the same everywhere and positive."""
        return self.surface.quadratic and self.penalty.l1 == 0

    @functools.cached_property
    def numbers(self) -> NDArray[np.float64]:
        """What its kernels get as `params`, float64 in a row."""
        if self.penalty:
            return self.bare.numbers
        if self.surface.samples is not None:
            assert self.data is not None
            return self.surface.samples.numbers(self.data, self.params, self.keep)
        return self.surface.numbers(self.params)

    @functools.cached_property
    def _critical(self) -> tuple[CriticalPoint, ...]:
        return tuple(
            CriticalPoint(float(x), float(y), float(self.loss(x, y)), kind)
            for x, y, kind in self._located
        )

    @property
    def _located(self) -> Iterable[tuple[float, float, str]]:
        if self.penalty:
            return self._moved
        if self.surface.samples is not None:
            return self.surface.locate(self.numbers)
        return self.surface.locate(**self.params)

    @property
    def _moved(self) -> Iterable[tuple[float, float, str]]:
        """The critical points with the penalty, those in the domain and the lowest minimum."""
        known = self.bare.critical_points()
        # L2 and L1 pull towards the origin, wherever the domain lies.
        box = [(min(low, 0.0), max(high, 0.0)) for low, high in self.domain]
        found = Search(
            *(self.bare.loss, self.bare.gradient, self.bare.hessian, self.penalty, box),
            [(point.x, point.y) for point in known],
            0 if self.surface.quadratic else self.count * self.ways,
            self.bare.valley is not None or any(p.kind not in MINIMUM_KINDS for p in known),
        ).found()
        # Where a formula has no value a search for kinks finds what is no point.
        found = [point for point in found if math.isfinite(self.loss(point.x, point.y))]
        loss = [self.loss(point.x, point.y) for point in found]
        lowest = min((v for v, p in zip(loss, found, strict=True) if p.shape == BOWL), default=0.0)
        for value, point in zip(loss, found, strict=True):
            inside = all(
                low <= v <= high for v, (low, high) in zip((point.x, point.y), box, strict=True)
            )
            best = value - lowest <= SAME_LOSS * (1 + abs(lowest)) and self.bounded
            if inside or (best and point.shape == BOWL):
                yield point.x, point.y, self._kind(point, best)

    def _kind(self, point: Stationary, best: bool) -> str:
        """Return the kind of a critical point, of a minimum that is one of the `best` or not."""
        if point.shape == BOWL:
            old = [p for p in self.bare.critical_points() if p.kind == CUSP]
            cusp = not point.smooth or any((p.x, p.y) == (point.x, point.y) for p in old)
            return LOCAL_MINIMUM if not best else CUSP if cusp else GLOBAL_MINIMUM
        return {SADDLE_SHAPED: SADDLE, DOME: MAXIMUM}.get(point.shape, DEGENERATE)

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        """Return the critical points in the domain, with their loss."""
        return self._critical

    def minimizers(self) -> tuple[CriticalPoint, ...]:
        """Return the global minimizers, cusps included."""
        return tuple(point for point in self._critical if point.kind in LOWEST_KINDS)

    def lowest(self) -> float:
        """Return the least value of the loss: -inf where it is unbounded below."""
        if not self.bounded:
            return -math.inf
        found = [point.loss for point in self.minimizers()]
        if found:
            return min(found)
        # Without a single minimum; a loss of samples is never negative.
        if self.surface.infimum is not None:
            return self.surface.infimum(self.numbers)
        if self.valley is not None:
            return float(self.loss(*self.valley.nearest(*self.surface.start)))
        return 0.0

    def loss(self, x: ArrayLike, y: ArrayLike) -> Any:
        """Return the loss at (x, y), numbers or arrays of any common shape (float64)."""
        loss = self._evaluate(self.surface.kernel, x, y)[0]
        return loss + self.penalty.loss(*points(x, y)) if self.penalty else loss

    def gradient(self, x: ArrayLike, y: ArrayLike) -> tuple[Any, Any]:
        """Return the gradient (gx, gy) at (x, y), numbers or arrays of any common shape.

        Where L1 has none it is the subgradient nearest to 0.
        """
        _, gx, gy = self._evaluate(self.surface.kernel, x, y)
        return self.penalty.gradient(*points(x, y), gx, gy) if self.penalty else (gx, gy)

    def hessian(self, x: ArrayLike, y: ArrayLike) -> tuple[Any, Any, Any]:
        """Return the Hessian (hxx, hxy, hyy) at (x, y), numbers or arrays of any common shape.

        L1 has no part in it, which is right wherever it exists.
        """
        hxx, hxy, hyy = self._evaluate(self.surface.hessian_kernel, x, y)
        return (
            (hxx + self.penalty.l2, hxy, hyy + self.penalty.l2) if self.penalty else (hxx, hxy, hyy)
        )

    def _evaluate(self, kernel: Kernel, x: ArrayLike, y: ArrayLike) -> tuple[Any, Any, Any]:
        x, y = points(x, y)
        # A kernel writes without a bounds check: its outputs are sized here, from its input.
        out = np.empty((3, x.size))
        kernel(x.size, x.flatten(), y.flatten(), self.numbers, *out)
        if x.ndim == 0:
            return float(out[0, 0]), float(out[1, 0]), float(out[2, 0])
        first, second, third = out.reshape(3, *x.shape)
        return first, second, third


@functools.lru_cache(maxsize=16)
def _bare(
    surface: Surface, params: Values, count: int, given: Dataset | None, keep: float
) -> Objective:
    """Return an objective without a penalty, one for all strengths, with what it has found out."""
    return Objective(surface, params, count, given, keep=keep)


def check_keep(surface: Surface, keep: Any) -> float:
    """Return a probability to keep an input, 1 where no samples make the surface, or raise."""
    keep = check_number("keep", keep, LEAST_KEEP, 1.0)
    if surface.samples is None and keep < 1.0:
        raise ValueError(
            f"keep = {keep:g}: must be 1 on {surface.name}, which is not made by data and has no"
            " inputs to drop"
        )
    return keep


def points(x: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the coordinates of points as float64 arrays of one shape."""
    x, y = np.broadcast_arrays(check_array("x", x), check_array("y", y))
    return x, y
