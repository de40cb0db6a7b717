"""Noise of one optimizer that is the same in all directions, and such as samples make."""

from __future__ import annotations

from dataclasses import replace

from landscape.language import msgid
from optimizers.simulation.experiment import COVARIANCES, DATA_LIKE, ISOTROPIC
from views.settings.factor import Factor
from views.settings.noise import NO_SHAPE, idle_without_noise, shapes_on
from views.settings.setting import Note, Setting, Several

NAMES = {ISOTROPIC: msgid("isotropic noise"), DATA_LIKE: msgid("data-like noise")}

FACTOR = Factor(
    name="Noise covariance",
    label="Noise covariance",
    place=16,
    settings=(
        Setting(
            "covariances",
            Several(COVARIANCES),
            COVARIANCES,
            msgid("Covariances to compare"),
            idle=idle_without_noise(NO_SHAPE),
        ),
    ),
    setting=lambda settings: "covariances",
    vary=lambda run, value, settings: replace(run, covariance=value),
    names_of=lambda values: [f"noise {value}" for value in values],
    labels_of=lambda values: [Note(NAMES[value]) for value in values],
    replaces=lambda surface, rule: ("covariance",),
    defaults=lambda experiment: {
        "covariances": tuple(dict.fromkeys(run.covariance for run in experiment.runs))
    },
    fits=lambda surface: len(shapes_on(surface)) > 1,
)
