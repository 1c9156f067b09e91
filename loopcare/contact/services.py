"""Writing at the door: holds, suppressions, contacts that happened, contacts that were refused, messages to send."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from loopcare.common.due_rows import LIVE, DueStatus
from loopcare.common.errors import Invalid
from loopcare.common.leases import RELEASED
from loopcare.contact.enums import POINT_OF, Channel, HoldKind, Purpose, Refusal
from loopcare.contact.models import Contact, Hold, Message, RefusedContact, Suppression
from loopcare.customers.enums import Consent, PointStatus
from loopcare.customers.models import ContactPoint


def place_holds(*, customer_ids: Iterable[int], kind: HoldKind, until: datetime | None = None) -> None:
    """Leave a note on the door of each customer; one that stands is renewed."""
    Hold.objects.bulk_create(
        [Hold(customer_id=pk, kind=kind, until=until) for pk in customer_ids],
        update_conflicts=True,
        unique_fields=["customer", "kind"],
        update_fields=["until"],
        batch_size=5_000,
    )


def lift_holds(*, customer_ids: Iterable[int], kind: HoldKind) -> None:
    """Take the note away."""
    Hold.objects.filter(customer_id__in=list(customer_ids), kind=kind).delete()


def suppress(*, customer_id: int, reason: str, now: datetime, channel: str = "") -> None:
    """Do not contact this customer again, on one channel or on all. Harmless when already so."""
    Suppression.objects.bulk_create(
        [Suppression(customer_id=customer_id, channel=channel, reason=reason, created_at=now)],
        ignore_conflicts=True,
    )


@transaction.atomic
def forget_customer(*, customer_id: int) -> None:
    """Call off what has not left yet, empty what was written, and let each number remember that it is suppressed.

    Call it before the numbers go. A message that is being sent right now ends as cancelled, and its worker writes
    nothing more.
    """
    messages = Message.objects.filter(customer_id=customer_id)
    messages.filter(status__in=LIVE).update(status=DueStatus.CANCELLED, epoch=F("epoch") + 1, **RELEASED)
    messages.update(subject=None, body=None, last_error="")
    standing = Suppression.objects.filter(customer_id=customer_id)
    indexes = ContactPoint.objects.filter(customer_id=customer_id).values_list("index", flat=True)
    Suppression.objects.bulk_create(
        [
            Suppression(index=index, channel=each.channel, created_at=each.created_at)
            for each in standing.filter(ended_at=None)
            for index in indexes
        ],
        ignore_conflicts=True,
    )
    standing.update(reason="")


def record_contact(*, customer_id: int, channel: Channel, purpose: Purpose, key: str, at: datetime) -> None:
    """A contact happened; it counts towards the caps once, whoever tells it twice."""
    Contact.objects.bulk_create(
        [Contact(customer_id=customer_id, channel=channel, purpose=purpose, key=key, at=at)],
        ignore_conflicts=True,
    )


def note_refusal(
    *,
    customer_id: int,
    channel: Channel,
    purpose: Purpose,
    reason: Refusal,
    at: datetime,
    next_allowed_at: datetime | None = None,
) -> None:
    """Keep the answer that stopped a contact."""
    RefusedContact.objects.create(
        customer_id=customer_id,
        channel=channel,
        purpose=purpose,
        reason=reason,
        at=at,
        next_allowed_at=next_allowed_at,
    )


def queue_message(
    *,
    customer_id: int,
    channel: Channel,
    purpose: Purpose,
    key: str,
    subject: str,
    body: str,
    now: datetime,
    due_at: datetime | None = None,
) -> Message:
    """Put a message into the outbox, once per `key` (kind, subject, rule, slot). Raises Invalid without an address."""
    known = Message.objects.filter(key=key).first()
    if known is not None:
        return known
    point = best_point(customer_id=customer_id, channel=channel)
    if point is None:
        raise Invalid(_("This customer has no usable number or address for this channel."))
    message = Message(
        customer_id=customer_id,
        point=point,
        channel=channel,
        purpose=purpose,
        key=key,
        subject=subject,
        body=body,
        created_at=now,
        due_at=due_at or now,
    )
    Message.objects.bulk_create([message], ignore_conflicts=True)
    return Message.objects.get(key=key)


def best_point(*, customer_id: int, channel: Channel) -> ContactPoint | None:
    """The first usable number or address of the channel's kind."""
    return (
        ContactPoint.objects.filter(customer_id=customer_id, kind=POINT_OF[channel], status=PointStatus.OK)
        .exclude(consent=Consent.WITHDRAWN)
        .first()
    )
