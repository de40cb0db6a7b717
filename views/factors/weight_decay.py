"""Weight decays of one optimizer."""

from __future__ import annotations

from dataclasses import replace

from landscape.language import msgid
from optimizers.record import NO_DECAY
from views.settings.factor import Factor
from views.settings.numbers import told_apart
from views.settings.setting import Note, NumberList, Setting, number_list

LABEL = msgid("decay {value}")

FACTOR = Factor(
    name="Weight decay",
    label="Weight decay",
    place=8,
    settings=(
        Setting(
            "decays", NumberList(0.0, 1.0), "0, 0.01, 0.1, 1", msgid("Weight decays to compare")
        ),
    ),
    setting=lambda settings: "decays",
    vary=lambda run, value, settings: replace(run, weight_decay=value),
    names_of=lambda values: [f"decay {text}" for text in told_apart(values)],
    labels_of=lambda values: [Note(LABEL, {"value": text}) for text in told_apart(values)],
    replaces=lambda surface, rule: (f"{rule}.weight_decay",),
    defaults=lambda experiment: {
        "decays": number_list(run.weight_decay for run in experiment.runs)
    },
    able=lambda rule: rule.weight_decay != NO_DECAY,
)
