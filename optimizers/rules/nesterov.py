"""Nesterov's accelerated gradient, in PyTorch's convention."""

from landscape.compiled import kernel
from landscape.record import Number
from optimizers.record import UPDATE_SIGNATURE, Optimizer


@kernel(UPDATE_SIGNATURE)
def update(t, g, hessian, lr, hyper, state, step):
    mu, v = hyper[0], state[0]
    for i in range(g.size):
        v[i] = mu[i] * v[i] + g[i]
        step[i] = -lr[i] * (g[i] + mu[i] * v[i])
    return 0


OPTIMIZER = Optimizer(
    name="Nesterov",
    year=1983,
    sentence="A heavy ball that takes the gradient where it is about to be.",
    latex=r"v_t = \mu v_{t-1} + g_t, \quad"
    r" \theta_t = \theta_{t-1} - \eta\,(g_t + \mu v_t)",
    source="Nesterov, Soviet Mathematics Doklady 27 (1983) 372-376;"
    " Sutskever et al., ICML 2013, section 2",
    differs="As in PyTorch, the points shown are the look-ahead points of Sutskever's form.",
    update=update,
    state=("v",),
    rate=0.01,
    rates={
        "Ackley": 0.005,
        "Beale": 0.002,
        "Himmelblau": 0.005,
        "Local-minima valley": 0.1,
        "Rastrigin": 0.001,
        "Rosenbrock": 0.001,
        "Saddle": 0.02,
        "Six-hump camel": 0.02,
        "Styblinski-Tang": 0.02,
    },
    hyperparameters=(
        Number("momentum", r"\mu", 0.9, 0.0, 0.999, "Share of the velocity that is kept."),
    ),
)
