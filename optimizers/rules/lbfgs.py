"""L-BFGS without a line search, one iteration per update."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from landscape.compiled import kernel
from landscape.language import msgid, tr
from landscape.record import Number
from optimizers.record import NO_DECAY, UPDATE_SIGNATURE, Optimizer, RuleListing
from optimizers.sheet import Sheet, Vector

HISTORY = 10  # the most pairs (s, y) that can be kept
PAIRS = tuple(range(1, HISTORY + 1))


@kernel(UPDATE_SIGNATURE)
def update(n, t, g, hessian, lr, hyper, state, step):
    half = n // 2
    # Where the rows of `state` begin: two of gradients and steps, two of one number for each lane
    # (in its first half), then HISTORY rows each of s, y and alpha.
    old_g, old_step, scaling, kept = 0, n, 2 * n, 3 * n
    s, y, alpha = 4 * n, (4 + HISTORY) * n, (4 + 2 * HISTORY) * n
    for i in range(half):
        j = half + i
        step[i] = step[j] = 0.0
        if max(abs(g[i]), abs(g[j])) <= 1e-7:  # PyTorch's tolerance_grad
            continue
        rate = lr[i]
        if state[scaling + i] == 0.0:  # the first update goes down the gradient, at most by lr
            state[scaling + i] = 1.0
            rate = min(1.0, 1.0 / (abs(g[i]) + abs(g[j]))) * lr[i]
        else:
            yx, yy = g[i] - state[old_g + i], g[j] - state[old_g + j]
            sx, sy = state[old_step + i], state[old_step + j]
            curvature = yx * sx + yy * sy
            if curvature > 1e-10:  # any other pair would make H indefinite
                last = int(state[kept + i])
                if last >= int(hyper[i]):
                    last -= 1
                    for k in range(last):
                        for pairs in (s, y):
                            row, later = pairs + k * n, pairs + (k + 1) * n
                            state[row + i], state[row + j] = state[later + i], state[later + j]
                row_s, row_y = s + last * n, y + last * n
                state[row_s + i], state[row_s + j] = sx, sy
                state[row_y + i], state[row_y + j] = yx, yy
                state[kept + i] = last + 1
                state[scaling + i] = curvature / (yx * yx + yy * yy)
        # The two-loop recursion for d = -H g (Nocedal and Wright, algorithm 7.4).
        pairs = int(state[kept + i])
        dx, dy = -g[i], -g[j]
        for k in range(pairs - 1, -1, -1):
            sx, sy = state[s + k * n + i], state[s + k * n + j]
            yx, yy = state[y + k * n + i], state[y + k * n + j]
            share = (sx * dx + sy * dy) / (yx * sx + yy * sy)
            state[alpha + k * n + i] = share
            dx -= share * yx
            dy -= share * yy
        dx *= state[scaling + i]
        dy *= state[scaling + i]
        for k in range(pairs):
            sx, sy = state[s + k * n + i], state[s + k * n + j]
            yx, yy = state[y + k * n + i], state[y + k * n + j]
            beta = (yx * dx + yy * dy) / (yx * sx + yy * sy)
            dx += (state[alpha + k * n + i] - beta) * sx
            dy += (state[alpha + k * n + i] - beta) * sy
        state[old_g + i], state[old_g + j] = g[i], g[j]
        state[old_step + i], state[old_step + j] = rate * dx, rate * dy
        if g[i] * dx + g[j] * dy <= -1e-9:  # PyTorch's tolerance_change
            step[i], step[j] = rate * dx, rate * dy
    return 0


def formula(sheet: Sheet) -> None:
    step, before, after = sheet.step, sheet.step.before, sheet.step.after
    g, scaling, count = step.gradient, float(after["scaling"][0]), int(after["pairs"][0])
    first = before["scaling"][0] == 0
    # A gradient that the rule acts on is kept as the previous one.
    if scaling == 0 or (after["previous g"] != g).any():
        sheet.theta("$theta0", tr("At rest: the gradient is below the rule's tolerance."))
        return
    rate, turned = step.lr, "-$g"
    if first:
        norm = float(np.abs(g).sum())
        rate *= min(1.0, 1 / norm)
        sheet.define("norm", r"\lVert g_t \rVert_1", norm)
        note = tr("The first step goes down the gradient, no further than the rate.")
        sheet.write("rate", "r_t", rate, note, r"$lr \cdot \min\bigl(1,\ 1 / $norm\bigr)")
    else:
        s, y = before["previous step"], g - before["previous g"]
        sheet.define("last", r"\Delta_{t-1}", s)
        sheet.define("previous", "g_{t-1}", before["previous g"])
        # Also one that it refused: the rule remembers what it proposed.
        sheet.write("s", "s_t", s, tr("The step that the rule remembers."), "$last")
        sheet.write("y", "y_t", y, tr("How it changed the gradient."), "$g - $previous")
        kept = any((before[row] != after[row]).any() for row in after if row[0] in "sy")
        note = tr("The curvature along the step: the pair is kept.")
        if not kept:
            note = tr("The curvature along the step: negative or too small, the pair is not kept.")
        sheet.write("ys", "c_t", dot(y, s), note, r"$y^\top\,$s")
        if kept:
            text = r"\frac{$ys}{$y^\top\,$y}"
            sheet.write(
                "gamma", r"\gamma_t", scaling, tr("The scale of the inverse Hessian."), text
            )
        inverse = two_loops(after, np.eye(2))
        sheet.define("learned", rf"\text{{{tr('two loops, pairs stored:')} }} {count}", inverse)
        note = tr("The inverse Hessian, as far as the pairs tell it.")
        sheet.write("H", "H_t", inverse, note, "$learned")
        turned = r"-$H\,$g"
    d = two_loops(after, -g)
    sheet.write("d", "d_t", d, tr("The direction; pairs stored: {count}.", count=count), turned)
    # The rule refuses a step that would have moved theta.
    if not step.step.any() and (step.theta + rate * d != step.theta).any():
        sheet.theta("$theta0", tr("At rest: the step promises to lower the loss by too little."))
    else:
        sheet.theta(rf"$theta0 + {'$rate' if first else '$lr'} \cdot $d")


def two_loops(state: Mapping[str, Vector], q: Vector) -> Vector:
    """Return H q, for a vector or the columns of a matrix (Nocedal and Wright, algorithm 7.4)."""
    pairs = [(state[f"s{i}"], state[f"y{i}"]) for i in range(1, int(state["pairs"][0]) + 1)]
    weights = []
    for s, y in reversed(pairs):
        weights.append(dot(s, q) / dot(y, s))
        q = q - np.multiply.outer(y, weights[-1])
    q = state["scaling"][0] * q
    for s, y in pairs:
        q = q + np.multiply.outer(s, weights.pop() - dot(y, q) / dot(y, s))
    return q


def dot(a: Vector, b: Vector) -> Any:
    # Not `@`: a library's product may round in another way than the rule does.
    return a[0] * b[0] + a[1] * b[1]


LISTING = RuleListing(
    name="LBFGS",
    before="""
        def dot(a, b):
            return a[0] * b[0] + a[1] * b[1]
    """,
    state="self.pairs, self.gamma, self.last = [], 1.0, None",
    step="""
        if max(map(abs, g)) <= 1e-7:
            return  # at rest
        lr = self.lr
        if self.last is None:
            lr *= min(1.0, 1.0 / sum(map(abs, g)))
        else:
            s, old_g = self.last
            y = [g[i] - old_g[i] for i in range(2)]
            if dot(s, y) > 1e-10:  # the curvature along s is positive
                self.pairs = [*self.pairs, (s, y)][-self.history :]
                self.gamma = dot(s, y) / dot(y, y)
        d, alphas = [-g[0], -g[1]], []
        for s, y in reversed(self.pairs):
            alphas.append(dot(s, d) / dot(s, y))
            d = [d[i] - alphas[-1] * y[i] for i in range(2)]
        d = [self.gamma * d[i] for i in range(2)]
        for s, y in self.pairs:
            weight = alphas.pop() - dot(y, d) / dot(s, y)
            d = [d[i] + weight * s[i] for i in range(2)]
        self.last = [lr * d[i] for i in range(2)], g
        if dot(g, d) <= -1e-9:  # else at rest
            theta[:] = [theta[i] + lr * d[i] for i in range(2)]
    """,
    optim="LBFGS",
    arguments=("lr={lr}", "max_iter=1", "history_size={history}"),
    closure=True,
    comments=("at rest", "the curvature along s is positive", "else at rest"),
)


OPTIMIZER = Optimizer(
    name="L-BFGS",
    year=1980,
    sentence="Learn the curvature from the last few steps, then jump almost like Newton.",
    manner="learns the curvature as it goes",
    latex=r"\theta_t = \theta_{t-1} - \eta\, H_t g_t, \quad"
    r" H_t \text{ from the last } h \text{ pairs } (s, y)",
    source="Nocedal, Mathematics of Computation 35 (1980) 773-782",
    differs="As torch.optim.LBFGS with max_iter=1 and no line search: the first step is scaled by"
    " min(1, 1/|g|_1), and a run rests where every |g| is at most 1e-7 or a step promises less"
    " than 1e-9.",
    update=update,
    state=(
        *(msgid("previous g"), msgid("previous step"), msgid("scaling"), msgid("pairs")),
        *(f"s{k}" for k in PAIRS),
        *(f"y{k}" for k in PAIRS),
        *(f"alpha{k}" for k in PAIRS),
    ),
    scratch=tuple(f"alpha{k}" for k in PAIRS),
    rate=1.0,
    rates={
        "Ackley": 0.1,
        "Himmelblau": 0.2,
        "Monkey saddle": 0.05,
        "One hidden unit": 0.5,
        "Rosenbrock": 0.5,
        "Six-hump camel": 0.5,
        "Three-hump camel": 0.5,
    },
    weight_decay=NO_DECAY,
    needs_hessian=False,
    uses_time=False,
    formula=formula,
    memory=None,
    edges="it divides by the curvature that it has met, which therefore sets no limit.",
    heavy_ball=None,
    listing=LISTING,
    l1_steps=(),
    second_order=True,
    hyperparameters=(
        Number("history", "h", 5, 1, HISTORY, "Pairs (s, y) that are kept.", integer=True),
    ),
)
