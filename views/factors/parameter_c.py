"""Values of a parameter of the formula: of the one that it calls c."""

from __future__ import annotations

from landscape.language import msgid
from views.settings.parameters import of_letter

FACTOR = of_letter("c", msgid("Parameter c"), 23, msgid("Values of c to compare"))
