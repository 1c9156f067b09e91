"""A person is forgotten in all stages: what agents wrote about them goes, then all that the stages below hold."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from careplans.enums import CaseStatus, CloseReason
from careplans.models import Attempt, Case, Draft
from careplans.services.closing import settle
from loopcare.common.errors import Conflict, NotFound
from loopcare.common.leases import RELEASED
from loopcare.common.states import move
from loopcare.customers.models import Customer
from loopcare.staff.models import User
from surveys.services import erasure


def erase_person(*, reference: str, now: datetime, actor: User | None = None, reason: str = "") -> dict[str, int]:
    """Erase the customer of this reference everywhere; returns counts of what they were taken out of.

    First rejected rows, then the database in one transaction, then archived files: whatever is cut off is made good by
    repeating, after the second step under the new reference `erased-<id>`. An open case ends as withdrawn. Notes about
    an incident are not a customer's and stay. A later row under the old reference makes a new customer, unless a
    suppression says otherwise. Raises NotFound, and Invalid for a reason that names the customer.
    """
    customer = Customer.objects.filter(reference=reference).first()
    if customer is None:
        raise NotFound(_("There is no customer of this reference."))
    rejected = erasure.prepare(customer=customer, note=reason)
    with transaction.atomic():
        attempts = _forget_care(customer.pk, now=now, actor=actor)
        erased = erasure.erase(customer_id=customer.pk, now=now, actor=actor, note=reason)
    files = _finish(customer.pk, now)
    counts = {"attempts": attempts, "rejected_rows": rejected, "archived_files": files}
    return {"customer": customer.pk, **asdict(erased), **counts}


def _finish(customer_id: int, now: datetime) -> int:
    """The archived files, which somebody else may be writing right now."""
    try:
        return erasure.finish(customer_id=customer_id, now=now)
    except Conflict as error:
        raise Conflict(
            _("%(why)s All but the archived files is done; repeat it with the reference erased-%(id)s.")
            % {"why": error.message, "id": customer_id}
        ) from error


def _forget_care(customer_id: int, *, now: datetime, actor: User | None) -> int:
    """End the open case and clear what was written in every case; returns how many attempts that were."""
    actor_id = actor.pk if actor is not None else None
    for case in Case.objects.open().filter(customer_id=customer_id).select_for_update():
        move(
            case,
            CaseStatus.CLOSED,
            now=now,
            actor_id=actor_id,
            reason=CloseReason.WITHDRAWN,
            closed_at=now,
            close_reason=CloseReason.WITHDRAWN,
            booked_at=None,
            owner=None,
            **RELEASED,
        )
        settle(closed=[(customer_id, case.entry_id)], reason=CloseReason.WITHDRAWN, now=now, actor_id=actor_id)
    Case.objects.filter(customer_id=customer_id).update(action="")
    Draft.objects.filter(case__customer_id=customer_id).delete()
    return Attempt.objects.filter(case__customer_id=customer_id).update(notes="", action="")
