"""A board in shared memory on which the processes of a machine write what they do."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterator
from typing import Any

FACTS = {  # what each process tells, beside its number and the time
    "sessions": "Pages that are open.",
    "changes_total": "Messages of pages: openings, changes, looks at a job.",
    "pictures_total": "Answers with a picture or its ground.",
    "refused_total": "Requests refused because too much was asked for at once.",
    "picture_seconds_p95": "Time within which 95 % of the last 1,000 pictures were answered.",
    "map_jobs": "Maps and searches that are computed.",
    "map_queue": "Maps and searches that wait for their turn.",
    "memory_bytes": "Resident memory.",
    "trial_seconds": "Time that the last picture took which was drawn as a trial.",
}
PLACES = 16  # on the board
STALE = 30.0  # seconds after the last trial from which on a process counts as unable to draw

Row = tuple[float, ...]  # process, time of the last trial, and FACTS


class Board:
    """A table that processes share: a row for each, which only that process writes."""

    def __init__(self) -> None:
        self._width = 2 + len(FACTS)
        context = multiprocessing.get_context("spawn")
        # No lock, which a process that is killed would leave behind.
        self._cells: Any = context.Array("d", PLACES * self._width, lock=False)
        self._place: int | None = None

    def write(self, now: float, facts: dict[str, float]) -> None:
        """Write this process's row, at a free place if another has taken its own."""
        rows = [*self._all()]
        if self._place is None or rows[self._place][0] != os.getpid():
            taken = [bool(row[0]) and living(row, now) for row in rows]
            self._place = taken.index(False) if False in taken else len(taken) - 1
        self.put(self._place, (os.getpid(), now, *(facts[name] for name in FACTS)))

    def put(self, place: int, row: Row) -> None:
        """Write a row at a place."""
        self._cells[place * self._width : (place + 1) * self._width] = row

    def rows(self) -> list[Row]:
        """Return the rows of the processes that are there."""
        now = time.time()
        return [row for row in self._all() if row[0] and living(row, now)]

    def _all(self) -> Iterator[Row]:
        for place in range(PLACES):
            yield tuple(self._cells[place * self._width : (place + 1) * self._width])


def living(row: Row, now: float) -> bool:
    """Tell whether the process of a row is there."""
    if os.name != "posix":
        return now - row[1] < 2 * STALE
    try:
        os.kill(int(row[0]), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
