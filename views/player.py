"""The player as a Streamlit component: it draws a scene, moves it, and reports clicks."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from typing import Any

import streamlit as st

from landscape import SURFACES
from optimizers import Experiment, Trajectory
from views import figures
from views.figures import Mark
from views.server import VIEWS, address
from views.theme import Theme

# Streamlit sends a component's script again with every message, so this one only fetches the
# player, which the browser keeps. Plotly is a plain script that leaves a global.
LOADER = """
const at = (path) => new URL(path, document.baseURI).href;
const plotly = window.Plotly ? Promise.resolve() : new Promise((done, failed) => {
  const script = document.createElement("script");
  Object.assign(script, { src: at("%(plotly)s"), onload: done, onerror: failed });
  document.head.append(script);
});
const player = Promise.all([import(at("%(player)s")), plotly]).then(([module]) => module);
export default function ({ data, parentElement, setTriggerValue }) {
  player
    .then((module) => module.show(parentElement, data, setTriggerValue))
    .catch((error) => {
      const wait = parentElement.querySelector(".zz-wait");
      if (wait) wait.textContent = "The player could not be loaded. Reload the page to try again.";
      console.error(error);
    });
  return () => player.then((module) => module.close(parentElement));
}
"""

WAIT = '<div class="zz-wait" role="status">Loading the player…</div>'


def register() -> Any:
    """Register the component with Streamlit and return its mounting command."""
    return st.components.v2.component(
        "zigzag_player",
        html=WAIT,
        css=(VIEWS / "player.css").read_text(),
        js=LOADER % {"player": address("player.js"), "plotly": address("plotly.js")},
        # Plotly's own style sheet cannot reach into a shadow root.
        isolate_styles=False,
    )


def scene(
    experiment: Experiment,
    trajectories: list[Trajectory],
    marks: list[Mark],
    overlay: bool,
    theme: Theme,
) -> dict[str, Any]:
    """Return everything the player shows: three figures, their arrangements and the clock."""
    surface = SURFACES[experiment.surface]
    panels = 1 if overlay else len(trajectories)
    box = figures.frame(surface, experiment.start or surface.start)
    ground = repr((surface.name, tuple(experiment.params.values()), box, panels, theme.name))
    (x0, x1), (y0, y1) = box
    return {
        "id": hashlib.sha256(repr((experiment, overlay, theme.name)).encode()).hexdigest()[:12],
        "frame": repr((surface.name, box)),
        "ground": ground,
        "page": theme.page,
        "steps": max(1, *(len(t.lr) for t in trajectories)),
        "aspect": min(1.0, (y1 - y0) / (x1 - x0)),
        "tallest": 420 if panels == 1 else 300,
        "lowest": 180,
        "lossHeight": 240,
        "arrangements": arrangements(panels),
        "back": figures.background(experiment, panels, theme),
        "front": figures.foreground(experiment, trajectories, marks, overlay, theme),
        "loss": figures.loss_figure(experiment, trajectories, marks, theme),
    }


def arrangements(panels: int) -> list[dict[str, Any]]:
    """Return how the panels lie in a page narrower than `below` pixels, narrowest first."""
    choices = [(520, 1), (900, min(panels, 2 if panels <= 4 else 3)), (math.inf, columns(panels))]
    return [
        {"below": min(below, 1e9), **figures.arrangement(panels, count)} for below, count in choices
    ]


def columns(panels: int) -> int:
    """Return the columns on a wide page: one row up to four panels, then three columns."""
    return panels if panels <= 4 else 3


def show(component: Any, packed: bytes, on_start: Callable[[], None]) -> None:
    """Mount the player with a packed scene; `on_start` is called after a click on a panel.

    The callback finds the point as `st.session_state["player"]["start"]`. A change of the page's
    theme needs no callback: the run of the script that it causes makes a scene in the new colours.
    """
    component(key="player", data=packed, on_start_change=on_start, on_theme_change=lambda: None)
