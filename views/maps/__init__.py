"""The maps of the page, by name."""

from views.maps import (
    basins,
    ensembles,
    rate_and_batch,
    rate_and_momentum,
    rates,
    scaling,
    sharpness,
)
from views.maps.base import Map

MAPS: dict[str, Map] = {
    each.name: each
    for each in (
        *(rates.MAP, rate_and_momentum.MAP, rate_and_batch.MAP, scaling.MAP, basins.MAP),
        sharpness.MAP,
        *(ensembles.ENSEMBLE, ensembles.ESCAPE, ensembles.BALL),
    )
}
