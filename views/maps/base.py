"""What a map is for the page: the controls that ask for it, its figure, its words, its click."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from landscape.language import Message, msgid, tr, tr_n, whole
from landscape.language import number as written
from optimizers import Experiment
from optimizers.maps import Request
from optimizers.maps.base import noisy
from views.maps.reasons import Lack, too_many
from views.scene.curves import GAP_FLOOR
from views.scene.figures import Figure, Mark, plain_layout
from views.scene.panel import Key, Panel
from views.settings.noise import NO_DRAWS, idle_without_noise
from views.settings.runs import run_setting
from views.settings.setting import Range, Setting
from views.theme import Theme

if TYPE_CHECKING:
    from views.settings.choice import Choice
    from views.settings.settings import Settings

FEW_DECADES = 2.2  # of an axis that is labelled between them too
MOST_DECADES = 6  # of an axis that are labelled: more would touch on a phone
MOST_REQUEST_UPDATES = 2**29  # of all runs of one map: the longest take a minute of one core

RUN = run_setting("map.run", msgid("Run"), 170)


@dataclass(frozen=True)
class Shown:
    """A drawn map: its panels, the first of which may be clicked, and what is said of them.

    `pixel` says what one pixel or point is, `words` what is to be seen, with its numbers. Panels
    that are `stacked` stand below each other, each as wide as the page.
    """

    panels: tuple[Panel, ...]
    pixel: str
    words: str
    stacked: bool = False


@dataclass(frozen=True)
class Map:
    """One kind of map.

    `settings` are those it has of its own or shares with other maps, in the order of their
    controls; `seeds` is the one of them that is the number of seeds, and `seeded(experiment)`
    tells whether that means anything. `ask` returns the request, or what is lacking for one.
    `draw` turns a result into what is shown. `load` takes over a click on it into the lab's
    settings, by id, and is None where a click means nothing. `axes` say in a word or two what grows
    to the right and upwards in its small picture; a map of the plane needs none.
    """

    name: Message
    settings: tuple[Setting, ...]
    ask: Callable[[Settings, Choice], Request | Lack]
    draw: Callable[[Any, Any, Choice, Theme], Shown]
    load: Callable[[Any, Any, Choice, float, float], dict[str, Any]] | None = None
    hint: Message = ""  # what a click does
    seeds: Setting | None = None
    seeded: Callable[[Experiment], bool] = noisy
    axes: tuple[Message, Message] = ("", "")

    def bounded(self, settings: Settings, choice: Choice) -> Request | Lack:
        """Return the request, or what is lacking for one that makes no more updates than it may."""
        request = self.ask(settings, choice)
        if isinstance(request, Lack) or request.updates <= MOST_REQUEST_UPDATES:
            return request
        return too_many(request.updates, MOST_REQUEST_UPDATES)


def range_settings(name: str = "map", low: float = 1e-4, high: float = 10.0) -> tuple[Setting, ...]:
    """Return the settings of a range of learning rates."""
    return (
        Setting(f"{name}.low", Range(1e-6, 100.0, low / 2), low, msgid("Rates from"), width=120),
        Setting(f"{name}.high", Range(1e-6, 100.0, high / 10), high, msgid("to"), width=120),
    )


RANGE = range_settings()


def rates_range(settings: Settings, name: str = "map") -> tuple[float, float]:
    """Return a range of learning rates; one the wrong way round is turned."""
    a, b = settings[f"{name}.low"], settings[f"{name}.high"]
    if a == b:
        return settings.plain(f"{name}.low"), settings.plain(f"{name}.high")
    return min(a, b), max(a, b)


def of_one_run(settings: Settings, setting: Setting, choice: Choice) -> Experiment | None:
    """Return the experiment of the one run that a setting chooses, None if none can be."""
    able = setting.choices(settings) if setting.choices else ()
    if not able:
        return None
    run = choice.experiment.runs[choice.names.index(settings[setting.id] or able[0])]
    return replace(choice.experiment, runs=(run,))


def seeds_setting(name: str, default: int, most: int = 1000, batches: bool = False) -> Setting:
    """Return the setting of a number of seeds; of a map that varies the `batches` by itself too."""
    kind = Range(1, most, 10, whole=True)
    help = msgid("Runs that differ in their noise only. Without noise all are the same.")
    idle = None if batches else idle_without_noise(NO_DRAWS)
    return Setting(f"{name}.seeds", kind, default, msgid("Seeds"), help, width=110, idle=idle)


def varied(choice: Choice, *ids: str) -> bool:
    """Tell whether what is compared is what a map would vary: the setting of one of `ids`."""
    return any(choice.replaces(id) for id in ids)


def free(choice: Choice, found: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that a click has found, but those that are compared."""
    return {id: value for id, value in found.items() if not choice.replaces(id)}


