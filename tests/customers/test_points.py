"""Contact points by the thousand: what is new is counted, what is known costs a look, nobody's are left out."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries, Settings

from loopcare.customers import points
from loopcare.customers.encryption import blind_index
from loopcare.customers.models import ContactPoint, Customer
from loopcare.customers.points import merge_points
from loopcare.customers.selectors import LAST_FOUR
from loopcare.customers.services import erase_customer, is_erased
from tests.threads import PATIENCE, Threads, someone_waits, wait_until

NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)


def make_customers(*references: str) -> dict[str, int]:
    made = [Customer.objects.create(reference=reference, created_at=NOW) for reference in references]
    return {customer.reference: customer.pk for customer in made}


def phone(number: int) -> str:
    return f"+86138{number:08d}"


def stored() -> list[tuple[str, str, str]]:
    """What is kept, customer by customer in the order in which it is tried."""
    rows = ContactPoint.objects.select_related("customer").order_by("customer__reference", "id")
    return [(row.customer.reference, row.kind, str(row.value)) for row in rows]


def test_point_is_stored_as_the_model_says(db: None) -> None:
    ids = make_customers("C-1")
    assert merge_points(rows=[("C-1", "phone", "+8613800138000")]) == 1
    point = ContactPoint.objects.get()
    assert (point.customer_id, point.kind, point.value) == (ids["C-1"], "phone", "+8613800138000")
    assert (point.rank, point.status, point.consent) == (0, "ok", "unknown")
    assert bytes(point.index) == blind_index("+8613800138000", purpose="phone")
    assert bytes(point.last_four) == blind_index("8000", purpose=LAST_FOUR)


def test_what_is_new_is_counted_and_nobodys_points_are_left_out(db: None) -> None:
    make_customers("C-1", "C-2")
    first = [("C-2", "phone", phone(1)), ("C-1", "phone", phone(1)), ("C-1", "email", "a@example.com")]
    assert merge_points(rows=[*first, *first, ("C-9", "phone", phone(1))]) == 3
    assert merge_points(rows=[*first, ("C-1", "email", "b@example.com"), ("C-9", "phone", phone(1))]) == 1
    assert stored() == [
        ("C-1", "phone", phone(1)),
        ("C-1", "email", "a@example.com"),
        ("C-1", "email", "b@example.com"),
        ("C-2", "phone", phone(1)),
    ]


def test_numbers_are_kept_in_the_order_they_were_told(db: None) -> None:
    make_customers("C-1", "C-2")
    told = [(reference, "phone", phone(n * 7919 % 100)) for n in range(40) for reference in ("C-2", "C-1")]
    assert merge_points(rows=told) == 80
    assert stored() == sorted(told, key=lambda row: row[0])


@pytest.mark.parametrize("at_once", [1, 2, 3, 100])
def test_batches_change_nothing(db: None, monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr(points, "AT_ONCE", at_once)
    make_customers(*(f"C-{n}" for n in range(5)))
    told = [(f"C-{n % 5}", "phone", phone(n)) for n in range(13)]
    assert merge_points(rows=told) == 13
    assert merge_points(rows=[*told, ("C-4", "phone", phone(99))]) == 1
    assert stored() == sorted([*told, ("C-4", "phone", phone(99))], key=lambda row: row[0])


REFERENCES = ["a,b", "{a}", '"', "\\", "NULL", "null", " ", "a b", "客户一", "o'clock", "%s", "\t", "a\nb"]


def test_references_may_look_like_anything(db: None) -> None:
    make_customers(*REFERENCES)
    told = [(reference, "phone", phone(n)) for n, reference in enumerate(REFERENCES)]
    assert merge_points(rows=told) == len(REFERENCES)
    assert merge_points(rows=told) == 0
    assert sorted(stored()) == sorted(told)


def test_addresses_may_hold_what_an_array_would_quote(db: None) -> None:
    make_customers("C-1")
    told = [
        ("C-1", "email", text)
        for text in ('"a,b"@example.com', "{a}@example.com", "o'b\\c@example.com", "李@例子.中国")
    ]
    assert merge_points(rows=told) == 4
    assert stored() == told


def test_known_points_cost_one_look_and_no_encryption(
    db: None, settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_customers("C-1", "C-2")
    told = [(reference, "phone", phone(n)) for n in range(50) for reference in ("C-1", "C-2")]
    with django_assert_num_queries(5):  # a savepoint and its release, the look, the ids, the rows
        assert merge_points(rows=told) == 100
    settings.FIELD_KEYS = []  # nothing can be encrypted now
    with django_assert_num_queries(3):
        assert merge_points(rows=[*told, ("C-9", "phone", phone(1))]) == 0


def test_no_points_cost_nothing(db: None, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        assert merge_points(rows=[]) == 0


# --- at the same time -------------------------------------------------------------------------------------------------
def test_those_who_tell_of_the_same_at_once_count_every_point_once(transactional_db: None) -> None:
    """In opposite orders, which without one order of their own would be a deadlock."""
    make_customers("C-1", "C-2")
    told = [(f"C-{1 + n % 2}", "phone", phone(n)) for n in range(3_000)]
    with Threads(3) as threads:
        orders = (told, told[::-1], told[1_500:] + told[:1_500])
        running = [threads.start(partial(merge_points, rows=order)) for order in orders]
        counts = [one.result(PATIENCE) for one in running]
    assert (sum(counts), ContactPoint.objects.count()) == (3_000, 3_000)


def test_second_teller_waits_and_counts_nothing(transactional_db: None) -> None:
    make_customers("C-1")
    told = [("C-1", "phone", phone(1)), ("C-1", "phone", phone(2))]
    with Threads(1) as threads:
        with transaction.atomic():
            assert merge_points(rows=told[:1]) == 1
            second = threads.start(lambda: merge_points(rows=told))
            wait_until(someone_waits)
        assert second.result(PATIENCE) == 1
    assert stored() == told


def test_customer_erased_in_between_gets_no_number_back(transactional_db: None) -> None:
    ids = make_customers("C-1", "C-2")
    told = [("C-1", "phone", phone(1)), ("C-2", "phone", phone(2))]
    with Threads(1) as threads:
        with transaction.atomic():
            erase_customer(customer_id=ids["C-1"], now=NOW)
            telling = threads.start(lambda: merge_points(rows=told))
            wait_until(someone_waits)
        assert telling.result(PATIENCE) == 1
    assert [reference for reference, _kind, _value in stored()] == ["C-2"]


def test_erasure_waits_for_a_number_that_is_being_told(transactional_db: None) -> None:
    ids = make_customers("C-1")
    with Threads(1) as threads:
        with transaction.atomic():
            assert merge_points(rows=[("C-1", "phone", phone(1))]) == 1
            erasing = threads.start(lambda: erase_customer(customer_id=ids["C-1"], now=NOW))
            wait_until(someone_waits)
        assert is_erased(erasing.result(PATIENCE))
    assert stored() == []
