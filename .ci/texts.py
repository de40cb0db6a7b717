#!/usr/bin/env python3
"""Collect the messages of the source, and bring the catalogs of all languages up to date.

    .venv/bin/python .ci/texts.py

Nothing is lost: what has a new id but looks alike is kept as fuzzy, for a translator to look at.
"""

from __future__ import annotations

import io
import re
import string
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "landscape" / "texts"
TEMPLATE = FOLDER / "messages.pot"
PARTS = ("landscape", "optimizers", "views")
METHODS = [("**.py", "python"), ("**.js", "javascript")]
KEYWORDS = {"tr": None, "tr_n": (1, 2), "mark": None}
# A date that changed by itself would make every catalog differ from the one in git.
CREATED = datetime(2026, 1, 1, tzinfo=UTC)


def extracted() -> Catalog:
    """Return the messages of the source with the files they are in."""
    catalog = Catalog(
        project="Zigzag",
        header_comment="# The messages of Zigzag, in English. Written by .ci/texts.py.",
        creation_date=CREATED,
        revision_date=CREATED,
        fuzzy=False,
    )
    for part in PARTS:
        found = extract_from_dir(
            ROOT / part, METHODS, keywords=KEYWORDS, comment_tags=("Translators:",)
        )
        for name, _, message, comments, context in found:
            # Of a place only the file: a line would change with every other change.
            place = [(f"{part}/{name.replace(chr(92), '/')}", 0)]
            catalog.add(message, None, place, auto_comments=comments, context=context)
    return catalog


def written(catalog: Catalog) -> str:
    """Return a catalog as its file holds it."""
    out = io.BytesIO()
    write_po(out, catalog, width=100, sort_by_file=True, include_lineno=False)
    # Another version of Babel makes no other catalog.
    return re.sub(r'"Generated-By: .*\n', "", out.getvalue().decode())


def up_to_date() -> dict[Path, str]:
    """Return what the template and every language's catalog should hold, by their files."""
    template = extracted()
    found = {TEMPLATE: written(template)}
    for path in sorted(FOLDER.glob("*.po")):
        with path.open("rb") as file:
            catalog = read_po(file, locale=path.stem)
        catalog.update(template, update_header_comment=False, update_creation_date=False)
        found[path] = written(catalog)
    return found


def faults(catalog: Catalog) -> Iterator[str]:
    """Say what is wrong with a language's messages: missing, fuzzy, or with other placeholders."""
    for message in catalog:
        if not message.id:
            continue
        if message.fuzzy:
            yield f"fuzzy: {message.id!r}"
        elif not all(forms(message.string)):
            yield f"not translated: {message.id!r}"
        elif not {*map(placeholders, forms(message.string))} <= {*allowed(message)}:
            yield f"other placeholders: {message.id!r}"


def forms(text: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    """Return the singular and the plurals of a message or of its translation."""
    return (text or "",) if text is None or isinstance(text, str) else tuple(text)


def placeholders(text: str) -> frozenset[str]:
    """Return the names in braces."""
    try:
        return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name)
    except ValueError:  # a brace that stands alone, as in a formula
        return frozenset()


def allowed(message: Message) -> Iterator[frozenset[str]]:
    """Return the sets of placeholders a translation may have: a plural may need {count}."""
    for form in forms(message.id):
        yield placeholders(form)
        if len(forms(message.id)) > 1:
            yield placeholders(form) | {"count"}


def main() -> int:
    """Write what is not up to date; return 1 where a catalog then still has faults."""
    FOLDER.mkdir(exist_ok=True)
    for path, content in up_to_date().items():
        path.write_text(content, encoding="utf-8")
    wrong = 0
    for path in sorted(FOLDER.glob("*.po")):
        with path.open("rb") as file:
            for fault in faults(read_po(file, locale=path.stem)):
                print(f"{path.name}: {fault}", file=sys.stderr)
                wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
