"""Scans: the list, and one of them from the moment it is queued."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from loopcare.common import clock
from loopcare.common.due_rows import LIVE
from loopcare.common.pager import pager
from loopcare.common.pagination import page_of
from loopcare.staff.access import StaffRequest, roles
from surveys.models import Scan
from surveys.selectors.scanning import scans_of
from surveys.services.scanning import cancel_scan
from surveys.services.setup import SCANS
from surveys.views.pool import IMPORTERS as EDITORS
from surveys.views.pool import READERS

SLOW = timedelta(seconds=10)


@roles(*READERS)
@require_safe
def scans(request: StaffRequest) -> HttpResponse:
    page = page_of(scans_of(request.user), request.GET)
    count = ngettext("%(count)s scan", "%(count)s scans", page.count) % {"count": page.count_text}
    context = {"rows": page.rows, "pager": pager(request, page, count), "may_edit": request.user.role in EDITORS}
    return render(request, "surveys/scans/scans.html", context)


@roles(*READERS)
@require_safe
@vary_on_headers("HX-Request")
def scan(request: StaffRequest, pk: int) -> HttpResponse:
    """One scan; asked by htmx, only the part that changes while it runs, or with `row` its line of the list."""
    row = get_object_or_404(scans_of(request.user), pk=pk)
    if request.headers.get("HX-Request") != "true":
        return render(request, "surveys/scans/scan.html", _progress(request, row))
    if "row" in request.GET:
        return render(request, "surveys/scans/row.html", {"scan": row})
    response = render(request, "surveys/scans/progress.html", _progress(request, row))
    if row.status not in LIVE:
        ended = _("The scan is finished.") if row.status == "done" else _("The scan has ended.")
        response["HX-Trigger"] = json.dumps({"say": {"text": ended}})
    return response


@roles(*EDITORS)
@require_POST
def cancel(request: StaffRequest, pk: int) -> HttpResponse:
    """Call a scan off; what landed stays."""
    cancel_scan(scan=get_object_or_404(Scan.objects.visible_to(request.user), pk=pk))
    return redirect("surveys:scan", pk)


def _progress(request: StaffRequest, row: Scan) -> dict[str, Any]:
    """What the part shows that changes while a scan runs."""
    query = QueryDict(mutable=True)
    query.update({"source": SCANS, "entered_on__gte": row.day.isoformat(), "entered_on__lte": row.day.isoformat()})
    return {
        "scan": row,
        "live": row.status in LIVE,
        "slow": clock.now() - row.created_at > SLOW,
        "asked": list(row.rules.all()),
        "may_edit": request.user.role in EDITORS,
        "pool_query": query.urlencode(),
    }
