"""Momentum, the heavy ball, in the three conventions in use."""

import math
from dataclasses import replace
from textwrap import dedent

from landscape.compiled import kernel
from landscape.language import msgid, number, tr
from landscape.record import Number
from optimizers.record import (
    CONVENTIONS,
    COUPLED,
    EMA,
    KERAS,
    PYTORCH,
    UPDATE_SIGNATURE,
    VELOCITY,
    Edges,
    Hyper,
    Memory,
    Optimizer,
    RuleListing,
)
from optimizers.sheet import Sheet, Update, Vector


@kernel(UPDATE_SIGNATURE)
def update(n, t, g, hessian, lr, hyper, state, step):
    asked = 0
    for i in range(n // 2):
        asked += (hyper[n + i] != 0.0) | (hyper[2 * n + i] != 0.0)
    if asked == 0:  # PyTorch's sum of whole gradients, as almost always
        for i in range(n):
            v = hyper[i] * state[i] + g[i]
            step[i] = -lr[i] * v
            state[i] = v
        return 0
    for i in range(n):
        rate, mu, convention = lr[i], hyper[i], hyper[n + i]
        # As in PyTorch, where the first velocity is all of the first gradient.
        slope = g[i] * (1 - hyper[2 * n + i] if (t > 1) & (mu != 0.0) else 1.0)
        # Factors are chosen, and not what to do: a branch would keep the processor from taking
        # several coordinates at a time. A product with 1 is exact.
        pytorch, keras = convention == 0.0, convention == 1.0
        v = mu * state[i] + (1.0 if pytorch else -rate if keras else 1 - mu) * slope
        step[i] = (1.0 if keras else -rate) * v
        state[i] = v
    return 0


# With $g for the gradient, or the share of it that dampening leaves.
VELOCITIES = {
    PYTORCH: (
        r"$momentum \cdot $v0 + $g",
        r"$theta0 - $lr \cdot $v",
        msgid("The velocity sums gradients."),
    ),
    KERAS: (
        r"$momentum \cdot $v0 - $lr \cdot $g",
        "$theta0 + $v",
        msgid("The velocity sums steps."),
    ),
    EMA: (
        r"$momentum \cdot $v0 + $momentum_rest \cdot $g",
        r"$theta0 - $lr \cdot $v",
        msgid("The velocity averages gradients."),
    ),
}


def convention(hyper: Hyper) -> str:
    return CONVENTIONS[int(hyper["convention"])]


def formula(sheet: Sheet) -> None:
    step = sheet.step
    velocity, theta, what = VELOCITIES[convention(step.run.hyper)]
    if step.t > 1 and dampened(step.run.hyper):
        velocity = velocity.replace("$g", r"$dampening_rest \cdot $g")
    sheet.state("v", velocity, tr(what))
    sheet.theta(theta)


def dampened(hyper: Hyper) -> bool:
    """Tell whether less than all of a gradient enters the velocity, but for the first."""
    return hyper["momentum"] > 0 and hyper["dampening"] > 0


def remembered(step: Update) -> Vector:
    scale = 1.0 if convention(step.run.hyper) == KERAS else -step.lr
    return scale * step.run.hyper["momentum"] * step.before["v"]


def heavy_ball(hyper: Hyper) -> tuple[float, float] | None:
    # The first gradient enters undampened.
    return None if dampened(hyper) else in_the_long_run(hyper)


def in_the_long_run(hyper: Hyper) -> tuple[float, float]:
    """Return the momentum of the heavy ball that a run is after its first update, and its share.

    A velocity that averages the gradients moves as one that sums them at lr (1 - mu), and one that
    takes a share of them as one at this share of lr.
    """
    mu = hyper["momentum"]
    share = 1 - mu if convention(hyper) == EMA else 1.0
    return mu, share * (1 - hyper["dampening"]) if dampened(hyper) else share


def edges(hyper: Hyper) -> Edges:
    """Return where z^2 - (1 + mu - a) z + mu, a = lr lambda, changes the kind of its roots.

    They are real and positive up to (1 - sqrt mu)^2, have a positive real part up to 1 + mu and
    modulus below 1 up to 2 (1 + mu) (Polyak 1964).
    """
    mu, share = in_the_long_run(hyper)
    return (1 - math.sqrt(mu)) ** 2 / share, (1 + mu) / share, 2 * (1 + mu) / share


def equal_rates(hyper: Hyper, lr: float) -> dict[str, float]:
    """Return the rate at which each convention makes the run of (hyper, lr), at the same momentum.

    They are equal at a constant rate; under a schedule, a warm-up included, PyTorch and EMA still
    are, and Keras is not: its velocity holds the steps at the rates of their time, the others' is
    multiplied by the rate of now.
    """
    rest = 1 - hyper["momentum"]
    sums = lr * rest if convention(hyper) == EMA else lr
    return {name: sums / rest if name == EMA else sums for name in CONVENTIONS}


def equal_runs(hyper: Hyper, lr: float) -> list[str]:
    rates, own, mu = equal_rates(hyper, lr), convention(hyper), hyper["momentum"]
    lines = [
        tr(
            "{convention} at rate {rate}, momentum {momentum} makes the same run as",
            convention=own,
            rate=number(lr, 6),
            momentum=number(mu, 6),
        )
    ]
    for name in CONVENTIONS:
        if name != own:
            how = number(rates[name], 6)
            if name == EMA:
                how += f" = {number(lr, 6)} / (1 − {number(mu, 6)})"
            elif own == EMA:
                how += f" = {number(lr, 6)} (1 − {number(mu, 6)})"
            lines.append(
                tr(
                    "{convention} at rate {rate}, momentum {momentum}",
                    convention=name,
                    rate=how,
                    momentum=number(mu, 6),
                )
            )
    lines.append(
        tr(
            "if the rate is constant. Under a schedule or a warm-up PyTorch and EMA stay equal;"
            " Keras differs, because its velocity keeps the rates of the steps it sums."
        )
    )
    return lines


KERAS_PLAIN = RuleListing(
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
)

EMA_PLAIN = RuleListing(
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
)

PLAIN = RuleListing(
    name="Momentum",
    state="self.v = [0.0, 0.0]",
    step="""
        for i in range(2):
            self.v[i] = self.momentum * self.v[i] + g[i]
            theta[i] -= self.lr * self.v[i]
    """,
    optim="SGD",
    arguments=("lr={lr}", "momentum={momentum}"),
    special=(("convention", 1.0, KERAS_PLAIN), ("convention", 2.0, EMA_PLAIN)),
)


def dampening(plain: RuleListing) -> RuleListing:
    """Return a listing in which a share of each gradient but the first is left out."""
    optim, step = bool(plain.optim), dedent(plain.step)
    return replace(
        plain,
        state=f"{plain.state}\nself.share = 1.0",
        step=f"g = [self.share * d for d in g]{step}self.share = 1 - self.dampening",
        arguments=(*plain.arguments, "dampening={dampening}") if optim else plain.arguments,
        hand_state="" if optim else f"{plain.hand_state}\nshare = 1.0",
        hand="" if optim else f"g = share * g{dedent(plain.hand)}share = 1 - dampening",
        special=(),
    )


LISTING = replace(
    dampening(PLAIN),
    special=(
        ("dampening", 0.0, PLAIN),
        ("momentum", 0.0, PLAIN),
        ("convention", 1.0, dampening(KERAS_PLAIN)),
        ("convention", 2.0, dampening(EMA_PLAIN)),
    ),
)


OPTIMIZER = Optimizer(
    name="Momentum",
    year=1964,
    sentence="A heavy ball: past gradients keep it rolling.",
    manner="keeps rolling the way it went",
    latex=r"v_t = \mu v_{t-1} + g_t, \quad \theta_t = \theta_{t-1} - \eta\, v_t",
    source="Polyak, USSR Computational Mathematics and Mathematical Physics 4 (1964) 1-17",
    differs="PyTorch's velocity sums gradients, v = mu v + g. Keras and Sutskever sum steps,"
    " v = mu v - lr g: the same run at a constant rate, another once a schedule changes the rate."
    " A moving average, v = mu v + (1 - mu) g, is PyTorch's run at lr (1 - mu). With dampening"
    " PyTorch's velocity is v = mu v + (1 - d) g, except that the first is g; the other two are"
    " dampened alike.",
    update=update,
    state=("v",),
    rate=0.01,
    rates={
        "Ackley": 0.005,
        "Beale": 0.002,
        "Himmelblau": 0.005,
        "Local-minima valley": 0.05,
        "Logistic regression": 0.1,
        "Rastrigin": 0.002,
        "Rosenbrock": 0.001,
        "Saddle": 0.02,
        "Sine fit": 0.05,
        "Six-hump camel": 0.1,
        "Styblinski-Tang": 0.02,
    },
    weight_decay=COUPLED,
    needs_hessian=False,
    uses_time=False,
    formula=formula,
    memory=Memory(
        *(VELOCITY, "momentum", convention, remembered), idle_without=("convention", "dampening")
    ),
    edges=edges,
    heavy_ball=heavy_ball,
    listing=LISTING,
    equal_runs=equal_runs,
    hyperparameters=(
        Number("momentum", r"\mu", 0.9, 0.0, 0.999, "Share of the velocity that is kept."),
        Number.choice("convention", CONVENTIONS, "What the velocity sums; see above."),
        Number(
            "dampening",
            r"\delta",
            0.0,
            0.0,
            0.999,
            "Share of each gradient, but for the first, that does not enter the velocity.",
        ),
    ),
)
