"""How cases end, and what their end means for the door and for the pool."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType

from django.db import transaction
from django.db.models import QuerySet

from careplans.enums import CampaignStatus, CaseStatus, CloseReason
from careplans.models import Case, CaseEvent
from loopcare.common import clock
from loopcare.common.states import record_many
from loopcare.contact.enums import HoldKind
from loopcare.contact.services import lift_holds
from surveys.enums import LeftReason, PoolStatus
from surveys.models import PoolEntry
from surveys.services import pool

CONFIRM_WITHIN = timedelta(days=7)

# Where the stay in the pool goes. None: the customer is as dissatisfied as before and waits for another campaign.
# Unconfirmed says too little for "recovered": that stay ends as expired, and a new low rating opens a new one.
FATE: Mapping[str, LeftReason | None] = MappingProxyType(
    {
        CloseReason.CONFIRMED: LeftReason.RECOVERED,
        CloseReason.RECOVERED: LeftReason.RECOVERED,
        CloseReason.UNCONFIRMED: LeftReason.EXPIRED,
        CloseReason.DO_NOT_CONTACT: LeftReason.WITHDRAWN,
        CloseReason.UNREACHABLE: None,
        CloseReason.REFUSED: None,
        CloseReason.WITHDRAWN: None,
    }
)

LEFT_OVER = (CaseStatus.QUEUED, CaseStatus.NEEDS_DATA, CaseStatus.WAITING_INTERNAL)
ENDED = (CampaignStatus.STOPPED, CampaignStatus.FINISHED, CampaignStatus.READ)


def settle(*, closed: Sequence[tuple[int, int]], reason: str, now: datetime, actor_id: int | None = None) -> None:
    """After cases closed: no care is open any more, and the pool entry waits again or leaves.

    `closed` are (customer id, pool entry id). An entry that is not in care any more is left as it is.
    """
    lift_holds(customer_ids=[customer for customer, _entry in closed], kind=HoldKind.OPEN_CARE)
    entries = PoolEntry.objects.filter(pk__in=[entry for _customer, entry in closed], status=PoolStatus.IN_CARE)
    ids = list(entries.select_for_update().values_list("pk", flat=True))
    if not ids:
        return
    left = FATE[reason]
    if left is None:
        pool.return_to_waiting(entry_ids=ids, now=now, actor_id=actor_id, reason=reason)
    else:
        pool.leave(entry_ids=ids, reason=left, now=now, actor_id=actor_id)


def close_unconfirmed(*, now: datetime | None = None) -> int:
    """Close cases that were solved seven days ago and that the customer neither confirmed nor refused."""
    moment = now or clock.now()
    silent = Case.objects.filter(status=CaseStatus.SOLVED, solved_at__lte=moment - CONFIRM_WITHIN)
    return _close(silent, CloseReason.UNCONFIRMED, moment)


def withdraw_left_over(cases: QuerySet[Case], *, now: datetime) -> int:
    """Close those of `cases` that wait in a campaign which has ended: nobody would ever take them."""
    return _close(cases.filter(status__in=LEFT_OVER, campaign__status__in=ENDED), CloseReason.WITHDRAWN, now)


@transaction.atomic
def _close(cases: QuerySet[Case], reason: CloseReason, now: datetime) -> int:
    """One locked read, one UPDATE, one event each. Rows that somebody else is moving are left to the next run."""
    rows = list(
        cases.select_for_update(of=("self",), skip_locked=True).values_list("pk", "status", "customer_id", "entry_id")
    )
    if not rows:
        return 0
    Case.objects.filter(pk__in=[row[0] for row in rows]).update(
        status=CaseStatus.CLOSED, closed_at=now, close_reason=reason, booked_at=None, owner=None
    )
    by_status: dict[str, list[int]] = defaultdict(list)
    for pk, status, _customer, _entry in rows:
        by_status[status].append(pk)
    for status, ids in by_status.items():
        record_many(
            CaseEvent,
            subject="case",
            ids=ids,
            from_status=status,
            to_status=CaseStatus.CLOSED,
            now=now,
            reason=reason,
        )
    settle(closed=[(customer, entry) for _pk, _status, customer, entry in rows], reason=reason, now=now)
    return len(rows)
