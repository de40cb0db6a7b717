"""The settings of one visit, kept in step with the address of the page.

A link that the visitor opens, or comes back to, sets everything. A control that is moved changes
its setting, and the link at once; so a query that arrives with a run of the script and is not the
link as it was last written is one that the visitor has gone to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import streamlit as st

from landscape import Dataset
from landscape.expression import MOST_FORMULA
from landscape.language import known
from views.settings.formulas import TEXT
from views.settings.setting import Note
from views.settings.settings import KEPT, Settings, bare, opening, says, write

# Keys of what the session holds.
SETTINGS, LINK = "settings", "link"
PAGE = "page"  # of the header, by its path
VIEW_GIVEN = "view given"  # whether the link that was opened says how runs are looked at
OWN_DATA = "own data"  # the visitor's, and the surface that they are for
CLASS = "class"  # the page whose link says how it stands and which lesson, and no experiment
WHOLE = "whole"  # whether the whole page changes with a control that is drawn alone
NOTES, TOLD = "notes", "told"  # on the last change or link: to be told, and told in this run
MISTAKEN = "mistaken"  # the formula of the last link, if it is none


def opened(page: str) -> tuple[Settings, bool]:
    """Return what is set, and whether the visitor has come from another page of the header.

    It is read from the page's address if the visitor has gone to a new one. The way through the
    header leaves the address without a query; what is set stays then.
    """
    query = {name: st.query_params.get_all(name) for name in st.query_params}
    came = st.session_state.get(PAGE, page) != page
    st.session_state[PAGE] = page
    if came and bare(query):
        st.session_state[LINK] = address(st.session_state[SETTINGS])
        write_link()
    elif page and bare(query) and SETTINGS in st.session_state:
        if page == CLASS and st.session_state.get(LINK) != query:
            stand(query)
        st.session_state[LINK] = query  # a step back leads to it: to write again would lead nowhere
    elif st.session_state.get(LINK) != query:
        arrive(query)
    settings: Settings = st.session_state[SETTINGS]
    return settings, came


def spoken() -> str:
    """Return the language of the page before its settings are read."""
    settings = st.session_state.get(SETTINGS)
    if "lang" in st.query_params:
        return known(st.query_params["lang"])
    return str(settings["lang"]) if settings else browsers_language()


def arrive(query: Mapping[str, Sequence[str]]) -> None:
    """Take in a link that the visitor has gone to; without one the page opens on its preset.

    The bare address is left as it is, and so is a link without a version: a step back to it would
    bring a new one each time.
    """
    settings, notes = opening(query)
    st.session_state[VIEW_GIVEN] = "view" in query
    text = query.get(TEXT, [""])[-1].strip()[:MOST_FORMULA]
    st.session_state[MISTAKEN] = "" if text == settings[TEXT] else text
    if "lang" not in query:
        settings, _ = settings.changed({"lang": browsers_language()})
    if not (bare(query) or says(query, settings)):
        keep(settings, notes, arrived=True)
        return
    st.session_state[SETTINGS] = with_own(settings)
    st.session_state[NOTES] = True, notes
    st.session_state[LINK] = dict(query)


def stand(query: Mapping[str, Sequence[str]]) -> None:
    """Let the page stand as a link says that has no experiment; the one that is set stays."""
    found, _ = opening(query)
    if "lang" not in query:
        found, _ = found.changed({"lang": browsers_language()})
    here: Settings = st.session_state[SETTINGS]
    values = {id: value for id, value in here.values.items() if id not in KEPT}
    values |= {id: value for id, value in found.values.items() if id in KEPT}
    st.session_state[SETTINGS] = with_own(Settings(values))


def change(changes: Mapping[str, Any]) -> None:
    """Change settings by hand, but for locked ones; for the callbacks of controls."""
    settings: Settings = st.session_state[SETTINGS]
    changes = {id: value for id, value in changes.items() if not settings.locks(id)}
    settings, notes = settings.changed(changes)
    keep(settings, notes)


def adapt(changes: Mapping[str, Any]) -> None:
    """Change settings to fit the page or its window: what was to be told of the link still is."""
    notes = st.session_state.get(NOTES, st.session_state.get(TOLD, (False, ())))
    keep(*st.session_state[SETTINGS].changed(changes))
    st.session_state[NOTES] = notes


def keep(settings: Settings, notes: Sequence[Note], arrived: bool = False) -> None:
    """Remember settings and what to tell of them, and write the link."""
    st.session_state[SETTINGS] = with_own(settings)
    st.session_state[NOTES] = arrived, notes
    st.session_state[LINK] = address(settings)
    write_link()


def take_in(surface: str, data: Dataset) -> None:
    """Show data of the visitor's own, as long as it is on that surface with as many samples."""
    st.session_state[OWN_DATA] = surface, data
    change({"samples": len(data)})


def with_own(settings: Settings) -> Settings:
    """Return settings with the visitor's own data, where they are of this surface and size.

    The data stay in the visit's memory alone. What is set beside them stays in the link.
    """
    surface, data = st.session_state.get(OWN_DATA, ("", None))
    fits = data is not None and settings["surface"] == surface and settings["samples"] == len(data)
    return Settings(settings.values, data if fits else None)


def bare_page() -> Settings:
    """Return what is set where the page is opened without a link."""
    settings, _ = opening({})
    return settings.changed({"lang": browsers_language()})[0]


def browsers_language() -> str:
    """Return the language that the visitor's browser asks for, or English where there is none."""
    return known((st.context.locale or "").partition("-")[0].lower())


def address(settings: Settings, page: str | None = None) -> dict[str, list[str]]:
    """Return the page's own link: without a language it is in that of whoever opens it.

    It is that of the page of the header that is shown, or of another one.
    """
    query = write(settings)
    query.pop("lang", None)
    if settings["lang"] != browsers_language():
        query["lang"] = [settings["lang"]]
    if (st.session_state.get(PAGE) if page is None else page) == CLASS:
        asked = () if settings["class"] else ("lesson",)
        query = {name: texts for name, texts in query.items() if name in (*KEPT, *asked)}
    return query


def write_link() -> None:
    """Make the address of the page that of the settings.

    The query of a run that was asked for before the browser had the last link is an old one. For
    callbacks of what changes no setting, and before a run is asked for by the script itself.
    """
    link = st.session_state[LINK]
    if {name: st.query_params.get_all(name) for name in st.query_params} != link:
        st.query_params.from_dict(link)


def told() -> tuple[bool, Sequence[Note]]:
    """Return whether a link was opened and what to tell of it, or of the last change: once."""
    st.session_state[TOLD] = st.session_state.pop(NOTES, (False, ()))
    found: tuple[bool, Sequence[Note]] = st.session_state[TOLD]
    return found


def run_again() -> NoReturn:
    """Run the script again to show what has been computed, as if the last run went on."""
    write_link()
    st.session_state.setdefault(NOTES, st.session_state.get(TOLD, (False, ())))
    st.rerun()
