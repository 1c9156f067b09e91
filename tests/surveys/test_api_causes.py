"""The cause tree by API: read by all, changed by editors, with its history."""

from __future__ import annotations

from typing import Any

import pytest

from loopcare.common import clock
from loopcare.staff.enums import Role
from surveys.models import Cause, PoolEntry
from surveys.selectors.cause_tree import tree_version
from tests.factories import make_entry
from tests.surveys.test_views_pool import signed_in

pytestmark = pytest.mark.django_db

URL = "/api/v1/causes/"


def planted(*codes: str) -> list[Cause]:
    return [Cause.objects.create(code=code, name_en=code.upper()) for code in codes]


def send(path: str = "", *, role: Role = Role.SUPERVISOR, **said: Any) -> Any:
    return signed_in(role).post(f"{URL}{path}", said, content_type="application/json")


def test_causes_are_read_by_agents_too() -> None:
    (a,) = planted("a")
    client = signed_in(Role.AGENT)
    told = {
        "id": a.pk,
        "code": "a",
        "name_en": "A",
        "name_zh": "",
        "keywords": [],
        "merged_into": None,
        "retired_at": None,
    }
    assert client.get(URL).json()["results"] == [told]
    assert client.get(f"{URL}{a.pk}/").json() == told


def test_cause_is_added_and_changed_and_what_is_not_said_stays() -> None:
    made = send(code="a", name_en="A", name_zh="甲", keywords=["x"])
    told = made.json()
    assert (made.status_code, told["code"], told["keywords"]) == (201, "a", ["x"])
    client = signed_in(Role.ADMINISTRATOR)
    changed = client.patch(f"{URL}{told['id']}/", {"name_en": "Aa"}, content_type="application/json")
    assert (changed.status_code, changed.json()) == (200, told | {"name_en": "Aa"})


def test_acts_answer_with_what_they_did_and_are_in_the_history() -> None:
    a, b = planted("a", "b")
    make_entry(causes=["a"])
    split = send(f"{b.pk}/split/", parts=[{"code": "x", "name_en": "X"}, {"code": "y", "name_en": "Y"}], reason="two")
    assert (split.status_code, [row["code"] for row in split.json()]) == (201, ["b.x", "b.y"])
    merged = send(f"{a.pk}/merge/", into="b.x")
    assert (merged.status_code, merged.json()) == (200, {"rewritten": 1})
    assert PoolEntry.objects.get().causes == ["b.x"]
    revived = send(f"{a.pk}/revive/")
    assert (revived.status_code, revived.json()["merged_into"], revived.json()["retired_at"]) == (200, None, None)
    assert send(f"{a.pk}/retire/").json()["retired_at"] is not None
    told = signed_in(Role.AUDITOR).get(f"{URL}history/", {"page_size": 3}).json()
    assert (told["count"], told["next"] is not None) == (4, True)
    assert [(row["version"], row["act"], row["cause"], row["other"]) for row in told["results"]] == [
        (4, "retired", "a", None),
        (3, "revived", "a", "b.x"),
        (2, "merged", "a", "b.x"),
    ]
    assert told["results"][2]["after"]["entries"] == 1
    (first,) = signed_in(Role.AUDITOR).get(told["next"]).json()["results"]
    assert (first["act"], first["reason"], [part["code"] for part in first["after"]["parts"]]) == (
        "split",
        "two",
        ["b.x", "b.y"],
    )


@pytest.mark.parametrize(
    ("path", "said", "status", "field"),
    [
        ("", {"code": "z.x", "name_en": "X"}, 422, "code"),
        ("", {"code": "A", "name_en": "X"}, 422, "code"),
        ("", {"code": "c", "name_en": ""}, 422, "name_en"),
        ("", {"code": "c"}, 422, "name_en"),
        ("a/merge/", {"into": "a"}, 422, "into"),
        ("a/merge/", {"into": "a.x"}, 422, "into"),
        ("a/merge/", {"into": "gone"}, 422, "into"),
        ("a/merge/", {"into": "nowhere"}, 422, "into"),
        ("a/merge/", {"into": "b"}, 409, None),
        ("gone/merge/", {"into": "b"}, 409, None),
        ("a/split/", {"parts": []}, 422, "parts"),
        ("a/split/", {"parts": [{"code": "x", "name_en": "X"}, {"code": "y", "name_en": "Y"}]}, 422, "parts"),
        ("a/retire/", {}, 409, None),
        ("b/retire/", {"reason": "x" * 201}, 422, "reason"),
        ("b/revive/", {}, 409, None),
    ],
)
def test_refusals_name_their_field_and_change_nothing(
    path: str, said: dict[str, Any], status: int, field: str | None
) -> None:
    planted("a", "a.x", "b")
    Cause.objects.create(code="gone", name_en="Gone", retired_at=clock.now())
    code, _slash, act = path.partition("/")
    refused = send(f"{Cause.objects.get(code=code).pk}/{act}" if code else "", **said)
    problem = refused.json()
    assert refused.status_code == status
    assert (problem.get("field") or next(iter(problem.get("errors", {None: 0})))) == field
    assert tree_version() == 0


@pytest.mark.parametrize(
    ("role", "history", "add"),
    [
        (Role.AGENT, 403, 403),
        (Role.SUPERVISOR, 200, 201),
        (Role.ANALYST, 200, 403),
        (Role.AUDITOR, 200, 403),
        (Role.ADMINISTRATOR, 200, 201),
    ],
)
def test_api_opens_by_role(role: Role, history: int, add: int) -> None:
    assert signed_in(role).get(f"{URL}history/").status_code == history
    assert send(role=role, code="a", name_en="A").status_code == add
