"""The samples of a surface made by data, and which of them are a batch, for the panel beside it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscape import Dataset, Objective
from landscape.language import msgid, number, tr
from optimizers import Experiment, Run
from optimizers.simulation.epochs import order
from views.scene.figures import Mark
from views.scene.payload import pack
from views.scene.scale import round_number
from views.theme import Theme

MOST_MOVED = 200  # samples of a data set of which each can be dragged
MOST_DRAWN = 2_000  # samples, of which more would be a blot
EXACT_SAMPLES = 2_000  # up to this many their numbers are sent as float32
MOST_ORDERED = 2**18  # samples in the orders that a page holds which cannot ask for more
# Epochs before those, and the samples in them, which are shuffled too: 0.2 s.
MOST_EPOCHS, MOST_PASSED = 5_000, 2**23
TOGETHER = 2**14  # samples in the orders of epochs that are asked for at once
ROOM = 0.08  # of a side, around the samples
TICKS = 4  # on an axis, about

# How samples lie in the panel: a curve through labels over their feature, a line between classes
# in the plane of two features, or what is fitted over the labels it should be equal to.
CURVE, CLASSES, PREDICTIONS = "curve", "classes", "predictions"
AXES = {
    CURVE: (msgid("feature"), msgid("label")),
    CLASSES: (msgid("first feature"), msgid("second feature")),
    PREDICTIONS: (msgid("label"), msgid("fit")),
}


def kind_of(objective: Objective) -> str:
    """Return how the samples of an objective lie in the panel."""
    samples = objective.surface.samples
    assert samples
    if samples.columns == 1:
        return CURVE
    return CLASSES if samples.classes else PREDICTIONS


def movable(objective: Objective) -> bool:
    """Tell whether samples can be dragged: few, each where its own numbers are."""
    data, features = objective.data, objective.features
    if data is None or len(data) > MOST_MOVED or kind_of(objective) == PREDICTIONS:
        return False
    return features is not None and np.array_equal(features, data.x)


def moved(objective: Objective, row: int, across: float, up: float) -> Dataset | None:
    """Return the samples of an objective with one of them moved to a place in the panel.

    None where it is not there or cannot be moved, or where there would be nothing left to fit.
    """
    data, samples = objective.data, objective.surface.samples
    if data is None or samples is None or not movable(objective) or not 0 <= row < len(data):
        return None
    features, labels = data.x.copy(), data.y.copy()
    features[row, 0] = across
    if kind_of(objective) == CLASSES:
        features[row, 1] = up
    else:
        labels[row] = up
    try:
        found = Dataset(features, labels)
        samples.check(objective.name, found)
    except ValueError:
        return None
    return found


def samples_of(objective: Objective, theme: Theme) -> dict[str, Any]:
    """Return the samples that make an objective, and how they are drawn."""
    data, features, samples = objective.data, objective.features, objective.surface.samples
    assert data is not None
    assert features is not None
    assert samples is not None
    kind = kind_of(objective)
    columns = list(features.T)
    across = data.y if kind == PREDICTIONS else columns[0]
    up = columns[1] if kind == CLASSES else data.y
    sides = [around(across), around(up)]
    best = objective.minimizers()
    exact = np.float32 if len(data) <= EXACT_SAMPLES else np.float64
    return {
        "kind": kind,
        "fit": samples.fit,
        "classes": samples.classes,
        "features": [column.astype(exact) for column in columns],
        "labels": data.y.astype(exact),
        "drawn": min(len(data), MOST_DRAWN),
        "movable": movable(objective),
        "sides": sides,
        "ticks": [ticks(side) for side in sides],
        "axes": [tr(name) for name in AXES[kind]],
        "best": [best[0].x, best[0].y] if best else None,
        "colours": {
            "ink": theme.text,
            "muted": theme.muted,
            "line": theme.line,
            "page": theme.page,
            "sample": theme.border,
        },
    }


def around(values: NDArray[np.float64]) -> list[float]:
    """Return the range of some values with a little room around them."""
    low, high = float(values.min()), float(values.max())
    room = ROOM * (high - low) or 1.0
    return [low - room, high + room]


def ticks(side: list[float]) -> list[tuple[float, str]]:
    """Return round values of an axis, and their texts."""
    low, high = side
    step = round_number((high - low) / TICKS)
    first, last = math.ceil(low / step), math.floor(high / step)
    return [(k * step, number(k * step, 6)) for k in range(first, last + 1)]


def batches(
    experiment: Experiment, marks: list[Mark], theme: Theme, arrows: bool = True
) -> dict[str, Any] | None:
    """Return which samples each update of a run takes; None where no samples make the surface.

    They are those of an order that is shuffled, or drawn, anew for every epoch. `orders` is the
    address of the orders of `together` epochs at a time, without the first of them, which is
    `farthest` at most; `arrows` tells whether gradients are drawn. A single batch has a colour of
    its own, among those of several runs that of its run.
    """
    if not experiment.objectives[0].count:
        return None
    one = len(experiment.runs) == 1
    return {
        "samples": experiment.samples,
        "together": together(experiment.samples),
        "farthest": farthest(experiment.samples),
        # They are those of whole samples.
        "arrows": arrows and not any(each.dropped for each in experiment.objectives),
        "runs": [
            {
                **cut(experiment, run),
                "colour": theme.runs[1] if one else mark.colour,
            }
            for run, mark in zip(experiment.runs, marks, strict=True)
        ],
    }


def together(samples: int) -> int:
    """Return how many epochs are asked for at once."""
    return max(1, TOGETHER // samples)


def farthest(samples: int) -> int:
    """Return the last epoch from which on orders are sent."""
    return min(MOST_EPOCHS, MOST_PASSED // samples)


def packed_orders(samples: int, seed: int, first: int, replacement: bool) -> bytes:
    """Return the orders of the epochs from `first` that are asked for at once."""
    rows = order(seed, samples, together(samples), first, replacement)
    key = f"samples={samples}&seed={seed}&first={first}{'&replacement=1' * replacement}"
    return pack({"key": key, "rows": rows.astype(np.float32)})


def all_orders(experiment: Experiment) -> list[bytes]:
    """Return the orders that the runs see, up to MOST_ORDERED samples in all, packed.

    They are for who cannot ask for them one by one.
    """
    if not experiment.objectives[0].count:
        return []
    step, wanted = together(experiment.samples), dict[tuple[int, int, bool], None]()
    for run in experiment.runs:
        plan = experiment.plan(run)
        epochs = -(-plan.steps // plan.epoch.updates) if plan.batched else 0
        wanted |= dict.fromkeys(
            (plan.seed, first, run.replacement) for first in range(0, epochs, step)
        )
    most = max(1, MOST_ORDERED // (step * experiment.samples))
    return [packed_orders(experiment.samples, *each) for each in [*wanted][:most]]


def cut(experiment: Experiment, run: Run) -> dict[str, Any]:
    """Return how a run cuts an epoch: its seed, batch size and updates, and how it draws."""
    plan = experiment.plan(run)
    return {
        "seed": plan.seed,
        "size": plan.batch_size,
        "updates": plan.epoch.updates,
        "replacement": run.replacement,
    }
