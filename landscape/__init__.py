"""Surfaces of two variables with compiled loss, gradient and Hessian, and data sets.

`SURFACES` maps names to records; each module in `landscape/surfaces` defines one as `SURFACE`.
"""

from __future__ import annotations

from landscape.data import Dataset
from landscape.discover import discover
from landscape.formula import Formula
from landscape.record import CriticalPoint, Number, Objective, Surface

SURFACES = discover("landscape.surfaces", "SURFACE", Surface, lambda record: record.name)

__all__ = ["SURFACES", "CriticalPoint", "Dataset", "Formula", "Number", "Objective", "Surface"]
