"""A step of a run, and the sheet on which a rule writes it: in symbols and in numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from string import Template
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from landscape.language import tr
from landscape.record import Number

if TYPE_CHECKING:  # a run is of a rule, and a rule writes on a sheet
    from optimizers.simulation.experiment import Run

Vector = NDArray[np.float64]

DIGITS = 4
# A beta of 0.99999 is not to be written as 1.
HYPER_DIGITS = 6


class Update(Protocol):
    """What the part of a step that a rule remembers depends on.

    A Step is one update, with numbers and vectors (2,). Of n updates at once, the numbers are
    columns (n, 1) and the vectors rows (n, 2).
    """

    @property
    def run(self) -> Run: ...
    @property
    def t(self) -> Any: ...
    @property
    def lr(self) -> Any: ...
    @property
    def before(self) -> Mapping[str, Vector]: ...
    @property
    def after(self) -> Mapping[str, Vector]: ...


class Trial(NamedTuple):
    """A length that a search has tried, and what it finds there."""

    length: float
    loss: float
    most: float  # what the loss may be
    slope: float  # of the loss, in the direction of the step
    moves: bool  # whether so short a step leads anywhere
    taken: bool

    @property
    def fits(self) -> bool:
        """Whether the loss there is low enough."""
        return math.isfinite(self.loss) and self.loss <= self.most


@dataclass(frozen=True, eq=False)
class Step:
    """Update k of a run; vectors are float64 (2,), in the surface's coordinates.

    The rule is given `gradient` = `clipped` + `coupled` `theta`, where `coupled` is the weight
    decay for the rules that couple it and 0 for the others. `unclipped` is `exact` + `noise`, the
    gradient of the batch, and `clipped` the same where it is not clipped. `before` and `after` hold
    the rows of its state by name, zeros before the first update. `step` is what was done,
    `theta_after` - `theta`, and `decay` the part of it that decoupled weight decay did, -lr
    `decoupled` `theta`, zeros where there is none.
    `proximal` is the strength of L1 where an update ends with its proximal step, and else 0; where
    L1 comes in by its subgradient, that is part of `exact`. `hessian` float64 (2, 2) is that of the
    loss at `theta`, for every rule. `tried` are the lengths that a rule which searches has tried,
    in turn, with the losses of its batch: none for other rules.

    The last step of a diverged run may lead to a position or a loss that is not finite.
    """

    run: Run
    k: int
    lr: float
    theta: Vector
    loss: float
    exact: Vector
    noise: Vector
    unclipped: Vector
    clipped: Vector
    coupled: float
    gradient: Vector
    hessian: Vector
    before: Mapping[str, Vector]
    after: Mapping[str, Vector]
    decoupled: float
    decay: Vector
    proximal: float
    step: Vector
    theta_after: Vector
    loss_after: float
    tried: tuple[Trial, ...] = ()

    @property
    def t(self) -> int:
        """The number of the update, from 1."""
        return self.k + 1

    @property
    def taken(self) -> Trial | None:
        """The length that a search takes of those it has tried, None where it stays."""
        return next((trial for trial in self.tried if trial.taken), None)

    @property
    def is_clipped(self) -> bool:
        """Whether clipping has changed its gradient."""
        return bool((self.unclipped != self.clipped).any())


@dataclass(frozen=True, eq=False)
class Line:
    """One equation in LaTeX: `symbol` = each of `rows`, first in symbols, then in numbers.

    The last row is `value`, a number, a vector (2,) or a matrix (2, 2). `note` is a short
    sentence. A vector is written (x, y); squares, roots and fractions of it are taken in each
    coordinate. Each number is rounded by itself, so the rows agree to the digits shown.
    """

    symbol: str
    rows: tuple[str, ...]
    value: Vector | float
    note: str

    @property
    def latex(self) -> str:
        """The equation with its rows below each other, for KaTeX's display mode."""
        rows = r" \\ ".join(f"&= {row}" for row in self.rows)
        return rf"\begin{{aligned}} {self.symbol} {rows} \end{{aligned}}"


