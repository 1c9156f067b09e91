"""Due rows: claimed once, charged as they start, put back, dead after five tries; zombies write nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from pytest_django import DjangoAssertNumQueries

from loopcare.common.due_rows import MAX_TRIES, Drained, DueStatus, Later, Never, Queue
from loopcare.contact.enums import Channel, Purpose
from loopcare.contact.models import Message
from loopcare.customers.models import Customer
from loopcare.customers.services import add_customer

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def nothing(row: Message, now: datetime) -> None:
    """Work that only completes."""


@pytest.fixture
def customer(db: None) -> Customer:
    return add_customer(reference="C-1", now=NOW, email="one@example.com")


def make(customer: Customer, count: int = 1, *, due_at: datetime = NOW) -> list[Message]:
    return Message.objects.bulk_create(
        [
            Message(
                customer=customer,
                channel=Channel.EMAIL,
                purpose=Purpose.SURVEY,
                key=f"k{n}",
                created_at=NOW,
                due_at=due_at,
            )
            for n in range(count)
        ]
    )


def test_drain_does_what_is_due_and_only_that(customer: Customer) -> None:
    due, later = make(customer)[0], NOW + timedelta(seconds=1)
    Message.objects.create(
        customer=customer, channel="email", purpose="survey", key="later", created_at=NOW, due_at=later
    )
    seen: list[int] = []
    queue = Queue(Message, lambda row, now: seen.append(row.pk))

    assert queue.drain(now=NOW) == Drained(done=1)
    assert seen == [due.pk]
    assert queue.drain(now=NOW) == Drained()
    row = Message.objects.get(pk=due.pk)
    assert (row.status, row.tries, row.epoch, row.holder, row.lease_until) == (DueStatus.DONE, 1, 1, "", None)


def test_drain_uses_the_installations_clock_by_default(customer: Customer) -> None:
    make(customer, due_at=NOW)
    assert Queue(Message, nothing).drain() == Drained(done=1)


def test_failure_puts_the_row_back_and_the_fifth_makes_it_dead(customer: Customer) -> None:
    row, now = make(customer)[0], NOW

    def fail(row: Message, now: datetime) -> None:
        raise ValueError("no")

    queue = Queue(Message, fail, back_off=lambda tries: timedelta(minutes=tries))
    trail = []
    for _round in range(MAX_TRIES):
        queue.drain(now=now)
        row.refresh_from_db()
        trail.append((row.status, row.tries, row.due_at - now))
        assert queue.drain(now=now) == Drained()
        now = row.due_at
    assert trail == [
        ("waiting", 1, timedelta(minutes=1)),
        ("waiting", 2, timedelta(minutes=2)),
        ("waiting", 3, timedelta(minutes=3)),
        ("waiting", 4, timedelta(minutes=4)),
        ("dead", 5, timedelta(seconds=60)),
    ]
    assert row.last_error == "ValueError: no"
    assert queue.drain(now=now + timedelta(days=9)) == Drained()


def test_failed_work_leaves_nothing_behind(customer: Customer) -> None:
    make(customer)

    def half(row: Message, now: datetime) -> None:
        Customer.objects.filter(pk=row.customer_id).update(brand="half")
        raise ValueError("no")

    Queue(Message, half).drain(now=NOW)
    customer.refresh_from_db()
    assert customer.brand == ""


def test_poison_charges_no_neighbour(customer: Customer) -> None:
    rows = make(customer, 20)
    poison = rows[7].pk

    def work(row: Message, now: datetime) -> None:
        if row.pk == poison:
            raise ValueError("poison")

    queue = Queue(Message, work, back_off=lambda tries: timedelta(0))
    queue.drain(now=NOW)
    tries = dict(Message.objects.values_list("pk", "tries"))
    assert tries == {row.pk: (MAX_TRIES if row.pk == poison else 1) for row in rows}
    assert list(Message.objects.filter(status=DueStatus.DEAD).values_list("pk", flat=True)) == [poison]


def test_row_whose_worker_vanished_is_taken_again_after_its_lease(customer: Customer) -> None:
    make(customer, 3)

    class Killed(BaseException):
        """As a SIGKILL: nothing catches it, nothing is cleaned up."""

    def die(row: Message, now: datetime) -> None:
        raise Killed

    with pytest.raises(Killed):
        Queue(Message, die, lease=timedelta(seconds=60)).drain(now=NOW)
    queue = Queue(Message, nothing)
    assert queue.drain(now=NOW + timedelta(seconds=59)) == Drained()
    assert queue.drain(now=NOW + timedelta(seconds=61)) == Drained(done=3)
    # The one that ran was charged twice, its neighbours once.
    assert sorted(Message.objects.values_list("tries", flat=True)) == [1, 1, 2]


def test_zombie_neither_completes_nor_keeps_its_effect(customer: Customer) -> None:
    """The lease ends while the work runs and an heir takes the row: the first holder's write is refused."""
    row = make(customer)[0]
    heir = Queue(Message, nothing)

    def slow(row: Message, now: datetime) -> None:
        Customer.objects.filter(pk=row.customer_id).update(brand="zombie")

    def frozen(row: Message, now: datetime) -> None:
        assert heir.drain(now=NOW + timedelta(minutes=5)) == Drained(done=1)

    assert Queue(Message, slow, outside=frozen).drain(now=NOW) == Drained()
    customer.refresh_from_db()
    row.refresh_from_db()
    assert (customer.brand, row.status, row.epoch) == ("", DueStatus.DONE, 2)


@pytest.mark.parametrize(
    ("signal", "status", "tries"),
    [
        (lambda: Later(NOW + timedelta(hours=1)), DueStatus.WAITING, 0),
        (lambda: Never("not wanted", refused="suppressed"), DueStatus.CANCELLED, 1),
    ],
)
def test_work_may_put_off_or_call_off(
    customer: Customer, signal: Callable[[], Exception], status: DueStatus, tries: int
) -> None:
    row = make(customer)[0]

    def work(row: Message, now: datetime) -> None:
        raise signal()

    assert Queue(Message, work).drain(now=NOW) == Drained(put_off=1)
    row.refresh_from_db()
    assert (row.status, row.tries) == (status, tries)


@pytest.mark.parametrize("before", DueStatus.values)
@pytest.mark.parametrize("after", DueStatus.values)
def test_due_status_moves_are_these_and_no_others(before: str, after: str) -> None:
    allowed = {
        ("waiting", "running"),
        ("waiting", "cancelled"),
        ("running", "running"),
        ("running", "done"),
        ("running", "waiting"),
        ("running", "dead"),
        ("running", "cancelled"),
        ("dead", "waiting"),
    }
    assert (after in DueStatus.moves()[DueStatus(before)]) == ((before, after) in allowed)


def test_database_refuses_a_held_row_that_does_not_run(customer: Customer) -> None:
    row = make(customer)[0]
    with pytest.raises(IntegrityError, match="message_held_only_while_running"), transaction.atomic():
        Message.objects.filter(pk=row.pk).update(holder="somebody")


def test_empty_queue_costs_two_statements_on_the_partial_index(
    customer: Customer, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    queue = Queue(Message, nothing)
    queue.drain(now=NOW)
    with django_assert_num_queries(2):
        queue.drain(now=NOW)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT id FROM contact_message WHERE status IN ('waiting','running') AND due_at <= now()"
        )
        assert "message_due" in "\n".join(line for (line,) in cursor.fetchall())
