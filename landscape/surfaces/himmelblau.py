"""Himmelblau's function: four equal minima."""

from landscape.compiled import SURFACE_SIGNATURE, kernel
from landscape.record import GLOBAL_MINIMUM, MAXIMUM, SADDLE, Surface, SurfaceListing


@kernel(SURFACE_SIGNATURE)
def loss_and_gradient(n, x, y, params, loss, gx, gy):
    for i in range(n):
        u = x[i] ** 2 + y[i] - 11
        v = x[i] + y[i] ** 2 - 7
        loss[i] = u**2 + v**2
        gx[i] = 4 * x[i] * u + 2 * v
        gy[i] = 2 * u + 4 * y[i] * v


@kernel(SURFACE_SIGNATURE)
def hessian(n, x, y, params, hxx, hxy, hyy):
    for i in range(n):
        u = x[i] ** 2 + y[i] - 11
        v = x[i] + y[i] ** 2 - 7
        hxx[i] = 8 * x[i] ** 2 + 4 * u + 2
        hxy[i] = 4 * x[i] + 4 * y[i]
        hyy[i] = 8 * y[i] ** 2 + 4 * v + 2


def locate():
    return [
        (3.0, 2.0, GLOBAL_MINIMUM),
        (-2.805118086952745, 3.131312518250573, GLOBAL_MINIMUM),
        (-3.779310253377747, -3.2831859912861696, GLOBAL_MINIMUM),
        (3.5844283403304917, -1.8481265269644036, GLOBAL_MINIMUM),
        (3.385154183607021, 0.07385187983774928, SADDLE),
        (0.08667750455539636, 2.884254701174776, SADDLE),
        (-3.0730257507643897, -0.08135304428796751, SADDLE),
        (-0.12796134673068008, -1.9537149802445763, SADDLE),
        (-0.2708445906673476, -0.9230385564799815, MAXIMUM),
    ]


LISTING = SurfaceListing(
    gradient="""
        u = x**2 + y - 11
        v = x + y**2 - 7
        return 4 * x * u + 2 * v, 2 * u + 4 * y * v
    """,
    hessian="""
        u = x**2 + y - 11
        v = x + y**2 - 7
        return 8 * x**2 + 4 * u + 2, 4 * x + 4 * y, 8 * y**2 + 4 * v + 2
    """,
    loss="""
        x, y = theta
        return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2
    """,
)


SURFACE = Surface(
    name="Himmelblau",
    sentence="Four minima of equal loss: which one a run finds depends on its start and optimizer.",
    latex=r"(x^2 + y - 11)^2 + (x + y^2 - 7)^2",
    source="Himmelblau, Applied Nonlinear Programming, McGraw-Hill (1972)",
    domain=((-6.0, 6.0), (-6.0, 6.0)),
    start=(0.0, 0.0),
    kernel=loss_and_gradient,
    hessian_kernel=hessian,
    locate=locate,
    listing=LISTING,
)
