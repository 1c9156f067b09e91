"""The demo world's calendar: steps in order, working days, and promises that fit the hour of the load."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from evaluation.demo.care import promised_at, slots
from evaluation.demo.feedback import deliveries
from evaluation.demo.timeline import Timeline, at_hour, opening, working_day

SHANGHAI = ZoneInfo("Asia/Shanghai")


def test_timeline_does_steps_in_order_and_those_they_plan() -> None:
    timeline, done = Timeline(), []
    start = datetime(2026, 5, 20, 9, tzinfo=SHANGHAI)

    def plans_another(moment: datetime) -> None:
        done.append("first")
        timeline.at(moment + timedelta(hours=1), lambda _moment: done.append("planned"))

    timeline.at(start + timedelta(hours=2), lambda _moment: done.append("second"))
    timeline.at(start, plans_another)
    timeline.at(start + timedelta(hours=9), lambda _moment: done.append("too late"))
    timeline.run(until=start + timedelta(hours=2))
    assert done == ["first", "planned", "second"]


def test_working_day_is_the_friday_before_a_weekend() -> None:
    week = [date(2026, 5, 18) + timedelta(days=n) for n in range(7)]
    assert [working_day(day).weekday() for day in week] == [0, 1, 2, 3, 4, 4, 4]


@pytest.mark.parametrize("day", range(18, 25))
def test_promises_fit_calling_hours_whenever_the_world_is_loaded(day: int) -> None:
    for minutes in range(7, 24 * 60, 20):
        now = datetime(2026, 5, day, tzinfo=SHANGHAI) + timedelta(minutes=minutes)
        come, *ahead = slots(now)
        assert come < now < min(ahead)
        assert all(time(9) <= slot.time() <= time(20) for slot in (come, *ahead))
        agreed = promised_at(now)
        assert agreed + timedelta(minutes=30) <= come
        assert agreed.weekday() < 5
        assert time(11) <= agreed.time() <= time(19)


def test_deliveries_cover_every_day_once() -> None:
    last = date(2026, 5, 19)
    first = last - timedelta(days=41)
    found = deliveries(first=first, last=last)
    for desk in {delivery.desk for delivery in found}:
        covered = [
            day.date()
            for delivery in found
            if delivery.desk == desk
            for day in (
                at_hour(delivery.first, 0) + timedelta(days=n) for n in range((delivery.last - delivery.first).days + 1)
            )
        ]
        assert sorted(covered) == [first + timedelta(days=n) for n in range(42)]


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-03-04T10:00+08:00", "2026-03-04T10:00+08:00"),  # a Wednesday in office hours stays as it is
        ("2026-03-04T15:59+08:00", "2026-03-04T15:59+08:00"),
        ("2026-03-04T16:00+08:00", "2026-03-05T10:30+08:00"),
        ("2026-03-04T03:00+08:00", "2026-03-04T10:30+08:00"),
        ("2026-03-06T22:00+08:00", "2026-03-09T10:30+08:00"),  # Friday night: Monday
        ("2026-03-07T12:00+08:00", "2026-03-09T10:30+08:00"),
    ],
)
def test_demo_opens_in_office_hours(now: str, opens: str) -> None:
    assert opening(datetime.fromisoformat(now)) == datetime.fromisoformat(opens)
