"""Tier rules by API: every version read, a new one decided."""

from __future__ import annotations

from typing import Any

import pytest

from loopcare.staff.enums import Role
from surveys.models import TierRule
from tests.surveys.test_views_pool import signed_in

pytestmark = pytest.mark.django_db

URL = "/api/v1/tier-rules/"
NEW = {"kind": "value", "measure": "attribute:arpu", "cuts": [100, 50, 10]}


def post(role: Role = Role.SUPERVISOR, **said: Any) -> Any:
    return signed_in(role).post(URL, NEW | said, content_type="application/json")


def test_rules_are_decided_and_every_version_is_listed() -> None:
    made = post()
    told = made.json()
    assert made.status_code == 201
    assert {name: told[name] for name in ("kind", "version", "measure", "cuts")} == {
        "kind": "value",
        "version": 1,
        "measure": "attribute:arpu",
        "cuts": [100, 50, 10],
    }
    post(cuts=[90, 50, 10])
    post(kind="activity", measure="told", cuts=[])
    client = signed_in(Role.AUDITOR)
    rows = client.get(URL).json()["results"]
    assert [(row["kind"], row["version"]) for row in rows] == [("activity", 1), ("value", 2), ("value", 1)]
    assert [row["version"] for row in client.get(URL, {"kind": "value"}).json()["results"]] == [2, 1]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"kind": "gold"}, "kind"),
        ({"measure": "arpu"}, "measure"),
        ({"cuts": [1, 2, 3]}, "cuts"),
        ({"cuts": ["NaN", 2, 1]}, "cuts"),
        ({"cuts": ["much", 2, 1]}, "cuts"),
    ],
)
def test_wrong_rule_names_its_field(said: dict[str, Any], field: str) -> None:
    refused = post(**said)
    problem = refused.json()
    assert refused.status_code == 422
    assert (problem.get("field") or next(iter(problem["errors"]))) == field
    assert not TierRule.objects.exists()


@pytest.mark.parametrize(
    ("role", "reads", "decides"),
    [
        (Role.AGENT, 403, 403),
        (Role.SUPERVISOR, 200, 201),
        (Role.ANALYST, 200, 403),
        (Role.AUDITOR, 200, 403),
        (Role.ADMINISTRATOR, 200, 201),
    ],
)
def test_api_opens_by_role(role: Role, reads: int, decides: int) -> None:
    assert (signed_in(role).get(URL).status_code, post(role).status_code) == (reads, decides)
