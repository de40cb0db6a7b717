"""The view of maps: one of them with its controls, its picture and its words."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from optimizers.maps import Request
from views.maps import MAPS, files
from views.maps.base import Map
from views.player import chart
from views.server.jobs import JOBS, Job
from views.settings.controls import Choice, pick, put
from views.settings.settings import Settings
from views.theme import Theme
from views.turns import changed

QUICK = 0.3  # seconds in which most maps are made: no progress is shown before
LOOK = 0.1  # seconds between two looks at a longer job
KEYS = ("chart", "second chart")
CANCELLED = "map cancelled"  # the request that the user gave up


def show(settings: Settings, choice: Choice, theme: Theme, component: Any) -> None:
    """Draw the chosen map of what the lab's controls say."""
    settings.map_values = {}
    name = pick(settings, "map", "Map", list(MAPS), label_visibility="collapsed", width=260)
    the_map = MAPS[name]
    request = the_map.ask(settings, choice)
    if isinstance(request, str):
        st.info(request)
        return
    paint = partial(draw, settings, choice, theme, component, the_map)
    result = JOBS.kept(request)
    if result is not None:
        paint(request, result)
        return
    if st.session_state.get(CANCELLED) == hash(request):
        st.info("Given up. A map of other settings is computed as always.")
        st.button("Make it after all", on_click=resume)
        return
    job = JOBS.join(request)
    try:
        slow = not job.done.wait(QUICK)
        if slow:
            wait(job, paint)
    finally:  # also when another change of a control ends this run of the script
        JOBS.leave(job)
    if job.error:
        st.error(f"This map cannot be made: {job.error}")
    elif job.result is None:
        pass  # a change waits, and with it the next run of the script
    elif slow:
        st.rerun()  # the same, with the finished map in place of the coarse one
    else:
        paint(request, job.result)


def wait(job: Job, paint: Callable[[Request, Any], None]) -> None:
    """Show a coarse map and the progress until a job is done or the user has changed something."""
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
            paint(rough, few.result)
    while not (job.done.wait(LOOK) or changed()):
        bar.progress(job.share, "Computing the map")


def give_up(request: int) -> None:
    st.session_state[CANCELLED] = request


def resume() -> None:
    del st.session_state[CANCELLED]


def draw(
    settings: Settings,
    choice: Choice,
    theme: Theme,
    component: Any,
    the_map: Map,
    request: Request,
    result: Any,
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
            on_point = clicked if index == 0 else lambda: None
            chart.show(component, panel, theme, on_point, KEYS[index])
    st.caption(f"{shown.pixel} {the_map.hint}")
    st.markdown(shown.words)
    files.link(request)
