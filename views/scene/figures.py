"""The lab's figures, as plain Plotly figures: dictionaries of traces and a layout.

Dictionaries, because building `plotly.graph_objects` takes longer than everything else on the
page; the tests hand each of them to `go.Figure`, which checks every key and value.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from landscape import Objective
from landscape.language import msgid, number, tr, whole
from landscape.record import LOWEST_KINDS, MINIMUM_KINDS, SADDLE, CriticalPoint
from optimizers import OPTIMIZERS, Average, Experiment, Run, Trajectory
from optimizers.analysis.measures import known_minima
from optimizers.analysis.step import kept
from views.scene.beside import OPACITY, Beside, meanings
from views.scene.frames import Frame, domain, drawn, exit_of, fitted, within
from views.scene.scale import LARGEST, LossScale
from views.theme import KEYS, SYMBOLS, Theme, even_scale

Figure = dict[str, Any]

GRID = 97  # points of the contour grid along each axis
CONTOURS = 13  # the heights of the contours
STRONG = 3  # every so many contours one is stronger
PLANE, RAISED = 0.01, 0.1  # of a frame, below whose losses the scale is linear
MOVED = "x-thin"  # a minimum that weight decay has moved: the plus of a minimum, turned
SADDLED = "bowtie-open"  # a surface's single saddle
BARE = "circle-open"  # a minimum of the loss without regularization
EXACT_POINTS = 2_000  # up to this many in all, positions are sent as float32
STEP_DOTS = 60  # up to this many steps every iterate is a dot on the faint path
MANY = 20  # minima, of which no picture marks more
UNDER_HEAD = 0.13  # of a frame's height: nearer to its upper edge a word would be cut off
AT_SIDE = 0.12  # of a frame's width: nearer to its sides the middle of a word is cut off with it
STEEP = 2.0  # a line of minima that goes up so much more than aside has the word beside it
AT_WORD = 0.2  # of a frame's width, from its left, where the word on a line of minima stands
WORDED = 2  # panels that are wide enough for words beside their marks
STOP_WORDS = 0.14, 0.92  # of a frame's height: where the words on a stopping rule stand
DENSE = 8.0  # widths of the frame: a longer path is drawn thinner
PAGE_WIDTH = 1300  # pixels across all panels, about
GAPS = (0.04, 0.19)  # between panels, of the size of one; a row's titles lie above it
APART = 6  # pixels of a usual step, below which dots would touch
PICTURES = SIDE_BY_SIDE, OVERLAY, SPACE = (
    msgid("Side by side"),
    msgid("Overlay"),
    msgid("3-D"),
)


@dataclass(frozen=True)
class Mark:
    """How one run looks: `label` as panel title and legend entry, `dash` as Plotly's line dash."""

    label: str
    colour: str
    symbol: str
    dash: str = "solid"

    @staticmethod
    def of(place: int, label: str, theme: Theme) -> Mark:
        """Return the marks of the run at this place among those shown."""
        again = place >= len(theme.runs)
        colour = theme.runs[place % len(theme.runs)]
        symbol = SYMBOLS[place % len(SYMBOLS)]
        return Mark(label, colour, symbol, "dash" if again else "solid")


def marks_of(labels: Iterable[str], theme: Theme) -> list[Mark]:
    """Return the marks of the runs shown, in their order."""
    return [Mark.of(place, label, theme) for place, label in enumerate(labels)]


@dataclass(frozen=True)
class Extras:
    """What is drawn beside the paths on request.

    `arrows` are the parts of the next step at every head, `future` is the path that is to come,
    `average` that of the iterates, and `sutskever` the points of Nesterov before it looks ahead.
    """

    arrows: bool = False
    future: bool = False
    average: Average | None = None
    sutskever: bool = False


PLAIN = Extras()


@dataclass(frozen=True)
class Ground:
    """What a picture of surfaces depends on: the frame and what stands in it.

    That is the same in all panels, or one of `objectives` in each.
    """

    objectives: tuple[Objective, ...]
    box: Frame

    @staticmethod
    def of(experiment: Experiment) -> Ground:
        """Return the ground on which an experiment runs: its domain."""
        return Ground(experiment.objectives, domain(experiment))

    @staticmethod
    def under(experiment: Experiment, trajectories: list[Trajectory], shape: float) -> Ground:
        """Return the ground that fits some runs, in a panel of this height over width."""
        return Ground(experiment.objectives, fitted(experiment, trajectories, shape))

    @property
    def objective(self) -> Objective:
        """What stands in all panels, or in the first."""
        return self.objectives[0]

    def of_panel(self, panel: int) -> Ground:
        """Return the ground of one panel."""
        return Ground(self.objectives[panel:][:1] or self.objectives[:1], self.box)


