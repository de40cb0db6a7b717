"""A scene: what the player reads, from an experiment's trajectories; its ground stands apart."""

from __future__ import annotations

import functools
import hashlib
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from landscape.language import current, language, msgid, number_marks, script_texts, tr
from optimizers import Averaged, Experiment, Trajectory, averaged, before_looking_ahead
from optimizers.analysis.lookahead import Points
from optimizers.maps import Spread
from views.scene import clouds, curves, figures, local, samples, space
from views.scene.beside import Beside, beside, meanings
from views.scene.figures import OVERLAY, PLAIN, PLANE, SIDE_BY_SIDE, SPACE, Extras, Ground, Mark
from views.scene.frames import serves
from views.scene.local import Look
from views.scene.payload import pack
from views.theme import KEYS, Theme

# The clock, by the unit it counts in.
COUNTS = {
    "updates": msgid("update {here} of {end}"),
    "epochs": msgid("epoch {here} of {end}"),
    "samples": msgid("sample {here} of {end}"),
}


# Height over width of a panel, by the number of panels beside each other on a wide page.
SHAPES = {1: 0.5, 2: 0.58, 3: 0.75, 4: 0.95}
# Of panels with the ends of many seeds, which are of equal scales: they fill a laptop's window.
SHAPES_OF_ENDS = {1: 0.45, 2: 0.5, 3: 0.75, 4: 0.95}
# Beside a lesson's words panels are narrower, and there is room for taller ones; four stand in two
# rows.
SHAPES_BESIDE_WORDS = {1: 0.55, 2: 0.85, 3: 1.2, 4: 0.62}
# What the picture is called to who cannot see it.
IN_SPACE = msgid("{surface} in 3-D: {runs}")
ON_CONTOURS = msgid("Contours of {surface}, with the paths of {runs}")
ENDS_ON_CONTOURS = msgid("Contours of {surface}, with the ends of {seeds} seeds of {runs}")
AND_BESIDE = msgid("{picture}; beside them {lines}")
DEEP = 0.5  # depth over width of the surface in 3-D


def digest(*parts: Any) -> str:
    """Return a short hash of anything whose repr says all of it."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


def ground_id(ground: Ground, view: str, runs: int, theme: Theme) -> str:
    """Return the name by which a scene asks for its ground."""
    return digest(ground, view, runs if view == SIDE_BY_SIDE else 1, theme.name, current())


def ground(ground: Ground, view: str, runs: int, theme: Theme) -> dict[str, Any]:
    """Return what stays while only runs change: the surface's picture and where its panels lie."""
    (x0, x1), (y0, y1) = ground.box
    share = figures.RAISED if view == SPACE else PLANE
    common = {
        "id": ground_id(ground, view, runs, theme),
        "surface": ground.objective.name,
        "space": view == SPACE,
        "scales": [
            asdict(figures.terrain(ground.of_panel(panel), share)[1])
            for panel in range(len(ground.objectives))
        ],
        "samples": [samples.samples_of(each, theme) for each in ground.objectives if each.count],
    }
    if view == SPACE:
        sizes = {"aspect": 0.8, "tallest": 560, "lowest": 260, "widest": 2.4}
        return {**common, **sizes, "back": space.background(ground, theme)}
    panels = runs if view == SIDE_BY_SIDE else 1
    return {
        **common,
        "aspect": min(1.0, (y1 - y0) / (x1 - x0)),
        "tallest": 560,
        "lowest": 150,
        "widest": 1.8,  # of the width at equal scales
        "highest": 1.3,  # of the height at equal scales
        "arrangements": arrangements(panels),
        "back": figures.background(ground, panels, theme),
    }


