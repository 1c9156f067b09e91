"""What an attempt's outcome does to the case, to the number called, and when the next try is due.

The ladder of unanswered tries: +2–4 h in another part of the day → next day → +3 days → closed as
unreachable; at most two tries a local day. The three parts of the day are equal thirds of the hours in
which the customer may be called, so two to four hours always reach another part until the day ends. The
customer's own clock decides, and results are in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from random import Random
from types import MappingProxyType
from zoneinfo import ZoneInfo

MAX_TRIES = 4
MAX_TRIES_A_DAY = 2
PARTS_OF_DAY = 3
BUSY_MINUTES = 30
CUT_OFF_MINUTES = 15
CONFIRM_AFTER = timedelta(hours=24)


class Outcome(StrEnum):
    """In the order of the keys 1–9."""

    SOLVED = "solved"
    FOLLOW_UP = "follow_up"
    CALLBACK = "callback"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    CUT_OFF = "cut_off"
    WRONG_NUMBER = "wrong_number"
    REFUSED = "refused"
    DO_NOT_CONTACT = "do_not_contact"


class Next(StrEnum):
    """What happens next, for the page to say before the outcome is saved."""

    CONFIRMATION = "confirmation"
    TASK_AND_CALLBACK = "task_and_callback"
    BOOKED = "booked"
    OTHER_PART_OF_DAY = "other_part_of_day"
    NEXT_DAY = "next_day"
    THREE_DAYS = "three_days"
    SOON = "soon"
    NEXT_NUMBER = "next_number"
    NEEDS_NUMBER = "needs_number"
    TRIES_USED_UP = "tries_used_up"
    NOTHING_IN_CAMPAIGN = "nothing_in_campaign"
    NOTHING_EVER = "nothing_ever"


@dataclass(frozen=True, slots=True)
class Step:
    """The effect of an outcome.

    `due_at` (UTC) is the next try, or for a solved case the confirmation question; None when nothing is due.
    """

    case_status: str
    number_status: str
    due_at: datetime | None
    close_reason: str | None
    note: Next


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the outcome table: what holds before the clock is looked at."""

    key: int
    case_status: str
    number_status: str
    note: Next
    close_reason: str | None = None


OUTCOMES: Mapping[Outcome, Rule] = MappingProxyType(
    {
        Outcome.SOLVED: Rule(1, "solved", "ok", Next.CONFIRMATION),
        Outcome.FOLLOW_UP: Rule(2, "queued", "ok", Next.TASK_AND_CALLBACK),
        Outcome.CALLBACK: Rule(3, "queued", "ok", Next.BOOKED),
        Outcome.NO_ANSWER: Rule(4, "queued", "try_again", Next.OTHER_PART_OF_DAY),
        Outcome.BUSY: Rule(5, "queued", "try_again", Next.SOON),
        Outcome.CUT_OFF: Rule(6, "queued", "ok", Next.SOON),
        Outcome.WRONG_NUMBER: Rule(7, "queued", "dead", Next.NEXT_NUMBER),
        Outcome.REFUSED: Rule(8, "closed", "ok", Next.NOTHING_IN_CAMPAIGN, "refused"),
        Outcome.DO_NOT_CONTACT: Rule(9, "closed", "blocked", Next.NOTHING_EVER, "do_not_contact"),
    }
)


