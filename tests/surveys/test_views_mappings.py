"""Saved mappings by page: kept at a dry run or an import, listed, renamed, deleted."""

from __future__ import annotations

import pytest
from pytest_django import DjangoAssertNumQueries

from loopcare.staff.enums import Role
from surveys.models import SavedMapping
from tests.surveys.test_views_imports import MAPPING, imported, page, save, tried
from tests.surveys.test_views_pool import signed_in

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("finish", [tried, imported])
def test_mapping_is_kept_with_the_columns_of_its_file(finish: object) -> None:
    client = signed_in(Role.SUPERVISOR)
    batch = finish(client)  # type: ignore[operator]
    answer = client.post(f"/imports/{batch.pk}/mapping/", {"name": "Cards"})
    assert answer.headers["Location"] == f"/imports/{batch.pk}/"
    saved = SavedMapping.objects.get()
    assert (saved.name, saved.text, saved.header) == ("Cards", MAPPING, batch.counts["header"])
    text = page(client, f"/imports/{batch.pk}/")
    assert "Its mapping is saved as" in text
    assert "Save this mapping as" not in text


def test_name_that_is_taken_is_refused_until_it_is_to_be_replaced() -> None:
    client = signed_in(Role.SUPERVISOR)
    old = save("Cards", ["x", "y"])
    batch = tried(client)
    refused = client.post(f"/imports/{batch.pk}/mapping/", {"name": "Cards"})
    assert refused.status_code == 422
    assert refused.context["form"].errors == {"name": ["There is already a mapping Cards."]}
    client.post(f"/imports/{batch.pk}/mapping/", {"name": "Cards", "replace": "on"})
    saved = SavedMapping.objects.get()
    assert (saved.pk, saved.text) == (old.pk, MAPPING)


def test_mapping_is_renamed_and_deleted() -> None:
    client = signed_in(Role.ADMINISTRATOR)
    saved, other = save("Cards", ["a", "b"]), save("Other", ["a", "c"])
    taken = client.post(f"/imports/mappings/{saved.pk}/rename/", {"name": "Other"})
    assert (taken.status_code, taken.context["form"].errors) == (422, {"name": ["There is already a mapping Other."]})
    assert taken.context["mapping"].name == "Cards"
    client.post(f"/imports/mappings/{saved.pk}/rename/", {"name": "Cards of May"})
    assert "Cards of May" in page(client, "/imports/mappings/")
    client.post(f"/imports/mappings/{saved.pk}/delete/")
    assert list(SavedMapping.objects.all()) == [other]


def test_analysts_read_mappings_and_change_none() -> None:
    saved = save("Cards", ["a", "b"])
    client = signed_in(Role.ANALYST)
    text = page(client, f"/imports/mappings/{saved.pk}/")
    assert "occurred_on = 2026-03-01" in text
    assert "Rename" not in text
    statuses = [
        client.post(path, {"name": "x"}).status_code
        for path in (f"/imports/mappings/{saved.pk}/rename/", f"/imports/mappings/{saved.pk}/delete/")
    ]
    assert statuses == [403, 403]


@pytest.mark.parametrize("many", [1, 3])
def test_mappings_cost_the_same_queries_for_any_number(
    many: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(many):
        save(f"Cards {number}", ["a", "b"])
    client = signed_in(Role.SUPERVISOR)
    with django_assert_num_queries(5):
        client.get("/imports/mappings/")
