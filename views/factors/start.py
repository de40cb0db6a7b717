"""Starts of one optimizer."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import replace

from landscape import SURFACES, Surface
from landscape.language import msgid
from views.settings.factor import Factor
from views.settings.formulas import near_start
from views.settings.numbers import exact, told_apart
from views.settings.setting import Note, PointList, Setting

LABEL = msgid("start ({x}, {y})")


def starts_to_compare(surface: Surface) -> str:
    """Return four starts as text: the surface's, its mirror images, and the frame's quarters."""
    (x0, x1), (y0, y1) = surface.domain
    x, y = surface.start
    mirrored = itertools.product((x, x0 + x1 - x), (y, y0 + y1 - y))
    quarters = itertools.product(
        (x0 + (x1 - x0) / 4, x1 - (x1 - x0) / 4), (y0 + (y1 - y0) / 4, y1 - (y1 - y0) / 4)
    )
    texts = dict.fromkeys(f"{a:g} {b:g}" for a, b in (*mirrored, *quarters))
    return "; ".join(list(texts)[:4])


def point_list(points: Iterable[tuple[float, float]]) -> str:
    """Return points as the text of the setting."""
    return "; ".join(f"{exact(x)} {exact(y)}" for x, y in points)


def texts_of(points: Sequence[tuple[float, float]]) -> list[tuple[str, str]]:
    """Return the coordinates of points as texts, of which no two points have the same."""
    texts = told_apart([value for point in points for value in point])
    return list(zip(texts[::2], texts[1::2], strict=True))


FACTOR = Factor(
    name="Start",
    label="Start",
    place=6,
    settings=tuple(
        Setting(
            f"{surface.name}.starts",
            PointList(surface),
            starts_to_compare(surface),
            msgid("Starts to compare"),
            msgid("Points x y, separated by semicolons. A click on a panel moves its start."),
        )
        for surface in SURFACES.values()
    ),
    setting=lambda settings: f"{settings['surface']}.starts",
    vary=lambda run, value, settings: replace(run, start=near_start(settings, value)),
    names_of=lambda values: [f"start ({x}, {y})" for x, y in texts_of(values)],
    labels_of=lambda values: [Note(LABEL, {"x": x, "y": y}) for x, y in texts_of(values)],
    replaces=lambda surface, rule: (f"{surface}.x", f"{surface}.y"),
    defaults=lambda experiment: {
        f"{experiment.surface}.starts": point_list(
            experiment.plan(run).start for run in experiment.runs
        )
    },
)
