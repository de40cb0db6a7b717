"""Adam."""

import math

from landscape.compiled import kernel
from landscape.record import Number
from optimizers.record import UPDATE_SIGNATURE, Optimizer


@kernel(UPDATE_SIGNATURE)
def update(t, g, hessian, lr, hyper, state, step):
    beta1, beta2, eps, correct = hyper[0], hyper[1], hyper[2], hyper[3]
    m, v = state[0], state[1]
    for i in range(g.size):
        # A power costs more than all the rest, and neighbouring lanes mostly share their betas.
        j = max(i - 1, 0)
        if i == 0 or beta1[i] != beta1[j] or beta2[i] != beta2[j] or correct[i] != correct[j]:
            correction1 = correction2 = 1.0
            if correct[i] == 0.0:
                correction1 -= beta1[i] ** float(t)
                correction2 -= beta2[i] ** float(t)
        m[i] = beta1[i] * m[i] + (1 - beta1[i]) * g[i]
        v[i] = beta2[i] * v[i] + (1 - beta2[i]) * g[i] * g[i]
        # The corrections stand where PyTorch has them, to round as it does.
        rate = lr[i] / correction1
        step[i] = -rate * m[i] / (math.sqrt(v[i]) / math.sqrt(correction2) + eps[i])
    return 0


OPTIMIZER = Optimizer(
    name="Adam",
    year=2015,
    sentence="Momentum over RMSProp, both corrected for their start at zero.",
    latex=r"\hat m_t = \frac{m_t}{1-\beta_1^t}, \quad \hat v_t = \frac{v_t}{1-\beta_2^t}, \quad"
    r" \theta_t = \theta_{t-1} - \eta\, \frac{\hat m_t}{\sqrt{\hat v_t} + \epsilon}",
    source="Kingma and Ba, ICLR 2015, algorithm 1",
    differs="eps is added after the bias correction of the root, as in the paper's algorithm 1.",
    update=update,
    state=("m", "v"),
    rate=0.1,
    rates={},
    hyperparameters=(
        Number("beta1", r"\beta_1", 0.9, 0.0, 0.9999, "Share of the mean that is kept."),
        Number("beta2", r"\beta_2", 0.999, 0.0, 0.99999, "Share of the mean square kept."),
        Number("eps", r"\epsilon", 1e-8, 1e-16, 1.0, "Keeps the division finite.", "log"),
        Number.choice(
            "bias_correction", ("on", "off"), "Without it the first steps are too long or short."
        ),
    ),
)
