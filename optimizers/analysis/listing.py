"""A run of an experiment as a short script: in plain Python, and with torch.optim.

Both scripts stand alone and leave the positions in `path`, a list of (x, y). A part that the run
does not use (noise, schedule, warm-up, weight decay, a parameter that is 0) is not written.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from textwrap import dedent, indent
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np

from optimizers.record import COUPLED, DECOUPLED
from optimizers.registry import OPTIMIZERS
from optimizers.simulation.experiment import (
    Experiment,
    Run,
    simulate,
)
from optimizers.simulation.schedules import SCHEDULES

WIDTH = 88  # columns, as Python's formatters have it
TAB = "    "
IMPORTS = {"math": "import math", "np": "import numpy as np", "torch": "import torch"}

Text = TypeVar("Text")
# A text by the name of what it writes down, or by (name, number, value): that text is taken where
# the named number has this value. A number is listed if the text speaks of it.
Texts = Mapping[str | tuple[str, str, float], Text]


@dataclass(frozen=True)
class SurfaceText:
    """Bodies of gradient(x, y) and hessian(x, y) for `math`, and of loss(theta) for `torch`."""

    gradient: str
    hessian: str
    loss: str


@dataclass(frozen=True)
class RuleText:
    """The two texts of an update rule.

    In plain Python it is a class: `state` is what its __init__ adds, `step` the body of
    step(theta, g), `before` what the module needs beside it. In PyTorch it is the class `optim`
    with `arguments` (hyperparameters in braces) or, where PyTorch has none, the lines `hand` of
    the loop, from `theta`, `g`, `loss`, `lr` and the hyperparameters, after `hand_state`.
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


