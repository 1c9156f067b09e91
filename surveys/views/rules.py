"""Detection rules: written, read in words and tried while they are being written; what they found, and how right."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import localdate
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from loopcare.common import clock
from loopcare.common.charts.scales import number
from loopcare.common.errors import Conflict, Invalid
from loopcare.common.rules import FieldSet, RuleError, in_words, parse
from loopcare.staff.access import StaffRequest, roles
from surveys.forms.rules import DetectionRuleForm, TriedRuleForm
from surveys.logic.metrics import lift
from surveys.models import DetectionRule
from surveys.selectors import labels
from surveys.selectors.detection import DETECTION_FIELDS
from surveys.selectors.rules import Record, everybody, reading_fields, records, sample, versions_of
from surveys.services.rules import NEARLY_EVERYBODY, save_rule, switch_rule
from surveys.views.pool import IMPORTERS as EDITORS
from surveys.views.pool import READERS
from surveys.views.segments import KINDS, NAMED_FIELDS
from surveys.views.shares import percent, shown


@roles(*READERS)
@require_safe
def rules(request: StaffRequest) -> HttpResponse:
    rows = list(DetectionRule.objects.visible_to(request.user))
    found, fields = records(rows, today=localdate(clock.now())), reading_fields()
    context = {
        "rows": [(row, _words(row.rule, fields), found[row.pk].found, shown(found[row.pk].precision)) for row in rows],
        "may_edit": request.user.role in EDITORS,
    }
    return render(request, "surveys/rules/rules.html", context)


@roles(*EDITORS)
def new_rule(request: StaffRequest) -> HttpResponse:
    if request.method == "POST":
        return _save(request, None)
    return _editor(request, DetectionRuleForm(initial={"kind": "latent"}), None)


@roles(*READERS)
@require_safe
def rule(request: StaffRequest, pk: int) -> HttpResponse:
    """One rule: its words, what it finds and how right it was, its versions; the form for those who may change it."""
    row = get_object_or_404(DetectionRule.objects.visible_to(request.user), pk=pk)
    return _editor(request, DetectionRuleForm.of(row), row)


@roles(*EDITORS)
@require_POST
def save(request: StaffRequest, pk: int) -> HttpResponse:
    return _save(request, get_object_or_404(DetectionRule.objects.visible_to(request.user), pk=pk))


@roles(*EDITORS)
@require_POST
def switch(request: StaffRequest, pk: int) -> HttpResponse:
    """Let a rule detect, or stop."""
    row = get_object_or_404(DetectionRule.objects.visible_to(request.user), pk=pk)
    seen = request.POST.get("seen", "")
    on = request.POST.get("on") == "yes"
    switch_rule(row=row, on=on, by=request.user, now=clock.now(), seen=int(seen) if seen.isdecimal() else None)
    messages.success(request, _("The rule detects from now on.") if on else _("The rule detects no more."))
    return redirect("surveys:rule", row.pk)


@roles(*EDITORS)
@require_POST
def try_rule(request: StaffRequest) -> HttpResponse:
    """What a rule that is being written means and finds; or where it is wrong and what may stand there."""
    form = TriedRuleForm(request.POST)
    valid = form.is_valid()
    text = form.cleaned_data.get("rule", "") if valid else request.POST.get("rule", "")
    return render(request, "surveys/rules/reading.html", _reading(text, form.cleaned_data.get("itself") or 0))


def _save(request: StaffRequest, row: DetectionRule | None) -> HttpResponse:
    form = DetectionRuleForm(request.POST)
    status = 422
    if form.is_valid():
        try:
            saved = save_rule(**form.cleaned_data, by=request.user, now=clock.now(), row=row)
        except Invalid as error:
            form.add_error(error.field, error.message)
        except Conflict as error:
            form.add_error("confirmed" if error.field == "confirmed" else None, error.message)
            status = error.status
        else:
            messages.success(request, _("Rule saved. It holds for what lands from now on."))
            return redirect("surveys:rule", saved.pk)
    if row is not None:
        row.refresh_from_db()
    return _editor(request, form, row, status=status)


def _editor(
    request: StaffRequest, form: DetectionRuleForm, row: DetectionRule | None, *, status: int = 200
) -> HttpResponse:
    text = form["rule"].value() or ""
    codes = {name: labels(name) for name in NAMED_FIELDS}
    context: dict[str, Any] = {
        "form": form,
        "row": row,
        "may_edit": request.user.role in EDITORS,
        "fields": [
            (field, KINDS[field.kind], field.choices or codes.get(field.name)) for field in DETECTION_FIELDS.values()
        ],
        **_reading(text, row.pk if row else 0, saved=row.rule if row else ""),
    }
    if row is not None:
        today = localdate(clock.now())
        context["record"] = _record(records([row], today=today)[row.pk], row)
        context["history"] = versions_of(row)
    return render(request, "surveys/rules/editor.html", context, status=status)


def _record(record: Record, row: DetectionRule) -> dict[str, Any]:
    """What a rule found and how right it was, beside everybody who answers."""
    context: dict[str, Any] = {"found": record.found, "precision": shown(record.precision)}
    if record.precision.share is not None:
        others = everybody(today=localdate(clock.now()))
        times = lift(record.precision, others)
        context |= {"everybody": shown(others), "lift": number(times, 1) if times is not None else ""}
    return context


def _reading(rule: str, itself: int, *, saved: str = "") -> dict[str, Any]:
    """A rule in words with what it finds, or its error; nothing for no rule yet."""
    if not rule.strip():
        return {"rule": "", "words": ""}
    try:
        words = in_words(parse(rule, DETECTION_FIELDS), reading_fields(), get_language() or "en")
    except RuleError as error:
        return {"rule": rule, "words": "", "error": error}
    seen = sample(rule.strip(), today=localdate(clock.now()), itself=itself)
    much = seen.looked is None or (seen.share or 0) > NEARLY_EVERYBODY
    return {
        "rule": rule,
        "words": words,
        "sample": seen,
        "share": percent(seen.share),
        "must_confirm": much and rule.strip() != saved,
    }


def _words(rule: str, fields: FieldSet) -> str:
    """A saved rule in words; empty where it no longer reads."""
    try:
        return in_words(parse(rule, DETECTION_FIELDS), fields, get_language() or "en")
    except RuleError:
        return ""
