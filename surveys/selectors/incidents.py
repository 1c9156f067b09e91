"""Reading incidents: how far the checklist is, what the clock says, the log in one line of time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from django.db.models import Count, Min, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from loopcare.staff.enums import Role
from loopcare.staff.models import User
from surveys.enums import IncidentNoteKind, IncidentPhase, IncidentStatus, IncidentStepName
from surveys.logic.incident_clock import PHASES, running_phase
from surveys.models import Incident, IncidentStep

OWNERS = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})

STRETCHES = {
    IncidentPhase.CONFIRM: _("0–2 hours"),
    IncidentPhase.EXPLAIN: _("2–4 hours"),
    IncidentPhase.CONTAIN: _("4–12 hours"),
    IncidentPhase.MEND: _("12–48 hours"),
    IncidentPhase.LEARN: _("1–2 weeks"),
}

PhaseState: TypeAlias = Literal["done", "overdue", "running", "coming"]


def possible_owners() -> QuerySet[User]:
    """Everybody who may answer for an incident."""
    owners: QuerySet[User] = User.objects.filter(role__in=OWNERS, is_active=True).order_by("username")
    return owners


def with_progress(incidents: QuerySet[Incident], now: datetime) -> QuerySet[Incident]:
    """Adds `steps_all`, `steps_done`, `steps_overdue`, `next_due` and `owner`."""
    open_step = Q(steps__done_at=None)
    return incidents.select_related("owner").annotate(
        steps_all=Count("steps"),
        steps_done=Count("steps", filter=~open_step),
        steps_overdue=Count("steps", filter=open_step & Q(steps__due_at__lt=now)),
        next_due=Min("steps__due_at", filter=open_step),
    )


@dataclass(frozen=True, slots=True)
class ClockPhase:
    """A phase of one incident's clock: its stretch of time, its steps, and where it stands.

    It is done when its steps are, overdue when it ended without, running while it lasts.
    """

    code: str
    label: str
    stretch: str
    ends_at: datetime
    state: PhaseState
    steps: list[IncidentStep]


def clock_of(incident: Incident, now: datetime) -> list[ClockPhase]:
    """The phases of the response clock, as of now. A closed incident's clock stands still."""
    at = incident.closed_at or now
    running = running_phase(at - incident.opened_at)
    steps = list(incident.steps.select_related("done_by"))
    phases = []
    for phase in PHASES:
        mine = [step for step in steps if step.phase == phase.code]
        ends_at = incident.opened_at + phase.ends
        done = all(step.done_at for step in mine)
        state: PhaseState = (
            "done" if done else "overdue" if at >= ends_at else "running" if phase.code == running else "coming"
        )
        name = IncidentPhase(phase.code)
        phases.append(ClockPhase(phase.code, str(name.label), str(STRETCHES[name]), ends_at, state, mine))
    return phases


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of the log: `kind` is a status that was moved to or the kind of a note."""

    at: datetime
    by: User | None
    kind: str
    label: str
    text: str


def log_of(incident: Incident) -> list[LogLine]:
    """Moves and notes together, the latest first; a note of the same moment follows its move."""
    moves = [
        LogLine(event.at, event.actor, event.to_status, str(IncidentStatus(event.to_status).label), "")
        for event in incident.events.select_related("actor").order_by("-id")
    ]
    notes = [
        LogLine(note.at, note.by, note.kind, str(IncidentNoteKind(note.kind).label), _said(note.kind, note.text))
        for note in incident.notes.select_related("by").order_by("-id")
    ]
    return sorted([*notes, *moves], key=lambda line: line.at, reverse=True)


def _said(kind: str, text: str) -> str:
    """A step by its name, as the language of the page has it; anything else as it was written."""
    steps = (IncidentNoteKind.DONE, IncidentNoteKind.UNDONE)
    return str(IncidentStepName(text).label) if kind in steps else text
