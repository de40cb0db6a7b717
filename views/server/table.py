"""Tables as CSV, some rows at a time."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

ROWS = 4096  # that are written at once: to do more would keep others waiting
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for the start of one


def csv_pieces(header: Iterable[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """Yield a table as CSV in which no text is a formula to a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(map(cell, header))
    left = iter(rows)
    while True:
        writer.writerows(map(cell, row) for row in islice(left, ROWS))
        if not out.tell():
            return
        yield out.getvalue()
        out.seek(0)
        out.truncate()


def cell(value: Any) -> Any:
    """Return a value as its cell has it: texts that look like a formula behind an apostrophe."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
