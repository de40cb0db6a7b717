"""The experiment as files: a page that plays offline, a notebook, and trajectories as numbers.

Whoever serves a file makes it from the query of its address alone, which is the page's own: of
several processes that share the visitors of a class, any may be the one that is asked.
"""

from __future__ import annotations

import base64
import functools
import html
import json
import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

import streamlit as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from landscape.language import current, language, msgid, tr
from optimizers import Cancelled, Trajectory, simulate
from optimizers.analysis.source import source
from optimizers.maps import Spread
from views.live.answer import drawing
from views.live.kept import spread_of
from views.maps import ends
from views.presets import PRESETS
from views.report import results
from views.scene.samples import all_orders
from views.scene.scene import packed
from views.server.address import asked, link
from views.server.heavy import HEAVY
from views.server.jobs import Full
from views.server.places import PLACES, busy
from views.server.search import best_rates, found
from views.server.server import FILES, PLAYER, content
from views.server.table import csv_pieces
from views.settings.choice import Choice
from views.settings.rates import FoundRates
from views.settings.settings import Settings, read, write
from views.theme import LIGHT

PAGE = """<!doctype html>
<html lang="{lang}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>* {{ box-sizing: border-box; }}
body {{ margin: 1rem; font-family: sans-serif; color: #1f2328; }}
{css}</style>
<script>{plotly}</script></head>
<body><h1>{title}</h1>{words}<div id="player"></div>
<script type="importmap">{modules}</script>
<script type="module">
import {{ ground, order, show }} from "zigzag/player.js";
const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
ground(bytes("{ground}"));
for (const text of {orders}) order(bytes(text));
show(document.getElementById("player"), bytes("{scene}"));
</script></body></html>
"""
PIECE = 2**18  # characters that are sent at once
# What a module imports from beside it.
NEIGHBOUR = re.compile(r'^((?:import|export) [^;"]*)"\./([\w-]+\.js)"', re.MULTILINE)


def standalone(choice: Choice) -> str:
    """Return one HTML file in which the player shows an experiment, with nothing from elsewhere."""
    experiment = choice.experiment
    spread = spread_of(experiment, choice.seeds) if choice.seeds else None
    trajectories = simulate(experiment)
    sent = packed(drawing(choice, trajectories, LIGHT, spread))
    ground, scene = (base64.b64encode(part).decode() for part in sent)
    words = [*claims(choice), compared(choice, trajectories, spread)]
    return PAGE.format(
        lang=current(),
        title=html.escape(title(choice)),
        words="".join(f"<p>{html.escape(text)}</p>" for text in words),
        css=(PLAYER / "player.css").read_text(),
        plotly=content(FILES["plotly.js"]).decode(),
        modules=modules(),
        ground=ground,
        orders=json.dumps([base64.b64encode(part).decode() for part in all_orders(experiment)]),
        scene=scene,
    )


def title(choice: Choice) -> str:
    """Return what a file is headed with."""
    runs, surface = ", ".join(choice.labels), tr(choice.experiment.surface)
    return tr("Zigzag: {runs} on {surface}", runs=runs, surface=surface)


def claims(choice: Choice) -> list[str]:
    """Return what the preset says that an experiment shows, if it is one's own."""
    preset = PRESETS.get(choice.preset)
    return [tr(preset.claim)] if preset and preset.experiment == choice.experiment else []


def compared(choice: Choice, trajectories: list[Trajectory], spread: Spread | None) -> str:
    """Return how the runs compare, as the page says it."""
    if spread is not None:
        return ends.sentence(choice.experiment, spread, choice.labels)
    return results.sentences(choice.experiment, trajectories, choice.labels)[0]


@functools.cache
def modules() -> str:
    """Return an import map that holds the player's modules themselves.

    A file has no folder on a server to import from, and a `data:` address has no neighbours, so
    each module is named "zigzag/..." and its imports of neighbours are rewritten to that.
    """
    found = {}
    waiting = ["player.js"]
    while waiting:
        name = waiting.pop()
        if f"zigzag/{name}" not in found:
            text = content(FILES[name]).decode()
            waiting += [neighbour for _, neighbour in NEIGHBOUR.findall(text)]
            script = NEIGHBOUR.sub(r'\1"zigzag/\2"', text).encode()
            found[f"zigzag/{name}"] = (
                f"data:text/javascript;base64,{base64.b64encode(script).decode()}"
            )
    return json.dumps({"imports": found})


