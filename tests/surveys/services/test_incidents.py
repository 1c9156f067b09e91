"""Incidents: opened, owned, worked off, contained, closed and opened again, every line in the log."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import ProgrammingError

from loopcare.common.errors import Conflict, Invalid
from loopcare.staff.enums import Role
from loopcare.staff.models import User
from surveys.enums import AlarmStatus, IncidentPhase, IncidentStatus, IncidentStepName
from surveys.logic.incident_clock import PHASES, running_phase
from surveys.models import Alarm, Incident, IncidentEvent, IncidentNote, IncidentStep
from surveys.services import incidents as services
from tests.factories import NOW, make_user
from tests.surveys.watching import DAY, make_alarm

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def user() -> User:
    return make_user(Role.SUPERVISOR, name="Zhou")


def opened(user: User, **fields: Any) -> Incident:
    said: dict[str, Any] = {"title": "Refunds", "by": user, "now": NOW} | fields
    return services.open_incident(**said)


def log(incident: Incident) -> list[tuple[str, str]]:
    return [(note.kind, note.text) for note in incident.notes.all()]


def test_open_incident_starts_its_clock_and_makes_its_checklist(user: User) -> None:
    incident = opened(user)
    assert (incident.owner, incident.opened_at, incident.status) == (user, NOW, IncidentStatus.OPEN)
    assert [(step.name, (step.due_at - NOW) / HOUR) for step in incident.steps.all()] == [
        *(("numbers", 2), ("customers", 2), ("extent", 2)),
        *(("cause", 4), ("agents", 4), ("department", 4)),
        *(("stop", 12), ("segment", 12)),
        *(("mended", 48), ("informed", 48)),
        *(("usual", 336), ("lesson", 336), ("review", 336)),
    ]
    assert [(event.to_status, event.actor) for event in incident.events.all()] == [("open", user)]


def test_clock_and_words_name_the_same_phases_and_steps() -> None:
    assert [phase.code for phase in PHASES] == IncidentPhase.values
    assert [step for phase in PHASES for step in phase.steps] == IncidentStepName.values


@pytest.mark.parametrize(
    ("hours", "phase"),
    [
        *((0, "confirm"), (1.99, "confirm"), (2, "explain"), (4, "contain"), (12, "mend"), (47.9, "mend")),
        *((48, ""), (7 * 24 - 1, ""), (7 * 24, "learn"), (14 * 24, "")),
    ],
)
def test_running_phase_by_hours(hours: float, phase: str) -> None:
    assert running_phase(hours * HOUR) == phase


def test_open_incident_takes_its_alarm_along(user: User) -> None:
    alarm = make_alarm()
    incident = opened(user, alarm=alarm)
    fresh = Alarm.objects.get()
    assert (fresh.status, fresh.incident, log(incident)) == (AlarmStatus.INCIDENT, incident, [("alarm", str(alarm.pk))])


def test_open_incident_twice_from_one_alarm_makes_one(user: User) -> None:
    alarm = make_alarm()
    stale = Alarm.objects.get()
    opened(user, alarm=alarm)
    with pytest.raises(Conflict):
        opened(user, alarm=stale)
    assert Incident.objects.count() == 1


@pytest.mark.parametrize("title", ["", "   "])
def test_open_incident_needs_a_title(user: User, title: str) -> None:
    with pytest.raises(Invalid, match="title"):
        opened(user, title=title)


@pytest.mark.parametrize("role", [Role.AGENT, Role.ANALYST, Role.AUDITOR])
def test_owner_is_somebody_who_may_act(user: User, role: Role) -> None:
    incident = opened(user)
    with pytest.raises(Invalid, match="owner"):
        services.assign(incident=incident, owner=make_user(role), by=user, now=NOW)
    with pytest.raises(Invalid, match="owner"):
        opened(user, owner=make_user(role))


def test_assign_names_another_owner(user: User) -> None:
    incident, li = opened(user), make_user(Role.ADMINISTRATOR, name="Li")
    services.assign(incident=incident, owner=li, by=user, now=NOW)
    assert (Incident.objects.get().owner, log(incident)) == (li, [("owner", str(li))])


def test_second_alarm_joins_the_incident(user: User) -> None:
    incident = opened(user, alarm=make_alarm())
    services.add_alarm(incident=incident, alarm=make_alarm(DAY + timedelta(days=1)), by=user, now=NOW)
    assert incident.alarms.count() == 2


def test_set_step_ticks_once_and_takes_back(user: User) -> None:
    incident = opened(user)
    services.set_step(incident=incident, name="cause", done=True, by=user, now=NOW)
    step = IncidentStep.objects.get(name="cause")
    assert (step.done_at, step.done_by) == (NOW, user)
    with pytest.raises(Conflict, match="done already"):
        services.set_step(incident=incident, name="cause", done=True, by=user, now=NOW)
    services.set_step(incident=incident, name="cause", done=False, by=user, now=NOW)
    with pytest.raises(Conflict, match="not done"):
        services.set_step(incident=incident, name="cause", done=False, by=user, now=NOW)
    step.refresh_from_db()
    assert (step.done_at, step.done_by, log(incident)) == (None, None, [("done", "cause"), ("undone", "cause")])


def test_set_step_refuses_a_step_that_is_not_on_the_list(user: User) -> None:
    with pytest.raises(Invalid, match="no such step"):
        services.set_step(incident=opened(user), name="lunch", done=True, by=user, now=NOW)


@pytest.mark.parametrize(("text", "why"), [(" \n", "something"), ("x" * 2001, "2000 characters")])
def test_note_refuses_nothing_and_too_much(user: User, text: str, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        services.note(incident=opened(user), text=text, by=user, now=NOW)


MOVES = {
    services.contain: {IncidentStatus.OPEN},
    services.close: {IncidentStatus.OPEN, IncidentStatus.CONTAINED},
    services.reopen: {IncidentStatus.CONTAINED, IncidentStatus.CLOSED},
}


def brought_to(status: IncidentStatus, user: User) -> Incident:
    incident = opened(user)
    if status != IncidentStatus.OPEN:
        {IncidentStatus.CONTAINED: services.contain, IncidentStatus.CLOSED: services.close}[status](
            incident=incident, by=user, now=NOW
        )
    return incident


@pytest.mark.parametrize("status", list(IncidentStatus))
@pytest.mark.parametrize("service", list(MOVES), ids=lambda service: service.__name__)
def test_moves_of_an_incident(user: User, service: Any, status: IncidentStatus) -> None:
    incident = brought_to(status, user)
    before = incident.events.count()
    if status in MOVES[service]:
        service(incident=incident, by=user, now=NOW + HOUR)
        fresh = Incident.objects.get()
        assert fresh.events.count() == before + 1
        assert (fresh.closed_at is not None) == (fresh.status == IncidentStatus.CLOSED)
        assert fresh.opened_at == NOW
    else:
        with pytest.raises(Conflict):
            service(incident=incident, by=user, now=NOW)
        assert (Incident.objects.get().status, incident.events.count()) == (status, before)


@pytest.mark.parametrize("act", ["assign", "set_step", "add_alarm"])
def test_closed_incident_is_not_worked_on(user: User, act: str) -> None:
    incident = opened(user)
    stale = Incident.objects.get()
    services.close(incident=incident, by=user, now=NOW)
    more: dict[str, dict[str, Any]] = {
        "assign": {"owner": user},
        "set_step": {"name": "cause", "done": True},
        "add_alarm": {"alarm": make_alarm()},
    }
    with pytest.raises(Conflict, match="closed"):
        getattr(services, act)(incident=stale, by=user, now=NOW, **more[act])


def test_closed_incident_still_takes_notes(user: User) -> None:
    incident = opened(user)
    services.close(incident=incident, by=user, now=NOW)
    services.note(incident=incident, text=" Seen again? ", by=user, now=NOW)
    assert log(incident) == [("note", "Seen again?")]


# --- the database is the last judge ----------------------------------------------------------------------------------
@pytest.mark.parametrize("table", [IncidentEvent, IncidentNote])
@pytest.mark.parametrize("statement", ["UPDATE {} SET at = now()", "DELETE FROM {}"])
def test_log_is_append_only(user: User, table: Any, statement: str) -> None:
    services.note(incident=opened(user), text="x", by=user, now=NOW)
    with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table._meta.db_table))


@pytest.mark.parametrize(
    ("constraint", "fields"),
    [
        ("alarm_status_known", {"status": "gone"}),
        ("alarm_cell_is_a_path", {"source": None, "brand": "A", "region": None}),
        ("alarm_cell_is_a_path", {"brand": None}),
        ("alarm_is_a_rise", {"observed": 35}),
        ("alarm_acknowledged_by_somebody", {"status": "acknowledged"}),
        ("alarm_acknowledged_by_somebody", {"acknowledged_at": NOW}),
        ("alarm_in_incident_when_it_says_so", {"status": "incident"}),
    ],
)
def test_alarm_constraints_hold(constraint: str, fields: dict[str, Any]) -> None:
    alarm = make_alarm()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Alarm.objects.filter(pk=alarm.pk).update(**fields)


@pytest.mark.parametrize("cell", [{}, {"source": None, "brand": None, "region": None}, {"region": None}])
def test_cell_alarms_once_a_day_also_where_it_means_all(cell: dict[str, Any]) -> None:
    make_alarm(**cell)
    with pytest.raises(IntegrityError, match="alarm_once"), transaction.atomic():
        make_alarm(**cell)


@pytest.mark.parametrize(
    ("constraint", "fields"),
    [
        ("incident_status_known", {"status": "gone"}),
        ("incident_closed_when_closed", {"status": "closed"}),
        ("incident_closed_when_closed", {"closed_at": NOW}),
    ],
)
def test_incident_constraints_hold(user: User, constraint: str, fields: dict[str, Any]) -> None:
    opened(user)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Incident.objects.update(**fields)


def test_step_is_done_by_somebody_and_stands_once(user: User) -> None:
    incident = opened(user)
    with pytest.raises(IntegrityError, match="incident_step_done_by_somebody"), transaction.atomic():
        incident.steps.update(done_at=NOW)
    with pytest.raises(IntegrityError, match="incident_step_once"), transaction.atomic():
        IncidentStep.objects.create(incident=incident, phase="confirm", name="cause", due_at=NOW)
