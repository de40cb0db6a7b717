"""A folder of one-item modules is a registry: nobody keeps a second list."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Protocol, TypeVar


class Named(Protocol):
    """What every record has."""

    @property
    def name(self) -> str: ...


Record = TypeVar("Record", bound=Named)


def discover(
    package: str, attribute: str, kind: type[Record], order: Callable[[Any], Any]
) -> Mapping[str, Record]:
    """Import every module of `package` and return its `attribute` records by name, in `order`.

    A folder of the package's name that lies in another place on Python's path adds its modules:
    with x on the path, x/landscape/surfaces/booth.py is one more surface.

    A module that cannot be imported, as one whose record lacks a field, raises ImportError; one
    without the attribute TypeError, and a name used twice ValueError. Each names the module.
    """
    found: dict[str, Record] = {}
    folders = importlib.import_module(package).__path__
    elsewhere = (f"{place or '.'}/{package.replace('.', '/')}" for place in sys.path)
    folders.extend(folder for folder in elsewhere if folder not in folders)
    for info in pkgutil.iter_modules(folders):
        name = f"{package}.{info.name}"
        try:
            record: Any = getattr(importlib.import_module(name), attribute, None)
        except Exception as error:
            raise ImportError(f"{name}: {error}") from error
        if not isinstance(record, kind):
            raise TypeError(f"{name} defines no {attribute} of {kind.__name__}")
        if record.name in found:
            raise ValueError(f"{name}: the name {record.name!r} is taken")
        found[record.name] = record
    return MappingProxyType(dict(sorted(found.items(), key=lambda item: order(item[1]))))
