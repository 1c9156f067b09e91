"""API keys: made, used within their limits, revoked; and the routes they open."""

from __future__ import annotations

import hashlib
import io
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import RequestFactory
from pytest_django import Settings
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from loopcare.common.errors import Conflict, Invalid, NotFound
from loopcare.staff.access import Caller, allowed_roles
from loopcare.staff.api.authentication import SignedKey
from loopcare.staff.api.permissions import RouteRoles
from loopcare.staff.enums import AuditAction, Role, Scope, World
from loopcare.staff.models import ApiKey, AuditEntry, Installation
from loopcare.staff.selectors import presented_key
from loopcare.staff.services import create_key, note_use, revoke_key
from loopcare.staff.signing import Call, sign
from tests.factories import make_user

NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)


class Probe(APIView):
    """A route that answers keys which may send signals."""

    authentication_classes = [SignedKey]
    scopes = frozenset({Scope.SIGNALS_WRITE})

    def post(self, request: Request) -> Response:
        caller: Any = request.user
        return Response({"key": caller.public_id, "sources": sorted(caller.sources)})


class ForUsers(Probe):
    """A route that authenticates keys but names none of their scopes."""

    scopes = frozenset()
    roles = frozenset(Role)


def make_key(**fields: Any) -> tuple[ApiKey, str]:
    return create_key(name="CRM", now=NOW, **fields)


def ask(
    key: ApiKey,
    secret: str,
    *,
    view: type[APIView] = Probe,
    body: bytes = b"{}",
    skew: int = 0,
    headers: dict[str, str] | None = None,
) -> Response:
    """The answer to a signed call; `headers` replace what was signed, None removes one."""
    timestamp = str(int(time.time()) + skew)
    signature = sign(secret, Call(timestamp, "POST", "/probe/?a=1", "", body))
    signed = {
        "X-LoopCare-Key": key.public_id,
        "X-LoopCare-Timestamp": timestamp,
        "X-LoopCare-Signature": signature,
        **(headers or {}),
    }
    request = RequestFactory().post("/probe/?a=1", body, content_type="application/json", headers=signed)
    response: Any = view.as_view()(request)
    response.render()
    return response  # type: ignore[no-any-return]


def problem(response: Response) -> tuple[int, str]:
    return response.status_code, json.loads(response.content)["detail"]


def test_key_is_stored_without_its_secret(db: None) -> None:
    by = make_user(Role.ADMINISTRATOR)
    key, secret = make_key(sources=["hotline", "hotline", " sms "], by=by)
    assert (key.scopes, key.sources, key.calls_per_minute) == (["signals:write"], ["hotline", "sms"], 600)
    assert key.secret_sha256 == hashlib.sha256(secret.encode()).hexdigest()
    row = ApiKey.objects.values().get()
    assert [name for name, value in row.items() if value == secret] == []
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.subject, entry.subject_id, entry.note) == (
        by,
        AuditAction.CONFIGURE,
        "api_key",
        key.pk,
        "created",
    )


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": " "}, "name"),
        ({"sources": [""]}, "sources"),
        ({"sources": ["x" * 41]}, "sources"),
        ({"calls_per_minute": 0}, "calls_per_minute"),
        ({"rows_per_minute": 100_000_001}, "rows_per_minute"),
    ],
)
def test_create_key_refuses(db: None, fields: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        create_key(**{"name": "CRM", "now": NOW, **fields})
    assert (refusal.value.field, ApiKey.objects.count(), AuditEntry.objects.count()) == (field, 0, 0)


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"scopes": []}, "api_key_scopes_known"),
        ({"scopes": ["signals:write", "everything"]}, "api_key_scopes_known"),
        ({"calls_per_minute": 0}, "api_key_limits_positive"),
        ({"rows_per_minute": 0}, "api_key_limits_positive"),
    ],
)
def test_database_refuses_a_key(db: None, fields: dict[str, Any], constraint: str) -> None:
    key, _secret = make_key()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        ApiKey.objects.filter(pk=key.pk).update(**fields)


