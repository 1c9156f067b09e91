"""Alarms and incidents by the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from loopcare.staff.enums import Role
from surveys.enums import AlarmStatus, IncidentStatus
from surveys.models import Alarm, Incident
from tests.factories import NOW, make_customer, make_source, make_user, set_clock
from tests.surveys.test_views_pool import signed_in
from tests.surveys.watching import DAY, detect, make_alarm

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock() -> None:
    set_clock(NOW)


def post(client: Client, path: str, **data: Any) -> Any:
    return client.post(f"/api/v1/{path}", data, "application/json")


def test_api_alarm_says_what_the_page_says() -> None:
    alarm = make_alarm(brand="", region=None)
    row = signed_in(Role.AUDITOR).get(f"/api/v1/alarms/{alarm.pk}/").json()
    assert row == {
        "id": alarm.pk,
        "day": "2026-03-02",
        "source": "hotline",
        "brand": "",
        "region": None,
        "channel": None,
        "observed": 41,
        "expected": 23.5,
        "lower": 13,
        "upper": 35,
        "p_value": 2e-05,
        "phi": 1.1,
        "raised_at": "2026-03-03T10:00:00+08:00",
        "status": "new",
        "acknowledged_by": None,
        "acknowledged_at": None,
        "incident": None,
    }


@pytest.mark.parametrize(
    ("query", "found"), [("", 2), ("brand=A", 1), ("status=new&day__lte=2026-03-01", 0), ("source=hotline", 1)]
)
def test_api_alarms_filter(query: str, found: int) -> None:
    make_alarm()
    make_alarm(source=None)
    assert signed_in(Role.ANALYST).get(f"/api/v1/alarms/?{query}").json()["count"] == found


@pytest.mark.parametrize("query", ["day=soon", "incident=x", "day__gte=2026-02-30"])
@pytest.mark.parametrize("noun", ["alarms"])
def test_api_refuses_unreadable_filters_as_a_problem(noun: str, query: str) -> None:
    answer = signed_in(Role.ANALYST).get(f"/api/v1/{noun}/?{query}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json")


def test_api_alarm_is_acknowledged_once() -> None:
    alarm, client = make_alarm(), signed_in(Role.SUPERVISOR)
    assert post(client, f"alarms/{alarm.pk}/acknowledge/").json()["status"] == "acknowledged"
    again = post(client, f"alarms/{alarm.pk}/acknowledge/")
    assert (again.status_code, again.json()["status_now"]) == (409, "acknowledged")


def test_api_alarm_tells_its_customers_masked() -> None:
    detect(DAY, 3, customer=make_customer(name="Wang Min"))
    answer = signed_in(Role.ANALYST).get(f"/api/v1/alarms/{make_alarm().pk}/customers/")
    assert [row["name"] for row in answer.json()["results"]] == ["Wang**"]
    assert "Wang Min" not in answer.content.decode()


def test_api_incident_is_opened_worked_off_and_closed() -> None:
    alarm, more = make_alarm(), make_alarm(DAY - timedelta(days=1))
    client, li = signed_in(Role.SUPERVISOR), make_user(Role.ADMINISTRATOR)
    made = post(client, "incidents/", title="Refunds", alarm=alarm.pk)
    row = made.json()
    assert (made.status_code, row["status"], row["steps_done"], row["alarms"]) == (201, "open", 0, [alarm.pk])
    assert [phase["code"] for phase in row["phases"]] == ["confirm", "explain", "contain", "mend", "learn"]
    path = f"incidents/{row['id']}"
    assert post(client, f"{path}/owner/", owner=li.pk).json()["owner"] == li.pk
    assert post(client, f"{path}/steps/", name="cause", done=True).json()["steps_done"] == 1
    assert post(client, f"{path}/steps/", name="cause", done=True).status_code == 409
    assert post(client, f"{path}/alarms/", alarm=more.pk).json()["alarms"] == [alarm.pk, more.pk]
    assert post(client, f"{path}/notes/", text="Told.").json()["log"][0]["text"] == "Told."
    assert post(client, f"{path}/contain/").json()["status"] == "contained"
    assert post(client, f"{path}/close/").json()["closed_at"] is not None
    assert post(client, f"{path}/close/").status_code == 409
    assert post(client, f"{path}/reopen/").json()["status"] == "open"
    assert sorted(Alarm.objects.values_list("status", flat=True)) == [AlarmStatus.INCIDENT] * 2


@pytest.mark.parametrize(
    "data",
    [{}, {"title": ""}, {"title": "x" * 121}, {"title": "x", "owner": 0}, {"title": "x", "alarm": 999}, {"title": []}],
)
def test_api_incident_refuses_as_a_problem(data: dict[str, Any]) -> None:
    answer = post(signed_in(Role.SUPERVISOR), "incidents/", **data)
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json")
    assert Incident.objects.count() == 0


@pytest.mark.parametrize(
    ("act", "data"), [("steps", {"name": "lunch", "done": True}), ("notes", {"text": ""}), ("owner", {"owner": 0})]
)
def test_api_incident_acts_refuse_as_a_problem(act: str, data: dict[str, Any]) -> None:
    client = signed_in(Role.SUPERVISOR)
    made = post(client, "incidents/", title="Refunds").json()
    assert post(client, f"incidents/{made['id']}/{act}/", **data).status_code == 422


@pytest.mark.parametrize(("query", "found"), [("", 2), ("status=closed", 1), ("status__in=open,contained", 1)])
def test_api_incidents_filter(query: str, found: int) -> None:
    client = signed_in(Role.SUPERVISOR)
    for title in ("One", "Two"):
        made = post(client, "incidents/", title=title).json()
    post(client, f"incidents/{made['id']}/close/")
    assert client.get(f"/api/v1/incidents/?{query}").json()["count"] == found
    assert Incident.objects.get(title="Two").status == IncidentStatus.CLOSED


@pytest.mark.parametrize("many", [1, 3])
@pytest.mark.parametrize(("noun", "queries"), [("alarms", 4), ("incidents", 5)])
def test_api_lists_cost_the_same_queries_for_any_number(
    noun: str, queries: int, many: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = signed_in(Role.SUPERVISOR)
    for number in range(many):
        alarm = make_alarm(source=make_source(f"s{number}"), brand="A")
        post(client, "incidents/", title="x", alarm=alarm.pk)
    with django_assert_num_queries(queries):
        client.get(f"/api/v1/{noun}/")


def test_api_schema_knows_alarms_and_incidents() -> None:
    answer = signed_in(Role.ANALYST).get(reverse("api:schema"), headers={"Accept": "application/json"})
    paths = answer.json()["paths"]
    assert "post" in paths["/api/v1/alarms/{id}/acknowledge/"]
    assert {"get", "post"} <= set(paths["/api/v1/incidents/"])
