"""The compiled loops over updates, for every pair of surface and rule."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from landscape.compiled import (
    BATCH_SIGNATURE,
    MATRIX,
    SURFACE_SIGNATURE,
    VECTOR,
    Code,
    kernel,
    overload,
    part,
    types,
)
from optimizers.record import UPDATE_SIGNATURE

# Those of record: a kernel that used them would not follow them when they change.
DONE, LONG, LINE = 0, 2, 3
COMPLETE = 0
OUT_OF_BOUNDS = 1
NO_STEP = 2
GENTLE = 3  # stopped: the norm of the gradient is at most its tolerance
LEVEL = 4  # stopped: the loss has changed by at most its tolerance


def address(array):
    """Return a contiguous array as kernels of surfaces and rules take it."""
    return array.reshape(-1)


@overload(address)
def _(array):
    return lambda array: array.ctypes


@kernel(BATCH_SIGNATURE)
def no_batch(n, x, y, params, rows, first, count, loss, gx, gy):
    """Stand for the batches of a surface that is not made by data; it is never called."""


class Penalty(NamedTuple):
    """What regularization adds to the loss, and how L1 gets into an update."""

    on: bool  # whether there is any
    l2: float  # l2 / 2 (x^2 + y^2) is added to the loss
    l1: float  # l1 (|x| + |y|) is added
    slope: float  # l1, where its subgradient is added to the gradient, or 0
    proximal: float  # l1, where an update ends with its proximal step, or 0


PENALTY = types.NamedTuple(
    [types.boolean, types.float64, types.float64, types.float64, types.float64], Penalty
)


@part
def penalize(n, x, y, penalty, value, gx, gy):
    """Add the penalty to the losses and gradients of n points."""
    _, l2, l1, slope, _ = penalty
    for i in range(n):
        a, b = x[i], y[i]
        value[i] += 0.5 * l2 * (a * a + b * b) + l1 * (abs(a) + abs(b))
        gx[i] += l2 * a + slope * ((a > 0.0) - (a < 0.0))
        gy[i] += l2 * b + slope * ((b > 0.0) - (b < 0.0))


@part
def shrunk(value, threshold):
    """Return a coordinate after L1's proximal step: nearer to 0, and 0 within the threshold."""
    if value > threshold:
        return value - threshold
    if value < -threshold:
        return value + threshold
    # Not a number is neither, and stays what it is.
    return value if math.isnan(value) else 0.0


class Clipping(NamedTuple):
    """How large a gradient may be, with its noise and before weight decay is added."""

    on: bool  # whether any is clipped
    norm: float  # of a gradient, at most; infinite: any
    value: float  # of each coordinate of a gradient, at most; infinite: any


class Stopping(NamedTuple):
    """How small the gradient, or the change of the loss, has to be for a run to stop.

    The gradient is that with its noise, before it is clipped and weight decay is added.
    """

    on: bool  # whether a run may stop
    norm: float  # it stops where the gradient's is at most that; negative: nobody asks
    change: float  # it stops where the loss has changed by at most that; negative: nobody asks


CLIPPING, STOPPING = (
    types.NamedTuple([types.boolean, types.float64, types.float64], each)
    for each in (Clipping, Stopping)
)
CLIP_EPS = 1e-6  # added to a norm that divides, as PyTorch does


@part
def norm_of(gx, gy):
    """Return the norm of a gradient."""
    return math.sqrt(gx * gx + gy * gy)


@part
def clipped(value, limit):
    """Return a coordinate of a gradient, at most `limit` from 0."""
    if value > limit:
        return limit
    if value < -limit:
        return -limit
    return value  # not a number too


@part
def clip(n, gx, gy, clipping):
    """Clip n gradients as PyTorch does: by their norm, or each coordinate by itself."""
    if clipping.norm < math.inf:
        for i in range(n):
            factor = min(clipping.norm / (norm_of(gx[i], gy[i]) + CLIP_EPS), 1.0)
            gx[i] *= factor
            gy[i] *= factor
    if clipping.value < math.inf:
        for i in range(n):
            gx[i], gy[i] = clipped(gx[i], clipping.value), clipped(gy[i], clipping.value)


@part
def met(stopping, norm, change, first):
    """Return how a run stops here, COMPLETE if it goes on; at `first` no loss has changed yet."""
    if norm <= stopping.norm:
        return GENTLE
    if not first and abs(change) <= stopping.change:
        return LEVEL
    return COMPLETE


MOST_LENGTHS = 100  # that a search tries; then it takes the lowest that it knows, or stays
ROUNDING = 2.0**-53  # of a number, at most, in shares of it
BOTTOM = 1e-12  # of its slope at the start, at which a line counts as level
# What is noted of each length that a search tries: its share of the longest, the loss there, what
# that may be at most, the slope there times the longest step, and whether it leads anywhere.
SHARE, THERE, MOST, SLOPE, MOVES = range(5)
NOTED = 5


@part
def list_lanes(n, theta, step, todo):
    """List the lanes that a search is for, those of numbers; return how many."""
    left = 0
    for i in range(n):
        j = n + i
        # What is parked, or has no direction, is left as it is.
        parked = math.isnan(theta[i]) or math.isnan(theta[j])
        if not (parked or math.isnan(step[i]) or math.isnan(step[j])):
            todo[left] = i
            left += 1
    return left


@part
def look_in_batches(left, todo, surface, batch, params, rows, begins, counts, x, y, loss, gx, gy):
    """Find loss and gradient at a point of each of the first `left` lanes in `todo`.

    They are those of the lane's batch, which begins in the rows at begins[i] and has counts[i]
    samples, or of all samples where this is 0.
    """
    for m in range(left):
        i = todo[m]
        where = address(x[m : m + 1]), address(y[m : m + 1])
        out = address(loss[m : m + 1]), address(gx[m : m + 1]), address(gy[m : m + 1])
        if counts[i] > 0:
            batch(1, *where, params, rows, begins[i], counts[i], *out)
        else:
            surface(1, *where, params, *out)


