"""A scan that is killed, or whose warehouse vanishes in the middle: every match once, and counted once."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from pytest_django import Settings

from loopcare.common import clock
from loopcare.common.due_rows import DueStatus
from surveys.models import Detection, PoolEntry, Scan, Signal, Warehouse
from surveys.services.scanning import queue_scans
from surveys.services.setup import ensure_basics
from surveys.services.warehouses import save_warehouse
from tests.faults.conftest import Start, wait_for

pytestmark = [pytest.mark.faults, pytest.mark.slow]

ROWS, KILLS = 6_000, 8
RULE = "contacts_30d >= 3"
MATCHES = ROWS // 2  # every second customer had five contacts
BASE = (
    "SELECT 'c' || lpad(i::varchar, 6, '0') AS msisdn, (CASE WHEN i % 2 = 0 THEN 5 ELSE 0 END)::integer AS contacts_30d"
)


@pytest.fixture
def home(settings: Settings, tmp_path: Path) -> Path:
    settings.HOME = tmp_path / "home"
    settings.WAREHOUSE_DIR = settings.HOME / "warehouse"
    return tmp_path / "home"


def connect(url: str) -> Warehouse:
    ensure_basics()
    return save_warehouse(
        name="Base", url=url, table="customers", reference="msisdn", by=None, now=clock.now(), anywhere=True
    )


def queue(warehouse: Warehouse) -> Scan:
    rule = warehouse.rules.get(code="contacts-30d")
    (scan,) = queue_scans(rules=[rule], now=clock.now())
    return scan


def in_files(home: Path) -> Warehouse:
    (home / "warehouse").mkdir(parents=True)
    with duckdb.connect() as connection:
        query = f"{BASE} FROM range({ROWS}) AS r(i)"
        connection.execute(f"COPY ({query}) TO '{home}/warehouse/customers.parquet' (FORMAT parquet)")
    return connect(f"parquet://{home}/warehouse")


def now_of(scan: Scan) -> Scan:
    return Scan.objects.get(pk=scan.pk)


def is_over(scan: Scan) -> bool:
    return now_of(scan).status not in (DueStatus.WAITING, DueStatus.RUNNING)


def has_come_beyond(scan: Scan, landed: int) -> bool:
    return now_of(scan).landed > landed or is_over(scan)


def end_lease(scan: Scan) -> None:
    """As after a minute and a half without a sign of life."""
    now = clock.now()
    Scan.objects.filter(pk=scan.pk, status=DueStatus.RUNNING).update(lease_until=now, due_at=now)


def shoot(start: Start, scan: Scan, mode: str, *, kills: int, seed: int) -> tuple[int, float]:
    """Kill scanners with -9 in the middle, then let one finish: (killed, worst seconds until it went on again)."""
    rng, killed, worst = random.Random(seed), 0, 0.0
    # Each worker that dies is a try; so many kills are more than a scan's five.
    while True:
        begun_at = now_of(scan).landed
        Scan.objects.filter(pk=scan.pk).update(tries=min(now_of(scan).tries, 3))
        scanner = start("tests.faults.scanner", mode)
        recovery = wait_for(partial(has_come_beyond, scan, begun_at), seconds=60)
        worst = max(worst, recovery if killed else 0.0)
        if killed == kills or is_over(scan):
            break
        time.sleep(rng.uniform(0, 0.4))
        scanner.kill()
        scanner.wait()
        killed += not is_over(scan)
        end_lease(scan)
    wait_for(lambda: is_over(scan), seconds=90)
    scanner.kill()
    scanner.wait()
    return killed, worst


def outcome(scan: Scan, matches: int = MATCHES) -> dict[str, Any]:
    row = now_of(scan)
    signals = Signal.objects.count()
    distinct = Signal.objects.values("external_id").distinct().count()
    return {
        "status": row.status,
        "landed": row.landed,
        "counted": row.signals,
        "lost": matches - distinct,
        "doubled": signals - distinct,
        "pool": PoolEntry.objects.count(),
        "detections": Detection.objects.count(),
    }


def whole(matches: int = MATCHES) -> dict[str, Any]:
    all_of_them = dict.fromkeys(("landed", "counted", "pool", "detections"), matches)
    return {"status": "done", "lost": 0, "doubled": 0, **all_of_them}


def test_killed_scan_goes_on_and_lands_every_match_once(start: Start, home: Path) -> None:
    scan = queue(in_files(home))
    killed, worst = shoot(start, scan, "due", kills=KILLS, seed=7)
    found = outcome(scan)
    print(f"killed {killed}, lost {found['lost']}, duplicated {found['doubled']}, worst recovery {worst:.1f} s")
    assert killed == KILLS
    assert found == whole()


def test_batch_that_is_committed_apart_from_its_place_is_counted_wrongly(start: Start, home: Path) -> None:
    """The negative control: the same kills; signals are recognised all the same, the counts are not."""
    scan = queue(in_files(home))
    killed, _worst = shoot(start, scan, "careless", kills=KILLS, seed=7)
    found = outcome(scan)
    print(f"careless: killed {killed}, {found['landed']} counted of {MATCHES}")
    assert found["landed"] > MATCHES


# --- a warehouse that vanishes ---------------------------------------------------------------------------------------
NAME = "operator"
MANY = 20_000
"""Matches whose references do not fit in what lies between two servers: when it goes, not all of them are here."""


@pytest.fixture
def server(transactional_db: None) -> Iterator[psycopg.Connection]:
    """The server on which the operator's database is, as its owner."""
    url = make_conninfo("", **{**conninfo_to_dict(os.environ["DATABASE_URL"]), "dbname": "postgres"})
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {NAME}")
        yield connection
        connection.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")