SURFACE_TEXTS: Texts[SurfaceText] = MappingProxyType(
    {
        "Ackley": SurfaceText(
            gradient="""
                w = 2 * math.pi
                r = math.sqrt((x**2 + y**2) / 2) or math.inf  # no funnel at the cusp
                slope = 2 * math.exp(-0.2 * r) / r
                wave = w / 2 * math.exp((math.cos(w * x) + math.cos(w * y)) / 2)
                gx = slope * x + wave * math.sin(w * x)
                gy = slope * y + wave * math.sin(w * y)
                return gx, gy
            """,
            hessian="""
                w = 2 * math.pi
                r = math.sqrt((x**2 + y**2) / 2) or math.inf  # no funnel at the cusp
                slope = 2 * math.exp(-0.2 * r) / r
                bend = (0.2 + 1 / r) / (2 * r)
                wave = w**2 / 2 * math.exp((math.cos(w * x) + math.cos(w * y)) / 2)
                sx, sy = math.sin(w * x), math.sin(w * y)
                hxx = slope * (1 - bend * x**2) + wave * (math.cos(w * x) - sx**2 / 2)
                hxy = -slope * bend * x * y - wave / 2 * sx * sy
                hyy = slope * (1 - bend * y**2) + wave * (math.cos(w * y) - sy**2 / 2)
                return hxx, hxy, hyy
            """,
            loss="""
                r = torch.linalg.norm(theta) / 2**0.5
                wave = torch.exp(torch.cos(2 * torch.pi * theta).mean())
                return 20 - 20 * torch.exp(-0.2 * r) + torch.e - wave
            """,
        ),
        "Beale": SurfaceText(
            gradient="""
                u = 1.5 - x + x * y
                v = 2.25 - x + x * y**2
                w = 2.625 - x + x * y**3
                gx = 2 * (u * (y - 1) + v * (y**2 - 1) + w * (y**3 - 1))
                gy = 2 * x * (u + 2 * y * v + 3 * y**2 * w)
                return gx, gy
            """,
            hessian="""
                u = 1.5 - x + x * y
                v = 2.25 - x + x * y**2
                w = 2.625 - x + x * y**3
                hxx = 2 * ((y - 1) ** 2 + (y**2 - 1) ** 2 + (y**3 - 1) ** 2)
                hxy = x * (y - 1) + 2 * x * y * (y**2 - 1) + 3 * x * y**2 * (y**3 - 1)
                hxy = 2 * (hxy + u + 2 * y * v + 3 * y**2 * w)
                hyy = 2 * x * (x + 4 * x * y**2 + 9 * x * y**4 + 2 * v + 6 * y * w)
                return hxx, hxy, hyy
            """,
            loss="""
                x, y = theta
                u = 1.5 - x + x * y
                v = 2.25 - x + x * y**2
                w = 2.625 - x + x * y**3
                return u**2 + v**2 + w**2
            """,
        ),
        "Himmelblau": SurfaceText(
            gradient="""
                u = x**2 + y - 11
                v = x + y**2 - 7
                return 4 * x * u + 2 * v, 2 * u + 4 * y * v
            """,
            hessian="""
                u = x**2 + y - 11
                v = x + y**2 - 7
                return 8 * x**2 + 4 * u + 2, 4 * x + 4 * y, 8 * y**2 + 4 * v + 2
            """,
            loss="""
                x, y = theta
                return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2
            """,
        ),
        "Local-minima valley": SurfaceText(
            gradient="""
                off = y - x / 2
                return 2 * (x + 1) * (x - saddle) * (x - 1) - off, 2 * off
            """,
            hessian="return 6 * x**2 - 4 * saddle * x - 1.5, -1.0, 2.0",
            loss="""
                x, y = theta
                wells = (x**2 - 1) ** 2 / 2 + 2 / 3 * saddle * (2 - x) * (x + 1) ** 2
                return (y - x / 2) ** 2 + wells
            """,
        ),
        "Monkey saddle": SurfaceText(
            gradient="return 3 * x**2 - 3 * y**2, -6 * x * y",
            hessian="return 6 * x, -6 * y, -6 * x",
            loss="""
                x, y = theta
                return x**3 - 3 * x * y**2
            """,
        ),
        "Quadratic": SurfaceText(
            gradient="""
                angle = math.radians(rotation)
                c, s = math.cos(angle), math.sin(angle)
                u, v = scale * (c * x + s * y), scale * condition * (c * y - s * x)
                return c * u - s * v, s * u + c * v
            """,
            hessian="""
                angle = math.radians(rotation)
                c, s = math.cos(angle), math.sin(angle)
                hxx = scale * (c**2 + condition * s**2)
                hxy = scale * (1 - condition) * c * s
                hyy = scale * (s**2 + condition * c**2)
                return hxx, hxy, hyy
            """,
            loss="""
                x, y = theta
                angle = math.radians(rotation)
                c, s = math.cos(angle), math.sin(angle)
                u, v = c * x + s * y, c * y - s * x
                return scale / 2 * (u**2 + condition * v**2)
            """,
        ),
        ("Quadratic", "rotation", 0.0): SurfaceText(
            gradient="return scale * x, scale * condition * y",
            hessian="return scale, 0.0, scale * condition",
            loss="""
                x, y = theta
                return scale / 2 * (x**2 + condition * y**2)
            """,
        ),
        "Rastrigin": SurfaceText(
            gradient="""
                w = 2 * math.pi
                gx = 2 * x + amplitude * w * math.sin(w * x)
                gy = 2 * y + amplitude * w * math.sin(w * y)
                return gx, gy
            """,
            hessian="""
                w = 2 * math.pi
                hxx = 2 + amplitude * w**2 * math.cos(w * x)
                hyy = 2 + amplitude * w**2 * math.cos(w * y)
                return hxx, 0.0, hyy
            """,
            loss="""
                ripples = amplitude * (1 - torch.cos(2 * torch.pi * theta))
                return (theta**2 + ripples).sum()
            """,
        ),
        "Rosenbrock": SurfaceText(
            gradient="""
                off = y - x**2
                return -2 * (1 - x) - 4 * b * x * off, 2 * b * off
            """,
            hessian="return 2 - 4 * b * (y - 3 * x**2), -4 * b * x, 2 * b",
            loss="""
                x, y = theta
                return (1 - x) ** 2 + b * (y - x**2) ** 2
            """,
        ),
        "Saddle": SurfaceText(
            gradient="return x, y**3 - y",
            hessian="return 1.0, 0.0, 3 * y**2 - 1",
            loss="""
                x, y = theta
                return x**2 / 2 - y**2 / 2 + y**4 / 4
            """,
        ),
        "Six-hump camel": SurfaceText(
            gradient="""
                gx = (8 - 8.4 * x**2 + 2 * x**4) * x + y
                gy = x + (-8 + 16 * y**2) * y
                return gx, gy
            """,
            hessian="return 8 - 25.2 * x**2 + 10 * x**4, 1.0, -8 + 48 * y**2",
            loss="""
                x, y = theta
                return (4 - 2.1 * x**2 + x**4 / 3) * x**2 + x * y + (-4 + 4 * y**2) * y**2
            """,
        ),
        "Styblinski-Tang": SurfaceText(
            gradient="return 2 * x**3 - 16 * x + 2.5, 2 * y**3 - 16 * y + 2.5",
            hessian="return 6 * x**2 - 16, 0.0, 6 * y**2 - 16",
            loss="return (theta**4 - 16 * theta**2 + 5 * theta).sum() / 2",
        ),
        "Three-hump camel": SurfaceText(
            gradient="return 4 * x - 4.2 * x**3 + x**5 + y, x + 2 * y",
            hessian="return 4 - 12.6 * x**2 + 5 * x**4, 1.0, 2.0",
            loss="""
                x, y = theta
                return 2 * x**2 - 1.05 * x**4 + x**6 / 6 + x * y + y**2
            """,
        ),
    }
)

