"""Rejected rows go back to whoever sent them: a CSV with the reasons beside the original cells, to be mended.

`open_table` reads such a file as the file it came from, so that the same mapping fits: the added columns are left out,
and what was disarmed for spreadsheets is as it was. Contact columns are empty in it. An empty one changes nothing that
is known of a customer; for a customer who is not known yet the original file has to be mended, where what landed
already is recognised.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.utils.translation import gettext as _

from loopcare.common.errors import NotFound
from surveys.logic.cells import Cell, written
from surveys.logic.decoding import Reject
from surveys.logic.rejected_rows import ADDED, harmless
from surveys.models import Import
from surveys.services.wording import said

BETWEEN = " | "  # several columns, values, reasons of one row


class RejectsFile:
    """Written as the rows come by, made on the first of them. Contact columns (`hidden`) stay empty in it.

    With `keep_bytes` it goes on behind so many bytes of a file that was begun earlier; what stands behind is dropped.
    """

    def __init__(self, path: Path, header: Sequence[str], *, hidden: Collection[int], keep_bytes: int = 0) -> None:
        self.path = path
        self._keep_bytes = keep_bytes
        self._header = header
        self._hidden = frozenset(hidden)
        self._hidden_names = {header[index] for index in self._hidden}
        self._opened: IO[str] | None = None
        self._writer: Any = None

    def add(self, rejects: Sequence[Reject], cells: Sequence[Cell]) -> None:
        """One line for a row, with everything that is wrong with it. Nothing for a row without a reject."""
        if not rejects:
            return
        if self._writer is None:
            self._begin()
        added = (
            BETWEEN.join(reject.column for reject in rejects),
            BETWEEN.join(self._shown(reject) for reject in rejects),
            BETWEEN.join(said(reject.reason) for reject in rejects),
        )
        kept = ["" if index in self._hidden else harmless(written(cell)) for index, cell in enumerate(cells)]
        self._writer.writerow([rejects[0].row, *map(harmless, added), *kept])

    def _begin(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        going_on = self._keep_bytes > 0 and self.path.exists()
        self._opened = self.path.open(
            "r+" if going_on else "w", encoding="utf-8" if going_on else "utf-8-sig", newline=""
        )
        self._writer = csv.writer(self._opened)
        if going_on:
            self._opened.seek(self._keep_bytes)
            self._opened.truncate()
        else:
            self._writer.writerow([*ADDED, *map(harmless, self._header)])

    def size(self) -> int:
        """Bytes written so far."""
        if self._opened is None:
            return self._keep_bytes
        self._opened.flush()
        return self.path.stat().st_size

    def _shown(self, reject: Reject) -> str:
        """The wrong value as it was; nothing of a contact column, whose second of one name is `name#2`."""
        names = {reject.column, reject.column.rpartition("#")[0]}
        return "" if names & self._hidden_names else reject.value

    def close(self, *, keep: bool) -> str | None:
        """The path of the finished file; None when nothing was rejected or the file is not to be kept."""
        if self._opened is None:
            return str(self.path) if keep and self._keep_bytes else None
        self._opened.close()
        if keep:
            return str(self.path)
        self.path.unlink()
        return None


def rejects_path(batch: Import) -> Path:
    """The file of an import's rejected rows. Raises NotFound where there is none, or it is another import's by now."""
    told = batch.counts.get("rejects_file")
    path = Path(told or "")
    ours = bool(told) and path.is_relative_to(settings.HOME / "rejects") and path.is_file()
    if not ours or path.stat().st_size != batch.counts.get("rejects_bytes"):
        raise NotFound(_("There is no file of rejected rows for this import, or it was replaced by a later one."))
    return path
