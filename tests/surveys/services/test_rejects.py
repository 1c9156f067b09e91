"""Files of rejected rows: one line a row, nothing personal, and readable as the file they came from."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook

from surveys.logic.cells import Cell
from surveys.logic.decoding import Reject
from surveys.logic.rejected_rows import ADDED
from surveys.logic.sentences import Sentence
from surveys.services.reading import open_table
from surveys.services.rejects import RejectsFile

HEADER = ("reasons", "=Id", "Phone", "Phone", "Day", "Text")
ROW: list[Cell] = ["r", 7, "14000001111", "14000002222", date(2026, 3, 31), "=1+1"]


def reject(column: str, value: str = "", reason: str = "Wrong.") -> Reject:
    return Reject(9, column, value, Sentence(reason))


@pytest.fixture
def file(tmp_path: Path) -> RejectsFile:
    return RejectsFile(tmp_path / "deep" / "rejects.csv", HEADER, hidden={2, 3})


def lines(file: RejectsFile) -> list[list[str]]:
    with file.path.open(encoding="utf-8-sig", newline="") as opened:
        return list(csv.reader(opened))


def test_row_is_one_line_with_every_reason(file: RejectsFile) -> None:
    file.add([reject("Day", "soon", "This is not a date."), reject("=Id", "=7", "Too long.")], ROW)
    file.add([], ROW)
    assert file.close(keep=True) == str(file.path)

    assert lines(file) == [
        [*ADDED, "reasons", "'=Id", "Phone", "Phone", "Day", "Text"],
        ["9", "Day | =Id", "soon | =7", "This is not a date. | Too long.", "r", "7", "", "", "2026-03-31", "'=1+1"],
    ]


@pytest.mark.parametrize("column", ["Phone", "Phone#2"])
def test_wrong_contact_details_are_not_shown(file: RejectsFile, column: str) -> None:
    file.add([reject(column, "14000001111")], ROW)
    file.close(keep=True)
    assert "1400000" not in file.path.read_text(encoding="utf-8-sig")


def test_file_is_read_as_the_one_it_came_from(file: RejectsFile) -> None:
    file.add([reject("Day")], ROW)
    file.add([reject("")], [*ROW, "beyond"])
    file.close(keep=True)

    with open_table(file.path) as table:
        assert table.header == HEADER
        assert list(table.rows) == [
            (2, ["r", "7", "", "", "2026-03-31", "=1+1"]),
            (3, ["r", "7", "", "", "2026-03-31", "=1+1", "beyond"]),
        ]


def test_file_that_was_mended_and_saved_as_a_workbook_is_read_as_well(file: RejectsFile) -> None:
    file.add([reject("Day")], ROW)
    file.close(keep=True)
    book = Workbook()
    for line in lines(file):
        book.worksheets[0].append(line)
    book.save(file.path.with_suffix(".xlsx"))

    with open_table(file.path.with_suffix(".xlsx")) as table:
        assert table.header == HEADER
        assert list(table.rows) == [(2, ["r", "7", None, None, "2026-03-31", "=1+1"])]


def test_file_goes_on_where_it_was_left(file: RejectsFile) -> None:
    file.add([reject("Day")], ROW)
    size = file.size()
    file.add([reject("Day", "never landed")], ROW)
    file.close(keep=True)

    again = RejectsFile(file.path, HEADER, hidden={2, 3}, keep_bytes=size)
    again.add([reject("Day", "second")], ROW)
    again.close(keep=True)
    assert [line[2] for line in lines(file)] == ["rejected values", "", "second"]


def test_nothing_rejected_leaves_no_file(file: RejectsFile) -> None:
    assert (file.close(keep=True), file.path.exists()) == (None, False)


def test_file_that_is_not_to_be_kept_is_removed(file: RejectsFile) -> None:
    file.add([reject("Day")], ROW)
    assert (file.close(keep=False), file.path.exists()) == (None, False)
