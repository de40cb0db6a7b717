"""The page's language: its switch, and what the browser is told of it."""

from __future__ import annotations

import json

import streamlit as st

from landscape.language import LANGUAGES, current
from views.settings.session import change
from views.settings.settings import Settings

# A browser reads a page aloud and picks its letters by the language it is in. A line of Korean that
# may break between any two syllables, as it does by itself, is hard to read.
TOLD = """<script>document.documentElement.lang = {code};</script>
<style>:lang(ko) :is(p, li, label, button, td, th, h1, h2, h3) {{ word-break: keep-all }}</style>"""


def draw_languages(settings: Settings) -> None:
    """Draw a button for every other language, named in that language."""
    for code, name in LANGUAGES.items():
        if code != settings["lang"]:
            st.button(
                name,
                key=f"language {code}",
                type="tertiary",
                on_click=change,
                args=({"lang": code},),
            )


def tell_browser() -> None:
    """Tell the browser which language the page is in."""
    st.html(TOLD.format(code=json.dumps(current())), unsafe_allow_javascript=True)
