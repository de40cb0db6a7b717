"""Tables as CSV, some rows at a time."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from landscape.language import msgid

ROWS = 4096  # that are written at once: to do more would keep others waiting
# The names of columns, as Python has them. Where a language has another word, so has its file.
COLUMNS = (
    *(msgid("run"), msgid("step"), msgid("x"), msgid("y"), msgid("loss"), msgid("lr")),
    *(msgid("seed"), msgid("end_x"), msgid("end_y"), msgid("ends_at"), msgid("updates")),
    *(msgid("updates_to_tolerance"), msgid("diverged"), msgid("zone"), msgid("batch_size")),
    *(msgid("momentum"), msgid("gap"), msgid("gap_low"), msgid("gap_median"), msgid("gap_high")),
    msgid("gap_averaged"),
    *(msgid("average_x"), msgid("average_y"), msgid("average_loss")),
    *(msgid("sutskever_x"), msgid("sutskever_y"), msgid("sutskever_loss")),
    *(msgid("curvature"), msgid("curvature_limit")),
    *(msgid("share"), msgid("low"), msgid("high"), msgid("measured"), msgid("theory")),
)
# Spreadsheets take a file without it for one in the letters of their own system.
MARK = "\ufeff"
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for the start of one


def csv_pieces(header: Iterable[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """Yield a table as CSV in which no text is a formula to a spreadsheet.

    The header is given in the current language; one that is not in ASCII has a mark before it.
    """
    out = io.StringIO()
    header = [*header]
    if not "".join(header).isascii():
        out.write(MARK)
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
