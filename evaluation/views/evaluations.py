"""The analyst's pages: what campaigns have changed, one of them in full, and its read-out."""

from __future__ import annotations

import csv

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from careplans.enums import Arm
from careplans.models import Campaign
from evaluation.filters import EvaluationFilter
from evaluation.selectors import evaluated
from evaluation.services import estimates
from evaluation.services.results import effect_json
from evaluation.views import words
from loopcare.common.clock import now
from loopcare.common.pager import pager
from loopcare.common.pagination import page_of
from loopcare.staff.access import StaffRequest, roles
from loopcare.staff.enums import Role

READERS = (Role.SUPERVISOR, Role.ANALYST, Role.AUDITOR, Role.ADMINISTRATOR)
BOM = "\ufeff"
"""Tells spreadsheets that the text is UTF-8."""


@roles(*READERS)
@require_safe
def evaluations(request: StaffRequest) -> HttpResponse:
    filters = EvaluationFilter(request.GET, queryset=evaluated(request.user))
    page = page_of(filters.qs, request.GET)
    count = ngettext("%(count)s evaluation", "%(count)s evaluations", page.count) % {"count": page.count_text}
    context = {
        "rows": words.list_rows(estimates.overviews(campaigns=page.rows, now=now())),
        "status": filters.form["status"],
        "narrowed": any(request.GET.values()),
        "pager": pager(request, page, count),
    }
    return render(request, "evaluation/evaluations/list.html", context, status=200 if filters.is_valid() else 422)


@roles(*READERS)
@require_safe
def evaluation(request: StaffRequest, campaign_id: int) -> HttpResponse:
    found = estimates.evaluate(campaign=_campaign(request, campaign_id), now=now())
    csv_url = reverse("evaluation:effects_csv", args=[campaign_id])
    context = {
        "evaluation": found,
        "campaign": found.campaign,
        "badge": words.badge(found.verdict),
        "headline": words.headline(found),
        "trust": words.trust_line(found),
        "has_effects": any(reading.effect.known for reading in found.readings),
        "chart": words.effects_chart(found, csv_url=csv_url),
        "compared": words.level_rows(found.levels_of(Arm.CARE, Arm.HOLD_OUT)),
        "deferred": words.level_rows(found.levels_of(Arm.DEFERRED)) if found.assigned[Arm.DEFERRED] else [],
        "methods": words.method_rows(found),
        "csv_url": csv_url,
        "sees_campaign": request.user.role != Role.AUDITOR,  # who reads what plans did, not the plans
        "may_read_out": found.can_be_read_out and request.user.role == Role.ANALYST,
    }
    return render(request, "evaluation/evaluations/detail.html", context)


@roles(*READERS)
@require_safe
def effects_csv(request: StaffRequest, campaign_id: int) -> HttpResponse:
    """The effects of the page, one a row, unrounded. Codes and numbers only: nothing a spreadsheet would run."""
    found = estimates.evaluate(campaign=_campaign(request, campaign_id), now=now())
    response = HttpResponse(BOM, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="effects-{campaign_id}.csv"'
    rows = [effect_json(reading) for reading in found.readings]
    writer = csv.DictWriter(response, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return response


@roles(Role.ANALYST)
@require_POST
def read_out(request: StaffRequest, campaign_id: int) -> HttpResponse:
    estimates.read_out(campaign=_campaign(request, campaign_id), now=now(), by=request.user)
    messages.success(request, _("The evaluation is read out; its numbers are frozen."))
    return redirect("evaluation:evaluation", campaign_id)


def _campaign(request: StaffRequest, campaign_id: int) -> Campaign:
    return get_object_or_404(evaluated(request.user), pk=campaign_id)
