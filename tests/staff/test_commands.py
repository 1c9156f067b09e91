"""The commands that set an installation up: who may sign in, and what it ships with."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from careplans.models import Strategy
from loopcare.staff.enums import Role
from loopcare.staff.models import User
from surveys.models import Questionnaire, Source

PASSWORD = "correct horse battery"


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str, password: str = PASSWORD) -> dict[str, Any]:
    """The JSON of a command that reads its password from standard input."""
    out = io.StringIO()
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    call_command(*arguments, "--json", stdout=out)
    result: dict[str, Any] = json.loads(out.getvalue())
    return result


def test_create_admin_makes_somebody_who_can_sign_in(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, "create_admin", "wei", "--password-stdin") == {"username": "wei", "role": "administrator"}
    assert User.objects.get(username="wei").check_password(PASSWORD)


def test_create_user_makes_the_team_of_an_agent(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    made = run(monkeypatch, "create_user", "li", "--role", "agent", "--team", "East", "--password-stdin")
    assert made == {"username": "li", "role": "agent", "team": "East"}
    again = run(monkeypatch, "create_user", "chen", "--role", "agent", "--team", "East", "--password-stdin")
    assert again == {"username": "chen", "role": "agent", "team": "East"}
    assert User.objects.filter(role=Role.AGENT).values("team").distinct().count() == 1


@pytest.mark.parametrize(
    ("arguments", "password", "words"),
    [
        (("create_user", "li", "--role", "agent"), PASSWORD, "--team"),
        (("create_admin", "wei"), "short", "password"),
    ],
)
def test_refusal_is_a_sentence_and_exit_code_2(
    db: None, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], password: str, words: str
) -> None:
    err = io.StringIO()
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    with pytest.raises(SystemExit) as refusal:
        call_command(*arguments, "--password-stdin", stderr=err)
    assert refusal.value.code == 2
    assert words in err.getvalue()


def test_ensure_basics_twice_is_once(db: None) -> None:
    for _again in range(2):
        call_command("ensure_basics", stdout=io.StringIO())
    counts = (Source.objects.count(), Questionnaire.objects.count(), Strategy.objects.count())
    assert counts == (8, 1, 4)


def test_command_on_a_database_without_tables_says_what_to_do(transactional_db: None) -> None:
    err = io.StringIO()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE surveys_source RENAME TO elsewhere")
    try:
        with pytest.raises(SystemExit) as refusal:
            call_command("ensure_basics", stderr=err)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE elsewhere RENAME TO surveys_source")
    assert refusal.value.code == 1
    assert "manage.py migrate" in err.getvalue()
