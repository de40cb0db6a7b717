"""Changes of the loss at which one optimizer's runs stop."""

from __future__ import annotations

from landscape.language import msgid
from views.settings.clip_and_stop import of_field

# Where the usual ones would all do the same: from the start, or never.
OTHERS = {
    "Linear regression": (0.1, 0.05, 0.03, 0.02),
    "Logistic regression": (0.1, 0.03, 0.01, 0.001),
    "One hidden unit": (0.08, 0.03, 0.01, 0.001),
    "Saddle": (0.1, 0.03, 0.01, 0.001),
    "Sine fit": (0.001, 0.0003, 0.0001, 0.00001),
    "Two features": (0.02, 0.015, 0.01, 0.006),
}

FACTOR = of_field(
    "stop_change",
    "Stopping by change of the loss",
    28,
    (1, 0.3, 0.1, 0.01),
    msgid("to change {value}"),
    OTHERS,
)
