"""Ensembles, escape from a local minimum, and noise balls on the page."""

from __future__ import annotations

import numpy as np

from landscape import SURFACES
from landscape.record import LOCAL_MINIMUM
from optimizers.analysis.verdicts import human
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
    rates_range,
    seeds,
)
from views.maps.basins import SPECIAL, name_of
from views.player.chart import Panel
from views.scene.curves import GAP_FLOOR
from views.scene.figures import Figure, Ground, Mark, background, marks_of
from views.settings.controls import Choice, row
from views.settings.settings import Settings
from views.theme import Theme

MOST_DOTS = 300  # of a run in the cloud of ends
NO_NOISE = "Without noise all seeds are the same: set the noise above 0 and a batch below all."


def ask_ensemble(settings: Settings, choice: Choice) -> Ensemble | str:
    """Draw the controls and return what they ask for."""
    with row(settings):
        count = seeds(settings, "ensemble", noisy(choice.experiment), 200)
    return Ensemble(choice.experiment, count) if noisy(choice.experiment) else NO_NOISE


def draw_ensemble(request: Ensemble, result: Spread, choice: Choice, theme: Theme) -> Shown:
    """Return the losses over the updates, and where the runs end."""
    marks, experiment = marks_of(choice.labels, theme), request.experiment
    surface = SURFACES[experiment.surface]
    data: list[Figure] = []
    for c, mark in enumerate(marks):
        at = result.at[c].tolist()
        low, median, high = (
            heights(v[c], surface.bounded) for v in (result.low, result.median, result.high)
        )
        data += band(at, low, high, mark.colour)
        data.append(curve(at, median, mark.colour, mark.label))
    layout = base_layout(theme)
    layout["xaxis"] = axis_layout(theme, "updates")
    layout["yaxis"] = axis_layout(
        theme,
        f"loss − minimum, cut at {GAP_FLOOR:g}" if surface.bounded else "loss",
        **({"type": "log", "exponentformat": "power", "dtick": 1} if surface.bounded else {}),
    )
    label = "Loss of many seeds over the updates"
    loss = Panel({"data": data, "layout": layout}, label, legend=legend_of(marks))
    return Shown(
        (loss, cloud(request, result, marks, theme)),
        f"Each line is the median of {request.seeds} runs that differ in their noise only, its"
        " band holds 80 % of them; each dot is where one of them ends.",
        ends(result, marks, "gap" if surface.bounded else "loss"),
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
    return Panel(figure, "Where the runs of all seeds end", aspect, legend=legend_of(marks))


def ends(result: Spread, marks: list[Mark], gap: str) -> str:
    """Return the shares of the seeds that end at each critical point, as a table."""
    found = sorted(set(result.where.ravel().tolist()), key=lambda end: (end < 0, end))
    found = found[:8]
    names = [SPECIAL[e][0] if e < 0 else name_of(result.points[e]) for e in found]
    rows = [f"| Run | Median {gap} | {' | '.join(names)} |", f"|:--|--:|{'--:|' * len(names)}"]
    for c, mark in enumerate(marks):
        shares = [f"{np.mean(result.where[c] == end):.0%}" for end in found]
        last = float(result.median[c, -1])
        text = human(last) if np.isfinite(last) else "diverged"
        rows.append(f"| {mark.label} | {text} | {' | '.join(shares)} |")
    return "\n".join(rows) + "\n\nShares of the runs whose end is nearest to each minimum."


def ask_escape(settings: Settings, choice: Choice) -> Escape | str:
    """Draw the controls and return what they ask for."""
    with row(settings):
        count = seeds(settings, "escape", choice.experiment.noise > 0, 300)
    points = SURFACES[choice.experiment.surface].critical_points(**choice.experiment.params)
    if not any(point.kind == LOCAL_MINIMUM for point in points):
        return "This surface has no local minimum to escape from: try the local-minima valley."
    if choice.experiment.noise == 0:
        return "Without noise no batch size differs from another: set the noise above 0."
    if choice.compare == "Batch size":
        return "Compare something else than the batch size: this map varies it for every run."
    return Escape(choice.experiment, count)


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
        "batch size",
        type="log",
        tickvals=kept,
        ticktext=[f"{b:,}" for b in kept],
        tickangle=0,
    )
    layout["yaxis"] = axis_layout(
        theme, "share that ends at a global minimum", range=[-0.03, 1.03], tickformat=".0%"
    )
    lines = []
    for c, mark in enumerate(marks):
        parts = [
            f"{result.share[c, b]:.0%} ({result.low[c, b]:.0%} to {result.high[c, b]:.0%}) at"
            f" {sizes[b]:,}"
            for b in (0, len(sizes) // 2, -1)
        ]
        lines.append(f"- {mark.label}: {', '.join(parts)}")
    return Shown(
        (
            Panel(
                {"data": data, "layout": layout},
                "Escape probability against the batch size",
                legend=legend_of(marks),
            ),
        ),
        f"One point is the share of {request.seeds} seeds whose run ends nearest to a global"
        f" minimum after {request.experiment.steps:,} updates; the bar is its 95 % confidence"
        " interval (Wilson).",
        "\n".join(lines),
    )


def ask_ball(settings: Settings, choice: Choice) -> NoiseBall | str:
    """Draw the controls and return what they ask for."""
    with row(settings):
        low, high = rates_range(settings, "ball", 1e-3)
        count = seeds(settings, "ball", noisy(choice.experiment), 100)
    if not noisy(choice.experiment):
        return NO_NOISE
    if not SURFACES[choice.experiment.surface].bounded:
        return "This surface has no lowest loss, and so no noise ball: choose another."
    if choice.compare in ("Learning rate", "Schedule"):
        return f"Compare something else than the {choice.compare.lower()}: this map varies it."
    return NoiseBall(choice.experiment, low, high, seeds=count)


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
            left.append(curve(rates, expected, mark.colour, f"{mark.label}, theory", "dash"))
    layout = base_layout(theme)
    power = {"type": "log", "exponentformat": "power", "dtick": 1}
    first = {
        **layout,
        "xaxis": axis_layout(
            theme, "constant learning rate", type="log", **decades(request.low, request.high)
        ),
        "yaxis": axis_layout(theme, "mean gap that remains", **power),
    }
    schedules = marks_of(result.schedules, theme)
    right = [
        curve(result.at.tolist(), heights(row), mark.colour, mark.label, mark.dash)
        for mark, row in zip(schedules, result.shrinking, strict=True)
    ]
    second = {
        **layout,
        "xaxis": axis_layout(theme, "updates"),
        "yaxis": axis_layout(theme, f"mean gap of {marks[0].label}", **power),
    }
    return Shown(
        (
            Panel(
                {"data": left, "layout": first},
                "Stationary loss against the learning rate",
                legend=(*legend_of(marks), ("dashed: theory", theme.page)),
            ),
            Panel(
                {"data": right, "layout": second},
                "How schedules shrink the noise ball",
                legend=legend_of(schedules),
            ),
        ),
        f"Left: one point is the mean of {request.seeds} runs from a minimizer, over the last half"
        f" of {request.experiment.steps:,} updates; very small rates are still on their way out."
        f" Right: {marks[0].label} at its own rate from the lab's start, mean of"
        f" {request.seeds} runs, with every schedule at its default numbers.",
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
                f"- {mark.label} at rate {human(float(result.rates[middle]))}: measured"
                f" {human(float(result.measured[c, middle]))}, theory"
                f" {human(float(result.theory[c, middle]))}"
            )
    last = {n: float(v) for n, v in zip(result.schedules, result.shrinking[:, -1], strict=True)}
    order = sorted(last, key=lambda name: last[name])
    text = ", ".join(f"{n} {human(last[n])}" for n in order if np.isfinite(last[n]))
    lines.append(f"- {marks[0].label} in the end: {text or 'diverges with every schedule'}.")
    return "\n".join(lines)


ENSEMBLE = Map("Ensemble of seeds", ask_ensemble, draw_ensemble)
ESCAPE = Map("Escape probability", ask_escape, draw_escape)
BALL = Map("Schedules under noise", ask_ball, draw_ball)