DOT = """
    def dot(a, b):
        return a[0] * b[0] + a[1] * b[1]
"""

ADAM_STEP = """
    self.t += 1
    for i in range(2):
        self.m[i] = self.beta1 * self.m[i] + (1 - self.beta1) * g[i]
        self.v[i] = self.beta2 * self.v[i] + (1 - self.beta2) * g[i] ** 2
        m_hat = self.m[i] / (1 - self.beta1**self.t)
        v_hat = self.v[i] / (1 - self.beta2**self.t)
        theta[i] -= self.lr * m_hat / (math.sqrt(v_hat) + self.eps)
"""

RULE_TEXTS: Texts[RuleText] = MappingProxyType(
    {
        "SGD": RuleText(
            name="SGD",
            step="""
                for i in range(2):
                    theta[i] -= self.lr * g[i]
            """,
            optim="SGD",
        ),
        "Momentum": RuleText(
            name="Momentum",
            state="self.v = [0.0, 0.0]",
            step="""
                for i in range(2):
                    self.v[i] = self.momentum * self.v[i] + g[i]
                    theta[i] -= self.lr * self.v[i]
            """,
            optim="SGD",
            arguments=("lr={lr}", "momentum={momentum}"),
        ),
        ("Momentum", "convention", 1.0): RuleText(  # Keras
            name="Momentum",
            state="self.v = [0.0, 0.0]",
            step="""
                for i in range(2):
                    self.v[i] = self.momentum * self.v[i] - self.lr * g[i]
                    theta[i] += self.v[i]
            """,
            hand_state="v = torch.zeros_like(theta)",
            hand="""
                v = momentum * v - lr * g
                theta = theta + v
            """,
        ),
        ("Momentum", "convention", 2.0): RuleText(  # EMA
            name="Momentum",
            state="self.v = [0.0, 0.0]",
            step="""
                for i in range(2):
                    self.v[i] = self.momentum * self.v[i] + (1 - self.momentum) * g[i]
                    theta[i] -= self.lr * self.v[i]
            """,
            # Not dampening=momentum: with it PyTorch's first velocity is g all the same.
            optim="SGD",
            arguments=("lr={lr} * (1 - {momentum})", "momentum={momentum}"),
        ),
        "Nesterov": RuleText(
            name="Nesterov",
            state="self.v = [0.0, 0.0]",
            step="""
                for i in range(2):
                    self.v[i] = self.momentum * self.v[i] + g[i]
                    theta[i] -= self.lr * (g[i] + self.momentum * self.v[i])
            """,
            optim="SGD",
            arguments=("lr={lr}", "momentum={momentum}", "nesterov=True"),
        ),
        # PyTorch refuses nesterov=True here, and it is the same.
        ("Nesterov", "momentum", 0.0): RuleText(
            name="Nesterov",
            step="""
                for i in range(2):  # with momentum 0, gradient descent
                    theta[i] -= self.lr * g[i]
            """,
            optim="SGD",
        ),
        "AdaGrad": RuleText(
            name="AdaGrad",
            state="self.s = [0.0, 0.0]",
            step="""
                for i in range(2):
                    self.s[i] += g[i] ** 2
                    theta[i] -= self.lr * g[i] / (math.sqrt(self.s[i]) + self.eps)
            """,
            optim="Adagrad",
            arguments=("lr={lr}", "eps={eps}"),
        ),
        "RMSProp": RuleText(
            name="RMSProp",
            state="self.s = [0.0, 0.0]",
            step="""
                for i in range(2):
                    self.s[i] = self.decay * self.s[i] + (1 - self.decay) * g[i] ** 2
                    theta[i] -= self.lr * g[i] / (math.sqrt(self.s[i]) + self.eps)
            """,
            optim="RMSprop",
            arguments=("lr={lr}", "alpha={decay}", "eps={eps}"),
        ),
        "Adam": RuleText(
            name="Adam",
            state="self.m, self.v, self.t = [0.0, 0.0], [0.0, 0.0], 0",
            step=ADAM_STEP,
            optim="Adam",
            arguments=("lr={lr}", "betas=({beta1}, {beta2})", "eps={eps}"),
        ),
        ("Adam", "bias_correction", 1.0): RuleText(  # off
            name="Adam",
            state="self.m, self.v = [0.0, 0.0], [0.0, 0.0]",
            step="""
                for i in range(2):
                    self.m[i] = self.beta1 * self.m[i] + (1 - self.beta1) * g[i]
                    self.v[i] = self.beta2 * self.v[i] + (1 - self.beta2) * g[i] ** 2
                    theta[i] -= self.lr * self.m[i] / (math.sqrt(self.v[i]) + self.eps)
            """,
            hand_state="m, v = torch.zeros_like(theta), torch.zeros_like(theta)",
            hand="""
                m = beta1 * m + (1 - beta1) * g
                v = beta2 * v + (1 - beta2) * g**2
                theta = theta - lr * m / (torch.sqrt(v) + eps)
            """,
        ),
        "AdamW": RuleText(
            name="AdamW",
            state="self.m, self.v, self.t = [0.0, 0.0], [0.0, 0.0], 0",
            step=ADAM_STEP,
            optim="AdamW",
            arguments=("lr={lr}", "betas=({beta1}, {beta2})", "eps={eps}"),
        ),
        "Newton": RuleText(
            name="Newton",
            step="""
                hxx, hxy, hyy = self.hessian(*theta)
                det = hxx * hyy - hxy**2
                theta[0] -= self.lr * (hyy * g[0] - hxy * g[1]) / det
                theta[1] -= self.lr * (hxx * g[1] - hxy * g[0]) / det
            """,
            hand="""
                hessian = torch.func.hessian(loss)(theta)
                theta = theta - lr * torch.linalg.solve(hessian, g)
            """,
        ),
        "L-BFGS": RuleText(
            name="LBFGS",
            before=DOT,
            state="self.pairs, self.gamma, self.last = [], 1.0, None",
            step="""
                if max(map(abs, g)) <= 1e-7:
                    return  # at rest
                lr = self.lr
                if self.last is None:
                    lr *= min(1.0, 1.0 / sum(map(abs, g)))
                else:
                    s, old_g = self.last
                    y = [g[i] - old_g[i] for i in range(2)]
                    if dot(s, y) > 1e-10:  # the curvature along s is positive
                        self.pairs = [*self.pairs, (s, y)][-self.history :]
                        self.gamma = dot(s, y) / dot(y, y)
                d, alphas = [-g[0], -g[1]], []
                for s, y in reversed(self.pairs):
                    alphas.append(dot(s, d) / dot(s, y))
                    d = [d[i] - alphas[-1] * y[i] for i in range(2)]
                d = [self.gamma * d[i] for i in range(2)]
                for s, y in self.pairs:
                    weight = alphas.pop() - dot(y, d) / dot(s, y)
                    d = [d[i] + weight * s[i] for i in range(2)]
                self.last = [lr * d[i] for i in range(2)], g
                if dot(g, d) <= -1e-9:  # else at rest
                    theta[:] = [theta[i] + lr * d[i] for i in range(2)]
            """,
            optim="LBFGS",
            arguments=("lr={lr}", "max_iter=1", "history_size={history}"),
            closure=True,
        ),
    }
)

