"""Strengths of L1 of one optimizer: where it sets a weight to 0."""

from __future__ import annotations

from landscape.language import msgid
from views.settings.regularization import of_strength

FACTOR = of_strength(
    *("l1", "L1 strength", 18, (0, 0.1, 0.3, 1), msgid("L1 {value}")),
    able=lambda rule: bool(rule.l1_steps),
)