@functools.lru_cache(maxsize=64)
def on_grid(objective: Objective, box: Frame) -> NDArray[np.float64]:
    """Return the loss on a grid over a box, (GRID, GRID) by y and x, one for all panels."""
    found: NDArray[np.float64] = objective.loss(
        *np.meshgrid(*(np.linspace(*side, GRID) for side in box))
    )
    found.flags.writeable = False
    return found


@functools.lru_cache(maxsize=64)
def terrain(ground: Ground, share: float = PLANE) -> tuple[NDArray[np.float64], LossScale]:
    """Return the scaled loss on a grid over the box, (GRID, GRID) by y and x, and its scale.

    The scale is logarithmic above the losses of all but a `share` of the frame.
    """
    objective = ground.objective
    loss = on_grid(objective, ground.box)
    there = loss[np.isfinite(loss)]  # a formula may have no value in a part of the frame
    there = there if there.size else np.zeros(1)
    if objective.bounded:
        centre = objective.lowest()
    else:  # nothing to measure from but the critical point or, without one, the middle
        points = objective.critical_points()
        centre = points[0].loss if points else float(np.median(there))
    # Half of an unbounded surface's frame is drawn linearly: its saddle would be a cliff otherwise.
    share = share if objective.bounded else 0.5
    with np.errstate(over="ignore"):
        width = max(float(np.quantile(np.abs(there - centre), share)), 1e-12)
    width = min(width, LARGEST)
    scale = LossScale(centre, width)
    heights = scale(loss)
    heights[~np.isfinite(loss)] = np.nan  # a gap in the picture
    heights.flags.writeable = False
    return heights, scale


def levels(heights: NDArray[np.float64]) -> Figure:
    """Return the heights of the contours: evenly between what 3 and 99 % of the frame are below."""
    there = heights[np.isfinite(heights)]
    low, high = np.quantile(there if there.size else np.zeros(1), (0.03, 0.99)).tolist()
    return {"start": low, "end": high, "size": max(high - low, 1e-9) / (CONTOURS - 1)}


def extremes(heights: NDArray[np.float64]) -> tuple[float, float]:
    """Return the least and the largest height where there is one."""
    there = heights[np.isfinite(heights)]
    return (float(there.min()), float(there.max())) if there.size else (0.0, 1.0)


class Place(NamedTuple):
    """A point of the plane."""

    x: float
    y: float


def axis(panel: int, letter: str) -> str:
    """Return Plotly's name of a panel's axis: x, x2, x3, ..."""
    return letter if panel == 0 else f"{letter}{panel + 1}"


def background(ground: Ground, panels: int, theme: Theme) -> Figure:
    """Return the surface's contours and critical points, once per panel."""
    box = ground.box
    data: list[Figure] = []
    strong: list[Figure] = []
    forms: list[Figure] = []
    marks: list[Figure] = []
    words: list[Figure] = []
    for panel in range(panels):
        heights, _ = terrain(ground.of_panel(panel))
        lines, points = levels(heights), minima(ground.of_panel(panel))
        where = {"xaxis": axis(panel, "x"), "yaxis": axis(panel, "y")}
        contour = {
            "type": "contour",
            "x0": box[0][0],
            "dx": (box[0][1] - box[0][0]) / (GRID - 1),
            "y0": box[1][0],
            "dy": (box[1][1] - box[1][0]) / (GRID - 1),
            "z": heights,
            "autocontour": False,
            "hoverinfo": "skip",
            "showscale": False,
            **where,
        }
        data.append(
            {
                **contour,
                "colorscale": even_scale(theme.ground),
                "contours": lines,
                "line": {"width": 0.4, "color": theme.contour},
            }
        )
        strong.append(
            {
                **contour,
                "contours": {**lines, "size": STRONG * lines["size"], "coloring": "none"},
                "line": {"width": 1, "color": theme.contour},
            }
        )
        lowest = [p for p in points if p.kind in LOWEST_KINDS]
        sizes = [14 if p in lowest else 8 for p in points]
        widths = [2.5 if p in lowest else 1.5 for p in points]
        marks.append(marked(points, "minima", "cross-thin", sizes, widths, theme, where))
        single = single_saddle(ground.of_panel(panel))
        marks.append(marked(single, "saddle", SADDLED, 12, 1.5, theme, where))
        floor = valley(ground.of_panel(panel), theme, where)
        forms += floor
        if panels <= WORDED and floor:
            words.append(over_valley(floor, box, theme, where))
        elif panels <= WORDED:
            named = {**dict.fromkeys(lowest, tr("minimum")), **dict.fromkeys(single, tr("saddle"))}
            word = written([*named], [*named.values()], "words", theme, where, 22)
            word["textposition"] = [above(Place(p.x, p.y), box) for p in named]
            words.append(word)
        if any(objective.regularized for objective in ground.objectives):
            forms.append(zero_lines(box, theme, where))
        forms += geometry(ground.of_panel(panel), contour, theme, where)
    found = data + strong + forms + words + marks
    return {"data": found, "layout": panel_layout(box, panels, theme)}


