"""What is sent to the browser, unpacked in Python; the browser tests unpack it in JavaScript."""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any

import numpy as np
import pytest

from landscape import Formula
from optimizers import Experiment, Run, simulate
from views.scene import scene
from views.scene.figures import PICTURES, Ground, Mark
from views.scene.payload import GRID_LEVELS, LEVELS, pack
from views.theme import LIGHT


def unpack(packed: bytes) -> Any:
    raw = zlib.decompress(packed)
    (size,) = struct.unpack_from("<I", raw)

    def restore(value: dict[str, Any]) -> Any:
        if "$" not in value:
            return value
        entry = value["$"]
        start, count = 4 + size + entry["offset"], int(np.prod(entry["shape"]))
        if entry["type"] == "f4":
            return np.frombuffer(raw, "<f4", count, start).reshape(entry["shape"])
        levels = np.cumsum(np.frombuffer(raw, "<u2", count, start), dtype=np.uint16)
        return entry["low"] + entry["step"] * levels.reshape(entry["shape"])

    return json.loads(raw[4 : 4 + size], object_hook=restore)


def test_float32_arrays_come_back_to_the_bit():
    values = np.array([1e30, -2.5, 0.1], np.float32)
    assert (unpack(pack({"x": values}))["x"] == values).all()


@pytest.mark.parametrize(("shape", "count"), [((7, 5), GRID_LEVELS), ((35,), LEVELS)])
def test_float64_arrays_come_back_within_half_a_level(shape, count):
    values = np.random.default_rng(1).normal(size=shape)
    back = unpack(pack({"z": [values]}))["z"][0]
    assert back.shape == values.shape
    # Half a level, and rounding of the sum low + step * level.
    assert np.abs(back - values).max() <= np.ptp(values) / count * (0.5 + 1e-6)


@pytest.mark.parametrize("shape", [(6,), (2, 3)])
@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_a_gap(odd, shape):
    values = np.arange(6.0)
    values[4] = odd
    back = unpack(pack({"z": values.reshape(shape)}))["z"]
    assert back.shape == shape
    np.testing.assert_array_equal(back.ravel(), [0, 1, 2, 3, np.nan, 5])


@pytest.mark.parametrize("view", PICTURES)
def test_the_ground_of_a_formula_without_end_is_sent(view):
    given = Experiment(Formula("1/x + y**2", start=(1, 1)), l1=0.1, runs=(Run("SGD"),))
    assert unpack(scene.packed_ground(Ground.of(given), view, 1, LIGHT, "en"))


def test_a_constant_array_comes_back():
    assert (unpack(pack({"x": np.full(3, 2.5)}))["x"] == 2.5).all()


def test_an_array_is_sent_once_however_often_it_occurs():
    values = np.random.default_rng(1).normal(size=1000).astype(np.float32)
    once, thrice = (len(pack({"x": [values.copy() for _ in range(n)]})) for n in (1, 3))
    assert thrice < once + 100


def test_numpy_numbers_are_numbers():
    assert unpack(pack({"a": np.float64(0.5), "b": np.int64(3)})) == {"a": 0.5, "b": 3}


@pytest.mark.parametrize("value", [object(), {1, 2}])
def test_what_is_no_data_is_refused(value):
    with pytest.raises(TypeError, match="a scene holds no"):
        pack({"x": value})


def test_nan_is_refused():
    with pytest.raises(ValueError, match="not JSON compliant"):
        pack({"x": float("nan")})


@pytest.mark.parametrize(
    ("runs", "steps", "most"), [(4, 200, 22_000), (9, 1000, 72_000)], ids=["4x200", "9x1000"]
)
@pytest.mark.parametrize("view", PICTURES)
def test_a_scene_leaves_room_in_the_budget_of_a_change(runs, steps, most, view):
    # 25 kB and 100 kB are the budgets for everything a change sends; the rest is widgets.
    experiment = Experiment(
        surface="Himmelblau",
        steps=steps,
        noise=5.0,
        runs=tuple(Run("SGD", lr=0.001 * (i + 1), batch_size=16) for i in range(runs)),
    )
    marks = [Mark.of(i, "a run", LIGHT) for i in range(runs)]
    drawing = scene.Drawing(experiment, simulate(experiment), marks, view, LIGHT)
    sizes = [len(part) for part in scene.packed(drawing)]
    assert sum(sizes) < most
