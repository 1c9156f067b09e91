"""Control charts against published values."""

from __future__ import annotations

import numpy as np
import pytest

from surveys.logic.control_charts import ewma, p_chart, u_chart

EWMA = [
    52.0, 47.0, 53.0, 49.3, 50.1, 47.0, 51.0, 50.1, 51.2, 50.5,
    49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1,
]  # fmt: skip
SAMPLES = [
    12, 15, 8, 10, 4, 7, 16, 9, 14, 10, 5, 6, 17, 12, 22,
    8, 10, 5, 13, 11, 20, 18, 24, 15, 9, 12, 7, 13, 9, 6,
]  # fmt: skip


def test_ewma_returns_the_published_values() -> None:
    chart = ewma(EWMA, target=50, sd=2.0539)
    assert chart.points[-1] == pytest.approx(51.99, abs=5e-3)
    assert (chart.upper[0], chart.lower[-1]) == pytest.approx((52.5884, 47.4115), abs=1e-3)
    assert chart.signals == ()


def test_ewma_sees_a_small_shift_that_stays() -> None:
    shifted = [*EWMA, *[53.0] * 5]
    assert max(shifted) < 50 + 3 * 2.0539
    assert ewma(shifted, target=50, sd=2.0539).signals == (22, 23, 24)


def test_ewma_limits_start_narrow_where_they_are_not_settled() -> None:
    chart = ewma(EWMA, target=50, sd=2.0539, settled=False)
    assert chart.upper[0] == pytest.approx(50 + 3 * 0.3 * 2.0539)
    assert chart.upper[-1] == pytest.approx(52.5884, abs=1e-3)


@pytest.mark.parametrize("weight", [0, 1.1, -0.2])
def test_ewma_refuses_an_impossible_weight(weight: float) -> None:
    with pytest.raises(ValueError, match="newest value"):
        ewma(EWMA, target=50, sd=1, weight=weight)


def test_p_chart_returns_the_published_values() -> None:
    chart = p_chart(SAMPLES, [50] * 30)
    assert chart.centre == pytest.approx(0.2313, abs=5e-5)
    assert (chart.upper[0], chart.lower[0]) == pytest.approx((0.4102, 0.0524), abs=5e-5)
    assert [index + 1 for index in chart.signals] == [15, 23]


def test_p_chart_widens_with_small_samples_and_stays_within_the_unit() -> None:
    chart = p_chart([1, 50], [10, 1000])
    assert chart.upper[0] > chart.upper[1]
    assert (chart.lower[0], max(p_chart([9, 99], [10, 100]).upper)) == (0.0, 1.0)


def test_u_chart_is_poisson_per_unit() -> None:
    chart = u_chart([20, 30, 70], [10, 10, 20])
    assert chart.centre == 3
    assert chart.upper == pytest.approx((3 + 3 * 0.3**0.5, 3 + 3 * 0.3**0.5, 3 + 3 * 0.15**0.5))
    assert chart.signals == ()


def test_laney_widens_the_limits_by_the_moving_range() -> None:
    chart = p_chart([450, 550, 450, 550], [1000] * 4, laney=True)
    z = 50 / 1000 / (0.25 / 1000) ** 0.5
    assert chart.spread == pytest.approx(2 * z / 1.128)
    assert chart.upper[0] == pytest.approx(0.5 + 3 * chart.spread * (0.25 / 1000) ** 0.5)
    assert (chart.signals, p_chart([450, 550, 450, 550], [1000] * 4).signals) == ((), (0, 1, 2, 3))


def test_laney_changes_nothing_where_chance_is_all_there_is() -> None:
    rng = np.random.default_rng(4)
    sizes = rng.integers(800, 1200, 400)
    assert p_chart(rng.binomial(sizes, 0.2), sizes, laney=True).spread == pytest.approx(1, abs=0.1)
    assert u_chart(rng.poisson(0.4 * sizes), sizes, laney=True).spread == pytest.approx(1, abs=0.1)


def test_laney_stands_shares_that_never_vary() -> None:
    assert p_chart([0, 0], [10, 10], laney=True).signals == ()
    assert p_chart([3], [10], laney=True).spread == 1


@pytest.mark.parametrize(("failed", "n"), [([], []), ([1], [0]), ([1, 2], [5])])
def test_charts_refuse_counts_without_units(failed: list[int], n: list[int]) -> None:
    with pytest.raises(ValueError, match="units above 0"):
        p_chart(failed, n)
