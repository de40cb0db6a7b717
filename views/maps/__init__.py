"""The maps of the page, by name."""

from views.maps import basins, ensembles, grids, rates
from views.maps.base import Map

MAPS: dict[str, Map] = {
    each.name: each
    for each in (
        *(rates.MAP, grids.MOMENTUM, grids.BATCH, basins.MAP),
        *(ensembles.ENSEMBLE, ensembles.ESCAPE, ensembles.BALL),
    )
}
