"""The API of stages 1 and 2: the same rows, the same refusals as the pages."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from loopcare.common import clock
from loopcare.contact.enums import Purpose
from loopcare.customers.models import ContactPoint
from loopcare.staff.enums import Role
from surveys.enums import LeftReason, PoolStatus
from surveys.models import Cause, Segment
from surveys.services.sending import invite
from surveys.services.setup import FOLLOW_UP, ensure_basics
from tests.factories import NOW, make_customer, make_entry, make_segment, make_source
from tests.surveys.test_views_imports import make_import
from tests.surveys.test_views_pool import signed_in

pytestmark = pytest.mark.django_db

READERS = {Role.SUPERVISOR, Role.ANALYST, Role.AUDITOR, Role.ADMINISTRATOR}
PLANNERS = {Role.SUPERVISOR, Role.ANALYST, Role.ADMINISTRATOR}
ROLES = {
    "pool-entries": READERS,
    "customers": READERS,
    "causes": set(Role),
    "segments": PLANNERS,
    "imports": PLANNERS,
    "invitations": READERS,
}


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("noun", ROLES)
def test_api_lists_open_by_role(noun: str, role: Role) -> None:
    assert signed_in(role).get(f"/api/v1/{noun}/").status_code == (200 if role in ROLES[noun] else 403)


@pytest.mark.parametrize("noun", ROLES)
def test_api_is_closed_to_strangers(noun: str, client: Any) -> None:
    answer = client.get(f"/api/v1/{noun}/")
    assert answer.status_code == 403
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("noun", ROLES)
def test_api_takes_any_page_size_and_gives_at_most_200(noun: str) -> None:
    Cause.objects.bulk_create([Cause(code=f"c{n:03}", name_en="x") for n in range(230)])
    answer = signed_in(Role.SUPERVISOR).get(f"/api/v1/{noun}/?page_size=1000000")
    assert answer.status_code == 200
    assert len(answer.json()["results"]) == (200 if noun == "causes" else 0)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"waiting", "in_care", "left"}),
        ("status__in=waiting,in_care", {"waiting", "in_care"}),
        ("gap__lte=-30", {"waiting", "left"}),
        ("gap__gte=-30", {"in_care"}),
        ("brand__isnull=true", {"waiting", "left"}),
        ("source__in=sms", {"in_care"}),
        ("causes__in=refund,x", {"in_care"}),
        ("customer__name=Wang", {"waiting", "in_care", "left"}),
        ("_connector=OR&status=waiting", {"waiting"}),
    ],
)
def test_api_pool_entries_filters_come_from_an_allow_list(query: str, found: set[str]) -> None:
    make_entry()
    make_entry(status=PoolStatus.IN_CARE, perceived=50.0, brand="A", causes=["refund"], source=make_source("sms"))
    make_entry(status=PoolStatus.LEFT, left_at=NOW, left_reason=LeftReason.EXPIRED)
    answer = signed_in(Role.ANALYST).get(f"/api/v1/pool-entries/?{query}")
    assert {row["status"] for row in answer.json()["results"]} == found


@pytest.mark.parametrize(
    "query",
    ["gap__gte=x", "gap__gte=nan", "repeat_count__gte=1e999", "entered_on=2026-02-30", "status__in=%00", "after=x"],
)
def test_api_refuses_unreadable_filters_as_a_problem(query: str) -> None:
    answer = signed_in(Role.ANALYST).get(f"/api/v1/pool-entries/?{query}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json")


def test_api_pool_entry_says_what_the_page_says() -> None:
    entry = make_entry(brand="A", causes=["refund"])
    row = signed_in(Role.AUDITOR).get(f"/api/v1/pool-entries/{entry.pk}/").json()
    assert (row["source"], row["gap"], row["causes"], row["brand"]) == ("hotline", -40.0, ["refund"], "A")


def test_api_customers_are_masked() -> None:
    customer = make_customer(name="Wang Min", reference="13800001111")
    (point,) = ContactPoint.objects.filter(customer=customer)
    client = signed_in(Role.ANALYST)
    for path in ("/api/v1/customers/", f"/api/v1/customers/{customer.pk}/"):
        text = client.get(path).content.decode()
        assert "Wang**" in text
        for secret in ("Wang Min", "13800001111", point.value, point.value.removeprefix("+86")):
            assert secret not in text


@pytest.mark.parametrize("many", [1, 3])
@pytest.mark.parametrize(("noun", "queries"), [("pool-entries", 4), ("customers", 6), ("segments", 4), ("imports", 4)])
def test_api_lists_cost_the_same_queries_for_any_number(
    noun: str, queries: int, many: int, django_assert_num_queries: Any
) -> None:
    for number in range(many):
        make_entry()
        make_segment()
        make_import(source=make_source(f"s{number}"))
    client = signed_in(Role.SUPERVISOR)
    with django_assert_num_queries(queries):
        client.get(f"/api/v1/{noun}/")


def test_api_segment_is_created_changed_and_counted() -> None:
    make_entry(repeat_count=2)
    make_entry()
    client = signed_in(Role.SUPERVISOR)
    made = client.post("/api/v1/segments/", {"name": "Again", "rule": "repeat_count >= 2"}, "application/json")
    assert made.status_code == 201
    url = f"/api/v1/segments/{made.json()['id']}/"
    assert client.get(f"{url}count/").json() == {"count": 1}
    assert client.patch(url, {"rule": "gap < 0"}, "application/json").json()["rule"] == "gap < 0"
    assert client.get(f"{url}count/").json() == {"count": 2}
    assert client.delete(url).status_code == 405
    assert Segment.objects.get().name == "Again"


@pytest.mark.parametrize(
    "data",
    [
        {"name": "Taken", "rule": "gap < 0"},
        {"name": "", "rule": "gap < 0"},
        {"name": "New", "rule": "gap <"},
        {"name": "New"},
        {"name": "New", "rule": "x" * 3000},
        [],
    ],
)
def test_api_segment_refuses_as_a_problem(data: Any) -> None:
    make_segment(name="Taken")
    answer = signed_in(Role.SUPERVISOR).post("/api/v1/segments/", data, "application/json")
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json")
    assert Segment.objects.count() == 1


def test_api_explain_reads_a_rule_or_says_where_it_is_wrong() -> None:
    make_entry()
    client = signed_in(Role.ANALYST)
    read = client.post("/api/v1/segments/explain/", {"rule": "(gap<0)"}, "application/json").json()
    assert (read["rule"], read["count"]) == ("gap < 0", 1)
    assert read["words"]["en"] == "gap to the adequate level is below 0"
    wrong = client.post("/api/v1/segments/explain/", {"rule": "gap < "}, "application/json")
    assert (wrong.status_code, wrong.json()["type"]) == (422, "urn:loopcare:invalid_rule")
    assert (wrong.json()["offset"], wrong.json()["expected"]) == (6, ["a number", "a text in 'quotes'"])


def test_api_imports_tell_counts_and_the_first_rejects() -> None:
    batch = make_import(counts={"rows": 4})
    batch.rejects.create(row=4, column="Score", value="x", reason="This is not a number.")
    client = signed_in(Role.SUPERVISOR)
    assert client.get("/api/v1/imports/").json()["results"][0]["counts"] == {"rows": 4}
    assert client.get(f"/api/v1/imports/{batch.pk}/").json()["rejects"] == [
        {"row": 4, "column": "Score", "value": "x", "reason": "This is not a number."}
    ]


def test_api_invitations_never_tell_the_token() -> None:
    ensure_basics()
    _invitation, token = invite(
        customer_id=make_customer().pk, questionnaire=FOLLOW_UP, purpose=Purpose.FOLLOW_UP, key="k", now=clock.now()
    )
    client = signed_in(Role.ANALYST)
    answer = client.get("/api/v1/invitations/?answered=false")
    assert [row["questionnaire"] for row in answer.json()["results"]] == [FOLLOW_UP]
    assert token not in answer.content.decode()
    assert client.get("/api/v1/invitations/?answered=true").json()["results"] == []


def test_api_schema_knows_every_noun() -> None:
    answer = signed_in(Role.ANALYST).get(reverse("api:schema"), headers={"Accept": "application/json"})
    paths = answer.json()["paths"]
    assert {f"/api/v1/{noun}/" for noun in ROLES} <= set(paths)
    assert "post" in paths["/api/v1/segments/explain/"]
