"""Logistic regression: without wrong labels a line separates the classes, and there is no minimum.

A sample is (u, v, s) with s = 1 or -1, its margin z = s (x u + y v) and its loss log(1 + exp(-z)).
"""

import math

import numpy as np

from landscape.compiled import BATCH_SIGNATURE, SURFACE_SIGNATURE, kernel, part
from landscape.critical import polish
from landscape.data import Dataset, Samples, from_ways, in_ways
from landscape.record import DATA_SEED, GLOBAL_MINIMUM, Number, Surface, SurfaceListing

ACROSS = (0.8, 0.6)  # the direction from one class to the other
HEAD = 2 + 4  # number of samples and of ways, and the share of each of at most 4 ways
SAME_LINE = 1e-12  # radians
SOLVE = 60  # steps of Newton's method, halved where they do not lower the loss


def make(samples, spread, noise, data_seed):
    rng = np.random.default_rng(int(data_seed))
    features = spread * rng.standard_normal((samples, 2))
    wrong = rng.random(samples) < noise
    side = features @ np.array(ACROSS) > 0
    return Dataset(features, (side != wrong).astype(float))


def pack(features, labels, shares):
    return in_ways(shares, features[:, 0], features[:, 1], 2 * labels - 1)


@part
def sample(x, y, params, at):
    """Return loss, and the derivative of it by x u + y v, of the sample at `at`."""
    s = params[at + 2]
    z = s * (x * params[at] + y * params[at + 1])
    e = math.exp(-abs(z))
    share = e / (1 + e) if z > 0 else 1 / (1 + e)
    return max(-z, 0.0) + math.log1p(e), -s * share


@kernel(SURFACE_SIGNATURE)
def loss_and_gradient(n, x, y, params, loss, gx, gy):
    count, ways = int(params[0]), int(params[1])
    for i in range(n):
        loss[i] = gx[i] = gy[i] = 0.0
        for way in range(ways):
            first, share = HEAD + 3 * count * way, params[2 + way]
            total, along_x, along_y = 0.0, 0.0, 0.0
            for at in range(first, first + 3 * count, 3):
                value, slope = sample(x[i], y[i], params, at)
                total += value
                along_x += slope * params[at]
                along_y += slope * params[at + 1]
            loss[i] += share * total
            gx[i] += share * along_x
            gy[i] += share * along_y
        loss[i], gx[i], gy[i] = loss[i] / count, gx[i] / count, gy[i] / count


@kernel(BATCH_SIGNATURE)
def batch(n, x, y, params, rows, first, count, loss, gx, gy):
    for i in range(n):
        total, along_x, along_y = 0.0, 0.0, 0.0
        for j in range(first, first + count):
            at = HEAD + 3 * rows[j]
            value, slope = sample(x[i], y[i], params, at)
            total += value
            along_x += slope * params[at]
            along_y += slope * params[at + 1]
        loss[i], gx[i], gy[i] = total / count, along_x / count, along_y / count


@kernel(SURFACE_SIGNATURE)
def hessian(n, x, y, params, hxx, hxy, hyy):
    count, ways = int(params[0]), int(params[1])
    for i in range(n):
        hxx[i] = hxy[i] = hyy[i] = 0.0
        for way in range(ways):
            first, share = HEAD + 3 * count * way, params[2 + way]
            xx, xy, yy = 0.0, 0.0, 0.0
            for at in range(first, first + 3 * count, 3):
                u, v = params[at], params[at + 1]
                e = math.exp(-abs(x[i] * u + y[i] * v))
                weight = e / (1 + e) ** 2
                xx += weight * u * u
                xy += weight * u * v
                yy += weight * v * v
            hxx[i] += share * xx
            hxy[i] += share * xy
            hyy[i] += share * yy
        hxx[i], hxy[i], hyy[i] = hxx[i] / count, hxy[i] / count, hyy[i] / count


def separable(u, v, s):
    """Tell whether some weights make no margin negative: if all s (u, v) lie in one half-plane."""
    told = (u != 0) | (v != 0)  # a sample that has lost both features has no margin
    angles = np.sort(np.arctan2(s * v, s * u)[told])
    gaps = np.diff(np.append(angles, angles[0] + 2 * np.pi))
    return bool(gaps.max() >= np.pi)


