"""Files as tables, and what is said of files that are none."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook

from loopcare.common.errors import Invalid
from surveys.logic.cells import Cell
from surveys.services import reading
from surveys.services.reading import open_table

TEXT = "编号,评分,备注\n1,10,信号好\n2,3,\n"


def table(path: Path) -> tuple[tuple[str, ...], list[tuple[int, list[Cell]]]]:
    with open_table(path) as opened:
        return opened.header, [(number, list(cells)) for number, cells in opened.rows]


def kept(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_text_is_read_in_its_encoding(tmp_path: Path, encoding: str) -> None:
    more = TEXT + "".join(f"{n},5,通话质量一般，声音断断续续\n" for n in range(3, 20))
    header, rows = table(kept(tmp_path / "a.csv", more.encode(encoding)))

    assert header == ("编号", "评分", "备注")
    assert rows[:2] == [(2, ["1", "10", "信号好"]), (3, ["2", "3", ""])]
    assert len(rows) == 19


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_text_is_split_at_its_own_separator(tmp_path: Path, separator: str) -> None:
    content = separator.join(['"id, of, all"', "score"]) + "\n" + separator.join(["1", '"a\nb"']) + "\n\n"
    assert table(kept(tmp_path / "a.csv", content.encode())) == (("id, of, all", "score"), [(2, ["1", "a\nb"])])


def test_workbook_is_read_as_wide_as_its_header(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(["Id", "Score"])
    sheet.append([1, 10])
    sheet.append([None, None])
    sheet.append([2, "x", "left over"])
    sheet.cell(row=9, column=900).value = ""
    book.save(tmp_path / "a.xlsx")

    assert table(tmp_path / "a.xlsx") == (
        ("Id", "Score"),
        [(2, [1, 10]), (4, [2, "x", "left over"])],
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "f.csv is empty."),
        (b" \r\n\n", "f.csv is empty."),
        (b"Id,Score\n", "f.csv has a header but no rows."),
        (b"Dear all\nplease find below\n", "f.csv is not a table: its first row has no two column names."),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "f.csv is not a table but a binary file; export it as CSV or XLSX."),
        (b"PK\x03\x04 not a zip", "f.csv is not a readable XLSX file; save it again or export it as CSV."),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            "f.csv has a password or is an old XLS file; save it as XLSX without a password.",
        ),
        (b'Id,Score\n1,"2\n' + b"x" * 200_000, "f.csv is not a table after row 1: a quote is not closed."),
    ],
)
def test_file_that_is_no_table_is_told_so(tmp_path: Path, content: bytes, sentence: str) -> None:
    with pytest.raises(Invalid) as caught:
        table(kept(tmp_path / "f.csv", content))
    assert caught.value.message == sentence


def test_missing_file_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as caught:
        table(tmp_path / "gone.csv")
    assert caught.value.message == f"There is no file {tmp_path / 'gone.csv'}."


def test_zip_without_a_workbook_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(Invalid, match="is not a readable XLSX file"):
        table(tmp_path / "a.xlsx")


def test_zip_bomb_is_refused_unopened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 30_000_000)
    monkeypatch.setattr(reading, "load_workbook", lambda *args, **kwargs: pytest.fail("it was opened"))
    with pytest.raises(Invalid) as caught:
        table(tmp_path / "a.xlsx")
    assert caught.value.message == "a.xlsx unzips to 30 MB, which is too much; split it."


def test_damaged_workbook_is_told_so(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook")
    with pytest.raises(Invalid) as caught:
        table(tmp_path / "a.xlsx")
    assert caught.value.message == "a.xlsx is not a readable XLSX file; save it again or export it as CSV."
