"""The compiled loops over updates, for every pair of surface and rule."""

from __future__ import annotations

import math

import numpy as np

from landscape.compiled import MATRIX, SURFACE_SIGNATURE, VECTOR, kernel, part, types
from optimizers.record import UPDATE_SIGNATURE

DONE = 0  # record.DONE: a kernel that used that one would not follow it when it changes
COMPLETE = 0
DIVERGED = 1
STOPPED = 2

# Surfaces and rules come in as pointers to functions of one signature each: a new pair compiles
# nothing.
RUN_SIGNATURE = types.UniTuple(types.int64, 2)(
    types.FunctionType(SURFACE_SIGNATURE),
    types.FunctionType(SURFACE_SIGNATURE),
    types.FunctionType(UPDATE_SIGNATURE),
    VECTOR,  # params
    VECTOR,  # lr (steps,)
    types.Array(types.float64, 2, "C", readonly=True),  # draws (steps, 2), unused at scale 0
    types.float64,  # scale of the draws
    MATRIX,  # hyper (h, 2)
    types.float64,  # coupled weight decay
    types.float64,  # decoupled weight decay
    types.boolean,  # whether the rule needs the Hessian
    types.int64,  # number of the first update: 1, or more where a run is carried on
    MATRIX,  # state (s, 2)
    types.float64,  # the coordinate beyond which a run has diverged
    MATRIX,  # out: path (steps + 1, 2), its first row the start
    VECTOR,  # out: loss (steps + 1,)
    MATRIX,  # out: gradient (steps, 2) as the rule got it
    types.float64[:, :, ::1],  # out: states (steps, s, 2) after each update
)


@kernel(RUN_SIGNATURE)
def run(
    surface,
    curvature,
    update,
    params,
    lr,
    draws,
    scale,
    hyper,
    coupled,
    decoupled,
    needs_hessian,
    first,
    state,
    big,
    path,
    loss,
    gradient,
    states,
):
    # The kernels see the same few views at every step: cutting new ones out of `path` and `loss`
    # inside the loop costs several times the arithmetic.
    work = np.zeros(12)
    theta, x, y = work[0:2], work[0:1], work[1:2]
    g, gx, gy = work[2:4], work[2:3], work[3:4]
    step, rate, value = work[4:6], work[6:8], work[8:9]
    hessian = work[9:12].reshape(3, 1)
    hxx, hxy, hyy = hessian[0], hessian[1], hessian[2]
    theta[0], theta[1] = path[0, 0], path[0, 1]
    for k in range(lr.size + 1):
        surface(x, y, params, value, gx, gy)
        path[k, 0], path[k, 1], loss[k] = theta[0], theta[1], value[0]
        # Written so that NaN fails it.
        if not (abs(theta[0]) <= big and abs(theta[1]) <= big and math.isfinite(value[0])):
            return k, DIVERGED
        if k == lr.size:
            break
        if scale > 0.0:
            g[0] += scale * draws[k, 0]
            g[1] += scale * draws[k, 1]
        if coupled > 0.0:
            g[0] += coupled * theta[0]
            g[1] += coupled * theta[1]
        gradient[k, 0], gradient[k, 1] = g[0], g[1]
        if needs_hessian:
            curvature(x, y, params, hxx, hxy, hyy)
        rate[0] = rate[1] = lr[k]
        if update(first + k, g, hessian, rate, hyper, state, step) != 0:
            return k, STOPPED
        for i in range(state.shape[0]):
            states[k, i, 0], states[k, i, 1] = state[i, 0], state[i, 1]
        shrink = 1.0 - lr[k] * decoupled
        theta[0] = theta[0] * shrink + step[0]
        theta[1] = theta[1] * shrink + step[1]
    return lr.size, COMPLETE


# --- Many runs, of which only the ends are kept --------------------------------------------------

WIDTH = 384  # runs that step together: two calls a step are little for so many, and L1 holds them
CACHE_LINE = 8  # numbers: a width that is no multiple of it costs split loads and scalar tails
PERIOD = 8  # updates between two looks at what the runs have come to
PARKED, RUNNING, ENDED = 0, 1, 2  # the fate of a lane; ENDED + how, until it is written down


