"""Scan rules: written, read in words and tried on the warehouse; scheduled, and asked by hand."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import localdate
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from loopcare.common import clock
from loopcare.common.bell import ring
from loopcare.common.errors import Conflict, DomainError, Invalid
from loopcare.common.rules import RuleError, in_words, parse
from loopcare.staff.access import StaffRequest, roles
from loopcare.warehouse import WarehouseError
from surveys.forms.scanning import ScanRuleForm, ScheduleForm, TriedScanRuleForm
from surveys.models import ScanRule, Warehouse
from surveys.selectors.rules import versions_of
from surveys.selectors.scanning import fields_of, scans_of, try_scan_rule
from surveys.services.scan_rules import save_scan_rule, schedule_scan_rule, switch_scan_rule
from surveys.services.scanning import queue_scans
from surveys.views.pool import IMPORTERS as EDITORS
from surveys.views.pool import READERS
from surveys.views.segments import KINDS
from surveys.views.shares import percent
from surveys.views.warehouses import RUN, SCANS_SHOWN


@roles(*EDITORS)
@require_http_methods(["GET", "HEAD", "POST"])
def new_rule(request: StaffRequest, pk: int) -> HttpResponse:
    house = get_object_or_404(Warehouse.objects.visible_to(request.user), pk=pk)
    if request.method == "POST":
        return _save(request, house, None)
    return _editor(request, ScanRuleForm(), house, None)


@roles(*READERS)
@require_safe
def rule(request: StaffRequest, pk: int) -> HttpResponse:
    """One rule: its words, its schedule, its scans and versions; the form for those who may change it."""
    row = _row(request, pk)
    return _editor(request, ScanRuleForm.of(row), row.warehouse, row)


@roles(*EDITORS)
@require_POST
def save(request: StaffRequest, pk: int) -> HttpResponse:
    row = _row(request, pk)
    return _save(request, row.warehouse, row)


@roles(*EDITORS)
@require_POST
def switch(request: StaffRequest, pk: int) -> HttpResponse:
    """Let a rule be asked, or no more."""
    seen, on = request.POST.get("seen", ""), request.POST.get("on") == "yes"
    row = _row(request, pk)
    switch_scan_rule(row=row, on=on, by=request.user, now=clock.now(), seen=int(seen) if seen.isdecimal() else None)
    messages.success(request, _("The rule is in use again.") if on else _("The rule is asked no more."))
    return redirect("surveys:scan_rule", pk)


@roles(*EDITORS)
@require_POST
def schedule(request: StaffRequest, pk: int) -> HttpResponse:
    row, form = _row(request, pk), ScheduleForm(request.POST)
    if form.is_valid():
        schedule_scan_rule(row=row, **form.cleaned_data, by=request.user, now=clock.now())
        messages.success(request, _("Schedule saved."))
        return redirect("surveys:scan_rule", pk)
    return _editor(request, ScanRuleForm.of(row), row.warehouse, row, schedule=form, status=422)


@roles(*EDITORS)
@require_POST
def scan_by_rule(request: StaffRequest, pk: int) -> HttpResponse:
    """Scan by this rule alone; the bell only makes it start sooner."""
    (scan,) = queue_scans(rules=[_row(request, pk)], now=clock.now(), created_by=request.user)
    ring(RUN)
    return redirect("surveys:scan", scan.pk)


@roles(*EDITORS)
@require_POST
def try_rule(request: StaffRequest, pk: int) -> HttpResponse:
    """What a rule that is being written means, and how many it finds; or where it is wrong."""
    house = get_object_or_404(Warehouse.objects.visible_to(request.user), pk=pk)
    form = TriedScanRuleForm(request.POST)
    valid = form.is_valid()
    text = form.cleaned_data.get("rule", "") if valid else request.POST.get("rule", "")
    context = _reading(text, house, count=form.cleaned_data.get("count", ""))
    return render(request, "surveys/scans/reading.html", {"house": house, **context})


def _row(request: StaffRequest, pk: int) -> ScanRule:
    return get_object_or_404(ScanRule.objects.visible_to(request.user).select_related("warehouse"), pk=pk)


def _save(request: StaffRequest, house: Warehouse, row: ScanRule | None) -> HttpResponse:
    form = ScanRuleForm(request.POST)
    status = 422
    if form.is_valid():
        try:
            saved = save_scan_rule(warehouse=house, **form.cleaned_data, by=request.user, now=clock.now(), row=row)
        except Invalid as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        except Conflict as error:
            form.add_error("confirmed" if error.field == "confirmed" else None, error.message)
            status = error.status
        except WarehouseError as error:
            form.add_error(None, error.message)
            status = error.status
        else:
            messages.success(request, _("Rule saved. The next scan asks it."))
            return redirect("surveys:scan_rule", saved.pk)
    if row is not None:
        row.refresh_from_db()
    return _editor(request, form, house, row, status=status)


def _editor(
    request: StaffRequest,
    form: ScanRuleForm,
    house: Warehouse,
    row: ScanRule | None,
    *,
    schedule: ScheduleForm | None = None,
    status: int = 200,
) -> HttpResponse:
    text = form["rule"].value() or ""
    context: dict[str, Any] = {
        "form": form,
        "house": house,
        "row": row,
        "may_edit": request.user.role in EDITORS,
        "fields": [(field, KINDS[field.kind], None) for field in fields_of(house).values()],
        **_reading(text, house),
        "must_confirm": "confirmed" in form.errors,
    }
    if row is not None:
        context |= {
            "schedule": schedule or ScheduleForm.of(row),
            "scans": scans_of(request.user).filter(rules__rule=row)[:SCANS_SHOWN],
            "history": versions_of(row),
        }
    return render(request, "surveys/scans/rule.html", context, status=status)


def _reading(text: str, house: Warehouse, *, count: str = "") -> dict[str, Any]:
    """A rule in words, with what it finds where that is asked for; or its error; nothing for no rule yet."""
    if not text.strip():
        return {"rule": "", "words": ""}
    fields = fields_of(house)
    try:
        words = in_words(parse(text, fields), fields, get_language() or "en")
    except RuleError as error:
        return {"rule": text, "words": "", "error": error}
    context: dict[str, Any] = {"rule": text, "words": words}
    if count:
        try:
            tried = try_scan_rule(house, text, today=localdate(clock.now()), whole=count == "all")
        except DomainError as error:
            return context | {"trouble": error.message}
        context |= {"tried": tried, "share": percent(tried.share), "must_confirm": tried.is_most}
    return context
