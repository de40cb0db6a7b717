"""Run by run on demand, under the player: what happened, how it was measured, code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from landscape.language import msgid, percent, tr, tr_n, whole
from landscape.language import number as written
from optimizers import Experiment, Trajectory
from optimizers.analysis.listing import plain_python, pytorch
from optimizers.analysis.measures import (
    MONOTONE,
    NO_THEORY,
    SWINGS,
    UNSTABLE,
    ZIGZAG,
    Progress,
    Stability,
    progress,
    stability,
    zigzag,
)
from optimizers.analysis.statements import render
from optimizers.analysis.words import of_run
from views.report.results import said
from views.settings.choice import Choice
from views.settings.session import write_link
from views.settings.settings import Settings
from views.settings.widgets import draw

LISTINGS = {msgid("Plain Python"): plain_python, "PyTorch": pytorch}


RUNS = msgid("Run by run: what happened, and how it was measured")
CODE = msgid("Code for this run")


def drawer(label: str) -> Any:
    """Return an expander whose content need be drawn only while it is `open`."""
    return st.expander(tr(label), key=f"drawer {label}", on_change=write_link)


def opened() -> Any:
    """Return the drawer of what each run did."""
    return drawer(RUNS)


def listing_opened() -> Any:
    """Return the drawer of the code that repeats a run."""
    return drawer(CODE)


def details(
    opened: Any, settings: Settings, choice: Choice, trajectories: list[Trajectory]
) -> None:
    """Draw what each run did, and the numbers that say so, if its drawer is open."""
    if not opened.open:
        return
    experiment, labels = choice.experiment, choice.labels
    with opened:
        draw(settings, "tolerance")
        runs = zip(trajectories, labels, strict=True)
        st.markdown("\n".join(f"- {said(of_run(experiment, t, label))}" for t, label in runs))
        st.markdown(measures(experiment, labels, trajectories, choice.tolerance))
        st.markdown(notes(experiment, labels, trajectories))


def listing(opened: Any, choice: Choice) -> None:
    """Draw the code that repeats a run, if its drawer is open."""
    if opened.open:
        with opened:
            code(choice)


def measures(
    experiment: Experiment,
    labels: Sequence[str],
    trajectories: Sequence[Trajectory],
    tolerance: float,
) -> str:
    """Return how each run moved, as a Markdown table."""
    heads = [
        *(tr("Run"), tr("Changes of side"), tr("Mean turn"), tr("Path / straight line")),
        tr("Excess loss below {tolerance} after", tolerance=written(tolerance, 6)),
        *(tr("Rate × curvature"), tr("Limit")),
    ]
    rows = [f"| {' | '.join(heads)} |", "|:--|--:|--:|--:|:--|:--|--:|"]
    for label, trajectory in zip(labels, trajectories, strict=True):
        turns = zigzag(experiment, trajectory)
        edge = stability(experiment, trajectory)
        cells = [
            label,
            tr("{part} of {count}", part=whole(turns.flips), count=whole(turns.turns)),
            "" if turns.turn_angle is None else f"{written(round(turns.turn_angle, 1), 4)}°",
            "" if turns.path_ratio is None else written(turns.path_ratio, 3),
            arrival(progress(experiment, trajectory, tolerance), float(trajectory.loss[-1])),
            zones(edge),
            tr(NO_THEORY) if edge.limit is None else written(edge.limit, 3),
        ]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def arrival(reached: Progress, last: float) -> str:
    """Return what it took a run, whose loss is in the end `last`, to come within the tolerance."""
    if reached.reason:
        return render(reached.reason)
    if reached.updates is None:
        gap = last if np.isnan(last) else reached.gap or 0.0
        return tr("not reached, excess loss {loss}", loss=written(gap))
    updates = tr_n("{count} update", "{count} updates", reached.updates)
    samples = tr_n("{count} sample", "{count} samples", round(reached.samples or 0))
    return f"{updates}, {samples}"


COLOURS = {MONOTONE: "green", SWINGS: "green", ZIGZAG: "orange", UNSTABLE: "red"}


def zones(edge: Stability) -> str:
    """Return the share of a run's updates in each zone of stability, coloured."""
    if edge.limit is None:
        return tr(NO_THEORY)
    names, counts = np.unique(edge.zones, return_counts=True)
    order = sorted(zip(counts.tolist(), names.tolist(), strict=True), reverse=True)
    total = sum(counts.tolist()) or 1
    return ", ".join(
        f":{COLOURS[name]}[{tr(name)} {percent(count / total)}]"
        if name in COLOURS
        else f"{tr(name)} {percent(count / total)}"
        for count, name in order
    )


def notes(experiment: Experiment, labels: Sequence[str], trajectories: Sequence[Trajectory]) -> str:
    """Return what the numbers mean, why some are missing, and the accounting of samples."""
    lines = [
        tr(
            "Steps that are too short to see do not count as turns. Rate × curvature is the"
            " learning rate times the largest curvature where the run is: without momentum, a run"
            " below 1 comes down on one side, from 1 to 2 it zigzags, above 2 it grows."
        )
    ]
    reasons = {r for t in trajectories if (r := stability(experiment, t).reason)}
    lines += sorted(map(render, reasons))
    plans = map(experiment.plan, (t.run for t in trajectories))
    cuts = {(plan.run.batch_size, plan.batches): plan.epoch for plan in plans}
    for (size, batches), epoch in cuts.items():
        if not experiment.varies and epoch.updates == 1:
            continue  # samples that nothing uses
        many = f"{batches} × " if batches > 1 else ""
        lines.append(
            tr_n(
                "N = {samples} samples, {batch}: {count} update per epoch.",
                "N = {samples} samples, {batch}: {count} updates per epoch.",
                epoch.updates,
                samples=whole(experiment.samples),
                batch=tr("the full batch") if size is None else f"B = {many}{whole(size)}",
            )
        )
        if epoch.last != epoch.batch_size:
            rest = tr_n(
                "The last batch of an epoch has {count} sample.",
                "The last batch of an epoch has {count} samples.",
                epoch.last,
            )
            if batches > 1:
                rest = tr_n(
                    "The last update of an epoch sees {count} sample.",
                    "The last update of an epoch sees {count} samples.",
                    epoch.last,
                )
            lines[-1] = f"{lines[-1]} {rest}"
    if any(t.run.warmup >= experiment.plan(t.run).steps for t in trajectories):
        lines.append(tr("A warm-up as long as its run never reaches the rate that is set."))
    return "  \n".join(lines)


def code(choice: Choice) -> None:
    """Draw the code of one run, chosen with its language."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        label = st.selectbox(
            tr("Run"),
            choice.labels,
            key="code of",
            placeholder=tr("Choose"),
            width=220,
            on_change=write_link,
        )
        language = st.segmented_control(
            tr("Language"),
            list(LISTINGS),
            default=next(iter(LISTINGS)),
            format_func=tr,
            required=True,
            key="code in",
            on_change=write_link,
        )
    run = choice.experiment.runs[choice.labels.index(label) if label in choice.labels else 0]
    st.code(LISTINGS[language](choice.experiment, run), "python")
    st.caption(tr("It repeats this run up to rounding, from which a chaotic run drifts away."))