@part
def note(row, share, loss, most, slope, moves):
    """Note a length that a search has tried."""
    row[SHARE], row[THERE], row[MOST], row[SLOPE], row[MOVES] = share, loss, most, slope, moves


@part
def shorten(
    n, surface, batch, params, rows, penalty, theta, value, g, hyper, begins, counts, step, tried
):
    """Shorten the steps (2 n,) of n lanes until each lowers the loss by enough.

    That is by the first hyperparameter's share of what the slope promises; the second is what a
    step that is too long is multiplied by. The loss is that of the lane's own batch.
    What is tried for a single lane is noted in `tried` (MOST_LENGTHS, NOTED), which has no rows
    where nobody asks. Return how many lengths were tried, by the lane that tried most.
    """
    todo, room = np.empty(n, np.int64), np.empty(5 * n)
    x, y, loss = room[:n], room[n : 2 * n], room[2 * n : 3 * n]
    gx, gy = room[3 * n : 4 * n], room[4 * n :]
    at_x, at_y, at_loss = address(x), address(y), address(loss)
    at_gx, at_gy, batched = address(gx), address(gy), counts.max() > 0
    # What follows up to the penalty stands in `find_lowest` too: a call with so many arrays takes
    # longer than the losses of a lane.
    left, share = list_lanes(n, theta, step, todo), 1.0
    for k in range(MOST_LENGTHS):
        if left == 0:
            return k
        for m in range(left):
            i = todo[m]
            x[m], y[m] = theta[i] + step[i], theta[n + i] + step[n + i]
        if batched:
            look_in_batches(
                *(left, todo, surface, batch, params, rows, begins, counts),
                *(x, y, loss, gx, gy),
            )
        else:
            surface(left, at_x, at_y, params, at_loss, at_gx, at_gy)
        if penalty.on:
            penalize(left, x, y, penalty, loss, gx, gy)
        still = 0
        for m in range(left):
            i = todo[m]
            j = n + i
            moves = x[m] != theta[i] or y[m] != theta[j]
            most = value[i] + hyper[i] * (g[i] * step[i] + g[j] * step[j])
            factor = hyper[2 * n + i]
            if tried.shape[0] > 0:
                slope = (gx[m] * step[i] + gy[m] * step[j]) / share
                note(tried[k], share, loss[m], most, slope, moves)
                share *= factor
            if not moves:  # no shorter one leads anywhere
                step[i] = step[j] = 0.0
                continue
            # Written so that NaN fails it.
            if math.isfinite(loss[m]) and loss[m] <= most:
                continue
            step[i] *= factor
            step[j] *= factor
            todo[still] = i
            still += 1
        left = still
    for m in range(left):
        step[todo[m]] = step[n + todo[m]] = 0.0
    return MOST_LENGTHS


@part
def take(i, n, share, step):
    """Shorten the step of lane i of n to a share of it; of an infinite one no share is a number."""
    for j in (i, n + i):
        step[j] = share * step[j] if share > 0.0 else 0.0


@part
def find_lowest(
    n, surface, batch, params, rows, penalty, theta, value, begins, counts, step, tried
):
    """Shorten the steps (2 n,) of n lanes to where the loss along each is lowest.

    That is where the slope along the step is 0, between a share `low` of it, where the loss falls
    and is no higher than at the start, and a larger one `high`, where it rises, is higher than at
    the start, or no number. Where it falls at the end of the step, that is taken. Loss, `tried`
    and what is returned are those of `shorten`.
    """
    todo, room = np.empty(n, np.int64), np.empty(11 * n)
    x, y, loss = room[:n], room[n : 2 * n], room[2 * n : 3 * n]
    gx, gy, share = room[3 * n : 4 * n], room[4 * n : 5 * n], room[5 * n : 6 * n]
    low, high, first = room[6 * n : 7 * n], room[7 * n : 8 * n], room[8 * n : 9 * n]
    low_slope, high_slope = room[9 * n : 10 * n], room[10 * n :]
    at_x, at_y, at_loss = address(x), address(y), address(loss)
    at_gx, at_gy, batched = address(gx), address(gy), counts.max() > 0
    before = np.zeros(n, np.int64)  # which end has moved last: -1, 1
    left = list_lanes(n, theta, step, todo)
    for m in range(left):
        i = todo[m]
        share[i] = low[i] = 0.0
        high[i], high_slope[i] = 1.0, math.nan
    for k in range(MOST_LENGTHS):
        if left == 0:
            return k
        for m in range(left):
            i = todo[m]
            x[m], y[m] = theta[i] + share[i] * step[i], theta[n + i] + share[i] * step[n + i]
        if batched:
            look_in_batches(
                *(left, todo, surface, batch, params, rows, begins, counts),
                *(x, y, loss, gx, gy),
            )
        else:
            surface(left, at_x, at_y, params, at_loss, at_gx, at_gy)
        if penalty.on:
            penalize(left, x, y, penalty, loss, gx, gy)
        still = 0
        for m in range(left):
            i = todo[m]
            j = n + i
            slope = gx[m] * step[i] + gy[m] * step[j]
            if tried.shape[0] > 0:
                moves = x[m] != theta[i] or y[m] != theta[j]
                note(tried[k], share[i], loss[m], value[i], slope, moves)
            if k == 0:
                first[i] = low_slope[i] = slope
                share[i] = 1.0
                # Noise may point to where the loss rises, and a step or a slope may be infinite.
                found = not -math.inf < slope < 0.0
            else:
                # Written so that NaN fails it.
                fits = math.isfinite(loss[m]) and loss[m] <= value[i]
                # By false position, in which an end that stays counts half the next time.
                if fits and slope <= -BOTTOM * first[i]:
                    if before[i] < 0:
                        high_slope[i] *= 0.5
                    low[i], low_slope[i], before[i] = share[i], slope, -1
                else:
                    if before[i] > 0:
                        low_slope[i] *= 0.5
                    high[i], before[i] = share[i], 1
                    high_slope[i] = slope if fits else math.nan
                found = fits and (abs(slope) <= -BOTTOM * first[i] or low[i] == 1.0)
                share[i] = 0.5 * (low[i] + high[i]) if low[i] > 0.0 else 0.1 * high[i]
                if k % 3 > 0 and high_slope[i] > 0.0:  # else the middle, which is never slow
                    way = low_slope[i] / (low_slope[i] - high_slope[i])
                    between = low[i] + (high[i] - low[i]) * way
                    if low[i] < between < high[i]:
                        share[i] = between
                # What is between the two leads nowhere else, or no loss there could be told apart.
                found |= low[i] == 0.0 and -first[i] * high[i] <= ROUNDING * abs(value[i])
                found |= (
                    theta[i] + low[i] * step[i] == theta[i] + high[i] * step[i]
                    and theta[j] + low[i] * step[j] == theta[j] + high[i] * step[j]
                ) or not low[i] < share[i] < high[i]
            if found:
                take(i, n, low[i], step)
                continue
            todo[still] = i
            still += 1
        left = still
    for m in range(left):
        take(todo[m], n, low[todo[m]], step)
    return MOST_LENGTHS


