"""Pieces of the pictures of a class: many runs in one panel, and bars of who chose what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from views.scene.figures import Figure, Frame, halo
from views.theme import Theme

FAR = 10.0  # widths and heights of the box: a path that is farther away is drawn no further
FAINT = 0.6  # a path of many
END = "end"  # the name of a note that waits until runs have been played


def panel(
    data: Sequence[Figure],
    notes: Sequence[Figure],
    box: Frame,
    ticks: Sequence[Sequence[float]],
    theme: Theme,
) -> Figure:
    """Return a panel of runs in a box, with its numbers inside."""
    axis = {
        "zeroline": False,
        "showgrid": False,
        "fixedrange": True,
        "ticks": "inside",
        "tickcolor": theme.muted,
        "tickfont": {"color": theme.muted},
        "ticklabelposition": "inside",
        "ticklabelstandoff": 3,
    }
    return {
        "data": [*data],
        "layout": {
            **page(theme),
            "xaxis": {**axis, "range": [*box[0]], "tickvals": [*ticks[0]]},
            "yaxis": {**axis, "range": [*box[1]], "tickvals": [*ticks[1]]},
            "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
            "annotations": [*notes],
            "showlegend": False,
        },
    }


def page(theme: Theme) -> Figure:
    """Return the layout of whatever stands on a page."""
    return {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": theme.text, "size": 13},
    }


def cut(path: np.ndarray, box: Frame) -> np.ndarray:
    """Return a path up to its first point far outside the box; what is not finite is none."""
    inside = (np.abs(path) <= FAR * np.ptp(box, axis=1)).all(axis=1)  # which NaN is not
    end = len(path) if inside.all() else int(np.argmin(inside)) + 1
    found: np.ndarray = path[:end][np.isfinite(path[:end]).all(axis=1)]
    return found


def drawn(
    paths: Sequence[np.ndarray],
    colour: str,
    theme: Theme,
    width: float,
    size: float = 7,
    opacity: float = 1.0,
) -> list[Figure]:
    """Return the traces of some paths: lines with gaps between them, and their heads.

    `meta` of a trace says which of the run's points it shows: "path" or "head".
    """
    xs: list[float | None] = []
    ys: list[float | None] = []
    for path in paths:
        xs += [*path[:, 0].tolist(), None]
        ys += [*path[:, 1].tolist(), None]
    line = {
        "type": "scatter",
        "mode": "lines",
        "meta": "path",
        "x": xs,
        "y": ys,
        "line": {"color": colour, "width": width},
        "opacity": opacity,
        "hoverinfo": "skip",
    }
    heads = mark([tuple(path[-1]) for path in paths], theme, "circle", size, colour, theme.page)
    return [line, {**heads, "meta": "head"}]


def mark(
    points: Sequence[Sequence[float]], theme: Theme, symbol: str, size: float, color: str, ring: str
) -> Figure:
    """Return the trace of some marks, each with a ring."""
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [float(point[0]) for point in points],
        "y": [float(point[1]) for point in points],
        "marker": {
            "symbol": symbol,
            "size": size,
            "color": color,
            "line": {"color": ring, "width": 1.5},
        },
        "hoverinfo": "skip",
    }


def note(x: float, y: float, text: str, theme: Theme, **more: Any) -> Figure:
    """Return a text beside a point."""
    return {
        "x": x,
        "y": y,
        "text": text,
        "showarrow": False,
        "font": {"color": theme.text, "size": 14, "shadow": halo(theme)},
        **more,
    }


def bars(x: Sequence[float], heights: Sequence[int], width: float, colour: str) -> Figure:
    """Return the trace of some bars, by where they stand."""
    return {
        "type": "bar",
        "x": [*x],
        "y": [*heights],
        "width": width,
        "marker": {"color": colour, "line": {"width": 0}},
        "hoverinfo": "skip",
    }


def count_axis(highest: int, theme: Theme) -> Figure:
    """Return the axis that counts students."""
    return {
        **bar_axis(theme),
        "gridcolor": theme.line,
        "range": [0, 1.15 * max(highest, 1)],
        "tickformat": "d",
        "dtick": nice(highest),
    }


def bar_axis(theme: Theme) -> Figure:
    """Return what both axes of bars have."""
    return {"zeroline": False, "fixedrange": True, "color": theme.muted}


def nice(highest: int) -> int:
    """Return the distance of the lines behind bars: at most four of them."""
    step = 1
    while highest / step > 4:
        step = step * 2 if str(step)[0] in "15" else step * 5 // 2
    return step
