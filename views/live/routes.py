"""Answers by address: `zz/scene?` with the page's own query, and what scenes name: their grounds,
and the orders in which batches take the samples of a surface made by data.

A scene's address may say more: `theme` (light or dark), `frame` (x0,x1,y0,y1), in which the picture
then stays and comes without words, `shown`, a frame that it keeps if that serves, and `drawn`, the
names of a scene and its ground: of that picture only the words come. The answer is
packed as views/scene/payload.py says and sent as HTTP's own "deflate", which the browser undoes. An
address that cannot be read is answered with 400 and one sentence. More work than the processors can
do is refused with 503: who asks again later does better than who waits in a queue.
"""

from __future__ import annotations

import asyncio
import hashlib
import threading
import time
import zlib
from collections.abc import Callable, Coroutine, Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from optimizers import Cancelled
from views.live.answer import (
    UnreadableError,
    answer,
    answer_to,
    asked,
    ground_answer,
    orders_answer,
)
from views.live.kept import Kept
from views.server.counts import COUNTS
from views.server.heavy import HEAVY
from views.server.jobs import Full
from views.server.places import left
from views.server.search import best_rates, large, searches

MOST_BYTES = 40_000_000  # of answers that are kept
MOST_QUERY = 20_000  # characters
FOREVER = "public, max-age=31536000, immutable"
RECENT = "no-cache"  # kept by the browser, and used again if this server still says the same


class Work:
    """An answer that is being made: `gone` is set when nobody waits for it any more."""

    def __init__(self) -> None:
        self.future: asyncio.Future[bytes] | None = None
        self.gone = threading.Event()
        self.waiting = 0


class Workers:
    """Threads that make answers, beside the event loop, with a short queue.

    Who asks for what is being made already waits for the same.
    """

    def __init__(self, threads: int, most_waiting: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="answer")
        self._most = threads + most_waiting
        self._under_way: dict[Hashable, Work] = {}

    async def make(self, key: Hashable, make: Callable[[threading.Event], bytes]) -> bytes | None:
        """Return what `make` returns, None if there is too much to do already.

        `make` is given an event that is set when nobody waits for it any more.
        """
        work = self._under_way.get(key)
        if work is None or work.gone.is_set():
            if len(self._under_way) >= self._most:
                return None
            self._under_way[key] = work = Work()
            work.future = asyncio.get_running_loop().run_in_executor(self._pool, make, work.gone)
            work.future.add_done_callback(lambda done: self._ended(key, work, done))
        assert work.future
        work.waiting += 1
        try:
            # One who has gone leaves the others their answer.
            return await asyncio.shield(work.future)
        finally:
            work.waiting -= 1
            if not work.waiting:
                work.gone.set()

    def close(self) -> None:
        """Begin nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _ended(self, key: Hashable, work: Work, future: asyncio.Future[bytes]) -> None:
        if self._under_way.get(key) is work:  # and not one that was begun anew
            del self._under_way[key]
        if not future.cancelled():
            future.exception()  # looked at, or it is logged as lost where all who waited have gone


ANSWERS: Kept[bytes] = Kept(MOST_BYTES, len)
QUICK_PLACES = (2, 60)  # at once, and waiting
QUICK = Workers(*QUICK_PLACES)
# These threads wait: for a search, which is a job, and for an answer that another process makes.
SLOW = Workers(8, 60)


async def answer_scene(query: str, receive: Receive | None = None) -> tuple[bytes | None, str]:
    """Return the answer to a scene's address, None if there is too much to do; and how to keep."""
    found = asked(query)

    far = large(found.settings)
    if not (far or searches(found.settings)):
        return await made(found.key, lambda gone: answer(found), QUICK), RECENT

    def make(gone: threading.Event) -> bytes:
        rates = best_rates(found.settings, gone, page=True)
        return HEAVY.make(gone, answer_to, query, rates) if far else answer(found, rates)

    try:
        return await while_there(made(found.key, make, SLOW), receive), RECENT
    except (Full, Cancelled):  # one that is cancelled has nobody who waits, or its process ended
        return None, RECENT


async def answer_ground(query: str, receive: Receive | None = None) -> tuple[bytes | None, str]:
    """Return the ground of an address that a scene has named, which stays the same for ever."""
    return await made(query, lambda gone: ground_answer(query), QUICK), FOREVER


async def answer_orders(query: str, receive: Receive | None = None) -> tuple[bytes | None, str]:
    """Return the orders of the samples in some epochs, which stay the same for ever."""
    return await made(("orders", query), lambda gone: orders_answer(query), QUICK), FOREVER


async def made(
    key: Hashable, make: Callable[[threading.Event], bytes], workers: Workers
) -> bytes | None:
    body = ANSWERS.get(key)
    if body is None:
        body = await workers.make(key, make)
        if body is not None:
            ANSWERS.put(key, body)
    return body


async def while_there(
    work: Coroutine[Any, Any, bytes | None], receive: Receive | None
) -> bytes | None:
    """Return what is waited for, None as soon as the client has closed its connection."""
    if receive is None:
        return await work
    waiting, leaving = asyncio.create_task(work), asyncio.create_task(left(receive))
    try:
        await asyncio.wait({waiting, leaving}, return_when=asyncio.FIRST_COMPLETED)
        return waiting.result() if waiting.done() else None
    finally:
        for task in (waiting, leaving):
            task.cancel()
        await asyncio.gather(waiting, leaving, return_exceptions=True)


SOURCES = {"scene": answer_scene, "ground": answer_ground, "orders": answer_orders}


async def serve(name: str, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer what is asked for under a name, one of SOURCES."""
    headers, began = Headers(scope=scope), time.perf_counter()
    response = await respond(name, scope["method"], scope["query_string"], headers, receive)
    if response.status_code in (200, 304):
        COUNTS.picture(time.perf_counter() - began)
    await response(scope, receive, send)


async def respond(
    name: str, method: str, query: bytes, headers: Headers, receive: Receive | None = None
) -> Response:
    """Return the answer to a request; what takes long ends when `receive` tells that its client is
    gone.
    """
    if method not in ("GET", "HEAD"):
        return PlainTextResponse("Only GET.", 405, {"Allow": "GET, HEAD"})
    if len(query) > MOST_QUERY:
        return PlainTextResponse(f"The address must be at most {MOST_QUERY} long.", 400)
    try:
        body, keep = await SOURCES[name](query.decode("latin-1"), receive)
    except UnreadableError as problem:
        return PlainTextResponse(str(problem), 400)
    if body is None:
        COUNTS.refused += 1
        return PlainTextResponse("Too much is asked for at once.", 503, {"Retry-After": "1"})
    tag = f'"{hashlib.blake2b(body, digest_size=9).hexdigest()}"'
    fields = {"Cache-Control": keep, "ETag": tag, "Vary": "Accept-Encoding"}
    if tag in headers.get("if-none-match", ""):
        return Response(None, 304, fields)
    if "deflate" in headers.get("accept-encoding", ""):
        fields["Content-Encoding"] = "deflate"
    else:
        body = zlib.decompress(body)
    return Response(body, 200, fields, "application/octet-stream")
