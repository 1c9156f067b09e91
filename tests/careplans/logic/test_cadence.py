"""The outcome table, and the ladder of tries across days and summer time."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careplans.logic.cadence import OUTCOMES, LocalDay, Next, Outcome, Step, next_step

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
ZONES = ("Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC")
UNANSWERED = (Outcome.NO_ANSWER, Outcome.BUSY, Outcome.CUT_OFF, Outcome.WRONG_NUMBER)
NOON = datetime(2025, 5, 14, 12, 30, tzinfo=SHANGHAI)


def step(
    outcome: Outcome,
    now: datetime = NOON,
    *,
    today: int = 1,
    total: int = 1,
    zone: ZoneInfo = SHANGHAI,
    seed: str = "s",
    **more: Any,
) -> Step:
    return next_step(outcome, now=now, local_zone=zone, tries_today=today, tries_total=total, seed=seed, **more)


def due(result: Step) -> datetime:
    assert result.due_at is not None
    return result.due_at


def local(moment: datetime, zone: ZoneInfo = SHANGHAI) -> datetime:
    return moment.astimezone(zone)


def test_outcomes_stand_in_the_order_of_their_keys() -> None:
    assert [OUTCOMES[outcome].key for outcome in Outcome] == list(range(1, 10))


@pytest.mark.parametrize(
    ("outcome", "more", "expected"),
    [
        ("solved", {}, ("solved", "ok", None, Next.CONFIRMATION)),
        ("follow_up", {}, ("queued", "ok", None, Next.TASK_AND_CALLBACK)),
        ("callback", {"booked_at": NOON + timedelta(hours=9)}, ("queued", "ok", None, Next.BOOKED)),
        ("no_answer", {}, ("queued", "try_again", None, Next.OTHER_PART_OF_DAY)),
        ("busy", {}, ("queued", "try_again", None, Next.SOON)),
        ("cut_off", {}, ("queued", "ok", None, Next.SOON)),
        ("wrong_number", {"other_numbers": True}, ("queued", "dead", None, Next.NEXT_NUMBER)),
        ("wrong_number", {}, ("needs_data", "dead", None, Next.NEEDS_NUMBER)),
        ("refused", {}, ("closed", "ok", "refused", Next.NOTHING_IN_CAMPAIGN)),
        ("do_not_contact", {}, ("closed", "blocked", "do_not_contact", Next.NOTHING_EVER)),
    ],
)
def test_next_step_follows_the_outcome_table(
    outcome: str, more: dict[str, Any], expected: tuple[str, str, str | None, Next]
) -> None:
    result = step(Outcome(outcome), **more)
    assert (result.case_status, result.number_status, result.close_reason, result.note) == expected


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.DO_NOT_CONTACT, Outcome.WRONG_NUMBER])
def test_next_step_has_nothing_due_when_nothing_can_follow(outcome: Outcome) -> None:
    assert step(outcome).due_at is None


def test_no_answer_tries_again_in_two_to_four_hours_in_another_part_of_the_day() -> None:
    dues = {due(step(Outcome.NO_ANSWER, seed=str(seed))) for seed in range(60)}
    assert {LocalDay(SHANGHAI).part(NOON)} == {0}
    assert {LocalDay(SHANGHAI).part(moment) for moment in dues} == {1, 2}
    assert min(dues) >= NOON + timedelta(hours=2)
    assert max(dues) <= NOON + timedelta(hours=4)


def test_no_answer_late_in_the_day_waits_for_the_next() -> None:
    evening = NOON.replace(hour=17)
    result = step(Outcome.NO_ANSWER, evening)
    assert result.note == Next.NEXT_DAY
    assert local(due(result)).date() == evening.date() + timedelta(days=1)
    assert LocalDay(SHANGHAI).part(due(result)) in {0, 1}


@pytest.mark.parametrize(("today", "total", "days", "note"), [(2, 2, 1, Next.NEXT_DAY), (1, 3, 3, Next.THREE_DAYS)])
def test_no_answer_climbs_the_ladder(today: int, total: int, days: int, note: Next) -> None:
    result = step(Outcome.NO_ANSWER, today=today, total=total)
    assert result.note == note
    assert local(due(result)).date() == NOON.date() + timedelta(days=days)


@pytest.mark.parametrize("outcome", UNANSWERED)
def test_the_fourth_unanswered_try_is_the_last(outcome: Outcome) -> None:
    result = step(outcome, total=4, other_numbers=True)
    assert (result.case_status, result.close_reason, result.due_at) == ("closed", "unreachable", None)


@pytest.mark.parametrize(
    ("outcome", "status"),
    [(Outcome.SOLVED, "solved"), (Outcome.FOLLOW_UP, "queued"), (Outcome.CALLBACK, "queued")],
)
def test_a_fourth_try_that_reaches_the_customer_does_not_close(outcome: Outcome, status: str) -> None:
    booked = NOON + timedelta(days=1) if outcome == Outcome.CALLBACK else None
    assert step(outcome, today=2, total=4, booked_at=booked).case_status == status


@pytest.mark.parametrize(("outcome", "minutes"), [(Outcome.BUSY, 30), (Outcome.CUT_OFF, 15)])
def test_busy_and_cut_off_are_tried_again_soon_once(outcome: Outcome, minutes: int) -> None:
    assert step(outcome).due_at == NOON + timedelta(minutes=minutes)
    assert step(outcome, repeated=True).note == Next.OTHER_PART_OF_DAY
    assert step(outcome, today=2, total=2).note == Next.NEXT_DAY
    assert step(outcome, today=1, total=3).due_at == NOON + timedelta(minutes=minutes)
    assert step(outcome, today=1, total=3, repeated=True).note == Next.THREE_DAYS


def test_busy_just_before_closing_waits_for_the_next_day() -> None:
    late = NOON.replace(hour=19, minute=45)
    assert local(due(step(Outcome.BUSY, late))).date() == late.date() + timedelta(days=1)


def test_wrong_number_tries_the_next_number_at_once() -> None:
    assert step(Outcome.WRONG_NUMBER, other_numbers=True).due_at == NOON


def test_wrong_number_before_opening_waits_for_opening() -> None:
    early = NOON.replace(hour=7)
    result = step(Outcome.WRONG_NUMBER, early, other_numbers=True)
    assert local(due(result)) == early.replace(hour=9, minute=0)


def test_solved_asks_for_confirmation_a_day_later() -> None:
    assert step(Outcome.SOLVED).due_at == NOON + timedelta(hours=24)


@pytest.mark.parametrize(("hour", "days", "due_hour"), [(21, 2, 9), (7, 1, 9)])
def test_solved_outside_hours_asks_at_the_next_opening(hour: int, days: int, due_hour: int) -> None:
    now = NOON.replace(hour=hour, minute=0)
    expected = now.replace(hour=due_hour) + timedelta(days=days)
    assert local(due(step(Outcome.SOLVED, now))) == expected


@pytest.mark.parametrize("outcome", [Outcome.CALLBACK, Outcome.FOLLOW_UP])
def test_a_booked_time_is_kept_to_the_minute_even_at_night(outcome: Outcome) -> None:
    booked = NOON.replace(hour=22, minute=7)
    assert step(outcome, booked_at=booked, today=2, total=4).due_at == booked


def test_follow_up_without_a_time_is_due_the_next_day() -> None:
    assert local(due(step(Outcome.FOLLOW_UP))).date() == NOON.date() + timedelta(days=1)


def test_next_day_keeps_local_hours_when_clocks_change() -> None:
    """The night of 29 March 2026 has 23 hours in Berlin: nine o'clock is seven UTC, no longer eight."""
    saturday = datetime(2026, 3, 28, 19, 0, tzinfo=BERLIN)
    solved = step(Outcome.SOLVED, saturday.replace(hour=8), zone=BERLIN)
    tried = step(Outcome.NO_ANSWER, saturday, zone=BERLIN)
    assert solved.due_at == datetime(2026, 3, 29, 7, 0, tzinfo=UTC)
    assert local(due(tried), BERLIN).date() == datetime(2026, 3, 29, tzinfo=BERLIN).date()


