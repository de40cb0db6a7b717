"""The compiled loop of one recorded run, for every pair of surface and rule."""

from __future__ import annotations

import math

import numpy as np

from landscape.compiled import MATRIX, SURFACE_SIGNATURE, VECTOR, kernel, types
from optimizers.record import UPDATE_SIGNATURE

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
        if update(k + 1, g, hessian, rate, hyper, state, step) != 0:
            return k, STOPPED
        for i in range(state.shape[0]):
            states[k, i, 0], states[k, i, 1] = state[i, 0], state[i, 1]
        shrink = 1.0 - lr[k] * decoupled
        theta[0] = theta[0] * shrink + step[0]
        theta[1] = theta[1] * shrink + step[1]
    return lr.size, COMPLETE
