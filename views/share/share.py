"""The part of the Share menu that makes a link for a class."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

import segno
import streamlit as st

from landscape.language import Message, current, msgid, tr
from views.settings import session
from views.settings.settings import Settings, write
from views.settings.table import PRESENTED
from views.settings.teaching import CONTROLS, GALLERY, ON, SAVE, SENTENCES

# What a frame needs: the page's scripts, and its own origin, without which there is no WebSocket.
SANDBOX = "allow-scripts allow-same-origin"
FRAME = '<iframe src="{src}" title="Zigzag" width="100%" height="640" sandbox="{sandbox}"></iframe>'
MODULE = 4  # pixels of a QR code's square

Values = Callable[[Settings], Mapping[str, Any]]


def adds(name: str, part: str) -> Values:
    """Return what adds a part of the page to those that a link hides or locks."""
    return lambda settings: {name: (*(p for p in settings[name] if p != part), part)}


# The boxes, by the names of their keys: what each says, and the settings that it makes.
BOXES: Mapping[str, tuple[Message, Values]] = MappingProxyType(
    {
        "settings": (msgid("Without settings"), adds("hide", CONTROLS)),
        "gallery": (msgid("Without the gallery"), adds("hide", GALLERY)),
        "save": (msgid("Without saving and sharing"), adds("hide", SAVE)),
        "sentences": (msgid("Without sentences on the runs"), adds("hide", SENTENCES)),
        "lock": (msgid("Settings locked"), adds("lock", CONTROLS)),
        "start": (msgid("At the start"), lambda settings: {"step": 0}),
        "autoplay": (msgid("Plays by itself"), lambda settings: {"autoplay": ON}),
        "present": (msgid("As a presentation"), lambda settings: {"present": PRESENTED}),
        "lang": (msgid("In this language"), lambda settings: {"lang": current()}),
    }
)


def draw(settings: Settings) -> None:
    """Draw the boxes, and the link that they make."""
    st.caption(tr("Link to this page"))
    ticked = [
        name
        for name, (label, _) in BOXES.items()
        if st.checkbox(tr(label), key=f"share {name}", on_change=session.write_link)
    ]
    made = query(settings, ticked)
    address = (st.context.url or "").partition("?")[0]
    st.code(f"{address}?{made}", language=None, wrap_lines=True)
    code = segno.make(f"{address}?{made}", error="m", micro=False)
    picture = code.svg_inline(scale=MODULE, border=4, dark="#000", light="#fff", omitsize=True)
    label = html.escape(tr("QR code of the link"))
    st.html(f'<div class="zz-qr" role="img" aria-label="{label}">{picture}</div>')
    st.caption(tr("For a frame in another page:"))
    st.code(frame(address, made), language=None, wrap_lines=True)


def query(settings: Settings, ticked: list[str]) -> str:
    """Return the query of a link with what is ticked; answers, and to which class, stay at home."""
    own = ("lang", "answers", "class")
    values = {id: value for id, value in settings.values.items() if id not in own}
    made = Settings(values)
    for name in ticked:
        made = Settings({**made.values, **BOXES[name][1](made)})
    return urlencode(write(made), doseq=True)


def frame(address: str, made: str) -> str:
    """Return the HTML of a frame for another page."""
    source = html.escape(f"{address}?{made}&embed=true")
    return FRAME.format(src=source, sandbox=SANDBOX)
