"""How customers leave the pool by themselves: they say that it is good again, or nothing was heard of them for long.

Only who waits leaves here. An entry in care is the business of the care stage, which closes it with its case. A held
out one stays until its campaign gives it back: were it to leave earlier, its customer's next low rating would open a
waiting entry, and the hold-out could be cared for; the arm itself stays as it was in any case.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils.timezone import get_current_timezone_name, localdate

from loopcare.common.states import record_many
from surveys.enums import LeftReason, PoolStatus
from surveys.models import PoolEvent
from surveys.services.daily import once_a_day
from surveys.services.detecting import POOL_LOCK
from surveys.services.sending import DIMENSION as OVERALL

QUIET = timedelta(days=180)
"""Who waits and was not found again for so long leaves as expired."""
SLICE = 5_000  # entries looked at, and moved, at once
LEAVING = "leaving the pool"
LEAVING_LOCK = 7_004
"""One worker at a time goes through the pool; the others have nothing to do."""

NEXT = "SELECT id FROM surveys_poolentry WHERE status = 'waiting' AND id > %s ORDER BY id LIMIT %s"

# A rating counts when it judges what brought the customer in (its dimension or its source) or the service as a whole,
# on a later day than everything that was found; of one day the worst. One without a level says nothing.
LEAVERS = """
WITH seen AS (
    SELECT e.id, e.customer_id, e.source_id, e.dimension, greatest(e.signal_on, max(d.day)) AS last_on,
        greatest(e.entered_on, max((d.detected_at AT TIME ZONE %(zone)s)::date)) AS quiet_since
    FROM surveys_poolentry AS e LEFT JOIN surveys_detection AS d ON d.customer_id = e.customer_id
    WHERE e.id = ANY(%(ids)s) AND e.status = 'waiting'
    GROUP BY e.id
)
SELECT seen.id, CASE WHEN latest.good THEN 'recovered' ELSE 'expired' END AS reason
FROM seen LEFT JOIN LATERAL (
    SELECT s.perceived >= s.adequate AS good FROM surveys_signal AS s
    WHERE s.customer_id = seen.customer_id AND s.occurred_on > seen.last_on AND s.occurred_on <= %(today)s
        AND s.opens AND s.perceived IS NOT NULL AND s.adequate IS NOT NULL
        AND (s.dimension IN (seen.dimension, %(overall)s) OR s.source_id = seen.source_id)
    ORDER BY s.occurred_on DESC, s.perceived - s.adequate LIMIT 1
) AS latest ON true
WHERE latest.good OR seen.quiet_since <= %(quiet)s
"""

MOVE = f"""
WITH leaver AS MATERIALIZED ({LEAVERS}), locked AS MATERIALIZED (
    SELECT e.id, leaver.reason FROM surveys_poolentry AS e JOIN leaver ON leaver.id = e.id
    WHERE e.status = 'waiting' ORDER BY e.id FOR UPDATE OF e
)
UPDATE surveys_poolentry AS e SET status = 'left', left_at = %(now)s, left_reason = locked.reason
FROM locked WHERE e.id = locked.id AND e.status = 'waiting' RETURNING locked.reason, e.id
"""


@dataclass(frozen=True, slots=True)
class Left:
    """How many left, by reason."""

    recovered: int = 0
    expired: int = 0

    def __add__(self, other: Left) -> Left:
        return Left(self.recovered + other.recovered, self.expired + other.expired)


def leave_daily(*, now: datetime) -> Left:
    """`leave_pool`, on the first call of each local day; a second worker that calls meanwhile does nothing."""
    return once_a_day(lambda: leave_pool(now=now), name=LEAVING, lock=LEAVING_LOCK, now=now) or Left()


def leave_pool(*, now: datetime) -> Left:
    """Let everybody leave who waits and has recovered, or was not found for 180 days. Harmless to repeat.

    Recovered: the customer's latest opening rating that counts is at or above its adequate level, and is of a later day
    than all that was found of them. Entries are looked at in slices, each moved in a transaction of its own.
    """
    left, after = Left(), 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(NEXT, [after, SLICE])
            ids = [pk for (pk,) in cursor.fetchall()]
            if not ids:
                return left
            cursor.execute(LEAVERS, _facts(ids, now))
            if leavers := [pk for pk, _reason in cursor.fetchall()]:
                left += _move(leavers, now)
            after = ids[-1]


@transaction.atomic
def _move(ids: list[int], now: datetime) -> Left:
    """Whoever enters the pool takes turns with this, so nobody leaves on what was true before a landing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [POOL_LOCK])
        cursor.execute(MOVE, _facts(ids, now))
        moved = cursor.fetchall()
    for reason in (LeftReason.RECOVERED, LeftReason.EXPIRED):
        record_many(
            PoolEvent,
            subject="entry",
            ids=sorted(pk for why, pk in moved if why == reason),
            from_status=PoolStatus.WAITING,
            to_status=PoolStatus.LEFT,
            now=now,
            reason=reason.value,
        )
    return Left(_count(moved, LeftReason.RECOVERED), _count(moved, LeftReason.EXPIRED))


def _count(moved: Iterable[tuple[str, int]], reason: LeftReason) -> int:
    return sum(why == reason for why, _pk in moved)


def _facts(ids: list[int], now: datetime) -> dict[str, Any]:
    today = localdate(now)
    return {
        "ids": ids,
        "now": now,
        "today": today,
        "zone": get_current_timezone_name(),
        "quiet": today - QUIET,
        "overall": OVERALL,
    }
