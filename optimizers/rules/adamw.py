"""AdamW: Adam with decoupled weight decay."""

import math
from dataclasses import replace

from landscape.compiled import kernel
from landscape.record import Number
from optimizers.record import ADAPTIVE, APART, DECOUPLED, UPDATE_SIGNATURE, Optimizer
from optimizers.rules import adam


# Written out again: a kernel that calls another file's goes stale when that file changes.
@kernel(UPDATE_SIGNATURE)
def update(n, t, g, hessian, lr, hyper, state, step):
    # Rows of n numbers: `hyper` has beta1, beta2, eps and what only the decay asks for, `state` has
    # m and v.
    lanes = n // 2
    alike = same_rate = 0
    for i in range(lanes):
        alike += (hyper[i] == hyper[0]) & (hyper[n + i] == hyper[n])
        same_rate += lr[i] == lr[0]
    # A power costs more than all the rest: one for each stretch of lanes that share their betas.
    start, stop = 0, n if alike == lanes else 1
    while start < n:
        b1, b2 = hyper[start], hyper[n + start]
        while stop < n and (b1, b2) == (hyper[stop], hyper[n + stop]):
            stop += 1
        correction1 = 1 - b1 ** float(t)
        root = math.sqrt(1 - b2 ** float(t))
        shared = -(lr[start] / correction1)
        for i in range(start, stop):
            step[i] = shared
        # A division costs more than all that is neither one nor a root.
        if same_rate < lanes:
            for i in range(start, stop):
                step[i] = -(lr[i] / correction1)
        for i in range(start, stop):
            slope, eps = g[i], hyper[2 * n + i]
            m = b1 * state[i] + (1 - b1) * slope
            v = b2 * state[n + i] + (1 - b2) * slope * slope
            state[i], state[n + i] = m, v
            # The corrections stand where PyTorch has them, to round as it does.
            step[i] = step[i] * m / (math.sqrt(v) / root + eps)
        start, stop = stop, stop + 1
    return 0


LISTING = replace(adam.listing(), name="AdamW", optim="AdamW", special=())


OPTIMIZER = Optimizer(
    name="AdamW",
    year=2019,
    sentence="Adam with the weight decay beside the adaptive step instead of inside it.",
    manner="Adam, with the weight decay beside it",
    latex=r"\theta_t = (1 - \eta \lambda)\,\theta_{t-1}"
    r" - \eta\, \frac{\hat m_t}{\sqrt{\hat v_t} + \epsilon}",
    source="Loshchilov and Hutter, ICLR 2019, algorithm 2",
    differs="The decay is multiplied by the learning rate, as in PyTorch. Apart from the rate it is"
    " multiplied by the schedule's factor alone, as in the paper: PyTorch's run with the decay"
    " divided by the rate. At rate 0 a run stands still all the same.",
    update=update,
    state=("m", "v"),
    rate=0.1,
    rates={},
    weight_decay=DECOUPLED,
    needs_hessian=False,
    uses_time=True,
    formula=adam.formula,
    memory=adam.OPTIMIZER.memory,
    edges=ADAPTIVE,
    heavy_ball=None,
    listing=LISTING,
    hyperparameters=(
        Number("beta1", r"\beta_1", 0.9, 0.0, 0.9999, "Share of the mean gradient that is kept."),
        Number("beta2", r"\beta_2", 0.999, 0.0, 0.99999, "Share of the mean square that is kept."),
        Number("eps", r"\epsilon", 1e-8, 1e-16, 1.0, "Keeps the division finite.", "log"),
        Number.choice(
            APART,
            ("off", "on"),
            "Takes the rate out of the weight decay: only the schedule's factor is left in it.",
        ),
    ),
)
