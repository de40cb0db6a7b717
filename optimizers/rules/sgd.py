"""Stochastic gradient descent; without noise, gradient descent."""

from landscape.compiled import kernel
from optimizers.record import (
    COUPLED,
    L1_STEPS,
    UPDATE_SIGNATURE,
    Edges,
    Hyper,
    Optimizer,
    RuleListing,
)
from optimizers.sheet import Sheet


@kernel(UPDATE_SIGNATURE)
def update(n, t, g, hessian, lr, hyper, state, step):
    for i in range(n):
        step[i] = -lr[i] * g[i]
    return 0


def formula(sheet: Sheet) -> None:
    sheet.theta(r"$theta0 - $lr \cdot $g")


def edges(hyper: Hyper) -> Edges:
    """Return where 1 - a, a = lr lambda, changes its sign and leaves the unit circle."""
    return 1.0, 1.0, 2.0


LISTING = RuleListing(
    name="SGD",
    step="""
        for i in range(2):
            theta[i] -= self.lr * g[i]
    """,
    optim="SGD",
)


OPTIMIZER = Optimizer(
    name="SGD",
    year=1951,
    sentence="Step against the gradient.",
    manner="follows the slope, forgets the past",
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
        "Linear regression": 0.1,
        "Logistic regression": 1.0,
        "Quadratic": 0.18,
        "Rastrigin": 0.005,
        "Rosenbrock": 0.001,
        "Saddle": 0.1,
        "Sine fit": 0.3,
        "Six-hump camel": 0.08,
        "Styblinski-Tang": 0.02,
        "Three-hump camel": 0.1,
    },
    weight_decay=COUPLED,
    needs_hessian=False,
    uses_time=False,
    formula=formula,
    memory=None,
    edges=edges,
    heavy_ball=lambda hyper: (0.0, 1.0),
    listing=LISTING,
    l1_steps=L1_STEPS,
)
