"""Reading the daily watch: the counts that a day is judged by, what an alarm is made of, who stands behind it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum
from django.utils.timezone import localdate

from loopcare.customers.models import Customer
from surveys.logic.alarms import HISTORY, Floats, expect, false_discovery_limit, p_value, residuals
from surveys.logic.control_charts import ewma
from surveys.logic.drilling import Path
from surveys.logic.feeds import missing_days
from surveys.models import Alarm, ChangedDay, DailyCount, Detection, JudgedDay, Signal, Source

CELL = ("source", "brand", "region", "channel")
LATE_DAYS = 7
"""Days that are judged still, should they change or not have been judged yet; later nobody can act on them."""
QUIET_PERIOD = timedelta(minutes=1)
"""How long changes are gathered before a worker counts a day again by itself."""
PART_AXES = (*CELL, "repeat_band")

# One row a cell: places in the window of days, and the counts there.
LEAVES = """
SELECT s.code, c.brand, c.region, c.channel, array_agg(c.day - %s::date), array_agg(c.n)
FROM (
    SELECT source_id, brand, region, channel, day, sum(count) AS n FROM surveys_dailycount
    WHERE day BETWEEN %s AND %s GROUP BY source_id, brand, region, channel, day
) AS c JOIN surveys_source AS s ON s.id = c.source_id
GROUP BY s.code, c.brand, c.region, c.channel
"""


def last_closed_day(now: datetime) -> date:
    """The installation's yesterday: the running day is never compared with whole ones."""
    return localdate(now) - timedelta(days=1)


def days_to_judge(now: datetime, *, changed: Collection[date] = ()) -> list[date]:
    """The closed days of the last week that changed or were never judged."""
    closed = last_closed_day(now)
    recent = [closed - timedelta(days=back) for back in reversed(range(LATE_DAYS))]
    judged = set(JudgedDay.objects.filter(day__in=recent).values_list("day", flat=True))
    return [day for day in recent if day in changed or day not in judged]


def watch_is_due(now: datetime) -> bool:
    """Whether the last closed day waits to be judged, or changes have been gathered long enough."""
    return (
        not JudgedDay.objects.filter(day=last_closed_day(now)).exists()
        or ChangedDay.objects.filter(changed_at__lte=now - QUIET_PERIOD).exists()
    )


def counts_of(day: date) -> dict[Path, Floats]:
    """Full cell → its counts of the 56 days before `day` and of `day` itself."""
    first = day - timedelta(days=HISTORY)
    with connection.cursor() as cursor:
        cursor.execute(LEAVES, [first, first, day])
        rows = cursor.fetchall()
    leaves: dict[Path, Floats] = {}
    for source, brand, region, channel, places, counts in rows:
        series = np.zeros(HISTORY + 1)
        series[places] = [int(count) for count in counts]
        leaves[source, brand, region, channel] = series
    return leaves


def with_missing_days(leaves: Mapping[Path, Floats], day: date) -> tuple[dict[Path, Floats], list[str]]:
    """The same with NaN where a source told nothing though it usually does, and the sources that are late for `day`.

    Silence on `day` itself is believed where feedback came that showed nobody dissatisfied.
    """
    totals: dict[str, Floats] = {}
    for path, series in leaves.items():
        totals[path[0]] = totals.get(path[0], 0.0) + series
    missing = {source: missing_days(total) for source, total in totals.items()}
    silent = [source for source, days in missing.items() if days[HISTORY]]
    for source in _told_something(silent, day):
        missing[source][HISTORY] = False
    gaps = {path: np.where(missing[path[0]], np.nan, series) for path, series in leaves.items()}
    return gaps, sorted(source for source in silent if missing[source][HISTORY])


def late_sources(day: date) -> list[str]:
    """Codes of the sources that had not told anything of `day` when it was judged, and still have not."""
    judged = JudgedDay.objects.filter(pk=day).first()
    told = set(_told_something(judged.late, day)) if judged else set()
    return [code for code in judged.late if code not in told] if judged else []


def _told_something(sources: Collection[str], day: date) -> list[str]:
    if not sources:
        return []
    told = Exists(Signal.objects.filter(source=OuterRef("pk"), occurred_on=day))
    return list(Source.objects.filter(told, code__in=sources).values_list("code", flat=True))


# --- one alarm -------------------------------------------------------------------------------------------------------
def cell_of(alarm: Alarm) -> dict[str, Any]:
    """Field → value of what the alarm's cell fixes, for filters of counts and detections."""
    values = {
        "source_id": alarm.source_id, "brand": alarm.brand, "region": alarm.region, "channel": alarm.channel
    }  # fmt: skip
    return {name: value for name, value in values.items() if value is not None}


