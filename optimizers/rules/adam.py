"""Adam."""

import math
from typing import Any

import numpy as np

from landscape.compiled import kernel
from landscape.language import msgid, tr
from landscape.record import Number
from optimizers.record import (
    ADAPTIVE,
    APART,
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
    # Rows of n numbers: `hyper` has beta1, beta2, eps and three switches, `state` has m, v and the
    # largest v, zeros where it is not asked for.
    lanes = n // 2
    alike = same_rate = 0
    for i in range(lanes):
        same = (hyper[i] == hyper[0]) & (hyper[n + i] == hyper[n])
        for row in range(3, 6):
            same &= hyper[row * n + i] == hyper[row * n]
        alike += same
        same_rate += lr[i] == lr[0]
    # A power costs more than all the rest: one for each stretch of lanes that share their betas.
    start, stop = 0, n if alike == lanes else 1
    while start < n:
        b1, b2, raw = hyper[start], hyper[n + start], hyper[3 * n + start]
        largest, inside = hyper[4 * n + start], hyper[5 * n + start]
        while (
            stop < n
            and (b1, b2, raw) == (hyper[stop], hyper[n + stop], hyper[3 * n + stop])
            and (largest, inside) == (hyper[4 * n + stop], hyper[5 * n + stop])
        ):
            stop += 1
        correction1 = correction2 = 1.0
        if raw == 0.0:
            correction1 -= b1 ** float(t)
            correction2 -= b2 ** float(t)
        root = math.sqrt(correction2)
        shared = -(lr[start] / correction1)
        for i in range(start, stop):
            slope = g[i]
            state[i] = b1 * state[i] + (1 - b1) * slope
            state[n + i] = b2 * state[n + i] + (1 - b2) * slope * slope
            step[i] = shared
        # A division costs more than all that is neither one nor a root.
        if same_rate < lanes:
            for i in range(start, stop):
                step[i] = -(lr[i] / correction1)
        second = n  # the row that divides
        if largest != 0.0:
            second = 2 * n
            for i in range(start, stop):
                state[second + i] = max(state[second + i], state[n + i])
        # The corrections stand where PyTorch has them, to round as it does. Two loops, for in one
        # the processor would compute both roots.
        if inside == 0.0:
            for i in range(start, stop):
                divisor = math.sqrt(state[second + i]) / root + hyper[2 * n + i]
                step[i] = step[i] * state[i] / divisor
        else:
            for i in range(start, stop):
                divisor = math.sqrt(state[second + i] / correction2 + hyper[2 * n + i])
                step[i] = step[i] * state[i] / divisor
        start, stop = stop, stop + 1
    return 0


# What follows is said of AdamW too, whose moments are always corrected, and which has none of the
# other choices.


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
    m, v, second_moment = "$m", "$v", step.after["v"]
    hyper = step.run.hyper
    if hyper.get("amsgrad"):
        second_moment = step.after["largest v"]
        sheet.define("top0", r"v^{\max}_{t-1}", step.before["largest v"])
        note = tr("The largest second moment so far, which takes the place of the second moment.")
        sheet.write("top", r"v^{\max}_t", second_moment, note, r"\max($top0,\ $v)")
        v = "$top"
    if found := corrections(step):
        first, second = found
        sheet.define("first", r"1-\beta_1^t", first)
        sheet.define("second", r"1-\beta_2^t", second)
        note = tr("The first moment, corrected for starting at zero; t = {t}.", t=step.t)
        sheet.write("m_hat", r"\hat m_t", step.after["m"] / first, note, r"\frac{$m}{$first}")
        note = tr("The second moment, corrected in the same way.")
        corrected = rf"\frac{{{v}}}{{$second}}"
        sheet.write("v_hat", r"\hat v_t", second_moment / second, note, corrected)
        m, v = "$m_hat", "$v_hat"
    root = rf"\sqrt{{{v} + $eps}}" if hyper.get("eps_in_root") else rf"\sqrt{{{v}}} + $eps"
    decay = r" - $lr \cdot $weight_decay \cdot $theta0" if step.decay.any() else ""
    if decay and hyper.get(APART):
        sheet.define("peak", r"\eta_{\max}", step.run.weight_decay / step.decoupled)
        factor = step.lr * step.decoupled / step.run.weight_decay
        note = tr("The schedule's factor: the decay is multiplied by it, and not by the rate.")
        sheet.write("factor", "f_t", factor, note, r"\frac{$lr}{$peak}")
        decay = r" - $factor \cdot $weight_decay \cdot $theta0"
    sheet.theta(rf"$theta0{decay} - $lr \cdot \frac{{{m}}}{{{root}}}")


def remembered(step: Update) -> Vector:
    hyper, (first, second) = step.run.hyper, corrections(step) or (1.0, 1.0)
    v = step.after["largest v" if hyper.get("amsgrad") else "v"] / second
    inside, outside = (hyper["eps"], 0) if hyper.get("eps_in_root") else (0, hyper["eps"])
    root = np.sqrt(v + inside) + outside
    return -step.lr * hyper["beta1"] * step.before["m"] / first / root


CHOICES = ("bias_correction", "amsgrad", "eps_in_root")  # each at its first by default


def listing(*chosen: str) -> RuleListing:
    """Return the listing of a run with these of the CHOICES not at their first.

    It has special ones for those of the CHOICES that come after the last of them.
    """
    raw, largest, inside = (name in chosen for name in CHOICES)
    m, v, names = "self.m[i]", "self.v[i]", ["m", "v", *(["v_max"] if largest else [])]
    lines = [
        f"{m} = self.beta1 * {m} + (1 - self.beta1) * g[i]",
        f"{v} = self.beta2 * {v} + (1 - self.beta2) * g[i] ** 2",
    ]
    hand = ["m = beta1 * m + (1 - beta1) * g", "v = beta2 * v + (1 - beta2) * g**2"]
    by_hand = {"m": "m", "v": "v"}
    if largest:
        lines.append(f"self.v_max[i] = max(self.v_max[i], {v})")
        hand.append("v_max = torch.maximum(v_max, v)")
        v, by_hand["v"] = "self.v_max[i]", "v_max"
    if not raw:
        lines += [
            f"m_hat = {m} / (1 - self.beta1**self.t)",
            f"v_hat = {v} / (1 - self.beta2**self.t)",
        ]
        hand = ["updates += 1", *hand, "m_hat = m / (1 - beta1**updates)"]
        hand.append(f"v_hat = {by_hand['v']} / (1 - beta2**updates)")
        m, v, by_hand = "m_hat", "v_hat", {"m": "m_hat", "v": "v_hat"}
    root = "math.sqrt({} + self.eps)" if inside else "(math.sqrt({}) + self.eps)"
    lines.append(f"theta[i] -= self.lr * {m} / {root.format(v)}")
    root = root.replace("math.", "torch.").replace("self.", "").format(by_hand["v"])
    hand.append(f"theta = theta - lr * {by_hand['m']} / {root}")
    state = ", ".join(f"self.{name}" for name in names) + ("" if raw else ", self.t")
    zeros = ", ".join(["[0.0, 0.0]"] * len(names)) + ("" if raw else ", 0")
    tensors = ", ".join(["torch.zeros_like(theta)"] * len(names))
    loop = ["for i in range(2):", *(f"    {line}" for line in lines)]
    known = not (raw or inside)  # to PyTorch
    later = CHOICES[max((CHOICES.index(name) + 1 for name in chosen), default=0) :]
    return RuleListing(
        name="Adam",
        state=f"{state} = {zeros}",
        step="\n".join(loop if raw else ["self.t += 1", *loop]),
        optim="Adam" if known else "",
        arguments=(
            *("lr={lr}", "betas=({beta1}, {beta2})", "eps={eps}"),
            *(["amsgrad=True"] if largest else []),
        ),
        hand_state=""
        if known
        else f"{', '.join(names)} = {tensors}" + ("" if raw else "\nupdates = 0"),
        hand="" if known else "\n".join(hand),
        special=tuple((name, 1.0, listing(*chosen, name)) for name in later),
    )


OPTIMIZER = Optimizer(
    name="Adam",
    year=2015,
    sentence="Momentum divided by RMSProp's root, both corrected for starting at zero.",
    manner="rolls on, each coordinate at its own scale",
    latex=r"\hat m_t = \frac{m_t}{1-\beta_1^t}, \quad \hat v_t = \frac{v_t}{1-\beta_2^t}, \quad"
    r" \theta_t = \theta_{t-1} - \eta\, \frac{\hat m_t}{\sqrt{\hat v_t} + \epsilon}",
    source="Kingma and Ba, ICLR 2015, algorithm 1",
    differs="eps is added after the bias correction of the root, as in the paper's algorithm 1."
    " AMSGrad (Reddi, Kale and Kumar, ICLR 2018) divides by the largest second moment so far, as in"
    " PyTorch: the largest of those without bias correction, which is then corrected.",
    update=update,
    state=("m", "v", msgid("largest v")),
    rate=0.1,
    rates={},
    weight_decay=COUPLED,
    needs_hessian=False,
    uses_time=True,
    formula=formula,
    memory=Memory(FIRST_MOMENT, "beta1", lambda hyper: EMA, remembered),
    edges=ADAPTIVE,
    heavy_ball=None,
    listing=listing(),
    hyperparameters=(
        Number("beta1", r"\beta_1", 0.9, 0.0, 0.9999, "Share of the mean gradient that is kept."),
        Number("beta2", r"\beta_2", 0.999, 0.0, 0.99999, "Share of the mean square that is kept."),
        Number("eps", r"\epsilon", 1e-8, 1e-16, 1.0, "Keeps the division finite.", "log"),
        Number.choice(
            "bias_correction",
            ("on", "off"),
            "Without it the first steps are too long or too short.",
        ),
        Number.choice(
            "amsgrad",
            ("off", "on"),
            "Divides by the largest second moment so far, not by the latest.",
        ),
        Number.choice(
            "eps_in_root",
            ("off", "on"),
            "Adds eps to the second moment, under the root, and not to the root.",
        ),
    ),
)
