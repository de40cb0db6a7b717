#!/usr/bin/env python3
"""Collect the messages of the source, and bring the catalogs of all languages up to date.

    .venv/bin/python .ci/texts.py

A message of a Python file is a constant that is given to a parameter or field whose type is
`Message`, such as the first of `tr`; of a JavaScript file, what is given to `tr`.

Nothing is lost: what has a new id but looks alike is kept as fuzzy, for a translator to look at.

Who adds or changes a text writes its English where it is shown, runs this, and then finds it in
texts/ko.po without a translation, or with the old one and marked as fuzzy. Both are answered in
English, and both are named by this script and by tests/test_language.py until the Korean is there
and the mark is gone. The same goes for a translation that has other placeholders, other markup or
other numbers than its message. The words of the field and the style are those already in ko.po:
a sentence ends in -니다, a label is a noun, names of algorithms stay as they are, and no particle
that depends on the sound before it follows a placeholder ("{run}: ... 발산합니다.").
"""

from __future__ import annotations

import ast
import io
import re
import string
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "landscape" / "texts"
TEMPLATE = FOLDER / "messages.pot"
PARTS = ("landscape", "optimizers", "views")
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
    trees = {path: ast.parse(path.read_text("utf-8")) for path in sources("*.py")}
    takers = {name: found for tree in trees.values() for name, found in takers_in(tree).items()}
    for path, tree in trees.items():
        for message in messages_in(tree, takers):
            catalog.add(message, None, [(path.relative_to(ROOT).as_posix(), 0)])
    for path in sources("*.js"):
        with path.open("rb") as file:
            options = {"parse_template_string": True}  # what stands in `${...}` too
            found = extract("javascript", file, keywords={"tr": None}, options=options)
            for _, message, _, _ in found:
                catalog.add(message, None, [(path.relative_to(ROOT).as_posix(), 0)])
    return catalog


def sources(pattern: str) -> list[Path]:
    """Return the files of the app that fit a pattern."""
    return [path for part in PARTS for path in sorted((ROOT / part).rglob(pattern))]


class Taker(NamedTuple):
    """A function or class that takes messages: the names of all its parameters, and of those."""

    names: tuple[str, ...]
    messages: frozenset[str]

    @staticmethod
    def of(annotated: list[tuple[str, ast.expr | None]]) -> Taker:
        """Return the taker with these parameters and their annotations."""
        marked = (n for n, a in annotated if a and re.search(r"\bMessage\b", ast.unparse(a)))
        return Taker(tuple(name for name, _ in annotated), frozenset(marked))


def takers_in(tree: ast.Module) -> dict[str, Taker]:
    """Return the functions, methods (`Class.method`) and classes of a file that take messages."""
    found: dict[str, Taker] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = function(node)
        elif isinstance(node, ast.ClassDef):
            fields = [f for f in node.body if isinstance(f, ast.AnnAssign)]
            found[node.name] = Taker.of([(ast.unparse(f.target), f.annotation) for f in fields])
            for part in node.body:
                if isinstance(part, ast.FunctionDef):
                    found[f"{node.name}.{part.name}"] = function(part)
    return {name: taker for name, taker in found.items() if taker.messages}


def function(node: ast.FunctionDef) -> Taker:
    """Return what a function takes."""
    arguments = node.args
    parameters = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    return Taker.of([(a.arg, a.annotation) for a in parameters])


def messages_in(tree: ast.Module, takers: dict[str, Taker]) -> Iterator[str | tuple[str, ...]]:
    """Return the messages that a file gives to what takes them, a plural as a pair.

    Raises ValueError for a text that is put together where it is given: it has no id.
    """
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        taker = takers.get(ast.unparse(node.func))
        if taker is None:
            continue
        flat: list[ast.expr] = []
        for argument in node.args:
            if isinstance(argument, ast.Starred) and isinstance(argument.value, ast.Tuple):
                flat += argument.value.elts
            else:
                flat.append(argument)
        given = [*zip(taker.names, flat, strict=False), *((k.arg, k.value) for k in node.keywords)]
        texts = [[*constants(value)] for name, value in given if name in taker.messages]
        if ast.unparse(node.func) == "tr_n":
            yield tuple(text for found in texts for text in found)
        else:
            yield from (text for found in texts for text in found if text)


def constants(value: ast.expr) -> Iterator[str]:
    """Return the texts that an argument may be."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, ast.IfExp):
        yield from (*constants(value.body), *constants(value.orelse))
    elif isinstance(value, ast.Tuple):
        for part in value.elts:
            yield from constants(part)
    elif isinstance(value, (ast.JoinedStr, ast.BinOp)):
        raise ValueError(f"not a constant: {ast.unparse(value)}")


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
    """Say what is wrong with a language's messages: missing, fuzzy, or with other parts than words.

    Those parts, placeholders, markup and numbers, are the same in every language.
    """
    for message in catalog:
        if not message.id:
            continue
        if message.fuzzy:
            yield f"fuzzy: {message.id!r}"
        elif not all(forms(message.string)):
            yield f"not translated: {message.id!r}"
        elif not {*map(placeholders, forms(message.string))} <= {*allowed(message)}:
            yield f"other placeholders: {message.id!r}"
        elif not {*map(markup, forms(message.string))} <= {*map(markup, forms(message.id))}:
            yield f"other markup: {message.id!r}"
        elif not numbers(forms(message.id)[-1]) <= numbers(forms(message.string)[-1]):
            yield f"a number is missing: {message.id!r}"


def forms(text: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    """Return the singular and the plurals of a message or of its translation."""
    return (text or "",) if text is None or isinstance(text, str) else tuple(text)


def placeholders(text: str) -> frozenset[str]:
    """Return the names in braces."""
    try:
        return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name)
    except ValueError:  # a brace that stands alone, as in a formula
        return frozenset()


def markup(text: str) -> tuple[str, ...]:
    """Return what Markdown, KaTeX and HTML take for more than words, sorted.

    A ~ is among it: two of them, as Korean and Japanese write ranges with, strike out what is
    between.
    """
    return tuple(sorted(re.findall(r"\$[^$]+\$|`[^`]*`|<[^>]+>|:\w+/\w+:|[*~\[\]]", text)))


def numbers(text: str) -> Counter[str]:
    """Return the digits of the numbers in a text; their marks differ between languages."""
    text = re.sub(r"\{[^}]*\}", "", text)
    return Counter(re.sub(r"\D", "", found) for found in re.findall(r"\d+(?:[.,]\d+)*", text))


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
