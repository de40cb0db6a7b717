"""A chart as a Streamlit component: it draws one figure and reports where it was clicked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from views.figures import Figure
from views.payload import pack
from views.player import LOADER, WAIT, digest
from views.server import VIEWS, address
from views.theme import Theme

CHART = """export default function ({ data, parentElement, setTriggerValue }) {
  Promise.all([zigzagChart, zigzagPlayer])
    .then(([chart, player]) => chart.show(parentElement, data, setTriggerValue, player.unpack))
    .catch((error) => {
      const wait = parentElement.querySelector(".zz-wait");
      if (wait) wait.textContent = "The chart could not be loaded. Reload the page to try again.";
      console.error(error);
    });
  return () => zigzagChart.then((module) => module.close(parentElement));
}"""


def register() -> Any:
    """Register the component; return its mounting command."""
    paths = {"player": address("player.js"), "plotly": address("plotly.js")}
    fetch = f'window.zigzagChart ??= zigzagPlayer.then(() => import(at("{address("chart.js")}")));'
    return st.components.v2.component(
        "zigzag_chart",
        html=WAIT,
        css=(VIEWS / "player.css").read_text(),
        js=LOADER % {**paths, "act": f"{fetch}\n{CHART}"},
        isolate_styles=False,  # Plotly's own style sheet cannot reach into a shadow root
    )


def show(
    component: Any,
    figure: Figure,
    theme: Theme,
    label: str,
    on_point: Callable[[], None],
    aspect: float = 0.0,
    tallest: int = 460,
    legend: Sequence[tuple[str, str]] = (),
    key: str = "chart",
) -> None:
    """Mount a chart of `figure`, which Python made.

    `aspect` is the height of its plot over the width, 0 for one as wide as the page, and `tallest`
    the most pixels of that height; `legend` holds texts and their colours. `label` tells a screen
    reader what it shows. `on_point` is called after a click; `st.session_state[key]["point"]` is
    then its x and y, of a logarithmic axis the exponent.
    """
    packed = pack(
        {
            **figure,
            "id": digest(label, theme.name, figure["data"]),
            "page": theme.page,
            "label": label,
            "aspect": aspect,
            "tallest": tallest,
            "legend": legend,
        }
    )
    component(key=key, data=packed, on_point_change=on_point, on_theme_change=lambda: None)
