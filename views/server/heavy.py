"""What takes long is made by a process of its own, which gives way to all others.

Threads would not do. What Python computes in one of them keeps all others of its process waiting;
and a thread that gives way, as those of a sweep do, may have to wait for a processor while it holds
the interpreter, which all visitors of its process then wait for.
"""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import os
import pickle
import queue
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from optimizers import Cancelled
from optimizers.maps import Request
from views.server import memory
from views.server.worker import follow_parent

Made = TypeVar("Made")
LOOK = 0.1  # seconds between two looks at whether the client has gone, and two shares that are told
NICE = 10  # how far the process steps back
PICTURE, FILE, MAP, CANCEL = "picture", "file", "map", "cancel"  # what the process is told to do
SHARE, WELL, BADLY, ENDED = "share", "well", "badly", "ended"  # what it answers

Answers = queue.SimpleQueue[tuple[str, Any]]


# What a thread makes: the event that is set when nobody waits for it any more.
GIVEN_UP: ContextVar[threading.Event | None] = ContextVar("given up", default=None)


def given_up() -> threading.Event | None:
    """Return the event that tells who makes something that nobody waits for it any more.

    None where nobody would tell.
    """
    return GIVEN_UP.get()


class EndedError(Exception):
    """The process has ended before it has answered, or could not be begun."""


class Heavy:
    """The process, begun when it may soon be needed; without a server work is made at once."""

    def __init__(self) -> None:
        self._serving = False
        self._turns = {PICTURE: threading.Lock(), FILE: threading.Lock()}
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._process: BaseProcess | None = None
        self._pipe: Connection[Any, Any] | None = None
        self._waiting: dict[int, Answers] = {}

    def begin(self) -> None:
        """Use the process from now on."""
        self._serving = True

    def prepare(self) -> None:
        """Begin the process, which takes a second until it can answer; to fail is no harm here."""
        if self._serving:
            with self._lock, contextlib.suppress(EndedError):
                self._begun()

    def end(self) -> None:
        """Use it no more, whatever it makes."""
        self._serving = False
        if self._process is not None:
            self._process.kill()
            self._process.join()

    def make(self, gone: threading.Event, work: Callable[..., Made], *arguments: object) -> Made:
        """Return what work makes of its arguments; raise Cancelled when `gone` is set before.

        Work is a function of a module, and it and its arguments can be pickled. One is made after
        the other: what is begun ends, or looks at `given_up`, before the next one begins. Where the
        process was killed, another one is begun.
        """
        return self._in_turn(PICTURE, gone, work, arguments)

    def make_file(
        self, gone: threading.Event, work: Callable[..., Made], *arguments: object
    ) -> Made:
        """Return the same for a file: those wait for each other, and no picture waits for them."""
        return self._in_turn(FILE, gone, work, arguments)

    def compute(
        self, request: Request, cancel: threading.Event, progress: Callable[[float], None]
    ) -> Any:
        """Return the map of a request, as its own `compute` does."""
        if not self._serving:
            return request.compute(cancel, progress)
        return self._asked(MAP, (request,), cancel, progress)

    def _in_turn(
        self,
        lane: str,
        gone: threading.Event,
        work: Callable[..., Made],
        arguments: tuple[object, ...],
    ) -> Made:
        if not self._serving:
            return work(*arguments)
        turn = self._turns[lane]
        while not turn.acquire(timeout=LOOK):
            if gone.is_set():
                raise Cancelled
        try:
            made: Made = self._asked(lane, (work, *arguments), gone)
            return made
        finally:
            turn.release()

    def _asked(
        self,
        kind: str,
        content: tuple[Any, ...],
        gone: threading.Event,
        progress: Callable[[float], None] | None = None,
    ) -> Any:
        """Return what the process answers; another one is asked where it was killed."""
        for _ in range(2):
            if gone.is_set() or not self._serving:
                break
            with contextlib.suppress(EndedError):
                return self._answer(kind, content, gone, progress)
        raise Cancelled

    def _answer(
        self,
        kind: str,
        content: tuple[Any, ...],
        gone: threading.Event,
        progress: Callable[[float], None] | None,
    ) -> Any:
        number, answers, told = next(self._numbers), Answers(), False
        try:
            self._tell(number, kind, content, answers)
            while True:
                with contextlib.suppress(queue.Empty):
                    what, value = answers.get(timeout=LOOK)
                    if what == ENDED:
                        raise EndedError
                    if what == WELL:
                        return value
                    if what == BADLY:
                        raise value
                    if progress:
                        progress(value)
                if gone.is_set() and not told:
                    # Until it has stopped it keeps its turn.
                    self._cancel(number)
                    told = True
        finally:
            with self._lock:
                self._waiting.pop(number, None)

    def _tell(self, number: int, kind: str, content: tuple[Any, ...], answers: Answers) -> None:
        """Send something to the process, which is begun if there is none."""
        with self._lock:
            pipe = self._begun()
            self._waiting[number] = answers
            # Where it has ended, who listens says so.
            with contextlib.suppress(ConnectionError):
                pipe.send((number, kind, content))

    def _begun(self) -> Connection[Any, Any]:
        """Return the pipe to the process, which is begun if there is none.

        Raises EndedError where it cannot be begun.
        """
        if self._pipe is None:
            context = multiprocessing.get_context("spawn")
            try:
                pipe, other = context.Pipe()
            except OSError:
                raise EndedError from None
            process = context.Process(target=serve, args=(other,), daemon=True)
            listens = threading.Thread(target=self._listen, args=(pipe,), name="heavy", daemon=True)
            try:
                process.start()
                listens.start()
            except (OSError, RuntimeError):  # there is no room for another process, or thread
                pipe.close()  # by which one that has begun ends too
                raise EndedError from None
            finally:
                other.close()
            self._pipe, self._process = pipe, process
        return self._pipe

    def _cancel(self, number: int) -> None:
        with self._lock, contextlib.suppress(ConnectionError):
            if self._pipe:
                self._pipe.send((number, CANCEL, ()))

    def _listen(self, pipe: Connection[Any, Any]) -> None:
        """Hand on the answers of a process until it has ended."""
        try:
            while True:
                number, what, value = pipe.recv()
                with self._lock:
                    answers = self._waiting.get(number)
                if answers is not None:  # and nobody has left
                    answers.put((what, value))
        except (EOFError, OSError):
            pass
        finally:  # also where an answer cannot be read
            with self._lock:
                pipe.close()
                self._pipe = None
                for answers in self._waiting.values():
                    answers.put((ENDED, None))


