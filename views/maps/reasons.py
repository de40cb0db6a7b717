"""Why a map is not to be had for what the lab's controls say, and what would change that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from landscape.language import Message, msgid
from optimizers import OPTIMIZERS
from optimizers.maps.grids import MOMENTUM_LIKE
from views.settings.noise import samples_of
from views.settings.setting import Note

if TYPE_CHECKING:
    from views.settings.settings import Settings

RATES_VARY = msgid(
    "Compare something other than the learning rate: this map varies it for every run."
)
BATCHES_VARY = msgid(
    "Compare something other than the batch size: this map varies it for every run."
)
SCHEDULES_VARY = msgid("Compare something other than the schedule: this map varies it.")
NO_MOMENTUM = msgid("No run has a momentum: choose one of {names}.")
NO_NOISE = msgid(
    "Without noise all seeds are the same: set the noise above 0 and a batch smaller than all."
)
ALL_EXACT = msgid("Without noise every batch gives the exact gradient: set the noise above 0.")
ALL_ALIKE = msgid("Without noise all batch sizes give the same run: set the noise above 0.")
NO_ESCAPE = msgid("This surface has no local minimum to escape from: try the local-minima valley.")
TOO_MANY_UPDATES = msgid(
    "This map would take {updates} million updates, and at most {most} million are made: choose a"
    " shorter length, fewer starts, pixels or seeds, or fewer runs."
)
NO_TARGET = msgid(
    "This surface has no lowest loss that is known, and so no target above it: choose another."
)
NO_BALL = msgid(
    "This surface has no lowest loss that is known, and so no noise ball: choose another."
)
OPTIMIZERS_INSTEAD = msgid("compare optimizers")
SET_NOISE, SET_BATCH = msgid("noise {noise}"), msgid("batches of {size}")

NOISE, BATCH = 2.0, 32  # that a button sets
# A surface where noise of that size lets small batches escape, and the noise.
VALLEY, VALLEY_NOISE = "Local-minima valley", 8.0
BOWL = "Quadratic"


@dataclass(frozen=True)
class Lack:
    """Why there is no map to make; `offers` say what the `changes` of settings, by id, set up."""

    why: Note
    offers: tuple[Note, ...] = ()
    changes: Mapping[str, Any] = field(default_factory=dict)


def too_many(updates: int, most: int) -> Lack:
    """Return that a map would take more updates than a map may."""
    said = {"updates": f"{updates / 1e6:,.0f}", "most": f"{most / 1e6:,.0f}"}
    return Lack(Note(TOO_MANY_UPDATES, said))


def compared(settings: Settings, why: Message) -> Lack:
    """Return that a map varies what is compared: its optimizer, compared alone, has the map."""
    changes = {"compare": settings.plain("compare"), "optimizers": settings.rules}
    return Lack(Note(why), (Note(OPTIMIZERS_INSTEAD),), changes)


def no_momentum(settings: Settings) -> Lack:
    """Return that no run has a momentum: one that has is added, or takes the others' place."""
    name = next(iter(MOMENTUM_LIKE))
    said = Note(NO_MOMENTUM, {"names": ", ".join(MOMENTUM_LIKE)})
    factor = settings.factor
    if factor.of_rules:
        changes: dict[str, Any] = {factor.setting(settings): (*settings.rules[:3], name)}
    elif factor.able(OPTIMIZERS[name]):
        changes = {f"{factor.name}.optimizer": name}
    else:
        changes = {"compare": settings.plain("compare"), "optimizers": (*settings.rules, name)}
    return Lack(said, (Note(name),), changes)


def no_noise(settings: Settings, why: Message, batch: bool = False) -> Lack:
    """Return that there is no noise; with `batch`, that no batch is small enough to see it."""
    changes: dict[str, Any] = {}
    offers: list[Note] = []
    if settings["noise"] == 0:
        noise = VALLEY_NOISE if settings["surface"] == VALLEY else NOISE
        changes["noise"] = noise
        offers.append(Note(SET_NOISE, {"noise": f"{noise:g}"}))
    if batch:
        size = str(max(1, min(BATCH, samples_of(settings) // 2)))
        replaced = settings.replaced("batch")
        changes |= {settings.compared: (size, "all")} if replaced else {"batch": size}
        offers.append(Note(SET_BATCH, {"size": size}))
    return Lack(Note(why), tuple(offers), changes)


def other_surface(name: str, why: Message) -> Lack:
    """Return that a surface has not got what a map is of, and one that has."""
    return Lack(Note(why), (Note(name),), {"surface": name})
