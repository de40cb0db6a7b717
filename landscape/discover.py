"""A folder of one-item modules is a registry: nobody keeps a second list."""

from __future__ import annotations

import importlib
import pkgutil
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

    A module that cannot be imported, as one whose record lacks a field, raises ImportError; one
    without the attribute TypeError, and a name used twice ValueError. Each names the module.
    """
    found: dict[str, Record] = {}
    for info in pkgutil.iter_modules(importlib.import_module(package).__path__):
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
