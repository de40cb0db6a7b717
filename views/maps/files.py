"""A map's numbers as a file, made from its address alone."""

from __future__ import annotations

import asyncio
import concurrent.futures
import csv
import io
import math
from typing import Any

import streamlit as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from optimizers import maps
from views.server import address
from views.server.jobs import JOBS
from views.settings.settings import MOST_UPDATES
from views.theme import MOST_PANELS

KINDS: dict[str, Any] = {kind.__name__: kind for kind in maps.KINDS}
MOST_SIDE = 512  # pixels
# Whoever waits here for a map must not keep others from the player's files.
MAKERS = concurrent.futures.ThreadPoolExecutor(4, "csv")


def link(request: Any) -> None:
    """Draw the link to a map's numbers."""
    path = f"map/{type(request).__name__}.csv"
    st.html(address.link(path, request, "Numbers of this map (CSV)"))


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


def check(request: Any) -> None:
    """Raise a ValueError for a map that is larger than the page's."""
    experiment = request.experiment
    steps = max(experiment.plan(run).steps for run in experiment.runs)
    side = getattr(request, "size", 0)
    if steps > MOST_UPDATES or len(experiment.runs) > MOST_PANELS or side > MOST_SIDE:
        raise ValueError("larger than the maps of the page")


async def serve(asked: Request) -> Response:
    """Answer with a map's numbers."""
    kind = KINDS.get(asked.path_params["kind"])
    if kind is None:
        return Response("Not found", 404)
    try:
        request = kind(**address.read(asked.query_params.get("of", "")))
        check(request)
        loop = asyncio.get_running_loop()
        body = await loop.run_in_executor(MAKERS, lambda: table(made(request)))
    except address.UNREADABLE:
        return Response("This address holds no map.", 400)
    headers = {"Content-Disposition": "attachment"}
    return Response(body, media_type="text/csv", headers=headers)


ROUTE = Route("/map/{kind}.csv", serve)