def in_postgresql() -> Warehouse:
    facts = {name: str(value) for name, value in conninfo_to_dict(os.environ["DATABASE_URL"]).items()}
    url = make_conninfo("", **{**facts, "dbname": NAME})
    reference = "'c' || lpad(i::varchar, 6, '0') || repeat('x', 50) AS msisdn"
    long = f"{reference}, (CASE WHEN i % 4 = 0 THEN 5 ELSE 0 END) AS contacts_30d"
    with psycopg.connect(url) as connection:
        connection.execute(f"CREATE TABLE customers AS SELECT {long} FROM generate_series(0, {4 * MANY - 1}) AS r(i)")
    place = "&".join(f"{name}={facts[name]}" for name in ("host", "port") if name in facts)
    return connect(f"postgresql://{facts['user']}:{facts.get('password', '')}@/{NAME}?{place}")


def vanish(server: psycopg.Connection, *, gone: bool) -> None:
    """Nobody gets in any more, and whoever is in is thrown out; or everybody again."""
    server.execute(f"ALTER DATABASE {NAME} ALLOW_CONNECTIONS {'false' if gone else 'true'}")
    if gone:
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [NAME])


def test_warehouse_that_vanishes_in_the_middle_is_waited_for(start: Start, home: Path, server: Any) -> None:
    scan = queue(in_postgresql())
    scanner = start("tests.faults.scanner", "due", SCAN_BATCH="800")
    away, worst = 0, 0.0
    while away < 3:
        begun_at = now_of(scan).landed
        wait_for(partial(has_come_beyond, scan, begun_at), seconds=90)
        vanish(server, gone=True)
        wait_for(lambda: now_of(scan).status == DueStatus.WAITING or is_over(scan), seconds=90)
        if is_over(scan):
            break
        waiting = now_of(scan)
        assert (waiting.tries, waiting.misses > 0, 0 < waiting.landed < MANY) == (0, True, True)
        away += 1
        vanish(server, gone=False)
        Scan.objects.filter(pk=scan.pk).update(due_at=clock.now())
        worst = max(worst, wait_for(partial(has_come_beyond, scan, waiting.landed), seconds=90))
    wait_for(lambda: is_over(scan), seconds=120)
    scanner.kill()
    found = outcome(scan, MANY)
    print(f"vanished {away}, lost {found['lost']}, duplicated {found['doubled']}, worst recovery {worst:.1f} s")
    assert away >= 1
    assert found == whole(MANY)
