"""What a preset is, and a group of presets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from landscape.language import Message
from optimizers import Experiment


@dataclass(frozen=True)
class Preset:
    """An experiment, what differs between its runs, and what it shows.

    Every number in `claim` is computed by a test from the experiment's trajectories, or from its
    map: then `map` has the map's settings, by name. `caption` says the same in one short line;
    its numbers are those of the claim. `settings` are further ones, by id, with which the lab
    opens. What is not `listed` is no longer in the gallery, and still found by its links.

    `opens` names the surfaces that open on this experiment when one of them is chosen on a page
    where nothing has been changed.
    """

    slug: str
    title: Message
    claim: Message
    experiment: Experiment
    caption: Message = ""
    compare: str = "Optimizer"
    map: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    listed: bool = True
    opens: tuple[str, ...] = ()


@dataclass(frozen=True)
class Group:
    """Presets that belong together: a heading of the gallery, and a short word for its filter."""

    name: Message
    short: Message
    place: int  # among the groups, from the top
    presets: tuple[Preset, ...]
