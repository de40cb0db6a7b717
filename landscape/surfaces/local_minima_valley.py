"""A valley with two hollows, the nearer one the higher: a place to get stuck, or to get out."""

from landscape.compiled import SURFACE_SIGNATURE, kernel
from landscape.record import GLOBAL_MINIMUM, LOCAL_MINIMUM, SADDLE, Number, Surface, SurfaceListing


@kernel(SURFACE_SIGNATURE)
def loss_and_gradient(n, x, y, params, loss, gx, gy):
    s = params[0]
    for i in range(n):
        off = y[i] - x[i] / 2
        wells = (x[i] ** 2 - 1) ** 2 / 2
        loss[i] = off**2 + wells + 2 / 3 * s * (2 - x[i]) * (x[i] + 1) ** 2
        gx[i] = -off + 2 * (x[i] + 1) * (x[i] - s) * (x[i] - 1)
        gy[i] = 2 * off


@kernel(SURFACE_SIGNATURE)
def hessian(n, x, y, params, hxx, hxy, hyy):
    s = params[0]
    for i in range(n):
        hxx[i] = 0.5 + 6 * x[i] ** 2 - 4 * s * x[i] - 2
        hxy[i] = -1
        hyy[i] = 2


def locate(saddle):
    return [
        (-1.0, -0.5, GLOBAL_MINIMUM),
        (1.0, 0.5, LOCAL_MINIMUM),
        (saddle, saddle / 2, SADDLE),
    ]


LISTING = SurfaceListing(
    gradient="""
        off = y - x / 2
        return 2 * (x + 1) * (x - saddle) * (x - 1) - off, 2 * off
    """,
    hessian="return 6 * x**2 - 4 * saddle * x - 1.5, -1.0, 2.0",
    loss="""
        x, y = theta
        wells = (x**2 - 1) ** 2 / 2 + 2 / 3 * saddle * (2 - x) * (x + 1) ** 2
        return (y - x / 2) ** 2 + wells
    """,
)


SURFACE = Surface(
    name="Local-minima valley",
    sentence="A valley with two hollows; the one nearer to the start is the higher.",
    latex=r"\left(y - \tfrac{x}{2}\right)^2 + \tfrac{1}{2}\,(x^2 - 1)^2"
    r" + \tfrac{2}{3}\, s\,(2 - x)(x + 1)^2",
    source="This project: the factors of its slope along the valley, 2 (x + 1)(x - s)(x - 1),"
    " are its critical points",
    domain=((-2.0, 2.0), (-1.5, 1.5)),
    start=(1.8, 1.2),
    kernel=loss_and_gradient,
    hessian_kernel=hessian,
    locate=locate,
    listing=LISTING,
    parameters=(
        Number(
            "saddle",
            "s",
            0.25,
            0.05,
            0.9,
            "x of the saddle: nearer to 1, the local minimum is higher and its hollow shallower.",
        ),
    ),
)
