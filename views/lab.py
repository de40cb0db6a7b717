"""The lab page: controls, player, table."""

from __future__ import annotations

import base64
import math

import streamlit as st

from landscape import SURFACES
from landscape.language import language, tr, tr_n
from optimizers.simulation.experiment import BIG
from views.gallery import gallery
from views.live.answer import Asked, both, link, looked_at, moved_start
from views.live.controls import controls
from views.live.kept import simulated
from views.maps import MAPS
from views.maps import page as maps
from views.player import chart, player, reported
from views.presets import CHANGED, MAPS_VIEW
from views.report import inspector, report
from views.server import save, search
from views.settings import session
from views.settings.choice import Choice, planned
from views.settings.languages import draw_languages, tell_browser
from views.settings.runs import OPEN
from views.settings.settings import Settings, in_use
from views.settings.sidebar import draw_sidebar
from views.settings.table import VIEWS
from views.settings.widgets import draw, switch
from views.theme import LIGHT, THEMES, Theme

UNSERVED = "unserved"  # in the session: whether the browser could not ask for a picture
GALLERY_OPEN = "gallery open"  # in the session: whether the gallery is shown
MOST_COMPLAINTS = 5  # about one link


def page() -> None:
    """Draw the page."""
    st.set_page_config("Zigzag", str(player.PLAYER / "icon.svg"), "wide")
    settings = session.opened()
    with language(settings["lang"]):
        if st.session_state.get(GALLERY_OPEN):
            st.button(tr("Lab"), on_click=to_lab)
            gallery.draw(settings, to_lab)
        else:
            draw_page(settings)
        tell_browser()


def draw_page(settings: Settings) -> None:
    """Draw the page in the current language: places first, then what is in them as it matters."""
    maps_shown = settings["view"] == MAPS_VIEW
    head = st.container(horizontal=True, vertical_alignment="center")
    told, stage, details, foot = (st.container() for _ in range(4))
    theme = THEMES.get(st.context.theme.type or "", LIGHT)
    with stage:
        if maps_shown:
            choice = searched(settings)
            if choice is not None:
                atlas(settings, choice, theme)
        else:
            descents(settings, theme)
    opened = False
    with details:
        if not maps_shown:
            opened = in_detail(settings)
    st.session_state[session.WHOLE] = maps_shown or opened or unserved()
    with foot:
        about(settings)
    with st.sidebar:
        draw_sidebar(settings)
    with head:
        heading(settings)
    with told:
        tell_of_link()


def descents(settings: Settings, theme: Theme) -> None:
    """Draw the player, which asks the server for the picture and for what is said of it."""
    by_script = unserved()
    if by_script and searched(settings) is None:
        return
    player.show(
        player.register(),
        {
            "link": link(settings),
            "opening": link(session.bare_page()),
            "theme": theme.name,
            "clock": [str(settings.values.get(name, "")) for name in ("step", "speed")],
            "controls": controls(settings),
            "answer": sent(settings, theme) if by_script else None,
        },
        {
            "start": start_here,
            "look": look_here,
            "undo": undo,
            "unserved": serve_by_script,
            "theme": session.write_link,
        },
    )
    place = player.register_place()
    for part in ("transport", "details"):
        player.place(place, part)


def sent(settings: Settings, theme: Theme) -> dict[str, str]:
    """Return ground and answer as text, for a browser that cannot ask for them."""
    found = both(Asked(settings, theme=theme.name))
    return {name: base64.b64encode(part).decode() for name, part in found.items()}


def unserved() -> bool:
    """Tell whether this visitor's browser could not ask for a picture."""
    return bool(st.session_state.get(UNSERVED))


def serve_by_script() -> None:
    """Send pictures with the script's runs from now on."""
    st.session_state[UNSERVED] = True
    session.write_link()


def in_detail(settings: Settings) -> bool:
    """Draw on demand how the descents went, and tell whether any of that is open."""
    opened = report.opened(), inspector.opened(settings), report.listing_opened()
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


