"""One chart of a map: its figure and what is said of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from views.scene.figures import Figure


class Key(NamedTuple):
    """An entry of a legend: its text, and the mark as it is drawn in the chart.

    `sign` is "area", "line", "dash" or "dot", or the name of a Plotly symbol. An area of shades
    goes from `colour` to `darkest`.
    """

    text: str
    colour: str
    sign: str = "area"
    darkest: str = ""


@dataclass(frozen=True)
class Panel:
    """One chart: its figure, which Python made, and its name for a screen reader.

    `aspect` is the height of the plot over its width, 0 for one as wide as there is room, and
    `tallest` the most pixels of that height. A figure of several pictures has `arrangements` of
    them, narrowest first, each for a page narrower than `below` pixels, with an aspect and a height
    of its own.
    """

    figure: Figure
    label: str
    aspect: float = 0.0
    tallest: int = 460
    legend: tuple[Key, ...] = ()
    arrangements: tuple[Figure, ...] = ()
