"""Gradient norms at which one optimizer's runs stop."""

from __future__ import annotations

from landscape.language import msgid
from views.settings.clip_and_stop import of_field

# Where the usual ones would all do the same: from the start, or never.
OTHERS = {
    "Beale": (10, 3, 1, 0.5),
    "Linear regression": (1, 0.7, 0.5, 0.4),
    "Logistic regression": (0.3, 0.1, 0.03, 0.01),
    "One hidden unit": (1, 0.5, 0.1, 0.03),
    "Rastrigin": (5, 3, 2, 1.5),
    "Rosenbrock": (100, 10, 3, 2),
    "Saddle": (1, 0.3, 0.1, 0.01),
    "Sine fit": (0.05, 0.02, 0.01, 0.005),
    "Six-hump camel": (1, 0.3, 0.01, 0.0001),
    "Two features": (0.7, 0.6, 0.5, 0.4),
}

FACTOR = of_field(
    "stop_norm",
    "Stopping by gradient norm",
    27,
    (10, 3, 1, 0.1),
    msgid("to norm {value}"),
    OTHERS,
)
