"""RMSProp, as in Hinton's lecture and PyTorch."""

import math

import numpy as np

from landscape.compiled import kernel
from landscape.language import tr
from landscape.record import Number
from optimizers.record import (
    ADAPTIVE,
    COUPLED,
    PYTORCH,
    UPDATE_SIGNATURE,
    VELOCITY,
    Memory,
    Optimizer,
    RuleListing,
)
from optimizers.sheet import Sheet, Update, Vector


@kernel(UPDATE_SIGNATURE)
def update(n, t, g, hessian, lr, hyper, state, step):
    # Rows of n numbers: `hyper` has decay, eps, momentum and centered, `state` has s, the mean
    # gradient and the velocity, zeros where they are not asked for.
    asked = 0
    for i in range(n // 2):
        asked += (hyper[2 * n + i] != 0.0) | (hyper[3 * n + i] != 0.0)
    if asked == 0:
        for i in range(n):
            slope, a, eps = g[i], hyper[i], hyper[n + i]
            s = a * state[i] + (1 - a) * slope * slope
            state[i] = s
            step[i] = -lr[i] * slope / (math.sqrt(s) + eps)
        return 0
    for i in range(n):
        slope, a, eps = g[i], hyper[i], hyper[n + i]
        mu, centered = hyper[2 * n + i], hyper[3 * n + i] != 0.0
        s = a * state[i] + (1 - a) * slope * slope
        mean = a * state[n + i] + (1 - a) * slope if centered else 0.0
        # Where the gradient has long been the same, rounding may leave less than nothing.
        root = math.sqrt(max(s - mean * mean, 0.0)) + eps
        v = mu * state[2 * n + i] + slope / root if mu != 0.0 else 0.0
        state[i], state[n + i], state[2 * n + i] = s, mean, v
        step[i] = -lr[i] * v if mu != 0.0 else -lr[i] * slope / root
    return 0


def formula(sheet: Sheet) -> None:
    step, hyper = sheet.step, sheet.step.run.hyper
    text = r"$decay \cdot $s0 + $decay_rest \cdot $g^2"
    sheet.state("s", text, tr("The mean of the squared gradients, in each coordinate."))
    under = "$s"
    if hyper["centered"]:
        sheet.define("mean0", r"\bar g_{t-1}", step.before["mean"])
        text = r"$decay \cdot $mean0 + $decay_rest \cdot $g"
        note = tr("The mean of the gradients themselves: its square is taken off.")
        sheet.write("mean", r"\bar g_t", step.after["mean"], note, text)
        spread = np.maximum(step.after["s"] - step.after["mean"] ** 2, 0.0)
        note = tr("How far the gradients spread about their mean, squared.")
        sheet.write("spread", r"\sigma_t^2", spread, note, r"\max($s - $mean^2,\ 0)")
        under = "$spread"
    ratio = rf"\frac{{$g}}{{\sqrt{{{under}}} + $eps}}"
    if hyper["momentum"]:
        note = tr("The velocity sums gradients that are divided by their size.")
        sheet.state("v", rf"$momentum \cdot $v0 + {ratio}", note)
        ratio = "$v"
    sheet.theta(rf"$theta0 - $lr \cdot {ratio}")


def remembered(step: Update) -> Vector:
    # + 0.0 makes a 0 of the -0 that a rule without momentum has.
    return np.asarray(-step.lr * step.run.hyper["momentum"] * step.before["v"] + 0.0)


def listing(centered: bool, momentum: bool) -> RuleListing:
    """Return the listing with or without the mean of the gradients, and the velocity."""
    lines = ["self.s[i] = self.decay * self.s[i] + (1 - self.decay) * g[i] ** 2"]
    under, names = "self.s[i]", ["self.s"]
    if centered:
        lines.append("self.mean[i] = self.decay * self.mean[i] + (1 - self.decay) * g[i]")
        lines.append("variance = max(self.s[i] - self.mean[i] ** 2, 0.0)")
        under, names = "variance", [*names, "self.mean"]
    ratio = f"g[i] / (math.sqrt({under}) + self.eps)"
    if momentum:
        lines += [f"share = {ratio}", "self.v[i] = self.momentum * self.v[i] + share"]
        ratio, names = "self.v[i]", [*names, "self.v"]
    lines.append(f"theta[i] -= self.lr * {ratio}")
    return RuleListing(
        name="RMSProp",
        state=f"{', '.join(names)} = {', '.join(['[0.0, 0.0]'] * len(names))}",
        step="\n".join(["for i in range(2):", *(f"    {line}" for line in lines)]),
        optim="RMSprop",
        arguments=(
            *("lr={lr}", "alpha={decay}", "eps={eps}"),
            *(["momentum={momentum}"] if momentum else []),
            *(["centered=True"] if centered else []),
        ),
        special=(
            *([("centered", 0.0, listing(False, momentum))] if centered else []),
            *([("momentum", 0.0, listing(centered, False))] if momentum else []),
        ),
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
    " 10 lr at decay 0.99. With momentum the divided gradients are summed, as in PyTorch."
    " Centered, a spread that rounding takes below 0 is 0, where PyTorch's is NaN.",
    update=update,
    state=("s", "mean", "v"),
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
    memory=Memory(VELOCITY, "momentum", lambda hyper: PYTORCH, remembered),
    edges=ADAPTIVE,
    heavy_ball=None,
    listing=listing(centered=True, momentum=True),
    hyperparameters=(
        Number("decay", "a", 0.9, 0.0, 0.9999, "Share of the average that is kept."),
        Number("eps", r"\epsilon", 1e-8, 1e-16, 1.0, "Keeps the division finite.", "log"),
        Number("momentum", r"\mu", 0.0, 0.0, 0.999, "Share of the velocity that is kept."),
        Number.choice(
            "centered",
            ("off", "on"),
            "Divides by the spread of the gradients: their mean is taken off.",
        ),
    ),
)
