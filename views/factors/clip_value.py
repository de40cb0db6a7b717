"""Values to which the coordinates of one optimizer's gradients are clipped."""

from __future__ import annotations

from landscape.language import msgid
from views.settings.clip_and_stop import of_field

FACTOR = of_field("clip_value", "Clipping by value", 26, (0, 10, 3, 1), msgid("clipped to {value}"))
