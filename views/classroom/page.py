"""The page of a class: where a teacher opens and leads one, and a student comes in.

All of it is shown by a script of the browser that talks to the routes, so that it goes on while the
server is restarted. The teacher's key never comes here: a teacher's link has it behind its `#`,
which no browser sends to a server.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import segno
import streamlit as st

from landscape.language import script_texts, tr
from views.classroom.component import component
from views.classroom.questions import CHOICES, SUBJECTS
from views.lessons import LESSONS
from views.lessons.page import numbered
from views.modes.modes import draw_mode
from views.server.server import address
from views.settings import session
from views.settings.settings import Settings
from views.settings.table import PLAIN, PRESENTED
from views.stage import tell_of_link
from views.theme import Theme

KEY = "class page"
ON_A_WALL = Path(__file__).parent / "presented.css"


def draw(settings: Settings, theme: Theme, leave: Callable[[], None]) -> None:
    """Draw the page; `leave` is called when a lesson is to be opened with what is set then."""

    def told(name: str) -> Any:
        return st.session_state[KEY].get(name)

    def go_to_class() -> None:
        # Without a class there is nothing to present.
        session.change({"class": told("code"), **({} if told("code") else {"present": PLAIN})})

    def go_to_lesson() -> None:
        found = told("lesson")
        if not isinstance(found, list) or len(found) != 2 or found[0] not in LESSONS:
            return
        # Another lesson begins without what was answered to the one before.
        lesson = {} if settings["lesson"] == found[0] else {"lesson": found[0]}
        session.change({**lesson, "card": str(found[1])})
        leave()

    def present() -> None:
        session.change({"present": PRESENTED if told("present") is True else PLAIN})

    st.html(f"<style>{theme.style()}</style>")
    tell_of_link()
    presenting = settings["present"] == PRESENTED
    if presenting:
        draw_mode("presented")
        st.html(ON_A_WALL)
    with st.container(key="class"):
        component("class", "classroom.js")(
            key=KEY,
            data=data(settings, theme, presenting),
            on_code_change=go_to_class,
            on_lesson_change=go_to_lesson,
            on_present_change=present,
            on_theme_change=session.write_link,
        )


def data(settings: Settings, theme: Theme, presenting: bool) -> dict[str, Any]:
    """Return what the page shows, every text in the current language."""
    code = settings["class"]
    link = address_of(code) if code else ""
    return {
        "code": code,
        "subjects": [[subject.name, title(subject.name)] for subject in SUBJECTS.values()],
        "subject": settings["lesson"] or next(iter(SUBJECTS)),
        "choices": {
            choice.name: {
                "title": tr(choice.title),
                "question": choice.question(),
                "form": choice.form(theme),
            }
            for choice in CHOICES.values()
        },
        "link": link,
        "qr": qr(link) if link else "",
        "theme": theme.name,
        "page": theme.page,
        "presenting": presenting,
        "plotly": address("plotly.js"),
        "texts": script_texts(),
    }


def title(name: str) -> str:
    """Return what to call a subject in a list."""
    said = tr(SUBJECTS[name].title)
    return f"{numbered(LESSONS[name])}: {said}" if name in LESSONS else said


def address_of(code: str) -> str:
    """Return the link that leads students into a class."""
    here = (st.context.url or "").partition("?")[0]
    return f"{here}?{urlencode({'class': code})}"


def qr(link: str) -> str:
    """Return the QR code of a link as SVG."""
    made = segno.make(link, error="m", micro=False)
    return str(made.svg_inline(scale=4, border=2, dark="#17202b", light="#fff", omitsize=True))
