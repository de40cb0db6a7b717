"""One step of a run, taken apart: its parts, its formula in numbers, arrows, local models.

Everything comes from the stored trajectory and the surface's functions: nothing is simulated
again. A step is update k of a run, and t = k + 1 the number that the formulas have.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from string import Template
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from landscape.checks import check_number, shown
from landscape.record import Surface
from optimizers.analysis.measures import CONVENTIONS, convention, curvatures
from optimizers.registry import OPTIMIZERS
from optimizers.simulation.experiment import BIG, RATE, Experiment, Run, Trajectory

Vector = NDArray[np.float64]

DIGITS = 4
# A beta of 0.99999 is not to be written as 1.
HYPER_DIGITS = 6
# As in Newton's rule: a determinant this small beside its terms is their rounding.
SINGULAR = 1e-14


@dataclass(frozen=True, eq=False)
class Step:
    """Update k of a run; vectors are float64 (2,), in the surface's coordinates.

    The rule is given `gradient` = `exact` + `noise` + `coupled` `theta`, where `coupled` is the
    weight decay for the rules that couple it and 0 for the others. `before` and `after`
    hold the rows of its state by name, zeros before the first update. `step` is what was done,
    `theta_after` - `theta`, and `decay` the part of it that decoupled weight decay did, zeros
    where there is none. `hessian` float64 (2, 2) is the surface's at `theta`, for every rule.

    The last step of a diverged run may lead to a position or a loss that is not finite.
    """

    run: Run
    k: int
    lr: float
    theta: Vector
    loss: float
    exact: Vector
    noise: Vector
    coupled: float
    gradient: Vector
    hessian: Vector
    before: Mapping[str, Vector]
    after: Mapping[str, Vector]
    decay: Vector
    step: Vector
    theta_after: Vector
    loss_after: float

    @property
    def t(self) -> int:
        """The number of the update, from 1."""
        return self.k + 1

    @property
    def noisy(self) -> Vector:
        """The gradient of the batch: exact and noise, without weight decay."""
        return self.exact + self.noise

    def choice(self, name: str) -> str:
        """Return the name of what the run chose for a hyperparameter that has choices."""
        numbers = {n.name: n for n in OPTIMIZERS[self.run.optimizer].hyperparameters}
        return numbers[name].choices[int(self.run.hyper[name])]


def inspect_step(experiment: Experiment, trajectory: Trajectory, k: int) -> Step:
    """Return update k of one of the experiment's trajectories.

    Raises ValueError, naming k, its value and its range, unless k is a whole number from 0 to
    the number of updates - 1.
    """
    count = len(trajectory.lr)
    if count == 0:
        raise ValueError(f"k = {shown(k)}: the run made no update")
    k = int(check_number("k", k, 0, count - 1, integer=True))
    run, theta = trajectory.run, trajectory.path[k]
    plan = experiment.plan(run)
    surface, rule = plan.surface, plan.rule
    lr, gradient = float(trajectory.lr[k]), trajectory.gradient[k]
    exact = np.array(surface.gradient(*theta, **experiment.params))
    coupled = plan.coupled * theta
    noise = np.zeros(2)
    if plan.noise > 0:
        noise = gradient - exact - coupled
        # Less than the rounding of what it was added to is no trace of the noise.
        noise[np.abs(noise) <= 4 * np.finfo(float).eps * (np.abs(exact) + np.abs(coupled))] = 0.0
    rows = trajectory.states
    before = rows[k - 1] if k > 0 else np.zeros((len(rule.state), 2))
    hxx, hxy, hyy = surface.hessian(*theta, **experiment.params)
    return Step(
        run=run,
        k=k,
        lr=lr,
        theta=theta,
        loss=float(trajectory.loss[k]),
        exact=exact,
        noise=noise,
        coupled=plan.coupled,
        gradient=gradient,
        hessian=np.array([[hxx, hxy], [hxy, hyy]]),
        before=MappingProxyType(dict(zip(rule.state, before, strict=True))),
        after=MappingProxyType(dict(zip(rule.state, rows[k], strict=True))),
        decay=-lr * plan.decoupled * theta + 0.0,  # no -0
        step=trajectory.path[k + 1] - theta,
        theta_after=trajectory.path[k + 1],
        loss_after=float(trajectory.loss[k + 1]),
    )


# --- The formula in numbers


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


class _Sheet:
    r"""The lines of a formula as they are written.

    An equation is a text with $names, filled once with symbols and once with numbers. Its `\cdot`
    is a thin space between symbols.
    """

    def __init__(self, step: Step, digits: int) -> None:
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
        for hyper in OPTIMIZERS[step.run.optimizer].hyperparameters:
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

    def theta(self, text: str, note: str = "The new position, and the step as one vector.") -> None:
        """Add the line for the position after the update."""
        self.write("theta", r"\theta_t", self.step.theta_after, note, text, "$theta0 + $change")


def formula(step: Step, digits: int = DIGITS) -> list[Line]:
    """Return the rule's formula with the numbers of this step, one line for each equation.

    Numbers have `digits` digits, at least 6 for hyperparameters. The first line is the gradient
    that the rule is given, the last the new position. What a line claims is what the run stored,
    wherever the run stored it.
    """
    with np.errstate(all="ignore"):  # the last numbers of a diverged run may overflow
        sheet = _Sheet(step, digits)
        _given(sheet)
        FORMULAS[step.run.optimizer](sheet)
    return sheet.lines


def _given(sheet: _Sheet) -> None:
    step = sheet.step
    text, parts = "$exact", ["the exact gradient"]
    if step.noise.any():
        text += " + $noise"
        parts.append("the noise of the batch")
    if step.coupled > 0:
        text += r" + $weight_decay \cdot $theta0"
        parts.append("weight decay")
    sheet.write("g", "g_t", step.gradient, f"The rule is given {' + '.join(parts)}.", text)


def _sgd(sheet: _Sheet) -> None:
    sheet.theta(r"$theta0 - $lr \cdot $g")


VELOCITIES = MappingProxyType(
    {
        "PyTorch": (r"$momentum \cdot $v0 + $g", r"$theta0 - $lr \cdot $v", "sums gradients"),
        "Keras": (r"$momentum \cdot $v0 - $lr \cdot $g", "$theta0 + $v", "sums steps"),
        "EMA": (
            r"$momentum \cdot $v0 + $momentum_rest \cdot $g",
            r"$theta0 - $lr \cdot $v",
            "averages gradients",
        ),
    }
)


def _momentum(sheet: _Sheet) -> None:
    velocity, theta, what = VELOCITIES[sheet.step.choice("convention")]
    sheet.state("v", velocity, f"The velocity {what}.")
    sheet.theta(theta)


def _nesterov(sheet: _Sheet) -> None:
    sheet.state("v", r"$momentum \cdot $v0 + $g", "The velocity sums gradients.")
    sheet.theta(r"$theta0 - $lr \cdot \bigl($g + $momentum \cdot $v\bigr)")


ADAPTIVE = r"$theta0 - $lr \cdot \frac{$g}{\sqrt{$s} + $eps}"


def _adagrad(sheet: _Sheet) -> None:
    sheet.state("s", "$s0 + $g^2", "The sum of the squared gradients, in each coordinate.")
    sheet.theta(ADAPTIVE)


def _rmsprop(sheet: _Sheet) -> None:
    text = r"$decay \cdot $s0 + $decay_rest \cdot $g^2"
    sheet.state("s", text, "The mean of the squared gradients, in each coordinate.")
    sheet.theta(ADAPTIVE)


def _corrected(step: Step) -> bool:
    """Tell whether Adam's moments are corrected for their start at zero; AdamW's always are."""
    return "bias_correction" not in step.run.hyper or step.choice("bias_correction") == "on"


def _corrections(step: Step) -> tuple[float, float]:
    """Return what Adam divides its moments by."""
    hyper = step.run.hyper
    if not _corrected(step):
        return 1.0, 1.0
    return 1 - hyper["beta1"] ** step.t, 1 - hyper["beta2"] ** step.t


def _adam(sheet: _Sheet) -> None:
    step, (first, second) = sheet.step, _corrections(sheet.step)
    text = r"$beta1 \cdot $m0 + $beta1_rest \cdot $g"
    sheet.state("m", text, "The first moment: a mean of the gradients.")
    text = r"$beta2 \cdot $v0 + $beta2_rest \cdot $g^2"
    sheet.state("v", text, "The second moment: a mean of their squares, in each coordinate.")
    m, v = "$m", "$v"
    if _corrected(step):
        sheet.define("first", r"1-\beta_1^t", first)
        sheet.define("second", r"1-\beta_2^t", second)
        note = f"The first moment, corrected for its start at zero; t = {step.t}."
        sheet.write("m_hat", r"\hat m_t", step.after["m"] / first, note, r"\frac{$m}{$first}")
        note = "The second moment, corrected in the same way."
        sheet.write("v_hat", r"\hat v_t", step.after["v"] / second, note, r"\frac{$v}{$second}")
        m, v = "$m_hat", "$v_hat"
    decay = r" - $lr \cdot $weight_decay \cdot $theta0" if step.decay.any() else ""
    sheet.theta(rf"$theta0{decay} - $lr \cdot \frac{{{m}}}{{\sqrt{{{v}}} + $eps}}")


def _newton(sheet: _Sheet) -> None:
    step = sheet.step
    d, inverse = _solve(step.hessian, step.gradient), _solve(step.hessian, np.eye(2))
    sheet.define("curvature", r"\nabla^2 f(\theta_{t-1})", step.hessian)
    sheet.define("inverse", "H_t^{-1}", inverse)
    why = NO_MINIMIZER.get(_shape(step.hessian), "Both curvatures are positive.")
    sheet.write("H", "H_t", step.hessian, f"The Hessian. {why}", "$curvature")
    note = "With this gradient the quadratic model is stationary at -d from here."
    sheet.write("d", "d_t", d, note, r"$H^{-1}\,$g", r"$inverse\,$g")
    sheet.theta(r"$theta0 - $lr \cdot $d")


def _lbfgs(sheet: _Sheet) -> None:
    step, before, after = sheet.step, sheet.step.before, sheet.step.after
    g, scaling, count = step.gradient, float(after["scaling"][0]), int(after["pairs"][0])
    first = before["scaling"][0] == 0
    # A gradient that the rule acts on is kept as the previous one.
    if scaling == 0 or (after["previous g"] != g).any():
        sheet.theta("$theta0", "At rest: the gradient is below the rule's tolerance.")
        return
    rate, turned = step.lr, "-$g"
    if first:
        norm = float(np.abs(g).sum())
        rate *= min(1.0, 1 / norm)
        sheet.define("norm", r"\lVert g_t \rVert_1", norm)
        note = "The first step goes down the gradient, no further than the rate."
        sheet.write("rate", "r_t", rate, note, r"$lr \cdot \min\bigl(1,\ 1 / $norm\bigr)")
    else:
        s, y = before["previous step"], g - before["previous g"]
        sheet.define("last", r"\Delta_{t-1}", s)
        sheet.define("previous", "g_{t-1}", before["previous g"])
        # Also one that it refused: the rule remembers what it proposed.
        sheet.write("s", "s_t", s, "The step that the rule remembers.", "$last")
        sheet.write("y", "y_t", y, "What it changed in the gradient.", "$g - $previous")
        kept = any((before[row] != after[row]).any() for row in after if row[0] in "sy")
        note = "The curvature along the step: the pair is kept."
        if not kept:
            note = "The curvature along the step: negative or too small, the pair is not kept."
        sheet.write("ys", "c_t", _dot(y, s), note, r"$y^\top\,$s")
        if kept:
            text = r"\frac{$ys}{$y^\top\,$y}"
            sheet.write("gamma", r"\gamma_t", scaling, "The scale of the inverse Hessian.", text)
        inverse = _two_loops(after, np.eye(2))
        sheet.define("learned", rf"\text{{two loops, pairs stored: }} {count}", inverse)
        note = "The inverse Hessian, as far as the pairs tell it."
        sheet.write("H", "H_t", inverse, note, "$learned")
        turned = r"-$H\,$g"
    d = _two_loops(after, -g)
    sheet.write("d", "d_t", d, f"The direction; pairs stored: {count}.", turned)
    # The rule refuses a step that would have moved theta.
    if not step.step.any() and (step.theta + rate * d != step.theta).any():
        sheet.theta("$theta0", "At rest: the step promises to lower the loss by too little.")
    else:
        sheet.theta(rf"$theta0 + {'$rate' if first else '$lr'} \cdot $d")


def _two_loops(state: Mapping[str, Vector], q: Vector) -> Vector:
    """Return H q, for a vector or the columns of a matrix (Nocedal and Wright, algorithm 7.4)."""
    pairs = [(state[f"s{i}"], state[f"y{i}"]) for i in range(1, int(state["pairs"][0]) + 1)]
    weights = []
    for s, y in reversed(pairs):
        weights.append(_dot(s, q) / _dot(y, s))
        q = q - np.multiply.outer(y, weights[-1])
    q = state["scaling"][0] * q
    for s, y in pairs:
        q = q + np.multiply.outer(s, weights.pop() - _dot(y, q) / _dot(y, s))
    return q


def _dot(a: Vector, b: Vector) -> Any:
    # Not `@`: a library's product may round in another way than the rule does.
    return a[0] * b[0] + a[1] * b[1]


FORMULAS: Mapping[str, Callable[[_Sheet], None]] = MappingProxyType(
    {
        "SGD": _sgd,
        "Momentum": _momentum,
        "Nesterov": _nesterov,
        "AdaGrad": _adagrad,
        "RMSProp": _rmsprop,
        "Adam": _adam,
        "AdamW": _adam,
        "Newton": _newton,
        "L-BFGS": _lbfgs,
    }
)


# --- Arrows

GRADIENT, NOISY_GRADIENT, WEIGHT_DECAY, STEP = "gradient", "noisy gradient", "weight decay", "step"
VELOCITY, FIRST_MOMENT = "velocity", "first moment"


@dataclass(frozen=True)
class Arrow:
    """An arrow from the step's theta by `vector`, in the surface's coordinates."""

    name: str
    vector: tuple[float, float]


def arrows(step: Step) -> list[Arrow]:
    """Return the step and what it is made of, all as displacements that can be compared.

    `step` has its true length. `gradient` and, where the batch is noisy, `noisy gradient` are
    -lr times the gradient: the step that plain SGD would have taken, downhill. `weight decay` is
    -lr wd theta, whether the rule couples it or not. `velocity`, or Adam's `first moment`, is the
    share of the step that the rule remembers, its part from the state before the update, with
    Adam's division by the root of the second moment. So for SGD, and for Momentum as in PyTorch
    and Keras, velocity + noisy gradient + weight decay = step.
    """
    with np.errstate(all="ignore"):
        found = [(GRADIENT, -step.lr * step.exact)]
        if step.noise.any():
            found.append((NOISY_GRADIENT, -step.lr * step.noisy))
        if step.run.weight_decay > 0:
            found.append((WEIGHT_DECAY, -step.lr * step.run.weight_decay * step.theta))
        found += [*_remembered(step), (STEP, step.step)]
    # + 0.0 makes a 0 of -0.
    return [Arrow(name, (float(v[0]) + 0.0, float(v[1]) + 0.0)) for name, v in found]


def _remembered(step: Step) -> list[tuple[str, Vector]]:
    """Return the part of the step that is not this gradient's, for the rules that have one."""
    hyper, lr = step.run.hyper, step.lr
    match step.run.optimizer:
        case "Momentum":
            scale = 1.0 if step.choice("convention") == "Keras" else -lr
            return [(VELOCITY, scale * hyper["momentum"] * step.before["v"])]
        case "Nesterov":
            return [(VELOCITY, -lr * hyper["momentum"] ** 2 * step.before["v"])]
        case "Adam" | "AdamW":
            first, second = _corrections(step)
            root = np.sqrt(step.after["v"] / second) + hyper["eps"]
            return [(FIRST_MOMENT, -lr * hyper["beta1"] * step.before["m"] / first / root)]
    return []


