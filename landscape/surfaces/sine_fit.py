"""A sine fitted in frequency and phase: many local minima.

A sample is (f, t), and its error sin(x f + y) - t.
"""

import math

import numpy as np

from landscape.compiled import BATCH_SIGNATURE, SURFACE_SIGNATURE, kernel
from landscape.critical import polish
from landscape.data import Dataset, Samples, from_ways, in_ways
from landscape.record import (
    DATA_SEED,
    GLOBAL_MINIMUM,
    LOCAL_MINIMUM,
    Number,
    Surface,
    SurfaceListing,
)

FREQUENCY, PHASE = 2.0, 0.5  # that make the labels
DOMAIN = ((0.0, 6.0), (-3.0, 3.0))
HEAD = 2 + 4  # number of samples and of ways, and the share of each of at most 4 ways
# A grid over the domain and a little more, on which minima are looked for; a kept feature, which
# dropout makes larger, needs as many more frequencies.
LOWEST, HIGHEST, MANY = -0.1, 6.1, 311
PHASES = np.linspace(-3.2, 3.2, 161)
FINE = 25  # points a side of the lattice on which each is looked at again
MERGED = 1e-6


def make(samples, spread, noise, data_seed):
    rng = np.random.default_rng(int(data_seed))
    feature = spread * rng.uniform(-3.0, 3.0, samples)
    label = np.sin(FREQUENCY * feature + PHASE) + noise * rng.standard_normal(samples)
    return Dataset(feature, label)


def pack(features, labels, shares):
    return in_ways(shares, features[:, 0], labels)


@kernel(SURFACE_SIGNATURE)
def loss_and_gradient(n, x, y, params, loss, gx, gy):
    count, ways = int(params[0]), int(params[1])
    for i in range(n):
        loss[i] = gx[i] = gy[i] = 0.0
        for way in range(ways):
            first, share = HEAD + 2 * count * way, params[2 + way]
            total, along_x, along_y = 0.0, 0.0, 0.0
            for at in range(first, first + 2 * count, 2):
                angle = x[i] * params[at] + y[i]
                error = math.sin(angle) - params[at + 1]
                slope = error * math.cos(angle)
                total += error * error
                along_x += slope * params[at]
                along_y += slope
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
            angle = x[i] * params[at] + y[i]
            error = math.sin(angle) - params[at + 1]
            slope = error * math.cos(angle)
            total += error * error
            along_x += slope * params[at]
            along_y += slope
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
                angle = x[i] * f + y[i]
                s, c = math.sin(angle), math.cos(angle)
                bend = c * c - (s - params[at + 1]) * s
                xx += bend * f * f
                xy += bend * f
                yy += bend
            hxx[i] += share * xx
            hxy[i] += share * xy
            hyy[i] += share * yy
        hxx[i], hxy[i], hyy[i] = hxx[i] / count, hxy[i] / count, hyy[i] / count


def searched(numbers):
    """Return the frequencies of the lattice."""
    keep = numbers[2]  # the share of the first way, which drops nothing
    return np.linspace(LOWEST, HIGHEST, math.ceil(MANY / keep))


def lattice(frequencies, numbers):
    """Return the loss, but for a constant, on `frequencies` and PHASES.

    Of one frequency it is a quadratic form in cos y and sin y, whose five means take one pass.
    """
    (f, t), weights = from_ways(numbers, 2)

    def mean(values):
        return (weights * values).sum() / numbers[0]

    c, s = np.cos(PHASES), np.sin(PHASES)
    rows = []
    for frequency in frequencies:
        a, b = np.sin(frequency * f), np.cos(frequency * f)
        square = mean(a * a) * c * c + 2 * mean(a * b) * c * s + mean(b * b) * s * s
        rows.append(square / 2 - mean(a * t) * c - mean(b * t) * s)
    return np.array(rows)


def lowest_in_reach(height):
    """Return the places (k, 2) of a lattice that are no higher than the eight around them."""
    inner, (rows, columns) = height[1:-1, 1:-1], height.shape
    low = np.ones_like(inner, dtype=bool)
    for i in range(3):
        for j in range(3):
            low &= inner <= height[i : rows - 2 + i, j : columns - 2 + j]
    return np.argwhere(low) + 1