# The first line of step(theta, g).
DECAY_TEXTS = MappingProxyType(
    {
        COUPLED: "g = [d + self.weight_decay * p for d, p in zip(g, theta)]",
        DECOUPLED: "theta[:] = [p * (1 - self.lr * self.weight_decay) for p in theta]",
    }
)

# What schedule(t) returns, without a warm-up.
SCHEDULE_TEXTS: Texts[str] = MappingProxyType(
    {
        "Constant": "1.0",
        "Step": "factor ** sum(t >= cut for cut in cuts)",
        "Exponential": "final ** (t / (steps - 1))",
        "Cosine": "final + (1 - final) * (1 + math.cos(math.pi * t / (steps - 1))) / 2",
        ("Cosine", "final", 0.0): "(1 + math.cos(math.pi * t / (steps - 1))) / 2",
        "Linear": "1 - (1 - final) * t / (steps - 1)",
        ("Linear", "final", 0.0): "1 - t / (steps - 1)",
        "Inverse sqrt": "1 / math.sqrt(1 + t / timescale)",
    }
)
WARMUP_TEXT = "min(1.0, (t + 1) / (warmup + 1))"


def plain_python(experiment: Experiment, run: Run) -> str:
    """Return a script that repeats `run` with the standard library, its rule as a class.

    Where the gradient is noisy it takes the seed's draws from NumPy. The arithmetic is written as
    in the papers: `path` differs from the run's by rounding.
    """
    parts = _parts(experiment, run)
    surface, rule, decay = parts.surface, parts.rule, run.weight_decay
    hyper = {n: text for n, text in parts.hyper.items() if _speaks(rule.step, f"self.{n}")}
    functions = [_function("gradient(x, y)", surface.gradient, experiment.surface)]
    if _speaks(rule.step, "self.hessian"):
        functions.append(_function("hessian(x, y)", surface.hessian, experiment.surface))
        hyper["hessian"] = "hessian"
    if rule.before:
        functions.append(_block(rule.before))
    general = {"lr": "lr" if parts.schedule else parts.lr}
    step = _block(rule.step)
    if decay > 0:
        general["weight_decay"] = repr(decay)
        step = f"{DECAY_TEXTS[OPTIMIZERS[run.optimizer].weight_decay]}\n{step}"
    arguments = {**general, **hyper}
    fields = [
        f"{', '.join(f'self.{name}' for name in names)} = {', '.join(names)}"
        for names in filter(None, (general, hyper))
    ]
    init = _function(
        f"__init__({', '.join(['self', *arguments])})",
        "\n".join([*fields, *([rule.state] if rule.state else [])]),
    )
    methods = f"{init}\n\n{_function('step(self, theta, g)', step)}"
    functions.append(f"class {rule.name}:\n{indent(methods, TAB)}")

    keywords = [f"{name}={text}" for name, text in arguments.items()]
    before = [
        f"theta = [{parts.start}]",
        "path = [tuple(theta)]",
        *([f"lr = {parts.lr}"] if parts.schedule else []),
        _call(f"optimizer = {rule.name}", keywords),
    ]
    loop = ["optimizer.lr = lr * schedule(t)"] if parts.schedule else []
    if parts.noise:
        loop.append("g = [d + e for d, e in zip(gradient(*theta), noise[t])]")
        loop.append("optimizer.step(theta, g)")
    else:
        loop.append("optimizer.step(theta, gradient(*theta))")
    loop.append("path.append(tuple(theta))")
    noise = "noise = (spread * rng.standard_normal((steps, 2))).tolist()"
    return _script(parts, noise, functions, [*before, *_loop(parts, loop)])


