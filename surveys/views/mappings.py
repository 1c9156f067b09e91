"""Saved mappings: listed, read, renamed, deleted. They are saved where they proved right: at a dry run."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from loopcare.common import clock
from loopcare.common.errors import Invalid
from loopcare.common.pager import pager
from loopcare.common.pagination import page_of
from loopcare.staff.access import StaffRequest, roles
from surveys.forms.imports import RenameForm
from surveys.models import SavedMapping
from surveys.services.mappings import delete_mapping, rename_mapping
from surveys.views.pool import IMPORTERS, PLANNERS


@roles(*PLANNERS)
@require_safe
def mappings(request: StaffRequest) -> HttpResponse:
    rows = SavedMapping.objects.visible_to(request.user).select_related("saved_by").defer("text")
    page = page_of(rows, request.GET)
    count = ngettext("%(count)s mapping", "%(count)s mappings", page.count) % {"count": page.count_text}
    return render(request, "surveys/imports/mappings.html", {"rows": page.rows, "pager": pager(request, page, count)})


@roles(*PLANNERS)
@require_safe
def mapping(request: StaffRequest, pk: int) -> HttpResponse:
    row = _row(request, pk)
    return _page(request, row, RenameForm(initial={"name": row.name}))


@roles(*IMPORTERS)
@require_POST
def rename(request: StaffRequest, pk: int) -> HttpResponse:
    row = _row(request, pk)
    form = RenameForm(request.POST)
    if form.is_valid():
        try:
            rename_mapping(mapping=row, name=form.cleaned_data["name"], by=request.user, now=clock.now())
        except Invalid as error:
            form.add_error("name", error.message)
        else:
            messages.success(request, _("Renamed."))
            return redirect("surveys:mapping", pk)
    return _page(request, _row(request, pk), form, status=422)


@roles(*IMPORTERS)
@require_POST
def delete(request: StaffRequest, pk: int) -> HttpResponse:
    delete_mapping(mapping=_row(request, pk), by=request.user, now=clock.now())
    messages.success(request, _("The mapping is deleted; what was imported with it stays."))
    return redirect("surveys:mappings")


def _row(request: StaffRequest, pk: int) -> SavedMapping:
    return get_object_or_404(SavedMapping.objects.visible_to(request.user).select_related("saved_by"), pk=pk)


def _page(request: StaffRequest, row: SavedMapping, form: RenameForm, *, status: int = 200) -> HttpResponse:
    context = {"mapping": row, "form": form, "may_change": request.user.role in IMPORTERS}
    return render(request, "surveys/imports/saved.html", context, status=status)
