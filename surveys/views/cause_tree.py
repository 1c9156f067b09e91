"""The cause tree on its page: who has what, names and keywords, every act with its reason, and the history."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from loopcare.common import clock
from loopcare.common.charts.scales import number
from loopcare.common.errors import Invalid
from loopcare.staff.access import StaffRequest, roles
from surveys.forms.causes import AddForm, ChangeForm, MergeForm, ReasonForm, SplitForm
from surveys.models import Cause, Segment
from surveys.selectors.cause_tree import HISTORY_SHOWN, Named, history, open_with, rules_naming, tree
from surveys.services.causes.tree import (
    add_cause,
    change_cause,
    checked_merge,
    merge_cause,
    retire_cause,
    revive_cause,
    split_cause,
)
from surveys.views.pool import IMPORTERS as EDITORS
from surveys.views.pool import READERS


@roles(*READERS)
@require_safe
def cause_tree(request: StaffRequest) -> HttpResponse:
    """The tree; with ?cause= the one that is worked on beside it."""
    code = request.GET.get("cause", "")
    chosen = Cause.objects.filter(code=code).select_related("merged_into").first() if code else None
    return _page(request, chosen, prefill=code if chosen is None else "")


@roles(*EDITORS)
@require_POST
def add(request: StaffRequest) -> HttpResponse:
    form = AddForm(request.POST, auto_id="add_%s")
    row = _tried(form, lambda said: add_cause(new=form.new, **_by(request, said)))
    if row is None:
        return _page(request, None, add=form)
    messages.success(request, _("Cause %(code)s added.") % {"code": row.code})
    return _back(row)


@roles(*EDITORS)
@require_POST
def change(request: StaffRequest, pk: int) -> HttpResponse:
    cause = _cause(pk)
    form = ChangeForm(request.POST, auto_id="change_%s")
    names = ("name_en", "name_zh", "keywords")
    row = _tried(
        form, lambda said: change_cause(cause=cause, **{name: said[name] for name in names}, **_by(request, said))
    )
    if row is None:
        return _page(request, cause, change=form)
    messages.success(request, _("Cause %(code)s saved.") % {"code": row.code})
    return _back(row)


@roles(*EDITORS)
def merge(request: StaffRequest, pk: int) -> HttpResponse:
    """GET says what a merging would change; POST does it."""
    cause = _cause(pk)
    form = MergeForm(request.POST if request.method == "POST" else request.GET, cause=cause)
    if request.method != "POST":
        into = _tried(form, lambda said: checked_merge(cause, said["into"]))
        if into is None:
            return _page(request, cause, merge=form)
        return render(request, "surveys/causes/merge.html", _merging(cause, into, form.cleaned_data["reason"]))
    rewritten = _tried(form, lambda said: merge_cause(cause=cause, into=said["into"], **_by(request, said)))
    if rewritten is None:
        return _page(request, cause, merge=form)
    told = ngettext("%(n)s open entry was rewritten.", "%(n)s open entries were rewritten.", rewritten)
    into = form.cleaned_data["into"]
    merged = _("%(code)s was merged into %(into)s.") % {"code": cause.code, "into": into.code}
    messages.success(request, f"{merged} {told % {'n': number(rewritten)}}")
    return _back(into)


def _merging(cause: Cause, into: Cause, reason: str) -> dict[str, Any]:
    return {
        "cause": cause,
        "into": into,
        "reason": reason,
        "entries": open_with(cause.code),
        "naming": _links(rules_naming([cause.code]).get(cause.code, [])),
    }


@roles(*EDITORS)
@require_POST
def split(request: StaffRequest, pk: int) -> HttpResponse:
    cause = _cause(pk)
    form = SplitForm(request.POST)
    made = _tried(form, lambda said: split_cause(cause=cause, parts=said["parts"], **_by(request, said)))
    if made is None:
        return _page(request, cause, split=form)
    messages.success(
        request,
        _("%(code)s was split: %(parts)s.") % {"code": cause.code, "parts": ", ".join(row.code for row in made)},
    )
    return _back(cause)


@roles(*EDITORS)
@require_POST
def retire(request: StaffRequest, pk: int) -> HttpResponse:
    cause = _cause(pk)
    form = ReasonForm(request.POST, auto_id="retire_%s")
    if _tried(form, lambda said: retire_cause(cause=cause, **_by(request, said))) is None:
        return _page(request, cause, retire=form)
    messages.success(
        request, _("%(code)s is offered to nobody any more; whoever has it keeps it.") % {"code": cause.code}
    )
    return _back(cause)


@roles(*EDITORS)
@require_POST
def revive(request: StaffRequest, pk: int) -> HttpResponse:
    cause = _cause(pk)
    form = ReasonForm(request.POST, auto_id="revive_%s")
    if _tried(form, lambda said: revive_cause(cause=cause, **_by(request, said))) is None:
        return _page(request, cause, revive=form)
    messages.success(request, _("%(code)s is in use again.") % {"code": cause.code})
    return _back(cause)


# --- what the views share --------------------------------------------------------------------------------------------
def _cause(pk: int) -> Cause:
    return get_object_or_404(Cause.objects.select_related("merged_into"), pk=pk)


def _by(request: StaffRequest, said: dict[str, Any]) -> dict[str, Any]:
    return {"reason": said["reason"], "by": request.user, "now": clock.now()}


def _tried(form: forms.Form, act: Callable[[dict[str, Any]], Any]) -> Any:
    """What the service returns; None where the form or the service found something to mend, which the form says."""
    if not form.is_valid():
        return None
    try:
        return act(form.cleaned_data)
    except Invalid as error:
        form.add_error(error.field if error.field in form.fields else None, error.message)
        return None


def _back(cause: Cause) -> HttpResponse:
    return redirect(f"{reverse('surveys:cause_tree')}?{urlencode({'cause': cause.code})}")


def _page(request: StaffRequest, chosen: Cause | None, *, prefill: str = "", **tried: forms.Form) -> HttpResponse:
    """The page with the forms of one cause, or the form for a new one; `tried`: what was sent and must be mended."""
    nodes = tree()
    gone = [node.cause for node in nodes if node.cause and node.cause.retired_at is not None]
    naming = rules_naming(cause.code for cause in gone)
    acts: dict[str, forms.Form] = {"add": AddForm(initial={"code": prefill}, auto_id="add_%s")}
    if chosen is not None:
        acts |= {"change": ChangeForm.of(chosen), "merge": MergeForm(cause=chosen), "split": SplitForm()}
        acts |= {"retire": ReasonForm(auto_id="retire_%s"), "revive": ReasonForm(auto_id="revive_%s")}
    context = {
        "nodes": [(node, range(node.level)) for node in nodes],
        "chosen": chosen,
        "acts": acts | tried,
        **{f"tried_{name}": True for name in tried},
        "form": next(iter(tried.values()), None),
        "warnings": [(cause, _links(naming[cause.code])) for cause in gone if cause.code in naming],
        "history": history()[:HISTORY_SHOWN],
        "may_edit": request.user.role in EDITORS,
    }
    return render(request, "surveys/causes/tree.html", context, status=422 if tried else 200)


def _links(rows: list[Named]) -> list[tuple[str, str]]:
    """(name, address) of rules."""
    return [
        (str(row.name), reverse("surveys:segment" if isinstance(row, Segment) else "surveys:rule", args=[row.pk]))
        for row in rows
    ]
