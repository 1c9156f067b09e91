"""The board: how many are dissatisfied, where, and the list behind every number."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loopcare.common import clock
from loopcare.common.pagination import page_of
from loopcare.customers.selectors import masked
from loopcare.staff.access import StaffRequest, roles
from loopcare.staff.enums import Role
from surveys.filters import PoolEntryFilter, as_rule
from surveys.forms import BoardForm
from surveys.models import PoolEntry
from surveys.selectors import UNKNOWN, Crossed, crossed, headline, labels
from surveys.views.paging import pager

READERS = (Role.SUPERVISOR, Role.ANALYST, Role.AUDITOR, Role.ADMINISTRATOR)
MAX_ROWS, MAX_COLUMNS = 40, 12
SHADES = 5
BOARD_FILTERS = ("source", "brand", "region", "channel", "kind")
LIST_FILTERS = ("source", "brand", "region", "channel", "causes", "status", "gap__lte", "repeat_count__gte", "entered_on__gte")


@dataclass(frozen=True)
class Cell:
    count: int
    shade: int
    url: str


@dataclass(frozen=True)
class Line:
    label: str
    cells: list[Cell]
    total: Cell


@dataclass(frozen=True)
class Heat:
    """The table as it is drawn: at most 40 lines of 12 cells, the largest; the rest is counted in `more`."""

    columns: list[str]
    lines: list[Line]
    totals: list[Cell]
    total: Cell
    more: str


@roles(*READERS)
def board(request: StaffRequest) -> HttpResponse:
    """The pool by two axes of choice. The query string holds everything: rows, columns, filters."""
    now = clock.now()
    axes = BoardForm({"rows": request.GET.get("rows", "source"), "columns": request.GET.get("columns", "brand")})
    filters = PoolEntryFilter(request.GET, PoolEntry.objects.visible_to(request.user))
    valid = axes.is_valid() and filters.is_valid()
    context = {
        "now": now,
        "axes": axes,
        "fields": [filters.form[name] for name in BOARD_FILTERS],
        "list_url": f"{reverse('surveys:entries')}?{_without(request.GET, 'rows', 'columns').urlencode()}",
    }
    if valid:
        today = localdate(now)
        rows, columns = axes.cleaned_data["rows"], axes.cleaned_data["columns"]
        counts = crossed(filters.qs.open(), rows=rows, columns=columns)
        names = (labels(rows), labels(columns))
        context |= {
            "headline": headline(filters.qs, today=today),
            "today": today,
            "heat": _heat(counts, (rows, columns), names, request.GET) if counts.total else None,
        }
    return render(request, "surveys/pool/board.html", context, status=200 if valid else 422)


@roles(*READERS)
def entries(request: StaffRequest) -> HttpResponse:
    """Who is in the pool; without a status in the query, those who are there now."""
    everybody = PoolEntry.objects.visible_to(request.user).select_related("source")
    asked = {"status", "status__in"} & {name for name, value in request.GET.items() if value}
    filters = PoolEntryFilter(request.GET, everybody if asked else everybody.open())
    if not filters.is_valid():
        context = {"filters": filters, "fields": [filters.form[name] for name in LIST_FILTERS]}
        return render(request, "surveys/pool/entries.html", context, status=422)
    page = page_of(filters.qs, request.GET)
    people = masked({entry.customer_id for entry in page.rows})
    rule = as_rule(filters.form.cleaned_data)
    context = {
        "fields": [filters.form[name] for name in LIST_FILTERS],
        "chips": _chips(filters, request.GET),
        "rows": [(entry, people[entry.customer_id]) for entry in page.rows],
        "names": {axis: labels(axis) for axis in ("causes", "region")},
        "pager": pager(request, page, _counted(page.count, page.count_text)),
        "segment_url": f"{reverse('surveys:new_segment')}?{_query(rule=rule)}" if rule else "",
    }
    return render(request, "surveys/pool/entries.html", context)


def _counted(count: int, text: str) -> str:
    return ngettext("%(count)s customer", "%(count)s customers", count) % {"count": text}


def _query(**values: str) -> str:
    query = QueryDict(mutable=True)
    query.update(values)
    return query.urlencode()


def _without(query: QueryDict, *names: str) -> QueryDict:
    """The filled parameters of a query but for some."""
    left = QueryDict(mutable=True)
    for name, value in query.items():
        if value and name not in (*names, "after", "page_size"):
            left[name] = value
    return left


def _chips(filters: PoolEntryFilter, query: QueryDict) -> list[tuple[str, str, str]]:
    """(label, value, the address without it) of each filter that is on."""
    on = [name for name in filters.filters if query.get(name)]
    here = reverse("surveys:entries")
    return [
        (str(filters.filters[name].label), query[name], f"{here}?{_without(query, name).urlencode()}") for name in on
    ]


def _heat(counts: Crossed, axes: tuple[str, str], names: tuple[dict[str, str], ...], query: QueryDict) -> Heat:
    filters = _without(query, "rows", "columns")
    here = reverse("surveys:entries")
    largest = max(counts.cells.values())
    rows, columns = counts.rows[:MAX_ROWS], counts.columns[:MAX_COLUMNS]

    def cell(count: int, codes: dict[str, str], *, shaded: bool = True) -> Cell:
        link = filters.copy()
        link.update({axis: code or UNKNOWN for axis, code in codes.items()})
        # The root keeps small cells apart, where a straight scale would drown them beside one large one.
        shade = 1 + int((SHADES - 0.001) * sqrt(count / largest)) if shaded and count else 0
        return Cell(count, min(shade, SHADES), f"{here}?{link.urlencode()}")

    def line(row: str, total: int) -> Line:
        cells = [
            cell(counts.cells.get((row, column), 0), {axes[0]: row, axes[1]: column}) for column, _total in columns
        ]
        return Line(_name(row, names[0]), cells, cell(total, {axes[0]: row}, shaded=False))

    return Heat(
        columns=[_name(code, names[1]) for code, _total in columns],
        lines=[line(code, total) for code, total in rows],
        totals=[cell(total, {axes[1]: code}, shaded=False) for code, total in columns],
        total=cell(counts.total, {}, shaded=False),
        more=_more(len(counts.rows), len(counts.columns)),
    )


def _name(code: str, names: dict[str, str]) -> str:
    return names.get(code, code) or UNKNOWN


def _more(rows: int, columns: int) -> str:
    """What the table had no room for, in words."""
    if rows <= MAX_ROWS and columns <= MAX_COLUMNS:
        return ""
    return _("The largest are shown: %(rows)s of %(all_rows)s rows, %(columns)s of %(all_columns)s columns.") % {
        "rows": min(rows, MAX_ROWS),
        "all_rows": rows,
        "columns": min(columns, MAX_COLUMNS),
        "all_columns": columns,
    }
