"""Seeds of one optimizer's noise."""

from __future__ import annotations

from dataclasses import replace

from landscape.language import msgid
from views.settings.factor import Factor
from views.settings.noise import MOST_SEED, NO_DRAWS, idle_without_noise
from views.settings.setting import Note, NumberList, Setting

LABEL = msgid("seed {value}")

FACTOR = Factor(
    name="Seed",
    label="Seed",
    place=7,
    settings=(
        Setting(
            *("seeds", NumberList(0, MOST_SEED, whole=True), "0, 1, 2, 3"),
            msgid("Seeds to compare"),
            idle=idle_without_noise(NO_DRAWS),
        ),
    ),
    setting=lambda settings: "seeds",
    vary=lambda run, value, settings: replace(run, seed=value),
    names_of=lambda values: [f"seed {value}" for value in values],
    labels_of=lambda values: [Note(LABEL, {"value": value}) for value in values],
    replaces=lambda surface, rule: ("seed",),
    defaults=lambda experiment: {
        "seeds": ", ".join(str(experiment.plan(run).seed) for run in experiment.runs)
    },
)
