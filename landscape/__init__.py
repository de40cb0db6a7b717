"""Test surfaces of two variables with compiled loss, gradient and Hessian.

`SURFACES` maps names to records; every module in `landscape/surfaces` that defines `SURFACE` is in it.
"""

from __future__ import annotations

from landscape.discover import discover
from landscape.record import CriticalPoint, Number, Surface

SURFACES = discover("landscape.surfaces", "SURFACE", Surface, lambda record: record.name)

__all__ = ["SURFACES", "CriticalPoint", "Number", "Surface"]
