"""What tells a visitor why the page stays empty: the answer to a script in the page's head.

Streamlit's own page is blank without a WebSocket, and after an update of the server an open one
goes on with the scripts of before. views/player/reach.js looks at both.
"""

from __future__ import annotations

import functools
import hashlib

import streamlit as st
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from landscape.language import known, language, script_texts
from views.live.answer import edition
from views.server.server import address


async def reach(request: Request) -> Response:
    """Answer with the Host that has come here, the server's edition, and the script's texts."""
    with language(known(request.query_params.get("lang"))):
        told = {
            "host": request.headers.get("host", ""),
            "edition": whole_edition(),
            "texts": script_texts(),
        }
    return JSONResponse(told, headers={"Cache-Control": "no-store"})


@functools.cache
def whole_edition() -> str:
    """Return a short hash of all that a page in a browser depends on."""
    parts = (st.__version__, edition(), address("player.js"), address("plotly.js"))
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:12]


ROUTE = Route("/reach", reach)
