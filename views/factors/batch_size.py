"""Batch sizes of one optimizer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from landscape.language import msgid
from optimizers import Experiment, Run
from views.settings.factor import Factor
from views.settings.noise import (
    ALL,
    MOST_PAGE_SAMPLES,
    UNFIT_BATCH,
    batch_sizes,
    batch_text,
    batch_value,
    batches_with,
    idle_batch,
    is_batch,
    samples_of,
)
from views.settings.setting import Note, Setting, Several

BATCH = msgid("batch {size}")


def vary(run: Run, value: str, settings: Any) -> Run:
    """Return a run with batches of `value`."""
    return replace(run, batch_size=batch_value(value))


def label_of(value: str) -> Note:
    """Return what to call a run with batches of `value`."""
    return Note(msgid("batch all")) if value == ALL else Note(BATCH, {"size": value})


def defaults(experiment: Experiment) -> Mapping[str, Any]:
    """Return the settings that give an experiment's batch sizes."""
    return {"batches": tuple(batch_text(run.batch_size) for run in experiment.runs)}


FACTOR = Factor(
    name="Batch size",
    label="Batch size",
    place=4,
    settings=(
        Setting(
            "batches",
            Several(batch_sizes(MOST_PAGE_SAMPLES), is_batch),
            ("1", "32", "256", ALL),
            msgid("Batch sizes to compare"),
            needs=("samples", "keep", "compare", "batches"),
            choices=lambda settings: batches_with(samples_of(settings), settings["batches"]),
            fallback=ALL,
            unfit=UNFIT_BATCH,
            used=lambda settings: settings.compared == "batches",
            idle=idle_batch,
        ),
    ),
    setting=lambda settings: "batches",
    vary=vary,
    names_of=lambda values: [f"batch {value}" for value in values],
    labels_of=lambda values: [label_of(value) for value in values],
    replaces=lambda surface, rule: ("batch",),
    defaults=defaults,
)
