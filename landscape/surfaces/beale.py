"""Beale's function: flat in the middle, steep at the corners."""

from landscape.compiled import SURFACE_SIGNATURE, kernel
from landscape.record import GLOBAL_MINIMUM, SADDLE, Surface, SurfaceListing


@kernel(SURFACE_SIGNATURE)
def loss_and_gradient(n, x, y, params, loss, gx, gy):
    for i in range(n):
        u = 1.5 - x[i] + x[i] * y[i]
        v = 2.25 - x[i] + x[i] * y[i] ** 2
        w = 2.625 - x[i] + x[i] * y[i] ** 3
        loss[i] = u**2 + v**2 + w**2
        gx[i] = 2 * (u * (y[i] - 1) + v * (y[i] ** 2 - 1) + w * (y[i] ** 3 - 1))
        gy[i] = 2 * x[i] * (u + 2 * y[i] * v + 3 * y[i] ** 2 * w)


@kernel(SURFACE_SIGNATURE)
def hessian(n, x, y, params, hxx, hxy, hyy):
    for i in range(n):
        u = 1.5 - x[i] + x[i] * y[i]
        v = 2.25 - x[i] + x[i] * y[i] ** 2
        w = 2.625 - x[i] + x[i] * y[i] ** 3
        ux, vx, wx = y[i] - 1, y[i] ** 2 - 1, y[i] ** 3 - 1
        uy, vy, wy = x[i], 2 * x[i] * y[i], 3 * x[i] * y[i] ** 2
        hxx[i] = 2 * (ux**2 + vx**2 + wx**2)
        hxy[i] = 2 * (ux * uy + vx * vy + wx * wy + u + 2 * y[i] * v + 3 * y[i] ** 2 * w)
        hyy[i] = 2 * (uy**2 + vy**2 + wy**2 + 2 * x[i] * v + 6 * x[i] * y[i] * w)


def locate():
    return [
        (3.0, 0.5, GLOBAL_MINIMUM),
        (0.0, 1.0, SADDLE),
        (0.10053793732415836, -2.644513585023125, SADDLE),
    ]


LISTING = SurfaceListing(
    gradient="""
        u = 1.5 - x + x * y
        v = 2.25 - x + x * y**2
        w = 2.625 - x + x * y**3
        gx = 2 * (u * (y - 1) + v * (y**2 - 1) + w * (y**3 - 1))
        gy = 2 * x * (u + 2 * y * v + 3 * y**2 * w)
        return gx, gy
    """,
    hessian="""
        u = 1.5 - x + x * y
        v = 2.25 - x + x * y**2
        w = 2.625 - x + x * y**3
        hxx = 2 * ((y - 1) ** 2 + (y**2 - 1) ** 2 + (y**3 - 1) ** 2)
        hxy = x * (y - 1) + 2 * x * y * (y**2 - 1) + 3 * x * y**2 * (y**3 - 1)
        hxy = 2 * (hxy + u + 2 * y * v + 3 * y**2 * w)
        hyy = 2 * x * (x + 4 * x * y**2 + 9 * x * y**4 + 2 * v + 6 * y * w)
        return hxx, hxy, hyy
    """,
    loss="""
        x, y = theta
        u = 1.5 - x + x * y
        v = 2.25 - x + x * y**2
        w = 2.625 - x + x * y**3
        return u**2 + v**2 + w**2
    """,
)


SURFACE = Surface(
    name="Beale",
    sentence="Almost flat in the middle and very steep towards the corners:"
    " hardly any one learning rate suits both.",
    latex=r"(1.5 - x + xy)^2 + (2.25 - x + xy^2)^2 + (2.625 - x + xy^3)^2",
    source="Beale, Technical Report 25, Statistical Techniques Research Group,"
    " Princeton University (1958)",
    domain=((-4.5, 4.5), (-4.5, 4.5)),
    start=(1.0, 1.5),
    kernel=loss_and_gradient,
    hessian_kernel=hessian,
    locate=locate,
    listing=LISTING,
)
