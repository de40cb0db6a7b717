"""Values of a parameter of the formula: of the one that it calls a."""

from __future__ import annotations

from landscape.language import msgid
from views.settings.parameters import of_letter

FACTOR = of_letter("a", msgid("Parameter a"), 21, msgid("Values of a to compare"))
