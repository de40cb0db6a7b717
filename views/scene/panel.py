"""One chart of a map: its figure and what is said of it."""

from __future__ import annotations

from dataclasses import dataclass

from views.scene.figures import Figure


@dataclass(frozen=True)
class Panel:
    """One chart: its figure, which Python made, and its name for a screen reader.

    `aspect` is the height of the plot over its width, 0 for one as wide as there is room, and
    `tallest` the most pixels of that height; `legend` holds texts and their colours.
    """

    figure: Figure
    label: str
    aspect: float = 0.0
    tallest: int = 460
    legend: tuple[tuple[str, str], ...] = ()
