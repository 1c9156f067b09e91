"""Incidents: the list, a new one, and one of them with its clock, checklist and log."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from loopcare.common import clock
from loopcare.common.errors import Invalid
from loopcare.common.pager import pager
from loopcare.common.pagination import page_of
from loopcare.staff.access import StaffRequest, roles
from surveys.enums import IncidentPhase, IncidentStatus
from surveys.filters.monitoring import IncidentFilter
from surveys.forms.incidents import IncidentForm, NoteForm, OwnerForm
from surveys.logic.incident_clock import running_phase
from surveys.models import Alarm, Incident
from surveys.selectors.incidents import clock_of, log_of, with_progress
from surveys.selectors.monitoring import customers_behind
from surveys.services import incidents as services
from surveys.views.cells import cell_names, cell_words, lines
from surveys.views.pool import ACTORS, READERS

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class Act(NamedTuple):
    """A move of an incident: its path and service, its words."""

    name: str
    service: Callable[..., None]
    label: _StrPromise
    done: _StrPromise
    allowed_from: frozenset[IncidentStatus]


ACTS = (
    Act(
        "contain",
        services.contain,
        gettext_lazy("Mark as contained"),
        gettext_lazy("The incident no longer grows."),
        frozenset({IncidentStatus.OPEN}),
    ),
    Act(
        "close",
        services.close,
        gettext_lazy("Close"),
        gettext_lazy("The incident is closed."),
        frozenset({IncidentStatus.OPEN, IncidentStatus.CONTAINED}),
    ),
    Act(
        "reopen",
        services.reopen,
        gettext_lazy("Reopen"),
        gettext_lazy("The incident is open again."),
        frozenset({IncidentStatus.CONTAINED, IncidentStatus.CLOSED}),
    ),
)


@roles(*READERS)
@require_safe
def incidents(request: StaffRequest) -> HttpResponse:
    """The list; without a status in the query, those that run."""
    now = clock.now()
    visible = Incident.objects.visible_to(request.user)
    all_asked = {"status", "status__in"} & {name for name, value in request.GET.items() if value}
    filters = IncidentFilter(request.GET, visible if all_asked else visible.running())
    page = page_of(with_progress(filters.qs, now), request.GET)
    words = ngettext("%(count)s incident", "%(count)s incidents", page.count) % {"count": page.count_text}
    context = {
        "rows": [(row, _phase(row, now)) for row in page.rows],
        "form": filters.form,
        "fields": [filters.form["status"]],
        "pager": pager(request, page, words),
        "filtered": any(request.GET.values()),
        "may_act": request.user.role in ACTORS,
    }
    return render(request, "surveys/incidents/incidents.html", context, status=200 if filters.is_valid() else 422)


@roles(*ACTORS)
def new_incident(request: StaffRequest) -> HttpResponse:
    """The form; `alarm` in the address is what it is opened from."""
    if request.method != "POST":
        alarm = _alarm(request, request.GET.get("alarm", ""))
        title = cell_words(alarm, cell_names()) if alarm else ""
        initial = {"title": title, "owner": request.user.pk, "alarm": alarm.pk if alarm else None}
        return _form(request, IncidentForm(initial=initial), alarm)
    form = IncidentForm(request.POST)
    alarm = _alarm(request, request.POST.get("alarm", ""))
    if form.is_valid():
        said = {"title": form.cleaned_data["title"], "owner": form.cleaned_data["owner"]}
        try:
            row = services.open_incident(**said, alarm=alarm, by=request.user, now=clock.now())
        except Invalid as error:
            form.add_error(error.field, error.message)
        else:
            messages.success(request, _("The incident is open; its clock runs."))
            return redirect("surveys:incident", row.pk)
    return _form(request, form, alarm, status=Invalid.status)


@roles(*READERS)
@require_safe
def incident(request: StaffRequest, pk: int) -> HttpResponse:
    return _page(request, _one(request, pk))


@roles(*ACTORS)
@require_POST
def tick(request: StaffRequest, pk: int, step: str) -> HttpResponse:
    """One step of the checklist, done or not after all."""
    row = _one(request, pk)
    services.set_step(
        incident=row, name=step, done=request.POST.get("done") == "true", by=request.user, now=clock.now()
    )
    return _page(request, row) if request.htmx else redirect("surveys:incident", pk)


@roles(*ACTORS)
@require_POST
def write_note(request: StaffRequest, pk: int) -> HttpResponse:
    row, form = _one(request, pk), NoteForm(request.POST)
    if not form.is_valid():
        return _page(request, row, note=form, status=Invalid.status)
    services.note(incident=row, text=form.cleaned_data["text"], by=request.user, now=clock.now())
    messages.success(request, _("Noted."))
    return redirect("surveys:incident", pk)


@roles(*ACTORS)
@require_POST
def assign(request: StaffRequest, pk: int) -> HttpResponse:
    """Somebody else answers for it."""
    row, form = _one(request, pk), OwnerForm(request.POST)
    if not form.is_valid():
        return _page(request, row, owner=form, status=Invalid.status)
    services.assign(incident=row, owner=form.cleaned_data["owner"], by=request.user, now=clock.now())
    messages.success(request, _("%(owner)s answers for it from now on.") % {"owner": row.owner})
    return redirect("surveys:incident", pk)


@roles(*ACTORS)
@require_POST
def change(request: StaffRequest, pk: int, act: str) -> HttpResponse:
    """Contained, closed or open again."""
    row = _one(request, pk)
    wanted = next((known for known in ACTS if known.name == act), None)
    if wanted is None:
        raise Http404
    wanted.service(incident=row, by=request.user, now=clock.now())
    messages.success(request, wanted.done)
    return redirect("surveys:incident", pk)


def _one(request: StaffRequest, pk: int) -> Incident:
    visible = Incident.objects.visible_to(request.user).select_related("owner", "opened_by")
    return get_object_or_404(visible, pk=pk)


def _alarm(request: StaffRequest, number: str) -> Alarm | None:
    if not number.isdecimal():
        return None
    return get_object_or_404(Alarm.objects.visible_to(request.user).select_related("source"), pk=int(number[:18]))


def _phase(row: Incident, now: Any) -> str:
    """The label of the phase the clock is in; empty between two of them, and once it is closed."""
    code = "" if row.closed_at else running_phase(now - row.opened_at)
    return str(IncidentPhase(code).label) if code else ""


def _form(request: StaffRequest, form: IncidentForm, alarm: Alarm | None, *, status: int = 200) -> HttpResponse:
    context = {"form": form, "lines": lines([alarm] if alarm else [], cell_names())}
    return render(request, "surveys/incidents/new.html", context, status=status)


def _page(
    request: StaffRequest,
    row: Incident,
    *,
    note: NoteForm | None = None,
    owner: OwnerForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """One incident; only what its acts change where a part is asked for."""
    now = clock.now()
    alarms = list(row.alarms.select_related("source"))
    phases = clock_of(row, now)
    context = {
        "incident": row,
        "now": now,
        "phases": phases,
        "done": sum(step.done_at is not None for phase in phases for step in phase.steps),
        "all": sum(len(phase.steps) for phase in phases),
        "log": log_of(row),
        "lines": lines(alarms, cell_names()),
        "customers": customers_behind(alarms).count() if alarms else None,
        "acts": [act for act in ACTS if row.status in act.allowed_from],
        "note_form": note or NoteForm(),
        "owner_form": owner or OwnerForm(initial={"owner": row.owner_id}),
        "may_act": request.user.role in ACTORS,
        "may_work": request.user.role in ACTORS and row.status != IncidentStatus.CLOSED,
    }
    template = "surveys/incidents/work.html" if request.htmx else "surveys/incidents/incident.html"
    return render(request, template, context, status=status)
