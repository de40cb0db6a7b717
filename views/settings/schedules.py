"""The settings of schedules: which one, its numbers, and the warm-up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from landscape import Objective
from landscape.language import msgid, whole
from optimizers import SCHEDULES, Experiment, Run, Schedule
from optimizers.simulation.epochs import Epoch
from optimizers.simulation.experiment import most_steps
from optimizers.simulation.schedules import MILESTONES, UNITS
from views.presets import DEFAULT
from views.settings.setting import (
    Idle,
    Note,
    NumberList,
    OneOf,
    Range,
    Setting,
    number_list,
    of_number,
)

if TYPE_CHECKING:
    from views.settings.settings import Settings

# That the page draws for one run: of a regression, whose exact loss takes no pass over the samples,
# as many as 20 epochs of 10,000 in batches of 32 take, and else as links of old have been cut to.
MOST_UPDATES, MOST_OF_REGRESSION = 5_000, 6_260
MOST_DROPPED = 2**20  # samples that a run with dropout sees: each takes some 50 ns to draw


# --- What has no effect on the rate

WARM = msgid("The warm-up lasts the whole run, so that the schedule never begins.")
FLAT = msgid("This schedule leaves the rate as it is in a run of {steps} updates.")
RISING = msgid("The rate still rises when the run ends, and never reaches the one that is set.")
SET_WARMUP, SET_NUMBERS = msgid("Warm-up of {count}"), msgid("Numbers that count")
CONSTANT = next(iter(SCHEDULES))
FEW = 10  # updates, in which most schedules leave the rate as it is


def idle_warmup(settings: Settings, experiment: Experiment) -> Idle | None:
    """Say that a warm-up is as long as the run or longer."""
    steps = max(experiment.plan(run).steps for run in experiment.runs)
    if settings["warmup"] < steps:
        return None
    count = steps // 10
    return Idle(Note(RISING), Note(SET_WARMUP, {"count": str(count)}), {"warmup": count})


def idle_schedule(name: str = "") -> Callable[[Settings, Experiment], Idle | None]:
    """Return what says that a schedule, by default the one of all runs, has no effect."""

    def idle(settings: Settings, experiment: Experiment) -> Idle | None:
        ours = name or settings["schedule"]
        runs = [run for run in experiment.runs if run.schedule == ours]
        if ours == CONSTANT or not runs or any(bends(experiment, run) for run in runs):
            return None
        steps = max(experiment.plan(run).steps for run in runs)
        if not SCHEDULES[ours].by_clock and all(
            run.warmup >= experiment.plan(run).steps for run in runs
        ):
            count = steps // 10
            offer = Note(SET_WARMUP, {"count": str(count)})
            if steps > FEW:
                return Idle(Note(WARM), offer, put(settings, {"warmup": count}))
        changes = numbers_that_count(settings, ours, steps)
        return Idle(Note(FLAT, {"steps": whole(steps)}), Note(SET_NUMBERS), changes)

    return idle


ONE_CYCLE = msgid("The first cycle lasts the whole run, so that none follows that could grow.")
SET_CYCLE = msgid("First cycle of {count}")
ZERO = msgid("The factor is 0, so that nothing is left after the first update.")
SET_FACTOR = msgid("Factor {factor}")
ALIKE = msgid("An epoch of the full batch is one update.")
SET_BATCH = msgid("Batches of {size}")


def idle_number(name: str, fact: str) -> Callable[[Settings, Experiment], Idle | None]:
    """Return what says that a number of a schedule has no effect."""

    def idle(settings: Settings, experiment: Experiment) -> Idle | None:
        if found := idle_schedule(name)(settings, experiment):
            return found
        runs = [run for run in experiment.runs if run.schedule == name]
        if not runs:
            return None
        values = SCHEDULES[name].in_updates
        plans = [experiment.plan(run) for run in runs]
        numbers = [
            values(p.steps - p.run.warmup, p.run.schedule_params, p.epoch.updates) for p in plans
        ]
        if fact == "growth" and all(
            each["every"] >= plan.steps - plan.run.warmup
            for each, plan in zip(numbers, plans, strict=True)
        ):
            count = max((plans[0].steps - plans[0].run.warmup) // 3, 1)
            changes = {f"{name}.every": count, f"{name}.unit": "updates"}
            return Idle(Note(ONE_CYCLE), Note(SET_CYCLE, {"count": str(count)}), changes)
        if name == "Exponential by factor" and fact != "factor" and numbers[0]["factor"] == 0:
            factor = settings.plain(f"{name}.factor")
            offer = Note(SET_FACTOR, {"factor": str(factor)})
            return Idle(Note(ZERO), offer, {f"{name}.factor": factor})
        if fact == "unit" and all(plan.epoch.updates == 1 for plan in plans):
            size = str(min(32, experiment.samples // 2))
            compared = settings.replaced("batch")
            batch = {"batches": (size, "all")} if compared else {"batch": size}
            return Idle(Note(ALIKE), Note(SET_BATCH, {"size": size}), batch)
        return None

    return idle


def bends(experiment: Experiment, run: Run) -> bool:
    """Tell whether the schedule of a run changes its rate anywhere."""
    epoch, steps = experiment.plan(run).epoch, experiment.plan(run).steps
    found = SCHEDULES[run.schedule].factors(steps, run.schedule_params, run.warmup, epoch.updates)
    return bool((found != SCHEDULES[CONSTANT].factors(steps, warmup=run.warmup)).any())


def put(settings: Settings, changes: dict[str, Any]) -> dict[str, Any]:
    """Return changes of settings; where compared values take their place, these begin anew."""
    compared = settings.compared
    return {
        (compared if settings.replaced(id) else id): (
            settings.plain(compared) if settings.replaced(id) else value
        )
        for id, value in changes.items()
    }


def numbers_that_count(settings: Settings, name: str, steps: int) -> dict[str, Any]:
    """Return settings with which a schedule changes the rate in a run that had `steps` updates."""
    schedule = SCHEDULES[name]
    names = [fact.name for fact in schedule.numbers]
    names += ("unit", "milestones") if schedule.stepped else ()
    changes = {f"{name}.{each}": settings.plain(f"{name}.{each}") for each in names}
    if steps <= FEW:
        changes |= put(settings, {"length": DEFAULT.steps, "unit": "updates"})
        steps = DEFAULT.steps
    if "every" in names:
        changes[f"{name}.every"] = min(changes[f"{name}.every"], steps // 3)
    if settings["warmup"] >= steps // 2:
        changes |= put(settings, {"warmup": steps // 10})
    return {id: value for id, value in changes.items() if settings[id] != value}


# --- The length

CUT_ALL = msgid("No more than {most} updates are drawn, so that a longer run is cut to them.")
ONE_UPDATE = msgid("One update takes {size} samples, so that this length is one update.")
SET_LENGTH = msgid("{count} updates")


def updates_in(length: int, unit: str, samples: int, batch: int | None) -> int:
    """Return how many updates make a number of updates, epochs or samples."""
    epoch = Epoch(samples, batch or samples)
    if unit == "epochs":
        return length * epoch.updates
    return epoch.updates_to_see(length) if unit == "samples" else length


def most_updates(objective: Objective, batch_size: int) -> int:
    """Return the most updates that the page draws for a run with batches of a size."""
    regression = objective.count > 0 and objective.quadratic
    most = MOST_OF_REGRESSION if regression else MOST_UPDATES
    if objective.dropped:  # what is left of each sample is drawn, of the full batch too
        most = min(most, MOST_DROPPED // batch_size)
    return min(most, most_steps(objective, batch_size))


def is_cut(settings: Settings, experiment: Experiment) -> bool:
    """Tell whether every run is longer than the page draws."""
    length, unit = settings["length"], settings["unit"]
    return all(
        updates_in(length, unit, experiment.samples, plan.batch_size)
        > most_updates(plan.objective, plan.batch_size)
        for plan in map(experiment.plan, experiment.runs)
    )


def idle_length(settings: Settings, experiment: Experiment) -> Idle | None:
    """Say that the page cuts every run, or that it is one update however short."""
    plans = [experiment.plan(run) for run in experiment.runs]
    length, unit = settings["length"], settings["unit"]
    if is_cut(settings, experiment):
        count = max(most_updates(plan.objective, plan.batch_size) for plan in plans)
        why = Note(CUT_ALL, {"most": whole(count)})
    elif unit == "samples" and length < min(plan.batch_size for plan in plans):
        least = min(plan.batch_size for plan in plans)
        why, count = Note(ONE_UPDATE, {"size": whole(least)}), DEFAULT.steps
    else:
        return None
    changes = {"length": count, "unit": "updates"}
    return Idle(why, Note(SET_LENGTH, {"count": whole(count)}), changes)


def settings_of(schedule: Schedule) -> tuple[Setting, ...]:
    """Return the settings of a schedule's numbers."""
    idle = idle_schedule(schedule.name)
    facts = schedule.numbers
    numbers = tuple(
        replace(of_number(schedule.name, fact), idle=idle_number(schedule.name, fact.name))
        for fact in facts
    )
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
            idle=idle,
        ),
        Setting(
            f"{schedule.name}.milestones",
            NumberList(1e-9, 1e9),
            number_list(MILESTONES),
            msgid("Milestones"),
            idle=idle,
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
    Setting(
        "schedule",
        OneOf(tuple(SCHEDULES)),
        CONSTANT,
        msgid("Schedule"),
        idle=idle_schedule(),
    ),
    *(setting for schedule in SCHEDULES.values() for setting in settings_of(schedule)),
    Setting(
        "warmup",
        Range(0, MOST_UPDATES, 1, whole=True),
        0,
        msgid("Warm-up, in updates"),
        msgid("The rate rises linearly over this many updates."),
        idle=idle_warmup,
    ),
)
