"""Learning-rate schedules: the factor of every update."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest

from landscape.record import Number
from optimizers import SCHEDULES
from optimizers.simulation.epochs import Epoch
from optimizers.simulation.schedules import MOST_MILESTONES, UNITS

U = 2.0**-53
TORCH = json.loads((Path(__file__).parent / "fixtures" / "torch.json").read_text())
ALL = {"argvalues": SCHEDULES.values(), "ids": SCHEDULES.keys()}
LENGTHS = (1, 2, 3, 7, 100, 1999)
RISING = ("Warm restarts", "One cycle")  # at some updates


def settings(schedule):
    """Every combination of the least, the default and the greatest value of its numbers."""
    ranges = [[(n.name, v) for v in (n.low, n.default, n.high)] for n in schedule.numbers]
    stepped = [{"unit": unit} for unit in UNITS] if schedule.stepped else [{}]
    return [{**dict(choice), **unit} for choice in itertools.product(*ranges) for unit in stepped]


@pytest.mark.parametrize("schedule", **ALL)
def test_a_factor_stays_from_zero_to_one_and_has_the_full_rate(schedule):
    """Most begin there and never rise."""
    for params, steps in itertools.product(settings(schedule), LENGTHS):
        factors = schedule.factors(steps, params)
        assert factors.shape == (steps,)
        assert factors.dtype == np.float64
        assert ((factors >= 0) & (factors <= 1)).all()
        if schedule.name != "One cycle":
            assert factors[0] == 1.0
        if schedule.name not in RISING:
            assert (np.diff(factors) <= 0).all()


@pytest.mark.parametrize("warmup", [1, 4, 99])
@pytest.mark.parametrize("schedule", **ALL)
def test_a_warm_up_rises_linearly_to_the_full_rate_before_the_schedule(schedule, warmup):
    warm = schedule.factors(50, warmup=warmup)
    rise = np.array([min(1.0, (t + 1) / (warmup + 1)) for t in range(50)])
    assert warm[0] == pytest.approx(1 / (warmup + 1))
    assert warm[0] > 0
    if schedule.by_clock:  # milestones are counted from the first update
        np.testing.assert_allclose(warm, schedule.factors(50) * rise, rtol=4 * U)
    else:
        np.testing.assert_allclose(warm[:warmup], rise[:warmup], rtol=4 * U)
        np.testing.assert_array_equal(warm[warmup:], schedule.factors(max(50 - warmup, 0)))


def test_a_cosine_reaches_its_rate_after_a_warm_up():
    factors = SCHEDULES["Cosine"].factors(100, warmup=50)
    assert factors[50] == factors.max() == 1.0
    # The rise adds up to 25 and the cosine to 25: (t + 1) / 51 never has a 0 nor the full rate.
    assert factors.sum() == pytest.approx(50.0, rel=0, abs=100 * U * 50)


@pytest.mark.parametrize("schedule", **ALL)
def test_a_warm_up_as_long_as_the_run_is_all_there_is(schedule):
    for warmup in (20, 21, 10_000):
        rise = (np.arange(20) + 1) / (warmup + 1)
        assert (schedule.factors(20, warmup=warmup) <= rise).all()
        assert schedule.factors(20, warmup=warmup)[0] == rise[0]


@pytest.mark.parametrize(
    ("params", "steps", "epoch", "cut"),
    [
        ({"milestones": (2.2,), "unit": "epochs"}, 100, 25, 55),
        ({"milestones": (32.2,), "unit": "percent"}, 500, 1, 161),
        ({"milestones": (0.07,), "unit": "epochs"}, 100, 100, 7),
        ({"milestones": (8.2,), "unit": "epochs"}, 100, 10, 82),
        ({"milestones": (8.21,), "unit": "epochs"}, 100, 10, 83),
    ],
    ids=str,
)
def test_a_milestone_falls_at_the_update_that_its_decimals_say(params, steps, epoch, cut):
    factors = SCHEDULES["Step"].factors(steps, params, updates_per_epoch=epoch)
    assert (factors < 1).argmax() == cut


@pytest.mark.parametrize("epoch", [1, 25])
def test_a_number_in_epochs_is_so_many_updates(epoch):
    for name in ("Step every n", "Exponential by factor", "Warm restarts"):
        schedule = SCHEDULES[name]
        by_epochs = schedule.factors(300, {"every": 2, "unit": "epochs"}, updates_per_epoch=epoch)
        by_updates = schedule.factors(300, {"every": 2 * epoch, "unit": "updates"})
        np.testing.assert_array_equal(by_epochs, by_updates)


def test_milestones_may_be_many():
    stones = tuple(range(1, 100))
    factors = SCHEDULES["Step"].factors(
        200, {"milestones": stones, "unit": "updates", "factor": 0.5}
    )
    assert factors[[0, 1, 50, 99, 199]].tolist() == [1.0, 0.5, 0.5**50, 0.5**99, 0.5**99]


@pytest.mark.parametrize("schedule", **ALL)
def test_a_schedule_of_one_update_leaves_the_rate_alone(schedule):
    for params in settings(schedule):
        assert schedule.factors(1, params).tolist() == [1.0]


# schedule, settings, steps, {update: factor}
POINTS = {
    "Constant": ("Constant", {}, 10, {0: 1, 9: 1}),
    "Exponential to .01": (
        "Exponential",
        {"final": 0.01},
        101,
        {50: 0.1, 75: 0.01**0.75, 100: 0.01},
    ),
    "Cosine to 0": (
        *("Cosine", {"final": 0.0}, 61),
        {15: (1 + math.sqrt(0.5)) / 2, 20: 0.75, 30: 0.5, 40: 0.25, 60: 0.0},
    ),
    "Cosine to .2": ("Cosine", {"final": 0.2}, 61, {20: 0.8, 30: 0.6, 60: 0.2}),
    "Linear to 0": ("Linear", {"final": 0.0}, 11, {1: 0.9, 5: 0.5, 10: 0.0}),
    "Linear to .5": ("Linear", {"final": 0.5}, 11, {5: 0.75, 10: 0.5}),
    "Inverse sqrt": ("Inverse sqrt", {"timescale": 10.0}, 100, {30: 0.5, 90: 1 / math.sqrt(10)}),
    "Step in percent": (
        *("Step", {"milestones": [50, 75], "unit": "percent", "factor": 0.1}, 200),
        {99: 1, 100: 0.1, 149: 0.1, 150: 0.01, 199: 0.01},
    ),
    "Step in updates": (
        *("Step", {"milestones": [3, 5], "unit": "updates", "factor": 0.5}, 10),
        {2: 1, 3: 0.5, 4: 0.5, 5: 0.25},
    ),
    # 95 % of 220 updates is 209, though 95 * 2.2 is a little more.
    "Step at a whole update": (
        *("Step", {"milestones": [95], "unit": "percent", "factor": 0.1}, 220),
        {208: 1, 209: 0.1},
    ),
    "Step between two updates": (
        *("Step", {"milestones": [50], "unit": "percent", "factor": 0.1}, 5),
        {2: 1, 3: 0.1},
    ),
    "Step every 3": (
        *("Step every n", {"every": 3, "factor": 0.5}, 10),
        {0: 1, 2: 1, 3: 0.5, 5: 0.5, 6: 0.25, 9: 0.125},
    ),
    "Exponential by factor": (
        *("Exponential by factor", {"factor": 0.81, "every": 2}, 10),
        {0: 1, 1: 0.9, 2: 0.81, 4: 0.81**2},
    ),
    "Exponential by factor 0": ("Exponential by factor", {"factor": 0}, 5, {0: 1, 1: 0, 4: 0}),
    "Inverse time": ("Inverse time", {"timescale": 5.0}, 100, {0: 1, 5: 0.5, 45: 0.1}),
    "Restarts alike": (
        *("Warm restarts", {"every": 4, "growth": 1, "final": 0.5}, 20),
        {0: 1, 2: 0.75, 4: 1, 6: 0.75, 16: 1},
    ),
    "Restarts that grow": (
        *("Warm restarts", {"every": 4, "growth": 2}, 40),
        {0: 1, 2: 0.5, 4: 1, 8: 0.5, 12: 1, 20: 0.5, 28: 1},
    ),
    "One cycle": (
        *("One cycle", {"start": 0.2, "peak": 0.5, "final": 0.4}, 22),
        {0: 0.2, 5: 0.6, 10: 1, 21: 0.4},
    ),
    "Step beyond the end": ("Step", {"milestones": [500], "unit": "updates"}, 10, {9: 1}),
}


@pytest.mark.parametrize(("name", "params", "steps", "points"), POINTS.values(), ids=POINTS)
def test_the_factor_at_a_known_update(name, params, steps, points):
    factors = SCHEDULES[name].factors(steps, params)
    assert len(factors) == steps
    # A handful of roundings of numbers up to 1.
    for update, expected in points.items():
        assert factors[update] == pytest.approx(expected, rel=0, abs=8 * U)


def test_every_schedule_has_a_known_update():
    assert {name for name, *_ in POINTS.values()} == SCHEDULES.keys()


@pytest.mark.parametrize("batch", [64, 128, 4096])
def test_the_rate_is_divided_by_ten_after_30_60_and_90_epochs(batch):
    epoch = Epoch(10_000, batch).updates
    params = {"milestones": [30, 60, 90], "unit": "epochs", "factor": 0.1}
    factors = SCHEDULES["Step"].factors(100 * epoch, params, updates_per_epoch=epoch)
    by_epoch = factors.reshape(100, epoch)
    assert (by_epoch == by_epoch[:, :1]).all()
    expected = np.repeat([1.0, 0.1, 0.01, 0.001], [30, 30, 30, 10])
    np.testing.assert_allclose(by_epoch[:, 0], expected, rtol=8 * U)


def torch_id(case):
    settings = "-".join(str(value) for value in case["schedule_params"].values())
    return f"{case['schedule']}-{case['steps']}-{case['warmup']}-{settings}"


@pytest.mark.parametrize("case", TORCH["schedules"], ids=torch_id)
def test_the_factors_are_pytorchs(case):
    factors = SCHEDULES[case["schedule"]].factors(
        case["steps"], case["schedule_params"], case["warmup"]
    )
    assert len(factors) == len(case["factors"]) == case["steps"]
    # PyTorch multiplies from update to update and rounds some five times in each.
    tolerance = 5 * U * case["steps"]
    np.testing.assert_allclose(factors, case["factors"], rtol=tolerance, atol=tolerance)


def test_the_fixture_knows_every_schedule_that_pytorch_has():
    assert {c["schedule"] for c in TORCH["schedules"]} == SCHEDULES.keys() - {
        "Inverse sqrt",
        "Inverse time",
    }


@pytest.mark.parametrize("schedule", **ALL)
def test_every_number_of_a_schedule_is_checked(schedule):
    for number in schedule.numbers:
        assert isinstance(number, Number)
        assert number.low <= number.default <= number.high
        for bad in (number.low - 1, number.high * 2 + 1, math.nan, math.inf, True, "1", None, [1]):
            what = "unknown; known: " if number.choices and bad == "1" else "must be"
            with pytest.raises(ValueError, match=f"{schedule.name}.{number.name} = .*: {what}"):
                schedule.resolve({number.name: bad})


@pytest.mark.parametrize("schedule", **ALL)
def test_an_unknown_setting_is_refused_with_the_known_ones(schedule):
    with pytest.raises(ValueError, match=r"schedule_params of .* = 'speed': unknown; known: "):
        schedule.resolve({"speed": 1})


BAD_MILESTONES = {
    "none": [],
    "zero": [0, 5],
    "negative": [-1],
    "falling": [5, 3],
    "twice": [5, 5],
    "too many": list(range(1, MOST_MILESTONES + 2)),
    "text": "30",
    "texts": ["30"],
    "NaN": [math.nan],
    "inf": [30, math.inf],
    "bool": [True],
    "null": None,
    "dict": {30: 1},
    "array": np.array([30.0, 60.0]),
    "bytes": b"30",
    "nested": [[30]],
}


@pytest.mark.parametrize("bad", BAD_MILESTONES.values(), ids=BAD_MILESTONES)
def test_bad_milestones_are_refused(bad):
    with pytest.raises(ValueError, match=r"Step.milestones = .*: must"):
        SCHEDULES["Step"].resolve({"milestones": bad})


@pytest.mark.parametrize(
    "bad", ["weeks", "", None, 1, ["updates"], np.array(["updates"])], ids=repr
)
def test_a_bad_unit_is_refused_with_the_known_ones(bad):
    with pytest.raises(
        ValueError, match=r"Step.unit = .*: unknown; known: percent, epochs, updates"
    ):
        SCHEDULES["Step"].resolve({"unit": bad})


def test_one_milestone_may_be_a_plain_number():
    assert SCHEDULES["Step"].resolve({"milestones": 30})["milestones"] == (30.0,)
