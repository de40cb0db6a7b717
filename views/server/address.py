"""Addresses of what is made from settings: their query is that of the page."""

from __future__ import annotations

import html
from urllib.parse import urlencode

from starlette.requests import Request

from views.server.server import OWN
from views.settings.settings import Settings, read, write


def link(path: str, settings: Settings, text: str) -> str:
    """Return the HTML of a link to the file that `path` makes of settings."""
    address = html.escape(f"{OWN}/{path}?{urlencode(write(settings), doseq=True)}")
    return f'<p><a class="zz-file" download href="{address}">{html.escape(text)}</a></p>'


def asked(request: Request) -> Settings | None:
    """Return the settings that an address holds, None if the page cannot have written it."""
    query = request.query_params
    settings, notes = read({name: query.getlist(name) for name in query})
    return None if notes else settings
