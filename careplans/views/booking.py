"""Times that a customer often agrees to, offered beside the free choice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.utils.formats import date_format


@dataclass(frozen=True, slots=True)
class QuickTime:
    """`value` is what a datetime-local field takes."""

    label: str
    value: str


OFFERED = ((0, time(18, 30)), (1, time(10, 0)), (1, time(18, 30)), (2, time(10, 0)))
"""Days from today and the time, by the customer's clock."""

AHEAD = timedelta(minutes=30)
DAY = (time(8), time(21))
"""Nobody is offered a call at night; who agreed to one can still be booked by hand."""


def quick_times(local_time: datetime) -> list[QuickTime]:
    """In one hour, on the quarter, and the offered times that are still ahead; `local_time` carries the zone."""
    soon = local_time + timedelta(hours=1)
    soon += timedelta(minutes=-soon.minute % 15)
    moments = [soon.replace(second=0, microsecond=0)] if DAY[0] <= soon.time() < DAY[1] else []
    for days, clock in OFFERED:
        moment = datetime.combine(local_time.date() + timedelta(days=days), clock, tzinfo=local_time.tzinfo)
        if moment - local_time > AHEAD:
            moments.append(moment)
    return [QuickTime(date_format(m, "D H:i"), m.strftime("%Y-%m-%dT%H:%M")) for m in moments]
