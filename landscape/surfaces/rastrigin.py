"""Rastrigin's function: a bowl under ripples."""

import math

from landscape.compiled import SURFACE_SIGNATURE, kernel
from landscape.critical import polish
from landscape.record import GLOBAL_MINIMUM, LOCAL_MINIMUM, Number, Surface, SurfaceListing


@kernel(SURFACE_SIGNATURE)
def loss_and_gradient(n, x, y, params, loss, gx, gy):
    a, w = params[0], 2 * math.pi
    for i in range(n):
        ripples = math.cos(w * x[i]) + math.cos(w * y[i])
        loss[i] = 2 * a + x[i] ** 2 + y[i] ** 2 - a * ripples
        gx[i] = 2 * x[i] + a * w * math.sin(w * x[i])
        gy[i] = 2 * y[i] + a * w * math.sin(w * y[i])


@kernel(SURFACE_SIGNATURE)
def hessian(n, x, y, params, hxx, hxy, hyy):
    a, w = params[0], 2 * math.pi
    for i in range(n):
        hxx[i] = 2 + a * w**2 * math.cos(w * x[i])
        hxy[i] = 0
        hyy[i] = 2 + a * w**2 * math.cos(w * y[i])


def locate(amplitude):
    """Return the 121 minimizers; the saddles and maxima between them are left out."""
    whole = [(i, j) for i in range(-5, 6) for j in range(-5, 6) if (i, j) != (0, 0)]
    nearby = polish(loss_and_gradient, hessian, whole, [amplitude])
    return [(0.0, 0.0, GLOBAL_MINIMUM), *((x, y, LOCAL_MINIMUM) for x, y in nearby)]


LISTING = SurfaceListing(
    gradient="""
        w = 2 * math.pi
        gx = 2 * x + amplitude * w * math.sin(w * x)
        gy = 2 * y + amplitude * w * math.sin(w * y)
        return gx, gy
    """,
    hessian="""
        w = 2 * math.pi
        hxx = 2 + amplitude * w**2 * math.cos(w * x)
        hyy = 2 + amplitude * w**2 * math.cos(w * y)
        return hxx, 0.0, hyy
    """,
    loss="""
        ripples = amplitude * (1 - torch.cos(2 * torch.pi * theta))
        return (theta**2 + ripples).sum()
    """,
    plain_loss="""
        ripples = 2 - math.cos(2 * math.pi * x) - math.cos(2 * math.pi * y)
        return x**2 + y**2 + amplitude * ripples
    """,
)


SURFACE = Surface(
    name="Rastrigin",
    sentence="A bowl under ripples: 121 minima in the frame, only the one in the middle global.",
    latex=r"2A + x^2 + y^2 - A\cos 2\pi x - A\cos 2\pi y",
    source="Rastrigin, Systems of Extremal Control, Nauka, Moscow (1974, in Russian)",
    domain=((-5.12, 5.12), (-5.12, 5.12)),
    start=(-2.0, 3.5),
    kernel=loss_and_gradient,
    hessian_kernel=hessian,
    locate=locate,
    listing=LISTING,
    parameters=(
        Number(
            "amplitude", "A", 10.0, 2.0, 20.0, "Height of the ripples; the bowl stays the same."
        ),
    ),
)
