"""The player as a Streamlit component: it draws a scene, moves it, and reports clicks."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Mapping
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

SHOW = """export default function ({ data, parentElement, setTriggerValue }) {
  ready
    .then((module) => module.%(show)s(parentElement, data, setTriggerValue))
    .catch((error) => {
      const wait = parentElement.querySelector(".zz-wait");
      if (wait) Object.assign(wait, { className: "zz-none", textContent: %(failed)s });
      console.error(error);
    });
  return () => ready.then((module) => module.close(parentElement));
}"""

WAIT = '<div class="zz-wait" role="status">{}</div>'


def script(module: str, act: str) -> str:
    """Return a component's script, which fetches a module and then does what `act` says."""
    return LOADER % {"plotly": address("plotly.js"), "module": address(module)} + act


def mounted(name: str, module: str, failed: str, show: str = "show") -> Any:
    """Register a component in which a module's function `show` shows data.

    It says `failed` where the module cannot be loaded. All sessions of a process share what is
    registered under a name, so there is one for each language.
    """
    return st.components.v2.component(
        f"{name}_{current()}",
        html=WAIT.format(html.escape(tr("Loading the player…"))),
        css=(PLAYER / "player.css").read_text(),
        js=script(module, SHOW % {"show": show, "failed": json.dumps(failed)}),
        # Plotly's own style sheet cannot reach into a shadow root.
        isolate_styles=False,
    )


def register_place() -> Any:
    """Register the component that is a place for a part of the player; return its command."""
    return st.components.v2.component(
        f"zigzag_place_{current()}",
        html=WAIT.format(""),
        js=script("place.js", SHOW % {"show": "show", "failed": '""'}),
        isolate_styles=False,
    )


def place(component: Any, name: str) -> None:
    """Mount a place for the part of the player of this name: "transport" or "details"."""
    component(key=name, data={"place": name})


def register() -> Any:
    """Register the component; return its mounting command."""
    failed = tr("The player could not be loaded. Reload the page to try again.")
    return mounted("zigzag_player", "live.js", failed, "follow")


def show(
    component: Any, data: Mapping[str, Any], callbacks: Mapping[str, Callable[[], None]]
) -> None:
    """Mount the player, which follows the page's link and controls by itself.

    `data` is what the script tells it (`Page` in types.d.ts). It reports to the callback of the
    same name, which finds the value in `st.session_state["player"]`: `start`, a point and a panel
    to start from; `sample`, the number of one and where it is moved to; `look`, a wish to look
    inside a step; `undo`, a wish to go back to the preset; `narrow`, that the page is as narrow as
    a phone; `unserved`, that it cannot ask for pictures; `theme`, that the page's colours have
    changed.
    """
    on = {f"on_{name}_change": callback for name, callback in callbacks.items()}
    component(key="player", data=data, **on)
