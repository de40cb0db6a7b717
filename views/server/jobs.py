"""Long computations, for all visitors of this process: each is made once, told of, and ended early.

A map is asked for by what it depends on. Whoever asks for one that is being made gets the same
job. Some stay until it is done (`join`, `leave`); a visitor's page looks at it now and then, and
has left if it has not looked for a while (`watch`). A job that nobody waits for any more is
cancelled; finished maps are kept for some minutes, the last used ones, up to a number of bytes.

Short jobs, those that a page watches and those of files wait in lanes of their own, so that none of
them waits for the others. A job that comes when too many wait already is refused.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from optimizers import Cancelled
from optimizers.maps import Request
from optimizers.simulation.sweep import SHORT_UPDATES
from views.server import memory
from views.server.heavy import HEAVY

MOST_BYTES = 200_000_000  # of finished maps
KEPT_SECONDS = 600.0  # for which a finished map is kept after its last use
MOST_AT_ONCE = 2  # jobs of a lane that compute; the others wait for their turn
MOST_WAITING = 64  # jobs that wait for their turn
PATIENCE = 5.0  # seconds without a look after which a watching visitor has gone
LOOK = 0.1  # seconds between two looks at whether the client of a request has gone
SHORT, PAGE, FILE = "short", "page", "file"
LANES = (SHORT, PAGE, FILE)


class Full(Exception):  # noqa: N818  (nothing went wrong)
    """Too many jobs wait for their turn already."""


@dataclass(eq=False)
class Job:
    """One computation: its share done, and in the end its result or what went wrong."""

    request: Request
    done: threading.Event = field(default_factory=threading.Event)
    cancel: threading.Event = field(default_factory=threading.Event)
    share: float = 0.0
    result: Any = None
    error: Exception | None = None
    waiting: int = 0  # of those who joined and have not left
    for_page: int = 0  # of these, those whose page waits
    watched: dict[object, float] = field(default_factory=dict)  # until when, by visitor

    @property
    def wanted(self) -> bool:
        """Whether anybody waits for it."""
        return self.waiting > 0 or self.on_page

    @property
    def on_page(self) -> bool:
        """Whether a page watches it or waits for it."""
        return self.for_page > 0 or any(time.monotonic() < end for end in self.watched.values())

    @property
    def lane(self) -> str:
        """Where it waits for its turn, for those who wait for it now."""
        if self.request.updates <= SHORT_UPDATES:
            return SHORT
        return PAGE if self.on_page else FILE


class Jobs:
    """The jobs under way and the results that are kept."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._lock = threading.Lock()
        self._queue: list[Job] = []  # those that wait for their turn, the first to come first
        self._running = dict.fromkeys(LANES, 0)
        self._under_way: dict[Hashable, Job] = {}
        self._watching: dict[object, dict[Request, Job]] = {}
        self._kept: OrderedDict[Hashable, tuple[Any, int, float]] = OrderedDict()
        self._most_bytes = most_bytes

    def kept(self, request: Request) -> Any:
        """Return a finished map, or None."""
        with self._lock:
            return self._look(request)

    def join(self, request: Request, page: bool = False) -> Job:
        """Return the job that makes a map, started if need be; call `leave` in the end.

        One that is refused has ended, with a Full as its error.
        """
        with self._lock:
            job = self._job(request)
            job.waiting += 1
            job.for_page += page
            self._begin()
            return job

    def watch(self, visitor: object, *requests: Request) -> list[Job]:
        """Return the jobs that make maps, started if need be, for a visitor's page.

        They are wanted for some seconds, until the next look; the visitor wants no others any more.
        A job that has ended is returned as long as the visitor asks for it, with its error too.
        """
        with self._lock:
            before = self._watching.pop(visitor, {})
            kept = {request: job for request, job in before.items() if not job.cancel.is_set()}
            jobs = {}
            for request in requests:
                jobs[request] = kept.get(request) or self._job(request)
                jobs[request].watched[visitor] = time.monotonic() + PATIENCE
            for request, job in before.items():
                if jobs.get(request) is not job:
                    job.watched.pop(visitor, None)
                    self._cancel_unwanted(job)
            self._forget_gone()
            if jobs:
                self._watching[visitor] = jobs
            self._begin()
            return list(jobs.values())

    def forget(self, visitor: object) -> None:
        """Take note that a visitor's page watches no job any more."""
        self.watch(visitor)

    def leave(self, job: Job, page: bool = False) -> None:
        """Stop waiting for a job; without anybody who waits it is cancelled."""
        with self._lock:
            job.waiting -= 1
            job.for_page -= page
            self._cancel_unwanted(job)

    def made(self, request: Request, gone: threading.Event, page: bool = False) -> Any:
        """Return the result of a request for a file, or for a page, as soon as it is made.

        A page does not wait for files. Raises Cancelled when `gone` is set before, and what went
        wrong.
        """
        job = self.join(request, page)
        try:
            while not job.done.wait(LOOK):
                if gone.is_set():
                    raise Cancelled
        finally:
            self.leave(job, page)
        return result_of(job)

    def load(self) -> tuple[int, int]:
        """Return how many jobs are computed, and how many wait for their turn."""
        with self._lock:
            return sum(self._running.values()), len(self._queue)

    def forget_old(self) -> None:
        """Give back what has not been used for long, and end what nobody waits for any more."""
        with self._lock:
            old = time.monotonic() - KEPT_SECONDS
            for request in [r for r, (*_, used) in self._kept.items() if used < old]:
                del self._kept[request]
            self._forget_gone()
            self._begin()

    def _forget_gone(self) -> None:
        for visitor in [v for v, jobs in self._watching.items() if gone(v, jobs)]:
            del self._watching[visitor]

    def _cancel_unwanted(self, job: Job) -> None:
        if not job.wanted and not job.done.is_set():
            job.cancel.set()
            if job in self._queue:
                self._queue.remove(job)
                job.done.set()
            # Whoever asks again from now on must not get the cancelled one.
            if self._under_way.get(job.request) is job:
                del self._under_way[job.request]

    def _job(self, request: Request) -> Job:
        result = self._look(request)
        if result is not None:  # it was finished a moment ago
            job = Job(request, result=result)
            job.done.set()
            return job
        if request not in self._under_way:
            for waiting in [*self._queue]:
                self._cancel_unwanted(waiting)
            job = Job(request)
            if len(self._queue) >= MOST_WAITING:
                job.error = Full()
                job.cancel.set()  # who asks again gets another try
                job.done.set()
                return job
            self._under_way[request] = job
            self._queue.append(job)
        return self._under_way[request]

    def _begin(self) -> None:
        """Begin with the jobs whose turn it is."""
        for job in [*self._queue]:
            self._cancel_unwanted(job)
            lane = job.lane
            if job in self._queue and self._running[lane] < MOST_AT_ONCE:
                self._queue.remove(job)
                self._running[lane] += 1
                threading.Thread(
                    target=self._make, args=(job, lane), name="map", daemon=True
                ).start()

    def _look(self, request: Request) -> Any:
        found = self._kept.get(request)
        if found is None:
            return None
        self._keep(request, found[0])
        return found[0]

    def _make(self, job: Job, lane: str) -> None:
        def progress(share: float) -> None:
            job.share = share
            with self._lock:
                self._cancel_unwanted(job)

        try:
            if lane == SHORT:
                job.result = job.request.compute(job.cancel, progress)
            else:
                job.result = HEAVY.compute(job.request, job.cancel, progress)
        except Cancelled:
            pass
        except Exception as error:
            job.error = error
        with self._lock:
            if job.result is not None:
                self._keep(job.request, job.result)
            if self._under_way.get(job.request) is job:
                del self._under_way[job.request]
            self._running[lane] -= 1
            self._begin()
        job.done.set()
        if lane != SHORT:
            memory.give_back()

    def _keep(self, request: Hashable, result: Any) -> None:
        self._kept[request] = result, result.nbytes, time.monotonic()
        self._kept.move_to_end(request)
        while sum(size for _, size, _ in self._kept.values()) > self._most_bytes:
            self._kept.popitem(last=False)


def result_of(job: Job) -> Any:
    """Return the result of a job that has ended, or raise what went wrong."""
    if job.error:
        raise job.error
    if job.result is None:
        raise Cancelled
    return job.result


def gone(visitor: object, jobs: dict[Request, Job]) -> bool:
    """Tell whether a visitor has not looked at any of these jobs for a while."""
    return all(job.watched.get(visitor, 0.0) < time.monotonic() for job in jobs.values())


JOBS = Jobs()
