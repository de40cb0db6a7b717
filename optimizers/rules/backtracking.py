"""Gradient descent with a backtracking line search: the rate is the first length that is tried."""

from landscape.compiled import kernel
from landscape.language import tr
from landscape.record import Number
from optimizers.record import LONG, NO_DECAY, UPDATE_SIGNATURE, Optimizer, RuleListing
from optimizers.sheet import Sheet


@kernel(UPDATE_SIGNATURE)
def update(n, t, g, hessian, lr, hyper, state, step):
    for i in range(n):
        step[i] = -lr[i] * g[i]
    return 2  # LONG


def formula(sheet: Sheet) -> None:
    step = sheet.step
    if not step.gradient.any():
        sheet.theta("$theta0", tr("At rest: the gradient is zero."))
        return
    if step.taken is None:
        sheet.theta("$theta0", tr("No length lowers the loss by enough: it stays where it is."))
        return
    count = len(step.tried) - 1
    factor = step.run.hyper["shrink"] ** count
    sheet.define("factor", rf"\rho^{{{count}}}", factor)
    note = tr(
        "The first length that lowers the loss by enough; those before it: {count}.", count=count
    )
    sheet.write("length", r"\eta_t", step.taken.length, note, r"$lr \cdot $factor")
    sheet.theta(r"$theta0 - $length \cdot $g")


LISTING = RuleListing(
    name="Backtracking",
    before="""
        def falls(loss, point, most):
            try:
                return loss(*point) <= most
            except (ArithmeticError, ValueError):
                return False
    """,
    step="""
        here = self.loss(*theta)
        s = [-self.lr * d for d in g]
        for _ in range(100):
            there = [p + d for p, d in zip(theta, s)]
            slope = g[0] * s[0] + g[1] * s[1]
            if falls(self.loss, there, here + self.decrease * slope):
                theta[:] = there
                break
            s = [self.shrink * d for d in s]
    """,
    hand="""
        here = loss(theta)
        s = -lr * g
        for _ in range(100):
            there = loss(theta + s)
            if there <= here + decrease * (g @ s):
                theta = theta + s
                break
            s = shrink * s
    """,
)


OPTIMIZER = Optimizer(
    name="Backtracking",
    year=1966,
    sentence="Try a long step down the gradient, and shorten it until the loss falls by enough.",
    manner="tries long steps and takes those that pay",
    latex=r"\theta_t = \theta_{t-1} - \eta\, \rho^{k_t} g_t, \quad k_t \text{ the first } k:\;"
    r" f(\theta_{t-1} - \eta\, \rho^k g_t) \le f(\theta_{t-1}) - c_1\, \eta\, \rho^k \lVert g_t"
    r" \rVert^2",
    source="Armijo, Pacific Journal of Mathematics 16 (1966) 1-3;"
    " Nocedal and Wright, Numerical Optimization, 2nd ed. (2006), section 3.1",
    differs=(
        "The learning rate is the length that each search begins with. The loss is that of the"
        " update's own batch; where noise is added to the gradient the loss is exact, and only the"
        " direction is noisy. A loss that is not finite is too high. After 100 lengths, or where a"
        " step no longer moves anything, it stays where it is."
    ),
    update=update,
    state=(),
    rate=1.0,
    rates={"Monkey saddle": 0.05},
    weight_decay=NO_DECAY,
    needs_hessian=False,
    uses_time=False,
    formula=formula,
    memory=None,
    edges="it shortens a step until the loss falls, so the curvature sets no limit.",
    heavy_ball=None,
    listing=LISTING,
    hyperparameters=(
        Number(
            "decrease",
            "c_1",
            0.1,
            0.0001,
            0.9,
            "Share of the decrease that the slope promises, which a step has to keep.",
            "log",
        ),
        Number("shrink", r"\rho", 0.5, 0.1, 0.9, "What a step is multiplied by that is too long."),
    ),
    l1_steps=(),
    searches=LONG,
)
