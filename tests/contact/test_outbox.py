"""The outbox against a real SMTP server on loopback."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from pytest_django import Settings

from loopcare.common.due_rows import Drained, DueStatus
from loopcare.common.errors import Invalid
from loopcare.contact.enums import Channel, Purpose, Refusal
from loopcare.contact.models import Contact, Message, RefusedContact
from loopcare.contact.outbox import message_id, send_due_messages
from loopcare.contact.services import queue_message, suppress
from loopcare.customers.models import Customer
from loopcare.customers.services import add_customer
from tests.mailbox import Mailbox

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)


@pytest.fixture
def customer(db: None) -> Customer:
    return add_customer(reference="C-1", now=NOON, email="one@example.com")


def queue(customer: Customer, key: str = "k", now: datetime = NOON) -> Message:
    return queue_message(
        customer_id=customer.pk,
        channel=Channel.EMAIL,
        purpose=Purpose.SURVEY,
        key=key,
        subject="您好",
        body="How was it? https://example.com/s/secret",
        now=now,
    )


def test_message_leaves_once_and_keeps_no_text(customer: Customer, mailbox: Mailbox) -> None:
    message = queue(customer)
    assert queue(customer).pk == message.pk
    assert send_due_messages(now=NOON) == Drained(done=1)
    assert send_due_messages(now=NOON) == Drained()
    (mail,) = mailbox.mails
    assert (mail["To"], mail["Message-ID"]) == ("one@example.com", message_id("k"))
    message.refresh_from_db()
    assert (message.status, message.subject, message.body, message.sent_at) == (DueStatus.DONE, None, None, NOON)
    assert list(Contact.objects.values_list("key", "at")) == [("message:k", NOON)]


def test_waiting_text_is_not_readable_in_the_database(customer: Customer) -> None:
    message = queue(customer)
    with connection.cursor() as cursor:
        cursor.execute("SELECT convert_from(body, 'UTF8') FROM contact_message WHERE id = %s", [message.pk])
        (stored,) = cursor.fetchone()
    assert "secret" not in stored
    message.refresh_from_db()
    assert message.body == "How was it? https://example.com/s/secret"


def test_closed_server_puts_the_message_back(customer: Customer, mailbox: Mailbox) -> None:
    message = queue(customer)
    mailbox.closed = True
    assert send_due_messages(now=NOON) == Drained(failed=1)
    mailbox.closed = False
    assert send_due_messages(now=NOON + timedelta(seconds=5)) == Drained(done=1)
    message.refresh_from_db()
    assert (len(mailbox.mails), message.tries) == (1, 2)


def test_night_puts_it_off_to_the_morning_uncharged(customer: Customer, mailbox: Mailbox) -> None:
    night = NOON + timedelta(hours=10)
    message = queue(customer, now=night)
    assert send_due_messages(now=night) == Drained(put_off=1)
    message.refresh_from_db()
    morning = datetime(2026, 3, 3, 1, tzinfo=UTC)
    assert (message.status, message.tries, message.due_at) == (DueStatus.WAITING, 0, morning)
    assert list(RefusedContact.objects.values_list("reason", "next_allowed_at")) == [(Refusal.NIGHT, morning)]
    assert send_due_messages(now=morning) == Drained(done=1)


def test_suppression_after_queueing_cancels_and_empties(customer: Customer, mailbox: Mailbox) -> None:
    message = queue(customer)
    suppress(customer_id=customer.pk, reason="asked", now=NOON)
    assert send_due_messages(now=NOON) == Drained(put_off=1)
    message.refresh_from_db()
    assert (message.status, message.refused, message.body) == (DueStatus.CANCELLED, Refusal.SUPPRESSED, None)
    assert mailbox.mails == []


def test_without_a_carrier_messages_wait(customer: Customer, settings: Settings) -> None:
    settings.EMAIL_CONFIGURED = False
    message = queue(customer)
    assert send_due_messages(now=NOON) == Drained(put_off=1)
    message.refresh_from_db()
    assert (message.status, message.tries) == (DueStatus.WAITING, 0)


def test_customer_without_an_address_is_refused_at_once(db: None) -> None:
    with pytest.raises(Invalid):
        queue(add_customer(reference="C-2", now=NOON))
