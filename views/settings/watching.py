"""The settings of how a descent is watched: what is drawn beside it, and where the clock stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from landscape.language import msgid
from views.settings.noise import idle_without_noise
from views.settings.setting import OneOf, Range, Setting

if TYPE_CHECKING:
    from views.settings.settings import Settings

PATHS, ENDS = "paths", "ends"  # what stands in a panel
SEEDS_OF_ENDS = 200  # whose ends are shown
MOST_UPDATES_OF_ENDS = 2**25  # updates of all of them, some seconds of one core
HIDDEN, SHOWN = "0", "1"
ONE_END = msgid("The gradients are exact: all seeds take one path, to one end.")
LABELS = (msgid("hidden"), msgid("shown"))
SPEEDS = ("0.25", "0.5", "1", "2", "4")
LAST = 10_000_000  # a step that every run has ended before
FEW = 2  # runs, whose panels have room for arrows


def arrows(settings: Settings) -> str:
    """Return whether arrows are drawn where nothing is said: where the panels are large."""
    return SHOWN if len(settings.names()) <= FEW else HIDDEN


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "show",
        OneOf((PATHS, ENDS), labels=(msgid("paths"), msgid("ends"))),
        PATHS,
        msgid("Show"),
        msgid("The path of one seed, or where each of 200 seeds ends: one noisy path says little."),
        idle=idle_without_noise(ONE_END),
    ),
    Setting(
        "arrows",
        OneOf((HIDDEN, SHOWN), labels=LABELS),
        arrows,
        msgid("Arrows"),
        msgid("What the next update is made of, at the head of every run; after the last, none."),
        needs=("compare",),
    ),
    Setting(
        "future",
        OneOf((HIDDEN, SHOWN), labels=LABELS),
        HIDDEN,
        msgid("Path to come"),
        msgid("A thin line shows where a run will go."),
    ),
    Setting("step", Range(0, LAST, 1, whole=True), LAST, msgid("Update shown")),
    Setting("speed", OneOf(SPEEDS), "1", msgid("Speed")),
)