@dataclass(frozen=True, eq=False)
class Drawing:
    """What is drawn of an experiment, on any ground: the runs in a view, and a curve under it.

    A `story` is the name of a preset, which is shown from its end. With a `spread` of many seeds,
    places and ends of these are shown instead of the paths. `beside_words` it stands in a lesson.
    """

    experiment: Experiment
    trajectories: list[Trajectory]
    marks: list[Mark]
    view: str
    theme: Theme
    curve: str = "Loss"
    unit: str = "updates"
    story: str = ""
    look: Look | None = None
    extras: Extras = PLAIN
    spread: Spread | None = None
    beside_words: bool = False

    @functools.cached_property
    def averages(self) -> tuple[Averaged, ...]:
        """The average of each run's iterates, none where none is asked for or seeds are shown."""
        average = self.extras.average
        if average is None or self.spread is not None:
            return ()
        return tuple(averaged(trajectory, average) for trajectory in self.trajectories)

    @functools.cached_property
    def points(self) -> tuple[Points | None, ...]:
        """Sutskever's points of each run that has them, none where they are not asked for."""
        if not self.extras.sutskever or self.spread is not None:
            return ()
        return tuple(map(before_looking_ahead, self.trajectories))

    @functools.cached_property
    def beside(self) -> tuple[Beside, ...]:
        """What is drawn beside the paths of runs."""
        return beside(self.averages, self.points)

    def id(self) -> str:
        """Return a name for all of it: trajectories and spread follow from the experiment."""
        look = self.look and (self.look.run, self.look.step.k, self.look.order)
        return digest(
            *(self.experiment, self.marks, self.view, self.theme.name, self.curve, self.unit),
            *(self.story, look, self.extras, self.spread and self.spread.end.shape, current()),
        )

    def fitting(self, shown: Ground | None = None) -> Ground:
        """Return the ground that fits the runs, in the frame of the one `shown` if that serves."""
        shapes = SHAPES_BESIDE_WORDS if self.beside_words else SHAPES
        return ground_of(self.experiment, self.trajectories, self.view, shown, self.spread, shapes)

    def on(self, surface: Ground) -> str:
        """Return the name by which a scene on this ground asks for it."""
        return ground_id(surface, self.view, len(self.trajectories), self.theme)


def scene(drawing: Drawing, surface: Ground | None = None) -> dict[str, Any]:
    """Return what changes with every setting: the clock, the paths and the curves.

    They are drawn over `surface`, by default the ground that fits the runs.

    A tick of the clock is one update of the run whose updates are the smallest in the chosen unit;
    `pace` is the share of an update each run makes in a tick, `tick` the units in one tick.
    """
    surface = surface or drawing.fitting()
    experiment, trajectories = drawing.experiment, drawing.trajectories
    marks, unit = drawing.marks, drawing.unit
    each = [curves.per_update(experiment, t.run, unit) for t in trajectories]
    tick = min(each)
    if drawing.spread is None:
        updates = [len(trajectory.lr) for trajectory in trajectories]
        shown = of_paths(drawing, surface)
        if shown["look"]:
            shown["look"]["tick"] = shown["look"]["id"][1] * each[shown["look"]["id"][0]] / tick
    else:
        updates = [experiment.plan(run).steps for run in experiment.runs]
        shown = of_ends(drawing, surface, drawing.spread)
    ends = [count * x / tick for count, x in zip(updates, each, strict=True)]
    return {
        "id": drawing.id(),
        "ground": drawing.on(surface),
        "story": drawing.story,
        "page": drawing.theme.page,
        "steps": max(1, *map(math.ceil, ends)),
        "pace": [tick / x for x in each],
        "tick": tick,
        "count": tr(COUNTS[unit]),
        "texts": script_texts(),
        "labels": [mark.label for mark in marks],
        "keys": [[KEYS[mark.symbol], mark.colour] for mark in marks],
        "marks": number_marks(),
        "lossHeight": 240,
        **shown,
    }


def of_paths(drawing: Drawing, surface: Ground) -> dict[str, Any]:
    """Return what of a scene shows the path of each run, with the step that is looked at."""
    experiment, trajectories, marks = drawing.experiment, drawing.trajectories, drawing.marks
    view, theme, curve = drawing.view, drawing.theme, drawing.curve
    look, extras = drawing.look, drawing.extras
    beside, of_loss = drawing.beside, curve == next(iter(curves.CURVES))
    if of_loss:
        heights = curves.loss(experiment, trajectories, beside)
    else:
        heights = curves.CURVES[curve](experiment, trajectories)
    runs: list[dict[str, Any]] = []
    seen: dict[str, Any] | None = None
    if view == SPACE:
        front, runs = space.foreground(
            experiment, trajectories, marks, theme, surface, extras, beside
        )
    else:
        front = figures.foreground(
            experiment, trajectories, marks, view == OVERLAY, theme, surface, extras, beside
        )
    if look and view != SPACE:
        panel = 0 if view == OVERLAY else look.run
        ground, mark = surface.of_panel(panel), marks[look.run]
        front["data"] += local.traces(look.step, look.model, panel, ground, mark, theme)
        seen = {"id": [look.run, look.step.k], "near": local.near(look.step, surface)}
    updates = [len(trajectory.lr) for trajectory in trajectories]
    loss = curves.drawn(experiment, updates, marks, theme, heights, drawing.unit, extras.future)
    arrows = extras.arrows and view != SPACE
    return {
        "look": seen,
        "front": front,
        "runs": runs,
        "beside": [{"run": each.run, "first": each.first} for each in beside],
        "clouds": [],
        "batches": samples.batches(experiment, marks, theme, arrows),
        "arrows": figures.arrows(experiment, trajectories, surface) if arrows else [],
        "readings": curves.readings(experiment, trajectories, heights if of_loss else None, beside),
        "loss": loss,
        "ends": curves.texts_of_ends(heights),
        "label": label(drawing),
    }


