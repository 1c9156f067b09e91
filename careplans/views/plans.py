"""The planner: a plan is written, changed, and frozen into a list."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from careplans.enums import CampaignStatus
from careplans.forms import Lines, PlanForm, lines_formset, tell
from careplans.models import Campaign
from careplans.services import campaigns as services
from careplans.views.campaigns import one_campaign
from loopcare.common.clock import now
from loopcare.common.errors import Conflict, Invalid
from loopcare.staff.access import StaffRequest, roles
from loopcare.staff.enums import Role

DAYS_AT_FIRST = 20


@roles(Role.SUPERVISOR)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: StaffRequest) -> HttpResponse:
    today = timezone.localtime(now()).date()
    initial: dict[str, Any] = {
        "team": request.user.team_id,
        "starts_on": today,
        "ends_on": today + timedelta(days=DAYS_AT_FIRST),
    }
    return _planner(request, None, initial)


@roles(Role.SUPERVISOR)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: StaffRequest, pk: int) -> HttpResponse:
    campaign = one_campaign(request, pk)
    if campaign.status != CampaignStatus.DRAFT:
        raise Conflict(_("This campaign is launched; its plan can no longer be changed."))
    plan = {name: getattr(campaign, name) for name in PlanForm.base_fields}
    return _planner(request, campaign, plan | {"hours_per_day": float(campaign.hours_per_day)})


def _planner(request: StaffRequest, campaign: Campaign | None, initial: dict[str, Any]) -> HttpResponse:
    """Show the plan, or save it and go to the campaign."""
    if request.method != "POST":
        lines = list(campaign.lines.values("segment", "strategy")) if campaign else []
        formset = lines_formset(user=request.user, initial=lines, spare=1 if lines else 2)
        return _plan_page(request, campaign, PlanForm(user=request.user, initial=initial), formset)
    form = PlanForm(request.POST, user=request.user, initial=initial)
    formset = lines_formset(request.POST, user=request.user)
    if not (form.is_valid() & formset.is_valid()):
        return _plan_page(request, campaign, form, formset)
    try:
        if campaign is None:
            campaign = services.draft_campaign(**form.cleaned_data, lines=formset.pairs(), by=request.user, now=now())
        else:
            services.edit_campaign(campaign=campaign, **form.cleaned_data, lines=formset.pairs())
    except Invalid as error:
        tell(form, error)
        return _plan_page(request, campaign, form, formset)
    messages.success(request, _("The plan is saved. Preview it to see who would be in it."))
    return redirect("careplans:campaign", campaign.pk)


def _plan_page(request: StaffRequest, campaign: Campaign | None, form: PlanForm, lines: Lines) -> HttpResponse:
    if form.is_bound and any(lines.errors):
        form.add_error(None, _("A line below is not complete."))
    context = {"campaign": campaign, "form": form, "lines": lines}
    status = Invalid.status if form.is_bound else 200
    return render(request, "careplans/campaigns/plan.html", context, status=status)


@roles(Role.SUPERVISOR)
@require_POST
def more_lines(request: StaffRequest) -> HttpResponse:
    """The lines as they stand on the page and one empty row more; nothing is saved."""
    typed = lines_formset(request.POST, user=request.user).as_typed()
    formset = lines_formset(user=request.user, initial=typed, spare=1)
    return render(request, "careplans/campaigns/lines.html", {"lines": formset})


@roles(Role.SUPERVISOR)
@require_POST
def preview(request: StaffRequest, pk: int) -> HttpResponse:
    services.preview_campaign(campaign=one_campaign(request, pk), now=now())
    messages.success(request, _("The list is frozen. A launch within 24 hours assigns exactly it."))
    return redirect("careplans:campaign", pk)
