"""Ensembles, escape from a local minimum, and noise balls on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from landscape.language import number, percent, tr, whole
from landscape.record import LOCAL_MINIMUM
from optimizers.maps import Chances, Ensemble, Escape, NoiseBall, Spread, Stationary
from optimizers.maps.base import noisy
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
    loss_name,
    range_settings,
    rates_of,
    rates_range,
    seeds_setting,
    updates_of,
    varied,
)
from views.maps.basins import SPECIAL, name_of
from views.maps.reasons import (
    ALL_ALIKE,
    BATCHES_VARY,
    NO_BALL,
    NO_ESCAPE,
    NO_NOISE,
    RATES_VARY,
    SCHEDULES_VARY,
)
from views.scene.curves import gap_title
from views.scene.figures import Figure, Ground, Mark, background, marks_of
from views.scene.panel import Panel
from views.theme import Theme

if TYPE_CHECKING:
    from views.settings.choice import Choice
    from views.settings.setting import Note
    from views.settings.settings import Settings

MOST_DOTS = 300  # of a run in the cloud of ends
ENSEMBLE_SEEDS = seeds_setting("ensemble", 200)
ESCAPE_SEEDS = seeds_setting("escape", 300)
BALL_SEEDS = seeds_setting("ball", 100)
BALL_RANGE = range_settings("ball", 1e-3)


def ask_ensemble(settings: Settings, choice: Choice) -> Ensemble | Note:
    """Return the map that is asked for."""
    if not noisy(choice.experiment):
        return NO_NOISE
    return Ensemble(choice.experiment, settings[ENSEMBLE_SEEDS.id])


def draw_ensemble(request: Ensemble, result: Spread, choice: Choice, theme: Theme) -> Shown:
    """Return the losses over the updates, and where the runs end."""
    marks, experiment = marks_of(choice.labels, theme), request.experiment
    objective = experiment.objective
    data: list[Figure] = []
    for c, mark in enumerate(marks):
        at = result.at[c].tolist()
        low, median, high = (
            heights(v[c], objective.bounded) for v in (result.low, result.median, result.high)
        )
        data += band(at, low, high, mark.colour)
        data.append(curve(at, median, mark.colour, mark.label))
    layout = base_layout(theme)
    layout["xaxis"] = axis_layout(theme, tr("updates"))
    layout["yaxis"] = axis_layout(
        theme,
        gap_title(objective.lowest(), True) if objective.bounded else tr("loss"),
        **({"type": "log", "exponentformat": "power", "dtick": 1} if objective.bounded else {}),
    )
    label = tr("Loss of many seeds over the updates")
    loss = Panel({"data": data, "layout": layout}, label, legend=legend_of(marks))
    return Shown(
        (loss, cloud(request, result, marks, theme)),
        tr(
            "Each line is the median of {seeds} runs that differ in their noise only, its band"
            " holds 80% of them; each dot is where one of them ends.",
            seeds=whole(request.seeds),
        ),
        ends(result, marks, loss_name(experiment)),
    )


def cloud(request: Ensemble, result: Spread, marks: list[Mark], theme: Theme) -> Panel:
    """Return the surface with the ends of all runs on it."""
    ground = Ground.of(request.experiment)
    (x0, x1), (y0, y1) = ground.box
    figure = background(ground, 1, theme)
    for trace in figure["data"]:
        trace["showlegend"] = False
        if trace["type"] == "contour":
            trace["showscale"] = False
    for c, mark in enumerate(marks):
        end = result.end[c][np.isfinite(result.end[c]).all(axis=-1)][:MOST_DOTS]
        inside = (x0 <= end[:, 0]) & (end[:, 0] <= x1) & (y0 <= end[:, 1]) & (end[:, 1] <= y1)
        figure["data"].append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": mark.label,
                "x": end[inside, 0].tolist(),
                "y": end[inside, 1].tolist(),
                "marker": {"symbol": mark.symbol, "size": 6, "color": mark.colour, "opacity": 0.5},
                "hoverinfo": "skip",
            }
        )
    figure["layout"]["margin"] = {"l": 44, "r": 8, "t": 30, "b": 30, "autoexpand": False}
    figure["layout"]["dragmode"] = False
    aspect = min(1.0, (y1 - y0) / (x1 - x0))
    return Panel(figure, tr("Where the runs of all seeds end"), aspect, legend=legend_of(marks))


def ends(result: Spread, marks: list[Mark], what: str) -> str:
    """Return the shares of the seeds that end at each critical point, as a table."""
    found = sorted(set(result.where.ravel().tolist()), key=lambda end: (end < 0, end))
    found = found[:8]
    names = [tr(SPECIAL[e][0]) if e < 0 else name_of(result.points[e]) for e in found]
    heads = [tr("Run"), tr("Median {loss_name}", loss_name=what), *names]
    rows = [f"| {' | '.join(heads)} |", f"|:--|--:|{'--:|' * len(names)}"]
    for c, mark in enumerate(marks):
        shares = [percent(float(np.mean(result.where[c] == end))) for end in found]
        last = float(result.median[c, -1])
        text = number(last) if np.isfinite(last) else tr("diverged")
        rows.append(f"| {mark.label} | {text} | {' | '.join(shares)} |")
    rows += ["", tr("Shares of the runs whose end is nearest to each minimum.")]
    return "\n".join(rows)


def ask_escape(settings: Settings, choice: Choice) -> Escape | Note:
    """Return the map that is asked for."""
    points = choice.experiment.objective.critical_points()
    if not any(point.kind == LOCAL_MINIMUM for point in points):
        return NO_ESCAPE
    if choice.experiment.noise == 0:
        return ALL_ALIKE
    if varied(choice, "batch"):
        return BATCHES_VARY
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
                legend=legend_of(marks),
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


def ask_ball(settings: Settings, choice: Choice) -> NoiseBall | Note:
    """Return the map that is asked for."""
    if not noisy(choice.experiment):
        return NO_NOISE
    if not choice.experiment.objective.bounded:
        return NO_BALL
    if varied(choice, *rates_of(choice)):
        return RATES_VARY
    if varied(choice, "schedule"):
        return SCHEDULES_VARY
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
    power = {"type": "log", "exponentformat": "power", "dtick": 1}
    first = {
        **layout,
        "xaxis": axis_layout(
            theme, tr("constant learning rate"), type="log", **decades(request.low, request.high)
        ),
        "yaxis": axis_layout(theme, tr("mean excess loss that remains"), **power),
    }
    schedules = marks_of([tr(name) for name in result.schedules], theme)
    right = [
        curve(result.at.tolist(), heights(row), mark.colour, mark.label, mark.dash)
        for mark, row in zip(schedules, result.shrinking, strict=True)
    ]
    second = {
        **layout,
        "xaxis": axis_layout(theme, tr("updates")),
        "yaxis": axis_layout(theme, tr("mean excess loss of {run}", run=marks[0].label), **power),
    }
    return Shown(
        (
            Panel(
                {"data": left, "layout": first},
                tr("Stationary loss against the learning rate"),
                legend=(*legend_of(marks), (tr("dashed: theory"), theme.page)),
            ),
            Panel(
                {"data": right, "layout": second},
                tr("How schedules shrink the noise ball"),
                legend=legend_of(schedules),
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
    seeded=lambda experiment: experiment.noise > 0,
)
BALL = Map(
    *("Schedules under noise", (*BALL_RANGE, BALL_SEEDS), ask_ball, draw_ball),
    seeds=BALL_SEEDS,
)
