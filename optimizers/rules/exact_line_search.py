"""Gradient descent with an exact line search: each step ends where its line is lowest."""

from landscape.compiled import kernel
from landscape.language import tr
from optimizers.record import LINE, NO_DECAY, UPDATE_SIGNATURE, Optimizer, RuleListing
from optimizers.sheet import Sheet


@kernel(UPDATE_SIGNATURE)
def update(n, t, g, hessian, lr, hyper, state, step):
    for i in range(n):
        step[i] = -lr[i] * g[i]
    return 3  # LINE


def formula(sheet: Sheet) -> None:
    step = sheet.step
    if not step.gradient.any():
        sheet.theta("$theta0", tr("At rest: the gradient is zero."))
        return
    if step.taken is None:
        note = tr("No length that it tries lowers the loss: it stays where it is.")
        if step.tried and step.tried[0].slope > 0:
            note = tr("The loss rises along this line: it stays where it is.")
        sheet.theta("$theta0", note)
        return
    note = tr("The length at which the loss has come to its lowest along this line.")
    if step.taken.length == step.lr:
        note = tr("The loss falls all the way: the longest step is taken.")
    sheet.define("share", r"\sigma_t", step.taken.length / step.lr)
    sheet.write("length", r"\eta_t", step.taken.length, note, r"$lr \cdot $share")
    sheet.theta(r"$theta0 - $length \cdot $g")


LISTING = RuleListing(
    name="ExactLineSearch",
    step="""
        s = [-self.lr * d for d in g]

        def look(share):
            there = [p + share * d for p, d in zip(theta, s)]
            try:
                slope = sum(d * e for d, e in zip(self.gradient(*there), s))
                return self.loss(*there), slope
            except (ArithmeticError, ValueError):
                return math.nan, math.nan

        low, share, high, high_slope, last = 0.0, 1.0, 1.0, math.nan, 0
        here, low_slope = look(low)
        level = -1e-12 * low_slope
        for k in range(1, 100 if level > 0 else 0):
            there, slope = look(share)
            fits = -math.inf < there <= here
            if fits and slope <= level:
                high_slope *= 0.5 if last < 0 else 1.0
                low, low_slope, last = share, slope, -1
            else:
                low_slope *= 0.5 if last > 0 else 1.0
                high, high_slope, last = share, slope if fits else math.nan, 1
            done = (fits and abs(slope) <= level) or low == 1
            done |= low == 0 and level * high <= 1e-12 * 2**-53 * abs(here)
            share = (low + high) / 2 if low > 0 else high / 10
            if k % 3 > 0 and high_slope > 0:
                way = low_slope / (low_slope - high_slope)
                between = low + (high - low) * way
                share = between if low < between < high else share
            if done or not low < share < high:
                break
        for i in range(2):
            theta[i] += low * s[i]
    """,
    hand="""
        s = -lr * g

        def along(share):
            return loss(theta + share * s)

        line = torch.func.grad_and_value(along)
        low, high, high_slope = torch.tensor([0, 1, math.nan], dtype=torch.float64)
        low_slope, here = line(low)
        share, level, last = high, -1e-12 * low_slope, 0
        for k in range(1, 100 if level > 0 else 0):
            slope, there = line(share)
            fits = -math.inf < there <= here
            if fits and slope <= level:
                high_slope = high_slope * (0.5 if last < 0 else 1.0)
                low, low_slope, last = share, slope, -1
            else:
                low_slope = low_slope * (0.5 if last > 0 else 1.0)
                high, high_slope, last = share, slope if fits else low * math.nan, 1
            done = (fits and abs(slope) <= level) or low == 1
            done |= low == 0 and level * high <= 1e-12 * 2**-53 * abs(here)
            share = (low + high) / 2 if low > 0 else high / 10
            if k % 3 > 0 and high_slope > 0:
                way = low_slope / (low_slope - high_slope)
                between = low + (high - low) * way
                share = between if low < between < high else share
            if done or not low < share < high:
                break
        theta = theta + low * s
    """,
)


OPTIMIZER = Optimizer(
    name="Exact line search",
    year=1944,
    sentence="Go down the gradient exactly as far as the loss falls.",
    manner="goes to the lowest point of each line",
    latex=r"\theta_t = \theta_{t-1} - \eta\, \sigma_t\, g_t, \quad"
    r" \sigma_t = \arg\min_{0 \le \sigma \le 1} f(\theta_{t-1} - \eta\, \sigma\, g_t)",
    source="Curry, Quarterly of Applied Mathematics 2 (1944) 258-261; the search by false position"
    " as in Dowell and Jarratt, BIT 11 (1971) 168-174",
    differs=(
        "The learning rate is the longest length: a line on which the loss still falls there is"
        " followed no further. Where a line has several lowest points, the search ends at one that"
        " is lower than where it began, which need not be the lowest. The loss is that of the"
        " update's own batch; where noise is added to the gradient the loss is exact, and only the"
        " direction is noisy: where it leads up, the run stays where it is. So it does where no"
        " loss can be told from that at the start, and where none of 100 lengths is short enough."
    ),
    update=update,
    state=(),
    rate=10.0,
    rates={"Monkey saddle": 0.05},
    weight_decay=NO_DECAY,
    needs_hessian=False,
    uses_time=False,
    formula=formula,
    memory=None,
    edges="it goes no further than the loss falls, so the curvature sets no limit.",
    heavy_ball=None,
    listing=LISTING,
    l1_steps=(),
    searches=LINE,
)
