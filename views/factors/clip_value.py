"""Values to which the coordinates of one optimizer's gradients are clipped."""

from __future__ import annotations

from landscape.language import msgid
from views.settings.limits import of_limit

FACTOR = of_limit("clip_value", "Clipping by value", 26, (0, 10, 3, 1), msgid("clipped to {value}"))
