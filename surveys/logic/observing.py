"""Looks for defects of a file while it streams by: they are reported, never repaired.

Only the first `WATCHED` rows are looked at, so that a long file costs no more than a short one; and they are looked at
column by column, some hundred rows at a time, which costs a tenth of looking at each cell as it comes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from surveys.logic.cells import SPREADSHEET_ERRORS, Cell, as_number, written
from surveys.logic.placeholders import placeholders_in
from surveys.logic.sentences import Sentence, gettext_noop

WATCHED = 10_000
TOGETHER = 500  # rows
ENOUGH = 30  # rows below which equal or constant columns are chance
DISTINCT = 200  # values of a column above which they are no categories
REMEMBERED = 1_000  # values of a column that are counted; of more, the rare ones are forgotten
SHOWN = 3  # stray numbers that a warning quotes
NAMED = 5  # columns that one warning names
STRAY = 0.05  # numbers are strays in a column of text below this share


class _Column:
    """What was seen of one column. `counts` holds every cell while `complete`, later the frequent ones."""

    __slots__ = ("blank", "complete", "counts", "errors", "fingerprint", "given", "name", "numbers", "shown", "values")

    def __init__(self, name: str) -> None:
        self.name = name
        self.fingerprint = self.given = self.blank = self.errors = self.numbers = 0
        self.counts: Counter[Cell] = Counter()
        self.values: Counter[str] = Counter()
        self.complete = True
        self.shown: dict[str, None] = {}

    def look(self, cells: tuple[Cell, ...]) -> None:
        self.fingerprint = hash((self.fingerprint, cells))
        fresh = Counter(cells)
        self.given += len(cells) - fresh.pop(None, 0) - fresh.pop("", 0)
        self.errors += sum(fresh[error] for error in fresh.keys() & SPREADSHEET_ERRORS)
        if self.numbers <= STRAY * WATCHED:  # beyond that they cannot be strays, and nobody asks how many
            self._count_numbers(fresh)
        self.counts.update(fresh)
        if len(self.counts) > REMEMBERED:
            self.complete = False
            self.counts = Counter(dict(self.counts.most_common(DISTINCT)))

    def _count_numbers(self, fresh: Counter[Cell]) -> None:
        for value, count in fresh.items():
            if as_number(value) is not None:
                self.numbers += count
                if len(self.shown) < SHOWN:
                    self.shown[written(value)] = None

    def finish(self) -> None:
        """Cells as text, blank ones left out."""
        self.values, self.blank = Counter(), 0
        for value, count in self.counts.items():
            text = written(value)
            if text:
                self.values[text] += count
            else:
                self.blank += count

    @property
    def filled(self) -> int:
        return self.given - self.blank

    @property
    def is_constant(self) -> bool:
        return self.complete and len(self.values) == 1


class Observer:
    """Give it every row; ask for `warnings()` at the end. It never looks at `hidden` columns: they name people."""

    def __init__(self, names: Sequence[str], *, hidden: Collection[str] = ()) -> None:
        self._width = len(names)
        self._columns = {
            index: _Column(name or f"#{index + 1}") for index, name in enumerate(names) if name not in hidden
        }
        self._rows = 0
        self._waiting: list[Sequence[Cell]] = []
        self._seen: set[int] = set()

    def look(self, cells: Sequence[Cell]) -> None:
        if self._rows >= WATCHED:
            return
        self._rows += 1
        missing = self._width - len(cells)
        self._waiting.append([*cells, *[None] * missing] if missing > 0 else cells)
        if len(self._waiting) >= TOGETHER:
            self._look()

    def _look(self) -> None:
        self._seen.update(map(hash, map(tuple, self._waiting)))
        columns = list(zip(*self._waiting, strict=False))
        self._waiting = []
        for index, column in self._columns.items():
            column.look(columns[index])

    def warnings(self) -> list[Sentence]:
        """What is remarkable so far."""
        if self._waiting:
            self._look()
        for column in self._columns.values():
            column.finish()
        return [
            *self._repeated(),
            *self._identical(),
            *self._empty(),
            *(sentence for column in self._columns.values() for sentence in _defects(column, self._rows)),
            *self._placeholders(),
        ]

    def _repeated(self) -> Iterator[Sentence]:
        if repeated := self._rows - len(self._seen):
            yield Sentence(
                gettext_noop("%(count)s rows are equal to an earlier row in every column."), {"count": repeated}
            )

    def _identical(self) -> Iterator[Sentence]:
        if self._rows < ENOUGH:
            return
        first: dict[int, str] = {}
        for column in self._columns.values():
            if column.filled and not column.is_constant:
                twin = first.setdefault(column.fingerprint, column.name)
                if twin != column.name:
                    yield Sentence(
                        gettext_noop("The columns %(one)s and %(other)s are equal in every row: one may be a mistake."),
                        {"one": twin, "other": column.name},
                    )

    def _empty(self) -> Iterator[Sentence]:
        empty = [column.name for column in self._columns.values() if not column.filled]
        if empty and self._rows >= ENOUGH:
            yield Sentence(gettext_noop("Nothing stands in these columns: %(columns)s."), {"columns": _some(empty)})

    def _placeholders(self) -> Iterator[Sentence]:
        """One sentence for each value, because a form uses the same one in many columns."""
        if self._rows < ENOUGH:
            return
        found: dict[str, list[str]] = {}
        for column in self._columns.values():
            for value, share in placeholders_in(column.values, column.filled, complete=column.complete):
                found.setdefault(value, []).append(f"{column.name} ({share:.0%})")
        for value, columns in found.items():
            yield Sentence(
                gettext_noop("The value %(value)s looks like a placeholder for a missing one: %(columns)s."),
                {"value": value, "columns": _some(columns)},
            )


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:NAMED]) + (f" … ({len(names)})" if len(names) > NAMED else "")


def _defects(column: _Column, rows: int) -> Iterator[Sentence]:
    if column.errors:
        yield Sentence(
            gettext_noop("The column %(name)s holds %(count)s spreadsheet errors; they count as missing."),
            {"name": column.name, "count": column.errors},
        )
    if rows >= ENOUGH and column.is_constant and column.filled == rows:
        yield Sentence(
            gettext_noop("The column %(name)s holds the same value in every row: %(value)s."),
            {"name": column.name, "value": next(iter(column.values))},
        )
    yield from _spellings(column)
    if 0 < column.numbers <= STRAY * column.filled:
        yield Sentence(
            gettext_noop("The column %(name)s holds text and %(count)s numbers: %(shown)s."),
            {"name": column.name, "count": column.numbers, "shown": ", ".join(column.shown)},
        )


def _spellings(column: _Column) -> Iterator[Sentence]:
    """Values that differ only by case; not of columns with so many values that they are no categories."""
    if not column.complete or len(column.counts) >= DISTINCT:
        return
    spellings: dict[str, list[str]] = {}
    for value in column.values:
        spellings.setdefault(value.casefold(), []).append(value)
    for variants in spellings.values():
        if len(variants) > 1:
            yield Sentence(
                gettext_noop("The column %(name)s spells one value in several ways: %(values)s."),
                {"name": column.name, "values": ", ".join(variants)},
            )
