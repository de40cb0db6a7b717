"""Keep probabilities of one optimizer: how far dropout moves the minimum, and its noise."""

from __future__ import annotations

from dataclasses import replace

from landscape.data import LEAST_KEEP
from landscape.language import msgid
from views.settings.factor import Factor
from views.settings.numbers import told_apart
from views.settings.setting import Note, NumberList, Setting, number_list

FACTOR = Factor(
    name="Keep probability",
    label="Keep probability",
    place=20,
    settings=(
        Setting(
            "keep.values",
            NumberList(LEAST_KEEP, 1.0),
            number_list((1.0, 0.8, 0.5, 0.2)),
            msgid("Probabilities to compare"),
        ),
    ),
    setting=lambda settings: "keep.values",
    vary=lambda run, value, settings: replace(run, keep=value),
    names_of=lambda values: [f"keep {text}" for text in told_apart(values)],
    labels_of=lambda values: [
        Note(msgid("keep {value}"), {"value": text}) for text in told_apart(values)
    ],
    replaces=lambda surface, rule: ("keep",),
    defaults=lambda experiment: {
        "keep.values": number_list(experiment.plan(run).objective.keep for run in experiment.runs)
    },
    fits=lambda surface: surface.samples is not None,
)
