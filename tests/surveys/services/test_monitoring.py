"""Counting days, judging them, and raising each alarm once."""

from __future__ import annotations

import threading
from datetime import date, datetime, timedelta

import pytest
from django.db import connection, connections

from loopcare.common.errors import Conflict, Invalid
from loopcare.staff.enums import Role
from surveys.enums import AlarmStatus
from surveys.models import Alarm, ChangedDay, DailyCount, Detection, JudgedDay, Signal
from surveys.services.monitoring import WATCH_LOCK, acknowledge, count_day, count_days, keep_watch, monitor
from surveys.services.months import make_months
from tests.factories import NOW, make_source, make_user
from tests.surveys.watching import DAY, detect, make_alarm, make_rule, somebody, usual_days

pytestmark = pytest.mark.django_db


def counts(day: date = DAY) -> dict[tuple[str, str, str, str, int], int]:
    rows = DailyCount.objects.filter(day=day)
    return {(c.source.code, c.brand, c.region, c.channel, c.repeat_band): c.count for c in rows}


def cells(alarms: list[Alarm]) -> list[tuple[object, ...]]:
    return [(a.source and a.source.code, a.brand, a.region, a.channel, a.observed) for a in alarms]


# --- counting --------------------------------------------------------------------------------------------------------
def test_count_day_groups_by_cell_and_times() -> None:
    detect(DAY, 3)
    detect(DAY, 2, repeat_count=2)
    detect(DAY, 1, repeat_count=7)
    detect(DAY, 1, brand="", region="")
    detect(DAY - timedelta(days=1), 5)
    count_day(DAY)
    assert counts() == {
        ("hotline", "A", "BJ", "hotline", 1): 3,
        ("hotline", "A", "BJ", "hotline", 2): 2,
        ("hotline", "A", "BJ", "hotline", 3): 1,
        ("hotline", "", "", "hotline", 1): 1,
    }
    assert DailyCount.objects.exclude(day=DAY).count() == 0


def test_count_day_counts_a_signal_of_two_rules_once() -> None:
    [found] = detect(DAY)
    detect(DAY, rule=make_rule("complaint"), signal_on=found.signal_on, brand="B")
    Detection.objects.filter(brand="B").update(signal_no=found.signal_no)
    count_day(DAY)
    assert counts() == {("hotline", "A", "BJ", "hotline", 1): 1}


def test_count_day_again_replaces_it() -> None:
    detect(DAY, 3)
    detect(DAY, 2, brand="B")
    count_day(DAY)
    Detection.objects.filter(brand="B").delete()
    detect(DAY, 1)
    count_day(DAY)
    assert counts() == {("hotline", "A", "BJ", "hotline", 1): 4}


def test_change_of_any_kind_marks_its_days() -> None:
    earlier = DAY - timedelta(days=9)
    detect(DAY, 2)
    assert {changed.day for changed in ChangedDay.objects.all()} == {DAY}
    ChangedDay.objects.all().delete()
    Detection.objects.update(day=earlier)
    assert {changed.day for changed in ChangedDay.objects.all()} == {DAY, earlier}
    ChangedDay.objects.all().delete()
    Detection.objects.all().delete()
    assert [changed.day for changed in ChangedDay.objects.all()] == [earlier]


# --- judging ---------------------------------------------------------------------------------------------------------
def test_monitor_raises_an_alarm_where_a_cell_rises() -> None:
    usual_days(10)
    usual_days(10, brand="B")
    detect(DAY, 10)
    detect(DAY, 40, brand="B")
    watched = monitor(now=NOW)
    assert (watched.day, watched.cells, watched.late) == (DAY, 3, [])
    assert cells(watched.alarms) == [("hotline", "B", "BJ", "hotline", 40)]
    [alarm] = watched.alarms
    assert (alarm.status, alarm.raised_at, round(alarm.expected)) == (AlarmStatus.NEW, NOW, 10)
    assert alarm.lower < 10 < alarm.upper < 40
    assert [(event.from_status, event.to_status, event.actor) for event in alarm.events.all()] == [("", "new", None)]


