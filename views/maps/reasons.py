"""Why a map is not to be had for what the lab's controls say."""

from landscape.language import msgid
from optimizers.maps.grids import MOMENTUM_LIKE
from views.settings.setting import Note

RATES_VARY = Note(
    "Compare something other than the learning rate: this map varies it for every run."
)
BATCHES_VARY = Note(
    "Compare something other than the batch size: this map varies it for every run."
)
SCHEDULES_VARY = Note("Compare something other than the schedule: this map varies it.")
NO_MOMENTUM = Note(
    "No run has a momentum: choose one of {names}.", {"names": ", ".join(MOMENTUM_LIKE)}
)
NO_NOISE = Note(
    "Without noise all seeds are the same: set the noise above 0 and a batch smaller than all."
)
ALL_EXACT = Note("Without noise every batch gives the exact gradient: set the noise above 0.")
ALL_ALIKE = Note("Without noise all batch sizes give the same run: set the noise above 0.")
NO_ESCAPE = Note("This surface has no local minimum to escape from: try the local-minima valley.")
TOO_MANY_UPDATES = msgid(
    "This map would take {updates} million updates, and at most {most} million are made: choose a"
    " shorter length, fewer starts, pixels or seeds, or fewer runs."
)
NO_BALL = Note("This surface has no lowest loss and so no noise ball: choose another.")


def too_many(updates: int, most: int) -> Note:
    """Return a note on a map that would take more updates than a map may."""
    return Note(
        TOO_MANY_UPDATES, {"updates": f"{updates / 1e6:,.0f}", "most": f"{most / 1e6:,.0f}"}
    )
