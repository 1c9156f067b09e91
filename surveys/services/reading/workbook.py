"""The first sheet of an XLSX file, row by row, behind guards against files that unzip to something enormous."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from openpyxl import load_workbook

from loopcare.common.errors import Invalid
from surveys.services.reading.tables import Opened, Row, filled, fitted, refused

MAX_UNZIPPED = 300_000_000  # bytes of all parts
MAX_SHARED = 100_000_000  # bytes of the texts that cells share, which are kept in memory
MAX_WHOLE = 30_000_000  # bytes of any other part that is read as a whole; sheets are read row by row
MAX_RATIO = 200  # unzipped : zipped, of files that unzip to more than a megabyte
MAX_DIRECTORY = 4_000_000  # bytes of the archive's list of parts; a workbook has some dozen parts
MAX_ROWS = 1_048_576  # a sheet has no more, whatever its cells claim
END_RECORD = b"PK\x05\x06"
SHEETS = "xl/worksheets/"
SHARED = "xl/sharedstrings"


@contextmanager
def open_workbook(path: Path) -> Iterator[Opened]:
    """The table in a workbook. Raises Invalid for one that is damaged, locked or a bomb."""
    _guard(path)
    with path.open("rb") as file:  # ours to close: a book that cannot be loaded leaves it open
        try:
            with warnings.catch_warnings(action="ignore"):  # of styles and filters, which nobody here asked for
                book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        except Exception as error:  # the parsers below raise whatever a damaged file makes them meet
            raise _damaged(path) from error
        try:
            yield _sheet(book, path)
        finally:
            book.close()


def _guard(path: Path) -> None:
    """Refuse what would unzip to something enormous, before unzipping any of it."""
    try:
        if _directory(path) > MAX_DIRECTORY:
            raise _damaged(path)
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise _damaged(path) from error
    if not any(part.filename == "xl/workbook.xml" for part in parts):
        raise _damaged(path)
    if any(part.flag_bits & 1 for part in parts):
        raise refused(_("%(name)s has a password; save it without one."), path)
    unzipped = sum(part.file_size for part in parts)
    zipped = max(1, sum(part.compress_size for part in parts))
    is_bomb = unzipped > 1_000_000 and unzipped > MAX_RATIO * zipped
    if unzipped > MAX_UNZIPPED or is_bomb or any(part.file_size > _limit(part.filename) for part in parts):
        raise refused(_("%(name)s unzips to %(size)s MB, which is too much; split it."), path, size=unzipped // 10**6)


def _limit(part: str) -> int:
    """Bytes that a part may have: 300 MB of rows are read one by one, but most other parts as a whole."""
    if part.startswith(SHEETS):
        return MAX_UNZIPPED
    return MAX_SHARED if part.casefold().startswith(SHARED) else MAX_WHOLE


def _directory(path: Path) -> int:
    """Bytes of the list of parts, by the archive's end record, before anything reads that list."""
    size = path.stat().st_size
    with path.open("rb") as opened:
        opened.seek(max(0, size - 66_000))
        end = opened.read()
    at = end.rfind(END_RECORD)
    return int.from_bytes(end[at + 12 : at + 16], "little") if at >= 0 else 0


def _damaged(path: Path) -> Invalid:
    return refused(_("%(name)s is not a readable XLSX file; save it again or export it as CSV."), path)


def _sheet(book: Any, path: Path) -> Opened:
    """The first sheet. The width is read off the header, because a sheet may claim 16,384 columns."""
    if not book.worksheets:
        raise _damaged(path)
    sheet = book.worksheets[0]
    reached = 0
    try:
        claimed = sheet.max_row or 0
        sheet.reset_dimensions()
        first, header = _first(sheet)
    except Exception as error:  # as above; nothing of ours runs here
        raise _damaged(path) from error

    def rows(width: int) -> Iterator[Row]:
        nonlocal reached
        try:
            found = sheet.iter_rows(min_row=first + 1, max_col=width + 1, values_only=True)
            for reached, cells in enumerate(found, start=first + 1):
                if reached > MAX_ROWS:
                    break
                if filled(cells):
                    yield reached, fitted(cells, width)
        except Exception as error:  # as above
            raise _damaged(path) from error
        if reached > MAX_ROWS:
            raise _damaged(path)

    return Opened(header, rows, lambda: min(1.0, reached / claimed) if claimed else 0.0)


def _first(sheet: Any) -> tuple[int, tuple[Any, ...]]:
    """The number and the cells of the first row that is not empty."""
    for number, cells in enumerate(sheet.iter_rows(max_row=MAX_ROWS, values_only=True), start=1):
        if filled(cells):
            return number, cells
    return 0, ()
