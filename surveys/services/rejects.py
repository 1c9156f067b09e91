"""Rejected rows go back to whoever sent them: a CSV with the reason beside the original cells, ready to be mended."""

from __future__ import annotations

import csv
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import IO, Any

from surveys.logic.cells import Cell, as_number, written
from surveys.logic.decoding import Reject
from surveys.services.wording import said

ADDED = ("row", "column", "value", "reason")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula; numbers stay numbers."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) and as_number(text) is None else text


class RejectsFile:
    """Written as the rows come by, made on the first of them. Contact columns (`hidden`) stay empty in it."""

    def __init__(self, path: Path, header: Sequence[str], *, hidden: Collection[int]) -> None:
        self.path = path
        self._header = header
        self._hidden = hidden
        self._opened: IO[str] | None = None
        self._writer: Any = None

    def add(self, rejects: Sequence[Reject], cells: Sequence[Cell]) -> None:
        """One line for each wrong cell of a row."""
        if self._writer is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._opened = self.path.open("w", encoding="utf-8-sig", newline="")
            self._writer = csv.writer(self._opened)
            self._writer.writerow([*ADDED, *map(harmless, self._header)])
        shown = ["" if index in self._hidden else harmless(written(cell)) for index, cell in enumerate(cells)]
        for reject in rejects:
            stated = (reject.column, reject.value, said(reject.reason))
            self._writer.writerow([reject.row, *map(harmless, stated), *shown])

    def close(self, *, keep: bool) -> str | None:
        """The path of the finished file; None when nothing was rejected or the file is not to be kept."""
        if self._opened is None:
            return None
        self._opened.close()
        if keep:
            return str(self.path)
        self.path.unlink()
        return None
