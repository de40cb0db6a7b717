"""A sine fitted in frequency and phase: many local minima.

A sample is (f, t), and its error sin(x f + y) - t.
"""

import math

import numpy as np

from landscape.compiled import BATCH_SIGNATURE, SURFACE_SIGNATURE, kernel
from landscape.critical import polish
from landscape.data import Dataset, Samples, in_rows
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
HEAD = 1
# A grid over the domain and a little more, on which minima are looked for.
FREQUENCIES, PHASES = np.linspace(-0.1, 6.1, 311), np.linspace(-3.2, 3.2, 161)
FINE = 25  # points a side of the lattice on which each is looked at again
MERGED = 1e-6


def make(samples, spread, noise, data_seed):
    rng = np.random.default_rng(int(data_seed))
    feature = spread * rng.uniform(-3.0, 3.0, samples)
    label = np.sin(FREQUENCY * feature + PHASE) + noise * rng.standard_normal(samples)
    return Dataset(feature, label)


def pack(data, **made_by):
    return in_rows((len(data),), data.x[:, 0], data.y)


@kernel(SURFACE_SIGNATURE)
def loss_and_gradient(n, x, y, params, loss, gx, gy):
    count = int(params[0])
    for i in range(n):
        total, along_x, along_y = 0.0, 0.0, 0.0
        for at in range(HEAD, HEAD + 2 * count, 2):
            angle = x[i] * params[at] + y[i]
            error = math.sin(angle) - params[at + 1]
            slope = error * math.cos(angle)
            total += error * error
            along_x += slope * params[at]
            along_y += slope
        loss[i], gx[i], gy[i] = total / (2 * count), along_x / count, along_y / count


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
    count = int(params[0])
    for i in range(n):
        xx, xy, yy = 0.0, 0.0, 0.0
        for at in range(HEAD, HEAD + 2 * count, 2):
            f = params[at]
            angle = x[i] * f + y[i]
            s, c = math.sin(angle), math.cos(angle)
            bend = c * c - (s - params[at + 1]) * s
            xx += bend * f * f
            xy += bend * f
            yy += bend
        hxx[i], hxy[i], hyy[i] = xx / count, xy / count, yy / count


def lattice(f, t):
    """Return the loss, but for a constant, on FREQUENCIES and PHASES.

    Of one frequency it is a quadratic form in cos y and sin y, whose five means take one pass.
    """
    c, s = np.cos(PHASES), np.sin(PHASES)
    rows = []
    for frequency in FREQUENCIES:
        a, b = np.sin(frequency * f), np.cos(frequency * f)
        square = (a * a).mean() * c * c + 2 * (a * b).mean() * c * s + (b * b).mean() * s * s
        rows.append(square / 2 - (a * t).mean() * c - (b * t).mean() * s)
    return np.array(rows)


def lowest_in_reach(height):
    """Return the places (k, 2) of a lattice that are no higher than the eight around them."""
    inner, (rows, columns) = height[1:-1, 1:-1], height.shape
    low = np.ones_like(inner, dtype=bool)
    for i in range(3):
        for j in range(3):
            low &= inner <= height[i : rows - 2 + i, j : columns - 2 + j]
    return np.argwhere(low) + 1


def closer(x, y, numbers):
    """Return the lowest places of a finer lattice around (x, y): a hollow may be that shallow."""
    across, up = (
        (values[1] - values[0]) * np.linspace(-1.5, 1.5, FINE) for values in (FREQUENCIES, PHASES)
    )
    xs, ys = (axis.ravel() for axis in np.meshgrid(x + across, y + up, indexing="ij"))
    loss, gx, gy = np.empty((3, xs.size))
    loss_and_gradient(xs.size, xs.copy(), ys.copy(), numbers, loss, gx, gy)
    places = lowest_in_reach(loss.reshape(FINE, FINE))
    return [(x + across[i], y + up[j]) for i, j in places]


def locate(numbers):
    """Return the minima in the domain; the saddles and maxima between them are left out."""
    height = lattice(*numbers[HEAD:].reshape(-1, 2).T)
    near = [
        place
        for i, j in lowest_in_reach(height)
        for place in closer(FREQUENCIES[i], PHASES[j], numbers)
    ]
    if not near:
        return []
    found = []
    for x, y in polish(loss_and_gradient, hessian, near, numbers):
        new = all(math.hypot(x - a, y - b) > MERGED for a, b in found)
        if new and all(a <= v <= b for v, (a, b) in zip((x, y), DOMAIN, strict=True)):
            found.append((x, y))
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
