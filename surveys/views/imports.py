"""Imports: the list, and one of them, dry run or import, from the moment it is queued."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from loopcare.common import clock
from loopcare.common.bell import ring
from loopcare.common.due_rows import LIVE, DueStatus
from loopcare.common.errors import Invalid
from loopcare.common.pager import pager
from loopcare.common.pagination import page_of
from loopcare.staff.access import StaffRequest, roles
from loopcare.staff.enums import AuditAction
from loopcare.staff.services import audit
from surveys.filters.feedback import ImportFilter
from surveys.forms.imports import SaveMappingForm
from surveys.models import Import
from surveys.selectors.imports import imports_of, reasons_of
from surveys.services.mappings import mapping_kept_as, save_mapping
from surveys.services.rejects import rejects_path
from surveys.services.uploads import cancel, confirm, upload_key
from surveys.views.pool import IMPORTERS, PLANNERS
from surveys.views.wizard import RUN

REJECTS_SHOWN = 50
SLOW = timedelta(seconds=10)


@roles(*PLANNERS)
@require_safe
def imports(request: StaffRequest) -> HttpResponse:
    filters = ImportFilter(request.GET, imports_of(request.user).defer("mapping"))
    page = page_of(filters.qs, request.GET)
    count = ngettext("%(count)s import", "%(count)s imports", page.count) % {"count": page.count_text}
    context = {
        "rows": page.rows,
        "fields": [filters.form["status"], filters.form["source"]],
        "pager": pager(request, page, count),
        "may_import": request.user.role in IMPORTERS,
        "filtered": bool(request.GET),
    }
    return render(request, "surveys/imports/imports.html", context)


@roles(*PLANNERS)
@require_safe
@vary_on_headers("HX-Request")
def one_import(request: StaffRequest, pk: int) -> HttpResponse:
    """One import; asked by htmx, only the part that changes while it runs, or with `row` its line of the list."""
    batch = _batch(request, pk)
    if request.headers.get("HX-Request") != "true":
        return _page(request, batch, SaveMappingForm())
    if "row" in request.GET:
        return render(request, "surveys/imports/row.html", {"batch": batch})
    response = render(request, "surveys/imports/progress.html", _progress(request, batch, SaveMappingForm()))
    if batch.status not in LIVE:
        response["HX-Trigger"] = json.dumps({"say": {"text": str(_ended(batch))}})
    return response


@roles(*IMPORTERS)
@require_POST
def start_import(request: StaffRequest, pk: int) -> HttpResponse:
    """Queue what the dry run tried; the bell only makes it start sooner."""
    batch = confirm(tried=_batch(request, pk), now=clock.now(), created_by=request.user)
    ring(RUN)
    return redirect("surveys:import", batch.pk)


@roles(*IMPORTERS)
@require_POST
def cancel_import(request: StaffRequest, pk: int) -> HttpResponse:
    """Call an import off; what landed stays."""
    cancel(batch=_batch(request, pk))
    return redirect("surveys:import", pk)


@roles(*IMPORTERS)
@require_POST
def keep_mapping(request: StaffRequest, pk: int) -> HttpResponse:
    """Save the mapping of an import, or of its dry run, for the next file of its kind."""
    batch = _batch(request, pk)
    form = SaveMappingForm(request.POST)
    if form.is_valid():
        try:
            saved = save_mapping(
                **form.cleaned_data,
                text=batch.mapping,
                header=batch.counts.get("header", ""),
                by=request.user,
                now=clock.now(),
            )
        except Invalid as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        else:
            messages.success(request, _("Saved as %(name)s.") % {"name": saved.name})
            return redirect("surveys:import", pk)
    return _page(request, batch, form, status=422)


@roles(*IMPORTERS)
@require_safe
def rejects_file(request: StaffRequest, pk: int) -> FileResponse:
    """The rejected rows as they came, with the reasons beside them, to be mended; who took them is on record."""
    batch = _batch(request, pk)
    path = rejects_path(batch)
    audit(actor=request.user, action=AuditAction.EXPORT, subject="import", subject_id=batch.pk, now=clock.now())
    name = f"{Path(batch.file_name).stem}-rejects.csv"
    return FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type="text/csv; charset=utf-8")


def _batch(request: StaffRequest, pk: int) -> Import:
    rows = Import.objects.visible_to(request.user).select_related("source", "created_by", "checked", "followed_by")
    return get_object_or_404(rows, pk=pk)


def _page(request: StaffRequest, batch: Import, form: SaveMappingForm, *, status: int = 200) -> HttpResponse:
    return render(request, "surveys/imports/import.html", _progress(request, batch, form), status=status)


def _progress(request: StaffRequest, batch: Import, form: SaveMappingForm) -> dict[str, Any]:
    """What the part shows that changes while an import runs."""
    may_import = request.user.role in IMPORTERS
    now = clock.now()
    counts = batch.counts if "rows" in batch.counts else {}
    rejected = counts.get("rejected", 0)
    return {
        "batch": batch,
        "live": batch.status in LIVE,
        "slow": now - batch.created_at > SLOW,
        "may_import": may_import,
        "followed": getattr(batch, "followed_by", None),
        "key": upload_key(Path(batch.path)) if batch.dry_run and Path(batch.path).is_file() else None,
        "counts": counts,
        "nothing_new": bool(counts) and not counts["accepted"],
        "reasons": reasons_of(batch) if rejected else [],
        "rejects": batch.rejects.all()[:REJECTS_SHOWN] if rejected and may_import else [],
        "has_file": bool(counts.get("rejects_file")) and may_import,
        "pool_query": _pool_query(batch, batch.created_at),
        "kept_as": mapping_kept_as(text=batch.mapping, header=batch.counts.get("header", "")),
        "form": form,
    }


def _pool_query(batch: Import, received: datetime) -> str:
    """The filter of the pool that shows whom an import brought there."""
    day = localdate(received).isoformat()
    query = QueryDict(mutable=True)
    query.update({"source": batch.source.code, "entered_on__gte": day, "entered_on__lte": day})
    return query.urlencode()


def _ended(batch: Import) -> str:
    if batch.status == DueStatus.DONE:
        return _("The dry run is finished.") if batch.dry_run else _("The import is finished.")
    return _("The dry run has ended.") if batch.dry_run else _("The import has ended.")
