"""Booth's function: a quadratic bowl that lies askew and off the origin."""

from landscape.compiled import SURFACE_SIGNATURE, kernel
from landscape.record import GLOBAL_MINIMUM, Surface, SurfaceListing


@kernel(SURFACE_SIGNATURE)
def loss_and_gradient(n, x, y, params, loss, gx, gy):
    for i in range(n):
        u, v = x[i] + 2 * y[i] - 7, 2 * x[i] + y[i] - 5
        loss[i] = u * u + v * v
        gx[i] = 2 * u + 4 * v
        gy[i] = 4 * u + 2 * v


@kernel(SURFACE_SIGNATURE)
def hessian(n, x, y, params, hxx, hxy, hyy):
    for i in range(n):
        hxx[i], hxy[i], hyy[i] = 10, 8, 10


def locate():
    return [(1.0, 3.0, GLOBAL_MINIMUM)]


LISTING = SurfaceListing(
    gradient="""
        u, v = x + 2 * y - 7, 2 * x + y - 5
        return 2 * u + 4 * v, 4 * u + 2 * v
    """,
    hessian="return 10.0, 8.0, 10.0",
    loss="""
        x, y = theta
        return (x + 2 * y - 7) ** 2 + (2 * x + y - 5) ** 2
    """,
)


SURFACE = Surface(
    name="Booth",
    sentence="A bowl that lies askew: its flat axis runs down from left to right.",
    latex=r"(x + 2y - 7)^2 + (2x + y - 5)^2",
    source="Jamil and Yang, Int. J. Mathematical Modelling and Numerical Optimisation 4 (2013)"
    " 150-194, function 17",
    domain=((-10.0, 10.0), (-10.0, 10.0)),
    start=(-3.5, 8.0),
    kernel=loss_and_gradient,
    hessian_kernel=hessian,
    locate=locate,
    listing=LISTING,
    quadratic=True,
)
