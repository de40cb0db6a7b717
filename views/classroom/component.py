"""The components of a class: their scripts fetch a module and leave everything to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import streamlit as st

from landscape.language import current, tr
from views.server.server import address

STYLE = Path(__file__).parent / "class.css"
# As with the gallery: a script that Streamlit sends with every message only fetches a module.
SCRIPT = """const at = (path) => new URL(path, document.baseURI).href;
const ready = import(at("%(module)s"));
export default function ({ data, parentElement, setTriggerValue }) {
  ready
    .then((module) => module.show(parentElement, data, setTriggerValue))
    .catch((error) => {
      parentElement.textContent = %(failed)s;
      console.error(error);
    });
  return () => ready.then((module) => module.close(parentElement));
}"""


def component(name: str, module: str) -> Any:
    """Register a component of the class's, one for each language; return its command."""
    failed = tr("The class could not be loaded. Reload the page to try again.")
    script = SCRIPT % {"module": address(module), "failed": json.dumps(failed)}
    css = STYLE.read_text("utf-8")
    return st.components.v2.component(
        f"zigzag_{name}_{current()}", css=css, js=script, isolate_styles=False
    )
