"""The lab page: controls, player, table."""

from __future__ import annotations

import html

import streamlit as st

from landscape.language import msgid, tr
from views.gallery import gallery
from views.live.answer import looked_at
from views.live.kept import simulated
from views.maps import MAPS
from views.maps import page as maps
from views.modes.modes import draw_mode
from views.player import chart, player
from views.presets import CHANGED, MAPS_VIEW
from views.report import cost, inspector, report
from views.server import save
from views.settings import session
from views.settings.cards import draw_cards
from views.settings.choice import Choice
from views.settings.noise import by_data
from views.settings.rows import draw_row
from views.settings.settings import Settings, in_use
from views.settings.table import PLAIN, PRESENTED
from views.settings.teaching import CONTROLS, GALLERY, SAVE, SENTENCES
from views.share import share
from views.stage import descents, searched, tell_of_link, unserved
from views.theme import Theme

OWN_UNSHARED = msgid(
    "The link holds all that is set but your data, and only pictures and films are made of them:"
    " whoever opens it sees samples that the surface makes."
)

SURFACE = msgid("The surface: formula and source")


def draw(settings: Settings, theme: Theme) -> None:
    """Draw the lab: places first, then what is in them as it matters."""
    st.html(f"<style>{theme.style()}</style>")
    presenting = settings["present"] == PRESENTED
    embedded = bool(st.context.is_embedded)
    draw_mode("presented" if presenting else "plain")
    if embedded and not presenting:
        draw_mode("embedded")
    if settings.hides(SENTENCES):
        draw_mode("silent")
    if not presenting and not settings.hides(CONTROLS):
        draw_mode("settings")
    below = st.container(key="below")
    head = st.container(key="head", horizontal=True, vertical_alignment="bottom")
    told, row = st.container(), st.container()
    picture = st.container(key="picture", gap=None)
    stage, cards = picture.container(key="stage"), picture.container(key="sheet")
    end = st.container(key="end")
    details, foot = end.container(), end.container()
    place = player.register_place()
    with stage:
        descents(settings, theme)
    with head:
        player.place(place, "heading")
        if not embedded:
            actions(settings, presenting)
    with below:
        player.place(place, "transport")
    with details:
        player.place(place, "details")
    if presenting:
        st.session_state[session.WHOLE] = unserved() or settings.data is not None
        return
    if not settings.hides(CONTROLS):
        with cards:
            draw_cards(settings, theme)
    if not embedded and not settings.hides(CONTROLS):
        with row:
            draw_row(settings)
    with details:
        opened = in_detail(settings)
    st.session_state[session.WHOLE] = opened or unserved() or settings.data is not None
    with foot:
        about(settings)
    with told:
        tell_of_link()


def draw_maps(settings: Settings, theme: Theme) -> None:
    """Draw a map of what is set, below the same head as that of the lab."""
    st.html(f"<style>{theme.style()}</style>")
    presenting = settings["present"] == PRESENTED
    draw_mode("presented" if presenting else "plain")
    head = st.container(key="head", horizontal=True, vertical_alignment="top")
    told, row = st.container(), st.container()
    stage = st.container(key="stage")
    cards, foot = st.container(), st.container(key="end")
    with stage:
        choice = searched(settings)
        told_beside = choice is not None and atlas(settings, choice, theme)
    with head:
        heading(settings, choice, told_beside)
        actions(settings, presenting)
    st.session_state[session.WHOLE] = True
    if presenting:
        return
    if not settings.hides(CONTROLS):
        with cards:
            draw_cards(settings, theme)
        with row:
            draw_row(settings, views=False)
    with foot:
        about(settings)
    with told:
        tell_of_link()


def in_detail(settings: Settings) -> bool:
    """Draw on demand how the descents went, and tell whether any of that is open."""
    opened = report.opened(), inspector.opened(settings), report.listing_opened()
    if by_data(settings):
        cost.draw(cost.opened())
    if not any(container.open for container in opened):
        return False
    choice = searched(settings)
    if choice is None:
        return True
    trajectories = simulated(choice.experiment)
    report.details(opened[0], settings, choice, trajectories)
    inspector.draw(opened[1], settings, choice, trajectories, looked_at(choice, trajectories))
    report.listing(opened[2], choice)
    return True


def atlas(settings: Settings, choice: Choice, theme: Theme) -> bool:
    """Draw a map, below what the user should know of the settings.

    Tell whether what its preset says stands beside it.
    """
    for note in choice.notes:
        st.info(note.text())
    return maps.show(settings, choice, theme, chart.register(), claim(settings))


def claim(settings: Settings) -> str:
    """Return what a map's preset says, as HTML; what another one says is of the lab."""
    preset = settings.preset
    if preset is None or not preset.map:
        return ""
    return f'<p class="zz-claim">{html.escape(tr(preset.claim))}</p>'


def heading(settings: Settings, choice: Choice | None, told_beside: bool) -> None:
    """Draw what the preset of a map shows, if that is not told beside it, or whose runs it has.

    Where the settings have changed it is marked as the original's.
    """
    preset = settings.preset
    with st.container(key="title", gap=None):
        if preset is None or not preset.map:
            st.title(tr("Maps"), anchor=False)
            if preset is not None:
                said = tr("Of the lab's experiment: {title}.", title=tr(preset.title))
                st.html(f'<p class="zz-claim">{html.escape(said)}</p>')
            return
        st.title(tr(preset.title), anchor=False)
        if not told_beside:
            st.html(claim(settings))
        if choice is None or unchanged(settings, choice):
            return
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(tr(CHANGED), width="content")
            undo = {"preset": preset.slug}
            st.button(tr("Undo changes"), on_click=session.change, args=(undo,))


def about(settings: Settings) -> None:
    """Draw what is known of the surface, its formula on demand.

    What typesets a formula is a tenth of a megabyte, which a first visit does not need.
    """
    surface = settings.surface
    formula = report.drawer(SURFACE)
    if formula.open:
        with formula:
            st.markdown(f"$$f(x, y) = {surface.latex}$$")
            st.markdown(tr(surface.source))
    marks = tr("○ marks the start, + a minimum: large a global one, small a local one.")
    st.caption(f"**{tr(surface.name)}.** {tr(surface.sentence)} {marks}")


def actions(settings: Settings, presenting: bool) -> None:
    """Draw what can be done with the whole page."""
    with st.container(key="actions", horizontal=True, width="content"):
        if presenting:
            label, changes = tr("Leave the presentation"), {"present": PLAIN}
            st.button(":material/close:", help=label, on_click=session.change, args=(changes,))
            return
        if not settings.hides(GALLERY):
            gallery.draw_steps(settings)
        if not settings.hides(SAVE):
            menu = st.popover(tr("Share"), key="save", on_change=session.write_link)
            if menu.open:
                with menu:
                    if settings["view"] != MAPS_VIEW:
                        save.draw(settings)
                    if settings.data is not None:
                        st.caption(tr(OWN_UNSHARED))
                    share.draw(settings)
        changes = {"present": PRESENTED}
        st.button(tr("Present"), on_click=session.change, args=(changes,))


def unchanged(settings: Settings, choice: Choice) -> bool:
    """Tell whether what is shown is what a preset claims something of."""
    preset = settings.preset
    if preset is None or choice.experiment != preset.experiment:
        return False
    if choice.view != MAPS_VIEW or not preset.map:
        return True
    plain = Settings({"preset": preset.slug})
    ids = ("map", *(setting.id for setting in MAPS[plain["map"]].settings))
    return all(in_use(settings, id) == in_use(plain, id) for id in ids)
