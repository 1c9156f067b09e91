"""Segments: rules written, read back in words and counted while they are being written."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from loopcare.common import clock
from loopcare.common.charts.scales import number
from loopcare.common.errors import Invalid
from loopcare.common.pager import pager
from loopcare.common.pagination import page_of
from loopcare.common.rules import FieldSet, RuleError, in_words, parse
from loopcare.customers.selectors import masked
from loopcare.staff.access import StaffRequest, roles
from surveys.forms.pool import RuleForm, SegmentForm
from surveys.models import Segment
from surveys.selectors import SEGMENT_FIELDS, labels, matching, reading_fields, segment_counts, waiting_pool
from surveys.services.segments import save_segment
from surveys.views.pool import PLANNERS, counted

NAMED_FIELDS = ("source", "brand", "region", "causes")
KINDS = {
    "number": gettext_lazy("number"),
    "text": gettext_lazy("text"),
    "boolean": gettext_lazy("yes or no"),
    "date": gettext_lazy("date"),
    "codes": gettext_lazy("several codes"),
}


@roles(*PLANNERS)
@require_safe
def segments(request: StaffRequest) -> HttpResponse:
    rows = list(Segment.objects.visible_to(request.user).select_related("created_by"))
    counts, fields = segment_counts(rows), reading_fields()
    context = {
        "rows": [(row, counts[row.pk], _words(row.rule, fields)) for row in rows],
        "waiting": waiting_pool().count(),
    }
    return render(request, "surveys/segments/segments.html", context)


@roles(*PLANNERS)
def new_segment(request: StaffRequest) -> HttpResponse:
    """The form, filled with a rule where the address brings one."""
    if request.method == "POST":
        return _save(request, None)
    form = SegmentForm(initial={"rule": request.GET.get("rule", "")})
    return _editor(request, form, None)


@roles(*PLANNERS)
def segment(request: StaffRequest, pk: int) -> HttpResponse:
    """One segment: its rule, and whom it means now."""
    row = get_object_or_404(Segment.objects.visible_to(request.user), pk=pk)
    if request.method == "POST":
        return _save(request, row)
    return _editor(request, SegmentForm.of(row), row)


@roles(*PLANNERS)
@require_POST
def check_rule(request: StaffRequest) -> HttpResponse:
    """What a rule that is being written means, and how many it finds; or where it is wrong and what may stand there."""
    form = RuleForm(request.POST)
    rule = form.cleaned_data["rule"] if form.is_valid() else request.POST.get("rule", "")
    return render(request, "surveys/segments/reading.html", _reading(rule))


def _save(request: StaffRequest, row: Segment | None) -> HttpResponse:
    form = SegmentForm(request.POST)
    if form.is_valid():
        try:
            saved = save_segment(**form.cleaned_data, by=request.user, now=clock.now(), segment=row)
        except Invalid as error:
            form.add_error(error.field, error.message)
        else:
            messages.success(request, _("Segment saved."))
            return redirect("surveys:segment", saved.pk)
    return _editor(request, form, row, status=422)


def _editor(request: StaffRequest, form: SegmentForm, row: Segment | None, *, status: int = 200) -> HttpResponse:
    rule = form["rule"].value() or ""
    codes = {name: labels(name) for name in NAMED_FIELDS}
    context = {
        "form": form,
        "segment": row,
        "fields": [
            (field, KINDS[field.kind], field.choices or codes.get(field.name)) for field in SEGMENT_FIELDS.values()
        ],
        **_reading(rule),
    }
    if row is not None and context["words"] and rule == row.rule:
        page = page_of(matching(row.rule).select_related("source"), request.GET)
        people = masked({entry.customer_id for entry in page.rows})
        context |= {
            "rows": [(entry, people[entry.customer_id]) for entry in page.rows],
            "pager": pager(request, page, counted(page)),
            "causes": codes["causes"],
            "regions": codes["region"],
        }
    return render(request, "surveys/segments/editor.html", context, status=status)


def _reading(rule: str) -> dict[str, object]:
    """A rule in words with its count, or its error; nothing for no rule yet."""
    if not rule.strip():
        return {"rule": "", "words": ""}
    try:
        words = in_words(parse(rule, SEGMENT_FIELDS), reading_fields(), get_language() or "en")
    except RuleError as error:
        return {"rule": rule, "words": "", "error": error}
    waiting = waiting_pool().count()
    count = matching(rule).count()
    share = f"{number(100 * count / waiting, 1)}%" if waiting else ""
    return {"rule": rule, "words": words, "count": count, "waiting": waiting, "share": share}


def _words(rule: str, fields: FieldSet) -> str:
    """A saved rule in words; empty where it no longer reads."""
    try:
        return in_words(parse(rule, SEGMENT_FIELDS), fields, get_language() or "en")
    except RuleError:
        return ""
