"""The Styblinski-Tang function: a double well in each coordinate."""

from landscape.compiled import SURFACE_SIGNATURE, kernel
from landscape.record import GLOBAL_MINIMUM, LOCAL_MINIMUM, MAXIMUM, SADDLE, Surface, SurfaceListing


@kernel(SURFACE_SIGNATURE)
def loss_and_gradient(n, x, y, params, loss, gx, gy):
    for i in range(n):
        along_x = x[i] ** 4 - 16 * x[i] ** 2 + 5 * x[i]
        along_y = y[i] ** 4 - 16 * y[i] ** 2 + 5 * y[i]
        loss[i] = (along_x + along_y) / 2
        gx[i] = 2 * x[i] ** 3 - 16 * x[i] + 2.5
        gy[i] = 2 * y[i] ** 3 - 16 * y[i] + 2.5


@kernel(SURFACE_SIGNATURE)
def hessian(n, x, y, params, hxx, hxy, hyy):
    for i in range(n):
        hxx[i] = 6 * x[i] ** 2 - 16
        hxy[i] = 0
        hyy[i] = 6 * y[i] ** 2 - 16


def locate():
    deep, top, shallow = -2.903534027771177, 0.1567312567803401, 2.746802770990837
    return [
        (deep, deep, GLOBAL_MINIMUM),
        (deep, shallow, LOCAL_MINIMUM),
        (shallow, deep, LOCAL_MINIMUM),
        (shallow, shallow, LOCAL_MINIMUM),
        (deep, top, SADDLE),
        (top, deep, SADDLE),
        (shallow, top, SADDLE),
        (top, shallow, SADDLE),
        (top, top, MAXIMUM),
    ]


LISTING = SurfaceListing(
    gradient="return 2 * x**3 - 16 * x + 2.5, 2 * y**3 - 16 * y + 2.5",
    hessian="return 6 * x**2 - 16, 0.0, 6 * y**2 - 16",
    loss="return (theta**4 - 16 * theta**2 + 5 * theta).sum() / 2",
    plain_loss="return sum(p**4 - 16 * p**2 + 5 * p for p in (x, y)) / 2",
)


SURFACE = Surface(
    name="Styblinski-Tang",
    sentence="Four minima at three heights: each coordinate falls into a deep or a shallow well.",
    latex=r"\tfrac{1}{2}\left(x^4 - 16x^2 + 5x + y^4 - 16y^2 + 5y\right)",
    source="Styblinski and Tang, Neural Networks 3 (1990) 467-483",
    domain=((-5.0, 5.0), (-5.0, 5.0)),
    start=(4.0, 4.0),
    kernel=loss_and_gradient,
    hessian_kernel=hessian,
    locate=locate,
    listing=LISTING,
)