@part
def search(
    how,
    n,
    surface,
    batch,
    params,
    rows,
    penalty,
    theta,
    value,
    g,
    hyper,
    begins,
    counts,
    step,
    tried,
):
    """Shorten the steps of n lanes as a rule that has returned LONG or LINE asks for.

    Return how many lengths were tried, by the lane that tried most.
    """
    if how == LONG:
        return shorten(
            *(n, surface, batch, params, rows, penalty, theta, value, g),
            *(hyper, begins, counts, step, tried),
        )
    return find_lowest(
        *(n, surface, batch, params, rows, penalty, theta, value),
        *(begins, counts, step, tried),
    )


SEARCH_SIGNATURE = types.int64(
    types.int64,  # LONG or LINE
    Code(SURFACE_SIGNATURE),
    Code(BATCH_SIGNATURE),
    VECTOR,  # params
    types.Array(types.int32, 1, "C", readonly=True),  # the samples of the batch; none: all
    PENALTY,
    VECTOR,  # position (2,)
    types.float64,  # loss there
    VECTOR,  # gradient (2,) as the rule got it
    MATRIX,  # hyper (h, 2)
    VECTOR,  # the longest step (2,); out: the one that is taken
    MATRIX,  # out: tried (MOST_LENGTHS, NOTED)
)


@kernel(SEARCH_SIGNATURE)
def search_once(
    how, surface, batch, params, rows, penalty, position, loss, gradient, hyper, step, tried
):
    """Search along one step, which is shortened; return how many lengths were tried."""
    begins, counts, value = np.zeros(1, np.int64), np.empty(1, np.int64), np.empty(1)
    counts[0], value[0] = rows.size, loss
    return search(
        *(how, 1, surface, batch, address(params), address(rows), penalty, position, value),
        *(gradient, hyper.reshape(-1), begins, counts, step, tried),
    )


# Surfaces and rules come in as pointers to functions of one signature each: a new pair compiles
# nothing.
RUN_SIGNATURE = types.UniTuple(types.int64, 2)(
    Code(SURFACE_SIGNATURE),
    Code(SURFACE_SIGNATURE),
    Code(BATCH_SIGNATURE),
    Code(UPDATE_SIGNATURE),
    VECTOR,  # params
    types.Array(types.int32, 1, "C", readonly=True),  # order of the samples in each epoch from that
    # of the first update on; empty where every update takes all samples as they are, or there are
    # none
    types.UniTuple(types.int64, 3),  # samples, batch size, updates of an epoch
    VECTOR,  # lr (steps,)
    types.Array(types.float64, 2, "C", readonly=True),  # draws (steps, 2)
    VECTOR,  # scale of the draws (steps,), empty where there are none
    MATRIX,  # hyper (h, 2)
    types.float64,  # coupled weight decay
    types.float64,  # decoupled weight decay
    PENALTY,
    CLIPPING,
    STOPPING,
    types.boolean,  # whether the rule needs the Hessian
    types.int64,  # number of the first update: 1, or more where a run is carried on
    MATRIX,  # state (s, 2)
    types.float64,  # the coordinate beyond which a run has diverged
    MATRIX,  # out: path (steps + 1, 2), its first row the start
    VECTOR,  # out: loss (steps + 1,), that of the batch where there are batches, but for the last
    MATRIX,  # out: gradient (steps, 2) as the rule got it
    MATRIX,  # out: the same before it was clipped and decay added, (0, 2) where none is clipped
    types.float64[:, :, ::1],  # out: states (steps, s, 2) after each update
)


