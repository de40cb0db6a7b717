"""The learning-rate sweep on the page."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from landscape import SURFACES
from optimizers import OPTIMIZERS, Experiment
from optimizers.analysis.measures import largest_curvature, stability_limit
from optimizers.analysis.verdicts import human
from optimizers.maps import Curves, RateSweep
from optimizers.maps.base import noisy
from optimizers.maps.rates import DIVERGES, GOOD, HIGH, LOW, ZONES
from views.maps.base import (
    Map,
    Shown,
    axis_layout,
    band,
    base_layout,
    curve,
    decades,
    heights,
    legend_of,
    rates_range,
    seeds,
)
from views.player.chart import Panel
from views.scene.curves import GAP_FLOOR
from views.scene.figures import Figure, Mark, marks_of
from views.settings.controls import Choice, row
from views.settings.settings import Settings
from views.theme import Theme

STRIP = 0.2  # of the chart's height, for the zones


def ask(settings: Settings, choice: Choice) -> RateSweep | str:
    """Draw the controls and return what they ask for."""
    with row(settings):
        low, high = rates_range(settings)
        count = seeds(settings, "sweep", noisy(choice.experiment), 50)
    if choice.compare == "Learning rate":
        return "Compare something else than the learning rate: this map varies it for every run."
    return RateSweep(choice.experiment, low, high, seeds=count)


def limit_of(experiment: Experiment, c: int) -> float | None:
    """Return the rate above which run c is unstable at a global minimizer, if theory has one."""
    run, surface = experiment.runs[c], SURFACES[experiment.surface]
    curvature = largest_curvature(surface, experiment.params) + experiment.plan(run).coupled
    return stability_limit(OPTIMIZERS[run.optimizer], run.hyper, curvature)


def draw(request: RateSweep, result: Curves, choice: Choice, theme: Theme) -> Shown:
    """Return the curves with their bands, the zones of each run and the limits of stability."""
    experiment = request.experiment
    marks = marks_of(choice.labels, theme)
    bounded = SURFACES[experiment.surface].bounded
    data: list[Figure] = []
    for c, mark in enumerate(marks):
        low, median, high = (
            heights(v[c], bounded) for v in (result.low, result.median, result.high)
        )
        rates = result.rates.tolist()
        if request.seeds > 1:
            data += band(rates, low, high, mark.colour)
        data.append(curve(rates, median, mark.colour, mark.label))
        best = result.best(c)
        at = int(np.argmin(np.abs(result.rates - best)))
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": [best],
                "y": [median[at]],
                "marker": {
                    "symbol": mark.symbol,
                    "size": 13,
                    "color": mark.colour,
                    "line": {"color": theme.page, "width": 2},
                },
                "hovertemplate": f"{mark.label}: best rate {best:.3g}<extra></extra>",
                "showlegend": False,
            }
        )
    data += strip(result, marks, theme)
    layout = base_layout(theme)
    ends = [math.log10(request.low), math.log10(request.high)]
    ticks = decades(request.low, request.high)
    layout["xaxis"] = axis_layout(
        theme, "learning rate", type="log", range=ends, anchor="y2", **ticks
    )
    layout["yaxis"] = axis_layout(
        theme,
        f"loss − minimum, cut at {GAP_FLOOR:g}" if bounded else "loss",
        type="log" if bounded else "linear",
        dtick=1 if bounded else None,
        domain=[STRIP + 0.06, 1],
        **({"exponentformat": "power"} if bounded else {}),
    )
    layout["yaxis2"] = axis_layout(
        theme,
        "",
        domain=[0, STRIP],
        range=[len(marks) - 0.5, -0.5],
        tickvals=list(range(len(marks))),
        ticktext=[mark.label for mark in marks],
        tickfont={"size": 12},
    )
    layout["margin"] = {**layout["margin"], "l": 110}
    limits = [(mark, limit_of(experiment, c)) for c, mark in enumerate(marks)]
    layout["shapes"] = [
        {
            "type": "line",
            "xref": "x",
            "x0": limit,
            "x1": limit,
            "yref": "paper",
            "y0": 0,
            "y1": 1,
            "line": {"color": mark.colour, "width": 1.5, "dash": "dash"},
        }
        for mark, limit in limits
        if limit and request.low <= limit <= request.high
    ]
    zones_named = [(f"zone: {zone}", colour) for zone, colour in colours_of_zones(theme).items()]
    many = "one run"
    if request.seeds > 1:
        many = f"the median of {request.seeds} runs with different noise, the band 80 % of them"
    return Shown(
        (
            Panel(
                {"data": data, "layout": layout},
                "Final loss against the learning rate",
                legend=(*legend_of(marks), *zones_named),
            ),
        ),
        f"One point is {many}, {experiment.steps:,} updates each; {request.count} rates.",
        words(request, result, limits),
    )


def colours_of_zones(theme: Theme) -> dict[str, str]:
    """Return the colours of the zones: good is the page's, as low losses are."""
    good, middle, high = theme.ramp
    return {LOW: middle, GOOD: good, HIGH: high, DIVERGES: theme.diverged}


