"""Lifts with their intervals and tests: published values, scipy's, sums by hand, and simulated pools."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from surveys.logic.profile import (
    UNKNOWN,
    Counted,
    Profile,
    Read,
    Standing,
    lift_of,
    profile,
    ratio_interval,
    two_sided,
)

TABLES = st.tuples(st.integers(1, 400), st.integers(1, 400)).flatmap(
    lambda n: st.tuples(st.integers(0, n[0]), st.just(n[0]), st.integers(0, n[1]), st.just(n[1]))
)


def whole(pool: int, base: int) -> Read:
    """Everybody was read."""
    return Read(pool, base, pool, base - pool)


def only(found: Profile) -> Standing:
    (value,) = found.values
    return value


def test_ratio_interval_is_the_published_one() -> None:
    # Perondi et al. (2004), 7 of 34 against 1 of 34, as Fagerland, Lydersen & Laake's programs (2017) print it.
    assert ratio_interval(7, 34, 1, 34) == pytest.approx((1.1537, 41.9763), abs=5e-5)


def test_ratio_interval_is_near_that_of_the_logarithm_where_counts_are_large() -> None:
    for first, second in ((400, 380), (900, 300), (150, 700)):
        katz = stats.contingency.relative_risk(first, 3000, second, 4000).confidence_interval()
        assert ratio_interval(first, 3000, second, 4000) == pytest.approx(tuple(katz), rel=0.01)


@given(TABLES)
def test_ratio_interval_holds_the_ratio_and_turns_over_with_it(table: tuple[int, int, int, int]) -> None:
    first, n_first, second, n_second = table
    low, high = ratio_interval(*table)
    assert 0 <= low <= high
    if second:
        ratio = first * n_second / (second * n_first)
        assert low <= ratio * (1 + 1e-9)
        assert ratio <= high * (1 + 1e-9)
    other_low, other_high = ratio_interval(second, n_second, first, n_first)
    if low and math.isfinite(high):
        assert (1 / high, 1 / low) == pytest.approx((other_low, other_high), rel=1e-6)


@pytest.mark.parametrize(
    ("table", "low", "high"),
    # The score interval (Koopman 1984) by statsmodels; nobody on either side says nothing.
    [((0, 34, 0, 34), 0.0, math.inf), ((0, 34, 9, 34), 0.0, 0.3992), ((9, 34, 0, 34), 2.5048, math.inf)],
)
def test_ratio_interval_of_nobody_is_near_the_score_interval(
    table: tuple[int, int, int, int], low: float, high: float
) -> None:
    assert ratio_interval(*table) == pytest.approx((low, high), rel=0.08)


def test_test_returns_the_published_p() -> None:
    # Fisher's lady tasting tea, 3 of 4 against 1 of 4, by Pearson's test without correction (Fagerland et al. 2017).
    assert two_sided(3, 4, 1, 4) == pytest.approx(0.15730, abs=5e-6)


@given(TABLES)
def test_test_equals_scipys(table: tuple[int, int, int, int]) -> None:
    first, n_first, second, n_second = table
    if first + second in (0, n_first + n_second):
        assert two_sided(*table) == 1
        return
    counts = [[first, n_first - first], [second, n_second - second]]
    assert two_sided(*table) == pytest.approx(stats.chi2_contingency(counts, correction=False).pvalue, rel=1e-6)


def test_lift_by_hand() -> None:
    # 40 of 400 are in the pool: 10 %. Of 150 with the brand 30 are: 20 %, twice as many. Of the other 250, 10: 4 %.
    read = whole(40, 400)
    found = profile([Counted("brand", "N", 30, 120), Counted("brand", "S", 10, 240)], {"brand": (40, 360)}, read)
    sol, nova = found.values
    assert (sol.value, sol.pool, sol.base) == ("S", 10, 250)
    assert sol.lift == pytest.approx(0.4)
    assert (nova.value, nova.pool, nova.base, nova.known_pool, nova.known_base) == ("N", 30, 150, 40, 400)
    assert nova.lift == pytest.approx(2.0)
    # 75 % of the pool and 33.3 % of the rest have it: 2.25 times as many.
    assert (nova.lift_low, nova.lift_high) == pytest.approx(
        tuple(lift_of(end, 0.1) for end in ratio_interval(30, 40, 120, 360))
    )
    # Katz: exp(ln 2.25 -+ 1.96 sqrt(1/30 - 1/40 + 1/120 - 1/360)) is 1.739 to 2.911; as a lift 1.619 to 2.444.
    assert (nova.lift_low, nova.lift_high) == pytest.approx((1.619, 2.444), rel=0.05)
    assert nova.p == pytest.approx(sol.p)
    assert nova.p == pytest.approx(2 * stats.norm.sf((0.75 - 1 / 3) / math.sqrt(0.375 * 0.625 / 36)), rel=1e-4)
    assert (nova.stands_out, found.tested, found.too_few) == (True, 2, 0)


@given(st.integers(50, 300), st.integers(400, 3000), st.floats(0.2, 0.8), st.floats(0.2, 0.8))
def test_lift_is_the_share_of_the_pool_with_the_value_over_that_of_all(
    pool: int, rest: int, often: float, usual: float
) -> None:
    one = Counted("brand", "N", round(pool * often), round(rest * usual))
    found = only(profile([one], {"brand": (pool, rest)}, whole(pool, pool + rest)))
    assert found.lift == pytest.approx((one.pool / found.base) / (pool / (pool + rest)))
    assert 0 <= found.lift_low < found.lift < found.lift_high < (pool + rest) / pool
    assert (found.p < 0.05) == (not found.lift_low <= 1 <= found.lift_high) or 0.03 < found.p < 0.08


def test_value_is_compared_among_those_whose_attribute_is_known() -> None:
    # The plan is known of 200 in a base of 1,000; of these 40 are in the pool, 20 of the 50 with plan S.
    read = whole(50, 1000)
    found = profile([Counted("plan", "S", 20, 30), Counted("plan", "L", 20, 130)], {"plan": (40, 160)}, read)
    small = next(value for value in found.values if value.value == "S")
    assert small.lift == pytest.approx((20 / 50) / (40 / 200))
    assert (small.known_pool, small.known_base) == (40, 200)
    # That it is not known tells too: 10 of 800 without a plan are in the pool, of everybody 50 of 1,000.
    lacking = next(value for value in found.values if value.value == UNKNOWN)
    assert (lacking.pool, lacking.base, lacking.known_pool, lacking.known_base) == (10, 800, 50, 1000)
    assert lacking.lift == pytest.approx((10 / 800) / (50 / 1000))


def test_mark_that_some_have_is_compared_with_those_who_have_it_not() -> None:
    # 40 of 100 with the mark are in the pool, 60 of 900 without it.
    marked = only(profile([Counted("5g", "yes", 40, 60)], {"5g": (40, 60)}, whole(100, 1000)))
    assert (marked.value, marked.known_base) == ("yes", 1000)
    assert marked.lift == pytest.approx((40 / 100) / 0.1)


def test_sample_stands_for_all_of_its_group() -> None:
    every = only(profile([Counted("b", "N", 300, 4000)], {"b": (1000, 20000)}, Read(1000, 21000, 1000, 20000)))
    some = only(profile([Counted("b", "N", 150, 1000)], {"b": (500, 5000)}, Read(1000, 21000, 500, 5000)))
    assert (some.pool, some.base, some.known_pool, some.known_base) == (300, 4300, 1000, 21000)
    assert (some.pool, some.base) == (every.pool, every.base)
    assert some.lift == pytest.approx(every.lift)
    assert some.lift_low < every.lift_low < every.lift_high < some.lift_high


@pytest.mark.parametrize(
    ("pool", "rest"),
    [
        (9, 20),  # 29 customers
        (0, 40),  # of 40 among 1,040 fewer than 5 are expected in the pool
        (100, 902),  # of the 38 others too
    ],
)
def test_few_customers_are_not_tested(pool: int, rest: int) -> None:
    found = profile([Counted("b", "N", pool, rest)], {"b": (100, 940)}, whole(100, 1040))
    assert found == Profile((), 1, 0.0)


def test_fewer_than_thirty_customers_are_never_shown_however_many_were_expected() -> None:
    found = profile([Counted("b", "N", 15, 14)], {"b": (100, 100)}, whole(100, 200))
    assert found == Profile((), 1, 0.0)


def test_thirty_customers_are_enough_where_five_are_expected() -> None:
    found = profile([Counted("b", "N", 12, 18)], {"b": (50, 150)}, whole(50, 200))
    assert only(found).base == 30
    assert only(found).lift == pytest.approx(12 / 30 * 4)


def test_nothing_is_tested_without_a_pool_or_without_a_rest() -> None:
    assert profile([Counted("b", "N", 0, 90)], {"b": (0, 100)}, whole(0, 100)) == Profile((), 1, 0.0)
    assert profile([Counted("b", "N", 90, 0)], {"b": (100, 0)}, whole(100, 100)) == Profile((), 1, 0.0)
    assert profile([], {}, whole(0, 0)) == Profile((), 0, 0.0)


def test_value_that_nobody_in_the_pool_has_comes_first_and_has_a_finite_interval() -> None:
    counts = [Counted("b", "N", 0, 300), Counted("b", "S", 100, 600)]
    none, other = profile(counts, {"b": (100, 900)}, whole(100, 1000)).values
    assert (none.value, none.lift, none.lift_low, none.stands_out) == ("N", 0.0, 0.0, True)
    assert 0 < none.lift_high < 0.2
    assert other.lift == pytest.approx((100 / 700) / 0.1)


def test_counts_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="More customers"):
        profile([Counted("b", "N", 11, 0)], {"b": (10, 90)}, whole(10, 100))


def test_interval_of_the_lift_covers_the_truth() -> None:
    """A fifth has the value and enters the pool with 12 %, the others with 5 %: the true lift is 12 / 6.4."""
    chance, covered, looks = np.random.default_rng(11), 0, 3000
    for _ in range(looks):
        having, others = chance.binomial(300, 0.12), chance.binomial(1200, 0.05)
        pool = int(having + others)
        one = Counted("b", "N", int(having), int(300 - having))
        found = only(profile([one], {"b": (pool, 1500 - pool)}, whole(pool, 1500)))
        covered += found.lift_low <= 0.12 / 0.064 <= found.lift_high
    assert covered / looks == pytest.approx(0.95, abs=0.012)


def test_false_discoveries_stay_few() -> None:
    """40 values mean nothing, 10 double the chance: at most 5 % of what stands out may be of the 40."""
    chance, false, found, missed = np.random.default_rng(3), 0, 0, 0
    for _ in range(200):
        counts, known = [], {}
        for place in range(50):
            real = place < 10
            having = int(chance.binomial(300, 0.35 if real else 0.2))
            counts.append(Counted(f"a{place:02}", "yes", having, int(chance.binomial(2700, 0.2))))
            known[f"a{place:02}"] = (300, 2700)
        outstanding = {one.attribute for one in profile(counts, known, whole(300, 3000)).values if one.stands_out}
        false += sum(name >= "a10" for name in outstanding)
        found += len(outstanding)
        missed += 10 - sum(name < "a10" for name in outstanding)
    assert false / found < 0.05
    assert missed < 0.01 * 2000
