"""Spark: in this process (`spark:local`), or a cluster that this process drives."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ibis
from django.utils.translation import gettext as _
from ibis.expr.schema import Schema
from ibis.expr.types import Table

from loopcare.warehouse.addresses import Address
from loopcare.warehouse.compiling import Compiling
from loopcare.warehouse.errors import (
    ColumnGone,
    EngineMissing,
    TableGone,
    TooSlow,
    Unreachable,
    WarehouseError,
    first_line,
)
from loopcare.warehouse.files import parquet_tables

CHUNK = 500_000  # rows that Spark hands over at once; the next ones are asked for behind them


def _needs() -> None:
    """Raises EngineMissing where this machine cannot run Spark."""
    if importlib.util.find_spec("pyspark") is None:
        raise EngineMissing(
            _("PySpark is not installed: pip install -r requirements-spark.txt. DuckDB and PostgreSQL still work.")
        )
    home = os.environ.get("JAVA_HOME", "")
    if not (shutil.which("java") or (home and os.access(f"{home}/bin/java", os.X_OK))):
        raise EngineMissing(
            _("Spark needs Java: install Java 17 (openjdk-17-jre-headless). DuckDB and PostgreSQL still work.")
        )


class Spark(Compiling):
    engine = "spark"
    dialect = "pyspark"

    def __init__(self, address: Address, *, threads: int, memory_mb: int, zone: str, seconds: float | None) -> None:
        _needs()
        logging.getLogger("py4j").setLevel(logging.WARNING)  # it tells of each connection that is closed
        # Reached by its attribute, the backend registers the options that its compiler reads.
        self._types = ibis.pyspark and importlib.import_module("ibis.backends.pyspark.datatypes")
        self._sql_errors = importlib.import_module("pyspark.errors")
        self._py4j = importlib.import_module("py4j.protocol")
        self._shown = address.shown
        self._seconds = seconds
        options = dict(address.options)
        parquet = options.pop("parquet", "")
        self._files = parquet_tables(address.files) if address.files else ({_last(parquet): parquet} if parquet else {})
        master = f"local[{threads}]" if address.master == "local" else address.master
        is_local = master.startswith("local")
        builder = importlib.import_module("pyspark.sql").SparkSession.builder.master(master).appName("loopcare")
        settings = {
            "spark.driver.memory": f"{max(1024, memory_mb)}m",
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
            "spark.log.level": "OFF",
            "spark.sql.session.timeZone": zone,
            "spark.sql.execution.arrow.pyspark.enabled": "true",
            "spark.sql.shuffle.partitions": str(4 * threads),
            **({"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"} if is_local else {}),
            **options,
        }
        for name, value in settings.items():
            builder = builder.config(name, value)
        self._session: Any = None
        with self._asking():
            self._session = builder.getOrCreate()

    def tables(self) -> list[str]:
        if self._files:
            return sorted(self._files)
        with self._asking():
            return sorted(table.name for table in self._session.catalog.listTables())

    def close(self) -> None:
        self._session.stop()

    def _place(self, table: str) -> tuple[str | None, str]:
        place, _dot, name = table.rpartition(".")
        return (None, table) if self._files or not place else (place, name)

    def _schema(self, table: str) -> tuple[Schema, dict[str, str]]:
        with self._asking():
            if self._files and table in self._files:
                files = self._files[table].removesuffix("/**/*.parquet")
                self._session.read.parquet(files).createOrReplaceTempView(table)
            if not self._session.catalog.tableExists(table):
                raise TableGone(_("There is no table %(table)s (any more).") % {"table": table}, table=table)
            found = self._session.table(table).schema
        types = {field.name: str(field.dataType.simpleString()) for field in found.fields}
        to_ibis = self._types.PySparkType.to_ibis
        return Schema({field.name: to_ibis(field.dataType) for field in found.fields}), types

    def _row(self, sql: str) -> tuple[Any, ...]:
        with self._asking():
            return tuple(self._session.sql(sql).collect()[0])

    def _batches(self, asked: Table, batch: int) -> Iterator[Any]:
        """By chunks, each asked for behind the one before: the driver never holds more than one."""
        del batch
        reference = asked.columns[0]
        schema = asked.schema().to_pyarrow()
        question = asked
        while True:
            with self._asking():
                found = self._session.sql(self._sql(question.limit(CHUNK))).toArrow().cast(schema)
            if found.num_rows < CHUNK:
                yield from found.combine_chunks().to_batches()
                return
            last = found.column(reference)[-1].as_py()
            # The rows of the last reference may not all be there yet: it comes with the next chunk.
            others = [n for n in range(CHUNK - 1, -1, -1) if found.column(reference)[n].as_py() != last][:1]
            whole = found.slice(0, others[0] + 1) if others else found
            yield from whole.combine_chunks().to_batches()
            behind = whole.column(reference)[-1].as_py()
            question = asked.filter(asked[reference] > behind)
            question = question.order_by(reference)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        given_up = threading.Event()
        watch = threading.Timer(self._seconds, self._give_up, [given_up]) if self._seconds else None
        if watch is not None:
            watch.start()
        try:
            yield
        except self._sql_errors.AnalysisException as error:
            condition = str(error.getCondition() or "")
            facts = {"error": first_line(error)}
            if condition.startswith("UNRESOLVED_COLUMN"):
                raise ColumnGone(_("The warehouse has changed: %(error)s") % facts) from error
            if condition.startswith("TABLE_OR_VIEW_NOT_FOUND"):
                raise TableGone(_("The warehouse has changed: %(error)s") % facts) from error
            if condition.startswith("PATH_NOT_FOUND"):
                raise self._unreachable(error) from error
            raise WarehouseError(_("Spark refuses: %(error)s") % facts) from error
        except (self._sql_errors.PySparkException, self._py4j.Py4JError, OSError) as error:
            if given_up.is_set():
                raise TooSlow(_("The warehouse takes longer than %(n)d seconds.") % {"n": self._seconds}) from error
            raise self._unreachable(error) from error
        finally:
            if watch is not None:
                watch.cancel()

    def _give_up(self, given_up: threading.Event) -> None:
        given_up.set()
        if self._session is not None:
            self._session.sparkContext.cancelAllJobs()

    def _unreachable(self, error: Exception) -> Unreachable:
        facts = {"place": self._shown, "error": first_line(error)}
        return Unreachable(_("%(place)s does not answer: %(error)s") % facts)


def _last(place: str) -> str:
    return place.rstrip("/").rpartition("/")[2].removesuffix(".parquet") or "customers"