@kernel(RUN_SIGNATURE)
def run(
    surface,
    curvature,
    batch,
    update,
    params,
    rows,
    cut,
    lr,
    draws,
    scale,
    hyper,
    coupled,
    decoupled,
    penalty,
    clipping,
    stopping,
    needs_hessian,
    first,
    state,
    big,
    path,
    loss,
    gradient,
    whole,
    states,
):
    # The kernels see the same few numbers at every step: taking new addresses in `path` and `loss`
    # inside the loop costs several times the arithmetic.
    work = np.zeros(12)
    theta, g, step, rate = work[0:2], work[2:4], work[4:6], work[6:8]
    value, hessian = work[8:9], work[9:12]
    at_x, at_y, at_params = address(work[0:1]), address(work[1:2]), address(params)
    at_value, at_gx, at_gy = address(value), address(g[0:1]), address(g[1:2])
    at_hxx, at_hxy, at_hyy = address(hessian[0:1]), address(hessian[1:2]), address(hessian[2:3])
    at_g, at_hessian, at_rate = address(g), address(hessian), address(rate)
    at_hyper, at_state, at_step = address(hyper), address(state), address(step)
    theta[0], theta[1] = path[0, 0], path[0, 1]
    samples, size, period = cut
    at_rows, batched = address(rows), rows.size > 0
    # What a search is told of the batch: where it begins, and its samples.
    seen = np.zeros(2, np.int64)
    begins, counts, numbers = seen[0:1], seen[1:2], hyper.reshape(-1)
    nobody_asks = np.empty((0, NOTED))
    turn = (first - 1) % period  # number of the next update in its epoch,
    begin, end = turn * size, samples  # and where its batch begins and its epoch ends
    for k in range(lr.size + 1):
        if batched and k < lr.size:
            count = min(size, end - begin)
            batch(1, at_x, at_y, at_params, at_rows, begin, count, at_value, at_gx, at_gy)
            seen[0], seen[1] = begin, count
            turn, begin = turn + 1, begin + size
            if turn == period:
                turn, begin, end = 0, end, end + samples
        else:
            surface(1, at_x, at_y, at_params, at_value, at_gx, at_gy)
        if penalty.on:
            penalize(1, theta[0:1], theta[1:2], penalty, value, g[0:1], g[1:2])
        # One after the other, as they were written: a load of two numbers at once would wait until
        # both have reached the cache. So it is with the state.
        path[k, 0] = theta[0]
        path[k, 1] = theta[1]
        loss[k] = value[0]
        # Written so that NaN fails it.
        if not (abs(theta[0]) <= big and abs(theta[1]) <= big and math.isfinite(value[0])):
            return k, OUT_OF_BOUNDS
        if k == lr.size:
            break
        if scale.size > 0:
            g[0] += scale[k] * draws[k, 0]
            g[1] += scale[k] * draws[k, 1]
        if stopping.on:
            before = loss[max(k - 1, 0)]
            how = met(stopping, norm_of(g[0], g[1]), value[0] - before, k == 0)
            if how != COMPLETE:
                return k, how
        if clipping.on:
            whole[k, 0], whole[k, 1] = g[0], g[1]
            clip(1, g[0:1], g[1:2], clipping)
        if coupled > 0.0:
            g[0] += coupled * theta[0]
            g[1] += coupled * theta[1]
        gradient[k, 0], gradient[k, 1] = g[0], g[1]
        if needs_hessian:
            curvature(1, at_x, at_y, at_params, at_hxx, at_hxy, at_hyy)
            if penalty.l2 > 0.0:
                hessian[0] += penalty.l2
                hessian[2] += penalty.l2
        rate[0] = rate[1] = lr[k]
        status = update(2, first + k, at_g, at_hessian, at_rate, at_hyper, at_state, at_step)
        if status != DONE:
            if status not in (LONG, LINE):
                return k, NO_STEP
            search(
                *(status, 1, surface, batch, at_params, at_rows, penalty, theta, value, g),
                *(numbers, begins, counts, step, nobody_asks),
            )
        for i in range(state.shape[0]):
            states[k, i, 0] = state[i, 0]
            states[k, i, 1] = state[i, 1]
        shrink = 1.0 - lr[k] * decoupled
        theta[0] = theta[0] * shrink + step[0]
        theta[1] = theta[1] * shrink + step[1]
        if penalty.proximal > 0.0:
            theta[0] = shrunk(theta[0], lr[k] * penalty.proximal)
            theta[1] = shrunk(theta[1], lr[k] * penalty.proximal)
    return lr.size, COMPLETE


@kernel(
    types.void(
        Code(BATCH_SIGNATURE),
        VECTOR,  # position (2,)
        VECTOR,  # params
        MATRIX,  # out: gradient of each sample (samples, 2)
    )
)
def sample_gradients(batch, position, params, gradients):
    row, loss, g = np.empty(1, np.int32), np.empty(1), np.empty(2)
    at_x, at_y, at_params = address(position[0:1]), address(position[1:2]), address(params)
    at_row, at_loss, at_gx, at_gy = address(row), address(loss), address(g[0:1]), address(g[1:2])
    for j in range(gradients.shape[0]):
        row[0] = j
        batch(1, at_x, at_y, at_params, at_row, 0, 1, at_loss, at_gx, at_gy)
        gradients[j, 0], gradients[j, 1] = g[0], g[1]


# --- Many runs, of which only the ends are kept --------------------------------------------------

CACHED = 6144  # numbers in the first cache, which holds the runs that step together
CACHE_LINE = 8  # numbers: a width that is no multiple of it costs split loads and scalar tails
PERIOD = 8  # updates between two looks at what the runs have come to
NEVER = 2**62  # an update count beyond all
PARKED, RUNNING, ENDED = 0, 1, 2  # the fate of a lane; ENDED + how, until it is written down

# What a block knows of each of its lanes in whole numbers: which cell it runs, its last update,
# the first that has arrived, its fate, its rows of the two tables, its next update with the last
# batch of an epoch, the updates of an epoch, its batch size, and room for some parts and for a
# search.
CELL, LAST, CAME, FATE, DRAWS, FACTORS, SHORT, EPOCH, SIZE, FROM, CHANGED = range(11)
BEGIN, COUNT = range(11, 13)


class Given(NamedTuple):
    """What each cell of a map is given, in flat arrays over all cells.

    An array of stride 0 gives all cells the same value.
    """

    start: Any  # (all, 2)
    peak: Any  # (all,): learning rate
    hyper: Any  # (h, all)
    scale: Any  # (all, 2): of the draws, and of those for the last batch of an epoch
    epoch: Any  # (all,): its updates
    size: Any  # (all,): of a batch
    steps: Any  # (all,)


class Rule(NamedTuple):
    """What the driver has to know of a rule and its weight decay."""

    coupled: float
    decoupled: float
    apart: bool  # whether the rate is divided by its peak before it multiplies that
    needs_hessian: bool
    timeless: bool  # whether position, state and rate alone determine an update
    rows: int  # of state


class Watch(NamedTuple):
    """What is looked for on the way."""

    big: float  # the coordinate beyond which a run has diverged
    lowest: float  # the surface's lowest loss
    tolerance: float  # a run has arrived at most this far above it; negative: nobody asks
    recorded: Any  # (r,): rising update counts whose losses are recorded


class Ends(NamedTuple):
    """What comes out, in flat arrays over all cells."""

    end: Any  # (all, 2)
    loss: Any  # (all,)
    done: Any  # (all,): updates
    outcome: Any  # (all,)
    arrived: Any  # (all,): the first update count that has arrived, or -1
    losses: Any  # (all, r)
    places: Any  # (all, r, 2), or (all, 0, 2) where nobody asks for the positions


