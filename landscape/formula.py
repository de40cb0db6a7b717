"""A surface of one's own: a formula in x and y, with a few parameters."""

from __future__ import annotations

import functools
import itertools
import keyword
import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscape.checks import check_mapping, check_number, shown
from landscape.expression import KNOWN, VARIABLES, Code, FormulaError, Graph, Node, Reader, ordered
from landscape.hessian import BOWL, shape
from landscape.language import msgid
from landscape.operations import hessian, loss_and_gradient
from landscape.program import assemble
from landscape.record import Number, Surface, SurfaceListing, Valley
from landscape.search import Found, search
from landscape.values import Values

NAME = msgid("Formula")
MOST_PARAMETERS = 4
LIMIT = 1e6  # of a coordinate
NARROWEST = 1e-6  # side of a domain
LETTERS = re.compile(r"[A-Za-z][A-Za-z0-9]{0,11}", re.ASCII)
# Names of the interface and of listings.
TAKEN = ("text", "domain", "start", "self", "theta", "math", "torch", "loss")
DOMAIN = ((-5.0, 5.0), (-5.0, 5.0))

Side = tuple[float, float]


class Formula(Surface):
    """A formula in x and y as a surface, its gradient and Hessian found symbolically.

    `text` has numbers, x, y, pi, e, the parameters, + - * / ** (or ^), parentheses and the
    functions sqrt, exp, log, sin, cos, tan, asin, acos, atan, sinh, cosh, tanh and abs. Each of at
    most four parameters is (value, low, high): what it is if nobody says, and its range.
    `domain` is ((x0, x1), (y0, y1)), the frame, and `start` a point of it.

        Formula("x**2 + a*x*y + 2*y**2", a=(1, -3, 3))

    Nothing is evaluated as code and nothing compiled. Raises ValueError for what it does not take;
    a FormulaError names the column of the mistake. Where the formula has no value, as the logarithm
    of a negative number, the loss is not a number and a run ends, as on every surface.

    Its critical points are found by Newton's method from many points of the domain, and the lowest
    minimum is called global if nothing lower was seen there or in some surroundings. Where such
    minima make lines, these are followed in up to three times the domain and are its valley.
    """

    text: str

    def __init__(
        self,
        text: str,
        *,
        domain: tuple[Side, Side] = DOMAIN,
        start: tuple[float, float] | None = None,
        **parameters: tuple[float, float, float],
    ) -> None:
        if not isinstance(text, str):
            raise ValueError(f"text = {shown(text)}: must be a formula in x and y")
        domain = check_domain(domain)
        given, start = start, check_start(start, domain)
        numbers = check_parameters(parameters)
        names = tuple(number.name for number in numbers)
        reader = Reader(text, names)
        put = functools.partial(object.__setattr__, self)
        put("text", text)
        put("_reader", reader)
        graph = Graph()
        symbols = {name: graph.name(name) for name in (*names, *VARIABLES)}
        loss = reader.read(graph, symbols)
        super().__init__(
            name=NAME,
            sentence=msgid(
                "A formula of your own. Its critical points and lines of minima are found"
                " numerically."
            ),
            latex=reader.latex({name: symbol(name) for name in names}),
            source=msgid("what was typed"),
            domain=domain,
            start=start,
            kernel=loss_and_gradient,
            hessian_kernel=hessian,
            locate=self._locate,
            listing=_listing(graph, loss, names),
            parameters=numbers,
            infimum=self._infimum,
            quadratic=self._is_quadratic(graph, loss, numbers),
        )
        self._program({number.name: number.default for number in numbers})  # not too long
        if given is None:
            put("start", self._with_values(*starts(domain)))

    def _key(self) -> tuple[Any, ...]:
        return self.text, self.domain, self.start, self.parameters

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Formula) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        values = {n.name: (n.default, n.low, n.high) for n in self.parameters}
        told = [repr(self.text), f"domain={self.domain}", f"start={self.start}"]
        return f"Formula({', '.join([*told, *(f'{n}={v}' for n, v in values.items())])})"

    def __reduce__(self) -> tuple[Any, ...]:
        values = {n.name: (n.default, n.low, n.high) for n in self.parameters}
        return _again, (self.text, self.domain, self.start, values)

    def numbers(self, params: Mapping[str, float]) -> NDArray[np.float64]:
        """Return the program of the formula at its parameters, which the kernels run.

        Where other values make it too long, as exponents may, the formula has no value.
        """
        try:
            return self._program(params)
        except FormulaError:
            nothing = Graph().number(math.nan)
            return assemble([nothing] * 3, [nothing] * 3)

    def _program(self, params: Mapping[str, float]) -> NDArray[np.float64]:
        graph = Graph()
        values: dict[str, Node] = {name: graph.name(name) for name in VARIABLES}
        values |= {name: graph.number(value) for name, value in params.items()}
        reader: Reader = self._reader  # type: ignore[attr-defined]
        loss = reader.read(graph, values, strict=False)
        slope = graph.derivative
        gx, gy = (slope(loss, name) for name in VARIABLES)
        return assemble([loss, gx, gy], [slope(gx, "x"), slope(gx, "y"), slope(gy, "y")])

    def valley_at(self, params: Mapping[str, float]) -> Valley | None:
        """Return the lines of global minimizers that were found, if there are any."""
        return _valley(self, Values(params))

    def bounded_at(self, params: Mapping[str, float]) -> bool:
        """Tell whether a lowest loss was found: nothing lower was seen elsewhere."""
        return self._found(self.numbers(params)).bounded

    @functools.cached_property
    def _curvature(self) -> float | None:
        hxx, hxy, hyy = self.hessian(*self.start)
        if not math.isfinite(abs(hxx) + abs(hxy) + abs(hyy)):
            return None
        return abs(hxx + hyy) / 2 + math.hypot((hxx - hyy) / 2, hxy)

    @property
    def steepness(self) -> float | None:
        """The largest curvature at the start, None where there is none."""
        return self._curvature

    def _with_values(self, x: Any, y: Any) -> tuple[float, float]:
        """Return the first of some points at which the formula and its gradient have values."""
        there = np.isfinite([self.loss(x, y), *self.gradient(x, y)]).all(axis=0)
        best = int(np.argmax(there))  # the first, also where there is none
        return float(x[best]), float(y[best])

    def _is_quadratic(self, graph: Graph, loss: Node, numbers: tuple[Number, ...]) -> bool:
        """Tell whether the Hessian is the same everywhere and positive, whatever the parameters."""
        slope, names = graph.derivative, [number.name for number in numbers]
        entries = [slope(slope(loss, a), b) for a, b in (("x", "x"), ("x", "y"), ("y", "y"))]
        # Where they are linear in each parameter, and jointly, the corners of the ranges decide.
        linear = all(
            slope(slope(entry, one), other) is graph.number(0.0)
            for entry in entries
            for one in names
            for other in names
        )
        if not linear or any(part.name in VARIABLES for part in ordered(entries)):
            return False
        corners = itertools.product(*((number.low, number.high) for number in numbers))
        out = np.empty((3, 1))
        for corner in corners:
            program = self._program(dict(zip(names, corner, strict=True)))
            hessian(1, np.zeros(1), np.zeros(1), program, *out)
            with np.errstate(all="ignore"):
                if shape(np.array([[out[0, 0], out[1, 0]], [out[1, 0], out[2, 0]]])) != BOWL:
                    return False
        return True

    def _found(self, numbers: NDArray[np.float64]) -> Found:
        return _search(numbers.tobytes(), self.domain)

    def _locate(self, **params: float) -> tuple[tuple[float, float, str], ...]:
        return self._found(self.numbers(params)).points

    def _infimum(self, numbers: NDArray[np.float64]) -> float:
        return self._found(numbers).lowest


