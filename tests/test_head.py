"""The head of the page as it is served, which is all that a preview of a link sees."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import pytest
import streamlit
from conftest import awaited

from landscape.language import PSEUDO
from views.presets import PRESETS
from views.server.head import TAGLINE, Head

PAGE = (Path(streamlit.__file__).parent / "static" / "index.html").read_bytes()


def served(query: str = "", body: bytes = PAGE, kind: str = "text/html; charset=utf-8") -> Any:
    """Return headers and body of what a server that answers with `body` sends through `Head`."""
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-type", kind.encode()), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        half = len(body) // 2
        await send({"type": "http.response.body", "body": body[:half], "more_body": True})
        await send({"type": "http.response.body", "body": body[half:]})

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "scheme": "https", "query_string": query.encode()}
    scope["headers"] = [(b"host", b"zigzag.example")]
    awaited(Head(app, "zz/0/preview.png", "zz/0/reach.js")(scope, None, send))  # type: ignore[arg-type]
    start, *rest = sent
    return dict(start["headers"]), b"".join(message["body"] for message in rest)


def said(page: bytes) -> dict[str, str]:
    """Return the title and the named contents of a page's head."""
    text = page.decode()
    pairs = re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)">', text)
    titles = re.findall(r"<title>(.*?)</title>", text)
    assert len(titles) == 1
    return {name: html.unescape(value) for name, value in [*pairs, ("title", titles[0])]}


def test_the_page_says_what_it_is_before_any_script_runs():
    headers, page = served()
    found = said(page)
    assert found["title"] == "Zigzag"
    assert found["description"] == found["og:description"] == TAGLINE
    assert found["og:image"] == "https://zigzag.example/zz/0/preview.png"
    assert int(headers[b"content-length"]) == len(page)
    assert b"Streamlit</title>" not in page
    assert page.count(b'<script type="module" src="./zz/0/reach.js"></script>') == 1


@pytest.mark.parametrize("slug", PRESETS)
def test_a_link_to_an_experiment_says_what_it_shows(slug):
    found = said(served(f"preset={slug}")[1])
    assert found["title"] == f"{PRESETS[slug].title} · Zigzag"
    assert found["og:description"] == PRESETS[slug].claim


def test_it_is_said_in_the_language_of_the_link():
    page = served(f"lang={PSEUDO}")[1]
    assert said(page)["description"].startswith("[[")
    assert f'<html lang="{PSEUDO}">'.encode() in page


@pytest.mark.parametrize("query", ["preset=%3Cscript%3E", 'preset=">', "lang=%00", "%ff=%fe"])
def test_a_strange_link_gets_the_page_of_none(query):
    assert said(served(query)[1]) == said(served()[1])


def test_what_is_no_page_of_streamlits_is_passed_on_as_it_is():
    assert served(body=b"<p>another</p>")[1] == b"<p>another</p>"
    assert served(body=b"body {}", kind="text/css")[1] == b"body {}"
