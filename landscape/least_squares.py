"""The mean of squared errors, halved, of a line in two weights: kernels for surfaces made by it.

A sample is (u, v, t), two features and the label, and its error x u + y v - t. Before the samples
the kernels get their number, the minimizer, the loss there and the Hessian: the loss of all samples
is a quadratic, and takes no pass over them. Of samples in several ways it is the mean by shares.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from landscape.compiled import BATCH_SIGNATURE, SURFACE_SIGNATURE, kernel, part
from landscape.data import in_rows
from landscape.record import GLOBAL_MINIMUM

Vector = NDArray[np.float64]
HEAD = 7  # numbers before the samples


def packed(u: Vector, v: Vector, t: Vector, shares: Vector) -> Vector:
    """Return what the kernels get, of N samples in W ways: (W N,) of each, and shares (W,)."""
    count = len(t) // len(shares)
    weights = np.repeat(shares, count)
    features, roots = np.column_stack([u, v]), np.sqrt(weights)
    best = np.linalg.lstsq(features * roots[:, None], t * roots)[0]

    def mean(values: Vector) -> float:
        return float((weights * values).sum()) / count

    lowest = mean(np.square(features @ best - t)) / 2
    hessian = mean(u * u), mean(u * v), mean(v * v)
    return in_rows((count, *best, lowest, *hessian), u, v, t)


def locate(numbers: Vector) -> list[tuple[float, float, str]]:
    """Return the minimizer."""
    return [(float(numbers[1]), float(numbers[2]), GLOBAL_MINIMUM)]


@kernel(SURFACE_SIGNATURE)
def loss_and_gradient(n, x, y, params, loss, gx, gy):
    x0, y0, lowest = params[1], params[2], params[3]
    hxx, hxy, hyy = params[4], params[5], params[6]
    for i in range(n):
        u, v = x[i] - x0, y[i] - y0
        gx[i] = hxx * u + hxy * v
        gy[i] = hxy * u + hyy * v
        loss[i] = lowest + 0.5 * (u * gx[i] + v * gy[i])


@kernel(SURFACE_SIGNATURE)
def hessian(n, x, y, params, hxx, hxy, hyy):
    for i in range(n):
        hxx[i], hxy[i], hyy[i] = params[4], params[5], params[6]


@part
def error(x, y, params, at):
    return x * params[at] + y * params[at + 1] - params[at + 2]


@kernel(BATCH_SIGNATURE)
def batch(n, x, y, params, rows, first, count, loss, gx, gy):
    last = first + count
    fours = last - count % 4
    for i in range(n):
        total, along_x, along_y = 0.0, 0.0, 0.0
        # Four samples at a time: a sum of one after the other waits for each addition.
        for j in range(first, fours, 4):
            a, b = HEAD + 3 * rows[j], HEAD + 3 * rows[j + 1]
            c, d = HEAD + 3 * rows[j + 2], HEAD + 3 * rows[j + 3]
            e, f = error(x[i], y[i], params, a), error(x[i], y[i], params, b)
            g, h = error(x[i], y[i], params, c), error(x[i], y[i], params, d)
            total += (e * e + f * f) + (g * g + h * h)
            along_x += (e * params[a] + f * params[b]) + (g * params[c] + h * params[d])
            along_y += (e * params[a + 1] + f * params[b + 1]) + (
                g * params[c + 1] + h * params[d + 1]
            )
        for j in range(fours, last):
            a = HEAD + 3 * rows[j]
            e = error(x[i], y[i], params, a)
            total += e * e
            along_x += e * params[a]
            along_y += e * params[a + 1]
        loss[i], gx[i], gy[i] = total / (2 * count), along_x / count, along_y / count
