from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time
from typing import Any

import ibis
import pytest
from django.db import connection
from ibis.expr.types import Table
from pytest_django.plugin import DjangoDbBlocker

from tests.common.rules.samples import Brand, Row, sample_rows

DUCKDB_TABLE = """
    CREATE TABLE people (id INTEGER, rating SMALLINT, score DOUBLE, paid DECIMAL(12, 2), region VARCHAR,
        tariff VARCHAR, brand VARCHAR, since TIMESTAMP, vip BOOLEAN, causes VARCHAR[])
"""


@pytest.fixture(scope="session")
def rows() -> list[dict[str, Any]]:
    return sample_rows(300, seed=20260101)


@pytest.fixture(scope="module")
def postgres_rows(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, rows: list[dict[str, Any]]
) -> Iterator[None]:
    """The rows in PostgreSQL, committed for one module; the brand's name is behind a nullable foreign key."""
    with django_db_blocker.unblock():
        with connection.schema_editor() as editor:
            editor.create_model(Brand)
            editor.create_model(Row)
        names = sorted({row["brand"] for row in rows if row["brand"]})
        brands = {name: Brand.objects.create(name=name) for name in names}
        Row.objects.bulk_create(Row(**row | {"brand": brands.get(row["brand"])}) for row in rows)
    yield
    with django_db_blocker.unblock(), connection.schema_editor() as editor:
        editor.delete_model(Row)
        editor.delete_model(Brand)


@pytest.fixture(scope="session")
def people(rows: list[dict[str, Any]]) -> Iterator[Table]:
    """The rows in DuckDB, all in one table; days are moments there."""
    duckdb = ibis.duckdb.connect()
    duckdb.con.execute(DUCKDB_TABLE)
    late = time(23, 59, 59)
    values = [[*(row | {"since": row["since"] and datetime.combine(row["since"], late)}).values()] for row in rows]
    duckdb.con.executemany("INSERT INTO people VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
    yield duckdb.table("people")
    duckdb.disconnect()