def geometry(
    ground: Ground, contour: Figure, theme: Theme, where: Mapping[str, str]
) -> list[Figure]:
    """Return what regularization does to a surface, where there is any.

    These are the minima without it and, through the lowest with it, the contour of the loss alone
    and the points of the same penalty: a circle of L2, a diamond of L1, and with dropout the line
    on which as much is added on average, by all of it. The one touches the other, because in all of
    that circle or diamond the loss alone is nowhere lower.
    """
    objective = ground.objective
    if not objective.regularized:
        return []
    whole = objective.whole
    bare = [point for point in whole.minimizers() if within_box(point, ground.box)]
    drawn: list[Figure] = []
    lowest = [point for point in objective.minimizers() if within_box(point, ground.box)][:1]
    for point in lowest:
        _, scale = terrain(ground)
        alone = on_grid(whole, ground.box)
        level = float(scale(whole.loss(point.x, point.y)))
        drawn.append(
            {
                **contour,
                "name": "loss alone",
                "z": scale(alone),
                "contours": {"start": level, "end": level, "size": 1, "coloring": "none"},
                "line": {"width": 2, "color": theme.text, "dash": "dot"},
            }
        )
        if objective.dropped:
            level = float(point.loss - whole.loss(point.x, point.y))
            drawn.append(
                {
                    **contour,
                    "name": "same penalty",
                    "z": on_grid(objective, ground.box) - alone,
                    "contours": {"start": level, "end": level, "size": 1, "coloring": "none"},
                    "line": {"width": 2, "color": theme.text},
                }
            )
            continue
        around = objective.penalty.ball(point.x, point.y)
        drawn.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": "same penalty",
                "x": around[0].tolist(),
                "y": around[1].tolist(),
                "line": {"width": 2, "color": theme.text},
                "hoverinfo": "skip",
                "showlegend": False,
                **where,
            }
        )
    drawn.append(marked(bare, "minima of the loss alone", BARE, 10, 2, theme, where))
    return drawn


def zero_lines(box: Frame, theme: Theme, where: Mapping[str, str]) -> Figure:
    """Return the two lines where a weight is 0, to which regularization pulls."""
    (x0, x1), (y0, y1) = box
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "zero",
        "x": [x0, x1, None, 0.0, 0.0],
        "y": [0.0, 0.0, None, y0, y1],
        "line": {"width": 1, "color": theme.muted},
        "hoverinfo": "skip",
        "showlegend": False,
        **where,
    }


def valley(ground: Ground, theme: Theme, where: Mapping[str, str]) -> list[Figure]:
    """Return the lines on which the loss is lowest, where a surface has such lines in the frame."""
    known = ground.objective.valley
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "name": "valley",
            "x": line[:, 0].tolist(),
            "y": line[:, 1].tolist(),
            "line": {"width": 2, "color": theme.text, "dash": "dot"},
            "hoverinfo": "skip",
            "showlegend": False,
            **where,
        }
        for line in ([] if known is None else known.lines(ground.box))
    ]


def over_valley(lines: list[Figure], box: Frame, theme: Theme, where: Mapping[str, str]) -> Figure:
    """Return the word on the line of minima that has the most of the frame's width, at its left."""
    longest = max(lines, key=lambda line: float(np.ptp(line["x"])))
    (x0, x1), (y0, y1) = box
    x, y = np.array(longest["x"]), np.array(longest["y"])
    # Of a line that goes up, clear of the frame's edges.
    off = np.abs(y - (y0 + y1) / 2) > (0.5 - UNDER_HEAD) * (y1 - y0)
    at = int(np.argmin(np.abs(x - (x0 + AT_WORD * (x1 - x0))) + (x1 - x0) * off))
    place = Place(longest["x"][at], longest["y"][at])
    word = written([place], [tr("minima")], "words", theme, where, 8)
    part = slice(max(at - 1, 0), at + 2)
    if np.ptp(y[part]) / (y1 - y0) > STEEP * np.ptp(x[part]) / (x1 - x0):
        word["textposition"] = "middle right"  # which it would cross
    return word


