"""Symmetric 2 x 2 matrices: the one way to invert a Hessian, and what shape it describes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscape.language import msgid

# As in Newton's rule: a determinant this small next to its terms is rounding error.
RANK_TOLERANCE = 1e-14

BOWL, SADDLE_SHAPED, DOME, DEGENERATE = "bowl", "saddle", "dome", "degenerate"
# Why the quadratic model of a shape has no minimizer.
NO_MINIMIZER: Mapping[str, str] = MappingProxyType(
    {
        SADDLE_SHAPED: msgid("One curvature is negative: the quadratic model is a saddle."),
        DOME: msgid("Both curvatures are negative: the quadratic model is a dome."),
        DEGENERATE: msgid(
            "The Hessian is singular: the quadratic model has no single stationary point."
        ),
    }
)


def solve(hessian: NDArray[np.float64], right: NDArray[np.float64]) -> Any:
    """Return H^-1 times a vector or the columns of a matrix, by Cramer's rule, as Newton does.

    `hessian` is (2, 2) or (2, 2, n), for n matrices at once; then `right` is (2, n).
    """
    (hxx, hxy), (_, hyy) = hessian
    upper, lower = hyy * right[0] - hxy * right[1], hxx * right[1] - hxy * right[0]
    return np.array([upper, lower]) / (hxx * hyy - hxy * hxy)


def shape(hessian: NDArray[np.float64]) -> str:
    """Return what the quadratic form of a (2, 2) matrix looks like."""
    (hxx, hxy), (_, hyy) = hessian
    det = hxx * hyy - hxy * hxy
    if not abs(det) > RANK_TOLERANCE * (hxx * hxx + 2 * hxy * hxy + hyy * hyy):
        return DEGENERATE
    if det < 0:
        return SADDLE_SHAPED
    return BOWL if hxx + hyy > 0 else DOME
