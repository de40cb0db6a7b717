#!/usr/bin/env python3
"""Draw the pictures of gallery and lessons: python .ci/gallery.py [NAME ...]

Each is the app's own figure of a preset or of a lesson's card, made small: the runs over each other
on their ground, or the map. Without the name of a preset or lesson all are drawn again, which takes
a minute or two for the maps. They are symbols of one SVG, `views/gallery/pictures.svg` for presets
and `views/lessons/pictures.svg` for lessons; their colours are pairs for light and dark pages.
Needs the packages of requirements-dev.txt.
"""

from __future__ import annotations

import dataclasses
import hashlib
import html
import itertools
import math
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from contourpy import FillType, LineType, contour_generator

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from optimizers import OPTIMIZERS, Experiment, Run, averaged, before_looking_ahead, simulate  # noqa: E402
from optimizers.maps import Ensemble  # noqa: E402
from views.lessons import LESSONS  # noqa: E402
from views.maps import MAPS  # noqa: E402
from views.maps.ensembles import ENSEMBLE  # noqa: E402
from views.presets import LISTED  # noqa: E402
from views.scene.beside import beside  # noqa: E402
from views.scene.figures import Ground, background, foreground, marks_of  # noqa: E402
from views.settings.choice import choose  # noqa: E402
from views.settings.settings import Settings  # noqa: E402
from views.theme import DARK, LIGHT, Theme  # noqa: E402

Array = np.ndarray[Any, Any]
OUT = ROOT / "views" / "gallery" / "pictures.svg"
LESSONS_OUT = ROOT / "views" / "lessons" / "pictures.svg"
WIDTH, HEIGHT = 204, 108  # of a picture, in its own units
CELLS = (68, 36)  # of a map's heatmap
GROUND = 23  # points of the ground's grid along each axis, of one panel
LEAST = 1.0  # of a line's steps in the picture's units: nobody sees shorter ones
MOST_DOTS = 60  # of one run's ends
MOST_POINTS = 2000  # of a line: a longer one goes over itself
MANY_POINTS, MOST_ZIGZAGS = 1000, 60  # of a line that goes back and forth: more are one area
SMOOTH = 21  # points of a smooth line
BACK = 0.9  # of a line's turns, by which it goes back and forth
MOST_NAMES = 3  # of runs in one picture
LETTER = (6.4, 10.5)  # of a name, about: its width, and the height of its type
SHOWN_TRACES = re.compile(r"(minima|valley|path-|moved-|start-|head-|tube-|beside-|tip-)")
LINE_OF = {"head": "path", "tip": "beside"}  # at whose end a mark stands
WIDTHS = {"zero": 0.6, "same penalty": 1.2, "tube": 3.0, "beside": 1.3, "valley": 1.2}  # of lines
PAIR = re.compile(r"\$(\w+)\$(\w+)\$")  # of colours, while a symbol is drawn


class Source(NamedTuple):
    """What is drawn: by its name, the settings of a page that shows it, and its map's, if any."""

    name: str
    settings: Settings
    map: Mapping[str, Any] = MappingProxyType({})


PRESETS_DRAWN = [
    Source(preset.slug, Settings({"preset": preset.slug}), preset.map) for preset in LISTED
]
LESSONS_DRAWN = [
    Source(lesson.name, Settings({"lesson": lesson.name, "card": str(lesson.pictured)}))
    for lesson in LESSONS.values()
]
FILES = {OUT: PRESETS_DRAWN, LESSONS_OUT: LESSONS_DRAWN}


def digest(source: Source) -> str:
    """Return a short hash of what a picture is made of."""
    choice = choose(source.settings)
    extras = choice.extras
    aside = [*([extras.average] if extras.average else ()), *["sutskever"] * extras.sutskever]
    made_of = repr((stated(choice.experiment), dict(source.map), *aside))
    return hashlib.sha256(made_of.encode()).hexdigest()[:12]