def readonly(scalar, dimensions, layout="A"):
    return types.Array(scalar, dimensions, layout, readonly=True)


INTEGERS = types.int64[::1]
# Numba takes arrays in a tuple only with the very type that is named here, so those that are of
# stride 0 here and not there come one by one.
SWEEP_SIGNATURE = types.void(
    Code(SURFACE_SIGNATURE),
    Code(SURFACE_SIGNATURE),
    Code(BATCH_SIGNATURE),
    Code(UPDATE_SIGNATURE),
    VECTOR,  # params
    types.int64,  # samples that the surface is made by, 0 where it is not
    types.int64,  # batch size that takes all of them as they are, 0 where none does
    INTEGERS,  # cells (n,): which to run
    readonly(types.float64, 2),  # start (all, 2)
    readonly(types.float64, 1),  # peak learning rate (all,)
    readonly(types.float64, 2),  # hyper (h, all)
    readonly(types.float64, 2),  # scale of the draws (all, 2), see Given
    readonly(types.int64, 1),  # updates of an epoch (all,)
    readonly(types.int64, 1),  # batch size (all,)
    readonly(types.int64, 1),  # steps (all,)
    INTEGERS,  # row of `draws`, or of `orders`, for each of `cells` (n,)
    readonly(types.float64, 3, "C"),  # draws (seeds, steps, 2), unused at scale 0
    readonly(types.int32, 2, "C"),  # orders of the samples (seeds, epochs x samples): one update
    # more than the steps, and nothing where every batch takes all samples as they are
    INTEGERS,  # row of `factors` for each of `cells` (n,)
    readonly(types.float64, 2, "C"),  # factors on the peak rate (schedules, steps)
    types.NamedTuple(
        [
            *(types.float64, types.float64, types.boolean, types.boolean, types.boolean),
            types.int64,
        ],
        Rule,
    ),
    PENALTY,
    CLIPPING,
    STOPPING,
    types.NamedTuple([types.float64, types.float64, types.float64, INTEGERS], Watch),
    INTEGERS,  # halt (1,): the work is given up when another thread sets it to 1
    types.NamedTuple(
        [
            *(MATRIX, VECTOR, INTEGERS, types.int8[::1], INTEGERS, MATRIX),
            types.float64[:, :, ::1],
        ],
        Ends,
    ),
)


