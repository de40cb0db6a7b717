"""Values of a parameter of the formula: of the one that it calls b."""

from __future__ import annotations

from landscape.language import msgid
from views.settings.parameters import of_letter

FACTOR = of_letter("b", msgid("Parameter b"), 22, msgid("Values of b to compare"))
