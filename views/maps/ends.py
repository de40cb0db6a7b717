"""Where many seeds of every run end, a sentence and a table, in the current language."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence

import numpy as np

from landscape.language import msgid, number, percent, tr, whole
from landscape.record import LOCAL_MINIMUM, LOWEST_KINDS
from optimizers import Experiment
from optimizers.maps import Spread
from optimizers.maps.basins import NOWHERE
from optimizers.maps.ensembles import wilson
from views.maps.basins import SPECIAL, name_of

SHARES = msgid("Shares of the runs whose end is nearest to each minimum.")
MOST_COLUMNS = 8  # of minima


def table(
    spread: Spread, labels: Sequence[str], loss_name: str
) -> tuple[list[str], list[list[str]]]:
    """Return the head, and of each run the median loss and the shares that end at each point."""
    ends = [
        [(end < 0, end, tr(SPECIAL[end][0]) if end < 0 else name_of(points[end])) for end in where]
        for where, points in zip(spread.where.tolist(), spread.points, strict=True)
    ]
    counts = Counter(itertools.chain(*ends))
    ordered = sorted(end for end, _ in counts.most_common(MOST_COLUMNS))
    names = list(dict.fromkeys(name for *_, name in ordered))
    rows = []
    for label, found, median in zip(labels, ends, spread.median[:, -1].tolist(), strict=True):
        count = Counter(name for *_, name in found)
        text = number(median) if np.isfinite(median) else tr("diverged")
        rows.append([label, text, *(percent(count[name] / len(found)) for name in names)])
    return [tr("Run"), tr("Median {loss_name}", loss_name=loss_name), *names], rows


def sentence(experiment: Experiment, spread: Spread, labels: Sequence[str]) -> str:
    """Return what the clouds of ends show: how many of the seeds end where, or how near.

    Where there are local minima they are the counts at a global one, with Wilson's interval;
    elsewhere the distances from the nearest minimizer within which half of the seeds end.
    """
    seeds = spread.end.shape[1]
    if any(point.kind == LOCAL_MINIMUM for point in itertools.chain(*spread.points)):
        counts = [arrived(spread, run) for run in range(len(labels))]
        bounds = (wilson(np.array(count / seeds), seeds) for count in counts)
        said = [
            tr(
                "{run}: {count} ({low} to {high})",
                run=label,
                count=whole(count),
                low=percent(float(low)),
                high=percent(float(high)),
            )
            for label, count, (low, high) in zip(labels, counts, bounds, strict=True)
        ]
        return tr(
            "So many of {seeds} seeds end nearest to a global minimum (95% interval): {runs}.",
            seeds=whole(seeds),
            runs="; ".join(said),
        )
    distances = [half(spread, run) for run in range(len(labels))]
    if None not in distances:
        return tr(
            "Half of {seeds} seeds end within this distance of a global minimum: {runs}.",
            seeds=whole(seeds),
            runs="; ".join(map(at_number, labels, distances)),
        )
    return tr(
        "Median loss of {seeds} seeds: {runs}.",
        seeds=whole(seeds),
        runs="; ".join(map(at_number, labels, spread.median[:, -1].tolist())),
    )


def more(spread: Spread, labels: Sequence[str]) -> str:
    """Return what else there is to say: what a dot is, and which seeds have diverged."""
    seeds = spread.end.shape[1]
    said = [
        tr(
            "Each dot is where one of {seeds} runs ends that differ in their noise only.",
            seeds=whole(seeds),
        )
    ]
    lost = {
        label: int((where == NOWHERE).sum())
        for label, where in zip(labels, spread.where, strict=True)
    }
    if any(lost.values()):
        told = "; ".join(f"{label}: {whole(count)}" for label, count in lost.items() if count)
        said.append(tr("Diverged: {runs}.", runs=told))
    return " ".join(said)


def at_number(label: str, value: float | None) -> str:
    """Return a run with its number."""
    if value is None or not np.isfinite(value):
        return f"{label}: {tr('diverged')}"
    return f"{label}: {number(value, 2)}"


def arrived(spread: Spread, run: int) -> int:
    """Return how many seeds of a run end nearest to a global minimum."""
    best = [i for i, point in enumerate(spread.points[run]) if point.kind in LOWEST_KINDS]
    return int(np.isin(spread.where[run], best).sum())


def half(spread: Spread, run: int) -> float | None:
    """Return the distance from the nearest minimizer within which half of the seeds end."""
    best = [(p.x, p.y) for p in spread.points[run] if p.kind in LOWEST_KINDS]
    if not best:
        return None
    away = np.hypot(*np.moveaxis(spread.end[run][:, None] - np.array(best), -1, 0)).min(axis=1)
    away[spread.where[run] == NOWHERE] = np.inf
    return float(np.sort(away)[(len(away) - 1) // 2])