def pytorch(experiment: Experiment, run: Run) -> str:
    """Return a script that repeats `run` with PyTorch, in float64.

    The gradient is autograd's; the draws of a noisy one are NumPy's, as in the run.
    """
    parts = _parts(experiment, run)
    rule = parts.rule
    theta = [f"[{parts.start}]", "dtype=torch.float64"]
    before = ["path = [tuple(theta.tolist())]"]
    if rule.optim:
        theta.append("requires_grad=True")
        arguments = ["[theta]", *(a.format(lr=parts.lr, **parts.hyper) for a in rule.arguments)]
        # Where it decouples the decay, PyTorch's default is not 0.
        if run.weight_decay > 0 or OPTIMIZERS[run.optimizer].weight_decay == DECOUPLED:
            arguments.append(f"weight_decay={run.weight_decay!r}")
        before.append(_call(f"optimizer = torch.optim.{rule.optim}", arguments))
        if parts.schedule:
            before.append("scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, schedule)")
        noise = ["theta.grad += noise[t]"] if parts.noise else []
        if rule.closure:
            body = ["optimizer.zero_grad()", "value = loss(theta)", "value.backward()", *noise]
            closure = _function("closure()", "\n".join([*body, "return value"]))
            before += ["", "", closure, "", ""]
            loop = ["optimizer.step(closure)"]
        else:
            loop = ["optimizer.zero_grad()", "loss(theta).backward()", *noise, "optimizer.step()"]
        if parts.schedule:
            loop.append("scheduler.step()")
    else:
        rate = f"lr = {parts.lr}"
        loop = [f"{rate} * schedule(t)"] if parts.schedule else []
        before += [] if parts.schedule else [rate]
        before += [f"{n} = {text}" for n, text in parts.hyper.items() if _speaks(rule.hand, n)]
        before += [rule.hand_state] if rule.hand_state else []
        gradient = ["torch.func.grad(loss)(theta)"]
        gradient += ["noise[t]"] if parts.noise else []
        gradient += [f"{run.weight_decay!r} * theta"] if run.weight_decay > 0 else []
        loop += [f"g = {' + '.join(gradient)}", *_block(rule.hand).splitlines()]
    before.insert(0, _call("theta = torch.tensor", theta))
    loop.append("path.append(tuple(theta.tolist()))")
    draws = "noise = torch.tensor(spread * rng.standard_normal((steps, 2)))"
    functions = [_function("loss(theta)", parts.surface.loss, experiment.surface)]
    return _script(parts, draws, functions, [*before, *_loop(parts, loop)])


