"""The lab's figures, as plain Plotly figures: dictionaries of traces and a layout.

Dictionaries, because building `plotly.graph_objects` takes longer than everything else on the
page; the tests hand each of them to `go.Figure`, which checks every key and value.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscape import SURFACES
from landscape.language import msgid, tr, whole
from landscape.record import CUSP, GLOBAL_MINIMUM, LOCAL_MINIMUM
from optimizers import Experiment, Trajectory
from views.scene.scale import LossScale
from views.theme import SYMBOLS, Theme, even_scale

Figure = dict[str, Any]
Frame = tuple[tuple[float, float], tuple[float, float]]

GRID = 97  # points of the contour grid along each axis
LEVELS = 16
EXACT_POINTS = 2_000  # up to this many in all, positions are sent as float32
STEP_DOTS = 60  # up to this many steps every iterate is a dot on the faint path
PICTURES = SIDE_BY_SIDE, OVERLAY, SPACE = (
    msgid("Side by side"),
    msgid("Overlay"),
    msgid("3-D"),
)


@dataclass(frozen=True)
class Mark:
    """How one run looks: `label` as panel title and legend entry, `dash` as Plotly's line dash."""

    label: str
    colour: str
    symbol: str
    dash: str = "solid"

    @staticmethod
    def of(place: int, label: str, theme: Theme) -> Mark:
        """Return the marks of the run at this place among those shown."""
        again = place >= len(theme.runs)
        colour = theme.runs[place % len(theme.runs)]
        return Mark(label, colour, SYMBOLS[place], "dash" if again else "solid")


def marks_of(labels: Iterable[str], theme: Theme) -> list[Mark]:
    """Return the marks of the runs shown, in their order."""
    return [Mark.of(place, label, theme) for place, label in enumerate(labels)]


def frame(experiment: Experiment) -> Frame:
    """Return the part of the plane to draw: the domain, or its double where a start needs it."""
    domain = SURFACES[experiment.surface].domain
    starts = [experiment.plan(run).start for run in experiment.runs]

    def grown(side: tuple[float, float], times: int) -> tuple[float, float]:
        middle, half = (side[0] + side[1]) / 2, (side[1] - side[0]) / 2 * times
        return (middle - half, middle + half)

    def holds(side: tuple[float, float], values: tuple[float, ...]) -> bool:
        return side[0] <= min(values) and max(values) <= side[1]

    inside = all(map(holds, domain, zip(*starts, strict=True)))
    x, y = (grown(side, 1 if inside else 2) for side in domain)
    return x, y


@dataclass(frozen=True)
class Ground:
    """What a picture of a surface depends on."""

    surface: str
    params: Mapping[str, float]
    box: Frame

    @staticmethod
    def of(experiment: Experiment) -> Ground:
        """Return the ground on which an experiment runs."""
        return Ground(experiment.surface, experiment.params, frame(experiment))


@functools.lru_cache(maxsize=64)
def terrain(ground: Ground) -> tuple[NDArray[np.float64], LossScale]:
    """Return the scaled loss on a grid over the box, (GRID, GRID) by y and x, and its scale."""
    record, values = SURFACES[ground.surface], ground.params
    x, y = (np.linspace(*side, GRID) for side in ground.box)
    loss = record.loss(*np.meshgrid(x, y), **values)
    if record.bounded:
        centre = record.lowest(**values)
    else:  # nothing to measure from but the critical point
        centre = record.critical_points(**values)[0].loss
    # Half of an unbounded surface's frame is drawn linearly: its saddle would be a cliff otherwise.
    share = 0.1 if record.bounded else 0.5
    width = max(float(np.quantile(np.abs(loss - centre), share)), 1e-12)
    scale = LossScale(centre, width)
    heights = scale(loss)
    heights.flags.writeable = False
    return heights, scale


def axis(panel: int, letter: str) -> str:
    """Return Plotly's name of a panel's axis: x, x2, x3, ..."""
    return letter if panel == 0 else f"{letter}{panel + 1}"


