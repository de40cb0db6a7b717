"""Clouds: where many seeds of every run are, at some update counts and in the end."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import Any

import numpy as np

from landscape.language import percent, tr, whole
from landscape.record import LOWEST_KINDS
from optimizers import Experiment
from optimizers.maps import Spread
from optimizers.maps.base import BAND
from views.scene import curves, figures
from views.scene.curves import Heights, Vector
from views.scene.figures import Figure, Ground, Mark
from views.scene.frames import Frame, domain, within
from views.theme import Theme

FITTED = (0.02, 0.98)  # the quantiles of the ends between which the frame is fitted
DOT = 6  # pixels


def frame_of_ends(experiment: Experiment, spread: Spread, shape: float) -> Frame:
    """Return the frame that most ends of every run lie in, and the global minima that are near.

    It is of the same scale in x and y, `shape` is its height over its width, and what lies beyond
    the surface's domain is left out.
    """
    (x0, x1), (y0, y1) = domain(experiment)
    ends = [end[np.isfinite(end).all(axis=-1)] for end in spread.end]
    edges = [np.quantile(end, FITTED, axis=0) for end in ends if len(end)]
    edges = edges or [np.array([(x0, y0), (x1, y1)])]
    low, high = np.min(edges, axis=0)[0], np.max(edges, axis=0)[1]
    size = float((high - low).max())
    for point in itertools.chain(*spread.points):
        if point.kind in LOWEST_KINDS:
            here = np.array([point.x, point.y])
            if np.maximum(low - here, here - high).max() <= size:
                low, high = np.minimum(low, here), np.maximum(high, here)
    low = np.maximum(low, (x0, y0))
    high = np.maximum(np.minimum(high, (x1, y1)), low + 0.02 * (x1 - x0))
    sides = 1.2 * (high - low)
    wide = max(float(sides[0]), float(sides[1]) / shape)
    middle, half = (low + high) / 2, np.array([wide, wide * shape]) / 2
    (left, bottom), (right, top) = (middle - half).tolist(), (middle + half).tolist()
    return (left, right), (bottom, top)


def dots(mark: Mark, theme: Theme) -> Figure:
    """Return how the ends of a run look."""
    edge = {"color": theme.ground[0], "width": 0.6}
    return {"symbol": mark.symbol, "size": DOT, "color": mark.colour, "line": edge}


def outside(ends: Vector, box: Frame) -> str:
    """Return in words how many ends (s, 2) lie outside a frame, those of diverged runs included."""
    count = len(ends) - int(within(np.nan_to_num(ends, nan=np.inf), box).sum())
    return tr("{count} outside the frame", count=whole(count)) if count else ""


def foreground(
    experiment: Experiment,
    spread: Spread,
    marks: list[Mark],
    overlay: bool,
    theme: Theme,
    ground: Ground,
) -> tuple[Figure, list[dict[str, Any]]]:
    """Return starts, ends and titles of all runs, and for each of them where its seeds are when.

    That is `at`, the update counts (m,), and `x` and `y`, (m x s,), count by count. A trace of ends
    is named by its run's index, as in `cloud-0`.
    """
    panels = 1 if overlay else len(marks)
    layout = figures.panel_layout(ground.box, panels, theme)
    differing = figures.own_values(experiment)
    data: list[Figure] = []
    starts: list[Figure] = []
    moves: list[dict[str, Any]] = []
    titles = []
    for index, (run, mark) in enumerate(zip(experiment.runs, marks, strict=True)):
        panel = 0 if overlay else index
        axes = {"xaxis": figures.axis(panel, "x"), "yaxis": figures.axis(panel, "y")}
        x, y = near(spread.places[index], ground.box)
        moves.append({"at": spread.moments[index].tolist(), "x": x.ravel(), "y": y.ravel()})
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": f"cloud-{index}",
                "x": x[-1].copy(),
                "y": y[-1].copy(),
                "marker": dots(mark, theme),
                **axes,
            }
        )
        start = experiment.plan(run).start
        starts += figures.start_marks(index, start, panels, axes, theme, ground.box)
        named = mark.label != run.optimizer
        said = (outside(spread.end[index], ground.box), *([] if named else differing[index]))
        reading = figures.live(index, tr("median loss"))
        titles.append(figures.title(panel, mark, said, theme, reading))
    if overlay:
        left = [outside(end, ground.box) for end in spread.end]
        titles = [figures.ending(marks, left, theme)]
    return {"data": data + starts, "layout": {**layout, "annotations": titles}}, moves


def near(places: Any, box: Frame) -> tuple[Vector, Vector]:
    """Return x and y of positions (m, s, 2), those far outside a frame drawn near, and diverged
    ones put there.
    """
    x, y = (
        np.clip(np.nan_to_num(places[..., k], nan=np.inf), low - (high - low), high + (high - low))
        for k, (low, high) in enumerate(box)
    )
    return x, y


# --- The losses of all seeds


def known(spread: Spread, values: Any, run: int) -> tuple[Vector, Vector]:
    """Return the update counts at which a quantile of a run's losses is finite, and its values."""
    at, first = np.unique(spread.at[run], return_index=True)
    found = values[run][first]
    finite = np.isfinite(found)
    count = len(finite) if finite.all() else int(finite.argmin())
    return at[:count], found[:count]


def medians(experiment: Experiment, spread: Spread) -> tuple[Heights, list[Figure]]:
    """Return the curves of the median losses, after 0, 1, ... updates, and bands about them.

    Each band holds 80 % of the seeds. Between the update counts that were looked at, curves are
    straight lines.
    """
    height = curves.height_of_gaps(experiment)
    rows: list[Vector] = []
    ends: list[float] = []
    bands: list[Figure] = []
    for run in range(len(experiment.runs)):
        at, median = known(spread, spread.median, run)
        if not len(at):  # half of the runs begin where there is no loss
            rows.append(np.empty(0))
            ends.append(math.inf)
            continue
        rows.append(np.interp(np.arange(at[-1] + 1), at, height(median)))
        ends.append(float(median[-1]) if at[-1] == spread.at[run][-1] else math.inf)
        low, high = (known(spread, values, run) for values in (spread.low, spread.high))
        until = min(len(low[0]), len(high[0]))
        there = low[0][:until].astype(float)
        bands.append(
            {
                "type": "scatter",
                "mode": "none",
                "name": "band",
                "x": np.concatenate([there, there[::-1]]),
                "y": np.concatenate([height(low[1][:until]), height(high[1][:until])[::-1]]),
                "fill": "toself",
                "hoverinfo": "skip",
            }
        )
    lost = [float(np.mean(where < 0)) >= 0.5 for where in spread.where]
    found = curves.axis_of(experiment, rows, ends, lost)
    seeds = whole(spread.end.shape[1])
    about = {"loss": found.text, "share": percent(BAND[-1] - BAND[0], 0), "seeds": seeds}
    text = tr("{loss}, median and {share} of {seeds} seeds", **about)
    return replace(found, text=text), bands


def readings(experiment: Experiment, heights: Heights) -> dict[str, Any]:
    """Return the median losses and the rates of runs, as `curves.readings` has those of paths."""
    scale = curves.scale_of_losses(experiment)
    found: dict[str, Any] = {"width": None if scale is None else scale.width, "runs": []}
    for run, row in zip(experiment.runs, heights.rows, strict=True):
        plan = experiment.plan(run)
        centre = plan.objective.lowest() if scale is None else scale.centre
        rate: Any = plan.rates()
        rate = float(rate[0]) if (rate == rate[0]).all() else rate
        found["runs"].append({"height": row, "centre": centre, "rate": rate})
    return found
