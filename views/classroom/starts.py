"""Everybody chooses a start: the runs from all of them in one picture, and where they end."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscape.language import msgid, number, tr, tr_n, whole
from landscape.record import MINIMUM_KINDS, CriticalPoint
from optimizers import Experiment, Run, Trajectory, simulate, sweep
from optimizers.maps.basins import nearest
from optimizers.simulation.experiment import MOST_RUNS
from views.classroom.choosing import AnswerError, Choice, number_text
from views.classroom.drawn import (
    FAINT,
    bar_axis,
    bars,
    count_axis,
    cut,
    drawn,
    mark,
    page,
    panel,
)
from views.lessons.picture import plain
from views.live.answer import ground_address
from views.scene.figures import OVERLAY, Figure, Ground, background
from views.server.server import OWN
from views.theme import Theme

RULE, RATE, MOMENTUM, STEPS = "Momentum", 0.002, 0.9, 150
BOX = ((-6.0, 6.0), (-5.0, 5.0))  # that is drawn, and in which a start may be
TICKS = ((-4, -2, 0, 2, 4), (-4, -2, 0, 2, 4))
RATIO = 1.2  # of the picture's width to its height
GRID = (61, 51)  # starts all over the box
STILL = 0.02  # of the surface: a path that stays this close to its end is drawn no further
PALE = 0.45  # of bars of those who rolled past another minimum
NOWHERE = -1  # in place of a minimum


def checked(answer: str) -> str:
    """Return a chosen start as it is kept."""
    try:
        point = [float(text) for text in answer.split(",")]
    except ValueError:
        point = []
    inside = [low <= value <= high for value, (low, high) in zip(point, BOX, strict=False)]
    if len(point) != len(BOX) or not all(inside):  # which NaN is not
        (west, east), (south, north) = BOX
        raise AnswerError(
            f"answer must be x,y with x from {west:g} to {east:g}, y from {south:g} to {north:g}."
        )
    return ",".join(map(number_text, point))


def experiment(starts: Sequence[tuple[float, float]]) -> Experiment:
    """Return what all are asked about, with a run from each start, of MOST_RUNS at most."""
    hyper = {"momentum": MOMENTUM}
    runs = tuple(Run(RULE, lr=RATE, hyper=hyper, start=start) for start in starts)
    return Experiment("Himmelblau", steps=STEPS, runs=runs)


@functools.cache
def minima() -> tuple[CriticalPoint, ...]:
    """Return the minima of the surface, in the order of their colours."""
    points = experiment(((0.0, 0.0),)).objectives[0].critical_points()
    return tuple(point for point in points if point.kind in MINIMUM_KINDS)


def closest(starts: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return which minimum is nearest to each start (..., 2)."""
    found = [np.hypot(starts[..., 0] - p.x, starts[..., 1] - p.y) for p in minima()]
    return np.argmin(found, axis=0)