@dataclass(frozen=True)
class _Parts:
    """What both listings are made of; numbers are text already."""

    surface: SurfaceText
    params: Mapping[str, str]
    rule: RuleText
    hyper: Mapping[str, str]
    lr: str
    start: str
    steps: int
    updates: int  # of the steps, those that the run did
    reason: str  # why it did no more
    schedule: str  # the function, "" where the rate is constant
    numbers: Mapping[str, str]  # the schedule's
    noise: Sequence[str]  # the lines that make `spread` and `rng`, none for an exact gradient

    @property
    def counts(self) -> bool:
        """Whether a line outside the loop speaks of `steps`."""
        return bool(self.noise) or _speaks(self.schedule, "steps")


def _parts(experiment: Experiment, run: Run) -> _Parts:
    plan = experiment.plan(run)
    surface, rule = plan.surface, plan.rule
    (trajectory,) = simulate(dataclasses.replace(experiment, runs=(run,)))
    reason = "it has diverged" if trajectory.diverged_at is not None else ""
    if trajectory.stopped:
        reason = "the Hessian is singular"
    noise = [
        f"samples, batch = {experiment.samples}, {plan.batch_size}  # drawn without replacement",
        f"spread = {experiment.noise!r} * math.sqrt((samples - batch) / (batch * (samples - 1)))",
        f"rng = np.random.default_rng({plan.seed})",
    ]
    schedule, numbers = _schedule(run, plan.steps, plan.updates_per_epoch)
    return _Parts(
        surface=_text_of(SURFACE_TEXTS, surface.name, experiment.params),
        params={name: repr(value) for name, value in experiment.params.items()},
        rule=_text_of(RULE_TEXTS, rule.name, run.hyper),
        hyper={
            h.name: repr(int(run.hyper[h.name]) if h.integer else run.hyper[h.name])
            for h in rule.hyperparameters
        },
        lr=repr(float(plan.lr)),
        start=", ".join(map(repr, plan.start)),
        steps=plan.steps,
        updates=len(trajectory.lr),
        reason=reason,
        schedule=schedule,
        numbers=numbers,
        noise=noise if plan.noise > 0 else (),
    )


