"""Changes of the loss at which one optimizer's runs stop."""

from __future__ import annotations

from landscape.language import msgid
from views.settings.clip_and_stop import of_field

FACTOR = of_field(
    "stop_change",
    "Stopping by change of the loss",
    28,
    (0.1, 0.01, 0.001, 0.0001),
    msgid("to change {value}"),
)