def within_box(point: CriticalPoint, box: Frame) -> bool:
    """Tell whether a critical point lies in a frame."""
    return bool(within(np.array([[point.x, point.y]]), box)[0])


def minima(ground: Ground) -> list[CriticalPoint]:
    """Return the minima of a surface that are marked: of very many the global ones."""
    points = ground.objective.critical_points()
    found = [point for point in points if point.kind in MINIMUM_KINDS]
    lowest = [point for point in found if point.kind in LOWEST_KINDS]
    return lowest if len(found) > MANY else found


def single_saddle(ground: Ground) -> list[CriticalPoint]:
    """Return the saddle of a surface that has one alone: of several none is marked."""
    found = [p for p in ground.objective.critical_points() if p.kind == SADDLE]
    return found if len(found) == 1 else []


def marked(
    points: Sequence[CriticalPoint],
    name: str,
    symbol: str,
    size: float | list[int],
    width: float | list[float],
    theme: Theme,
    where: Mapping[str, str],
) -> Figure:
    """Return the marks of some points; size and width of the line, of all or of each."""
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [p.x for p in points],
        "y": [p.y for p in points],
        "marker": {
            "symbol": symbol,
            "opacity": 1,
            "size": size,
            "color": theme.text,
            "line": {"width": width, "color": theme.text},
        },
        "hoverinfo": "skip",
        "showlegend": False,
        **where,
    }


def written(
    points: Sequence[Place | CriticalPoint],
    words: Sequence[str],
    name: str,
    theme: Theme,
    where: Mapping[str, str],
    size: int,
) -> Figure:
    """Return the word of each of some points above it, on a shadow that parts it from the ground.

    A word keeps clear of a mark of this `size`, in pixels.
    """
    return {
        "type": "scatter",
        "mode": "markers+text",
        "marker": {"size": size, "opacity": 0},
        "name": name,
        "uid": f"{name} {where['xaxis']}",
        "x": [p.x for p in points],
        "y": [p.y for p in points],
        "text": list(words),
        "textposition": "top center",
        "textfont": {"size": 14, "color": theme.text, "shadow": halo(theme)},
        "hoverinfo": "skip",
        "showlegend": False,
        **where,
    }


def beside(point: tuple[float, float], box: Frame) -> str:
    """Return on which side of a point a word stands: above it, where it is not cut off there."""
    (x0, x1), (y0, y1) = box
    if y1 - point[1] > UNDER_HEAD * (y1 - y0):
        return "top center"
    return "middle right" if point[0] < (x0 + x1) / 2 else "middle left"


def above(point: Place, box: Frame) -> str:
    """Return where above a point a word stands so that the frame's sides do not cut it off."""
    (x0, x1), _ = box
    share = (point.x - x0) / (x1 - x0)
    if 0 <= share < AT_SIDE:
        return "top right"
    return "top left" if 1 - AT_SIDE < share <= 1 else "top center"


def halo(theme: Theme) -> str:
    """Return the shadow, as in CSS, that parts text on the ground from what it crosses."""
    return ", ".join(f"{x}px {y}px 1px {theme.ground[0]}" for x in (-1, 1) for y in (-1, 1))


def plain_layout(theme: Theme) -> Figure:
    """Return the layout that all figures share: the page's text, on the page's own ground."""
    return {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": theme.text, "size": 14},
    }


def panel_layout(box: Frame, panels: int, theme: Theme) -> Figure:
    """Return the layout both panel figures share: axes that move together."""
    layout: Figure = {
        **plain_layout(theme),
        "margin": {"l": 1, "r": 1, "t": 34, "b": 1, "autoexpand": False},
        "showlegend": False,
        "dragmode": "zoom",
        "hovermode": False,
    }
    for panel in range(panels):
        for letter, side in zip("xy", box, strict=True):
            key = axis(panel, letter).replace(letter, f"{letter}axis")
            layout[key] = {
                "range": list(side),
                "anchor": axis(panel, "y" if letter == "x" else "x"),
                "showgrid": False,
                "zeroline": False,
                "showline": True,
                "mirror": True,
                "linecolor": theme.line,
                # Beside a "1" a tick would be a minus.
                "ticks": "inside" if letter == "x" else "",
                "tickcolor": theme.muted,
                "tickfont": {"size": 12, "color": theme.muted, "shadow": halo(theme)},
                "ticklabelposition": "inside",
                "nticks": 6,
                "ticklabeloverflow": "hide past domain",
            }
            if panel:
                layout[key]["matches"] = letter
    return layout


