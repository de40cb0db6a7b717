"""Four linear layers of one unit: a curve of minima that gets sharper along both of its arms."""

import numpy as np

from landscape.compiled import SURFACE_SIGNATURE, kernel
from landscape.record import DEGENERATE, Surface, SurfaceListing, Valley

ALONG = np.geomspace(1e-4, 1e4, 2001)  # x of the points by which a curve is drawn
FAR = 1e6  # a coordinate from which on the curve is its axis but for rounding
STEPS = 20  # of Newton's method, which needs a few


@kernel(SURFACE_SIGNATURE)
def loss_and_gradient(n, x, y, params, loss, gx, gy):
    for i in range(n):
        product = x[i] * y[i]
        off = 1 - product * product
        loss[i] = off * off / 4
        gx[i] = -off * product * y[i]
        gy[i] = -off * product * x[i]


@kernel(SURFACE_SIGNATURE)
def hessian(n, x, y, params, hxx, hxy, hyy):
    for i in range(n):
        product = x[i] * y[i]
        square = product * product
        hxx[i] = (3 * square - 1) * y[i] * y[i]
        hxy[i] = (4 * square - 2) * product
        hyy[i] = (3 * square - 1) * x[i] * x[i]


def locate():
    return [(0.0, 0.0, DEGENERATE)]


def lines(box):
    """Return the curves xy = 1 and xy = -1 in a frame."""
    (x0, x1), (y0, y1) = box
    found = []
    for across, up in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
        x, y = across * ALONG, up / ALONG
        inside = (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)
        if inside.any():
            (at,) = np.nonzero(inside)
            # A point more at both ends, so that the curve leaves the frame.
            found.append(np.column_stack([x, y])[max(at[0] - 1, 0) : at[-1] + 2])
    return found


def nearest(x, y):
    """Return the points (t, 1/t) that are nearest to (|x|, |y|), in the quadrants of (x, y)."""
    a, b = np.maximum(np.abs(x), np.abs(y)), np.minimum(np.abs(x), np.abs(y))
    t = np.maximum(a, 1.0)
    near = t <= FAR
    # The derivative of the distance vanishes at the largest root of t^4 - a t^3 + b t - 1, above
    # which that is convex.
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(STEPS):
            value, slope = ((t - a) * t * t + b) * t - 1, (4 * t - 3 * a) * t * t + b
            t = np.where(near, t - value / slope, t)
    wide = np.abs(x) >= np.abs(y)
    return np.copysign(np.where(wide, t, 1 / t), x), np.copysign(np.where(wide, 1 / t, t), y)


LISTING = SurfaceListing(
    gradient="""
        product = x * y
        off = 1 - product * product
        return -off * product * y, -off * product * x
    """,
    hessian="""
        product = x * y
        square = product * product
        hxy = (4 * square - 2) * product
        return (3 * square - 1) * y * y, hxy, (3 * square - 1) * x * x
    """,
    loss="""
        x, y = theta
        return (1 - (x * y) ** 2) ** 2 / 4
    """,
)


SURFACE = Surface(
    name="Four linear layers",
    sentence="A network of four linear layers of one unit, with the weights x, y, x, y, whose"
    " product should be 1. Its minima are curves, and sharper the further out.",
    latex=r"\tfrac{1}{4}\,(1 - x^2 y^2)^2",
    source="Zhu, Wang, Wang, Zhou and Ge, ICLR (2023), after Cohen et al., ICLR (2021)",
    domain=((-1.0, 5.4), (-1.5, 1.5)),
    start=(2.5, 0.9),
    kernel=loss_and_gradient,
    hessian_kernel=hessian,
    locate=locate,
    listing=LISTING,
    valley=Valley(lines, nearest),
)
