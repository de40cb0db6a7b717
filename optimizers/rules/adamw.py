"""AdamW: Adam with decoupled weight decay."""

import math
from dataclasses import replace

from landscape.compiled import kernel
from landscape.record import Number
from optimizers.record import ADAPTIVE, DECOUPLED, UPDATE_SIGNATURE, Optimizer
from optimizers.rules import adam


# Written out again: a kernel that calls another file's goes stale when that file changes.
@kernel(UPDATE_SIGNATURE)
def update(t, g, hessian, lr, hyper, state, step):
    beta1, beta2, eps = hyper[0], hyper[1], hyper[2]
    alike = 0
    for i in range(g.size):
        alike += (beta1[i] == beta1[0]) & (beta2[i] == beta2[0])
    # A power costs more than all the rest: one for each stretch of lanes that share their betas.
    start, stop = 0, g.size if alike == g.size else 1
    while start < g.size:
        b1, b2 = beta1[start], beta2[start]
        while stop < g.size and (b1, b2) == (beta1[stop], beta2[stop]):
            stop += 1
        correction1 = 1 - b1 ** float(t)
        root = math.sqrt(1 - b2 ** float(t))
        m, v = state[0, start:stop], state[1, start:stop]
        slope, rate, small = g[start:stop], lr[start:stop], eps[start:stop]
        out = step[start:stop]
        for i in range(out.size):
            m[i] = b1 * m[i] + (1 - b1) * slope[i]
            v[i] = b2 * v[i] + (1 - b2) * slope[i] * slope[i]
            # The corrections stand where PyTorch has them, to round as it does.
            out[i] = -(rate[i] / correction1) * m[i] / (math.sqrt(v[i]) / root + small[i])
        start, stop = stop, stop + 1
    return 0


LISTING = replace(adam.LISTING, name="AdamW", optim="AdamW", special=())


OPTIMIZER = Optimizer(
    name="AdamW",
    year=2019,
    sentence="Adam with the weight decay beside the adaptive step instead of inside it.",
    latex=r"\theta_t = (1 - \eta \lambda)\,\theta_{t-1}"
    r" - \eta\, \frac{\hat m_t}{\sqrt{\hat v_t} + \epsilon}",
    source="Loshchilov and Hutter, ICLR 2019, algorithm 2",
    differs="The decay is multiplied by the learning rate, as in PyTorch.",
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
    ),
)
