"""Places for those who ask for files: a bounded number is made at once, and some may wait.

Whoever comes when all places are taken is told so at once. What nobody waits for any more is not
made, or no further.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import threading
from collections.abc import Callable, Iterable
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import Receive

from optimizers import Cancelled
from views.server.counts import COUNTS

AT_ONCE = 8  # most of which wait for a map that is made by a job
WAITING = 120
RETRY_SECONDS = 30
BUSY = "Many files are being made at this moment. Try again in a minute."
GONE = 499  # nobody reads it


class Places:
    """The places of one process."""

    def __init__(self, at_once: int = AT_ONCE, waiting: int = WAITING) -> None:
        self._pool = concurrent.futures.ThreadPoolExecutor(at_once, "file")
        self._free = threading.Semaphore(at_once + waiting)

    async def answer(
        self,
        request: Request,
        media_type: str,
        make: Callable[[threading.Event], Iterable[str]],
    ) -> Response:
        """Answer with the pieces of a file; raise what `make` raises.

        `make` is called in a thread of its own, with an event that is set when the client has gone.
        """
        if not self._free.acquire(blocking=False):
            return busy()
        gone = threading.Event()
        made = self._pool.submit(make, gone)
        made.add_done_callback(lambda _: self._free.release())
        work = asyncio.wrap_future(made)
        leaving = asyncio.create_task(left(request.receive))
        try:
            both: set[asyncio.Future[Any]] = {work, leaving}
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                return PlainTextResponse("", GONE)
            headers = {"Content-Disposition": "attachment"}
            return StreamingResponse(work.result(), media_type=media_type, headers=headers)
        except Cancelled:  # the process that was to make it has ended, twice
            return busy()
        finally:
            gone.set()
            work.cancel()
            leaving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await leaving


async def left(receive: Receive) -> None:
    """Return when the client has closed its connection."""
    while (await receive())["type"] != "http.disconnect":
        pass


def busy() -> Response:
    """Return the answer to who has to come back later."""
    COUNTS.refused += 1
    return PlainTextResponse(BUSY, 503, {"Retry-After": str(RETRY_SECONDS)})


PLACES = Places()
