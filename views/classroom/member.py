"""A lesson's card in a class: the answer goes there, and a line says how it stands."""

from __future__ import annotations

import streamlit as st

from landscape.language import script_texts
from views.classroom.component import component
from views.settings import session
from views.settings.settings import Settings

KEY = "class member"


def draw(settings: Settings, answer: str) -> None:
    """Draw the line of the card that is shown, whose answer is a letter, or empty."""

    def leave() -> None:
        if st.session_state[KEY].code == "":
            session.change({"class": ""})

    component("member", "member.js")(
        key=KEY,
        data={
            "code": settings["class"],
            "subject": settings["lesson"],
            "card": settings["card"],
            "answer": answer,
            "texts": script_texts(),
        },
        on_code_change=leave,
    )
