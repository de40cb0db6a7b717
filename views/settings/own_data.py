"""Data of a visitor's own: the samples that a text holds, or one sentence on why it holds none.

They are kept in the visit's memory and nowhere else: a link does not hold them.
"""

from __future__ import annotations

import re

import numpy as np

from landscape import Dataset, Surface
from landscape.data import FEWEST_SAMPLES, LARGEST
from landscape.language import Message, msgid, whole
from views.settings.noise import MOST_PAGE_SAMPLES, MOST_SLOW_SAMPLES
from views.settings.numbers import number_of
from views.settings.setting import Note, UnreadError, clean

MOST_CHARACTERS = 1_000_000
MOST_ROW = 1_000  # characters of a row
SEPARATORS = ("\t", ";", ",")  # or else blanks
CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ufffd]")

EMPTY = msgid("There is nothing in it: paste rows of numbers, one sample each.")
TOO_LARGE = msgid("It is larger than 1 MB, which is the most that is taken.")
NO_TEXT = msgid("It is no text in UTF-8: save it as CSV in that encoding.")
COLUMNS = msgid("Row {row} has {count} columns; there must be {wanted} on {surface}.")
TOO_LONG = msgid("Row {row} is longer than {most} characters.")
NO_NUMBER = msgid("`{text}` in row {row} is not a number.")
TOO_FAR = msgid("`{text}` in row {row} is not a number from −1,000,000 to 1,000,000.")
TOO_FEW = msgid("There must be {fewest} samples or more.")
TOO_MANY = msgid("There are more than {most} samples, the most on {surface}.")
CONSTANT = msgid(
    "Column {column} is the same in all samples, so that nothing can be learned of it."
)
DEPENDENT = msgid("The features are multiples of each other: they must differ in more than size.")
KINDS = msgid("The last column holds {count} different labels; there must be two on {surface}.")


def refuse(message: Message, **values: object) -> UnreadError:
    """Return the error that says why a text holds no samples."""
    return UnreadError(Note(message, values))


def read_samples(text: str, surface: Surface) -> Dataset:
    """Return the samples that a text holds, a row for each, for a surface made by data.

    Columns are parted by tabs, semicolons, commas or blanks: the features and then the label. A
    first row without a number is a heading; quotes are left out; between semicolons or tabs a
    comma is a decimal one. Of classes the label may be any text of two. Raises UnreadError with one
    sentence for everything else.
    """
    made_by = surface.samples
    assert made_by is not None
    if len(text) > MOST_CHARACTERS:
        raise refuse(TOO_LARGE)
    if not text.strip("\ufeff \t\r\n"):
        raise refuse(EMPTY)
    if CONTROLS.search(text):
        raise refuse(NO_TEXT)
    lines = [
        (number, line.strip())
        for number, line in enumerate(text.lstrip("\ufeff").splitlines(), 1)
        if line.strip()
    ]
    most = MOST_PAGE_SAMPLES if surface.quadratic else MOST_SLOW_SAMPLES
    wanted, owner = made_by.columns + 1, Note(surface.name)
    separator = next((each for each in SEPARATORS if each in lines[0][1][:MOST_ROW]), None)
    rows: list[list[str]] = []
    for number, line in lines:
        if len(line) > MOST_ROW:
            raise refuse(TOO_LONG, row=whole(number), most=whole(MOST_ROW))
        words = [word.strip(" \"'") for word in line.split(separator)]
        if len(words) != wanted:
            count = whole(len(words))
            raise refuse(
                COLUMNS, row=whole(number), count=count, wanted=whole(wanted), surface=owner
            )
        rows.append(words)
        if len(rows) > most + 1:
            raise refuse(TOO_MANY, most=whole(most), surface=owner)
    if not any(map(is_number, rows[0][: made_by.columns])):
        rows, lines = rows[1:], lines[1:]
    if len(rows) < FEWEST_SAMPLES:
        raise refuse(TOO_FEW, fewest=whole(FEWEST_SAMPLES))
    if len(rows) > most:
        raise refuse(TOO_MANY, most=whole(most), surface=owner)
    numbers = [number for number, _ in lines]
    columns = [[row[i] for row in rows] for i in range(wanted)]
    features = np.array([values_of(column, numbers, separator) for column in columns[:-1]]).T
    for i in range(made_by.columns):
        if np.ptp(features[:, i]) == 0:
            raise refuse(CONSTANT, column=whole(i + 1))
    if np.linalg.matrix_rank(features) < made_by.columns:
        raise refuse(DEPENDENT)
    if not made_by.classes:
        return Dataset(features, values_of(columns[-1], numbers, separator))
    kinds = sorted(set(columns[-1]), key=lambda kind: (not is_number(kind), kind))
    if len(kinds) != 2:
        raise refuse(KINDS, count=whole(len(kinds)), surface=owner)
    return Dataset(features, [float(kinds.index(label)) for label in columns[-1]])


def text_of(data: Dataset) -> str:
    """Return samples as a text that `read_samples` reads."""
    rows = np.column_stack([data.x, data.y]).tolist()
    return "\n".join(", ".join(map(repr, row)) for row in rows)


def is_number(word: str) -> bool:
    """Tell whether a word is a number, however large."""
    try:
        number_of(word)
    except ValueError:
        return False
    return True


def values_of(words: list[str], rows: list[int], separator: str | None) -> list[float]:
    """Return the numbers of a column."""
    found = []
    for word, row in zip(words, rows, strict=True):
        said = {"text": clean(word[:20]), "row": whole(row)}
        try:
            value = float(number_of(word.replace(",", ".") if separator != "," else word))
        except ValueError:
            raise refuse(NO_NUMBER, **said) from None
        if not abs(value) <= LARGEST:
            raise refuse(TOO_FAR, **said)
        found.append(value)
    return found
