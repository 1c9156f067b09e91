"""What goes wrong on the way to a warehouse is said in a sentence, and no sentence holds a password."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import psycopg
import pytest

from loopcare.common.rules import Field, FieldSet, parse
from loopcare.warehouse import (
    Asked,
    Base,
    EngineMissing,
    TooSlow,
    Unreachable,
    WarehouseError,
    connect,
    stream,
)

FIELDS = FieldSet(Field("contacts_30d", "number", "contacts"))
RULE = {"many": Asked(parse("contacts_30d >= 0", FIELDS))}
BASE = Base("customers", "msisdn")


@pytest.mark.parametrize(
    "url",
    [
        "parquet:///nowhere",
        "duckdb:///nowhere/base.duckdb",
        "postgresql://reader:s3cret@127.0.0.1:1/base",
        "postgresql://reader:s3cret@no-such-host.invalid/base",
    ],
)
def test_place_that_does_not_answer(url: str) -> None:
    with pytest.raises(Unreachable) as unreachable, connect(url):
        pass
    assert "s3cret" not in str(unreachable.value)


def test_file_that_is_no_warehouse(tmp_path: Path) -> None:
    (tmp_path / "customers.parquet").write_bytes(b"PAR1 not really")
    with connect(f"parquet://{tmp_path}") as warehouse, pytest.raises(Unreachable):
        warehouse.columns("customers")
    (tmp_path / "base.duckdb").write_text("no database either, but long enough to be looked at " * 200)
    with pytest.raises(Unreachable), connect(f"duckdb://{tmp_path}/base.duckdb"):
        pass


def test_duckdb_reads_nothing_but_the_files_of_its_address(duckdb_url: str, folder: Path) -> None:
    """A view in a DuckDB file may read any file of the machine."""
    with connect(duckdb_url) as warehouse:
        assert "peek" in warehouse.tables()
        with pytest.raises(WarehouseError):
            warehouse.columns("peek")
    with connect(f"parquet://{folder}") as warehouse, pytest.raises(duckdb.PermissionException):
        warehouse._connection.execute("SELECT * FROM read_text('/etc/hostname')")  # type: ignore[attr-defined]


def test_postgresql_cannot_be_written_to(postgres_url: str) -> None:
    with connect(postgres_url) as warehouse, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        warehouse._connection.execute("DELETE FROM customers")  # type: ignore[attr-defined]


def test_duckdb_file_is_opened_for_reading_only(duckdb_url: str) -> None:
    with connect(duckdb_url) as warehouse, pytest.raises(duckdb.InvalidInputException):
        warehouse._connection.execute("DELETE FROM customers")  # type: ignore[attr-defined]


@pytest.fixture
def slow_urls(postgres_url: str, tmp_path: Path) -> list[str]:
    """A table whose rows take for ever."""
    rows = "SELECT 'c1' AS msisdn, {} AS contacts_30d"
    with psycopg.connect(postgres_url.split("&schema", maxsplit=1)[0], autocommit=True) as loading:
        select = rows.format("1 + length(pg_sleep(60)::text)")
        loading.execute(f"CREATE OR REPLACE VIEW operator.slow AS {select}")
    file = tmp_path / "slow.duckdb"
    with duckdb.connect(str(file)) as made:
        endless = (
            "(SELECT count(*) FROM range(100000) a, range(100000) b, range(1000) c WHERE a.range ^ b.range > c.range)"
        )
        made.execute(f"CREATE VIEW slow AS {rows.format(endless)}")
    return [postgres_url, f"duckdb://{file}"]


def test_answer_that_takes_too_long_is_given_up(slow_urls: list[str]) -> None:
    for url in slow_urls:
        with connect(url, seconds=1) as warehouse, pytest.raises(TooSlow):
            warehouse.count(Base("slow", "msisdn"), RULE, FIELDS)


def test_postgresql_that_goes_away_in_the_middle_is_unreachable(postgres_url: str) -> None:
    with psycopg.connect(postgres_url.split("&schema", maxsplit=1)[0], autocommit=True) as loading:
        # More than what waits in a socket.
        many = "SELECT c.* FROM operator.customers AS c CROSS JOIN generate_series(1, 100)"
        loading.execute(f"CREATE OR REPLACE VIEW operator.many AS {many}")
    with connect(postgres_url) as warehouse:
        batches = warehouse.matches(Base("many", "msisdn"), RULE, FIELDS, batch=500)
        first = next(batches)
        assert first.num_rows == 500
        with psycopg.connect(postgres_url.split("&schema", maxsplit=1)[0], autocommit=True) as other:
            gone = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'loopcare'"
            assert other.execute(gone).fetchone() == (2,)
        with pytest.raises(Unreachable):
            warehouse.count(BASE, RULE, FIELDS)
        with pytest.raises(Unreachable):
            list(batches)


def test_question_may_be_asked_while_another_is_answered(postgres_url: str, folder: Path) -> None:
    for url in (postgres_url, f"parquet://{folder}"):
        with connect(url) as warehouse:
            seen = 0
            for batch in warehouse.matches(BASE, RULE, FIELDS, batch=4_000):
                seen += batch.num_rows
                assert warehouse.count(BASE, RULE, FIELDS).found == {"many": 20_000}
            assert seen == 20_000


def test_parquet_files_that_vanish_are_unreachable(folder: Path, tmp_path: Path) -> None:
    parts = tmp_path / "customers"
    parts.mkdir()
    for part in (folder / "parts").iterdir():
        (parts / part.name).write_bytes(part.read_bytes())
    with connect(f"parquet://{tmp_path}") as warehouse:
        assert warehouse.count(BASE, RULE, FIELDS).scanned == 20_000
        for part in parts.iterdir():
            part.unlink()
        with pytest.raises(Unreachable):
            warehouse.count(BASE, RULE, FIELDS)


def test_stream_by_address_closes_what_it_opened(folder: Path) -> None:
    batches = stream(f"parquet://{folder}", table="customers", columns=["contacts_30d"], order_by="msisdn", batch=7_000)
    assert next(batches).num_rows == 7_000
    batches.close()  # type: ignore[attr-defined]
    assert next(batches, None) is None


def test_spark_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(EngineMissing) as missing, connect(f"spark:local?parquet={folder}"):
        pass
    assert "DuckDB" in missing.value.message


def test_floor_loads_neither_ibis_nor_an_engine() -> None:
    code = "import sys, loopcare.warehouse; sys.exit(bool({'ibis', 'duckdb', 'pyspark', 'pyarrow'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