def test_revoked_key_keeps_its_end(db: None) -> None:
    key, _secret = make_key()
    assert revoke_key(public_id=key.public_id, now=NOW).revoked_at == NOW
    with pytest.raises(Conflict):
        revoke_key(public_id=key.public_id, now=NOW + timedelta(days=1))
    with pytest.raises(NotFound):
        revoke_key(public_id="lc_none", now=NOW)
    assert ApiKey.objects.get().revoked_at == NOW
    assert list(AuditEntry.objects.values_list("note", flat=True)) == ["revoked", "created"]


@pytest.mark.parametrize(
    ("role", "seen"),
    [(Role.AGENT, 0), (Role.SUPERVISOR, 0), (Role.ANALYST, 0), (Role.AUDITOR, 1), (Role.ADMINISTRATOR, 1)],
)
def test_key_is_seen_by(db: None, role: Role, seen: int) -> None:
    make_key()
    assert ApiKey.objects.visible_to(make_user(role)).count() == seen


def test_signed_call_is_known(db: None) -> None:
    key, secret = make_key(sources=["hotline"])
    response = ask(key, secret)
    assert (response.status_code, response.data) == (200, {"key": key.public_id, "sources": ["hotline"]})


FORGED = "The signature does not fit this call; see the signing example in the documentation."


@pytest.mark.parametrize(
    ("headers", "detail"),
    [
        ({"X-LoopCare-Key": "lc_none"}, FORGED),
        ({"X-LoopCare-Key": "\xe9"}, FORGED),
        ({"X-LoopCare-Key": "a\0b"}, FORGED),
        ({"X-LoopCare-Signature": "0" * 64}, FORGED),
        ({"X-LoopCare-Signature": "\xe9"}, FORGED),
        ({"Idempotency-Key": "added"}, FORGED),
        ({"X-LoopCare-Timestamp": "1"}, FORGED),
        ({"X-LoopCare-Timestamp": "soon"}, "X-LoopCare-Timestamp must be whole Unix seconds."),
    ],
)
def test_call_that_was_not_signed_so_is_refused(db: None, headers: dict[str, str], detail: str) -> None:
    key, secret = make_key()
    response = ask(key, secret, headers=headers)
    assert problem(response) == (401, detail)
    assert response["WWW-Authenticate"] == "LoopCare-HMAC-SHA256"
    assert response["Content-Type"] == "application/problem+json"


def test_unsigned_call_is_asked_to_sign(db: None) -> None:
    response: Any = Probe.as_view()(RequestFactory().post("/probe/", b"{}", content_type="application/json"))
    assert (response.status_code, response["WWW-Authenticate"]) == (401, "LoopCare-HMAC-SHA256")


def test_wrong_clock_is_told_ours_and_the_difference(db: None) -> None:
    key, secret = make_key()
    response = ask(key, secret, skew=-3_600)
    body = json.loads(response.content)
    assert response.status_code == 401
    assert -3_602 <= body["seconds_ahead"] <= -3_600
    assert abs(datetime.fromisoformat(body["server_time"]) - datetime.now(UTC)) < timedelta(seconds=5)


def test_wrong_clock_without_the_secret_is_told_nothing(db: None) -> None:
    key, _secret = make_key()
    assert problem(ask(key, "guess", skew=-3_600)) == (401, FORGED)


def test_senders_live_in_real_time_also_beside_a_demo_clock(db: None) -> None:
    Installation.objects.create(world=World.DEMO, clock_offset=timedelta(days=40))
    key, secret = make_key()
    assert ask(key, secret).status_code == 200
    assert ask(key, secret, skew=40 * 86_400).status_code == 401


def test_revocation_holds_from_the_next_call_on(db: None) -> None:
    key, secret = make_key()
    assert ask(key, secret).status_code == 200
    revoke_key(public_id=key.public_id, now=NOW)
    assert problem(ask(key, secret)) == (401, "This key was revoked.")
    assert problem(ask(key, "guess")) == (401, FORGED)