def stated(value: Any) -> Any:
    """Return an experiment as its fields and hyperparameters that are not at their defaults.

    A new one then leaves the pictures that do without it as they are.
    """
    if isinstance(value, tuple):
        return tuple(map(stated, value))
    if not dataclasses.is_dataclass(value):
        return value
    pairs = ((field, getattr(value, field.name)) for field in dataclasses.fields(value))
    found = {field.name: stated(each) for field, each in pairs if each != field.default}
    if isinstance(value, Run):
        plain = OPTIMIZERS[value.optimizer].resolve({})
        found["hyper"] = {name: x for name, x in value.hyper.items() if x != plain[name]}
    return [*found.items()]


def figures(source: Source) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the figure of a preset or card as a light and as a dark page have it."""
    settings = source.settings
    choice = choose(settings)
    if source.map or choice.seeds:
        the_map = MAPS[settings["map"]] if source.map else ENSEMBLE
        request: Any = the_map.bounded(settings, choice)
        result = request.compute()
        light, dark = (
            the_map.draw(request, result, choice, theme).panels[0].figure for theme in (LIGHT, DARK)
        )
        if isinstance(request, Ensemble):
            return in_one(light, choice.experiment, LIGHT), in_one(dark, choice.experiment, DARK)
        return light, dark
    experiment, labels = choice.experiment, choice.labels
    runs = list(range(len(experiment.runs)))
    if len(experiment.objectives) > 2:  # of many panels of a card's width the outer ones
        runs = [runs[0], runs[-1]]
        experiment = dataclasses.replace(experiment, runs=tuple(experiment.runs[i] for i in runs))
    trajectories = simulate(experiment)
    extras = choice.extras
    averages = [averaged(t, extras.average) for t in trajectories] if extras.average else []
    points = [before_looking_ahead(t) for t in trajectories] if extras.sutskever else []
    panels = len(experiment.objectives)
    ground = Ground.under(experiment, trajectories, HEIGHT / WIDTH * panels)
    named = panels == 1 and len(runs) <= MOST_NAMES and choice.compare == "Optimizer"
    named = named and not settings["lesson"]  # whose card tells of the runs
    found = []
    for theme in (LIGHT, DARK):
        marks = [marks_of(labels, theme)[i] for i in runs]
        back = background(ground, panels, theme)
        beside_each_other(back["layout"], panels)
        aside = beside(averages, points)
        front = foreground(
            experiment, trajectories, marks, panels == 1, theme, ground, beside=aside
        )
        data = [t for t in front["data"] if SHOWN_TRACES.match(t["name"])]
        lines = {t["name"]: t for t in data}
        for trace in data:  # whose head stands at the start until it is played
            what, _, run = trace["name"].partition("-")
            if what in LINE_OF:
                end = lines[f"{LINE_OF[what]}-{run}"]
                trace |= {"x": end["x"][-1:], "y": end["y"][-1:]}
        names = dict(zip(map(str, range(len(runs))), labels, strict=True)) if named else {}
        found.append({"data": back["data"] + data, "layout": back["layout"], "names": names})
    return found[0], found[1]


def beside_each_other(layout: dict[str, Any], panels: int) -> None:
    """Give each panel its part of the width."""
    for panel in range(panels):
        place = panel / panels + 0.01 * (panel > 0), (panel + 1) / panels
        layout["xaxis" if panel == 0 else f"xaxis{panel + 1}"]["domain"] = place


def in_one(figure: dict[str, Any], experiment: Experiment, theme: Theme) -> dict[str, Any]:
    """Return the ends of all runs in one panel: three of a card's width show nothing.

    The tighter a cloud, the later it is drawn: it would vanish under a wide one.
    """
    layout = figure["layout"]
    (x0, x1), (y0, y1) = layout["xaxis"]["range"], layout["yaxis"]["range"]
    half = max((x1 - x0) / 2, (y1 - y0) / 2 * WIDTH / HEIGHT)
    low = half * HEIGHT / WIDTH
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    ground = Ground(experiment.objectives, ((x - half, x + half), (y - low, y + low)))
    back = background(ground, 1, theme)
    ends = [
        {**trace, "xaxis": "x", "yaxis": "y"}
        for trace in figure["data"]
        if trace["type"] == "scatter" and trace["name"] != "minima"
    ]
    ends.sort(key=spread_of, reverse=True)
    return {"data": back["data"] + ends, "layout": back["layout"]}


def spread_of(trace: Mapping[str, Any]) -> float:
    """Return how far the finite points of a trace are spread, as a standard deviation."""
    values = np.array([trace["x"], trace["y"]], dtype=float)
    values = values[:, np.isfinite(values).all(axis=0)]
    return float(np.hypot(*values.std(axis=1))) if values.size else 0.0


class Panel:
    """A part of the picture with axes of its own."""

    def __init__(self, layout: Mapping[str, Any], trace: Mapping[str, Any]) -> None:
        self.sides = []
        for letter, size in (("x", WIDTH), ("y", HEIGHT)):
            name = trace.get(f"{letter}axis", letter)
            axis = layout[name.replace(letter, f"{letter}axis")]
            first, last = axis.get("domain", (0, 1))
            low, high = axis.get("range") or (0.0, 1.0)
            self.sides.append((axis.get("type") == "log", low, high, first * size, last * size))

    def place(self, x: Any, y: Any) -> tuple[Array, Array]:
        """Return points of the axes in the picture's units."""
        found = []
        for values, (log, low, high, first, last) in zip((x, y), self.sides, strict=True):
            numbers = np.array([np.nan if v is None else v for v in values], dtype=float)
            numbers = np.log10(numbers) if log else numbers
            found.append(first + (numbers - low) / (high - low) * (last - first))
        return found[0], HEIGHT - found[1]


