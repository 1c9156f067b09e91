"""A person is forgotten here: who they are, what they wrote, and where files still say it. What was counted stays.

Signals keep their levels, days and causes under a customer whom nobody knows; comments and external ids, which may name
somebody, go. A later row under the old reference makes a new customer, unless a suppression says otherwise.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime

from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _
from psycopg.errors import DeadlockDetected, LockNotAvailable

from loopcare.common.errors import Conflict, Invalid
from loopcare.contact.services import forget_customer as forget_contacts
from loopcare.customers.models import Customer
from loopcare.customers.services import erase_customer
from loopcare.staff.models import User
from surveys.enums import LeftReason
from surveys.models import Answer, Invitation, PoolEntry, Watermark
from surveys.services import archive, pool
from surveys.services.detecting import LOOK_BACK, POOL_LOCK, PROMISES
from surveys.services.forgetting import forget_rejected, words_of
from surveys.services.landing import ERASURE_LOCK

CLEAR_SIGNALS = """
UPDATE surveys_signal SET comment = '', external_id = 'erased-' || id,
    promised_at = CASE WHEN promised_at > %s THEN NULL ELSE promised_at END
WHERE customer_id = %s
"""


@dataclass(frozen=True, slots=True)
class Erased:
    """What a person was taken out of."""

    signals: int = 0
    stays: int = 0
    answers: int = 0
    left_pool: int = 0


def prepare(*, customer: Customer, note: str) -> int:
    """Take a person out of rejected rows, while it is still known by which words; returns how many lines.

    Raises Invalid for a note that names them: it would stand in the audit trail for ever.
    """
    words = words_of(customer)
    if words.name(note) or any(len(word) > 1 and word in note for word in words.whole):
        raise Invalid(_("The reason must not name the customer: it is kept."), field="reason")
    return forget_rejected(words=words)


@transaction.atomic
def erase(*, customer_id: int, now: datetime, actor: User | None = None, note: str = "") -> Erased:
    """Clear all rows of a customer. Landings and detection wait meanwhile, so that nothing comes behind.

    A stay in the pool ends as erased, whatever its status; the arm of a campaign stays as it was drawn. Links to
    questions stop working. Harmless to repeat. Raises NotFound, and Conflict while a landing takes too long.
    """
    looked = _alone(now)
    open_stays = list(PoolEntry.objects.open().filter(customer_id=customer_id).values_list("pk", flat=True))
    pool.leave(
        entry_ids=open_stays, reason=LeftReason.ERASED, now=now, actor_id=actor.pk if actor is not None else None
    )
    forget_contacts(customer_id=customer_id)
    erase_customer(customer_id=customer_id, now=now, actor=actor, note=note)
    with connection.cursor() as cursor:
        cursor.execute(CLEAR_SIGNALS, [looked, customer_id])
        signals = cursor.rowcount
    stays = PoolEntry.objects.filter(customer_id=customer_id).update(comment="")
    answers = Answer.objects.filter(invitation__customer_id=customer_id).update(comment="")
    for invitation in Invitation.objects.filter(customer_id=customer_id):
        invitation.token_hash = os.urandom(32)
        invitation.save(update_fields=["token_hash"])
    return Erased(signals, stays, answers, len(open_stays))


def _alone(now: datetime) -> datetime:
    """Take turns with everything that lands or detects. Returns up to when promises were looked at: later ones of
    somebody erased must not break, which would bring them back into the pool."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ERASURE_LOCK])
            mark = Watermark.objects.select_for_update().filter(name=PROMISES).first()
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [POOL_LOCK])
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable | DeadlockDetected):
            raise Conflict(_("Rows are landing right now; repeat in a moment.")) from error
        raise
    return mark.until if mark else now - LOOK_BACK


def finish(*, customer_id: int, now: datetime) -> int:
    """Take a person out of archived months, after their rows were cleared; returns how many files were replaced."""
    return archive.forget_customer(customer_id=customer_id, now=now)
