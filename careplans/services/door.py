"""The governor is asked once more as a case is taken: a wish spoken since the launch counts at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from careplans.enums import CaseStatus, CloseReason
from careplans.models import Case
from careplans.services.closing import settle
from loopcare.common.leases import RELEASED
from loopcare.common.states import move
from loopcare.contact.enums import Channel, Purpose, Refusal
from loopcare.contact.governor import Decision, may_contact
from loopcare.contact.services import note_refusal


def is_admitted(case: Case, *, actor_id: int, now: datetime) -> bool:
    """True when the customer of this case, just taken, may be called now; else the case is put where it belongs."""
    purpose = Purpose.CALLBACK if case.booked_at else Purpose.CASE
    decision = may_contact(customer_id=case.customer_id, channel=Channel.PHONE, purpose=purpose, at=now)
    if decision.reason is None:
        return True
    _turn_away(case, decision, decision.reason, purpose, actor_id=actor_id, now=now)
    return False


@transaction.atomic
def _turn_away(
    case: Case, decision: Decision, reason: Refusal, purpose: Purpose, *, actor_id: int, now: datetime
) -> None:
    """Wait for the allowed time, wait for a number, or end: whoever asked to be left alone is."""
    changes: dict[str, Any] = {}
    if decision.next_allowed_at is not None:
        target, changes["due_at"] = CaseStatus.QUEUED, decision.next_allowed_at
    elif reason is Refusal.NO_POINT:
        target = CaseStatus.NEEDS_DATA
    else:
        target = CaseStatus.CLOSED
        changes = {"closed_at": now, "close_reason": CloseReason.DO_NOT_CONTACT, "booked_at": None, "owner": None}
    move(case, target, now=now, actor_id=actor_id, reason=reason.value, epoch=case.epoch, **changes, **RELEASED)
    if target == CaseStatus.CLOSED:
        settle(
            closed=[(case.customer_id, case.entry_id)], reason=CloseReason.DO_NOT_CONTACT, now=now, actor_id=actor_id
        )
    note_refusal(
        customer_id=case.customer_id,
        channel=Channel.PHONE,
        purpose=purpose,
        reason=reason,
        at=now,
        next_allowed_at=decision.next_allowed_at,
    )