def readonly(scalar, dimensions, layout="A"):
    return types.Array(scalar, dimensions, layout, readonly=True)


# What is given for each cell of a map lies in flat arrays over all cells, and so do the results;
# `cells` says which of them to run. An array of stride 0 gives all cells the same value.
SWEEP_SIGNATURE = types.void(
    types.FunctionType(SURFACE_SIGNATURE),
    types.FunctionType(SURFACE_SIGNATURE),
    types.FunctionType(UPDATE_SIGNATURE),
    VECTOR,  # params
    readonly(types.int64, 1),  # cells (n,)
    readonly(types.float64, 2),  # start (all, 2)
    readonly(types.float64, 1),  # peak learning rate (all,)
    readonly(types.float64, 2),  # hyper (h, all)
    readonly(types.float64, 1),  # scale of the draws (all,)
    readonly(types.int64, 1),  # steps (all,)
    readonly(types.int64, 1),  # row of `draws` for each of `cells` (n,)
    readonly(types.float64, 3, "C"),  # draws (seeds, steps, 2), unused at scale 0
    readonly(types.int64, 1),  # row of `factors` for each of `cells` (n,)
    readonly(types.float64, 2, "C"),  # factors on the peak rate (schedules, steps)
    types.float64,  # coupled weight decay
    types.float64,  # decoupled weight decay
    types.boolean,  # whether the rule needs the Hessian
    types.boolean,  # whether position, state and rate alone determine an update
    types.int64,  # rows of state
    types.float64,  # the coordinate beyond which a run has diverged
    types.float64,  # the surface's lowest loss
    types.float64,  # a run has arrived at most this far above it; negative: nobody asks
    readonly(types.int64, 1),  # rising update counts whose losses are recorded (r,)
    types.int64[::1],  # halt (1,): the work is given up when another thread sets it to 1
    MATRIX,  # out: end (all, 2)
    VECTOR,  # out: loss (all,)
    types.int64[::1],  # out: updates done (all,)
    types.int8[::1],  # out: outcome (all,)
    types.int64[::1],  # out: first update count that has arrived, or -1 (all,)
    MATRIX,  # out: recorded losses (all, r)
)