def rates_of(choice: Choice) -> list[str]:
    """Return the ids of the learning rates of all runs."""
    surface = choice.experiment.surface
    return [f"{surface}.{run.optimizer}.lr" for run in choice.experiment.runs]


def base_layout(theme: Theme) -> Figure:
    """Return the layout that the charts of all maps share."""
    return {
        **plain_layout(theme),
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
    bounded = experiment.objectives[0].bounded
    return tr("excess loss") if bounded else tr("loss")


def updates_of(experiment: Experiment) -> str:
    """Return how many updates the runs make: one number, or the fewest and the most."""
    counts = [experiment.plan(run).steps for run in experiment.runs]
    least, most = min(counts), max(counts)
    if least == most:
        return tr_n("{count} update", "{count} updates", most)
    return tr("{least} to {most} updates", least=whole(least), most=whole(most))


def legend_of(marks: Sequence[Mark], points: bool = False) -> tuple[Key, ...]:
    """Return the legend of runs: their lines, or their marks where these are drawn as `points`."""
    signs = [
        mark.symbol if points else "line" if mark.dash == "solid" else "dash" for mark in marks
    ]
    return tuple(
        Key(mark.label, mark.colour, sign) for mark, sign in zip(marks, signs, strict=True)
    )


def heights(values: Any, gaps: bool = True) -> list[float | None]:
    """Return losses for a chart, None where there is nothing; `gaps` are for a logarithmic axis."""
    floor = GAP_FLOOR if gaps else -math.inf
    return [max(v, floor) if math.isfinite(v) else None for v in values.tolist()]


def floors(gaps: Any) -> bool:
    """Tell whether a logarithmic axis has no place for one of these gaps."""
    return bool((gaps < GAP_FLOOR).any())


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


def log_axis(traces: Sequence[Figure]) -> Figure:
    """Return the logarithmic scale of the heights of some traces, labelled at powers of ten."""
    heights = [y for trace in traces for y in trace["y"] if y is not None and y > 0]
    return {"type": "log", **(decades(min(heights), max(heights)) if heights else {})}


def decades(low: float, high: float) -> Figure:
    """Return the ticks of a logarithmic axis between two positive numbers.

    They are powers of ten, and where there are few of these 1, 2 and 5 times each.
    """
    first, last = math.log10(low) - 1e-9, math.log10(high) + 1e-9
    ends = range(math.ceil(first), math.floor(last) + 1)
    ticks: Figure = {"tickangle": 0}
    if last - first < FEW_DECADES:
        kept = [
            step * 10.0**decade
            for decade in range(math.floor(first), ends.stop + 1)
            for step in (1, 2, 5)
            if first <= math.log10(step * 10.0**decade) <= last
        ]
        return {**ticks, "tickvals": kept, "ticktext": [written(value) for value in kept]}
    exponents = list(ends)[:: math.ceil(len(ends) / MOST_DECADES) or 1]
    values = [10.0**d for d in exponents]
    return {**ticks, "tickvals": values, "ticktext": [power(d) for d in exponents]}