def _again(
    text: str,
    domain: tuple[Side, Side],
    start: tuple[float, float],
    parameters: dict[str, tuple[float, float, float]],
) -> Formula:
    return Formula(text, domain=domain, start=start, **parameters)


@functools.lru_cache(maxsize=64)
def _valley(formula: Formula, params: Values) -> Valley | None:
    lines = formula._found(formula.numbers(params)).lines
    return None if lines is None else Valley(lines.inside, lines.nearest)


@functools.lru_cache(maxsize=64)
def _search(program: bytes, domain: tuple[Side, Side]) -> Found:
    """Return what a search in a domain finds, once for all who ask."""
    return search(loss_and_gradient, hessian, np.frombuffer(program).copy(), domain)


def check_domain(domain: Any) -> tuple[Side, Side]:
    """Return a domain as floats, or raise a ValueError that says what is wrong."""
    told = ValueError(f"domain = {shown(domain)}: must be ((x0, x1), (y0, y1))")
    try:
        (x0, x1), (y0, y1) = domain
    except (TypeError, ValueError):
        raise told from None
    sides = []
    for name, low, high in (("x", x0, x1), ("y", y0, y1)):
        low = check_number(f"domain of {name}, low", low, -LIMIT, LIMIT)
        high = check_number(f"domain of {name}, high", high, -LIMIT, LIMIT)
        if not high - low >= NARROWEST:
            raise ValueError(
                f"domain of {name} = {low:g}, {high:g}: the second must be larger by {NARROWEST:g}"
                " or more"
            )
        sides.append((low, high))
    return sides[0], sides[1]


