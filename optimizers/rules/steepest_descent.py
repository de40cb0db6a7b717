"""Steepest descent: along the gradient, to where a parabola with its slope and bend is lowest."""

from landscape.compiled import kernel, part
from landscape.language import msgid, tr
from optimizers.record import NO_DECAY, UPDATE_SIGNATURE, Optimizer, RuleListing
from optimizers.sheet import Sheet, Vector


@part
def way(n, i, hessian, gx, gy, dx, dy):
    """Return how many times d leads to the lowest point of the parabola along it, in lane i."""
    size = max(abs(dx), abs(dy))
    if size == 0.0:
        return 0.0
    # Squares of what is nearly at rest would be 0.
    ux, uy = dx / size, dy / size
    slope = gx / size * ux + gy / size * uy
    hxx, hxy, hyy = hessian[i], hessian[n // 2 + i], hessian[n + i]
    return -slope / abs(ux * (hxx * ux + hxy * uy) + uy * (hxy * ux + hyy * uy))


@kernel(UPDATE_SIGNATURE)
def update(n, t, g, hessian, lr, hyper, state, step):
    half = n // 2
    for i in range(half):
        j = half + i
        gx, gy = g[i], g[j]
        # At rate 0 nothing moves, not even where the way has no end.
        length = lr[i] * way(n, i, hessian, gx, gy, -gx, -gy) if lr[i] > 0.0 else 0.0
        step[i], step[j] = -length * gx, -length * gy
    return 0


def write_line(sheet: Sheet, d: Vector) -> None:
    """Write the way along the direction $d, to the lowest point of the parabola, and the step."""
    step = sheet.step
    if not d.any():
        sheet.theta("$theta0", tr("At rest: the gradient is zero."))
        return
    (hxx, hxy), (_, hyy) = step.hessian
    curvature = abs(d[0] * (hxx * d[0] + hxy * d[1]) + d[1] * (hxy * d[0] + hyy * d[1]))
    sheet.define("H", r"\nabla^2 f(\theta_{t-1})", step.hessian)
    note = tr("The curvature along this direction, its size where it is negative.")
    sheet.write("c", "c_t", curvature, note, r"\lvert $d^\top\,$H\,$d \rvert")
    note = tr("How many times the direction leads to the lowest point of the parabola along it.")
    times = way(2, 0, (hxx, hxy, hyy), *step.gradient, *d)
    sheet.write("s", "s_t", times, note, r"\frac{-$g^\top\,$d}{$c}")
    sheet.theta(r"$theta0 + $lr \cdot $s \cdot $d")


def formula(sheet: Sheet) -> None:
    d = -sheet.step.gradient
    sheet.write("d", "d_t", d, tr("The direction: straight down."), "-$g")
    write_line(sheet, d)


DIFFERS = msgid(
    "Its step along a line is the rate times the way to the lowest point of the quadratic model: on"
    " a quadratic, at rate 1, the exact line search, elsewhere one step of Newton's method along"
    " the line. Where the curvature along it is negative, its size counts; where there is none, the"
    " step has no end."
)
EDGES = msgid("it divides by the curvature along its line, which therefore sets no limit.")

LISTING = RuleListing(
    name="SteepestDescent",
    step="""
        hxx, hxy, hyy = self.hessian(*theta)
        square = g[0] ** 2 + g[1] ** 2
        along = abs(hxx * g[0] ** 2 + 2 * hxy * g[0] * g[1] + hyy * g[1] ** 2)
        if self.lr * square > 0:
            way = square / along if along > 0 else math.inf
            for i in range(2):
                theta[i] -= self.lr * way * g[i]
    """,
    hand="""
        along = (g @ torch.func.hessian(loss)(theta) @ g).abs()
        if lr * (g @ g) > 0:
            theta = theta - lr * (g @ g) / along * g
    """,
)


OPTIMIZER = Optimizer(
    name="Steepest descent",
    year=1847,
    sentence="Go down the gradient exactly as far as a parabola along it falls.",
    manner="heads for the lowest point of a parabola along each line",
    latex=r"\theta_t = \theta_{t-1} - \eta\, \frac{g_t^\top g_t}{\lvert g_t^\top H_t\, g_t \rvert}"
    r"\, g_t",
    source="Cauchy, Comptes Rendus 25 (1847) 536-538;"
    " Nocedal and Wright, Numerical Optimization, 2nd ed. (2006), section 3.3",
    differs=DIFFERS,
    update=update,
    state=(),
    rate=1.0,
    rates={"Ackley": 0.5, "Monkey saddle": 0.1, "One hidden unit": 0.5, "Rosenbrock": 0.1},
    weight_decay=NO_DECAY,
    needs_hessian=True,
    uses_time=False,
    formula=formula,
    memory=None,
    edges=EDGES,
    heavy_ball=None,
    listing=LISTING,
    l1_steps=(),
    second_order=True,
)
