"""The daily watch on the board: a line of two weeks in each cell, a mark where it alarmed, `?` where a feed is late."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loopcare.common.charts.scales import UNKNOWN, number
from loopcare.common.charts.sparkline import sparkline
from loopcare.staff.models import User
from surveys.filters.monitoring import DailyCountFilter
from surveys.models import Alarm, DailyCount
from surveys.selectors.board import DAYS_SHOWN, alarms_within, by_day, can_be_counted
from surveys.selectors.monitoring import CELL, late_sources, path_of

Place = tuple[str | None, str | None]
"""A row and a column of the board; None is their sum."""


@dataclass(frozen=True)
class Spark:
    """The last days of a cell: SVG path data, and the same in words."""

    path: str
    text: str


@dataclass(frozen=True)
class Mark:
    """The alarms of a cell: how many stand behind the first, the first in words, where they are shown."""

    text: str
    title: str
    url: str


@dataclass(frozen=True)
class Watch:
    """What the daily watch has to say about a board with these axes."""

    axes: tuple[str, str]
    last_day: date
    late: list[str]
    alarms: list[Alarm]
    series: Mapping[tuple[str, str | None], Sequence[int]] = field(default_factory=dict)
    marks: Mapping[Place, Mark] = field(default_factory=dict)

    def is_late(self, axis: str, code: str) -> bool:
        return axis == "source" and code in self.late

    def spark(self, row: str, column: str | None) -> Spark | None:
        """None where there is nothing to draw, and on a board whose axes or filters the counts do not know."""
        counts = self.series.get((row, column))
        if counts is None:
            return None
        values: list[float | None] = list(counts)
        if self.is_late(self.axes[0], row) or self.is_late(self.axes[1], column or ""):
            values[-1] = None
        drawn = sparkline(values, [""] * len(values), name="", title="")
        numbers = ", ".join(UNKNOWN if value is None else number(value) for value in values)
        words = _("%(days)s days to %(day)s: %(numbers)s")
        return Spark(drawn.path, words % {"days": DAYS_SHOWN, "day": self.last_day.isoformat(), "numbers": numbers})


def watch_of(user: User, axes: tuple[str, str], filters: QueryDict, *, last_day: date) -> Watch:
    """The watch of a board with these axes and filters; at most five queries."""
    within = {name: str(value) for name, value in filters.items() if name in CELL}
    alarms = list(alarms_within(Alarm.objects.visible_to(user), within, last_day=last_day))
    return Watch(
        axes=axes,
        last_day=last_day,
        late=[code for code in late_sources(last_day) if within.get("source", code) == code],
        alarms=alarms,
        series=_series(axes, filters, last_day),
        marks=_marks(alarms, axes),
    )


def _series(axes: tuple[str, str], filters: QueryDict, last_day: date) -> dict[tuple[str, str | None], list[int]]:
    if not can_be_counted(*axes) or not filters.keys() <= DailyCountFilter.base_filters.keys():
        return {}
    counts = DailyCountFilter(filters, DailyCount.objects.all()).qs
    cells = by_day(counts, rows=axes[0], columns=axes[1], until=last_day)
    return cells | by_day(counts, rows=axes[0], columns=None, until=last_day)


def _marks(alarms: list[Alarm], axes: tuple[str, str]) -> dict[Place, Mark]:
    """An alarm is marked in the cell that it lies in; one that means all rows or columns, in their sum."""
    placed: dict[Place, list[Alarm]] = defaultdict(list)
    for alarm in alarms:
        codes = dict(zip(CELL, path_of(alarm), strict=False))
        placed[codes.get(axes[0]), codes.get(axes[1])].append(alarm)
    return {place: _mark(found) for place, found in placed.items()}


def _mark(alarms: list[Alarm]) -> Mark:
    first = alarms[0]
    title = _("%(day)s: %(observed)s vs %(lower)s–%(upper)s (same weekday, 8 weeks)") % {
        "day": first.day.isoformat(),
        "observed": number(first.observed),
        "lower": number(first.lower),
        "upper": number(first.upper),
    }
    if len(alarms) == 1:
        return Mark(f"▲ {number(first.observed)}", title, reverse("surveys:alarm", args=[first.pk]))
    words = ngettext("%(n)s alarm", "%(n)s alarms", len(alarms)) % {"n": number(len(alarms))}
    return Mark(f"▲ {words}", title, f"{reverse('surveys:alarms')}?day__gte={min(alarm.day for alarm in alarms)}")
