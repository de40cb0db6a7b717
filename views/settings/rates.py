"""The settings of optimizers: their learning rates, how those are made fair, hyperparameters."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from landscape import SURFACES, Formula, Surface
from landscape.language import msgid
from landscape.record import Number
from optimizers import OPTIMIZERS, Experiment, Optimizer, Run
from optimizers.maps import RateSweep
from optimizers.maps.base import Array, Result, noisy, part
from optimizers.record import APART, COUPLED, DECOUPLED, EMA, NO_DECAY
from views.settings.formulas import FORMULA_IDS, formula_of
from views.settings.setting import MOST_RATE, Idle, Note, OneOf, Rate, Setting, of_number

if TYPE_CHECKING:
    from views.settings.settings import Settings

# How the rates of compared optimizers are made fair.
OWN, SAME, BEST, EFFECTIVE = "each its own", "the same", "each its best", "the same effective"
FAIR = {
    OWN: msgid("own default"),
    SAME: msgid("same for all"),
    BEST: msgid("best for each"),
    EFFECTIVE: msgid("same effective rate"),
}
FAIR_HELP = msgid(
    "The best rate of each is found by a sweep over this surface, start and length. The effective"
    " rate is the rate over 1 - momentum: what a step adds up to while the gradient stays."
)
RATES_TRIED, DECADES_TRIED, SEEDS_TRIED = 241, (-5, 1), 16
MOST_FOUND = 512  # best rates that are kept
BEST_NOTE = Note(
    msgid(
        "Each optimizer has its own best rate: of {rates} rates from 1e-5 to 10, and as many"
        " between the neighbours of the best of them, the one with the lowest final loss (with"
        " noise, the lowest median of {seeds} seeds)."
    ),
    {"rates": RATES_TRIED, "seeds": SEEDS_TRIED},
)
DECAY_HELP = {
    COUPLED: msgid("Coupled: added to the gradient, times the position."),
    DECOUPLED: msgid("Decoupled: the position shrinks by its product with the rate."),
}


def rate_setting(surface: Surface, rule: Optimizer) -> Setting:
    """Return the setting of a rule's learning rate on a surface."""
    name, default = f"{surface.name}.{rule.name}.lr", rule.default_rate(surface)
    kind = Rate(0.0, MOST_RATE, default / 10)
    if not isinstance(surface, Formula):
        return Setting(name, kind, default)
    # It depends on how steep the formula is.
    return Setting(
        name, kind, lambda settings: rule.default_rate(formula_of(settings)), needs=FORMULA_IDS
    )


# --- What has no effect where nothing moves

STILL = msgid("The rate is 0, so that nothing moves.")
SET_RATES = msgid("Default rates")
NO_MOMENTUM = msgid("The momentum is 0: there is nothing to sum.")
SET_MOMENTUM = msgid("Momentum {value}")
NO_WEIGHT_DECAY = msgid("The weight decay is 0.")
SET_WEIGHT_DECAY = msgid("Weight decay {value}")
NO_SHARE = msgid("{name} is 0: the past does not count.")
SET_SHARE = msgid("{name} {value}")


def still(settings: Settings, experiment: Experiment, rule: str = "") -> Idle | None:
    """Say that nothing has an effect on runs of rate 0: all of them, or those of one rule."""
    runs = [run for run in experiment.runs if rule in ("", run.optimizer)]
    if any(experiment.plan(run).lr > 0 for run in runs):
        return None
    surface, rules = settings["surface"], [rule] if rule else settings.rules
    ids = [f"{surface}.rate", *(f"{surface}.{name}.lr" for name in rules)]
    if settings.replaced(ids[-1]):
        ids.append(settings.compared)
    changes = {id: settings.plain(id) for id in ids if settings[id] != settings.plain(id)}
    return Idle(Note(STILL), Note(SET_RATES), changes)


def no_decay(settings: Settings, experiment: Experiment, rule: str) -> Idle | None:
    """Say that what shapes a weight decay has no effect where there is none."""
    runs = [run for run in experiment.runs if run.optimizer == rule]
    if not runs or any(run.weight_decay > 0 for run in runs):
        return None
    id, value = f"{rule}.weight_decay", 0.1
    if settings.replaced(id):
        id, value = settings.compared, settings.plain(settings.compared)
    return Idle(Note(NO_WEIGHT_DECAY), Note(SET_WEIGHT_DECAY, {"value": str(value)}), {id: value})


def idle_hyper(rule: Optimizer, name: str) -> Callable[[Settings, Experiment], Idle | None]:
    """Return what says that a hyperparameter of a rule has no effect."""

    def idle(settings: Settings, experiment: Experiment) -> Idle | None:
        if found := still(settings, experiment, rule.name):
            return found
        if name == APART:
            return no_decay(settings, experiment, rule.name)
        if rule.memory is None or name not in rule.memory.idle_without:
            return None
        hyper = rule.memory.hyper
        runs = [run for run in experiment.runs if run.optimizer == rule.name]
        if not runs or any(run.hyper[hyper] > 0 for run in runs):
            return None
        id = f"{rule.name}.{hyper}"
        changed = settings.compared if settings.replaced(id) else id
        value = settings.plain(changed)
        why, how, said = Note(NO_MOMENTUM), SET_MOMENTUM, {"value": str(value)}
        if rule.momentum is None:
            why, how, said = Note(NO_SHARE, {"name": hyper}), SET_SHARE, {"name": hyper, **said}
        return Idle(why, Note(how, said), {changed: value})

    return idle


