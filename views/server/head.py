"""The head of the page as it is served: title, description and picture, before any script runs.

Whoever shows a link, such as a chat or a search engine, reads nothing else. Streamlit's page is a
template that knows nothing of the app. The head also gets the script that tells a visitor why the
page stays empty (views/server/reach.py).
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from urllib.parse import parse_qs

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from landscape.language import current, known, language, msgid, tr
from views.presets import PRESETS

NAME = "Zigzag"
TITLE = "<title>Streamlit</title>"  # of Streamlit's page
TAGLINE = msgid(
    "An optimizer lab for the browser: set learning rate, momentum and noise, press Play, and watch"
    " the descents side by side."
)


class Head:
    """Put what the page is into its head, with a picture and a script of the app's addresses."""

    def __init__(self, app: ASGIApp, picture: str, script: str) -> None:
        self.app = app
        base = st.get_option("server.baseUrlPath").strip("/")
        self.picture = f"{base}/{picture}" if base else picture
        self.script = script

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        started: list[Message] = []  # the start of a page, until its body is known
        pieces: list[bytes] = []

        async def sends(message: Message) -> None:
            if message["type"] == "http.response.start" and is_page(message):
                started.append(message)
            elif not started:
                await send(message)
            else:
                pieces.append(message.get("body", b""))
                if not message.get("more_body"):
                    body = filled(b"".join(pieces), scope, self.picture, self.script)
                    headers = MutableHeaders(scope=started[0])
                    for name in ("etag", "last-modified"):  # of the file, not of what is sent
                        if name in headers:
                            del headers[name]
                    headers["Content-Length"] = str(len(body))
                    await send(started.pop())
                    await send({"type": "http.response.body", "body": body})

        await self.app(scope, receive, sends)


def is_page(message: Message) -> bool:
    """Tell whether an answer is a page, as it was written."""
    headers = Headers(raw=message["headers"])
    return (
        message["status"] == 200
        and headers.get("content-type", "").startswith("text/html")
        and "content-encoding" not in headers
    )


def filled(page: bytes, scope: Scope, picture: str, script: str) -> bytes:
    """Return a page of Streamlit's with its head filled; any other as it is."""
    if TITLE.encode() not in page:
        return page
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    host = Headers(scope=scope).get("host", "")
    origin = f"{scope.get('scheme', 'http')}://{host}"
    with language(known(query.get("lang", [""])[-1])):
        title, description = words(query)
        tags = head(title, description, f"{origin}/{picture}")
        page = page.replace(b'<html lang="en">', f'<html lang="{current()}">'.encode(), 1)
    tags += f'<script type="module" src="./{script}"></script>'
    return page.replace(TITLE.encode(), tags.encode(), 1)


def words(query: Mapping[str, list[str]]) -> tuple[str, str]:
    """Return title and description of what a link shows, in the current language."""
    preset = PRESETS.get(query.get("preset", [""])[-1])
    if preset is None:
        return NAME, tr(TAGLINE)
    return f"{tr(preset.title)} \N{MIDDLE DOT} {NAME}", tr(preset.claim)


def head(title: str, description: str, picture: str) -> str:
    """Return the tags that say what a page is."""
    title, description, picture = (html.escape(text) for text in (title, description, picture))
    return (
        f"<title>{title}</title>"
        f'<meta name="description" content="{description}">'
        f'<meta property="og:type" content="website">'
        f'<meta property="og:title" content="{title}">'
        f'<meta property="og:description" content="{description}">'
        f'<meta property="og:image" content="{picture}">'
        f'<meta name="twitter:card" content="summary_large_image">'
    )
