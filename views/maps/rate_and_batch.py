"""The map over the learning rate and the batch size on the page."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from landscape.language import msgid, tr, tr_n, whole
from landscape.language import number as written
from optimizers.maps import BatchGrid, Grid
from optimizers.maps.grids import BUDGETS, SAMPLES
from views.maps.base import RANGE, RUN, Map, Shown, free, of_one_run, rates_range, seeds_setting
from views.maps.grids import (
    HINT,
    MEASURE,
    Rows,
    best_words,
    clicked_batch,
    clicked_rate,
    draw_grid,
    line,
    rate_here,
)
from views.maps.rate_and_momentum import runs_of
from views.maps.reasons import ALL_EXACT, Lack, no_noise
from views.settings.runs import TOLERANCE
from views.settings.setting import OneOf, Setting
from views.theme import Theme

if TYPE_CHECKING:
    from views.settings.choice import Choice
    from views.settings.settings import Settings

BEST_RATE = msgid("best rate of each row")
BUDGET = Setting("map.budget", OneOf(BUDGETS), BUDGETS[0], msgid("Equal"), width=120)
SEEDS = seeds_setting("batch", 32, batches=True)


def ask(settings: Settings, choice: Choice) -> BatchGrid | Lack:
    """Return the map that is asked for."""
    picked = of_one_run(settings, RUN, choice)
    assert picked is not None
    if not choice.experiment.varies:
        return no_noise(settings, ALL_EXACT)
    return BatchGrid(
        *(picked, *rates_range(settings)),
        seeds=settings[SEEDS.id],
        budget=settings[BUDGET.id],
        tolerance=choice.tolerance,
        measure=settings[MEASURE.id],
    )


def rows_of(request: BatchGrid, result: Grid, theme: Theme) -> Rows:
    """Return the rows of the map, which lie at the logarithms of the batch sizes."""
    places = np.log10(result.others)
    apart = np.diff(places) if len(places) > 1 else np.ones(1)
    sizes = [int(size) for size in result.others.tolist()]
    marked = [*sizes[:-2:2], sizes[-1]]
    ridge = result.ridge()
    there = np.isfinite(ridge)
    _, here = request.here or (None, None)
    return Rows(
        name=tr("batch size"),
        places=places,
        texts=[whole(size) for size in sizes],
        axis={
            "tickvals": [math.log10(size) for size in marked],
            "ticktext": [whole(size) for size in marked],
            # The edges of the pixels: what lies beyond would look like runs that diverge.
            "range": [places[0] - apart[0] / 2, places[-1] + apart[-1] / 2],
        },
        lines=(line(BEST_RATE, np.log10(ridge[there]), places[there], theme),),
        here=(rate_here(request), math.log10(here or request.experiment.samples)),
    )


def draw(request: BatchGrid, result: Grid, choice: Choice, theme: Theme) -> Shown:
    """Return the map with the current setting and the best rate of every row."""
    rows, ridge = rows_of(request, result, theme), result.ridge()
    best = [
        tr("{rate} at batch size {size}", rate=written(float(ridge[k])), size=rows.texts[k])
        for k in (0, len(ridge) // 2, -1)
    ]
    told = tr("The best rate is {rates}.", rates=", ".join(best))
    words = best_words(request, result, rows, [told])
    return draw_grid(request, result, rows, theme, pixel(request, result), words)


def pixel(request: BatchGrid, result: Grid) -> str:
    """Return what one pixel is."""
    run, experiment = request.experiment.runs[0], request.experiment
    steps, sizes = result.steps.tolist(), [int(size) for size in result.others.tolist()]
    if request.budget == SAMPLES:
        budget = tr(
            "Each run sees {samples} samples, or one batch if that is more: {most} at batch"
            " {small}, {least} at batch {large}.",
            samples=whole(experiment.plan(run).steps * request.reference),
            most=tr_n("{count} update", "{count} updates", steps[0]),
            small=whole(sizes[0]),
            least=tr_n("{count} update", "{count} updates", steps[-1]),
            large=whole(sizes[-1]),
        )
        return f"{runs_of(request)} {budget}"
    if experiment.made_by_data:
        budget = tr(
            "Each run makes {steps} updates, so a large batch sees more samples.",
            steps=whole(steps[0]),
        )
        return f"{runs_of(request)} {budget}"
    noise = experiment.plan(replace(run, batch_size=sizes[0])).noise
    budget = tr(
        "Each run makes {steps} updates, so a large batch sees more samples. The noise of a batch"
        " of {size} is {noise}.",
        steps=whole(steps[0]),
        size=whole(sizes[0]),
        noise=written(noise),
    )
    return f"{runs_of(request)} {budget}"


def load(request: BatchGrid, result: Grid, choice: Choice, x: float, y: float) -> dict[str, Any]:
    """Return the settings that were clicked."""
    size = int(result.others[int(np.argmin(np.abs(np.log10(result.others) - y)))])
    return free(choice, {**clicked_rate(request, x), **clicked_batch(request, choice, size)})


MAP = Map(
    "Rate and batch size",
    (RUN, MEASURE, *RANGE, BUDGET, SEEDS, TOLERANCE),
    ask,
    draw,
    load,
    HINT,
    SEEDS,
    lambda experiment: experiment.varies,
    (msgid("learning rate"), msgid("batch size")),
)
