"""The lab page: controls, player, table."""

from __future__ import annotations

import math
from typing import Any

import streamlit as st

from landscape import SURFACES
from landscape.language import language, number, tr, tr_n
from optimizers import Trajectory, simulate
from views.factors.start import point_list
from views.live.answer import looked_at
from views.maps import MAPS
from views.maps import page as maps
from views.player import chart, player
from views.presets import CHANGED, MAPS_VIEW, PRESETS
from views.report import inspector, report
from views.scene.figures import marks_of
from views.scene.scene import ground_of, packed
from views.server import save
from views.settings import session
from views.settings.choice import Choice, choose
from views.settings.runs import OPEN
from views.settings.setting import doubled
from views.settings.settings import Settings, in_use
from views.settings.sidebar import draw_sidebar
from views.settings.table import VIEWS
from views.settings.widgets import control, draw, switch
from views.theme import LIGHT, THEMES, Theme

GROUND = "ground"  # in the session: the one that was drawn last
MOST_COMPLAINTS = 5  # about one link


def page() -> None:
    """Draw the page."""
    st.set_page_config("Zigzag", str(player.PLAYER / "icon.svg"), "wide")
    settings = session.opened()
    with language(settings["lang"]):
        draw_page(settings)


def draw_page(settings: Settings) -> None:
    """Draw the page in the current language.

    The places come first and what is in them in the order of its importance: the picture, what
    is told of it, then the controls.
    """
    choice = choose(settings)
    head = st.container(horizontal=True, vertical_alignment="center")
    told, stage, details, foot = (st.container() for _ in range(4))
    theme = THEMES.get(st.context.theme.type or "", LIGHT)
    if choice.view == MAPS_VIEW:
        with stage:
            atlas(settings, choice, theme)
    else:
        descents(settings, choice, theme, stage, details)
    with foot:
        about(choice)
    with st.sidebar:
        draw_sidebar(settings, choice)
    with head:
        heading(settings, choice)
    with told:
        tell_of_link()


def descents(settings: Settings, choice: Choice, theme: Theme, stage: Any, details: Any) -> None:
    """Draw the descents, what happened in them, and on demand how."""
    trajectories = simulate(choice.experiment)
    look = looked_at(choice, trajectories)
    ground = ground_of(choice.experiment, trajectories, choice.view, st.session_state.get(GROUND))
    st.session_state[GROUND] = ground
    with stage:
        tell(settings, choice)
        player.show(
            player.register(),
            packed(
                choice.experiment,
                trajectories,
                marks_of(choice.labels, theme),
                choice.view,
                theme,
                choice.curve,
                choice.unit,
                choice.preset,
                look,
                ground,
            ),
            lambda: start_here(choice),
            lambda: look_here(choice, trajectories),
            session.write_link,
        )
        report.summary(choice, trajectories)
    with details:
        report.details(settings, choice, trajectories)
        inspector.draw(settings, choice, trajectories, look)
        report.listing(choice)


def atlas(settings: Settings, choice: Choice, theme: Theme) -> None:
    """Draw a map in place of the descents."""
    tell(settings, choice)
    maps.show(settings, choice, theme, chart.register())


def about(choice: Choice) -> None:
    """Draw what is known of the surface."""
    experiment = choice.experiment
    surface = SURFACES[experiment.surface]
    lowest = surface.lowest(**experiment.params)
    if surface.bounded:
        least = tr("Lowest loss: {loss}.", loss=number(lowest, 4))
    else:
        least = tr("It has no lowest loss.")
    marks = tr("○ marks the start, + a minimum: large a global one, small a local one.")
    st.caption(
        f"**{tr(surface.name)}.** {tr(surface.sentence)} $f = {surface.latex}$."
        f" {tr(surface.source)}. {least} {marks}"
    )


def heading(settings: Settings, choice: Choice) -> None:
    """Draw title, gallery, the switches of view and curve, and what can be saved."""
    st.markdown("### Zigzag", width="content")
    gallery = st.popover(tr("Gallery"), key="gallery", on_change=session.write_link)
    if gallery.open:
        with gallery:
            presets(settings)
    switch(settings, "view", VIEWS)
    if choice.view == MAPS_VIEW:
        return
    draw(settings, "curve", label_visibility="collapsed")
    menu = st.popover(tr("Save"), key="save", on_change=session.write_link)
    if menu.open:
        with menu:
            save.links(settings)


def presets(settings: Settings) -> None:
    """Draw the choice of a preset."""
    slugs = [preset.slug for preset in PRESETS.values() if preset.listed]
    slug = settings["preset"] if settings["preset"] in slugs else None
    st.radio(
        tr("Experiments that each make one point"),
        slugs,
        slugs.index(slug) if slug else None,
        format_func=lambda slug: tr(PRESETS[slug].title),
        captions=[tr(PRESETS[slug].claim) for slug in slugs],
        **control(settings, "gallery choice", "preset", slug, close_gallery),
    )


def close_gallery(slug: str) -> str:
    """Close the gallery, which would cover what was chosen in it."""
    st.session_state["gallery"] = False
    return slug


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


def start_here(choice: Choice) -> None:
    """Move the start to where the user clicked, rounded to a thousandth of the frame."""
    *clicked, panel = st.session_state["player"].start
    experiment = choice.experiment
    surface = SURFACES[experiment.surface]
    start = []
    for side, value in zip(surface.domain, clicked, strict=True):
        digits = max(0, 3 - math.floor(math.log10(side[1] - side[0])))
        low, high = doubled(side)
        start.append(round(min(max(float(value), low), high), digits))
    x, y = start
    if not choice.replaces(f"{surface.name}.x"):
        session.change({f"{surface.name}.x": x, f"{surface.name}.y": y})
        return
    starts = [experiment.plan(run).start for run in experiment.runs]
    starts[int(panel) % len(starts)] = (x, y)
    session.change({f"{surface.name}.starts": point_list(starts)})


def look_here(choice: Choice, trajectories: list[Trajectory]) -> None:
    """Look inside the step at which the clock stands, of the run that was looked at before."""
    paces = st.session_state["player"].look
    index = choice.look.run if choice.look else 0
    last = len(trajectories[index].lr) - 1
    step = math.floor(float(paces[index]) + 1e-9)
    session.change({"look.step": max(0, min(step, last)), "look": OPEN})
