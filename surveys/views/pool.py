"""The board: how many are dissatisfied, where, and the list behind every number."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.timezone import localdate, localtime
from django.utils.translation import ngettext

from loopcare.common import clock
from loopcare.common.pager import pager
from loopcare.common.pagination import Page, page_of
from loopcare.customers.selectors import masked
from loopcare.staff.access import StaffRequest, roles
from loopcare.staff.enums import Role
from surveys.filters.pool import PoolEntryFilter, as_rule
from surveys.forms.pool import BoardForm
from surveys.models import PoolEntry
from surveys.selectors import crossed, headline, labels
from surveys.selectors.monitoring import last_closed_day
from surveys.selectors.silent import latent_scores
from surveys.views.cells import lines
from surveys.views.heat import crumbs, heat, stats
from surveys.views.watch import watch_of

READERS = (Role.SUPERVISOR, Role.ANALYST, Role.AUDITOR, Role.ADMINISTRATOR)
PLANNERS = (Role.SUPERVISOR, Role.ANALYST, Role.ADMINISTRATOR)
IMPORTERS = (Role.SUPERVISOR, Role.ADMINISTRATOR)
ACTORS = (Role.SUPERVISOR, Role.ADMINISTRATOR)
ALARMS_SHOWN = 5
BOARD_FILTERS = ("source", "brand", "region", "channel")
LIST_FILTERS = (*BOARD_FILTERS, "causes", "status", "gap__lte", "repeat_count__gte", "entered_on__gte")


@roles(*READERS)
def board(request: StaffRequest) -> HttpResponse:
    """The pool by two axes of choice. The query string holds everything: rows, columns, filters."""
    now = clock.now()
    axes = BoardForm({"rows": request.GET.get("rows") or "source", "columns": request.GET.get("columns") or "brand"})
    filters = PoolEntryFilter(request.GET, PoolEntry.objects.visible_to(request.user))
    valid = axes.is_valid() and filters.is_valid()
    kept = _filled(request.GET, but=("rows", "columns"))
    context = {
        "now": now,
        "axes": axes,
        "fields": [filters.form[name] for name in BOARD_FILTERS],
        "hidden": _hidden(kept, BOARD_FILTERS),
        "list_query": kept.urlencode(),
        "may_import": request.user.role in IMPORTERS,
    }
    if valid:
        context |= _table(request, axes, filters, kept, now)
    return render(request, "surveys/pool/board.html", context, status=200 if valid else 422)


def _table(
    request: StaffRequest, form: BoardForm, filters: PoolEntryFilter, kept: QueryDict, now: datetime
) -> dict[str, Any]:
    """What a board shows whose axes and filters can be read."""
    today, axes = localdate(now), (form.cleaned_data["rows"], form.cleaned_data["columns"])
    names = {axis: labels(axis) for axis in dict.fromkeys([*axes, *BOARD_FILTERS])}
    watch = watch_of(request.user, axes, kept, last_day=last_closed_day(now))
    counts = crossed(filters.qs.open(), rows=axes[0], columns=axes[1])
    return {
        "stats": stats(headline(filters.qs, today=today), filters=kept, today=today.isoformat()),
        "watch": watch,
        "late": [names["source"].get(code, code) for code in watch.late],
        "late_hours": localtime(now).hour,
        "lines": lines(watch.alarms[:ALARMS_SHOWN], names),
        "more_alarms": len(watch.alarms) - ALARMS_SHOWN,
        "crumbs": crumbs(kept, axes, names),
        "heat": heat(counts, names=(names[axes[0]], names[axes[1]]), filters=kept, watch=watch)
        if counts.total
        else None,
        "may_act": request.user.role in ACTORS,
        "may_segment": request.user.role in PLANNERS,
    }


@roles(*READERS)
def entries(request: StaffRequest) -> HttpResponse:
    """Who is in the pool; without a status in the query, those who are there now."""
    everybody = PoolEntry.objects.visible_to(request.user).select_related("source")
    kept = _filled(request.GET)
    open_only = not {"status", "status__in"} & kept.keys()
    filters = PoolEntryFilter(request.GET, everybody.open() if open_only else everybody)
    context = {
        "form": filters.form,
        "fields": [filters.form[name] for name in LIST_FILTERS],
        "hidden": _hidden(kept, LIST_FILTERS),
        "board_query": kept.urlencode(),
    }
    if not filters.is_valid():
        return render(request, "surveys/pool/entries.html", context, status=422)
    page = page_of(filters.qs, request.GET)
    people = masked({entry.customer_id for entry in page.rows})
    rule = as_rule(filters.form.cleaned_data)
    context |= {
        "rows": [(entry, people[entry.customer_id]) for entry in page.rows],
        "latent": latent_scores(people, today=localdate(clock.now())),
        "causes": labels("causes"),
        "regions": labels("region"),
        "pager": pager(request, page, counted(page)),
        "segment_query": _query(rule=rule) if rule and request.user.role in PLANNERS else "",
    }
    return render(request, "surveys/pool/entries.html", context)


def counted(page: Page) -> str:
    """How many customers a list holds, in words."""
    return ngettext("%(count)s customer", "%(count)s customers", page.count) % {"count": page.count_text}


def _query(**values: str) -> str:
    query = QueryDict(mutable=True)
    query.update(values)
    return query.urlencode()


def _filled(query: QueryDict, *, but: tuple[str, ...] = ()) -> QueryDict:
    """The filled parameters of a query, without the place in the list and some more."""
    filled = QueryDict(mutable=True)
    for name, value in query.items():
        if value and name in PoolEntryFilter.base_filters and name not in but:
            filled[name] = str(value)
    return filled


def _hidden(kept: QueryDict, shown: tuple[str, ...]) -> list[tuple[str, str, str, str]]:
    """(name, value, label, query without it) of the filters that are on but have no field on the page."""
    return [
        (name, str(value), str(PoolEntryFilter.base_filters[name].label), _filled(kept, but=(name,)).urlencode())
        for name, value in kept.items()
        if name not in shown
    ]