def ranged(figure: dict[str, Any]) -> dict[str, Any]:
    """Return a figure whose axes all have a range: without one, that of its curves."""
    for letter in "xy":
        for name, axis in figure["layout"].items():
            if not re.fullmatch(f"{letter}axis\\d*", name) or axis.get("range"):
                continue
            of = name.replace("axis", "")
            values = [
                v
                for trace in figure["data"]
                if trace.get(f"{letter}axis", letter) == of and letter in trace
                for v in trace[letter]
                if v is not None and np.isfinite(v)
            ]
            ends = np.array([min(values), max(values)], dtype=float)
            ends = np.log10(ends) if axis.get("type") == "log" else ends
            gap = 0.06 * (ends[1] - ends[0])
            axis["range"] = [float(ends[0] - gap), float(ends[1] + gap)]
    return figure


def pair(light: str, dark: str) -> str:
    """Return a mark of two colours, which `symbol` makes a class of."""
    return f"${light.removeprefix('#')}${dark.removeprefix('#')}$"


def line(x: Array, y: Array, closed: bool = False) -> str:
    """Return the path of a line through points, in tenths; a gap where one is not a number."""
    points: list[str] = []
    pen, last = "M", (np.inf, np.inf)
    if closed and len(x) > 3:
        x, y = without_straight(x, y)
    for a, b in zip(x.tolist(), y.tolist(), strict=True):
        if not (abs(a) < 1e4 and abs(b) < 1e4):
            pen = "M"
            continue
        if pen == "M" or max(abs(a - last[0]), abs(b - last[1])) >= LEAST:
            points.append(f"{pen}{short(a)} {short(b)}")
            pen, last = "L", (a, b)
    return "".join(points if closed else points[:MOST_POINTS]) + ("Z" if closed else "")


def without_straight(x: Array, y: Array) -> tuple[Array, Array]:
    """Return a polygon without the corners at which it goes straight on."""
    dx, dy = np.diff(x), np.diff(y)
    turns = np.abs(dx[:-1] * dy[1:] - dy[:-1] * dx[1:]) > 1e-6
    kept = np.concatenate([[True], turns, [True]])
    return x[kept], y[kept]


