"""The learning-rate sweep on the page."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from landscape.language import msgid, number, tr, tr_n, whole
from optimizers.analysis.averaging import EXPONENTIAL, MEAN
from optimizers.analysis.measures import run_limit
from optimizers.maps import Curves, RateSweep
from optimizers.maps.base import best_of, noisy
from optimizers.maps.rates import DIVERGES, GOOD, HIGH, LOW, RATE_ZONES, UNRATED
from views.maps.base import (
    RANGE,
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
    loss_name,
    rates_of,
    rates_range,
    seeds_setting,
    updates_of,
    varied,
)
from views.maps.reasons import RATES_VARY, Lack, compared
from views.scene.curves import GAP_FLOOR, gap_title
from views.scene.figures import Figure, Mark, marks_of
from views.scene.panel import Key, Panel
from views.theme import Theme

if TYPE_CHECKING:
    from views.settings.choice import Choice
    from views.settings.settings import Settings

STRIP = 0.2  # of the chart's height, for the zones
BEYOND = 2.5  # times the last rate that a run bears, up to which rates are shown
MOST_STRETCHES = 4  # of good rates that are told one by one
SEEDS = seeds_setting("sweep", 50)
AVERAGED = {MEAN: msgid("mean of the iterates"), EXPONENTIAL: msgid("exponential average")}


def ask(settings: Settings, choice: Choice) -> RateSweep | Lack:
    """Return the map that is asked for."""
    if varied(choice, *rates_of(choice)):
        return compared(settings, RATES_VARY)
    seeds = settings[SEEDS.id] if noisy(choice.experiment) else 1
    average = choice.extras.average
    return RateSweep(choice.experiment, *rates_range(settings), seeds=seeds, average=average)


def draw(request: RateSweep, result: Curves, choice: Choice, theme: Theme) -> Shown:
    """Return the curves with their bands, the zones of each run and the limits of stability.

    A dotted line is that of an average of the iterates, where one is asked for.
    """
    experiment = request.experiment
    marks = marks_of(choice.labels, theme)
    bounded = experiment.objectives[0].bounded
    named = tr(AVERAGED[request.average.kind]) if request.average else ""
    data: list[Figure] = []
    for c, mark in enumerate(marks):
        low, median, high = (
            heights(v[c], bounded) for v in (result.low, result.median, result.high)
        )
        rates = result.rates.tolist()
        if request.seeds > 1:
            data += band(rates, low, high, mark.colour)
        data.append(curve(rates, median, mark.colour, mark.label))
        if result.averaged is not None:
            of_average = f"{mark.label}, {named}"
            ends = heights(result.averaged[c], bounded)
            data.append(curve(rates, ends, mark.colour, of_average, "dot"))
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
                "hovertemplate": tr(
                    "{run}: lowest at rate {rate}", run=mark.label, rate=number(best, 3)
                )
                + "<extra></extra>",
                "showlegend": False,
            }
        )
    data += strip(result, marks, theme)
    layout = base_layout(theme)
    shown_to = last_shown(request, result)
    ends = [math.log10(request.low), math.log10(shown_to)]
    ticks = decades(request.low, shown_to)
    layout["xaxis"] = axis_layout(
        theme, tr("learning rate"), type="log", range=ends, anchor="y2", **ticks
    )
    span = shown_losses(result) if bounded else None
    drawn = [result.low] if result.averaged is None else [result.low, result.averaged]
    layout["yaxis"] = axis_layout(
        theme,
        gap_title(experiment, any(map(floors, drawn))) if bounded else tr("loss"),
        type="log" if bounded else "linear",
        range=span,
        domain=[STRIP + 0.06, 1],
        **(decades(10 ** span[0], 10 ** span[1]) if span else {}),
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
    limits = [
        (mark, run_limit(experiment, run)) for mark, run in zip(marks, experiment.runs, strict=True)
    ]
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
        if limit and request.low <= limit <= shown_to
    ]
    dots = [Key(named, theme.text, "dot")] if named else []
    dashes = [Key(tr("limit of stability"), theme.text, "dash")] if layout["shapes"] else []
    zones_named = [
        Key(tr("zone: {zone}", zone=tr(zone)), colour)
        for zone, colour in colours_of_zones(theme).items()
        if (result.zone == RATE_ZONES.index(zone)).any()
    ]
    return Shown(
        (
            Panel(
                {"data": data, "layout": layout},
                tr("Final loss against the learning rate"),
                legend=(*legend_of(marks), *dots, *dashes, *zones_named),
            ),
        ),
        pixel(request),
        words(request, result, limits),
    )


def last_shown(request: RateSweep, result: Curves) -> float:
    """Return the rate up to which curves are shown: some way beyond the last that any run bears."""
    borne = np.flatnonzero((result.zone != RATE_ZONES.index(DIVERGES)).any(axis=0))
    if not len(borne):
        return request.high
    return min(request.high, float(result.rates[borne[-1]]) * BEYOND)


def shown_losses(result: Curves) -> list[float] | None:
    """Return the exponents between which losses are shown: a run that diverges leaves them."""
    start, lowest = result.median[:, 0], result.low
    if result.averaged is not None:
        lowest = np.minimum(lowest, result.averaged)
    start, lowest = start[np.isfinite(start)], lowest[np.isfinite(lowest)]
    if not len(start) or not len(lowest):
        return None
    low, high = max(float(lowest.min()), GAP_FLOOR), max(float(start.max()), GAP_FLOOR)
    return [math.log10(low) - 0.2, math.log10(max(high, low)) + 1.0]


def colours_of_zones(theme: Theme) -> dict[str, str]:
    """Return the colours of the zones: pale where a run creeps, the darkest where it bounces."""
    _, good, high = theme.ramp
    return {
        LOW: theme.line,
        GOOD: good,
        HIGH: high,
        DIVERGES: theme.diverged,
        UNRATED: theme.border,
    }


def strip(result: Curves, marks: list[Mark], theme: Theme) -> list[Figure]:
    """Return the zones of every run as a strip under the curves."""
    zones = colours_of_zones(theme)
    steps = [[i / len(RATE_ZONES), zones[zone]] for i, zone in enumerate(RATE_ZONES)]
    scale = [
        s
        for i, (at, colour) in enumerate(steps)
        for s in ([at, colour], [(i + 1) / len(RATE_ZONES), colour])
    ]
    return [
        {
            "type": "heatmap",
            "x": result.rates.tolist(),
            "y": list(range(len(marks))),
            "z": result.zone.tolist(),
            "zmin": -0.5,
            "zmax": len(RATE_ZONES) - 0.5,
            "colorscale": scale,
            "showscale": False,
            "ygap": 3,
            "yaxis": "y2",
            "text": [[tr(RATE_ZONES[z]) for z in line] for line in result.zone.tolist()],
            "hovertemplate": tr("rate {rate}: {zone}", rate="%{x:.3g}", zone="%{text}")
            + "<extra></extra>",
        }
    ]


def pixel(request: RateSweep) -> str:
    """Return what one point is."""
    updates, rates = updates_of(request.experiment), whole(request.count)
    if request.seeds == 1:
        each = tr("Each point is one run, {updates}; {rates} rates.", updates=updates, rates=rates)
    else:
        each = tr(
            "Each point is the median of {seeds} runs with different noise, the band holds 80% of"
            " them; {updates} each, {rates} rates.",
            seeds=whole(request.seeds),
            updates=updates,
            rates=rates,
        )
    between = tr(
        "A zone reaches halfway to the next of these rates; the best rate that the lab names is"
        " searched for between them."
    )
    return f"{each} {between}"


def words(request: RateSweep, result: Curves, limits: list[tuple[Mark, float | None]]) -> str:
    """Return the best rates and the limits of stability in words."""
    lines = []
    what = loss_name(request.experiment)
    bounded = request.experiment.objectives[0].bounded
    for c, (mark, limit) in enumerate(limits):
        median = result.median[c]
        if not np.isfinite(median).any():
            lines.append("- " + tr("{run}: diverges at every rate.", run=mark.label))
            continue
        best, lowest = number(result.best(c)), number(float(median.min()))
        if bounded:
            facts = [
                tr(
                    "best at rate {rate}, {loss_name} {loss}",
                    rate=best,
                    loss_name=what,
                    loss=lowest,
                ),
                good_at(result.stretches(c, GOOD), result.best(c)),
            ]
        else:
            facts = [tr("furthest down at rate {rate}, loss {loss}", rate=best, loss=lowest)]
        if result.averaged is not None:
            facts.append(averaged(request, result, c))
        facts += diverging(result, c)
        if limit:
            facts.append(tr("limit of stability at the minimum {rate}", rate=number(limit)))
        lines.append("- " + tr("{run}: {facts}.", run=mark.label, facts="; ".join(facts)))
    if not bounded:
        told = tr(
            "The loss has no lower bound that is known, so no rate is good or bad: the lower the"
            " loss, the further down the run has fallen. Dashed lines: limits of stability."
        )
        return "\n".join([*lines, f"\n{told}"])
    good_is = tr(
        "Good: {loss_name} at most twice the best, or a thousandth of that at the start. Dashed"
        " lines: limits of stability.",
        loss_name=what,
    )
    lines.append(f"\n{good_is}")
    return "\n".join(lines)


def averaged(request: RateSweep, result: Curves, c: int) -> str:
    """Return at which rate the average of run c's iterates ends lowest."""
    assert request.average is not None
    assert result.averaged is not None
    gaps = result.averaged[c]
    return tr(
        "the {average} ends lowest at rate {rate}, {loss_name} {loss}",
        average=tr(AVERAGED[request.average.kind]),
        rate=number(best_of(result.rates, gaps)),
        loss_name=loss_name(request.experiment),
        loss=number(float(gaps.min())),
    )


