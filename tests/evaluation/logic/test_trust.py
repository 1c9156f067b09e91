"""Trust checks and the verdict's truth table."""

import pytest
from scipy import stats

from evaluation.logic.effects import Effect
from evaluation.logic.sums import ArmStats
from evaluation.logic.trust import Check, Verdict, balance, contamination, response_by_arm, sample_ratio, verdict

SHARES = {"care": 0.9, "hold_out": 0.1}


def an_effect(low: float, high: float, n: int = 500) -> Effect:
    return Effect((low + high) / 2, 1.0, low, high, 0.5, n, n, "welch")


UNKNOWN = Effect(None, None, None, None, None, 0, 500, "welch", reason="arm_missing")
SPOILT = [Check("sample_ratio", 0.0001, warns=True, spoils=True)]
WARNED = [Check("contamination", 0.008, warns=True)]


def test_sample_ratio_equals_scipy() -> None:
    check = sample_ratio({"care": 880, "hold_out": 120}, SHARES)
    assert check.value == pytest.approx(stats.chisquare([880, 120], [900, 100]).pvalue)
    assert (check.warns, check.spoils) == (False, False)


def test_sample_ratio_warns_below_one_in_a_thousand() -> None:
    check = sample_ratio({"care": 860, "hold_out": 140}, SHARES)
    assert check.value == pytest.approx(stats.chisquare([860, 140], [900, 100]).pvalue)
    assert (check.warns, check.spoils) == (True, True)


def test_sample_ratio_takes_shares_in_any_unit() -> None:
    observed = {"care": 880, "hold_out": 120}
    assert sample_ratio(observed, {"care": 9, "hold_out": 1}) == sample_ratio(observed, SHARES)


def test_sample_ratio_of_nobody_is_unknown() -> None:
    assert sample_ratio({"care": 0, "hold_out": 0}, SHARES) == Check("sample_ratio", None)


@pytest.mark.parametrize(
    ("observed", "shares"),
    [
        ({"care": 1}, SHARES),
        ({"care": 1}, {"care": 1.0}),
        ({"care": 1, "hold_out": 1}, {"care": 1, "hold_out": 0}),
        ({"care": -1, "hold_out": 1}, SHARES),
    ],
)
def test_sample_ratio_refuses_arms_that_do_not_match(observed: dict[str, int], shares: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"same arms|positive"):
        sample_ratio(observed, shares)


@pytest.mark.parametrize(
    ("answered", "points", "warns", "spoils"),
    [
        ((430, 38), 5.0, False, False),
        ((440, 38), 6.0, True, False),
        ((320, 38), 6.0, True, False),
        ((552, 38), 17.2, True, False),  # p = .00102
        ((553, 38), 17.3, True, True),  # p = .00095
    ],
)
def test_response_by_arm_warns_above_five_points_and_spoils_beyond_chance(
    answered: tuple[int, int], points: float, warns: bool, spoils: bool
) -> None:
    check = response_by_arm(dict(zip(SHARES, answered, strict=True)), {"care": 1000, "hold_out": 100})
    assert check.value == pytest.approx(points)
    assert (check.warns, check.spoils) == (warns, spoils)
    table = [list(answered), [1000 - answered[0], 100 - answered[1]]]
    assert ((stats.chi2_contingency(table, correction=False).pvalue) < 0.001) == spoils


def test_response_by_arm_with_one_arm_asked_is_unknown() -> None:
    check = response_by_arm({"care": 3, "hold_out": 0}, {"care": 9, "hold_out": 0})
    assert check == Check("response_by_arm", None)


@pytest.mark.parametrize("answered", [{"care": 3}, {"care": 10, "hold_out": 0}, {"care": -1, "hold_out": 0}])
def test_response_by_arm_refuses_impossible_counts(answered: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"same arms|number asked"):
        response_by_arm(answered, {"care": 9, "hold_out": 9})


@pytest.mark.parametrize(
    ("contacted", "n", "check"),
    [
        (0, 50, Check("contamination", 0.0)),
        (1, 50, Check("contamination", 0.02, warns=True)),
        (0, 0, Check("contamination", None)),
    ],
)
def test_contamination_warns_at_any_contact(contacted: int, n: int, check: Check) -> None:
    assert contamination(contacted, n) == check


def test_contamination_refuses_more_contacts_than_customers() -> None:
    with pytest.raises(ValueError, match="cannot have been contacted"):
        contamination(3, 2)


@pytest.mark.parametrize(
    ("effect", "checks", "reached", "higher_is_better", "expected"),
    [
        (an_effect(1, 3), [], True, True, Verdict.WON),
        (an_effect(1, 3), WARNED, True, True, Verdict.WON),
        (an_effect(1, 3), [], True, False, Verdict.LOST),
        (an_effect(-3, -1), [], True, True, Verdict.LOST),
        (an_effect(-3, -1), [], True, False, Verdict.WON),
        (an_effect(-1, 1), [], True, True, Verdict.NO_EVIDENCE),
        (an_effect(0, 1), [], True, True, Verdict.NO_EVIDENCE),
        (an_effect(-1, 0), [], True, True, Verdict.NO_EVIDENCE),
        (an_effect(1, 3, n=99), [], True, True, Verdict.NOT_ENOUGH_DATA),
        (an_effect(1, 3, n=100), [], True, True, Verdict.WON),
        (UNKNOWN, [], True, True, Verdict.NOT_ENOUGH_DATA),
        (an_effect(1, 3), SPOILT, True, True, Verdict.SUSPICIOUS),
        (UNKNOWN, SPOILT, True, True, Verdict.SUSPICIOUS),
        (an_effect(1, 3), [], False, True, Verdict.INTERIM),
        (an_effect(1, 3), SPOILT, False, True, Verdict.INTERIM),
        (UNKNOWN, [], False, True, Verdict.INTERIM),
    ],
)
def test_verdict_truth_table(
    effect: Effect, checks: list[Check], reached: bool, higher_is_better: bool, expected: Verdict
) -> None:
    word = verdict(effect, minimum_n=100, checks=checks, read_out_reached=reached, higher_is_better=higher_is_better)
    assert word == expected


def stats_of(values: list[float]) -> ArmStats:
    return ArmStats(len(values), sum(values), sum(value * value for value in values))


@pytest.mark.parametrize(("shift", "warns"), [(0.0, False), (4.0, False), (8.0, True)])
def test_balance_is_the_difference_in_pooled_deviations(shift: float, warns: bool) -> None:
    care = [float(30 + shift + 10 * (n % 5)) for n in range(100)]
    held = [float(30 + 10 * (n % 5)) for n in range(50)]
    check = balance(stats_of(care), stats_of(held))
    assert check.value == pytest.approx(shift / ((200 * 100 + 200 * 50) / 148) ** 0.5)
    assert (check.warns, check.spoils) == (warns, False)
    assert (stats.ttest_ind(care, held, equal_var=False).pvalue < 0.01) == warns


def test_balance_of_one_arm_is_unknown() -> None:
    assert balance(stats_of([1.0, 2.0]), stats_of([])) == Check("balance", None)
