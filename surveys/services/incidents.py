"""Incidents: opened from an alarm or by hand, owned by somebody, worked off step by step, every line in the log."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from loopcare.common.errors import Conflict, Invalid
from loopcare.common.states import move, record
from loopcare.staff.models import User
from surveys.enums import AlarmStatus, IncidentNoteKind, IncidentStatus
from surveys.logic.incident_clock import due_steps
from surveys.models import Alarm, Incident, IncidentNote, IncidentStep
from surveys.selectors.incidents import OWNERS

LONGEST_NOTE = 2000


@transaction.atomic
def open_incident(
    *, title: str, by: User, now: datetime, owner: User | None = None, alarm: Alarm | None = None
) -> Incident:
    """A new incident with its checklist; its clock starts at `now`. Without an owner it is `by`'s.

    Raises Invalid for an empty title or an owner who may not, Conflict for an alarm that is in an incident already.
    """
    title = title.strip()
    if not title:
        raise Invalid(_("Give the incident a title."), field="title")
    owner = _able(owner or by)
    incident = Incident.objects.create(title=title, owner=owner, opened_by=by, opened_at=now)
    record(incident, from_status="", to_status=IncidentStatus.OPEN, now=now, actor_id=by.pk)
    IncidentStep.objects.bulk_create(
        [
            IncidentStep(incident=incident, phase=phase, name=name, due_at=due_at)
            for phase, name, due_at in due_steps(now)
        ]
    )
    if alarm is not None:
        add_alarm(incident=incident, alarm=alarm, by=by, now=now)
    return incident


@transaction.atomic
def add_alarm(*, incident: Incident, alarm: Alarm, by: User, now: datetime) -> None:
    """Another alarm that is the same trouble. Raises Conflict when it is in an incident already, or this one closed."""
    _unclosed(incident)
    move(alarm, AlarmStatus.INCIDENT, now=now, actor_id=by.pk, incident_id=incident.pk)
    _log(incident, IncidentNoteKind.ALARM, str(alarm.pk), by=by, now=now)


@transaction.atomic
def assign(*, incident: Incident, owner: User, by: User, now: datetime) -> None:
    """Somebody else answers for it from now on."""
    _unclosed(incident)
    incident.owner = _able(owner)
    incident.save(update_fields=["owner"])
    _log(incident, IncidentNoteKind.OWNER, str(owner), by=by, now=now)


@transaction.atomic
def set_step(*, incident: Incident, name: str, done: bool, by: User, now: datetime) -> None:
    """Tick a step of the checklist, or take the tick away. Raises Conflict when somebody did so before."""
    _unclosed(incident)
    facts = {"done_at": now, "done_by": by} if done else {"done_at": None, "done_by": None}
    steps = IncidentStep.objects.filter(incident=incident, name=name)
    if not steps.filter(done_at__isnull=done).update(**facts):
        if not steps.exists():
            raise Invalid(_("The checklist has no such step."), field="step")
        raise Conflict(_("This step is done already.") if done else _("This step is not done."))
    _log(incident, IncidentNoteKind.DONE if done else IncidentNoteKind.UNDONE, name, by=by, now=now)


@transaction.atomic
def note(*, incident: Incident, text: str, by: User, now: datetime) -> None:
    """A line for the log, also after the end. Raises Invalid for nothing, or for more than 2,000 characters."""
    text = text.strip()
    if not text:
        raise Invalid(_("Write something first."), field="text")
    if len(text) > LONGEST_NOTE:
        raise Invalid(_("A note has at most %(longest)s characters.") % {"longest": LONGEST_NOTE}, field="text")
    _log(incident, IncidentNoteKind.NOTE, text, by=by, now=now)


def contain(*, incident: Incident, by: User, now: datetime) -> None:
    """open → contained: it no longer grows."""
    move(incident, IncidentStatus.CONTAINED, now=now, actor_id=by.pk)


def close(*, incident: Incident, by: User, now: datetime) -> None:
    """open | contained → closed."""
    move(incident, IncidentStatus.CLOSED, now=now, actor_id=by.pk, closed_at=now)


def reopen(*, incident: Incident, by: User, now: datetime) -> None:
    """contained | closed → open: it broke out again. The clock runs on from its first start."""
    move(incident, IncidentStatus.OPEN, now=now, actor_id=by.pk, closed_at=None)


def _able(owner: User) -> User:
    if owner.role not in OWNERS or not owner.is_active:
        raise Invalid(_("The owner must be a supervisor or an administrator who works here."), field="owner")
    return owner


def _unclosed(incident: Incident) -> None:
    """Locks the incident, so that it is not closed meanwhile."""
    incident.refresh_from_db(from_queryset=Incident.objects.select_for_update(of=("self",)))
    if incident.status == IncidentStatus.CLOSED:
        raise Conflict(_("This incident is closed; reopen it first."), status_now=incident.status)


def _log(incident: Incident, kind: IncidentNoteKind, text: str, *, by: User, now: datetime) -> None:
    IncidentNote.objects.create(incident=incident, kind=kind, text=text, by=by, at=now)