def closer(x, y, width, numbers):
    """Return the lowest places of a finer lattice around (x, y): a hollow may be that shallow.

    `width` is the distance of two frequencies.
    """
    across, up = (side * np.linspace(-1.5, 1.5, FINE) for side in (width, PHASES[1] - PHASES[0]))
    xs, ys = (axis.ravel() for axis in np.meshgrid(x + across, y + up, indexing="ij"))
    loss, gx, gy = np.empty((3, xs.size))
    loss_and_gradient(xs.size, xs.copy(), ys.copy(), numbers, loss, gx, gy)
    places = lowest_in_reach(loss.reshape(FINE, FINE))
    return [(x + across[i], y + up[j]) for i, j in places]


def locate(numbers):
    """Return the minima in the domain; the saddles and maxima between them are left out."""
    frequencies = searched(numbers)
    near = [
        place
        for i, j in lowest_in_reach(lattice(frequencies, numbers))
        for place in closer(frequencies[i], PHASES[j], frequencies[1] - frequencies[0], numbers)
    ]
    if not near:
        return []
    found = []
    for x, y in polish(loss_and_gradient, hessian, near, numbers):
        new = all(math.hypot(x - a, y - b) > MERGED for a, b in found)
        if new and all(a <= v <= b for v, (a, b) in zip((x, y), DOMAIN, strict=True)):
            found.append((x, y))
    if not found:
        return []
    x, y = np.array(found).reshape(-1, 2).T.copy()
    hxx, hxy, hyy, loss, gx, gy = np.empty((6, len(found)))
    hessian(len(found), x, y, numbers, hxx, hxy, hyy)
    loss_and_gradient(len(found), x, y, numbers, loss, gx, gy)
    minima = (hxx > 0) & (hxx * hyy > hxy * hxy)
    best = int(np.argmin(np.where(minima, loss, np.inf)))
    return [
        (a, b, GLOBAL_MINIMUM if k == best else LOCAL_MINIMUM)
        for k, (a, b) in enumerate(found)
        if minima[k]
    ]


def infimum(numbers):
    """Return the least loss on the lattice, where the domain has no minimum inside."""
    (_, t), weights = from_ways(numbers, 2)
    rest = (weights * t * t).sum() / numbers[0] / 2
    return float(lattice(searched(numbers), numbers).min() + rest)


LISTING = SurfaceListing(
    data="""
        data = np.random.default_rng(data_seed)
        feature = spread * data.uniform(-3.0, 3.0, samples)
        label = np.sin(2.0 * feature + 0.5) + noise * data.standard_normal(samples)
    """,
    gradient="""
        f, t = feature[rows], label[rows]
        error = np.sin(x * f + y) - t
        slope = error * np.cos(x * f + y)
        return (slope * f).mean(), slope.mean()
    """,
    hessian="""
        s, c = np.sin(x * feature + y), np.cos(x * feature + y)
        bend = c**2 - (s - label) * s
        return (bend * feature**2).mean(), (bend * feature).mean(), bend.mean()
    """,
    loss="""
        x, y = theta
        return ((torch.sin(x * feature[rows] + y) - label[rows]) ** 2).mean() / 2
    """,
    columns=("feature", "label"),
)


SURFACE = Surface(
    name="Sine fit",
    sentence="A sine is fitted in frequency and phase: there are many local minima.",
    latex=r"\tfrac{1}{2N} \textstyle\sum_i (\sin(x f_i + y) - t_i)^2",
    source="Bishop, Pattern Recognition and Machine Learning, Springer (2006), section 1.1, fits"
    " samples of a sine",
    domain=DOMAIN,
    start=(3.5, -2.0),
    kernel=loss_and_gradient,
    hessian_kernel=hessian,
    locate=locate,
    infimum=infimum,
    listing=LISTING,
    parameters=(
        Number("spread", "s", 1.0, 0.5, 2.0, "How far the feature spreads.", "log"),
        Number("noise", r"\sigma", 0.2, 0.0, 0.5, "Standard deviation of the labels' noise."),
        DATA_SEED,
    ),
    samples=Samples(
        *(make, pack, batch, 1, ("spread", "noise", "data_seed")), fit="sin(x * f + y)"
    ),
)
