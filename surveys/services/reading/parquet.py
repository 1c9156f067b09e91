"""Parquet files, read by DuckDB in small batches: memory stays flat however long the file is."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path

from django.utils.timezone import get_current_timezone_name
from django.utils.translation import gettext as _

from loopcare.common.errors import Invalid
from surveys.services.reading.tables import Opened, Row, filled, refused

BATCH = 256  # rows taken at a time
MAX_ROW = 1_000_000  # bytes of text in one row; a tiny file can repeat one long text for ever
TOO_LONG = "a row is too long"
MAX_ROWS = 20_000_000
NESTED = ("STRUCT", "MAP", "UNION", "VARIANT")
PLAIN = {"VARCHAR", "BOOLEAN", "DATE", "TIME", "DOUBLE", "FLOAT", "TIMESTAMP", "TINYINT", "SMALLINT", "INTEGER"}
PLAIN |= {"BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}
SETTINGS = {
    "threads": 1,
    "memory_limit": "512MB",
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
# Some writers leave their texts unmarked; read as such they are texts, and real bytes are refused as unreadable.
SCAN = "read_parquet(?, binary_as_string = true)"


@contextmanager
def open_parquet(path: Path) -> Iterator[Opened]:
    """The table in a Parquet file; nested columns are refused. Raises Invalid for what cannot be read."""
    # Loading DuckDB takes 70 to 160 ms and 42 MB: only who reads a Parquet file pays that.
    duckdb = importlib.import_module("duckdb")
    with duckdb.connect(":memory:", config=SETTINGS) as connection:
        file = [escape(str(path.resolve()))]
        try:
            columns = [row[:2] for row in connection.execute(f"DESCRIBE SELECT * FROM {SCAN}", file).fetchall()]
            (total,) = connection.execute("SELECT sum(num_rows) FROM parquet_file_metadata(?)", file).fetchone()
        except duckdb.Error as error:
            raise _damaged(path) from error
        if total > MAX_ROWS:
            raise refused(_("%(name)s has more than %(limit)s rows; split it."), path, limit=MAX_ROWS)
        wanted = ", ".join(_value(name, kind, path) for name, kind in columns)
        done = 0

        def rows(_width: int) -> Iterator[Row]:
            nonlocal done
            try:
                found = connection.execute(f"SELECT {wanted} FROM {SCAN} WHERE {_bounded(columns)}", file)
                while batch := found.fetchmany(BATCH):
                    for number, cells in enumerate(batch, start=done + 2):
                        if cells[0] or filled(cells):
                            yield number, cells
                    done += len(batch)
            except duckdb.Error as error:
                if TOO_LONG in str(error):
                    sentence = _("%(name)s has a row of more than %(limit)s characters; shorten it.")
                    raise refused(sentence, path, limit=MAX_ROW) from error
                raise _damaged(path) from error

        yield Opened([name for name, _kind in columns], rows, lambda: min(1.0, done / max(1, total)))


def _damaged(path: Path) -> Invalid:
    return refused(_("%(name)s is not a readable Parquet file; save it again or export it as CSV."), path)


def _value(name: str, kind: str, path: Path) -> str:
    """A column as a value that a cell can hold: text, number, yes or no, day, time of day, or local day and time."""
    if kind.endswith("]") or kind.startswith(NESTED):
        raise refused(_("%(name)s: the column %(column)s holds lists or tables; make it flat."), path, column=name)
    quoted = _quoted(name)
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"timezone({_quoted(get_current_timezone_name(), mark=chr(39))}, {quoted})"
    if kind.startswith("TIMESTAMP_"):
        return f"{quoted}::TIMESTAMP"
    if kind.startswith("DECIMAL"):
        return f"{quoted}::DOUBLE"
    return quoted if kind in PLAIN else f"{quoted}::VARCHAR"


def _bounded(columns: list[tuple[str, str]]) -> str:
    """A condition that every row meets; one with far too much text ends the reading."""
    texts = [f"coalesce(strlen({_quoted(name)}), 0)" for name, kind in columns if kind == "VARCHAR"]
    if not texts:
        return "true"
    return f"CASE WHEN {' + '.join(texts)} > {MAX_ROW} THEN error('{TOO_LONG}') ELSE true END"


def _quoted(name: str, *, mark: str = '"') -> str:
    return mark + name.replace(mark, 2 * mark) + mark
