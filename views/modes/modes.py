"""The ways in which a page is shown, each with a sheet of style of its own.

In one sheet they would be told apart by `:root:has(...)`, for which a browser looks at nearly all
of the page again whenever something in it changes. Their `:root:root` makes them stronger than the
page's own rules.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import streamlit as st

Mode = Literal["plain", "presented", "embedded", "silent", "settings"]
FOLDER = Path(__file__).parent


def draw_mode(mode: Mode) -> None:
    """Have the page shown in a way, as long as the script draws it."""
    st.html(FOLDER / f"{mode}.css")
