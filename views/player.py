"""The player as a Streamlit component: it draws a scene, moves it, and reports clicks."""

from __future__ import annotations

import functools
import hashlib
import math
from collections.abc import Callable
from typing import Any

import streamlit as st

from optimizers import Experiment, Trajectory
from views import curves, figures, local, space
from views.figures import OVERLAY, SIDE_BY_SIDE, SPACE, Ground, Mark
from views.inspector import Look
from views.payload import pack
from views.server import FILES, VIEWS, address
from views.theme import Theme

# Streamlit sends a component's script again with every message, so this one only fetches the
# player, which the browser keeps. Plotly is a plain script that leaves a global.
LOADER = """
const at = (path) => new URL(path, document.baseURI).href;
window.zigzagPlayer ??= Promise.all([
  import(at("%(player)s")),
  new Promise((done, failed) => {
    const script = document.createElement("script");
    Object.assign(script, { src: at("%(plotly)s"), onload: done, onerror: failed });
    document.head.append(script);
  }),
]).then(([module]) => module);
%(act)s
"""

GROUND = "export default ({ data }) => void zigzagPlayer.then((module) => module.ground(data));"

SCENE = """export default function ({ data, parentElement, setTriggerValue }) {
  zigzagPlayer
    .then((module) => module.show(parentElement, data, setTriggerValue))
    .catch((error) => {
      const wait = parentElement.querySelector(".zz-wait");
      if (wait) wait.textContent = "The player could not be loaded. Reload the page to try again.";
      console.error(error);
    });
  return () => zigzagPlayer.then((module) => module.close(parentElement));
}"""

WAIT = '<div class="zz-wait" role="status">Loading the player…</div>'


def loader(act: str) -> str:
    """Return a script that fetches the player and then does what `act` says."""
    paths = {name.replace(".js", ""): address(name) for name in FILES}
    return LOADER % {**paths, "act": act}


def register() -> tuple[Any, Any]:
    """Register the components of ground and scene; return their mounting commands."""
    return (
        st.components.v2.component("zigzag_ground", js=loader(GROUND)),
        st.components.v2.component(
            "zigzag_player",
            html=WAIT,
            css=(VIEWS / "player.css").read_text(),
            js=loader(SCENE),
            # Plotly's own style sheet cannot reach into a shadow root.
            isolate_styles=False,
        ),
    )


def digest(*parts: Any) -> str:
    """Return a short name of anything with a faithful repr."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


def ground_id(ground: Ground, view: str, runs: int, theme: Theme) -> str:
    """Return the name by which a scene asks for its ground."""
    return digest(ground, view, runs if view == SIDE_BY_SIDE else 1, theme.name)


def ground(ground: Ground, view: str, runs: int, theme: Theme) -> dict[str, Any]:
    """Return what stays while only runs change: the surface's picture and where its panels lie."""
    (x0, x1), (y0, y1) = ground.box
    common = {
        "id": ground_id(ground, view, runs, theme),
        "frame": digest(ground.surface, ground.box),
        "space": view == SPACE,
    }
    if view == SPACE:
        sizes = {"aspect": 0.8, "tallest": 480, "lowest": 260, "widest": 1.8}
        return {**common, **sizes, "back": space.background(ground, theme)}
    panels = runs if view == SIDE_BY_SIDE else 1
    return {
        **common,
        "aspect": min(1.0, (y1 - y0) / (x1 - x0)),
        "tallest": 420 if panels == 1 else 300,
        "lowest": 180,
        "widest": 1.4,  # of the height, at equal scales
        "arrangements": arrangements(panels),
        "back": figures.background(ground, panels, theme),
    }


