"""RMSProp, as in Hinton's lecture and PyTorch."""

import math

from landscape.compiled import kernel
from landscape.record import Number
from optimizers.record import UPDATE_SIGNATURE, Optimizer


@kernel(UPDATE_SIGNATURE)
def update(t, g, hessian, lr, hyper, state, step):
    a, eps, s = hyper[0], hyper[1], state[0]
    for i in range(g.size):
        s[i] = a[i] * s[i] + (1 - a[i]) * g[i] * g[i]
        step[i] = -lr[i] * g[i] / (math.sqrt(s[i]) + eps[i])
    return 0


OPTIMIZER = Optimizer(
    name="RMSProp",
    year=2012,
    sentence="AdaGrad that forgets: the rate follows the recent size of the gradient.",
    latex=r"s_t = a s_{t-1} + (1-a)\, g_t^2, \quad"
    r" \theta_t = \theta_{t-1} - \eta\, \frac{g_t}{\sqrt{s_t} + \epsilon}",
    source="Tieleman and Hinton, Neural Networks for Machine Learning, lecture 6.5 (2012)",
    differs="No bias correction: the first step is lr / sqrt(1 - decay) in every coordinate,"
    " 10 lr at decay .99.",
    update=update,
    state=("s",),
    rate=0.05,
    rates={
        "Ackley": 0.02,
        "Local-minima valley": 0.02,
        "Rastrigin": 0.02,
        "Rosenbrock": 0.01,
        "Six-hump camel": 0.01,
        "Three-hump camel": 0.02,
    },
    hyperparameters=(
        Number("decay", "a", 0.9, 0.0, 0.9999, "Share of the average that is kept."),
        Number("eps", r"\epsilon", 1e-8, 1e-16, 1.0, "Keeps the division finite.", "log"),
    ),
)