# --- Local models

BOWL, SADDLE_SHAPED, DOME, DEGENERATE = "bowl", "saddle", "dome", "degenerate"
NO_MINIMIZER: Mapping[str, str] = MappingProxyType(
    {
        SADDLE_SHAPED: "One curvature is negative: the quadratic model is a saddle.",
        DOME: "Both curvatures are negative: the quadratic model is a dome.",
        DEGENERATE: "The Hessian is singular: the quadratic model has no single stationary point.",
    }
)


def _solve(hessian: Vector, right: Vector) -> Vector:
    """Return H^-1 times a vector or the columns of a matrix, by Cramer's rule, as Newton does."""
    (hxx, hxy), (_, hyy) = hessian
    upper, lower = hyy * right[0] - hxy * right[1], hxx * right[1] - hxy * right[0]
    return np.array([upper, lower]) / (hxx * hyy - hxy * hxy)


def _shape(hessian: Vector) -> str:
    (hxx, hxy), (_, hyy) = hessian
    det = hxx * hyy - hxy * hxy
    if not abs(det) > SINGULAR * (hxx * hxx + 2 * hxy * hxy + hyy * hyy):
        return DEGENERATE
    if det < 0:
        return SADDLE_SHAPED
    return BOWL if hxx + hyy > 0 else DOME


