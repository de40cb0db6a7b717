"""Long computations, for all visitors of this process: each is made once, told of, and ended early.

A map is asked for by what it depends on. Whoever asks for one that is being made waits for the
same job; a job that nobody waits for any more is cancelled; finished maps are kept, the last used
ones, up to a number of bytes.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from optimizers import Cancelled
from optimizers.maps import Request

MOST_BYTES = 200_000_000  # of finished maps
MOST_AT_ONCE = 2  # jobs that compute; the others wait for their turn


@dataclass(eq=False)
class Job:
    """One computation: its share done, and in the end its result or what went wrong."""

    request: Request
    done: threading.Event = field(default_factory=threading.Event)
    cancel: threading.Event = field(default_factory=threading.Event)
    share: float = 0.0
    result: Any = None
    error: Exception | None = None
    waiting: int = 0  # visitors


class Jobs:
    """The jobs under way and the results that are kept."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._lock = threading.Lock()
        self._turn = threading.Semaphore(MOST_AT_ONCE)
        self._under_way: dict[Hashable, Job] = {}
        self._kept: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._most_bytes = most_bytes

    def kept(self, request: Request) -> Any:
        """Return a finished map, or None."""
        with self._lock:
            return self._look(request)

    def join(self, request: Request) -> Job:
        """Return the job that makes a map, started if need be; call `leave` in the end."""
        with self._lock:
            result = self._look(request)
            if result is not None:  # it was finished a moment ago
                job = Job(request, result=result, waiting=1)
                job.done.set()
                return job
            if request not in self._under_way:
                job = self._under_way[request] = Job(request)
                threading.Thread(target=self._make, args=(job,), name="map", daemon=True).start()
            job = self._under_way[request]
            job.waiting += 1
            return job

    def leave(self, job: Job) -> None:
        """Stop waiting for a job; without anybody who waits it is cancelled."""
        with self._lock:
            job.waiting -= 1
            if job.waiting == 0 and not job.done.is_set():
                job.cancel.set()
                # Whoever asks again from now on must not get the cancelled one.
                if self._under_way.get(job.request) is job:
                    del self._under_way[job.request]

    def _look(self, request: Request) -> Any:
        found = self._kept.get(request)
        if found is None:
            return None
        self._kept.move_to_end(request)
        return found[0]

    def _make(self, job: Job) -> None:
        def progress(share: float) -> None:
            job.share = share

        try:
            with self._turn:
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


JOBS = Jobs()
