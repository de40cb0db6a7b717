"""What an executor has made of a sweep is kept in a file, so that an interrupted one goes on."""

from __future__ import annotations

import io
import sqlite3
import threading
from collections.abc import Callable
from concurrent import futures
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import numpy as np

from optimizers.simulation import driver
from optimizers.simulation.chunks import Chunk

# SQLite writes a chunk whole or not at all, whatever ends the process, and lets in one at a time.
LAYOUT = (
    "CREATE TABLE IF NOT EXISTS journal (what TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS chunks (key TEXT PRIMARY KEY, ends BLOB NOT NULL)",
)
TABLES = {("journal",), ("chunks",)}


class Journal(Executor):
    """An executor that has another one make the chunks of sweeps, and keeps them in a file.

    A chunk is found again by all that it is made of. `what` says what the file is for: one that is
    for something else, is none of this kind, or is open already, is left alone and raises
    ValueError. What cannot be written raises the OSError or sqlite3.Error of that, at the latest
    when the journal is closed. The other executor stays open then, and the file stays where it is.
    """

    def __init__(self, path: Path, what: str, executor: Executor) -> None:
        self._executor = executor
        self._lock = threading.Lock()
        self._under_way: set[Future[Any]] = set()
        self._problem: Exception | None = None
        try:
            self._file = sqlite3.connect(
                path, timeout=0, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise ValueError(f"{path} cannot be written: {error}") from None
        try:
            self._open(path, what)
        except BaseException:
            self._file.close()
            raise

    def _open(self, path: Path, what: str) -> None:
        run = self._file.execute
        try:
            run("PRAGMA locking_mode = EXCLUSIVE")
            run("PRAGMA synchronous = NORMAL")
            run("BEGIN EXCLUSIVE")
            if {*run("SELECT name FROM sqlite_master WHERE type = 'table'")} - TABLES:
                raise ValueError(f"{path} holds no chunks of a map: it is another database")
            for table in LAYOUT:
                run(table)
            if run("SELECT count(*) FROM chunks").fetchone() == (0,):  # it is for nothing yet
                run("DELETE FROM journal")
                run("INSERT INTO journal VALUES (?)", (what,))
            found = run("SELECT what FROM journal").fetchone()
            run("COMMIT")
        except sqlite3.OperationalError as error:
            raise ValueError(f"{path} is open already, or cannot be written: {error}") from None
        except sqlite3.DatabaseError as error:
            raise ValueError(f"{path} holds no chunks of a map: {error}") from None
        if found != (what,):
            raise ValueError(
                f"{path} holds chunks of another map, or of another version of Zigzag: remove it to"
                " begin anew"
            )

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Return the future of `fn(chunk)`, which is done already where its result was kept."""
        (chunk,) = args
        self._raise_problem()
        ends = self._look(chunk)
        if ends is not None:
            done: Future[Any] = Future()
            done.set_result(ends)
            return done
        future = self._executor.submit(fn, chunk, **kwargs)
        self._under_way.add(future)
        future.add_done_callback(lambda made: self._keep(chunk, made))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Close the file, after what is under way unless that is not waited for.

        Raises what went wrong when it was written.
        """
        if cancel_futures:
            for future in [*self._under_way]:
                future.cancel()
        while wait and (under_way := [*self._under_way]):
            futures.wait(under_way)
        with self._lock:
            self._file.close()
        self._raise_problem()

    def _raise_problem(self) -> None:
        if self._problem is not None:
            problem, self._problem = self._problem, None
            raise problem

    def _look(self, chunk: Chunk) -> driver.Ends | None:
        with self._lock:
            row = self._file.execute(
                "SELECT ends FROM chunks WHERE key = ?", (chunk.key,)
            ).fetchone()
        return None if row is None else unpacked(row[0], chunk)

    def _keep(self, chunk: Chunk, made: Future[driver.Ends]) -> None:
        try:
            if made.cancelled() or made.exception() is not None:
                return
            content = packed(made.result())
            with self._lock:
                self._file.execute(
                    "INSERT OR REPLACE INTO chunks VALUES (?, ?)", (chunk.key, content)
                )
        except sqlite3.ProgrammingError:  # it was closed before this was ready
            pass
        except (OSError, sqlite3.Error) as error:
            self._problem = error
        finally:
            self._under_way.discard(made)


def packed(ends: driver.Ends) -> bytes:
    """Return a chunk's results as the content of an .npz file."""
    out = io.BytesIO()
    np.savez(out, **ends._asdict())
    return out.getvalue()


def unpacked(content: bytes, chunk: Chunk) -> driver.Ends | None:
    """Return what was packed of a chunk, or None where it has been damaged: it is then made again.

    Nothing is unpickled.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            ends = driver.Ends(**file)
        shapes = tuple(array.shape for array in ends)
    except Exception:  # whatever a damaged archive makes of itself
        return None
    return ends if shapes == chunk.shapes else None