def without_most_zigzags(x: Array, y: Array) -> tuple[Array, Array]:
    """Return a line that goes back and forth all the time with fewer of its zigzags."""
    inside = np.isfinite(x) & np.isfinite(y)
    dx, dy = np.diff(x[inside]), np.diff(y[inside])
    back = (dx[1:] * dx[:-1] + dy[1:] * dy[:-1] < 0).mean() if len(dx) > 1 else 0.0
    if back < BACK or len(x) <= MANY_POINTS:
        return x, y
    seen = np.flatnonzero(np.hypot(dx, dy) >= LEAST)
    pairs = seen[:: max(1, len(seen) // MOST_ZIGZAGS)]
    kept = np.unique(np.concatenate([[0], pairs, pairs + 1, [len(x) - 1]]))
    return x[kept], y[kept]


def short(value: float) -> str:
    """Return a number with one decimal, without what says nothing."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text.replace("0.", ".", 1) if text.startswith("0.") else text


def symbol(source: Source) -> str:
    """Return the picture of a preset or lesson as a symbol of SVG."""
    light, dark = map(ranged, figures(source))
    parts: list[str] = [
        f'<path d="M0 0H{WIDTH}V{HEIGHT}H0Z" fill="{pair(LIGHT.page, DARK.page)}"/>'
    ]
    plots = (figure["layout"].get("plot_bgcolor", "") for figure in (light, dark))
    one, other = plots
    if one.startswith("#"):
        parts = [f'<path d="M0 0H{WIDTH}V{HEIGHT}H0Z" fill="{pair(one, other)}"/>']
    for trace, twin in zip(light["data"], dark["data"], strict=True):
        panel = Panel(light["layout"], trace)
        kind = trace.get("type")
        if kind == "contour":
            parts += contours(trace, twin, panel)
        elif kind == "heatmap":
            parts += heat(trace, twin, panel)
        elif kind == "scatter" and trace.get("name") != "words":
            parts += scatter(trace, twin, panel)
    parts += names_of_lines(light)
    body = PAIR.sub(lambda m: f"light-dark(#{m[1]},#{m[2]})", "".join(parts))
    name = html.escape(source.name)
    head = f'<symbol id="zz-{name}" data-of="{digest(source)}" viewBox="0 0 {WIDTH} {HEIGHT}">'
    return f"{head}{body}</symbol>"


def names_of_lines(figure: dict[str, Any]) -> list[str]:
    """Return the names of runs, each at its line where it is furthest from the other lines."""
    lines = {
        trace["name"][5:]: dense(*Panel(figure["layout"], trace).place(trace["x"], trace["y"]))
        for trace in figure["data"]
        if trace.get("name", "").startswith("path-")
    }
    marks = [
        np.column_stack(Panel(figure["layout"], trace).place(trace["x"], trace["y"]))
        for trace in figure["data"]
        if "markers" in trace.get("mode", "") and len(trace["x"])
    ]
    taken: list[Array] = []
    words: list[str] = []
    for place, name in figure.get("names", {}).items():
        others = [points for other, points in lines.items() if other != place]
        spot = free_spot(name, lines[place], [*others, *taken], marks)
        if spot is None:  # one name alone would leave the other to be guessed
            return []
        (x, y), (wide, high) = spot, size_of(name)
        taken.append(dense(np.array([x, x + wide]), np.array([y - high / 2] * 2)))
        words.append(
            f'<text x="{short(x)}" y="{short(y)}" font-size="{short(high)}" font-weight="600"'
            f' fill="{pair(LIGHT.text, DARK.text)}" stroke-width="2.5" paint-order="stroke"'
            f' stroke="{pair(LIGHT.ground[0], DARK.ground[0])}">{html.escape(name)}</text>'
        )
    return words


def size_of(name: str) -> tuple[float, float]:
    """Return the width and the height of a name, about."""
    return LETTER[0] * len(name), LETTER[1]


def dense(x: Array, y: Array) -> Array:
    """Return points of a line that are a unit or less apart, (n, 2)."""
    points = np.column_stack([x, y])
    points = points[(np.abs(points) < 4 * WIDTH).all(axis=1)]
    parts = [
        np.linspace(a, b, max(2, math.ceil(math.dist(a, b)))) for a, b in itertools.pairwise(points)
    ]
    return np.concatenate(parts) if parts else points


def free_spot(
    name: str, own: Array, others: Sequence[Array], marks: Sequence[Array]
) -> tuple[float, float] | None:
    """Return where a name stands beside its line and over nothing, None where no place is free.

    That is the left end of its base line, in the picture's units.
    """
    wide, high = size_of(name)
    half = np.array([wide, high]) / 2
    middles = np.concatenate(
        [own + (half + 4) * side for side in ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1))]
    )
    middles = middles[((middles > half + 4) & (middles < (WIDTH, HEIGHT) - half - 4)).all(axis=1)]
    if not len(middles):
        return None

    def away(points: Array) -> Array:
        """Return how far each place's box is from the nearest of some points."""
        apart = np.maximum(np.abs(middles[:, None] - points) - half, 0)
        distance: Array = np.hypot(*apart.transpose(2, 0, 1)).min(axis=1)
        return distance

    nearest = away(np.concatenate(others)) if others else np.full(len(middles), 20.0)
    free = (away(own) > 1) & (away(np.concatenate(marks)) > 3.5) & (nearest > away(own) + 2)
    if not free.any():
        return None
    best = middles[np.where(free, np.minimum(nearest, 20.0) - away(own), -np.inf).argmax()]
    return float(best[0] - half[0]), float(best[1] + 0.36 * high)


def contours(trace: dict[str, Any], twin: dict[str, Any], panel: Panel) -> Iterator[str]:
    """Return the bands of a ground, the lines of its stronger contours, or one line of dropout."""
    (_, _, _, left, right), _ = panel.sides
    single = trace.get("name") == "same penalty"
    points = len(trace["z"]) if single else max(9, round(GROUND * ((right - left) / WIDTH) ** 0.5))
    rows = np.linspace(0, len(trace["z"]) - 1, points).round().astype(int)
    z = np.asarray(trace["z"])[np.ix_(rows, rows)]
    x, y = panel.place(
        trace["x0"] + trace["dx"] * rows.astype(float), trace["y0"] + trace["dy"] * rows
    )
    made: Any = contour_generator(
        x, y, z, fill_type=FillType.OuterOffset, line_type=LineType.Separate
    )
    steps = trace["contours"]
    low, high, size = steps["start"], steps["end"], steps["size"]
    if steps.get("coloring") == "none":
        stroke = pair(trace["line"]["color"], twin["line"]["color"])
        heights = [low] if single else np.arange(low, high, size)
        lines = [line(*p.T) for level in heights for p in made.lines(level)]
        if not lines:  # of the loss alone, which is too fine for a card
            return
        wide = 1.2 if single else 0.5
        yield f'<path d="{"".join(lines)}" fill="none" stroke="{stroke}" stroke-width="{wide}"/>'
        return
    colours = [
        pair(a[1], b[1]) for a, b in zip(trace["colorscale"], twin["colorscale"], strict=True)
    ]
    edges = np.linspace(low, high, len(colours) + 1)
    yield f'<path d="{whole(panel)}" fill="{colours[0]}"/>'
    for edge, colour in zip(edges[1:-1], colours[1:], strict=True):
        polygons, offsets = made.filled(float(edge), np.inf)
        d = "".join(
            line(points[a:b, 0], points[a:b, 1], closed=True)
            for points, cuts in zip(polygons, offsets, strict=True)
            for a, b in itertools.pairwise(cuts)
        )
        if d:
            yield f'<path d="{d}" fill="{colour}" fill-rule="evenodd"/>'


def whole(panel: Panel) -> str:
    """Return the path around a panel."""
    (_, _, _, left, right), (_, _, _, bottom, top) = panel.sides
    return line(
        np.array([left, right, right, left]),
        HEIGHT - np.array([bottom, bottom, top, top]),
        closed=True,
    )


def heat(trace: dict[str, Any], twin: dict[str, Any], panel: Panel) -> Iterator[str]:
    """Return the cells of a map, those of one colour beside each other as one."""
    z = np.array([[np.nan if v is None else v for v in row] for row in trace["z"]], dtype=float)
    low, high = trace.get("zmin", np.nanmin(z)), trace.get("zmax", np.nanmax(z))
    (_, _, _, left, right), (_, _, _, bottom, top) = panel.sides
    columns, rows = CELLS[0], max(3, round(CELLS[1] * (top - bottom) / HEIGHT))
    wide, tall = (right - left) / columns, (top - bottom) / rows
    xs, ys = along(trace, "x", z.shape[1]), along(trace, "y", z.shape[0])
    paths: dict[str, list[str]] = {}
    for row in range(rows):
        at = int(np.argmin(np.abs(ys - value_at(panel, 1, bottom + (row + 0.5) * tall))))
        colours = []
        for column in range(columns):
            x = value_at(panel, 0, left + (column + 0.5) * wide)
            value = z[at, int(np.argmin(np.abs(xs - x)))]
            share = (value - low) / ((high - low) or 1.0)
            colours.append(
                ""
                if np.isnan(value)
                else pair(*(shade(t["colorscale"], share) for t in (trace, twin)))
            )
        begin = 0
        for column in range(1, columns + 1):
            if column == columns or colours[column] != colours[begin]:
                if colours[begin]:
                    x, y = left + begin * wide, HEIGHT - bottom - (row + 1) * tall
                    paths.setdefault(colours[begin], []).append(
                        f"M{short(x)} {short(y)}h{short((column - begin) * wide + 0.1)}"
                        f"v{short(tall + 0.1)}h-{short((column - begin) * wide + 0.1)}z"
                    )
                begin = column
    for colour, boxes in paths.items():
        yield f'<path d="{"".join(boxes)}" fill="{colour}"/>'


def along(trace: Mapping[str, Any], letter: str, count: int) -> Array:
    """Return where the cells of a heatmap lie."""
    if letter in trace:
        return np.array(trace[letter], dtype=float)
    return np.asarray(trace[f"{letter}0"] + trace[f"d{letter}"] * np.arange(count))


def value_at(panel: Panel, index: int, place: float) -> float:
    """Return the value of an axis at a place of the picture."""
    log, low, high, first, last = panel.sides[index]
    value = low + (place - first) / (last - first) * (high - low)
    return float(10**value if log else value)


def shade(scale: list[list[Any]], share: float) -> str:
    """Return a colour of a scale, at one of twenty steps; of bands, that of a band's middle."""
    share = min(max(share, 0.0), 1.0)
    bands = len(scale) // 2
    share = (min(int(share * bands), bands - 1) + 0.5) / bands if bands > 1 else share
    share = round(share * 20) / 20 if bands <= 1 else share
    below = max((s for s in reversed(scale) if s[0] <= share + 1e-9), key=lambda s: s[0])
    above = min((s for s in scale if s[0] >= share - 1e-9), key=lambda s: s[0])
    part = (share - below[0]) / ((above[0] - below[0]) or 1.0)
    ends = [[int(s[1][i : i + 2], 16) for i in (1, 3, 5)] for s in (below, above)]
    return "#" + "".join(f"{round(a + (b - a) * part):02x}" for a, b in zip(*ends, strict=True))


def scatter(trace: dict[str, Any], twin: dict[str, Any], panel: Panel) -> Iterator[str]:
    """Return a curve or the marks of a trace."""
    x, y = panel.place(trace["x"], trace["y"])
    if "fill" in trace:
        return
    if "lines" in trace.get("mode", "lines"):
        stroke = pair(trace["line"]["color"], twin["line"]["color"])
        name = trace.get("name", "").partition("-")[0]
        wide = WIDTHS.get(name, 1 if len(x) > 150 else 1.4)
        if name == "path":
            x, y = without_most_zigzags(x, y)
        elif name == "valley":  # which is smooth
            few = np.unique(np.linspace(0, len(x) - 1, SMOOTH).round().astype(int))
            x, y = x[few], y[few]
        faded = f' opacity="{trace["opacity"]}"' if "opacity" in trace else ""
        yield (
            f'<path d="{line(x, y)}" fill="none" stroke="{stroke}" stroke-width="{wide}"'
            f' stroke-linejoin="round"{faded}/>'
        )
    if "markers" in trace.get("mode", "lines"):
        yield from markers(trace["marker"], twin["marker"], trace.get("name", ""), x, y)


def markers(
    mark: Mapping[str, Any], twin: Mapping[str, Any], name: str, x: Array, y: Array
) -> Iterator[str]:
    """Return the marks of a trace, smaller than on the page."""
    shape = mark["symbol"].removesuffix("-open").removesuffix("-thin")
    many = len(x) > 20
    size = {"minima": 2.8}.get(name, 3.2)
    near = (x > -9) & (x < WIDTH + 9) & (y > -9) & (y < HEIGHT + 9)
    if many:
        # Round ends of lines without a length: the shortest text for a dot.
        places = zip(x[near][:MOST_DOTS], y[near][:MOST_DOTS], strict=True)
        dots = "".join(f"M{short(a)} {short(b)}h0" for a, b in places)
        colour = pair(mark["color"], twin["color"])
        yield (
            f'<path d="{dots}" fill="none" stroke="{colour}" stroke-width="2.2"'
            ' stroke-linecap="round"/>'
        )
        return
    drawn = "".join(outline(shape, a, b, size) for a, b in zip(x[near], y[near], strict=True))
    colour, edge = (
        pair(*(of["color"] for of in both))
        for both in ((mark, twin), (mark.get("line", mark), twin.get("line", twin)))
    )
    if not drawn:
        return
    if "thin" in mark["symbol"] or "open" in mark["symbol"]:
        yield f'<path d="{drawn}" fill="none" stroke="{edge}" stroke-width="1.4"/>'
    elif "line" not in mark:
        yield f'<path d="{drawn}" fill="{colour}"/>'
    else:
        yield f'<path d="{drawn}" fill="{colour}" stroke="{edge}" stroke-width="1.2"/>'


def outline(shape: str, x: float, y: float, r: float) -> str:
    """Return the path of a mark about a point."""
    if shape == "cross" or shape == "x":
        ways = ((1, 0), (0, 1)) if shape == "cross" else ((0.7, 0.7), (0.7, -0.7))
        return "".join(
            f"M{short(x - a * r)} {short(y - b * r)}L{short(x + a * r)} {short(y + b * r)}"
            for a, b in ways
        )
    if shape == "circle":
        return (
            f"M{short(x - r)} {short(y)}a{short(r)} {short(r)} 0 1 0 {short(2 * r)} 0"
            f"a{short(r)} {short(r)} 0 1 0 -{short(2 * r)} 0"
        )
    tips = [(2.0 if k % 2 == 0 else 0.8, math.pi * k / 5) for k in range(10)]
    corners: Any = {
        "star": [(r * math.sin(angle), -r * math.cos(angle)) for r, angle in tips],
        "diamond": ((0, -1.2), (1.2, 0), (0, 1.2), (-1.2, 0)),
        "bowtie": ((-0.9, -0.7), (0.9, 0.7), (0.9, -0.7), (-0.9, 0.7)),
        "triangle-up": ((0, -1.2), (1.1, 0.9), (-1.1, 0.9)),
        "triangle-down": ((0, 1.2), (1.1, -0.9), (-1.1, -0.9)),
        "triangle-left": ((-1.2, 0), (0.9, 1.1), (0.9, -1.1)),
    }.get(shape, ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)))
    points = np.array([(x + a * r, y + b * r) for a, b in corners])
    return line(points[:, 0], points[:, 1], closed=True)


def kept(out: Path = OUT) -> dict[str, str]:
    """Return the symbols of a file by their names."""
    text = out.read_text() if out.exists() else ""
    return {m[1]: m[0] for m in re.finditer(r'<symbol id="zz-([\w-]+)".*?</symbol>', text)}


def main(names: list[str]) -> None:
    """Draw the pictures of some presets and lessons, or of all, and keep the others."""
    for out, sources in FILES.items():
        symbols = kept(out)
        for source in sources:
            if not names or source.name in names:
                symbols[source.name] = symbol(source)
                print(out.parent.name, source.name, len(symbols[source.name]), flush=True)
        body = "\n".join(symbols[each.name] for each in sources if each.name in symbols)
        out.write_text(f'<svg xmlns="http://www.w3.org/2000/svg">\n{body}\n</svg>\n')


if __name__ == "__main__":
    main(sys.argv[1:])
