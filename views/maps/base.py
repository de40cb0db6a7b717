"""What a map is for the page: the controls that ask for it, its figure, its words, its click."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from landscape import SURFACES
from landscape.language import Message, tr
from landscape.language import number as written
from optimizers import Experiment
from optimizers.maps import Request
from views.player.chart import Panel
from views.scene.curves import GAP_FLOOR
from views.scene.figures import Figure, Mark
from views.settings.controls import Choice, number, pick
from views.settings.settings import Settings
from views.theme import Theme


@dataclass(frozen=True)
class Shown:
    """A drawn map: its panels, the first of which may be clicked, and what is said of them.

    `pixel` says what one pixel or point is, `words` what is to be seen, with its numbers.
    """

    panels: tuple[Panel, ...]
    pixel: str
    words: str


@dataclass(frozen=True)
class Map:
    """One kind of map.

    `ask` draws the controls and returns the request, or a text why there is none to make. `draw`
    turns a result into what is shown. `load` takes over a click on it into the lab's settings, by
    name, and is None where a click means nothing.
    """

    name: Message
    ask: Callable[[Settings, Choice], Request | str]
    draw: Callable[[Any, Any, Choice, Theme], Shown]
    load: Callable[[Any, Any, Choice, float, float], dict[str, Any]] | None = None
    hint: Message = ""  # what a click does


def rates_range(
    settings: Settings, name: str = "map", low: float = 1e-4, high: float = 10.0
) -> tuple[float, float]:
    """Draw the range of learning rates and return it; a range the wrong way round is turned.

    Maps of one `name` share it, and so must share its default.
    """
    a = number(
        *(settings, f"{name}.low", "Rates from", 1e-6, 100.0, low, low / 2),
        on_change=None,
        width=120,
    )
    b = number(
        *(settings, f"{name}.high", "to", 1e-6, 100.0, high, high / 10), on_change=None, width=120
    )
    if a == b:
        return low, high
    return min(a, b), max(a, b)


def of_one_run(
    settings: Settings, name: str, choice: Choice, able: Iterable[int]
) -> Experiment | None:
    """Draw the choice of one run among the `able`; return its experiment, None without any.

    Maps of one `name` share the choice, and so must have the same runs to choose from.
    """
    labels = [choice.labels[index] for index in able]
    if not labels:
        return None
    label = pick(settings, f"{name}.run", "Run", labels, width=170)
    run = choice.experiment.runs[choice.labels.index(label if label in labels else labels[0])]
    return replace(choice.experiment, runs=(run,))


def seeds(settings: Settings, name: str, noisy: bool, default: int, most: int = 1000) -> int:
    """Draw the number of seeds and return it; without noise one is as good as many."""
    count = number(
        *(settings, f"{name}.seeds", "Seeds", 1, most, default, 10),
        help="Runs that differ in their noise only."
        if noisy
        else "Without noise all are the same.",
        on_change=None,
        width=110,
        disabled=not noisy,
    )
    return int(count) if noisy else 1


def base_layout(theme: Theme) -> Figure:
    """Return the layout that the charts of all maps share."""
    return {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": theme.text, "size": 14},
        "margin": {"l": 80, "r": 24, "t": 10, "b": 48, "autoexpand": False},
        "dragmode": False,
        "hovermode": "closest",
        "showlegend": False,
    }


def axis_layout(theme: Theme, title: str, **more: Any) -> Figure:
    """Return the layout of one axis."""
    return {
        "title": {"text": title, "standoff": 6},
        "showgrid": False,
        "zeroline": False,
        "showline": True,
        "linecolor": theme.line,
        "ticks": "outside",
        "tickcolor": theme.line,
        **more,
    }


def loss_name(experiment: Experiment) -> str:
    """Return what a map's losses are called: they are above the lowest loss, if there is one."""
    bounded = SURFACES[experiment.surface].bounded
    return tr("excess loss") if bounded else tr("loss")


def legend_of(marks: Sequence[Mark]) -> tuple[tuple[str, str], ...]:
    """Return the texts of the marks and their colours."""
    return tuple((mark.label, mark.colour) for mark in marks)


def heights(values: Any, gaps: bool = True) -> list[float | None]:
    """Return losses for a chart, None where there is nothing; `gaps` are for a logarithmic axis."""
    floor = GAP_FLOOR if gaps else -math.inf
    return [max(v, floor) if math.isfinite(v) else None for v in values.tolist()]


def band(x: list[Any], low: list[Any], high: list[Any], colour: str) -> list[Figure]:
    """Return the area between two curves, as far as both are there."""
    there = [i for i, (a, b) in enumerate(zip(low, high, strict=True)) if None not in (a, b)]
    if not there:
        return []
    back = there[::-1]
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "x": [x[i] for i in there + back],
            "y": [low[i] for i in there] + [high[i] for i in back],
            "fill": "toself",
            "fillcolor": colour,
            "opacity": 0.2,
            "line": {"width": 0},
            "hoverinfo": "skip",
            "showlegend": False,
        }
    ]


def curve(x: list[Any], y: list[Any], colour: str, name: str, dash: str = "solid") -> Figure:
    """Return a curve that tells its name and where it is."""
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": x,
        "y": y,
        "line": {"color": colour, "width": 3, "dash": dash},
        "hovertemplate": f"{name}: %{{x:.3g}}, %{{y:.3g}}<extra></extra>",
    }


def power(exponent: int) -> str:
    """Return a power of ten as people write it."""
    return written(10.0**exponent) if -4 <= exponent <= 4 else f"1e{exponent}"


def decades(low: float, high: float) -> Figure:
    """Return the ticks of a logarithmic axis between two positive numbers: every power of ten."""
    ends = range(math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9) + 1)
    kept = list(ends)[:: max(1, len(ends) // 7)]
    return {"tickvals": [10.0**d for d in kept], "ticktext": [power(d) for d in kept]}
