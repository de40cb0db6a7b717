"""The experiment as files: one page that plays offline, and the trajectories as numbers."""

from __future__ import annotations

import base64
import html
import io
from typing import Any

import streamlit as st

from optimizers import Trajectory, simulate
from views import player
from views.controls import Choice
from views.figures import Mark
from views.server import FILES, VIEWS
from views.settings import Settings
from views.theme import LIGHT

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>body {{ margin: 1rem; font-family: sans-serif; color: #1f2328; }}
{css}</style>
<script>{plotly}</script></head>
<body><h1>{title}</h1><div id="player"></div>
<script type="module">
{player}
const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
ground(bytes("{ground}"));
show(document.getElementById("player"), bytes("{scene}"));
</script></body></html>
"""


def standalone(choice: Choice, overlay: bool, curve: str) -> str:
    """Return one HTML file in which the player shows an experiment, with nothing from elsewhere."""
    experiment = choice.experiment
    marks = [Mark.of(i, label) for i, label in zip(choice.colours, choice.labels, strict=True)]
    packed = player.packed(
        experiment, simulate(experiment), marks, overlay, LIGHT, curve, choice.unit
    )
    ground, scene = (base64.b64encode(part).decode() for part in packed)
    return PAGE.format(
        title=html.escape(f"Zigzag: {', '.join(choice.labels)} on {experiment.surface}"),
        css=(VIEWS / "player.css").read_text(),
        plotly=FILES["plotly.js"].read_text(),
        player=FILES["player.js"].read_text(),
        ground=ground,
        scene=scene,
    )


def table(labels: tuple[str, ...], trajectories: list[Trajectory]) -> str:
    """Return trajectories as CSV; `lr` is the rate of the update that led to the step."""
    out = io.StringIO()
    out.write("run,step,x,y,loss,lr\n")
    for label, trajectory in zip(labels, trajectories, strict=True):
        rates: list[Any] = ["", *trajectory.lr.tolist()]
        rows = zip(trajectory.path.tolist(), trajectory.loss.tolist(), rates, strict=True)
        for step, ((x, y), loss, rate) in enumerate(rows):
            out.write(
                f"{label},{step},{x!r},{y!r},{loss!r},{rate!r}\n"
                if step
                else f"{label},0,{x!r},{y!r},{loss!r},\n"
            )
    return out.getvalue()


def button(settings: Settings, overlay: bool, curve: str) -> None:
    """Draw the menu that saves the experiment. The files are made when they are asked for."""
    menu = st.popover("Save", key="save", on_change="rerun")
    if menu.open:
        menu.download_button(
            "Page that plays offline (HTML)",
            lambda: standalone(settings.choice, overlay, curve),
            "zigzag.html",
            "text/html",
            on_click="ignore",
        )
        menu.download_button(
            "Trajectories (CSV)",
            lambda: table(settings.choice.labels, simulate(settings.choice.experiment)),
            "zigzag.csv",
            "text/csv",
            on_click="ignore",
        )
