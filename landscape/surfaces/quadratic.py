"""The quadratic bowl: the one surface on which the theory is exact."""

import math

from landscape.compiled import SURFACE_SIGNATURE, kernel
from landscape.record import GLOBAL_MINIMUM, Number, Surface, SurfaceListing


@kernel(SURFACE_SIGNATURE)
def loss_and_gradient(n, x, y, params, loss, gx, gy):
    scale, condition, rotation = params[0], params[1], params[2]
    c, s = 1.0, 0.0
    if rotation != 0.0:  # a sine costs as much as a quarter of a step
        c, s = math.cos(math.radians(rotation)), math.sin(math.radians(rotation))
    for i in range(n):
        u = c * x[i] + s * y[i]
        v = c * y[i] - s * x[i]
        loss[i] = 0.5 * scale * (u * u + condition * v * v)
        gx[i] = scale * (c * u - s * condition * v)
        gy[i] = scale * (s * u + c * condition * v)


@kernel(SURFACE_SIGNATURE)
def hessian(n, x, y, params, hxx, hxy, hyy):
    scale, condition, rotation = params[0], params[1], params[2]
    c = math.cos(math.radians(rotation))
    s = math.sin(math.radians(rotation))
    for i in range(n):
        hxx[i] = scale * (c * c + condition * s * s)
        hxy[i] = scale * (1 - condition) * c * s
        hyy[i] = scale * (s * s + condition * c * c)


def locate(scale, condition, rotation):
    return [(0.0, 0.0, GLOBAL_MINIMUM)]


AXES = SurfaceListing(
    gradient="return scale * x, scale * condition * y",
    hessian="return scale, 0.0, scale * condition",
    loss="""
        x, y = theta
        return scale / 2 * (x**2 + condition * y**2)
    """,
)

LISTING = SurfaceListing(
    gradient="""
        angle = math.radians(rotation)
        c, s = math.cos(angle), math.sin(angle)
        u, v = scale * (c * x + s * y), scale * condition * (c * y - s * x)
        return c * u - s * v, s * u + c * v
    """,
    hessian="""
        angle = math.radians(rotation)
        c, s = math.cos(angle), math.sin(angle)
        hxx = scale * (c**2 + condition * s**2)
        hxy = scale * (1 - condition) * c * s
        hyy = scale * (s**2 + condition * c**2)
        return hxx, hxy, hyy
    """,
    loss="""
        x, y = theta
        angle = math.radians(rotation)
        c, s = math.cos(angle), math.sin(angle)
        u, v = c * x + s * y, c * y - s * x
        return scale / 2 * (u**2 + condition * v**2)
    """,
    special=(("rotation", 0.0, AXES),),
)


SURFACE = Surface(
    name="Quadratic",
    sentence="A bowl; the larger its condition number, the more it is a ravine.",
    latex=r"\tfrac{s}{2}\,(u^2 + \kappa v^2), \quad"
    r" (u, v) = R(\varphi)^{\mathsf T} (x, y)",
    source="Nocedal and Wright, Numerical Optimization, 2nd ed. (2006), section 3.3",
    domain=((-5.0, 5.0), (-5.0, 5.0)),
    start=(-4.0, 2.0),
    kernel=loss_and_gradient,
    hessian_kernel=hessian,
    locate=locate,
    listing=LISTING,
    quadratic=True,
    parameters=(
        Number("scale", "s", 1.0, 0.01, 100.0, "Curvature along the flat axis.", "log"),
        Number(
            "condition",
            r"\kappa",
            10.0,
            1.0,
            1000.0,
            "Steepest curvature over the flattest.",
            "log",
        ),
        Number("rotation", r"\varphi", 0.0, -90.0, 90.0, "Rotation of the axes in degrees."),
    ),
)
