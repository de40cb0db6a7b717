"""The view of maps: one of them with its controls, its picture and its words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from landscape.language import Message, current, language, msgid, tr
from optimizers.maps import Request
from views.maps import MAPS, files
from views.maps.base import Map
from views.maps.reasons import Lack
from views.player import chart, reported
from views.server.jobs import JOBS, Full, Job
from views.settings import session
from views.settings.choice import Choice, planned
from views.settings.setting import RunName
from views.settings.settings import Settings
from views.settings.widgets import draw as draw_control
from views.settings.widgets import explain
from views.theme import Theme

QUICK = 0.3  # seconds in which most maps are made: no progress is shown before
LOOK = 0.25  # seconds between two looks at a longer job
WIDTH = 185  # pixels of a control that says no other
MOST_LACKS = 4  # that one click can make good
MOST_EXPONENT = 300.0  # of a click on a logarithmic axis: ten to its power is still a number
CHART_KEYS = ("chart", "second chart")
CANCELLED = "map cancelled"  # the request that the visitor gave up
VISITOR = "visitor"  # who waits for a map


def show(settings: Settings, choice: Choice, theme: Theme, component: Any, claim: str) -> bool:
    """Draw the chosen map of what the lab's controls say.

    Tell whether a claim, HTML, has found its place beside it.
    """
    the_map = MAPS[settings["map"]]
    request = the_map.bounded(settings, choice)
    draw_controls(settings, choice, the_map)
    if isinstance(request, Lack):
        JOBS.forget(visitor())
        draw_lack(settings, the_map)
        return False
    place = st.container()
    request, result = awaited(request)
    if result is None:
        return False
    with place:
        return draw(settings, choice, theme, component, the_map, request, result, claim)


@dataclass(frozen=True)
class Words:
    """What a page says while it waits for a job, when it was given up, and when many wait."""

    under_way: Message
    given_up: Message
    again: Message
    full: Message


MAP_WORDS = Words(
    msgid("Computing the map"),
    msgid("Given up. A map of other settings is computed as always."),
    msgid("Make it after all"),
    msgid("Many maps are waiting to be made. Try again in a minute."),
)
RATES_WORDS = Words(
    msgid("Searching for the best rates"),
    msgid("Given up. The best rates of other settings are searched for as always."),
    msgid("Search after all"),
    msgid("Many searches are waiting. Try again in a minute."),
)


def awaited(request: Any, words: Words = MAP_WORDS) -> tuple[Any, Any]:
    """Return a request and its result, or show why there is none yet or will be none.

    Meanwhile the request may be another one, for a coarse map, and the result is None if there is
    not even that.
    """
    result = JOBS.kept(request)
    if result is None and st.session_state.get(CANCELLED) == hash(request):
        JOBS.forget(visitor())
        st.info(tr(words.given_up))
        st.button(tr(words.again), on_click=resume)
        return request, None
    if result is None:
        (job,) = JOBS.watch(visitor(), request)
        job.done.wait(QUICK)
        if isinstance(job.error, Full):
            st.warning(tr(words.full))
            return request, None
        if job.error:
            st.error(
                tr(
                    "This map cannot be made; fewer pixels, seeds or updates may help. `{reason}`",
                    reason=job.error,
                )
            )
            return request, None
        result = job.result
    if result is None:
        return wait(job, words)
    JOBS.forget(visitor())
    return request, result


def draw_lack(settings: Settings, the_map: Map) -> None:
    """Say why there is no map, and offer to set up all that it needs."""
    lacks, changes = lacking(settings, the_map)
    st.info(lacks[0].why.text())
    if changes:
        what = ", ".join(offer.text() for lack in lacks for offer in lack.offers)
        label = tr("Set up: {what}", what=what)
        st.button(label, key="set up", on_click=session.change, args=(changes,))


def lacking(settings: Settings, the_map: Map) -> tuple[list[Lack], dict[str, Any]]:
    """Return what a map lacks, one after the other, and the changes with which it can be made.

    There are no changes where that takes more than settings can do.
    """
    lacks: list[Lack] = []
    changes: dict[str, Any] = {}
    request = the_map.bounded(settings, planned(settings))
    while isinstance(request, Lack):
        lacks.append(request)
        if not request.changes or len(lacks) > MOST_LACKS:
            return lacks, {}
        changes |= request.changes
        settings, _ = settings.changed(request.changes)
        request = the_map.bounded(settings, planned(settings))
    return lacks, changes


def visitor() -> object:
    """Return what stands for this visitor among those who wait for maps."""
    return st.session_state.setdefault(VISITOR, object())


def wait(job: Job, words: Words) -> tuple[Any, Any]:
    """Show the progress of a long job; return the request for a coarse map and, if made, the map.

    While the job goes on, the browser asks for a look at it now and then. The script runs again
    when there is more to show than the share that is done.
    """
    jobs = [job]
    coarse = job.request.coarse()
    if coarse is not None:
        jobs = JOBS.watch(visitor(), job.request, coarse)
    rough = jobs[-1].result if coarse is not None else None
    waiting = [j for j in jobs if j is job or (rough is None and not j.error)]
    st.fragment(progress, run_every=LOOK)(jobs, waiting, words, current())
    return coarse, rough


def progress(jobs: list[Job], waiting: list[Job], words: Words, code: str) -> None:
    """Show how much of the first job is done; run the script again when one of `waiting` is.

    It runs by itself, and so has to be told the language.
    """
    job = jobs[0]
    given_up = st.session_state.get(CANCELLED) == hash(job.request)
    if given_up or any(other.done.is_set() for other in waiting):
        session.run_again()
    JOBS.watch(visitor(), *(other.request for other in jobs))
    with language(code), st.container(horizontal=True, vertical_alignment="center"):
        st.progress(job.share, tr(words.under_way))
        st.button(tr("Cancel"), on_click=give_up, args=(hash(job.request),))


def draw_controls(settings: Settings, choice: Choice, the_map: Map) -> None:
    """Draw the choice of the map and the controls of its own settings."""
    labels = dict(zip(choice.names, choice.labels, strict=True))
    with st.container(key="map-controls", horizontal=True, vertical_alignment="bottom"):
        draw_control(settings, "map")
        for setting in the_map.settings:
            more: dict[str, Any] = {}
            if setting.width == "stretch":
                more["width"] = WIDTH
            if isinstance(setting.kind, RunName):
                if not (setting.choices and setting.choices(settings)):
                    continue
                more["format_func"] = labels.get
            seeded = setting is not the_map.seeds or the_map.seeded(choice.experiment)
            draw_control(settings, setting.id, False, disabled=not seeded, **more)


def draw(
    settings: Settings,
    choice: Choice,
    theme: Theme,
    component: Any,
    the_map: Map,
    request: Request,
    result: Any,
    claim: str,
) -> bool:
    """Draw a map, what its pixels are, what is to be seen, and the link to its numbers.

    Tell whether a claim stands beside it: it does where the map is not as wide as the page.
    """
    shown = the_map.draw(request, result, choice, theme)

    def clicked() -> None:
        point = reported.numbers(st.session_state[CHART_KEYS[0]].point, 2, MOST_EXPONENT)
        if the_map.load is not None and point is not None:
            session.change(the_map.load(request, result, choice, *point))

    count = len(shown.panels)
    beside = count > 1 and not shown.stacked
    # The words stand beside a map that is not as wide as the page.
    narrow = count == 1 and shown.panels[0].aspect > 0
    picture = st.container(key="map-narrow" if narrow else "map-wide")
    charts, words = picture.container(), picture.container()
    with charts:
        places = st.columns(count) if beside else [st.container() for _ in shown.panels]
    for index, (panel, place) in enumerate(zip(shown.panels, places, strict=True)):
        with place:
            on_point = clicked if index == 0 else session.write_link
            key = CHART_KEYS[index]
            chart.show(component, panel, theme, on_point, session.write_link, key, shown.words)
    with words:
        if narrow and claim:
            st.html(claim)
        st.markdown(shown.words)
        st.caption(f"{shown.pixel} {tr(the_map.hint)}")
        files.draw_link(settings)
        explain(settings, *(setting.id for setting in the_map.settings))
    return narrow


def give_up(request: int) -> None:
    """Stop waiting for a map."""
    st.session_state[CANCELLED] = request
    session.write_link()


def resume() -> None:
    """Wait for the map that was given up after all."""
    del st.session_state[CANCELLED]
    session.write_link()
