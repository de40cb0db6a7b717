"""Momentum, the heavy ball, in the three conventions in use."""

from landscape.compiled import kernel
from landscape.record import Number
from optimizers.record import UPDATE_SIGNATURE, Optimizer


@kernel(UPDATE_SIGNATURE)
def update(t, g, hessian, lr, hyper, state, step):
    mu, convention, v = hyper[0], hyper[1], state[0]
    for i in range(g.size):
        # Chosen, not branched to: the processor takes eight coordinates at a time.
        pytorch, keras = convention[i] == 0.0, convention[i] == 1.0
        push = g[i] if pytorch else -lr[i] * g[i] if keras else (1 - mu[i]) * g[i]
        v[i] = mu[i] * v[i] + push
        step[i] = v[i] if keras else -lr[i] * v[i]
    return 0


OPTIMIZER = Optimizer(
    name="Momentum",
    year=1964,
    sentence="A heavy ball: past gradients keep it rolling.",
    latex=r"v_t = \mu v_{t-1} + g_t, \quad \theta_t = \theta_{t-1} - \eta\, v_t",
    source="Polyak, USSR Computational Mathematics and Mathematical Physics 4 (1964) 1-17",
    differs="PyTorch's velocity sums gradients, v = mu v + g. Keras and Sutskever sum steps,"
    " v = mu v - lr g: the same at a constant rate, another run once a schedule changes it."
    " A moving average, v = mu v + (1 - mu) g, is PyTorch's run at lr (1 - mu).",
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
        Number.choice(
            "convention", ("PyTorch", "Keras", "EMA"), "What the velocity sums; see above."
        ),
    ),
)
