"""The controls whose motion the picture follows, as the player finds them on the page."""

from __future__ import annotations

import re
from typing import Any

from views.settings.setting import OneOf, Range, Setting
from views.settings.settings import Settings
from views.settings.sliders import compared_scale, compared_texts, scale_of, texts_of
from views.settings.table import TABLE

UNSEEN = ("tolerance",)  # of the pictures


def controls(settings: Settings) -> dict[str, list[Any]]:
    """Return the controls of numbers by the names that Streamlit gives their elements.

    Each has the id of its setting and what its texts mean: of a field, the bounds of its number; of
    a slider whose positions are counted, their texts, or the decade of the first and how many there
    are in each; of a number in a list, the list, its place there and what it means itself.
    """
    found: dict[str, list[Any]] = {}
    for id, setting in TABLE.items():
        if relevant(settings, setting) and not settings.replaced(id):
            kind = setting.kind
            found[element(id)] = [id]
            if isinstance(kind, Range) and not kind.slider:
                found[element(id)].append({"low": kind.low, "high": kind.high, "whole": kind.whole})
            if texts := texts_of(kind):
                found[element(f"{id}.slider")] = [id, scale_of(texts)]
            if isinstance(kind, OneOf):
                options = setting.choices(settings) if setting.choices else kind.options
                found[element(id)].append([*options])
    if compared_texts(settings):
        for place in range(len(settings.names())):
            scale = compared_scale(settings, place)
            found[element(f"{settings.compared}.{place}.slider")] = [settings.compared, scale]
    return found


def relevant(settings: Settings, setting: Setting) -> bool:
    """Tell whether a setting is one of a position or number that the picture may depend on."""
    if not isinstance(setting.kind, Range) and not getattr(setting.kind, "ordered", False):
        return False
    owner, *rest = setting.id.split(".")
    if not rest:
        return owner not in UNSEEN
    if owner == settings["surface"]:
        return len(rest) == 1 or rest[0] in settings.rules
    schedules = {settings["schedule"], *settings["schedules"]}
    return owner in settings.rules or owner in schedules or owner in ("look", "average")


def element(name: str) -> str:
    """Return what Streamlit makes of a control's key for the class of its element."""
    return re.sub(r"[^a-zA-Z0-9_-]", "-", name)
