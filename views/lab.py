"""The lab page: controls, player, table."""

from __future__ import annotations

import base64
import html
import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import streamlit as st

from landscape import SURFACES
from landscape.data import LARGEST
from landscape.language import msgid, tr, tr_n
from optimizers.simulation.experiment import BIG
from views.gallery import gallery
from views.live.answer import Asked, both, link, looked_at, moved_start
from views.live.controls import controls
from views.live.kept import simulated
from views.maps import MAPS
from views.maps import page as maps
from views.player import chart, player, reported
from views.presets import CHANGED, MAPS_VIEW
from views.report import cost, inspector, report
from views.scene.figures import OVERLAY
from views.scene.samples import moved
from views.server import save, search
from views.settings import session
from views.settings.cards import draw_cards
from views.settings.choice import Choice, planned
from views.settings.noise import by_data
from views.settings.rows import draw_row, show_own, start_ids
from views.settings.runs import OPEN
from views.settings.settings import Settings, in_use
from views.settings.table import PLAIN, PRESENTED
from views.settings.teaching import CONTROLS, GALLERY, ON, SAVE, SENTENCES
from views.share import share
from views.theme import Theme

OWN_UNSHARED = msgid(
    "The link holds all that is set but your data, and no file is made of them: whoever opens it"
    " sees samples that the surface makes."
)
UNSERVED = "unserved"  # in the session: whether the browser could not ask for a picture
MOST_COMPLAINTS = 5  # about one link
NOTHING_MORE: Mapping[str, Callable[[], None]] = MappingProxyType({})


def draw(settings: Settings, theme: Theme) -> None:
    """Draw the lab: places first, then what is in them as it matters."""
    st.html(f"<style>{theme.style()}</style>")
    presenting = settings["present"] == PRESENTED
    embedded = bool(st.context.is_embedded)
    below = st.container(key="below")
    head = st.container(key="head", horizontal=True, vertical_alignment="bottom")
    told, row = st.container(), st.container()
    shown = "presenting" if presenting else "embedded" if embedded else "stage"
    picture = st.container(key="picture", gap=None)
    stage, cards = picture.container(key=shown), picture.container(key="sheet")
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
    if settings.hides(SENTENCES):
        below.html('<i class="zz-silent"></i>')
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
    head = st.container(key="head", horizontal=True, vertical_alignment="top")
    told, row = st.container(), st.container()
    stage = st.container(key="presenting" if presenting else "stage")
    cards, foot = st.container(), st.container(key="end")
    with stage:
        choice = searched(settings)
        if choice is not None:
            atlas(settings, choice, theme)
    with head:
        heading(settings, choice)
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


def descents(
    settings: Settings,
    theme: Theme,
    act: str = "",
    clock: Sequence[str] = (),
    plays: bool = False,
    more: Mapping[str, Callable[[], None]] = NOTHING_MORE,
) -> None:
    """Draw the player, which asks the server for the picture and for what is said of it.

    In a lesson it is told the card's phase, `act`, where its clock stands and whether it `plays`,
    and reports to `more` callbacks.
    """
    # What no link holds cannot be asked for by address.
    by_script = unserved() or settings.data is not None
    if by_script and searched(settings) is None:
        return
    player.show(
        player.register(),
        {
            "link": link(settings),
            "opening": link(session.bare_page()),
            "fit": not st.session_state[session.VIEW_GIVEN]
            and len(planned(settings).experiment.objectives) == 1,
            "theme": theme.name,
            "clock": [*clock] or [str(settings.values.get(n, "")) for n in ("step", "speed")],
            "act": act,
            "fixed": bool(act) or fixed(settings),
            "plays": plays or (not act and settings["autoplay"] == ON),
            "controls": controls(settings),
            "answer": sent(settings, theme) if by_script else None,
        },
        {
            "start": start_here,
            "sample": move_sample,
            "look": look_here,
            "undo": undo,
            "unserved": serve_by_script,
            "narrow": fit_narrow,
            "theme": session.write_link,
            **more,
        },
    )


def fixed(settings: Settings) -> bool:
    """Tell whether a teacher's link keeps the start from being moved."""
    ids = start_ids(settings)
    return settings.hides(CONTROLS) or any(settings.locks(id) or settings.hides(id) for id in ids)


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


def fit_narrow() -> None:
    """Show all runs in one panel on a phone, where a link does not say how."""
    st.session_state[session.VIEW_GIVEN] = True
    if "view" in st.session_state[session.SETTINGS].values:
        session.write_link()
    else:
        session.adapt({"view": OVERLAY})


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


def atlas(settings: Settings, choice: Choice, theme: Theme) -> None:
    """Draw a map, below what the user should know of the settings."""
    for note in choice.notes:
        st.info(note.text())
    maps.show(settings, choice, theme, chart.register())


def heading(settings: Settings, choice: Choice | None) -> None:
    """Draw what the preset of a map shows, marked where that is the original's."""
    preset = settings.preset
    with st.container(key="title", gap=None):
        st.title(tr(preset.title) if preset else tr("Maps"), anchor=False)
        if preset is None:
            return
        st.html(f'<p class="zz-claim">{html.escape(tr(preset.claim))}</p>')
        if choice is None or unchanged(settings, choice):
            return
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(tr(CHANGED), width="content")
            undo = {"preset": preset.slug}
            st.button(tr("Undo changes"), on_click=session.change, args=(undo,))


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
                    share.draw(settings)
                    if settings.data is not None:
                        st.caption(tr(OWN_UNSHARED))
                    elif settings["view"] != MAPS_VIEW:
                        save.links(settings)
        changes = {"present": PRESENTED}
        st.button(tr("Present"), on_click=session.change, args=(changes,))


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


def move_sample() -> None:
    """Take in the samples with one of them where the user has dragged it, for this visit alone."""
    settings: Settings = st.session_state[session.SETTINGS]
    told = reported.numbers(st.session_state["player"].sample, 3, LARGEST)
    objectives = planned(settings).experiment.objectives
    if told is None or len(objectives) > 1 or fixed(settings) or settings.locks("samples"):
        session.write_link()
        return
    data = moved(objectives[0], int(told[0]), told[1], told[2])
    if data is None:
        session.write_link()
        return
    show_own(settings["surface"], data)


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
