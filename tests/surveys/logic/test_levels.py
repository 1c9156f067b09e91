"""What is good enough, learned: found where it is, and not claimed where it is not."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import isotonic_regression

from surveys.logic.levels import (
    LIKE_EVERYBODY,
    NO_ANSWERS,
    NO_DIFFERENCE,
    ONE_SCORE,
    TOO_FEW,
    TOO_SMALL,
    Score,
    learn_level,
    monotone,
)
from surveys.logic.metrics import proportion

STEP = 100 / 9
SCALE = [STEP * answer for answer in range(10)]
"""The answers 1 to 10, as levels."""
# Most give the best score, as in real surveys.
SHARES = np.array([0.03, 0.01, 0.02, 0.02, 0.05, 0.04, 0.06, 0.11, 0.08, 0.58])
RUNS = 100


def drawn(rates: np.ndarray, *, n: int, seed: int) -> list[Score]:
    """Customers by score; those of each score act at its rate."""
    rng = np.random.default_rng(seed)
    given_scores = rng.multinomial(n, SHARES)
    acted = rng.binomial(given_scores, rates)
    return [Score(score, int(n), int(k)) for score, n, k in zip(SCALE, given_scores, acted, strict=True)]


def step(cut: int, *, below: float = 0.25, above: float = 0.06) -> np.ndarray:
    """Rates with the true level between the answers `cut` and `cut + 1`."""
    return np.where(np.arange(10) < cut, below, above)


def level_of(cut: int) -> float:
    return STEP * (cut - 0.5)


@pytest.mark.parametrize("cut", [3, 4, 5, 6, 7, 8, 9])
def test_true_level_is_recovered_within_one_score(cut: int) -> None:
    levels = [learn_level(drawn(step(cut), n=3000, seed=seed)).level for seed in range(RUNS)]
    near = sum(level is not None and abs(level - level_of(cut)) <= STEP + 1e-9 for level in levels)
    assert near >= 90


@pytest.mark.parametrize("rate", [0.03, 0.1, 0.4])
@pytest.mark.parametrize("n", [500, 20_000])
def test_no_level_is_claimed_where_nothing_depends_on_the_score(rate: float, n: int) -> None:
    claims = sum(learn_level(drawn(np.full(10, rate), n=n, seed=seed)).level is not None for seed in range(RUNS))
    assert claims <= 5


def test_no_level_is_claimed_where_the_satisfied_act_more() -> None:
    rates = step(6, below=0.06, above=0.25)
    learned = [learn_level(drawn(rates, n=3000, seed=seed)) for seed in range(RUNS)]
    assert {(one.level, one.reason.msgid if one.reason else "") for one in learned} == {(None, NO_DIFFERENCE)}


def test_gradual_rise_gives_a_level_in_its_middle() -> None:
    rates = 0.05 + 0.3 / (1 + np.exp(1.2 * (np.arange(10) - 5)))
    levels = [learn_level(drawn(rates, n=5000, seed=seed)).level for seed in range(RUNS)]
    assert sum(level is not None and level_of(4) < level < level_of(7) for level in levels) >= 90


def test_tier_like_everybody_gets_no_level_of_its_own() -> None:
    own = 0
    for seed in range(RUNS):
        everybody = learn_level(drawn(step(6), n=20_000, seed=seed)).level
        tier = learn_level(drawn(step(6), n=3000, seed=1000 + seed), beside=everybody)
        own += tier.level is not None
    assert own <= 5


def test_tier_that_expects_more_gets_its_own_level() -> None:
    tiers = [learn_level(drawn(step(8), n=3000, seed=seed), beside=level_of(5)).level for seed in range(RUNS)]
    assert sum(level is not None and abs(level - level_of(8)) <= STEP + 1e-9 for level in tiers) >= 90


COUNTS = [Score(0, 40, 20), Score(25, 60, 24), Score(50, 100, 30), Score(75, 300, 18), Score(100, 500, 30)]


def test_level_comes_with_its_evidence() -> None:
    learned = learn_level(COUNTS)
    assert (learned.level, learned.reason, learned.n, learned.acted) == (62.5, None, 1000, 122)
    assert (learned.base, learned.below, learned.above) == (
        proportion(122, 1000),
        proportion(74, 200),
        proportion(48, 800),
    )
    assert [(point.score, point.n, point.acted) for point in learned.curve] == [
        (row.score, row.n, row.acted) for row in COUNTS
    ]
    assert [point.smooth for point in learned.curve] == pytest.approx([0.5, 0.4, 0.3, 0.06, 0.06])
    # By hand: (74 − 24.4) / √(0.122 × 0.878 × 200 × 800 / 1000) = 11.98, four cuts less the one with 40 below.
    assert learned.p == pytest.approx(3 * 0.5 * math.erfc(11.9806 / math.sqrt(2)), rel=1e-2)


def test_order_of_scores_does_not_matter_and_scores_of_nobody_do_not_count() -> None:
    assert learn_level([*reversed(COUNTS), Score(60, 0, 0)]) == learn_level(COUNTS)


@pytest.mark.parametrize(
    ("scores", "reason", "too_few"),
    [
        ([], NO_ANSWERS, True),
        ([Score(50, 0, 0)], NO_ANSWERS, True),
        ([Score(50, 900, 80)], ONE_SCORE, True),
        ([Score(0, 49, 30), Score(100, 900, 30)], TOO_FEW, True),
        ([Score(0, 900, 30), Score(100, 49, 30)], TOO_FEW, True),
        ([Score(0, 60, 5), Score(100, 60, 3)], TOO_FEW, True),
        ([Score(0, 500, 0), Score(100, 500, 0)], TOO_FEW, True),
        ([Score(0, 500, 500), Score(100, 500, 500)], TOO_FEW, True),
        ([Score(0, 500, 50), Score(100, 500, 45)], NO_DIFFERENCE, False),
        ([Score(0, 500_000, 60_000), Score(100, 500_000, 50_000)], TOO_SMALL, False),
    ],
)
def test_not_enough_to_learn_says_why(scores: list[Score], reason: str, too_few: bool) -> None:
    learned = learn_level(scores)
    assert learned.reason is not None
    assert (learned.level, learned.reason.msgid, learned.too_few) == (None, reason, too_few)
    assert str(learned.reason)


def test_tier_says_that_it_fits_everybody() -> None:
    learned = learn_level(COUNTS, beside=62.5)
    assert learned.reason is not None
    assert (learned.level, learned.reason.msgid, learned.too_few) == (None, LIKE_EVERYBODY, False)


counts = st.lists(
    st.tuples(st.integers(0, 400), st.floats(0, 1)).map(lambda pair: (pair[0], round(pair[0] * pair[1]))),
    min_size=2,
    max_size=11,
)


def scored(rows: list[tuple[int, int]]) -> list[Score]:
    return [Score(100 * place / (len(rows) - 1), n, acted) for place, (n, acted) in enumerate(rows)]


@given(counts)
def test_level_lies_between_two_scores_that_were_given(rows: list[tuple[int, int]]) -> None:
    learned = learn_level(scored(rows))
    scores = [point.score for point in learned.curve]
    between = [(one + other) / 2 for one, other in pairwise(scores)]
    assert learned.level is None or learned.level in between
    assert (learned.level is None) == (learned.reason is not None)


@given(counts)
def test_level_says_who_acts_more_than_the_base_rate(rows: list[tuple[int, int]]) -> None:
    learned = learn_level(scored(rows))
    assume(learned.level is not None)
    assert learned.below is not None
    assert learned.above is not None
    shares = (learned.below.share, learned.base.share, learned.above.share)
    assert shares == tuple(sorted(shares, key=lambda share: -(share or 0)))
    assert learned.below.n + learned.above.n == learned.n


@given(st.lists(st.tuples(st.integers(200, 900), st.floats(0.1, 0.9)), min_size=2, max_size=8))
def test_level_never_divides_a_flat_part_of_the_curve(rows: list[tuple[int, float]]) -> None:
    """With enough customers of every score all cuts can be judged."""
    learned = learn_level(scored([(n, round(n * rate)) for n, rate in rows]))
    assume(learned.level is not None)
    below = [point.smooth for point in learned.curve if point.score < (learned.level or 0)]
    above = [point.smooth for point in learned.curve if point.score > (learned.level or 0)]
    assert below[-1] > above[0]


@given(st.lists(st.tuples(st.integers(200, 900), st.floats(0.1, 0.9)), min_size=2, max_size=8), st.integers(2, 20))
def test_more_of_the_same_only_makes_it_surer(rows: list[tuple[int, float]], times: int) -> None:
    few = learn_level(scored([(n, round(n * rate)) for n, rate in rows]))
    assume(few.level is not None)
    many = learn_level(scored([(n * times, round(n * rate) * times) for n, rate in rows]))
    assert many.level == few.level
    assert (many.p or 0) <= (few.p or 0)


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(1, 1000)), min_size=1, max_size=12))
def test_monotone_equals_scipy(rows: list[tuple[float, int]]) -> None:
    shares, weights = [share for share, _n in rows], [n for _share, n in rows]
    expected = isotonic_regression(shares, weights=weights, increasing=False).x
    assert monotone(shares, weights) == pytest.approx(list(expected), abs=1e-9)


def test_monotone_of_nothing_is_nothing() -> None:
    assert monotone([], []) == []
