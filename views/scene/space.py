"""The 3-D view: the surface as a Plotly scene, and what the player draws over it.

WebGL draws the surface alone, when the camera moves. The paths are drawn over it as the flat
picture of points in space, so playing costs no WebGL, which without a graphics card is good for six
frames a second. A flat trace with `customdata` lies in space: x and y are its place in the plane,
and `customdata` its heights.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscape.language import number, tr
from optimizers import Experiment, Trajectory
from views.scene import figures
from views.scene.beside import Beside, meanings
from views.scene.figures import (
    GRID,
    RAISED,
    Extras,
    Figure,
    Ground,
    Mark,
    ended,
    ending,
    extremes,
    levels,
    terrain,
)
from views.scene.frames import within
from views.scene.scale import LossScale, even
from views.theme import Theme, even_scale

MOST_VERTICES = 1_001  # of a path; a longer one is thinned
THINNED_CELLS = 800  # along each side of the box, to thin long paths by: about a pixel each
# From where it is seen first; the player goes as near as the whole box allows.
EYE = {"x": 0.35, "y": -1.5, "z": 1.2}
LONGEST = 1.8  # side of the box, in the units of the eye
HEIGHT = 0.65
SLIMMEST = 0.5  # share of the longest side that the other has at least
MARGIN = 0.02  # of the heights, above and below the surface
DOTS_APART = 0.02  # of the frame, along a line of minima
ENDLESS = 1e3  # a height in decades, for a loss that is infinite

Vector = NDArray[np.float64]


def background(ground: Ground, theme: Theme) -> Figure:
    """Return the surface in space, and the minima on it: the picture of the contours, raised.

    The labels of the ticks are left to the player, which writes them upright.
    """
    flat = figures.background(ground, 1, theme)["data"]
    minima = flat[-1]
    heights, scale = terrain(ground, RAISED)
    x, y = (np.linspace(*side, GRID) for side in ground.box)
    loss = ground.objective.loss(np.array(minima["x"]), np.array(minima["y"]))
    raised = scale(loss)
    low, high = extremes(heights)
    low = float(raised.min(initial=low))
    surface: Figure = {
        "type": "surface",
        "name": "surface",
        "x": x,
        "y": y,
        "z": heights,
        "colorscale": even_scale(theme.ground),
        "showscale": False,
        "hoverinfo": "skip",
        # Mostly its own grey, which stands for the loss, with enough shade to look like a solid.
        "lighting": {"ambient": 0.78, "diffuse": 0.38, "specular": 0.03, "roughness": 0.9},
        "lightposition": {"x": -1e4, "y": 1e4, "z": 2e4},
        "contours": {
            "x": {"highlight": False},
            "y": {"highlight": False},
            "z": {
                **levels(heights),
                "show": True,
                "highlight": False,
                "color": theme.contour,
                "width": 1.5,
            },
        },
    }
    sides = [high - low for low, high in ground.box]
    ticks = [(values, [number(value, 6) for value in values]) for values in map(even, ground.box)]
    ticks.append(scale.ticks(low, high))
    above = MARGIN * (high - low)
    ranges = [*ground.box, (low - above, high + above)]
    axes = {
        f"{letter}axis": {
            "range": list(side),
            "tickvals": values,
            "ticktext": texts,
            "showticklabels": False,
            "title": {"text": ""},
            "gridcolor": theme.line,
            "linecolor": theme.line,
            "showbackground": False,
            "zeroline": False,
            "showspikes": False,
        }
        for letter, side, (values, texts) in zip("xyz", ranges, ticks, strict=True)
    }
    shape = [LONGEST * max(side / max(sides), SLIMMEST) for side in sides]
    layout: Figure = {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": theme.text, "size": 14},
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
        "meta": ["x", "y", tr("loss")],
        "scene": {
            **axes,
            "bgcolor": "rgba(0,0,0,0)",
            "aspectmode": "manual",
            "aspectratio": dict(zip("xyz", (*shape, HEIGHT), strict=True)),
            "camera": {
                "eye": EYE,
                "up": {"x": 0, "y": 0, "z": 1},
                "center": {"x": 0, "y": 0, "z": -0.08},
            },
            "dragmode": False,  # the player turns it
            "hovermode": False,
        },
    }
    points = {key: minima[key] for key in ("type", "mode", "name", "x", "y", "marker")}
    data = [surface, {**points, "customdata": raised.tolist()}]
    lines = [trace for trace in flat if trace.get("name") == "valley"]
    if lines:
        data.append(dots_along(lines, ground, scale, theme))
    return {"data": data, "layout": layout}


def dots_along(lines: list[Figure], ground: Ground, scale: LossScale, theme: Theme) -> Figure:
    """Return lines of minima as dots on the surface, evenly spaced in the frame."""
    low, high = np.array(ground.box).T
    found = []
    for line in lines:
        points = np.stack([line["x"], line["y"]], axis=1)
        steps = np.hypot(*(np.diff(points, axis=0) / (high - low)).T)
        along = np.concatenate([[0.0], np.cumsum(steps)])
        at = np.arange(0.0, along[-1], DOTS_APART)
        found.append(np.stack([np.interp(at, along, values) for values in points.T], axis=1))
    dots = np.concatenate(found)
    x, y = dots[within(dots, ground.box)].T
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "valley",
        "x": x.tolist(),
        "y": y.tolist(),
        "marker": {"symbol": "circle", "size": 3, "color": theme.text},
        "customdata": scale(ground.objective.loss(x, y)).tolist(),
    }


def told(heights: NDArray[np.float64]) -> list[float | None]:
    """Return heights as JSON has them: nothing where a formula has no value."""
    return [height if math.isfinite(height) else None for height in heights.tolist()]


def foreground(
    experiment: Experiment,
    trajectories: list[Trajectory],
    marks: list[Mark],
    theme: Theme,
    ground: Ground,
    extras: Extras,
    beside: Sequence[Beside] = (),
) -> tuple[Figure, list[dict[str, Any]]]:
    """Return the overlay's traces in space, and for each run what the player moves them by.

    That is the step at which the path is at each vertex (`times`, None where they are the same),
    the vertices at which it comes back into the frame (`starts`) and its `last` step; the same of
    what stands `beside` runs follows.
    """
    _, scale = terrain(ground, RAISED)
    flat = figures.foreground(experiment, trajectories, marks, True, theme, ground, extras, beside)
    paths, runs = [], []
    drawn = [(t.finite_path, t.loss, 0) for t in trajectories]
    drawn += [(each.path, each.loss, each.first) for each in beside]
    for places, losses, first in drawn:
        vertices, times, starts = path(places[first:], losses[first:], ground)
        times = times + first
        known = len(times) == 0 or bool((times == np.arange(len(times))).all())
        paths.append((vertices.T.copy(), times))
        runs.append(
            {
                "times": None if known else times.astype(np.float32),
                "starts": starts,
                "last": len(places) - 1,
            }
        )
    data = []
    for trace in flat["data"]:
        kind, index = trace["name"].split("-")
        if kind == "words":
            continue
        aside = kind in ("tube", "beside", "tip")
        (x, y, z), times = paths[int(index) + aside * len(trajectories)]
        if kind == "start":
            loss = trajectories[int(index)].loss[:1]
            place: Figure = {"customdata": told(scale(loss))}
        elif kind == "moved":
            heights = ground.objective.loss(trace["x"], trace["y"])
            place = {"customdata": told(scale(heights))}
        elif kind in ("head", "tip"):
            place = {"x": [0.0], "y": [0.0], "customdata": [0.0]}  # the player puts it
        elif kind == "dots":
            whole = times == np.rint(times)
            place = {"x": x[whole], "y": y[whole], "customdata": z[whole]}
        else:
            place = {"x": x, "y": y, "customdata": z}
        axes = ("xaxis", "yaxis")
        data.append({key: value for key, value in trace.items() if key not in axes} | place)
    moved = figures.legend(experiment, range(len(trajectories)), ground.box)
    ends = [ended(trajectory, ground) for trajectory in trajectories]
    said = ", ".join(filter(None, (moved, *meanings(beside))))
    note = ending(marks, ends, theme, said, beside)
    hidden = {"visible": False, "fixedrange": True}
    layout: Figure = {
        **figures.plain_layout(theme),
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
        "showlegend": False,
        "hovermode": False,
        "xaxis": hidden,
        "yaxis": hidden,
        "annotations": [note],
    }
    return {"data": data, "layout": layout}, runs


def path(places: Vector, losses: Vector, ground: Ground) -> tuple[Vector, Vector, list[int]]:
    """Return what a path shows of itself in the box: vertices (n, 3), times (n,), and starts.

    The heights are those of the losses at its finite `places` (k, 2). Where the path leaves the
    frame, or rises above the box on its way out, it is cut there, and goes on, as another piece,
    where it comes back.
    """
    heights, scale = terrain(ground, RAISED)
    loss = np.nan_to_num(scale(losses[: len(places)]), nan=ENDLESS, posinf=ENDLESS)
    points = np.column_stack([places, loss])
    inside = within(places, ground.box)
    times, starts = np.arange(len(points), dtype=float), [0]
    if not inside.all():
        top = max(extremes(heights)[1], float(points[inside, 2].max(initial=-np.inf)))
        times, starts = cut(points, np.array([*ground.box, (-np.inf, top)]))
    vertices = at(points, times)
    if len(times) > MOST_VERTICES:
        box = np.array([*ground.box, extremes(heights)])
        kept = thinned((vertices - box[:, 0]) / np.ptp(box, axis=1), starts)
        vertices, times = vertices[kept], times[kept]
        starts = np.searchsorted(kept, starts).tolist()
    return vertices, times, starts


def at(points: Vector, times: Vector) -> Vector:
    """Return where a path is at times between its steps."""
    steps = np.arange(len(points))
    return np.column_stack([np.interp(times, steps, column) for column in points.T])


def cut(points: Vector, box: Vector) -> tuple[Vector, list[int]]:
    """Return the times of the vertices of a path's pieces in a box, and which start a piece.

    `box` is (3, 2); every step is clipped by the Liang-Barsky algorithm. A step's ends are its own
    times where they are inside, and where the line crosses the box otherwise.
    """
    a, d = points[:-1], np.diff(points, axis=0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # of the smallest steps
        crossings = (box.T[:, None, :] - a) / d  # (2, n - 1, 3)
    # A step along a side of the box crosses it nowhere: it is between the two all the way or never.
    between = (a >= box[:, 0]) & (a <= box[:, 1])
    still = d == 0
    near = np.where(still, np.where(between, -np.inf, np.inf), crossings.min(axis=0))
    far = np.where(still, np.where(between, np.inf, -np.inf), crossings.max(axis=0))
    enter, leave = np.maximum(near.max(axis=1), 0), np.minimum(far.min(axis=1), 1)
    seen = np.flatnonzero(enter <= leave)
    ends = seen[:, None] + np.column_stack([enter[seen], leave[seen]])
    fresh = np.ones(len(seen), bool)
    fresh[1:] = ends[1:, 0] != ends[:-1, 1]
    kept = np.column_stack([fresh, np.ones_like(fresh)]).ravel()
    first = np.column_stack([fresh, np.zeros_like(fresh)]).ravel()
    return ends.ravel()[kept], np.flatnonzero(first[kept]).tolist()


def thinned(points: Vector, starts: list[int]) -> NDArray[np.intp]:
    """Return the indices of the vertices that stay of a long path in the unit box.

    Of vertices that rest within a cell the first and the last stay, and so do the ends of every
    piece; of what are still too many, one of every few: of an odd number, because one of two would
    make a straight line of a zigzag.
    """
    cells = np.floor(THINNED_CELLS * points)
    same = (cells[1:] == cells[:-1]).all(axis=1)
    resting = np.zeros(len(points), bool)
    resting[1:-1] = same[:-1] & same[1:]
    resting[[*starts, *(start - 1 for start in starts)]] = False  # -1 is the path's own end
    kept = np.flatnonzero(~resting)
    every = -(-len(kept) // MOST_VERTICES) | 1
    if every > 1:
        chosen = np.zeros(len(points), bool)
        chosen[kept[::every]] = True
        chosen[[*starts, *(start - 1 for start in starts)]] = True
        kept = np.flatnonzero(chosen)
    return kept
