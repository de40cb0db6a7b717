"""signSGD, sign descent: of the gradient only the signs count."""

from landscape.compiled import kernel
from optimizers.record import COUPLED, UPDATE_SIGNATURE, Optimizer, RuleListing
from optimizers.sheet import Sheet


@kernel(UPDATE_SIGNATURE)
def update(n, t, g, hessian, lr, hyper, state, step):
    for i in range(n):
        step[i] = lr[i] * ((g[i] < 0) - (g[i] > 0))
    return 0


def formula(sheet: Sheet) -> None:
    g = sheet.step.gradient
    text = r"\operatorname{sign}\bigl($g\bigr)"
    sheet.write("u", "u_t", (g > 0) * 1.0 - (g < 0), "The sign of each coordinate.", text)
    sheet.theta(r"$theta0 - $lr \cdot $u")


LISTING = RuleListing(
    name="SignSGD",
    step="""
        for i in range(2):
            theta[i] -= self.lr * (float(g[i] > 0) - float(g[i] < 0))
    """,
    hand="theta = theta - lr * torch.sign(g)",
)


OPTIMIZER = Optimizer(
    name="signSGD",
    year=2018,
    sentence="Every coordinate moves by the learning rate, whatever the size of its gradient.",
    manner="steps one rate along every axis",
    latex=r"\theta_t = \theta_{t-1} - \eta\, \operatorname{sign} g_t",
    source="Bernstein et al., signSGD, ICML 2018",
    differs="Without momentum. A coordinate whose gradient is 0 rests.",
    update=update,
    state=(),
    rate=0.05,
    rates={"Rosenbrock": 0.02},
    weight_decay=COUPLED,
    needs_hessian=False,
    uses_time=False,
    formula=formula,
    memory=None,
    edges="its steps do not shrink with the gradient, so that the curvature sets no limit.",
    heavy_ball=None,
    listing=LISTING,
)