def test_monitor_twice_is_once() -> None:
    usual_days(10)
    detect(DAY, 40)
    first, second = monitor(now=NOW), monitor(now=NOW)
    assert [alarm.pk for alarm in first.alarms] == [alarm.pk for alarm in second.alarms]
    assert (Alarm.objects.count(), first.alarms[0].events.count()) == (1, 1)
    assert (second.counted, second.judged) == ([], [DAY])


def test_monitor_judges_nothing_on_a_usual_day() -> None:
    usual_days(10)
    detect(DAY, 12)
    watched = monitor(now=NOW)
    assert (watched.cells, watched.alarms) == (1, [])


def test_late_file_is_counted_and_its_day_judged_again() -> None:
    usual_days(10)
    detect(DAY, 10)
    assert monitor(now=NOW).alarms == []
    detect(DAY - timedelta(days=2), 30)
    watched = monitor(now=NOW + timedelta(hours=3))
    assert (watched.counted, watched.judged) == ([DAY - timedelta(days=2)], [DAY - timedelta(days=2), DAY])
    assert cells(list(Alarm.objects.all())) == [("hotline", "A", "BJ", "hotline", 41)]


def test_late_file_of_long_ago_is_counted_but_no_alarm() -> None:
    usual_days(10)
    detect(DAY, 10)
    monitor(now=NOW)
    long_ago = DAY - timedelta(days=30)
    before = sum(counts(long_ago).values())
    detect(long_ago, 90)
    watched = monitor(now=NOW)
    assert (watched.counted, watched.judged) == ([long_ago], [DAY])
    assert (sum(counts(long_ago).values()) - before, Alarm.objects.count()) == (90, 0)


def test_more_of_the_same_day_updates_the_alarm_and_keeps_what_was_done() -> None:
    usual_days(10)
    detect(DAY, 40)
    [alarm] = monitor(now=NOW).alarms
    acknowledge(alarm=alarm, by=make_user(Role.SUPERVISOR), now=NOW)
    detect(DAY, 5)
    [again] = monitor(now=NOW).alarms
    assert (again.pk, again.observed, again.status) == (alarm.pk, 45, AlarmStatus.ACKNOWLEDGED)


def test_alarm_stays_when_its_cause_is_taken_back() -> None:
    usual_days(10)
    extra = detect(DAY, 40)
    [alarm] = monitor(now=NOW).alarms
    Detection.objects.filter(pk__in=[found.pk for found in extra[:30]]).delete()
    assert [(again.pk, again.observed) for again in monitor(now=NOW).alarms] == [(alarm.pk, 40)]


@pytest.mark.parametrize("ahead", [1, 2])
def test_running_day_is_not_judged(ahead: int) -> None:
    with pytest.raises(Invalid, match="not over yet"):
        monitor(now=NOW, day=DAY + timedelta(days=ahead))


def test_running_day_is_that_of_the_installations_zone() -> None:
    late_evening = datetime.fromisoformat("2026-03-03T15:59:59Z")  # one second before midnight in Shanghai
    assert monitor(now=late_evening).day == date(2026, 3, 2)
    assert monitor(now=late_evening + timedelta(seconds=1)).day == date(2026, 3, 3)


def test_running_day_is_counted_all_the_same() -> None:
    usual_days(10)
    detect(NOW.date(), 99)
    assert monitor(now=NOW).alarms == []
    assert counts(NOW.date()) == {("hotline", "A", "BJ", "hotline", 1): 99}


def test_past_day_is_judged_by_the_days_before_it() -> None:
    past = DAY - timedelta(days=40)
    usual_days(10, until=past)
    usual_days(50, days=39)
    detect(past, 50)
    assert cells(monitor(now=NOW, day=past).alarms) == [("hotline", "A", "BJ", "hotline", 50)]


def test_days_that_a_stopped_watch_missed_are_judged_later() -> None:
    usual_days(10, until=DAY - timedelta(days=3))
    detect(DAY - timedelta(days=3), 60)
    watched = monitor(now=NOW)
    assert watched.judged == [DAY - timedelta(days=back) for back in reversed(range(7))]
    assert [alarm.day for alarm in Alarm.objects.all()] == [DAY - timedelta(days=3)]


