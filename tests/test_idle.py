"""A setting without effect says so, and its button makes it count."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from landscape import SURFACES
from optimizers import OPTIMIZERS, SCHEDULES, simulate
from optimizers.record import NO_DECAY
from views.settings.choice import chosen, idle
from views.settings.noise import by_data
from views.settings.rates import EFFECTIVE, OWN, SAME
from views.settings.setting import (
    NumberList,
    OneOf,
    PairList,
    PointList,
    Range,
    Rate,
    Setting,
    Several,
)
from views.settings.settings import Settings, read
from views.settings.table import FACTORS, TABLE

APP = Path(__file__).parents[1] / "app.py"
EXPERIMENTS = 400
# Of a clipped gradient its size may say nothing, and a run that stops may do so before it matters.
LIMITS = {
    *("Clipping by norm", "Clipping by value"),
    *("Stopping by gradient norm", "Stopping by change of the loss"),
}
ADVICE = {"warmup", "schedules"}  # have an effect, though not the one they are there for
# What a control is changed to where the ends of its range would say little.
TAME: dict[str, tuple[Any, ...]] = {
    "length": (7, 40, 900, 20_000, 100_000),
    "noise": (0.0, 0.5, 500.0),
    "samples": (2, 61, 1009, 10_000),
    "seed": (0, 1, 99),
    "seeds": ("0, 1", "5"),
    "budgets": ("5, 9", "60"),
    "warmups": ("0, 5", "30"),
    "warmup": (0, 1, 30, 5000),
    "accumulated": ("2", "1, 3"),
    "unit": ("updates", "epochs", "samples"),
    "batch": ("1", "32", "50", "all"),
    "decays": ("0, 0.5", "0.1"),
    "Step.milestones": ("20, 50", "10"),
    "Quadratic.rotation.values": ("20", "-10, 70"),
    "Quadratic.condition.values": ("3", "2, 40"),
}


def drawn(settings: Settings) -> Iterator[Setting]:
    """Yield the settings of the experiment whose controls the page draws."""
    surface, factor, rules = settings["surface"], settings.factor, settings.rules
    ids = [settings.compared, f"{surface}.x", f"{surface}.y"]
    ids += [] if by_data(settings) else ["noise"]
    ids += ["samples", "batch", "seed", "schedule", "warmup", "length"]
    fair = settings["fair"] if len(rules) > 1 and factor.of_rules else OWN
    ids += [f"{surface}.rate"] if fair in (SAME, EFFECTIVE) else []
    for name in rules:
        ids += [f"{surface}.{name}.lr"] if fair == OWN else []
        ids += [f"{name}.{fact.name}" for fact in OPTIMIZERS[name].hyperparameters]
        if OPTIMIZERS[name].weight_decay != NO_DECAY:
            ids.append(f"{name}.weight_decay")
    for name in {run.schedule for run in chosen(settings).runs}:
        ids += [f"{name}.{fact.name}" for fact in SCHEDULES[name].numbers]
        ids += [f"{name}.unit", f"{name}.milestones"] if SCHEDULES[name].stepped else []
    yield from (TABLE[id] for id in dict.fromkeys(ids) if not settings.replaced(id))


def others(setting: Setting, settings: Settings) -> list[Any]:
    """Return values that a control can be changed to."""
    kind: Any = setting.kind
    plain = settings.plain(setting.id)
    values: list[Any] = [plain, *TAME.get(setting.id, ())]
    if setting.id == "length":
        values.remove(100)  # of which a percent is an update
    if isinstance(kind, Rate):
        values += [0.0, plain / 3]
    elif isinstance(kind, Range) and setting.id not in TAME:
        values += [kind.low, (kind.low + kind.high) / 2, kind.high]
    elif isinstance(kind, OneOf) and setting.id not in TAME:
        values += kind.options
    elif isinstance(kind, Several):
        values += [kind.options[:1], kind.options[1:3], kind.options[-1:]]
    elif isinstance(kind, PointList):
        values += ["1 1", "0.5 0.25; 1 1"]
    elif isinstance(kind, PairList):
        values += ["0.001 0.5", "0.001 0; 0.01 0.9"]
    elif isinstance(kind, NumberList) and setting.id not in TAME:
        values += ["0.5", "0.001, 0.01"]
    if isinstance(kind, Range) and kind.whole:
        values = [int(value) for value in values]
    return [value for value in dict.fromkeys(values) if value != settings[setting.id]]


def drawn_at_random(seed: int) -> Settings:
    """Return settings with a few of the controls that are drawn moved, each to an odd value."""
    dice = random.Random(seed)
    surface, compare = (
        dice.choice([*SURFACES]),
        dice.choice([f for f in FACTORS if f not in LIMITS]),
    )
    changes: dict[str, Any] = {"surface": surface, "compare": compare, "length": 40}
    if dice.random() < 0.5:
        changes |= {"noise": 2.0, "batch": "32"}
    changes["schedule"] = dice.choice([*SCHEDULES])
    for side, letter in zip(SURFACES[surface].domain, "xy", strict=True):
        changes[f"{surface}.{letter}"] = dice.uniform(*side)
    settings, _ = Settings({}).changed(changes)
    for setting in dice.sample(list(drawn(settings)), 4):
        if values := others(setting, settings):
            settings, _ = settings.changed({setting.id: dice.choice(values)})
    return settings


def outcome(settings: Settings) -> list[bytes]:
    """Return what the runs of settings did."""
    with np.errstate(all="ignore"):
        return [trajectory.path.tobytes() for trajectory in simulate(chosen(settings))]


def unremarkable(settings: Settings) -> bool:
    """Tell whether no run breaks off or comes to rest exactly, where later rates mean nothing."""
    trajectories = simulate(chosen(settings))
    return all(trajectory.gradient[0].any() for trajectory in trajectories) and all(
        trajectory.diverged_at is None
        and trajectory.stopped is None
        and (trajectory.path[-1] != trajectory.path[-2]).any()
        for trajectory in trajectories
        if trajectory.lr.any()
    )


def changed(settings: Settings, id: str) -> Iterator[Settings]:
    for value in others(TABLE[id], settings):
        other, _ = settings.changed({id: value})
        if other != settings:
            yield other


@pytest.mark.parametrize("seed", range(EXPERIMENTS))
def test_a_setting_changes_the_runs_or_says_that_it_does_not(seed):
    settings = drawn_at_random(seed)
    if not unremarkable(settings):
        return
    now = outcome(settings)
    for setting in drawn(settings):
        found = idle(settings, setting.id)
        silent = [now]
        for other in changed(settings, setting.id):
            if not idle(other, setting.id):
                silent.append(outcome(other))
        counts = any(each != silent[0] for each in silent[1:])
        if setting.id in (
            "samples",
            "batch",
        ):  # a schedule in epochs may say that none of them has come
            units = {f"{run.schedule}.unit" for run in chosen(settings).runs} & {*TABLE}
            found = found or next(filter(None, (idle(settings, id) for id in units)), None)
        if setting.id == "Adam.amsgrad" and not counts:  # the moments may not fall
            counts = not any(
                (np.diff(trajectory.states[:, 1], axis=0) < 0).any()
                for trajectory in simulate(chosen(settings))
                if trajectory.run.optimizer == "Adam"
            )
        if setting.id in ("Lion.beta1", "Lion.beta2") and not counts:  # no sign may change
            counts = all(
                (np.sign(trajectory.gradient) == np.sign(trajectory.gradient[0])).all()
                for trajectory in simulate(chosen(settings))
                if trajectory.run.optimizer == "Lion"
            )
        if setting.id in ("Backtracking.decrease", "Backtracking.shrink") and not counts:
            # No length may be too long: every step is that of the first.
            counts = all(
                np.array_equal(
                    trajectory.path[:-1] - trajectory.lr[:, None] * trajectory.gradient,
                    trajectory.path[1:],
                )
                for trajectory in simulate(chosen(settings))
                if trajectory.run.optimizer == "Backtracking"
            )
        if not found:
            assert counts or len(silent) == 1, (setting.id, settings)


@pytest.mark.parametrize("seed", range(EXPERIMENTS))
def test_what_is_said_to_have_no_effect_has_none_and_its_button_gives_it_one(seed):
    settings = drawn_at_random(seed)
    now = outcome(settings)
    for setting in drawn(settings):
        found = idle(settings, setting.id)
        if not found:
            continue
        if setting.id in ("noise", "seed", "samples", "batch"):
            assert all(
                {*outcome(other)} == {*now}
                for other in changed(settings, setting.id)
                if idle(other, setting.id)
            ), (setting.id, settings)
        other = settings
        for _ in range(3):  # reasons there may be
            if not (reason := idle(other, setting.id)):
                break
            assert reason.changes, (setting.id, settings)
            other, _ = other.changed(reason.changes)
        assert idle(other, setting.id) is None, (setting.id, settings)


# --- The kinds of it, one by one


@pytest.mark.parametrize(
    ("link", "id", "why", "changes"),
    [
        ({"noise": "500"}, "noise", "takes all samples", {"batch": "32"}),
        ({"batch": "32"}, "batch", "The noise is 0", {"noise": 1.0}),
        ({"seed": "3"}, "seed", "nothing is drawn", {"noise": 1.0, "batch": "32"}),
        ({"compare": "Seed"}, "seeds", "nothing is drawn", {"noise": 1.0, "batch": "32"}),
        ({"compare": "Batch size"}, "batches", "The noise is 0", {"noise": 1.0}),
        ({"samples": "50"}, "samples", "any number of samples", {"noise": 1.0, "batch": "25"}),
        (
            {"compare": "Schedule"},
            "schedules",
            "no noise for a falling rate",
            {"noise": 1.0, "batch": "32"},
        ),
        ({"warmup": "100"}, "warmup", "never reaches", {"warmup": 10}),
        ({"warmup": "300", "schedule": "Cosine"}, "schedule", "never begins", {"warmup": 10}),
        (
            {"schedule": "Step", "Step.milestones": "500", "Step.unit": "updates"},
            "Step.milestones",
            "leaves the rate as it is in a run of 100 updates",
            {"Step.unit": "percent", "Step.milestones": "30, 60, 90"},
        ),
        (
            {"length": "6000"},
            "length",
            "No more than 5,000 updates",
            {"length": 5000, "unit": "updates"},
        ),
        (
            {"length": "9", "unit": "samples"},
            "length",
            "takes 10,000 samples",
            {"length": 100, "unit": "updates"},
        ),
        ({"Quadratic.SGD.lr": "0"}, "noise", "The rate is 0", {"Quadratic.SGD.lr": 0.1}),
        (
            {"optimizers": "Momentum", "Momentum.momentum": "0"},
            "Momentum.convention",
            "nothing to sum",
            {"Momentum.momentum": 0.9},
        ),
        ({"view": "Maps"}, "sweep.seeds", "nothing is drawn", {"noise": 1.0, "batch": "32"}),
    ],
)
def test_each_kind_has_its_reason_and_its_remedy(link, id, why, changes):
    settings, _ = read({"optimizers": "SGD", **link})
    found = idle(settings, id)
    assert found
    assert why in found.why.text()
    if "Quadratic.SGD.lr" in changes:
        changes = {"Quadratic.SGD.lr": settings.plain("Quadratic.SGD.lr")}
    assert found.changes == changes
    after, _ = settings.changed(found.changes)
    assert idle(after, id) is None


@pytest.mark.parametrize(
    ("link", "ids"),
    [
        ({}, ("noise", "batch", "warmup", "schedule", "length", "batches")),
        ({"noise": "1", "batch": "32"}, ("noise", "batch", "seed", "samples", "sweep.seeds")),
        ({"warmup": "99"}, ("warmup",)),
        ({"unit": "epochs", "length": "3", "batch": "5000"}, ("batch", "samples", "length")),
    ],
)
def test_what_counts_says_nothing(link, ids):
    settings, _ = read({"optimizers": "SGD", **link})
    assert [id for id in ids if idle(settings, id)] == []


def test_the_page_says_it_under_the_control_and_one_click_makes_it_count():
    app = AppTest.from_file(APP, default_timeout=60)
    app.query_params["noise"], app.query_params["optimizers"] = "500", "SGD"
    app.run()
    assert any("takes all samples" in caption.value for caption in app.caption)
    next(button for button in app.button if button.label == "Batches of 32").click().run()
    assert app.query_params["batch"] == "32"
    assert not any("takes all samples" in caption.value for caption in app.caption)
