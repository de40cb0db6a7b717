"""AdaGrad with the whole matrix of the gradients' products, which is Shampoo on a vector."""

import math

import numpy as np

from landscape.compiled import kernel
from landscape.language import msgid, tr
from landscape.record import Number
from optimizers.record import COUPLED, UPDATE_SIGNATURE, Optimizer, RuleListing
from optimizers.rules import adagrad
from optimizers.sheet import Sheet, Vector


# G itself would lose what is small in it beside what is large: while all gradients have had nearly
# one direction, the curvature across them is rounding. So its root R is kept, upper triangular
# with G = R'R, and turned at each update so that the new gradient becomes part of it.
@kernel(UPDATE_SIGNATURE)
def update(n, t, g, hessian, lr, hyper, state, step):
    # Rows of n numbers: `hyper` has eps, `state` has the rows of R, (p, q) and (0, r).
    half = n // 2
    for i in range(half):
        j = half + i
        gx, gy, start = g[i], g[j], math.sqrt(hyper[i])
        p = start if t == 1 else state[i]
        q = 0.0 if t == 1 else state[j]
        r = start if t == 1 else state[n + j]
        # The adjugate of G times g is the same before g is added and after; before, it is small
        # by itself where it should be.
        cross = p * gy - q * gx
        ahead, across = r * r * gx - q * cross, p * cross
        length = math.sqrt(p * p + gx * gx)
        side = (p * q + gx * gy) / length
        height = math.sqrt(r * r + (cross / length) * (cross / length))
        state[i], state[j], state[n + i], state[n + j] = length, side, 0.0, height
        # With s the root of det G, the root of G is (G + s I) / sqrt(tr G + 2 s).
        s = length * height
        scale = s * math.sqrt(length * length + side * side + height * height + 2 * s)
        step[i] = -lr[i] * (ahead + s * gx) / scale
        step[j] = -lr[j] * (across + s * gy) / scale
    return 0


def adjugate(root: Vector) -> Vector:
    """Return the adjugate of G = R'R, (2, 2), from R, (2, 2) and upper triangular."""
    (p, q), (_, r) = root
    return np.array([[q * q + r * r, -p * q], [-p * q, p * p]])


def scales(root: Vector) -> tuple[float, float]:
    """Return s, the determinant of R, and what adj G + s I is divided by to be G^(-1/2)."""
    (p, q), (_, r) = root
    s = p * r
    return s, s * np.sqrt(p * p + q * q + r * r + 2 * s)


def formula(sheet: Sheet) -> None:
    step, g = sheet.step, sheet.step.gradient
    start = math.sqrt(step.run.hyper["eps"]) * np.eye(2)
    before = start if step.t == 1 else np.array([*step.before.values()])
    after = np.array([*step.after.values()])
    sheet.define("G0", r"\epsilon I" if step.t == 1 else "G_{t-1}", before.T @ before)
    sheet.define("outer", r"g_t^{\vphantom{\top}} g_t^{\top}", np.outer(g, g))
    note = tr("The sum of the products of the gradient's coordinates, those of x with y too.")
    sheet.write("G", "G_t", after.T @ after, note, r"$G0 + $outer")
    s, scale = scales(after)
    # Its product with the gradient is a small difference of large numbers.
    inverse = (adjugate(after) + s * np.eye(2)) / scale
    sheet.define("inverse", r"G_t^{-\frac12}", inverse, least_digits=8)
    (p, q), (_, r) = before
    cross = p * g[1] - q * g[0]
    direction = (np.array([r * r * g[0] - q * cross, p * cross]) + s * g) / scale
    note = tr("The gradient, divided by the root of this matrix.")
    sheet.write("d", "d_t", direction, note, r"$inverse\,$g")
    sheet.theta(r"$theta0 - $lr \cdot $d")


LISTING = RuleListing(
    name="FullMatrixAdaGrad",
    state="self.root = math.sqrt(self.eps), 0.0, math.sqrt(self.eps)",
    step="""
        rxx, rxy, ryy = self.root  # G = R'R, with R = (rxx, rxy; 0, ryy)
        cross = rxx * g[1] - rxy * g[0]
        ahead, across = ryy**2 * g[0] - rxy * cross, rxx * cross
        length = math.hypot(rxx, g[0])
        height = math.hypot(ryy, cross / length)
        self.root = length, (rxx * rxy + g[0] * g[1]) / length, height
        s = length * height  # the determinant of the root of G
        scale = s * math.sqrt(sum(number**2 for number in self.root) + 2 * s)
        theta[0] -= self.lr * (ahead + s * g[0]) / scale
        theta[1] -= self.lr * (across + s * g[1]) / scale
    """,
    hand_state="root = (eps**0.5, 0.0, eps**0.5)",
    hand="""
        rxx, rxy, ryy = root
        cross = rxx * g[1] - rxy * g[0]
        turned = torch.stack((ryy**2 * g[0] - rxy * cross, rxx * cross))
        length = torch.sqrt(rxx**2 + g[0] ** 2)
        height = torch.sqrt(ryy**2 + (cross / length) ** 2)
        root = (length, (rxx * rxy + g[0] * g[1]) / length, height)
        area = length * height
        divisor = area * torch.sqrt(sum(number**2 for number in root) + 2 * area)
        theta = theta - lr * (turned + area * g) / divisor
    """,
    comments=(
        msgid("G = R'R, with R = (rxx, rxy; 0, ryy)"),
        msgid("the determinant of the root of G"),
    ),
)


OPTIMIZER = Optimizer(
    name="Full-matrix AdaGrad",
    year=2011,
    sentence="AdaGrad in every direction: across the axes, too, it shortens steps where it was"
    " steep.",
    manner="shortens its steps in whatever direction was steep",
    latex=r"G_t = G_{t-1} + g_t^{\vphantom{\top}} g_t^{\top}, \quad"
    r" \theta_t = \theta_{t-1} - \eta\, G_t^{-\frac12} g_t, \quad G_0 = \epsilon I",
    source="Duchi, Hazan and Singer, JMLR 12 (2011) 2121-2159;"
    " Gupta, Koren and Singer, Shampoo, ICML 2018, algorithm 1",
    differs="This is Shampoo on a vector: its eps stands inside the root, where AdaGrad's stands"
    " outside. The root of the 2 x 2 matrix is exact. While all gradients have had one direction,"
    " eps alone divides what is across it, and a small difference grows fast.",
    update=update,
    state=(msgid("first row of R"), msgid("second row of R")),
    rate=0.5,
    rates=adagrad.OPTIMIZER.rates,
    weight_decay=COUPLED,
    needs_hessian=False,
    uses_time=False,
    formula=formula,
    memory=None,
    edges="it divides by the size of its past gradients, so the curvature alone sets no limit.",
    heavy_ball=None,
    listing=LISTING,
    hyperparameters=(
        Number("eps", r"\epsilon", 1e-4, 1e-10, 1.0, "Keeps the division finite.", "log"),
    ),
)
