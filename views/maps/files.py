"""A map's numbers as a file, made from the query of its address alone."""

from __future__ import annotations

import functools
import math
import re
import threading
from collections.abc import Iterable, Iterator
from typing import Any

import streamlit as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from landscape.language import language, tr
from optimizers import maps
from optimizers.maps.rates import RATE_ZONES
from views.maps import MAPS
from views.maps.reasons import Lack
from views.server.address import asked, link
from views.server.heavy import HEAVY
from views.server.jobs import JOBS, Full
from views.server.places import PLACES, busy
from views.server.search import searched
from views.server.table import ROWS, csv_pieces
from views.settings.settings import Settings

LARGE = 500_000  # bytes of a map whose table takes so long that others would notice


def draw_link(settings: Settings) -> None:
    """Draw the link to the numbers of the map that is set, of a visitor's own data none."""
    if settings.data is not None:  # which no address has
        return
    address = f"map/{slug(settings['map'])}.csv"
    st.html(link(address, settings, tr("Numbers of this map (CSV)")))


def slug(name: str) -> str:
    """Return a map's name as an address has it."""
    return re.sub(r"[^a-z]+", "-", name.lower())


def table(result: maps.Result) -> Iterator[str]:
    """Return a map as CSV, some rows at a time; where there is no number a field is empty."""
    columns = result.table()
    zones = {zone: tr(zone) for zone in RATE_ZONES}
    count = len(next(iter(columns.values())))

    def rows() -> Iterator[list[Any]]:
        for first in range(0, count, ROWS):
            some = (column[first : first + ROWS].tolist() for column in columns.values())
            for row in zip(*some, strict=True):
                numbers = ("" if isinstance(v, float) and not math.isfinite(v) else v for v in row)
                yield [zones.get(v, v) if isinstance(v, str) else v for v in numbers]

    return csv_pieces([*map(tr, columns)], rows())


def pieces(result: maps.Result, code: str) -> list[str]:
    """Return a map as CSV in a language, cut into pieces."""
    with language(code):
        return [*table(result)]


def made_from(settings: Settings, gone: threading.Event) -> Iterable[str]:
    """Return the table of the map that is set; raise ValueError where there is none."""
    request = MAPS[settings["map"]].bounded(settings, searched(settings, gone))
    if isinstance(request, Lack):
        raise ValueError(request.why.text())
    result = JOBS.made(request, gone)
    if result.nbytes < LARGE:
        return pieces(result, settings["lang"])
    return HEAVY.make_file(gone, pieces, result, settings["lang"])


async def serve(request: Request) -> Response:
    """Answer with a map's numbers."""
    settings = asked(request)
    if settings is None:
        return PlainTextResponse("This address holds no map.", 400)
    try:
        return await PLACES.answer(request, "text/csv", functools.partial(made_from, settings))
    except Full:
        return busy()
    except ValueError as error:
        return PlainTextResponse(f"This map cannot be made: {error}", 400)


ROUTE = Route("/map/{name}.csv", serve)