def ended(ends: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return at which minimum each end (..., 2) lies, or NOWHERE."""
    return np.maximum(nearest(ends, minima(), BOX), NOWHERE)


@dataclass(frozen=True)
class Chosen:
    """A start, how many chose it, its run, the minimum nearest to it and the one it ends at."""

    start: tuple[float, float]
    count: int
    trajectory: Trajectory
    beside: int
    where: int


def chosen(counts: Mapping[str, int]) -> list[Chosen]:
    """Return what was chosen, of how many gave which answer."""
    counted = [(point_of(text), count) for text, count in sorted(counts.items())]
    found = []
    for place in range(0, len(counted), MOST_RUNS):
        part = counted[place : place + MOST_RUNS]
        starts = np.array([start for start, _ in part])
        runs = simulate(experiment([start for start, _ in part]))
        ends = ended(np.array([run.path[-1] for run in runs]))
        rows = zip(part, runs, closest(starts).tolist(), ends.tolist(), strict=True)
        found += [Chosen(*each, run, beside, where) for each, run, beside, where in rows]
    return found


def point_of(answer: str) -> tuple[float, float]:
    """Return the start that an answer is."""
    x, y = map(float, answer.split(","))
    return x, y


@functools.cache
def passing() -> float:
    """Return the share of starts all over the box whose runs do not end at the nearest minimum."""
    sides = (np.linspace(*side, count) for side, count in zip(BOX, GRID, strict=True))
    starts = np.stack(np.meshgrid(*sides), axis=-1)
    asked = experiment(((0.0, 0.0),))
    return float((ended(sweep(asked, asked.runs[0], start=starts).end) != closest(starts)).mean())


# --- What is said


def question() -> str:
    """Return what the class is asked."""
    return tr(
        "{optimizer} {momentum}, rate {rate}, {updates} updates. Choose a start from which the run"
        " does not end at the nearest minimum.",
        optimizer=RULE,
        momentum=number(MOMENTUM),
        rate=number(RATE),
        updates=whole(STEPS),
    )


def total(found: Sequence[Chosen]) -> int:
    """Return how many students chose these."""
    return sum(each.count for each in found)


def kind_words(found: Sequence[Chosen]) -> dict[int, str]:
    """Return how many ended where, in words that begin with the number, by the minimum."""
    said = {
        place: tr_n(
            "{count} ends at ({x}, {y})",
            "{count} end at ({x}, {y})",
            total([each for each in found if each.where == place]),
            x=number(point.x),
            y=number(point.y),
        )
        for place, point in enumerate(minima())
    }
    lost = total([each for each in found if each.where == NOWHERE])
    if lost:
        said[NOWHERE] = tr_n("{count} ends at no minimum", "{count} end at no minimum", lost)
    return said


def measured(found: Sequence[Chosen]) -> list[str]:
    """Return what was measured, a sentence each; nothing where nobody has chosen."""
    if not found:
        return []
    past = total([each for each in found if each.where != each.beside])
    return [
        tr_n(
            "{count} of {all} does not end at the minimum nearest to its start.",
            "{count} of {all} do not end at the minimum nearest to their start.",
            past,
            all=whole(total(found)),
        ),
        tr(
            "Of all starts in the picture {share} do not: with momentum a run rolls past minima.",
            share=f"{100 * passing():.0f}%",
        ),
    ]


# --- What is drawn


def picture(found: Sequence[Chosen], theme: Theme) -> Figure:
    """Return all runs in one panel, coloured by where they end, with their starts."""
    ground = Ground(experiment(((0.0, 0.0),)).objectives, BOX)
    back = [{**trace, "showlegend": False} for trace in background(ground, 1, theme)["data"]]
    # Where the paths lie over each other, their minima still are seen.
    data = [trace for trace in back if trace["type"] == "contour"]
    for place in (NOWHERE, *range(len(minima()))):
        mine = [each for each in found if each.where == place]
        paths = [settled(cut(each.trajectory.path, BOX)) for each in mine]
        colour = colour_of(place, theme)
        data += drawn(paths, colour, theme, width=1.2, opacity=FAINT)
        starts = [each.start for each in mine]
        data.append(mark(starts, theme, symbol="circle", size=5, color=theme.page, ring=colour))
    data += [trace for trace in back if trace["type"] != "contour"]
    return panel(data, (), BOX, TICKS, theme)


def colour_of(place: int, theme: Theme) -> str:
    """Return the colour of the runs that end at a minimum, or NOWHERE."""
    return theme.muted if place == NOWHERE else theme.runs[place]


def settled(path: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a path (n, 2) up to where it stays at its end."""
    away = np.hypot(*(path - path[-1]).T) > STILL
    last = len(path) - int(np.argmax(away[::-1])) if away.any() else 0
    return path[: last + 1]


def histogram(found: Sequence[Chosen], theme: Theme) -> Figure:
    """Return how many ended where; paler, who started nearer to another minimum."""
    kinds = [*kind_words(found)]
    data, heights = [], []
    for x, place in enumerate(kinds):
        mine = [each for each in found if each.where == place]
        near = total([each for each in mine if each.beside == place])
        heights.append(total(mine))
        for count, opacity in ((near, 1.0), (heights[-1] - near, PALE)):
            data.append({**bars([x], [count], 0.7, colour_of(place, theme)), "opacity": opacity})
    names = [
        f"({number(minima()[place].x)}, {number(minima()[place].y)})"
        if place != NOWHERE
        else tr("none")
        for place in kinds
    ]
    return {
        "data": data,
        "layout": {
            **page(theme),
            "barmode": "stack",
            "xaxis": {
                **bar_axis(theme),
                "range": [-0.5, len(kinds) - 0.5],
                "tickvals": [*range(len(kinds))],
                "ticktext": names,
                "showgrid": False,
            },
            "yaxis": count_axis(max(heights), theme),
            "margin": {"l": 44, "r": 10, "t": 10, "b": 30},
            "annotations": [],
            "showlegend": False,
        },
    }


# --- What a class is asked


def form(theme: Theme) -> dict[str, Any]:
    """Return what a student chooses with: the picture of the surface, to tap on."""
    ground = Ground(experiment(((0.0, 0.0),)).objectives, BOX)
    return {
        "kind": "start",
        "box": BOX,
        "ratio": RATIO,
        "ground": f"{OWN}/{ground_address(ground, OVERLAY, 1, theme.name)}",
        "layout": panel((), (), BOX, TICKS, theme)["layout"],
    }


def told(counts: Mapping[str, int], theme: Theme) -> dict[str, Any]:
    """Return pictures and words of what was chosen, in the current language."""
    found = chosen(counts)
    return {
        "kinds": [[colour_of(place, theme), said] for place, said in kind_words(found).items()],
        "measured": measured(found),
        "label": tr_n(
            "The path of {count} run to the minima",
            "Paths of {count} runs to the minima",
            total(found),
        ),
        "updates": STEPS,
        "ratio": RATIO,
        "beside": True,
        "runs": plain(picture(found, theme)),
        "histogram": {
            **plain(histogram(found, theme)),
            "head": [
                tr("Where they end"),
                tr("number of students; paler: started nearer to another minimum"),
            ],
        },
    }


START = Choice(
    "choose-start",
    msgid("Everybody choose a start"),
    checked,
    question,
    form,
    told,
    columns=("x", "y"),
)
