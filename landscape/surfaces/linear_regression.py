"""Linear regression on one feature: a ravine that standardizing turns round."""

import numpy as np

from landscape import least_squares
from landscape.data import Dataset, Samples
from landscape.record import DATA_SEED, Number, Surface, SurfaceListing

SLOPE, INTERCEPT = 1.0, -1.0


def make(samples, mean, spread, noise, standardize, data_seed):
    rng = np.random.default_rng(int(data_seed))
    feature = mean + spread * rng.standard_normal(samples)
    label = SLOPE * feature + INTERCEPT + noise * rng.standard_normal(samples)
    return Dataset(feature, label)


def features(data, standardize, **made_by):
    feature = data.x[:, 0]
    return ((feature - feature.mean()) / feature.std())[:, None] if standardize else data.x


def pack(features, labels, shares):
    feature = features[:, 0]
    return least_squares.packed(feature, np.ones_like(feature), labels, shares)


STANDARDIZED = "feature = (feature - feature.mean()) / feature.std()"
LISTING = SurfaceListing(
    data="""
        data = np.random.default_rng(data_seed)
        feature = mean + spread * data.standard_normal(samples)
        label = feature - 1.0 + noise * data.standard_normal(samples)
    """,
    gradient="""
        f, t = feature[rows], label[rows]
        error = x * f + y - t
        return (error * f).mean(), error.mean()
    """,
    hessian="return (feature**2).mean(), feature.mean(), 1.0",
    loss="""
        x, y = theta
        f, t = feature[rows], label[rows]
        return ((x * f + y - t) ** 2).mean() / 2
    """,
    columns=("feature", "label"),
    prepared=(("standardize", 1.0, STANDARDIZED),),
)


SURFACE = Surface(
    name="Linear regression",
    sentence="A line is fitted to samples: a feature whose mean is far from 0 makes a ravine, and"
    " standardizing it turns the ravine round.",
    latex=r"\tfrac{1}{2N} \textstyle\sum_i (x f_i + y - t_i)^2",
    source="Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 2nd ed. (2009),"
    " section 3.2",
    domain=((-4.0, 6.0), (-8.0, 12.0)),
    start=(-2.0, 8.0),
    kernel=least_squares.loss_and_gradient,
    hessian_kernel=least_squares.hessian,
    locate=least_squares.locate,
    listing=LISTING,
    quadratic=True,
    parameters=(
        Number("mean", "m", 3.0, 0.0, 10.0, "Mean of the feature."),
        Number("spread", "s", 1.0, 0.3, 3.0, "Standard deviation of the feature.", "log"),
        Number("noise", r"\sigma", 0.5, 0.0, 2.0, "Standard deviation of the labels' noise."),
        Number.choice(
            "standardize",
            ("off", "on"),
            "Whether the feature is shifted and scaled to mean 0 and standard deviation 1.",
        ),
        DATA_SEED,
    ),
    samples=Samples(
        *(make, pack, least_squares.batch, 1, ("mean", "spread", "noise", "data_seed")),
        fit="x * f + y",
        features=features,
    ),
)
