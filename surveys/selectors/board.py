"""What the board knows of the daily watch: fourteen closed days of each cell, and the alarms that lie in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from django.db.models import Q, QuerySet, Sum

from surveys.enums import AlarmStatus
from surveys.models import Alarm, DailyCount
from surveys.selectors import UNKNOWN
from surveys.selectors.monitoring import LATE_DAYS, PART_AXES

DAYS_SHOWN = 14
Cell = tuple[str, str]


def can_be_counted(*axes: str) -> bool:
    """Whether daily counts know these axes; they do not know causes."""
    return set(axes) <= set(PART_AXES)


def by_day(
    counts: QuerySet[DailyCount], *, rows: str, columns: str | None, until: date
) -> dict[tuple[str, str | None], list[int]]:
    """Cell → its counts of the fourteen days up to `until`, oldest first; without columns, of whole rows."""
    first = until - timedelta(days=DAYS_SHOWN - 1)
    fields = ["source__code" if axis == "source" else axis for axis in (rows, columns) if axis]
    counted = counts.filter(day__range=(first, until)).values_list(*fields, "day").annotate(n=Sum("count")).order_by()
    series: dict[tuple[str, str | None], list[int]] = {}
    for row, *rest, day, n in counted:
        cell = (str(row), str(rest[0]) if rest else None)
        series.setdefault(cell, [0] * DAYS_SHOWN)[(day - first).days] = n
    return series


def alarms_within(alarms: QuerySet[Alarm], filters: Mapping[str, str], *, last_day: date) -> QuerySet[Alarm]:
    """The alarms of the last closed day, and the unseen ones of the week before, that lie within these filters."""
    recent = Q(day=last_day) | Q(day__gt=last_day - timedelta(days=LATE_DAYS), status=AlarmStatus.NEW)
    within = {
        "source__code" if axis == "source" else axis: "" if code == UNKNOWN else code for axis, code in filters.items()
    }
    return alarms.filter(recent, **within).select_related("source", "incident").order_by("-day", "p_value", "pk")
