"""Adadelta, as in PyTorch."""

import math

import numpy as np

from landscape.compiled import kernel
from landscape.language import tr
from landscape.record import Number
from optimizers.record import ADAPTIVE, COUPLED, UPDATE_SIGNATURE, Optimizer, RuleListing
from optimizers.sheet import Sheet


@kernel(UPDATE_SIGNATURE)
def update(n, t, g, hessian, lr, hyper, state, step):
    # Rows of n numbers: `hyper` has decay and eps, `state` has s and u.
    for i in range(n):
        slope, a, eps = g[i], hyper[i], hyper[n + i]
        s, u = a * state[i] + (1 - a) * slope * slope, state[n + i]
        d = math.sqrt(u + eps) / math.sqrt(s + eps) * slope
        state[i], state[n + i] = s, a * u + (1 - a) * d * d
        step[i] = -lr[i] * d
    return 0


def formula(sheet: Sheet) -> None:
    step, eps = sheet.step, sheet.step.run.hyper["eps"]
    text = r"$decay \cdot $s0 + $decay_rest \cdot $g^2"
    sheet.state("s", text, tr("The mean of the squared gradients, in each coordinate."))
    d = np.sqrt(step.before["u"] + eps) / np.sqrt(step.after["s"] + eps) * step.gradient
    note = tr("The gradient times the size of past steps, divided by that of past gradients.")
    sheet.write("d", "d_t", d, note, r"\frac{\sqrt{$u0 + $eps}}{\sqrt{$s + $eps}} \cdot $g")
    text = r"$decay \cdot $u0 + $decay_rest \cdot $d^2"
    sheet.state("u", text, tr("The mean of the squares of d, for the next step."))
    sheet.theta(r"$theta0 - $lr \cdot $d")


LISTING = RuleListing(
    name="Adadelta",
    state="self.s, self.u = [0.0, 0.0], [0.0, 0.0]",
    step="""
        for i in range(2):
            self.s[i] = self.decay * self.s[i] + (1 - self.decay) * g[i] ** 2
            d = math.sqrt(self.u[i] + self.eps) / math.sqrt(self.s[i] + self.eps) * g[i]
            self.u[i] = self.decay * self.u[i] + (1 - self.decay) * d**2
            theta[i] -= self.lr * d
    """,
    optim="Adadelta",
    arguments=("lr={lr}", "rho={decay}", "eps={eps}"),
)


OPTIMIZER = Optimizer(
    name="Adadelta",
    year=2012,
    sentence="RMSProp whose rate is the size of its own recent steps.",
    manner="starts small, steps about as far as before",
    latex=r"d_t = \frac{\sqrt{u_{t-1} + \epsilon}}{\sqrt{s_t + \epsilon}}\, g_t, \quad"
    r" u_t = a u_{t-1} + (1-a)\, d_t^2, \quad \theta_t = \theta_{t-1} - \eta\, d_t",
    source="Zeiler, arXiv:1212.5701 (2012), algorithm 1",
    differs="With a learning rate, as in PyTorch. The paper's is 1, at which a hundred updates"
    " hardly move: the first step is about lr sqrt(eps / (1 - decay)) in every coordinate, whatever"
    " the gradient.",
    update=update,
    state=("s", "u"),
    rate=10.0,
    rates={
        "Ackley": 5.0,
        "Monkey saddle": 2.0,
        "Rastrigin": 5.0,
        "Sine fit": 5.0,
        "Six-hump camel": 5.0,
    },
    weight_decay=COUPLED,
    needs_hessian=False,
    uses_time=False,
    formula=formula,
    memory=None,
    edges=ADAPTIVE,
    heavy_ball=None,
    listing=LISTING,
    hyperparameters=(
        Number("decay", "a", 0.9, 0.0, 0.9999, "Share of the averages that is kept."),
        Number(
            *("eps", r"\epsilon", 1e-6, 1e-16, 1.0),
            "Its root is the size of a step to begin with.",
            "log",
        ),
    ),
)