def path_of(alarm: Alarm) -> Path:
    """The codes that the alarm's cell fixes, from the source on; give it with its source."""
    codes = (alarm.source.code if alarm.source else None, alarm.brand, alarm.region, alarm.channel)
    return tuple(code for code in codes if code is not None)


def alarm_facts(alarm: Alarm) -> dict[str, Any]:
    """An alarm as scripts read it: a cell's null is "all", its empty text what is not known."""
    return {
        "id": alarm.pk,
        "day": alarm.day.isoformat(),
        "source": alarm.source.code if alarm.source else None,
        "brand": alarm.brand,
        "region": alarm.region,
        "channel": alarm.channel,
        "observed": alarm.observed,
        "expected": round(alarm.expected, 2),
        "lower": alarm.lower,
        "upper": alarm.upper,
        "p_value": alarm.p_value,
        "phi": round(alarm.phi, 3),
        "status": alarm.status,
    }


def days_of(alarm: Alarm) -> list[tuple[date, int]]:
    """The alarm's cell by day, its 56 days of history and its own day."""
    first = alarm.day - timedelta(days=HISTORY)
    counted = DailyCount.objects.filter(day__range=(first, alarm.day), **cell_of(alarm)).values_list("day")
    counts = dict(counted.annotate(n=Sum("count")).order_by())
    days = [first + timedelta(days=n) for n in range(HISTORY + 1)]
    return [(day, counts.get(day, 0)) for day in days]


def slow_rise(days: Sequence[tuple[date, int]]) -> date | None:
    """Since when the days before an alarm had been creeping up, too little each for an alarm; None if they had not."""
    far = residuals([count for _day, count in days[:HISTORY]])
    chart = ewma(list(far), target=0.0, sd=1.0, weight=0.2)
    above = [point > high for point, high in zip(chart.points, chart.upper, strict=True)]
    run = len(above) - 1 - max((index for index, is_above in enumerate(above) if not is_above), default=-1)
    return days[HISTORY - run][0] if run else None


@dataclass(frozen=True, slots=True)
class AlarmPart:
    """A part of an alarming cell: what it brought, what it usually brings (None: unknown), and whether it stands out
    from chance among its like."""

    code: str
    observed: int
    expected: float | None
    stands_out: bool


def parts_of(alarm: Alarm) -> dict[str, list[AlarmPart]]:
    """What an alarm is made of, by every axis its cell leaves open and by times dissatisfied, largest first.

    Only an alarming cell is looked into, and each axis is a family of tests of its own.
    """
    first = alarm.day - timedelta(days=HISTORY)
    fixed = cell_of(alarm)
    axes = [axis for axis in PART_AXES if axis not in fixed and f"{axis}_id" not in fixed]
    fields = ["source__code" if axis == "source" else axis for axis in axes]
    rows = DailyCount.objects.filter(day__range=(first, alarm.day), **fixed)
    table: dict[str, dict[str, Floats]] = {axis: {} for axis in axes}
    for *codes, day, n in rows.values_list(*fields, "day").annotate(n=Sum("count")).order_by():
        for axis, code in zip(axes, codes, strict=True):
            table[axis].setdefault(str(code), np.zeros(HISTORY + 1))[(day - first).days] += n
    return {axis: parts for axis, series in table.items() if len(parts := _parts(series)) > 1 or axis == "repeat_band"}


def _parts(series: Mapping[str, Floats]) -> list[AlarmPart]:
    counts = np.array(list(series.values())).reshape(-1, HISTORY + 1)
    expected = expect(counts[:, :HISTORY])
    p = p_value(counts[:, HISTORY], expected)
    limit = false_discovery_limit(p, share=0.05)
    parts = [
        AlarmPart(code, int(n), None if np.isnan(mean) else float(mean), bool(chance <= limit))
        for code, n, mean, chance in zip(series, counts[:, HISTORY], expected.mean, p, strict=True)
        if n or mean >= 0.5  # what neither came nor was to be expected is no part
    ]
    return sorted(parts, key=lambda part: (-part.observed, part.code))


def customers_behind(alarms: Iterable[Alarm]) -> QuerySet[Customer]:
    """Everybody who was dissatisfied in the cell and on the day of one of these alarms."""
    found = Q(pk__in=[])
    for alarm in alarms:
        found |= Q(day=alarm.day, **cell_of(alarm))
    return Customer.objects.filter(Exists(Detection.objects.filter(found, customer=OuterRef("pk"))))
