"""The gallery: experiments that each make one point, with the claim that a test checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from optimizers import Experiment, Run


@dataclass(frozen=True)
class Preset:
    """An experiment, what differs between its runs, and what it shows.

    Every number in `claim` is computed by a test from the experiment's trajectories.
    """

    slug: str
    title: str
    claim: str
    experiment: Experiment
    compare: str = "Optimizer"


DEFAULT = Experiment(
    surface="Quadratic",
    steps=100,
    runs=(Run("SGD"), Run("Momentum"), Run("RMSProp"), Run("Adam")),
)

PRESETS: Mapping[str, Preset] = MappingProxyType({})
