"""Campaigns, assignments and strategies over the API."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from careplans.enums import Arm, CampaignStatus
from careplans.models import Campaign, Case
from loopcare.staff.enums import Role
from loopcare.staff.models import User
from tests.careplans.conftest import SignIn
from tests.factories import (
    make_assignment,
    make_campaign,
    make_customer,
    make_entry,
    make_segment,
    make_strategy,
    make_team,
    make_user,
)

JSON = "application/json"


@pytest.fixture
def supervisor(db: None) -> User:
    return make_user(Role.SUPERVISOR, team=make_team())


def plan(supervisor: User, **fields: Any) -> dict[str, Any]:
    assert supervisor.team is not None
    return {
        "name": "Spring refunds",
        "team": supervisor.team.pk,
        "starts_on": "2026-03-03",
        "ends_on": "2026-03-20",
        "agents": 3,
        "lines": [{"segment": make_segment().pk, "strategy": make_strategy().pk}],
    } | fields


def test_campaign_goes_from_plan_to_stop(sign_in: SignIn, supervisor: User) -> None:
    for _ in range(10):
        make_entry(make_customer())
    client = sign_in(supervisor)
    made = client.post("/api/v1/campaigns/", plan(supervisor), content_type=JSON)
    assert (made.status_code, made.json()["status"], made.json()["hold_out_share"]) == (201, "draft", "0.100")
    here = f"/api/v1/campaigns/{made.json()['id']}/"
    counts = client.post(f"{here}preview/").json()["counts"]
    assert {name: counts[name] for name in ("eligible", "hold_out", "care", "deferred")} == {
        "eligible": 10,
        "hold_out": 1,
        "care": 9,
        "deferred": 0,
    }
    launched = client.post(f"{here}launch/", {"hash": counts["hash"]}, content_type=JSON)
    assert launched.json() == {"care": 9, "hold_out": 1, "deferred": 0, "cases": 9, "no_case": 0}
    for act, status in [("pause", "paused"), ("resume", "launched"), ("stop", "stopped")]:
        answer = client.post(f"{here}{act}/", {"reason": "test"}, content_type=JSON)
        assert (answer.status_code, answer.json()["status"]) == (200, status)
    assert not Case.objects.open().exists()


def test_launch_of_another_list_is_a_conflict(sign_in: SignIn, supervisor: User) -> None:
    campaign = make_campaign(CampaignStatus.DRAFT, team=supervisor.team)
    client = sign_in(supervisor)
    client.post(f"/api/v1/campaigns/{campaign.pk}/preview/")
    answer = client.post(f"/api/v1/campaigns/{campaign.pk}/launch/", {"hash": "0"}, content_type=JSON)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:loopcare:conflict")


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"ends_on": "2026-03-01"}, "ends_on"), ({"lines": []}, "lines"), ({"hold_out_share": "0.6"}, "hold_out_share")],
)
def test_plan_that_cannot_be_carried_out_names_the_field(
    sign_in: SignIn, supervisor: User, fields: dict[str, Any], field: str
) -> None:
    answer = sign_in(supervisor).post("/api/v1/campaigns/", plan(supervisor, **fields), content_type=JSON)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_plan_for_another_team_is_refused(sign_in: SignIn, supervisor: User) -> None:
    data = plan(supervisor, team=make_team().pk)
    answer = sign_in(supervisor).post("/api/v1/campaigns/", data, content_type=JSON)
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["team"])


def test_plan_is_edited_until_the_launch(sign_in: SignIn, supervisor: User) -> None:
    draft, launched = make_campaign(CampaignStatus.DRAFT, team=supervisor.team), make_campaign(team=supervisor.team)
    client = sign_in(supervisor)
    edited = client.put(f"/api/v1/campaigns/{draft.pk}/", plan(supervisor, agents=9), content_type=JSON)
    refused = client.put(f"/api/v1/campaigns/{launched.pk}/", plan(supervisor, name="Other"), content_type=JSON)
    assert (edited.status_code, edited.json()["agents"], edited.json()["plan_version"]) == (200, 9, 2)
    assert refused.status_code == 409


@pytest.mark.parametrize(
    ("role", "reads", "writes"),
    [
        (Role.AGENT, 403, 403),
        (Role.SUPERVISOR, 200, 422),
        (Role.ANALYST, 200, 403),
        (Role.AUDITOR, 403, 403),
        (Role.ADMINISTRATOR, 200, 403),
    ],
)
def test_campaigns_are_open_to_their_roles(sign_in: SignIn, role: Role, reads: int, writes: int) -> None:
    client = sign_in(make_user(role))
    assert client.get("/api/v1/campaigns/").status_code == reads
    assert client.post("/api/v1/campaigns/", {}, content_type=JSON).status_code == writes


def test_campaign_of_another_team_is_not_there(sign_in: SignIn, supervisor: User) -> None:
    campaign = make_campaign()
    client = sign_in(supervisor)
    assert client.get(f"/api/v1/campaigns/{campaign.pk}/").status_code == 404
    assert client.post(f"/api/v1/campaigns/{campaign.pk}/stop/", {}, content_type=JSON).status_code == 404


@pytest.mark.parametrize("n", [1, 3])
def test_campaigns_cost_the_same_for_one_and_three(
    sign_in: SignIn, supervisor: User, django_assert_num_queries: DjangoAssertNumQueries, n: int
) -> None:
    for _ in range(n):
        make_campaign(team=supervisor.team)
    client = sign_in(supervisor)
    with django_assert_num_queries(5):
        assert client.get("/api/v1/campaigns/").json()["count"] == n


def test_campaigns_are_filtered_by_several_statuses(sign_in: SignIn, supervisor: User) -> None:
    for status in (CampaignStatus.DRAFT, CampaignStatus.LAUNCHED, CampaignStatus.STOPPED):
        make_campaign(status, team=supervisor.team)
    answer = sign_in(supervisor).get("/api/v1/campaigns/?status__in=draft,launched").json()
    assert [row["status"] for row in answer["results"]] == ["launched", "draft"]


def test_assignments_are_filtered_by_campaign_and_arm(sign_in: SignIn, supervisor: User) -> None:
    campaign = make_campaign(team=supervisor.team)
    wanted = make_assignment(campaign, arm=Arm.HOLD_OUT)
    make_assignment(campaign)
    make_assignment(make_campaign(team=supervisor.team), arm=Arm.HOLD_OUT)
    answer = sign_in(supervisor).get(f"/api/v1/assignments/?campaign={campaign.pk}&arm=hold_out").json()
    assert [row["id"] for row in answer["results"]] == [wanted.pk]


def test_assignments_are_read_only(sign_in: SignIn, supervisor: User) -> None:
    assert sign_in(supervisor).post("/api/v1/assignments/", {}, content_type=JSON).status_code in (403, 405)


def test_strategies_are_listed(sign_in: SignIn) -> None:
    strategy = make_strategy()
    answer = sign_in(make_user()).get("/api/v1/strategies/").json()
    assert [row["name"] for row in answer["results"]] == [strategy.name]
    assert not Campaign.objects.exists()
