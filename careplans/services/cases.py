"""Cases in the hands of agents: taken by a lease, kept by a heartbeat, put down, collected when a hand lets go."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, connection, transaction
from django.db.models import Case as If
from django.db.models import IntegerField, Q, QuerySet, Value, When
from django.utils.translation import gettext as _

from careplans.enums import CampaignStatus, CaseStatus
from careplans.models import Case, CaseEvent
from careplans.selectors.queue import OWNER_FIRST, holder_of, in_hand_of
from careplans.services.closing import close_unconfirmed, withdraw_left_over
from careplans.services.door import is_admitted
from careplans.services.hands import check_texts, held_case, save_draft
from careplans.services.outcomes import record_outcome
from loopcare.common import clock
from loopcare.common.compiled import Hole
from loopcare.common.errors import Invalid
from loopcare.common.leases import RELEASED, Claim, extend
from loopcare.common.states import move
from loopcare.staff.models import User

__all__ = [
    "close_unconfirmed",
    "hold",
    "next_case",
    "record_outcome",
    "release",
    "release_lapsed",
    "save_draft",
]

LEASE = timedelta(minutes=5)
SKIP_PAUSE = timedelta(minutes=10)
"""A case that was put down is offered to nobody for this long; else the same agent would get it again at once."""

MOST_TURNED_AWAY = 50
"""Cases passed over in one asking, because their customers sleep or asked to be left alone."""


def _due() -> QuerySet[Case]:
    return Case.objects.queued().filter(
        team_id=Hole("team"), campaign__status=CampaignStatus.LAUNCHED, due_at__lte=Hole("now")
    )


def _promised() -> QuerySet[Case]:
    """Booked callbacks whose time has come: this agent's own first, then those whose owner did not come in time."""
    mine = Q(owner_id=Hole("agent"))
    own_first = If(When(mine, then=Value(0)), default=Value(1), output_field=IntegerField())
    return (
        _due()
        .filter(mine | Q(booked_at__lte=Hole("owner_late")), booked_at__isnull=False)
        .order_by(own_first, "booked_at", "pk")
    )


def _next_best() -> QuerySet[Case]:
    """In the order of the index `case_queue`, so that the first rows are found without sorting the queue."""
    return _due().filter(booked_at=None).order_by("-priority", "due_at", "pk")


CLAIMS = tuple(
    Claim(
        queue,
        lease=LEASE,
        to=CaseStatus.IN_HAND,
        event=CaseEvent,
        subject="case",
        came_from=CaseStatus.QUEUED,
    )
    for queue in (_promised, _next_best)
)


def next_case(*, agent: User, now: datetime) -> Case | None:
    """The next case for this agent, leased; None when nothing of their team is due.

    Who already holds a case gets it again, with its epoch, however often they ask. A customer who must not be called
    now is passed over. Raises Invalid for somebody without a team.
    """
    if agent.team_id is None:
        raise Invalid(_("You belong to no team, so there is no queue for you; ask an administrator for a team."))
    case = in_hand_of(agent)
    if case is not None and extend(case, lease=LEASE, now=now):
        return case
    for _turned_away in range(MOST_TURNED_AWAY):
        try:
            with transaction.atomic():
                taken = _take(agent, now)
        except IntegrityError:
            # The same agent asked twice at once, and the other request was faster.
            return in_hand_of(agent)
        case = in_hand_of(agent) if taken else None
        if case is None or is_admitted(case, actor_id=agent.pk, now=now):
            return case
    return None


def _take(agent: User, now: datetime) -> bool:
    return any(
        claim.take(
            holder=holder_of(agent),
            now=now,
            actor_id=agent.pk,
            team=agent.team_id,
            agent=agent.pk,
            owner_late=now - OWNER_FIRST,
        )
        for claim in CLAIMS
    )


def hold(*, case: Case, agent: User, epoch: int, now: datetime) -> bool:
    """Heartbeat: five more minutes. False when this agent holds the case no longer under this epoch."""
    return extend(Case(pk=case.pk, holder=holder_of(agent), epoch=epoch), lease=LEASE, now=now)


@transaction.atomic
def release(*, case_id: int, agent: User, epoch: int, now: datetime, reason: str = "") -> None:
    """Put the case down without an outcome (skip); `reason` is kept in its history.

    Raises StaleLease when the hold ended before, Invalid for a reason that is too long.
    """
    check_texts(reason=reason)
    case = held_case(case_id=case_id, agent=agent, epoch=epoch)
    move(
        case,
        CaseStatus.QUEUED,
        now=now,
        actor_id=agent.pk,
        reason=reason,
        epoch=epoch,
        due_at=now + SKIP_PAUSE,
        **RELEASED,
    )
    withdraw_left_over(Case.objects.filter(pk=case.pk), now=now)


# The few rows of index `case_in_hand` whose lease ended; a holder that is just writing is left alone.
RELEASE_LAPSED = """
WITH lapsed AS (
    SELECT id FROM careplans_case
    WHERE status = 'in_hand' AND lease_until < %(now)s FOR UPDATE SKIP LOCKED
), freed AS (
    UPDATE careplans_case AS c SET status = 'queued', holder = '', lease_until = NULL
    FROM lapsed WHERE c.id = lapsed.id RETURNING c.id
), logged AS (
    INSERT INTO careplans_caseevent (case_id, from_status, to_status, reason, actor_id, at)
    SELECT id, 'in_hand', 'queued', 'lapsed', NULL, %(now)s FROM freed
)
SELECT id FROM freed
"""


@transaction.atomic
def release_lapsed(*, now: datetime | None = None) -> int:
    """Put the cases of vanished holders back into the queue. Returns how many."""
    moment = now or clock.now()
    with connection.cursor() as cursor:
        cursor.execute(RELEASE_LAPSED, {"now": moment})
        ids = [pk for (pk,) in cursor.fetchall()]
    if ids:
        withdraw_left_over(Case.objects.filter(pk__in=ids), now=moment)
    return len(ids)
