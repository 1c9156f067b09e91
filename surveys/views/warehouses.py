"""Warehouses: the list, connecting one, and one of them with its rules."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from loopcare.common import clock
from loopcare.common.bell import ring
from loopcare.common.errors import DomainError
from loopcare.common.rules import FieldSet, RuleError, in_words, parse
from loopcare.staff.access import StaffRequest, roles
from surveys.forms.scanning import PlaceForm, TableForm, chosen_before, sealed, unsealed
from surveys.models import Warehouse
from surveys.selectors.scanning import fields_of, last_scans, scans_of, warehouses_of
from surveys.services.scanning import queue_scans
from surveys.services.warehouses import look, save_warehouse
from surveys.views.pool import IMPORTERS as EDITORS
from surveys.views.pool import READERS
from surveys.views.segments import KINDS

RUN = "surveys.tasks.run_scans"
SCANS_SHOWN = 5
USUAL = ("reference", "msisdn")  # columns that usually name the customer


@roles(*READERS)
@require_safe
def warehouses(request: StaffRequest) -> HttpResponse:
    context = {"rows": list(warehouses_of(request.user)), "may_edit": request.user.role in EDITORS}
    return render(request, "surveys/scans/warehouses.html", context)


@roles(*EDITORS)
@require_http_methods(["GET", "HEAD", "POST"])
def new_warehouse(request: StaffRequest) -> HttpResponse:
    return _steps(request, None)


@roles(*EDITORS)
@require_http_methods(["GET", "HEAD", "POST"])
def reconnect(request: StaffRequest, pk: int) -> HttpResponse:
    """The same steps for a warehouse whose address, table or columns are other ones now; its rules stay."""
    return _steps(request, get_object_or_404(Warehouse.objects.visible_to(request.user), pk=pk))


def _steps(request: StaffRequest, row: Warehouse | None) -> HttpResponse:
    """Two steps on one address: where it is, then which table and columns. The URL travels between them encrypted."""
    if request.method != "POST":
        return _place(request, PlaceForm())
    if "place" not in request.POST:
        form = PlaceForm(request.POST)
        return _table(request, form, form.cleaned_data["url"], row) if form.is_valid() else _place(request, form, 422)
    url = unsealed(request.POST["place"])
    again = PlaceForm({"url": ""})
    if not url:
        return _place(request, again, 422)
    if "look" in request.POST:
        return _table(request, again, url, row, table=request.POST.get("table", ""))
    return _connect(request, again, url, row)


def _table(
    request: StaffRequest, place: PlaceForm, url: str, row: Warehouse | None, *, table: str = ""
) -> HttpResponse:
    try:
        looked = look(url=url, table=table or (row.table if row else ""))
    except DomainError as error:
        place.add_error("url", error.message)
        return _place(request, place, error.status)
    initial = {"place": sealed(url), "table": looked.table, "name": request.POST.get("name", "")}
    initial["reference"] = next((name for name in looked.references if name.lower() in USUAL), "")
    if row is not None:
        initial |= {"reference": row.reference, "changed": row.changed, "name": row.name} | chosen_before(row)
    return _choose(request, TableForm(looked, initial=initial))


def _connect(request: StaffRequest, place: PlaceForm, url: str, row: Warehouse | None) -> HttpResponse:
    try:
        form = TableForm(look(url=url, table=request.POST.get("table", "")), request.POST)
    except DomainError as error:
        place.add_error("url", error.message)
        return _place(request, place, error.status)
    if form.is_valid():
        said = {name: form.cleaned_data[name] for name in ("name", "table", "reference", "changed")}
        try:
            saved = save_warehouse(**said, url=url, chosen=form.chosen, by=request.user, now=clock.now(), row=row)
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        else:
            messages.success(request, _("Connected. Try its rules, then scan by them."))
            return redirect("surveys:warehouse", saved.pk)
    return _choose(request, form, 422)


def _place(request: StaffRequest, form: PlaceForm, status: int = 200) -> HttpResponse:
    return render(request, "surveys/scans/place.html", {"form": form}, status=status)


def _choose(request: StaffRequest, form: TableForm, status: int = 200) -> HttpResponse:
    columns = [(column, KINDS.get(column.kind)) for column in form.looked.columns]
    context = {"form": form, "looked": form.looked, "columns": columns, "shown": form.looked.address.shown}
    return render(request, "surveys/scans/table.html", context, status=status)


@roles(*READERS)
@require_safe
def warehouse(request: StaffRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Warehouse.objects.visible_to(request.user).select_related("created_by"), pk=pk)
    fields, last = fields_of(row), last_scans(row)
    context: dict[str, Any] = {
        "row": row,
        "rules": [(rule, words_of(rule.rule, fields), last.get(rule.pk)) for rule in row.rules.order_by("code")],
        "fields": [(field, KINDS[field.kind], None) for field in fields.values()],
        "scans": scans_of(request.user).filter(warehouse=row)[:SCANS_SHOWN],
        "may_edit": request.user.role in EDITORS,
    }
    return render(request, "surveys/scans/warehouse.html", context)


@roles(*EDITORS)
@require_POST
def scan_all(request: StaffRequest, pk: int) -> HttpResponse:
    """Scan by all rules in use, in one pass."""
    row = get_object_or_404(Warehouse.objects.visible_to(request.user), pk=pk)
    rules = list(row.rules.filter(enabled=True).select_related("warehouse"))
    (scan,) = queue_scans(rules=rules, now=clock.now(), created_by=request.user)
    ring(RUN)
    return redirect("surveys:scan", scan.pk)


def words_of(rule: str, fields: FieldSet) -> str:
    """A saved rule in words; empty where it no longer reads."""
    try:
        return in_words(parse(rule, fields), fields, get_language() or "en")
    except RuleError:
        return ""
