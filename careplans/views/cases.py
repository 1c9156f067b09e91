"""The agent's workspace: one case in hand, and everything that is done to it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from careplans.enums import CaseStatus, Outcome, SkipReason
from careplans.forms import OutcomeForm, SkipForm, tell
from careplans.models import Case, Draft
from careplans.selectors import case_view
from careplans.selectors.queue import holder_of
from careplans.services.cases import LEASE, hold, record_outcome, release, save_draft
from careplans.services.hands import held_case
from careplans.views.booking import quick_times
from careplans.views.queue import next_or_queue
from loopcare.common.clock import now
from loopcare.common.errors import Conflict, Invalid, StaleLease
from loopcare.customers.models import ContactPoint
from loopcare.customers.services import reveal
from loopcare.staff.access import StaffRequest, roles
from loopcare.staff.enums import Role
from surveys.selectors import labels


@roles(Role.AGENT, Role.SUPERVISOR)
@never_cache
@require_safe
def case_page(request: StaffRequest, pk: int) -> HttpResponse:
    """The workspace of the case in hand; any other case of the team as it stands, to be read only."""
    return render(request, "careplans/cases/case.html", _context(request, _case(request, pk)))


@roles(Role.AGENT, Role.SUPERVISOR)
@require_POST
def record(request: StaffRequest, pk: int) -> HttpResponse:
    """Save the outcome and go on. What cannot be saved comes back as it was typed: 422, or 409 with the notes kept."""
    case = _case(request, pk)
    form = OutcomeForm(request.POST, view=case_view(case, now(), request.user))
    if not form.is_valid():
        return _again(request, case, form)
    said: dict[str, Any] = form.cleaned_data
    try:
        record_outcome(case_id=pk, agent=request.user, now=now(), **said)
    except Invalid as error:
        tell(form, error)
        return _again(request, case, form)
    except StaleLease as error:
        return _taken(request, pk, error)
    label = Outcome(said["outcome"]).label
    messages.success(request, _("Case %(case)s saved: %(outcome)s.") % {"case": pk, "outcome": label})
    return _go_on(request)


@roles(Role.AGENT, Role.SUPERVISOR)
@require_POST
def skip(request: StaffRequest, pk: int) -> HttpResponse:
    """Put the case down without an outcome."""
    _case(request, pk)
    form = SkipForm(request.POST)
    if not form.is_valid():
        raise Invalid(_("Choose why you put the case down."), field="reason")
    reason = SkipReason(form.cleaned_data["reason"])
    try:
        release(case_id=pk, agent=request.user, epoch=form.cleaned_data["epoch"], now=now(), reason=reason.value)
    except StaleLease as error:
        return _taken(request, pk, error)
    messages.info(request, _("Case %(case)s is back in the queue.") % {"case": pk})
    return _go_on(request)


@roles(Role.AGENT, Role.SUPERVISOR)
@require_POST
def keep_draft(request: StaffRequest, pk: int) -> HttpResponse:
    """Keep the notes in progress, whoever holds the case; answers with when."""
    typed = {name: request.POST.get(name, "") for name in ("notes", "cause", "action")}
    draft = save_draft(case_id=pk, agent=request.user, now=now(), **typed)
    return render(request, "careplans/cases/draft_state.html", {"draft": draft})


@roles(Role.AGENT, Role.SUPERVISOR)
@require_POST
def keep_hold(request: StaffRequest, pk: int) -> HttpResponse:
    """Heartbeat of the open page."""
    case = _case(request, pk)
    epoch = _epoch(request)
    try:
        if not hold(case=case, agent=request.user, epoch=epoch, now=now()):
            held_case(case_id=pk, agent=request.user, epoch=epoch)
    except StaleLease as error:
        return _taken(request, pk, error)
    return render(request, "careplans/cases/hold.html", {"case": case, "hold_seconds": int(LEASE.total_seconds())})


@roles(Role.AGENT, Role.SUPERVISOR)
@require_POST
def reveal_point(request: StaffRequest, pk: int, point: int) -> HttpResponse:
    """The number itself, to the one who holds the case; every look is recorded."""
    case = _case(request, pk)
    row = get_object_or_404(ContactPoint, pk=point, customer_id=case.customer_id)
    if not _is_mine(request, case):
        raise Conflict(_("Take this case first: a number is shown to the agent who holds it."))
    value = reveal(point_id=row.pk, actor=request.user, now=now(), note=f"case {case.pk}")
    return render(request, "careplans/cases/revealed.html", {"point": row, "value": value})


# --- what the views share --------------------------------------------------------------------------------------------
def _case(request: StaffRequest, pk: int) -> Case:
    cases = Case.objects.visible_to(request.user)
    return get_object_or_404(cases.select_related("customer__region", "strategy", "campaign", "entry__source"), pk=pk)


def _is_mine(request: StaffRequest, case: Case) -> bool:
    return case.status == CaseStatus.IN_HAND and case.holder == holder_of(request.user)


def _epoch(request: StaffRequest) -> int:
    text = request.POST.get("epoch", "")
    if not text.isdecimal():
        raise Invalid(_("The page lacks the number of your hold; reload it."), field="epoch")
    return int(text)


def _context(request: StaffRequest, case: Case, form: OutcomeForm | None = None) -> dict[str, Any]:
    moment = now()
    view = case_view(case, moment, request.user)
    context = {"case": case, "view": view, "mine": _is_mine(request, case)}
    if not context["mine"]:
        drafts = Draft.objects.visible_to(request.user).filter(case=case).select_related("agent")
        return context | {"drafts": drafts, "cause_name": labels("causes").get(case.cause, case.cause)}
    left = (case.lease_until - moment).total_seconds() if case.lease_until else 0
    return context | {
        "form": form or OutcomeForm(view=view),
        "skip_form": SkipForm(initial={"epoch": case.epoch}),
        "hold_seconds": max(0, int(left)),
        "quick_times": quick_times(view.local_time),
    }


def _again(request: StaffRequest, case: Case, form: OutcomeForm) -> HttpResponse:
    """The form with what is to be mended: the whole page, or with htmx the form alone."""
    template = "careplans/cases/work.html" if request.htmx else "careplans/cases/case.html"
    return render(request, template, _context(request, case, form), status=Invalid.status)


def _taken(request: StaffRequest, pk: int, error: StaleLease) -> HttpResponse:
    """The bar that says who has the case now. The notes stay on the page, and are kept as a draft."""
    case = _case(request, pk)
    context: dict[str, Any] = {"case": case, "problem": error}
    if request.htmx:
        return render(request, "careplans/cases/taken.html", context, status=error.status)
    context |= _context(request, case)
    return render(request, "careplans/cases/case.html", context, status=error.status)


def _go_on(request: StaffRequest) -> HttpResponse:
    """To the next case, or to the start page for who stops; a full step in both, so that "back" stays harmless."""
    stops = request.POST.get("then") == "stop"
    path = resolve_url("careplans:queue") if stops else next_or_queue(request)
    return HttpResponseClientRedirect(path) if request.htmx else redirect(path)
