"""The map over the learning rate and momentum on the page."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from landscape.language import msgid, tr, whole
from landscape.language import number as written
from optimizers.analysis.measures import largest_curvature, stability_limit
from optimizers.maps import Grid, MomentumGrid
from optimizers.maps.base import noisy
from optimizers.maps.grids import MOMENTUM_LIKE
from views.maps.base import RANGE, Map, Shown, free, of_one_run, rates_range, seeds_setting
from views.maps.grids import (
    HINT,
    MEASURE,
    Rows,
    best_words,
    clicked_rate,
    draw_grid,
    line,
    rate_here,
)
from views.maps.reasons import Lack, no_momentum
from views.settings.runs import TOLERANCE, run_setting
from views.settings.setting import OneOf, Setting
from views.theme import Theme

if TYPE_CHECKING:
    from views.settings.choice import Choice
    from views.settings.settings import Settings

LIMIT, POLYAK = msgid("limit of stability"), msgid("Polyak's optimum")
SIZE = Setting(
    "map.size", OneOf(("32", "64", "128", "256")), "128", msgid("Pixels a side"), width=120
)
ABLE = run_setting("momentum.run", msgid("Run"), 170, lambda rule: rule.name in MOMENTUM_LIKE)
SEEDS = seeds_setting("momentum", 9, 99)
TICKS = (0, 0.5, 0.9, 0.99, 0.999)


def ask(settings: Settings, choice: Choice) -> MomentumGrid | Lack:
    """Return the map that is asked for."""
    picked = of_one_run(settings, ABLE, choice)
    if picked is None:
        return no_momentum(settings)
    return MomentumGrid(
        *(picked, *rates_range(settings), int(settings[SIZE.id])),
        settings[SEEDS.id] if noisy(choice.experiment) else 1,
        tolerance=choice.tolerance,
        measure=settings[MEASURE.id],
    )


def place(momentum: Any) -> Any:
    """Return where a momentum lies: at the logarithm of its memory, 1 / (1 - momentum)."""
    return -np.log10(1 - np.asarray(momentum, dtype=float))


def rows_of(request: MomentumGrid, result: Grid, theme: Theme) -> Rows:
    """Return the rows of the map, with what theory has of them."""
    momenta = [momentum for momentum in TICKS if momentum <= request.most]
    return Rows(
        name=tr(request.hyper),
        places=place(result.others),
        texts=[written(value, 4) for value in result.others.tolist()],
        axis={
            "tickvals": place(momenta).tolist(),
            "ticktext": [written(momentum, 3) for momentum in momenta],
            "range": [0, float(place(request.most))],
        },
        lines=tuple(
            line(label, np.log10(xs), place(ys), theme) for label, xs, ys in theory(request, result)
        ),
        here=(rate_here(request), float(place((request.here or (0, 0))[1]))),
    )


def draw(request: MomentumGrid, result: Grid, choice: Choice, theme: Theme) -> Shown:
    """Return the map with the current setting and, where theory has them, its lines."""
    rows = rows_of(request, result, theme)
    polyak = [
        tr(
            "Polyak's optimum is rate {rate} at momentum {momentum}.",
            rate=written(float(rates[0])),
            momentum=written(float(momenta[0]), 3),
        )
        for label, rates, momenta in theory(request, result)
        if label == POLYAK
    ]
    words = best_words(request, result, rows, polyak)
    return draw_grid(request, result, rows, theme, pixel(request, result), words)


def theory(request: MomentumGrid, result: Grid) -> list[tuple[str, Any, Any]]:
    """Return the limit of stability and Polyak's optimum, on quadratics, as (name, rates, momenta).

    The first is that of every momentum over the largest curvature; the second, of the heavy ball,
    is the rate 4 / (sqrt(L) + sqrt(l))^2 at the momentum
    ((sqrt(L) - sqrt(l)) / (sqrt(L) + sqrt(l)))^2 (Polyak, 1964). Coupled weight decay adds to both
    curvatures, L and l.
    """
    experiment, run = request.experiment, request.experiment.runs[0]
    plan = experiment.plan(run)
    objective, rule = plan.objective, plan.rule
    if not objective.quadratic or isinstance(rule.edges, str):
        return []
    hxx, _, hyy = objective.hessian(0.0, 0.0)
    top = largest_curvature(objective, plan.coupled)
    bottom = float(hxx + hyy) + 2 * plan.coupled - top
    limits = [
        stability_limit(rule, {**run.hyper, request.hyper: float(m)}, top) for m in result.others
    ]
    found: list[tuple[str, Any, Any]] = [(LIMIT, np.array(limits), result.others)]
    if rule.heavy_ball:
        high, low = math.sqrt(top), math.sqrt(bottom)
        best = ((high - low) / (high + low)) ** 2
        if ball := rule.heavy_ball({**run.hyper, request.hyper: best}):
            rate = 4 / (high + low) ** 2 / ball[1]
            found.append((POLYAK, np.array([rate]), np.array([best])))
    return found


def pixel(request: MomentumGrid, result: Grid) -> str:
    """Return what one pixel is."""
    size = tr(
        "{steps} updates; {size} × {size} pixels.",
        steps=whole(int(result.steps[0])),
        size=request.size,
    )
    return f"{runs_of(request)} {size}"


def runs_of(request: Any) -> str:
    """Return which runs a pixel is made of."""
    optimizer = request.experiment.runs[0].optimizer
    if request.seeds == 1:
        return tr("Each pixel is one run of {optimizer}.", optimizer=optimizer)
    return tr(
        "Each pixel is the median of {seeds} runs of {optimizer}.",
        seeds=whole(request.seeds),
        optimizer=optimizer,
    )


def load(request: MomentumGrid, result: Grid, choice: Choice, x: float, y: float) -> dict[str, Any]:
    """Return the settings that were clicked."""
    momentum = min(max(float(f"{1 - 10**-y:.4g}"), 0.0), 0.999)
    name = f"{request.experiment.runs[0].optimizer}.{request.hyper}"
    return free(choice, {**clicked_rate(request, x), name: momentum})


MAP = Map(
    "Rate and momentum",
    (ABLE, MEASURE, *RANGE, SIZE, SEEDS, TOLERANCE),
    ask,
    draw,
    load,
    HINT,
    seeds=SEEDS,
    axes=(msgid("learning rate"), msgid("momentum")),
)
