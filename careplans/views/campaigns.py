"""Campaigns: the list, one campaign from its plan to its end, and the steps between."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe
from django_filters import FilterSet

from careplans.enums import CampaignStatus, PlanWarning
from careplans.filters import AssignmentFilter, CampaignFilter, MemberFilter
from careplans.forms import LaunchForm
from careplans.logic.planning import read_out_day, working_days
from careplans.models import Campaign
from careplans.selectors import newest_preview
from careplans.selectors.plans import assigned_people, frozen_people, progress, waterfall, with_counts
from careplans.services import campaigns as services
from careplans.services.launches import PREVIEW_LIVES
from careplans.views.acts import ACTS
from careplans.views.headlines import headlines
from loopcare.common.clock import now
from loopcare.common.errors import Conflict, Invalid
from loopcare.common.pager import pager
from loopcare.common.pagination import page_of
from loopcare.customers.enums import PointKind
from loopcare.customers.selectors import Masked, masked
from loopcare.staff.access import StaffRequest, roles
from loopcare.staff.enums import Role

READERS = (Role.SUPERVISOR, Role.ANALYST, Role.ADMINISTRATOR)


@roles(*READERS)
@require_safe
def campaigns(request: StaffRequest) -> HttpResponse:
    visible = with_counts(Campaign.objects.visible_to(request.user))
    filters = CampaignFilter(request.GET, queryset=visible, request=request)
    page = page_of(filters.qs, request.GET)
    words = ngettext("%(count)s campaign", "%(count)s campaigns", page.count) % {"count": page.count_text}
    context = {
        "rows": page.rows,
        "fields": [filters.form[name] for name in ("name", "status", "team")],
        "pager": pager(request, page, words),
        "may_write": request.user.role == Role.SUPERVISOR,
        "narrowed": any(request.GET.values()),
    }
    return render(request, "careplans/campaigns/list.html", context, status=_status(filters))


@roles(*READERS)
@require_safe
def campaign_page(request: StaffRequest, pk: int) -> HttpResponse:
    return _page(request, one_campaign(request, pk))


@roles(*READERS)
@require_safe
def live(request: StaffRequest, pk: int) -> HttpResponse:
    """The numbers of a launched campaign, as they are now."""
    campaign = one_campaign(request, pk)
    context = {"campaign": campaign, "progress": progress(campaign, now())}
    return render(request, "careplans/campaigns/live.html", context)


@roles(Role.SUPERVISOR)
@require_POST
def launch(request: StaffRequest, pk: int) -> HttpResponse:
    """Launch the list that was looked at. An edited plan, an old list, a second launch: told, and nothing happens."""
    campaign = one_campaign(request, pk)
    form = LaunchForm(request.POST, campaign=campaign)
    if not form.is_valid():
        return _page(request, campaign, form=form, status=Invalid.status)
    try:
        counts = services.launch_campaign(campaign=campaign, hash=form.cleaned_data["hash"], by=request.user, now=now())
    except (Conflict, Invalid) as error:
        form.add_error(None, error.message)
        return _page(request, one_campaign(request, pk), form=form, refusal=error.message, status=error.status)
    words = _("Launched: %(cases)d cases are open, %(hold_out)d customers are held out.")
    messages.success(request, words % counts)
    return redirect("careplans:campaign", pk)


@roles(Role.SUPERVISOR)
@require_POST
def change(request: StaffRequest, pk: int, act: str) -> HttpResponse:
    """Pause, resume, finish or stop."""
    campaign = one_campaign(request, pk)
    wanted = next((known for known in ACTS if known.name == act), None)
    if wanted is None:
        raise Http404
    try:
        wanted.service(campaign=campaign, by=request.user, now=now())
    except Conflict as error:
        return _page(request, one_campaign(request, pk), refusal=error.message, status=error.status)
    messages.success(request, wanted.done)
    return redirect("careplans:campaign", pk)


def one_campaign(request: StaffRequest, pk: int) -> Campaign:
    return get_object_or_404(Campaign.objects.visible_to(request.user).select_related("team", "created_by"), pk=pk)


# --- the page of one campaign ----------------------------------------------------------------------------------------
def _page(
    request: StaffRequest,
    campaign: Campaign,
    *,
    form: LaunchForm | None = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "campaign": campaign,
        "lines": campaign.lines.select_related("segment", "strategy"),
        "days": working_days(campaign.starts_on, campaign.ends_on),
        "percent": float(campaign.hold_out_share) * 100,
        "hours": f"{float(campaign.hours_per_day):g}",
        "may_write": request.user.role == Role.SUPERVISOR,
        "currency": settings.CURRENCY,
        "refusal": refusal,
    }
    if campaign.status == CampaignStatus.DRAFT:
        context |= _draft(request, campaign, form)
        return render(request, "careplans/campaigns/draft.html", context, status=status)
    context |= {
        "progress": progress(campaign, now()),
        "acts": [act for act in ACTS if campaign.status in act.allowed_from],
        **_people(request, AssignmentFilter(request.GET, queryset=assigned_people(campaign), request=request)),
    }
    return render(request, "careplans/campaigns/launched.html", context, status=status)


def _draft(request: StaffRequest, campaign: Campaign, form: LaunchForm | None) -> dict[str, Any]:
    preview = newest_preview(campaign)
    if preview is None:
        return {"preview": None}
    moment, counts = now(), preview.counts
    return {
        "preview": preview,
        "counts": counts,
        "steps": waterfall(counts),
        "headlines": headlines(campaign, counts, read_out_day(timezone.localtime(moment).date())),
        "warnings": [PlanWarning(code).label for code in counts["warnings"]],
        "edited": preview.plan_version != campaign.plan_version,
        "old": moment - preview.created_at > PREVIEW_LIVES,
        "form": form or LaunchForm(campaign=campaign, hash_=preview.hash),
        **_people(request, MemberFilter(request.GET, queryset=frozen_people(preview), request=request)),
    }


def _people(request: StaffRequest, filters: FilterSet) -> dict[str, Any]:
    """One page of a list of customers, masked."""
    page = page_of(filters.qs, request.GET)
    people = masked({row.customer_id for row in page.rows})
    words = ngettext("%(count)s customer", "%(count)s customers", page.count) % {"count": page.count_text}
    return {
        "rows": [(row, people[row.customer_id].name, _number(people[row.customer_id])) for row in page.rows],
        "arm_field": filters.form["arm"],
        "pager": pager(request, page, words),
    }


def _number(person: Masked) -> str:
    """The masked number that would be called first."""
    return next((point.text for point in person.points if point.kind == PointKind.PHONE), "")


def _status(filters: FilterSet) -> int:
    return 200 if filters.is_valid() else Invalid.status
