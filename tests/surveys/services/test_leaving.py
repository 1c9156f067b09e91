"""Who leaves the pool by themselves: a truth table, random histories against a slow second reading, and repetition."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from threading import Thread

import pytest
from django.db import connection, transaction
from django.utils.timezone import localdate
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loopcare.celery import SWEEP
from surveys.enums import LeftReason, PoolStatus
from surveys.models import Detection, DetectionRule, PoolEntry, PoolEvent, Signal, Watermark
from surveys.services import leaving, pool
from surveys.services.detecting import detect_broken_promises
from surveys.services.leaving import LEAVING, LEAVING_LOCK, QUIET, Left, leave_daily, leave_pool
from surveys.tasks import leave_pool as task
from tests.factories import set_clock
from tests.surveys.facts import happened, hear, rated

DAY = date(2025, 3, 3)
NOW = datetime(2025, 3, 3, 4, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=30)
ONE = timedelta(days=1)

pytestmark = pytest.mark.django_db


def entry() -> PoolEntry:
    return PoolEntry.objects.get()


def state() -> list[tuple[str, str, str]]:
    return list(
        PoolEntry.objects.order_by("customer__reference", "pk").values_list(
            "customer__reference", "status", "left_reason"
        )
    )


# What is heard after a rating of 20 on `network` by `cards`, and whether that means recovery 30 days later.
RECOVERIES = {
    "nothing": ([], False),
    "good, same dimension": ([("cards", rated("a", 80, on=DAY + ONE, dimension="network"))], True),
    "exactly adequate": ([("cards", rated("a", 60, on=DAY + ONE, dimension="network"))], True),
    "just below": ([("cards", rated("a", 59.9, on=DAY + ONE, dimension="network"))], False),
    "good, same dimension, other source": ([("web", rated("a", 80, on=DAY + ONE, dimension="network"))], True),
    "good as a whole, other source": ([("web", rated("a", 80, on=DAY + ONE))], True),
    "good, other dimension, same source": ([("cards", rated("a", 80, on=DAY + ONE, dimension="shop"))], True),
    "good, other dimension, other source": ([("web", rated("a", 80, on=DAY + ONE, dimension="shop"))], False),
    "good on the same day": ([("web", rated("a", 80, on=DAY))], False),
    "good before": ([("web", rated("a", 80, on=DAY - ONE))], False),
    "good in the future": ([("web", rated("a", 80, on=DAY + 31 * ONE))], False),
    "good, no level": ([("web", rated("a", 80, on=DAY + ONE, adequate=None))], False),
    "good, then no level": (
        [("web", rated("a", 80, on=DAY + ONE)), ("web", rated("a", 10, on=DAY + 2 * ONE, adequate=None))],
        True,
    ),
    "good, then a complaint": (
        [("web", rated("a", 80, on=DAY + ONE)), ("desk", happened("a", "complaint", on=DAY + 2 * ONE))],
        False,
    ),
    "good, a complaint on that day": (
        [("web", rated("a", 80, on=DAY + ONE)), ("desk", happened("a", "complaint", on=DAY + ONE))],
        False,
    ),
    "a complaint, then good": (
        [("desk", happened("a", "complaint", on=DAY + ONE)), ("web", rated("a", 80, on=DAY + 2 * ONE))],
        True,
    ),
    "good, then a call that means nothing": (
        [("web", rated("a", 80, on=DAY + ONE)), ("desk", happened("a", "contact", on=DAY + 2 * ONE))],
        True,
    ),
    "good and bad on one day": (
        [("web", rated("a", 80, on=DAY + ONE)), ("shop", rated("a", 20, on=DAY + ONE))],
        False,
    ),
    "of somebody else": ([("web", rated("b", 80, on=DAY + ONE))], False),
}


@pytest.mark.parametrize("case", RECOVERIES)
def test_recovery_is_a_later_good_rating_of_what_brought_them_here(case: str) -> None:
    heard, recovered = RECOVERIES[case]
    hear(rated("a", 20, on=DAY, dimension="network"), now=NOW)
    for source, row in heard:
        hear(row, now=NOW, by=source)
    assert leave_pool(now=LATER) == Left(recovered=int(recovered))
    assert state() == [("a", "left", "recovered") if recovered else ("a", "waiting", "")]


def test_complaint_is_recovered_by_a_rating_as_a_whole_or_of_its_own_source() -> None:
    hear(*(happened(reference, "complaint", on=DAY) for reference in "abc"), now=NOW, by="desk")
    hear(rated("a", 80, on=DAY + ONE), now=NOW, by="web")
    hear(rated("b", 80, on=DAY + ONE, dimension="shop"), now=NOW, by="web")
    hear(rated("c", 80, on=DAY + ONE, dimension="shop"), now=NOW, by="desk")
    assert leave_pool(now=LATER) == Left(recovered=2)
    assert state() == [("a", "left", "recovered"), ("b", "waiting", ""), ("c", "left", "recovered")]


def test_latest_rating_counts_although_no_rule_finds_it() -> None:
    """Nothing is found any more once the rule is out of use, and yet who is dissatisfied has not recovered."""
    hear(rated("a", 20, on=DAY), now=NOW)
    hear(rated("a", 80, on=DAY + ONE), now=NOW)
    DetectionRule.objects.update(enabled=False)
    hear(rated("a", 30, on=DAY + 2 * ONE), now=NOW)
    assert leave_pool(now=LATER) == Left()


@pytest.mark.parametrize("levels", [(80, 30), (30, 80)])
def test_worst_rating_of_the_latest_day_counts(levels: tuple[float, float]) -> None:
    hear(rated("a", 20, on=DAY), now=NOW)
    DetectionRule.objects.update(enabled=False)
    hear(*(rated("a", level, on=DAY + ONE) for level in levels), now=NOW)
    assert leave_pool(now=LATER) == Left()


def test_promise_that_broke_after_the_good_rating_counts_more() -> None:
    set_clock(NOW)  # whether a promise is overdue is asked of the installation's clock
    promised = NOW + 5 * ONE
    ticket = happened("a", "ticket", on=DAY, facts={"promised_at": promised, "transfers": 2})
    hear(ticket, now=NOW, by="desk")
    hear(rated("a", 80, on=DAY + 2 * ONE), now=NOW, by="web")
    with transaction.atomic():
        set_clock(NOW + 6 * ONE)
        assert detect_broken_promises(now=NOW + 6 * ONE).signals == 1
        assert leave_pool(now=LATER) == Left()
        transaction.set_rollback(True)
    assert leave_pool(now=LATER) == Left(recovered=1)


@pytest.mark.parametrize(("days", "gone"), [(179, 0), (180, 1), (400, 1)])
def test_expiry_after_180_days_without_anything_found(days: int, gone: int) -> None:
    hear(rated("a", 20, on=DAY), now=NOW)
    assert leave_pool(now=NOW + days * ONE) == Left(expired=gone)
    assert state() == [("a", "left", "expired") if gone else ("a", "waiting", "")]


def test_expiry_counts_from_what_was_found_last_however_old_its_day() -> None:
    """A file of last year that comes today is news today."""
    hear(rated("a", 20, on=DAY - 300 * ONE), now=NOW)
    hear(rated("b", 20, on=DAY - 300 * ONE), now=NOW)
    hear(rated("b", 20, on=DAY - 310 * ONE), now=NOW + 100 * ONE)
    assert leave_pool(now=NOW + 179 * ONE) == Left()
    assert leave_pool(now=NOW + 180 * ONE) == Left(expired=1)
    assert state() == [("a", "left", "expired"), ("b", "waiting", "")]
    assert leave_pool(now=NOW + 280 * ONE) == Left(expired=1)


def test_who_recovered_and_is_long_gone_has_recovered() -> None:
    hear(rated("a", 20, on=DAY), now=NOW)
    hear(rated("a", 80, on=DAY + ONE), now=NOW)
    assert leave_pool(now=NOW + 365 * ONE) == Left(recovered=1)


@pytest.mark.parametrize("status", ["in_care", "held_out"])
def test_only_who_waits_leaves_here(status: str) -> None:
    hear(rated("a", 20, on=DAY), now=NOW)
    hear(rated("a", 80, on=DAY + ONE), now=NOW)
    moved = pool.take_into_care if status == PoolStatus.IN_CARE else pool.hold_out
    moved(entry_ids=[entry().pk], now=NOW)
    assert leave_pool(now=NOW + 365 * ONE) == Left()
    assert state() == [("a", status, "")]
    pool.return_to_waiting(entry_ids=[entry().pk], now=NOW)
    assert leave_pool(now=NOW + 365 * ONE) == Left(recovered=1)


def test_each_leaving_has_one_event_and_a_later_low_rating_opens_a_new_stay() -> None:
    hear(rated("a", 20, on=DAY), rated("b", 20, on=DAY), now=NOW)
    hear(rated("a", 80, on=DAY + ONE), now=NOW)
    leave_pool(now=LATER)
    event = PoolEvent.objects.get(to_status=PoolStatus.LEFT)
    assert (event.entry.customer.reference, event.from_status, event.reason, event.at, event.actor) == (
        "a",
        "waiting",
        "recovered",
        LATER,
        None,
    )
    assert event.entry.left_at == LATER
    hear(rated("a", 20, on=DAY + 40 * ONE), now=LATER)
    assert state() == [("a", "left", "recovered"), ("a", "waiting", ""), ("b", "waiting", "")]
    assert PoolEntry.objects.open().get(customer__reference="a").repeat_count == 2


histories = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.sampled_from(["cards", "web"]),
        st.sampled_from(["overall", "network", "complaint"]),
        st.integers(0, 260),
        st.sampled_from([10.0, 60.0, 90.0]),
    ),
    max_size=14,
)


def expected(now: datetime) -> list[tuple[str, str]]:
    """Who leaves, read entry by entry and without any of the SQL."""
    today, leaving_now = localdate(now), []
    for stay in PoolEntry.objects.waiting():
        found = Detection.objects.filter(customer_id=stay.customer_id)
        last_on = max([stay.signal_on, *(each.day for each in found)])
        quiet_since = max([stay.entered_on, *(localdate(each.detected_at) for each in found)])
        counting = sorted(
            (
                signal
                for signal in Signal.objects.filter(customer_id=stay.customer_id, opens=True)
                if signal.perceived is not None
                and last_on < signal.occurred_on <= today
                and (signal.dimension in ("overall", stay.dimension) or signal.source_id == stay.source_id)
            ),
            key=lambda signal: signal.occurred_on,
        )
        days = [list(same) for _on, same in groupby(counting, key=lambda signal: signal.occurred_on)]
        if days and all((signal.perceived or 0) >= (signal.adequate or 0) for signal in days[-1]):
            leaving_now.append((stay.customer.reference, "recovered"))
        elif quiet_since + QUIET <= today:
            leaving_now.append((stay.customer.reference, "expired"))
    return sorted(leaving_now)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories, st.integers(0, 420))
def test_random_histories_leave_as_a_slow_reading_says(
    heard: list[tuple[str, str, str, int, float]], days: int
) -> None:
    with transaction.atomic():
        for reference, by, what, day, level in heard:
            on = DAY + timedelta(days=day)
            row = (
                happened(reference, what, on=on)
                if what == "complaint"
                else rated(reference, level, on=on, dimension=what)
            )
            hear(row, now=NOW + timedelta(days=day), by=by)
        now = NOW + timedelta(days=days)
        wanted = expected(now)
        left = leave_pool(now=now)
        gone = PoolEntry.objects.filter(left_at=now).values_list("customer__reference", "left_reason")
        assert sorted(gone) == wanted
        reasons = [reason for _reference, reason in wanted]
        assert left == Left(reasons.count("recovered"), reasons.count("expired"))
        assert PoolEvent.objects.filter(to_status="left", at=now).count() == len(wanted)
        assert leave_pool(now=now) == Left()
        transaction.set_rollback(True)


def test_slices_meet_everybody_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaving, "SLICE", 3)
    hear(*(rated(f"c{n:02}", 20, on=DAY) for n in range(10)), now=NOW)
    hear(*(rated(f"c{n:02}", 80, on=DAY + ONE) for n in range(0, 10, 2)), now=NOW)
    assert leave_pool(now=LATER) == Left(recovered=5)
    assert [pair[1] for pair in state()] == ["left", "waiting"] * 5
    assert PoolEvent.objects.filter(to_status="left").count() == 5


# --- every day -------------------------------------------------------------------------------------------------------
def test_daily_run_happens_once_a_local_day_and_whoever_rings() -> None:
    hear(rated("a", 20, on=DAY), rated("b", 20, on=DAY), now=NOW)
    hear(rated("a", 80, on=DAY + ONE), now=NOW)
    evening = datetime(2025, 3, 10, 15, 59, tzinfo=UTC)  # 23:59 in Shanghai
    assert leave_daily(now=evening) == Left(recovered=1)
    hear(rated("b", 80, on=DAY + ONE), now=NOW)
    assert leave_daily(now=evening) == Left()
    assert leave_daily(now=evening + timedelta(minutes=1)) == Left(recovered=1)
    assert Watermark.objects.get(name=LEAVING).until == evening + timedelta(minutes=1)


def test_every_worker_sweeps_for_it() -> None:
    assert "surveys.tasks.leave_pool" in SWEEP
    assert task() == 0
    assert Watermark.objects.filter(name=LEAVING).count() == 1


@pytest.mark.django_db(transaction=True)
def test_second_worker_does_nothing_while_the_first_is_at_it() -> None:
    hear(rated("a", 20, on=DAY), now=NOW)
    hear(rated("a", 80, on=DAY + ONE), now=NOW)
    found: list[Left] = []

    def other_worker() -> None:
        found.append(leave_daily(now=LATER))
        connection.close()

    def elsewhere() -> Left:
        thread = Thread(target=other_worker)
        thread.start()
        thread.join()
        return found[-1]

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LEAVING_LOCK])
        assert elsewhere() == Left()
        cursor.execute("SELECT pg_advisory_unlock(%s)", [LEAVING_LOCK])
    assert elsewhere() == Left(recovered=1)
    assert elsewhere() == Left()
    assert PoolEntry.objects.get().left_reason == LeftReason.RECOVERED
