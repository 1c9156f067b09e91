"""Adequate levels by API: read, set, taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils.timezone import localdate

from loopcare.common import clock
from loopcare.staff.enums import Role
from surveys.models import AdequateLevel
from surveys.services.levels import learn_levels
from tests.surveys.histories_of_levels import answers, rating_source
from tests.surveys.test_views_pool import signed_in

pytestmark = pytest.mark.django_db

URL = "/api/v1/levels/"
NEW = {"source": "hotline", "dimension": "overall", "level": 61.1, "reason": "so"}


def put(role: Role = Role.SUPERVISOR, **said: Any) -> Any:
    rating_source()
    return signed_in(role).post(URL, NEW | said, content_type="application/json")


def test_level_is_set_and_replaced() -> None:
    made = put(value_tier="high")
    told = made.json()
    assert made.status_code == 201
    assert {name: told[name] for name in ("source", "dimension", "value_tier", "basis", "level", "reason")} == {
        "source": "hotline",
        "dimension": "overall",
        "value_tier": "high",
        "basis": "set",
        "level": 61.1,
        "reason": "so",
    }
    again = put(value_tier="high", level=70).json()
    assert (again["id"], again["level"], AdequateLevel.objects.count()) == (told["id"], 70, 1)


def test_levels_are_listed_with_their_evidence_and_filtered() -> None:
    put(value_tier="high")
    acting = {20.0: (60, 30), 80.0: (200, 9)}
    answers(acting, on=localdate(clock.now()) - timedelta(days=60), now=clock.now())
    learn_levels(now=clock.now())
    client = signed_in(Role.AUDITOR)
    assert [row["basis"] for row in client.get(URL).json()["results"]] == ["learned", "set"]
    (row,) = client.get(URL, {"basis": "learned", "source": "hotline", "value_tier": "?"}).json()["results"]
    assert (row["level"], row["evidence"]["n"], row["evidence"]["acted"], row["evidence"]["below"][0]) == (
        50,
        260,
        39,
        0.5,
    )
    assert [point[:3] for point in row["evidence"]["curve"]] == [[20.0, 60, 30], [80.0, 200, 9]]
    assert client.get(f"{URL}{row['id']}/").json() == row
    assert client.get(URL, {"source": "sms"}).json()["results"] == []


def test_set_level_is_taken_back_and_a_learned_one_is_not() -> None:
    row = put().json()
    client = signed_in(Role.ADMINISTRATOR)
    assert client.delete(f"{URL}{row['id']}/").status_code == 204
    assert client.delete(f"{URL}{row['id']}/").status_code == 404
    learned = AdequateLevel.objects.create(
        source=rating_source(), dimension="overall", basis="learned", level=50, decided_at=clock.now()
    )
    refused = client.delete(f"{URL}{learned.pk}/")
    assert (refused.status_code, AdequateLevel.objects.count()) == (409, 1)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"source": "nowhere"}, "source"),
        ({"dimension": "  "}, "dimension"),
        ({"value_tier": "gold"}, "value_tier"),
        ({"level": 101}, "level"),
        ({"level": "NaN"}, "level"),
        ({"reason": ""}, "reason"),
    ],
)
def test_wrong_level_names_its_field(said: dict[str, Any], field: str) -> None:
    refused = put(**said)
    problem = refused.json()
    assert refused.status_code == 422
    assert (problem.get("field") or next(iter(problem["errors"]))) == field
    assert not AdequateLevel.objects.exists()


@pytest.mark.parametrize(
    ("role", "reads", "sets"),
    [
        (Role.AGENT, 403, 403),
        (Role.SUPERVISOR, 200, 201),
        (Role.ANALYST, 200, 403),
        (Role.AUDITOR, 200, 403),
        (Role.ADMINISTRATOR, 200, 201),
    ],
)
def test_api_opens_by_role(role: Role, reads: int, sets: int) -> None:
    assert (signed_in(role).get(URL).status_code, put(role).status_code) == (reads, sets)
