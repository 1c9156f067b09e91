"""What a mapping makes of a file, seen on its first rows, before anything is tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from pathlib import Path

from loopcare.common.errors import Invalid
from loopcare.customers.numbers import mask_name
from surveys.logic.cells import Cell, as_number, is_missing, written
from surveys.logic.columns import Uses, personal_columns, uses_of
from surveys.logic.dates import NUMBERED, day_problem
from surveys.logic.decoding import address
from surveys.logic.drafting import headings
from surveys.logic.drafting.profiling import CHINESE_MOBILE, EMAIL
from surveys.logic.mapping import Mapping
from surveys.logic.sentences import Sentence
from surveys.services.intake import bind, read_mapping
from surveys.services.reading import Table, open_table
from surveys.services.wording import said

ROWS = 1_000  # that are looked at
SHOWN = 3  # values of a column
LONGEST = 48  # characters of a value
SHORT = 4  # a number of so few digits is no telephone's


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its first different values, what the mapping makes of it, and whether it tells who somebody is."""

    name: str
    samples: list[str]
    uses: list[str]
    is_personal: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a day, and the day it makes of the example."""

    date_format: str
    day: date
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class DayQuestion:
    """Days that a file may mean in one of two ways, or in one way that has to be said."""

    column: str
    example: str
    readings: list[Reading]


@dataclass(frozen=True, slots=True)
class Preview:
    """`missing` are columns that the mapping names and the file does not have; `problem` keeps it from being used.

    Not `is_read`: the text is no mapping, so nobody knows what it makes of the columns.
    """

    columns: list[Column]
    missing: list[Column] = field(default_factory=list)
    problem: str = ""
    day: DayQuestion | None = None
    is_read: bool = True

    @property
    def unused(self) -> int:
        return sum(not column.uses for column in self.columns)


@dataclass(frozen=True, slots=True)
class Sample:
    """The header of a file and its first rows."""

    header: tuple[str, ...]
    rows: list[Sequence[Cell]]


def sample_of(path: Path) -> Sample:
    """Raises Invalid for what is no table."""
    with open_table(path) as table:
        return Sample(table.header, [cells for _number, cells in islice(table.rows, ROWS)])


def preview(*, sample: Sample, text: str, now: datetime) -> Preview:
    """What a mapping's text makes of the columns of a file. Never raises: what is wrong with it is told."""
    names = address(sample.header)
    try:
        mapping = read_mapping(text)
    except Invalid as error:
        return Preview(_columns(sample, names, {}, set()), problem=error.message, is_read=False)
    uses = uses_of(mapping)
    columns = _columns(sample, names, uses, personal_columns(mapping))
    missing = [Column(name, [], _words(uses[name])) for name in uses if name not in names]
    try:
        bind(mapping, Table(sample.header, iter(()), lambda: 0.0), now)
    except Invalid as error:
        return Preview(columns, missing, error.message)
    day, problem = _day(sample, names, mapping)
    return Preview(columns, missing, problem, day)


def _columns(sample: Sample, names: tuple[str, ...], uses: Uses, personal: set[str]) -> list[Column]:
    columns = []
    for index, name in enumerate(names):
        values = _first_values(sample.rows, index)
        is_personal = name in personal or _seems_personal(name, values)
        shown = [_masked(value) if is_personal else _cut(value) for value in values]
        columns.append(Column(name, shown, _words(uses.get(name, [])), is_personal))
    return columns


def _words(sentences: list[Sentence]) -> list[str]:
    return [said(sentence) for sentence in sentences]


def _first_values(rows: list[Sequence[Cell]], index: int) -> list[str]:
    found: dict[str, None] = {}
    for cells in rows:
        if not is_missing(value := cells[index]):
            found[written(value)] = None
            if len(found) == SHOWN:
                break
    return list(found)


def _seems_personal(name: str, values: list[str]) -> bool:
    """By heading or content, as long as no mapping has said what the column is."""
    heading = headings.plain(name)
    told = headings.NAME.search(heading) and not headings.NOT_A_NAME.search(heading)
    told = told or any(
        pattern.search(heading) for pattern in (headings.REFERENCE, headings.PHONE, headings.EMAIL, headings.PRIVATE)
    )
    if told and not all(as_number(value) is not None and len(value) <= SHORT for value in values):
        return True
    return any(EMAIL.fullmatch(value) or CHINESE_MOBILE.fullmatch(value) for value in values)


def _masked(value: str) -> str:
    """Enough to recognise what stands there: w***@example.com, 138****, 王**."""
    name, at, host = value.partition("@")
    if at:
        return f"{name[:1]}***@{_cut(host)}"
    if any(letter.isdigit() for letter in value):
        return f"{value[: min(3, max(1, len(value) // 3))]}****"
    return _cut(mask_name(value))


def _cut(value: str) -> str:
    return value if len(value) <= LONGEST else f"{value[:LONGEST]}…"


def _day(sample: Sample, names: tuple[str, ...], mapping: Mapping) -> tuple[DayQuestion | None, str]:
    """The question that the file's days ask, answered by the mapping or not; what keeps it from being used."""
    column = mapping.day_column
    if not column:
        return None, ""
    cells = [cells[names.index(column)] for cells in sample.rows]
    problem = day_problem(column, cells, "")
    open_problem = day_problem(column, cells, mapping.date_format)
    if problem is None or problem.msgid == NUMBERED:
        return None, said(open_problem) if open_problem else ""
    example = str(problem.facts["value"])
    formats = dict.fromkeys([str(problem.facts["one"]), str(problem.facts["other"])])
    readings = [
        Reading(form, datetime.strptime(example, form).date(), form == mapping.date_format)  # noqa: DTZ007 - a bare day
        for form in formats
    ]
    return DayQuestion(column, example, readings), said(open_problem) if open_problem else ""
