"""Two linear layers of one unit: a cross of minima, the flatter the nearer to its centre."""

import numpy as np

from landscape.compiled import SURFACE_SIGNATURE, kernel
from landscape.record import DEGENERATE, Surface, SurfaceListing, Valley

POINTS = 41  # by which an axis is drawn


@kernel(SURFACE_SIGNATURE)
def loss_and_gradient(n, x, y, params, loss, gx, gy):
    for i in range(n):
        product = x[i] * y[i]
        loss[i] = product * product / 2
        gx[i] = product * y[i]
        gy[i] = product * x[i]


@kernel(SURFACE_SIGNATURE)
def hessian(n, x, y, params, hxx, hxy, hyy):
    for i in range(n):
        hxx[i] = y[i] * y[i]
        hxy[i] = 2 * x[i] * y[i]
        hyy[i] = x[i] * x[i]


def locate():
    return [(0.0, 0.0, DEGENERATE)]


def lines(box):
    """Return the two axes in a frame."""
    (x0, x1), (y0, y1) = box
    found = []
    if y0 <= 0 <= y1:
        found.append(np.linspace((x0, 0.0), (x1, 0.0), POINTS))
    if x0 <= 0 <= x1:
        found.append(np.linspace((0.0, y0), (0.0, y1), POINTS))
    return found


def nearest(x, y):
    """Return the points of the nearer axis."""
    wide = np.abs(x) >= np.abs(y)
    return np.where(wide, x, 0.0), np.where(wide, 0.0, y)


LISTING = SurfaceListing(
    gradient="""
        product = x * y
        return product * y, product * x
    """,
    hessian="return y * y, 2 * x * y, x * x",
    loss="""
        x, y = theta
        return (x * y) ** 2 / 2
    """,
)


SURFACE = Surface(
    name="Two linear layers",
    sentence="A network of two linear layers of one unit, with the weights x and y, whose product"
    " should be 0. Its minima are the axes, and sharper the further out.",
    latex=r"\tfrac{1}{2}\,x^2 y^2",
    source="Lewkowycz, Bahri, Dyer, Sohl-Dickstein and Gur-Ari, arXiv:2003.02218 (2020)",
    domain=((-3.0, 3.0), (-2.5, 2.5)),
    start=(2.0, 1.0),
    kernel=loss_and_gradient,
    hessian_kernel=hessian,
    locate=locate,
    listing=LISTING,
    valley=Valley(lines, nearest),
)
