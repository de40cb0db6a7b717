"""The page's script: one page of those that the header leads to, all with the same settings.

Lab and Maps show what is set in two ways, which `view` tells apart in a link. A link of old has no
page in its path: its `view` says which one is meant.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import streamlit as st

from landscape.language import language, tr
from views import lab
from views.classroom import page as classroom
from views.gallery import gallery
from views.lessons import page as lessons
from views.lessons import teacher
from views.player import player
from views.presets import MAPS_VIEW
from views.scene.figures import PICTURES
from views.settings import session
from views.settings.languages import draw_languages
from views.settings.session import CLASS
from views.settings.settings import Settings
from views.theme import LIGHT, THEMES

# Paths.
LAB, LESSONS, GALLERY, MAPS, TEACHER = "", "lessons", "gallery", "maps", "teacher"
CHOSEN = "chosen"  # in the session: whether an experiment was chosen on a page, for another
PICTURE = "picture"  # in the session: how runs were looked at before the maps
PAGES = "pages"  # in the session: the pages of the header by their paths
LOGO = player.PLAYER / "logo.svg"
STYLE = Path(__file__).parent / "page.css"


def page() -> None:
    """Draw the page."""
    st.set_page_config(
        "Zigzag", str(player.PLAYER / "icon.svg"), "wide", initial_sidebar_state="collapsed"
    )
    st.logo(str(LOGO), size="large")
    st.html(STYLE)
    code = session.spoken()
    with language(code):
        pages = {
            LAB: st.Page(draw_lab, title=tr("Lab"), default=True),
            LESSONS: st.Page(draw_lessons, title=tr("Lessons"), url_path=LESSONS),
            GALLERY: st.Page(
                draw_gallery, title=tr("Gallery"), url_path=GALLERY, visibility=gallery_shown()
            ),
            MAPS: st.Page(draw_maps, title=tr("Maps"), url_path=MAPS),
            CLASS: st.Page(draw_class, title=tr("Class"), url_path=CLASS),
            TEACHER: st.Page(
                draw_teacher, title=tr("For teachers"), url_path=TEACHER, visibility="hidden"
            ),
        }
        shown = st.navigation([*pages.values()], position="top")
        draw_languages()
    st.session_state[PAGES] = pages
    shown.run()
    # A step back may lead to a page of another language, which is known once its link is read.
    if session.spoken() != code:
        session.run_again()


def gallery_shown() -> Literal["visible", "hidden"]:
    """Tell whether the header leads to the gallery: a teacher's link may hide that."""
    settings = st.session_state.get(session.SETTINGS)
    named = st.query_params.get("hide", "").split(",")
    hidden = GALLERY in named or (settings is not None and settings.hides(GALLERY))
    return "hidden" if hidden else "visible"


def go(path: str, settings: Settings) -> None:
    """Go to another page with what is set."""
    st.switch_page(st.session_state[PAGES][path], query_params=session.address(settings, path))


def theme() -> Any:
    """Return the colours of the visitor's page."""
    return THEMES.get(st.context.theme.type or "", LIGHT)


def draw_lab() -> None:
    """Draw the lab, or go to the maps if these are what a link shows."""
    settings, came = session.opened(LAB)
    if settings["lesson"]:
        if not came:
            go(LESSONS, settings)
        session.keep(lessons.in_lab(settings), ())
        settings = st.session_state[session.SETTINGS]
    if settings["view"] == MAPS_VIEW:
        if not came:
            go(MAPS, settings)
        session.adapt({"view": st.session_state.get(PICTURE, PICTURES[0])})
        settings = st.session_state[session.SETTINGS]
    with language(settings["lang"]):
        lab.draw(settings, theme())


def draw_lessons() -> None:
    """Draw the lessons; what is to be tried is shown in the lab or as a map."""
    settings, _ = session.opened(LESSONS)
    if st.session_state.pop(CHOSEN, False):
        go(MAPS if settings["view"] == MAPS_VIEW else LAB, settings)
    with language(settings["lang"]):
        lessons.draw(settings, theme(), chosen)


def draw_class() -> None:
    """Draw the page of a class; the lesson that it is asked is shown among the lessons."""
    settings, _ = session.opened(CLASS)
    if st.session_state.pop(CHOSEN, False):
        go(LESSONS, settings)
    with language(settings["lang"]):
        classroom.draw(settings, theme(), chosen)


def draw_teacher() -> None:
    """Draw what a teacher needs for a lesson."""
    settings, _ = session.opened(TEACHER)
    with language(settings["lang"]):
        teacher.draw(settings, theme())


def draw_gallery() -> None:
    """Draw the gallery; what is chosen there is shown in the lab or as a map."""
    settings, _ = session.opened(GALLERY)
    if st.session_state.pop(CHOSEN, False):
        go(MAPS if settings["view"] == MAPS_VIEW else LAB, settings)
    with language(settings["lang"]):
        gallery.draw(settings, chosen)


def chosen() -> None:
    """Leave the page for what was chosen there, with the next run."""
    st.session_state[CHOSEN] = True


def draw_maps() -> None:
    """Draw the maps of what is set."""
    settings, _ = session.opened(MAPS)
    if settings["view"] != MAPS_VIEW:
        st.session_state[PICTURE] = settings["view"]
        session.adapt({"view": MAPS_VIEW})
        settings = st.session_state[session.SETTINGS]
    with language(settings["lang"]):
        lab.draw_maps(settings, theme())
