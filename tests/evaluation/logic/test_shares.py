"""Shares and their differences against Newcombe's published tables (1998)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evaluation.logic.shares import Share, difference_of_proportions, proportion


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_proportion_returns_the_published_wilson_intervals(successes: int, n: int, low: float, high: float) -> None:
    share = proportion(successes, n)
    assert (share.low, share.high) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_proportion_equals_scipy(counts: tuple[int, int]) -> None:
    expected = stats.binomtest(*counts).proportion_ci(0.9, method="wilson")
    share = proportion(*counts, level=0.9)
    assert (share.low, share.high) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_proportion_of_nobody_is_unknown() -> None:
    assert proportion(0, 0) == Share(None, None, None, 0)


@pytest.mark.parametrize(("successes", "n"), [(-1, 3), (4, 3), (0, -1)])
def test_proportion_refuses_impossible_counts(successes: int, n: int) -> None:
    with pytest.raises(ValueError, match="between 0 and n"):
        proportion(successes, n)


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((6, 7, 2, 7), 0.0582, 0.8062),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((0, 10, 0, 10), -0.2775, 0.2775),
        ((10, 10, 0, 20), 0.6791, 1.0),
        ((10, 10, 0, 10), 0.6075, 1.0),
    ],
)
def test_difference_of_proportions_returns_newcombes_published_intervals(
    counts: tuple[int, int, int, int], low: float, high: float
) -> None:
    effect = difference_of_proportions(*counts)
    assert (effect.low, effect.high) == pytest.approx((low, high), abs=5e-5)
    assert effect.se == pytest.approx((high - low) / 2 / stats.norm.ppf(0.975), abs=5e-5)


@pytest.mark.parametrize("counts", [(0, 10, 0, 20), (10, 10, 20, 20)])
def test_difference_of_proportions_sees_no_evidence_where_nothing_varies(counts: tuple[int, int, int, int]) -> None:
    assert difference_of_proportions(*counts).p == 1.0


def test_difference_of_proportions_p_value_is_the_score_test() -> None:
    effect = difference_of_proportions(56, 70, 48, 80)
    chi_square = stats.chi2_contingency([[56, 14], [48, 32]], correction=False)
    assert effect.p == pytest.approx(chi_square.pvalue, rel=1e-9)


@pytest.mark.parametrize("counts", [(0, 0, 1, 2), (1, 2, 0, 0)])
def test_difference_of_proportions_without_an_arm_is_unknown(counts: tuple[int, int, int, int]) -> None:
    effect = difference_of_proportions(*counts)
    assert (effect.effect, effect.low, effect.reason) == (None, None, "arm_missing")
