"""Adam."""

import math
from typing import Any

import numpy as np

from landscape.compiled import kernel
from landscape.language import tr
from landscape.record import Number
from optimizers.record import (
    ADAPTIVE,
    COUPLED,
    EMA,
    UPDATE_SIGNATURE,
    Memory,
    Optimizer,
    RuleListing,
)
from optimizers.sheet import Sheet, Update, Vector


@kernel(UPDATE_SIGNATURE)
def update(n, t, g, hessian, lr, hyper, state, step):
    # Rows of n numbers: `hyper` has beta1, beta2, eps and correction, `state` has m and v.
    alike = 0
    for i in range(n):
        same = (hyper[i] == hyper[0]) & (hyper[n + i] == hyper[n])
        alike += same & (hyper[3 * n + i] == hyper[3 * n])
    # A power costs more than all the rest: one for each stretch of lanes that share their betas.
    start, stop = 0, n if alike == n else 1
    while start < n:
        b1, b2, switch = hyper[start], hyper[n + start], hyper[3 * n + start]
        while stop < n and (b1, b2, switch) == (hyper[stop], hyper[n + stop], hyper[3 * n + stop]):
            stop += 1
        correction1 = correction2 = 1.0
        if switch == 0.0:
            correction1 -= b1 ** float(t)
            correction2 -= b2 ** float(t)
        root = math.sqrt(correction2)
        for i in range(start, stop):
            slope, eps = g[i], hyper[2 * n + i]
            m = b1 * state[i] + (1 - b1) * slope
            v = b2 * state[n + i] + (1 - b2) * slope * slope
            state[i], state[n + i] = m, v
            # The corrections stand where PyTorch has them, to round as it does.
            step[i] = -(lr[i] / correction1) * m / (math.sqrt(v) / root + eps)
        start, stop = stop, stop + 1
    return 0


# What follows is said of AdamW too, whose moments are always corrected.


def corrections(step: Update) -> tuple[Any, Any] | None:
    """Return what the moments are divided by, None where they are taken as they are."""
    hyper = step.run.hyper
    if hyper.get("bias_correction", 0.0) != 0.0:
        return None
    return 1 - hyper["beta1"] ** step.t, 1 - hyper["beta2"] ** step.t


def formula(sheet: Sheet) -> None:
    step = sheet.step
    text = r"$beta1 \cdot $m0 + $beta1_rest \cdot $g"
    sheet.state("m", text, tr("The first moment: a mean of the gradients."))
    text = r"$beta2 \cdot $v0 + $beta2_rest \cdot $g^2"
    sheet.state("v", text, tr("The second moment: a mean of their squares, in each coordinate."))
    m, v = "$m", "$v"
    if found := corrections(step):
        first, second = found
        sheet.define("first", r"1-\beta_1^t", first)
        sheet.define("second", r"1-\beta_2^t", second)
        note = tr("The first moment, corrected for starting at zero; t = {t}.", t=step.t)
        sheet.write("m_hat", r"\hat m_t", step.after["m"] / first, note, r"\frac{$m}{$first}")
        note = tr("The second moment, corrected in the same way.")
        sheet.write("v_hat", r"\hat v_t", step.after["v"] / second, note, r"\frac{$v}{$second}")
        m, v = "$m_hat", "$v_hat"
    decay = r" - $lr \cdot $weight_decay \cdot $theta0" if step.decay.any() else ""
    sheet.theta(rf"$theta0{decay} - $lr \cdot \frac{{{m}}}{{\sqrt{{{v}}} + $eps}}")


def remembered(step: Update) -> Vector:
    hyper, (first, second) = step.run.hyper, corrections(step) or (1.0, 1.0)
    root = np.sqrt(step.after["v"] / second) + hyper["eps"]
    return -step.lr * hyper["beta1"] * step.before["m"] / first / root


UNCORRECTED = RuleListing(
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
)

LISTING = RuleListing(
    name="Adam",
    state="self.m, self.v, self.t = [0.0, 0.0], [0.0, 0.0], 0",
    step="""
        self.t += 1
        for i in range(2):
            self.m[i] = self.beta1 * self.m[i] + (1 - self.beta1) * g[i]
            self.v[i] = self.beta2 * self.v[i] + (1 - self.beta2) * g[i] ** 2
            m_hat = self.m[i] / (1 - self.beta1**self.t)
            v_hat = self.v[i] / (1 - self.beta2**self.t)
            theta[i] -= self.lr * m_hat / (math.sqrt(v_hat) + self.eps)
    """,
    optim="Adam",
    arguments=("lr={lr}", "betas=({beta1}, {beta2})", "eps={eps}"),
    special=(("bias_correction", 1.0, UNCORRECTED),),
)


OPTIMIZER = Optimizer(
    name="Adam",
    year=2015,
    sentence="Momentum divided by RMSProp's root, both corrected for starting at zero.",
    manner="rolls on, each coordinate at its own scale",
    latex=r"\hat m_t = \frac{m_t}{1-\beta_1^t}, \quad \hat v_t = \frac{v_t}{1-\beta_2^t}, \quad"
    r" \theta_t = \theta_{t-1} - \eta\, \frac{\hat m_t}{\sqrt{\hat v_t} + \epsilon}",
    source="Kingma and Ba, ICLR 2015, algorithm 1",
    differs="eps is added after the bias correction of the root, as in the paper's algorithm 1.",
    update=update,
    state=("m", "v"),
    rate=0.1,
    rates={},
    weight_decay=COUPLED,
    needs_hessian=False,
    uses_time=True,
    formula=formula,
    memory=Memory("first moment", "beta1", lambda hyper: EMA, remembered),
    edges=ADAPTIVE,
    heavy_ball=None,
    listing=LISTING,
    hyperparameters=(
        Number("beta1", r"\beta_1", 0.9, 0.0, 0.9999, "Share of the mean gradient that is kept."),
        Number("beta2", r"\beta_2", 0.999, 0.0, 0.99999, "Share of the mean square that is kept."),
        Number("eps", r"\epsilon", 1e-8, 1e-16, 1.0, "Keeps the division finite.", "log"),
        Number.choice(
            "bias_correction",
            ("on", "off"),
            "Without it the first steps are too long or too short.",
        ),
    ),
)
