"""Files as tables, and what is said of files that are none."""

from __future__ import annotations

import struct
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook

from loopcare.common.errors import Invalid
from surveys.logic.cells import Cell
from surveys.services.reading import open_table, workbook

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


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "big5", "cp1252"])
def test_encoding_is_told_from_the_first_line_that_is_not_ascii(tmp_path: Path, encoding: str) -> None:
    plain = "".join(f"{n},5,fine\n" for n in range(60_000))
    told = {"cp1252": "Verspätung, Zürich", "big5": "通話品質不好，聲音斷斷"}.get(encoding, "通话质量不好，声音断断")
    header, rows = table(kept(tmp_path / "a.csv", f'id,score,remark\n{plain}9,1,"{told}"\n'.encode(encoding)))

    assert header == ("id", "score", "remark")
    assert (len(rows), rows[-1]) == (60_001, (60_002, ["9", "1", told]))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32"])
def test_wide_text_is_read_with_and_without_its_mark(tmp_path: Path, encoding: str) -> None:
    assert table(kept(tmp_path / "a.csv", TEXT.encode(encoding)))[0] == ("编号", "评分", "备注")


def test_a_damaged_line_does_not_change_the_encoding_of_the_others(tmp_path: Path) -> None:
    lines = [f"{n},5,信号好\n".encode() for n in range(2_000)]
    content = b"".join(["编号,评分,备注\n".encode(), *lines, b"9,1,\xe4\xbf\n"])
    with pytest.raises(Invalid) as caught:
        table(kept(tmp_path / "a.csv", content))
    assert caught.value.message.startswith("a.csv cannot be read after row 1")


