"""What the server adds to Streamlit: the player's files, compression, and a warm start."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import gzip
import hashlib
import re
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import plotly
import streamlit as st
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from landscape.compiled import KERNELS
from optimizers import Experiment, simulate
from views.classroom import store
from views.live import routes as live
from views.server import memory, metrics
from views.server.guard import Guard
from views.server.head import Head
from views.server.heavy import HEAVY
from views.server.jobs import JOBS

PLAYER = Path(__file__).parents[1] / "player"
GALLERY = Path(__file__).parents[1] / "gallery"
CLASSROOM = Path(__file__).parents[1] / "classroom"
OWN = "zz"  # below the app's path: everything that is not Streamlit's
PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
# They import each other, and so share an address.
MODULES = {
    path.name: path for folder in (PLAYER, CLASSROOM) for path in sorted(folder.glob("*.js"))
}
CARDS = {name: GALLERY / name for name in ("gallery.js", "pictures.svg")}
PREVIEW = "preview.png"  # of the page, where a link is shown
FILES = MODULES | CARDS | {PREVIEW: PLAYER / PREVIEW, "plotly.js": PLOTLY}
# Read once: an update of the app under a running server must not change what an address holds.
CONTENT = {path: path.read_bytes() for path in FILES.values()}
STREAMLIT = Path(st.__file__).parent / "static" / "static"
FRONT_END = re.compile(r"/static/(js|css)/([\w.-]+\.(?:js|css))$")
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".png": "image/png"}
FOREVER = "public, max-age=31536000, immutable"
COLLECT_EVERY = 60.0  # seconds


def content(path: Path) -> bytes:
    """Return a file: one of FILES as it was when the server started."""
    return CONTENT[path] if path in CONTENT else path.read_bytes()


@functools.cache
def zipped(path: Path) -> bytes:
    """Return a file gzipped; it is compressed once in the life of the server."""
    return gzip.compress(content(path), 6, mtime=0)


@functools.cache
def address(name: str) -> str:
    """Return where a file of FILES is served, relative to the page: it changes with its content.

    Modules, and others of one folder, share it, so that they can import each other.
    """
    folder = FILES[name].parent
    others = [path for path in FILES.values() if path.parent == folder]
    beside = MODULES.values() if name in MODULES else others
    digest = hashlib.sha256(b"".join(map(content, beside))).hexdigest()[:12]
    return f"{OWN}/{digest}/{name}"


def sent(path: Path, encodings: str) -> Response:
    """Return a file, compressed for whoever accepts that."""
    headers = {"Cache-Control": FOREVER, "Vary": "Accept-Encoding"}
    body = content(path) if "gzip" not in encodings else zipped(path)
    if "gzip" in encodings:
        headers["Content-Encoding"] = "gzip"
    return Response(body, media_type=TYPES[path.suffix], headers=headers)


async def asset(request: Request) -> Response:
    """Serve one of FILES under its present address."""
    name = request.path_params["name"]
    if name not in FILES or not request.url.path.endswith(address(name)):
        return Response("Not found", 404)
    encodings = request.headers.get("accept-encoding", "")
    return await asyncio.to_thread(sent, FILES[name], encodings)


class Own:
    """Answer what is asked for below OWN, and pass on the rest to Streamlit.

    The app's path (`server.baseUrlPath`) comes before it. Streamlit puts that before its own routes
    only, and it is not known yet when `st.App` takes those of the app.
    """

    def __init__(self, app: ASGIApp, routes: Sequence[BaseRoute]) -> None:
        self.app = app
        base = st.get_option("server.baseUrlPath").strip("/")
        self.path = f"/{base}/{OWN}" if base else f"/{OWN}"
        # A saved page is 4 % larger than at level 6, and takes half the time.
        zipping = Middleware(GZipMiddleware, compresslevel=4)
        self.own = Starlette(routes=[Mount(self.path, routes=routes)], middleware=[zipping])
        self.live = {f"{self.path}/{name}": name for name in live.SOURCES}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] in self.live:
            # Past the compression, for they are compressed, and past all else that takes time.
            await live.serve(self.live[scope["path"]], scope, receive, send)
            return
        if scope["type"] == "websocket":
            # Whoever has a page may ask for a file, which should not wait until it has begun.
            await asyncio.to_thread(HEAVY.prepare)
        own = scope["type"] == "http" and scope["path"].startswith(f"{self.path}/")
        await (self.own if own else self.app)(scope, receive, send)


class Compression:
    """Send Streamlit's own scripts and styles compressed.

    Streamlit leaves that to a proxy; a classroom server has none, and they are most of a first
    visit. Each file is compressed once and then kept.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET":
            headers = dict(scope["headers"])
            encodings = headers.get(b"accept-encoding", b"").decode("latin-1")
            path = static_file(scope["path"])
            if path and "gzip" in encodings:
                response = await asyncio.to_thread(sent, path, encodings)
                await response(scope, receive, send)
                return
        await self.app(scope, receive, send)


def static_file(url: str) -> Path | None:
    """Return the script or style of Streamlit's front end that a path names, or None."""
    found = FRONT_END.search(url)
    path = STREAMLIT.joinpath(*found.groups()) if found else None
    return path if path and path.is_file() else None


def warm() -> None:
    """Load every kernel from Numba's cache, or compile it: no visitor waits for that."""
    for kernel in KERNELS:
        _ = kernel.compiled
    simulate(Experiment())
    # What start-up made stays: later collections need not look at it again.
    gc.collect()
    gc.freeze()


def tidy() -> None:
    """Give back what nobody needs any more."""
    JOBS.forget_old()
    store.forget_old()
    gc.collect()
    memory.give_back()


@contextlib.asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    """Warm up before the first request, and collect garbage now and then.

    Streamlit would collect after every run of the script (`runner.postScriptGC`), which costs
    more than the run.
    """
    await asyncio.to_thread(warm)
    HEAVY.begin()

    async def collect() -> None:
        while True:
            await asyncio.sleep(COLLECT_EVERY)
            await asyncio.to_thread(tidy)

    tasks = [asyncio.create_task(work) for work in (collect(), metrics.keep_telling())]
    yield
    for task in tasks:
        task.cancel()
    HEAVY.end()


ROUTES = (
    *metrics.ROUTES,
    Route("/{digest}/{name}", asset),
)


def middleware(routes: Sequence[BaseRoute]) -> tuple[Middleware, ...]:
    """Return what comes before Streamlit: guard, the app's own routes, compression, the head."""
    head = Middleware(Head, address(PREVIEW), address("reach.js"))
    return Middleware(Guard), Middleware(Own, routes), Middleware(Compression), head
