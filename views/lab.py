"""The lab page: controls, player, table."""

from __future__ import annotations

import math
from typing import Any

import streamlit as st

from landscape import SURFACES
from optimizers import Experiment, Trajectory, simulate
from views.maps import page as maps
from views.player import chart, player
from views.presets import MAPS, PRESETS
from views.report import inspector, report
from views.report.report import Drawers
from views.scene.curves import CURVES
from views.scene.figures import PICTURES, marks_of
from views.scene.local import Look
from views.scene.scene import packed
from views.server import save
from views.settings.controls import ABOUT, SCENE, Choice, choose, pick, put, read
from views.settings.links import Link
from views.settings.settings import Settings, doubled
from views.theme import LIGHT, THEMES
from views.turns import let_draw


def page() -> None:
    """Draw the page."""
    st.set_page_config("Zigzag", str(player.PLAYER / "icon.svg"), "wide")
    link = Link()
    settings = Settings(st.query_params.get("preset", ""))
    head = st.container(horizontal=True, vertical_alignment="center")
    told = st.container()
    with st.sidebar:
        choose(settings)
    with head:
        view = heading(settings)
        settings.closed = view == MAPS
        curve = pick(
            settings, "curve", "Curve", list(CURVES), label_visibility="collapsed", width=150
        )
        settings.closed = False
        menu = None if view == MAPS else st.popover("Save", key="save", on_change="rerun")
    stage = st.container()
    if view == MAPS:
        with stage:
            atlas(settings, chart.register())
        about(settings)
        link.report(told)
        return
    details = report.drawers(settings)
    with stage:
        scene(settings, player.register(), view, curve, details, menu)
    about(settings)
    link.report(told)


@st.fragment(key=SCENE)
def scene(
    settings: Settings,
    components: tuple[Any, Any],
    view: str,
    curve: str,
    details: Drawers,
    menu: Any,
) -> None:
    """Draw what shows the experiment: all that the change of a number changes."""
    choice = read(settings)
    trajectories = simulate(choice.experiment)
    tell(settings, choice)
    theme = THEMES.get(st.context.theme.type or "", LIGHT)
    marks = marks_of(choice.labels, theme)
    look = inspector.look_at(settings, choice, trajectories, details.step)
    sent = packed(
        *(choice.experiment, trajectories, marks, view, theme, curve, choice.unit),
        settings.preset.slug if settings.preset else "",
        look,
    )
    player.show(
        *(components, sent),
        lambda: start_here(settings, choice.experiment),
        lambda: look_here(settings, trajectories, look),
    )
    if settings.drawn:
        let_draw()
    settings.drawn = True
    report.show(settings, choice, trajectories, details)
    if menu.open:
        with menu:
            save.links(save.Saved.of(choice, view, curve))


@st.fragment(key=SCENE)
def atlas(settings: Settings, component: Any) -> None:
    """Draw a map in place of the descents: it, too, changes with every number."""
    choice = read(settings)
    told = st.container()
    maps.show(settings, choice, THEMES.get(st.context.theme.type or "", LIGHT), component)
    with told:  # after the map's controls, of which it speaks
        tell(settings, choice)


@st.fragment(key=ABOUT)
def about(settings: Settings) -> None:
    """Draw what is known of the surface."""
    experiment = read(settings).experiment
    surface = SURFACES[experiment.surface]
    lowest = surface.lowest(**experiment.params)
    st.caption(
        f"**{surface.name}.** {surface.sentence} $f = {surface.latex}$. {surface.source}."
        f" {f'Lowest loss: {lowest:.4g}.' if surface.bounded else 'It has no lowest loss.'}"
        " ○ marks the start, + a minimum: large a global one, small a local one."
    )


def heading(settings: Settings) -> str:
    """Draw title, gallery and view switch; return the view."""
    st.markdown("### Zigzag", width="content")
    slugs = [preset.slug for preset in PRESETS.values() if preset.listed]
    slug = settings.preset.slug if settings.preset else ""
    shown = slugs.index(slug) if slug in slugs else None
    # Another widget for every preset: one that stayed would report its old choice again after a
    # step back in the browser.
    key = f"gallery {slug}"
    gallery = st.popover("Gallery", key="gallery", on_change="rerun")
    if gallery.open:
        gallery.radio(
            "Experiments that each make one point",
            slugs,
            shown,
            format_func=lambda slug: PRESETS[slug].title,
            captions=[PRESETS[slug].claim for slug in slugs],
            key=key,
            on_change=lambda: open_preset(st.session_state[key]),
        )
    return (
        st.segmented_control(
            "View",
            (*PICTURES, MAPS),
            default=settings.view or PICTURES[0],
            required=True,
            key="view",
            label_visibility="collapsed",
            bind="query-params",
        )
        or settings.view
        or PICTURES[0]
    )


def open_preset(slug: str) -> None:
    """Open a preset as its link would, without what was changed in it before."""
    for key in [k for k in st.session_state if str(k).startswith(f"{slug}.")]:
        del st.session_state[key]
    show_preset(slug)


def undo(slug: str, defaults: dict[str, Any]) -> None:
    """Set every setting on the page back to the preset's."""
    for key, value in defaults.items():
        if st.session_state.get(key) != value:
            st.session_state[key] = value
    show_preset(slug)
    st.rerun()  # all of it: the settings lie outside the scene


def show_preset(slug: str) -> None:
    """Make the link that of a preset: in one call, and so one step in the browser's history."""
    st.session_state["gallery"] = False  # it would cover what was chosen
    st.session_state["view"] = MAPS if PRESETS[slug].map else PICTURES[0]
    st.query_params.from_dict({"preset": slug})


def tell(settings: Settings, choice: Choice) -> None:
    """Say what the preset shows, and what the user should know of the settings."""
    preset = settings.preset
    if preset and choice.experiment == preset.experiment and not settings.map_changed():
        st.markdown(f"**{preset.title}.** {preset.claim}")
    elif preset:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{preset.title}**, changed: its claim need not hold.", width="content")
            st.button("Undo changes", on_click=undo, args=(preset.slug, settings.shown))
    for message in choice.messages:
        st.info(message)


def start_here(settings: Settings, experiment: Experiment) -> None:
    """Move the start to where the user clicked, rounded to a thousandth of the frame."""
    *clicked, panel = st.session_state["player"].start
    surface = SURFACES[experiment.surface]
    start = []
    for side, value in zip(surface.domain, clicked, strict=True):
        digits = max(0, 3 - math.floor(math.log10(side[1] - side[0])))
        low, high = doubled(side)
        start.append(round(min(max(float(value), low), high), digits))
    if experiment.runs[0].start is None:
        for letter, value in zip("xy", start, strict=True):
            put(settings, f"{surface.name}.{letter}", value)
    else:
        starts = [run.start for run in experiment.runs]
        starts[int(panel) % len(starts)] = (start[0], start[1])
        text = "; ".join(f"{point[0]:g} {point[1]:g}" for point in starts if point)
        put(settings, f"{surface.name}.starts", text)
    st.rerun()  # all of it: the controls of the start lie outside the scene


def look_here(settings: Settings, trajectories: list[Trajectory], look: Look | None) -> None:
    """Look inside the step at which the clock stands, of the run that was looked at before."""
    paces = st.session_state["player"].look
    index = look.run if look else 0
    last = len(trajectories[index].lr) - 1
    step = math.floor(float(paces[index]) + 1e-9)
    put(settings, inspector.STEP, max(0, min(step, last)))
    st.session_state[inspector.DRAWER] = True
    st.rerun()  # all of it: the expander lies outside the scene
