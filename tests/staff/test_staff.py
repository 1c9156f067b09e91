"""People, the trail and the installation's clock."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.db import IntegrityError, InternalError, ProgrammingError, connection, transaction
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from loopcare.common import clock
from loopcare.common.errors import Conflict, Invalid
from loopcare.staff.enums import AuditAction, Role, World
from loopcare.staff.models import AuditEntry, Installation, Team, User
from loopcare.staff.services import advance_clock, audit, create_user, found_demo_world

NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)


def test_clock_is_the_databases(db: None) -> None:
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(minutes=1)


def test_demo_clock_runs_ahead_and_a_live_one_does_not(db: None) -> None:
    with pytest.raises(Conflict):
        advance_clock(by=timedelta(days=1))
    found_demo_world(brand="Northwind Mobile")
    advance_clock(by=timedelta(days=31))
    ahead = clock.now() - datetime.now(UTC)
    assert timedelta(days=31) - timedelta(minutes=1) < ahead < timedelta(days=31, minutes=1)
    with pytest.raises(Invalid):
        advance_clock(by=timedelta(0))


def test_live_world_does_not_become_a_demo(db: None) -> None:
    Installation.objects.create(world=World.LIVE)
    with pytest.raises(Conflict):
        found_demo_world(brand="x")
    with pytest.raises(IntegrityError, match="installation_live_clock_is_true"), transaction.atomic():
        Installation.objects.update(clock_offset=timedelta(days=1))


@pytest.mark.parametrize(
    ("username", "password", "field"), [("taken", "correct horse battery", "username"), ("new", "short", "password")]
)
def test_create_user_refuses(db: None, username: str, password: str, field: str) -> None:
    create_user(username="taken", password="correct horse battery", role=Role.ANALYST, now=NOW)
    with pytest.raises(Invalid) as refusal:
        create_user(username=username, password=password, role=Role.ANALYST, now=NOW)
    assert refusal.value.field == field


def test_agent_needs_a_team(db: None) -> None:
    with pytest.raises(IntegrityError, match="user_agent_has_team"):
        User.objects.create(username="a", role=Role.AGENT)


@pytest.mark.parametrize("statement", ["UPDATE staff_auditentry SET note = 'x'", "DELETE FROM staff_auditentry"])
def test_trail_refuses_change_even_to_its_owner(db: None, statement: str) -> None:
    audit(actor=None, action=AuditAction.EXPORT, subject="pool", now=NOW)
    with (
        pytest.raises((InternalError, ProgrammingError), match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert AuditEntry.objects.count() == 1


@pytest.mark.parametrize("table", ["staff_auditentry", "surveys_poolevent", "careplans_caseevent"])
def test_running_role_may_add_to_the_trail_only(transactional_db: None, table: str) -> None:
    parts = conninfo_to_dict(os.environ["LOOPCARE_APP_DATABASE_URL"]) | {"dbname": connection.settings_dict["NAME"]}
    with psycopg.connect(make_conninfo("", **parts)) as application, application.cursor() as cursor:
        cursor.execute(
            "SELECT array_agg(DISTINCT privilege_type::text ORDER BY privilege_type::text) "
            "FROM information_schema.role_table_grants WHERE table_name = %s AND grantee = current_user",
            [table],
        )
        assert cursor.fetchone() == (["INSERT", "SELECT"],)


@pytest.mark.parametrize(
    ("role", "with_team", "seen"),
    [
        (Role.AGENT, True, 1),
        (Role.SUPERVISOR, True, 1),
        (Role.SUPERVISOR, False, 2),
        (Role.ANALYST, False, 2),
        (Role.AUDITOR, False, 2),
        (Role.ADMINISTRATOR, False, 2),
    ],
)
def test_team_is_seen_by(db: None, role: Role, with_team: bool, seen: int) -> None:
    own, _other = Team.objects.create(name="own"), Team.objects.create(name="other")
    user = User.objects.create(username="u", role=role, team=own if with_team else None)
    assert Team.objects.visible_to(user).count() == seen