def number(value: float, digits: int = DIGITS) -> str:
    r"""Return a number in LaTeX to `digits` digits: 0.25, -1.5 \cdot 10^{-7}, \infty."""
    if math.isnan(value):
        return r"\text{NaN}"
    if math.isinf(value):
        return r"\infty" if value > 0 else r"-\infty"
    if value == 0:
        return "0"
    rounded = f"{value:.{digits - 1}e}"
    mantissa, exponent = rounded.split("e")
    power = int(exponent)
    if -3 <= power < digits:
        return _trimmed(f"{float(rounded):.{digits - 1 - power}f}")
    mantissa = _trimmed(mantissa)
    if mantissa in ("1", "-1"):
        return f"{mantissa[:-1]}10^{{{power}}}"
    return rf"{mantissa} \cdot 10^{{{power}}}"


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def _written(value: Any, digits: int) -> str:
    """Return a number, a vector or a matrix in LaTeX."""
    value = np.asarray(value, np.float64)
    if value.ndim == 0:
        return number(float(value), digits)
    if value.ndim == 1:
        x, y = (number(v, digits) for v in value)
        return rf"({x},\ {y})"
    (a, b), (c, d) = ((number(v, digits) for v in row) for row in value)
    return rf"\begin{{pmatrix}} {a} & {b} \\ {c} & {d} \end{{pmatrix}}"


class Sheet:
    r"""The lines of a formula as they are written.

    An equation is a text with $names, filled once with symbols and once with numbers. Its `\cdot`
    is a thin space between symbols.
    """

    def __init__(self, step: Step, hyperparameters: Iterable[Number], digits: int) -> None:
        self.step = step
        self.lines: list[Line] = []
        self._digits = digits
        self._symbols: dict[str, str] = {}
        self._numbers: dict[str, str] = {}
        self.define("theta0", r"\theta_{t-1}", step.theta)
        self.define("change", r"(\theta_t - \theta_{t-1})", step.step)
        self.define("exact", r"\nabla f(\theta_{t-1})", step.exact)
        self.define("noise", r"\xi_t", step.noise)
        self.define("lr", r"\eta", step.lr)
        self.define("weight_decay", r"\lambda", step.run.weight_decay, HYPER_DIGITS)
        self.define("l1", r"\lambda_1", step.proximal, HYPER_DIGITS)
        for hyper in hyperparameters:
            value, symbol = step.run.hyper[hyper.name], hyper.symbol
            self.define(hyper.name, symbol, value, HYPER_DIGITS)
            # As one number: 1 - 0.99999 would lose the digits that the difference needs.
            self.define(f"{hyper.name}_rest", f"(1-{symbol})", 1 - value)
        for name, row in step.before.items():
            self.define(f"{name}0", f"{name}_{{t-1}}", row)

    def define(self, name: str, symbol: str, value: Any, least_digits: int = 0) -> None:
        """Let `$name` stand for a symbol and a value."""
        self._symbols[name] = symbol
        self._numbers[name] = _written(value, max(self._digits, least_digits))

    def write(self, name: str, symbol: str, value: Any, note: str, *texts: str) -> None:
        """Add a line for `value`, from now on `$name`; more texts are more rows of numbers."""
        self.define(name, symbol, value)
        rows = [Template(texts[0].replace(r"\cdot", r"\,")).substitute(self._symbols)]
        rows += [Template(text).substitute(self._numbers) for text in texts]
        rows.append(self._numbers[name])
        once = tuple(row for row, before in zip(rows, ["", *rows], strict=False) if row != before)
        self.lines.append(Line(symbol, once, value, note))

    def state(self, name: str, text: str, note: str) -> None:
        """Add a line for a row of the state after the update."""
        self.write(name, f"{name}_t", self.step.after[name], note, text)

    def theta(self, text: str, note: str = "") -> None:
        """Add the line for the position after the update."""
        note = note or tr("The new position, and the step as one vector.")
        step = self.step
        if step.proximal > 0:
            # A rule that takes such a step makes one of rate times gradient before.
            half = step.theta - step.lr * step.gradient
            self.write(
                "half", r"\theta_{t-\frac12}", half, tr("The step along the gradient."), text
            )
            text = r"\operatorname{sign}($half) \max(|$half| - $lr \cdot $l1,\ 0)"
            note = tr("The proximal step of L1, not beyond 0; and the step as one vector.")
        self.write("theta", r"\theta_t", self.step.theta_after, note, text, "$theta0 + $change")
