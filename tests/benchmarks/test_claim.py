"""Taking the next row: our claim against the same statement by hand, the ORM's way, and the naive way."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction

from loopcare.common import clock
from loopcare.common.due_rows import DueStatus, Queue
from loopcare.contact.models import Message
from loopcare.customers.services import add_customer
from tests.benchmarks.conftest import compare, show

pytestmark = pytest.mark.bench

ROWS, CLAIMS = 20_000, 300

BY_HAND = """
WITH next(pk) AS MATERIALIZED (
    SELECT id FROM contact_message
    WHERE tries = 0 AND status IN ('waiting', 'running') AND due_at <= %s
    ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
)
UPDATE contact_message AS t SET holder = 'x', lease_until = %s, due_at = %s, epoch = epoch + 1, status = 'running'
FROM next WHERE t.id = next.pk RETURNING t.id, t.epoch, t.lease_until
"""


@pytest.fixture
def rows(transactional_db: None) -> None:
    now = clock.now() - timedelta(hours=1)
    customer = add_customer(reference="C-1", now=now)
    Message.objects.bulk_create(
        [
            Message(customer=customer, channel="email", purpose="survey", key=f"k{n}", created_at=now, due_at=now)
            for n in range(ROWS)
        ],
        batch_size=5_000,
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE contact_message")


def test_claims_per_second(rows: None) -> None:
    queue = Queue(Message, lambda row, now: None)
    until = clock.now() + timedelta(hours=1)

    def by_hand() -> int:
        with connection.cursor() as cursor:
            raw = cursor.connection.cursor()
            for _ in range(CLAIMS):
                raw.execute(BY_HAND, [until - timedelta(hours=1), until, until])
                raw.fetchall()
        return CLAIMS

    def ours() -> int:
        for _ in range(CLAIMS):
            queue._fresh.take(holder="x", limit=1)
        return CLAIMS

    def orm() -> int:
        for _ in range(CLAIMS):
            with transaction.atomic():
                row = (
                    Message.objects.filter(status="waiting", due_at__lte=until)
                    .order_by("due_at", "pk")
                    .select_for_update(skip_locked=True)
                    .first()
                )
                assert row is not None
                row.status, row.holder, row.lease_until, row.epoch = DueStatus.RUNNING, "x", until, row.epoch + 1
                row.save()
        return CLAIMS

    show("Claims, one connection", compare({"by hand": by_hand, "ours": ours, "ORM": orm}), floor="by hand")