@dataclass(frozen=True, eq=False)
class Model:
    """A Taylor polynomial of the loss at `theta`; model(x, y) is its value there.

    `gradient` float64 (2,), `hessian` float64 (2, 2), zeros for a plane, and its `eigenvalues`,
    the larger first. `stationary` (2,) is where the model is level: the point that Newton's full
    step leads to, None if there is no single one. `minimizer` is the same point where that is the
    model's minimum, else None, for the `reason` given.
    """

    theta: Vector
    loss: float
    gradient: Vector
    hessian: Vector
    eigenvalues: tuple[float, float]
    stationary: Vector | None
    minimizer: Vector | None
    reason: str | None

    def __call__(self, x: ArrayLike, y: ArrayLike) -> Any:
        """Return the model's values at (x, y), numbers or arrays of any common shape."""
        dx, dy = (
            np.asarray(x, np.float64) - self.theta[0],
            np.asarray(y, np.float64) - self.theta[1],
        )
        (hxx, hxy), (_, hyy) = self.hessian
        slope = self.gradient[0] * dx + self.gradient[1] * dy
        return self.loss + slope + (hxx * dx * dx + 2 * hxy * dx * dy + hyy * dy * dy) / 2


def taylor(
    surface: Surface, params: Mapping[str, float], theta: Sequence[float] | Vector, order: int
) -> Model:
    """Return the model of order 1, the tangent plane, or 2, the quadratic, at theta (two numbers).

    Raises ValueError for another order, a coordinate that is not finite or beyond 1e6, and for
    parameters that are unknown or out of range.
    """
    order = int(check_number("order", order, 1, 2, integer=True))
    if np.shape(theta) != (2,):
        raise ValueError(f"theta = {shown(theta)}: must be two numbers")
    x, y = (check_number("theta", value, -BIG, BIG) for value in theta)
    at, gradient = np.array([x, y]), np.array(surface.gradient(x, y, **params))
    hxx, hxy, hyy = surface.hessian(x, y, **params) if order == 2 else (0.0, 0.0, 0.0)
    hessian = np.array([[hxx, hxy], [hxy, hyy]])
    shape = _shape(hessian)
    stationary = None if shape == DEGENERATE else at - _solve(hessian, gradient)
    reason = NO_MINIMIZER.get(shape) if order == 2 else "A plane has no single lowest point."
    larger, smaller = curvatures(hxx, hxy, hyy)
    return Model(
        theta=at,
        loss=float(surface.loss(x, y, **params)),
        gradient=gradient,
        hessian=hessian,
        eigenvalues=(float(larger), float(smaller)),
        stationary=stationary,
        minimizer=stationary if shape == BOWL else None,
        reason=reason,
    )