def atlas(settings: Settings, choice: Choice, theme: Theme) -> None:
    """Draw a map in place of the descents."""
    tell(settings, choice)
    maps.show(settings, choice, theme, chart.register())


def searched(settings: Settings) -> Choice | None:
    """Return what settings choose; while best rates are searched for, show how far that is."""
    request = search.search(settings)
    if request is None:
        return search.found(settings, None)
    _, rates = maps.awaited(request, maps.RATES_WORDS)
    return None if rates is None else search.found(settings, rates)


def about(settings: Settings) -> None:
    """Draw what is known of the surface."""
    surface = SURFACES[settings["surface"]]
    marks = tr("○ marks the start, + a minimum: large a global one, small a local one.")
    st.caption(
        f"**{tr(surface.name)}.** {tr(surface.sentence)} $f = {surface.latex}$."
        f" {tr(surface.source)}. {marks}"
    )


def heading(settings: Settings) -> None:
    """Draw title, languages, the way to the gallery, the switches, and what can be saved."""
    st.markdown("### Zigzag", width="content")
    draw_languages(settings)
    st.button(tr(gallery.TITLE), key="gallery", on_click=to_gallery)
    gallery.draw_steps(settings)
    switch(settings, "view", VIEWS)
    if settings["view"] == MAPS_VIEW:
        return
    draw(settings, "curve", label_visibility="collapsed")
    menu = st.popover(tr("Save"), key="save", on_change=session.write_link)
    if menu.open:
        with menu:
            save.links(settings)


def to_gallery() -> None:
    """Show the gallery in the lab's place."""
    st.session_state[GALLERY_OPEN] = True
    session.write_link()


def to_lab() -> None:
    """Show the lab."""
    st.session_state[GALLERY_OPEN] = False
    session.write_link()


def tell_of_link() -> None:
    """Say which parts of a link were not used, or what had to change with a change."""
    arrived, notes = session.told()
    if not notes:
        return
    texts = [note.text() for note in notes]
    if not arrived:
        st.warning("\n\n".join(texts))
        return
    more = len(texts) - MOST_COMPLAINTS
    lines = [f"- {text}" for text in texts[:MOST_COMPLAINTS]]
    if more > 0:
        lines.append("- " + tr_n("and {count} more", "and {count} more", more))
    told = tr("Some of this link could not be used; the rest of it is shown.")
    st.warning(told + "\n\n" + "\n".join(lines))


def tell(settings: Settings, choice: Choice) -> None:
    """Say what the preset shows, and what the user should know of the settings."""
    preset = settings.preset
    if preset and unchanged(settings, choice):
        st.markdown(f"**{tr(preset.title)}.** {tr(preset.claim)}")
    elif preset:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{tr(preset.title)}.** {tr(CHANGED)}", width="content")
            undo = {"preset": preset.slug}
            st.button(tr("Undo changes"), on_click=session.change, args=(undo,))
    for note in choice.notes:
        st.info(note.text())


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


def start_here() -> None:
    """Move the start to where the user clicked or dragged it."""
    start = reported.numbers(st.session_state["player"].start, 3, BIG)
    if start is not None:
        x, y, panel = start
        settings = st.session_state[session.SETTINGS]
        session.change(moved_start(settings, planned(settings), x, y, int(panel)))


def look_here() -> None:
    """Look inside the step at which the clock stands, of the run that was looked at before."""
    choice = planned(st.session_state[session.SETTINGS])
    paces = reported.numbers(st.session_state["player"].look, len(choice.experiment.runs), BIG)
    if paces is None:
        return
    index = choice.look.run if choice.look else 0
    step = math.floor(paces[index] + 1e-9)
    # A run may have ended before its last step: what is looked at then is where it did.
    last = choice.experiment.plan(choice.experiment.runs[index]).steps - 1
    session.change({"look.step": max(0, min(step, last)), "look": OPEN})


def undo() -> None:
    """Go back to the preset as it is."""
    session.change({"preset": st.session_state[session.SETTINGS]["preset"]})
