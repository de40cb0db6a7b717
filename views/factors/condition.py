"""Condition numbers of the surface: how narrow a ravine is."""

from __future__ import annotations

from landscape.language import msgid
from views.settings.parameters import of_parameter

FACTOR = of_parameter(
    "condition",
    "Condition number",
    13,
    (1, 5, 10, 20),
    title=msgid("Condition numbers to compare"),
    of_run=msgid("condition {value}"),
)
