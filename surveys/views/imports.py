"""Imports: a dry run first, always; then the file is queued and its page shows how far it is."""

from __future__ import annotations

import csv

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from loopcare.common import clock
from loopcare.common.bell import ring
from loopcare.common.due_rows import LIVE
from loopcare.common.errors import Invalid
from loopcare.common.pager import pager
from loopcare.common.pagination import page_of
from loopcare.staff.access import StaffRequest, roles
from loopcare.staff.enums import AuditAction
from loopcare.staff.services import audit
from surveys.filters import ImportFilter
from surveys.forms import ImportForm
from surveys.models import Import
from surveys.services.rejects import ADDED, harmless
from surveys.services.uploads import queue_tried, try_upload
from surveys.views.pool import IMPORTERS, PLANNERS

REJECTS_SHOWN = 50
FORM_FIELDS = frozenset(ImportForm.base_fields)


@roles(*PLANNERS)
@require_safe
def imports(request: StaffRequest) -> HttpResponse:
    rows = Import.objects.visible_to(request.user).select_related("source", "created_by").defer("mapping")
    filters = ImportFilter(request.GET, rows)
    page = page_of(filters.qs, request.GET)
    count = ngettext("%(count)s import", "%(count)s imports", page.count) % {"count": page.count_text}
    context = {
        "rows": page.rows,
        "fields": [filters.form["status"], filters.form["source"]],
        "pager": pager(request, page, count),
        "may_import": request.user.role in IMPORTERS,
    }
    return render(request, "surveys/imports/imports.html", context)


@roles(*IMPORTERS)
def new_import(request: StaffRequest) -> HttpResponse:
    """The form; posted, its dry run: what the import would do, and the button that does it."""
    if request.method != "POST":
        return render(request, "surveys/imports/new.html", {"form": ImportForm()})
    form = ImportForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            tried = try_upload(
                upload=form.cleaned_data["file"],
                mapping_text=form.cleaned_data["mapping"],
                source_code=form.cleaned_data["source"] or None,
                now=clock.now(),
            )
        except Invalid as error:
            form.add_error(error.field if error.field in FORM_FIELDS else None, error.message)
        else:
            context = {"file": form.cleaned_data["file"], "ticket": tried.ticket, "result": tried.result}
            return render(request, "surveys/imports/tried.html", context)
    return render(request, "surveys/imports/new.html", {"form": form}, status=422)


@roles(*IMPORTERS)
@require_POST
def start_import(request: StaffRequest) -> HttpResponse:
    """Queue what the dry run tried; the bell only makes it start sooner."""
    batch = queue_tried(ticket=request.POST.get("ticket", ""), now=clock.now(), created_by=request.user)
    ring("surveys.tasks.run_imports")
    messages.success(request, _("The import is queued."))
    return redirect("surveys:import", batch.pk)


@roles(*PLANNERS)
@require_safe
@vary_on_headers("HX-Request")
def one_import(request: StaffRequest, pk: int) -> HttpResponse:
    """One import; asked by htmx, only the part that changes while it runs."""
    rows = Import.objects.visible_to(request.user).select_related("source", "created_by")
    batch = get_object_or_404(rows, pk=pk)
    rejects = batch.rejects.all()
    context = {
        "batch": batch,
        "live": batch.status in LIVE,
        "rejects": rejects[:REJECTS_SHOWN],
        "rejects_count": rejects.count(),
        "shown": REJECTS_SHOWN,
    }
    part = request.headers.get("HX-Request") == "true"
    return render(request, "surveys/imports/progress.html" if part else "surveys/imports/import.html", context)


@roles(*PLANNERS)
@require_safe
def rejects_file(request: StaffRequest, pk: int) -> HttpResponse:
    """The rejected cells as CSV, readable by spreadsheets and harmless in them; who took it is on record."""
    batch = get_object_or_404(Import.objects.visible_to(request.user), pk=pk)
    audit(actor=request.user, action=AuditAction.EXPORT, subject="import", subject_id=batch.pk, now=clock.now())
    response = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="import-{batch.pk}-rejects.csv"'
    writer = csv.writer(response)
    writer.writerow(ADDED)
    for reject in batch.rejects.all():
        writer.writerow([reject.row, *map(harmless, (reject.column, reject.value, reject.reason))])
    return response