def test_next_step_is_repeatable_by_its_seed() -> None:
    assert step(Outcome.NO_ANSWER, seed="a") == step(Outcome.NO_ANSWER, seed="a")


@pytest.mark.parametrize(
    ("outcome", "more"),
    [
        (Outcome.CALLBACK, {}),
        (Outcome.CALLBACK, {"booked_at": NOON - timedelta(minutes=1)}),
        (Outcome.CALLBACK, {"booked_at": NOON.replace(tzinfo=None)}),
        (Outcome.BUSY, {"now": NOON.replace(tzinfo=None)}),
        (Outcome.BUSY, {"today": 0}),
        (Outcome.BUSY, {"today": 2, "total": 1}),
        (Outcome.BUSY, {"opens": time(9), "closes": time(9)}),
    ],
)
def test_next_step_refuses_impossible_arguments(outcome: Outcome, more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        step(outcome, **more)


MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(
    st.sampled_from(Outcome),
    MOMENTS,
    st.sampled_from(ZONES),
    st.lists(st.integers(1, 6), min_size=2, max_size=2).map(sorted),
    st.tuples(st.text(), st.booleans()),
)
def test_due_is_never_past_and_always_within_local_hours(
    outcome: Outcome, now: datetime, zone: str, tries: list[int], chance: tuple[str, bool]
) -> None:
    seed, flag = chance
    booked = now + timedelta(hours=7) if outcome == Outcome.CALLBACK else None
    day = LocalDay(ZoneInfo(zone))
    result = step(
        outcome,
        now,
        zone=day.zone,
        today=tries[0],
        total=tries[1],
        seed=seed,
        booked_at=booked,
        other_numbers=flag,
        repeated=flag,
        max_tries=6,
    )
    if result.due_at is not None:
        assert result.due_at >= now
        assert booked is not None or day.is_open(result.due_at)
        assert result.due_at.tzinfo is UTC
    assert (result.case_status == "closed") == (result.close_reason is not None)
    assert (result.due_at is None) == (result.case_status in ("closed", "needs_data"))


@settings(max_examples=300)
@given(
    st.lists(st.tuples(st.sampled_from(UNANSWERED), st.integers(0, 900)), min_size=8, max_size=8),
    MOMENTS,
    st.sampled_from(ZONES),
    st.text(max_size=3),
)
def test_a_case_never_gets_more_than_two_tries_a_day_nor_four_in_all(
    tries: list[tuple[Outcome, int]], now: datetime, zone: str, seed: str
) -> None:
    days: Counter[date] = Counter()
    seen: set[Outcome] = set()
    closed: set[str | None] = set()
    for outcome, delay in tries:
        now += timedelta(minutes=delay)
        today = now.astimezone(ZoneInfo(zone)).date()
        days[today] += 1
        result = step(
            outcome,
            now,
            zone=ZoneInfo(zone),
            today=days[today],
            total=days.total(),
            seed=seed,
            other_numbers=True,
            repeated=outcome in seen,
        )
        seen.add(outcome)
        if result.due_at is None:
            closed.add(result.close_reason)
            break
        now = result.due_at
    assert max(days.values()) <= 2
    assert days.total() == 4
    assert closed == {"unreachable"}
