"""Tiers by cuts, and the health score whose parts sum to it."""

from __future__ import annotations

import itertools
import math
import random

import pytest

from surveys.logic.tiers import (
    RECENCY,
    TIERS,
    WEIGHTS,
    Condition,
    Kind,
    NoRule,
    check,
    cuts_at_shares,
    health,
    shown_as,
    tier_of,
)

WELL = Condition("active", 10.0, 0, 0, 0, 0.0)


@pytest.mark.parametrize(
    ("measure", "tier"),
    [
        (math.inf, "strategic"),
        (100.0, "strategic"),
        (99.99, "high"),
        (50.0, "high"),
        (49.99, "core"),
        (10.0, "core"),
        (9.99, "basic"),
        (-math.inf, "basic"),
        (None, None),
        (math.nan, None),
    ],
)
def test_tier_begins_at_its_cut(measure: float | None, tier: str | None) -> None:
    assert tier_of(measure, (100, 50, 10), "value") == tier


@pytest.mark.parametrize("measure", ["attribute:arpu", "attribute:用量", "told", RECENCY, "days_heard_90d"])
def test_measures_of_activity_are_accepted(measure: str) -> None:
    check(measure, (3, 2, 1), "activity")


@pytest.mark.parametrize(
    ("kind", "measure", "cuts", "field"),
    [
        ("value", RECENCY, (3, 2, 1), "measure"),
        ("value", "arpu", (3, 2, 1), "measure"),
        ("value", "attribute:", (3, 2, 1), "measure"),
        ("value", "attribute:" + 51 * "a", (3, 2, 1), "measure"),
        ("value", "attribute:a\x00b", (3, 2, 1), "measure"),
        ("value", "attribute:a", (3, 2), "cuts"),
        ("value", "attribute:a", (4, 3, 2, 1), "cuts"),
        ("value", "attribute:a", (3, 3, 1), "cuts"),
        ("value", "attribute:a", (1, 2, 3), "cuts"),
        ("value", "attribute:a", (math.inf, 2, 1), "cuts"),
        ("value", "attribute:a", (3, math.nan, 1), "cuts"),
    ],
)
def test_rule_that_is_none_names_its_field(kind: Kind, measure: str, cuts: tuple[float, ...], field: str) -> None:
    with pytest.raises(NoRule) as refused:
        check(measure, cuts, kind)
    assert refused.value.field == field


def test_days_since_contact_are_shown_without_their_sign() -> None:
    assert (shown_as(RECENCY, -30.0), shown_as(RECENCY, shown_as(RECENCY, -30.0))) == (30.0, -30.0)
    assert (str(shown_as(RECENCY, 0.0)), shown_as("attribute:arpu", -3.5)) == ("0.0", -3.5)


def test_cuts_of_quantiles_fall_or_are_none() -> None:
    assert cuts_at_shares([90.0, 50.0, 20.0]) == (90.0, 50.0, 20.0)
    assert cuts_at_shares([50.0, 50.0, 20.0]) is None
    assert cuts_at_shares([90.0, None, 20.0]) is None


def test_who_is_well_has_all_points_and_who_is_not_has_none() -> None:
    assert health(WELL).score == 100
    assert [(part.name, part.points, part.most) for part in health(WELL).parts] == [
        (name, weight, weight) for name, weight in WEIGHTS.items()
    ]
    worst = health(Condition("silent", -80.0, 3, 9, 2, 1.0))
    assert (worst.score, {part.points for part in worst.parts}) == (0, {0})


def test_health_by_hand() -> None:
    # 15 × 0.75 + 30 × (1 − 20/50) + 15 × (1 − 1/3) + 15 × (5 − 2)/4 + 15 × 1/2 + 10 × 0.8 =
    found = health(Condition("steady", -20.0, 1, 2, 1, 0.2))
    assert found.score == 66  # 11.25 + 18 + 10 + 11.25 + 7.5 + 8 = 66
    assert [part.points for part in found.parts] == [11, 18, 10, 11, 8, 8]


def test_what_is_not_known_weighs_nothing() -> None:
    found = health(Condition("", None, 3, 0, 0, None))
    assert [(part.points, part.most) for part in found.parts] == [
        (None, None),
        (None, None),
        (0, 34),
        (33, 33),
        (33, 33),
        (None, None),
    ]
    assert found.score == 66


def test_parts_sum_to_the_score_and_pass_no_limit() -> None:
    rng = random.Random(1)
    for _ in range(2_000):
        condition = Condition(
            rng.choice(["", *TIERS["activity"]]),
            rng.choice([None, rng.uniform(-100, 100)]),
            rng.randrange(5),
            rng.randrange(8),
            rng.randrange(4),
            rng.choice([None, rng.random()]),
        )
        found = health(condition)
        known = [(part.points, part.most) for part in found.parts if part.points is not None and part.most is not None]
        assert sum(points for points, _most in known) == found.score
        assert sum(most for _points, most in known) == 100
        assert all(0 <= points <= most for points, most in known)


@pytest.mark.parametrize(
    "worse",
    [
        [Condition(tier, 0, 0, 0, 0, 0) for tier in TIERS["activity"]],
        [Condition("active", gap, 0, 0, 0, 0) for gap in (0, -10, -25, -50)],
        [Condition("active", 0, times, 0, 0, 0) for times in (0, 1, 2, 3)],
        [Condition("active", 0, 0, contacts, 0, 0) for contacts in (1, 2, 3, 5)],
        [Condition("active", 0, 0, 0, broken, 0) for broken in (0, 1, 2)],
        [Condition("active", 0, 0, 0, 0, chance) for chance in (0.0, 0.3, 0.7, 1.0)],
    ],
)
def test_worse_of_one_thing_is_a_lower_score(worse: list[Condition]) -> None:
    scores = [health(condition).score for condition in worse]
    assert all(one > other for one, other in itertools.pairwise(scores))
