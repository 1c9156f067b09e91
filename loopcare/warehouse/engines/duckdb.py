"""DuckDB: Parquet files and DuckDB's own, in this process."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from glob import escape, has_magic
from pathlib import Path
from typing import Any

import duckdb
from django.utils.translation import gettext as _
from ibis.backends.sql.datatypes import DuckDBType
from ibis.expr.schema import Schema
from ibis.expr.types import Table

from loopcare.warehouse.addresses import Address
from loopcare.warehouse.compiling import Compiling
from loopcare.warehouse.errors import ColumnGone, TableGone, TooSlow, Unreachable, WarehouseError, first_line
from loopcare.warehouse.files import fixed_folder, parquet_tables

TABLES = "SELECT CASE WHEN table_schema = 'main' THEN table_name ELSE table_schema || '.' || table_name END AS name \
FROM information_schema.tables WHERE table_schema NOT IN ('information_schema', 'pg_catalog') ORDER BY name"


# What the files say of a column themselves: true where each part of them has values that are neither missing nor empty.
NAMED = """
SELECT coalesce(bool_and(stats_null_count = 0 AND stats_min_value <> ''), false)
FROM parquet_metadata(?) WHERE path_in_schema = ?
"""


class DuckDB(Compiling):
    engine = "duckdb"
    dialect = "duckdb"

    def __init__(self, address: Address, *, threads: int, memory_mb: int, zone: str, seconds: float | None) -> None:
        self._shown = address.shown
        self._seconds = seconds
        self._files = parquet_tables(address.path) if address.url.startswith("parquet:") else {}
        file = ":memory:" if self._files else address.path
        if not self._files and not Path(file).is_file():
            raise Unreachable(_("There is no file %(place)s.") % {"place": file})
        self._spill = tempfile.TemporaryDirectory(prefix="loopcare-warehouse-")
        config: dict[str, str | bool | int | float | list[str]] = {
            "threads": threads,
            "memory_limit": f"{memory_mb}MB",
            "temp_directory": f"{self._spill.name}/spill",
            "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        try:
            with self._asking():
                self._connection = duckdb.connect(file, read_only=not self._files, config=config)
                self._connection.execute("SET TimeZone = ?", [zone])
                if self._files:
                    self._connection.execute("SET allowed_directories = ?", [[f"{fixed_folder(address.path)}/"]])
                # Nothing but the files of the address is read: a DuckDB file may hold views of others.
                self._connection.execute("SET enable_external_access = false")
        except WarehouseError:
            self._spill.cleanup()
            raise

    def tables(self) -> list[str]:
        if self._files:
            return sorted(self._files)
        return [name for (name,) in self._asked(TABLES).fetchall()]

    def close(self) -> None:
        self._connection.close()
        self._spill.cleanup()

    def _place(self, table: str) -> tuple[str | None, str]:
        place, _dot, name = table.rpartition(".")
        if self._files or not place:
            return None, table
        return place, name

    def _schema(self, table: str) -> tuple[Schema, dict[str, str]]:
        if table not in self.tables():
            raise TableGone(_("There is no table %(table)s (any more).") % {"table": table}, table=table)
        place, name = self._place(table)
        quoted = ".".join('"' + part.replace('"', '""') + '"' for part in (place, name) if part)
        if self._files:
            pattern = self._pattern(table).replace("'", "''")
            view = f"CREATE OR REPLACE VIEW {quoted} AS SELECT * FROM read_parquet('{pattern}')"
            self._asked(view)
        described = self._asked(f"DESCRIBE SELECT * FROM {quoted}").fetchall()
        types = {row[0]: str(row[1]) for row in described}
        return Schema({name: DuckDBType.from_string(text) for name, text in types.items()}), types

    def _pattern(self, table: str) -> str:
        files = self._files[table]
        return files if has_magic(files) else escape(files)

    def _all_named(self, table: str, reference: str) -> bool:
        if not self._files:
            return False
        (named,) = self._asked(NAMED, [self._pattern(table), reference]).fetchone()
        return bool(named)

    def _row(self, sql: str) -> tuple[Any, ...]:
        with self._asking():
            row: tuple[Any, ...] | None = self._connection.execute(sql).fetchone()
        assert row is not None
        return row

    def _batches(self, asked: Table, batch: int) -> Iterator[Any]:
        with self._asking():
            # A cursor of its own: another question may be asked while this one is being answered.
            reader = self._connection.cursor().execute(self._sql(asked)).to_arrow_reader(batch)
        while True:
            with self._asking():
                try:
                    found = reader.read_next_batch()
                except StopIteration:
                    return
            yield found

    def _asked(self, sql: str, params: Sequence[Any] = ()) -> Any:
        with self._asking():
            return self._connection.execute(sql, params)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        watch = threading.Timer(self._seconds, self._give_up) if self._seconds else None
        if watch is not None:
            watch.start()
        try:
            yield
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            gone = TableGone if isinstance(error, duckdb.CatalogException) else ColumnGone
            raise gone(_("The warehouse has changed: %(error)s") % {"error": first_line(error)}) from error
        except duckdb.InterruptException as error:
            raise TooSlow(_("The warehouse takes longer than %(n)d seconds.") % {"n": self._seconds}) from error
        except duckdb.PermissionException as error:
            raise WarehouseError(_("Not allowed: %(error)s") % {"error": first_line(error)}) from error
        except duckdb.OutOfMemoryException as error:
            sentence = _("The warehouse needs more memory: raise LOOPCARE_WAREHOUSE_MEMORY_MB. %(error)s")
            raise WarehouseError(sentence % {"error": first_line(error)}) from error
        except (duckdb.Error, OSError) as error:
            facts = {"place": self._shown, "error": first_line(error)}
            raise Unreachable(_("%(place)s cannot be read: %(error)s") % facts) from error
        finally:
            if watch is not None:
                watch.cancel()

    def _give_up(self) -> None:
        self._connection.interrupt()
