"""Looks for defects of a file while it streams by: they are reported, never repaired.

Only the first `WATCHED` rows are looked at, so that a long file costs no more than a short one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from surveys.logic.cells import SPREADSHEET_ERRORS, Cell, as_number, written
from surveys.logic.sentences import Sentence, gettext_noop

WATCHED = 10_000
ENOUGH = 30  # rows below which equal or constant columns are chance
DISTINCT = 200  # values of a column that are remembered
SHOWN = 3  # stray numbers that a warning quotes
STRAY = 0.05  # numbers are strays in a column of text below this share


@dataclass(slots=True)
class _Column:
    fingerprint: int = 0
    filled: int = 0
    errors: int = 0
    numbers: int = 0
    shown: dict[str, None] = field(default_factory=dict)
    values: dict[str, None] = field(default_factory=dict)

    def look(self, value: Cell) -> None:
        text = written(value)
        self.fingerprint = hash((self.fingerprint, text))
        if not text:
            return
        self.filled += 1
        if text in SPREADSHEET_ERRORS:
            self.errors += 1
        if len(self.values) < DISTINCT:
            self.values[text] = None
        if as_number(value) is not None:
            self.numbers += 1
            if len(self.shown) < SHOWN:
                self.shown[text] = None

    @property
    def constant(self) -> bool:
        return len(self.values) == 1


class Observer:
    """Give it every row; ask for `warnings()` at the end. It never looks at `hidden` columns: they name people."""

    def __init__(self, names: Sequence[str], *, hidden: Collection[str] = ()) -> None:
        self._columns = {
            index: (name or f"#{index + 1}", _Column()) for index, name in enumerate(names) if name not in hidden
        }
        self._rows = 0

    def look(self, cells: Sequence[Cell]) -> None:
        if self._rows >= WATCHED:
            return
        self._rows += 1
        for index, (_name, column) in self._columns.items():
            column.look(cells[index] if index < len(cells) else None)

    def warnings(self) -> list[Sentence]:
        return [
            *self._identical(),
            *(sentence for name, column in self._columns.values() for sentence in _defects(name, column, self._rows)),
        ]

    def _identical(self) -> Iterator[Sentence]:
        if self._rows < ENOUGH:
            return
        first: dict[int, str] = {}
        for name, column in self._columns.values():
            if column.filled and not column.constant:
                twin = first.setdefault(column.fingerprint, name)
                if twin != name:
                    yield Sentence(
                        gettext_noop("The columns %(one)s and %(other)s are equal in every row: one may be a mistake."),
                        {"one": twin, "other": name},
                    )


def _defects(name: str, column: _Column, rows: int) -> Iterator[Sentence]:
    if column.errors:
        yield Sentence(
            gettext_noop("The column %(name)s holds %(count)s spreadsheet errors; they count as missing."),
            {"name": name, "count": column.errors},
        )
    if rows >= ENOUGH and column.constant and column.filled == rows:
        yield Sentence(
            gettext_noop("The column %(name)s holds the same value in every row: %(value)s."),
            {"name": name, "value": next(iter(column.values))},
        )
    yield from _spellings(name, column)
    if 0 < column.numbers <= STRAY * column.filled:
        yield Sentence(
            gettext_noop("The column %(name)s holds text and %(count)s numbers: %(shown)s."),
            {"name": name, "count": column.numbers, "shown": ", ".join(column.shown)},
        )


def _spellings(name: str, column: _Column) -> Iterator[Sentence]:
    """Values that differ only by case; not of columns with so many values that they are no categories."""
    if len(column.values) >= DISTINCT:
        return
    spellings: dict[str, list[str]] = {}
    for value in column.values:
        spellings.setdefault(value.casefold(), []).append(value)
    for variants in spellings.values():
        if len(variants) > 1:
            yield Sentence(
                gettext_noop("The column %(name)s spells one value in several ways: %(values)s."),
                {"name": name, "values": ", ".join(variants)},
            )
