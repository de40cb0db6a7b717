"""A chart as a Streamlit component: it draws one figure and reports where it was clicked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from landscape.language import tr
from views.player.player import mounted
from views.scene.panel import Panel
from views.scene.payload import pack
from views.scene.scene import digest
from views.theme import Theme


def register() -> Any:
    """Register the component; return its mounting command."""
    failed = tr("The chart could not be loaded. Reload the page to try again.")
    return mounted("zigzag_chart", "chart.js", failed)


def show(
    component: Any,
    panel: Panel,
    theme: Theme,
    on_point: Callable[[], None],
    on_theme: Callable[[], None],
    key: str,
    words: str,
) -> None:
    """Mount a chart, which `words` describe to a screen reader.

    `on_point` is called after a click; `st.session_state[key]["point"]` is then its x and y, of a
    logarithmic axis the exponent.
    """
    packed = pack(
        {
            **panel.figure,
            "id": digest(panel.label, words, theme.name, panel.figure["data"]),
            "page": theme.page,
            "label": panel.label,
            "words": words,
            "aspect": panel.aspect,
            "tallest": panel.tallest,
            "arrangements": panel.arrangements,
            "legend": panel.legend,
        }
    )
    component(key=key, data=packed, on_point_change=on_point, on_theme_change=on_theme)
