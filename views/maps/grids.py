"""What the maps over the learning rate and one more number share on the page."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from landscape.language import Message, msgid, percent, tr, tr_n
from landscape.language import number as written
from optimizers import OPTIMIZERS
from optimizers.maps import Grid
from optimizers.maps.grids import LOSS, MEASURES
from views.maps.base import (
    Shown,
    axis_layout,
    base_layout,
    decades,
    loss_name,
    power,
)
from views.scene.curves import GAP_FLOOR
from views.scene.figures import Figure
from views.scene.panel import Key, Panel
from views.settings.noise import batch_text
from views.settings.setting import OneOf, Setting
from views.theme import Theme, even_scale

if TYPE_CHECKING:
    from views.settings.choice import Choice

HERE_NAME = msgid("the lab's setting")
MEASURE = Setting("map.measure", OneOf(MEASURES), MEASURES[0], msgid("Colour"), width=210)
MOST_TICKS = 6  # of a colour bar


@dataclass(frozen=True)
class Rows:
    """The rows of a map: what their number is called, where each lies, and what is drawn over them.

    `places` (h,) are where the rows lie on the axis, whose `axis` has its range and ticks, and
    `texts` the numbers as people write them. `lines` are drawn over the map; `here` is where the
    lab's own setting lies, the logarithm of its rate and its place.
    """

    name: str
    places: Any
    texts: list[str]
    axis: Figure
    lines: tuple[tuple[Figure, Key], ...]
    here: tuple[float, float]


def measure_of(request: Any) -> str:
    """Return what a map shows: without a lowest loss there is no tolerance to come below."""
    bounded = request.experiment.objectives[0].bounded
    return str(request.measure) if bounded else LOSS


def values_of(request: Any, result: Grid) -> Any:
    """Return the numbers that a map shows, (h, r)."""
    return result.gap if measure_of(request) == LOSS else result.arrived


def draw_grid(
    request: Any, result: Grid, rows: Rows, theme: Theme, pixel: str, words: str
) -> Shown:
    """Return the map with the current setting and the lines that are drawn over it."""
    bounded = request.experiment.objectives[0].bounded
    measure = measure_of(request)
    values = values_of(request, result)
    finite = np.isfinite(values)
    with np.errstate(divide="ignore", invalid="ignore"):
        heights = np.log10(np.maximum(values, GAP_FLOOR if measure == LOSS else 1.0))
    if not bounded:
        heights = np.where(finite, values, np.nan)
    data: list[Figure] = [
        {
            "type": "heatmap",
            "x": np.log10(result.rates).tolist(),
            "y": rows.places.tolist(),
            "z": [
                [None if not ok else round(float(v), 4) for v, ok in zip(line, oks, strict=True)]
                for line, oks in zip(heights, finite, strict=True)
            ],
            "colorscale": even_scale(theme.ramp),
            "hoverongaps": False,
            "colorbar": {
                # Below the map, which a phone shows as wide as it is then.
                "orientation": "h",
                "title": {"text": bar_title(request), "side": "top"},
                "yref": "container",
                "y": 0,
                "yanchor": "bottom",
                "ypad": 0,
                "thickness": 12,
                "outlinewidth": 0,
                **(ticks_of(heights[finite]) if bounded and finite.any() else {}),
            },
            # What is written is the rate itself: of its logarithm nobody reads a rate.
            "hovertemplate": tr(
                "rate {rate}, {name} {value}",
                rate="%{text}",
                name=rows.name,
                value="%{customdata}",
            )
            + "<extra></extra>",
            "text": [[written(rate) for rate in result.rates.tolist()]] * len(rows.texts),
            "customdata": [[text] * len(result.rates) for text in rows.texts],
        },
        *(figure for figure, _ in rows.lines),
        {
            "type": "scatter",
            "mode": "markers",
            "name": tr(HERE_NAME),
            "x": [rows.here[0]],
            "y": [rows.here[1]],
            "marker": {
                "symbol": "circle",
                "size": 13,
                "color": theme.runs[0],
                "line": {"color": theme.page, "width": 2},
            },
            "hoverinfo": "name",
        },
    ]
    layout = {**base_layout(theme), "plot_bgcolor": theme.diverged}
    layout["margin"] = {**layout["margin"], "b": 106}
    ticks = decades(request.low, request.high)
    layout["xaxis"] = axis_layout(
        theme,
        tr("learning rate"),
        tickvals=np.log10(ticks["tickvals"]).tolist(),
        ticktext=ticks["ticktext"],
        tickangle=0,
        range=[math.log10(request.low), math.log10(request.high)],
    )
    layout["yaxis"] = axis_layout(theme, rows.name, **rows.axis)
    label = tr("{measure} against learning rate and {name}", measure=tr(measure), name=rows.name)
    none = tr("diverges") if measure == LOSS else tr("never below the tolerance")
    legend = (
        *(key for _, key in rows.lines),
        Key(tr(HERE_NAME), theme.runs[0], "circle"),
        *((Key(none, theme.diverged),) if not finite.all() else ()),
    )
    panel = Panel({"data": data, "layout": layout}, label, 0.62, legend=legend)
    return Shown((panel,), pixel, words)


def bar_title(request: Any) -> str:
    """Return what the colours of a map are."""
    if measure_of(request) != LOSS:
        return tr("updates")
    bounded = request.experiment.objectives[0].bounded
    return tr("loss above the minimum") if bounded else tr("loss")


def ticks_of(heights: Any) -> Figure:
    """Return the ticks of a colour bar of logarithms: powers of ten, not too many."""
    low, high = float(heights.min()), float(heights.max())
    ticks = list(range(math.ceil(low), math.floor(high) + 1)) or [round(low)]
    ticks = ticks[:: math.ceil(len(ticks) / MOST_TICKS)]
    return {"tickvals": ticks, "ticktext": [power(tick) for tick in ticks]}


def line(label: Message, x: Any, y: Any, theme: Theme) -> tuple[Figure, Key]:
    """Return a line over the map, or the one point that it is, and its entry in the legend."""
    colour = theme.text if len(x) > 1 else theme.runs[1]
    figure = {
        "type": "scatter",
        "mode": "lines" if len(x) > 1 else "markers",
        "name": tr(label),
        "x": x.tolist(),
        "y": y.tolist(),
        "line": {"color": colour, "width": 3},
        "marker": {
            "symbol": "star",
            "size": 17,
            "color": colour,
            "line": {"color": theme.page, "width": 1.5},
        },
        "hoverinfo": "name",
    }
    return figure, Key(tr(label), colour, "line" if len(x) > 1 else "star")


def rate_here(request: Any) -> float:
    """Return the logarithm of the lab's own rate."""
    experiment, run = request.experiment, request.experiment.runs[0]
    rate = OPTIMIZERS[run.optimizer].default_rate(experiment.plan(run).surface)
    lr, _ = request.here
    return math.log10(max(rate if lr is None else lr, 1e-12))


