"""The order in which things happened: steps are done by their time, and may plan later ones."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from django.conf import settings

OFFICE = (10, 16)
"""From this hour to before that one there is a working day left to try things on."""

Step = Callable[[datetime], None]


class Timeline:
    """Steps by time; equal times keep the order in which they were planned."""

    def __init__(self) -> None:
        self._steps: list[tuple[datetime, int, Step]] = []
        self._numbers = count()

    def at(self, moment: datetime, step: Step) -> None:
        heapq.heappush(self._steps, (moment, next(self._numbers), step))

    def run(self, *, until: datetime) -> None:
        """Do every step whose time is not after `until`; each is told its time."""
        while self._steps and self._steps[0][0] <= until:
            moment, _number, step = heapq.heappop(self._steps)
            step(moment)


def at_hour(day: date, hour: int, minute: int = 0) -> datetime:
    """A time by the installation's clock."""
    return datetime.combine(day, time(hour, minute), tzinfo=ZoneInfo(settings.TIME_ZONE))


def today(now: datetime) -> date:
    return now.astimezone(ZoneInfo(settings.TIME_ZONE)).date()


def opening(now: datetime) -> datetime:
    """`now` within office hours, else half past ten on the next working day: a demo begins when people work."""
    local = now.astimezone(ZoneInfo(settings.TIME_ZONE))
    if is_working(local.date()) and OFFICE[0] <= local.hour < OFFICE[1]:
        return now
    day = local.date() + timedelta(days=1 if local.hour >= OFFICE[0] else 0)
    while not is_working(day):
        day += timedelta(days=1)
    return at_hour(day, 10, 30)


def is_working(day: date) -> bool:
    return day.weekday() < 5


def working_day(day: date) -> date:
    """The day itself, or the Friday before a weekend."""
    return day - timedelta(days=max(0, day.weekday() - 4))
