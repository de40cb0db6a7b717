"""Every text that a visitor reads, in the visitor's language.

The English text in the source is the message's id, as gettext has it:

    tr("Lowest loss: {loss}.", loss=number(0.5))
    tr_n("{count} run", "{count} runs", 3)
    FACT = msgid("A curved valley.")   # a constant: marked here, and shown by tr(FACT)

    @dataclass
    class Surface:
        sentence: Message             # its constants are collected, and shown by tr(it.sentence)

`tr` and `tr_n` answer in the language of the `with language("ko"):` around them, in English where
there is none. Whoever answers a visitor opens one: a page script, each of its fragments, a route.
A text is made where it is shown and is not kept: what is cached holds ids and numbers, or has the
language in its key.

A message is a whole sentence or label with named placeholders. It is never put together from parts:
other languages put the parts in another order. A value that is a text itself, such as the name of a
surface, is translated before it is put in. Numbers are written by `number`, `whole` and `percent`.

What is written for programmers stays English: the errors of the Python interface, which name its
fields, and the code of a run but for its comments. Where the page shows an error it says in its own
words what is wrong, and quotes the error as code.

The translations lie in texts/, a .po file for each language, and are read when first asked for.
`python .ci/texts.py` collects the messages of the source into texts/messages.pot and brings the .po
files up to date; a test fails where that has not been done. The pseudo-language puts every message
of messages.pot into double brackets and an accent on every letter, which shows what has escaped;
another has every word twice, which shows where a page has no room for a longer language.
"""

from __future__ import annotations

import contextlib
import functools
import gettext
import io
import math
import re
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

Message = str  # a text's id; a constant given to a parameter or field of this type is collected

SOURCE = "en"
PSEUDO, LONG = "pseudo", "long"
PSEUDOS = (PSEUDO, LONG)  # languages for tests: made of the messages, which shows what is none
# Those a visitor is offered, by code, each in its own name.
LANGUAGES = {SOURCE: "English", "ko": "한국어"}
FOLDER = Path(__file__).parent / "texts"
TEMPLATE = FOLDER / "messages.pot"

_current: ContextVar[str] = ContextVar("language", default=SOURCE)


@contextlib.contextmanager
def language(code: str) -> Iterator[None]:
    """Answer in the language of `code`, one of LANGUAGES or PSEUDOS, until the block ends.

    Raises ValueError for another; `known` makes one of whatever a link holds.
    """
    if code not in (*LANGUAGES, *PSEUDOS):
        raise ValueError(f"language = {code!r}: must be one of {', '.join(LANGUAGES)}")
    token = _current.set(code)
    try:
        yield
    finally:
        _current.reset(token)


def known(code: str | None) -> str:
    """Return `code` if there is such a language, otherwise English."""
    return code if code is not None and code in (*LANGUAGES, *PSEUDOS) else SOURCE


def current() -> str:
    """Return the code of the language that texts are made in."""
    return _current.get()


def msgid(message: Message) -> Message:
    """Return `message`, an id; so marked, it is collected for translation."""
    return message


def tr(message: Message, /, **values: object) -> str:
    """Return a message in the current language, with `values` in place of its {names}."""
    found = _translations(_current.get()).gettext(message) if message else ""
    return found.format(**values) if values else found


def tr_n(one: Message, many: Message, count: int, /, **values: object) -> str:
    """Return the message for `count` things; its {count} is the number as people write it."""
    found = _translations(_current.get()).ngettext(one, many, count)
    return found.format(count=whole(count), **values)


def script_texts() -> dict[str, str]:
    """Return the JavaScript's messages in the current language, by id; none in English."""
    code = _current.get()
    if code == SOURCE:
        return {}
    ids = (
        str(message.id)
        for message in _catalog(code)
        if any(name.endswith(".js") for name, _ in message.locations)
    )
    return {message: tr(message) for message in ids}


# --- Numbers


