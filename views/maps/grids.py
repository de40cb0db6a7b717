"""Maps over the learning rate and momentum, or the batch size, on the page."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from landscape.language import Message, msgid, percent, tr, tr_n, whole
from landscape.language import number as written
from optimizers import OPTIMIZERS
from optimizers.analysis.measures import largest_curvature, stability_limit
from optimizers.maps import BatchGrid, Grid, MomentumGrid
from optimizers.maps.base import noisy
from optimizers.maps.grids import BUDGETS, LOSS, MEASURES, MOMENTUM_LIKE, SAMPLES
from views.maps.base import (
    RANGE,
    RUN,
    Map,
    Shown,
    axis_layout,
    base_layout,
    decades,
    loss_name,
    of_one_run,
    power,
    rates_range,
    seeds_setting,
)
from views.maps.reasons import ALL_EXACT, NO_MOMENTUM
from views.scene.curves import GAP_FLOOR
from views.scene.figures import Figure
from views.scene.panel import Panel
from views.settings.noise import batch_text
from views.settings.runs import TOLERANCE, run_setting
from views.settings.setting import OneOf, Setting
from views.theme import Theme, even_scale

if TYPE_CHECKING:
    from views.settings.choice import Choice
    from views.settings.setting import Note
    from views.settings.settings import Settings

HERE_NAME = msgid("the lab's setting")
LIMIT, POLYAK = msgid("limit of stability"), msgid("Polyak's optimum")
BEST_RATE = msgid("best rate of each row")
MEASURE = Setting("map.measure", OneOf(MEASURES), MEASURES[0], msgid("Colour"), width=210)
SIZE = Setting(
    "map.size", OneOf(("32", "64", "128", "256")), "128", msgid("Pixels a side"), width=120
)
BUDGET = Setting("map.budget", OneOf(BUDGETS), BUDGETS[0], msgid("Equal"), width=120)
MOMENTUM_RUN = run_setting("momentum.run", msgid("Run"), 170, lambda r: r.name in MOMENTUM_LIKE)
MOMENTUM_SEEDS = seeds_setting("momentum", 9, 99)
BATCH_SEEDS = seeds_setting("batch", 32)


def ask_momentum(settings: Settings, choice: Choice) -> MomentumGrid | Note:
    """Return the map that is asked for."""
    picked = of_one_run(settings, MOMENTUM_RUN, choice)
    if picked is None:
        return NO_MOMENTUM
    return MomentumGrid(
        *(picked, *rates_range(settings), int(settings[SIZE.id])),
        settings[MOMENTUM_SEEDS.id] if noisy(choice.experiment) else 1,
        tolerance=choice.tolerance,
        measure=settings[MEASURE.id],
    )


def ask_batch(settings: Settings, choice: Choice) -> BatchGrid | Note:
    """Return the map that is asked for."""
    picked = of_one_run(settings, RUN, choice)
    assert picked is not None
    if choice.experiment.noise == 0:
        return ALL_EXACT
    return BatchGrid(
        *(picked, *rates_range(settings)),
        seeds=settings[BATCH_SEEDS.id],
        budget=settings[BUDGET.id],
        tolerance=choice.tolerance,
        measure=settings[MEASURE.id],
    )


def draw(request: Any, result: Grid, choice: Choice, theme: Theme) -> Shown:
    """Return the map with the current setting and, where theory has them, its lines."""
    momentum = isinstance(request, MomentumGrid)
    experiment = request.experiment
    bounded = experiment.objective.bounded
    measure = request.measure if bounded else LOSS
    values = result.gap if measure == LOSS else result.arrived
    finite = np.isfinite(values)
    with np.errstate(divide="ignore", invalid="ignore"):
        heights = np.log10(np.maximum(values, GAP_FLOOR if measure == LOSS else 1.0))
    if not bounded:
        heights = np.where(finite, values, np.nan)
    rates = result.rates
    # A momentum is drawn at the logarithm of its memory, 1 / (1 - momentum); so is a batch size.
    others = -np.log10(1 - result.others) if momentum else np.log10(result.others)
    ticks: list[int] = []
    if bounded and finite.any():
        low, high = float(heights[finite].min()), float(heights[finite].max())
        ticks = list(range(math.floor(low), math.ceil(high) + 1))
        ticks = ticks[:: max(1, len(ticks) // 6)]
    name = tr("momentum") if momentum else tr("batch size")
    data: list[Figure] = [
        {
            "type": "heatmap",
            "x": np.log10(rates).tolist(),
            "y": others.tolist(),
            "z": [
                [None if not ok else round(float(v), 4) for v, ok in zip(line, oks, strict=True)]
                for line, oks in zip(heights, finite, strict=True)
            ],
            "colorscale": even_scale(theme.ramp),
            "hoverongaps": False,
            "colorbar": {
                "title": {
                    "text": loss_name(experiment) if measure == LOSS else tr("updates"),
                    "side": "top",
                },
                "thickness": 12,
                "outlinewidth": 0,
                **({"tickvals": ticks, "ticktext": [power(t) for t in ticks]} if bounded else {}),
            },
            "hovertemplate": tr(
                "rate 10^{exponent}, {name} {value}",
                exponent="%{x:.2f}",
                name=name,
                value="%{customdata}",
            )
            + "<extra></extra>",
            "customdata": [[written(v, 4)] * len(rates) for v in result.others.tolist()],
        }
    ]
    if momentum:
        lines = [
            line(label, np.log10(xs), -np.log10(1 - ys), theme)
            for label, xs, ys in theory(request, result)
        ]
    else:
        ridge = result.ridge()
        ok = np.isfinite(ridge)
        lines = [line(BEST_RATE, np.log10(ridge[ok]), others[ok], theme)]
    data += lines
    now = here(request, momentum)
    data.append(
        {
            "type": "scatter",
            "mode": "markers",
            "name": tr(HERE_NAME),
            "x": [now[0]],
            "y": [now[1]],
            "marker": {
                "symbol": "circle",
                "size": 13,
                "color": theme.runs[0],
                "line": {"color": "#ffffff", "width": 2},
            },
            "hoverinfo": "name",
        }
    )
    layout = {**base_layout(theme), "plot_bgcolor": theme.diverged}
    layout["margin"] = {**layout["margin"], "r": 90}
    ticks_of_rates = decades(request.low, request.high)
    layout["xaxis"] = axis_layout(
        theme,
        tr("learning rate"),
        tickvals=np.log10(ticks_of_rates["tickvals"]).tolist(),
        ticktext=ticks_of_rates["ticktext"],
        range=[math.log10(request.low), math.log10(request.high)],
    )
    if momentum:
        momenta = [m for m in (0, 0.5, 0.9, 0.99, 0.999) if m <= request.most]
        layout["yaxis"] = axis_layout(
            theme,
            tr(request.hyper),
            tickvals=[-math.log10(1 - m) for m in momenta],
            ticktext=[written(m, 3) for m in momenta],
            range=[0, -math.log10(1 - request.most)],
        )
    else:
        apart = np.diff(others) if len(others) > 1 else np.ones(1)
        sizes = result.others.tolist()
        sizes = [*sizes[:-2:2], sizes[-1]]
        layout["yaxis"] = axis_layout(
            theme,
            name,
            tickvals=[math.log10(b) for b in sizes],
            ticktext=[whole(b) for b in sizes],
            # The edges of the pixels: what lies beyond would look like runs that diverge.
            range=[others[0] - apart[0] / 2, others[-1] + apart[-1] / 2],
        )
    label = tr("{measure} against learning rate and {name}", measure=tr(measure), name=name)
    none = tr("diverges") if measure == LOSS else tr("never below the tolerance")
    legend = (
        *((trace["name"], theme.runs[1]) for trace in lines),
        (tr(HERE_NAME), theme.runs[0]),
        *(((none, theme.diverged),) if not finite.all() else ()),
    )
    return Shown(
        (Panel({"data": data, "layout": layout}, label, 0.62, legend=legend),),
        pixel(request, result, momentum),
        words(request, result, momentum, measure),
    )


def line(label: Message, x: Any, y: Any, theme: Theme) -> Figure:
    """Return a line over the map, or the one point that it is."""
    return {
        "type": "scatter",
        "mode": "lines" if len(x) > 1 else "markers",
        "name": tr(label),
        "x": x.tolist(),
        "y": y.tolist(),
        "line": {"color": theme.runs[1], "width": 3},
        "marker": {
            "symbol": "star",
            "size": 15,
            "color": theme.runs[1],
            "line": {"color": "#000000", "width": 1},
        },
        "hoverinfo": "name",
    }


def here(request: Any, momentum: bool) -> tuple[float, float]:
    """Return where the lab's setting lies on the map."""
    experiment, run = request.experiment, request.experiment.runs[0]
    rate = OPTIMIZERS[run.optimizer].default_rate(experiment.objective.surface)
    lr, other = request.here
    x = math.log10(max(rate if lr is None else lr, 1e-12))
    if momentum:
        return x, -math.log10(1 - other)
    return x, math.log10(other or experiment.samples)


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
        _, share = rule.heavy_ball({**run.hyper, request.hyper: best})
        rate = 4 / (high + low) ** 2 / share
        found.append((POLYAK, np.array([rate]), np.array([best])))
    return found


