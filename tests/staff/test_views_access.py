"""The administrator's pages: who may sign in, and which systems may call."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from loopcare.common.errors import Conflict, Invalid
from loopcare.staff.enums import AuditAction, Role
from loopcare.staff.models import ApiKey, AuditEntry, Team, User
from loopcare.staff.services import change_user, create_key, create_user, revoke_key, set_active
from tests.factories import NOW, make_team, make_user
from tests.sender import Sender

PASSWORD = "correct horse battery"


@pytest.fixture
def administrator(db: None) -> User:
    return make_user(Role.ADMINISTRATOR, name="root")


@pytest.fixture
def client(administrator: User) -> Client:
    browser = Client()
    browser.force_login(administrator)
    return browser


def trail() -> list[tuple[Any, ...]]:
    """The lines about users and keys, oldest first."""
    lines = AuditEntry.objects.filter(action=AuditAction.CONFIGURE).order_by("id")
    return list(lines.values_list("actor__username", "subject", "subject_id", "note"))


def key_form(client: Client, **said: Any) -> dict[str, Any]:
    """What the form of a new key sends, with the public id that its page gave it."""
    found = re.search(r'name="public_id" value="([^"]+)"', client.get("/access/keys/new/").content.decode())
    assert found is not None
    defaults = {"name": "CRM", "scopes": "signals:write", "calls_per_minute": 600, "rows_per_minute": 1_000_000}
    return {"public_id": found[1], **defaults, **said}


@pytest.mark.parametrize("role", Role)
def test_navigation_names_the_pages_to_administrators_only(db: None, role: Role) -> None:
    browser = Client()
    browser.force_login(make_user(role))
    linked = b'href="/access/"' in browser.get("/help/").content
    assert linked == (role == Role.ADMINISTRATOR)


@pytest.mark.parametrize("role", Role)
def test_pages_are_the_administrators(db: None, role: Role) -> None:
    browser, person = Client(), make_user()
    key, _secret = create_key(name="CRM", now=NOW)
    browser.force_login(make_user(role))
    paths = ("/access/", "/access/users/new/", f"/access/users/{person.pk}/", "/access/keys/", "/access/keys/new/")
    expected = 200 if role == Role.ADMINISTRATOR else 403
    assert {path: browser.get(path).status_code for path in paths} == dict.fromkeys(paths, expected)
    acts = (f"/access/keys/{key.pk}/revoke/", f"/access/users/{person.pk}/switch/")
    expected = 302 if role == Role.ADMINISTRATOR else 403
    assert {path: browser.post(path).status_code for path in acts} == dict.fromkeys(acts, expected)


@pytest.mark.parametrize("path", ["/access/", "/access/keys/"])
def test_lists_ask_the_same_questions_however_long(client: Client, path: str) -> None:
    def questions() -> int:
        make_user()
        create_key(name="CRM", now=NOW, by=make_user())
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert client.get(path).status_code == 200
        return len(asked)

    client.get(path)
    assert questions() == questions() == questions()


def test_key_is_made_and_its_secret_shown_once(client: Client, administrator: User) -> None:
    form = key_form(client, sources="hotline, app-review", calls_per_minute=60)
    answer = client.post("/access/keys/new/", form)
    key = ApiKey.objects.get()
    facts = (key.public_id, key.name, key.scopes, key.sources, key.calls_per_minute, key.created_by)
    assert facts == (form["public_id"], "CRM", ["signals:write"], ["hotline", "app-review"], 60, administrator)
    found = re.search(r'<code id="secret">([^<]+)</code>', answer.content.decode())
    assert found is not None
    assert (answer.status_code, answer.content.count(found[1].encode())) == (200, 1)
    assert "no-store" in answer["Cache-Control"]
    sent = Sender(key.public_id, found[1]).call("POST", "/api/v1/signals/")
    assert sent.status_code not in (401, 403)
    assert found[1] not in client.get("/access/keys/").content.decode()
    assert trail() == [("root", "api_key", key.pk, "created")]


def test_secret_is_stored_nowhere(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"), CaptureQueriesContext(connection) as asked:
        answer = client.post("/access/keys/new/", key_form(client))
    secret = answer.context["secret"]
    assert len(secret) == 43
    assert [said["sql"] for said in asked if secret in said["sql"]] == []
    assert secret not in caplog.text
    assert "Location" not in answer


def test_form_sent_twice_makes_one_key_and_shows_no_second_secret(client: Client) -> None:
    form = key_form(client)
    assert [client.post("/access/keys/new/", form).status_code for _again in range(2)] == [200, 409]
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"name": " "}, "This field is required."),
        ({"scopes": []}, "This field is required."),
        ({"sources": "x" * 41}, "A source code has 1 to 40 characters."),
        ({"calls_per_minute": 0}, "Ensure this value is greater than or equal to 1."),
        ({"public_id": "lc_mine"}, "This is not the public id of a key; open the form again."),
    ],
)
def test_key_that_cannot_be_made_goes_back_onto_the_form(client: Client, said: dict[str, Any], words: str) -> None:
    answer = client.post("/access/keys/new/", key_form(client, **said))
    assert answer.status_code == 422
    assert words in unescape(answer.content.decode())
    assert ApiKey.objects.count() == 0


def test_key_is_revoked_once(client: Client) -> None:
    key, secret = create_key(name="CRM", now=NOW)
    assert client.post(f"/access/keys/{key.pk}/revoke/").status_code == 302
    assert Sender(key.public_id, secret).call("POST", "/api/v1/signals/").status_code == 401
    assert client.post(f"/access/keys/{key.pk}/revoke/").status_code == 409
    assert client.post("/access/keys/0/revoke/").status_code == 404
    assert [note for _who, _kind, _pk, note in trail()] == ["created", "revoked"]


def test_list_tells_which_keys_still_sign(client: Client, settings: Settings) -> None:
    for name, made in (("works", True), ("revoked", True), ("ended", False)):
        settings.SECRET_KEY = "today" if made else "yesterday"
        key, _secret = create_key(name=name, now=NOW)
        if name == "revoked":
            revoke_key(public_id=key.public_id, now=NOW)
    settings.SECRET_KEY = "today"
    client.force_login(User.objects.get(username="root"))  # sessions end with the secret key as well
    rows = {key.name: (labels, signs) for key, labels, signs in client.get("/access/keys/").context["rows"]}
    assert rows == {
        "works": (["send signals"], True),
        "revoked": (["send signals"], False),
        "ended": (["send signals"], False),
    }


def user_form(**said: Any) -> dict[str, Any]:
    return {"username": "li.na", "display_name": "Li Na", "role": "agent", "password": PASSWORD} | said


def test_user_is_made_by_the_same_service_as_the_command(client: Client) -> None:
    make_team("East")
    assert client.post("/access/users/new/", user_form(team="East")).status_code == 302
    assert client.post("/access/users/new/", user_form(username="chen", new_team="West")).status_code == 302
    made = User.objects.exclude(username="root").order_by("id")
    assert list(made.values_list("username", "display_name", "role", "team__name", "is_active")) == [
        ("li.na", "Li Na", "agent", "East", True),
        ("chen", "Li Na", "agent", "West", True),
    ]
    assert Client().login(username="li.na", password=PASSWORD)
    assert trail() == [("root", "user", user.pk, "created as agent") for user in made]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({}, "An agent needs a team."),
        ({"team": "East", "new_team": "West"}, "Choose a team or name a new one, not both."),
        ({"role": "analyst", "username": "root"}, "The name root is taken; choose another."),
        ({"role": "analyst", "password": "1234567"}, "This password is too short."),
        ({"role": "analyst", "username": "li na"}, "Enter a valid username."),
        ({"role": "owner"}, "Select a valid choice."),
    ],
)
def test_user_who_cannot_be_made_goes_back_onto_the_form(client: Client, said: dict[str, Any], words: str) -> None:
    make_team("East")
    answer = client.post("/access/users/new/", user_form(**said))
    assert answer.status_code == 422
    assert words in unescape(answer.content.decode())
    assert PASSWORD not in answer.content.decode()
    assert (User.objects.count(), list(Team.objects.values_list("name", flat=True))) == (1, ["East"])


def test_role_team_and_name_are_changed(client: Client) -> None:
    person = make_user(Role.AGENT, name="li")
    path = f"/access/users/{person.pk}/"
    assert client.get(path).context["form"].initial["team"] == person.team.name  # type: ignore[union-attr]
    assert client.post(path, {"display_name": "Li Na", "role": "supervisor", "new_team": "West"}).status_code == 302
    person.refresh_from_db()
    west = Team.objects.get(name="West")
    assert (person.display_name, person.role, person.team) == ("Li Na", "supervisor", west)
    assert client.post(path, {"role": "agent"}).status_code == 422
    assert client.post(path, {"role": "analyst"}).status_code == 302
    person.refresh_from_db()
    assert (person.display_name, person.role, person.team) == ("li", "analyst", None)
    assert trail() == [
        ("root", "user", person.pk, f"changed to supervisor, team {west.pk}"),
        ("root", "user", person.pk, "changed to analyst, team none"),
    ]
    assert client.get("/access/users/0/").status_code == 404


def test_user_who_is_shut_out_is_out_at_the_next_click(client: Client) -> None:
    person = create_user(username="li", password=PASSWORD, role=Role.ANALYST, now=NOW)
    theirs = Client()
    assert theirs.login(username="li", password=PASSWORD)
    assert theirs.get("/help/").status_code == 200
    for _again in range(2):
        assert client.post(f"/access/users/{person.pk}/switch/", {"on": "no"}).status_code == 302
    assert theirs.get("/help/").status_code == 302
    assert not Client().login(username="li", password=PASSWORD)
    client.post(f"/access/users/{person.pk}/switch/", {"on": "yes"})
    assert Client().login(username="li", password=PASSWORD)
    assert [note for _who, _kind, _pk, note in trail()] == ["created as analyst", "disabled", "enabled"]


def test_last_administrator_stays(client: Client, administrator: User) -> None:
    path = f"/access/users/{administrator.pk}/"
    assert client.post(path, {"role": "analyst"}).status_code == 409
    assert client.post(f"{path}switch/", {"on": "no"}).status_code == 409
    other = make_user(Role.ADMINISTRATOR)
    set_active(user=other, on=False, by=administrator, now=NOW)
    with pytest.raises(Conflict):
        set_active(user=administrator, on=False, by=administrator, now=NOW)
    set_active(user=other, on=True, by=administrator, now=NOW)
    change_user(user=administrator, role=Role.ANALYST, display_name="", by=administrator, now=NOW)
    administrator.refresh_from_db()
    assert (administrator.role, administrator.is_active) == (Role.ANALYST, True)


def test_password_is_in_no_page_of_the_list(client: Client) -> None:
    create_user(username="li", password=PASSWORD, role=Role.ANALYST, now=NOW + timedelta(days=1))
    stored = User.objects.get(username="li").password
    for path in ("/access/", f"/access/users/{User.objects.get(username='li').pk}/"):
        page = client.get(path).content.decode()
        assert (PASSWORD in page, stored in page) == (False, False)


def test_command_still_says_how_to_give_a_team(db: None) -> None:
    with pytest.raises(Invalid, match="An agent needs a team"):
        create_user(username="li", password=PASSWORD, role=Role.AGENT, now=NOW)
    with pytest.raises(SystemExit) as refusal:
        call_command("create_user", "li", "--role", "agent")
    assert refusal.value.code == 2
