"""The gallery's experiments by their slugs: a file for each group in the folder `groups`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from landscape.discover import discover
from landscape.language import msgid
from optimizers import Experiment, Run
from views.presets.preset import Group, Preset

DEFAULT = Experiment(
    surface="Quadratic",
    steps=100,
    runs=(Run("SGD"), Run("Momentum"), Run("RMSProp"), Run("Adam")),
)
CHANGED = msgid("You changed this experiment; the text describes the original.")
MAPS_VIEW = msgid("Maps")  # the view of maps
OPENING = "headline"  # what a page without a link shows


def by_slug(groups: Mapping[str, Group]) -> Mapping[str, Preset]:
    """Return the presets of all groups in their order; raise ValueError for a slug used twice."""
    found: dict[str, Preset] = {}
    for group in groups.values():
        for preset in group.presets:
            if found.setdefault(preset.slug, preset) is not preset:
                raise ValueError(f"{group.name}: the slug {preset.slug!r} is taken")
    return MappingProxyType(found)


GROUPS = discover("views.presets.groups", "GROUP", Group, lambda group: group.place)
PRESETS = by_slug(GROUPS)
LISTED = tuple(preset for preset in PRESETS.values() if preset.listed)  # in the gallery's order
