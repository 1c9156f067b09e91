"""Parquet files as tables: values, order, refusals, memory."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import duckdb
import pytest

from loopcare.common.errors import Invalid
from surveys.logic.cells import Cell, written
from surveys.services.reading import open_table


def parquet(path: Path, query: str) -> Path:
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
    return path


def table(path: Path) -> tuple[tuple[str, ...], list[tuple[int, list[Cell]]]]:
    with open_table(path) as opened:
        return opened.header, [(number, list(cells)) for number, cells in opened.rows]


def test_typed_values_become_cells(tmp_path: Path) -> None:
    path = parquet(
        tmp_path / "a.parquet",
        """SELECT 'x' AS "Te""xt", 7::BIGINT AS whole, 2.5::DECIMAL(6, 2) AS money, 0.5::FLOAT AS small, true AS yes,
        DATE '2026-03-31' AS day, TIMESTAMP '2026-03-31 14:30:00' AS moment,
        TIMESTAMPTZ '2026-03-31 23:30:00+00' AS zoned,
        TIMESTAMP_NS '2026-03-31 14:30:00.5' AS exact, TIME '10:00' AS hour, NULL::VARCHAR AS nothing,
        '00000000-0000-0000-0000-000000000001'::UUID AS key, 'bytes'::BLOB AS bytes""",
    )
    header, rows = table(path)

    assert header == (
        *(
            'Te"xt',
            "whole",
            "money",
            "small",
            "yes",
            "day",
            "moment",
            "zoned",
            "exact",
            "hour",
            "nothing",
            "key",
            "bytes",
        ),
    )
    number, cells = rows[0]
    assert (len(rows), number) == (1, 2)
    assert cells[:6] == ["x", 7, 2.5, 0.5, True, date(2026, 3, 31)]
    assert [written(cell) for cell in cells[6:]] == [
        *("2026-03-31T14:30:00", "2026-04-01T07:30:00", "2026-03-31T14:30:00.500000", "10:00:00", ""),
        *("00000000-0000-0000-0000-000000000001", "bytes"),
    ]
    assert [type(cell) for cell in cells[1:5]] == [int, float, float, bool]


def test_rows_keep_their_order_and_empty_ones_are_left_out(tmp_path: Path) -> None:
    path = parquet(
        tmp_path / "data[1]*?.parquet",
        "SELECT CASE WHEN i <> 1 THEN i END AS a, CASE WHEN i > 1 THEN 'b' || i END AS b FROM range(1000) t(i)",
    )
    header, rows = table(path)

    assert header == ("a", "b")
    assert rows[:2] == [(2, [0, None]), (4, [2, "b2"])]
    assert [number for number, _cells in rows] == [2, *range(4, 1_002)]


def test_share_is_of_the_rows_read(tmp_path: Path) -> None:
    with open_table(parquet(tmp_path / "a.parquet", "SELECT i AS a, i AS b FROM range(1024) t(i)")) as opened:
        shares = [opened.share() for number, _cells in opened.rows if (number - 1) % 256 == 0]
        assert opened.share() == 1.0
    assert shares == [0.0, 0.25, 0.5, 0.75]


@pytest.mark.parametrize("nested", ["[1, 2]", "{'a': 1}", "MAP {'a': 1}", "[[1]]"])
def test_nested_columns_are_refused(tmp_path: Path, nested: str) -> None:
    with pytest.raises(Invalid) as caught:
        table(parquet(tmp_path / "a.parquet", f"SELECT 1 AS id, {nested} AS tags"))
    assert caught.value.message == "a.parquet: the column tags holds lists or tables; make it flat."


@pytest.mark.parametrize("content", [b"PAR1", b"PAR1" + bytes(100) + b"PAR1", b"PARE" + bytes(9)])
def test_damaged_file_is_told_so(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.parquet").write_bytes(content)
    with pytest.raises(Invalid) as caught:
        table(tmp_path / "a.parquet")
    assert caught.value.message == "a.parquet is not a readable Parquet file; save it again or export it as CSV."


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="is not a readable Parquet file"):
        table(parquet(tmp_path / "a.parquet", r"SELECT 1 AS id, '\xff\xfe\x00'::BLOB AS photo"))


def test_short_file_that_unfolds_for_ever_is_refused(tmp_path: Path) -> None:
    many = parquet(tmp_path / "many.parquet", "SELECT 1 AS a, 2 AS b FROM range(20_000_001)")
    with pytest.raises(Invalid) as caught:
        table(many)
    assert caught.value.message == "many.parquet has more than 20000000 rows; split it."

    long = parquet(tmp_path / "long.parquet", "SELECT 1 AS a, repeat('x', 1_000_001) AS b FROM range(1000)")
    with pytest.raises(Invalid) as caught:
        table(long)
    assert caught.value.message == "long.parquet has a row of more than 1000000 characters; shorten it."


def test_nobody_pays_for_parquet_who_reads_text(tmp_path: Path) -> None:
    """The engine is loaded with the first Parquet file: 42 MB in every process otherwise."""
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    script = "import sys, surveys.services.reading; print('duckdb' in sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert loaded.stdout.strip() == "False"