def hyper_settings(rule: Optimizer) -> tuple[Setting, ...]:
    """Return the settings of a rule's hyperparameters and of its weight decay."""
    facts = rule.hyperparameters
    if rule.weight_decay != NO_DECAY:
        help = DECAY_HELP[rule.weight_decay]
        facts = (*facts, Number("weight_decay", r"\lambda", 0.0, 0.0, 1.0, help))
    return tuple(
        replace(of_number(rule.name, fact), idle=idle_hyper(rule, fact.name)) for fact in facts
    )


SETTINGS = (
    Setting(
        "fair",
        OneOf(tuple(FAIR), labels=tuple(FAIR.values())),
        OWN,
        msgid("Learning rates"),
        FAIR_HELP,
    ),
    *(rate_setting(surface, rule) for surface in SURFACES.values() for rule in OPTIMIZERS.values()),
    *(
        Setting(
            f"{surface.name}.rate",
            Rate(0.0, MOST_RATE, 0.001),
            lambda settings, surface=surface: OPTIMIZERS[settings.rules[0]].default_rate(surface),
            needs=("compare", "optimizers"),
        )
        for surface in SURFACES.values()
    ),
    *(setting for rule in OPTIMIZERS.values() for setting in hyper_settings(rule)),
)


def remainder(rule: Optimizer, hyper: Mapping[str, float]) -> float:
    """Return what to multiply an effective rate by: 1 - momentum, where gradients are summed."""
    if rule.memory is None or rule.memory.convention(hyper) == EMA:
        return 1.0
    return 1.0 - hyper[rule.memory.hyper]


@dataclass(frozen=True)
class BestRates:
    """A request for the rate at which each run of an experiment ends lowest.

    Of RATES_TRIED rates, twice: the second time they lie between the neighbours of the first
    time's best.
    """

    experiment: Experiment

    def __post_init__(self) -> None:
        # The rates of the runs play no part.
        object.__setattr__(self, "experiment", with_rates(self.experiment))

    def compute(
        self,
        cancel: threading.Event | None = None,
        progress: Callable[[float], None] | None = None,
        executor: Executor | None = None,
    ) -> FoundRates:
        """Return the rates; raise Cancelled soon after `cancel` is set."""
        alone = [run_alone(self.experiment, run) for run in self.experiment.runs]
        rates = (
            best_rate(each, cancel, part(progress, done, len(alone)), executor)
            for done, each in enumerate(alone)
        )
        return FoundRates(np.array([*rates]))

    def coarse(self) -> None:
        """Return no coarser request: its rates would be others."""
        return

    @property
    def updates(self) -> int:
        """How many updates all its runs make."""
        return (
            2
            * RATES_TRIED
            * sum(
                seeds_tried(each) * each.steps
                for each in (run_alone(self.experiment, run) for run in self.experiment.runs)
            )
        )


@dataclass(frozen=True, eq=False)
class FoundRates(Result):
    """The best rates of an experiment's runs, `rates` (runs,)."""

    rates: Array

    def table(self) -> dict[str, Array]:
        """Return the rates as a column."""
        return {"lr": self.rates}


def at_best_rates(experiment: Experiment) -> Experiment:
    """Return an experiment with the best rate of each run; the search is made here and now."""
    return with_rates(experiment, BestRates(experiment).compute().rates)


def with_rates(experiment: Experiment, rates: Array | None = None) -> Experiment:
    """Return an experiment with these rates of its runs, or with none."""
    given = [None] * len(experiment.runs) if rates is None else rates.tolist()
    runs = zip(experiment.runs, given, strict=True)
    return replace(experiment, runs=tuple(replace(run, lr=lr) for run, lr in runs))


def run_alone(experiment: Experiment, run: Run) -> Experiment:
    """Return the experiment of one run, without its rate."""
    alone = (replace(run, lr=None, steps=None),)
    return replace(experiment, steps=run.steps or experiment.steps, runs=alone)


def seeds_tried(experiment: Experiment) -> int:
    """Return how many seeds each rate is tried with."""
    return SEEDS_TRIED if noisy(experiment) else 1


FOUND: OrderedDict[Experiment, float] = OrderedDict()  # the last used last
FOUND_LOCK = threading.Lock()


def best_rate(
    experiment: Experiment,
    cancel: threading.Event | None = None,
    progress: Callable[[float], None] | None = None,
    executor: Executor | None = None,
) -> float:
    """Return the rate at which an experiment's one run ends lowest; what was found is kept."""
    with FOUND_LOCK:
        if experiment in FOUND:
            FOUND.move_to_end(experiment)
            return FOUND[experiment]
    seeds = seeds_tried(experiment)
    low, high = (10.0**decade for decade in DECADES_TRIED)
    tried = RateSweep(experiment, low, high, RATES_TRIED, seeds)
    first = tried.compute(cancel, part(progress, 0, 2), executor).best(0)
    step = (high / low) ** (1 / (RATES_TRIED - 1))
    near = max(first / step, low), min(first * step, high)
    tried = RateSweep(experiment, *near, RATES_TRIED, seeds)
    best = float(f"{tried.compute(cancel, part(progress, 1, 2), executor).best(0):.4g}")
    with FOUND_LOCK:
        FOUND[experiment] = best
        while len(FOUND) > MOST_FOUND:
            FOUND.popitem(last=False)
    return best