def arrangement(panels: int, columns: int) -> Figure:
    """Return the layout changes that put `panels` into rows of `columns`.

    Of many, only the outer axes keep their tick labels: the frame is the same in all.
    """
    rows = math.ceil(panels / columns)
    changes: Figure = {}
    for panel in range(panels):
        row, column = divmod(panel, columns)
        for letter, place, count in (("x", column, columns), ("y", rows - 1 - row, rows)):
            key = axis(panel, letter).replace(letter, f"{letter}axis")
            # All panels are of one size, the gaps between them a share of it.
            gap = GAPS["xy".index(letter)]
            size = 1 / (count + gap * (count - 1))
            low = place * (1 + gap) * size
            changes[f"{key}.domain"] = [low, min(low + size, 1)]
        below = panel + columns < panels
        few = columns <= WORDED
        changes[axis(panel, "x").replace("x", "xaxis") + ".showticklabels"] = few or not below
        changes[axis(panel, "y").replace("y", "yaxis") + ".showticklabels"] = few or column == 0
    return {"columns": columns, "rows": rows, "layout": changes}


def foreground(
    experiment: Experiment,
    trajectories: list[Trajectory],
    marks: list[Mark],
    overlay: bool,
    theme: Theme,
    ground: Ground,
    extras: Extras = PLAIN,
    beside: Sequence[Beside] = (),
) -> Figure:
    """Return start, travelled paths and those to come, heads and titles of all runs.

    What stands `beside` runs is drawn over their paths.

    Traces are named by what they are and the run's index (`path-0`, `head-0`), or by the place
    among what stands beside runs (`beside-0`), which is how the player finds them.
    """
    panels = 1 if overlay else len(trajectories)
    box = ground.box
    layout = panel_layout(box, panels, theme)
    layout["annotations"] = []
    exact = sum(len(trajectory.path) for trajectory in trajectories) <= EXACT_POINTS
    data: list[Figure] = []
    starts: list[Figure] = []
    heads: list[Figure] = []
    casings: list[Figure] = []  # under all lines: that of a run would hide another one beside it
    over: list[Figure] = []  # all of them
    decays: set[float] = set()
    differing = own_values(experiment)
    exits = [exit_of(experiment, trajectory, box) for trajectory in trajectories]
    for index, (trajectory, mark) in enumerate(zip(trajectories, marks, strict=True)):
        panel = 0 if overlay else index
        shown = drawn(trajectory, exits[index])
        own = [(place, each) for place, each in enumerate(beside) if each.run == index]
        x, y = coordinates(trajectory.finite_path[:shown], box, exact)
        common = {
            "type": "scatter",
            "x": x,
            "y": y,
            "mode": "lines",
            "xaxis": axis(panel, "x"),
            "yaxis": axis(panel, "y"),
        }
        steps = np.hypot(np.diff(x), np.diff(y)) / (box[0][1] - box[0][0])
        wide = 2.7 if steps.sum() < DENSE else 1.5
        if extras.future:
            line = {"color": mark.colour, "width": 1.1, "dash": mark.dash, "simplify": False}
            data.append({**common, "name": f"faint-{index}", "line": line})
        casing = {"color": theme.ground[0], "width": 2 * wide, "simplify": False}
        casings.append({**common, "name": f"casing-{index}", "line": casing})
        data += [
            {
                **common,
                "name": f"path-{index}",
                **({"opacity": OPACITY} if own else {}),
                "line": {
                    "color": mark.colour,
                    "width": wide,
                    "dash": mark.dash,
                    "simplify": False,
                },
            },
        ]
        pixels = PAGE_WIDTH / min(panels, 4) * steps
        if 0 < len(steps) <= STEP_DOTS and np.median(pixels) >= APART:
            data.append(
                {
                    **common,
                    "name": f"dots-{index}",
                    "mode": "markers",
                    "marker": {
                        "color": theme.ground[0],
                        "size": 5,
                        "symbol": "circle",
                        "line": {"color": mark.colour, "width": 1.3},
                    },
                }
            )
        heads.append(
            {
                **common,
                "x": [x[0]],
                "y": [y[0]],
                "name": f"head-{index}",
                "mode": "markers",
                "marker": {
                    "color": mark.colour,
                    "symbol": mark.symbol,
                    "size": 14,
                    "line": {
                        "color": mark.colour if mark.dash != "solid" else theme.ground[0],
                        "width": 2,
                    },
                },
            }
        )
        for place, each in own:
            lines, head = beside_marks(place, each, shown, common, mark, theme, box, exact)
            over += lines
            heads.append(head)
        plan = experiment.plan(trajectory.run)
        if not (overlay and plan.coupled in decays):  # in one panel they are the same marks
            data += moved_marks(index, moved_minima(experiment, trajectory.run, box), common, theme)
            decays.add(plan.coupled)
        starts += start_marks(index, plan.start, panels, common, theme, box)
        if not overlay:
            stopped = trajectory.stopped_by is not None
            if stopped:
                starts.append(stop_word(index, trajectory, common, theme, box))
            # Where something else than optimizers is compared, the label names its value.
            named = mark.label != trajectory.run.optimizer
            said = (
                "" if stopped and exits[index] is None else left(trajectory, exits[index]),
                *([] if named else differing[index]),
                legend(experiment, [index], box),
                *meanings(beside, index),
            )
            moves = manner(experiment, trajectory.run, mark.label)
            reading = live(index, tr("loss"), beside)
            layout["annotations"].append(title(panel, mark, said, theme, reading, moves))
    data = casings + data + over + starts + heads
    if overlay:
        said = (legend(experiment, range(len(marks)), box), *meanings(beside))
        note = ", ".join(filter(None, said))
        ends = [left(t, step) for t, step in zip(trajectories, exits, strict=True)]
        layout["annotations"] = [ending(marks, ends, theme, note, beside)]
    return {"data": data, "layout": layout}