# --- Momentum's conventions


def equal_rates(hyper: Mapping[str, Any], lr: float) -> dict[str, float]:
    """Return the rate at which each of Momentum's conventions makes the run of (hyper, lr).

    The share `momentum` is the same in all. They are equal at a constant rate; under a schedule,
    a warm-up included, PyTorch and EMA still are, and Keras is not: its velocity holds the steps
    at the rates of their time, the others' is multiplied by the rate of now.

    Raises ValueError for a hyperparameter or a rate out of range, as Run does.
    """
    values = OPTIMIZERS["Momentum"].resolve(hyper)
    lr = check_number("lr", lr, *RATE)
    rest = 1 - values["momentum"]
    sums = lr * rest if convention(values) == "EMA" else lr
    return {name: sums / rest if name == "EMA" else sums for name in CONVENTIONS}


def conversion(hyper: Mapping[str, Any], lr: float) -> list[str]:
    """Return, in plain sentences, Momentum's settings in the other conventions that equal these.

    Raises ValueError as `equal_rates` does.
    """
    rates, values = equal_rates(hyper, lr), OPTIMIZERS["Momentum"].resolve(hyper)
    own, mu = convention(values), values["momentum"]
    lines = [f"{own} at lr {lr:.6g}, momentum {mu:.6g} makes the same run as"]
    for name in CONVENTIONS:
        if name != own:
            how = ""
            if name == "EMA":
                how = f" = {lr:.6g} / (1 - {mu:.6g})"
            elif own == "EMA":
                how = f" = {lr:.6g} (1 - {mu:.6g})"
            lines.append(f"{name} at lr {rates[name]:.6g}{how}, momentum {mu:.6g}")
    lines.append(
        "if the rate is constant. Under a schedule or a warm-up PyTorch and EMA stay equal;"
        " Keras differs, because its velocity keeps the rates of the steps it sums."
    )
    return lines