@dataclass(frozen=True, slots=True)
class LocalDay:
    """The hours in which this customer may be called, by this customer's clock; `closes` is exclusive."""

    zone: ZoneInfo
    opens: time = time(9)
    closes: time = time(20)

    def __post_init__(self) -> None:
        if self._length <= 0:
            raise ValueError("The calling day must close after it opens.")

    def is_open(self, moment: datetime) -> bool:
        return 0 <= self._minute(moment) < self._length

    def day(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def part(self, moment: datetime) -> int | None:
        """0, 1 or 2; None outside calling hours."""
        if not self.is_open(moment):
            return None
        return self._minute(moment) * PARTS_OF_DAY // self._length

    def opening(self, day: date, part: int = 0, within: float = 0.0) -> datetime:
        """A moment of that day and part, in UTC: its first minute, or a share 0 ≤ `within` < 1 through it."""
        start = -(-self._length * part // PARTS_OF_DAY)
        end = -(-self._length * (part + 1) // PARTS_OF_DAY)
        minutes = _minutes(self.opens) + start + int((end - start) * within)
        wall = datetime.combine(day, time(minutes // 60, minutes % 60), tzinfo=self.zone)
        return wall.astimezone(UTC)

    def _minute(self, moment: datetime) -> int:
        """Whole minutes since opening on the moment's local day."""
        return _minutes(moment.astimezone(self.zone).time()) - _minutes(self.opens)

    @property
    def _length(self) -> int:
        return _minutes(self.closes) - _minutes(self.opens)


def _minutes(clock: time) -> int:
    return clock.hour * 60 + clock.minute


@dataclass(frozen=True, slots=True)
class _Clock:
    """One try's moment, and the moments that may follow it."""

    now: datetime
    local: LocalDay
    tries_today: int
    rng: Random

    def days_later(self, days: int) -> datetime:
        """Some minute of another part of the day, `days` local days later."""
        parts = [part for part in range(PARTS_OF_DAY) if part != self.local.part(self.now)]
        day = self.local.day(self.now) + timedelta(days=days)
        return self.local.opening(day, self.rng.choice(parts), self.rng.random())

    def after(self, wait: timedelta) -> datetime:
        """`wait` from now, or the next moment after it when calls are allowed."""
        due = self.now + wait
        if self.local.is_open(due):
            return due
        day = self.local.day(due)
        opening = self.local.opening(day)
        return opening if opening >= due else self.local.opening(day + timedelta(days=1))

    def soon(self, minutes: int) -> datetime | None:
        """`minutes` from now if that is still allowed today."""
        due = self.after(timedelta(minutes=minutes))
        return due if self._allowed_today(due) else None

    def other_part_of_day(self) -> datetime | None:
        """Two to four hours from now, today, in another part of the day."""
        part = self.local.part(self.now)
        moments = [self.now + timedelta(minutes=minutes) for minutes in range(120, 241)]
        good = [m for m in moments if self._allowed_today(m) and self.local.part(m) not in (None, part)]
        return self.rng.choice(good) if good else None

    def _allowed_today(self, moment: datetime) -> bool:
        """A moment of a later local day is left to the ladder, which spreads callers over that day."""
        return self.tries_today < MAX_TRIES_A_DAY and self.local.day(moment) == self.local.day(self.now)


def _agreed(outcome: Outcome, clock: _Clock, booked_at: datetime | None) -> datetime:
    """When the next thing happens after a talk that reached its end."""
    if outcome == Outcome.SOLVED:
        return clock.after(CONFIRM_AFTER)
    return booked_at.astimezone(UTC) if booked_at else clock.days_later(1)


def _quick_retry(outcome: Outcome, clock: _Clock, tries_total: int, repeated: bool) -> tuple[datetime, Next] | None:
    """The try that this outcome still allows today, if any."""
    due: datetime | None = None
    note = Next.SOON
    if outcome == Outcome.WRONG_NUMBER:
        due, note = clock.soon(0), Next.NEXT_NUMBER
    elif outcome == Outcome.BUSY and not repeated:
        due = clock.soon(BUSY_MINUTES)
    elif outcome == Outcome.CUT_OFF and not repeated:
        due = clock.soon(CUT_OFF_MINUTES)
    elif tries_total == 1:
        due, note = clock.other_part_of_day(), Next.OTHER_PART_OF_DAY
    return (due, note) if due else None


def _later_day(clock: _Clock, tries_total: int) -> tuple[datetime, Next]:
    """The upper rungs of the ladder."""
    if tries_total <= 2:
        return clock.days_later(1), Next.NEXT_DAY
    return clock.days_later(3), Next.THREE_DAYS


def _check(outcome: Outcome, now: datetime, booked_at: datetime | None, tries_today: int, tries_total: int) -> None:
    if now.tzinfo is None:
        raise ValueError("`now` must carry a time zone.")
    if not 1 <= tries_today <= tries_total:
        raise ValueError(f"This try counts: 1 ≤ today's {tries_today} ≤ {tries_total} in all.")
    if booked_at is not None and (booked_at.tzinfo is None or booked_at < now):
        raise ValueError("A booked callback needs a time zone and a time that is not past.")
    if booked_at is None and outcome == Outcome.CALLBACK:
        raise ValueError("An agreed callback needs its time.")


def next_step(
    outcome: Outcome,
    *,
    now: datetime,
    local_zone: ZoneInfo,
    tries_today: int,
    tries_total: int,
    seed: str,
    max_tries: int = MAX_TRIES,
    booked_at: datetime | None = None,
    other_numbers: bool = False,
    repeated: bool = False,
    opens: time = time(9),
    closes: time = time(20),
) -> Step:
    """The effect of `outcome` at `now` (aware).

    `tries_today` (the customer's local day) and `tries_total` count this try. `booked_at` is what the
    customer agreed to and is kept to the minute, exempt from hours and limits. `other_numbers`: another
    number may be called. `repeated`: this outcome came before in this case, so its quick retry is used up.
    """
    _check(outcome, now, booked_at, tries_today, tries_total)
    chance = Random(seed)  # noqa: S311 - spreads calls over the day, guards nothing
    clock = _Clock(now.astimezone(UTC), LocalDay(local_zone, opens, closes), tries_today, chance)
    rule = OUTCOMES[outcome]
    step = Step(rule.case_status, rule.number_status, None, rule.close_reason, rule.note)
    if step.close_reason:
        return step
    if outcome in (Outcome.SOLVED, Outcome.FOLLOW_UP, Outcome.CALLBACK):
        return replace(step, due_at=_agreed(outcome, clock, booked_at))
    if outcome == Outcome.WRONG_NUMBER and not other_numbers:
        return replace(step, case_status="needs_data", note=Next.NEEDS_NUMBER)
    if tries_total >= max_tries:
        return replace(step, case_status="closed", close_reason="unreachable", note=Next.TRIES_USED_UP)
    due_at, note = _quick_retry(outcome, clock, tries_total, repeated) or _later_day(clock, tries_total)
    return replace(step, due_at=due_at, note=note)
