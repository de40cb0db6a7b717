"""Newton's method with a fixed step length."""

import numpy as np

from landscape.compiled import kernel
from landscape.hessian import NO_MINIMIZER, shape, solve
from landscape.language import msgid, tr
from optimizers.record import NO_DECAY, UPDATE_SIGNATURE, Optimizer, RuleListing
from optimizers.sheet import Sheet


@kernel(UPDATE_SIGNATURE)
def update(n, t, g, hessian, lr, hyper, state, step):
    half = n // 2
    singular = 0
    for i in range(half):
        gx, gy = g[i], g[half + i]
        hxx, hxy, hyy = hessian[i], hessian[half + i], hessian[n + i]
        det = hxx * hyy - hxy * hxy
        # Cramer's rule loses every digit where the determinant is rounding of its terms.
        flat = abs(det) <= 1e-14 * (hxx * hxx + 2 * hxy * hxy + hyy * hyy)
        singular += flat
        det = 1.0 if flat else det
        step[i] = -lr[i] * (hyy * gx - hxy * gy) / det
        step[half + i] = -lr[i] * (hxx * gy - hxy * gx) / det
    return 1 if singular > 0 else 0


BOTH_POSITIVE = msgid("Both curvatures are positive.")


def formula(sheet: Sheet) -> None:
    step = sheet.step
    d, inverse = solve(step.hessian, step.gradient), solve(step.hessian, np.eye(2))
    sheet.define("curvature", r"\nabla^2 f(\theta_{t-1})", step.hessian)
    sheet.define("inverse", "H_t^{-1}", inverse)
    why = tr(NO_MINIMIZER.get(shape(step.hessian), BOTH_POSITIVE))
    sheet.write("H", "H_t", step.hessian, tr("The Hessian. {why}", why=why), "$curvature")
    note = tr("With this gradient the quadratic model is stationary at −d from here.")
    sheet.write("d", "d_t", d, note, r"$H^{-1}\,$g", r"$inverse\,$g")
    sheet.theta(r"$theta0 - $lr \cdot $d")


LISTING = RuleListing(
    name="Newton",
    step="""
        hxx, hxy, hyy = self.hessian(*theta)
        det = hxx * hyy - hxy**2
        theta[0] -= self.lr * (hyy * g[0] - hxy * g[1]) / det
        theta[1] -= self.lr * (hxx * g[1] - hxy * g[0]) / det
    """,
    hand="""
        hessian = torch.func.hessian(loss)(theta)
        theta = theta - lr * torch.linalg.solve(hessian, g)
    """,
)


OPTIMIZER = Optimizer(
    name="Newton",
    year=1669,
    sentence="Jump to where the local quadratic model is stationary, be it a minimum or a saddle.",
    manner="jumps to where the local bowl is level",
    latex=r"\theta_t = \theta_{t-1} - \eta\, H_t^{-1} g_t",
    source="Nocedal and Wright, Numerical Optimization, 2nd ed. (2006), section 3.3",
    differs="The full step, with no line search and no change of the Hessian: where that is not"
    " positive definite the step may climb, and where it is singular the run stops.",
    update=update,
    state=(),
    rate=1.0,
    rates={
        "Logistic regression": 0.1,
        "Rosenbrock": 0.5,
    },
    weight_decay=NO_DECAY,
    needs_hessian=True,
    uses_time=False,
    formula=formula,
    memory=None,
    edges="it divides by the curvature, which therefore sets no limit.",
    heavy_ball=None,
    listing=LISTING,
    l1_steps=(),
    second_order=True,
)
