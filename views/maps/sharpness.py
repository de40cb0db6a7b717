"""The curvature at the end against the learning rate, on the page."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from landscape.language import msgid, number, percent, tr, whole
from optimizers.maps import Sharpnesses, SharpnessSweep
from optimizers.maps.base import noisy
from optimizers.maps.sharpness import JUST_UNDER
from views.maps.base import (
    Map,
    Shown,
    axis_layout,
    base_layout,
    curve,
    decades,
    free,
    legend_of,
    range_settings,
    rates_of,
    rates_range,
    seeds_setting,
    updates_of,
    varied,
)
from views.maps.reasons import RATES_VARY, Lack, compared
from views.scene.figures import Figure, marks_of
from views.scene.panel import Key, Panel
from views.theme import Theme

if TYPE_CHECKING:
    from views.settings.choice import Choice
    from views.settings.settings import Settings

RANGE = range_settings("sharpness", 1e-3, 1.0)
SEEDS = seeds_setting("sharpness", 20)
FLATTEST = 1e-3  # of the sharpest end: what is flatter leaves the chart


def ask(settings: Settings, choice: Choice) -> SharpnessSweep | Lack:
    """Return the map that is asked for."""
    if varied(choice, *rates_of(choice)):
        return compared(settings, RATES_VARY)
    seeds = settings[SEEDS.id] if noisy(choice.experiment) else 1
    return SharpnessSweep(choice.experiment, *rates_range(settings, "sharpness"), seeds=seeds)


def draw(request: SharpnessSweep, result: Sharpnesses, choice: Choice, theme: Theme) -> Shown:
    """Return the curvatures against the rate, each run's limit dashed."""
    marks = marks_of(choice.labels, theme)
    rates = result.rates.tolist()
    data: list[Figure] = []
    for c, mark in enumerate(marks):
        if np.isfinite(result.limit[c]).any():
            colour = mark.colour if len(marks) > 1 else theme.text
            limit = curve(rates, positive(result.limit[c]), colour, mark.label, "dash")
            del limit["hovertemplate"]
            data.append({**limit, "hoverinfo": "skip", "line": {**limit["line"], "width": 1.5}})
    for c, mark in enumerate(marks):
        ends = curve(rates, positive(result.curvature[c]), mark.colour, mark.label)
        dots = {"symbol": mark.symbol, "size": 7, "color": mark.colour}
        data.append({**ends, "mode": "lines+markers", "marker": dots})
    layout = base_layout(theme)
    layout["xaxis"] = axis_layout(
        theme,
        tr("learning rate"),
        type="log",
        range=[math.log10(request.low), math.log10(request.high)],
        **decades(request.low, request.high),
    )
    low, high = shown_curvatures(result)
    layout["yaxis"] = axis_layout(
        theme,
        tr("largest curvature at the end"),
        type="log",
        range=[math.log10(low), math.log10(high)],
        **decades(low, high),
    )
    dashes = [Key(tr("limit of stability"), theme.text, "dash")] if len(data) > len(marks) else []
    panel = Panel(
        {"data": data, "layout": layout},
        tr("Curvature at the end against the learning rate"),
        legend=(*legend_of(marks, points=True), *dashes),
    )
    return Shown((panel,), pixel(request), words(result, [mark.label for mark in marks]))


def positive(values: Any) -> list[float | None]:
    """Return curvatures for a logarithmic axis, None where it has no place for one."""
    return [value if math.isfinite(value) and value > 0 else None for value in values.tolist()]


def shown_curvatures(result: Sharpnesses) -> tuple[float, float]:
    """Return between which curvatures the chart is: those of the ends, with some room."""
    ends = result.curvature[np.isfinite(result.curvature) & (result.curvature > 0)]
    if not ends.size:
        return 0.1, 10.0
    high = float(ends.max())
    return max(float(ends.min()), FLATTEST * high) / 2, high * 3


def pixel(request: SharpnessSweep) -> str:
    """Return what one point is."""
    updates, rates = updates_of(request.experiment), whole(request.count)
    valley = request.experiment.objectives[0].valley
    where = (
        tr("The curvature is that of the nearest minimum of the valley, where the run ends.")
        if valley is not None
        else tr("The curvature is the largest where the run ends.")
    )
    if request.seeds == 1:
        each = tr("Each point is one run, {updates}; {rates} rates.", updates=updates, rates=rates)
    else:
        each = tr(
            "Each point is the median of {seeds} runs with different noise; {updates} each,"
            " {rates} rates.",
            seeds=whole(request.seeds),
            updates=updates,
            rates=rates,
        )
    return f"{each} {where}"


def words(result: Sharpnesses, labels: list[str]) -> str:
    """Return how many runs end below the limit, and which just under it."""
    lines = []
    for c, label in enumerate(labels):
        ends = result.ends(c)
        if not ends.any():
            lines.append(tr("{run}: diverges at every rate.", run=label))
            continue
        if np.isnan(result.limit[c]).all():
            low, high = (number(float(f(result.curvature[c][ends])), 3) for f in (np.min, np.max))
            lines.append(
                tr(
                    "{run}: no theory sets a limit; the curvature at the end is from {low} to"
                    " {high}.",
                    run=label,
                    low=low,
                    high=high,
                )
            )
            continue
        below, total = int(result.below(c).sum()), int(ends.sum())
        told = tr(
            "{run}: at {below} of {total} rates that do not diverge it ends below the limit.",
            run=label,
            below=whole(below),
            total=whole(total),
        )
        (edge,) = np.nonzero(result.at_edge(c))
        if len(edge):
            told += " " + tr(
                "At {count} rates from {low} to {high} it ends less than {share} below.",
                count=whole(len(edge)),
                share=percent(1 - JUST_UNDER),
                low=number(float(result.rates[edge[0]]), 3),
                high=number(float(result.rates[edge[-1]]), 3),
            )
        lines.append(told)
    return "\n".join(f"- {line}" for line in lines)


def load(
    request: SharpnessSweep, result: Sharpnesses, choice: Choice, x: float, y: float
) -> dict[str, Any]:
    """Return the rate that was clicked, for the run whose curve is nearest."""
    rate = float(f"{10**x:.3g}")
    at = int(np.argmin(np.abs(np.log10(result.rates) - x)))
    there = result.curvature[:, at]
    drawn = np.isfinite(there) & (there > 0)
    if not drawn.any():
        return {}
    away = np.where(drawn, np.abs(np.log10(np.where(drawn, there, 1.0)) - y), np.inf)
    return free(choice, {rates_of(choice)[int(np.argmin(away))]: rate})


MAP = Map(
    "Curvature against the rate",
    (*RANGE, SEEDS),
    ask,
    draw,
    load,
    "Click to use this rate in the lab, for the nearest curve.",
    seeds=SEEDS,
    axes=(msgid("learning rate"), msgid("curvature")),
)
