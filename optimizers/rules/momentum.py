"""Momentum, the heavy ball, in PyTorch's convention."""

from landscape.compiled import kernel
from landscape.record import Number
from optimizers.record import UPDATE_SIGNATURE, Optimizer


@kernel(UPDATE_SIGNATURE)
def update(t, g, hessian, lr, hyper, state, step):
    mu, v = hyper[0], state[0]
    for i in range(g.size):
        v[i] = mu[i] * v[i] + g[i]
        step[i] = -lr[i] * v[i]
    return 0


OPTIMIZER = Optimizer(
    name="Momentum",
    year=1964,
    sentence="A heavy ball: past gradients keep it rolling.",
    latex=r"v_t = \mu v_{t-1} + g_t, \quad \theta_t = \theta_{t-1} - \eta\, v_t",
    source="Polyak, USSR Computational Mathematics and Mathematical Physics 4 (1964) 1-17",
    differs="The velocity sums gradients, as in PyTorch. Where it sums steps instead, as in Keras,"
    " a schedule acts differently; a moving average of gradients equals this at lr (1 - mu).",
    update=update,
    state=("v",),
    rate=0.01,
    rates={
        "Ackley": 0.005,
        "Beale": 0.002,
        "Himmelblau": 0.005,
        "Local-minima valley": 0.05,
        "Rastrigin": 0.002,
        "Rosenbrock": 0.001,
        "Saddle": 0.02,
        "Six-hump camel": 0.1,
        "Styblinski-Tang": 0.02,
    },
    hyperparameters=(
        Number("momentum", r"\mu", 0.9, 0.0, 0.999, "Share of the velocity that is kept."),
    ),
)