def beside_marks(
    place: int,
    each: Beside,
    shown: int,
    common: Figure,
    mark: Mark,
    theme: Theme,
    box: Frame,
    exact: bool,
) -> tuple[list[Figure], Figure]:
    """Return the line beside a run, in a tube that parts it from the iterates, and its head.

    It ends where the run is drawn no further, after `shown` positions.
    """
    path = each.path[min(each.first, shown - 1) : shown]
    x, y = coordinates(path, box, exact)
    line = {**common, "x": x, "y": y}
    tube = {"color": theme.ground[0], "width": 5, "simplify": False}
    thin = {"color": mark.colour, "width": 1.8, "simplify": False}
    head = {
        **line,
        "x": [x[0]],
        "y": [y[0]],
        "name": f"tip-{place}",
        "mode": "markers",
        "marker": {
            "color": mark.colour,
            "symbol": each.sign.symbol,
            "size": 18,
            "line": {"color": theme.ground[0], "width": 1.5},
        },
    }
    return [
        {**line, "name": f"tube-{place}", "line": tube},
        {**line, "name": f"beside-{place}", "line": thin},
    ], head


def start_marks(
    index: int, start: tuple[float, float], panels: int, common: Figure, theme: Theme, box: Frame
) -> list[Figure]:
    """Return the ring at a run's start and, where there is room, the word."""
    where = {key: common[key] for key in ("xaxis", "yaxis")}
    ring = {
        "type": "scatter",
        "mode": "markers",
        "name": f"start-{index}",
        "x": [start[0]],
        "y": [start[1]],
        "marker": {
            "symbol": "circle",
            "size": 11,
            "color": theme.ground[0],
            "line": {"width": 2.5, "color": theme.text},
        },
        **where,
    }
    word = written([Place(*start)], [tr("start")], f"words-{index}", theme, where, 14)
    word["textposition"] = beside(start, box)
    return [ring, word] if panels <= WORDED else [ring]


def stop_word(
    index: int, trajectory: Trajectory, common: Figure, theme: Theme, box: Frame
) -> Figure:
    """Return when a run's stopping rule has ended it, in words across its panel.

    They stand at the lower or the upper edge, wherever less of the path is: a title has no room for
    them beside three others.
    """
    (x0, x1), (y0, y1) = box
    height = (trajectory.finite_path[:, 1] - y0) / (y1 - y0)
    low, high = STOP_WORDS
    place = low if (height < 0.5).mean() < 0.5 else high
    where = {key: common[key] for key in ("xaxis", "yaxis")}
    point = Place((x0 + x1) / 2, y0 + place * (y1 - y0))
    word = written([point], [outcome(trajectory)], f"stop-{index}", theme, where, 0)
    word["textposition"] = "middle center"
    return word


def moved_minima(experiment: Experiment, run: Run, box: Frame) -> NDArray[np.float64]:
    """Return where a run's coupled weight decay moves the minima, (m, 2), those in the frame."""
    plan = experiment.plan(run)
    if plan.coupled == 0:
        return np.empty((0, 2))
    found = known_minima(plan.objective, plan.coupled)
    xy = found.xy if len(found.xy) <= MANY else found.xy[found.best]
    return xy[within(xy, box)]


