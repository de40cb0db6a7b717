"""AdaMax: Adam with the largest of the decaying gradients in place of the root."""

import numpy as np

from landscape.compiled import kernel
from landscape.language import tr
from landscape.record import Number
from optimizers.record import (
    ADAPTIVE,
    COUPLED,
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
    # Rows of n numbers: `hyper` has beta1, beta2 and eps, `state` has m and u.
    lanes = n // 2
    alike = same_rate = 0
    for i in range(lanes):
        alike += hyper[i] == hyper[0]
        same_rate += lr[i] == lr[0]
    # A power costs more than all the rest: one for each stretch of lanes that share their beta1.
    start, stop = 0, n if alike == lanes else 1
    while start < n:
        b1 = hyper[start]
        while stop < n and b1 == hyper[stop]:
            stop += 1
        correction = 1 - b1 ** float(t)
        shared = -(lr[start] / correction)
        for i in range(start, stop):
            step[i] = shared
        # A division costs more than all the rest.
        if same_rate < lanes:
            for i in range(start, stop):
                step[i] = -(lr[i] / correction)
        for i in range(start, stop):
            slope, b2, eps = g[i], hyper[n + i], hyper[2 * n + i]
            m = b1 * state[i] + (1 - b1) * slope
            u = max(b2 * state[n + i], abs(slope) + eps)
            state[i], state[n + i] = m, u
            step[i] = step[i] * m / u
        start, stop = stop, stop + 1
    return 0


def formula(sheet: Sheet) -> None:
    step = sheet.step
    text = r"$beta1 \cdot $m0 + $beta1_rest \cdot $g"
    sheet.state("m", text, tr("The first moment: a mean of the gradients."))
    text = r"\max($beta2 \cdot $u0,\ |$g| + $eps)"
    sheet.state("u", text, tr("The largest gradient so far, those of the past decayed."))
    first = 1 - step.run.hyper["beta1"] ** step.t
    sheet.define("first", r"1-\beta_1^t", first)
    note = tr("The first moment, corrected for starting at zero; t = {t}.", t=step.t)
    sheet.write("m_hat", r"\hat m_t", step.after["m"] / first, note, r"\frac{$m}{$first}")
    sheet.theta(r"$theta0 - $lr \cdot \frac{$m_hat}{$u}")


def remembered(step: Update) -> Vector:
    beta1 = step.run.hyper["beta1"]
    return np.asarray(-step.lr * beta1 * step.before["m"] / (1 - beta1**step.t) / step.after["u"])


LISTING = RuleListing(
    name="AdaMax",
    state="self.m, self.u, self.t = [0.0, 0.0], [0.0, 0.0], 0",
    step="""
        self.t += 1
        for i in range(2):
            self.m[i] = self.beta1 * self.m[i] + (1 - self.beta1) * g[i]
            self.u[i] = max(self.beta2 * self.u[i], abs(g[i]) + self.eps)
            m_hat = self.m[i] / (1 - self.beta1**self.t)
            theta[i] -= self.lr * m_hat / self.u[i]
    """,
    optim="Adamax",
    arguments=("lr={lr}", "betas=({beta1}, {beta2})", "eps={eps}"),
)


OPTIMIZER = Optimizer(
    name="AdaMax",
    year=2015,
    sentence="Adam that divides by the largest recent gradient instead of a root of squares.",
    manner="rolls on, each coordinate by its largest slope",
    latex=r"u_t = \max(\beta_2 u_{t-1}, |g_t| + \epsilon), \quad"
    r" \theta_t = \theta_{t-1} - \eta\, \frac{\hat m_t}{u_t}",
    source="Kingma and Ba, ICLR 2015, algorithm 2",
    differs="eps is added to the size of each gradient, as in PyTorch; the paper has none.",
    update=update,
    state=("m", "u"),
    rate=0.1,
    rates={},
    weight_decay=COUPLED,
    needs_hessian=False,
    uses_time=True,
    formula=formula,
    memory=Memory(FIRST_MOMENT, "beta1", lambda hyper: EMA, remembered),
    edges=ADAPTIVE,
    heavy_ball=None,
    listing=LISTING,
    hyperparameters=(
        Number("beta1", r"\beta_1", 0.9, 0.0, 0.9999, "Share of the mean gradient that is kept."),
        Number(
            *("beta2", r"\beta_2", 0.999, 0.0, 0.99999),
            "Share of the largest gradient that is kept.",
        ),
        Number("eps", r"\epsilon", 1e-8, 1e-16, 1.0, "Keeps the division finite.", "log"),
    ),
)
