"""Rows are the queue: a worker drains what is due with the broker gone, with the bell off, and without a scheduler."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest

from loopcare.common import clock
from loopcare.common.due_rows import DueStatus
from loopcare.contact.models import Message
from loopcare.contact.services import suppress
from loopcare.customers.services import add_customer
from tests.faults.conftest import Start, wait_for

pytestmark = [pytest.mark.faults, pytest.mark.slow]

WORKER = ("celery", "-A", "loopcare", "worker", "--concurrency", "1", "--loglevel", "warning", "--without-mingle")


def due_message() -> Message:
    """A message that a worker settles without any carrier: its customer asked not to be contacted."""
    now = clock.now()
    customer = add_customer(reference="C-1", now=now, email="one@example.com")
    suppress(customer_id=customer.pk, reason="asked", now=now)
    return Message.objects.create(
        customer=customer, channel="email", purpose="survey", key="k", created_at=now, due_at=now
    )


@pytest.mark.parametrize("broker", ["running", "gone"])
def test_worker_sweeps_by_itself(start: Start, broker: str) -> None:
    url = os.environ["REDIS_URL"] if broker == "running" else "redis://127.0.0.1:1/0"
    message = due_message()
    start(*WORKER, REDIS_URL=url, LOOPCARE_BELL="off")
    recovery = wait_for(lambda: status(message) == DueStatus.CANCELLED, seconds=60)
    print(f"broker {broker}, bell off: first sweep after {recovery:.1f} s")
    again = Message.objects.create(
        customer=message.customer,
        channel="email",
        purpose="survey",
        key="k2",
        created_at=clock.now(),
        due_at=clock.now() + timedelta(seconds=1),
    )
    late = wait_for(lambda: status(again) == DueStatus.CANCELLED, seconds=20)
    print(f"broker {broker}, bell off: a row due in 1 s was done after {late:.1f} s")


def status(message: Message) -> str:
    return Message.objects.values_list("status", flat=True).get(pk=message.pk)
