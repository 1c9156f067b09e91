"""Text with commas, semicolons, tabs or bars between the cells, in the encoding that the file is found to be in."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from loopcare.common.errors import Invalid
from surveys.logic.cells import Cell
from surveys.logic.encodings import encoding_of
from surveys.services.reading.tables import Opened, Row, filled, fitted, refused

SEPARATORS = (",", ";", "\t", "|")
STATED = re.compile(r'"?sep=(.)"?\r?\n')  # how Excel names the separator, on a line above the header
MARKS = {b"\xff\xfe\0\0": "utf-32", b"\0\0\xfe\xff": "utf-32", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
BLOCK = 1 << 20  # bytes looked at in one go while searching for a character that is not ASCII
EVIDENCE = 256 * 1024  # bytes of lines with such characters from which the encoding is told
SEARCHED = 16  # blocks with such characters that are taken apart


@contextmanager
def open_text(path: Path, start: bytes) -> Iterator[Opened]:
    """The table in a text file that begins with `start`. Raises Invalid for binary files and unknown encodings."""
    encoding = _encoding(path, start)
    sample = start.decode(encoding, errors="ignore")
    size = max(1, path.stat().st_size)
    with path.open("rb") as file, TextIOWrapper(file, encoding=encoding, newline="") as opened:
        stated = STATED.match(sample)
        if stated:
            opened.readline()
        reader = csv.reader(opened, delimiter=stated[1] if stated else _separator(sample))
        number, header = _first(reader, path, 1 if stated else 0)
        yield Opened(
            header,
            lambda width: _rows(reader, width, number, path),
            lambda: min(1.0, file.tell() / size),
        )


def _encoding(path: Path, start: bytes) -> str:
    for mark, encoding in MARKS.items():
        if start.startswith(mark):
            return encoding
    if b"\0" in start:
        return _unmarked_utf16(path, start)
    found = encoding_of(_telling_lines(path))
    if found is None:
        raise refused(_("%(name)s has an unknown encoding; save it as UTF-8."), path)
    return "utf-8-sig" if found == "utf-8" else found


def _unmarked_utf16(path: Path, start: bytes) -> str:
    """UTF-16 without a mark in front: read the right way round it has line ends and nothing that is not text."""
    for encoding in ("utf-16-le", "utf-16-be"):
        try:
            text = start[: len(start) // 2 * 2].decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\n" in text and all(character.isprintable() or character in "\r\n\t\u3000\xa0" for character in text):
            return encoding
    raise refused(_("%(name)s is not a table but a binary file; export it as CSV or XLSX."), path)


def _telling_lines(path: Path) -> list[bytes]:
    """Lines with bytes above 127, however late in the file the first of them comes; plain blocks cost next to nothing.

    A line may be cut where a block ends, so the broken one is left to neither.
    """
    lines: list[bytes] = []
    size = blocks = 0
    rest = b""
    with path.open("rb") as opened:
        while size < EVIDENCE and blocks < SEARCHED and (block := opened.read(BLOCK)):
            if block.isascii() and rest.isascii():
                rest = b""
                continue
            blocks += 1
            whole, _end, rest = (rest + block).rpartition(b"\n")
            for line in whole.split(b"\n"):
                if not line.isascii():
                    lines.append(line)
                    size += len(line)
                    if size >= EVIDENCE:
                        break
    return lines if lines or rest.isascii() else [rest]


def _separator(sample: str) -> str:
    """The separator that splits the header into most cells; quotes are respected."""
    line = sample.lstrip("\r\n").splitlines()[:1]

    def cells(separator: str) -> int:
        try:
            return len(next(csv.reader(line, delimiter=separator), []))
        except csv.Error:
            return 0

    return max(SEPARATORS, key=cells)


def _first(reader: Any, path: Path, number: int) -> tuple[int, list[str]]:
    """The number and the cells of the first row that is not empty."""
    try:
        for cells in reader:
            number += 1
            if filled(cells):
                return number, cells
    except (UnicodeError, csv.Error) as error:
        raise _unreadable(error, path, number) from error
    return number, []


def _rows(reader: Any, width: int, number: int, path: Path) -> Iterator[Row]:
    """The rows below row `number`. Most have a first cell and fit the header: they must cost next to nothing here."""
    cells: list[Cell]
    try:
        for cells in reader:
            number += 1
            if len(cells) == width and cells[0].strip():  # type: ignore[union-attr]
                yield number, cells
            elif filled(cells):
                yield number, fitted(cells, width)
    except (UnicodeError, csv.Error) as error:
        raise _unreadable(error, path, number) from error


def _unreadable(error: UnicodeError | csv.Error, path: Path, row: int) -> Invalid:
    if isinstance(error, UnicodeError):
        return refused(_("%(name)s cannot be read after row %(row)s: save it as UTF-8."), path, row=row)
    return refused(_("%(name)s is not a table after row %(row)s: a quote is not closed."), path, row=row)
