"""Round ticks, scales and number texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopcare.common.charts.scales import Scale, decimals_of, nice_ticks, number, shorten, signed


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 8.1, (0, 5, 10)),
        (-3.6, 7.7, (-5, 0, 5, 10)),
        (0, 7.7, (0, 2, 4, 6, 8)),
        (0, 0.3, (0, 0.1, 0.2, 0.3)),
        (0, 4, (0, 1, 2, 3, 4)),
        (0, 0, (-1, -0.5, 0, 0.5, 1)),
        (-0.02, 0.03, (-0.02, 0, 0.02, 0.04)),
    ],
)
def test_nice_ticks_are_round_and_enclose_the_data(low: float, high: float, ticks: tuple[float, ...]) -> None:
    assert nice_ticks(low, high) == ticks


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_nice_ticks_enclose_any_range_in_few_steps(low: float, span: float) -> None:
    ticks = nice_ticks(low, low + span)
    assert ticks[0] <= low + span * 1e-6
    assert ticks[-1] >= low + span * (1 - 1e-6)
    assert 2 <= len(ticks) <= 7
    assert list(ticks) == sorted(set(ticks))


@pytest.mark.parametrize(("low", "high"), [(1, 0), (float("nan"), 1), (0, float("inf"))])
def test_nice_ticks_refuses_what_is_no_range(low: float, high: float) -> None:
    with pytest.raises(ValueError, match="axis runs from"):
        nice_ticks(low, high)


def test_scale_maps_the_ends_to_the_ends() -> None:
    scale = Scale(-5, 10, 4, 96)
    assert [scale.percent(value) for value in (-5, 0, 10)] == ["4.00%", "34.67%", "96.00%"]


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [(1234.5, 1, "1,234.5"), (-2.25, 1, "−2.2"), (-0.04, 1, "0.0"), (0, 0, "0"), (None, 1, "?")],
)
def test_number_reads_as_people_write_it(value: float | None, decimals: int, text: str) -> None:
    assert number(value, decimals) == text


@pytest.mark.parametrize(
    ("value", "text"), [(4.06, "+4.1"), (-2.2, "−2.2"), (0.04, "0.0"), (0, "0.0"), (None, "?"), (1000, "+1,000.0")]
)
def test_signed_marks_what_is_above_zero(value: float | None, text: str) -> None:
    assert signed(value) == text


@pytest.mark.parametrize(("value", "decimals"), [(5, 0), (0.5, 1), (0.25, 2), (-0.02, 2), (1e6, 0)])
def test_decimals_of_counts_what_a_round_number_needs(value: float, decimals: int) -> None:
    assert decimals_of(value) == decimals


@pytest.mark.parametrize(
    ("text", "columns", "short"),
    [
        ("Refund", 6, "Refund"),
        ("Refund delay", 8, "Refund…"),
        ("退款到账", 8, "退款到账"),
        ("退款到账慢", 8, "退款到…"),
    ],
)
def test_shorten_counts_a_chinese_character_twice(text: str, columns: int, short: str) -> None:
    assert shorten(text, columns) == short
