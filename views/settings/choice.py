"""What the settings choose: an experiment, how its runs are called, and how it is looked at."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from landscape import Formula
from landscape.language import current, msgid, number, tr, whole
from optimizers import OPTIMIZERS, Experiment, Run
from optimizers.analysis.lookahead import looks_ahead
from optimizers.maps import Ensemble
from optimizers.maps.base import noisy
from optimizers.record import NO_DECAY
from optimizers.simulation.experiment import seen
from views.presets import MAPS_VIEW
from views.scene.figures import OVERLAY, PICTURES, PLAIN, SIDE_BY_SIDE, SPACE, Extras
from views.settings.clip_and_stop import clip_and_stop_of, notes_on
from views.settings.formulas import near_start
from views.settings.noise import (
    FEWER_SAMPLES,
    REPLACED,
    batch_value,
    by_data,
    samples_of,
    within,
)
from views.settings.rates import (
    BEST,
    BEST_NOTE,
    EFFECTIVE,
    OWN,
    SAME,
    at_best_rates,
    remainder,
    still,
)
from views.settings.regularization import fitted as with_l1
from views.settings.regularization import what_is_added
from views.settings.runs import MODELS, OPEN
from views.settings.schedules import most_updates, numbers_of, updates_in
from views.settings.setting import Idle, Note
from views.settings.settings import Settings
from views.settings.table import FACTORS, TABLE
from views.settings.watching import (
    ENDS,
    MOST_UPDATES_OF_ENDS,
    NOT_AHEAD,
    SEEDS_OF_ENDS,
    SHOWN,
    average_of,
)

CUT = msgid("{run}: cut to {most} of {steps} updates.")
APART = msgid(
    "{view} has room for one surface. What is compared makes a surface for each run:"
    " {instead} is shown. To see all runs on one, compare something else."
)
ONE_END_PATHS = msgid(
    "The gradients are exact: all seeds take one path, which is shown. Noise and small batches make"
    " their ends differ."
)
ONE_CLOUD_PATHS = msgid(
    "These runs differ in their seeds only, and many seeds of each end alike: paths are shown. One"
    " run, or something else to compare, shows where many seeds end."
)
TOO_MANY_ENDS = msgid(
    "The ends of {seeds} seeds would take as long as {updates} updates, more than {most}: paths are"
    " shown. Fewer updates or fewer samples make room, and the map of an ensemble takes more."
)
FLAT_ENDS = msgid("{view} shows paths; the ends of many seeds are drawn flat: {instead} is shown.")
ENDS_UNAVERAGED = msgid("Where many seeds end is shown: their iterates are not averaged.")
ENDS_WITHOUT_POINTS = msgid("Where many seeds end is shown: points before looking ahead are not.")
TOO_LATE = msgid("No run gets to update {first}, from which on iterates would be averaged.")
DECAYS = msgid("Weight decay moves the minima: + marks where they are without it.")


@dataclass(frozen=True)
class Inspection:
    """What is to be looked at: a step of a run, by its index, and the order of a local model."""

    run: int
    step: int
    order: int


@dataclass(frozen=True)
class Choice:
    """What the settings say: all that the picture and the words are made from.

    `names` are the ids of the runs and `labels` how they are called in the visitor's language;
    `notes` is what to tell of the settings.
    """

    experiment: Experiment
    labels: tuple[str, ...]
    unit: str  # of the budget: updates, epochs or samples
    notes: tuple[Note, ...] = ()
    compare: str = next(iter(FACTORS))
    names: tuple[str, ...] = ()
    view: str = PICTURES[0]
    curve: str = "Loss"
    tolerance: float = 1e-3
    look: Inspection | None = None
    preset: str = ""
    extras: Extras = PLAIN
    turns: tuple[float, ...] = ()  # degrees by which the start of each run is turned
    seeds: int = 0  # whose ends are shown, instead of paths

    def replaces(self, id: str) -> bool:
        """Tell whether what is compared takes the place of a setting."""
        replaces, surface = FACTORS[self.compare].replaces, self.experiment.surface
        return any(id in replaces(surface, run.optimizer) for run in self.experiment.runs)


def choose(settings: Settings, best: Callable[[Experiment], Experiment] = at_best_rates) -> Choice:
    """Return what settings choose.

    `best` gives each run of an experiment its best rate, where that is what is compared. The search
    takes seconds if runs are long and noisy: `planned` does without it, and
    views/server/search.py makes a job of it.
    """
    surface, factor = settings.surface, settings.factor
    values, notes = settings.listed(settings.compared)
    names = factor.names_of(values)
    labels = [label.text() for label in factor.labels_of(values)]
    fair = settings["fair"] if len(settings.rules) > 1 else OWN
    length, samples = settings["length"], samples_of(settings)
    unit = unless(settings, "unit")
    runs = {name: run_of(settings, name, fair) for name in settings.rules}
    if factor.of_rules:
        varied = list(runs.values())
    else:
        (run,) = runs.values()
        varied = [factor.vary(run, value, settings) for value in values]
    varied, fewer_batches = within(varied, labels, samples)
    notes += fewer_batches
    sizes = [seen(run.batch_size, run.accumulate, samples) for run in varied]
    steps = [
        run.steps or updates_in(length, unit, samples, size)
        for run, size in zip(varied, sizes, strict=True)
    ]
    if samples < settings["samples"]:
        fewer = {"most": whole(samples), "samples": whole(settings["samples"])}
        notes.append(Note(FEWER_SAMPLES, {"surface": Note(surface.name), **fewer}))
    keep = unless(settings, "keep") if by_data(settings) else 1.0
    count = samples if surface.samples else None
    sized = [surface.at({}, count, keep=keep if run.keep is None else run.keep) for run in varied]
    at_most = [most_updates(each, size) for each, size in zip(sized, sizes, strict=True)]
    limits = list(zip(steps, at_most, strict=True))
    for count, limit in dict.fromkeys((count, limit) for count, limit in limits if count > limit):
        both = count, limit
        cut = ", ".join(label for label, own in zip(labels, limits, strict=True) if own == both)
        notes.append(Note(CUT, {"run": cut, "most": whole(limit), "steps": whole(count)}))
    steps = [min(counts) for counts in limits]
    most = max(steps)
    l1, l1_step = unless(settings, "l1"), unless(settings, "l1_step")
    varied, limited = with_l1(varied, labels, l1, l1_step)
    experiment = Experiment(
        surface=surface.name,
        formula=surface if isinstance(surface, Formula) else None,
        params={
            fact.name: fact.default
            if settings.replaced(f"{surface.name}.{fact.name}")
            else settings[f"{surface.name}.{fact.name}"]
            for fact in surface.parameters
        },
        start=near_start(
            settings, (unless(settings, f"{surface.name}.x"), unless(settings, f"{surface.name}.y"))
        ),
        steps=most,
        noise=0.0 if by_data(settings) else settings["noise"],
        samples=samples,
        seed=settings["seed"],
        data=settings.data,
        l2=unless(settings, "l2"),
        l1=l1,
        l1_step=l1_step,
        keep=keep,
        runs=tuple(
            run if count == most else replace(run, steps=count)
            for run, count in zip(varied, steps, strict=True)
        ),
    )
    if fair == BEST:
        experiment = best(experiment)
        notes.append(BEST_NOTE)
    if fair != OWN:
        labels = [
            tr("{optimizer}, rate {rate}", optimizer=r.optimizer, rate=number(r.lr or 0.0, 4))
            for r in experiment.runs
        ]
    if any(run.weight_decay for run in experiment.runs):
        notes.append(Note(DECAYS))
    notes += what_is_added(experiment.objectives)
    notes += notes_on(clip_and_stop_of(settings))
    notes += limited
    view = settings["view"]
    if view in (OVERLAY, SPACE) and len(experiment.objectives) > 1:
        notes.append(Note(APART, {"view": Note(view), "instead": Note(SIDE_BY_SIDE)}))
        view = SIDE_BY_SIDE
    seeds, note = seeds_of(settings, experiment)
    notes += [note] if note else []
    if seeds and view == SPACE:
        notes.append(Note(FLAT_ENDS, {"view": Note(view), "instead": Note(SIDE_BY_SIDE)}))
        view = SIDE_BY_SIDE
    average = average_of(settings)
    if average and seeds and view != MAPS_VIEW:
        notes.append(Note(ENDS_UNAVERAGED))
        average = None
    elif average and average.first > max(experiment.plan(run).steps for run in experiment.runs):
        notes.append(Note(TOO_LATE, {"first": whole(average.first)}))
    points = settings["sutskever"] == SHOWN
    if points and seeds and view != MAPS_VIEW:
        notes.append(Note(ENDS_WITHOUT_POINTS))
        points = False
    elif points and not any(map(looks_ahead, experiment.runs)):
        notes.append(Note(NOT_AHEAD))
        points = False
    return Choice(
        experiment,
        tuple(labels),
        unit,
        tuple(notes),
        factor.name,
        tuple(names),
        view,
        settings["curve"],
        settings["tolerance"],
        look_of(settings, names),
        settings["preset"],
        Extras(settings["arrows"] == SHOWN, settings["future"] == SHOWN, average, points),
        tuple(map(factor.turn, values)),
        seeds,
    )


def seeds_of(settings: Settings, experiment: Experiment) -> tuple[int, Note | None]:
    """Return how many seeds have their ends shown, 0 for paths, and why these if ends are set."""
    if settings["show"] != ENDS:
        return 0, None
    if not noisy(experiment):
        return 0, Note(ONE_END_PATHS)
    if len({replace(run, seed=None) for run in experiment.runs}) < len(experiment.runs):
        return 0, Note(ONE_CLOUD_PATHS)
    updates = Ensemble(experiment, SEEDS_OF_ENDS).updates
    if updates > MOST_UPDATES_OF_ENDS:
        told = {
            "seeds": SEEDS_OF_ENDS,
            "updates": whole(updates),
            "most": whole(MOST_UPDATES_OF_ENDS),
        }
        return 0, Note(TOO_MANY_ENDS, told)
    return SEEDS_OF_ENDS, None


def planned(settings: Settings) -> Choice:
    """Return what settings choose without a search: runs at their best rates have default ones."""
    # A callback asks outside of the visitor's language, before the page does in it.
    return _planned(settings, current())


@functools.lru_cache(maxsize=64)
def _planned(settings: Settings, language: str) -> Choice:
    """Return the same in the current language, which is this one."""
    return choose(settings, lambda experiment: experiment)


def chosen(settings: Settings) -> Experiment:
    """Return the experiment that settings choose, without a search."""
    return planned(settings).experiment


def idle(settings: Settings, id: str, experiment: Experiment | None = None) -> Idle | None:
    """Return why a setting has no effect beside the others, where it has none.

    `experiment` is the one that they choose, for who has it.
    """
    reason = TABLE[id].idle
    if reason is None:
        return None
    experiment = experiment or chosen(settings)
    return still(settings, experiment) or reason(settings, experiment)


def unless(settings: Settings, id: str) -> Any:
    """Return a setting's value, or its own default where what is compared takes its place."""
    return settings.plain(id) if settings.replaced(id) else settings[id]


