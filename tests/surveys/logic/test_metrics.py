"""Wilson's intervals against Newcombe (1998), and how right a rule was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from surveys.logic.metrics import Share, lift, precision, proportion


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_proportion_returns_the_published_wilson_intervals(successes: int, n: int, low: float, high: float) -> None:
    share = proportion(successes, n)
    assert (share.low, share.high) == pytest.approx((low, high), abs=5e-5)
    assert (share.share, share.n) == (successes / n, n)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_proportion_equals_scipy(counts: tuple[int, int]) -> None:
    expected = stats.binomtest(*counts).proportion_ci(0.9, method="wilson")
    share = proportion(*counts, level=0.9)
    assert (share.low, share.high) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_proportion_of_nobody_is_unknown() -> None:
    assert proportion(0, 0) == Share(None, None, None, 0)


@pytest.mark.parametrize(("successes", "n"), [(-1, 5), (6, 5)])
def test_proportion_refuses_counts_that_are_none(successes: int, n: int) -> None:
    with pytest.raises(ValueError, match="between 0 and n"):
        proportion(successes, n)


def test_precision_is_unknown_below_five_answers() -> None:
    assert precision(4, 4) == Share(None, None, None, 4)
    assert precision(0, 0) == Share(None, None, None, 0)
    assert precision(4, 5) == proportion(4, 5)


@pytest.mark.parametrize(
    ("found", "everybody", "expected"),
    [
        (proportion(4, 10), proportion(20, 100), 2.0),
        (proportion(0, 10), proportion(20, 100), 0.0),
        (precision(2, 4), proportion(20, 100), None),
        (proportion(4, 10), proportion(0, 100), None),
        (proportion(4, 10), proportion(0, 0), None),
    ],
)
def test_lift_compares_with_everybody_who_answered(found: Share, everybody: Share, expected: float | None) -> None:
    assert lift(found, everybody) == expected
