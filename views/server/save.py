"""The experiment as files: a page that plays offline, a notebook, and trajectories as numbers.

Whoever serves a file makes it from the query of its address alone, which is the page's own: of
several processes that share the visitors of a class, any may be the one that is asked.
"""

from __future__ import annotations

import html
import re
import threading
from collections.abc import Callable, Iterator
from itertools import zip_longest
from typing import Any

import streamlit as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from landscape.language import language, msgid, tr
from optimizers import (
    Average,
    Averaged,
    Cancelled,
    Experiment,
    Trajectory,
    averaged,
    before_looking_ahead,
    simulate,
)
from optimizers.analysis.lookahead import Points
from optimizers.analysis.measures import sharpness
from views.notebook import notebook
from views.scene.curves import CURVATURE
from views.server.address import asked, link
from views.server.heavy import HEAVY
from views.server.jobs import Full
from views.server.offline import standalone
from views.server.places import PLACES, busy
from views.server.search import best_rates, found
from views.server.table import csv_pieces
from views.settings.choice import Choice
from views.settings.rates import FoundRates
from views.settings.settings import Settings, read, write

PIECE = 2**18  # characters that are sent at once


def table(
    labels: tuple[str, ...],
    trajectories: list[Trajectory],
    average: Average | None = None,
    sutskever: bool = False,
    curved: Experiment | None = None,
) -> str:
    """Return trajectories as CSV; `lr` is the rate of the update that led to the step.

    With an `average` of the iterates there are its positions and losses too, with `sutskever`
    those of Nesterov before it looks ahead, and where their experiment is given as `curved` the
    largest curvatures that its curve shows, and the rule's limit to that at the rate of the next
    update.
    """

    def rows() -> Iterator[tuple[Any, ...]]:
        for label, trajectory in zip(labels, trajectories, strict=True):
            rates: list[Any] = ["", *trajectory.lr.tolist()]
            steps = zip(trajectory.path.tolist(), trajectory.loss.tolist(), rates, strict=True)
            beside: list[Averaged | Points | None] = []
            beside += [averaged(trajectory, average)] if average else []
            beside += [before_looking_ahead(trajectory)] if sutskever else []
            more = [columns(each) for each in beside]
            curvatures: Iterator[tuple[Any, ...]] = iter(())
            if curved:
                sharp = sharpness(curved, trajectory)
                limits = [] if sharp.limit is None else sharp.limit.tolist()
                curvatures = zip_longest(
                    sharp.curvature.tolist(), limits[: len(sharp.curvature)], fillvalue=""
                )
            unknown = ("", "") if curved else ()
            for step, ((x, y), loss, rate) in enumerate(steps):
                # After the last finite position there is nothing.
                more_of = [cell for each in more for cell in next(each, ("", "", ""))]
                more_of += next(curvatures, unknown)
                yield label, step, x, y, loss, rate, *more_of

    of_average = ("average_x", "average_y", "average_loss") if average else ()
    of_points = ("sutskever_x", "sutskever_y", "sutskever_loss") if sutskever else ()
    of_curve = ("curvature", "curvature_limit") if curved else ()
    names = ("run", "step", "x", "y", "loss", "lr", *of_average, *of_points, *of_curve)
    return "".join(csv_pieces(map(tr, names), rows()))


def columns(each: Averaged | Points | None) -> Iterator[tuple[float, ...]]:
    """Yield x, y and loss of each point of what stands beside a run, if there is anything."""
    if each is not None:
        yield from zip(*each.path.T.tolist(), each.loss.tolist(), strict=True)


# Extension: how it is called on the page, its type, and what makes it.
FORMATS: dict[str, tuple[str, str, Callable[[Choice], str]]] = {
    "html": (msgid("Page that plays offline (HTML)"), "text/html", standalone),
    "csv": (
        msgid("Trajectories (CSV)"),
        "text/csv",
        lambda choice: table(
            choice.names,
            simulate(choice.experiment),
            choice.extras.average,
            choice.extras.sutskever,
            choice.experiment if choice.curve == CURVATURE else None,
        ),
    ),
    "ipynb": (msgid("Notebook (Jupyter)"), "application/x-ipynb+json", notebook),
}


# How the file's name ends, width in pixels (0 where it has none) and how it is called on the page.
PICTURES = (
    ("-slide.png", 1920, msgid("Picture for a slide (PNG)")),
    ("-print.png", 4800, msgid("Picture for print (PNG)")),
    (".svg", 0, msgid("Picture in lines (SVG)")),
)

# What joins the pictures of the playback (views/player/film.js), and how it is called on the page.
FILMS = (("gif", msgid("Animation (GIF)")), ("video", msgid("Video")))


def name_of(settings: Settings) -> str:
    """Return what files of settings are called."""
    return f"zigzag-{re.sub(r'[^a-z]+', '-', settings['surface'].lower())}"


def draw(settings: Settings) -> None:
    """Draw the buttons and links for all files; of data of one's own no server has any."""
    st.caption(tr("Save as"))
    own = settings.data is not None
    st.html(f'<div class="zz-files">{pictures(settings)}{"" if own else links(settings)}</div>')


def pictures(settings: Settings) -> str:
    """Return the buttons with which the player saves what it shows, in the browser alone."""
    name = name_of(settings)
    buttons = [
        ("picture", text, f'data-width="{width}" data-name="{name}{end}"')
        for end, width, text in PICTURES
    ]
    buttons += [("film", text, f'data-kind="{kind}" data-name="{name}"') for kind, text in FILMS]
    return "".join(
        f'<p><button type="button" class="zz-file zz-{what}" {data}>{html.escape(tr(text))}'
        "</button></p>"
        for what, text, data in buttons
    )


def links(settings: Settings) -> str:
    """Return the links to the files that a server makes."""
    name = name_of(settings)
    return "".join(
        link(f"save/{name}.{kind}", settings, tr(text)) for kind, (text, *_) in FORMATS.items()
    )


def file(kind: str, link: dict[str, list[str]], rates: FoundRates | None) -> str:
    """Return a file of what a link shows."""
    settings, _ = read(link)
    with language(settings["lang"]):
        return FORMATS[kind][2](found(settings, rates))


async def serve(request: Request) -> Response:
    """Answer with a file."""
    kind = request.path_params["kind"]
    if kind not in FORMATS:
        return PlainTextResponse("Not found", 404)
    _, media, _ = FORMATS[kind]
    settings = asked(request)
    if settings is None:
        return PlainTextResponse("This address holds no experiment.", 400)

    def pieces(gone: threading.Event) -> Iterator[str]:
        rates = best_rates(settings, gone)
        if gone.is_set():
            raise Cancelled
        text = HEAVY.make_file(gone, file, kind, write(settings), rates)
        # To compress all of it at once would keep others waiting.
        return (text[i : i + PIECE] for i in range(0, len(text), PIECE))

    try:
        return await PLACES.answer(request, media, pieces)
    except Full:
        return busy()


# Before the player's files, whose addresses look alike.
ROUTE = Route("/save/{name}.{kind}", serve)