def table(labels: tuple[str, ...], trajectories: list[Trajectory]) -> str:
    """Return trajectories as CSV; `lr` is the rate of the update that led to the step."""

    def rows() -> Iterator[tuple[Any, ...]]:
        for label, trajectory in zip(labels, trajectories, strict=True):
            rates: list[Any] = ["", *trajectory.lr.tolist()]
            steps = zip(trajectory.path.tolist(), trajectory.loss.tolist(), rates, strict=True)
            for step, ((x, y), loss, rate) in enumerate(steps):
                yield label, step, x, y, loss, rate

    names = ("run", "step", "x", "y", "loss", "lr")
    return "".join(csv_pieces(map(tr, names), rows()))


CODE = """from landscape import Dataset
from optimizers import Experiment, Run, simulate
from views.notebook import show

experiment = {experiment}
show(experiment{labels})"""
NUMBERS = """for run, trajectory in zip(experiment.runs, simulate(experiment)):
    print(run.optimizer, trajectory.path[-1], trajectory.loss[-1])"""


def notebook(choice: Choice) -> str:
    """Return a Jupyter notebook that repeats an experiment, in nbformat 4.5.

    It is written here: nbformat's own package brings six more, to write a dictionary as JSON.
    """
    head = [f"# {title(choice)}", *claims(choice)]
    needs = tr("It needs this lab beside Jupyter: `pip install` it from its folder.")
    names = tuple(run.optimizer for run in choice.experiment.runs)
    labels = "" if choice.labels == names else f", {choice.labels!r}"
    code = CODE.format(experiment=source(choice.experiment), labels=labels)
    cells: list[dict[str, Any]] = [
        {"cell_type": "markdown", "source": "\n\n".join([*head, needs])},
        *(
            {"cell_type": "code", "source": text, "execution_count": None, "outputs": []}
            for text in (code, NUMBERS)
        ),
    ]
    for i, cell in enumerate(cells):
        cell |= {"id": f"zigzag-{i}", "metadata": {}}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    whole = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, ensure_ascii=False, indent=1)


# Extension: how it is called on the page, its type, and what makes it.
FORMATS: dict[str, tuple[str, str, Callable[[Choice], str]]] = {
    "html": (msgid("Page that plays offline (HTML)"), "text/html", standalone),
    "csv": (
        msgid("Trajectories (CSV)"),
        "text/csv",
        lambda choice: table(choice.names, simulate(choice.experiment)),
    ),
    "ipynb": (msgid("Notebook (Jupyter)"), "application/x-ipynb+json", notebook),
}


# Extension, width in pixels (0 where it has none) and how it is called on the page.
PICTURES = (
    ("png", 1920, msgid("Picture for a slide (PNG)")),
    ("png", 4800, msgid("Picture for print (PNG)")),
    ("svg", 0, msgid("Picture in lines (SVG)")),
)


def name_of(settings: Settings) -> str:
    """Return what files of settings are called."""
    return f"zigzag-{re.sub(r'[^a-z]+', '-', settings['surface'].lower())}"


def pictures(settings: Settings) -> None:
    """Draw the buttons with which the player saves what it shows, in the browser alone."""
    name = name_of(settings)
    st.html(
        "".join(
            f'<p><button type="button" class="zz-file zz-picture" data-width="{width}"'
            f' data-name="{name}.{kind}">{html.escape(tr(text))}</button></p>'
            for kind, width, text in PICTURES
        )
    )


def links(settings: Settings) -> None:
    """Draw the links to the files."""
    name = name_of(settings)
    st.html(
        "".join(
            link(f"save/{name}.{kind}", settings, tr(text)) for kind, (text, *_) in FORMATS.items()
        )
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
