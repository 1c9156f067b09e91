"""Effects from sums, against published values and against scipy on the raw data."""

import csv
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from evaluation.logic.effects import (
    Stratum,
    adjusted,
    difference,
    post_stratified,
)
from evaluation.logic.sums import ArmStats, PairedArmStats

NSW = Path(__file__).parents[4] / "shared" / "data" / "evaluation_examples" / "nsw.csv"
Arms = list[tuple[NDArray[np.float64], NDArray[np.float64]]]
VALUES = st.lists(st.floats(-1e4, 1e4), min_size=2, max_size=40)


def sums(y: ArrayLike) -> ArmStats:
    y = np.asarray(y, dtype=np.float64)
    return ArmStats(len(y), float(y.sum()), float(y @ y))


def paired_sums(x: ArrayLike, y: ArrayLike) -> PairedArmStats:
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    return PairedArmStats(len(y), float(y.sum()), float(y @ y), float(x.sum()), float(x @ x), float(x @ y))


@pytest.fixture(scope="module")
def nsw() -> Arms:
    """(outcome 1978, income 1975) of the treated and of the controls: 185 and 260 men."""
    if not NSW.exists():
        pytest.skip(f"The NSW experiment is not here: put nsw.csv at {NSW}")
    with NSW.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        (
            np.array([float(row["re78"]) for row in rows if row["treat"] == arm]),
            np.array([float(row["re75"]) for row in rows if row["treat"] == arm]),
        )
        for arm in ("1", "0")
    ]


def test_difference_returns_the_published_nsw_effect_and_welch_error(nsw: Arms) -> None:
    (treated, _), (control, _) = nsw
    effect: Any = difference(sums(treated), sums(control))
    assert (effect.n_care, effect.n_hold_out) == (185, 260)
    assert effect.effect == pytest.approx(1794.34, abs=0.01)
    assert effect.se == pytest.approx(671.00, abs=0.01)


def test_sums_give_the_published_nsw_ols_error(nsw: Arms) -> None:
    (treated, _), (control, _) = nsw
    care, hold_out = sums(treated), sums(control)
    pooled = (care.sum_of_squares + hold_out.sum_of_squares) / (care.n + hold_out.n - 2)
    assert math.sqrt(pooled * (1 / care.n + 1 / hold_out.n)) == pytest.approx(632.85, abs=0.01)


def test_adjusted_equals_the_ols_coefficient_on_nsw(nsw: Arms) -> None:
    (treated, treated_before), (control, control_before) = nsw
    effect: Any = adjusted(paired_sums(treated_before, treated), paired_sums(control_before, control))
    y, x = np.concatenate([treated, control]), np.concatenate([treated_before, control_before])
    arm = np.repeat([1.0, 0.0], [len(treated), len(control)])
    design = np.column_stack([np.ones(len(y)), arm, x])
    coefficients = np.linalg.lstsq(design, y, rcond=None)[0]
    bread = np.linalg.inv(design.T @ design)
    residuals = y - design @ coefficients
    meat = (design * residuals[:, None] ** 2).T @ design
    hc1 = math.sqrt((bread @ meat @ bread)[1, 1] * len(y) / (len(y) - 3))
    assert effect.effect == pytest.approx(coefficients[1], rel=1e-9)
    assert effect.se == pytest.approx(hc1, rel=0.005)


@given(VALUES, VALUES)
def test_difference_equals_scipy_on_raw_data(care: list[float], hold_out: list[float]) -> None:
    assume(all(np.std(group) > 1e-3 * (1 + np.abs(group).max()) for group in (care, hold_out)))
    expected = stats.ttest_ind(care, hold_out, equal_var=False)
    interval = expected.confidence_interval(0.9)
    effect: Any = difference(sums(care), sums(hold_out), level=0.9)
    scale = 1 + abs(interval.low) + abs(interval.high)
    assert effect.effect == pytest.approx(np.mean(care) - np.mean(hold_out), abs=1e-9 * scale)
    assert (effect.low, effect.high) == pytest.approx((interval.low, interval.high), abs=1e-6 * scale)
    assert effect.df == pytest.approx(expected.df, rel=1e-6)
    assert effect.p == pytest.approx(expected.pvalue, abs=1e-6)