def locate(numbers):
    """Return the minimizer, if there is one."""
    (u, v, s), weights = from_ways(numbers, 3)
    if separable(u, v, s):
        return []
    count, point, features = numbers[0], np.zeros(2), np.column_stack([s * u, s * v])

    def loss(at):
        return (weights * np.logaddexp(0.0, -(features @ at))).sum() / count

    for _ in range(SOLVE):
        share = 1 / (1 + np.exp(np.minimum(features @ point, 700.0)))
        gradient = -((weights * share)[:, None] * features).sum(axis=0) / count
        curvature = (features * (weights * share * (1 - share))[:, None]).T @ features / count
        step = np.linalg.lstsq(curvature, gradient)[0]
        while loss(point - step) > loss(point) and np.abs(step).max() > 1e-12:
            step /= 2
        point = point - step
    return [(x, y, GLOBAL_MINIMUM) for x, y in polish(loss_and_gradient, hessian, [point], numbers)]


def infimum(numbers):
    """Return the greatest lower bound of a loss without a minimum.

    In a direction in which no margin is negative the loss falls without end. There remains what
    samples lose that have no margin in it: log 2 of each at the origin and, where others lie to
    both sides on the line across that direction, the least that they can lose together.
    """
    (u, v, s), weights = from_ways(numbers, 3)
    x, y, weights = s * u, s * v, weights / numbers[0]
    told = (x != 0) | (y != 0)
    at_origin = float(weights[~told].sum() * math.log(2))
    angles = np.sort(np.arctan2(y, x)[told])
    gaps = np.diff(np.append(angles, angles[0] + 2 * np.pi))
    edge = angles[(int(np.argmax(gaps)) + 1) % angles.size]
    across = np.cos(edge) * y - np.sin(edge) * x
    line = told & (np.abs(across) <= SAME_LINE * np.hypot(x, y))
    z, weights = (np.cos(edge) * x + np.sin(edge) * y)[line], weights[line]
    if not z.min() < 0 < z.max():
        return at_origin

    def slope(weight):
        return -(weights * z / (1 + np.exp(np.minimum(weight * z, 700.0)))).sum()

    low, high = -1.0, 1.0
    while slope(low) > 0:
        low *= 2
    while slope(high) < 0:
        high *= 2
    for _ in range(SOLVE):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) < 0 else (low, middle)
    return at_origin + float((weights * np.logaddexp(0.0, -low * z)).sum())


LISTING = SurfaceListing(
    data="""
        data = np.random.default_rng(data_seed)
        first, second = (spread * data.standard_normal((samples, 2))).T
        wrong = data.random(samples) < noise
        label = ((0.8 * first + 0.6 * second > 0) != wrong).astype(float)
    """,
    gradient="""
        a, b, t = first[rows], second[rows], label[rows]
        error = 1 / (1 + np.exp(-(x * a + y * b))) - t
        return (error * a).mean(), (error * b).mean()
    """,
    hessian="""
        share = 1 / (1 + np.exp(-(x * first + y * second)))
        weight = share * (1 - share)
        hxy = (weight * first * second).mean()
        return (weight * first**2).mean(), hxy, (weight * second**2).mean()
    """,
    loss="""
        x, y = theta
        a, b, t = first[rows], second[rows], label[rows]
        z = (2 * t - 1) * (x * a + y * b)
        return torch.log1p(torch.exp(-abs(z))).mean() + (abs(z) - z).mean() / 2
    """,
    columns=("first", "second", "label"),
)


SURFACE = Surface(
    name="Logistic regression",
    sentence="Two classes are told apart by a line through the origin: without wrong labels one"
    " separates them, and the loss falls for ever, with no minimum.",
    latex=r"\tfrac{1}{N} \textstyle\sum_i \log\,(1 + e^{-s_i (x f_i + y g_i)})",
    source="Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 2nd ed. (2009),"
    " section 4.4",
    domain=((-6.0, 14.0), (-8.0, 12.0)),
    start=(-3.0, 6.0),
    kernel=loss_and_gradient,
    hessian_kernel=hessian,
    locate=locate,
    infimum=infimum,
    listing=LISTING,
    parameters=(
        Number("spread", "s", 1.0, 0.5, 2.0, "Standard deviation of both features.", "log"),
        Number(
            "noise",
            "p",
            0.1,
            0.0,
            0.4,
            "Share of the labels that are wrong; with none of them there is no minimum.",
        ),
        DATA_SEED,
    ),
    samples=Samples(
        *(make, pack, batch, 2, ("spread", "noise", "data_seed")),
        fit="x * f + y * g",
        classes=True,
    ),
)
