"""A bounded saddle: the simplest surface on which a start can be unlucky."""

from landscape.compiled import SURFACE_SIGNATURE, kernel
from landscape.record import GLOBAL_MINIMUM, SADDLE, Surface, SurfaceListing


@kernel(SURFACE_SIGNATURE)
def loss_and_gradient(n, x, y, params, loss, gx, gy):
    for i in range(n):
        loss[i] = x[i] ** 2 / 2 - y[i] ** 2 / 2 + y[i] ** 4 / 4
        gx[i] = x[i]
        gy[i] = y[i] ** 3 - y[i]


@kernel(SURFACE_SIGNATURE)
def hessian(n, x, y, params, hxx, hxy, hyy):
    for i in range(n):
        hxx[i] = 1
        hxy[i] = 0
        hyy[i] = 3 * y[i] ** 2 - 1


def locate():
    return [(0.0, 1.0, GLOBAL_MINIMUM), (0.0, -1.0, GLOBAL_MINIMUM), (0.0, 0.0, SADDLE)]


LISTING = SurfaceListing(
    gradient="return x, y**3 - y",
    hessian="return 1.0, 0.0, 3 * y**2 - 1",
    loss="""
        x, y = theta
        return x**2 / 2 - y**2 / 2 + y**4 / 4
    """,
)


SURFACE = Surface(
    name="Saddle",
    sentence="The gradient vanishes at the saddle, yet the loss falls on both sides of it;"
    " a descent that starts on the axis y = 0 never finds out.",
    latex=r"\frac{x^2}{2} - \frac{y^2}{2} + \frac{y^4}{4}",
    source="Nesterov, Introductory Lectures on Convex Optimization (2004), section 1.2.3",
    domain=((-2.0, 2.0), (-2.0, 2.0)),
    start=(1.5, 0.01),
    kernel=loss_and_gradient,
    hessian_kernel=hessian,
    locate=locate,
    listing=LISTING,
)
