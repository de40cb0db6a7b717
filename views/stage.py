"""The stage of lab and lessons: the player, what it reports, and what is said of a link."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import streamlit as st

from landscape.data import LARGEST
from landscape.language import tr, tr_n
from optimizers.simulation.experiment import BIG
from views.live.answer import Asked, both, link, moved_start
from views.live.controls import controls
from views.maps import page as maps
from views.player import player, reported
from views.scene.figures import OVERLAY
from views.scene.samples import moved
from views.server import search
from views.settings import session
from views.settings.choice import Choice, planned
from views.settings.rows import show_own, start_ids
from views.settings.runs import OPEN
from views.settings.settings import Settings
from views.settings.teaching import CONTROLS, ON
from views.theme import Theme

UNSERVED = "unserved"  # in the session: whether the browser could not ask for a picture
MOST_COMPLAINTS = 5  # about one link
NOTHING_MORE: Mapping[str, Callable[[], None]] = MappingProxyType({})


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


def searched(settings: Settings) -> Choice | None:
    """Return what settings choose; while best rates are searched for, show how far that is."""
    request = search.search(settings)
    if request is None:
        return search.found(settings, None)
    _, rates = maps.awaited(request, maps.RATES_WORDS)
    return None if rates is None else search.found(settings, rates)


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
