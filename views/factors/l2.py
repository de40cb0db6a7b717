"""Strengths of L2 of one optimizer: how far it pulls the minimum in."""

from __future__ import annotations

from landscape.language import msgid
from views.settings.regularization import of_strength

FACTOR = of_strength("l2", "L2 strength", 17, (0, 0.1, 0.5, 2), msgid("L2 {value}"))
