"""The colours of a light and a dark page, and the marks that tell runs apart.

Colour belongs to the runs; everything else is ink. The ground is pale under dark paths and dark
under pale ones, so that each path stands out from every step of it, 3:1 or more, and the runs
differ from each other for people with any of the three colour-vision deficiencies too.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Theme:
    """The colours of one page.

    `side` lies under what stands beside the content; `muted` is text that comes second; `line`
    separates and `border` surrounds what can be used. `ground` colours a surface from its lowest
    loss to its highest, `contour` draws its contours. `runs` are the colours of the runs, by their
    place among those shown. `ramp` colours the losses of a map, low to high, and `diverged`, a warm
    grey, its pixels without one. The lowest loss has the colour of the page, on ground and map.
    """

    name: str
    page: str
    side: str
    text: str
    muted: str
    line: str
    border: str
    ground: tuple[str, ...]
    contour: str
    runs: tuple[str, ...]
    ramp: tuple[str, ...]
    diverged: str

    def style(self) -> str:
        """Return the style sheet that names the colours of the page's ink."""
        inks = {"page": self.page, "side": self.side, "ink": self.text, "muted": self.muted}
        inks |= {"line": self.line, "border": self.border}
        return f":root{{{';'.join(f'--lab-{name}:{colour}' for name, colour in inks.items())}}}"


def even_scale(colours: tuple[str, ...]) -> list[list[float | str]]:
    """Return Plotly's colour scale of colours at equal distances."""
    return [[n / (len(colours) - 1), colour] for n, colour in enumerate(colours)]


LIGHT = Theme(
    name="light",
    page="#ffffff",
    side="#f5f7f9",
    text="#17202b",
    muted="#56626f",
    line="#dce3ea",
    border="#bcc7d2",
    ground=("#fffdf6", "#f5f6ee", "#e7efec", "#d9e5ea", "#cddae6"),
    contour="#7f97ab",
    runs=("#0b4f94", "#d2440b", "#0f8763", "#b05a94", "#5a3a00", "#20262e"),
    ramp=("#fffaec", "#7db5b8", "#173a58"),
    diverged="#bdb3a5",
)
DARK = Theme(
    name="dark",
    page="#0d1218",
    side="#151c25",
    text="#eef2f6",
    muted="#9facb9",
    line="#27323e",
    border="#3b4957",
    ground=("#0c1219", "#111b25", "#172632", "#1e313f", "#263d4c"),
    contour="#5f7d92",
    runs=("#56b4e9", "#ff7043", "#8df0be", "#e58fb6", "#f0e442", "#f4f6f8"),
    ramp=("#0c1219", "#2f6f86", "#cfede6"),
    diverged="#4d473f",
)
THEMES = {theme.name: theme for theme in (LIGHT, DARK)}

# The marks of the runs by their place: the last three have the colours of the first three again,
# and are dashed and hollow. None is like the ring of the start or the plus of a minimum. `KEYS` are
# the same in text.
SYMBOLS = (
    *("circle", "diamond", "triangle-up", "square", "triangle-down", "triangle-left"),
    *("circle-open", "diamond-open", "triangle-up-open"),
)
KEYS = dict(zip(SYMBOLS, "●◆▲■▼◄○◇△", strict=True))
MOST_PANELS = len(SYMBOLS)
