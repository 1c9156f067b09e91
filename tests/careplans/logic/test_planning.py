"""Hold-out sizes, the order of the draw, capacity, exclusions and the plan's hash."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careplans.logic.planning import (
    Draw,
    Exclusion,
    Waterfall,
    capacity_fits,
    draws,
    hash_rank,
    hold_out_size,
    hold_out_sizes,
    plan_hash,
    read_out_day,
    working_days,
)

PLAN = [(2, "refund", "care"), (1, "app", "hold_out"), (10, "app", "care")]


@pytest.mark.parametrize(
    ("n", "share", "size"),
    [(9200, 0.1, 920), (5, 0.1, 1), (4, 0.1, 0), (0, 0.1, 0), (35, 0.3, 11), (9, 0, 0)],
)
def test_hold_out_size_rounds_half_up_on_the_typed_decimal(n: int, share: float, size: int) -> None:
    assert hold_out_size(n, share) == size


def test_hold_out_sizes_give_the_largest_remainders_first() -> None:
    assert hold_out_sizes({"a": 14, "b": 16, "c": 15, "d": 5}, 0.1) == {"a": 1, "b": 2, "c": 2, "d": 0}


def test_hold_out_sizes_break_ties_by_name_whatever_the_order() -> None:
    assert hold_out_sizes({"c": 5, "a": 5, "b": 5}, 0.1) == {"a": 1, "b": 1, "c": 0}


@given(
    st.dictionaries(st.text(max_size=3), st.integers(0, 10_000), max_size=12),
    st.integers(0, 999).map(lambda k: k / 1000),
)
def test_hold_out_sizes_add_up_and_stay_within_one_of_the_quota(strata: dict[str, int], share: float) -> None:
    sizes = hold_out_sizes(strata, share)
    assert sum(sizes.values()) == hold_out_size(sum(strata.values()), share)
    assert all(abs(sizes[name] - n * share) < 1 + 1e-9 for name, n in strata.items())
    assert all(0 <= sizes[name] <= n for name, n in strata.items())


@pytest.mark.parametrize(("n", "share"), [(-1, 0.1), (5, 1), (5, -0.1), (5, float("nan"))])
def test_hold_out_size_refuses_impossible_arguments(n: int, share: float) -> None:
    with pytest.raises(ValueError, match=r"cannot have|hold-out share"):
        hold_out_size(n, share)


@pytest.mark.parametrize(
    ("seed", "customer_id", "rank"),
    [
        ("spring", 1, 8522372699264204253),
        ("spring", 2, 8739923975975243193),
        ("2025-春季", 123456789012, 3771263003972499981),
        ("", 0, 1866903987063215603),
        ("a:b", 42, 2705260783893000646),
    ],
)
def test_hash_rank_returns_what_postgresql_computes(seed: str, customer_id: int, rank: int) -> None:
    assert hash_rank(seed, customer_id) == rank


@given(st.text(), st.integers())
def test_hash_rank_fits_a_bigint(seed: str, customer_id: int) -> None:
    assert 0 <= hash_rank(seed, customer_id) < 2**63


def test_hash_rank_deals_evenly() -> None:
    low = sum(hash_rank("spring", customer_id) < 2**62 for customer_id in range(10_000))
    assert low == pytest.approx(5000, abs=200)


@pytest.mark.parametrize(
    ("available", "per_case", "n", "fits", "waits"),
    [(100, 10, 7, 7, 0), (100, 10, 10, 10, 0), (100, 10, 12, 10, 2), (0.3, 0.1, 5, 3, 2), (0, 9, 3, 0, 3)],
)
def test_capacity_fits_whole_cases(available: float, per_case: float, n: int, fits: int, waits: int) -> None:
    capacity = capacity_fits(available, per_case, n)
    assert (capacity.fits, capacity.waits) == (fits, waits)


def test_capacity_names_what_is_short() -> None:
    capacity = capacity_fits(1485 * 60, 12, 8300)
    assert capacity.minutes_needed == 1660 * 60
    assert capacity.minutes_short == 175 * 60
    assert capacity_fits(100, 1, 10).minutes_short == 0


@pytest.mark.parametrize("arguments", [(10, 0, 1), (10, -1, 1), (-1, 1, 1), (1, 1, -1), (float("nan"), 1, 1)])
def test_capacity_refuses_impossible_arguments(arguments: tuple[float, float, int]) -> None:
    with pytest.raises(ValueError, match=r"minutes"):
        capacity_fits(*arguments)


def test_waterfall_leaves_the_eligible() -> None:
    excluded = {"do_not_contact": 310, "consent": 120, "other_care": 322, "recent": 160, "no_number": 88}
    waterfall = Waterfall(10_200, tuple(Exclusion(reason, n) for reason, n in excluded.items()))
    assert waterfall.eligible == 9_200


@pytest.mark.parametrize(("found", "excluded"), [(-1, 0), (5, -1), (5, 6)])
def test_waterfall_refuses_counts_that_do_not_add_up(found: int, excluded: int) -> None:
    with pytest.raises(ValueError, match=r"negative|excluded"):
        Waterfall(found, (Exclusion("consent", excluded),))


def test_plan_hash_does_not_depend_on_the_order() -> None:
    assert plan_hash(PLAN) == plan_hash(reversed(PLAN))


@pytest.mark.parametrize(
    "other",
    [
        PLAN[:2],
        [*PLAN[:2], (10, "app", "deferred")],
        [*PLAN[:2], (10, "web", "care")],
        [*PLAN[:2], (11, "app", "care")],
    ],
)
def test_plan_hash_changes_with_every_field(other: list[tuple[int, str, str]]) -> None:
    assert plan_hash(other) != plan_hash(PLAN)


def test_plan_hash_is_pinned() -> None:
    """A launch compares with a hash frozen by an earlier release."""
    assert plan_hash(PLAN) == "8852cd3c772649d07c859abb70184eef6a5d3fb5ed7d16922120f612ef6db991"


def test_plan_hash_refuses_a_customer_twice() -> None:
    with pytest.raises(ValueError, match="Customer 2 stands twice"):
        plan_hash([*PLAN, (2, "app", "hold_out")])


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        (date(2026, 3, 2), date(2026, 3, 2), 1),  # a Monday
        (date(2026, 3, 7), date(2026, 3, 8), 0),  # a weekend
        (date(2026, 3, 6), date(2026, 3, 9), 2),  # Friday to Monday
        (date(2026, 3, 3), date(2026, 4, 2), 23),
        (date(2026, 3, 3), date(2026, 3, 2), 0),
    ],
)
def test_working_days_are_mondays_to_fridays_with_both_ends(first: date, last: date, days: int) -> None:
    assert working_days(first, last) == days


@pytest.mark.parametrize(
    ("launched", "read_out"),
    [
        (date(2026, 3, 3), date(2026, 6, 17)),
        (date(2026, 11, 30), date(2027, 3, 14)),  # February has no 30th
        (date(2027, 11, 30), date(2028, 3, 14)),  # nor has that of a leap year
        (date(2026, 12, 31), date(2027, 4, 14)),
    ],
)
def test_read_out_is_three_calendar_months_and_fourteen_days_later(launched: date, read_out: date) -> None:
    assert read_out_day(launched) == read_out


strata = st.dictionaries(st.sampled_from("abcdef"), st.tuples(st.integers(0, 200), st.booleans()), max_size=6)


@given(strata, st.integers(0, 50).map(lambda k: k / 100), st.floats(0, 2000), st.integers(1, 40))
def test_draws_fit_the_capacity_and_defer_nobody_who_goes_first(
    people: dict[str, tuple[int, bool]], share: float, available: float, minutes: int
) -> None:
    sizes = {name: n for name, (n, _first) in people.items()}
    first = frozenset(name for name, (_n, goes_first) in people.items() if goes_first)
    drawn = draws(
        sizes,
        share=share,
        minutes=dict.fromkeys(sizes, float(minutes)),
        first=first,
        minutes_available=available,
    )
    assert {name: draw.n for name, draw in drawn.items()} == sizes
    assert {name: draw.hold_out for name, draw in drawn.items()} == hold_out_sizes(sizes, share)
    assert all(draw.deferred == 0 for name, draw in drawn.items() if name in first)
    assert all(draw.care >= 0 for draw in drawn.values())
    used = sum(draw.care for draw in drawn.values()) * minutes
    ahead = sum(draw.care for name, draw in drawn.items() if name in first) * minutes
    assert used <= max(available, ahead) + 1e-6
    # Nobody waits while there is room for another case.
    assert not sum(draw.deferred for draw in drawn.values()) or used + minutes > available - 1e-6


def test_draws_share_the_wait_in_proportion() -> None:
    drawn = draws(
        {"a": 100, "b": 50, "s": 10},
        share=0,
        minutes={"a": 10, "b": 10, "s": 10},
        first=frozenset({"s"}),
        minutes_available=1000,
    )
    assert drawn == {"a": Draw(100, 0, 40), "b": Draw(50, 0, 20), "s": Draw(10, 0, 0)}
    assert [draw.care for draw in drawn.values()] == [60, 30, 10]


def test_draws_with_unequal_minutes_stay_within_a_case_a_stratum() -> None:
    minutes = {"call": 9.0, "talk": 35.0}
    drawn = draws({"call": 333, "talk": 77}, share=0.1, minutes=minutes, first=frozenset(), minutes_available=2000)
    used = sum(draw.care * minutes[name] for name, draw in drawn.items())
    assert abs(used - 2000) <= sum(minutes.values())