@part
def aligned(size):
    """Return an array whose first number begins a cache line."""
    array = np.empty(size + CACHE_LINE)
    return array[-(array.ctypes.data // 8) % CACHE_LINE :]


@part
def status_of(i, w, t, update, g, hessian, rate, hyper, state):
    """Return what `update` says of lane i of w alone."""
    h, s = hyper.shape[0], state.shape[0]
    one_g, one_rate, one_hessian = np.empty(2), np.empty(2), np.empty((3, 1))
    one_hyper, one_state = np.empty((h, 2)), np.empty((s, 2))
    for half in range(2):
        j = half * w + i
        one_g[half], one_rate[half] = g[j], rate[j]
        for r in range(h):
            one_hyper[r, half] = hyper[r, j]
        for r in range(s):
            one_state[r, half] = state[r, j]
    for r in range(3):
        one_hessian[r, 0] = hessian[r, i]
    return update(t, one_g, one_hessian, one_rate, one_hyper, one_state, np.empty(2))


@part
def retire(k, w, fate, cell, came, theta, value, steps, end, loss, done, outcome, arrived):
    """Write down what has become of the lanes that have ended, and park them."""
    for i in range(w):
        if fate[i] >= ENDED:
            c = cell[i]
            end[c, 0], end[c, 1], loss[c] = theta[i], theta[w + i], value[i]
            outcome[c], arrived[c] = fate[i] - ENDED, came[i]
            done[c] = steps[c] if outcome[c] == COMPLETE else k
            fate[i] = PARKED
            theta[i] = theta[w + i] = math.nan


@kernel(SWEEP_SIGNATURE)
def sweep(
    surface,
    curvature,
    update,
    params,
    cells,
    start,
    peak,
    hyper,
    scale,
    steps,
    draws_row,
    draws,
    factors_row,
    factors,
    coupled,
    decoupled,
    needs_hessian,
    timeless,
    s,
    big,
    lowest,
    tolerance,
    recorded,
    halt,
    end,
    loss,
    done,
    outcome,
    arrived,
    losses,
):
    # Runs that have ended are parked: their position is NaN, which no test takes for a run that
    # goes on, and which costs no more to step than any other number. Runs fill a block up to a
    # multiple of CACHE_LINE, so that loops have no scalar tails.
    h = hyper.shape[0]
    block = WIDTH if s < 8 else WIDTH // 6  # as many as the cache can hold
    most = min(block, cells.size + -cells.size % CACHE_LINE)
    moving = 2 + 2 * s  # rows of `kept` that an update changes: x, y and the state
    rows = moving + 2 + 2 * h
    kept = aligned(rows * most)
    scratch = aligned((10 + PERIOD + moving + 2 * s) * most)
    whole = np.empty((8, most), np.int64)
    cell, last, came, fate = whole[0], whole[1], whole[2], whole[3]
    row_d, row_f, moved, changed = whole[4], whole[5], whole[6], whole[7]
    for first in range(0, cells.size, block):
        n = min(block, cells.size - first)
        w = n + -n % CACHE_LINE
        for i in range(2 * w, moving * w):
            kept[i] = 0.0
        shared, noisy = True, False
        for i in range(w):
            j = first + min(i, n - 1)
            c = cells[j]
            cell[i], last[i], came[i] = c, steps[c], -1
            fate[i] = RUNNING if i < n else PARKED
            row_d[i], row_f[i] = draws_row[j], factors_row[j]
            kept[i] = start[c, 0] if i < n else math.nan
            kept[w + i] = start[c, 1] if i < n else math.nan
            kept[moving * w + i], kept[(moving + 1) * w + i] = peak[c], scale[c]
            shared &= row_f[i] == row_f[0]
            noisy |= scale[c] > 0.0
        for r in range(h):
            base = (moving + 2 + 2 * r) * w
            for i in range(w):
                kept[base + i] = kept[base + w + i] = hyper[r, cell[i]]
        settled = factors.shape[1]  # the update from which on the factors are constant
        while shared and settled > 0 and factors[row_f[0], settled - 1] == factors[row_f[0], -1]:
            settled -= 1
        alive = n
        k = 0
        soonest = 0  # no run is complete before this update count
        records = 0
        while alive > 0:
            # Everything is cut anew when the runs that are left have moved together.
            theta, x, y = kept[: 2 * w], kept[:w], kept[w : 2 * w]
            state = kept[2 * w : moving * w].reshape(s, 2 * w)
            peaks = kept[moving * w : (moving + 1) * w]
            scales = kept[(moving + 1) * w : (moving + 2) * w]
            numbers = kept[(moving + 2) * w : rows * w].reshape(h, 2 * w)
            g, gx, gy = scratch[: 2 * w], scratch[:w], scratch[w : 2 * w]
            step, rate = scratch[2 * w : 4 * w], scratch[4 * w : 6 * w]
            value = scratch[6 * w : 7 * w]
            hessian = scratch[7 * w : 10 * w].reshape(3, w)
            hxx, hxy, hyy = hessian[0], hessian[1], hessian[2]
            latest = scratch[10 * w : (10 + PERIOD) * w].reshape(PERIOD, w)
            before = scratch[(10 + PERIOD) * w : (10 + PERIOD + 2 * s) * w].reshape(s, 2 * w)
            mark = scratch[(10 + PERIOD + 2 * s) * w :][: moving * w].view(np.int64)
            bits = kept[: moving * w].view(np.int64)
            marked = False
            factor = -1.0
            while alive > 0:
                if k % PERIOD == 0:
                    if halt[0] != 0:
                        return
                    if 2 * alive <= w and w > CACHE_LINE:
                        break
                    # A run that is where it was PERIOD updates ago, its state too and to the bit,
                    # goes round for ever: whole rounds are left out of what it has yet to do.
                    if timeless and marked and k - PERIOD >= settled:
                        for i in range(w):
                            changed[i] = 0
                        for r in range(moving):
                            for i in range(w):
                                changed[i] |= bits[r * w + i] ^ mark[r * w + i]
                        back = 0
                        for i in range(w):
                            back += changed[i] == 0
                        if back > w - alive:  # what is parked does not change either
                            for i in range(w):
                                if changed[i] == 0 and fate[i] == RUNNING and scales[i] == 0.0:
                                    for r in range(records, recorded.size):
                                        if recorded[r] <= last[i]:
                                            losses[cell[i], r] = latest[recorded[r] % PERIOD, i]
                                    last[i] = k + (last[i] - k) % PERIOD
                                    soonest = min(soonest, last[i])
                    if timeless:
                        marked = True
                        for i in range(moving * w):
                            mark[i] = bits[i]
                surface(x, y, params, value, gx, gy)
                if recorded.size > 0:
                    for i in range(w):
                        latest[k % PERIOD, i] = value[i]
                if records < recorded.size and k == recorded[records]:
                    for i in range(w):
                        if fate[i] == RUNNING:
                            losses[cell[i], records] = value[i]
                    records += 1
                if tolerance >= 0.0:
                    for i in range(w):
                        here = (came[i] < 0) & (value[i] - lowest <= tolerance)
                        came[i] = k if here else came[i]
                fine = 0
                for i in range(w):
                    # Written so that NaN fails it.
                    fine += (abs(x[i]) <= big) & (abs(y[i]) <= big) & (abs(value[i]) < math.inf)
                if fine < alive or k == soonest:
                    soonest = factors.shape[1]
                    for i in range(w):
                        if fate[i] == PARKED:
                            continue
                        if not (abs(x[i]) <= big and abs(y[i]) <= big and math.isfinite(value[i])):
                            fate[i] = ENDED + DIVERGED
                        elif k == last[i]:
                            fate[i] = ENDED + COMPLETE
                        else:
                            soonest = min(soonest, last[i])
                        alive -= fate[i] != RUNNING
                    retire(
                        *(k, w, fate, cell, came, theta, value),
                        *(steps, end, loss, done, outcome, arrived),
                    )
                    if alive == 0:
                        break
                if noisy:
                    for i in range(w):
                        if scales[i] > 0.0:
                            gx[i] += scales[i] * draws[row_d[i], k, 0]
                            gy[i] += scales[i] * draws[row_d[i], k, 1]
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
                    curvature(x, y, params, hxx, hxy, hyy)
                    # Such a rule may have no step to take; then its state is asked for once more.
                    for r in range(s):
                        for i in range(2 * w):
                            before[r, i] = state[r, i]
                if update(k + 1, g, hessian, rate, numbers, state, step) != DONE:
                    # Some lane has no step to take: which one, only a call for each can tell.
                    given = (g, hessian, rate, numbers, before)
                    for i in range(w):
                        if fate[i] == RUNNING and status_of(i, w, k + 1, update, *given) != DONE:
                            fate[i] = ENDED + STOPPED
                            alive -= 1
                    retire(
                        *(k, w, fate, cell, came, theta, value),
                        *(steps, end, loss, done, outcome, arrived),
                    )
                if decoupled > 0.0:
                    for i in range(2 * w):
                        theta[i] = theta[i] * (1.0 - rate[i] * decoupled) + step[i]
                else:
                    for i in range(2 * w):
                        theta[i] += step[i]
                k += 1
            # Half of the runs have ended: the others move together, each row in its place, which
            # only ever moves a number towards the front.
            m = alive + -alive % CACHE_LINE
            parked = m - alive
            j = 0
            for i in range(w):
                if fate[i] == PARKED and parked > 0:
                    parked -= 1
                elif fate[i] == PARKED:
                    continue
                moved[j] = i
                j += 1
            for r in range(rows):
                for j in range(m):
                    kept[r * m + j] = kept[r * w + moved[j]]
            for r in range(6):
                for j in range(m):
                    whole[r, j] = whole[r, moved[j]]
            w = m
