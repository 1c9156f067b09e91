"""The API of evaluations: the same numbers as the page."""

from __future__ import annotations

import json
from datetime import date

import pytest
from django.test import Client

from evaluation.services.estimates import evaluate
from evaluation.services.results import evaluation_json
from loopcare.common import clock
from loopcare.staff.enums import Role
from tests.evaluation.panels import make_answered
from tests.factories import make_campaign, make_team, make_user

pytestmark = pytest.mark.django_db

URL = "/api/v1/evaluations/"


@pytest.fixture
def analyst(client: Client) -> Client:
    client.force_login(make_user(Role.ANALYST))
    return client


def test_list_gives_one_line_a_campaign(analyst: Client) -> None:
    later = date(2126, 1, 1)
    campaign = make_answered({"care": 60, "hold_out": 40}, read_out_on=later)
    empty = make_campaign(read_out_on=later)
    effect = evaluate(campaign=campaign, now=clock.now()).primary.effect
    body = analyst.get(URL).json()
    assert body["count"] == 2
    assert [row["campaign"] for row in body["results"]] == [empty.pk, campaign.pk]
    assert body["results"][1] == {
        "campaign": campaign.pk,
        "name": campaign.name,
        "status": "launched",
        "read_out_on": "2126-01-01",
        "verdict": "interim",
        "wave": 3,
        "effect": effect.effect,
        "low": effect.low,
        "high": effect.high,
    }


def test_retrieve_gives_the_evaluation_of_a_campaign(analyst: Client) -> None:
    campaign = make_answered({"care": 60, "hold_out": 40, "deferred": 5}, effect=20)
    expected = evaluation_json(evaluate(campaign=campaign, now=clock.now()))
    assert analyst.get(f"{URL}{campaign.pk}/").json() == json.loads(json.dumps(expected, default=str))


@pytest.mark.parametrize("role", Role)
def test_roles_that_may_read(client: Client, role: Role) -> None:
    campaign = make_campaign()
    client.force_login(make_user(role))
    status = 403 if role == Role.AGENT else 200
    assert (client.get(URL).status_code, client.get(f"{URL}{campaign.pk}/").status_code) == (status, status)


def test_campaign_of_another_team_is_not_found(client: Client) -> None:
    campaign = make_campaign()
    client.force_login(make_user(Role.SUPERVISOR, team=make_team()))
    assert client.get(f"{URL}{campaign.pk}/").status_code == 404
    assert client.get(URL).json()["results"] == []


def test_list_filters_by_status_and_read_out_date(analyst: Client) -> None:
    make_campaign(read_out_on=date(2126, 1, 1))
    assert analyst.get(URL, {"status": "stopped"}).json()["count"] == 0
    assert analyst.get(URL, {"read_out_on__gte": "2126-01-01"}).json()["count"] == 1
    assert analyst.get(URL, {"read_out_on__lte": "2125-12-31"}).json()["count"] == 0
    assert analyst.get(URL, {"status": "odd"}).status_code == 422
