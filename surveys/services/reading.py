"""Opens a table file and streams its rows: XLSX, or text with commas, semicolons, tabs or bars between the cells.

What a file is, its content says, not its name. Everything that is not a readable table is Invalid with a sentence.
"""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from itertools import chain
from pathlib import Path
from typing import Any

from charset_normalizer import from_bytes
from django.utils.translation import gettext as _
from openpyxl import load_workbook

from loopcare.common.errors import Invalid
from surveys.logic.cells import Cell, written

MAX_UNZIPPED = 300_000_000  # bytes
MAX_RATIO = 200  # unzipped : zipped, of files that unzip to more than a megabyte
MAX_COLUMNS = 2_000
SAMPLE = 256 * 1024  # bytes looked at to guess encoding and separator
SEPARATORS = (",", ";", "\t", "|")
ENCODINGS = ["gb18030", "big5", "cp1252"]
UTF16 = (b"\xff\xfe", b"\xfe\xff")
OLD_OFFICE = b"\xd0\xcf\x11\xe0"  # XLS, and every XLSX with a password

Row = tuple[int, Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class Table:
    """A header and the rows below it, numbered as in the file: the header is row 1. Empty rows are left out."""

    header: tuple[str, ...]
    rows: Iterator[Row]


@contextmanager
def open_table(path: Path) -> Iterator[Table]:
    """The table in a file. Rows can be read once, inside the block. Raises Invalid for what is no table."""
    if not path.is_file():
        raise Invalid(_("There is no file %(path)s.") % {"path": path}, field="file")
    with path.open("rb") as opened:
        start = opened.read(SAMPLE)
    if not start.strip(b"\0 \r\n\t"):
        raise _invalid(_("%(name)s is empty."), path)
    if start.startswith(OLD_OFFICE):
        raise _invalid(_("%(name)s has a password or is an old XLS file; save it as XLSX without a password."), path)
    if start.startswith(b"PK\x03\x04"):
        with _workbook(path) as rows:
            yield _table(rows, path)
    else:
        with _text(path, start) as rows:
            yield _table(rows, path)


def _invalid(sentence: str, path: Path, **facts: object) -> Invalid:
    return Invalid(sentence % {"name": path.name, **facts}, field="file")


def _table(rows: Iterator[Row], path: Path) -> Table:
    first = next(rows, None)
    header = _trimmed(first[1]) if first else ()
    if len(header) < 2:
        raise _invalid(_("%(name)s is not a table: its first row has no two column names."), path)
    if len(header) > MAX_COLUMNS:
        raise _invalid(_("%(name)s has more than %(limit)s columns."), path, limit=MAX_COLUMNS)
    width = len(header)
    filled = ((number, _fitted(cells, width)) for number, cells in rows)
    peeked = next(filled, None)
    if peeked is None:
        raise _invalid(_("%(name)s has a header but no rows."), path)
    return Table(header, chain([peeked], filled))


def _trimmed(cells: Sequence[Cell]) -> tuple[str, ...]:
    """The header as text, without the empty cells at its end: a sheet may claim thousands of columns."""
    names = [written(cell) for cell in cells]
    while names and not names[-1]:
        names.pop()
    return tuple(names)


def _fitted(cells: Sequence[Cell], width: int) -> Sequence[Cell]:
    """A row without empty cells beyond the header; filled ones stay and will be rejected."""
    if len(cells) > width and not any(cell is not None and cell != "" for cell in cells[width:]):
        return cells[:width]
    return cells


@contextmanager
def _workbook(path: Path) -> Iterator[Iterator[Row]]:
    _guard(path)
    try:
        book = load_workbook(path, read_only=True, data_only=True, keep_links=False)
    except Exception as error:  # the parsers below raise whatever a damaged file makes them meet
        raise _not_a_workbook(path) from error
    try:
        yield _sheet_rows(book, path)
    finally:
        book.close()


def _guard(path: Path) -> None:
    """Refuse a file that would unzip to something enormous, before unzipping any of it."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise _not_a_workbook(path) from error
    if not any(part.filename == "xl/workbook.xml" for part in parts):
        raise _not_a_workbook(path)
    if any(part.flag_bits & 1 for part in parts):
        raise _invalid(_("%(name)s has a password; save it without one."), path)
    unzipped = sum(part.file_size for part in parts)
    zipped = max(1, sum(part.compress_size for part in parts))
    if unzipped > MAX_UNZIPPED or (unzipped > 1_000_000 and unzipped > MAX_RATIO * zipped):
        raise _invalid(_("%(name)s unzips to %(size)s MB, which is too much; split it."), path, size=unzipped // 10**6)


def _not_a_workbook(path: Path) -> Invalid:
    return _invalid(_("%(name)s is not a readable XLSX file; save it again or export it as CSV."), path)


def _sheet_rows(book: Any, path: Path) -> Iterator[Row]:
    """Rows of the first sheet. The width is read off the header, because a sheet may claim 16,384 columns."""
    if not book.worksheets:
        raise _not_a_workbook(path)
    sheet = book.worksheets[0]
    try:
        sheet.reset_dimensions()
        header = next(sheet.iter_rows(max_row=1, values_only=True), ())
        yield 1, header
        width = len(_trimmed(header)) or 1
        for number, cells in enumerate(sheet.iter_rows(min_row=2, max_col=width + 1, values_only=True), start=2):
            if any(cell is not None and cell != "" for cell in cells):
                yield number, cells
    except Exception as error:  # as above; nothing of ours runs here
        raise _not_a_workbook(path) from error


@contextmanager
def _text(path: Path, start: bytes) -> Iterator[Iterator[Row]]:
    encoding = _encoding(start, path)
    sample = start.decode(encoding, errors="ignore")
    with path.open(encoding=encoding, newline="") as opened:
        yield _text_rows(opened, _separator(sample), path)


def _encoding(start: bytes, path: Path) -> str:
    if start.startswith(UTF16):
        return "utf-16"
    if b"\0" in start:
        raise _invalid(_("%(name)s is not a table but a binary file; export it as CSV or XLSX."), path)
    whole = start if len(start) < SAMPLE else start[: start.rfind(b"\n") + 1 or None]
    try:
        whole.decode("utf-8")
    except UnicodeDecodeError:
        best = from_bytes(whole, cp_isolation=ENCODINGS).best()
        if best is None:
            raise _invalid(_("%(name)s has an unknown encoding; save it as UTF-8."), path) from None
        return str(best.encoding)
    return "utf-8-sig"


def _separator(sample: str) -> str:
    """The separator that splits the header into most cells; quotes are respected."""
    line = sample.lstrip("\r\n").splitlines()[:1]

    def cells(separator: str) -> int:
        return len(next(csv.reader(line, delimiter=separator), []))

    return max(SEPARATORS, key=cells)


def _text_rows(opened: TextIOWrapper, separator: str, path: Path) -> Iterator[Row]:
    number = 0
    try:
        for number, cells in enumerate(csv.reader(opened, delimiter=separator), start=1):
            if any(cell.strip() for cell in cells):
                yield number, cells
    except UnicodeDecodeError as error:
        raise _invalid(_("%(name)s cannot be read after row %(row)s: save it as UTF-8."), path, row=number) from error
    except csv.Error as error:
        raise _invalid(
            _("%(name)s is not a table after row %(row)s: a quote is not closed."), path, row=number
        ) from error
