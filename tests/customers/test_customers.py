"""Contact details: encrypted, found by blind index, shown behind a mask, revealed on the record."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from pytest_django import Settings

from loopcare.common.errors import Invalid, NotFound
from loopcare.customers.encryption import blind_index, decrypt, encrypt
from loopcare.customers.models import ContactPoint, Customer
from loopcare.customers.numbers import mask, mask_name, normalise
from loopcare.customers.points import merge_points
from loopcare.customers.selectors import Masked, MaskedPoint, find_by_contact, masked, zone_of
from loopcare.customers.services import add_customer, erase_customer, is_erased, reveal
from loopcare.staff.enums import AuditAction, Role
from loopcare.staff.models import AuditEntry, User

NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("phone", "138 0013 8000", "+8613800138000"),
        ("phone", "+44 20 7946 0958", "+442079460958"),
        ("phone", "013800138000", "+8613800138000"),
        ("email", " One@Example.COM ", "one@example.com"),
    ],
)
def test_number_has_one_written_form(kind: str, text: str, expected: str) -> None:
    assert normalise(kind, text) == expected


@pytest.mark.parametrize(("kind", "text"), [("phone", "12"), ("phone", "call me"), ("email", "one@"), ("email", "")])
def test_what_is_no_number_is_refused(kind: str, text: str) -> None:
    with pytest.raises(Invalid):
        normalise(kind, text)


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("phone", "+8613800138000", "138****8000"),
        ("phone", "+442079460958", "+44****0958"),
        ("email", "one@example.com", "o***@example.com"),
    ],
)
def test_mask_hides_the_middle(kind: str, value: str, shown: str) -> None:
    assert mask(kind, value) == shown


@pytest.mark.parametrize(("name", "shown"), [("Wang Li", "Wang**"), ("王丽", "王**"), ("", ""), ("  ", "")])
def test_name_is_masked(name: str, shown: str) -> None:
    assert mask_name(name) == shown


def test_keys_rotate(settings: Settings) -> None:
    old = settings.FIELD_KEYS
    stored = encrypt("138")
    settings.FIELD_KEYS = [Fernet.generate_key().decode(), *old]
    assert decrypt(stored) == "138"
    assert decrypt(encrypt("139")) == "139"
    settings.FIELD_KEYS = settings.FIELD_KEYS[:1]
    with pytest.raises(ImproperlyConfigured, match="add the old key"):
        decrypt(stored)


def test_database_holds_neither_name_nor_number(db: None) -> None:
    add_customer(reference="C-1", now=NOW, name="Wang Li", phone="13800138000", email="one@example.com")
    with connection.cursor() as cursor:
        cursor.execute("SELECT c::text || p::text FROM customers_customer c JOIN customers_contactpoint p ON true")
        text = "".join(row for (row,) in cursor.fetchall())
    assert [word for word in ("Wang", "13800138000", "8000", "example.com") if word in text] == []


def test_same_number_twice_is_one_number(db: None) -> None:
    customer = add_customer(reference="C-1", now=NOW, phone="13800138000")
    assert merge_points(rows=[("C-1", "phone", "+8613800138000"), ("C-1", "phone", "+8613800138001")]) == 1
    assert ContactPoint.objects.filter(customer=customer).count() == 2


@pytest.mark.parametrize("text", ["13800138000", "+86 138-0013-8000", "8000", "ONE@example.com", "C-1"])
def test_customer_is_found_by_what_they_say(db: None, text: str) -> None:
    wanted = add_customer(reference="C-1", now=NOW, phone="13800138000", email="one@example.com")
    add_customer(reference="C-2", now=NOW, phone="13900139001")
    assert list(find_by_contact(text)) == [wanted]


def test_masked_view_decrypts_to_masks_only(db: None) -> None:
    customer = add_customer(reference="C-1", now=NOW, name="王丽", phone="13800138000")
    point = ContactPoint.objects.get(customer=customer)
    assert masked([customer.pk]) == {
        customer.pk: Masked(name="王**", points=[MaskedPoint(point.pk, "phone", "138****8000", "ok")])
    }


def test_reveal_is_one_line_of_the_trail(db: None) -> None:
    customer = add_customer(reference="C-1", now=NOW, phone="13800138000")
    analyst = User.objects.create(username="a", role=Role.ANALYST)
    point = ContactPoint.objects.get(customer=customer)
    assert reveal(point_id=point.pk, actor=analyst, now=NOW) == "+8613800138000"
    assert list(AuditEntry.objects.values_list("actor", "action", "subject", "subject_id", "at")) == [
        (analyst.pk, AuditAction.REVEAL, "customer", customer.pk, NOW)
    ]
    with pytest.raises(NotFound):
        reveal(point_id=point.pk + 1, actor=analyst, now=NOW)


def test_blind_index_depends_on_purpose_and_key(settings: Settings) -> None:
    first = blind_index("8000", purpose="phone")
    assert len(first) == 16
    assert first != blind_index("8000", purpose="last_four")
    settings.INDEX_KEY = "another"
    assert first != blind_index("8000", purpose="phone")


def test_zone_is_the_regions_or_the_installations(db: None, settings: Settings) -> None:
    customer = add_customer(reference="C-1", now=NOW)
    assert str(zone_of(customer)) == settings.TIME_ZONE
    settings.TIME_ZONE = "Europe/Madrid"
    other = Customer.objects.get(pk=add_customer(reference="C-2", now=NOW, region="ES").pk)
    assert str(zone_of(other)) == "Europe/Madrid"


@pytest.mark.django_db
def test_erased_customer_is_nobody_and_the_trail_says_so_once() -> None:
    pk = add_customer(
        reference="C-1", now=NOW, name="Wang", brand="gold", value_tier="high", phone="13800138000", attributes={}
    ).pk
    for _again in range(2):
        erased = erase_customer(customer_id=pk, now=NOW, note="asked")
        assert (erased.reference, erased.name, erased.attributes) == (f"erased-{pk}", None, {})
    assert (erased.brand, erased.value_tier, is_erased(erased)) == ("gold", "high", True)
    assert masked([pk]) == {pk: Masked(name="")}
    assert ContactPoint.objects.count() == 0
    trail = AuditEntry.objects.values_list("action", "subject", "subject_id", "note")
    assert list(trail) == [(AuditAction.ERASE, "customer", pk, "asked")]
    assert add_customer(reference="C-1", now=NOW).pk != pk
    with pytest.raises(NotFound):
        erase_customer(customer_id=0, now=NOW)