def test_unknown_encoding_is_told(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as caught:
        table(kept(tmp_path / "a.csv", "номер,оценка\n1,привет\n".encode("cp1251")))
    assert caught.value.message == "a.csv has an unknown encoding; save it as UTF-8."


def test_separator_that_the_first_line_states_is_used(tmp_path: Path) -> None:
    content = b"sep=;\r\nid;name, first\r\n1;a\r\n"
    assert table(kept(tmp_path / "a.csv", content)) == (("id", "name, first"), [(3, ["1", "a"])])


def test_rows_are_as_wide_as_the_header_and_empty_ones_are_left_out(tmp_path: Path) -> None:
    content = b"a,b,c\n1\n,,\n , ,\n,2,\n3,,,,\n4,,,x\n"
    assert table(kept(tmp_path / "a.csv", content))[1] == [
        (2, ["1", None, None]),
        (5, ["", "2", ""]),
        (6, ["3", "", ""]),
        (7, ["4", "", "", "x"]),
    ]


def test_share_of_a_text_grows_from_little_to_one(tmp_path: Path) -> None:
    with open_table(kept(tmp_path / "a.csv", b"id,score\n" + b"1,2\n" * 100_000)) as opened:
        shares = [opened.share() for number, _cells in opened.rows if number % 20_000 == 0]
        assert opened.share() == 1.0
    assert [round(share, 1) for share in shares] == [0.2, 0.4, 0.6, 0.8, 1.0]


@pytest.mark.parametrize(("claimed", "share"), [("A1:B5", 0.6), ("", 0.0)])
def test_share_of_a_workbook_is_of_the_rows_it_claims(tmp_path: Path, claimed: str, share: float) -> None:
    path = sheet(
        tmp_path / "a.xlsx",
        '<row r="1"><c r="A1" t="str"><v>a</v></c><c r="B1" t="str"><v>b</v></c></row>'
        + "".join(f'<row r="{n}"><c r="A{n}"><v>{n}</v></c></row>' for n in range(2, 6)),
        before=f'<dimension ref="{claimed}"/>' if claimed else "",
    )
    with open_table(path) as opened:
        next(opened.rows)
        next(opened.rows)
        assert opened.share() == share


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


def sheet(path: Path, rows: str, *, before: str = "") -> Path:
    """A workbook with these rows, written by hand."""
    Workbook().save(path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    parts["xl/worksheets/sheet1.xml"] = (
        f'<worksheet xmlns="{main}">{before}<sheetData>{rows}</sheetData></worksheet>'.encode()
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def test_zip_bomb_is_refused_unopened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 30_000_000)
    monkeypatch.setattr(workbook, "load_workbook", lambda *args, **kwargs: pytest.fail("it was opened"))
    with pytest.raises(Invalid) as caught:
        table(tmp_path / "a.xlsx")
    assert caught.value.message == "a.xlsx unzips to 30 MB, which is too much; split it."


def part_of(path: Path, name: str, megabytes: int, *, zipped: bool = True) -> Path:
    """A workbook with a part of rows that look like any others, so that it shrinks to a sixth, not to nothing."""
    rows = "".join(f'<row r="{n}"><c r="A{n}"><v>{n * 7919 % 100_003}</v></c></row>' for n in range(10_000)).encode()
    method = zipfile.ZIP_DEFLATED if zipped else zipfile.ZIP_STORED
    with zipfile.ZipFile(path, "w", method, compresslevel=1) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open(name, "w") as part:
            for _n in range(megabytes * 10**6 // len(rows) + 1):
                part.write(rows)
    return path


def many_parts(path: Path) -> Path:
    """An archive whose list of parts alone is 18 MB."""
    entries = (b"PK\1\2" + bytes(42)) * 400_000
    path.write_bytes(
        b"PK\3\4" + bytes(26) + entries + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 65535, 65535, len(entries), 30, 0)
    )
    return path


BOMBS: dict[str, tuple[Callable[[Path], Path], str]] = {
    "315 MB of rows": (
        lambda path: part_of(path, "xl/worksheets/sheet1.xml", 315),
        "a.xlsx unzips to 315 MB, which is too much; split it.",
    ),
    "110 MB of shared texts": (
        lambda path: part_of(path, "xl/sharedStrings.xml", 110, zipped=False),
        "a.xlsx unzips to 110 MB, which is too much; split it.",
    ),
    "40 MB of styles": (
        lambda path: part_of(path, "xl/styles.xml", 40, zipped=False),
        "a.xlsx unzips to 40 MB, which is too much; split it.",
    ),
    "a long list of parts": (many_parts, "a.xlsx is not a readable XLSX file; save it again or export it as CSV."),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_bombs_are_refused_at_once_and_with_little_memory(tmp_path: Path, bomb: str) -> None:
    build, sentence = BOMBS[bomb]
    path = build(tmp_path / "a.xlsx")
    tracemalloc.start()
    started = time.perf_counter()
    with pytest.raises(Invalid) as caught:
        table(path)
    seconds, (_now, peak) = time.perf_counter() - started, tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert caught.value.message == sentence
    assert (seconds < 1, peak < 10_000_000) == (True, True)


def test_rows_beyond_the_last_are_not_waited_for(tmp_path: Path) -> None:
    header = '<row r="1"><c t="str"><v>a</v></c><c t="str"><v>b</v></c></row>'
    path = sheet(tmp_path / "a.xlsx", header + '<row r="999999999999"/>')
    with pytest.raises(Invalid, match="is not a readable XLSX file"):
        table(path)


def test_damaged_workbook_is_told_so(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook")
    with pytest.raises(Invalid) as caught:
        table(tmp_path / "a.xlsx")
    assert caught.value.message == "a.xlsx is not a readable XLSX file; save it again or export it as CSV."


@pytest.mark.parametrize(
    "part", ["[Content_Types].xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/styles.xml"]
)
def test_text_that_unfolds_itself_is_not_unfolded(tmp_path: Path, part: str) -> None:
    entities = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(10))
    laughing = f'<!DOCTYPE l [<!ENTITY e0 "ha">{entities}]><l>&e10;</l>'
    Workbook().save(tmp_path / "b.xlsx")
    with zipfile.ZipFile(tmp_path / "b.xlsx") as whole, zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        for name in whole.namelist():
            archive.writestr(name, laughing if name == part else whole.read(name))
    with pytest.raises(Invalid, match="is not a readable XLSX file"):
        table(tmp_path / "a.xlsx")
