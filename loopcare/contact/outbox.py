"""How messages leave: the outbox drains due messages through the governor to the channel's carrier.

A message is a committed row with a fixed key before anything leaves; the key travels with it (an e-mail's
Message-ID), so that a receiver can tell a second copy. A worker killed between the carrier's yes and our commit sends
again under the same key.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from loopcare.common.due_rows import Drained, Later, Never, Queue
from loopcare.contact.enums import Channel, Purpose, Refusal
from loopcare.contact.governor import may_contact
from loopcare.contact.models import Message
from loopcare.contact.services import note_refusal, record_contact

MAIL_HOST = "loopcare.example"
NO_CARRIER_WAIT = timedelta(minutes=15)


def send_due_messages(*, now: datetime | None = None) -> Drained:
    """Send everything that is due and allowed."""
    return _outbox.drain(now=now)


def _send(message: Message, now: datetime) -> None:
    """Ask the governor once more, then hand the message to its carrier."""
    channel, purpose = Channel(message.channel), Purpose(message.purpose)
    decision = may_contact(customer_id=message.customer_id, channel=channel, purpose=purpose, at=now)
    if not decision.allowed:
        reason = decision.reason or Refusal.SUPPRESSED
        note_refusal(
            customer_id=message.customer_id,
            channel=channel,
            purpose=purpose,
            reason=reason,
            at=now,
            next_allowed_at=decision.next_allowed_at,
        )
        if decision.next_allowed_at is None:
            raise Never(reason.value, refused=reason, subject=None, body=None)
        raise Later(decision.next_allowed_at)
    if channel is not Channel.EMAIL or not settings.EMAIL_CONFIGURED:
        raise Later(now + NO_CARRIER_WAIT, last_error=f"No carrier for {channel.value} is configured.")
    _send_mail(message)


def _send_mail(message: Message) -> None:
    assert message.point is not None
    mail = EmailMessage(
        subject=message.subject or "",
        body=message.body or "",
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[str(message.point.value)],
        headers={"Message-ID": message_id(message.key), "Auto-Submitted": "auto-generated"},
        connection=get_connection(),
    )
    mail.send()


def message_id(key: str) -> str:
    """The Message-ID of a key: the same at every try, and nothing can be read from it."""
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{MAIL_HOST}>"


def _done(message: Message, now: datetime) -> None:
    """What is true once the carrier took it; shares the transaction that completes the row."""
    Message.objects.filter(pk=message.pk).update(sent_at=now, subject=None, body=None)
    record_contact(
        customer_id=message.customer_id,
        channel=Channel(message.channel),
        purpose=Purpose(message.purpose),
        key=f"message:{message.key}"[:80],
        at=now,
    )


_outbox = Queue(Message, _done, outside=_send)