def best_words(request: Any, result: Grid, rows: Rows, more: list[str]) -> str:
    """Return the best pixel in words and how many diverge, and then what `more` says."""
    values, measure = values_of(request, result), measure_of(request)
    if not np.isfinite(result.gap).any():
        return tr("Every run diverges.")
    if not np.isfinite(values).any():
        return tr(
            "No run comes below the tolerance of {tolerance}.",
            tolerance=written(request.tolerance, 6),
        )
    j, i = np.unravel_index(int(np.argmin(values)), values.shape)
    lowest = float(values[j, i])
    return " ".join(
        (
            tr(
                "Best pixel: rate {rate}, {name} {value}: {result}.",
                rate=written(float(result.rates[i])),
                name=rows.name,
                value=rows.texts[j],
                result=f"{loss_name(request.experiment)} {written(lowest)}"
                if measure == LOSS
                else tr_n("{count} update", "{count} updates", round(lowest)),
            ),
            tr(
                "{share} of the pixels diverge.",
                share=percent(float(np.mean(~np.isfinite(result.gap)))),
            ),
            *more,
        )
    )


def clicked_rate(request: Any, x: float) -> dict[str, Any]:
    """Return the setting of the rate that was clicked."""
    experiment, run = request.experiment, request.experiment.runs[0]
    return {f"{experiment.surface}.{run.optimizer}.lr": float(f"{10**x:.3g}")}


def clicked_batch(request: Any, choice: Choice, size: int) -> dict[str, Any]:
    """Return the settings of a batch size that was clicked, one batch an update as on the map.

    All samples are the full batch; where batch sizes are compared there are none.
    """
    if choice.replaces("batch"):
        return {}
    found: dict[str, Any] = {
        "batch": batch_text(None if size == request.experiment.samples else size)
    }
    if any(run.accumulate > 1 for run in choice.experiment.runs):
        found["accumulate"] = 1
    return found


HINT = msgid("Click to use this setting in the lab.")
