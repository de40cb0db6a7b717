"""Basins of attraction on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from landscape.language import msgid, number, percent, tr, tr_n
from landscape.record import MINIMUM_KINDS, CriticalPoint
from optimizers.maps import BasinMap, Basins
from optimizers.maps.basins import ELSEWHERE, NOWHERE, UNDECIDED
from views.maps.base import RUN, Map, Shown, axis_layout, base_layout, of_one_run, updates_of
from views.scene.figures import Figure
from views.scene.frames import domain
from views.scene.panel import Key, Panel
from views.settings.setting import OneOf, Setting
from views.theme import Theme

if TYPE_CHECKING:
    from views.settings.choice import Choice
    from views.settings.settings import Settings

STARTS = Setting(
    "map.starts", OneOf(("64", "128", "256", "512")), "256", msgid("Starts a side"), width=130
)
MOST_COLOURS = 5  # ends that have a colour of their own; the rarer ones share one
OTHERS = -4
SPECIAL = {
    UNDECIDED: (msgid("undecided"), "#8794A1"),
    NOWHERE: (msgid("diverged"), "#4A5662"),
    ELSEWHERE: (msgid("at rest at another critical point"), "#6E5F4B"),
    OTHERS: (msgid("other ends"), "#BCC7D2"),
}


def ask(settings: Settings, choice: Choice) -> BasinMap:
    """Return the map that is asked for."""
    picked = of_one_run(settings, RUN, choice)
    assert picked is not None
    return BasinMap(picked, domain(picked), int(settings[STARTS.id]))


def name_of(point: CriticalPoint) -> str:
    """Return what to call a critical point."""
    return tr("{kind} ({x}, {y})", kind=tr(point.kind), x=number(point.x, 3), y=number(point.y, 3))


def draw(request: BasinMap, result: Basins, choice: Choice, theme: Theme) -> Shown:
    """Return the map: a colour for every end, darker where the way is longer."""
    found, counts = np.unique(result.where, return_counts=True)
    common = sorted(zip(counts.tolist(), found.tolist(), strict=True), reverse=True)
    own = [end for _, end in common if end >= 0][:MOST_COLOURS]
    legend: list[tuple[int, str, str]] = [
        (end, name_of(result.points[end]), theme.runs[i]) for i, end in enumerate(own)
    ]
    rest = [end for _, end in common if end >= 0][MOST_COLOURS:]
    where = np.where(np.isin(result.where, rest), OTHERS, result.where) if rest else result.where
    legend += [(end, tr(text), c) for end, (text, c) in SPECIAL.items() if (where == end).any()]
    longest = max(float(np.quantile(result.steps, 0.99)), 1.0)
    shade = np.clip(result.steps / longest, 0, 1)
    z = np.zeros(where.shape)
    scale: list[list[Any]] = []
    for k, (end, _, colour) in enumerate(legend):
        mine = where == end
        z[mine] = k + 0.02 + 0.96 * shade[mine]
        pale, dark = shades(colour)
        scale += [[k / len(legend), pale], [(k + 1) / len(legend), dark]]
    (x0, x1), (y0, y1) = request.frame or ((0.0, 1.0), (0.0, 1.0))
    data: list[Figure] = [
        {
            "type": "heatmap",
            "x0": float(result.x[0]),
            "dx": float(result.x[1] - result.x[0]),
            "y0": float(result.y[0]),
            "dy": float(result.y[1] - result.y[0]),
            "z": z,
            "zmin": 0,
            "zmax": len(legend),
            "colorscale": scale,
            "showscale": False,
            "hoverinfo": "skip",
        }
    ]
    minima = [p for p in result.points if p.kind in MINIMUM_KINDS]
    # As on the panels: a plus is a minimum, a ring the start.
    for text, points, symbol, size in (
        ("minima", [(p.x, p.y) for p in minima], "cross", 11),
        ("the lab's start", [request.here or (0.0, 0.0)], "circle", 12),
    ):
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": text,
                "x": [x for x, _ in points],
                "y": [y for _, y in points],
                "marker": {
                    "symbol": symbol,
                    "size": size if len(points) < 20 else 5,
                    "color": "#ffffff",
                    "line": {"color": "#000000", "width": 3 if symbol == "circle" else 1.5},
                },
                "hoverinfo": "skip",
                "showlegend": False,
            }
        )
    layout = base_layout(theme)
    layout["margin"] = {**layout["margin"], "l": 50, "b": 30}
    layout["xaxis"] = axis_layout(theme, "", range=[x0, x1])
    layout["yaxis"] = axis_layout(theme, "", range=[y0, y1])
    optimizer = request.experiment.runs[0].optimizer
    aspect = min(1.0, (y1 - y0) / (x1 - x0))
    colours = tuple(
        Key(text, pale, "area", dark)
        for text, (pale, dark) in ((text, shades(colour)) for _, text, colour in legend)
    )
    slow = Key(tr("pale: soon there, dark: late"), *(theme.page, "area", theme.muted))
    return Shown(
        (
            Panel(
                {"data": data, "layout": layout},
                tr("Basins of attraction of {optimizer}", optimizer=optimizer),
                *(aspect, 520, (*colours, slow)),
            ),
        ),
        tr(
            "Each pixel is one start of {optimizer}, {updates}; {size} × {size} starts."
            " Darker: more updates until 99% of the descent is done.",
            optimizer=optimizer,
            updates=updates_of(request.experiment),
            size=request.size,
        ),
        words(result, common),
    )


def words(result: Basins, common: list[tuple[int, int]]) -> str:
    """Return the shares of the frame in words."""
    total = result.where.size
    parts = []
    for count, end in common[:6]:
        text = tr(SPECIAL[end][0]) if end in SPECIAL else name_of(result.points[end])
        parts.append(f"{percent(count / total, 1)} {text}")
    if len(common) > 6:
        parts.append(tr_n("{count} more end", "{count} more ends", len(common) - 6))
    return tr("Share of the starts: {shares}.", shares=", ".join(parts))


def shades(colour: str) -> tuple[str, str]:
    """Return the palest and the darkest shade of an end's colour."""
    return mix(colour, "#ffffff", 0.55), mix(colour, "#000000", 0.25)


def mix(colour: str, other: str, share: float) -> str:
    """Return a colour with a share of another in it."""
    a, b = ([int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in (colour, other))
    return "#" + "".join(f"{round(p + (q - p) * share):02x}" for p, q in zip(a, b, strict=True))


def load(request: BasinMap, result: Basins, choice: Choice, x: float, y: float) -> dict[str, Any]:
    """Return the start that was clicked."""
    surface = request.experiment.surface
    if choice.replaces(f"{surface}.x"):
        return {}
    step = float(result.x[1] - result.x[0])
    digits = max(0, 1 - int(np.floor(np.log10(step))))
    return {f"{surface}.x": round(x, digits), f"{surface}.y": round(y, digits)}


MAP = Map(
    "Basins of attraction",
    (RUN, STARTS),
    ask,
    draw,
    load,
    "Click to start there in the lab.",
)
