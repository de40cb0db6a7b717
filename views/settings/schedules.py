"""The settings of schedules: which one, its numbers, and the warm-up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from landscape.language import msgid
from optimizers import SCHEDULES, Schedule
from optimizers.simulation.schedules import MILESTONES, UNITS
from views.settings.setting import NumberList, OneOf, Range, Setting, number_list, of_number

if TYPE_CHECKING:
    from views.settings.settings import Settings

MOST_UPDATES = 5_000  # that the page draws for one run


def settings_of(schedule: Schedule) -> tuple[Setting, ...]:
    """Return the settings of a schedule's numbers."""
    numbers = tuple(of_number(schedule.name, fact) for fact in schedule.numbers)
    if not schedule.stepped:
        return numbers
    return (
        *numbers,
        Setting(
            f"{schedule.name}.unit",
            OneOf(UNITS),
            UNITS[0],
            msgid("Milestones in"),
            msgid("Percent of the run, epochs, or updates."),
        ),
        Setting(
            f"{schedule.name}.milestones",
            NumberList(1e-9, 1e9),
            number_list(MILESTONES),
            msgid("Milestones"),
        ),
    )


def numbers_of(settings: Settings, name: str) -> dict[str, Any]:
    """Return the numbers of a schedule, by name, as they are set."""
    schedule = SCHEDULES[name]
    values = {fact.name: settings[f"{name}.{fact.name}"] for fact in schedule.numbers}
    if schedule.stepped:
        values["unit"] = settings[f"{name}.unit"]
        milestones, _ = settings.listed(f"{name}.milestones")
        values["milestones"] = sorted(milestones) or MILESTONES
    return values


SETTINGS = (
    Setting("schedule", OneOf(tuple(SCHEDULES)), next(iter(SCHEDULES)), msgid("Schedule")),
    *(setting for schedule in SCHEDULES.values() for setting in settings_of(schedule)),
    Setting(
        "warmup",
        Range(0, MOST_UPDATES, 1, whole=True),
        0,
        msgid("Warm-up, in updates"),
        msgid("The rate rises linearly over this many updates."),
    ),
)
