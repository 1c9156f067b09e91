"""A month of signals between PostgreSQL and a Parquet file, byte for byte, at the speed of COPY.

DuckDB turns CSV into Parquet and back; the CSV is the one PostgreSQL writes and reads itself, with `\\N` for NULL and
every text in quotes, so that an empty text stays one. Arrays and moments have types of their own in the file.
"""

from __future__ import annotations

import hashlib
import importlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path
from typing import Any

from django.db import connection

BLOCK = 1 << 20  # bytes moved at once

# Column → its type in the file. What is no plain type is written by PostgreSQL, and read back, as the SQL below says.
COLUMNS = {
    "occurred_on": "DATE",
    "id": "BIGINT",
    "source_id": "BIGINT",
    "external_id": "VARCHAR",
    "dimension": "VARCHAR",
    "customer_id": "BIGINT",
    "kind": "VARCHAR",
    "channel": "VARCHAR",
    "raw": "VARCHAR",
    "perceived": "DOUBLE",
    "adequate": "DOUBLE",
    "desired": "DOUBLE",
    "adequate_from": "VARCHAR",
    "opens": "BOOLEAN",
    "topic": "VARCHAR",
    "occurred_at": "TIMESTAMPTZ",
    "promised_at": "TIMESTAMPTZ",
    "closed_at": "TIMESTAMPTZ",
    "transfers": "SMALLINT",
    "disputed": "BOOLEAN",
    "causes": "VARCHAR[]",
    "comment": "VARCHAR",
    "received_at": "TIMESTAMPTZ",
}
NAMES = ", ".join(COLUMNS)
TEXTS = ", ".join(name for name, kind in COLUMNS.items() if kind.startswith("VARCHAR"))
# How DuckDB writes an array as PostgreSQL reads it.
ELEMENT = r"""CASE WHEN c IS NULL THEN 'NULL' ELSE '"' || replace(replace(c, '\', '\\'), '"', '\"') || '"' END"""
ARRAY = f"'{{{{' || array_to_string(list_transform({{0}}, c -> {ELEMENT}), ',') || '}}}}' AS {{0}}"
MOMENT = "timezone('UTC', {0})::VARCHAR || '+00' AS {0}"
LIST = "from_json({0}, '[\"VARCHAR\"]') AS {0}"


def _columns(**special: str) -> str:
    """All columns as they are, those of some types written as a template says."""
    types = {"TIMESTAMPTZ": "moment", "VARCHAR[]": "array"}
    return ", ".join(special.get(types.get(kind, ""), "{0}").format(name) for name, kind in COLUMNS.items())


# Rows of one customer stand together: they compress better, and are found without reading the rest.
EXPORT = f"""
COPY (SELECT {_columns(array="array_to_json({0}) AS {0}")} FROM {{table}} ORDER BY customer_id, id)
TO STDOUT (FORMAT csv, NULL '\\N', FORCE_QUOTE ({TEXTS}))
"""
FROM_CSV = f"""
SELECT {_columns(array=LIST)} FROM read_csv($csv, header = false, auto_detect = false, delim = ',', quote = '"',
    escape = '"', nullstr = '\\N', allow_quoted_nulls = false, new_line = '\\n', parallel = false,
    max_line_size = 20000000, columns = $columns)
"""
TO_CSV = f"SELECT {_columns(moment=MOMENT, array=ARRAY)} FROM read_parquet($file)"
AS_CSV = f"(FORMAT csv, HEADER false, NULLSTR '\\N', QUOTE '\"', ESCAPE '\"', FORCE_QUOTE ({TEXTS}))"
IMPORT = f"COPY {{table}} ({NAMES}) FROM STDIN (FORMAT csv, NULL '\\N')"

FORGOTTEN = """
SELECT * REPLACE (CASE WHEN customer_id = $customer THEN 'erased-' || id ELSE external_id END AS external_id,
    CASE WHEN customer_id = $customer THEN '' ELSE comment END AS comment) FROM read_parquet($file)
"""
PARQUET = "(FORMAT parquet, COMPRESSION zstd)"
SETTINGS = {
    "threads": 2,
    "memory_limit": "512MB",
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}


def write_month(*, table: str, file: Path, work: Path) -> None:
    """The rows of a table of signals as a Parquet file. `work` is a path that does not exist, for what is between."""
    try:
        with work.open("wb") as lines, connection.cursor() as cursor:
            cursor.execute("SET LOCAL timezone TO 'UTC'; SET LOCAL datestyle TO 'ISO, YMD'")
            with cursor.copy(EXPORT.format(table=table)) as copy:
                for block in copy:
                    lines.write(block)
        with _duckdb() as duckdb:
            texts = {name: "VARCHAR" if kind == "VARCHAR[]" else kind for name, kind in COLUMNS.items()}
            _copy(duckdb, FROM_CSV, file, PARQUET, csv=str(work), columns=texts)
    finally:
        work.unlink(missing_ok=True)
    _settle(file)


def read_month(*, file: Path, table: str, work: Path) -> None:
    """The rows of a Parquet file into a table of signals, as they were."""
    try:
        with _duckdb() as duckdb:
            _copy(duckdb, TO_CSV, work, AS_CSV, file=escape(str(file)))
        with work.open("rb") as lines, connection.cursor() as cursor, cursor.copy(IMPORT.format(table=table)) as copy:
            while block := lines.read(BLOCK):
                copy.write(block)
    finally:
        work.unlink(missing_ok=True)


def holds_customer(*, file: Path, customer_id: int) -> bool:
    """Whether a file has rows of this customer that say who they are."""
    question = """SELECT count(*) FROM read_parquet($file) WHERE customer_id = $customer
        AND (comment <> '' OR external_id <> 'erased-' || id)"""
    with _duckdb() as duckdb:
        (rows,) = duckdb.execute(question, {"file": escape(str(file)), "customer": customer_id}).fetchone()
    return bool(rows)


def forget_in_file(*, file: Path, customer_id: int, new: Path) -> None:
    """A copy of a file in which this customer's rows carry no comment and no external id."""
    with _duckdb() as duckdb:
        _copy(duckdb, FORGOTTEN, new, PARQUET, file=escape(str(file)), customer=customer_id)
    _settle(new)


def fingerprint(file: Path) -> str:
    """SHA-256 of a file, in hex; "" where there is none."""
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except FileNotFoundError:
        return ""


@contextmanager
def _duckdb() -> Iterator[Any]:
    # Loading it takes a tenth of a second: only who archives pays that.
    duckdb = importlib.import_module("duckdb")
    with duckdb.connect(":memory:", config=SETTINGS) as opened:
        yield opened


def _copy(duckdb: Any, select: str, to: Path, options: str, **params: Any) -> None:
    target = str(to).replace("'", "''")
    duckdb.execute(f"COPY ({select}) TO '{target}' {options}", params)


def _settle(file: Path) -> None:
    """Let the file reach the disk before anybody relies on it."""
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
