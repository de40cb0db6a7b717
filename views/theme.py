"""The colours of a light and a dark page, and the marks that tell runs apart."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Theme:
    """The colours of one page; `low` and `high` end the colour scale of the surface.

    A grey surface under saturated paths reads better on a projector than a rainbow under them.
    """

    name: str
    page: str
    text: str
    line: str
    low: str
    high: str
    contour: str


LIGHT = Theme("light", "#ffffff", "#1f2328", "#c8ccd2", "#ffffff", "#a3a9b1", "#8b929b")
DARK = Theme("dark", "#0e1117", "#f2f4f7", "#4a5160", "#0e1117", "#5b6472", "#737d8c")
THEMES = {theme.name: theme for theme in (LIGHT, DARK)}

# Okabe and Ito's palette, distinguishable under all three colour-vision deficiencies; its black
# is left to text, so a grey and a violet complete the nine. Every run also has its own
# symbol, none of them like the cross of the start or the star of a minimum.
YELLOW = "#F0E442"
COLOURS = (
    *("#777777", "#0072B2", "#D55E00", "#7F4F9E", "#E69F00"),
    *("#56B4E9", "#CC79A7", "#009E73", YELLOW),
)
SYMBOLS = (
    *("circle", "square", "diamond", "triangle-up", "cross"),
    *("triangle-down", "pentagon", "hourglass", "bowtie"),
)
MOST_PANELS = len(COLOURS)
