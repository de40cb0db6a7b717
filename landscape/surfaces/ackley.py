"""Ackley's function: a rippled funnel that ends in a cusp.

At the origin the gradient does not exist (its length tends to sqrt(8) from every side) and the
second derivative across the radius grows like 1/r; the plain formula gives NaN. There the kernels
return the derivatives of the cosine term alone, the smooth part: gradient 0, by the symmetry of
the cusp, and Hessian diag(e c^2 / 2). Both are finite, and a run that hits the origin rests there.
"""

import functools
import math

from landscape.compiled import SURFACE_SIGNATURE, kernel
from landscape.critical import polish
from landscape.record import CUSP, LOCAL_MINIMUM, Surface, SurfaceListing

A, B, C = 20.0, 0.2, 2 * math.pi


@kernel(SURFACE_SIGNATURE)
def loss_and_gradient(n, x, y, params, loss, gx, gy):
    for i in range(n):
        r = math.sqrt((x[i] ** 2 + y[i] ** 2) / 2)
        if r == 0:
            loss[i], gx[i], gy[i] = 0, 0, 0
            continue
        funnel = A * math.exp(-B * r)
        wave = math.exp((math.cos(C * x[i]) + math.cos(C * y[i])) / 2)
        loss[i] = (A - funnel) + (math.e - wave)
        gx[i] = B * funnel * x[i] / (2 * r) + C / 2 * wave * math.sin(C * x[i])
        gy[i] = B * funnel * y[i] / (2 * r) + C / 2 * wave * math.sin(C * y[i])


@kernel(SURFACE_SIGNATURE)
def hessian(n, x, y, params, hxx, hxy, hyy):
    for i in range(n):
        r = math.sqrt((x[i] ** 2 + y[i] ** 2) / 2)
        wave = math.exp((math.cos(C * x[i]) + math.cos(C * y[i])) / 2)
        sx, sy = math.sin(C * x[i]), math.sin(C * y[i])
        hxx[i] = C**2 / 2 * wave * (math.cos(C * x[i]) - sx**2 / 2)
        hxy[i] = -(C**2) / 4 * wave * sx * sy
        hyy[i] = C**2 / 2 * wave * (math.cos(C * y[i]) - sy**2 / 2)
        if r > 0:
            slope = A * B * math.exp(-B * r)
            rx, ry = x[i] / (2 * r), y[i] / (2 * r)  # the gradient of r: rx^2 + ry^2 = 1/2
            hxx[i] += slope * (ry**2 / r - B * rx**2)
            hxy[i] -= slope * (rx * ry / r + B * rx * ry)
            hyy[i] += slope * (rx**2 / r - B * ry**2)


@functools.cache
def locate():
    """Return the cusp and the 120 local minimizers; the saddles and maxima are left out."""
    whole = [(i, j) for i in range(-5, 6) for j in range(-5, 6) if (i, j) != (0, 0)]
    nearby = polish(loss_and_gradient, hessian, whole)
    return ((0.0, 0.0, CUSP), *((x, y, LOCAL_MINIMUM) for x, y in nearby))


LISTING = SurfaceListing(
    gradient="""
        w = 2 * math.pi
        r = math.sqrt((x**2 + y**2) / 2) or math.inf  # no funnel at the cusp
        slope = 2 * math.exp(-0.2 * r) / r
        wave = w / 2 * math.exp((math.cos(w * x) + math.cos(w * y)) / 2)
        gx = slope * x + wave * math.sin(w * x)
        gy = slope * y + wave * math.sin(w * y)
        return gx, gy
    """,
    hessian="""
        w = 2 * math.pi
        r = math.sqrt((x**2 + y**2) / 2) or math.inf  # no funnel at the cusp
        slope = 2 * math.exp(-0.2 * r) / r
        bend = (0.2 + 1 / r) / (2 * r)
        wave = w**2 / 2 * math.exp((math.cos(w * x) + math.cos(w * y)) / 2)
        sx, sy = math.sin(w * x), math.sin(w * y)
        hxx = slope * (1 - bend * x**2) + wave * (math.cos(w * x) - sx**2 / 2)
        hxy = -slope * bend * x * y - wave / 2 * sx * sy
        hyy = slope * (1 - bend * y**2) + wave * (math.cos(w * y) - sy**2 / 2)
        return hxx, hxy, hyy
    """,
    loss="""
        r = torch.linalg.norm(theta) / 2**0.5
        wave = torch.exp(torch.cos(2 * torch.pi * theta).mean())
        return 20 - 20 * torch.exp(-0.2 * r) + torch.e - wave
    """,
    plain_loss="""
        r = math.sqrt((x**2 + y**2) / 2)
        wave = math.exp((math.cos(2 * math.pi * x) + math.cos(2 * math.pi * y)) / 2)
        return 20 - 20 * math.exp(-0.2 * r) + math.e - wave
    """,
)


SURFACE = Surface(
    name="Ackley",
    sentence="A rippled funnel that ends in a cusp: the gradient does not shrink towards the"
    " minimum, so gradient descent at a fixed rate never settles there.",
    latex=r"-20\,e^{-0.2\sqrt{(x^2 + y^2)/2}}"
    r" - e^{(\cos 2\pi x + \cos 2\pi y)/2} + 20 + e",
    source="Ackley, A Connectionist Machine for Genetic Hillclimbing, Kluwer (1987);"
    " in this form Bäck, Evolutionary Algorithms in Theory and Practice, Oxford (1996)",
    domain=((-5.0, 5.0), (-5.0, 5.0)),
    start=(0.4, 0.3),
    kernel=loss_and_gradient,
    hessian_kernel=hessian,
    locate=locate,
    listing=LISTING,
)