def scene(
    experiment: Experiment,
    trajectories: list[Trajectory],
    marks: list[Mark],
    view: str,
    theme: Theme,
    curve: str = "Loss",
    unit: str = "updates",
    story: str = "",
    look: Look | None = None,
) -> dict[str, Any]:
    """Return what changes with every setting: the clock, the paths and the curves.

    The clock ticks with the updates of the run of which a tick shows least; `pace` is what share of
    an update each run does in a tick, and `tick` how many updates, epochs or samples one is.
    """
    each = [curves.per_update(experiment, t.run, unit) for t in trajectories]
    tick = min(each)
    ends = [len(t.lr) * x / tick for t, x in zip(trajectories, each, strict=True)]
    seen: dict[str, Any] | None = None
    runs: list[dict[str, Any]] = []
    if view == SPACE:
        front, runs = space.foreground(experiment, trajectories, marks, theme)
    else:
        front = figures.foreground(experiment, trajectories, marks, view == OVERLAY, theme)
    if look and view != SPACE:
        panel = 0 if view == OVERLAY else look.run
        mark = marks[look.run]
        front["data"] += local.traces(
            look.step, look.model, panel, Ground.of(experiment), mark, theme
        )
        seen = {
            "id": [look.run, look.step.k],
            "tick": look.step.k * each[look.run] / tick,
            "near": local.near(look.step, Ground.of(experiment)),
        }
    return {
        "id": digest(experiment, view, theme.name, curve, unit, seen, look and look.order),
        "look": seen,
        "ground": ground_id(Ground.of(experiment), view, len(trajectories), theme),
        "story": story,
        "page": theme.page,
        "steps": max(1, *map(math.ceil, ends)),
        "pace": [tick / x for x in each],
        "tick": tick,
        "unit": {"updates": "step", "epochs": "epoch", "samples": "sample"}[unit],
        "lossHeight": 240,
        "front": front,
        "runs": runs,
        "label": f"{experiment.surface} in 3-D: {', '.join(mark.label for mark in marks)}",
        "loss": curves.chart(experiment, trajectories, marks, theme, curve, unit),
    }


def packed(
    experiment: Experiment,
    trajectories: list[Trajectory],
    marks: list[Mark],
    view: str,
    theme: Theme,
    curve: str = "Loss",
    unit: str = "updates",
    story: str = "",
    look: Look | None = None,
) -> tuple[bytes, bytes]:
    """Return ground and scene as the player reads them; a new `story` is shown from its end."""
    return packed_ground(Ground.of(experiment), view, len(trajectories), theme), pack(
        scene(experiment, trajectories, marks, view, theme, curve, unit, story, look)
    )


@functools.lru_cache(maxsize=64)
def packed_ground(surface: Ground, view: str, runs: int, theme: Theme) -> bytes:
    return pack(ground(surface, view, runs, theme))


def arrangements(panels: int) -> list[dict[str, Any]]:
    """Return how the panels lie in a page narrower than `below` pixels, narrowest first."""
    choices = [(520, 1), (900, min(panels, 2 if panels <= 4 else 3)), (math.inf, columns(panels))]
    return [
        {"below": min(below, 1e9), **figures.arrangement(panels, count)} for below, count in choices
    ]


def columns(panels: int) -> int:
    """Return the columns on a wide page: one row up to four panels, then three columns."""
    return panels if panels <= 4 else 3


def show(
    components: tuple[Any, Any],
    packed: tuple[bytes, bytes],
    on_start: Callable[[], None],
    on_look: Callable[[], None],
) -> None:
    """Mount the player with a packed ground and scene.

    They are two elements because Streamlit sends an element's data only when it changes.
    `on_start` is called after a click on a panel; it finds the point as
    `st.session_state["player"]["start"]`; `on_look` after a wish to look inside a step, which is
    there as "look". A change of the page's theme needs no callback: the run
    of the script that it causes makes a scene in the new colours.
    """
    with st.container(gap=None):
        components[0](key="ground", data=packed[0], height=1)
        components[1](
            key="player",
            data=packed[1],
            on_start_change=on_start,
            on_look_change=on_look,
            on_theme_change=lambda: None,
        )
