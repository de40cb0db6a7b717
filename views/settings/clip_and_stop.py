"""The settings of how gradients are clipped, and of when a run stops by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from landscape.language import Message, msgid
from optimizers import Run
from optimizers.simulation.experiment import CLIP, GRADIENT_NORM, LOSS_CHANGE, STOP
from views.settings.factor import Factor
from views.settings.numbers import exact, told_apart
from views.settings.setting import Note, NumberList, OneOf, Range, Setting, number_list

if TYPE_CHECKING:
    from views.settings.settings import Settings

NONE = msgid("none")
CLIPS = {"norm": "clip_norm", "value": "clip_value"}  # ids in links, and the fields of a run
STOPS = {"norm": "stop_norm", "change": "stop_change"}
KINDS = {"clip": CLIPS, "stop": STOPS}
TOLD = {
    "clip_norm": msgid("A gradient whose norm is above {limit} is clipped to it."),
    "clip_value": msgid("Each coordinate of a gradient is clipped to a size of {limit}."),
    "stop_norm": msgid("A run stops where the norm of its gradient is at most {limit}."),
    "stop_change": msgid("A run stops where an update has changed the loss by at most {limit}."),
}
FIRST_CLIP, FIRST_STOP = 1.0, 1e-3


def clip_and_stop_of(settings: Settings) -> dict[str, Any]:
    """Return how all runs are clipped and stopped, as the fields of a run."""
    return {
        fields[settings[id]]: settings[f"{id}.at"]
        for id, fields in KINDS.items()
        if settings[id] != NONE and not settings.replaced(id)
    }


def values_of_clip_and_stop(run: Run) -> dict[str, Any]:
    """Return the settings, by id, that clip and stop a run as it is."""
    found: dict[str, Any] = {}
    for id, fields in KINDS.items():
        for kind, field in fields.items():
            if (at := getattr(run, field)) is not None:
                found |= {id: kind, f"{id}.at": at}
    return found


def notes_on(fields: dict[str, Any]) -> list[Note]:
    """Return what to tell of how all runs are clipped and stopped."""
    return [Note(TOLD[field], {"limit": exact(at)}) for field, at in fields.items()]


def clip_and_stop_ids(settings: Settings) -> list[str]:
    """Return the settings of clipping and stopping that count beside what is set."""
    return [each for id in KINDS for each in ((id,) if settings[id] == NONE else (id, f"{id}.at"))]


def of_field(
    field: str,
    name: Message,
    place: int,
    values: Sequence[float],
    of_run: Message,
    on: Mapping[str, Sequence[float]] = MappingProxyType({}),
) -> Factor:
    """Return the factor that compares a `field` of a run that clips or stops it.

    To clip to 0 is not to clip; a run may stop at 0 too. It begins with `values`, and with others
    `on` surfaces where these would all do the same.
    """
    id = f"{field}.values"
    clips = field in CLIPS.values()
    own = next(id for id, fields in KINDS.items() if field in fields.values())
    unclipped = msgid("not clipped")

    def varied(value: float) -> dict[str, Any]:
        return {field: None if clips and value == 0 else value}

    def named(values: Sequence[float], plain: Any, text: Callable[[str], Any]) -> list[Any]:
        texts = zip(values, told_apart(values), strict=True)
        return [plain if clips and value == 0 else text(told) for value, told in texts]

    return Factor(
        name=name,
        label=name,
        place=place,
        settings=(
            Setting(
                id,
                NumberList(0.0, (CLIP if clips else STOP)[1]),
                (lambda settings: number_list(on.get(settings["surface"], values)))
                if on
                else number_list(values),
                msgid("Limits to compare; 0 does not clip")
                if clips
                else msgid("Tolerances to compare"),
                needs=("surface",) if on else (),
            ),
        ),
        setting=lambda settings: id,
        vary=lambda run, value, settings: replace(run, **varied(value)),
        names_of=lambda values: named(
            values, "unclipped", lambda text: f"{field.replace('_', ' ')} {text}"
        ),
        labels_of=lambda values: named(
            values, Note(unclipped), lambda text: Note(of_run, {"value": text})
        ),
        replaces=lambda surface, rule: (own, f"{own}.at"),
        defaults=lambda experiment: {
            id: number_list(getattr(run, field) or 0.0 for run in experiment.runs)
        },
    )


SETTINGS = (
    Setting(
        "clip",
        OneOf((NONE, *CLIPS), labels=(NONE, msgid("by norm"), msgid("by value"))),
        NONE,
        msgid("Gradient clipping"),
        msgid(
            "By norm a gradient that is too long is made shorter, by value each coordinate for"
            " itself. The noise of a batch is clipped with it, weight decay is not."
        ),
    ),
    Setting("clip.at", Range(1e-6, CLIP[1], 0.5), FIRST_CLIP, msgid("Largest norm or value")),
    Setting(
        "stop",
        OneOf((NONE, *STOPS), labels=(NONE, GRADIENT_NORM, LOSS_CHANGE)),
        NONE,
        msgid("Stopping rule"),
        msgid(
            "A run stops early where its gradient, or what an update has changed"
            " of its loss, is small; where there are batches these are those of a batch."
        ),
    ),
    Setting("stop.at", Range(*STOP, 1e-3), FIRST_STOP, msgid("Stopping tolerance")),
)