def number(value: float, digits: int | None = None) -> str:
    """Return a number as people write it, with no needless zeros or exponent.

    It has `digits` significant digits: two or, from 100 on, three if none are given. What is no
    number, as the logarithm of a negative one, has no value.
    """
    if math.isnan(value):
        return tr("no value")
    size = abs(value)
    sign = "−" if value < 0 else ""
    if size == 0 or not math.isfinite(size):
        return sign + f"{size:g}".replace("inf", "∞")
    digits = _digits(size, digits)
    if 1e-5 <= size < 1e6:
        rounded = float(f"{size:.{digits}g}")
        decimals = max(0, digits - 1 - math.floor(math.log10(rounded)))
        written = f"{rounded:,.{decimals}f}"
        written = written.rstrip("0").rstrip(".") if "." in written else written
        return sign + _localized(written)
    mantissa, exponent = f"{size:.{digits - 1}e}".split("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{sign}{_localized(mantissa)}e{int(exponent)}"


def written(value: float, digits: int | None = None) -> float:
    """Return what a reader takes a number for that `number` has written."""
    return float(f"{value:.{_digits(abs(value), digits) - 1}e}")


def _digits(size: float, digits: int | None) -> int:
    """Return how many significant digits a number of that size is written with."""
    if digits is not None:
        return digits
    return 3 if 99.5 <= size < 1e6 else 2


def whole(value: int) -> str:
    """Return a whole number with its thousands separated."""
    return _localized(f"{value:,}").replace("-", "−")


def percent(share: float, decimals: int = 0) -> str:
    """Return a share, from 0 to 1, in percent."""
    return _localized(f"{share:.{decimals}%}")


def _localized(written: str) -> str:
    """Return a number written in the English way with the marks of the current language."""
    return written.translate(_marks(_current.get()))


def number_marks() -> tuple[str, str]:
    """Return the decimal and the grouping mark of the current language."""
    return _localized("."), _localized(",")


@functools.cache
def _marks(code: str) -> dict[int, str]:
    """Return the decimal and grouping marks of a language, by the English ones they replace."""
    if code in (SOURCE, *PSEUDOS):
        return {}
    from babel.numbers import get_decimal_symbol, get_group_symbol

    return {ord("."): get_decimal_symbol(code), ord(","): get_group_symbol(code)}


# --- Catalogs. Babel is imported only where a language other than English is asked for.


@functools.cache
def _translations(code: str) -> gettext.NullTranslations:
    """Return the messages of a language; one that is missing there is answered in English."""
    if code == SOURCE:
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo

    compiled = io.BytesIO()
    write_mo(compiled, _catalog(code))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@functools.cache
def _catalog(code: str) -> Catalog:
    """Return the catalog of a language other than English."""
    from babel.messages.pofile import read_po

    if code not in PSEUDOS:
        with (FOLDER / f"{code}.po").open("rb") as file:
            return read_po(file, locale=code)
    with TEMPLATE.open("rb") as file:
        catalog = read_po(file, locale=SOURCE)
    made = _accented if code == PSEUDO else _doubled
    for message in catalog:
        if isinstance(message.id, str):
            message.string = made(message.id) if message.id else message.string
        else:
            message.string = tuple(made(form) for form in message.id)
    return catalog


# Parts of a message that are not words: placeholders, formulas, code, tags, entities, icons.
_KEPT = re.compile(r"(\{[^}]*\}|\$[^$]+\$|`[^`]+`|<[^>]+>|&#?\w+;|:material/\w+:)")
_ACCENTS = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    "ÀƁÇÐÉƑĜĤÎĴĶĻḾÑÖÞǪŔŠŢÛṼŴẊÝŽàƀçðéƒĝĥîĵķļḿñöþǫŕšţûṽŵẋýž",
)


def _accented(message: str) -> str:
    parts: list[Any] = _KEPT.split(message)
    parts[::2] = [part.translate(_ACCENTS) for part in parts[::2]]
    return f"[[{''.join(parts)}]]"


def _doubled(message: str) -> str:
    """Return a message with its words once more: no translation that fits a page is longer."""
    words = " ".join(re.findall(r"\w+", " ".join(_KEPT.split(message)[::2])))
    return f"{message} {words}" if words else message
