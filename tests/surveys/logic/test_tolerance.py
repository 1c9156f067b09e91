"""The expectation–service model against LibQUAL+ means."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.logic.tolerance import (
    Zone,
    adequacy_gap,
    dissatisfied,
    inverted,
    position_in_zone,
    rescale,
    superiority_gap,
)


@pytest.mark.parametrize(
    ("raw", "low", "high", "level"),
    [
        (1, 1, 10, 0),
        (10, 1, 10, 100),
        (6.5, 1, 10, 550 / 9),
        (3, 1, 5, 50),
        (0, 0, 10, 0),
        (-1, -2, 2, 25),
    ],
)
def test_rescale_maps_linearly_to_a_hundred(raw: float, low: float, high: float, level: float) -> None:
    assert rescale(raw, low, high) == pytest.approx(level, abs=1e-12)


@pytest.mark.parametrize(
    ("raw", "low", "high"),
    [(0, 1, 10), (11, 1, 10), (math.nan, 1, 10), (5, 10, 1), (5, 5, 5), (5, 1, math.inf), (5, math.nan, 9)],
)
def test_rescale_refuses_what_the_scale_does_not_hold(raw: float, low: float, high: float) -> None:
    with pytest.raises(ValueError, match="scale"):
        rescale(raw, low, high)


@given(st.floats(1, 10), st.floats(1, 10))
def test_rescale_keeps_the_order(one: float, other: float) -> None:
    assert (one <= other) == (rescale(one, 1, 10) <= rescale(other, 1, 10)) or one == pytest.approx(other)


@pytest.mark.parametrize(
    ("adequate", "desired", "perceived", "adequacy", "superiority"),
    [(6.23, 7.93, 6.99, 0.76, -0.94), (6.60, 8.06, 7.28, 0.68, -0.78)],
)
def test_gaps_return_the_libqual_means(
    adequate: float, desired: float, perceived: float, adequacy: float, superiority: float
) -> None:
    assert adequacy_gap(perceived, adequate) == pytest.approx(adequacy, abs=1e-9)
    assert superiority_gap(perceived, desired) == pytest.approx(superiority, abs=1e-9)


@pytest.mark.parametrize(("perceived", "expected"), [(6, True), (7, False)])
def test_dissatisfied_splits_between_six_and_seven(perceived: float, expected: bool) -> None:
    assert dissatisfied(rescale(perceived, 1, 10), rescale(6.5, 1, 10)) is expected


def test_dissatisfied_is_strict() -> None:
    assert dissatisfied(50.0, 50.0) is False


@pytest.mark.parametrize(
    ("perceived", "adequate", "desired", "position"),
    [
        (40, 40, 80, 0),
        (80, 40, 80, 1),
        (60, 40, 80, 0.5),
        (20, 40, 80, -0.5),
        (50, 50, 50, None),
        (50, 60, 50, None),
    ],
)
def test_position_in_zone(perceived: float, adequate: float, desired: float, position: float | None) -> None:
    assert position_in_zone(perceived, adequate, desired) == position


@pytest.mark.parametrize(("adequate", "desired", "flag"), [(60, 50, True), (50, 50, False), (40, 50, False)])
def test_inverted_flags_levels_the_wrong_way_round(adequate: float, desired: float, flag: bool) -> None:
    assert inverted(adequate, desired) is flag


@pytest.mark.parametrize(
    ("means", "gaps", "position"),
    [
        ((6.99, 6.23, 7.93), (0.76, -0.94), 0.447),
        # Printed as .69, the mean of gaps that were rounded before; the means as printed give .68.
        ((7.28, 6.60, 8.06), (0.69, -0.78), 0.466),
    ],
)
def test_zone_returns_the_libqual_gaps(
    means: tuple[float, float, float], gaps: tuple[float, float], position: float
) -> None:
    zone = Zone(17, *means, dissatisfied=3, inverted=0)
    assert (zone.adequacy, zone.superiority) == pytest.approx(gaps, abs=0.0101)
    assert zone.position == pytest.approx(position, abs=5e-4)


def test_zone_with_levels_that_coincide_has_no_position() -> None:
    assert Zone(n=5, perceived=70, adequate=60, desired=60, dissatisfied=0, inverted=1).position is None
