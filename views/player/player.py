"""The player as a Streamlit component: it draws a scene, moves it, and reports clicks."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from typing import Any

import streamlit as st

from landscape.language import current, tr
from views.server.server import PLAYER, address

# Streamlit sends a component's script again with every message, so this one only fetches a module,
# which the browser keeps. Plotly is a plain script that leaves a global, and is fetched once.
LOADER = """const at = (path) => new URL(path, document.baseURI).href;
window.zigzagPlotly ??= new Promise((done, failed) => {
  const script = document.createElement("script");
  Object.assign(script, { src: at("%(plotly)s"), onload: done, onerror: failed });
  document.head.append(script);
});
const ready = Promise.all([import(at("%(module)s")), zigzagPlotly]).then(([module]) => module);
"""

GROUND = "export default ({ data }) => void ready.then((module) => module.ground(data));"

SHOW = """export default function ({ data, parentElement, setTriggerValue }) {
  ready
    .then((module) => module.show(parentElement, data, setTriggerValue))
    .catch((error) => {
      const wait = parentElement.querySelector(".zz-wait");
      if (wait) wait.textContent = %(failed)s;
      console.error(error);
    });
  return () => ready.then((module) => module.close(parentElement));
}"""

WAIT = '<div class="zz-wait" role="status">{}</div>'


def script(module: str, act: str) -> str:
    """Return a component's script, which fetches a module and then does what `act` says."""
    return LOADER % {"plotly": address("plotly.js"), "module": address(module)} + act


def mounted(name: str, module: str, failed: str) -> Any:
    """Register a component in which a module's `show` shows packed data.

    It says `failed` where the module cannot be loaded. All sessions of a process share what is
    registered under a name, so there is one for each language.
    """
    return st.components.v2.component(
        f"{name}_{current()}",
        html=WAIT.format(html.escape(tr("Loading the player…"))),
        css=(PLAYER / "player.css").read_text(),
        js=script(module, SHOW % {"failed": json.dumps(failed)}),
        # Plotly's own style sheet cannot reach into a shadow root.
        isolate_styles=False,
    )


def register() -> tuple[Any, Any]:
    """Register the components of ground and scene; return their mounting commands."""
    return (
        st.components.v2.component("zigzag_ground", js=script("player.js", GROUND)),
        mounted(
            "zigzag_player",
            "player.js",
            tr("The player could not be loaded. Reload the page to try again."),
        ),
    )


def show(
    components: tuple[Any, Any],
    packed: tuple[bytes, bytes],
    on_start: Callable[[], None],
    on_look: Callable[[], None],
    on_theme: Callable[[], None],
) -> None:
    """Mount the player with a packed ground and scene.

    They are two elements because Streamlit sends an element's data only when it changes.
    `on_start` is called after a click on a panel; it finds the point as
    `st.session_state["player"]["start"]`; `on_look` after a wish to look inside a step, which is
    there as "look". A change of the page's theme needs no callback: the run
    of the script that it causes makes a scene in the new colours.
    """
    with st.container(gap=None):
        components[0](key="ground", data=packed[0], height=1)
        components[1](
            key="player",
            data=packed[1],
            on_start_change=on_start,
            on_look_change=on_look,
            on_theme_change=on_theme,
        )
