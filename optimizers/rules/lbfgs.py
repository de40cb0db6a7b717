"""L-BFGS without a line search, one iteration per update."""

from landscape.compiled import kernel
from landscape.record import Number
from optimizers.record import NO_DECAY, UPDATE_SIGNATURE, Optimizer

HISTORY = 10  # the most pairs (s, y) that can be kept
PAIRS = tuple(range(1, HISTORY + 1))


@kernel(UPDATE_SIGNATURE)
def update(t, g, hessian, lr, hyper, state, step):
    n = g.size // 2
    old_g, old_step, scaling, kept = state[0], state[1], state[2], state[3]
    s, y, alpha = state[4:14], state[14:24], state[24:34]
    for i in range(n):
        j = n + i
        step[i] = step[j] = 0.0
        if max(abs(g[i]), abs(g[j])) <= 1e-7:  # PyTorch's tolerance_grad
            continue
        rate = lr[i]
        if scaling[i] == 0.0:  # the first update goes down the gradient, no further than lr
            scaling[i] = 1.0
            rate = min(1.0, 1.0 / (abs(g[i]) + abs(g[j]))) * lr[i]
        else:
            yx, yy = g[i] - old_g[i], g[j] - old_g[j]
            sx, sy = old_step[i], old_step[j]
            curvature = yx * sx + yy * sy
            if curvature > 1e-10:  # any other pair would make H indefinite
                last = int(kept[i])
                if last >= int(hyper[0, i]):
                    last -= 1
                    for k in range(last):
                        s[k, i], s[k, j] = s[k + 1, i], s[k + 1, j]
                        y[k, i], y[k, j] = y[k + 1, i], y[k + 1, j]
                s[last, i], s[last, j] = sx, sy
                y[last, i], y[last, j] = yx, yy
                kept[i] = last + 1
                scaling[i] = curvature / (yx * yx + yy * yy)
        # The two-loop recursion for d = -H g (Nocedal and Wright, algorithm 7.4).
        dx, dy = -g[i], -g[j]
        for k in range(int(kept[i]) - 1, -1, -1):
            ys = y[k, i] * s[k, i] + y[k, j] * s[k, j]
            alpha[k, i] = (s[k, i] * dx + s[k, j] * dy) / ys
            dx -= alpha[k, i] * y[k, i]
            dy -= alpha[k, i] * y[k, j]
        dx *= scaling[i]
        dy *= scaling[i]
        for k in range(int(kept[i])):
            ys = y[k, i] * s[k, i] + y[k, j] * s[k, j]
            beta = (y[k, i] * dx + y[k, j] * dy) / ys
            dx += (alpha[k, i] - beta) * s[k, i]
            dy += (alpha[k, i] - beta) * s[k, j]
        old_g[i], old_g[j] = g[i], g[j]
        old_step[i], old_step[j] = rate * dx, rate * dy
        if g[i] * dx + g[j] * dy <= -1e-9:  # PyTorch's tolerance_change
            step[i], step[j] = rate * dx, rate * dy
    return 0


OPTIMIZER = Optimizer(
    name="L-BFGS",
    year=1980,
    sentence="Learn the curvature from the last few steps, then jump almost like Newton.",
    latex=r"\theta_t = \theta_{t-1} - \eta\, H_t g_t, \quad"
    r" H_t \text{ from the last } h \text{ pairs } (s, y)",
    source="Nocedal, Mathematics of Computation 35 (1980) 773-782",
    differs="As torch.optim.LBFGS with max_iter=1 and no line search: the first step is scaled by"
    " min(1, 1/|g|_1), and a run rests where every |g| is at most 1e-7 or a step promises less"
    " than 1e-9.",
    update=update,
    state=(
        *("previous g", "previous step", "scaling", "pairs"),
        *(f"s{k}" for k in PAIRS),
        *(f"y{k}" for k in PAIRS),
        *(f"alpha{k}" for k in PAIRS),
    ),
    rate=1.0,
    rates={
        "Ackley": 0.1,
        "Himmelblau": 0.2,
        "Monkey saddle": 0.05,
        "Rosenbrock": 0.5,
        "Six-hump camel": 0.5,
        "Three-hump camel": 0.5,
    },
    hyperparameters=(
        Number("history", "h", 5, 1, HISTORY, "Pairs (s, y) that are kept.", integer=True),
    ),
    weight_decay=NO_DECAY,
)
