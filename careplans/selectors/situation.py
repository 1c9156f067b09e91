"""Where a case stands right now: the tries so far, the number to call, the customer's clock.

The workspace shows the effect of every outcome from this, and the outcome that is saved is computed from this: what
was shown is what happens.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from careplans.enums import LADDER, Outcome
from careplans.logic import cadence
from careplans.models import Attempt, Case
from loopcare.contact.enums import Channel
from loopcare.contact.governor import limits
from loopcare.customers.enums import PointKind, PointStatus
from loopcare.customers.selectors import MaskedPoint, zone_of


@dataclass(frozen=True, slots=True)
class Situation:
    """All that the next step of a case depends on. The try that is running is counted in neither number."""

    now: datetime
    zone: ZoneInfo
    opens: time
    closes: time
    tries: int
    tries_today: int
    max_tries: int
    before: frozenset[str]
    point: MaskedPoint | None
    other_numbers: bool
    seed: str

    @property
    def within_hours(self) -> bool:
        return cadence.LocalDay(self.zone, self.opens, self.closes).is_open(self.now)

    def step(self, outcome: Outcome, *, booked_at: datetime | None = None) -> cadence.Step:
        """The effect of `outcome` here and now. Raises ValueError for a booked time that is missing or past."""
        return cadence.next_step(
            cadence.Outcome(outcome.value),
            now=self.now,
            local_zone=self.zone,
            tries_today=self.tries_today + 1,
            tries_total=self.tries + 1,
            seed=self.seed,
            max_tries=self.max_tries,
            booked_at=booked_at,
            other_numbers=self.other_numbers,
            repeated=outcome in self.before,
            opens=self.opens,
            closes=self.closes,
        )


def situation(case: Case, *, points: Collection[MaskedPoint], now: datetime) -> Situation:
    """Read the case as it stands; `points` are the customer's, in the order in which they are tried."""
    zone = zone_of(case.customer)
    tried = list(Attempt.objects.filter(case=case).values_list("outcome", "at"))
    today = now.astimezone(zone).date()
    numbers = [p for p in points if p.kind == PointKind.PHONE and p.status == PointStatus.OK]
    hours = limits(Channel.PHONE, now)
    return Situation(
        now=now,
        zone=zone,
        opens=time(hours.from_hour),
        closes=time(hours.to_hour) if hours.to_hour < 24 else time(23, 59),
        tries=case.tries,
        tries_today=sum(outcome in LADDER and at.astimezone(zone).date() == today for outcome, at in tried),
        max_tries=case.strategy.max_tries,
        before=frozenset(outcome for outcome, _at in tried),
        point=numbers[0] if numbers else None,
        other_numbers=len(numbers) > 1,
        seed=f"{case.pk}:{len(tried)}",
    )
