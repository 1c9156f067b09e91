"""Cases over the API: the lease travels as ETag and If-Match."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from careplans.enums import CaseStatus
from careplans.models import Attempt, Case, Draft
from loopcare.customers.models import ContactPoint
from loopcare.staff.enums import Role
from loopcare.staff.models import User
from tests.careplans.conftest import SignIn
from tests.factories import make_campaign, make_case, make_user

JSON = "application/json"


@pytest.fixture
def agent(db: None) -> User:
    return make_user()


def tell(client: Client, case: Case, *, tag: str | None = '"1"', **fields: Any) -> Any:
    headers = {} if tag is None else {"If-Match": tag}
    data = {"key": "k1", "outcome": "no_answer"} | fields
    return client.post(f"/api/v1/cases/{case.pk}/outcome/", data, content_type=JSON, headers=headers)


def test_next_leases_a_case_masked_with_its_etag(sign_in: SignIn, agent: User) -> None:
    case = make_case(make_campaign(team=agent.team))
    answer = sign_in(agent).post("/api/v1/cases/next/")
    body = answer.json()
    assert (answer.status_code, answer.headers["ETag"], body["case"]["id"]) == (200, '"1"', case.pk)
    assert (body["case"]["status"], body["name"], len(body["outcomes"])) == (CaseStatus.IN_HAND, "Wang**", 9)
    assert ContactPoint.objects.get(customer=case.customer).value not in answer.text


def test_next_without_a_due_case_is_empty(sign_in: SignIn, agent: User) -> None:
    assert sign_in(agent).post("/api/v1/cases/next/").status_code == 204


def test_case_can_be_read_again(sign_in: SignIn, agent: User) -> None:
    case = make_case(agent=agent)
    answer = sign_in(agent).get(f"/api/v1/cases/{case.pk}/")
    assert (answer.headers["ETag"], answer.json()["local_time"][:16]) == ('"1"', "2026-03-03T10:00")


def test_outcome_is_recorded_once_by_its_key(sign_in: SignIn, agent: User) -> None:
    case = make_case(agent=agent)
    client = sign_in(agent)
    answers = [tell(client, case) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert Attempt.objects.count() == 1


@pytest.mark.parametrize(
    ("tag", "status", "code"),
    [
        (None, 428, "precondition_required"),
        ('"7"', 409, "stale_lease"),
        ("W/x", 422, "invalid"),
    ],
)
def test_outcome_needs_the_etag_of_the_hold(
    sign_in: SignIn, agent: User, tag: str | None, status: int, code: str
) -> None:
    answer = tell(sign_in(agent), make_case(agent=agent), tag=tag)
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:loopcare:{code}")
    assert not Attempt.objects.exists()


def test_outcome_that_cannot_be_saved_names_the_field(sign_in: SignIn, agent: User) -> None:
    answer = tell(sign_in(agent), make_case(agent=agent), outcome="solved")
    assert (answer.status_code, answer.json()["field"]) == (422, "cause")


def test_outcome_without_a_code_is_refused(sign_in: SignIn, agent: User) -> None:
    answer = tell(sign_in(agent), make_case(agent=agent), outcome="gone")
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["outcome"])


def test_notes_are_kept_without_a_hold(sign_in: SignIn, agent: User) -> None:
    case = make_case(make_campaign(team=agent.team))
    answer = sign_in(agent).post(f"/api/v1/cases/{case.pk}/notes/", {"notes": "Called the shop."}, content_type=JSON)
    assert (answer.status_code, Draft.objects.get().notes) == (200, "Called the shop.")


def test_release_puts_the_case_down(sign_in: SignIn, agent: User) -> None:
    case = make_case(agent=agent)
    answer = sign_in(agent).post(
        f"/api/v1/cases/{case.pk}/release/", {"reason": "lunch"}, content_type=JSON, headers={"If-Match": '"1"'}
    )
    case.refresh_from_db()
    assert (answer.status_code, case.status) == (204, CaseStatus.QUEUED)


@pytest.mark.parametrize("role", [Role.ANALYST, Role.AUDITOR, Role.ADMINISTRATOR])
def test_cases_are_closed_to_other_roles(sign_in: SignIn, role: Role) -> None:
    client = sign_in(make_user(role))
    assert [client.get("/api/v1/cases/").status_code, client.post("/api/v1/cases/next/").status_code] == [403, 403]


def test_case_of_another_team_is_not_there(sign_in: SignIn, agent: User) -> None:
    case = make_case()
    client = sign_in(agent)
    assert client.get(f"/api/v1/cases/{case.pk}/").status_code == 404
    assert tell(client, case).status_code == 404


@pytest.mark.parametrize("n", [1, 3])
def test_cases_cost_the_same_for_one_and_three(
    sign_in: SignIn, agent: User, django_assert_num_queries: DjangoAssertNumQueries, n: int
) -> None:
    campaign = make_campaign(team=agent.team)
    for _ in range(n):
        make_case(campaign)
    client = sign_in(agent)
    with django_assert_num_queries(4):
        assert client.get("/api/v1/cases/?status=queued").json()["count"] == n
