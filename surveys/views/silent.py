"""Models of the silent: the list, a model's card, its runs, and the audits of whom it could not see."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from loopcare.common import clock
from loopcare.common.bell import ring
from loopcare.common.errors import DomainError
from loopcare.common.pager import pager
from loopcare.common.pagination import page_of
from loopcare.customers.selectors import masked
from loopcare.staff.access import StaffRequest, roles
from surveys.enums import SilentStatus
from surveys.forms.silent import ScoreForm
from surveys.models import AuditMember, AuditSample, ScoreRun, SilentModel, Warehouse
from surveys.selectors.silent import audits, models_of, runs_of
from surveys.services.silent.keeping import put_in_use, retire
from surveys.services.silent.queueing import call_off, queue_score
from surveys.views.pool import IMPORTERS as EDITORS
from surveys.views.pool import READERS, counted
from surveys.views.silent_lines import audit_line, band_lines, card_of, decimals, shifts

RUN = "surveys.tasks.score_silent"
AUDITS_SHOWN = 12


@roles(*READERS)
@require_safe
def models(request: StaffRequest) -> HttpResponse:
    """Every version of every model, and the latest audits."""
    rows = list(models_of(SilentModel.objects.visible_to(request.user)))
    samples = AuditSample.objects.visible_to(request.user).select_related("model").defer("model__fitted")
    context = {
        "rows": [(row, decimals(row.card["tried"][0]["auc"]["value"], 3)) for row in rows],
        "audits": [audit_line(one) for one in audits(samples[:AUDITS_SHOWN])],
    }
    return render(request, "surveys/silent/models.html", context)


@roles(*READERS)
@require_safe
def model(request: StaffRequest, pk: int) -> HttpResponse:
    """One model's card, its runs and audits."""
    return _page(request, _row(request, pk))


@roles(*EDITORS)
@require_POST
def use(request: StaffRequest, pk: int) -> HttpResponse:
    """Put a model in use in place of the version before it."""
    row = put_in_use(model=_row(request, pk), now=clock.now(), by=request.user)
    messages.success(request, _("%(model)s is in use.") % {"model": row.label})
    return redirect("surveys:silent_model", pk)


@roles(*EDITORS)
@require_POST
def retire_model(request: StaffRequest, pk: int) -> HttpResponse:
    """Take a model out of use; what it found stays."""
    row = retire(model=_row(request, pk), now=clock.now(), by=request.user)
    messages.success(request, _("%(model)s is retired. What it found stays.") % {"model": row.label})
    return redirect("surveys:silent_model", pk)


@roles(*EDITORS)
@require_POST
def score(request: StaffRequest, pk: int) -> HttpResponse:
    """Queue the scoring of a warehouse's customers."""
    row = _row(request, pk)
    form = ScoreForm.over(Warehouse.objects.visible_to(request.user), request.POST)
    if form.is_valid():
        try:
            queue_score(model=row, **form.cleaned_data, now=clock.now(), by=request.user)
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        else:
            ring(RUN)
            messages.success(request, _("Queued. It reads every customer of the table, which takes a while."))
            return redirect("surveys:silent_model", pk)
    return _page(request, row, form=form, status=422)


@roles(*EDITORS)
@require_POST
def cancel_run(request: StaffRequest, pk: int) -> HttpResponse:
    """Call off a run that waits."""
    run = get_object_or_404(ScoreRun.objects.visible_to(request.user), pk=pk)
    call_off(run=run)
    messages.success(request, _("Called off."))
    return redirect("surveys:silent_model", run.model_id)


@roles(*READERS)
@require_safe
def audit(request: StaffRequest, pk: int) -> HttpResponse:
    """One week's sample: what it says of the silent, by band, and who was drawn."""
    samples = AuditSample.objects.visible_to(request.user).select_related("model", "run").defer("model__fitted")
    sample = get_object_or_404(samples, pk=pk)
    (found,) = audits([sample])
    page = page_of(AuditMember.objects.filter(sample=sample).order_by("pk"), request.GET)
    people = masked({member.customer_id for member in page.rows if member.customer_id})
    context = {
        "sample": sample,
        "line": audit_line(found),
        "bands": band_lines(found, sample.model.card["borders"]),
        "rows": [(member, people.get(member.customer_id)) for member in page.rows],
        "pager": pager(request, page, counted(page)),
    }
    return render(request, "surveys/silent/audit.html", context)


def _row(request: StaffRequest, pk: int) -> SilentModel:
    return get_object_or_404(models_of(SilentModel.objects.visible_to(request.user)), pk=pk)


def _page(request: StaffRequest, row: SilentModel, *, form: ScoreForm | None = None, status: int = 200) -> HttpResponse:
    runs = list(runs_of(row))
    latest = next((run for run in runs if run.drift), None)
    may_edit = request.user.role in EDITORS
    warehouses = Warehouse.objects.visible_to(request.user)
    context: dict[str, Any] = {
        **card_of(row),
        "model": row,
        "card": row.card,
        "runs": runs,
        "latest": latest,
        "shifts": shifts(latest.drift) if latest else [],
        "audits": [audit_line(one) for one in audits(row.audits.select_related("model").defer("model__fitted"))],
        "may_edit": may_edit,
        "may_use": may_edit and row.for_silent and row.status != SilentStatus.IN_USE,
        "may_retire": may_edit and row.status != SilentStatus.RETIRED,
        "may_score": may_edit and row.status == SilentStatus.IN_USE,
        "has_warehouses": warehouses.exists(),
        "form": form or ScoreForm.over(warehouses),
    }
    return render(request, "surveys/silent/model.html", context, status=status)
