"""The picture of a card as a figure that Plotly draws as vectors, for a teacher's page or paper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from views.live.kept import simulated
from views.scene.figures import Ground, arrangement, background, foreground, marks_of
from views.settings.choice import planned
from views.settings.settings import Settings
from views.theme import Theme

WIDTH, HEIGHT = 520, 200  # pixels of a picture
ENDED_HEIGHT, LEGEND = 260, 34  # of one that shows how the runs end, and of their names above it
EDGE = 5  # pixels around it
FONT = '"Source Sans", "Noto Sans KR", sans-serif'  # the page's
DIGITS = 4  # of a height on the ground

Trace = dict[str, Any]


def picture(lesson: str, number: str, theme: Theme, ended: bool = False) -> dict[str, Any]:
    """Return a card's ground, where its runs start and, when they have ended, their paths.

    Runs on one surface share a panel, each on a surface of its own has one.
    """
    choice = planned(Settings({"lesson": lesson, "card": number}))
    experiment = choice.experiment
    trajectories = simulated(experiment)
    panels = len(experiment.objectives)
    height, top = (ENDED_HEIGHT, LEGEND) if ended else (HEIGHT, EDGE)
    ground = Ground.under(experiment, trajectories, height * panels / WIDTH)
    marks = marks_of(choice.labels, theme)
    front = foreground(experiment, trajectories, marks, panels == 1, theme, ground)
    axes = {name: dict(value) for name, value in front["layout"].items() if "axis" in name}
    for path, value in arrangement(panels, panels)["layout"].items():
        axis, name = path.split(".")
        axes[axis][name] = value
    back = [{**trace, "showlegend": False} for trace in background(ground, panels, theme)["data"]]
    if ended:  # a small picture has no room for words between its paths
        back = [trace for trace in back if trace.get("name") != "words"]
    drawn = ended_traces(front["data"], choice.labels) if ended else start_traces(front["data"])
    # No path crosses a word or hides a minimum.
    traces = sorted((*back, *drawn), key=stands_above)
    return {
        "data": [plain(trace) for trace in traces],
        "layout": {
            **{name: front["layout"][name] for name in ("paper_bgcolor", "plot_bgcolor")},
            "font": {**front["layout"]["font"], "family": FONT},
            **axes,
            "margin": {"l": EDGE, "r": EDGE, "t": top, "b": EDGE},
            "showlegend": ended,
            "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
            "height": height + top + EDGE,
        },
    }


def stands_above(trace: Trace) -> bool:
    """Tell whether a trace is of what is read where paths cross it."""
    return trace.get("name") == "minima" or "text" in trace.get("mode", "")


def start_traces(traces: Sequence[Trace]) -> list[Trace]:
    """Return the traces that mark where the runs start."""
    return [trace for trace in traces if trace["name"].startswith("start-")]


def ended_traces(traces: Sequence[Trace], labels: Sequence[str]) -> list[Trace]:
    """Return the paths of runs with their heads at the ends; the key of a run has its name.

    The further a path goes, the earlier it is drawn, for it would cover the others.
    """
    paths = {trace["name"]: trace for trace in traces if trace["name"].startswith("path-")}
    reaches = {
        name: sum(float(np.ptp(path[axis])) for axis in "xy") for name, path in paths.items()
    }
    runs = sorted(reaches, key=lambda name: -reaches[name])
    found = []
    for trace in sorted(traces, key=lambda trace: order_of(trace, runs)):
        kind, _, run = trace["name"].partition("-")
        path = paths.get(f"path-{run}", trace)
        if kind == "head":
            last = {letter: path[letter][-1:] for letter in "xy"}
            named = {"name": labels[int(run)], "showlegend": True, "legendrank": int(run)}
            found.append({**trace, **last, **named})
        else:
            found.append({**trace, "showlegend": False})
    return found


def order_of(trace: Trace, runs: Sequence[str]) -> tuple[int, int]:
    """Return where a trace stands among all: paths, starts, heads, each in the order of `runs`."""
    kind, _, run = trace["name"].partition("-")
    place = runs.index(f"path-{run}") if f"path-{run}" in runs else -1
    return {"start": 1, "head": 2}.get(kind, 0), place


def plain(value: Any) -> Any:
    """Return a part of a figure as JSON has it, numbers as exactly as a picture shows them."""
    if isinstance(value, np.ndarray):
        return [plain(each) for each in value.tolist()]
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value
