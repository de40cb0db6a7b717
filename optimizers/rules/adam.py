"""Adam."""

import math

from landscape.compiled import kernel
from landscape.record import Number
from optimizers.record import UPDATE_SIGNATURE, Optimizer


@kernel(UPDATE_SIGNATURE)
def update(t, g, hessian, lr, hyper, state, step):
    beta1, beta2, eps, correct = hyper[0], hyper[1], hyper[2], hyper[3]
    alike = 0
    for i in range(g.size):
        alike += (beta1[i] == beta1[0]) & (beta2[i] == beta2[0]) & (correct[i] == correct[0])
    # A power costs more than all the rest: one for each stretch of lanes that share their betas.
    start, stop = 0, g.size if alike == g.size else 1
    while start < g.size:
        b1, b2, switch = beta1[start], beta2[start], correct[start]
        while stop < g.size and (b1, b2, switch) == (beta1[stop], beta2[stop], correct[stop]):
            stop += 1
        correction1 = correction2 = 1.0
        if switch == 0.0:
            correction1 -= b1 ** float(t)
            correction2 -= b2 ** float(t)
        root = math.sqrt(correction2)
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