def background(ground: Ground, panels: int, theme: Theme) -> Figure:
    """Return the surface's contours and critical points, once per panel."""
    box = ground.box
    heights, scale = terrain(ground)
    low, high = float(heights.min()), float(heights.max())
    size = (high - low) / LEVELS
    ticks, texts = scale.ticks(low, high)
    kinds = {GLOBAL_MINIMUM: "star", CUSP: "star", LOCAL_MINIMUM: "star-open"}
    points = [
        p for p in SURFACES[ground.surface].critical_points(**ground.params) if p.kind in kinds
    ]
    data: list[Figure] = []
    for panel in range(panels):
        where = {"xaxis": axis(panel, "x"), "yaxis": axis(panel, "y")}
        data.append(
            {
                "type": "contour",
                "x0": box[0][0],
                "dx": (box[0][1] - box[0][0]) / (GRID - 1),
                "y0": box[1][0],
                "dy": (box[1][1] - box[1][0]) / (GRID - 1),
                "z": heights,
                "colorscale": even_scale(theme.ground),
                "autocontour": False,
                "contours": {"start": low + size, "end": high - size / 2, "size": size},
                "line": {"width": 0.7, "color": theme.contour},
                "hoverinfo": "skip",
                "showscale": panel == 0,
                "colorbar": {
                    "title": {"text": tr("loss"), "side": "top"},
                    "tickvals": ticks,
                    "ticktext": texts,
                    "thickness": 10,
                    "outlinewidth": 0,
                    "xpad": 4,
                },
                **where,
            }
        )
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": "minima",
                "x": [p.x for p in points],
                "y": [p.y for p in points],
                "marker": {
                    "symbol": [kinds[p.kind] for p in points],
                    "size": 11 if len(points) < 20 else 5,
                    "color": theme.text,
                    "line": {"width": 1.2, "color": theme.text},
                },
                "hoverinfo": "skip",
                "showlegend": False,
                **where,
            }
        )
    return {"data": data, "layout": panel_layout(box, panels, theme)}


def panel_layout(box: Frame, panels: int, theme: Theme) -> Figure:
    """Return the layout both panel figures share: axes that move together."""
    layout: Figure = {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": theme.text, "size": 14},
        "margin": {"l": 44, "r": 76, "t": 8, "b": 30, "autoexpand": False},
        "showlegend": False,
        "dragmode": "zoom",
        "hovermode": False,
    }
    for panel in range(panels):
        for letter, side in zip("xy", box, strict=True):
            key = axis(panel, letter).replace(letter, f"{letter}axis")
            layout[key] = {
                "range": list(side),
                "anchor": axis(panel, "y" if letter == "x" else "x"),
                "showgrid": False,
                "zeroline": False,
                "showline": True,
                "mirror": True,
                "linecolor": theme.line,
                "ticks": "outside",
                "tickcolor": theme.line,
                "nticks": 6,
                "ticklabeloverflow": "hide past domain",
            }
            if panel:
                layout[key]["matches"] = letter
    return layout


def arrangement(panels: int, columns: int) -> Figure:
    """Return the layout changes that put `panels` into rows of `columns`.

    Only the outer axes keep their tick labels: the frame is the same in all.
    """
    rows = math.ceil(panels / columns)
    changes: Figure = {}
    for panel in range(panels):
        row, column = divmod(panel, columns)
        for letter, place, count in (("x", column, columns), ("y", rows - 1 - row, rows)):
            key = axis(panel, letter).replace(letter, f"{letter}axis")
            # All panels are of one size, the gaps between them a share of it.
            gap = 0.06 if letter == "x" else 0.03
            size = 1 / (count + gap * (count - 1))
            low = place * (1 + gap) * size
            changes[f"{key}.domain"] = [low, min(low + size, 1)]
        below = panel + columns < panels
        changes[axis(panel, "x").replace("x", "xaxis") + ".showticklabels"] = not below
        changes[axis(panel, "y").replace("y", "yaxis") + ".showticklabels"] = column == 0
    return {"columns": columns, "rows": rows, "layout": changes}


