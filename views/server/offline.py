"""An experiment as one page that plays offline."""

from __future__ import annotations

import base64
import functools
import html
import json
import re

from landscape.language import current, number, tr
from optimizers import simulate
from views.live.answer import changed, drawing, sentences
from views.live.kept import spread_of
from views.presets import PRESETS
from views.scene.figures import momentum_of
from views.scene.samples import all_orders
from views.scene.scene import packed
from views.server.server import FILES, PLAYER, content
from views.settings.choice import Choice
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
# What a module imports from beside it.
NEIGHBOUR = re.compile(r'(^(?:import|export) [^;"]*|\bimport\()"\./([\w-]+\.js)"', re.MULTILINE)


def standalone(choice: Choice) -> str:
    """Return one HTML file in which the player shows an experiment, with nothing from elsewhere."""
    experiment = choice.experiment
    spread = spread_of(experiment, choice.seeds) if choice.seeds else None
    trajectories = simulate(experiment)
    drawn = drawing(choice, trajectories, LIGHT, spread)
    ground, scene = (base64.b64encode(part).decode() for part in packed(drawn))
    sentence, _ = sentences(choice, trajectories, spread, drawn)
    words = [*claims(choice), "; ".join(rates(choice)), sentence]
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
    return [tr(preset.claim)] if preset and not changed(preset, choice) else []


def rates(choice: Choice) -> list[str]:
    """Return a text for each run with its rate and, if its rule has one, its momentum."""
    experiment, texts = choice.experiment, []
    for label, run in zip(choice.labels, experiment.runs, strict=True):
        said = [tr("rate {rate}", rate=number(experiment.plan(run).lr, 4))]
        momentum = momentum_of(run)
        if momentum is not None:
            said.append(tr("momentum {momentum}", momentum=number(momentum, 4)))
        texts.append(f"{label}: {', '.join(said)}")
    return texts


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
