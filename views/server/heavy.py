"""Answers that take long are made by a process of their own, which gives way to all others.

Threads would not do: what Python computes in one of them keeps all others of its process waiting.
"""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from optimizers import Cancelled
from views.server.worker import follow_parent

Made = TypeVar("Made")
LOOK = 0.1  # seconds between two looks at whether the client has gone
NICE = 10  # how far the process steps back


class Heavy:
    """The process, begun when it is first needed; without a server work is made at once."""

    def __init__(self) -> None:
        self._serving = False
        self._turn = threading.Lock()
        self._numbers = itertools.count()
        self._process: BaseProcess | None = None
        self._pipe: Connection[Any, Any] | None = None

    def begin(self) -> None:
        """Use the process from now on."""
        self._serving = True

    def end(self) -> None:
        """Use it no more, whatever it makes."""
        self._serving = False
        if self._process is not None:
            self._process.kill()
            self._process.join()

    def make(self, gone: threading.Event, work: Callable[..., Made], *arguments: object) -> Made:
        """Return what work makes of its arguments; raise Cancelled when `gone` is set before.

        Work is a function of a module, and it and its arguments can be pickled. Where the process
        was killed, another one is begun.
        """
        if not self._serving:
            return work(*arguments)
        while not self._turn.acquire(timeout=LOOK):
            if gone.is_set():
                raise Cancelled
        try:
            for again in (True, False):
                try:
                    return self._made(gone, work, arguments)
                except (EOFError, ConnectionError):
                    self._pipe = None
                    if not (again and self._serving):
                        raise Cancelled from None
            raise AssertionError("the last try returns or raises")
        finally:
            self._turn.release()

    def _made(
        self, gone: threading.Event, work: Callable[..., Made], arguments: tuple[object, ...]
    ) -> Made:
        if gone.is_set():
            raise Cancelled
        if self._pipe is None:
            context = multiprocessing.get_context("spawn")
            self._pipe, other = context.Pipe()
            self._process = context.Process(target=serve, args=(other,), daemon=True)
            self._process.start()
            other.close()
        number = next(self._numbers)
        self._pipe.send((number, work, arguments))
        while True:
            if self._pipe.poll(LOOK):
                answered, well, made = self._pipe.recv()
                if answered == number:  # and not what somebody has not waited for
                    break
            elif gone.is_set():
                raise Cancelled
        if not well:
            raise made
        result: Made = made
        return result


def serve(pipe: Connection[Any, Any]) -> None:
    """Make what is asked for: the process gives way to all others and ends with its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Control-C goes to the parent too, which ends it
    follow_parent()
    if os.name == "posix":
        os.nice(NICE)
    with contextlib.suppress(EOFError, ConnectionError):
        while True:
            number, work, arguments = pipe.recv()
            try:
                answer = number, True, work(*arguments)
            except Exception as problem:
                answer = number, False, problem
            pipe.send(answer)


HEAVY = Heavy()
