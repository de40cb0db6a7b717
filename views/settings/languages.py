"""The page's language: its switch, and what the browser is told of it."""

from __future__ import annotations

import json

import streamlit as st

from landscape.language import LANGUAGES, current
from views.settings.session import change

# A browser reads a page aloud and picks its letters by the language it is in. A line of Korean that
# may break between any two syllables, as it does by itself, is hard to read. The buttons stand in
# the header, beside Streamlit's menu.
TOLD = """<script>document.documentElement.lang = {code};</script>
<style>
:root :lang(ko) {{ word-break: keep-all; }}
div:has(> .st-key-languages) {{ position: fixed; z-index: 999991; top: 0.5rem; right: 3.5rem; }}
/* What Streamlit shows there while the server works is wider than the room that it leaves. Only
   changes of the header have this looked at again. */
.stAppHeader:has([data-testid="stStatusWidget"]) ~ * div:has(> .st-key-languages) {{ right: 9rem; }}
.st-key-languages button {{ min-height: 2.5rem; padding: 0 0.5rem; }}
@media print {{ .st-key-languages {{ display: none; }} }}
</style>"""


def draw_languages() -> None:
    """Draw a button for every language but the current one, named in it, and tell the browser."""
    with st.container(key="languages", horizontal=True, width="content"):
        st.html(TOLD.format(code=json.dumps(current())), unsafe_allow_javascript=True)
        for code, name in LANGUAGES.items():
            if code != current() and not st.context.is_embedded:
                key = f"language {code}"
                st.button(name, key=key, type="tertiary", on_click=change, args=({"lang": code},))
