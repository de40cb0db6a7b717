"""Stochastic gradient descent; without noise, gradient descent."""

from landscape.compiled import kernel
from optimizers.record import UPDATE_SIGNATURE, Optimizer


@kernel(UPDATE_SIGNATURE)
def update(t, g, hessian, lr, hyper, state, step):
    for i in range(g.size):
        step[i] = -lr[i] * g[i]
    return 0


OPTIMIZER = Optimizer(
    name="SGD",
    year=1951,
    sentence="Step against the gradient.",
    latex=r"\theta_{t} = \theta_{t-1} - \eta\, g_t",
    source="Robbins and Monro, Annals of Mathematical Statistics 22 (1951) 400-407",
    differs="Without noise this is gradient descent.",
    update=update,
    state=(),
    rate=0.05,
    rates={
        "Ackley": 0.02,
        "Beale": 0.01,
        "Himmelblau": 0.01,
        "Quadratic": 0.18,
        "Rastrigin": 0.005,
        "Rosenbrock": 0.001,
        "Saddle": 0.1,
        "Six-hump camel": 0.08,
        "Styblinski-Tang": 0.02,
        "Three-hump camel": 0.1,
    },
)
