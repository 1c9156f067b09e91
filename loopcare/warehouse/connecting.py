"""Opening a warehouse by its address; the engine is loaded then, not before."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.conf import settings

from loopcare.warehouse.addresses import Address, parse_address
from loopcare.warehouse.reading import BATCH, Reader

ENGINES = {
    "duckdb": ("loopcare.warehouse.engines.duckdb", "DuckDB"),
    "postgresql": ("loopcare.warehouse.engines.postgresql", "PostgreSQL"),
    "spark": ("loopcare.warehouse.engines.spark", "Spark"),
}


@contextmanager
def connect(
    url: str | Address, *, threads: int | None = None, memory_mb: int | None = None, seconds: float | None = None
) -> Iterator[Reader]:
    """An open warehouse, for reading only.

    `threads` and `memory_mb` bound DuckDB and Spark in this process; defaults: settings WAREHOUSE_THREADS and
    WAREHOUSE_MEMORY_MB. `seconds` is how long one answer may take before TooSlow is raised (default: any time). Raises
    Invalid for no address, Unreachable for a place that does not answer, EngineMissing where this machine lacks Java
    or PySpark.
    """
    address = parse_address(url) if isinstance(url, str) else url
    module, name = ENGINES[address.engine]
    # Ibis and the engines take a second and 100 MB to load: only who asks a warehouse pays that.
    opened: Reader = getattr(importlib.import_module(module), name)(
        address,
        threads=threads or settings.WAREHOUSE_THREADS,
        memory_mb=memory_mb or settings.WAREHOUSE_MEMORY_MB,
        zone=settings.TIME_ZONE,
        seconds=seconds,
    )
    try:
        yield opened
    finally:
        opened.close()


def stream(
    url: str | Address,
    *,
    table: str,
    columns: Sequence[str],
    order_by: str,
    after: str = "",
    batch: int = BATCH,
) -> Iterator[Any]:
    """Every row of a table as `pyarrow.RecordBatch`, in order of the reference `order_by` behind `after`.

    See `Reader.stream`. The warehouse is open until the last batch was taken or the iterator is closed.
    """
    with connect(url) as warehouse:
        yield from warehouse.stream(table, columns, order_by=order_by, after=after, batch=batch)