def run_of(settings: Settings, name: str, fair: str) -> Run:
    """Return a run of an optimizer, with everything that is not compared."""
    rule = OPTIMIZERS[name]
    hyper = {fact.name: unless(settings, f"{name}.{fact.name}") for fact in rule.hyperparameters}
    lr = None if fair == BEST else unless(settings, f"{settings['surface']}.{name}.lr")
    if fair in (SAME, EFFECTIVE):
        lr = settings[f"{settings['surface']}.rate"]
        lr *= remainder(rule, rule.resolve(hyper)) if fair == EFFECTIVE else 1.0
    schedule, decays = unless(settings, "schedule"), rule.weight_decay != NO_DECAY
    return Run(
        name,
        lr=lr,
        hyper=hyper,
        weight_decay=unless(settings, f"{name}.weight_decay") if decays else 0.0,
        batch_size=batch_value(unless(settings, "batch")),
        covariance=unless(settings, "covariance"),
        replacement=unless(settings, "drawing") == REPLACED,
        schedule=schedule,
        schedule_params=numbers_of(settings, schedule),
        warmup=unless(settings, "warmup"),
        accumulate=unless(settings, "accumulate"),
        **clip_and_stop_of(settings),
    )


def look_of(settings: Settings, names: list[str]) -> Inspection | None:
    """Return what is to be looked at, if anything is."""
    if settings["look"] != OPEN or settings["view"] == MAPS_VIEW:
        return None
    run = settings["look.run"]
    return Inspection(
        names.index(run) if run in names else 0,
        settings["look.step"],
        MODELS.index(settings["look.model"]),
    )
