"""One small base of an operator, the same in every engine, and what its customers are by a slow reading in Python."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import duckdb
import numpy as np
import psycopg
import pytest
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from loopcare.warehouse import EngineMissing, Reader, connect
from tests.benchmarks.base import COLUMNS, load_base, write_base

ROWS, SEED = 20_000, 7
ENGINES = ("parquet", "duckdb", "postgresql", "spark")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the base as one Parquet file, and once more in three."""
    root = tmp_path_factory.mktemp("base")
    base = write_base(root / "warehouse" / "customers.parquet", rows=ROWS, seed=SEED)
    parts = base.with_name("parts")
    parts.mkdir()
    for number in range(3):
        part = f"SELECT * FROM '{base}' WHERE hash(msisdn) % 3 = {number}"
        duckdb.execute(f"COPY ({part}) TO '{parts}/{number}.parquet' (FORMAT parquet)")
    return base.parent


@pytest.fixture(scope="session")
def people(folder: Path) -> list[dict[str, Any]]:
    """The base as Python sees it: what is missing is None, a FLOAT the shortest number that it stands for."""
    rows = duckdb.execute(f"SELECT * FROM '{folder}/customers.parquet' ORDER BY msisdn").fetchall()
    floats = {name for name, kind in COLUMNS.items() if kind == "real"}

    def read(name: str, value: Any) -> Any:
        if isinstance(value, float) and math.isnan(value):
            return None
        return float(str(np.float32(value))) if name in floats and value is not None else value

    return [{name: read(name, value) for name, value in zip(COLUMNS, row, strict=True)} for row in rows]


@pytest.fixture(scope="session")
def postgres_url(folder: Path, django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The base in a schema of its own of the test database."""
    with django_db_blocker.unblock():
        said = connection.get_connection_params()
        connection.close()
    url = f"postgresql://{said['user']}@/{said['dbname']}?host={quote(str(said['host']), safe='')}&port={said['port']}"
    with psycopg.connect(url, autocommit=True) as loading:
        loading.execute("DROP SCHEMA IF EXISTS operator CASCADE; CREATE SCHEMA operator")
        load_base(folder / "customers.parquet", loading, table="operator.customers")
    yield f"{url}&schema=operator"
    with psycopg.connect(url, autocommit=True) as loading:
        loading.execute("DROP SCHEMA operator CASCADE")


@pytest.fixture(scope="session")
def duckdb_url(folder: Path) -> str:
    file = folder.parent / "base.duckdb"
    with duckdb.connect(str(file)) as made:
        made.execute(f"CREATE TABLE customers AS FROM '{folder}/customers.parquet'")
        made.execute("CREATE SCHEMA other; CREATE VIEW other.few AS FROM customers LIMIT 5")
        made.execute("CREATE VIEW peek AS SELECT content FROM read_text('/etc/hostname')")
    return f"duckdb://{file}"


@pytest.fixture(scope="session")
def spark(folder: Path) -> Iterator[Reader]:
    try:
        opening = connect(f"spark:local?parquet={folder}")
        reader = opening.__enter__()
    except EngineMissing as error:
        pytest.skip(error.message)
    yield reader
    opening.__exit__(None, None, None)


@pytest.fixture(params=ENGINES)
def warehouse(request: pytest.FixtureRequest, folder: Path) -> Iterator[Reader]:
    """The base in each engine, open."""
    if request.param == "spark":
        yield request.getfixturevalue("spark")
        return
    urls = {"parquet": f"parquet://{folder}"}
    url = urls.get(request.param) or request.getfixturevalue(
        "postgres_url" if request.param == "postgresql" else "duckdb_url"
    )
    with connect(url) as reader:
        yield reader
