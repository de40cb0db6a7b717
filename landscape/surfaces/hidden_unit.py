"""One hidden unit: two mirror minima, and a saddle between them at the origin.

A sample is (f, t), and its error x tanh(y f) - t.
"""

import math

import numpy as np

from landscape.compiled import BATCH_SIGNATURE, SURFACE_SIGNATURE, kernel, part
from landscape.critical import polish
from landscape.data import Dataset, Samples, from_ways, in_ways
from landscape.record import DATA_SEED, GLOBAL_MINIMUM, SADDLE, Number, Surface, SurfaceListing

OUTER, INNER = 1.5, 1.0  # the weights that make the labels
HEAD = 2 + 4  # number of samples and of ways, and the share of each of at most 4 ways
# Inner weights, over the share that dropout keeps, at which the best outer one is tried.
LOOK = np.linspace(0.02, 8.0, 400)


def make(samples, spread, noise, data_seed):
    rng = np.random.default_rng(int(data_seed))
    feature = spread * rng.standard_normal(samples)
    label = OUTER * np.tanh(INNER * feature) + noise * rng.standard_normal(samples)
    return Dataset(feature, label)


def pack(features, labels, shares):
    return in_ways(shares, features[:, 0], labels)


@part
def sample(x, y, f, t):
    """Return the error of a sample, and its derivatives."""
    h = math.tanh(y * f)
    return x * h - t, h, x * f * (1 - h * h)


@kernel(SURFACE_SIGNATURE)
def loss_and_gradient(n, x, y, params, loss, gx, gy):
    count, ways = int(params[0]), int(params[1])
    for i in range(n):
        loss[i] = gx[i] = gy[i] = 0.0
        for way in range(ways):
            first, share = HEAD + 2 * count * way, params[2 + way]
            total, along_x, along_y = 0.0, 0.0, 0.0
            for at in range(first, first + 2 * count, 2):
                error, by_x, by_y = sample(x[i], y[i], params[at], params[at + 1])
                total += error * error
                along_x += error * by_x
                along_y += error * by_y
            loss[i] += share * total
            gx[i] += share * along_x
            gy[i] += share * along_y
        loss[i], gx[i], gy[i] = loss[i] / (2 * count), gx[i] / count, gy[i] / count


@kernel(BATCH_SIGNATURE)
def batch(n, x, y, params, rows, first, count, loss, gx, gy):
    for i in range(n):
        total, along_x, along_y = 0.0, 0.0, 0.0
        for j in range(first, first + count):
            at = HEAD + 2 * rows[j]
            error, by_x, by_y = sample(x[i], y[i], params[at], params[at + 1])
            total += error * error
            along_x += error * by_x
            along_y += error * by_y
        loss[i], gx[i], gy[i] = total / (2 * count), along_x / count, along_y / count


@kernel(SURFACE_SIGNATURE)
def hessian(n, x, y, params, hxx, hxy, hyy):
    count, ways = int(params[0]), int(params[1])
    for i in range(n):
        hxx[i] = hxy[i] = hyy[i] = 0.0
        for way in range(ways):
            first, share = HEAD + 2 * count * way, params[2 + way]
            xx, xy, yy = 0.0, 0.0, 0.0
            for at in range(first, first + 2 * count, 2):
                f = params[at]
                error, h, by_y = sample(x[i], y[i], f, params[at + 1])
                bend = f * (1 - h * h)
                xx += h * h
                xy += h * by_y + error * bend
                yy += by_y * by_y - 2 * error * x[i] * h * f * bend
            hxx[i] += share * xx
            hxy[i] += share * xy
            hyy[i] += share * yy
        hxx[i], hxy[i], hyy[i] = hxx[i] / count, hxy[i] / count, hyy[i] / count


def locate(numbers):
    """Return the best fit, its mirror image, and the saddle between them."""
    (f, t), weights = from_ways(numbers, 2)
    inner = LOOK * numbers[2]
    h = np.tanh(inner[:, None] * f)
    outer = (h @ (weights * t)) / (weights * np.square(h)).sum(axis=1)  # best for each inner one
    lost = (weights * np.square(outer[:, None] * h - t)).sum(axis=1)
    best = int(np.argmin(lost))
    ((x, y),) = polish(loss_and_gradient, hessian, [(outer[best], inner[best])], numbers)
    return [(x, y, GLOBAL_MINIMUM), (-x, -y, GLOBAL_MINIMUM), (0.0, 0.0, SADDLE)]


LISTING = SurfaceListing(
    data="""
        data = np.random.default_rng(data_seed)
        feature = spread * data.standard_normal(samples)
        label = 1.5 * np.tanh(feature) + noise * data.standard_normal(samples)
    """,
    gradient="""
        f, t = feature[rows], label[rows]
        h = np.tanh(y * f)
        error = x * h - t
        return (error * h).mean(), (error * x * f * (1 - h**2)).mean()
    """,
    hessian="""
        h = np.tanh(y * feature)
        error, bend = x * h - label, feature * (1 - h**2)
        hxy = (h * x * bend + error * bend).mean()
        hyy = ((x * bend) ** 2 - 2 * error * x * h * feature * bend).mean()
        return (h**2).mean(), hxy, hyy
    """,
    loss="""
        x, y = theta
        return ((x * torch.tanh(y * feature[rows]) - label[rows]) ** 2).mean() / 2
    """,
    columns=("feature", "label"),
)


SURFACE = Surface(
    name="One hidden unit",
    sentence="The smallest network, x tanh(y f), fitted to samples: turning both signs changes"
    " nothing, so there are two minima, and a saddle between them.",
    latex=r"\tfrac{1}{2N} \textstyle\sum_i (x \tanh(y f_i) - t_i)^2",
    source="Goodfellow, Bengio and Courville, Deep Learning, MIT Press (2016), section 8.2.2",
    domain=((-4.0, 4.0), (-4.0, 4.0)),
    start=(-0.5, 3.0),
    kernel=loss_and_gradient,
    hessian_kernel=hessian,
    locate=locate,
    listing=LISTING,
    parameters=(
        Number("spread", "s", 1.5, 0.7, 3.0, "Standard deviation of the feature.", "log"),
        Number("noise", r"\sigma", 0.2, 0.0, 0.5, "Standard deviation of the labels' noise."),
        DATA_SEED,
    ),
    samples=Samples(
        *(make, pack, batch, 1, ("spread", "noise", "data_seed")), fit="x * tanh(y * f)"
    ),
)
