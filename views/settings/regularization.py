"""The settings of regularization: L2 and L1, how L1 gets into an update, and dropout."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from landscape import Objective
from landscape.data import LEAST_KEEP
from landscape.language import Message, msgid
from optimizers import OPTIMIZERS, Experiment, Optimizer, Run
from optimizers.record import L1_STEPS, PROXIMAL, SUBGRADIENT
from views.presets import DEFAULT
from views.settings.factor import Factor
from views.settings.numbers import told_apart
from views.settings.setting import (
    Idle,
    Note,
    NumberList,
    OneOf,
    Range,
    Setting,
    number_list,
)

if TYPE_CHECKING:
    from views.settings.settings import Settings

MOST_STRENGTH = 10.0
FIRST_STRENGTH = 0.5  # that a button sets
LABELS = {SUBGRADIENT: msgid("Subgradient"), PROXIMAL: msgid("Proximal step")}
NO_L1 = msgid("Without L1 there is no kink, and nothing to choose.")
SET_L1 = msgid("L1 {strength}")
PENALIZED = msgid(
    "Regularization is part of the loss: contours, losses and minima (+) are those with it; a small"
    " circle marks the minimum without it. At the lowest minimum the dotted contour of the loss"
    " alone touches the solid line of equal penalty."
)
DROPPED = msgid(
    "Dropout: contours, losses and minima (+) are those of the expected loss, the mean over all"
    " ways to drop inputs; a small circle marks the minimum without it. At the lowest minimum the"
    " dotted contour of the loss alone touches the solid line on which dropout adds as much."
)
LIKE_L2 = msgid(
    "Dropout: contours, losses and minima (+) are those of the expected loss; a small circle marks"
    " the minimum without it. At the lowest minimum the dotted contour of the loss alone touches"
    " the solid line on which dropout adds as much: what L2 of strength (1 - p) / p times the mean"
    " square of its input adds for each weight, p being the keep probability."
)
TOGETHER = msgid(
    "Regularization and dropout: contours, losses and minima (+) are those of the expected loss"
    " with both; a small circle marks the minimum without them. At the lowest minimum the dotted"
    " contour of the loss alone touches the solid line on which both together add as much."
)
WITHOUT_L1 = msgid(
    "{runs}: without L1, because a rule that takes its curvature from gradients or from the Hessian"
    " does not see the kink at 0."
)
SEARCHES = msgid(
    "{runs}: without L1, because a search along the gradient may end at the kink at 0."
)
BY_SUBGRADIENT = msgid(
    "{runs}: L1 by its subgradient; a proximal step of the learning rate is right for SGD alone."
)


def fitted(
    runs: Sequence[Run], labels: Sequence[str], l1: float, step: str
) -> tuple[list[Run], list[Note]]:
    """Return the runs as their rules can take L1, and a note on those that differ from the rest."""
    found = []
    told: dict[str, list[str]] = {WITHOUT_L1: [], SEARCHES: [], BY_SUBGRADIENT: []}
    for run, label in zip(runs, labels, strict=True):
        rule = OPTIMIZERS[run.optimizer]
        able = rule.l1_steps
        strength, wanted = l1 if run.l1 is None else run.l1, run.l1_step or step
        if strength == 0 or wanted in able:
            found.append(run)
        elif able:
            told[BY_SUBGRADIENT].append(label)
            found.append(replace(run, l1_step=able[0]))
        else:
            told[SEARCHES if rule.searches else WITHOUT_L1].append(label)
            found.append(replace(run, l1=0.0))
    return found, [Note(why, {"runs": ", ".join(names)}) for why, names in told.items() if names]


def of_strength(
    name: str,
    label: Message,
    place: int,
    values: Sequence[float],
    of_run: Message,
    able: Callable[[Optimizer], bool] = lambda rule: True,
) -> Factor:
    """Return the factor that compares strengths of L2 or of L1, the field `name` of a run."""
    id = f"{name}.values"
    return Factor(
        name=label,
        label=label,
        place=place,
        settings=(
            Setting(
                id,
                NumberList(0.0, MOST_STRENGTH),
                number_list(values),
                msgid("Strengths to compare"),
            ),
        ),
        setting=lambda settings: id,
        vary=lambda run, value, settings: replace(run, **{name: value}),
        names_of=lambda values: [f"{name} {text}" for text in told_apart(values)],
        labels_of=lambda values: [Note(of_run, {"value": text}) for text in told_apart(values)],
        replaces=lambda surface, rule: (name,),
        defaults=lambda experiment: {
            id: number_list(
                getattr(experiment.plan(run).objective.penalty, name) for run in experiment.runs
            )
        },
        able=able,
    )


def idle_step(settings: Settings, experiment: Experiment) -> Idle | None:
    """Say that it makes no difference how L1 is stepped where there is none."""
    if settings["l1"] > 0 or any(each.penalty.l1 for each in experiment.objectives):
        return None  # where a rule leaves L1 out, a note says so
    told = Note(SET_L1, {"strength": f"{FIRST_STRENGTH:g}"})
    return Idle(Note(NO_L1), told, {"l1": FIRST_STRENGTH})


def what_is_added(objectives: Sequence[Objective]) -> list[Note]:
    """Return what to tell of regularization, where there is any."""
    penalized = any(each.penalty for each in objectives)
    if not any(each.dropped for each in objectives):
        return [Note(PENALIZED)] if penalized else []
    like_l2 = objectives[0].surface.quadratic
    return [Note(TOGETHER if penalized else LIKE_L2 if like_l2 else DROPPED)]


SETTINGS = (
    Setting(
        "l2",
        Range(0.0, MOST_STRENGTH, 0.05, slider=True),
        DEFAULT.l2,
        msgid("L2 strength"),
        msgid("Half of it times the sum of the squared weights is added to the loss."),
    ),
    Setting(
        "l1",
        Range(0.0, MOST_STRENGTH, 0.05, slider=True),
        DEFAULT.l1,
        msgid("L1 strength"),
        msgid("It times the sum of the weights' sizes is added to the loss."),
    ),
    Setting(
        "l1_step",
        OneOf(L1_STEPS, labels=tuple(LABELS.values())),
        DEFAULT.l1_step,
        msgid("Step of L1"),
        msgid(
            "Its subgradient is a part of the gradient; a proximal step takes rate times strength"
            " off each weight after the update, not beyond 0."
        ),
        idle=idle_step,
    ),
    Setting(
        "keep",
        Range(LEAST_KEEP, 1.0, 0.05, slider=True),
        DEFAULT.keep,
        msgid("Keep probability"),
        msgid(
            "Dropout sets each input of a sample to 0 unless it is kept, and divides what it keeps"
            " by this probability. The seed says what is dropped at each update."
        ),
    ),
)