# --- feeds -----------------------------------------------------------------------------------------------------------
def test_late_feed_is_unknown_and_not_judged() -> None:
    usual_days(10)
    usual_days(10, source="sms")
    detect(DAY, 10)
    watched = monitor(now=NOW)
    assert (watched.cells, watched.late, watched.alarms) == (1, ["sms"], [])


def test_late_feed_is_judged_when_it_comes() -> None:
    usual_days(10)
    monitor(now=NOW)
    detect(DAY, 40)
    watched = monitor(now=NOW + timedelta(hours=5))
    assert (watched.late, cells(watched.alarms)) == ([], [("hotline", "A", "BJ", "hotline", 40)])


def test_feed_that_brought_only_good_news_is_not_late() -> None:
    usual_days(10)
    make_months(days=[DAY])
    Signal.objects.create(
        occurred_on=DAY, source=make_source(), external_id="x", dimension="overall", customer=somebody(),
        kind="rating", channel="hotline", perceived=100, received_at=NOW,
    )  # fmt: skip
    watched = monitor(now=NOW)
    assert (watched.cells, watched.late) == (1, [])


def test_day_that_a_feed_missed_is_no_zero() -> None:
    usual_days(10)
    missed = DAY - timedelta(days=14)
    Detection.objects.filter(day=missed).delete()
    detect(DAY, 31)
    assert [round(alarm.expected) for alarm in monitor(now=NOW).alarms] == [10]


# --- the worker ------------------------------------------------------------------------------------------------------
def test_keep_watch_does_nothing_when_nothing_happened() -> None:
    usual_days(10)
    ChangedDay.objects.update(changed_at=NOW - timedelta(hours=1))
    assert keep_watch(now=NOW) == 57
    assert keep_watch(now=NOW) == 0


def test_keep_watch_gathers_changes_for_a_minute() -> None:
    keep_watch(now=NOW)
    detect(DAY, 1)
    ChangedDay.objects.update(changed_at=NOW)
    assert keep_watch(now=NOW + timedelta(seconds=59)) == 0
    assert keep_watch(now=NOW + timedelta(seconds=60)) == 1


def test_keep_watch_judges_a_day_once_it_has_closed() -> None:
    keep_watch(now=NOW)
    tomorrow = NOW + timedelta(days=1)
    assert keep_watch(now=tomorrow) == 1
    assert JudgedDay.objects.get(day=NOW.date()).judged_at == tomorrow


@pytest.mark.django_db(transaction=True)
def test_watches_at_once_raise_an_alarm_once() -> None:
    usual_days(10)
    detect(DAY, 40)
    count_days([DAY - timedelta(days=back) for back in range(57)])
    ChangedDay.objects.all().delete()  # nothing to count, so that only the lock makes them take turns
    ready, done = threading.Barrier(4), []

    def watch() -> None:
        ready.wait()
        done.append(len(monitor(now=NOW).alarms))
        connections.close_all()

    threads = [threading.Thread(target=watch) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (done, Alarm.objects.count()) == ([1, 1, 1, 1], 1)


@pytest.mark.django_db(transaction=True)
def test_keep_watch_leaves_the_work_to_whoever_is_at_it() -> None:
    detect(DAY, 40)
    done = []

    def watch() -> None:
        done.append(keep_watch(now=NOW))
        connections.close_all()

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [WATCH_LOCK])
        thread = threading.Thread(target=watch)
        thread.start()
        thread.join()
        cursor.execute("SELECT pg_advisory_unlock(%s)", [WATCH_LOCK])
    assert (done, ChangedDay.objects.count()) == ([0], 1)


# --- states ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("status", list(AlarmStatus))
def test_acknowledge_moves_new_alarms_only(status: AlarmStatus) -> None:
    alarm, user = make_alarm(), make_user(Role.SUPERVISOR)
    alarm.status = status  # as another page still shows it
    if status == AlarmStatus.NEW:
        acknowledge(alarm=alarm, by=user, now=NOW)
        fresh = Alarm.objects.get()
        assert (fresh.status, fresh.acknowledged_by, fresh.acknowledged_at) == ("acknowledged", user, NOW)
        assert alarm.events.get().actor == user
    else:
        with pytest.raises(Conflict):
            acknowledge(alarm=alarm, by=user, now=NOW)
        assert Alarm.objects.get().status == AlarmStatus.NEW
