"""The daily watch: count what changed, judge what closed, raise each alarm once. Run it as often as you like."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import connection, transaction
from django.utils.translation import gettext as _

from loopcare.common.errors import Invalid
from loopcare.common.states import move, record
from loopcare.staff.models import User
from surveys.enums import AlarmStatus
from surveys.logic.drilling import Verdict, judge
from surveys.models import Alarm, ChangedDay, JudgedDay, Source
from surveys.selectors.monitoring import (
    CELL,
    counts_of,
    days_to_judge,
    last_closed_day,
    path_of,
    watch_is_due,
    with_missing_days,
)

WATCH_LOCK = 7_008
"""Counting and judging take turns under this advisory lock, from the first look to the commit."""

# A signal that several rules found is one time of dissatisfaction, in the cell as it was first known.
COUNT = """
WITH signal AS (
    SELECT DISTINCT ON (day, signal_on, signal_no)
        day, source_id, brand, region, channel, least(greatest(repeat_count, 1), 3)::smallint AS repeat_band
    FROM surveys_detection WHERE day = ANY(%(days)s) ORDER BY day, signal_on, signal_no, id
), counted AS (
    SELECT day, source_id, brand, region, channel, repeat_band, count(*)::int AS n
    FROM signal GROUP BY day, source_id, brand, region, channel, repeat_band
), gone AS (
    DELETE FROM surveys_dailycount AS c WHERE c.day = ANY(%(days)s) AND NOT EXISTS (
        SELECT FROM counted AS n WHERE (n.day, n.source_id, n.brand, n.region, n.channel, n.repeat_band)
            = (c.day, c.source_id, c.brand, c.region, c.channel, c.repeat_band))
)
INSERT INTO surveys_dailycount (day, source_id, brand, region, channel, repeat_band, count)
SELECT day, source_id, brand, region, channel, repeat_band, n FROM counted
ON CONFLICT (day, source_id, brand, region, channel, repeat_band) DO UPDATE SET count = excluded.count
"""


@dataclass(frozen=True)
class Watched:
    """What one run did: the day asked for, how many of its cells could be judged, its alarms, the sources late for it;
    and which days were counted and judged besides."""

    day: date
    cells: int
    alarms: list[Alarm]
    late: list[str]
    counted: list[date] = field(default_factory=list)
    judged: list[date] = field(default_factory=list)


def count_day(day: date) -> None:
    """Count one day's detections by cell; counting it again replaces it."""
    count_days([day])


def count_days(days: Iterable[date]) -> None:
    """Count the detections of these days by cell, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {"days": list(days)})


@transaction.atomic
def monitor(*, now: datetime, day: date | None = None) -> Watched:
    """Count every day that changed since the last run, then judge `day` (the last closed one), and of the last week
    what changed or was never judged. Raises Invalid for a day that is not over yet."""
    asked = day or last_closed_day(now)
    if asked > last_closed_day(now):
        words = _("%(day)s is not over yet, and a part of a day is never compared with whole ones.")
        raise Invalid(words % {"day": asked}, field="day")
    _take_turn()
    counted = _take_changed_days()
    count_days(counted)
    judged = sorted({asked, *days_to_judge(now, changed=counted)})
    found = {each: _judge_day(each, now) for each in judged}
    cells, late = found[asked]
    alarms = list(Alarm.objects.filter(day=asked).select_related("source"))
    return Watched(asked, cells, alarms, late, counted, judged)


def keep_watch(*, now: datetime) -> int:
    """What workers do about once a second: nothing, unless a day has closed or changes have been gathered for a minute.
    Returns how many days were counted or judged."""
    if not watch_is_due(now):
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [WATCH_LOCK])
        if not cursor.fetchone()[0] or not watch_is_due(now):
            return 0  # somebody else is at it, or was
        watched = monitor(now=now)
    return len({*watched.counted, *watched.judged})


def acknowledge(*, alarm: Alarm, by: User, now: datetime) -> None:
    """new → acknowledged: somebody has looked, and nothing more needs to be done."""
    move(
        alarm, AlarmStatus.ACKNOWLEDGED, now=now, actor_id=by.pk, acknowledged_by_id=by.pk, acknowledged_at=now
    )  # fmt: skip


def _take_turn() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [WATCH_LOCK])


def _take_changed_days() -> list[date]:
    """The days to count again; what changes from here on is noted for the next run."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {ChangedDay._meta.db_table} RETURNING day")
        return sorted({day for (day,) in cursor.fetchall()})


def _judge_day(day: date, now: datetime) -> tuple[int, list[str]]:
    """Raise the day's alarms; how many cells could be judged, and which sources were late for it."""
    leaves, late = with_missing_days(counts_of(day), day)
    verdicts = judge(leaves)
    _raise_alarms(day, [verdict for verdict in verdicts if verdict.alarm], now)
    JudgedDay.objects.update_or_create(day=day, defaults={"cells": len(verdicts), "late": late, "judged_at": now})
    return len(verdicts), late


def _raise_alarms(day: date, verdicts: list[Verdict], now: datetime) -> None:
    """New alarms with their event; those raised before get the newest numbers and stay what they are."""
    raised = {path_of(alarm): alarm for alarm in Alarm.objects.filter(day=day).select_related("source")}
    sources = dict(Source.objects.values_list("code", "pk")) if verdicts else {}
    for verdict in verdicts:
        numbers = {
            "observed": verdict.observed,
            "expected": verdict.expected,
            "lower": verdict.lower,
            "upper": verdict.upper,
            "p_value": verdict.p,
            "phi": verdict.phi,
        }
        if known := raised.get(verdict.path):
            Alarm.objects.filter(pk=known.pk).update(**numbers)
            continue
        cell = dict(zip(CELL, verdict.path, strict=False))
        source = sources[cell.pop("source")] if cell else None
        alarm = Alarm.objects.create(day=day, source_id=source, **cell, **numbers, raised_at=now)
        record(alarm, from_status="", to_status=AlarmStatus.NEW, now=now, actor_id=None)
