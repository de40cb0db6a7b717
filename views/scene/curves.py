"""The chart under the panels: loss, stability, curvature or rate of all runs, on one clock."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscape.language import msgid, number, tr
from optimizers import Experiment, Run, Trajectory
from optimizers.analysis.measures import (
    MONOTONE,
    SWINGS,
    UNSTABLE,
    ZIGZAG,
    ZONES,
    Sharpness,
    facts_of,
    sharpness,
    stability,
)
from views.scene.beside import OPACITY, Beside
from views.scene.figures import (
    EXACT_POINTS,
    RAISED,
    Figure,
    Ground,
    Mark,
    extremes,
    plain_layout,
    terrain,
)
from views.scene.scale import LARGEST, LossScale, even
from views.theme import Theme

GAP_FLOOR = 1e-16  # what a log axis shows for a loss that is exactly the minimum
MOST_SHARE = 2.0  # of the limit of stability, that the chart shows
BEYOND = 3.0  # times the chart's height: lines that go further would be drawn inexactly within it
SHARPEST = 3.0  # limits, or curvatures of nine positions in ten, that the chart of curvature shows
OVER_TOP = 1.25  # of what it shows: there is room for words on a line

CURVATURE = msgid("Largest curvature")

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Heights:
    """What a chart shows: a row per run (None where there is nothing to show) and its axis."""

    rows: list[Vector | None]
    low: float
    high: float
    text: str
    ticks: list[float]
    ticktexts: list[str]
    ends: list[float | None]  # what each row comes to, in the axis's unit: inf where it diverges
    line: float | None = None  # where to draw a line across
    bands: tuple[tuple[str, float, float], ...] = ()  # named ranges of heights, of ZONES
    beside: tuple[tuple[Beside, Vector], ...] = ()  # what stands beside runs, with a row for each
    limits: tuple[Vector | None, ...] = ()  # a row of each run's limit for every update
    words: tuple[tuple[str, float], ...] = ()  # what is written on lines, and at which heights
    digits: int = 2  # of what each row comes to


def loss(
    experiment: Experiment, trajectories: list[Trajectory], beside: Sequence[Beside] = ()
) -> Heights:
    """Return the losses, after 0, 1, ... updates, and those of what stands beside the runs.

    Where the surface has a lowest value the axis is logarithmic in the gap to it; elsewhere it is
    the loss itself, logarithmic away from its value at the critical point in both directions.
    """
    height = height_of_gaps(experiment)
    rows: list[Vector] = []
    ends: list[float] = []
    shown = [(t, t.loss) for t in trajectories]
    shown += [(trajectories[each.run], each.loss) for each in beside]
    ended = [trajectory.diverged_at is not None for trajectory, _ in shown]
    for trajectory, losses in shown:
        lowest = facts_of(trajectory.objective).lowest if trajectory.objective.bounded else 0.0
        value = losses[np.isfinite(losses)] - lowest
        rows.append(height(value))
        if trajectory.diverged_at is None:
            ends.append(float(value[-1]))
        else:
            ends.append(math.nan if np.isnan(losses[-1]) else math.inf)
    found = axis_of(experiment, rows, ends, ended)
    runs = len(trajectories)
    others = tuple(zip(beside, rows[runs:], strict=True))
    return replace(found, rows=found.rows[:runs], ends=found.ends[:runs], beside=others)


def scale_of_losses(experiment: Experiment) -> LossScale | None:
    """Return the scale of losses where there is no lowest one, which all gaps are measured from."""
    if experiment.objectives[0].bounded:
        return None
    return terrain(Ground.of(experiment), RAISED)[1]


def height_of_gaps(experiment: Experiment) -> Callable[[Vector], Vector]:
    """Return what makes heights of gaps to the lowest loss, or of losses without a lowest one."""
    scale = scale_of_losses(experiment)
    if scale is None:
        return lambda gaps: np.log10(np.clip(gaps, GAP_FLOOR, LARGEST))
    return scale


def axis_of(
    experiment: Experiment, rows: list[Vector], ends: list[float], ended: list[bool]
) -> Heights:
    """Return rows of heights with the axis for them; `ended` are those of diverging runs.

    `ends` are the gaps, or losses, that the rows come to.
    """
    bounded = experiment.objectives[0].bounded
    # Of a formula a run may begin where there is no loss: then it has no heights.
    there = [row for row in rows if row.size]
    low = min((float(row.min()) for row in there), default=0.0)
    # A run that diverges leaves this chart: its heights would flatten all the others.
    settled = [row.max() for row, end in zip(rows, ended, strict=True) if not end]
    high = max([row[0] for row in there] + settled, default=0.0)
    high = float(high) + (1.0 if any(ended) else 0.0)
    heights, scale = terrain(Ground.of(experiment), RAISED)
    if not bounded:  # no further down than a decade below the frame
        low = max(low, extremes(heights)[0] - 1.0)
    # Rounded to whole decades, so that most changes of a setting leave the axis as it is.
    low, high = float(math.floor(low - 0.1)), float(math.ceil(high + 0.1))
    if not bounded:
        return Heights([*rows], low, high, tr("loss"), *scale.ticks(low, high), [*ends])
    floor = math.log10(GAP_FLOOR)
    floored = min((float(row.min()) for row in there), default=0.0) <= floor
    text = gap_title(experiment, floored)
    stride = max(1, math.ceil((high - low) / 5))
    first = round(floor) if floored else math.floor(low)  # below the floor nothing is drawn
    ticks = [float(t) for t in range(first, math.ceil(high) + 1, stride)]
    texts = [f"1e{round(t)}" if abs(t) > 3 else number(10.0**t) for t in ticks]
    if floored:
        texts[0] = f"≤{texts[0]}"
    return Heights([*rows], low, high, text, ticks, texts, [*ends])


def gap_title(experiment: Experiment, floored: bool) -> str:
    """Return what an axis of gaps to the lowest loss is called, `floored` where GAP_FLOOR shows.

    A logarithmic axis has no place for a gap of zero.
    """
    floor = number(GAP_FLOOR)
    if all(objective.lowest() == 0 for objective in experiment.objectives):
        text = tr("loss (below {floor} drawn at {floor})", floor=floor) if floored else tr("loss")
    elif floored:
        text = tr("loss − minimum (below {floor} drawn at {floor})", floor=floor)
    else:
        text = tr("loss − minimum")
    return text


def share_of_limit(experiment: Experiment, trajectories: list[Trajectory]) -> Heights:
    """Return rate x largest curvature over the rule's limit of stability, at every update.

    A rule without such a limit has no curve; a curve above MOST_SHARE leaves the chart.
    """
    edges = [stability(experiment, trajectory) for trajectory in trajectories]
    rows = [None if e.limit is None else as_far_as_known(e.share) for e in edges]
    rows = [None if row is None or not len(row) else row for row in rows]
    ticks = [0.0, 0.5, 1.0, 1.5, 2.0]
    return Heights(
        *(
            rows,
            -0.1,
            MOST_SHARE,
            tr("rate × curvature / limit"),
            ticks,
            [number(t) for t in ticks],
            [None if row is None else float(row[-1]) for row in rows],
        ),
        line=1.0,
        bands=zones({e.edges for e in edges if e.edges is not None}),
    )


def zones(edges: set[tuple[float, float, float]]) -> tuple[tuple[str, float, float], ...]:
    """Return the zones of stability as shares of the limit: only those that all rules share."""
    unstable = (UNSTABLE, 1.0, MOST_SHARE)
    if len(edges) != 1:
        return (unstable,)
    ((first, second, limit),) = edges
    found = ((MONOTONE, 0.0, first), (SWINGS, first, second), (ZIGZAG, second, limit))
    return (
        *((name, low / limit, high / limit) for name, low, high in found if high > low),
        unstable,
    )


def rate(experiment: Experiment, trajectories: list[Trajectory]) -> Heights:
    """Return the learning rate of every update, as a share of the largest of all runs."""
    most = max((float(t.lr.max()) for t in trajectories if len(t.lr)), default=0.0) or 1.0
    ticks = [0.0, 0.25, 0.5, 0.75, 1.0]
    texts = [number(t * most, 3) for t in ticks]
    rows = [t.lr / most if len(t.lr) else None for t in trajectories]
    ends = [float(t.lr[-1]) if len(t.lr) else None for t in trajectories]
    return Heights(rows, -0.05, 1.1, tr("learning rate"), ticks, texts, ends)


def curvature(experiment: Experiment, trajectories: list[Trajectory]) -> Heights:
    """Return the largest curvature at every position, and the limit that each rate sets to it.

    A rule without a limit has no such line. Curvatures far above the limits leave the chart, as
    runs that diverge do.
    """
    found = [sharpness(experiment, trajectory) for trajectory in trajectories]
    rows = [as_far_as_known(each.curvature) for each in found]
    low, high = curvatures_shown(found, trajectories)
    ticks = even((low, high))
    of_valley = any(each.of_valley for each in found)
    if any(each.limit is not None and each.limit.size for each in found):
        text = (
            tr("largest curvature of the valley (dashed: limit)")
            if of_valley
            else tr("largest curvature (dashed: limit)")
        )
    else:
        text = tr("largest curvature of the valley") if of_valley else tr("largest curvature")
    most = BEYOND * high
    return Heights(
        [np.clip(row, low - high, most) for row in rows],
        low - 0.02 * (high - low),
        high,
        text,
        ticks,
        [number(tick, 6) for tick in ticks],
        [
            math.inf if trajectory.diverged_at is not None else float(row[-1]) if len(row) else None
            for row, trajectory in zip(rows, trajectories, strict=True)
        ],
        limits=tuple(
            None if each.limit is None else np.minimum(each.limit, most) for each in found
        ),
        words=words_on_limit(found, trajectories),
        digits=4,
    )


def as_far_as_known(values: Vector) -> Vector:
    """Return values up to the first that is not finite, as where a formula has no curvature."""
    unknown = ~np.isfinite(values)
    return values[: int(unknown.argmax())] if unknown.any() else values


def curvatures_shown(found: list[Sharpness], trajectories: list[Trajectory]) -> tuple[float, float]:
    """Return between which curvatures the chart is: those of runs that stay, and limits near."""
    stay = [
        each.curvature
        for each, trajectory in zip(found, trajectories, strict=True)
        if trajectory.diverged_at is None
    ]
    counted = np.concatenate(stay or [each.curvature[:1] for each in found])
    counted = counted[np.isfinite(counted)]
    counted = counted if counted.size else np.zeros(1)
    high = float(counted.max())
    limits = [each.limit for each in found if each.limit is not None and each.limit.size]
    lines = [float(limit.min()) for limit in limits if math.isfinite(limit.min())]
    near = [line for line in lines if line <= SHARPEST * high]  # the others are far above
    high = min(max([high, *near]), SHARPEST * max([*near, float(np.quantile(counted, 0.9))]))
    high = OVER_TOP * high if high > 0 else 1.0
    return max(min(float(counted.min()), 0.0), -high), high


def words_on_limit(
    found: list[Sharpness], trajectories: list[Trajectory]
) -> tuple[tuple[str, float], ...]:
    """Return the word on the dashed line and its height, where all runs have one limit."""
    if not all((t.lr == t.lr[0]).all() for t in trajectories if len(t.lr)):
        return ()
    limits = {
        (each.share, float(t.lr[0]))
        for t, each in zip(trajectories, found, strict=True)
        if each.share is not None and len(t.lr) and t.lr[0] > 0
    }
    if len(limits) != 1:
        return ()
    ((share, lr),) = limits
    limit = share / lr
    text = tr("{share} / rate = {limit}", share=number(share, 3), limit=number(limit, 4))
    return ((text, limit),)


CURVES: dict[str, Callable[[Experiment, list[Trajectory]], Heights]] = {
    msgid("Loss"): loss,
    msgid("Stability"): share_of_limit,
    CURVATURE: curvature,
    msgid("Learning rate"): rate,
}


def per_update(experiment: Experiment, run: Run, unit: str) -> float:
    """Return how many updates, epochs or samples one update of a run is, the mean of an epoch."""
    plan = experiment.plan(run)
    if unit == "epochs":
        return 1 / plan.epoch.updates
    if unit == "samples":
        return plan.epoch.seen / plan.epoch.updates
    return 1.0


def chart(
    experiment: Experiment,
    trajectories: list[Trajectory],
    marks: list[Mark],
    theme: Theme,
    curve: str = "Loss",
    unit: str = "updates",
    future: bool = False,
) -> Figure:
    """Return the chart of one of CURVES over updates, epochs or samples.

    The player draws each curve up to the clock; what is to come is a thin line, if it is asked for.
    """
    return drawn(
        experiment,
        [len(trajectory.lr) for trajectory in trajectories],
        marks,
        theme,
        CURVES[curve](experiment, trajectories),
        unit,
        future,
    )


def drawn(
    experiment: Experiment,
    updates: list[int],
    marks: list[Mark],
    theme: Theme,
    heights: Heights,
    unit: str = "updates",
    future: bool = False,
) -> Figure:
    """Return the chart of some heights, of runs of so many `updates`; see `chart`."""
    each = [per_update(experiment, run, unit) for run in experiment.runs]
    end = max(count * x for count, x in zip(updates, each, strict=True)) or 1.0
    data: list[Figure] = []
    to_come: list[Figure] = []
    faded = {shown.run for shown, _ in heights.beside}
    for i, (mark, row, x) in enumerate(zip(marks, heights.rows, each, strict=True)):
        line = {
            "type": "scatter",
            "mode": "lines",
            "x0": 0,
            "dx": x,
            "y": np.zeros(0, np.float32) if row is None else row,
            **({"opacity": OPACITY} if i in faded else {}),
            "line": {
                "color": mark.colour,
                "width": 2.7,
                "dash": mark.dash,
                "simplify": False,
            },
        }
        head = {
            "type": "scatter",
            "mode": "markers",
            "name": tr("{run} n/a", run=mark.label) if row is None else mark.label,
            "x": [0.0],
            "y": [0.0 if row is None or not len(row) else float(row[0])],
            "marker": {
                "symbol": mark.symbol,
                "size": 11,
                "color": mark.colour,
                "line": {"color": theme.page, "width": 1.5},
            },
        }
        data += [line, head]
        if future:
            thin = {"color": mark.colour, "width": 1.1, "dash": mark.dash, "simplify": False}
            to_come.append({**line, "name": "future", "line": thin})
    for shown, row in heights.beside:
        mark, x = marks[shown.run], each[shown.run]
        thin = {"color": mark.colour, "width": 1.6, "simplify": False}
        rim = {"color": theme.page, "width": 1.5}
        star = {"symbol": shown.sign.symbol, "size": 12, "color": mark.colour, "line": rim}
        first = max(0, min(shown.first, len(row) - 1))
        line = {"type": "scatter", "mode": "lines", "name": "beside", "x0": first * x, "dx": x}
        line["y"] = row = row[first:]
        place = {"x": [first * x], "y": [float(row[0]) if len(row) else 0.0]}
        head = {"type": "scatter", "mode": "markers", "name": "tip", **place}
        data += [{**line, "line": thin}, {**head, "marker": star}]
    for mark, row, x in zip(marks, heights.limits, each, strict=bool(heights.limits)):
        line = {"type": "scatter", "mode": "lines", "name": "limit", "x0": x, "dx": x}
        colour = theme.text if heights.words else mark.colour  # one that all runs share, or its own
        thin = {"color": colour, "width": 1.6, "dash": "dash", "simplify": False}
        to_come.append({**line, "y": np.zeros(0) if row is None else row, "line": thin})
    layout: dict[str, Any] = {
        **plain_layout(theme),
        "margin": {"l": 70, "r": 16, "t": 30, "b": 40},  # the player names the curves on the right
        "showlegend": False,
        "hovermode": False,
        "xaxis": {
            "range": [0, end],
            "title": {"text": tr(unit), "standoff": 4},
            "showgrid": False,
            "zeroline": False,
            "linecolor": theme.line,
            "showline": True,
        },
        "yaxis": {
            "range": [heights.low, heights.high],
            "title": {"text": heights.text, "standoff": 4},
            "tickvals": heights.ticks,
            "ticktext": heights.ticktexts,
            "gridcolor": theme.line,
            "gridwidth": 0.5,
            "zeroline": False,
        },
    }
    layout["shapes"] = [
        {
            "type": "rect",
            "xref": "paper",
            "x0": 0,
            "x1": 1,
            "y0": low,
            "y1": high,
            "fillcolor": theme.ground[1 + ZONES.index(name)],
            "line": {"width": 0},
            "layer": "below",
        }
        for name, low, high in heights.bands
    ]
    layout["annotations"] = [
        {
            "text": tr(name),
            "xref": "paper",
            "x": 0.995,
            "y": high,
            "xanchor": "right",
            "yanchor": "top",
            "showarrow": False,
            "font": {"size": 13, "color": theme.text},
        }
        for name, low, high in heights.bands
        if high - low > 0.1  # the name of a narrower one would cover its neighbours
    ]
    layout["annotations"] += [
        {
            "text": text,
            "xref": "paper",
            "x": 0.995,
            "y": y,
            "xanchor": "right",
            "yanchor": "bottom",
            "showarrow": False,
            "font": {"size": 13, "color": theme.text},
        }
        for text, y in heights.words
        if heights.low < y < heights.high
    ]
    if heights.line is not None:
        across = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "layer": "below"}
        dash = {"color": theme.text, "width": 1.5, "dash": "dash"}
        layout["shapes"].append({**across, "y0": heights.line, "y1": heights.line, "line": dash})
    return {"data": data + to_come, "layout": layout}


def texts_of_ends(heights: Heights) -> list[str]:
    """Return what each run's curve comes to, as its label says it; an empty text for no curve."""
    return ["" if end is None else number(end, heights.digits) for end in heights.ends]


