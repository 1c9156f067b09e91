"""Published values: DeLong on Hanley and McNeil's 109 images; the rest against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from surveys.logic.silent.measures import at_capacity, auc, brier, calibration, curve, interval, ranks

# Hanley & McNeil (1982): 109 CT images rated 1 to 5; how many normal and abnormal ones got each rating.
NORMAL, ABNORMAL = (33, 6, 6, 11, 2), (3, 2, 2, 11, 33)
RATINGS = np.repeat([1.0, 2, 3, 4, 5] * 2, [*NORMAL, *ABNORMAL])
DISEASE = np.repeat([0, 1], [sum(NORMAL), sum(ABNORMAL)])


def test_area_with_its_error_is_the_published_one() -> None:
    """Hanley & McNeil 1982 give .893; Stata's `roctab` gives .8932, error .0307, interval .83295 to .95339 (DeLong)."""
    found = interval(*auc(DISEASE, RATINGS))

    assert found.value == pytest.approx(0.8932, abs=5e-5)
    assert found.error == pytest.approx(0.0307, abs=5e-5)
    assert (found.low, found.high) == pytest.approx((0.83295, 0.95339), abs=1e-4)


def test_area_is_the_share_of_pairs_in_the_right_order_with_ties_by_half() -> None:
    rng = np.random.default_rng(1)
    outcome, p = rng.integers(0, 2, 80), rng.integers(0, 9, 80) / 10
    bad, good = p[outcome == 1], p[outcome == 0]
    pairs = (bad[:, None] > good).mean() + (bad[:, None] == good).mean() / 2

    assert auc(outcome, p)[0] == pytest.approx(pairs, abs=1e-12)


def test_area_needs_both_kinds_and_its_error_two_of_each() -> None:
    with pytest.raises(ValueError, match="both kinds"):
        auc(np.zeros(5, dtype=int), np.arange(5.0))
    lone = interval(*auc(np.array([0, 0, 1]), np.array([0.1, 0.2, 0.3])))
    assert (lone.value, lone.error, lone.low, lone.high) == (1.0, None, None, None)


def test_equal_values_share_their_mean_rank() -> None:
    assert list(ranks(np.array([3.0, 1, 3, 2, 3]))) == [4, 1, 4, 2, 4]


def test_capacity_counts_whom_the_highest_scores_reach() -> None:
    outcome = np.array([1, 1, 0, 1, 0, 0, 0, 0, 0, 0])
    p = np.linspace(0.9, 0.0, 10)

    found = at_capacity(outcome, p, 0.2)

    assert (found.n, found.precision.share) == (2, 1.0)
    assert found.capture == pytest.approx(2 / 3)
    assert found.lift == pytest.approx(1.0 / 0.3)


def test_customers_tied_at_the_edge_of_the_capacity_count_by_their_mean() -> None:
    outcome = np.array([1, 0, 1, 0, 0, 0])
    p = np.array([0.9, 0.5, 0.5, 0.5, 0.5, 0.1])

    found = at_capacity(outcome, p, 0.5)  # three of six: the first, and half of the four that tie

    assert found.capture == pytest.approx((1 + 2 * 0.25) / 2)
    assert found.lift == pytest.approx((1.5 / 3) / (2 / 6))


def test_at_no_skill_the_lift_is_one() -> None:
    outcome = np.array([0, 1] * 50)
    assert at_capacity(outcome, np.full(100, 0.5), 0.1).lift == pytest.approx(1.0)


def test_brier_score_of_the_base_rate_is_the_null() -> None:
    outcome = np.array([1, 0, 0, 0])
    mine, null = brier(outcome, np.full(4, 0.25))
    assert [mine, null] == pytest.approx([0.1875, 0.1875])
    assert brier(outcome, np.array([1.0, 0, 0, 0]))[0] == 0.0


@pytest.mark.parametrize(("sharper", "slope"), [(1.0, 1.0), (2.0, 0.5), (0.5, 2.0)])
def test_slope_tells_how_much_too_sharp_the_probabilities_are(sharper: float, slope: float) -> None:
    rng = np.random.default_rng(5)
    odds = rng.normal(-1, 1, 200_000)
    outcome = (rng.random(len(odds)) < 1 / (1 + np.exp(-odds))).astype(int)

    found = calibration(outcome, 1 / (1 + np.exp(-sharper * odds)))

    assert found.slope.value is not None
    assert found.intercept.value is not None
    assert found.slope.value == pytest.approx(slope, abs=0.02)
    assert found.intercept.value == pytest.approx(0.0, abs=0.02)
    assert found.slope.error is not None
    assert found.slope.low is not None
    assert found.slope.high is not None
    assert found.slope.low < slope < found.slope.high


def test_slope_and_intercept_of_two_groups_follow_from_their_odds() -> None:
    """Two scores: the line goes through both groups' own log odds, 3/10 and 8/10."""
    p = np.repeat([0.2, 0.6], 10)
    outcome = np.array([1] * 3 + [0] * 7 + [1] * 8 + [0] * 2)

    found = calibration(outcome, p)

    low, high = np.log(0.25), np.log(1.5)
    slope = (np.log(4) - np.log(3 / 7)) / (high - low)
    assert found.slope.value == pytest.approx(slope, abs=1e-6)
    assert found.intercept.value == pytest.approx(np.log(3 / 7) - slope * low, abs=1e-6)
    assert found.mean == pytest.approx(0.4 - 0.55)


def test_calibration_is_unknown_where_there_is_nothing_to_compare() -> None:
    outcome = np.array([0, 1, 0, 1])
    assert calibration(outcome, np.full(4, 0.5)).slope.value is None
    assert calibration(np.zeros(4, dtype=int), np.linspace(0.1, 0.4, 4)).slope.value is None
    assert calibration(np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.8, 0.9])).slope.value is None


def test_curve_divides_customers_into_equal_parts_by_rising_score() -> None:
    p = np.arange(100) / 100
    parts = curve((p >= 0.5).astype(int), p)

    assert [part.observed.n for part in parts] == [10] * 10
    assert [part.observed.share for part in parts] == [0.0] * 5 + [1.0] * 5
    assert parts[0].predicted == pytest.approx(0.045)
