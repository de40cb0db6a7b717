"""An experiment as the Python that makes it with this library."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from landscape import Dataset, Formula
from optimizers.analysis.listing import TAB, WIDTH
from optimizers.simulation.experiment import Experiment, Run


def source(experiment: Experiment) -> str:
    """Return the expression that makes an equal experiment; what is a default is left out.

    It needs the names Experiment, Run and, where the experiment has data or a formula of its own,
    Dataset or Formula.
    """
    return _text(experiment, "")


def _text(value: Any, indent: str, before: int = 0) -> str:
    """Return an expression, over several lines where one is too long.

    One line has the indent and `before` characters of a name before it, and a comma behind.
    """
    room = WIDTH - len(indent) - before - 1
    deeper = indent + TAB
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Dataset):
        parts = [_text(each.tolist(), deeper) for each in (value.x, value.y)]
        return _joined("Dataset(", parts, ")", indent, room)
    if isinstance(value, Formula):
        named: dict[str, Any] = {"domain": value.domain, "start": value.start}
        named |= {n.name: (n.default, n.low, n.high) for n in value.parameters}
        parts = [f"{name}={_text(each, deeper)}" for name, each in named.items()]
        return _joined("Formula(", [_text(value.text, ""), *parts], ")", indent, room)
    if isinstance(value, Mapping):
        keys = [_text(key, "") for key in value]
        values = zip(keys, value.values(), strict=True)
        pairs = [f"{key}: {_text(each, deeper, len(key) + 2)}" for key, each in values]
        return _joined("{", pairs, "}", indent, room)
    if isinstance(value, (tuple, list)):
        opening, closing = "()" if isinstance(value, tuple) else "[]"
        if opening == "(" and len(value) == 1:
            closing = ",)"
        return _joined(opening, [_text(each, deeper) for each in value], closing, indent, room)
    if isinstance(value, (Experiment, Run)):
        first, *others = fields(value)
        usual = _usual(value)
        formula = value.formula if isinstance(value, Experiment) else None
        parts = [_text(formula or getattr(value, first.name), deeper)]
        for name in (field.name for field in others):
            own = getattr(value, name)
            if own != usual[name]:
                text = _text(_differing(own, usual[name]), deeper, len(name) + 1)
                parts.append(f"{name}={text}")
        return _joined(f"{type(value).__name__}(", parts, ")", indent, room)
    return repr(value)


def _usual(value: Experiment | Run) -> dict[str, Any]:
    """Return what the fields are where they are left out."""
    if isinstance(value, Experiment):
        plain: Experiment | Run = Experiment(value.surface, data=value.data, formula=value.formula)
        always: dict[str, Any] = {"data": None, "runs": None}
    else:
        plain = Run(value.optimizer)
        always = {"schedule_params": Run(value.optimizer, schedule=value.schedule).schedule_params}
    return {field.name: getattr(plain, field.name) for field in fields(value)} | always


def _differing(own: Any, usual: Any) -> Any:
    """Return a field's value, of a mapping only what differs."""
    if not isinstance(own, Mapping):
        return own
    return {name: each for name, each in own.items() if name not in usual or each != usual[name]}


def _joined(opening: str, parts: list[str], closing: str, indent: str, room: int) -> str:
    """Return parts on one line, or on a line each if they are too long for that."""
    line = f"{opening}{', '.join(parts)}{closing}"
    if "\n" not in line and len(line) <= room:
        return line
    inner = "".join(f"{indent}{TAB}{part},\n" for part in parts)
    return f"{opening}\n{inner}{indent}{closing.lstrip(',')}"
