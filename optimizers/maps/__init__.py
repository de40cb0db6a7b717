"""Maps: what a sweep of many runs shows, as frozen requests and the arrays they compute."""

from optimizers.maps.base import Request, Result
from optimizers.maps.basins import BasinMap, Basins
from optimizers.maps.ensembles import Chances, Ensemble, Escape, Spread
from optimizers.maps.grids import BatchGrid, Grid, MomentumGrid
from optimizers.maps.rates import Curves, RateSweep
from optimizers.maps.scaling import Scaling, Scalings
from optimizers.maps.sharpness import Sharpnesses, SharpnessSweep
from optimizers.maps.stationary import NoiseBall, Stationary

REQUESTS = (
    *(RateSweep, MomentumGrid, BatchGrid, BasinMap, Ensemble, Escape, Scaling, NoiseBall),
    SharpnessSweep,
)

__all__ = [
    "REQUESTS",
    "BasinMap",
    "Basins",
    "BatchGrid",
    "Chances",
    "Curves",
    "Ensemble",
    "Escape",
    "Grid",
    "MomentumGrid",
    "NoiseBall",
    "RateSweep",
    "Request",
    "Result",
    "Scaling",
    "Scalings",
    "SharpnessSweep",
    "Sharpnesses",
    "Spread",
    "Stationary",
]