def check_start(start: Any, domain: tuple[Side, Side]) -> tuple[float, float]:
    """Return a start in twice the domain; without one the first of `starts`."""
    if start is None:
        first, second = starts(domain)
        return float(first[0]), float(second[0])
    if not isinstance(start, (tuple, list)) or len(start) != 2:
        raise ValueError(f"start = {shown(start)}: must be two numbers, (x, y)")
    x, y = (
        check_number("start", value, low - (high - low) / 2, high + (high - low) / 2)
        for value, (low, high) in zip(start, domain, strict=True)
    )
    return x, y


def starts(domain: tuple[Side, Side]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return points of a domain that are nothing special, to start from: one after the other."""
    (x0, x1), (y0, y1) = domain
    shares = [(0.1, 0.7), (0.9, 0.7), (0.1, 0.3), (0.9, 0.3), (0.7, 0.6), (0.6, 0.8)]
    points = [(x0 + a * (x1 - x0), y0 + b * (y1 - y0)) for a, b in shares]
    x, y = np.array([[float(f"{value:.6g}") for value in point] for point in points]).T
    return x.copy(), y.copy()


def check_parameters(parameters: Mapping[str, Any]) -> tuple[Number, ...]:
    """Return the parameters of a formula, or raise a ValueError that says what is wrong."""
    parameters = check_mapping("parameters", parameters)
    if len(parameters) > MOST_PARAMETERS:
        raise ValueError(f"{len(parameters)} parameters: must be at most {MOST_PARAMETERS}")
    found = []
    for name, given in parameters.items():
        if not nameable(name):
            raise ValueError(
                f"parameter {shown(name)}: must be a letter, and letters or digits behind it, up to"
                f" 12; none of {', '.join(KNOWN)}, nor a word of Python's"
            )
        if not isinstance(given, (tuple, list)) or len(given) != 3:
            raise ValueError(f"{name} = {shown(given)}: must be (value, low, high)")
        low = check_number(f"{name}, low", given[1], -LIMIT, LIMIT)
        high = check_number(f"{name}, high", given[2], -LIMIT, LIMIT)
        if not low < high:
            raise ValueError(f"{name} = {shown(given)}: low must be less than high")
        value = check_number(name, given[0], low, high)
        help = msgid("A number of the formula.")
        found.append(Number(name, symbol(name), value, low, high, help))
    return tuple(found)


def nameable(name: str) -> bool:
    """Tell whether a parameter may be called so."""
    taken = name in (*KNOWN, *TAKEN) or keyword.iskeyword(name)
    return bool(LETTERS.fullmatch(name)) and not taken


def symbol(name: str) -> str:
    """Return the name of a parameter as LaTeX: its digits an index, a word upright."""
    letters = name.rstrip("0123456789")
    index = name[len(letters) :]
    text = letters if len(letters) == 1 else rf"\mathrm{{{letters}}}"
    return f"{text}_{{{index}}}" if index else text


def _listing(graph: Graph, loss: Node, names: tuple[str, ...]) -> SurfaceListing:
    slope = graph.derivative
    gx, gy = (slope(loss, name) for name in VARIABLES)
    hessian = [slope(gx, "x"), slope(gx, "y"), slope(gy, "y")]

    def body(roots: list[Node], module: str) -> str:
        return "\n".join(Code(roots, module, (*VARIABLES, *names)).lines)

    return SurfaceListing(
        gradient=body([gx, gy], "math."),
        hessian=body(hessian, "math."),
        loss=f"x, y = theta\n{body([loss], 'torch.')}",
        plain_loss=body([loss], "math."),
    )
