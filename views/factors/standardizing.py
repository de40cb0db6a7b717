"""A feature as it is, and standardized: whether that turns the ravine round."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from landscape.language import msgid
from optimizers import Experiment, Run
from views.settings.factor import Factor
from views.settings.parameters import owners
from views.settings.setting import Note, Setting, Several

PARAMETER = "standardize"
OWNERS = owners(PARAMETER)
NAMES = {
    "off": msgid("raw feature"),
    "on": msgid("standardized feature"),
}


def vary(run: Run, value: str, settings: Any) -> Run:
    """Return a run on the surface with the feature as `value` says."""
    return replace(run, params={PARAMETER: float([*NAMES].index(value))})


def defaults(experiment: Experiment) -> Mapping[str, Any]:
    """Return the settings that give what an experiment's runs do with the feature."""
    if experiment.surface not in OWNERS:
        return {}
    fact = OWNERS[experiment.surface]
    values = [experiment.plan(run).objective.params[PARAMETER] for run in experiment.runs]
    return {"standardized": tuple(dict.fromkeys(str(fact.named(value)) for value in values))}


FACTOR = Factor(
    name="Standardizing",
    label="Standardizing",
    place=14,
    settings=(
        Setting(
            "standardized",
            Several(tuple(NAMES)),
            tuple(NAMES),
            msgid("The feature"),
        ),
    ),
    setting=lambda settings: "standardized",
    vary=vary,
    names_of=lambda values: [f"standardize {value}" for value in values],
    labels_of=lambda values: [Note(NAMES[value]) for value in values],
    replaces=lambda surface, rule: (f"{surface}.{PARAMETER}",),
    defaults=defaults,
    fits=lambda surface: surface.name in OWNERS,
)