def moved_marks(index: int, xy: NDArray[np.float64], common: Figure, theme: Theme) -> list[Figure]:
    """Return the crosses at minima that a run's weight decay has moved."""
    if not len(xy):
        return []
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "name": f"moved-{index}",
            "uid": f"moved {index}",  # by which the page's style finds it
            "x": xy[:, 0].tolist(),
            "y": xy[:, 1].tolist(),
            "marker": {
                "symbol": MOVED,
                "opacity": 1,
                "size": 11,
                "color": theme.text,
                "line": {"width": 2, "color": theme.text},
            },
            **{key: common[key] for key in ("xaxis", "yaxis")},
        }
    ]


def legend(experiment: Experiment, runs: Iterable[int], box: Frame) -> str:
    """Return what the crosses in a picture of some runs mean, an empty text without any."""
    moved = any(len(moved_minima(experiment, experiment.runs[i], box)) for i in runs)
    return tr("× minimum moved by weight decay") if moved else ""


def coordinates(path: NDArray[np.float64], box: Frame, exact: bool) -> list[NDArray[Any]]:
    """Return x and y of positions, (n, 2) and finite.

    The payload sends float64 as 65,536 levels between its extremes: enough for a picture, unless
    the run went far outside the frame. Then, or if `exact`, they are float32.
    """
    near = len(path) > 0 and all(
        np.ptp(values) <= 4 * (high - low) for values, (low, high) in zip(path.T, box, strict=True)
    )
    return [values.astype(np.float64 if near and not exact else np.float32) for values in path.T]


def outcome(trajectory: Trajectory) -> str:
    """Return in words what ended a run early, or an empty text."""
    if trajectory.diverged_at is not None:
        return tr("diverged at update {step}", step=whole(trajectory.diverged_at))
    if trajectory.stopped_by is not None:
        return tr("stopped at update {step}", step=whole(len(trajectory.lr)))
    return tr("stopped: singular Hessian") if trajectory.stopped else ""


def left(trajectory: Trajectory, step: int | None) -> str:
    """Return in a few words at which update a run leaves the frame, or what ended it early."""
    return outcome(trajectory) if step is None else tr("out at update {step}", step=whole(step))


def own_values(experiment: Experiment) -> list[list[str]]:
    """Return each run's rate and momentum, those that differ between compared optimizers."""
    runs = experiment.runs
    found: list[list[str]] = [[] for _ in runs]
    if len({run.optimizer for run in runs}) == 1:
        return found
    rates = [experiment.plan(run).lr for run in runs]
    momenta = [momentum_of(run) for run in runs]
    rates_differ, momenta_differ = len(set(rates)) > 1, len(set(momenta)) > 1
    for said, rate, momentum in zip(found, rates, momenta, strict=True):
        if rates_differ:
            said.append(tr("rate {rate}", rate=number(rate, 3)))
        if momentum is not None and momenta_differ:
            said.append(tr("momentum {momentum}", momentum=number(momentum, 4)))
    return found


def manner(experiment: Experiment, run: Run, label: str) -> str:
    """Return how a run's rule moves, where optimizers are what is compared."""
    several = len({other.optimizer for other in experiment.runs}) > 1
    return tr(OPTIMIZERS[run.optimizer].manner) if several and label == run.optimizer else ""


def momentum_of(run: Run) -> float | None:
    """Return a run's momentum, None where its rule has none."""
    name = OPTIMIZERS[run.optimizer].momentum
    return None if name is None else run.hyper[name]


def ended(trajectory: Trajectory, ground: Ground) -> str:
    """Return when a run leaves the frame and what ended it early, in words."""
    outside = ~within(trajectory.finite_path, ground.box)
    left = ""
    if outside.any():
        left = tr("leaves the frame at update {step}", step=whole(int(outside.argmax())))
    return ", ".join(filter(None, (left, outcome(trajectory))))


