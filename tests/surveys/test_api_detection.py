"""Detection rules by API: the same rows and refusals as on the page."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import localdate

from loopcare.common import clock
from loopcare.staff.enums import Role
from loopcare.staff.models import User
from surveys.models import DetectionRule
from surveys.services.setup import ensure_rules
from tests.surveys.events import event, land_all, rating
from tests.surveys.test_views_pool import signed_in

pytestmark = pytest.mark.django_db

URL = "/api/v1/detection-rules/"
NEW = {"name": "Many transfers", "kind": "latent", "rule": "transfers >= 3"}


def send(client: Client, method: str, data: dict[str, Any], pk: int | None = None) -> Any:
    path = URL if pk is None else f"{URL}{pk}/"
    return client.generic(method, path, data=json.dumps(data), content_type="application/json")


def test_rules_are_listed_with_finds_and_precision() -> None:
    day = localdate(clock.now())
    land_all(event("a", "complaint", on=day), now=clock.now())
    found = signed_in(Role.AUDITOR).get(URL).json()["results"]
    assert [row for row in found if row["code"] == "complaint"] == [
        {
            "id": DetectionRule.objects.get(code="complaint").pk,
            "code": "complaint",
            "name": "Complaint",
            "kind": "explicit",
            "rule": "kind = 'complaint'",
            "version": 1,
            "enabled": True,
            "found_28d": 1,
            "precision": {"share": None, "low": None, "high": None, "n": 0},
        }
    ]
    assert len(found) == 9


def test_rule_is_retrieved_with_its_versions() -> None:
    client = signed_in(Role.SUPERVISOR)
    made = send(client, "POST", NEW | {"code": "many-transfers"}).json()
    changed = send(client, "PUT", NEW | {"rule": "transfers >= 4", "version": 1}, made["id"])
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    seen = signed_in(Role.ANALYST).get(f"{URL}{made['id']}/").json()
    assert (seen["code"], seen["rule"], seen["enabled"]) == ("many-transfers", "transfers >= 4", True)
    assert [(one["version"], one["text"]) for one in seen["versions"]] == [
        (2, "transfers >= 4"),
        (1, "transfers >= 3"),
    ]
    by = User.objects.get(pk=client.session["_auth_user_id"]).username
    assert [one["saved_by"] for one in seen["versions"]] == [by, by]


def test_rule_is_made_and_switched() -> None:
    client = signed_in(Role.ADMINISTRATOR)
    made = send(client, "POST", NEW | {"enabled": False})
    assert (made.status_code, made.json()["enabled"], made.json()["version"]) == (201, False, 2)
    pk = made.json()["id"]
    kept = send(client, "PUT", NEW | {"name": "Other"}, pk).json()
    assert (kept["name"], kept["enabled"], kept["version"]) == ("Other", False, 2)
    on = send(client, "PUT", NEW | {"enabled": True}, pk).json()
    assert (on["name"], on["enabled"], on["version"]) == ("Many transfers", True, 3)


def test_rule_that_finds_everybody_needs_to_be_confirmed() -> None:
    land_all(event("a", "contact", on=localdate(clock.now()), transfers=3), now=clock.now())
    client = signed_in(Role.SUPERVISOR)
    refused = send(client, "POST", NEW)
    assert (refused.status_code, refused.headers["Content-Type"]) == (409, "application/problem+json")
    assert (refused.json()["type"], refused.json()["field"]) == ("urn:loopcare:conflict", "confirmed")
    assert send(client, "POST", NEW | {"confirmed": True}).status_code == 201


def test_version_that_was_overtaken_is_refused() -> None:
    client = signed_in(Role.SUPERVISOR)
    pk = send(client, "POST", NEW).json()["id"]
    send(client, "PUT", NEW | {"rule": "transfers >= 4"}, pk)
    refused = send(client, "PUT", NEW | {"rule": "transfers >= 5", "version": 1}, pk)
    assert (refused.status_code, refused.json()["version"]) == (409, 2)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"rule": "gap <"}, 422),
        ({"rule": ""}, 422),
        ({"name": " "}, 422),
        ({"kind": "loud"}, 422),
        ({"code": "Has Space"}, 422),
        ({"rule": "x" * 5000}, 422),
        ({"rule": None}, 422),
        ({"rule": ["gap < 0"]}, 422),
        ({"version": "x"}, 422),
    ],
)
def test_wrong_rule_is_a_problem(said: dict[str, Any], status: int) -> None:
    assert send(signed_in(Role.SUPERVISOR), "POST", NEW | said).status_code == status
    assert not DetectionRule.objects.exists()


def test_wrong_rule_says_where() -> None:
    problem = send(signed_in(Role.SUPERVISOR), "POST", NEW | {"rule": "transfers >= 'two'"}).json()
    assert (problem["type"], problem["field"], problem["line"], problem["column"], problem["offset"]) == (
        *("urn:loopcare:invalid_rule", "rule"),
        *(1, 14, 13),
    )


def test_explain_says_what_a_rule_means_and_would_find() -> None:
    ensure_rules()
    day = localdate(clock.now())
    land_all(
        event("a", "contact", on=day, transfers=2),
        event("b", "contact", on=day - timedelta(days=28), transfers=2),
        rating("c", 10, on=day),
        rating("d", 10, on=day, opens=False),
        now=clock.now(),
    )
    told = signed_in(Role.ANALYST).post(f"{URL}explain/", {"rule": "(transfers>=2)"}, content_type="application/json")
    assert told.status_code == 200
    assert told.json() == {
        "rule": "transfers >= 2",
        "words": {"en": "transfers is at least 2", "zh-hans": told.json()["words"]["zh-hans"]},
        "of": 2,
        "looked": 2,
        "found": 1,
        "share": 0.5,
        "customers": 1,
        "unfound": 0,
    }


@pytest.mark.parametrize(
    ("role", "lists", "saves", "explains"),
    [
        (Role.AGENT, 403, 403, 403),
        (Role.SUPERVISOR, 200, 201, 200),
        (Role.ANALYST, 200, 403, 200),
        (Role.AUDITOR, 200, 403, 403),
        (Role.ADMINISTRATOR, 200, 201, 200),
    ],
)
def test_api_opens_by_role(role: Role, lists: int, saves: int, explains: int) -> None:
    client = signed_in(role)
    explained = client.post(f"{URL}explain/", {"rule": "disputed"}, content_type="application/json")
    assert (client.get(URL).status_code, send(client, "POST", NEW).status_code, explained.status_code) == (
        lists,
        saves,
        explains,
    )
