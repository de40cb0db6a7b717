"""NAdam, Adam with Nesterov's momentum, as in PyTorch."""

import math
from typing import Any

import numpy as np

from landscape.compiled import kernel
from landscape.language import msgid, tr
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
    # Rows of n numbers: `hyper` has beta1, beta2, eps and the decay of the momentum, `state` has m,
    # v and the product of the momenta.
    lanes = n // 2
    alike = 0
    for i in range(lanes):
        same = (hyper[i] == hyper[0]) & (hyper[n + i] == hyper[n])
        alike += same & (hyper[3 * n + i] == hyper[3 * n])
    # A power costs more than all the rest: one for each stretch of lanes that share these.
    start, stop = 0, n if alike == lanes else 1
    while start < n:
        b1, b2, fading = hyper[start], hyper[n + start], hyper[3 * n + start]
        while stop < n and (b1, b2, fading) == (hyper[stop], hyper[n + stop], hyper[3 * n + stop]):
            stop += 1
        correction = 1 - b2 ** float(t)
        mu = b1 * (1.0 - 0.5 * 0.96 ** (t * fading))
        ahead = b1 * (1.0 - 0.5 * 0.96 ** ((t + 1) * fading))
        for i in range(start, stop):
            slope, eps = g[i], hyper[2 * n + i]
            m = b1 * state[i] + (1 - b1) * slope
            v = b2 * state[n + i] + (1 - b2) * slope * slope
            product = (1.0 if t == 1 else state[2 * n + i]) * mu
            state[i], state[n + i], state[2 * n + i] = m, v, product
            root = math.sqrt(v / correction) + eps
            now = -lr[i] * (1 - mu) / (1 - product) * slope / root
            step[i] = now - lr[i] * ahead / (1 - product * ahead) * m / root
        start, stop = stop, stop + 1
    return 0


def fade(step: Update, t: Any) -> Any:
    """Return by what the momentum of update t is short of beta1: twice its share of that."""
    return 0.96 ** (t * step.run.hyper["momentum_decay"])


def momentum_at(step: Update, t: Any) -> Any:
    """Return the momentum of update t, which grows from about half of beta1 to beta1."""
    return step.run.hyper["beta1"] * (1 - 0.5 * fade(step, t))


def formula(sheet: Sheet) -> None:
    step, hyper, t = sheet.step, sheet.step.run.hyper, sheet.step.t
    text = r"$beta1 \cdot $m0 + $beta1_rest \cdot $g"
    sheet.state("m", text, tr("The first moment: a mean of the gradients."))
    text = r"$beta2 \cdot $v0 + $beta2_rest \cdot $g^2"
    sheet.state("v", text, tr("The second moment: a mean of their squares, in each coordinate."))
    mu, ahead = momentum_at(step, t), momentum_at(step, t + 1)
    notes = (
        tr("The momentum of this update; t = {t}.", t=t),
        tr("The momentum of the next update: this is where Nesterov's looks ahead."),
    )
    for name, symbol, at, short, value, note in (
        ("mu", r"\mu_t", "t", fade(step, t), mu, notes[0]),
        ("ahead", r"\mu_{t+1}", "(t+1)", fade(step, t + 1), ahead, notes[1]),
    ):
        sheet.define("fade", rf"0.96^{{\psi {at}}}", short)
        sheet.write(name, symbol, value, note, r"$beta1 \cdot (1 - 0.5 \cdot $fade)")
    product = step.after["product"]
    sheet.define("P0", "P_{t-1}", step.before["product"] if t > 1 else np.ones(2))
    sheet.write("P", "P_t", product, tr("The product of all momenta."), r"$mu \cdot $P0")
    note = tr("The first moment with the next momentum, corrected for starting at zero.")
    moved = ahead * step.after["m"] / (1 - product * ahead)
    text = r"\frac{$ahead \cdot $m}{1 - $P \cdot $ahead}"
    sheet.write("m_hat", r"\hat m_t", moved, note, text)
    note = tr("The gradient's own share, corrected in the same way.")
    fresh = (1 - mu) * step.gradient / (1 - product)
    sheet.write("g_hat", r"\hat g_t", fresh, note, r"\frac{(1 - $mu) \cdot $g}{1 - $P}")
    second = 1 - hyper["beta2"] ** t
    sheet.define("second", r"1-\beta_2^t", second)
    note = tr("The second moment, corrected in the same way.")
    sheet.write("v_hat", r"\hat v_t", step.after["v"] / second, note, r"\frac{$v}{$second}")
    sheet.theta(r"$theta0 - $lr \cdot \frac{$g_hat + $m_hat}{\sqrt{$v_hat} + $eps}")