def pixel(request: Any, result: Grid, momentum: bool) -> str:
    """Return what one pixel is."""
    run, experiment = request.experiment.runs[0], request.experiment
    if request.seeds == 1:
        runs = tr("Each pixel is one run of {optimizer}.", optimizer=run.optimizer)
    else:
        runs = tr(
            "Each pixel is the median of {seeds} runs of {optimizer}.",
            seeds=whole(request.seeds),
            optimizer=run.optimizer,
        )
    steps, sizes = result.steps.tolist(), [int(size) for size in result.others.tolist()]
    if momentum:
        size = tr(
            "{steps} updates; {size} × {size} pixels.",
            steps=whole(steps[0]),
            size=request.size,
        )
        return f"{runs} {size}"
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
        return f"{runs} {budget}"
    noise = experiment.plan(replace(run, batch_size=sizes[0])).noise
    budget = tr(
        "Each run makes {steps} updates, so a large batch sees more samples. The noise of a batch"
        " of {size} is {noise}.",
        steps=whole(steps[0]),
        size=whole(sizes[0]),
        noise=written(noise),
    )
    return f"{runs} {budget}"


def words(request: Any, result: Grid, momentum: bool, measure: str) -> str:
    """Return the best pixel and what the lines say."""
    if not np.isfinite(result.gap).any():
        return tr("Every run diverges.")
    values = result.gap if measure == LOSS else result.arrived
    if not np.isfinite(values).any():
        return tr(
            "No run comes below the tolerance of {tolerance}.",
            tolerance=written(request.tolerance, 6),
        )
    j, i = np.unravel_index(int(np.argmin(values)), values.shape)
    other = float(result.others[j])
    loss = written(float(values[j, i]))
    parts = [
        tr(
            "Best pixel: rate {rate}, {name} {value}: {result}.",
            rate=written(float(result.rates[i])),
            name=tr(request.hyper) if momentum else tr("batch size"),
            value=written(other, 4) if momentum else whole(int(other)),
            result=f"{loss_name(request.experiment)} {loss}"
            if measure == LOSS
            else tr_n("{count} update", "{count} updates", round(float(values[j, i]))),
        ),
        tr(
            "{share} of the pixels diverge.",
            share=percent(float(np.mean(~np.isfinite(result.gap)))),
        ),
    ]
    if momentum:
        parts += [
            tr(
                "Polyak's optimum is rate {rate} at momentum {momentum}.",
                rate=written(float(rates[0])),
                momentum=written(float(momenta[0]), 3),
            )
            for label, rates, momenta in theory(request, result)
            if label == POLYAK
        ]
        return " ".join(parts)
    ridge, sizes = result.ridge(), result.others
    best = [
        tr(
            "{rate} at batch size {size}",
            rate=written(float(ridge[k])),
            size=whole(int(sizes[k])),
        )
        for k in (0, len(sizes) // 2, -1)
    ]
    return " ".join([*parts, tr("The best rate is {rates}.", rates=", ".join(best))])


def load(request: Any, result: Grid, choice: Choice, x: float, y: float) -> dict[str, Any]:
    """Return the settings that were clicked."""
    experiment, run = request.experiment, request.experiment.runs[0]
    found: dict[str, Any] = {f"{experiment.surface}.{run.optimizer}.lr": float(f"{10**x:.3g}")}
    if isinstance(request, MomentumGrid):
        momentum = float(f"{1 - 10**-y:.4g}")
        found[f"{run.optimizer}.{request.hyper}"] = min(max(momentum, 0.0), 0.999)
    else:
        size = int(result.others[int(np.argmin(np.abs(np.log10(result.others) - y)))])
        found["batch"] = batch_text(None if size == experiment.samples else size)
    return {id: value for id, value in found.items() if not choice.replaces(id)}


HINT = msgid("Click to use this setting in the lab.")
MOMENTUM = Map(
    "Rate and momentum",
    (MOMENTUM_RUN, MEASURE, *RANGE, SIZE, MOMENTUM_SEEDS, TOLERANCE),
    ask_momentum,
    draw,
    load,
    HINT,
    seeds=MOMENTUM_SEEDS,
)
BATCH = Map(
    "Rate and batch size",
    (RUN, MEASURE, *RANGE, BUDGET, BATCH_SEEDS, TOLERANCE),
    ask_batch,
    draw,
    load,
    HINT,
    BATCH_SEEDS,
    lambda experiment: experiment.noise > 0,
)