def label(drawing: Drawing) -> str:
    """Return what a picture of paths is called to who cannot see it."""
    names = {
        "surface": tr(drawing.experiment.surface),
        "runs": ", ".join(mark.label for mark in drawing.marks),
    }
    name = tr(IN_SPACE if drawing.view == SPACE else ON_CONTOURS, **names)
    if not drawing.beside:
        return name
    return tr(AND_BESIDE, picture=name, lines=", ".join(meanings(drawing.beside)))


def of_ends(drawing: Drawing, surface: Ground, spread: Spread) -> dict[str, Any]:
    """Return what of a scene shows where many seeds of each run are; curves are their medians.

    Those of other measures than the loss are of the first seed, whose trajectories the drawing has.
    """
    experiment, marks, theme = drawing.experiment, drawing.marks, drawing.theme
    curve, unit = drawing.curve, drawing.unit
    seeds = spread.end.shape[1]
    heights, bands = clouds.medians(experiment, spread)
    readings = clouds.readings(experiment, heights)
    if curve != next(iter(curves.CURVES)):
        heights, bands = curves.CURVES[curve](experiment, drawing.trajectories), []
    updates = [experiment.plan(run).steps for run in experiment.runs]
    loss = curves.drawn(experiment, updates, marks, theme, heights, unit)
    for run, (mark, area) in enumerate(zip(marks, bands, strict=False)):
        x = area["x"] * curves.per_update(experiment, experiment.runs[run], unit)
        loss["data"].append({**area, "x": x, "fillcolor": mark.colour, "opacity": 0.2})
    front, moves = clouds.foreground(
        experiment, spread, marks, drawing.view == OVERLAY, theme, surface
    )
    return {
        "look": None,
        "front": front,
        "runs": [],
        "beside": [],
        "clouds": moves,
        "batches": None,
        "arrows": [],
        "readings": readings,
        "loss": loss,
        "ends": curves.texts_of_ends(heights),
        "label": tr(
            ENDS_ON_CONTOURS,
            surface=tr(experiment.surface),
            seeds=str(seeds),
            runs=", ".join(mark.label for mark in marks),
        ),
    }


def packed(drawing: Drawing) -> tuple[bytes, bytes]:
    """Return ground and scene as the player reads them."""
    surface, runs = drawing.fitting(), len(drawing.trajectories)
    ground = packed_ground(surface, drawing.view, runs, drawing.theme, current())
    return ground, pack(scene(drawing, surface))


@functools.lru_cache(maxsize=64)
def packed_ground(surface: Ground, view: str, runs: int, theme: Theme, code: str) -> bytes:
    with language(code):
        return pack(ground(surface, view, runs, theme))


def ground_of(
    experiment: Experiment,
    trajectories: list[Trajectory],
    view: str,
    shown: Ground | None = None,
    spread: Spread | None = None,
    shapes: Mapping[int, float] = SHAPES,
) -> Ground:
    """Return the ground that fits the runs, or the ends of many seeds, as a view's panels have it.

    The frame of the ground `shown` before stays as long as it serves: while a slider is dragged the
    picture stands still, and only paths are drawn anew.
    """
    across = columns(len(experiment.runs) if view == SIDE_BY_SIDE else 1)
    shape = DEEP if view == SPACE else shapes[across]
    if spread is None:
        fresh = Ground.under(experiment, trajectories, shape)
    else:
        shape = min(SHAPES_OF_ENDS[across], shape)
        fresh = Ground(experiment.objectives, clouds.frame_of_ends(experiment, spread, shape))
    if shown and shown.objective.name == fresh.objective.name and serves(shown.box, fresh.box):
        return replace(fresh, box=shown.box)
    return fresh


def arrangements(panels: int) -> list[dict[str, Any]]:
    """Return how the panels lie in a page narrower than `below` pixels, narrowest first.

    Three stand beside each other wherever two of them would leave a quarter of the picture empty.
    """
    narrow = 1 if panels <= 2 else 2  # on a phone, whose window holds two rows and the curve
    middle = 2 if panels in (2, 4) else min(panels, 3)
    choices = [(520, narrow), (900, middle), (math.inf, columns(panels))]
    return [
        {"below": min(below, 1e9), **figures.arrangement(panels, count)} for below, count in choices
    ]


def columns(panels: int) -> int:
    """Return the columns on a wide page: one row up to four panels, then three columns."""
    return panels if panels <= 4 else 3
