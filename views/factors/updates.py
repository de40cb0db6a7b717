"""Budgets of one optimizer: runs that make different numbers of updates."""

from __future__ import annotations

from dataclasses import replace

from landscape.language import msgid, whole
from views.settings.factor import Factor
from views.settings.schedules import MOST_OF_REGRESSION
from views.settings.setting import Note, NumberList, Setting

LABEL = msgid("{count} updates")

FACTOR = Factor(
    name="Updates",
    label="Updates",
    place=10,
    settings=(
        Setting(
            *("budgets", NumberList(1, MOST_OF_REGRESSION, whole=True), "20, 50, 100, 200"),
            msgid("Numbers of updates to compare"),
        ),
    ),
    setting=lambda settings: "budgets",
    vary=lambda run, value, settings: replace(run, steps=value),
    names_of=lambda values: [f"{value} updates" for value in values],
    labels_of=lambda values: [Note(LABEL, {"count": whole(value)}) for value in values],
    replaces=lambda surface, rule: ("length", "unit"),
    defaults=lambda experiment: {
        "budgets": ", ".join(str(experiment.plan(run).steps) for run in experiment.runs)
    },
)
