"""The six-hump camel: six minima at three heights."""

from landscape.compiled import SURFACE_SIGNATURE, kernel
from landscape.record import GLOBAL_MINIMUM, LOCAL_MINIMUM, MAXIMUM, SADDLE, Surface, SurfaceListing


@kernel(SURFACE_SIGNATURE)
def loss_and_gradient(n, x, y, params, loss, gx, gy):
    for i in range(n):
        xx, yy = x[i] ** 2, y[i] ** 2
        loss[i] = (4 - 2.1 * xx + xx**2 / 3) * xx + x[i] * y[i] + (-4 + 4 * yy) * yy
        gx[i] = (8 - 8.4 * xx + 2 * xx**2) * x[i] + y[i]
        gy[i] = x[i] + (-8 + 16 * yy) * y[i]


@kernel(SURFACE_SIGNATURE)
def hessian(n, x, y, params, hxx, hxy, hyy):
    for i in range(n):
        xx, yy = x[i] ** 2, y[i] ** 2
        hxx[i] = 8 - 25.2 * xx + 10 * xx**2
        hxy[i] = 1
        hyy[i] = -8 + 48 * yy


def locate():
    half = [
        (0.08984201310031806, -0.7126564030207396, GLOBAL_MINIMUM),
        (1.703606714969981, -0.7960835686726251, LOCAL_MINIMUM),
        (1.6071047529201972, 0.5686514548841314, LOCAL_MINIMUM),
        (1.1092053368047865, -0.7682680925095399, SADDLE),
        (1.2960702671671092, 0.6050843880386585, SADDLE),
        (1.6380679841897785, 0.22867406904439408, SADDLE),
        (1.2302298765166526, 0.16233458445899496, MAXIMUM),
    ]
    return [*half, *((-x, -y, kind) for x, y, kind in half), (0.0, 0.0, SADDLE)]


LISTING = SurfaceListing(
    gradient="""
        gx = (8 - 8.4 * x**2 + 2 * x**4) * x + y
        gy = x + (-8 + 16 * y**2) * y
        return gx, gy
    """,
    hessian="return 8 - 25.2 * x**2 + 10 * x**4, 1.0, -8 + 48 * y**2",
    loss="""
        x, y = theta
        return (4 - 2.1 * x**2 + x**4 / 3) * x**2 + x * y + (-4 + 4 * y**2) * y**2
    """,
)


SURFACE = Surface(
    name="Six-hump camel",
    sentence="Six minima in pairs at three heights: only those of the lowest pair are global.",
    latex=r"\left(4 - 2.1\,x^2 + \tfrac{x^4}{3}\right) x^2 + xy + (-4 + 4y^2)\,y^2",
    source="Dixon and Szegö, Towards Global Optimisation 2, North-Holland (1978) 1-15",
    domain=((-2.0, 2.0), (-1.0, 1.0)),
    start=(-1.0, -0.1),
    kernel=loss_and_gradient,
    hessian_kernel=hessian,
    locate=locate,
    listing=LISTING,
)
