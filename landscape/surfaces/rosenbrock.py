"""Rosenbrock's valley: easy to find, hard to follow."""

from landscape.compiled import SURFACE_SIGNATURE, kernel
from landscape.record import GLOBAL_MINIMUM, Number, Surface, SurfaceListing


@kernel(SURFACE_SIGNATURE)
def loss_and_gradient(n, x, y, params, loss, gx, gy):
    b = params[0]
    for i in range(n):
        off = y[i] - x[i] * x[i]
        loss[i] = (1 - x[i]) ** 2 + b * off * off
        gx[i] = -2 * (1 - x[i]) - 4 * b * x[i] * off
        gy[i] = 2 * b * off


@kernel(SURFACE_SIGNATURE)
def hessian(n, x, y, params, hxx, hxy, hyy):
    b = params[0]
    for i in range(n):
        hxx[i] = 2 - 4 * b * (y[i] - 3 * x[i] * x[i])
        hxy[i] = -4 * b * x[i]
        hyy[i] = 2 * b


def locate(b):
    return [(1.0, 1.0, GLOBAL_MINIMUM)]


LISTING = SurfaceListing(
    gradient="""
        off = y - x**2
        return -2 * (1 - x) - 4 * b * x * off, 2 * b * off
    """,
    hessian="return 2 - 4 * b * (y - 3 * x**2), -4 * b * x, 2 * b",
    loss="""
        x, y = theta
        return (1 - x) ** 2 + b * (y - x**2) ** 2
    """,
)


SURFACE = Surface(
    name="Rosenbrock",
    sentence="A curved valley: its floor is reached at once, its minimum only after a long crawl.",
    latex=r"(1 - x)^2 + b\,(y - x^2)^2",
    source="Rosenbrock, The Computer Journal 3 (1960) 175-184",
    domain=((-2.0, 2.0), (-1.0, 3.0)),
    start=(-1.2, 1.0),
    kernel=loss_and_gradient,
    hessian_kernel=hessian,
    locate=locate,
    listing=LISTING,
    parameters=(Number("b", "b", 100.0, 1.0, 1000.0, "Steepness of the valley walls.", "log"),),
)
