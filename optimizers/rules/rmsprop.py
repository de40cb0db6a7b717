"""RMSProp, as in Hinton's lecture and PyTorch."""

import math

from landscape.compiled import kernel
from landscape.language import tr
from landscape.record import Number
from optimizers.record import ADAPTIVE, COUPLED, UPDATE_SIGNATURE, Optimizer, RuleListing
from optimizers.sheet import Sheet


@kernel(UPDATE_SIGNATURE)
def update(n, t, g, hessian, lr, hyper, state, step):
    for i in range(n):
        slope, a, eps = g[i], hyper[i], hyper[n + i]
        s = a * state[i] + (1 - a) * slope * slope
        state[i] = s
        step[i] = -lr[i] * slope / (math.sqrt(s) + eps)
    return 0


def formula(sheet: Sheet) -> None:
    text = r"$decay \cdot $s0 + $decay_rest \cdot $g^2"
    sheet.state("s", text, tr("The mean of the squared gradients, in each coordinate."))
    sheet.theta(r"$theta0 - $lr \cdot \frac{$g}{\sqrt{$s} + $eps}")


LISTING = RuleListing(
    name="RMSProp",
    state="self.s = [0.0, 0.0]",
    step="""
        for i in range(2):
            self.s[i] = self.decay * self.s[i] + (1 - self.decay) * g[i] ** 2
            theta[i] -= self.lr * g[i] / (math.sqrt(self.s[i]) + self.eps)
    """,
    optim="RMSprop",
    arguments=("lr={lr}", "alpha={decay}", "eps={eps}"),
)


OPTIMIZER = Optimizer(
    name="RMSProp",
    year=2012,
    sentence="AdaGrad that forgets: the rate follows the recent size of the gradient.",
    manner="divides each slope by its recent size",
    latex=r"s_t = a s_{t-1} + (1-a)\, g_t^2, \quad"
    r" \theta_t = \theta_{t-1} - \eta\, \frac{g_t}{\sqrt{s_t} + \epsilon}",
    source="Tieleman and Hinton, Neural Networks for Machine Learning, lecture 6.5 (2012)",
    differs="No bias correction: the first step is lr / sqrt(1 - decay) in every coordinate,"
    " 10 lr at decay 0.99.",
    update=update,
    state=("s",),
    rate=0.05,
    rates={
        "Ackley": 0.02,
        "Local-minima valley": 0.02,
        "Rastrigin": 0.02,
        "Rosenbrock": 0.01,
        "Six-hump camel": 0.01,
        "Three-hump camel": 0.02,
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
        Number("decay", "a", 0.9, 0.0, 0.9999, "Share of the average that is kept."),
        Number("eps", r"\epsilon", 1e-8, 1e-16, 1.0, "Keeps the division finite.", "log"),
    ),
)
