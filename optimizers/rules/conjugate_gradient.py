"""The conjugate gradient method of Polak and Ribiere, which begins anew where it has to."""

from landscape.compiled import kernel, part
from landscape.language import msgid, tr
from optimizers.record import NO_DECAY, UPDATE_SIGNATURE, Optimizer, RuleListing
from optimizers.rules.steepest_descent import DIFFERS, EDGES, write_line
from optimizers.sheet import Sheet


# The same as of steepest descent: what a kernel calls stands in its own file, with which Numba
# compiles it anew.
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
    # Rows of n numbers: `state` has the gradient and the direction of the update before.
    half = n // 2
    for i in range(half):
        j = half + i
        gx, gy, old_x, old_y = g[i], g[j], state[i], state[j]
        square = old_x * old_x + old_y * old_y
        beta = 0.0
        if square > 0.0:
            beta = max((gx * (gx - old_x) + gy * (gy - old_y)) / square, 0.0)
        dx, dy = beta * state[n + i] - gx, beta * state[n + j] - gy
        if gx * dx + gy * dy >= 0.0:  # not downhill
            dx, dy = -gx, -gy
        state[i], state[j], state[n + i], state[n + j] = gx, gy, dx, dy
        # At rate 0 nothing moves, not even where the way has no end.
        length = lr[i] * way(n, i, hessian, gx, gy, dx, dy) if lr[i] > 0.0 else 0.0
        step[i], step[j] = length * dx, length * dy
    return 0


def formula(sheet: Sheet) -> None:
    step = sheet.step
    g, old, d = step.gradient, step.before["previous g"], step.after["direction"]
    square = old[0] * old[0] + old[1] * old[1]
    turned = False
    if square > 0:
        share = max(float((g[0] * (g[0] - old[0]) + g[1] * (g[1] - old[1])) / square), 0.0)
        sheet.define("old", "g_{t-1}", old)
        sheet.define("last", "d_{t-1}", step.before["direction"])
        note = tr("The share of the last direction, none where that would be negative.")
        text = r"\max\bigl(\frac{$g^\top\,($g - $old)}{$old^\top\,$old},\ 0\bigr)"
        sheet.write("beta", r"\beta_t", share, note, text)
        turned = bool((d == share * step.before["direction"] - g).all())
    if turned:
        note = tr("The direction: down, and on as before.")
        sheet.write("d", "d_t", d, note, r"-$g + $beta \cdot $last")
    else:
        note = tr("The direction: straight down, for it begins anew.")
        sheet.write("d", "d_t", d, note, "-$g")
    write_line(sheet, d)


LISTING = RuleListing(
    name="ConjugateGradient",
    state="self.g, self.d = [0.0, 0.0], [0.0, 0.0]",
    step="""
        hxx, hxy, hyy = self.hessian(*theta)
        square = self.g[0] ** 2 + self.g[1] ** 2
        product = sum(g[i] * (g[i] - self.g[i]) for i in range(2))
        beta = max(product / square, 0.0) if square > 0 else 0.0
        d = [beta * self.d[i] - g[i] for i in range(2)]
        if g[0] * d[0] + g[1] * d[1] >= 0:
            d = [-g[0], -g[1]]  # it begins anew
        self.g, self.d = g, d
        slope = g[0] * d[0] + g[1] * d[1]
        along = abs(hxx * d[0] ** 2 + 2 * hxy * d[0] * d[1] + hyy * d[1] ** 2)
        if self.lr * slope < 0:
            way = -slope / along if along > 0 else math.inf
            for i in range(2):
                theta[i] += self.lr * way * d[i]
    """,
    hand_state="last_g, last_d = torch.zeros_like(theta), torch.zeros_like(theta)",
    hand="""
        beta = torch.zeros(())
        if last_g @ last_g > 0:
            beta = (g @ (g - last_g) / (last_g @ last_g)).clamp(min=0.0)
        d = beta * last_d - g
        if g @ d >= 0:
            d = -g
        last_g, last_d = g, d
        along = (d @ torch.func.hessian(loss)(theta) @ d).abs()
        if lr * (g @ d) < 0:
            theta = theta - lr * (g @ d) / along * d
    """,
    comments=(msgid("it begins anew"),),
)


OPTIMIZER = Optimizer(
    name="Conjugate gradient",
    year=1969,
    sentence="Steepest descent that does not undo what its last step has done.",
    manner="keeps what its last step has won",
    latex=r"d_t = -g_t + \beta_t d_{t-1}, \quad \beta_t = \max\left(\frac{g_t^\top (g_t - g_{t-1})}"
    r"{g_{t-1}^\top g_{t-1}},\, 0\right), \quad \theta_t = \theta_{t-1} - \eta\,"
    r" \frac{g_t^\top d_t}{\lvert d_t^\top H_t\, d_t \rvert}\, d_t",
    source="Polak and Ribiere, Revue française d'informatique et de recherche opérationnelle 3"
    " (1969) 35-43; Nocedal and Wright, Numerical Optimization, 2nd ed. (2006), section 5.2",
    differs=DIFFERS,
    update=update,
    state=(msgid("previous g"), msgid("direction")),
    rate=1.0,
    rates={
        "Ackley": 0.5,
        "Monkey saddle": 0.1,
        "One hidden unit": 0.5,
        "Six-hump camel": 0.5,
        "Three-hump camel": 0.5,
    },
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
