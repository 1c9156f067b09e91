"""Causes as their page shows them: a chart, lines with shares, a table crossed with another field, links behind all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from loopcare.common.charts.bars import BarChart, BarRow, bars
from surveys.enums import RepeatBand
from surveys.logic.causes.pareto import Pareto
from surveys.logic.causes.tree import top
from surveys.logic.metrics import proportion
from surveys.selectors import UNKNOWN
from surveys.selectors.cause_counts import CausesCrossed
from surveys.views.shares import Shown, percent, shown

MAX_ROWS, MAX_COLUMNS = 30, 12
MOST = str(max(RepeatBand))


@dataclass(frozen=True)
class CauseLine:
    """`reached`: the share of entries that have this cause or one above it in the list."""

    name: str
    code: str
    url: str
    share: Shown
    n: int
    reached: str


@dataclass(frozen=True)
class Cell:
    share: Shown
    n: int
    url: str


@dataclass(frozen=True)
class Column:
    label: str
    n: int
    url: str


@dataclass(frozen=True)
class CrossedTable:
    """At most 30 lines of 12 cells; `more` says in words what is left out."""

    columns: list[Column]
    lines: list[tuple[str, list[Cell]]]
    more: str


@dataclass(frozen=True)
class Links:
    """Where the entries behind a number are listed: the page's `filters`; the codes that a shown cause stands for."""

    filters: QueryDict
    codes: Mapping[str, Sequence[str]]

    def cause(self, code: str, **more: str) -> str:
        codes = self.codes.get(code) or [code]
        return self._list(**({"causes": codes[0]} if len(codes) == 1 else {"causes__in": ",".join(codes)}), **more)

    def unknown(self, **more: str) -> str:
        return self._list(causes=UNKNOWN, **more)

    def every(self, **more: str) -> str:
        return self._list(**more)

    def _list(self, **more: str) -> str:
        query = self.filters.copy()
        for name, value in more.items():
            query[name] = value
        return f"{reverse('surveys:entries')}?{query.urlencode()}"


def codes_behind(codes: Sequence[str], merged: Mapping[str, str], *, top_only: bool) -> dict[str, list[str]]:
    """Shown cause → the codes that are counted under it: what was merged into it and, at the top, all below it."""
    found = dict[str, list[str]]()
    for code in codes:
        end = merged.get(code, code)
        found.setdefault(top(end) if top_only else end, []).append(code)
    return found


def cause_lines(counted: Pareto, names: Mapping[str, str], links: Links) -> list[CauseLine]:
    return [
        CauseLine(
            name=names.get(line.code, line.code),
            code=line.code,
            url=links.cause(line.code),
            share=shown(line.share),
            n=line.n,
            reached=percent(line.reached_share.share),
        )
        for line in counted.lines
    ]


def cause_chart(counted: Pareto, names: Mapping[str, str]) -> BarChart:
    """The most named causes; shares are of all entries, and bars of two causes count an entry of both twice."""
    most = counted.lines[:MAX_ROWS]
    return bars(
        [BarRow(names.get(line.code, line.code), line.n) for line in most],
        name="causes",
        title=_("Causes of the dissatisfied"),
        axis=_("customers in the pool, share of all of them"),
        total=counted.total,
        reached=[line.reached for line in most],
        is_pareto=True,
    )


def crossed_table(
    counts: CausesCrossed,
    *,
    axis: str,
    names: tuple[Mapping[str, str], Mapping[str, str]],
    links: Links,
) -> CrossedTable:
    """Shares within each column; the last line is those without a cause."""
    causes, keys = names
    columns, shown_causes = counts.columns[:MAX_COLUMNS], counts.every.lines[:MAX_ROWS]

    def cell(n: int, of: int, url: str) -> Cell:
        return Cell(shown(proportion(n, of)), n, url)

    lines = []
    for line in shown_causes:
        row = [
            cell(counts.cells.get((line.code, key), 0), n, links.cause(line.code, **_fixed(axis, key)))
            for key, n, _unknown in columns
        ]
        lines.append((causes.get(line.code, line.code), row))
    unknown = [cell(none, n, links.unknown(**_fixed(axis, key))) for key, n, none in columns]
    return CrossedTable(
        columns=[
            Column(keys.get(key, key) or UNKNOWN, n, links.every(**_fixed(axis, key))) for key, n, _none in columns
        ],
        lines=[*lines, (_("Unknown cause"), unknown)],
        more=_more(len(counts.every.lines), len(counts.columns)),
    )


def _fixed(axis: str, key: str) -> dict[str, str]:
    """The filters that keep the entries of one column; a band of repeats is told by its ends."""
    if axis != "repeat_band":
        return {axis: key or UNKNOWN}
    least = {"repeat_count__gte": key}
    return least if key == MOST else least | {"repeat_count__lte": key}


def _more(rows: int, columns: int) -> str:
    if rows <= MAX_ROWS and columns <= MAX_COLUMNS:
        return ""
    return _("The largest are shown: %(rows)s of %(all_rows)s causes, %(columns)s of %(all_columns)s columns.") % {
        "rows": min(rows, MAX_ROWS),
        "all_rows": rows,
        "columns": min(columns, MAX_COLUMNS),
        "all_columns": columns,
    }
