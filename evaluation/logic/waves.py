"""When the three monthly follow-up waves fall due."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

WAVES = (1, 2, 3)


def due_on(anchor: date, wave: int) -> date:
    """The day `wave` calendar months after the anchor, or the last day of a shorter month.

    Always counted from the anchor: chaining 31 Jan → 28 Feb → 28 Mar would lose three days for good.
    """
    if wave not in WAVES:
        raise ValueError(f"There are waves 1, 2 and 3, not {wave}.")
    years, month = divmod(anchor.month - 1 + wave, 12)
    year, month = anchor.year + years, month + 1
    return date(year, month, min(anchor.day, monthrange(year, month)[1]))


def due_at(anchor: date, wave: int, zone: ZoneInfo, hour: int = 10) -> datetime:
    """The wave's moment in UTC: `hour` o'clock on its day by the customer's own clock.

    An hour that the clocks skip becomes the same length of time after the jump (02:00 → 03:00); an hour that
    comes twice means its first coming.
    """
    return datetime.combine(due_on(anchor, wave), time(hour), tzinfo=zone).astimezone(UTC)
