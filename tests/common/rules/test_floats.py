from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopcare.common.rules.floats import reach

WRITTEN = st.decimals(-(10**9), 10**9, places=6).map(float) | st.sampled_from(
    [0.1, 0.3, -0.3, 1e15, 16_777_217.0, 1e-6]
)


@given(WRITTEN)
def test_reach_holds_the_nearest_float_and_no_other(value: float) -> None:
    nearest = np.float32(value)
    low, high = reach(value)
    inside = [bool(low < float(each) < high) for each in around(nearest)]
    assert inside == [False, True, False]


@given(WRITTEN)
def test_reach_is_wide_enough_for_any_reading_of_its_digits(value: float) -> None:
    """An engine may read the 17 digits of a double a little differently; no float lies so near to a middle."""
    low, high = reach(value)
    for middle in (low, high):
        for misread in (middle * (1 - 1e-14), middle * (1 + 1e-14)):
            assert [bool(float(each) < misread) for each in around(np.float32(value))] == [
                bool(float(each) < middle) for each in around(np.float32(value))
            ]


def test_reach_of_zero() -> None:
    low, high = reach(0.0)
    assert low < 0 < high
    assert not any(low < float(each) < high for each in (np.nextafter(np.float32(0), np.float32(1)), -1e-45))


def around(nearest: np.float32) -> tuple[np.float32, np.float32, np.float32]:
    low, high = np.nextafter(nearest, np.float32(-np.inf)), np.nextafter(nearest, np.float32(np.inf))
    return low, nearest, high


@pytest.mark.parametrize(("written", "stored"), [(0.1, 0.1), (0.3, 0.3), (6.7, 6.7)])
def test_number_stands_on_its_own_threshold(written: float, stored: float) -> None:
    low, high = reach(written)
    assert low < float(np.float32(stored)) < high
    assert float(np.float32(stored)) != written
