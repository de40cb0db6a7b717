"""The monkey saddle: a critical point that even the Hessian does not describe."""

from landscape.compiled import SURFACE_SIGNATURE, kernel
from landscape.record import DEGENERATE, Surface, SurfaceListing


@kernel(SURFACE_SIGNATURE)
def loss_and_gradient(n, x, y, params, loss, gx, gy):
    for i in range(n):
        loss[i] = x[i] ** 3 - 3 * x[i] * y[i] ** 2
        gx[i] = 3 * x[i] ** 2 - 3 * y[i] ** 2
        gy[i] = -6 * x[i] * y[i]


@kernel(SURFACE_SIGNATURE)
def hessian(n, x, y, params, hxx, hxy, hyy):
    for i in range(n):
        hxx[i] = 6 * x[i]
        hxy[i] = -6 * y[i]
        hyy[i] = -6 * x[i]


def locate():
    return [(0.0, 0.0, DEGENERATE)]


LISTING = SurfaceListing(
    gradient="return 3 * x**2 - 3 * y**2, -6 * x * y",
    hessian="return 6 * x, -6 * y, -6 * x",
    loss="""
        x, y = theta
        return x**3 - 3 * x * y**2
    """,
)


SURFACE = Surface(
    name="Monkey saddle",
    sentence="Three ways down, for two legs and a tail; at the centre even the curvature is zero.",
    latex=r"x^3 - 3xy^2",
    source="Hilbert and Cohn-Vossen, Geometry and the Imagination (1952), chapter IV",
    domain=((-1.5, 1.5), (-1.5, 1.5)),
    start=(1.0, 0.3),
    kernel=loss_and_gradient,
    hessian_kernel=hessian,
    locate=locate,
    listing=LISTING,
    bounded=False,
)