def test_changed_secret_key_ends_keys_unless_it_is_kept_as_fallback(db: None, settings: Settings) -> None:
    key, secret = make_key()
    old = settings.SECRET_KEY
    settings.SECRET_KEY = "another"
    assert ask(key, secret).status_code == 401
    presented = presented_key(key.public_id)
    assert presented is not None
    assert presented.secret == ""
    settings.SECRET_KEY_FALLBACKS = [old]
    assert ask(key, secret).status_code == 200


def test_calls_are_limited_by_key(db: None) -> None:
    key, secret = make_key(calls_per_minute=2)
    assert [ask(key, secret).status_code for _n in range(3)] == [200, 200, 429]
    response = ask(key, secret)
    assert int(response["Retry-After"]) == json.loads(response.content)["retry_after"] <= 60
    other, others = make_key(calls_per_minute=2)
    assert ask(other, others).status_code == 200


def test_forged_calls_use_up_nothing(db: None) -> None:
    key, secret = make_key(calls_per_minute=1)
    assert [ask(key, "guess").status_code for _n in range(3)] == [401, 401, 401]
    assert ask(key, secret).status_code == 200


def test_body_is_refused_by_its_announced_length(db: None, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000
    key, secret = make_key()
    assert ask(key, secret, body=b"x" * 1_000).status_code == 200
    assert problem(ask(key, secret, body=b"x" * 1_001)) == (413, "A call may carry 0.001 MB; send fewer rows a call.")


def test_use_is_noted_coarsely(db: None) -> None:
    key, _secret = make_key()
    for seconds, noted in ((0, 0), (299, 0), (301, 301), (302, 301)):
        note_use(key=ApiKey.objects.get(pk=key.pk), now=NOW + timedelta(seconds=seconds))
        assert ApiKey.objects.get().last_used_at == NOW + timedelta(seconds=noted)


def test_key_without_the_routes_scope_is_refused(db: None) -> None:
    key, secret = make_key()
    assert ask(key, secret, view=ForUsers).status_code == 403


SCOPED = frozenset({"signals:write"})


@pytest.mark.parametrize(
    ("roles", "scopes", "key_passes", "user_passes"),
    [
        (None, None, False, False),
        (None, SCOPED, True, False),
        (frozenset(Role), None, False, True),
        (frozenset(Role), SCOPED, True, True),
        (frozenset(Role), frozenset({"other"}), False, True),
        ({"create": frozenset(Role)}, {"create": SCOPED}, True, True),
        ({"list": frozenset(Role)}, {"list": SCOPED}, False, False),
    ],
)
def test_route_opens_to_whom_it_names(db: None, roles: Any, scopes: Any, key_passes: bool, user_passes: bool) -> None:
    class View(APIView):
        action = "create"

    View.roles, View.scopes = roles, scopes  # type: ignore[attr-defined]
    permission: BasePermission = RouteRoles()
    request = Request(RequestFactory().post("/"))

    def passes(user: Any) -> bool:
        request.user = user
        return permission.has_permission(request, View())

    caller = Caller(key_id=1, public_id="lc_1", scopes=SCOPED, sources=frozenset(), rows_per_minute=1)
    assert (passes(caller), passes(make_user())) == (key_passes, user_passes)


def test_view_for_keys_alone_is_open_to_no_role() -> None:
    assert allowed_roles(Probe.as_view()) == frozenset()
    assert allowed_roles(APIView.as_view()) is None


def run(*arguments: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command(*arguments, "--json", stdout=out)
    result: dict[str, Any] = json.loads(out.getvalue())
    return result


def test_commands_create_and_revoke(db: None) -> None:
    made = run("create_api_key", "Call centre", "--source", "hotline", "sms", "--per-minute", "60")
    key = ApiKey.objects.get()
    assert made == {
        "key": key.public_id,
        "secret": made["secret"],
        "scopes": ["signals:write"],
        "sources": ["hotline", "sms"],
        "calls_per_minute": 60,
        "rows_per_minute": 1_000_000,
    }
    assert ask(key, made["secret"]).status_code == 200
    assert run("revoke_api_key", key.public_id)["key"] == key.public_id
    assert ask(key, made["secret"]).status_code == 401