def foreground(
    experiment: Experiment,
    trajectories: list[Trajectory],
    marks: list[Mark],
    overlay: bool,
    theme: Theme,
) -> Figure:
    """Return start, faint and travelled paths, heads and titles of all runs.

    Traces are named by what they are and the run's index (`path-0`, `head-0`), which is how the
    player finds them.
    """
    panels = 1 if overlay else len(trajectories)
    box = frame(experiment)
    layout = panel_layout(box, panels, theme)
    layout["annotations"] = []
    exact = sum(len(trajectory.path) for trajectory in trajectories) <= EXACT_POINTS
    data: list[Figure] = []
    for index, run in enumerate(experiment.runs):
        panel = 0 if overlay else index
        start = experiment.plan(run).start
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": f"start-{index}",
                "x": [start[0]],
                "y": [start[1]],
                "marker": {
                    "symbol": "x-thin",
                    "size": 12,
                    "line": {"width": 3, "color": theme.text},
                },
                "xaxis": axis(panel, "x"),
                "yaxis": axis(panel, "y"),
            }
        )
    for index, (trajectory, mark) in enumerate(zip(trajectories, marks, strict=True)):
        panel = 0 if overlay else index
        x, y = coordinates(trajectory, box, exact)
        common = {
            "type": "scatter",
            "x": x,
            "y": y,
            "mode": "lines",
            "xaxis": axis(panel, "x"),
            "yaxis": axis(panel, "y"),
        }
        dots = len(x) <= STEP_DOTS + 1
        data += [
            {
                **common,
                "name": f"faint-{index}",
                "opacity": 0.4,
                "line": {"color": mark.colour, "width": 1.5, "dash": mark.dash, "simplify": False},
            },
            {
                **common,
                "name": f"casing-{index}",
                "line": {"color": theme.ground[0], "width": 5.5, "simplify": False},
            },
            {
                **common,
                "name": f"path-{index}",
                "line": {"color": mark.colour, "width": 3, "dash": mark.dash, "simplify": False},
            },
        ]
        if dots:
            data.append(
                {
                    **common,
                    "name": f"dots-{index}",
                    "mode": "markers",
                    "opacity": 0.4,
                    "marker": {"color": mark.colour, "size": 5, "symbol": "circle"},
                }
            )
        data.append(
            {
                **common,
                "x": [x[0]],
                "y": [y[0]],
                "name": f"head-{index}",
                "mode": "markers",
                "marker": {
                    "color": mark.colour,
                    "symbol": mark.symbol,
                    "size": 15,
                    "line": {"color": theme.page, "width": 2},
                },
            }
        )
        if not overlay:
            layout["annotations"].append(title(panel, mark, trajectory, theme))
    if overlay:
        layout["annotations"] = [ending(marks, trajectories, theme)]
    return {"data": data, "layout": layout}


def coordinates(trajectory: Trajectory, box: Frame, exact: bool) -> list[NDArray[Any]]:
    """Return x and y of a path, without a last position that is not finite.

    The payload sends float64 as 65,536 levels between its extremes: enough for a picture, unless
    the run went far outside the frame. Then, or if `exact`, they are float32.
    """
    path = trajectory.path if np.isfinite(trajectory.path[-1]).all() else trajectory.path[:-1]
    near = all(
        np.ptp(values) <= 4 * (high - low) for values, (low, high) in zip(path.T, box, strict=True)
    )
    return [values.astype(np.float64 if near and not exact else np.float32) for values in path.T]


def outcome(trajectory: Trajectory) -> str:
    """Return in words what ended a run early, or an empty text."""
    if trajectory.diverged_at is not None:
        return tr("diverged at step {step}", step=whole(trajectory.diverged_at))
    return tr("stopped: singular Hessian") if trajectory.stopped else ""


def title(panel: int, mark: Mark, trajectory: Trajectory, theme: Theme) -> Figure:
    """Return a panel's title, inside its frame."""
    ended = outcome(trajectory)
    return {
        "text": f'<b><span style="color:{mark.colour}">▬</span> {mark.label}</b>'
        + (f"<br>{ended}" if ended else ""),
        "xref": f"{axis(panel, 'x')} domain",
        "yref": f"{axis(panel, 'y')} domain",
        "x": 0.01,
        "y": 0.985,
        "xanchor": "left",
        "yanchor": "top",
        "align": "left",
        "showarrow": False,
        "font": {"size": 16, "color": theme.text},
        "bgcolor": theme.page,
        "opacity": 0.9,
        "borderpad": 2,
    }


def ending(marks: list[Mark], trajectories: list[Trajectory], theme: Theme) -> Figure:
    """Return the only annotation of the overlay: which runs ended early, and how."""
    lines = [
        f'<span style="color:{mark.colour}">{mark.label}</span> {outcome(trajectory)}'
        for mark, trajectory in zip(marks, trajectories, strict=True)
        if outcome(trajectory)
    ]
    note = title(0, marks[0], trajectories[0], theme)
    return {**note, "text": "<br>".join(lines), "visible": bool(lines)}