@part
def aligned(size):
    """Return an array of `size` numbers whose first begins a cache line."""
    array = np.empty(size + CACHE_LINE)
    first = -(array.ctypes.data // 8) % CACHE_LINE
    return array[first : first + size]


@part
def filled(n):
    """Return the least width that holds n lanes and is a multiple of CACHE_LINE."""
    return n + -n % CACHE_LINE


@part
def most_together(s, h):
    """Return how many runs of a rule with s rows of state and h hyperparameters step together.

    As many as the cache holds, so that two calls an update are little for each; and an odd multiple
    of 64, for neighbouring rows a multiple of 2,048 bytes apart drive each other out of it.
    """
    held = CACHED // (9 + 2 * s + 2 * h)  # with x, y, the loss, two gradients, steps and rates
    return max((held - 64) // 128, 0) * 128 + 64


@part
def give(array, cells, row):
    """Give each lane of a row what its cell is given."""
    if array.strides[0] == 0:  # one value for all
        value = array[0]
        for i in range(row.size):
            row[i] = value
    else:
        for i in range(row.size):
            row[i] = array[cells[i]]


@part
def fill(first, n, w, cells, given, draws_row, factors_row, s, kept, lanes):
    """Begin n runs, those of the cells from `first`, in the first of w lanes; park the others.

    Return whether all have the same factors, and whether any draws noise.
    """
    start, peak, hyper, scale, epoch, size, steps = given
    own, rows, factors = lanes[CELL, :w], lanes[DRAWS, :w], lanes[FACTORS, :w]
    for i in range(w):
        j = first + min(i, n - 1)  # parked lanes are given what the last run is
        own[i], rows[i], factors[i] = cells[j], draws_row[j], factors_row[j]
        lanes[CAME, i], lanes[FATE, i] = -1, RUNNING if i < n else PARKED
    give(steps, own, lanes[LAST, :w])
    give(epoch, own, lanes[EPOCH, :w])
    give(size, own, lanes[SIZE, :w])
    peaks = (2 + 2 * s) * w
    give(start[:, 0], own, kept[:w])
    give(start[:, 1], own, kept[w : 2 * w])
    kept[2 * w : peaks] = 0.0
    give(peak, own, kept[peaks : peaks + w])
    scales, short_scales = kept[peaks + w : peaks + 2 * w], kept[peaks + 2 * w : peaks + 3 * w]
    give(scale[:, 0], own, scales)
    give(scale[:, 1], own, short_scales)
    for r in range(hyper.shape[0]):
        base = peaks + (3 + 2 * r) * w
        give(hyper[r], own, kept[base : base + w])
        kept[base + w : base + 2 * w] = kept[base : base + w]
    for i in range(n, w):
        kept[i] = kept[w + i] = math.nan
    differ = noisy = 0
    for i in range(w):
        lanes[SHORT, i] = lanes[EPOCH, i] - 1 if short_scales[i] != scales[i] else NEVER
        differ += factors[i] != factors[0]
        noisy += scales[i] > 0.0
    return differ == 0, noisy > 0


@part
def stretches(w, lanes, starts, until):
    """Part the lanes into stretches that see the same batches, and return how many there are.

    Stretch s is from lane starts[s] to before starts[s + 1]; after update until[s] none of it runs.
    """
    found = 0
    for i in range(w):
        if i == 0 or lanes[DRAWS, i] != lanes[DRAWS, i - 1] or lanes[SIZE, i] != lanes[SIZE, i - 1]:
            starts[found], until[found] = i, -1
            found += 1
        if lanes[FATE, i] == RUNNING:
            until[found - 1] = max(until[found - 1], lanes[LAST, i])
    starts[found] = w
    return found


@part
def settle(surface, penalty, k, w, theta, params, value, rest, lanes, big):
    """Find the loss of all samples where runs end before update k, or cannot go on.

    A run that is complete has no batch any more: the loss of all samples is its last. `rest` begins
    with that loss, and has room for two gradients that nobody asks for.
    """
    x, y, exact = theta[:w], theta[w:], rest[:w]
    spare_x, spare_y = rest[w : 2 * w], rest[2 * w : 3 * w]
    i = 0
    while i < w:
        j = i
        while j < w:
            fate, last = lanes[FATE, j], lanes[LAST, j]
            fine = abs(x[j]) <= big and abs(y[j]) <= big and math.isfinite(value[j])
            if not (fate >= ENDED or (fate == RUNNING and (last == k or not fine))):
                break
            j += 1
        if j > i:
            surface(
                *(j - i, address(x[i:j]), address(y[i:j]), address(params)),
                *(address(exact[i:j]), address(spare_x[i:j]), address(spare_y[i:j])),
            )
            if penalty.on:
                penalize(j - i, x[i:j], y[i:j], penalty, exact[i:j], spare_x[i:j], spare_y[i:j])
            for m in range(i, j):
                if lanes[LAST, m] == k:
                    value[m] = exact[m]
        i = j + 1


@part
def constant_from(factors):
    """Return the update from which on the factors do not change."""
    settled = factors.size
    while settled > 0 and factors[settled - 1] == factors[-1]:
        settled -= 1
    return settled


@part
def unmoved(w, bits, mark):
    """Return how many lanes, the parked among them, are where they were marked along x."""
    found = 0
    for i in range(w):
        found += bits[i] == mark[i]
    return found


@part
def leave_out_rounds(
    k, w, alive, moving, bits, mark, scales, samples, whole, lanes, latest, records, watch, losses
):
    """Leave whole rounds out of what a run has yet to do that goes round for ever.

    Such a run is where it was PERIOD updates ago, to the bit, its state included. Return the first
    update count at which one of them is complete.
    """
    recorded = watch.recorded
    fate, last, changed, found = lanes[FATE], lanes[LAST], lanes[CHANGED], lanes[FROM]
    for i in range(w):
        changed[i] = 0
    for r in range(moving):
        for i in range(w):
            changed[i] |= bits[r * w + i] ^ mark[r * w + i]
    back = 0
    for i in range(w):
        back += changed[i] == 0
    soonest = NEVER
    if back > w - alive:  # what is parked does not change either
        rounds = 0
        for i in range(w):
            found[rounds] = i
            rounds += (changed[i] == 0) & (fate[i] == RUNNING)
        for j in range(rounds):
            i = found[j]
            if scales[i] == 0.0 and (samples == 0 or lanes[SIZE, i] == whole):
                for r in range(records, recorded.size):
                    if recorded[r] <= last[i]:
                        losses[lanes[CELL, i], r] = latest[recorded[r] % PERIOD, i]
                last[i] = k + (last[i] - k) % PERIOD
                soonest = min(soonest, last[i])
    return soonest


@part
def record(r, w, theta, value, lanes, ends):
    """Write down the losses of the runs that go on as record r, and where they are if asked for."""
    for i in range(w):
        if lanes[FATE, i] == RUNNING:
            ends.losses[lanes[CELL, i], r] = value[i]
    if ends.places.shape[1] > 0:
        for i in range(w):
            if lanes[FATE, i] == RUNNING:
                ends.places[lanes[CELL, i], r, 0] = theta[i]
                ends.places[lanes[CELL, i], r, 1] = theta[w + i]


@part
def note_arrivals(k, w, value, came, lowest, tolerance):
    """Note the update count k for the lanes that are within the tolerance for the first time."""
    for i in range(w):
        before = came[i]
        here = (before < 0) & (value[i] - lowest <= tolerance)
        came[i] = k if here else before


@part
def look(k, w, theta, value, lanes, big):
    """Find the lanes that have ended before update k; return how many, and when the next may."""
    fate, last = lanes[FATE], lanes[LAST]
    ended, soonest = 0, NEVER
    for i in range(w):
        # Chosen, and not branched to: so the processor takes several lanes at a time.
        fine = (abs(theta[i]) <= big) & (abs(theta[w + i]) <= big) & (abs(value[i]) < math.inf)
        running = fate[i] == RUNNING
        over = running & ((last[i] == k) | (not fine))
        how = ENDED + (COMPLETE if fine else OUT_OF_BOUNDS)
        fate[i] = how if over else fate[i]
        ended += over
        soonest = min(soonest, last[i] if running & (not over) else NEVER)
    return ended, soonest


@part
def stop_where_met(k, w, value, loss_before, gx, gy, stopping, lanes):
    """Find the lanes that stop before update k, and keep the losses for the next; return how many.

    `value` are the losses that the runs see, those of their batches where there are batches.
    """
    ended = 0
    for i in range(w):
        if lanes[FATE, i] == RUNNING:
            how = met(stopping, norm_of(gx[i], gy[i]), value[i] - loss_before[i], k == 0)
            if how != COMPLETE:
                lanes[FATE, i] = ENDED + how
                ended += 1
        loss_before[i] = value[i]
    return ended


@part
def retire(k, w, theta, value, lanes, steps, ends):
    """Write down what has become of the lanes that have ended, and park them.

    A parked run's position is NaN, which no test takes for a run that goes on, and which costs no
    more to step than any other number.
    """
    end, loss, done, outcome, arrived, _, _ = ends
    fate, ended = lanes[FATE], lanes[FROM]
    found = 0
    for i in range(w):
        ended[found] = i
        found += fate[i] >= ENDED
    for j in range(found):
        i = ended[j]
        c = lanes[CELL, i]
        end[c, 0], end[c, 1], loss[c] = theta[i], theta[w + i], value[i]
        outcome[c], arrived[c] = fate[i] - ENDED, lanes[CAME, i]
        done[c] = steps[c] if outcome[c] == COMPLETE else k
        fate[i] = PARKED
        theta[i] = theta[w + i] = math.nan


@part
def stop(w, t, update, g, hessian, rate, hyper, state, lanes):
    """Find the lanes that have no step to take, which only a call for each can tell.

    `state` is the one before the update. Return how many they are.
    """
    h, s = hyper.size // (2 * w), state.size // (2 * w)
    one_g, one_rate, one_hessian, step = np.empty(2), np.empty(2), np.empty(3), np.empty(2)
    one_hyper, one_state = np.empty(2 * h), np.empty(2 * s)
    stopped = 0
    for i in range(w):
        if lanes[FATE, i] != RUNNING:
            continue
        for half in range(2):
            j = half * w + i
            one_g[half], one_rate[half] = g[j], rate[j]
            for r in range(h):
                one_hyper[2 * r + half] = hyper[2 * r * w + j]
            for r in range(s):
                one_state[2 * r + half] = state[2 * r * w + j]
        for r in range(3):
            one_hessian[r] = hessian[r * w + i]
        status = update(
            *(2, t, address(one_g), address(one_hessian), address(one_rate)),
            *(address(one_hyper), address(one_state), address(step)),
        )
        if status != DONE:
            lanes[FATE, i] = ENDED + NO_STEP
            stopped += 1
    return stopped


@part
def close_up(alive, w, rows, kept, lanes):
    """Move the runs that go on together, each row in its place; return their new width.

    A number only ever moves towards the front.
    """
    m = filled(alive)
    parked = m - alive
    j = 0
    for i in range(w):
        if lanes[FATE, i] == PARKED:
            if parked == 0:
                continue
            parked -= 1
        lanes[FROM, j] = i
        j += 1
    for r in range(rows):
        for j in range(m):
            kept[r * m + j] = kept[r * w + lanes[FROM, j]]
    for r in range(FROM):
        for j in range(m):
            lanes[r, j] = lanes[r, lanes[FROM, j]]
    return m


@kernel(SWEEP_SIGNATURE)
def sweep(
    surface,
    curvature,
    batch,
    update,
    params,
    samples,
    whole,
    cells,
    start,
    peak,
    hyper,
    scale,
    epoch,
    size,
    steps,
    draws_row,
    draws,
    orders,
    factors_row,
    factors,
    rule,
    penalty,
    clipping,
    stopping,
    watch,
    halt,
    ends,
):
    # A block of runs steps together, up to a multiple of CACHE_LINE, so that loops have no scalar
    # tails. `kept` holds its rows of x, y, state, peak rate, both scales,
    # hyperparameters and, where runs may stop, the loss before.
    given = Given(start, peak, hyper, scale, epoch, size, steps)
    coupled, decoupled, apart, needs_hessian, timeless, s = rule
    big, lowest, tolerance, recorded = watch
    h = hyper.shape[0]
    losses, nobody_asks = ends.losses, np.empty((0, NOTED))
    block = most_together(s, h)
    most = min(block, filled(cells.size))
    moving = 2 + 2 * s  # rows of `kept` that an update changes: x, y and the state
    rows = moving + 3 + 2 * h + stopping.on
    kept = aligned(rows * most)
    scratch = aligned((13 + PERIOD + moving + 2 * s) * most)
    lanes = np.empty((13, most), np.int64)
    starts, until = np.empty(most + 1, np.int64), np.empty(most + 1, np.int64)
    row_d, row_f, came = lanes[DRAWS], lanes[FACTORS], lanes[CAME]
    short, period = lanes[SHORT], lanes[EPOCH]
    at_params, at_rows, width = address(params), address(orders), orders.shape[1]
    for first in range(0, cells.size, block):
        n = min(block, cells.size - first)
        w = filled(n)
        shared, noisy = fill(*(first, n, w, cells, given, draws_row, factors_row, s, kept, lanes))
        settled = constant_from(factors[lanes[FACTORS, 0]]) if shared else factors.shape[1]
        settled = max(settled, 1)  # a rule may begin its state otherwise than it goes on
        alive = n
        k = 0
        soonest = 0  # no run is complete before this update count
        records = 0
        round_begun = False
        while alive > 0:
            # Everything is cut anew when the runs that are left have moved together.
            theta, x, y = kept[: 2 * w], kept[:w], kept[w : 2 * w]
            state = kept[2 * w : moving * w]
            peaks = kept[moving * w : (moving + 1) * w]
            scales = kept[(moving + 1) * w : (moving + 2) * w]
            short_scales = kept[(moving + 2) * w : (moving + 3) * w]
            numbers = kept[(moving + 3) * w : (moving + 3 + 2 * h) * w]
            loss_before = kept[(moving + 3 + 2 * h) * w : rows * w]
            g, gx, gy = scratch[: 2 * w], scratch[:w], scratch[w : 2 * w]
            step, rate = scratch[2 * w : 4 * w], scratch[4 * w : 6 * w]
            value, hessian = scratch[6 * w : 7 * w], scratch[7 * w : 10 * w]
            latest = scratch[10 * w : (10 + PERIOD) * w].reshape(PERIOD, w)
            before = scratch[(10 + PERIOD) * w : (10 + PERIOD + 2 * s) * w]
            mark = scratch[(10 + PERIOD + 2 * s) * w :][: moving * w].view(np.int64)
            rest = scratch[(10 + PERIOD + 2 * s + moving) * w :]
            # The loss of all samples, where that of a batch is not the same.
            exact = value if samples == 0 else rest[:w]
            spare_x, spare_y = rest[w : 2 * w], rest[2 * w : 3 * w]
            parts = 0 if samples == 0 else stretches(w, lanes, starts, until)
            bits = kept[: moving * w].view(np.int64)
            at_x, at_y, at_value = address(x), address(y), address(value)
            at_gx, at_gy, at_g, at_rate = address(gx), address(gy), address(g), address(rate)
            at_hessian, at_hxy = address(hessian), address(hessian[w : 2 * w])
            at_hyy, at_hyper = address(hessian[2 * w :]), address(numbers)
            at_state, at_step = address(state), address(step)
            marked = all_marked = False
            factor = -1.0
            while alive > 0:
                if samples > 0 and halt[0] != 0:  # an update may take long
                    return
                if k % PERIOD == 0:
                    if halt[0] != 0:
                        return
                    if 4 * alive <= 3 * w and filled(alive) < w:
                        break
                    if timeless:
                        if all_marked and k - PERIOD >= settled:
                            round_ends = leave_out_rounds(
                                *(k, w, alive, moving, bits, mark, scales, samples, whole),
                                *(lanes, latest, records, watch, losses),
                            )
                            soonest = min(soonest, round_ends)
                        elif marked and not round_begun:
                            # Nobody has gone round who is elsewhere along x: until somebody is
                            # back there, all else is neither marked nor compared.
                            round_begun = unmoved(w, bits, mark) > w - alive
                        marked, all_marked = True, round_begun
                        for i in range(moving * w if round_begun else w):
                            mark[i] = bits[i]
                if samples == 0:
                    surface(w, at_x, at_y, at_params, at_value, at_gx, at_gy)
                for p in range(parts):
                    if k > until[p]:
                        continue
                    a, b = starts[p], starts[p + 1]
                    here = address(x[a:b]), address(y[a:b])
                    there = address(value[a:b]), address(gx[a:b]), address(gy[a:b])
                    many = lanes[SIZE, a]
                    if many == whole:
                        surface(b - a, *here, at_params, *there)
                    else:
                        turn = k % period[a]
                        begin = (k // period[a]) * samples + turn * many
                        count = min(many, samples - turn * many)
                        begin += row_d[a] * width
                        batch(b - a, *here, at_params, at_rows, begin, count, *there)
                if penalty.on:
                    penalize(w, x, y, penalty, value, gx, gy)
                if samples > 0 and (
                    tolerance >= 0.0 or (records < recorded.size and k == recorded[records])
                ):
                    surface(
                        *(w, at_x, at_y, at_params),
                        *(address(exact), address(spare_x), address(spare_y)),
                    )
                    if penalty.on:
                        penalize(w, x, y, penalty, exact, spare_x, spare_y)
                if recorded.size > 0:
                    for i in range(w):
                        latest[k % PERIOD, i] = value[i]
                if records < recorded.size and k == recorded[records]:
                    record(records, w, theta, exact, lanes, ends)
                    records += 1
                if tolerance >= 0.0:
                    note_arrivals(k, w, exact, came, lowest, tolerance)
                fine = 0
                for i in range(w):
                    # Written so that NaN fails it.
                    fine += (abs(x[i]) <= big) & (abs(y[i]) <= big) & (abs(value[i]) < math.inf)
                if fine < alive or k == soonest:
                    if samples > 0:
                        settle(surface, penalty, k, w, theta, params, value, rest, lanes, big)
                    ended, soonest = look(k, w, theta, value, lanes, big)
                    alive -= ended
                    retire(k, w, theta, exact, lanes, steps, ends)
                    if alive == 0:
                        break
                if noisy:
                    for i in range(w):
                        spread, row = scales[i], row_d[i]
                        if k == short[i]:
                            spread = short_scales[i]
                            short[i] += period[i]
                        if spread > 0.0:
                            gx[i] += spread * draws[row, k, 0]
                            gy[i] += spread * draws[row, k, 1]
                if stopping.on:
                    ended = stop_where_met(k, w, value, loss_before, gx, gy, stopping, lanes)
                    if ended > 0:
                        if samples > 0:
                            settle(surface, penalty, k, w, theta, params, value, rest, lanes, big)
                        alive -= ended
                        retire(k, w, theta, exact, lanes, steps, ends)
                        if alive == 0:
                            break
                if clipping.on:
                    clip(w, gx, gy, clipping)
                if coupled > 0.0:
                    for i in range(2 * w):
                        g[i] += coupled * theta[i]
                if not shared:
                    for i in range(w):
                        rate[i] = rate[w + i] = peaks[i] * factors[row_f[i], k]
                elif factor != factors[row_f[0], k]:
                    factor = factors[row_f[0], k]
                    for i in range(w):
                        rate[i] = rate[w + i] = peaks[i] * factor
                if needs_hessian:
                    curvature(w, at_x, at_y, at_params, at_hessian, at_hxy, at_hyy)
                    if penalty.l2 > 0.0:
                        for i in range(w):
                            hessian[i] += penalty.l2
                            hessian[2 * w + i] += penalty.l2
                    # Such a rule may have no step to take; then its state is asked for once more.
                    for i in range(2 * s * w):
                        before[i] = state[i]
                # Not in a tuple, which counts the references to what each address keeps alive.
                status = update(
                    2 * w, k + 1, at_g, at_hessian, at_rate, at_hyper, at_state, at_step
                )
                if status in (LONG, LINE):
                    for i in range(w):
                        lanes[COUNT, i] = 0
                        many, turn = lanes[SIZE, i], k % period[i]
                        if samples > 0 and many != whole:
                            begin = (k // period[i]) * samples + turn * many
                            lanes[BEGIN, i] = begin + row_d[i] * width
                            lanes[COUNT, i] = min(many, samples - turn * many)
                    search(
                        *(status, w, surface, batch, at_params, at_rows, penalty, theta, value),
                        *(g, numbers, lanes[BEGIN], lanes[COUNT], step, nobody_asks),
                    )
                elif status != DONE:
                    alive -= stop(w, k + 1, update, g, hessian, rate, numbers, before, lanes)
                    if samples > 0:
                        settle(surface, penalty, k, w, theta, params, value, rest, lanes, big)
                    retire(k, w, theta, exact, lanes, steps, ends)
                if apart:
                    for i in range(w):
                        # As for a single run, of which the rate may be 0 all the time.
                        share = decoupled / peaks[i] if peaks[i] > 0.0 else 0.0
                        x[i] = x[i] * (1.0 - rate[i] * share) + step[i]
                        y[i] = y[i] * (1.0 - rate[i] * share) + step[w + i]
                elif decoupled > 0.0:
                    for i in range(2 * w):
                        theta[i] = theta[i] * (1.0 - rate[i] * decoupled) + step[i]
                else:
                    for i in range(2 * w):
                        theta[i] += step[i]
                if penalty.proximal > 0.0:
                    for i in range(2 * w):
                        theta[i] = shrunk(theta[i], rate[i] * penalty.proximal)
                k += 1
            w = close_up(alive, w, rows, kept, lanes)
