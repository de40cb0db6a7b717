"""Everybody chooses a rate: the runs of all in one picture, and what becomes of them."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from landscape.language import msgid, number, tr, tr_n, whole
from optimizers import Experiment, Run, Trajectory, simulate, sweep
from optimizers.analysis.measures import curvatures, largest_curvature
from optimizers.simulation.experiment import MOST_RUNS
from views.classroom.choosing import DIGITS, AnswerError, Choice, number_text
from views.classroom.drawn import (
    END,
    FAINT,
    bar_axis,
    bars,
    count_axis,
    cut,
    drawn,
    mark,
    note,
    page,
    panel,
)
from views.lessons.picture import plain
from views.scene.figures import Figure, Ground, background
from views.settings.setting import MOST_RATE
from views.theme import Theme

LEAST_RATE, FIRST_RATE = 1e-6, 0.01  # that may be chosen; that a slider begins with
STEPS, CONDITION = 30, 50.0
START = (-4.0, 1.0)
BOX = ((-5.0, 1.1), (-1.32, 1.2))  # that is drawn
TICKS = ((-4, -3, -2, -1, 0), (-1, -0.5, 0, 0.5, 1))
RATIO = 2.4  # of the picture's width to its height
TRIED = 4001  # rates below the limit, among which the best one is looked for
BINS = 20  # a decade of rates
USUAL = (1e-3, 1e-1)  # rates that are always on the axis
SLIDES, ZIGZAGS, NEVER = "slides", "zigzags", "never"
COLOURS = {SLIDES: 2, ZIGZAGS: 0, NEVER: 1}  # of the theme's runs, in the order of their rates


def checked(answer: str) -> str:
    """Return a chosen learning rate as it is kept."""
    try:
        value = float(answer)
    except ValueError:
        value = math.nan
    if not LEAST_RATE <= value <= MOST_RATE:  # which NaN is not either
        raise AnswerError(f"answer must be a number from {LEAST_RATE:g} to {MOST_RATE:g}.")
    return number_text(value)


def experiment(rates: Sequence[float]) -> Experiment:
    """Return what all are asked about, with a run for each rate, of MOST_RUNS at most."""
    return Experiment(
        "Quadratic",
        params={"condition": CONDITION},
        start=START,
        steps=STEPS,
        runs=tuple(Run("SGD", lr=rate) for rate in rates),
    )


@dataclass(frozen=True)
class Chosen:
    """A rate, how many chose it, its run, and what becomes of that."""

    rate: float
    count: int
    trajectory: Trajectory
    kind: str

    @property
    def loss(self) -> float:
        """The loss at the end, infinite for a run that diverges."""
        diverged = self.trajectory.diverged_at is not None
        return math.inf if diverged else float(self.trajectory.loss[-1])


def chosen(counts: Mapping[str, int]) -> list[Chosen]:
    """Return what was chosen, by rate, of how many gave which answer."""
    counted = sorted((float(text), count) for text, count in counts.items())
    found = []
    for place in range(0, len(counted), MOST_RUNS):
        part = counted[place : place + MOST_RUNS]
        runs = simulate(experiment([rate for rate, _ in part]))
        found += [Chosen(*each, run, kind_of(run)) for each, run in zip(part, runs, strict=True)]
    return found


def kind_of(trajectory: Trajectory) -> str:
    """Return what becomes of a run: across the valley it slides, zigzags, or never comes down."""
    across = trajectory.path[:, 1]
    if trajectory.diverged_at is not None or not abs(across[-1]) < abs(across[0]):
        return NEVER
    return ZIGZAGS if (across[1:] * across[:-1] < 0).any() else SLIDES


@functools.cache
def theory() -> tuple[float, float, float]:
    """Return the limit of the rate, and both curvatures."""
    objective = experiment((0.01,)).objectives[0]
    high, low = (float(c) for c in curvatures(*objective.hessian(0.0, 0.0)))
    return 2 / largest_curvature(objective), low, high


@functools.cache
def best() -> tuple[float, float]:
    """Return the rate that leaves the lowest loss of those tried below the limit, and that loss."""
    asked = experiment((0.01,))
    lrs = np.linspace(0.0, theory()[0], TRIED + 1)[1:]
    ends = asked.objectives[0].loss(*sweep(asked, asked.runs[0], lr=lrs).end.T)
    place = int(np.argmin(ends))
    return float(lrs[place]), float(ends[place])


# --- What is said


def question() -> str:
    """Return what the class is asked."""
    _, low, high = theory()
    return tr(
        "{optimizer}, {updates} updates, curvatures {low} and {high}. Which rate leaves the lowest"
        " loss?",
        optimizer="SGD",
        updates=whole(STEPS),
        low=number(low),
        high=number(high),
    )


def kinds(found: Sequence[Chosen]) -> dict[str, int]:
    """Return how many students chose a rate of each kind."""
    return {kind: sum(c.count for c in found if c.kind == kind) for kind in COLOURS}


def kind_words(found: Sequence[Chosen]) -> dict[str, str]:
    """Return what became of how many runs, in words that begin with the number."""
    counted = kinds(found)
    return {
        SLIDES: tr_n(
            "{count} slides down without a zigzag",
            "{count} slide down without a zigzag",
            counted[SLIDES],
        ),
        ZIGZAGS: tr_n(
            "{count} zigzags and comes down", "{count} zigzag and come down", counted[ZIGZAGS]
        ),
        NEVER: tr_n("{count} never comes down", "{count} never come down", counted[NEVER]),
    }


def lowest(found: Sequence[Chosen]) -> Chosen:
    """Return the choice whose run ends lowest."""
    return min(found, key=lambda choice: choice.loss)


def median(found: Sequence[Chosen]) -> float:
    """Return the lowest rate for which at least half of the class chose no higher one."""
    rates = np.repeat([c.rate for c in found], [c.count for c in found])
    return float(rates[(len(rates) - 1) // 2])


def rate_text(rate: float) -> str:
    """Return a rate in three digits, or in as many as tell it from the limit."""
    limit = theory()[0]
    short = number(rate, 3)
    return number(rate, DIGITS) if rate != limit and short == number(limit, 3) else short


def measured(found: Sequence[Chosen]) -> list[str]:
    """Return what was measured, a sentence each; nothing where nobody has chosen."""
    if not found:
        return []
    limit, _, high = theory()
    least, numbers = lowest(found), {"limit": number(limit, 3), "curvature": number(high)}
    said = []
    if least.kind != NEVER:
        said.append(
            tr(
                "Lowest loss {loss} at rate {rate}, from {start}.",
                loss=number(least.loss),
                rate=rate_text(least.rate),
                start=number(float(least.trajectory.loss[0])),
            )
        )
    rate, loss = best()
    said.append(
        tr(
            "No rate leaves less than {loss}, which {rate} does.",
            loss=number(loss),
            rate=number(rate, 3),
        )
    )
    if kinds(found)[NEVER]:
        said.append(tr("From {limit} = 2 / {curvature} on nobody comes down.", **numbers))
    else:
        said.append(
            tr(
                "Nobody chose {limit} = 2 / {curvature} or more, where no run comes down.",
                **numbers,
            )
        )
    said.append(tr("Half of the class chose {rate} or less.", rate=number(median(found), 3)))
    return said


# --- What is drawn


def picture(found: Sequence[Chosen], theme: Theme) -> Figure:
    """Return all runs in one panel, coloured by what becomes of them, the lowest one in ink.

    Each kind is one trace of paths, with the steps of its runs one after another, and one of heads.
    """
    ground = Ground(experiment((0.01,)).objectives, BOX)
    data = [{**trace, "showlegend": False} for trace in background(ground, 1, theme)["data"]]
    for kind, place in reversed(COLOURS.items()):
        paths = [cut(c.trajectory.path, BOX) for c in found if c.kind == kind]
        data += drawn(paths, theme.runs[place], theme, width=1.2, opacity=FAINT)
    least = [lowest(found)] if found and lowest(found).kind != NEVER else []
    paths = [cut(c.trajectory.path, BOX) for c in least]
    data += drawn(paths, theme.text, theme, width=2.0, size=11)
    data.append(mark([START], theme, symbol="circle", size=12, color=theme.page, ring=theme.text))
    notes = [note(0.0, 0.0, tr("minimum"), theme, yanchor="bottom", yshift=10)]
    for each in least:
        x, y = each.trajectory.path[-1].tolist()
        said = f"<b>{tr('lowest: rate {rate}', rate=rate_text(each.rate))}</b>"
        below = {"yanchor": "top", "yshift": -12, "xanchor": "left"}
        notes.append(note(x, y, said, theme, name=END, **below))
    return panel(data, notes, BOX, TICKS, theme)


def bins(found: Sequence[Chosen]) -> np.ndarray:
    """Return the edges of the histogram as exponents of ten; the limit is one of them.

    So no bar has rates from both sides of it.
    """
    limit = math.log10(theory()[0])
    exponents = [math.log10(c.rate) for c in found] + [math.log10(rate) for rate in USUAL]
    first = math.floor((min(exponents) - limit) * BINS)
    last = math.floor((max(exponents) - limit) * BINS) + 1
    edges: np.ndarray = limit + np.arange(first, last + 1) / BINS
    return edges


def histogram(found: Sequence[Chosen], theme: Theme) -> Figure:
    """Return how many chose which rates, coloured by what becomes of them, with the limit."""
    edges = bins(found)
    limit, data = theory()[0], []
    for kind, place in COLOURS.items():
        heights = np.zeros(len(edges) - 1, int)
        for choice in found:
            if choice.kind == kind:
                heights[bin_of(choice.rate, edges)] += choice.count
        middles = ((edges[1:] + edges[:-1]) / 2).tolist()
        data.append(bars(middles, heights.tolist(), 0.86 / BINS, theme.runs[place]))
    highest = max((sum(each["y"][i] for each in data) for i in range(len(edges) - 1)), default=0)
    ticks = [m * 10.0**e for e in range(-6, 3) for m in (1, 2, 5)]
    ticks = [t for t in ticks if edges[0] <= math.log10(t) <= edges[-1]]
    every = len(ticks) // 10 + 1
    shown = ticks[::every]
    lines = (
        (best()[0], "solid", "right", msgid("best {rate}")),
        (limit, "dash", "left", msgid("limit {rate}")),
    )
    return {
        "data": data,
        "layout": {
            **page(theme),
            "barmode": "stack",
            "xaxis": {
                **bar_axis(theme),
                "range": [float(edges[0]), float(edges[-1])],
                "tickvals": [math.log10(t) for t in shown],
                "ticktext": [number(t) for t in shown],
                "showgrid": False,
            },
            "yaxis": count_axis(highest, theme),
            "margin": {"l": 44, "r": 20, "t": 26, "b": 46},
            "shapes": [
                {
                    "type": "line",
                    "x0": math.log10(rate),
                    "x1": math.log10(rate),
                    "yref": "paper",
                    "y0": 0,
                    "y1": 1.06,
                    "line": {"color": theme.text, "width": 1.5, "dash": dash},
                }
                for rate, dash, _, _ in lines
            ],
            "annotations": [
                {
                    "x": math.log10(rate),
                    "yref": "paper",
                    "y": 1.0,
                    "yanchor": "bottom",
                    "xanchor": side,
                    "xshift": -4 if side == "right" else 4,
                    "text": f"<b>{tr(said, rate=number(rate, 3))}</b>",
                    "showarrow": False,
                    "font": {"color": theme.text, "size": 13},
                }
                for rate, _, side, said in lines
            ]
            + [
                {
                    "xref": "paper",
                    "x": 1,
                    "xanchor": "right",
                    "yref": "paper",
                    "y": 0,
                    "yanchor": "top",
                    "yshift": -24,
                    "text": tr("learning rate"),
                    "showarrow": False,
                    "font": {"color": theme.muted, "size": 13},
                }
            ],
            "showlegend": False,
        },
    }


def bin_of(rate: float, edges: np.ndarray) -> int:
    """Return the place of a rate's bar; one at the limit is on the side of those beyond it."""
    limit = theory()[0]
    inner = math.log10(rate)
    place = int(np.searchsorted(edges, inner, side="right")) - 1
    at = int(np.argmin(np.abs(edges - math.log10(limit))))
    if rate >= limit:
        return min(max(place, at), len(edges) - 2)
    return max(0, min(place, at - 1))


# --- What a class is asked


def form(theme: Theme) -> dict[str, Any]:
    """Return what a student chooses with."""
    return {"kind": "rate", "low": LEAST_RATE, "high": MOST_RATE, "start": FIRST_RATE}


def told(counts: Mapping[str, int], theme: Theme) -> dict[str, Any]:
    """Return pictures and words of what was chosen, in the current language."""
    found = chosen(counts)
    return {
        "kinds": [[theme.runs[COLOURS[kind]], said] for kind, said in kind_words(found).items()],
        "measured": measured(found),
        "label": tr_n(
            "The path of {count} run into the valley",
            "Paths of {count} runs into the valley",
            sum(c.count for c in found),
        ),
        "updates": STEPS,
        "ratio": RATIO,
        "beside": False,
        "runs": plain(picture(found, theme)),
        "histogram": {
            **plain(histogram(found, theme)),
            "head": [tr("Answers"), tr("number of students at each rate")],
        },
    }


RATE = Choice("choose-rate", msgid("Everybody choose a rate"), checked, question, form, told)
