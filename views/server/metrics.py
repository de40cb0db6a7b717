"""What the processes of a machine do, and whether each can draw, told by any of them.

Each writes its numbers to a place of its own on a board that all share. `zz/metrics` gives them in
the text format of Prometheus, labelled by process (views/server/guard.py: to this machine only).
`zz/health` answers 200 if each process has drawn a picture a moment ago, and otherwise 503.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import time
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from views.live.answer import Asked, answer
from views.server.board import FACTS, STALE, Board, Row
from views.server.counts import COUNTS
from views.server.jobs import JOBS
from views.settings.settings import Settings

EVERY = 5.0  # seconds between two trials


class Telling:
    """What this process tells, and the board on which it does."""

    def __init__(self) -> None:
        self.board = Board()
        self.trials = 0

    def trial(self) -> float:
        """Draw a picture that nobody has seen before; return the seconds that takes."""
        began = time.perf_counter()
        self.trials += 1
        settings = {"noise": 1.0, "batch": "8", "length": 20, "seed": self.trials % 2**31}
        answer(Asked(Settings(settings)))
        return time.perf_counter() - began

    def tell(self) -> None:
        """Make a trial and write this process's row; without a picture the old one grows stale."""
        running, waiting = JOBS.load()
        self.board.write(
            time.time(),
            {
                "trial_seconds": self.trial(),
                "sessions": COUNTS.sessions,
                "changes_total": COUNTS.changes,
                "pictures_total": COUNTS.pictures,
                "refused_total": COUNTS.refused,
                "picture_seconds_p95": COUNTS.slow(),
                "map_jobs": running,
                "map_queue": waiting,
                "memory_bytes": memory(),
            },
        )


TELLING = Telling()
LOG = logging.getLogger(__name__)


async def keep_telling() -> None:
    """Tell of this process now and then, as long as it serves."""
    while True:
        try:
            await asyncio.to_thread(TELLING.tell)
        except Exception:
            LOG.exception("No picture could be drawn as a trial")
        await asyncio.sleep(EVERY)


def memory() -> float:
    """Return the resident memory in bytes; where the system does not tell, the most there was."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return float(int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE"))
    if os.name != "posix":
        return 0.0
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(most if sys.platform == "darwin" else most * 1024)


def text(rows: list[Row]) -> str:
    """Return rows in the text format of Prometheus."""
    lines = []
    for column, (name, help) in enumerate(FACTS.items(), start=2):
        kind = "counter" if name.endswith("_total") else "gauge"
        lines += [f"# HELP zigzag_{name} {help}", f"# TYPE zigzag_{name} {kind}"]
        lines += [f'zigzag_{name}{{process="{row[0]:.0f}"}} {row[column]:.9g}' for row in rows]
    return "\n".join(lines) + "\n"


async def metrics(request: Request) -> Response:
    """Answer with the numbers of all processes."""
    return PlainTextResponse(text(TELLING.board.rows()), headers={"Cache-Control": "no-store"})


async def health(request: Request) -> Response:
    """Answer whether every process can draw."""
    now = time.time()
    rows = TELLING.board.rows()
    lines = [
        f"Process {row[0]:.0f} drew a picture {max(0.0, now - row[1]):.0f} s ago." for row in rows
    ]
    well = bool(rows) and all(now - row[1] < STALE for row in rows)
    told = "\n".join(lines or ["No process has drawn a picture yet."])
    return PlainTextResponse(f"{told}\n", 200 if well else 503, {"Cache-Control": "no-store"})


ROUTES = (Route("/metrics", metrics), Route("/health", health))
