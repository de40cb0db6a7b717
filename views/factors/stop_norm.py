"""Gradient norms at which one optimizer's runs stop."""

from __future__ import annotations

from landscape.language import msgid
from views.settings.limits import of_limit

FACTOR = of_limit(
    "stop_norm", "Stopping by gradient norm", 27, (1, 0.1, 0.01, 0.001), msgid("to norm {value}")
)
