"""Changes of the loss at which one optimizer's runs stop."""

from __future__ import annotations

from landscape.language import msgid
from views.settings.limits import of_limit

FACTOR = of_limit(
    "stop_change",
    "Stopping by change of the loss",
    28,
    (0.1, 0.01, 0.001, 0.0001),
    msgid("to change {value}"),
)