@given(st.integers(3, 30), st.integers(0, 2**32 - 1))
def test_adjusted_with_equal_arms_has_the_classical_ols_error(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(50, 10, (2, n))
    y = 0.6 * x + rng.normal(0, 5, (2, n))
    effect: Any = adjusted(paired_sums(x[0], y[0]), paired_sums(x[1], y[1]))
    design = np.column_stack([np.ones(2 * n), np.repeat([1.0, 0.0], n), x.ravel()])
    coefficients, (rss,), *_ = np.linalg.lstsq(design, y.ravel(), rcond=None)
    classical = math.sqrt(rss / (2 * n - 3) * np.linalg.inv(design.T @ design)[1, 1])
    assert effect.effect == pytest.approx(coefficients[1], rel=1e-6, abs=1e-6)
    assert effect.se == pytest.approx(classical, rel=1e-6)


def test_adjusted_interval_covers_the_truth_with_unequal_arms_and_variances() -> None:
    rng = np.random.default_rng(7)
    covered = 0
    for _ in range(2000):
        x = [rng.normal(50, 10, n) for n in (180, 20)]
        care = 2 + 0.7 * x[0] + rng.normal(0, 3, 180)
        hold_out = 0.7 * x[1] + rng.normal(0, 9, 20)
        effect: Any = adjusted(paired_sums(x[0], care), paired_sums(x[1], hold_out))
        covered += effect.low <= 2 <= effect.high
    assert covered / 2000 == pytest.approx(0.95, abs=0.015)


@pytest.mark.parametrize(
    ("care", "hold_out", "reason"),
    [
        (None, [1, 2], "arm_missing"),
        ([1, 2], None, "arm_missing"),
        ([], [1, 2], "arm_missing"),
        ([1], [1, 2], "too_few"),
        ([1, 2], [1], "too_few"),
        ([5, 5], [5, 5], "constant"),
        ([0, 0], [0, 0], "constant"),
        ([0.1] * 7, [0.3] * 9, "constant"),
    ],
)
def test_difference_says_why_it_is_unknown(care: list[float] | None, hold_out: list[float] | None, reason: str) -> None:
    effect: Any = difference(None if care is None else sums(care), None if hold_out is None else sums(hold_out))
    assert (effect.effect, effect.se, effect.low, effect.high, effect.p) == (None,) * 5
    assert (effect.known, effect.reason) == (False, reason)


def test_difference_from_a_constant_arm_is_the_one_sample_test() -> None:
    effect: Any = difference(sums([5.0] * 6), sums([1.0, 2.0, 3.0, 5.0]))
    expected = stats.ttest_1samp([1.0, 2.0, 3.0, 5.0], 5.0)
    assert (effect.df, effect.p) == pytest.approx((3, expected.pvalue), rel=1e-6)


def test_difference_survives_a_mean_a_hundred_thousand_times_the_spread() -> None:
    rng = np.random.default_rng(1)
    care, hold_out = rng.normal(100_001, 1, 500), rng.normal(100_000, 1, 500)
    effect: Any = difference(sums(care), sums(hold_out))
    expected = stats.ttest_ind(care, hold_out, equal_var=False).confidence_interval()
    assert (effect.low, effect.high) == pytest.approx((expected.low, expected.high), abs=1e-6)


def test_difference_never_claims_a_spread_lost_to_rounding() -> None:
    rng = np.random.default_rng(1)
    care, hold_out = rng.normal(1e12, 1, 500), rng.normal(0, 1, 500)
    effect: Any = difference(sums(care), sums(hold_out))
    assert effect.se > math.hypot(care.std(ddof=1), hold_out.std(ddof=1)) / math.sqrt(500)
    assert difference(sums(care), sums(care + 1)).reason == "constant"


@pytest.mark.parametrize(("n", "reason"), [(0, "arm_missing"), (2, "too_few")])
def test_adjusted_needs_three_in_each_arm(n: int, reason: str) -> None:
    few, enough = paired_sums(range(n), range(n)), paired_sums([1, 2, 4], [1, 3, 2])
    assert adjusted(few, enough).reason == reason
    assert adjusted(enough, few).reason == reason


def test_adjusted_with_a_constant_pre_period_value_is_the_plain_difference() -> None:
    care, hold_out = paired_sums([3] * 4, [1, 2, 3, 5]), paired_sums([3] * 3, [1, 0, 2])
    assert adjusted(care, hold_out) == difference(care.outcome, hold_out.outcome)


def test_adjusted_with_a_perfect_fit_is_unknown() -> None:
    care, hold_out = paired_sums([1, 2, 4], [2, 4, 8]), paired_sums([1, 3, 7], [2, 6, 14])
    assert adjusted(care, hold_out).reason == "constant"


@pytest.mark.parametrize(
    "arguments", [(-1, 0.0, 0.0), (2, math.nan, 1.0), (2, 1.0, math.inf), (2, 10.0, 1.0), (2, 0.0, -1.0)]
)
def test_arm_stats_refuses_impossible_sums(arguments: tuple[int, float, float]) -> None:
    with pytest.raises(ValueError, match=r"cannot have|finite|Impossible"):
        ArmStats(*arguments)


@pytest.mark.parametrize("level", [0, 1, 95])
def test_difference_refuses_an_impossible_level(level: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        difference(sums([1, 2]), sums([1, 2]), level=level)


FIRST = [1, 2, 3, 5], [0, 1, 0, 3]
SECOND = [5, 7, 9, 8, 6], [5, 6, 4, 4]


def stratum(weight: float, care: ArrayLike, hold_out: ArrayLike) -> Stratum:
    return Stratum(weight, sums(care), sums(hold_out))


def test_post_stratified_weights_each_stratum_and_pools_each_arms_variance() -> None:
    effect: Any = post_stratified([stratum(100, *FIRST), stratum(300, *SECOND)])
    one: Any = difference(sums(FIRST[0]), sums(FIRST[1]))
    two: Any = difference(sums(SECOND[0]), sums(SECOND[1]))
    assert effect.effect == pytest.approx(0.25 * one.effect + 0.75 * two.effect)
    care = (np.var(FIRST[0]) * 4 + np.var(SECOND[0]) * 5) / 7 * (0.25**2 / 4 + 0.75**2 / 5)
    hold_out = (np.var(FIRST[1]) * 4 + np.var(SECOND[1]) * 4) / 6 * (0.25**2 / 4 + 0.75**2 / 4)
    assert effect.se == pytest.approx(math.sqrt(care + hold_out))
    assert effect.df == pytest.approx((care + hold_out) ** 2 / (care**2 / 7 + hold_out**2 / 6))
    assert (effect.n_care, effect.n_hold_out, effect.method) == (9, 8, "post_stratified")


@pytest.mark.parametrize("arms", [FIRST, ([1, 2, 3], [0, 1])])
def test_post_stratified_of_one_stratum_is_its_difference(arms: tuple[list[float], list[float]]) -> None:
    one, effect = difference(sums(arms[0]), sums(arms[1])), post_stratified([stratum(5, *arms)])
    assert (effect.low, effect.high, effect.p) == pytest.approx((one.low, one.high, one.p))


@pytest.mark.parametrize("n_strata", [4, 12, 20])
def test_post_stratified_interval_covers_the_truth_when_few_of_the_hold_out_answer(n_strata: int) -> None:
    """240 of care and 60 of the hold-out over all strata, of whom about half answer, on a five-step scale."""
    rng = np.random.default_rng(n_strata)
    covered = 0
    for _round in range(1000):
        strata = []
        for place in range(n_strata):
            care, held = (
                25 * np.clip(np.round(rng.normal(1.5 + place % 3 / 2, 0.8, rng.binomial(n // n_strata, 0.5))), 0, 4)
                for n in (240, 60)
            )
            strata.append(stratum(1, care, held))
        effect: Any = post_stratified(strata)
        covered += effect.low <= 0 <= effect.high
    assert 0.935 <= covered / 1000 <= 0.965


def test_post_stratified_joins_strata_too_thin_to_stand_alone() -> None:
    thick, thin, thinner = stratum(90, *FIRST), stratum(6, [4, 5, 4, 4], [3, 3]), stratum(4, [], [2, 4])
    joined = stratum(10, [4, 5, 4, 4], [3, 3, 2, 4])
    assert post_stratified([thick, thin, thinner]) == post_stratified([thick, joined])


def test_post_stratified_joins_the_lightest_able_stratum_when_the_thin_cannot_stand_together() -> None:
    heavy, light, lonely = stratum(90, *SECOND), stratum(10, *FIRST), stratum(2, [9], [])
    joined = stratum(12, [*FIRST[0], 9], FIRST[1])
    assert post_stratified([heavy, light, lonely]) == post_stratified([heavy, joined])


@pytest.mark.parametrize(
    ("strata", "reason"),
    [
        ([], "arm_missing"),
        ([Stratum(1, sums([1, 2]), sums([]))], "arm_missing"),
        ([Stratum(1, sums([1]), sums([2]))], "too_few"),
        ([Stratum(1, sums([1, 1]), sums([1, 1])), Stratum(1, sums([1]), sums([1]))], "constant"),
    ],
)
def test_post_stratified_says_why_it_is_unknown(strata: list[Stratum], reason: str) -> None:
    effect: Any = post_stratified(strata)
    assert (effect.effect, effect.reason) == (None, reason)


def test_stratum_refuses_a_weight_that_is_not_positive() -> None:
    with pytest.raises(ValueError, match="weight"):
        Stratum(0, sums([1, 2]), sums([1, 2]))
