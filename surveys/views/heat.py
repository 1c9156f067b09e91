"""The board's numbers as they are drawn: shades, links to the list behind each cell, what there was no room for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from loopcare.common.charts.scales import number
from surveys.selectors import UNKNOWN, Crossed, Headline

MAX_ROWS, MAX_COLUMNS = 40, 12
SHADES = 5


@dataclass(frozen=True)
class Stat:
    """What `parts/stat.html` takes."""

    label: str
    value: str
    note: str = ""
    unit: str = ""
    state: str = ""
    url: str = ""


@dataclass(frozen=True)
class Cell:
    text: str
    shade: int
    url: str


@dataclass(frozen=True)
class Line:
    label: str
    cells: list[Cell]
    total: Cell


@dataclass(frozen=True)
class Heat:
    """At most 40 lines of 12 cells, the largest; `more` says in words what is left out."""

    columns: list[str]
    lines: list[Line]
    totals: list[Cell]
    total: Cell
    more: str


def stats(counted: Headline, *, filters: QueryDict, today: str) -> list[Stat]:
    """The six numbers of the board, each with what it is compared with."""
    usual = number(counted.new_mean, 1)
    many = counted.new_today > 2 * counted.new_mean + 3
    share = _share(counted.repeated, counted.open)
    return [
        Stat(_("In the pool"), number(counted.open), _growth(counted), url=_list(filters)),
        Stat(
            _("New today"),
            number(counted.new_today),
            _("%(mean)s a day in the last 7 days") % {"mean": usual},
            state="warn" if many else "",
            url=_list(filters, entered_on=today),
        ),
        Stat(
            _("Waiting"),
            number(counted.waiting),
            _of_pool(counted.waiting, counted),
            url=_list(filters, status="waiting"),
        ),
        Stat(
            _("In care"),
            number(counted.in_care),
            _of_pool(counted.in_care, counted),
            url=_list(filters, status="in_care"),
        ),
        Stat(
            _("Held out"),
            number(counted.held_out),
            _of_pool(counted.held_out, counted),
            url=_list(filters, status="held_out"),
        ),
        Stat(
            _("More than once"),
            share or number(None),
            _("%(count)s of %(open)s") % {"count": number(counted.repeated), "open": number(counted.open)},
            url=_list(filters, repeat_count__gte="2"),
        ),
    ]


def heat(counts: Crossed, *, axes: tuple[str, str], names: tuple[Mapping[str, str], ...], filters: QueryDict) -> Heat:
    """The table of `counts`; `names` hold what people read for the codes of each axis."""
    largest = max(counts.cells.values())

    def cell(count: int, codes: Mapping[str, str], *, shaded: bool = False) -> Cell:
        # The root keeps small cells apart, where a straight scale would drown them beside one large one.
        shade = min(SHADES, 1 + int(SHADES * sqrt(count / largest))) if shaded and count else 0
        return Cell(number(count), shade, _list(filters, **{axis: code or UNKNOWN for axis, code in codes.items()}))

    across, down = counts.columns[:MAX_COLUMNS], counts.rows[:MAX_ROWS]
    lines = []
    for row, total in down:
        pairs = [(counts.cells.get((row, column), 0), column) for column, _total in across]
        cells = [cell(count, {axes[0]: row, axes[1]: column}, shaded=True) for count, column in pairs]
        lines.append(Line(_name(row, names[0]), cells, cell(total, {axes[0]: row})))
    return Heat(
        columns=[_name(code, names[1]) for code, _total in across],
        lines=lines,
        totals=[cell(total, {axes[1]: code}) for code, total in across],
        total=cell(counts.total, {}),
        more=_more(len(counts.rows), len(counts.columns)),
    )


def _list(filters: QueryDict, **more: str) -> str:
    """The address of the list that a number counts."""
    query = filters.copy()
    for name, value in more.items():
        query[name] = value
    return f"{reverse('surveys:entries')}?{query.urlencode()}"


def _name(code: str, names: Mapping[str, str]) -> str:
    return names.get(code, code) or UNKNOWN


def _share(part: int, whole: int) -> str:
    return f"{number(100 * part / whole)}%" if whole else ""


def _of_pool(part: int, counted: Headline) -> str:
    return _("%(share)s of the pool") % {"share": _share(part, counted.open)} if counted.open else ""


def _growth(counted: Headline) -> str:
    if not counted.open_week_ago:
        return _("none seven days ago")
    change = 100 * (counted.open / counted.open_week_ago - 1)
    sign = "+" if change >= 0.5 else ""
    return _("%(change)s%% in 7 days") % {"change": f"{sign}{number(change)}"}


def _more(rows: int, columns: int) -> str:
    if rows <= MAX_ROWS and columns <= MAX_COLUMNS:
        return ""
    return _("The largest are shown: %(rows)s of %(all_rows)s rows, %(columns)s of %(all_columns)s columns.") % {
        "rows": min(rows, MAX_ROWS),
        "all_rows": rows,
        "columns": min(columns, MAX_COLUMNS),
        "all_columns": columns,
    }
