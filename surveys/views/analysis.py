"""What the pages of analysis share: when a reading was made, and making it again."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from loopcare.common import clock
from loopcare.common.charts.scales import number
from loopcare.staff.access import StaffRequest, roles
from surveys.enums import AnalysisKind
from surveys.models import Analysis
from surveys.services.analysing import READINGS
from surveys.views.pool import PLANNERS

PAGES = {
    AnalysisKind.CAUSES: "surveys:causes",
    AnalysisKind.DRIVERS: "surveys:drivers",
    AnalysisKind.PROFILE: "surveys:profile",
    AnalysisKind.TIERS: "surveys:tiers",
}


def made(request: StaffRequest, analysis: Analysis | None, kind: AnalysisKind) -> dict[str, Any]:
    """When a reading was made and how long it took, for `surveys/analysis/made.html`."""
    return {
        "kind": kind.value,
        "analysis": analysis,
        "seconds": number(analysis.seconds, 1) if analysis else "",
        "may_read_again": request.user.role in PLANNERS,
    }


@roles(*PLANNERS)
@require_POST
def read_again(request: StaffRequest, kind: str) -> HttpResponse:
    """Make one kind of reading now, in place of the day's earlier one."""
    if kind not in READINGS:
        raise Http404
    READINGS[AnalysisKind(kind)](now=clock.now())
    messages.success(request, _("Read again."))
    return redirect(PAGES[AnalysisKind(kind)])
