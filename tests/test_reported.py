"""What a component reports is numbers, or it is nothing."""

from __future__ import annotations

import math
from typing import Any

import pytest

from views.maps.page import MOST_EXPONENT
from views.player.reported import numbers


def test_numbers_are_taken_as_they_are():
    assert numbers([1, -2.5, 0], 3, 10.0) == (1.0, -2.5, 0.0)


@pytest.mark.parametrize(
    "value",
    [
        *(None, 3, "ab", [], [1], [1, 2, 3], [1, "x"], [1, None], {"x": 1}, [[1], [2]]),
        *([1, math.nan], [math.inf, 1], [1e9, 1], [10**400, 1]),
    ],
)
def test_anything_else_is_nothing(value: Any):
    assert numbers(value, 2, 1e6) is None


def test_ten_to_the_power_of_what_a_map_takes_is_a_number():
    assert math.isfinite(10**MOST_EXPONENT)
    assert 10**-MOST_EXPONENT > 0