def diverging(result: Curves, c: int) -> list[str]:
    """Return at which rates run c diverges: from where on all do, and which of those below."""
    lost = result.stretches(c, DIVERGES)
    facts = []
    if lost and lost[-1][1] == result.rates[-1]:
        facts.append(tr("diverges at every rate from {rate} on", rate=number(lost.pop()[0])))
    if lost:
        ranges = [span(*ends) for ends in lost]
        if facts:
            facts.append(tr("of the rates below, {rates} diverge too", rates=", ".join(ranges)))
        else:
            facts.append(tr("diverges at {rates}, and at no higher rate", rates=", ".join(ranges)))
    return facts


def good_at(stretches: list[tuple[float, float]], best: float) -> str:
    """Return at which rates a run is good: where there are many stretches, which are the widest.

    The stretch that holds the best rate is always among them.
    """
    if len(stretches) == 1:
        ((low, high),) = stretches
        if low == high:
            return tr("good at that rate only")
        if number(low) != number(high):
            return tr("good from {low} to {high}", low=number(low), high=number(high))

    def rank(ends: tuple[float, float]) -> tuple[bool, float]:
        low, high = ends
        return not low <= best <= high, -round(math.log(high / low), 6)

    named = sorted(sorted(stretches, key=rank)[:MOST_STRETCHES])
    rates = ", ".join(dict.fromkeys(span(*ends) for ends in named))
    if rest := len(stretches) - len(named):
        return tr_n(
            "good at {rates}, and in {count} more stretch",
            "good at {rates}, and in {count} more stretches",
            rest,
            rates=rates,
        )
    return tr("good at {rates}", rates=rates)


def span(low: float, high: float) -> str:
    """Return a stretch of rates in words."""
    if number(low) == number(high):
        return number(low)
    return tr("{low} to {high}", low=number(low), high=number(high))


def load(request: RateSweep, result: Curves, choice: Choice, x: float, y: float) -> dict[str, Any]:
    """Return the rate that was clicked, for the run whose curve is nearest."""
    rate = float(f"{10**x:.3g}")
    at = int(np.argmin(np.abs(np.log10(result.rates) - x)))
    height = result.median[:, at]
    if request.experiment.objectives[0].bounded:
        height = np.log10(np.maximum(height, GAP_FLOOR))
    run = request.experiment.runs[int(np.argmin(np.abs(height - y)))]
    return {f"{request.experiment.surface}.{run.optimizer}.lr": rate}


MAP = Map(
    "Learning-rate sweep",
    (*RANGE, SEEDS),
    ask,
    draw,
    load,
    "Click to use this rate in the lab, for the nearest curve.",
    seeds=SEEDS,
    axes=(msgid("learning rate"), msgid("loss")),
)
