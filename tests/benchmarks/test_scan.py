"""Nine shipped rules over an operator's base, beside hand-written SQL and PostgreSQL; then everybody they find, landed.

SCAN_ROWS=20000000 make bench        # 2,000,000 unless told; SCAN_SPARK=1 asks Spark too
SCAN_MORE=46 make bench              # a wide table: so many columns beside that no rule asks
SCAN_BASE=/data/customers.parquet    # a base that was written before by tests/benchmarks/base.py
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from urllib.parse import quote

import duckdb
import psycopg
import pytest
from django.db import connection
from psycopg.conninfo import conninfo_to_dict
from pytest_django import Settings

from loopcare.common.rules import FieldSet, parse
from loopcare.warehouse import Asked, Base, Reader, connect
from surveys.models import PoolEntry, Scan, Signal, Warehouse
from surveys.selectors.scanning import base_of, fields_of, shipped_for
from surveys.services.scanning import scan_now
from surveys.services.setup import ensure_basics
from surveys.services.warehouses import proposed_fields, save_warehouse
from tests.benchmarks.base import load_base, write_base

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

ROWS = int(os.environ.get("SCAN_ROWS", "2_000_000"))
ROUNDS = 5
NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)

# What a careful person would write by hand for the shipped rules over the base's own columns.
BY_HAND = {
    "arrears-dispute": "arrears > 0 AND bill_disputed",
    "contacts-30d": "contacts_30d >= 3",
    "contract-end": "contract_days_left BETWEEN 0 AND 30 AND (usage_ratio_3m <= 0.8 OR contacts_30d >= 1)",
    "dropped-calls": "dropped_calls_30d >= 8",
    "help-dwell": "help_dwell_s_7d >= 300",
    "slow-data": "speed_mbps <= 1.5 AND usage_ratio_3m > 0.3",
    "usage-drop": "usage_ratio_3m <= 0.3 AND tenure_months >= 6",
    "voice-drop": "voice_ratio_3m <= 0.3::FLOAT AND tenure_months >= 6",
    "weak-coverage": "weak_coverage_min_30d >= 600",
}
COUNT = ", ".join(f"count(*) FILTER (WHERE {rule})" for rule in BY_HAND.values())
SMALL: dict[str, str | bool | int | float | list[str]] = {
    "threads": os.cpu_count() or 1,
    "memory_limit": "400MB",
    "preserve_insertion_order": False,
}

# A process that does nothing but count, then read everybody whom the rules find: its largest size is the scan's.
ALONE = """
import sys
from pathlib import Path
import django
django.setup()
from loopcare.warehouse import connect
from tests.benchmarks.test_scan import asked_of
with connect(sys.argv[1]) as reader:
    base, asked, fields = asked_of(reader)
    reader.count(base, asked, fields)
    found = sum(batch.num_rows for batch in reader.matches(base, asked, fields))
