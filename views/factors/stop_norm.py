"""Gradient norms at which one optimizer's runs stop."""

from __future__ import annotations

from landscape.language import msgid
from views.settings.clip_and_stop import of_field

FACTOR = of_field(
    "stop_norm", "Stopping by gradient norm", 27, (1, 0.1, 0.01, 0.001), msgid("to norm {value}")
)
