"""Lion: the sign of a mean of gradients."""

import numpy as np

from landscape.compiled import kernel
from landscape.language import tr
from landscape.record import Number
from optimizers.record import (
    DECOUPLED,
    EMA,
    FIRST_MOMENT,
    UPDATE_SIGNATURE,
    Memory,
    Optimizer,
    RuleListing,
)
from optimizers.sheet import Sheet, Update, Vector


@kernel(UPDATE_SIGNATURE)
def update(n, t, g, hessian, lr, hyper, state, step):
    # Rows of n numbers: `hyper` has beta1 and beta2, `state` has m and c.
    for i in range(n):
        slope, m, b1, b2 = g[i], state[i], hyper[i], hyper[n + i]
        c = b1 * m + (1 - b1) * slope
        state[i], state[n + i] = b2 * m + (1 - b2) * slope, c
        step[i] = -lr[i] * (1.0 if c > 0.0 else -1.0 if c < 0.0 else c)
    return 0


def formula(sheet: Sheet) -> None:
    step = sheet.step
    text = r"$beta1 \cdot $m0 + $beta1_rest \cdot $g"
    sheet.state("c", text, tr("What the step takes the sign of: past gradients and this one."))
    text = r"$beta2 \cdot $m0 + $beta2_rest \cdot $g"
    sheet.state("m", text, tr("The first moment, for the next step: a mean of the gradients."))
    decay = r" - $lr \cdot $weight_decay \cdot $theta0" if step.decay.any() else ""
    sheet.theta(rf"$theta0{decay} - $lr \cdot \operatorname{{sign}}\bigl($c\bigr)")


def remembered(step: Update) -> Vector:
    # The sign of c is c over its size, so that each part of c has its share in the step.
    size = np.abs(step.after["c"])
    share = np.divide(step.before["m"], size, out=np.zeros_like(size), where=size > 0)
    return np.asarray(-step.lr * step.run.hyper["beta1"] * share)


LISTING = RuleListing(
    name="Lion",
    state="self.m = [0.0, 0.0]",
    step="""
        for i in range(2):
            c = self.beta1 * self.m[i] + (1 - self.beta1) * g[i]
            self.m[i] = self.beta2 * self.m[i] + (1 - self.beta2) * g[i]
            theta[i] -= self.lr * math.copysign(c != 0, c)
    """,
    hand_state="m = torch.zeros_like(theta)",
    hand="""
        c = beta1 * m + (1 - beta1) * g
        m = beta2 * m + (1 - beta2) * g
        theta = theta - lr * torch.sign(c)
    """,
)


OPTIMIZER = Optimizer(
    name="Lion",
    year=2023,
    sentence="Every step is one rate long along each axis, in the direction of a mean of"
    " gradients.",
    manner="steps one rate along every axis",
    latex=r"c_t = \beta_1 m_{t-1} + (1-\beta_1)\, g_t, \quad"
    r" \theta_t = \theta_{t-1} - \eta\, \operatorname{sign} c_t, \quad"
    r" m_t = \beta_2 m_{t-1} + (1-\beta_2)\, g_t",
    source="Chen et al., Symbolic Discovery of Optimization Algorithms, NeurIPS 2023, algorithm 2",
    differs="The weight decay stands beside the step and is multiplied by the learning rate, as in"
    " the paper. Along an axis where c is exactly 0 it rests.",
    update=update,
    state=("m", "c"),
    scratch=("c",),
    rate=0.05,
    rates={
        "Four linear layers": 0.02,
        "Linear regression": 0.1,
        "One hidden unit": 0.02,
        "Rastrigin": 0.02,
        "Rosenbrock": 0.02,
        "Sine fit": 0.01,
        "Six-hump camel": 0.02,
        "Two features": 0.1,
    },
    weight_decay=DECOUPLED,
    needs_hessian=False,
    uses_time=False,
    formula=formula,
    memory=Memory(FIRST_MOMENT, "beta1", lambda hyper: EMA, remembered, idle_without=("beta2",)),
    edges="its steps do not shrink with the gradient, so that the curvature sets no limit.",
    heavy_ball=None,
    listing=LISTING,
    hyperparameters=(
        Number("beta1", r"\beta_1", 0.9, 0.0, 0.9999, "Share of the past in the sign."),
        Number("beta2", r"\beta_2", 0.99, 0.0, 0.9999, "Share of the mean gradient that is kept."),
    ),
)
