"""What tells a visitor why the page stays empty: a script in Streamlit's page, and its question.

Streamlit's own page is blank without a WebSocket, and after an update of the server an open one
goes on with the scripts of before. views/player/reach.js looks at both.
"""

from __future__ import annotations

import functools
import hashlib

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from landscape.language import known, language, script_texts
from views.live.answer import edition
from views.server.server import address

HEAD = b"</head>"


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


class Reach:
    """Put the script into Streamlit's page, which is an answer of type text/html."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        start: Message | None = None
        body = b""

        async def sends(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                html = MutableHeaders(scope=message).get("content-type", "").startswith("text/html")
                if not (html and message["status"] == 200):
                    await send(message)
                    return
                start = message
            elif start is None:
                await send(message)
            else:
                body += message.get("body", b"")
                if not message.get("more_body"):
                    await self.page(start, body, send)

        await self.app(scope, receive, sends)

    async def page(self, start: Message, body: bytes, send: Send) -> None:
        """Send a page with the script in it; it has no tag, for the script's address may change."""
        script = f'<script type="module" src="./{address("reach.js")}"></script>'
        body = body.replace(HEAD, script.encode() + HEAD, 1)
        headers = MutableHeaders(scope=start)
        for name in ("etag", "last-modified"):
            if name in headers:
                del headers[name]
        headers["Content-Length"] = str(len(body))
        await send(start)
        await send({"type": "http.response.body", "body": body})


ROUTE = Route("/reach", reach)