def remembered(step: Update) -> Vector:
    hyper, ahead = step.run.hyper, momentum_at(step, step.t + 1)
    root = np.sqrt(step.after["v"] / (1 - hyper["beta2"] ** step.t)) + hyper["eps"]
    share = ahead / (1 - step.after["product"] * ahead)
    return np.asarray(-step.lr * share * hyper["beta1"] * step.before["m"] / root)


LISTING = RuleListing(
    name="NAdam",
    state="self.m, self.v = [0.0, 0.0], [0.0, 0.0]\nself.t, self.product = 0, 1.0",
    step="""
        self.t += 1
        fade = 0.96**self.momentum_decay
        mu = self.beta1 * (1 - 0.5 * fade**self.t)
        ahead = self.beta1 * (1 - 0.5 * fade ** (self.t + 1))
        self.product *= mu
        for i in range(2):
            self.m[i] = self.beta1 * self.m[i] + (1 - self.beta1) * g[i]
            self.v[i] = self.beta2 * self.v[i] + (1 - self.beta2) * g[i] ** 2
            m_hat = ahead * self.m[i] / (1 - self.product * ahead)
            g_hat = (1 - mu) * g[i] / (1 - self.product)
            v_hat = self.v[i] / (1 - self.beta2**self.t)
            theta[i] -= self.lr * (g_hat + m_hat) / (math.sqrt(v_hat) + self.eps)
    """,
    optim="NAdam",
    arguments=(
        *("lr={lr}", "betas=({beta1}, {beta2})", "eps={eps}"),
        "momentum_decay={momentum_decay}",
    ),
    hand_state="torch.set_default_dtype(torch.float64)",
)


OPTIMIZER = Optimizer(
    name="NAdam",
    year=2016,
    sentence="Adam that looks ahead: the momentum of the next step counts already in this one.",
    manner="Adam that looks ahead",
    latex=r"\hat m_t = \frac{\mu_{t+1} m_t}{1 - \prod_{i=1}^{t+1} \mu_i}"
    r" + \frac{(1-\mu_t)\, g_t}{1 - \prod_{i=1}^{t} \mu_i}, \quad"
    r" \theta_t = \theta_{t-1} - \eta\, \frac{\hat m_t}{\sqrt{\hat v_t} + \epsilon}",
    source="Dozat, Incorporating Nesterov Momentum into Adam, ICLR 2016 workshop",
    differs="As in PyTorch: the momentum grows from about half of beta1 to beta1, by a factor of"
    " 1 - 0.96^(t d) / 2 with the decay d. PyTorch keeps the product of the momenta in single"
    " precision, unless double is its default; here it is double.",
    update=update,
    state=("m", "v", msgid("product")),
    rate=0.1,
    rates={
        "Sine fit": 0.05,
    },
    weight_decay=COUPLED,
    needs_hessian=False,
    uses_time=True,
    formula=formula,
    memory=Memory(
        FIRST_MOMENT, "beta1", lambda hyper: EMA, remembered, idle_without=("momentum_decay",)
    ),
    edges=ADAPTIVE,
    heavy_ball=None,
    listing=LISTING,
    hyperparameters=(
        Number("beta1", r"\beta_1", 0.9, 0.0, 0.9999, "Share of the mean gradient that is kept."),
        Number("beta2", r"\beta_2", 0.999, 0.0, 0.99999, "Share of the mean square that is kept."),
        Number("eps", r"\epsilon", 1e-8, 1e-16, 1.0, "Keeps the division finite.", "log"),
        Number(
            *("momentum_decay", r"\psi", 0.004, 0.0, 1.0),
            "How fast the momentum grows to beta1: at 0 it stays at half of it.",
        ),
    ),
)
