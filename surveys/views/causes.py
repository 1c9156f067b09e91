"""Why they are dissatisfied: causes of the open pool from the most named down, crossed with any field; the unknown."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.timezone import localdate
from django.views.decorators.http import require_safe

from loopcare.common import clock
from loopcare.customers.selectors import masked
from loopcare.staff.access import StaffRequest, roles
from surveys.enums import AnalysisKind
from surveys.filters.pool import PoolEntryFilter
from surveys.forms.causes import FULL, TOP, ParetoForm, SampleForm
from surveys.logic.causes.pareto import Pareto, from_figures
from surveys.models import Analysis, PoolEntry
from surveys.selectors import causes as every_cause
from surveys.selectors import labels
from surveys.selectors.analyses import latest_analysis
from surveys.selectors.cause_counts import cross_causes, unknown_sample, waiting_unknown
from surveys.selectors.cause_tree import merged_codes
from surveys.selectors.samples import OutOfTime, limited
from surveys.views.analysis import made
from surveys.views.cause_lines import Links, cause_chart, cause_lines, codes_behind, crossed_table
from surveys.views.pool import PLANNERS, READERS
from surveys.views.shares import shown

FILTERS = ("source", "brand", "region", "channel", "value_tier", "activity_tier")
OWN = ("causes", "causes__in")
"""Filters of the pool that this page has no use for: it counts causes."""
UNKNOWN_RULE = "causes is missing"
DRAWN = 20


@roles(*READERS)
@require_safe
def causes(request: StaffRequest) -> HttpResponse:
    """The open pool by cause. The query string holds everything: depth, the field it is crossed with, filters."""
    asked = ParetoForm({"depth": request.GET.get("depth") or FULL, "by": request.GET.get("by") or "source"})
    kept = _kept(request.GET)
    filters = PoolEntryFilter(kept, PoolEntry.objects.visible_to(request.user))
    valid = asked.is_valid() and filters.is_valid()
    context: dict[str, Any] = {
        "now": clock.now(),
        "asked": asked,
        "fields": [filters.form[name] for name in FILTERS],
        "hidden": _hidden(kept),
        "filtered": bool(kept),
        "sample": SampleForm(initial={"size": DRAWN, "seed": localdate(clock.now()).isoformat()}),
        "may_segment": request.user.role in PLANNERS,
    }
    if valid:
        context |= _counted(request, asked.cleaned_data, filters, kept)
    return render(request, "surveys/causes/causes.html", context, status=200 if valid else 422)


def _counted(request: StaffRequest, asked: dict[str, str], filters: PoolEntryFilter, kept: QueryDict) -> dict[str, Any]:
    """What is shown of a page that can be read; the kept reading where the pool is too large to count while one waits,
    if it says what was asked."""
    axis, top_only = asked["by"], asked["depth"] == TOP
    entries = filters.qs.open()
    names = labels("causes")
    codes = list(every_cause().values_list("code", flat=True))
    links = Links(kept, codes_behind(codes, merged_codes(), top_only=top_only))
    try:
        with limited():
            crossed = cross_causes(entries, axis=axis, top_only=top_only)
    except OutOfTime:
        visible = Analysis.objects.visible_to(request.user)
        reading = None if kept or top_only else latest_analysis(visible, AnalysisKind.CAUSES)
        found = _shown(from_figures(reading.figures), names, links) if reading else {}
        return found | {"late": True, "reading": reading} | made(request, reading, AnalysisKind.CAUSES)
    both = (names, labels(axis))
    table = crossed_table(crossed, axis=axis, names=both, links=links) if crossed.every.total else None
    return _shown(crossed.every, names, links) | {"table": table}


def _shown(counted: Pareto, names: dict[str, str], links: Links) -> dict[str, Any]:
    return {
        "counted": counted,
        "lines": cause_lines(counted, names, links),
        "chart": cause_chart(counted, names),
        "unknown": shown(counted.unknown_share),
        "unknown_url": links.unknown(),
        "every_url": links.every(),
    }


@roles(*READERS)
@require_safe
def unknown_causes(request: StaffRequest) -> HttpResponse:
    """A random sample of those who wait without a cause: whom to talk to. The seed in the address draws it again."""
    said = {"size": request.GET.get("size") or DRAWN, "seed": request.GET.get("seed") or str(localdate(clock.now()))}
    form = SampleForm(said)
    context: dict[str, Any] = {
        "form": form,
        "waiting": waiting_unknown(),
        "rule": UNKNOWN_RULE,
        "may_segment": request.user.role in PLANNERS,
    }
    if not form.is_valid():
        return render(request, "surveys/causes/unknown.html", context, status=422)
    drawn = unknown_sample(size=form.cleaned_data["size"], seed=form.cleaned_data["seed"])
    people = masked({entry.customer_id for entry in drawn})
    context |= {
        "rows": [(entry, people[entry.customer_id]) for entry in drawn],
        "causes": labels("causes"),
        "regions": labels("region"),
    }
    return render(request, "surveys/causes/unknown.html", context)


def _kept(query: QueryDict) -> QueryDict:
    """The filled filters of the pool that are in a query."""
    kept = QueryDict(mutable=True)
    for name, value in query.items():
        if value and name in PoolEntryFilter.base_filters and name not in OWN:
            kept[name] = str(value)
    return kept


def _hidden(kept: QueryDict) -> list[tuple[str, str, str, str]]:
    """(name, value, label, query without it) of the filters that are on but have no field on the page."""
    hidden = []
    for name, value in kept.items():
        if name not in FILTERS:
            rest = kept.copy()
            del rest[name]
            hidden.append((name, str(value), str(PoolEntryFilter.base_filters[name].label), rest.urlencode()))
    return hidden
