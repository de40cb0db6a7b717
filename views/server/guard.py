"""What comes before every answer: addresses that nothing here uses are closed, headers are added.

Streamlit takes uploads from anybody, gives its metrics to anybody, and answers addresses for
agents, logins and components of its first kind. When a page of another origin opens a WebSocket it
asks a host outside for its own address. None of that is needed here.
"""

from __future__ import annotations

import ipaddress
import os
import re
from urllib.parse import urlsplit

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from views.server.counts import COUNTS

# Variables of the environment, read when the server starts.
FRAME_ANCESTORS = "ZIGZAG_FRAME_ANCESTORS"  # the origins whose pages may embed ours, as in a CSP
OPEN_METRICS = "ZIGZAG_OPEN_METRICS"  # "1": for other machines too

METRICS = ("/_stcore/metrics", "/zz/metrics")
CLOSED = (
    *("/_stcore/upload_file", "/_stcore/agent", "/_stcore/script-health-check"),
    *("/auth", "/oauth2callback", "/component"),
)
LOCAL_NAMES = ("localhost", "127.0.0.1", "::1", "0.0.0.0")
HOST = re.compile(r"[\w.:\[\]-]+")


def ancestors() -> str:
    """Return the sources of the environment that may embed the page, any where none are named."""
    told = os.environ.get(FRAME_ANCESTORS, "").strip() or "*"
    if not told.isprintable() or not told.isascii() or {";", ","} & {*told}:
        raise ValueError(f"{FRAME_ANCESTORS} = {told!r}: must be origins separated by blanks")
    return told


def policy(host: str, embedding: str) -> str:
    """Return the Content-Security-Policy of a page at `host`: everything comes from there.

    Streamlit's page has a script and styles of its own in it, and Plotly makes functions and
    pictures; older browsers do not take 'self' for a WebSocket.
    """
    sockets = f" ws://{host} wss://{host}" if HOST.fullmatch(host) else ""
    return "; ".join(
        (
            "default-src 'self'",
            "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "media-src 'self' data: blob:",
            "worker-src 'self' blob:",
            f"connect-src 'self' data: blob:{sockets}",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            f"frame-ancestors {embedding}",
        )
    )


class Guard:
    """Close what is not used, and put the headers on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        base = st.get_option("server.baseUrlPath").strip("/")
        self.base = f"/{base}" if base else ""
        self.embedding = ancestors()
        self.open_metrics = os.environ.get(OPEN_METRICS) == "1"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            if not same_origin(scope):
                await send({"type": "websocket.close", "code": 1008})
                return
            # It has been looked at: Streamlit would ask outside before it looks at its own list.
            scope = {**scope, "headers": [h for h in scope["headers"] if h[0] != b"origin"]}
            await self.session(scope, receive, send)
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        security = policy(Headers(scope=scope).get("host", ""), self.embedding)

        async def sends(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "same-origin"
                headers["Content-Security-Policy"] = security
            await send(message)

        closed = self.closed(scope)
        await (closed or self.app)(scope, receive, sends)

    async def session(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a WebSocket, and count it and what comes on it."""

        async def receives() -> Message:
            message = await receive()
            COUNTS.changes += message["type"] == "websocket.receive"
            return message

        COUNTS.sessions += 1
        try:
            await self.app(scope, receives, send)
        finally:
            COUNTS.sessions -= 1

    def closed(self, scope: Scope) -> ASGIApp | None:
        """Return the answer of an address that is closed, None where it is not."""
        path = scope["path"].removeprefix(self.base)
        if any(path == each or path.startswith(f"{each}/") for each in CLOSED):
            return PlainTextResponse("Nothing is served at this address.", 404)
        if path in METRICS and not (self.open_metrics or local(scope)):
            told = f"Only for the machine that serves, unless it is started with {OPEN_METRICS}=1."
            return PlainTextResponse(told, 403)
        return None


def local(scope: Scope) -> bool:
    """Tell whether the client is on this machine and no proxy has passed it on."""
    headers = Headers(scope=scope)
    client = scope.get("client")
    if client is None or "x-forwarded-for" in headers or "forwarded" in headers:
        return False
    try:
        return ipaddress.ip_address(client[0]).is_loopback
    except ValueError:
        return False


def same_origin(scope: Scope) -> bool:
    """Tell whether a WebSocket is opened by a page from here, or from where the options say.

    Whoever sends no origin is no browser.
    """
    headers = Headers(scope=scope)
    origin = headers.get("origin")
    if origin is None or not st.get_option("server.enableCORS"):
        return True
    try:
        ours = urlsplit(origin)
        name = ours.hostname
    except ValueError:
        return False
    if ours.netloc == headers.get("host") or name in LOCAL_NAMES:
        return True
    allowed = [*(st.get_option("server.corsAllowedOrigins") or ())]
    if st.get_option("browser.serverAddress") != "localhost":
        allowed.append(st.get_option("browser.serverAddress"))
    return any(name == (urlsplit(each).hostname or each) for each in allowed)
