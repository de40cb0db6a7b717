"""What is drawn of one step: arrows from where it starts, and the contours of a local model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from landscape.language import tr
from optimizers.analysis.step import (
    CLIPPED_GRADIENT,
    GRADIENT,
    NOISY_GRADIENT,
    STEP,
    Model,
    Step,
    arrows,
)
from views.scene.figures import UNDER_HEAD, Figure, Ground, Mark, axis, levels, terrain, within
from views.theme import Theme

MODEL_GRID = 49  # points of the model's contour grid along each axis
DASHES = ("dot", "dash", "dashdot", "longdash")
ROOM = 1.3  # around the arrows
LEAST = 0.1  # of the frame, around a run that stands still
SHORTEST_ARROW = 0.004  # of the frame: a shorter arrow would be nothing but its head


@dataclass(frozen=True, eq=False)
class Look:
    """What is looked at: a run by its index, one of its steps, and a local model there."""

    run: int
    step: Step
    model: Model | None

    @property
    def order(self) -> int:
        """The order of the local model, 0 without one."""
        return 0 if self.model is None else 1 + bool(self.model.hessian.any())


def traces(
    step: Step, model: Model | None, panel: int, ground: Ground, mark: Mark, theme: Theme
) -> list[Figure]:
    """Return arrows and model as traces of the foreground's panel.

    The model's contours lie at the losses of the surface's own, so that the two can be compared.
    An arrow that is too short to see, or not finite, is left out.
    """
    where = {"xaxis": axis(panel, "x"), "yaxis": axis(panel, "y")}
    found = [] if model is None else [*contours(model, ground, mark, where)]
    sides = np.array([high - low for low, high in ground.box])
    x, y = step.theta.tolist()
    others = iter(DASHES)
    # Arrows that coincide share a label: "step = − rate × gradient". Not a number is not even where
    # it is itself.
    finite = [arrow for arrow in arrows(step) if np.isfinite(arrow.vector).all()]
    names: dict[tuple[float, ...], list[str]] = {}
    for arrow in reversed(finite):
        names.setdefault(tuple((arrow.vector / sides).round(3).tolist()), []).append(arrow.name)
    for arrow in finite:
        dx, dy = arrow.vector
        same = names[tuple((arrow.vector / sides).round(3).tolist())]
        label = " = ".join(map(written, same)) if arrow.name == same[0] else ""
        dash = "solid" if arrow.name in (STEP, GRADIENT) else next(others)
        size = float(np.max(np.abs(arrow.vector) / sides))
        if size < SHORTEST_ARROW:
            continue
        colour = mark.colour if arrow.name == STEP else theme.text
        found.append(
            {
                "type": "scatter",
                "mode": "lines+markers+text",
                "name": f"arrow-{arrow.name}",
                "x": [x, x + dx],
                "y": [y, y + dy],
                "line": {"color": colour, "width": 4 if arrow.name == STEP else 2, "dash": dash},
                "marker": {
                    "symbol": "arrow",
                    "angleref": "previous",
                    "size": [0, 16 if arrow.name == STEP else 12],
                    "color": colour,
                    "line": {"color": theme.page, "width": 1},
                },
                "text": ["", label],
                "textposition": f"{height(y, dy, ground)} {'right' if dx > 0 else 'left'}",
                "textfont": {"color": theme.text, "size": 14},
                **where,
            }
        )
    return found


def height(y: float, dy: float, ground: Ground) -> str:
    """Return where the name of an arrow stands at its tip: beyond it, if the axis is not there."""
    low, high = ground.box[1]
    edge = UNDER_HEAD * (high - low)
    if not low + edge < y + dy < high - edge:
        return "middle"
    return "top" if dy > 0 else "bottom"


def written(name: str) -> str:
    """Return what stands at the tip of the arrow of this name."""
    if name in (GRADIENT, NOISY_GRADIENT, CLIPPED_GRADIENT):
        return tr("− rate × {gradient}", gradient=tr(name))
    return tr(name)


def near(step: Step, ground: Ground) -> list[list[float]] | None:
    """Return the ranges of x and y that show a step's arrows well, of the frame's proportions.

    Beside a clipped gradient the arrows of the unclipped one, which may be far longer, are cut.
    There are none for a step that begins beyond the frame, where nothing is drawn.
    """
    if not within(step.theta[None], ground.box).all():
        return None
    sides = np.array([high - low for low, high in ground.box])
    long = (GRADIENT, NOISY_GRADIENT) if step.is_clipped else ()
    shown = [arrow.vector for arrow in arrows(step) if arrow.name not in long]
    tips = step.theta + np.array([(0.0, 0.0), *shown])
    tips = tips[np.isfinite(tips).all(axis=1)]
    low, high = tips.min(axis=0), tips.max(axis=0)
    share = min(float(np.max((high - low) / sides)) * ROOM, 1.0)
    half = (share or LEAST) * sides / 2
    found = []
    for x, h, (start, end) in zip(
        ((low + high) / 2).tolist(), half.tolist(), ground.box, strict=True
    ):
        # Beyond the frame nothing is drawn.
        middle = min(max(x, start + h), end - h)
        found.append([middle - h, middle + h])
    return found


def contours(model: Model, ground: Ground, mark: Mark, where: Figure) -> list[Figure]:
    """Return a model's contours over the frame and, where it has one, its level point."""
    heights, scale = terrain(ground)
    lines = levels(heights)
    low, high, size = lines["start"], lines["end"], lines["size"]
    x, y = (np.linspace(*side, MODEL_GRID) for side in ground.box)
    # Nothing is drawn beyond the scale, and its extremes would take the levels of what is within.
    z = np.clip(scale(model(*np.meshgrid(x, y))), low - size, high + size)
    found: list[Figure] = [
        {
            "type": "contour",
            "name": "model",
            "x0": x[0],
            "dx": x[1] - x[0],
            "y0": y[0],
            "dy": y[1] - y[0],
            "z": z,
            "autocontour": False,
            "contours": {**lines, "coloring": "none"},
            "line": {"width": 1.5, "color": mark.colour, "dash": "dash"},
            "showscale": False,
            "hoverinfo": "skip",
            **where,
        }
    ]
    if model.stationary is not None:
        found.append(
            {
                "type": "scatter",
                "mode": "markers+text",
                "name": "newton",
                "x": [float(model.stationary[0])],
                "y": [float(model.stationary[1])],
                "marker": {"symbol": "circle-open-dot", "size": 13, "color": mark.colour},
                "text": [tr("Newton's point")],
                "textposition": "bottom center",
                "textfont": {"size": 14},
                **where,
            }
        )
    return found
