"""Long computations, for all visitors of this process: each is made once, told of, and ended early.

A map is asked for by what it depends on. Whoever asks for one that is being made gets the same
job. Some stay until it is done (`join`, `leave`); a visitor's page looks at it now and then, and
has left if it has not looked for a while (`watch`). A job that nobody waits for any more is
cancelled; finished maps are kept, the last used ones, up to a number of bytes.
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

MOST_BYTES = 200_000_000  # of finished maps
MOST_AT_ONCE = 2  # jobs that compute; the others wait for their turn
PATIENCE = 5.0  # seconds without a look after which a watching visitor has gone


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
    watched: dict[object, float] = field(default_factory=dict)  # until when, by visitor

    @property
    def wanted(self) -> bool:
        """Whether anybody waits for it."""
        return self.waiting > 0 or any(time.monotonic() < end for end in self.watched.values())


class Jobs:
    """The jobs under way and the results that are kept."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._lock = threading.Lock()
        self._turn = threading.Semaphore(MOST_AT_ONCE)
        self._under_way: dict[Hashable, Job] = {}
        self._watching: dict[object, dict[Request, Job]] = {}
        self._kept: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._most_bytes = most_bytes

    def kept(self, request: Request) -> Any:
        """Return a finished map, or None."""
        with self._lock:
            return self._look(request)

    def join(self, request: Request) -> Job:
        """Return the job that makes a map, started if need be; call `leave` in the end."""
        with self._lock:
            job = self._job(request)
            job.waiting += 1
            return job

    def watch(self, visitor: object, *requests: Request) -> list[Job]:
        """Return the jobs that make maps, started if need be, for a visitor's page.

        They are wanted for some seconds, until the next look; the visitor wants no others any more.
        A job that has ended is returned as long as the visitor asks for it, with its error too.
        """
        with self._lock:
            before = self._watching.pop(visitor, {})
            kept = {request: job for request, job in before.items() if not job.cancel.is_set()}
            jobs = {request: kept.get(request) or self._job(request) for request in requests}
            end = time.monotonic() + PATIENCE
            for job in jobs.values():
                job.watched[visitor] = end
            for request, job in before.items():
                if jobs.get(request) is not job:
                    job.watched.pop(visitor, None)
                    self._cancel_unwanted(job)
            for other in [v for v, theirs in self._watching.items() if gone(v, theirs)]:
                del self._watching[other]
            if jobs:
                self._watching[visitor] = jobs
            return list(jobs.values())

    def forget(self, visitor: object) -> None:
        """Take note that a visitor's page watches no job any more."""
        self.watch(visitor)

    def leave(self, job: Job) -> None:
        """Stop waiting for a job; without anybody who waits it is cancelled."""
        with self._lock:
            job.waiting -= 1
            self._cancel_unwanted(job)

    def _cancel_unwanted(self, job: Job) -> None:
        if not job.wanted and not job.done.is_set():
            job.cancel.set()
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
            job = self._under_way[request] = Job(request)
            threading.Thread(target=self._make, args=(job,), name="map", daemon=True).start()
        return self._under_way[request]

    def _look(self, request: Request) -> Any:
        found = self._kept.get(request)
        if found is None:
            return None
        self._kept.move_to_end(request)
        return found[0]

    def _make(self, job: Job) -> None:
        def progress(share: float) -> None:
            job.share = share
            with self._lock:
                self._cancel_unwanted(job)

        try:
            with self._turn:
                progress(0.0)
                if not job.cancel.is_set():
                    job.result = job.request.compute(job.cancel, progress)
        except Cancelled:
            pass
        except Exception as error:
            job.error = error
        with self._lock:
            if job.result is not None:
                self._keep(job.request, job.result)
            if self._under_way.get(job.request) is job:
                del self._under_way[job.request]
        job.done.set()

    def _keep(self, request: Request, result: Any) -> None:
        self._kept[request] = result, result.nbytes
        while sum(size for _, size in self._kept.values()) > self._most_bytes:
            self._kept.popitem(last=False)


def gone(visitor: object, jobs: dict[Request, Job]) -> bool:
    """Tell whether a visitor has not looked at any of these jobs for a while."""
    return all(job.watched.get(visitor, 0.0) < time.monotonic() for job in jobs.values())


JOBS = Jobs()
