"""Saved mappings: found by their columns, under one name each, on record."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from loopcare.common.errors import Invalid
from loopcare.staff.enums import AuditAction, Role
from loopcare.staff.models import AuditEntry, User
from surveys.models import SavedMapping
from surveys.services.mappings import (
    delete_mapping,
    header_fingerprint,
    mapping_called,
    mapping_for,
    rename_mapping,
    save_mapping,
)
from tests.factories import make_user
from tests.surveys.test_views_imports import MAPPING

pytestmark = pytest.mark.django_db

HEADER = ("Id", "Score")


@pytest.fixture
def by() -> User:
    return make_user(Role.SUPERVISOR)


def save(
    name: str, by: User, now: datetime, *, header: tuple[str, ...] = HEADER, replace: bool = False
) -> SavedMapping:
    return save_mapping(name=name, text=MAPPING, header=header_fingerprint(header), by=by, now=now, replace=replace)


def test_fingerprint_tells_names_and_their_order() -> None:
    headers = [("a", "b"), ("b", "a"), ("a", "b", ""), ("ab", ""), ("a", "a"), ("a", "a#2"), ("a", "a ")]
    assert len({header_fingerprint(header) for header in headers}) == len(headers) - 1
    assert header_fingerprint(("a", "a")) == header_fingerprint(("a", "a#2"))  # both are addressed alike
    assert header_fingerprint(("a", "b")) == "59b271ae1bbcb1d31d41929817f4b16fb439eb4f31520b5ad1d5ce98920a7138"


def test_mapping_is_found_by_the_columns_of_a_file_the_latest_first(by: User, now: datetime) -> None:
    save("Old", by, now)
    save("New", by, now + timedelta(days=1))
    save("Other", by, now + timedelta(days=2), header=("Score", "Id"))
    found = mapping_for(HEADER)
    assert (found and found.name, mapping_for(("Id",))) == ("New", None)


def test_mapping_is_found_by_its_name(by: User, now: datetime) -> None:
    saved = save(" Monthly ", by, now)
    assert (saved.name, mapping_called("Monthly"), mapping_called("monthly")) == ("Monthly", saved, None)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "Give the mapping a name."),
        (" ", "Give the mapping a name."),
        ("x" * 81, "This is longer than 80 characters."),
        ("Taken", "There is already a mapping Taken."),
    ],
)
def test_name_that_cannot_be_used_is_refused(name: str, sentence: str, by: User, now: datetime) -> None:
    save("Taken", by, now)
    other = save("Other", by, now)
    for refused in (
        lambda: save(name, by, now),
        lambda: rename_mapping(mapping=other, name=name, by=by, now=now),
    ):
        with pytest.raises(Invalid) as error:
            refused()
        assert (error.value.message, error.value.field) == (sentence, "name")
    assert sorted(SavedMapping.objects.values_list("name", flat=True)) == ["Other", "Taken"]
    assert AuditEntry.objects.count() == 2


def test_text_that_is_no_mapping_is_not_saved(by: User, now: datetime) -> None:
    with pytest.raises(Invalid):
        save_mapping(name="x", text="[columns]", header="", by=by, now=now)
    assert (SavedMapping.objects.count(), AuditEntry.objects.count()) == (0, 0)


def test_mapping_is_replaced_only_when_told(by: User, now: datetime) -> None:
    first = save("Monthly", by, now)
    second = save("Monthly", by, now + timedelta(days=1), header=("a", "b"), replace=True)
    assert (second.pk, second.saved_at) == (first.pk, now + timedelta(days=1))
    assert (mapping_for(HEADER), mapping_for(("a", "b"))) == (None, second)


def test_every_change_is_on_record(by: User, now: datetime) -> None:
    saved = save("Monthly", by, now)
    pk = saved.pk
    rename_mapping(mapping=saved, name="Weekly", by=by, now=now)
    delete_mapping(mapping=saved, by=by, now=now)
    assert SavedMapping.objects.count() == 0
    entries = AuditEntry.objects.order_by("id").values_list("actor", "action", "subject", "subject_id", "note")
    assert list(entries) == [
        (by.pk, AuditAction.CONFIGURE, "mapping", pk, note) for note in ("saved", "renamed", "deleted")
    ]
