"""What closed cases suggest, by hand, by scipy and over random counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from careplans.logic.calibration import LEAST_CLOSED, suggest
from careplans.logic.priority import ASSUMED_EFFECTS

KINDS = tuple(ASSUMED_EFFECTS)
COUNTS = st.dictionaries(
    st.sampled_from(KINDS), st.tuples(st.integers(0, 500), st.integers(0, 500)).map(lambda n: (max(n), min(n)))
)


def test_suggestion_by_hand() -> None:
    # 20 of 100 callbacks and 40 of 100 messages were confirmed. 30 % and 5 % are assumed kept: 35 for 60 confirmed.
    found = suggest({"callback": (100, 20), "outreach": (100, 40)}, ASSUMED_EFFECTS)
    level = 35 / 60
    # As assumed, 51.4 % and 8.6 % would have been confirmed; that counts for 20 cases each.
    expected = {"callback": 0.30 / level, "outreach": 0.05 / level}
    shares = {"callback": (20 + 20 * expected["callback"]) / 120, "outreach": (40 + 20 * expected["outreach"]) / 120}
    assert {kind: one.share for kind, one in found.items()} == pytest.approx(shares)
    assert {kind: one.effect for kind, one in found.items()} == pytest.approx(
        {"callback": 0.1472, "outreach": 0.2028}, abs=5e-5
    )
    a = 20 + 20 * expected["callback"]
    interval = stats.beta.interval(0.95, a, 120 - a)
    assert (found["callback"].share_low, found["callback"].share_high) == pytest.approx(interval)
    assert (found["callback"].effect_low, found["callback"].effect_high) == pytest.approx(
        tuple(level * end for end in interval)
    )
    assert (found["callback"].closed, found["callback"].confirmed) == (100, 20)


def test_cases_that_are_confirmed_as_assumed_change_nothing() -> None:
    found = suggest({"callback": (200, 120), "touchpoint": (300, 60)}, ASSUMED_EFFECTS)  # 60 % and 20 %: 3 to 1
    assert {kind: one.effect for kind, one in found.items()} == pytest.approx({"callback": 0.3, "touchpoint": 0.1})


def test_kind_with_few_cases_stays_near_its_assumption() -> None:
    found = suggest({"callback": (1000, 500), "interview": (2, 0)}, ASSUMED_EFFECTS)
    assert found["interview"].effect == pytest.approx(0.15 * 20 / 22, rel=0.01)
    assert found["callback"].effect == pytest.approx(0.3, rel=0.01)


@given(COUNTS)
def test_more_confirmed_cases_never_lower_a_kind_against_the_others(outcomes: dict[str, tuple[int, int]]) -> None:
    found = suggest(outcomes, ASSUMED_EFFECTS)
    counted = {kind: counts for kind, counts in outcomes.items() if counts[0]}
    if (
        sum(n for n, _ in counted.values()) < LEAST_CLOSED
        or len(counted) < 2
        or not any(c for _, c in counted.values())
    ):
        assert found == {}
        return
    assert set(found) == set(counted)
    assert all(0 <= one.effect_low <= one.effect <= one.effect_high <= 1 for one in found.values())
    for kind, (closed, confirmed) in counted.items():
        if confirmed < closed and max(one.effect for one in found.values()) < 1:
            more = suggest({**outcomes, kind: (closed, confirmed + 1)}, ASSUMED_EFFECTS)
            for other in counted.keys() - {kind}:
                before, after = (each[kind].share / each[other].share for each in (found, more))
                assert after >= before * (1 - 1e-9)


@pytest.mark.parametrize(
    ("outcomes", "assumed"),
    [
        ({}, ASSUMED_EFFECTS),
        ({"callback": (20, 10), "outreach": (9, 5)}, ASSUMED_EFFECTS),
        ({"callback": (300, 100)}, ASSUMED_EFFECTS),
        ({"callback": (300, 100), "outreach": (0, 0)}, ASSUMED_EFFECTS),
        ({"callback": (300, 0), "outreach": (300, 0)}, ASSUMED_EFFECTS),
        ({"callback": (300, 100), "outreach": (300, 9)}, {**ASSUMED_EFFECTS, "outreach": -0.1}),
    ],
)
def test_nothing_is_suggested_without_cases_confirmations_or_something_to_compare(
    outcomes: dict[str, tuple[int, int]], assumed: dict[str, float]
) -> None:
    assert suggest(outcomes, assumed) == {}


def test_every_case_confirmed_is_a_share_of_one() -> None:
    found = suggest({"callback": (40, 40), "touchpoint": (40, 40)}, {"callback": 0.2, "touchpoint": 0.2})
    assert (found["callback"].share, found["callback"].share_high) == (1.0, 1.0)
    assert found["callback"].effect == pytest.approx(0.2)


def test_counts_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="More cases are confirmed"):
        suggest({"callback": (5, 6)}, ASSUMED_EFFECTS)
