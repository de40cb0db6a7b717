"""AdaGrad, diagonal form."""

import math

from landscape.compiled import kernel
from landscape.record import Number
from optimizers.record import UPDATE_SIGNATURE, Optimizer


@kernel(UPDATE_SIGNATURE)
def update(t, g, hessian, lr, hyper, state, step):
    eps, s = hyper[0], state[0]
    for i in range(g.size):
        s[i] += g[i] * g[i]
        step[i] = -lr[i] * g[i] / (math.sqrt(s[i]) + eps[i])
    return 0


OPTIMIZER = Optimizer(
    name="AdaGrad",
    year=2011,
    sentence="Each coordinate's rate shrinks with all the gradient it has seen.",
    latex=r"s_t = s_{t-1} + g_t^2, \quad"
    r" \theta_t = \theta_{t-1} - \eta\, \frac{g_t}{\sqrt{s_t} + \epsilon}",
    source="Duchi, Hazan and Singer, JMLR 12 (2011) 2121-2159",
    differs="The sum starts at 0 and eps stands outside the root, as in PyTorch.",
    update=update,
    state=("s",),
    rate=0.5,
    rates={
        "Ackley": 0.2,
        "Local-minima valley": 0.2,
        "Monkey saddle": 0.2,
        "Rastrigin": 0.3,
        "Saddle": 0.2,
        "Six-hump camel": 0.2,
        "Three-hump camel": 0.2,
    },
    hyperparameters=(
        Number("eps", r"\epsilon", 1e-10, 1e-16, 1.0, "Keeps the division finite.", "log"),
    ),
)
