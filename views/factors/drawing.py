"""Batches of one optimizer that are reshuffled, and drawn with replacement."""

from __future__ import annotations

from dataclasses import replace

from landscape.language import msgid
from views.settings.factor import Factor
from views.settings.noise import (
    DRAWINGS,
    REPLACED,
    drawing_text,
    idle_without_batches,
)
from views.settings.setting import Note, Setting, Several

FACTOR = Factor(
    name="Drawing",
    label="Drawing of batches",
    place=15,
    settings=(
        Setting(
            "drawings",
            Several(DRAWINGS),
            DRAWINGS,
            msgid("Drawings to compare"),
            idle=idle_without_batches,
        ),
    ),
    setting=lambda settings: "drawings",
    vary=lambda run, value, settings: replace(run, replacement=value == REPLACED),
    names_of=list,
    labels_of=lambda values: [Note(value) for value in values],
    replaces=lambda surface, rule: ("drawing",),
    defaults=lambda experiment: {
        "drawings": tuple(dict.fromkeys(drawing_text(run.replacement) for run in experiment.runs))
    },
)