# --- What the player reads off a run


def readings(
    experiment: Experiment,
    trajectories: list[Trajectory],
    heights: Heights | None = None,
    beside: Sequence[Beside] = (),
) -> dict[str, Any]:
    """Return the losses and the rates of runs, for the player to read them off.

    `runs` holds a `rate` for each run, one number if it never changes, and its losses: as `loss`,
    float32, or, of very many, as `height`, the rows of `heights` if they are those of the loss,
    which are sent anyway. A height is its run's `centre` + `width` sinh(height ln 10) and, without
    a width, `centre` + 10 ** height. `beside`, where there is any, holds the same of what is drawn
    beside runs.
    """
    exact = sum(len(trajectory.path) for trajectory in trajectories) <= EXACT_POINTS
    found: dict[str, Any] = {"width": None, "runs": []}
    centre = None
    rows: list[Vector | None] = []
    more: tuple[tuple[Beside, Vector], ...] = ()
    if not exact:
        heights = heights or loss(experiment, trajectories, beside)
        rows, more = heights.rows, heights.beside
        if scale := scale_of_losses(experiment):
            centre, found["width"] = scale.centre, scale.width
    most = float(np.finfo(np.float32).max)

    def told(trajectory: Trajectory, losses: Vector, row: Vector | None) -> Figure:
        if not exact:
            lowest = facts_of(trajectory.objective).lowest
            return {"height": row, "centre": lowest if centre is None else centre}
        with np.errstate(over="ignore"):
            values = losses[: len(trajectory.finite_path)].astype(np.float32)
        return {"loss": np.nan_to_num(values, nan=np.nan, posinf=most)}

    for i, trajectory in enumerate(trajectories):
        rate: Any = trajectory.lr.astype(np.float32 if exact else np.float64)
        if len(rate) and (rate == rate[0]).all():
            rate = float(trajectory.lr[0])
        row = None if exact else rows[i]
        found["runs"].append({**told(trajectory, trajectory.loss, row), "rate": rate})
    if beside:
        found["beside"] = [
            told(trajectories[each.run], each.loss, None if exact else more[i][1])
            for i, each in enumerate(beside)
        ]
    return found
