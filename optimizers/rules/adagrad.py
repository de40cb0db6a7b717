"""AdaGrad, diagonal form."""

import math
from dataclasses import replace

from landscape.compiled import kernel
from landscape.language import tr
from landscape.record import Number
from optimizers.record import ADAPTIVE, COUPLED, UPDATE_SIGNATURE, Optimizer, RuleListing
from optimizers.sheet import Sheet


@kernel(UPDATE_SIGNATURE)
def update(n, t, g, hessian, lr, hyper, state, step):
    for i in range(n):
        slope, eps = g[i], hyper[i]
        s = (hyper[n + i] if t == 1 else state[i]) + slope * slope
        state[i] = s
        step[i] = -lr[i] * slope / (math.sqrt(s) + eps)
    return 0


def formula(sheet: Sheet) -> None:
    step = sheet.step
    if step.t == 1:
        sheet.define("s0", "s_0", step.before["s"] + step.run.hyper["initial_accumulator"])
    sheet.state("s", "$s0 + $g^2", tr("The sum of the squared gradients, in each coordinate."))
    sheet.theta(r"$theta0 - $lr \cdot \frac{$g}{\sqrt{$s} + $eps}")


FROM_ZERO = RuleListing(
    name="AdaGrad",
    state="self.s = [0.0, 0.0]",
    step="""
        for i in range(2):
            self.s[i] += g[i] ** 2
            theta[i] -= self.lr * g[i] / (math.sqrt(self.s[i]) + self.eps)
    """,
    optim="Adagrad",
    arguments=("lr={lr}", "eps={eps}"),
)

LISTING = replace(
    FROM_ZERO,
    state="self.s = [self.initial_accumulator] * 2",
    arguments=(*FROM_ZERO.arguments, "initial_accumulator_value={initial_accumulator}"),
    special=(("initial_accumulator", 0.0, FROM_ZERO),),
)


OPTIMIZER = Optimizer(
    name="AdaGrad",
    year=2011,
    sentence="Each coordinate's rate shrinks as its squared gradients add up.",
    manner="shortens its steps where slopes were steep",
    latex=r"s_t = s_{t-1} + g_t^2, \quad"
    r" \theta_t = \theta_{t-1} - \eta\, \frac{g_t}{\sqrt{s_t} + \epsilon}",
    source="Duchi, Hazan and Singer, JMLR 12 (2011) 2121-2159",
    differs="Each coordinate has a sum of its own, which starts at 0 unless it is told to start"
    " higher; eps stands outside the root, as in PyTorch.",
    update=update,
    state=("s",),
    rate=0.5,
    rates={
        "Ackley": 0.2,
        "Local-minima valley": 0.2,
        "Monkey saddle": 0.2,
        "Rastrigin": 0.3,
        "Saddle": 0.2,
        "Six-hump camel": 0.2,
        "Three-hump camel": 0.2,
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
        Number("eps", r"\epsilon", 1e-10, 1e-16, 1.0, "Keeps the division finite.", "log"),
        Number(
            "initial_accumulator",
            "s_0",
            0.0,
            0.0,
            9.0,
            "Where the sum of squares starts: a larger one shortens the first steps.",
        ),
    ),
)
