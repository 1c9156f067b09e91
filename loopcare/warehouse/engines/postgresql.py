"""PostgreSQL: one connection that can only read; rows come by COPY, which costs a third of a cursor."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.utils.translation import gettext as _
from ibis.backends.sql.datatypes import PostgresType
from ibis.expr.schema import Schema
from ibis.expr.types import Table
from psycopg import errors
from pyarrow import csv

from loopcare.warehouse.addresses import Address
from loopcare.warehouse.compiling import Compiling
from loopcare.warehouse.errors import ColumnGone, TableGone, TooSlow, Unreachable, WarehouseError, first_line

# keepalives: a warehouse that vanished is noticed within half a minute, not in two hours.
OPTIONS = {
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
    "application_name": "loopcare",
}
BLOCK = 1 << 20  # bytes of text that become one Arrow batch

RELATIONS = """
SELECT CASE WHEN n.nspname = current_schema() THEN c.relname ELSE n.nspname || '.' || c.relname END AS name
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
    AND n.nspname NOT IN ('information_schema', 'pg_catalog', 'pg_toast') AND n.nspname !~ '^pg_(temp|toast)_'
    AND has_schema_privilege(n.oid, 'USAGE') AND has_any_column_privilege(c.oid, 'SELECT')
ORDER BY name
"""
ATTRIBUTES = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute AS a
WHERE a.attrelid = to_regclass(%s) AND a.attnum > 0 AND NOT a.attisdropped
    AND has_column_privilege(a.attrelid, a.attnum, 'SELECT') ORDER BY a.attnum
"""


class PostgreSQL(Compiling):
    engine = "postgresql"
    dialect = "postgres"

    def __init__(self, address: Address, *, threads: int, memory_mb: int, zone: str, seconds: float | None) -> None:
        del threads, memory_mb  # the server has its own
        options = dict(address.options)
        schema = options.pop("schema", "")
        self._shown = address.shown
        self._url = address.url.split("?")[0]
        # The address's own options count more than ours; `schema` is ours, not libpq's.
        self._options = OPTIONS | options
        self._said = {"default_transaction_read_only": "on", "timezone": zone, "datestyle": "ISO, YMD"}
        self._said |= {"search_path": f'"{schema}"'} if schema else {}
        self._said |= {"statement_timeout": f"{seconds:.0f}s"} if seconds else {}
        with self._asking():
            self._connection = self._connected()

    def _connected(self) -> psycopg.Connection[Any]:
        opened = psycopg.connect(self._url, autocommit=True, **self._options)  # type: ignore[arg-type]
        opened.read_only = True
        for name, value in self._said.items():
            opened.execute("SELECT set_config(%s, %s, false)", [name, value])
        return opened

    def tables(self) -> list[str]:
        with self._asking():
            return [name for (name,) in self._connection.execute(RELATIONS).fetchall()]

    def close(self) -> None:
        self._connection.close()

    def _place(self, table: str) -> tuple[str | None, str]:
        place, _dot, name = table.rpartition(".")
        return place or None, name

    def _schema(self, table: str) -> tuple[Schema, dict[str, str]]:
        quoted = ".".join('"' + part.replace('"', '""') + '"' for part in self._place(table) if part)
        with self._asking():
            found = self._connection.execute(ATTRIBUTES, [quoted]).fetchall()
        if not found:
            raise TableGone(_("There is no table %(table)s (any more).") % {"table": table}, table=table)
        types = {name: str(text) for name, text in found}
        return Schema({name: PostgresType.from_string(text) for name, text in types.items()}), types

    def _row(self, sql: str) -> tuple[Any, ...]:
        with self._asking():
            # A statement without parameters is sent as it is: a % in a text stays one.
            row: tuple[Any, ...] | None = self._connection.execute(sql.encode()).fetchone()
        assert row is not None
        return row

    def _batches(self, asked: Table, batch: int) -> Iterator[Any]:
        schema = asked.schema().to_pyarrow()
        reading = csv.ReadOptions(column_names=schema.names, block_size=BLOCK, use_threads=False)
        converting = csv.ConvertOptions(
            column_types=schema,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            true_values=["t"],
            false_values=["f"],
        )
        parsing = csv.ParseOptions(newlines_in_values=True)
        statement = f"COPY ({self._sql(asked)}) TO STDOUT (FORMAT csv)"
        # On a connection of its own: another question may be asked while this one is being answered.
        with self._asking(), self._connected() as own, own.cursor().copy(statement.encode()) as copy:
            text = _Text(copy)
            if not text.begun():
                return
            reader = csv.open_csv(text, reading, parsing, converting)
            while True:
                try:
                    found = reader.read_next_batch()
                except StopIteration:
                    return
                yield found

    @contextmanager
    def _asking(self) -> Iterator[None]:
        try:
            yield
        except (errors.UndefinedTable, errors.UndefinedColumn) as error:
            gone = TableGone if isinstance(error, errors.UndefinedTable) else ColumnGone
            raise gone(_("The warehouse has changed: %(error)s") % {"error": first_line(error)}) from error
        except errors.QueryCanceled as error:
            raise TooSlow(
                _("The warehouse takes longer than it may: %(error)s") % {"error": first_line(error)}
            ) from error
        except errors.InsufficientPrivilege as error:
            sentence = _("The warehouse's user may not read this: %(error)s")
            raise WarehouseError(sentence % {"error": first_line(error)}) from error
        except psycopg.Error as error:
            facts = {"place": self._shown, "error": first_line(error)}
            raise Unreachable(_("%(place)s does not answer: %(error)s") % facts) from error


class _Text(io.RawIOBase):
    """What COPY sends, as a file that Arrow reads."""

    def __init__(self, copy: Any) -> None:
        self._blocks = iter(copy)
        self._rest = b""

    def begun(self) -> bool:
        """Whether there is any row; Arrow refuses an empty file."""
        self._rest = bytes(next(self._blocks, b""))
        return bool(self._rest)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        parts, length = [self._rest], len(self._rest)
        while size < 0 or length < size:
            block = bytes(next(self._blocks, b""))
            if not block:
                break
            parts.append(block)
            length += len(block)
        text = b"".join(parts)
        if size < 0:
            self._rest = b""
            return text
        self._rest = text[size:]
        return text[:size]
