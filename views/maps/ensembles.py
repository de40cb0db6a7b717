"""Ensembles, escape from a local minimum, and noise balls on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from landscape.language import msgid, number, percent, tr, whole
from landscape.record import LOCAL_MINIMUM
from optimizers.maps import Chances, Ensemble, Escape, NoiseBall, Spread, Stationary
from optimizers.maps.base import noisy
from views.maps import ends
from views.maps.base import (
    Map,
    Shown,
    axis_layout,
    band,
    base_layout,
    curve,
    decades,
    floors,
    heights,
    legend_of,
    log_axis,
    loss_name,
    range_settings,
    rates_of,
    rates_range,
    seeds_setting,
    updates_of,
    varied,
)
from views.maps.reasons import (
    ALL_ALIKE,
    BATCHES_VARY,
    BOWL,
    NO_BALL,
    NO_ESCAPE,
    NO_NOISE,
    RATES_VARY,
    SCHEDULES_VARY,
    VALLEY,
    Lack,
    compared,
    no_noise,
    other_surface,
)
from views.scene.clouds import dots, frame_of_ends, outside
from views.scene.curves import gap_title
from views.scene.figures import (
    GAPS,
    Figure,
    Ground,
    Mark,
    axis,
    background,
    marks_of,
    title,
)
from views.scene.frames import within
from views.scene.panel import Key, Panel
from views.scene.scene import SHAPES, arrangements, columns
from views.theme import Theme

if TYPE_CHECKING:
    from views.settings.choice import Choice
    from views.settings.settings import Settings

MOST_DOTS = 300  # of a run in the cloud of ends
COLOURED = ("Constant", "Step", "Cosine", "Linear", "Inverse sqrt")  # of the schedules
ENSEMBLE_SEEDS = seeds_setting("ensemble", 200)
ESCAPE_SEEDS = seeds_setting("escape", 300, batches=True)
BALL_SEEDS = seeds_setting("ball", 100)
BALL_RANGE = range_settings("ball", 1e-3)


def ask_ensemble(settings: Settings, choice: Choice) -> Ensemble | Lack:
    """Return the map that is asked for."""
    if not noisy(choice.experiment):
        return no_noise(settings, NO_NOISE, batch=True)
    return Ensemble(choice.experiment, settings[ENSEMBLE_SEEDS.id])


def draw_ensemble(request: Ensemble, result: Spread, choice: Choice, theme: Theme) -> Shown:
    """Return the losses over the updates, and where the runs end."""
    marks, experiment = marks_of(choice.labels, theme), request.experiment
    bounded = experiment.objectives[0].bounded
    data: list[Figure] = []
    for c, mark in enumerate(marks):
        at = result.at[c].tolist()
        low, median, high = (
            heights(v[c], bounded) for v in (result.low, result.median, result.high)
        )
        data += band(at, low, high, mark.colour)
        data.append(curve(at, median, mark.colour, mark.label))
    layout = base_layout(theme)
    layout["xaxis"] = axis_layout(theme, tr("updates"))
    layout["yaxis"] = axis_layout(
        theme,
        gap_title(experiment, floors(result.low)) if bounded else tr("loss"),
        **(log_axis(data) if bounded else {}),
    )
    label = tr("Loss of many seeds over the updates")
    loss = Panel({"data": data, "layout": layout}, label, legend=legend_of(marks))
    return Shown(
        (cloud(request, result, marks, theme), loss),
        tr(
            "Each dot is where one of {seeds} runs ends that differ in their noise only. Below,"
            " each line is the median of their losses, and its band holds 80% of them.",
            seeds=whole(request.seeds),
        ),
        ends_table(result, marks, loss_name(experiment)),
        stacked=True,
    )


def cloud(request: Ensemble, result: Spread, marks: list[Mark], theme: Theme) -> Panel:
    """Return a picture of the surface for each run, with the ends of all its seeds on it."""
    panels = len(marks)
    across = columns(panels)
    box = frame_of_ends(request.experiment, result, SHAPES[across])
    ground = Ground(request.experiment.objectives, box)
    figure = background(ground, panels, theme)
    figure["data"] = [trace for trace in figure["data"] if trace.get("name") != "words"]
    layout = figure["layout"]
    layout["annotations"] = []
    for c, mark in enumerate(marks):
        plan = request.experiment.plan(request.experiment.runs[c])
        end = result.end[c][np.isfinite(result.end[c]).all(axis=-1)][:MOST_DOTS]
        where = {"xaxis": axis(c, "x"), "yaxis": axis(c, "y"), "hoverinfo": "skip"}
        inside = within(end, box)
        start = np.array([plan.start])[within(np.array([plan.start]), box)]
        ring = {"symbol": "circle", "size": 11, "color": theme.ground[0]}
        figure["data"] += [
            {
                "type": "scatter",
                "mode": "markers",
                "name": mark.label,
                "x": end[inside, 0].tolist(),
                "y": end[inside, 1].tolist(),
                "marker": dots(mark, theme),
                **where,
            },
            {
                "type": "scatter",
                "mode": "markers",
                "name": "start",
                "x": start[:, 0].tolist(),
                "y": start[:, 1].tolist(),
                "marker": {**ring, "line": {"width": 2.5, "color": theme.text}},
                **where,
            },
        ]
        said = outside(result.end[c], box)
        layout["annotations"].append(title(c, mark, said, theme))
    layout["margin"] = {"l": 44, "r": 8, "t": 30, "b": 30, "autoexpand": False}
    layout["dragmode"] = False
    label = tr("Where the runs of all seeds end")
    ways = tuple({**way, **room(way, SHAPES[across])} for way in arrangements(panels))
    return Panel(figure, label, arrangements=ways)  # whose titles are its legend


def room(way: Figure, shape: float) -> Figure:
    """Return the height over the width of all panels with their gaps, and the most of it."""
    rows, across = way["rows"], way["columns"]
    aspect = shape * (rows + GAPS[1] * (rows - 1)) / (across + GAPS[0] * (across - 1))
    return {"aspect": aspect, "tallest": 300 * rows}


def ends_table(result: Spread, marks: list[Mark], what: str) -> str:
    """Return the shares of the seeds that end at each critical point, as a table."""
    heads, found = ends.table(result, [mark.label for mark in marks], what)
    rows = [f"| {' | '.join(heads)} |", f"|:--|--:|{'--:|' * (len(heads) - 2)}"]
    rows += [f"| {' | '.join(row)} |" for row in found]
    return "\n".join([*rows, "", tr(ends.SHARES)])


def ask_escape(settings: Settings, choice: Choice) -> Escape | Lack:
    """Return the map that is asked for."""
    points = [o.critical_points() for o in choice.experiment.objectives]
    if not any(point.kind == LOCAL_MINIMUM for points_of in points for point in points_of):
        return other_surface(VALLEY, NO_ESCAPE)
    if not choice.experiment.varies:
        return no_noise(settings, ALL_ALIKE)
    if varied(choice, "batch"):
        return compared(settings, BATCHES_VARY)
    return Escape(choice.experiment, settings[ESCAPE_SEEDS.id])


def draw_escape(request: Escape, result: Chances, choice: Choice, theme: Theme) -> Shown:
    """Return the share of runs that end at a global minimum against the batch size."""
    marks = marks_of(choice.labels, theme)
    data: list[Figure] = []
    for c, mark in enumerate(marks):
        share = result.share[c]
        data.append(
            {
                **curve(result.sizes.tolist(), share.tolist(), mark.colour, mark.label),
                "mode": "lines+markers",
                "marker": {"symbol": mark.symbol, "size": 10, "color": mark.colour},
                "error_y": {
                    "type": "data",
                    "symmetric": False,
                    "array": (result.high[c] - share).tolist(),
                    "arrayminus": (share - result.low[c]).tolist(),
                    "color": mark.colour,
                },
            }
        )
    layout = base_layout(theme)
    sizes = result.sizes.tolist()
    kept = [*sizes[:-2:3], sizes[-1]]
    layout["xaxis"] = axis_layout(
        theme,
        tr("batch size"),
        type="log",
        tickvals=kept,
        ticktext=[whole(b) for b in kept],
        tickangle=0,
    )
    layout["yaxis"] = axis_layout(
        theme, tr("share that ends at a global minimum"), range=[-0.03, 1.03], tickformat=".0%"
    )
    lines = []
    for c, mark in enumerate(marks):
        parts = [
            tr(
                "{share} ({low} to {high}) at batch size {size}",
                share=percent(result.share[c, b]),
                low=percent(result.low[c, b]),
                high=percent(result.high[c, b]),
                size=whole(sizes[b]),
            )
            for b in (0, len(sizes) // 2, -1)
        ]
        lines.append(f"- {mark.label}: {', '.join(parts)}")
    return Shown(
        (
            Panel(
                {"data": data, "layout": layout},
                tr("Escape probability against the batch size"),
                legend=legend_of(marks, points=True),
            ),
        ),
        tr(
            "Each point is the share of {seeds} seeds whose run ends nearest to a global minimum"
            " after {updates}; the bar is its 95% confidence interval (Wilson).",
            seeds=whole(request.seeds),
            updates=updates_of(request.experiment),
        ),
        "\n".join(lines),
    )


def ask_ball(settings: Settings, choice: Choice) -> NoiseBall | Lack:
    """Return the map that is asked for."""
    if not noisy(choice.experiment):
        return no_noise(settings, NO_NOISE, batch=True)
    if not choice.experiment.objectives[0].bounded:
        return other_surface(BOWL, NO_BALL)
    if varied(choice, *rates_of(choice)):
        return compared(settings, RATES_VARY)
    if varied(choice, "schedule"):
        return compared(settings, SCHEDULES_VARY)
    seeds = settings[BALL_SEEDS.id]
    return NoiseBall(choice.experiment, *rates_range(settings, "ball"), seeds=seeds)


def draw_ball(request: NoiseBall, result: Stationary, choice: Choice, theme: Theme) -> Shown:
    """Return the loss that remains against the rate, and how schedules lower it."""
    marks, rates = marks_of(choice.labels, theme), result.rates.tolist()
    left: list[Figure] = []
    for c, mark in enumerate(marks):
        left.append(
            {
                **curve(rates, heights(result.measured[c]), mark.colour, mark.label),
                "mode": "markers",
                "marker": {"symbol": mark.symbol, "size": 8, "color": mark.colour},
            }
        )
        expected = heights(result.theory[c])
        if any(v is not None for v in expected):
            left.append(
                curve(rates, expected, mark.colour, tr("{run}, theory", run=mark.label), "dash")
            )
    layout = base_layout(theme)
    first = {
        **layout,
        "xaxis": axis_layout(
            theme, tr("constant learning rate"), type="log", **decades(request.low, request.high)
        ),
        "yaxis": axis_layout(theme, tr("mean excess loss that remains"), **log_axis(left)),
    }
    # Eleven curves in six colours tell nothing: those of the course have colours, all have names.
    known = [name for name in result.schedules if name in COLOURED]
    schedules = marks_of([tr(name) for name in known], theme)
    of = dict(zip(known, schedules, strict=True))
    right = [
        {**found, "line": {"color": theme.border, "width": 1.5}} if name not in of else found
        for name, row in zip(result.schedules, result.shrinking, strict=True)
        for found in [
            curve(
                *(result.at.tolist(), heights(row)),
                of[name].colour if name in of else theme.border,
                tr(name),
            )
        ]
    ]
    right.sort(key=lambda trace: trace["line"]["color"] != theme.border)
    second = {
        **layout,
        "xaxis": axis_layout(theme, tr("updates")),
        "yaxis": axis_layout(
            theme, tr("mean excess loss of {run}", run=marks[0].label), **log_axis(right)
        ),
    }
    return Shown(
        (
            Panel(
                {"data": left, "layout": first},
                tr("Stationary loss against the learning rate"),
                legend=(
                    *legend_of(marks, points=True),
                    *([Key(tr("theory"), theme.text, "dash")] if len(left) > len(marks) else ()),
                ),
            ),
            Panel(
                {"data": right, "layout": second},
                tr("How schedules shrink the noise ball"),
                legend=(
                    *legend_of(schedules),
                    Key(tr("other schedules"), theme.border, "line"),
                ),
            ),
        ),
        tr(
            "Left: each point is the mean of {seeds} runs from a minimizer, over the last half of"
            " {updates}; at very small rates the noise ball is still growing. Right: {run} at its"
            " own rate from the lab's start, mean of {seeds} runs, with the default numbers of"
            " every schedule.",
            seeds=whole(request.seeds),
            updates=updates_of(request.experiment),
            run=marks[0].label,
        ),
        ball_words(result, marks),
    )


def ball_words(result: Stationary, marks: list[Mark]) -> str:
    """Return how well theory fits, and the schedules in the order of what they leave."""
    lines = []
    for c, mark in enumerate(marks):
        both = np.isfinite(result.measured[c]) & np.isfinite(result.theory[c])
        if both.any():
            middle = int(np.flatnonzero(both)[len(np.flatnonzero(both)) // 2])
            lines.append(
                "- "
                + tr(
                    "{run} at rate {rate}: measured {measured}, theory {theory}",
                    run=mark.label,
                    rate=number(float(result.rates[middle])),
                    measured=number(float(result.measured[c, middle])),
                    theory=number(float(result.theory[c, middle])),
                )
            )
    last = {n: float(v) for n, v in zip(result.schedules, result.shrinking[:, -1], strict=True)}
    order = sorted(last, key=lambda name: last[name])
    left = ", ".join(f"{tr(n)} {number(last[n])}" for n in order if np.isfinite(last[n]))
    text = left or tr("diverges with every schedule")
    lines.append("- " + tr("{run} in the end: {text}.", run=marks[0].label, text=text))
    return "\n".join(lines)


ENSEMBLE = Map(
    *("Ensemble of seeds", (ENSEMBLE_SEEDS,), ask_ensemble, draw_ensemble),
    seeds=ENSEMBLE_SEEDS,
)
ESCAPE = Map(
    *("Escape probability", (ESCAPE_SEEDS,), ask_escape, draw_escape),
    seeds=ESCAPE_SEEDS,
    seeded=lambda experiment: experiment.varies,
    axes=(msgid("batch size"), msgid("share")),
)
BALL = Map(
    *("Schedules under noise", (*BALL_RANGE, BALL_SEEDS), ask_ball, draw_ball),
    seeds=BALL_SEEDS,
    axes=(msgid("learning rate"), msgid("loss")),
)
