"""Norms to which one optimizer's gradients are clipped."""

from __future__ import annotations

from landscape.language import msgid
from views.settings.clip_and_stop import of_field

FACTOR = of_field(
    "clip_norm", "Clipping by norm", 25, (0, 10, 3, 1), msgid("clipped to norm {value}")
)
