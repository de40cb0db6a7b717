"""AdamW: Adam with decoupled weight decay."""

import math

from landscape.compiled import kernel
from landscape.record import Number
from optimizers.record import DECOUPLED, UPDATE_SIGNATURE, Optimizer


# Written out again: a kernel that calls another file's goes stale when that file changes.
@kernel(UPDATE_SIGNATURE)
def update(t, g, hessian, lr, hyper, state, step):
    beta1, beta2, eps = hyper[0], hyper[1], hyper[2]
    m, v = state[0], state[1]
    for i in range(g.size):
        # A power costs more than all the rest, and neighbouring lanes mostly share their betas.
        if i == 0 or beta1[i] != beta1[i - 1] or beta2[i] != beta2[i - 1]:
            correction1 = 1 - beta1[i] ** float(t)
            correction2 = 1 - beta2[i] ** float(t)
        m[i] = beta1[i] * m[i] + (1 - beta1[i]) * g[i]
        v[i] = beta2[i] * v[i] + (1 - beta2[i]) * g[i] * g[i]
        # The corrections stand where PyTorch has them, to round as it does.
        rate = lr[i] / correction1
        step[i] = -rate * m[i] / (math.sqrt(v[i]) / math.sqrt(correction2) + eps[i])
    return 0


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
    hyperparameters=(
        Number("beta1", r"\beta_1", 0.9, 0.0, 0.9999, "Share of the mean that is kept."),
        Number("beta2", r"\beta_2", 0.999, 0.0, 0.99999, "Share of the mean square kept."),
        Number("eps", r"\epsilon", 1e-8, 1e-16, 1.0, "Keeps the division finite.", "log"),
    ),
    weight_decay=DECOUPLED,
)
