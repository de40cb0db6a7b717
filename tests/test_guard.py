"""Nothing is open that is not used, and nothing outside is asked for anything."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
import urllib.request
from collections.abc import AsyncIterator
from typing import Any
from urllib.error import HTTPError

import pytest
import streamlit as st
import uvicorn
import websockets
from conftest import PATIENCE, awaited
from starlette.responses import PlainTextResponse
from streamlit import net_util

from views.server import guard, patience
from views.server.guard import CLOSED, FRAME_ANCESTORS, METRICS, OPEN_METRICS, Guard, policy
from views.server.patience import PatientProtocol

HERE = ("127.0.0.1", 50000)
ELSEWHERE = ("192.0.2.7", 50000)


def asked(path: str, client: Any = ELSEWHERE, **headers: str) -> tuple[int, dict[str, str]]:
    """Return status and headers of what the guard answers or lets pass."""
    sent: list[Any] = []

    async def ask() -> None:
        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()],
            "client": client,
        }
        await Guard(PlainTextResponse("passed"))(scope, asyncio.Event().wait, send)

    awaited(ask())
    start = sent[0]
    return start["status"], {k.decode(): v.decode() for k, v in start["headers"]}


@pytest.mark.parametrize("path", CLOSED)
def test_what_nothing_uses_is_closed(path):
    for asked_for in (path, f"{path}/a/b"):
        assert asked(asked_for, HERE)[0] == 404
    assert asked(f"{path}s")[0] == 200


@pytest.mark.parametrize("path", METRICS)
def test_metrics_are_for_this_machine_unless_opened(monkeypatch, path):
    assert asked(path, HERE)[0] == 200
    assert asked(path, ("::1", 1))[0] == 200
    assert asked(path, ELSEWHERE)[0] == 403
    assert asked(path, None)[0] == 403
    assert asked(path, HERE, x_forwarded_for="192.0.2.7")[0] == 403
    monkeypatch.setenv(OPEN_METRICS, "1")
    assert asked(path, ELSEWHERE)[0] == 200


def test_every_answer_has_the_headers_and_no_other_host_is_named(monkeypatch):
    for path in ("/", "/zz/x/player.js", CLOSED[0], *METRICS):
        _, headers = asked(path, host="lab.example:8501")
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        security = headers["content-security-policy"]
        assert "frame-ancestors *" in security
        named = {word for word in security.replace(";", " ").split() if "." in word}
        assert named == {"ws://lab.example:8501", "wss://lab.example:8501"}
    monkeypatch.setenv(FRAME_ANCESTORS, "https://course.example 'self'")
    _, headers = asked("/")
    assert headers["content-security-policy"].endswith("ancestors https://course.example 'self'")


def test_no_host_and_no_setting_can_add_to_the_policy(monkeypatch):
    assert "evil" not in policy("a; script-src evil", "*")
    for text in ("*; script-src *", "a,b", "\n", "x\ny"):
        monkeypatch.setenv(FRAME_ANCESTORS, text)
        if text.strip():
            with pytest.raises(ValueError, match=FRAME_ANCESTORS):
                guard.ancestors()


def socket_scope(origin: str | None, host: str = "lab.example") -> Any:
    headers = [(b"host", host.encode())]
    if origin is not None:
        headers.append((b"origin", origin.encode()))
    return {"type": "websocket", "path": "/_stcore/stream", "headers": headers}


def passed(scope: Any) -> Any:
    """Return the scope that the guard lets through, None where it refuses."""
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope)

    async def send(message: Any) -> None:
        assert message["type"] == "websocket.close"

    awaited(Guard(app)(scope, asyncio.Event().wait, send))
    return seen[0] if seen else None


def test_a_page_of_another_origin_opens_no_socket_and_nobody_outside_is_asked(monkeypatch):
    def never() -> None:
        raise AssertionError("asked outside")

    monkeypatch.setattr(net_util, "get_external_ip", never)
    for origin in (None, "http://lab.example", "http://localhost:3000", "http://127.0.0.1"):
        assert passed(socket_scope(origin))
    for origin in ("http://other.example", "null", "", "http://[", "http://lab.example.evil"):
        assert passed(socket_scope(origin)) is None
    given = {"server.corsAllowedOrigins": ["https://course.example"]}
    real = st.get_option
    monkeypatch.setattr(st, "get_option", lambda name: given.get(name, real(name)))
    scope = passed(socket_scope("https://course.example"))
    assert b"origin" not in dict(scope["headers"]), "Streamlit would ask outside first"


@pytest.mark.browser  # with the server of those tests
def test_the_server_refuses_uploads_and_says_so_to_strangers(server):
    request = urllib.request.Request(f"{server}_stcore/upload_file/a/b", b"x" * 100, method="PUT")
    with pytest.raises(HTTPError) as told:
        urllib.request.urlopen(request, timeout=10)
    assert told.value.code == 404
    told.value.close()

    async def connect(origin: str) -> None:
        url = server.replace("http", "ws") + "_stcore/stream"
        async with websockets.connect(url, origin=origin):
            pass

    awaited(connect(server.rstrip("/")))
    with pytest.raises(websockets.InvalidStatus):
        awaited(connect("http://other.example"))


# --- Slow clients


@contextlib.asynccontextmanager
async def serving(app: Any) -> AsyncIterator[tuple[str, int]]:
    """Serve an app with the patience of ours, at the address that is returned."""
    config = uvicorn.Config(app, http=PatientProtocol, log_level="error", lifespan="off")
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        await server.startup(sockets=[door])
        yield door.getsockname()
        await server.shutdown(sockets=[door])


def served(send: bytes, then: bytes = b"") -> tuple[bytes, float]:
    """Return what a server answers to a client, and after how many seconds it closes."""

    async def talk() -> tuple[bytes, float]:
        async with serving(PlainTextResponse("passed")) as place:
            reader, writer = await asyncio.open_connection(*place)
            began = time.monotonic()
            writer.write(send)
            if then:
                await asyncio.sleep(patience.HEAD_SECONDS * 0.7)
                writer.write(then)
            found = await asyncio.wait_for(reader.read(), 10)
            took = time.monotonic() - began
            writer.close()
            return found, took

    result: tuple[bytes, float] = awaited(talk())
    return result


def test_a_request_that_is_half_sent_is_closed_after_a_while(monkeypatch):
    monkeypatch.setattr(patience, "HEAD_SECONDS", 0.5)
    for half in (b"", b"GET / HTTP/1.1\r\nHost: a\r\nX-"):
        found, took = served(half)
        assert found == b""
        assert 0.4 < took < 3


def test_a_request_that_comes_in_pieces_is_answered(monkeypatch):
    monkeypatch.setattr(patience, "HEAD_SECONDS", 0.5)
    head = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
    assert served(head, b"\r\n")[0].endswith(b"passed")


def test_a_second_request_that_is_half_sent_is_closed_too(monkeypatch):
    monkeypatch.setattr(patience, "HEAD_SECONDS", 0.5)
    found, took = served(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"GET / HT")
    assert found.count(b"passed") == 1
    assert took < 3, "sooner than uvicorn closes an idle connection"


def test_an_open_socket_outlives_the_patience_for_requests(monkeypatch):
    monkeypatch.setattr(patience, "HEAD_SECONDS", 0.5)

    async def echo(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] != "websocket.disconnect":
            if message["type"] == "websocket.receive":
                await send({"type": "websocket.send", "text": message["text"]})

    async def stay() -> None:
        async with serving(echo) as (host, port), websockets.connect(f"ws://{host}:{port}/") as one:
            await asyncio.sleep(2 * patience.HEAD_SECONDS)
            await one.send("still here")
            assert await asyncio.wait_for(one.recv(), PATIENCE) == "still here"

    awaited(stay())
