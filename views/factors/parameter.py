"""Values of a parameter of the formula: of the one that it calls a."""

from __future__ import annotations

from landscape.formula import LIMIT, NAME
from landscape.language import msgid
from views.settings.formulas import VARIED
from views.settings.parameters import of_parameter

FACTOR = of_parameter(
    VARIED,
    msgid("Parameter a"),
    21,
    (-1.0, 0.0, 1.0, 2.0),
    title=msgid("Values of a to compare"),
    of_run=msgid("{name} = {value}"),
    bounds={NAME: (-LIMIT, LIMIT)},
)
