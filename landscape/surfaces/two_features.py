"""Linear regression on two features: the more they go together, the less the data tell apart."""

import math

import numpy as np

from landscape import least_squares
from landscape.data import Dataset, Samples
from landscape.record import DATA_SEED, Number, Surface, SurfaceListing


def make(samples, correlation, spread, noise, data_seed):
    rng = np.random.default_rng(int(data_seed))
    first, other = rng.standard_normal((2, samples))
    second = correlation * first + math.sqrt(1 - correlation**2) * other
    features = spread * np.column_stack([first, second])
    return Dataset(features, features[:, 0] + noise * rng.standard_normal(samples))


def pack(features, labels, shares):
    return least_squares.packed(features[:, 0], features[:, 1], labels, shares)


LISTING = SurfaceListing(
    data="""
        data = np.random.default_rng(data_seed)
        first, other = data.standard_normal((2, samples))
        second = correlation * first + np.sqrt(1 - correlation**2) * other
        first, second = spread * first, spread * second
        label = first + noise * data.standard_normal(samples)
    """,
    gradient="""
        a, b, t = first[rows], second[rows], label[rows]
        error = x * a + y * b - t
        return (error * a).mean(), (error * b).mean()
    """,
    hessian="return (first**2).mean(), (first * second).mean(), (second**2).mean()",
    loss="""
        x, y = theta
        a, b, t = first[rows], second[rows], label[rows]
        return ((x * a + y * b - t) ** 2).mean() / 2
    """,
    columns=("first", "second", "label"),
)


SURFACE = Surface(
    name="Two features",
    sentence="A weight for each of two features, of which the first alone matters: the more they"
    " are correlated, the longer the ravine.",
    latex=r"\tfrac{1}{2N} \textstyle\sum_i (x f_i + y g_i - t_i)^2",
    source="Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 2nd ed. (2009),"
    " section 3.4",
    domain=((-3.0, 5.0), (-4.0, 4.0)),
    start=(-2.0, 3.0),
    kernel=least_squares.loss_and_gradient,
    hessian_kernel=least_squares.hessian,
    locate=least_squares.locate,
    listing=LISTING,
    quadratic=True,
    parameters=(
        Number("correlation", r"\rho", 0.8, 0.0, 0.99, "Correlation of the two features."),
        Number("spread", "s", 1.0, 0.5, 2.0, "Standard deviation of both features.", "log"),
        Number("noise", r"\sigma", 0.5, 0.0, 1.0, "Standard deviation of the labels' noise."),
        DATA_SEED,
    ),
    samples=Samples(
        *(make, pack, least_squares.batch, 2, ("correlation", "spread", "noise", "data_seed")),
        fit="x * f + y * g",
    ),
)
