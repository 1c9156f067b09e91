"""The file of rejected rows is mended and imported again with the same mapping."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from loopcare.customers.models import ContactPoint
from surveys.models import Signal
from surveys.services.intake import import_file
from surveys.services.running import ImportResult

MAPPING = """
date_format = "%d.%m.%Y"
[source]
code = "cards"
name = "Cards"
channel = "shop"
[columns]
reference = "row"
external_id = "Card"
occurred_on = "Day"
phone = "Phone"
[[rating]]
column = "=Score"
dimension = "overall"
low = 1
high = 10
adequate = 6.5
opens = true
[comment]
columns = ["reasons"]
"""
HEADER = ["row", "Card", "Day", "Phone", "=Score", "reasons"]


def load(path: Path, now: datetime) -> ImportResult:
    return import_file(path=path, mapping_text=MAPPING, source_code=None, now=now)


def mended(path: Path, column: str, *values: str) -> Path:
    """The same file with other values in one column, written into another file."""
    with path.open(encoding="utf-8-sig", newline="") as opened:
        header, *rows = csv.reader(opened)
    place = len(header) - 1 - header[::-1].index(column)
    for row, value in zip(rows, values, strict=True):
        row[place] = value
    again = path.with_name("mended.csv")
    with again.open("w", encoding="utf-8-sig", newline="") as opened:
        csv.writer(opened).writerows([header, *rows])
    return again


@pytest.mark.django_db
def test_mended_rows_land_once_and_known_contact_details_stay(tmp_path: Path, now: datetime) -> None:
    path = tmp_path / "cards.csv"
    lines = [
        "7,k1,30.04.2026,14000001111,3,=first",
        "7,k2,30.04.2026,14000001111,30,=second",
        "8,k3,30.04.2026,14000002222,x,+third",
    ]
    path.write_text("\n".join([",".join(HEADER), *lines]), encoding="utf-8")
    first = load(path, now)
    assert (first.accepted, first.rejected) == (1, 2)
    assert first.rejects_file is not None
    assert "1400000" not in Path(first.rejects_file).read_text(encoding="utf-8-sig")

    again = mended(Path(first.rejects_file), "'=Score", "3", "4")
    second = load(again, now)
    third = load(again, now)

    assert (second.rows, second.accepted, second.rejected) == (2, 2, 0)
    assert (third.accepted, third.duplicates) == (0, 2)
    assert list(Signal.objects.order_by("external_id").values_list("external_id", "raw", "comment")) == [
        ("k1", "3", "=first"),
        ("k2", "3", "=second"),
        ("k3", "4", "+third"),
    ]
    assert [point.value for point in ContactPoint.objects.all()] == ["+8614000001111"]


@pytest.mark.django_db
def test_rows_that_were_not_mended_come_back_the_same(tmp_path: Path, now: datetime) -> None:
    path = tmp_path / "cards.csv"
    path.write_text(",".join(HEADER) + "\n7,k1,30.04.2026,14000001111,30,'=x\n", encoding="utf-8")
    first = load(path, now)
    before = Path(first.rejects_file or "").read_text(encoding="utf-8-sig")
    second = load(Path(first.rejects_file or "").rename(tmp_path / "again.csv"), now)

    assert Path(second.rejects_file or "").read_text(encoding="utf-8-sig") == before


@pytest.mark.django_db
def test_real_days_of_a_workbook_are_read_again_whatever_the_format_is(tmp_path: Path, now: datetime) -> None:
    book = Workbook()
    book.worksheets[0].append(HEADER)
    book.worksheets[0]["E1"].data_type = "s"  # a text, not a formula
    book.worksheets[0].append(["7", "k1", datetime(2026, 4, 30), None, 30, "x"])  # noqa: DTZ001 - as workbooks have it
    book.save(tmp_path / "cards.xlsx")
    first = load(tmp_path / "cards.xlsx", now)
    second = load(mended(Path(first.rejects_file or ""), "'=Score", "3"), now)

    assert (first.rejected, second.accepted) == (1, 1)
    assert str(Signal.objects.get().occurred_on) == "2026-04-30"