def title(
    panel: int, mark: Mark, said: Sequence[str], theme: Theme, reading: str = "", moves: str = ""
) -> Figure:
    """Return a panel's title, above it; `reading` stands at its end.

    What is `said`, and how a rule `moves`, follow the name as far as there is room for all of each.
    """
    parts = [(text, "") for text in said if text] + [(moves, " data-manner")] * bool(moves)
    rest = "".join(
        told(f", {text}" if i else text, theme, more)[bool(i) :]
        for i, (text, more) in enumerate(parts)
    )
    text = f'<span class="zz-heading">{key(mark)}{rest}</span>{reading}'
    return {
        "text": text,
        "xref": f"{axis(panel, 'x')} domain",
        "yref": f"{axis(panel, 'y')} domain",
        "x": 0,
        "y": 1,
        "xanchor": "left",
        "yanchor": "bottom",
        "align": "left",
        "showarrow": False,
        "font": {"size": 16, "color": theme.text},
        "bgcolor": "rgba(0,0,0,0)",
    }


def live(index: int | None, word: str = "", beside: Sequence[Beside] = ()) -> str:
    """Return a word and the place, as HTML, where the player writes a run's loss at the clock.

    After it come those of what is drawn `beside` the run.
    """
    value = "" if index is None else f' <b data-run="{index}"></b>'
    for place, each in enumerate(beside):
        if each.run == index:
            number = f'<b data-beside="{place}"></b>'
            value += f'<span class="zz-also"> {each.sign.key} {number}</span>'
    return f'<span class="zz-live">{word}{value}</span>'


def key(mark: Mark) -> str:
    """Return a run's mark and label, as HTML."""
    sign = f'<span class="zz-key" style="color:{mark.colour}">{KEYS[mark.symbol]}</span>'
    return f'<span class="zz-name">{sign} <b>{mark.label}</b></span>'


def told(said: str, theme: Theme, more: str = "") -> str:
    """Return what is said of a run beside its name, as HTML; a lesson hides it until an answer.

    `more` is an attribute, by which the page's style finds it. It begins with a space.
    """
    return f' <span class="zz-told"{more} style="color:{theme.muted}">{said}</span>' if said else ""


def ending(
    marks: list[Mark],
    ends: list[str],
    theme: Theme,
    note: str = "",
    beside: Sequence[Beside] = (),
) -> Figure:
    """Return the one title of runs that are drawn over each other, with a note at its end."""
    keys = [
        f'<span class="zz-run">{key(mark)}{live(i, beside=beside)}{told(end, theme)}</span>'
        for i, (mark, end) in enumerate(zip(marks, ends, strict=True))
    ]
    if note:
        keys.append(told(note, theme))
    text = f"<span>{''.join(keys)}</span>{live(None, tr('loss'))}"
    return {**title(0, marks[0], (), theme), "text": text, "visible": True}


# --- The arrows at the heads


def arrows(experiment: Experiment, trajectories: list[Trajectory], ground: Ground) -> list[Figure]:
    """Return the parts of every step of each run; of very many steps none are drawn."""
    if sum(len(trajectory.path) for trajectory in trajectories) > EXACT_POINTS:
        return []
    return [parts(experiment, trajectory, ground) for trajectory in trajectories]


def parts(experiment: Experiment, trajectory: Trajectory, ground: Ground) -> Figure:
    """Return the `names` of the arrows that make a step, and the ends `x`, `y` of the first, (k,).

    The first starts at a point of the path and the last ends at the next one, so of a single arrow
    there is no more to say.
    """
    end = drawn(trajectory, exit_of(experiment, trajectory, ground.box))
    path = trajectory.finite_path[:end]
    steps = len(path) - 1
    memory = OPTIMIZERS[trajectory.run.optimizer].memory_of(trajectory.run.hyper)
    remembered = None if memory is None else kept(trajectory)
    rest = np.diff(path, axis=0)
    ends: Figure = {}
    names = []
    if memory is not None and remembered is not None:
        remembered = np.nan_to_num(remembered[:steps])
        tips = coordinates(path[:-1] + remembered, ground.box, exact=True)
        ends = dict(zip("xy", tips, strict=True))
        rest = rest - remembered
        names.append(tr("{memory} kept", memory=tr(memory.name)))
    downhill = -trajectory.lr[:steps, None] * trajectory.gradient[:steps]
    # To the rounding of the positions that the step is the difference of.
    slack = 8 * np.finfo(float).eps * np.abs(path).max() + 1e-9 * np.abs(downhill).max(initial=0)
    if not np.allclose(rest, downhill, rtol=1e-6, atol=slack):
        names.append(tr("gradient's part") if ends else tr("step"))
    elif trajectory.run.weight_decay:
        names.append(
            tr("− rate × (gradient + decay)")
            if trajectory.unclipped is None
            else tr("− rate × (clipped gradient + decay)")
        )
    else:
        names.append(
            tr("− rate × gradient")
            if trajectory.unclipped is None
            else tr("− rate × clipped gradient")
        )
    return {**ends, "names": names}
