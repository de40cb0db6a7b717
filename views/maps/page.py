"""The view of maps: one of them with its controls, its picture and its words."""

from __future__ import annotations

from typing import Any

import streamlit as st

from optimizers.maps import Request
from views import chart
from views.controls import Choice, pick
from views.jobs import JOBS, Job
from views.maps import MAPS, files
from views.maps.base import Map
from views.settings import Settings
from views.theme import Theme
from views.turns import changed

QUICK = 0.3  # seconds in which most maps are made: no progress is shown before
LOOK = 0.1  # seconds between two looks at a longer job
KEYS = ("chart", "second chart")
CANCELLED = "map cancelled"  # the request that the user gave up


def show(settings: Settings, choice: Choice, theme: Theme, component: Any) -> None:
    """Draw the chosen map of what the lab's controls say."""
    name = pick(settings, "map", "Map", list(MAPS), label_visibility="collapsed", width=260)
    the_map = MAPS[name]
    request = the_map.ask(settings, choice)
    if isinstance(request, str):
        st.info(request)
        return
    result = JOBS.kept(request)
    if result is not None:
        draw(settings, the_map, request, result, choice, theme, component)
        return
    if st.session_state.get(CANCELLED) == hash(request):
        st.info("Given up. Any change of the settings starts another map.")
        st.button("Make it after all", on_click=resume)
        return
    job = JOBS.join(request)
    try:
        if not job.done.wait(QUICK):
            wait(settings, the_map, job, choice, theme, component)
    finally:  # also when another change of a control ends this run of the script
        JOBS.leave(job)
    if job.error:
        st.error(f"This map cannot be made: {job.error}")
    elif job.result is None:
        pass  # a change waits, and with it the next run of the script
    elif job.slow:
        st.rerun()  # the same, with the finished map in place of the coarse one
    else:
        draw(settings, the_map, request, job.result, choice, theme, component)


def wait(
    settings: Settings, the_map: Map, job: Job, choice: Choice, theme: Theme, component: Any
) -> None:
    """Show a coarse map and the progress until a job is done or the user has changed something."""
    job.slow = True
    with st.container(horizontal=True, vertical_alignment="center"):
        bar = st.progress(job.share, "Computing the map")
        st.button("Cancel", on_click=give_up, args=(hash(job.request),))
    rough = job.request.coarse()
    if rough is not None:
        few = JOBS.join(rough)
        try:
            while not (few.done.wait(LOOK) or job.done.is_set() or changed()):
                bar.progress(job.share, "Computing the map")
        finally:
            JOBS.leave(few)
        if few.result is not None and not job.done.is_set():
            draw(settings, the_map, rough, few.result, choice, theme, component)
    while not (job.done.wait(LOOK) or changed()):
        bar.progress(job.share, "Computing the map")


def give_up(request: int) -> None:
    st.session_state[CANCELLED] = request


def resume() -> None:
    del st.session_state[CANCELLED]


def draw(
    settings: Settings,
    the_map: Map,
    request: Request,
    result: Any,
    choice: Choice,
    theme: Theme,
    component: Any,
) -> None:
    """Draw a map, what its pixels are, what is to be seen, and the link to its numbers."""
    shown = the_map.draw(request, result, choice, theme)

    def clicked() -> None:
        point = st.session_state[KEYS[0]].point
        if the_map.load is None or point is None:
            return
        x, y = (float(value) for value in point)
        for name, value in the_map.load(request, result, choice, x, y).items():
            put(settings, name, value)
        st.rerun()  # all of it: the controls lie outside the scene

    places = st.columns(len(shown.panels)) if len(shown.panels) > 1 else [st.container()]
    for index, (panel, place) in enumerate(zip(shown.panels, places, strict=True)):
        with place:
            chart.show(
                *(component, panel.figure, theme, panel.label),
                clicked if index == 0 else lambda: None,
                panel.aspect,
                panel.tallest,
                panel.legend,
                key=KEYS[index],
            )
    st.caption(f"{shown.pixel} {the_map.hint}")
    st.markdown(shown.words)
    files.link(request)


def put(settings: Settings, name: str, value: Any) -> None:
    """Set a setting of the lab, and the link with it."""
    key = settings.key(name)
    if key not in st.session_state:
        # Streamlit puts a value from code into the link only if the widget was there before.
        st.query_params[key] = str(value)
    st.session_state[key] = value
