"""Signals over HTTP, through granian on loopback, against a bare COPY of the same rows and against naive saves."""

from __future__ import annotations

import http.client
import itertools
import json
import os
import random
import statistics
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from django.db import connection

from surveys.models import Signal
from surveys.services.months import make_months
from surveys.services.setup import ensure_basics
from tests.faults.conftest import Start, start
from tests.granian import Granian
from tests.sender import PATH, Sender, make_sender

pytestmark = pytest.mark.bench

__all__ = ["start"]

ROWS = int(os.environ.get("LOOPCARE_BENCH_HTTP_ROWS", "20000"))  # of each contender and round
ROUNDS = int(os.environ.get("LOOPCARE_BENCH_ROUNDS", "5"))
NAIVE_ROWS = 500
KEPT = int(os.environ.get("LOOPCARE_BENCH_KEPT", "300000"))
CUSTOMERS = max(1, KEPT * 3 // 10)
WEIGHTS = (4, 1, 1, 1, 3, 3, 4, 10, 14, 58)  # of the answers 1 to 10: 13 % are dissatisfied

FLOOR = """
CREATE TABLE bench_floor (call text PRIMARY KEY, customer text, day date, score integer, region text);
CREATE INDEX ON bench_floor (customer);
CREATE INDEX ON bench_floor (day);
"""

KEEP_FLOOR = """
INSERT INTO bench_floor
SELECT gen_random_uuid(), 'C' || lpad(floor(random() * %s)::text, 7, '0'), date '2026-04-01' + n %% 28, 10, 'R1'
FROM generate_series(1, %s) AS n
"""
KEEP_CUSTOMERS = """
INSERT INTO customers_region (code, name, time_zone) SELECT 'R' || n, 'R' || n, 'UTC' FROM generate_series(0, 29) AS n;
INSERT INTO customers_customer (reference, brand, region, language, value_tier, activity_tier, attributes, created_at)
SELECT 'C' || lpad(n::text, 7, '0'), '', 'R' || n %% 30, '', '', '', '{}', now() FROM generate_series(0, %s - 1) AS n
"""
KEEP_SIGNALS = """
INSERT INTO surveys_signal (occurred_on, source_id, external_id, dimension, customer_id, kind, channel, raw, perceived,
    adequate, adequate_from, opens, topic, causes, comment, received_at)
SELECT date '2026-04-01' + n %% 28, s.id, gen_random_uuid(), 'overall', c.first + n %% %s, 'rating', 'hotline', '10',
    100, 61, 'stated', true, '', '{}', '', now()
FROM generate_series(1, %s) AS n, (SELECT id FROM surveys_source WHERE code = 'hotline') AS s,
    (SELECT min(id) AS first FROM customers_customer) AS c
"""

chance = random.Random(7)


def rows(count: int) -> Iterator[tuple[str, str, str, int, str]]:
    for _row in range(count):
        customer = chance.randrange(CUSTOMERS)
        score = chance.choices(range(1, 11), WEIGHTS)[0]
        day = f"2026-04-{chance.randrange(1, 29):02d}"
        yield str(uuid.UUID(int=chance.getrandbits(128))), f"C{customer:07d}", day, score, f"R{customer % 30}"


def lines(count: int) -> bytes:
    return "".join("\t".join(map(str, row)) + "\n" for row in rows(count)).encode()


def calls(count: int, size: int) -> list[bytes]:
    """Bodies of `size` signals each, `count` in all."""
    signals = (
        {
            "source": "hotline",
            "reference": customer,
            "external_id": call,
            "occurred_on": day,
            "rating": {"value": score, "low": 1, "high": 10},
            "adequate": 6.5,
            "region": region,
        }
        for call, customer, day, score, region in rows(count)
    )
    return [json.dumps(list(itertools.islice(signals, size))).encode() for _call in range(count // size)]


def naive_call(count: int) -> bytes:
    signals = [
        {
            "source": "hotline",
            "reference": customer,
            "external_id": call,
            "occurred_on": day,
            "perceived": 100 * (score - 1) / 9,
            "adequate": 61.1,
            "region": region,
        }
        for call, customer, day, score, region in rows(count)
    ]
    return json.dumps(signals).encode()


def copy(data: bytes) -> None:
    with connection.cursor() as cursor, cursor.copy("COPY bench_floor FROM STDIN") as sink:
        sink.write(data)


def post(port: int, bodies: list[bytes], sender: Sender | None) -> None:
    """One connection, one call after the other; signed, unless there is nobody to sign."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=120)) as server:
        for body in bodies:
            headers = sender.headers(body) if sender else {}
            path = PATH if sender else "/naive/"
            server.request("POST", path, body, headers | {"Content-Type": "application/json"})
            with server.getresponse() as response:
                answer = response.read()
            assert response.status == 201, answer


@pytest.fixture
def web(start: Start) -> Iterator[Granian]:
    running = Granian(start, "tests.benchmarks.web:application", threads=4)
    running.begin()
    yield running
    running.kill()


def fill() -> None:
    """What an installation has already: `KEPT` rows in the floor's table and as many signals of all customers."""
    with connection.cursor() as cursor:
        cursor.execute(FLOOR)
        cursor.execute(KEEP_FLOOR, [CUSTOMERS, KEPT])
        cursor.execute(KEEP_CUSTOMERS, [CUSTOMERS])
        cursor.execute("ALTER TABLE surveys_signal DISABLE TRIGGER USER")
        cursor.execute(KEEP_SIGNALS, [CUSTOMERS, KEPT])
        cursor.execute("ALTER TABLE surveys_signal ENABLE TRIGGER USER")
        cursor.execute("VACUUM ANALYZE")


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds a row: by the clock, and of the processors that client, web process and database used."""

    wall: float
    cpu: float


def cpu(web: Granian) -> float:
    """Processor seconds so far of this process, the web server and every connection to the database."""
    assert web.process is not None
    with connection.cursor() as cursor:
        cursor.execute("SELECT array_agg(pid) FROM pg_stat_activity WHERE datname = current_database()")
        (pids,) = cursor.fetchone()
    children = Path(f"/proc/{web.process.pid}/task/{web.process.pid}/children").read_text().split()
    ticks = 0
    for pid in (os.getpid(), *pids, *children):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def costs(contenders: dict[str, Callable[[], int]], web: Granian) -> dict[str, list[Cost]]:
    """Every contender in turn, several rounds; each returns how many rows it brought."""
    found: dict[str, list[Cost]] = {name: [] for name in contenders}
    for _round in range(ROUNDS):
        for name, run in contenders.items():
            used, began = cpu(web), time.perf_counter()
            done = run()
            found[name].append(Cost((time.perf_counter() - began) / done, (cpu(web) - used) / done))
    return found


def show(found: dict[str, list[Cost]], *, floor: str) -> None:
    """One line a contender: rate, processor time a row, and the medians of its ratios to the floor of its round."""
    print(f"\nSignals over HTTP through granian, {KEPT:,} rows there already: signed, checked, with customers and pool")
    for name, each in found.items():
        pairs = list(zip(found[floor], each, strict=True))
        by_wall = statistics.median(base.wall / one.wall for base, one in pairs)
        by_cpu = statistics.median(base.cpu / one.cpu for base, one in pairs if one.cpu)
        rate, used = 1 / statistics.median(one.wall for one in each), statistics.median(one.cpu for one in each)
        print(f"  {name:<34}{rate:>9,.0f}/s {used * 1e6:>7.1f} µs cpu   {by_wall:.3f} × by wall, {by_cpu:.3f} × by cpu")


def test_signals_over_http(web: Granian) -> None:
    ensure_basics()
    make_months(days=[date(2026, 4, 1)])
    fill()
    sender = make_sender()
    bulk = iter([lines(ROWS) for _round in range(ROUNDS)])
    small = iter([[lines(1_000) for _call in range(ROWS // 1_000)] for _round in range(ROUNDS)])
    thousands = iter([calls(ROWS, 1_000) for _round in range(2 * ROUNDS)])
    whole = iter([calls(ROWS, 10_000) for _round in range(ROUNDS)])
    naive = iter([[naive_call(NAIVE_ROWS)] for _round in range(ROUNDS)])

    def floor() -> int:
        copy(next(bulk))
        return ROWS

    def floor_in_calls() -> int:
        for part in next(small):
            copy(part)
        return ROWS

    def ours(bodies: Iterator[list[bytes]]) -> int:
        post(web.port, next(bodies), sender)
        return ROWS

    def two_connections() -> int:
        bodies = next(thousands)
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda half: post(web.port, half, sender), (bodies[::2], bodies[1::2])))
        return ROWS

    def saves() -> int:
        post(web.port, next(naive), None)
        return NAIVE_ROWS

    contenders = {
        "bare COPY, three b-trees": floor,
        "the same, 1,000 a COPY": floor_in_calls,
        "HTTP, 1,000 a call": lambda: ours(thousands),
        "HTTP, 1,000 a call, two senders": two_connections,
        "HTTP, 10,000 a call": lambda: ours(whole),
        "DRF many=True, saves": saves,
    }
    floor_name = next(iter(contenders))
    found = costs(contenders, web)
    assert Signal.objects.count() == KEPT + ROUNDS * (3 * ROWS + NAIVE_ROWS)
    show(found, floor=floor_name)
    pairs = zip(found["DRF many=True, saves"], found["HTTP, 1,000 a call"], strict=True)
    print(f"  1,000 a call: {statistics.median(naive.wall / ours.wall for naive, ours in pairs):.0f} × DRF many=True")