# Not getrusage: a process begins with the largest size of the one that made it.
largest = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(found, int(largest.split()[1]) // 1024)
"""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if given := os.environ.get("SCAN_BASE"):
        return Path(given)
    return write_base(
        tmp_path_factory.mktemp("base") / "customers.parquet", rows=ROWS, more=int(os.environ.get("SCAN_MORE", "0"))
    )


def asked_of(reader: Reader) -> tuple[Base, dict[str, Asked], FieldSet]:
    """The base with its nine rules, as a connected warehouse would ask them, without a database of ours."""
    house = Warehouse(table="customers", reference="msisdn", fields=proposed_fields(reader.columns("customers")))
    fields = fields_of(house)
    asked = {rule.code: Asked(parse(rule.text, fields)) for rule in sorted(shipped_for(fields))}
    return base_of(house, NOW.date()), asked, fields


def compare(contenders: dict[str, Callable[[], list[int]]]) -> dict[str, float]:
    """Seconds of each contender, the median of interleaved rounds; all of them must say the same."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    said = []
    for _round in range(ROUNDS):
        for name, run in contenders.items():
            began = time.perf_counter()
            said.append(run())
            seconds[name].append(time.perf_counter() - began)
    assert all(each == said[0] for each in said)
    return {name: median(values) for name, values in seconds.items()}


def counting(reader: Reader) -> Callable[[], list[int]]:
    base, asked, fields = asked_of(reader)

    def run() -> list[int]:
        counted = reader.count(base, asked, fields)
        return [counted.scanned, *(counted.found[code] for code in BY_HAND)]

    return run


def found_by(reader: Reader) -> dict[str, int]:
    """By rule: a number that stands for the set of customers it finds, whatever their order."""
    base, asked, fields = asked_of(reader)
    sums = dict.fromkeys(asked, 0)
    for batch in reader.matches(base, asked, fields):
        references = [hash(reference) for reference in batch.column(0).to_pylist()]
        for place, code in enumerate(asked, start=1):
            truths = batch.column(place).to_pylist()
            sums[code] += sum(number for number, is_found in zip(references, truths, strict=True) if is_found)
    return sums


@pytest.fixture
def postgres_url(base: Path) -> Iterator[str]:
    facts = {name: str(value) for name, value in conninfo_to_dict(os.environ["DATABASE_URL"]).items()}
    name = str(connection.settings_dict["NAME"])
    url = f"postgresql://{facts['user']}@/{name}?host={quote(facts['host'], safe='')}&port={facts['port']}"
    with psycopg.connect(url, autocommit=True) as loading:
        loading.execute("DROP SCHEMA IF EXISTS operator CASCADE; CREATE SCHEMA operator")
        began = time.perf_counter()
        load_base(base, loading, table="operator.customers")
        print(f"\nloaded into PostgreSQL in {time.perf_counter() - began:.0f} s")
    yield f"{url}&schema=operator"
    with psycopg.connect(url, autocommit=True) as loading:
        loading.execute("DROP SCHEMA operator CASCADE")


# Spark's connection to its own process is closed as both end.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_nine_rules_in_one_pass(base: Path, postgres_url: str) -> None:
    by_hand = duckdb.connect(config=SMALL)
    with connect(f"parquet://{base}") as ours, connect(postgres_url) as theirs:
        seconds = compare(
            {
                "hand-written": lambda: list(
                    by_hand.execute(f"SELECT count(*), {COUNT} FROM '{base}'").fetchone() or ()
                ),
                "DuckDB": counting(ours),
                "PostgreSQL": counting(theirs),
            }
        )
        print(f"nine rules over {ours.count(*asked_of(ours)).scanned:,} rows in one pass")
        for name, took in seconds.items():
            print(f"  {name:<14}{took:6.2f} s   {took / seconds['hand-written']:.2f} x hand-written")
        print(f"  DuckDB is {seconds['PostgreSQL'] / seconds['DuckDB']:.1f} x as fast as PostgreSQL")
        sets = {"DuckDB": found_by(ours), "PostgreSQL": found_by(theirs)}
    if os.environ.get("SCAN_SPARK"):
        with connect(f"spark:local?parquet={base.parent}") as spark:
            sets["Spark"] = found_by(spark)
    for name, found in sets.items():
        assert found == sets["DuckDB"], name
    print(f"  the same customers on {', '.join(sets)}")


def test_memory_of_a_scan(base: Path) -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "loopcare.settings"}
    ran = subprocess.run(
        [sys.executable, "-c", ALONE, f"parquet://{base}"], env=environment, check=True, capture_output=True, text=True
    )
    # An engine may show its progress before.
    found, megabytes = ran.stdout.split()[-2:]
    print(f"\ncount, then {int(found):,} customers read in order: at most {megabytes} MB, Django and Ibis included")


def test_scan_and_land(base: Path, settings: Settings) -> None:
    ensure_basics()
    house = save_warehouse(
        name="Base",
        url=f"parquet://{base}",
        table="customers",
        reference="msisdn",
        by=None,
        now=NOW,
        anywhere=True,
    )
    rules = list(house.rules.select_related("warehouse"))
    with connect(house.url) as reader:
        began = time.perf_counter()
        reader.count(*asked_of(reader))
        alone = sum(batch.num_rows for batch in reader.matches(*asked_of(reader)))
        scanning = time.perf_counter() - began
    took = []
    for _run in range(2):
        began = time.perf_counter()
        scan = scan_now(rules=rules, now=NOW)
        took.append((time.perf_counter() - began, scan))
    (landing, first), (repeating, again) = took
    print(
        f"\nscan alone {scanning:.1f} s ({alone:,} customers); "
        f"scan and land {landing:.1f} s ({first.signals:,} signals)"
    )
    print(f"  {landing / scanning:.1f} x the scan alone; repeated {repeating:.1f} s, {again.signals} new")
    assert (again.signals, again.pool_new, Signal.objects.count()) == (0, 0, first.signals)
    assert (PoolEntry.objects.count(), Scan.objects.count()) == (first.pool_new, 2)
