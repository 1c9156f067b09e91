"""What every kind of file is read into, and what is said of one that is no table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from loopcare.common.errors import Invalid
from surveys.logic.cells import Cell, written

Row: TypeAlias = tuple[int, Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class Table:
    """A header and the rows below it, numbered as in the file: the header is row 1. Empty rows are left out.

    A row is at least as wide as the header; cells beyond it are there only where they hold something. `share` tells
    how much of the file has been read, from 0 to 1; always 0 where the file does not say how long it is.
    """

    header: tuple[str, ...]
    rows: Iterator[Row]
    share: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that was opened: its first row, and a way to read on once the width of the table is known."""

    header: Sequence[Cell]
    rows: Callable[[int], Iterator[Row]]
    share: Callable[[], float]


def refused(sentence: str, path: Path, **facts: object) -> Invalid:
    """The refusal of a file, in a translated sentence with the hole `name`."""
    return Invalid(sentence % {"name": path.name, **facts}, field="file")


def trimmed(cells: Sequence[Cell]) -> tuple[str, ...]:
    """A header as text, without the empty cells at its end: a sheet may claim thousands of columns."""
    names = [written(cell) for cell in cells]
    while names and not names[-1]:
        names.pop()
    return tuple(names)


def fitted(cells: Sequence[Cell], width: int) -> Sequence[Cell]:
    """A row as wide as the header; filled cells beyond it stay and will be rejected."""
    missing = width - len(cells)
    if missing > 0:
        return [*cells, *[None] * missing]
    if missing < 0 and not filled(cells[width:]):
        return cells[:width]
    return cells


def filled(cells: Sequence[Cell]) -> bool:
    """Whether any cell holds something; blanks are nothing."""
    return any(cell is not None and cell != "" and not (isinstance(cell, str) and cell.isspace()) for cell in cells)
