"""Run by run on demand, under the player: what happened, how it was measured, code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from landscape.language import msgid, tr
from landscape.language import number as written
from optimizers import Experiment, Trajectory
from optimizers.analysis.listing import plain_python, pytorch
from optimizers.analysis.measures import Progress, Stability, progress, stability, zigzag
from optimizers.analysis.statements import render
from optimizers.analysis.words import of_run
from views.report.results import HEAD, said, sentence, table
from views.settings.choice import Choice
from views.settings.session import write_link
from views.settings.settings import Settings
from views.settings.widgets import draw

LISTINGS = {"Plain Python": plain_python, "PyTorch": pytorch}


RUNS = msgid("Run by run: what happened, and how it was measured")
CODE = msgid("Code that repeats a run")


def summary(choice: Choice, trajectories: list[Trajectory]) -> None:
    """Draw a sentence and a table on all runs."""
    experiment, labels = choice.experiment, choice.labels
    rows = [HEAD, (":--", "--:", "--:", "--:", ":--"), *table(experiment, labels, trajectories)]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    # One text: the browser takes a millisecond or two to set each.
    st.markdown("\n".join([f"{sentence(experiment, trajectories, labels)}\n", *lines]))


def drawer(label: str) -> Any:
    """Return an expander whose content need be drawn only while it is `open`."""
    return st.expander(tr(label), key=f"drawer {label}", on_change=write_link)


def details(settings: Settings, choice: Choice, trajectories: list[Trajectory]) -> None:
    """Draw on demand what each run did, and the numbers that say so."""
    if not (opened := drawer(RUNS)).open:
        return
    experiment, labels = choice.experiment, choice.labels
    with opened:
        draw(settings, "tolerance")
        runs = zip(trajectories, labels, strict=True)
        st.markdown("\n".join(f"- {said(of_run(experiment, t, label))}" for t, label in runs))
        st.markdown(measures(experiment, labels, trajectories, choice.tolerance))
        st.markdown(notes(experiment, labels, trajectories))


def listing(choice: Choice) -> None:
    """Draw on demand the code that repeats a run."""
    if (opened := drawer(CODE)).open:
        with opened:
            code(choice)


def measures(
    experiment: Experiment,
    labels: Sequence[str],
    trajectories: Sequence[Trajectory],
    tolerance: float,
) -> str:
    """Return how each run moved, as a Markdown table."""
    rows = [
        "| Run | Changes of side | Mean turn | Path / straight line |"
        f" Gap below {tolerance:g} after | Rate × curvature | Limit |",
        "|:--|--:|--:|--:|:--|:--|--:|",
    ]
    for label, trajectory in zip(labels, trajectories, strict=True):
        turns = zigzag(experiment, trajectory)
        edge = stability(experiment, trajectory)
        angle = "" if turns.turn_angle is None else f"{turns.turn_angle:.1f}°"
        ratio = "" if turns.path_ratio is None else f"{turns.path_ratio:.2f}"
        rows.append(
            f"| {label} | {turns.flips} of {turns.turns} | {angle} | {ratio} |"
            f" {arrival(progress(experiment, trajectory, tolerance))} |"
            f" {zones(edge)} | {'n/a' if edge.limit is None else f'{edge.limit:.3g}'} |"
        )
    return "\n".join(rows)


def arrival(reached: Progress) -> str:
    """Return what it took a run to come within the tolerance."""
    if reached.reason:
        return render(reached.reason)
    if reached.updates is None:
        return f"not reached, gap {written(reached.gap or 0.0)}"
    return f"{reached.updates:,} updates, {reached.samples:,} samples"


COLOURS = {"monotone": "green", "swings": "green", "zigzag": "orange", "unstable": "red"}


def zones(edge: Stability) -> str:
    """Return the share of a run's updates in each zone of stability, coloured."""
    if edge.limit is None:
        return "n/a"
    names, counts = np.unique(edge.zones, return_counts=True)
    order = sorted(zip(counts.tolist(), names.tolist(), strict=True), reverse=True)
    total = sum(counts.tolist()) or 1
    return ", ".join(
        f":{COLOURS[name]}[{name} {count / total:.0%}]"
        if name in COLOURS
        else f"{name} {count / total:.0%}"
        for count, name in order
    )


def notes(experiment: Experiment, labels: Sequence[str], trajectories: Sequence[Trajectory]) -> str:
    """Return what the numbers mean, why some are missing, and the accounting of samples."""
    lines = [
        "Changes of side and turns leave out steps that are too short to see. Rate × curvature is"
        " the learning rate times the largest curvature where the run is: without momentum, below"
        " 1 a run comes down on one side, from 1 to 2 it zigzags, above 2 it grows."
    ]
    reasons = {r for t in trajectories if (r := stability(experiment, t).reason)}
    lines += sorted(map(render, reasons))
    epochs = {t.run.batch_size: experiment.plan(t.run).epoch for t in trajectories}
    for size, epoch in epochs.items():
        batch = "the full batch" if size is None else f"B = {size:,}"
        last = "" if epoch.last == epoch.batch_size else f", the last of {epoch.last:,} samples"
        lines.append(
            f"N = {experiment.samples:,} samples, {batch}: {epoch.updates:,}"
            f" {'update' if epoch.updates == 1 else 'updates'} per epoch{last}."
        )
    if any(t.run.warmup >= experiment.plan(t.run).steps for t in trajectories):
        lines.append("A warm-up as long as its run never reaches the rate that is set.")
    return "  \n".join(lines)


def code(choice: Choice) -> None:
    """Draw the code of one run, chosen with its language."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        label = st.selectbox(
            tr("Run"), choice.labels, key="code of", width=220, on_change=write_link
        )
        language = st.segmented_control(
            tr("Language"),
            list(LISTINGS),
            default=next(iter(LISTINGS)),
            required=True,
            key="code in",
            on_change=write_link,
        )
    run = choice.experiment.runs[choice.labels.index(label) if label in choice.labels else 0]
    st.code(LISTINGS[language](choice.experiment, run), "python")
    st.caption(tr("It repeats the run above up to rounding; a chaotic run drifts away by that."))
