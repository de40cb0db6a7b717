"""Values of a parameter of the formula: of the one that it calls d."""

from __future__ import annotations

from landscape.language import msgid
from views.settings.parameters import of_letter

FACTOR = of_letter("d", msgid("Parameter d"), 24, msgid("Values of d to compare"))
