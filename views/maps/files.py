"""A map's numbers as a file, made from the query of its address alone."""

from __future__ import annotations

import asyncio
import concurrent.futures
import csv
import io
import math
import re
from typing import Any

import streamlit as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from landscape.language import tr
from optimizers import maps
from views.maps import MAPS
from views.server.address import asked, link
from views.server.jobs import JOBS
from views.settings.choice import choose
from views.settings.setting import Note
from views.settings.settings import Settings

# Whoever waits here for a map must not keep others from the player's files.
MAKERS = concurrent.futures.ThreadPoolExecutor(4, "csv")


def draw_link(settings: Settings) -> None:
    """Draw the link to the numbers of the map that is set."""
    name = re.sub(r"[^a-z]+", "-", settings["map"].lower())
    st.html(link(f"map/{name}.csv", settings, tr("Numbers of this map (CSV)")))


def table(result: maps.Result) -> str:
    """Return a map as CSV; where there is no number a field is empty."""
    columns = result.table()
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\n").writerow
    write(columns)
    for row in zip(*(column.tolist() for column in columns.values()), strict=True):
        write("" if isinstance(v, float) and not math.isfinite(v) else v for v in row)
    return out.getvalue()


def made(request: Any) -> Any:
    """Return a map, as soon as it is made."""
    job = JOBS.join(request)
    try:
        job.done.wait()
    finally:
        JOBS.leave(job)
    if job.error:
        raise job.error
    return job.result


def made_from(settings: Settings) -> str:
    """Return the table of the map that is set; raise ValueError where there is none."""
    request = MAPS[settings["map"]].ask(settings, choose(settings))
    if isinstance(request, Note):
        raise ValueError(request.text())
    return table(made(request))


async def serve(request: Request) -> Response:
    """Answer with a map's numbers."""
    settings = asked(request)
    if settings is None:
        return Response("This address holds no map.", 400)
    try:
        loop = asyncio.get_running_loop()
        body = await loop.run_in_executor(MAKERS, made_from, settings)
    except ValueError as error:
        return Response(f"This map cannot be made: {error}", 400)
    headers = {"Content-Disposition": "attachment"}
    return Response(body, media_type="text/csv", headers=headers)


ROUTE = Route("/map/{name}.csv", serve)