class Serving:
    """What the process does."""

    def __init__(self, pipe: Connection[Any, Any]) -> None:
        self._pipe = pipe
        self._lock = threading.Lock()
        self._turns = {lane: ThreadPoolExecutor(1, lane) for lane in (PICTURE, FILE)}
        self._cancels: dict[int, threading.Event] = {}

    def serve(self) -> None:
        """Do what is asked for until nobody is there to ask."""
        while True:
            number, kind, content = self._pipe.recv()
            if kind == CANCEL:
                if cancel := self._cancels.get(number):  # and it has not ended meanwhile
                    cancel.set()
                continue
            self._cancels[number] = threading.Event()
            if kind == MAP:
                threading.Thread(
                    target=self._compute, args=(number, *content), name="map", daemon=True
                ).start()
            else:
                self._turns[kind].submit(self._make, number, *content)

    def _make(self, number: int, work: Callable[..., Any], *arguments: Any) -> None:
        GIVEN_UP.set(self._cancels[number])
        try:
            self._send(number, WELL, work(*arguments))
        except Exception as problem:
            self._send(number, BADLY, sendable(problem))
        finally:
            del self._cancels[number]

    def _compute(self, number: int, request: Request) -> None:
        told = time.monotonic()

        def progress(share: float) -> None:
            nonlocal told
            if time.monotonic() > told + LOOK:
                told = time.monotonic()
                self._send(number, SHARE, share)

        self._make(number, request.compute, self._cancels[number], progress)
        memory.give_back()

    def _send(self, number: int, what: str, value: Any) -> None:
        with self._lock, contextlib.suppress(ConnectionError):
            self._pipe.send((number, what, value))


def sendable(problem: Exception) -> Exception:
    """Return what went wrong as another process can read it."""
    try:
        pickle.loads(pickle.dumps(problem))
    except Exception:
        return RuntimeError(f"{type(problem).__name__}: {problem}")
    return problem


def serve(pipe: Connection[Any, Any]) -> None:
    """Make what is asked for: the process gives way to all others and ends with its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Control-C goes to the parent too, which ends it
    follow_parent()
    if os.name == "posix":
        os.nice(NICE)
    with contextlib.suppress(EOFError, ConnectionError):
        Serving(pipe).serve()
    os._exit(0)  # whatever is being made: nobody waits for it


HEAVY = Heavy()
