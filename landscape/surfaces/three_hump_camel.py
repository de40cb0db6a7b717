"""The three-hump camel: a global minimum between two local ones."""

from landscape.compiled import SURFACE_SIGNATURE, kernel
from landscape.record import GLOBAL_MINIMUM, LOCAL_MINIMUM, SADDLE, Surface, SurfaceListing


@kernel(SURFACE_SIGNATURE)
def loss_and_gradient(n, x, y, params, loss, gx, gy):
    for i in range(n):
        loss[i] = 2 * x[i] ** 2 - 1.05 * x[i] ** 4 + x[i] ** 6 / 6 + x[i] * y[i] + y[i] ** 2
        gx[i] = 4 * x[i] - 4.2 * x[i] ** 3 + x[i] ** 5 + y[i]
        gy[i] = x[i] + 2 * y[i]


@kernel(SURFACE_SIGNATURE)
def hessian(n, x, y, params, hxx, hxy, hyy):
    for i in range(n):
        hxx[i] = 4 - 12.6 * x[i] ** 2 + 5 * x[i] ** 4
        hxy[i] = 1
        hyy[i] = 2


def locate():
    return [
        (0.0, 0.0, GLOBAL_MINIMUM),
        (1.7475523458302888, -0.8737761729151444, LOCAL_MINIMUM),
        (-1.7475523458302888, 0.8737761729151444, LOCAL_MINIMUM),
        (1.07054229182366, -0.53527114591183, SADDLE),
        (-1.07054229182366, 0.53527114591183, SADDLE),
    ]


LISTING = SurfaceListing(
    gradient="return 4 * x - 4.2 * x**3 + x**5 + y, x + 2 * y",
    hessian="return 4 - 12.6 * x**2 + 5 * x**4, 1.0, 2.0",
    loss="""
        x, y = theta
        return 2 * x**2 - 1.05 * x**4 + x**6 / 6 + x * y + y**2
    """,
)


SURFACE = Surface(
    name="Three-hump camel",
    sentence="Three minima in a row, the lowest one in the middle.",
    latex=r"2x^2 - 1.05\,x^4 + \frac{x^6}{6} + xy + y^2",
    source="Branin, IBM Journal of Research and Development 16 (1972) 504-522; collected by Jamil"
    " and Yang, Int. J. Mathematical Modelling and Numerical Optimisation 4 (2013) 150-194",
    domain=((-2.0, 2.0), (-2.0, 2.0)),
    start=(-1.6, -1.5),
    kernel=loss_and_gradient,
    hessian_kernel=hessian,
    locate=locate,
    listing=LISTING,
)
