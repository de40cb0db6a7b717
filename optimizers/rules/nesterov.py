"""Nesterov's accelerated gradient, in PyTorch's convention."""

from landscape.compiled import kernel
from landscape.language import tr
from landscape.record import Number
from optimizers.record import (
    COUPLED,
    PYTORCH,
    UPDATE_SIGNATURE,
    VELOCITY,
    Edges,
    Hyper,
    Memory,
    Optimizer,
    RuleListing,
)
from optimizers.sheet import Sheet, Update, Vector


@kernel(UPDATE_SIGNATURE)
def update(n, t, g, hessian, lr, hyper, state, step):
    for i in range(n):
        slope, mu = g[i], hyper[i]
        v = mu * state[i] + slope
        state[i] = v
        step[i] = -lr[i] * (slope + mu * v)
    return 0


def formula(sheet: Sheet) -> None:
    sheet.state("v", r"$momentum \cdot $v0 + $g", tr("The velocity sums gradients."))
    step = sheet.step
    if step.run.hyper["momentum"] == 0:
        sheet.theta(r"$theta0 - $lr \cdot \bigl($g + $momentum \cdot $v\bigr)")
        return
    note = tr("Sutskever's point: down the gradient, before it looks ahead.")
    sheet.write("s", "s_t", step.theta - step.lr * step.gradient, note, r"$theta0 - $lr \cdot $g")
    note = tr("From there it looks ahead: the new position, and the step as one vector.")
    sheet.theta(r"$s - $lr \cdot $momentum \cdot $v", note)


def remembered(step: Update) -> Vector:
    return -step.lr * step.run.hyper["momentum"] ** 2 * step.before["v"]


def edges(hyper: Hyper) -> Edges:
    """Return where z^2 - (1 + mu)(1 - a) z + mu (1 - a), a = lr lambda, changes its roots.

    The iterates are the look-ahead points. At a = 1 both roots are 0; beyond it they are real with
    opposite signs, the negative one the larger, and it is -1 at a = (2 + 2 mu) / (1 + 2 mu).
    """
    mu = hyper["momentum"]
    return ((1 - mu) / (1 + mu)) ** 2, 1.0, (2 + 2 * mu) / (1 + 2 * mu)


# PyTorch refuses nesterov=True without momentum, and it is the same.
DESCENT = RuleListing(
    name="Nesterov",
    step="""
        for i in range(2):  # with momentum 0, gradient descent
            theta[i] -= self.lr * g[i]
    """,
    optim="SGD",
    comments=("with momentum 0, gradient descent",),
)

LISTING = RuleListing(
    name="Nesterov",
    state="self.v = [0.0, 0.0]",
    step="""
        for i in range(2):
            self.v[i] = self.momentum * self.v[i] + g[i]
            theta[i] -= self.lr * (g[i] + self.momentum * self.v[i])
    """,
    optim="SGD",
    arguments=("lr={lr}", "momentum={momentum}", "nesterov=True"),
    special=(("momentum", 0.0, DESCENT),),
)


OPTIMIZER = Optimizer(
    name="Nesterov",
    year=1983,
    sentence="A heavy ball that takes the gradient where it is about to be.",
    manner="rolls on, and looks ahead",
    latex=r"v_t = \mu v_{t-1} + g_t, \quad"
    r" \theta_t = \theta_{t-1} - \eta\,(g_t + \mu v_t)",
    source="Nesterov, Soviet Mathematics Doklady 27 (1983) 372-376;"
    " Sutskever et al., ICML 2013, section 2",
    differs="As in PyTorch, the points shown are the look-ahead points of Sutskever's form. Inside"
    " an update his own point is told too; where the rate changes it is his only nearly.",
    update=update,
    state=("v",),
    rate=0.01,
    rates={
        "Ackley": 0.005,
        "Beale": 0.002,
        "Himmelblau": 0.005,
        "Local-minima valley": 0.1,
        "Logistic regression": 0.1,
        "Rastrigin": 0.001,
        "Rosenbrock": 0.001,
        "Saddle": 0.02,
        "Sine fit": 0.05,
        "Six-hump camel": 0.02,
        "Styblinski-Tang": 0.02,
    },
    weight_decay=COUPLED,
    needs_hessian=False,
    uses_time=False,
    formula=formula,
    memory=Memory(VELOCITY, "momentum", lambda hyper: PYTORCH, remembered),
    edges=edges,
    heavy_ball=None,
    listing=LISTING,
    hyperparameters=(
        Number("momentum", r"\mu", 0.9, 0.0, 0.999, "Share of the velocity that is kept."),
    ),
)
