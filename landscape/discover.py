"""A folder of one-item modules is a registry: nobody keeps a second list."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

Record = TypeVar("Record")


def discover(
    package: str, attribute: str, kind: type[Record], order: Callable[[Any], Any]
) -> Mapping[str, Record]:
    """Import every module of `package` and return its `attribute` records by name, in `order`.

    A module without the attribute, or with a name used twice, raises at import.
    """
    found: dict[str, Record] = {}
    for info in pkgutil.iter_modules(importlib.import_module(package).__path__):
        record: Any = getattr(importlib.import_module(f"{package}.{info.name}"), attribute, None)
        if not isinstance(record, kind):
            raise TypeError(f"{package}.{info.name} does not define {attribute} as a {kind.__name__}")
        if record.name in found:  # type: ignore[attr-defined]
            raise ValueError(f"{package}.{info.name}: the name {record.name!r} is taken")
        found[record.name] = record  # type: ignore[attr-defined]
    return MappingProxyType(dict(sorted(found.items(), key=lambda item: order(item[1]))))
