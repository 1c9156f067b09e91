"""How an alarm's cell and its numbers are written on pages, and where they lead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from surveys.filters.pool import as_rule
from surveys.models import Alarm
from surveys.selectors import UNKNOWN, labels
from surveys.selectors.monitoring import CELL, path_of

Names = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Line:
    """An alarm as a line of a page."""

    alarm: Alarm
    cell: str
    url: str
    board_url: str
    segment_url: str


def cell_names() -> Names:
    """What people read for the codes of a cell; read it once for a page."""
    return {axis: labels(axis) for axis in ("source", "region", "channel")}


def lines(alarms: Iterable[Alarm], names: Names) -> list[Line]:
    return [line(alarm, names) for alarm in alarms]


def line(alarm: Alarm, names: Names) -> Line:
    filters = dict(zip(CELL, (code or UNKNOWN for code in path_of(alarm)), strict=False))
    query = QueryDict(mutable=True)
    query.update(filters)
    rule = QueryDict(mutable=True)
    rule["rule"] = as_rule({**filters, "signal_on__gte": alarm.day})
    return Line(
        alarm=alarm,
        cell=cell_words(alarm, names),
        url=reverse("surveys:alarm", args=[alarm.pk]),
        board_url=f"{reverse('surveys:pool')}?{query.urlencode()}",
        segment_url=f"{reverse('surveys:new_segment')}?{rule.urlencode()}",
    )


def cell_words(alarm: Alarm, names: Names) -> str:
    """The cell in words, from the source to the channel, `?` for what is not known."""
    codes = zip(CELL, path_of(alarm), strict=False)
    words = [names.get(axis, {}).get(code, code) or UNKNOWN for axis, code in codes]
    if len(words) == len(CELL) and _tells_nothing(alarm):
        words.pop()
    return " · ".join(words) if words else _("All sources")


def _tells_nothing(alarm: Alarm) -> bool:
    """The channel is the source's own, so that its name says it already."""
    return alarm.source is not None and alarm.source.channel == alarm.channel
