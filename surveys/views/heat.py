"""The board's numbers as they are drawn: shades, links to the list behind each cell, what there was no room for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from loopcare.common.charts.scales import number
from surveys.enums import RepeatBand
from surveys.selectors import UNKNOWN, Crossed, Headline
from surveys.selectors.monitoring import CELL
from surveys.views.watch import Mark, Spark, Watch

MAX_ROWS, MAX_COLUMNS = 40, 12
SHADES = 5
DRILL = (*CELL, "repeat_band")
MOST = str(max(RepeatBand))


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
    spark: Spark | None = None
    mark: Mark | None = None


@dataclass(frozen=True)
class Head:
    """The name of a row or column; `url` goes one level deeper, `late` says that nothing came for the last day yet."""

    label: str
    url: str
    late: bool


@dataclass(frozen=True)
class Line:
    head: Head
    cells: list[Cell]
    total: Cell


@dataclass(frozen=True)
class Heat:
    """At most 40 lines of 12 cells, the largest; `more` says in words what is left out."""

    columns: list[Head]
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


def heat(counts: Crossed, *, names: tuple[Mapping[str, str], ...], filters: QueryDict, watch: Watch) -> Heat:
    """The table of `counts`; `names` hold what people read for the codes of each axis."""
    largest, axes = max(counts.cells.values()), watch.axes

    def cell(count: int, row: str | None, column: str | None, *, shaded: bool = False) -> Cell:
        # The root keeps small cells apart, where a straight scale would drown them beside one large one.
        shade = min(SHADES, 1 + int(SHADES * sqrt(count / largest))) if shaded and count else 0
        codes = {axis: code for axis, code in zip(axes, (row, column), strict=True) if code is not None}
        spark = watch.spark(row, column) if row is not None else None
        return Cell(number(count), shade, _list(filters, **_fixed(codes)), spark, watch.marks.get((row, column)))

    def head(place: int, code: str) -> Head:
        label = names[place].get(code, code) or UNKNOWN
        return Head(label, _deeper(filters, axes, place, code), watch.is_late(axes[place], code))

    across, down = counts.columns[:MAX_COLUMNS], counts.rows[:MAX_ROWS]
    lines = []
    for row, total in down:
        cells = [cell(counts.cells.get((row, column), 0), row, column, shaded=True) for column, _total in across]
        lines.append(Line(head(0, row), cells, cell(total, row, None)))
    return Heat(
        columns=[head(1, code) for code, _total in across],
        lines=lines,
        totals=[cell(total, None, code) for code, total in across],
        total=cell(counts.total, None, None),
        more=_more(len(counts.rows), len(counts.columns)),
    )


def _fixed(codes: Mapping[str, str]) -> dict[str, str]:
    """The filters that keep the entries of these codes; a band of repeats is told by its ends."""
    filters = {axis: code or UNKNOWN for axis, code in codes.items()}
    if band := filters.pop("repeat_band", ""):
        filters |= (
            {"repeat_count__gte": band} if band == MOST else {"repeat_count__gte": band, "repeat_count__lte": band}
        )
    return filters


def _deeper(filters: QueryDict, axes: tuple[str, str], place: int, code: str) -> str:
    """The board within one row or column, by the next axis that is still open; the list where none is."""
    query = filters.copy()
    for name, value in _fixed({axes[place]: code}).items():
        query[name] = value
    taken = {axes[0], axes[1], *query.keys()} | ({"repeat_band"} if "repeat_count__gte" in query else set())
    deeper = next((axis for axis in DRILL if axis not in taken), None)
    if deeper is None:
        return _list(filters, **_fixed({axes[place]: code}))
    query["rows"], query["columns"] = (deeper, axes[1]) if place == 0 else (axes[0], deeper)
    return f"{reverse('surveys:pool')}?{query.urlencode()}"


def crumbs(filters: QueryDict, axes: tuple[str, str], names: Mapping[str, Mapping[str, str]]) -> list[tuple[str, str]]:
    """The way down to this board: what each level is called, and the address of the board there."""
    query = QueryDict(mutable=True)
    query["rows"], query["columns"] = axes
    trail = [(_("All"), f"{reverse('surveys:pool')}?{query.urlencode()}")]
    for axis in CELL:
        if code := filters.get(axis):
            query[axis] = code
            label = names[axis].get(code, code)
            trail.append((label, f"{reverse('surveys:pool')}?{query.urlencode()}"))
    return trail if len(trail) > 1 else []


def _list(filters: QueryDict, **more: str) -> str:
    """The address of the list that a number counts."""
    query = filters.copy()
    for name, value in more.items():
        query[name] = value
    return f"{reverse('surveys:entries')}?{query.urlencode()}"


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