def strip(result: Curves, marks: list[Mark], theme: Theme) -> list[Figure]:
    """Return the zones of every run as a strip under the curves."""
    zones = colours_of_zones(theme)
    steps = [[i / len(ZONES), zones[zone]] for i, zone in enumerate(ZONES)]
    scale = [
        s
        for i, (at, colour) in enumerate(steps)
        for s in ([at, colour], [(i + 1) / len(ZONES), colour])
    ]
    return [
        {
            "type": "heatmap",
            "x": result.rates.tolist(),
            "y": list(range(len(marks))),
            "z": result.zone.tolist(),
            "zmin": -0.5,
            "zmax": len(ZONES) - 0.5,
            "colorscale": scale,
            "showscale": False,
            "ygap": 3,
            "yaxis": "y2",
            "text": [[ZONES[z] for z in line] for line in result.zone.tolist()],
            "hovertemplate": "rate %{x:.3g}: %{text}<extra></extra>",
        }
    ]


def words(request: RateSweep, result: Curves, limits: list[tuple[Mark, float | None]]) -> str:
    """Return the best rates and the limits of stability in words."""
    lines = []
    gap = "gap" if SURFACES[request.experiment.surface].bounded else "loss"
    for c, (mark, limit) in enumerate(limits):
        median = result.median[c]
        text = f"- {mark.label}: "
        if not np.isfinite(median).any():
            lines.append(text + "diverges at every rate.")
            continue
        good = result.rates[around(result.zone[c] == ZONES.index(GOOD), int(np.argmin(median)))]
        text += f"best at {human(result.best(c))}, {gap} {human(float(median.min()))};"
        text += f" good around it from {human(float(good[0]))} to {human(float(good[-1]))}"
        lost = result.rates[result.zone[c] == ZONES.index(DIVERGES)]
        text += f"; diverges from {human(float(lost[0]))}" if len(lost) else ""
        text += f"; limit of stability at the minimum {human(limit)}" if limit else ""
        lines.append(text + ".")
    lines.append(
        f"\nGood is a {gap} of at most twice the best one, or a thousandth of the one at the start."
        " Dashed lines are limits of stability."
    )
    return "\n".join(lines)


def around(good: Any, best: int) -> slice:
    """Return the unbroken stretch of good rates that holds the best one."""
    bad = np.flatnonzero(~good)
    before, after = bad[bad < best], bad[bad > best]
    return slice(int(before[-1]) + 1 if len(before) else 0, int(after[0]) if len(after) else None)


def load(request: RateSweep, result: Curves, choice: Choice, x: float, y: float) -> dict[str, Any]:
    """Return the rate that was clicked, for the run whose curve is nearest."""
    rate = float(f"{10**x:.3g}")
    at = int(np.argmin(np.abs(np.log10(result.rates) - x)))
    height = result.median[:, at]
    if SURFACES[request.experiment.surface].bounded:
        height = np.log10(np.maximum(height, GAP_FLOOR))
    run = request.experiment.runs[int(np.argmin(np.abs(height - y)))]
    return {f"{request.experiment.surface}.{run.optimizer}.lr": rate}


MAP = Map(
    "Learning-rate sweep",
    ask,
    draw,
    load,
    "A click takes its rate over into the lab, for the nearest curve.",
)
