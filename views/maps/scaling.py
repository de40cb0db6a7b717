"""The map of updates to a target against the batch size on the page."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from landscape.language import msgid, tr, tr_n, whole
from landscape.language import number as written
from optimizers.analysis.moments import has_moments
from optimizers.analysis.noise import noise_scale_at
from optimizers.maps import Scaling, Scalings
from views.maps.base import (
    Map,
    Shown,
    axis_layout,
    base_layout,
    curve,
    decades,
    free,
    heights,
    legend_of,
    range_settings,
    rates_of,
    rates_range,
    seeds_setting,
    updates_of,
    varied,
)
from views.maps.grids import HINT, clicked_batch
from views.maps.reasons import (
    ALL_ALIKE,
    BATCHES_VARY,
    BOWL,
    NO_TARGET,
    RATES_VARY,
    Lack,
    compared,
    no_noise,
    other_surface,
)
from views.scene.figures import Figure, Mark, marks_of
from views.scene.panel import Key, Panel
from views.settings.runs import TOLERANCE
from views.theme import Theme

if TYPE_CHECKING:
    from views.settings.choice import Choice
    from views.settings.settings import Settings

RANGE = range_settings("scaling", 1e-3)
SEEDS = seeds_setting("scaling", 32, batches=True)
BESIDE = 1e-6  # what the distance along one axis counts beside that along the other
TALL = 4.0  # times the fewest and the most updates that the chart shows


def ask(settings: Settings, choice: Choice) -> Scaling | Lack:
    """Return the map that is asked for."""
    experiment = choice.experiment
    if not all(objective.bounded for objective in experiment.objectives):
        return other_surface(BOWL, NO_TARGET)
    if not experiment.varies:
        return no_noise(settings, ALL_ALIKE)
    if varied(choice, "batch"):
        return compared(settings, BATCHES_VARY)
    if varied(choice, *rates_of(choice)):
        return compared(settings, RATES_VARY)
    return Scaling(
        *(experiment, *rates_range(settings, "scaling")),
        seeds=settings[SEEDS.id],
        tolerance=choice.tolerance,
    )


def draw(request: Scaling, result: Scalings, choice: Choice, theme: Theme) -> Shown:
    """Return the updates against the batch size, perfect scaling, and the critical batches."""
    marks = marks_of(choice.labels, theme)
    sizes = result.sizes.tolist()
    arrived = [c for c in range(len(marks)) if np.isfinite(result.updates[c]).any()]
    data: list[Figure] = []
    for c in arrived:
        perfect = result.samples(c) / result.sizes
        shown = np.where(perfect >= result.fewest(c) / TALL, perfect, np.nan)
        data.append(scaling_line(sizes, heights(shown, gaps=False), marks[c]))
    for c, mark in enumerate(marks):
        data.append(
            {
                **curve(
                    sizes,
                    heights(np.maximum(result.updates[c], 1.0), gaps=False),
                    mark.colour,
                    mark.label,
                ),
                "mode": "lines+markers",
                "marker": {"symbol": mark.symbol, "size": 10, "color": mark.colour},
                "customdata": [
                    written(rate, 3) if math.isfinite(rate) else "" for rate in result.rates[c]
                ],
                "hovertemplate": tr(
                    "{run}: {count} updates at batch size {size}, rate {rate}",
                    run=mark.label,
                    count="%{y}",
                    size="%{x}",
                    rate="%{customdata}",
                )
                + "<extra></extra>",
            }
        )
    layout = base_layout(theme)
    kept = [*sizes[:-2:3], sizes[-1]]
    layout["xaxis"] = axis_layout(
        theme,
        tr("batch size"),
        type="log",
        tickvals=kept,
        ticktext=[whole(size) for size in kept],
        tickangle=0,
    )
    # A start within the target takes no update, for which a logarithm has no place.
    found = np.maximum(result.updates[np.isfinite(result.updates)], 1.0)
    low, high = float(found.min(initial=10.0)), float(found.max(initial=1.0))
    layout["yaxis"] = axis_layout(
        theme,
        tr("updates to the target"),
        type="log",
        range=[math.log10(low / 2), math.log10(high * 2)],
        **decades(low / 2, high * 2),
    )
    layout["shapes"] = [
        {
            "type": "line",
            "x0": result.critical(c),
            "x1": result.critical(c),
            "yref": "paper",
            "y0": 0,
            "y1": 1,
            "line": {"color": marks[c].colour, "width": 1.5, "dash": "dot"},
        }
        for c in arrived
        if math.isfinite(result.critical(c))
    ]
    legend = (
        *legend_of(marks, points=True),
        *((Key(tr("perfect scaling"), theme.text, "dash"),) if arrived else ()),
        *((Key(tr("critical batch"), theme.text, "dot"),) if layout["shapes"] else ()),
    )
    label = tr("Updates to the target against the batch size")
    panel = Panel({"data": data, "layout": layout}, label, legend=legend)
    return Shown((panel,), pixel(request), words(request, result, marks))


def scaling_line(sizes: list[int], perfect: list[float | None], mark: Mark) -> Figure:
    """Return the line on which twice the batch takes half the updates."""
    made = curve(sizes, perfect, mark.colour, mark.label, "dash")
    del made["hovertemplate"]
    return {**made, "hoverinfo": "skip"}


def pixel(request: Scaling) -> str:
    """Return what one point is."""
    experiment = request.experiment
    exact = [has_moments(experiment.plan(run)) for run in experiment.runs]
    mean = tr("Means are exact, by theory.")
    if not all(exact):
        mean = tr("Means are over {seeds} seeds.", seeds=whole(request.seeds))
    if any(exact) and not all(exact):
        mean = tr(
            "Means are exact where theory has them, and else over {seeds} seeds.",
            seeds=whole(request.seeds),
        )
    return " ".join(
        [
            tr(
                "Each point is the fewest updates after which the mean loss is within {target} of"
                " the lowest, at the best of {count} rates; no point, where {updates} are too few.",
                target=written(request.tolerance),
                count=whole(request.count),
                updates=updates_of(experiment),
            ),
            mean,
            tr(
                "On a dashed line twice the batch takes half the updates. The dotted line is the"
                " critical batch, where so few samples would make the fewest updates."
            ),
        ]
    )


def words(request: Scaling, result: Scalings, marks: list[Mark]) -> str:
    """Return how far batches scale, and the noise scale where the runs start."""
    lines = []
    for c, mark in enumerate(marks):
        (there,) = np.nonzero(np.isfinite(result.updates[c]))
        if not len(there):
            lines.append(tr("{run} never comes to the target.", run=mark.label))
            continue
        small, large = int(there[0]), int(there[-1])
        lines.append(
            tr(
                "{run}: {most} with batches of {small}, {least} with {large}; critical batch"
                " {critical}.",
                run=mark.label,
                most=tr_n("{count} update", "{count} updates", int(result.updates[c, small])),
                small=whole(int(result.sizes[small])),
                least=tr_n("{count} update", "{count} updates", int(result.updates[c, large])),
                large=whole(int(result.sizes[large])),
                critical=batch_named(result.critical(c)),
            )
        )
    plan = request.experiment.plan(request.experiment.runs[0])
    scale = noise_scale_at(plan, plan.start)
    if math.isfinite(scale.simple) and math.isfinite(scale.weighted):
        lines.append(
            tr(
                "Noise scale where {run} starts: B_simple = {simple}, B_n = {weighted}.",
                run=marks[0].label,
                simple=written(scale.simple, 3),
                weighted=written(scale.weighted, 3),
            )
        )
    return "\n".join(f"- {line}" for line in lines)


def batch_named(size: float) -> str:
    """Return a critical batch as a whole number of samples."""
    return whole(round(size)) if math.isfinite(size) else tr("none")


def load(request: Scaling, result: Scalings, choice: Choice, x: float, y: float) -> dict[str, Any]:
    """Return the batch size and the rate of the point that is nearest to a click."""
    there = np.isfinite(result.updates)
    across = np.abs(np.log10(result.sizes) - x)
    up = np.abs(np.log10(np.maximum(np.where(there, result.updates, 1.0), 1.0)) - y)
    # The nearest batch size first, and of its runs the nearest.
    away = np.where(there, across + BESIDE * up, np.inf)
    if not np.isfinite(away).any():
        return {}
    c, b = np.unravel_index(int(np.argmin(away)), away.shape)
    rate = float(f"{result.rates[c, b]:.3g}")
    batch = clicked_batch(request, choice, int(result.sizes[b]))
    return free(choice, {**batch, rates_of(choice)[c]: rate})


MAP = Map(
    "Updates against batch size",
    (*RANGE, SEEDS, TOLERANCE),
    ask,
    draw,
    load,
    HINT,
    SEEDS,
    lambda experiment: experiment.varies,
    (msgid("batch size"), msgid("updates")),
)
