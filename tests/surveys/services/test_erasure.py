"""An erasure takes turns with landings, so that nothing comes behind it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from threading import Event

import pytest
from django.db import connection, transaction

from loopcare.common.errors import Conflict, NotFound
from loopcare.customers.models import Customer
from surveys.models import PoolEntry, Signal
from surveys.services import erasure
from surveys.services.landing import ERASURE_LOCK
from tests.surveys.facts import hear, rated

DAY = date(2025, 3, 3)
NOW = datetime(2025, 3, 3, 4, 0, tzinfo=UTC)


@pytest.mark.django_db(transaction=True)
def test_landing_in_the_middle_is_waited_for_and_cleared_too() -> None:
    hear(rated("a", 20, on=DAY, comment="one"), now=NOW)
    customer = Customer.objects.get()
    landed, may_commit = Event(), Event()

    def land() -> None:
        with transaction.atomic():
            hear(rated("a", 10, on=DAY, comment="two"), now=NOW)
            landed.set()
            may_commit.wait(timeout=20)
        connection.close()

    def erase() -> int:
        done = erasure.erase(customer_id=customer.pk, now=NOW).signals
        connection.close()
        return done

    with ThreadPoolExecutor(2) as pool:
        landing = pool.submit(land)
        assert landed.wait(timeout=20)
        erasing = pool.submit(erase)
        while not _waiting():
            assert not erasing.done()
        may_commit.set()
        landing.result(timeout=20)
        assert erasing.result(timeout=20) == 2
    assert list(Signal.objects.values_list("comment", flat=True)) == ["", ""]
    assert list(PoolEntry.objects.values_list("comment", "left_reason")) == [("", "erased")]


@pytest.mark.django_db(transaction=True)
def test_landing_that_begins_behind_an_erasure_is_of_a_new_customer() -> None:
    hear(rated("a", 20, on=DAY, comment="one"), now=NOW)
    customer = Customer.objects.get()

    def land() -> None:
        hear(rated("a", 10, on=DAY, comment="two"), now=NOW)
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            erasure.erase(customer_id=customer.pk, now=NOW)
            landing = pool.submit(land)
            while not _waiting():
                assert not landing.done()
        landing.result(timeout=20)
    told = Signal.objects.order_by("id").values_list("customer__reference", "comment")
    assert list(told) == [(f"erased-{customer.pk}", ""), ("a", "two")]


def _waiting() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        (waiting,) = cursor.fetchone()
    return bool(waiting)


@pytest.mark.django_db(transaction=True)
def test_landing_that_takes_too_long_is_a_conflict_and_nothing_is_erased() -> None:
    hear(rated("a", 20, on=DAY, comment="one"), now=NOW)
    customer = Customer.objects.get()

    def erase() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '200ms'")
        try:
            erasure.erase(customer_id=customer.pk, now=NOW)
        finally:
            connection.close()

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [ERASURE_LOCK])
        with ThreadPoolExecutor(1) as pool, pytest.raises(Conflict, match="repeat in a moment"):
            pool.submit(erase).result(timeout=20)
    customer.refresh_from_db()
    assert (customer.reference, Signal.objects.get().comment) == ("a", "one")


@pytest.mark.django_db
def test_somebody_else_is_left_as_they_are() -> None:
    hear(rated("a", 20, on=DAY, comment="one"), rated("b", 20, on=DAY, comment="two"), now=NOW)
    before = list(Signal.objects.filter(customer__reference="b").values())
    stay = list(PoolEntry.objects.filter(customer__reference="b").values())
    erased = erasure.erase(customer_id=Customer.objects.get(reference="a").pk, now=NOW)
    assert (erased.signals, erased.stays, erased.answers, erased.left_pool) == (1, 1, 0, 1)
    assert list(Signal.objects.filter(customer__reference="b").values()) == before
    assert list(PoolEntry.objects.filter(customer__reference="b").values()) == stay


@pytest.mark.django_db
def test_nobody_cannot_be_erased() -> None:
    with pytest.raises(NotFound):
        erasure.erase(customer_id=1, now=NOW)