def _schedule(run: Run, steps: int, updates_per_epoch: int) -> tuple[str, dict[str, str]]:
    """Return the function schedule(t), "" where it is always 1, and the numbers it may name."""
    schedule, params = SCHEDULES[run.schedule], run.schedule_params
    numbers = {name: repr(value) for name, value in params.items()}
    if schedule.stepped:
        # The schedule says itself how many updates come before a milestone.
        alone = (
            schedule.factors(
                steps, {**params, "factor": 0.5, "milestones": (m,)}, 0, updates_per_epoch
            )
            for m in params["milestones"]
        )
        cuts = (int(np.count_nonzero(factors == 1.0)) for factors in alone)
        numbers["cuts"] = str([cut for cut in cuts if cut < steps])
    # Of a cosine that ends where it begins, each factor is 1 but for rounding.
    factors = schedule.factors(steps, params, 0, updates_per_epoch)
    flat = np.allclose(factors, 1.0, rtol=0.0, atol=1e-15)
    lines = [] if flat else [f"return {_text_of(SCHEDULE_TEXTS, schedule.name, params)}"]
    if run.warmup:
        numbers["warmup"] = str(run.warmup)
        lines = [line.replace("return", "decay =") for line in lines]
        lines.append("return " + "decay * " * len(lines) + WARMUP_TEXT)
    return _function("schedule(t)", "\n".join(lines)) if lines else "", numbers


def _text_of(texts: Texts[Text], name: str, numbers: Mapping[str, Any]) -> Text:
    keys = ((name, number, value) for number, value in numbers.items())
    return next((texts[key] for key in keys if key in texts), texts[name])


def _speaks(text: str, name: str) -> bool:
    return re.search(rf"\b{re.escape(name)}\b", text) is not None


def _block(text: str) -> str:
    return dedent(text).strip()


def _function(head: str, body: str, comment: str = "") -> str:
    return f"def {head}:{comment and '  # ' + comment}\n{indent(_block(body), TAB)}"


def _call(head: str, arguments: Sequence[str]) -> str:
    """Return a call in one line; else with its arguments in one line, else in one each."""
    line = f"{head}({', '.join(arguments)})"
    if len(line) <= WIDTH:
        return line
    inner = TAB + ", ".join(arguments)
    if len(inner) > WIDTH:
        inner = "\n".join(f"{TAB}{argument}," for argument in arguments)
    return f"{head}(\n{inner}\n)"


def _loop(parts: _Parts, body: Iterable[str]) -> list[str]:
    name = "t" if parts.schedule or parts.noise else "_"
    count, comment = "steps" if parts.counts else str(parts.steps), ""
    if parts.reason:
        count, comment = str(parts.updates), f"  # of {parts.steps} updates: then {parts.reason}"
    return [f"for {name} in range({count}):{comment}", *(TAB + line for line in body)]


def _script(parts: _Parts, noise: str, functions: Sequence[str], main: Iterable[str]) -> str:
    """Join the constants that are spoken of, the functions and the loop, with their imports."""
    functions = [*functions, *([parts.schedule] if parts.schedule else [])]
    constants = [
        f"{name} = {text}"
        for name, text in {**parts.params, **parts.numbers}.items()
        if any(_speaks(function, name) for function in functions)
    ]
    constants += [f"steps = {parts.steps}"] if parts.counts else []
    constants += [*parts.noise, noise] if parts.noise else []
    body = "\n\n\n".join([*functions, "\n".join(main)])
    whole = "\n".join([*constants, body])
    used = {name: line for name, line in IMPORTS.items() if _speaks(whole, name)}
    groups = (
        [line for name, line in used.items() if name == "math"],
        [line for name, line in used.items() if name != "math"],
        constants,
    )
    top = "\n\n".join("\n".join(group) for group in groups if group)
    return f"{top}\n\n\n{body}\n".lstrip("\n")
