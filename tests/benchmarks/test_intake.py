"""A file of a million answers into the pool, against a bare COPY of the same file into an indexed table."""

from __future__ import annotations

import csv
import os
import random
import statistics
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from django.db import connection

from loopcare.customers.models import ContactPoint, Customer
from surveys.models import Detection, Import, PoolEntry, PoolEvent, Signal
from surveys.services.intake import import_file
from surveys.services.setup import ensure_basics

pytestmark = pytest.mark.bench

ROWS = int(os.environ.get("LOOPCARE_BENCH_ROWS", "1000000"))
ROUNDS = int(os.environ.get("LOOPCARE_BENCH_ROUNDS", "3"))
CUSTOMERS = max(1, ROWS * 3 // 10)
WEIGHTS = (4, 1, 1, 1, 3, 3, 4, 10, 14, 58)  # of the answers 1 to 10: 13 % are dissatisfied
NOW = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)

MAPPING = """
[source]
code = "calls"
name = "Calls"
channel = "hotline"
[columns]
reference = "customer"
external_id = "call"
occurred_on = "day"
region = "region"
{points}
[[rating]]
column = "score"
dimension = "overall"
low = 1
high = 10
adequate = 6.5
opens = true
"""

# What a user would write: the finished signals, copied into one table with three ordinary indexes. Nothing is decoded,
# compared, joined or detected on the way.
FLOOR = """
DROP TABLE IF EXISTS bench_floor;
CREATE TABLE bench_floor (external_id uuid PRIMARY KEY, occurred_on date, source text, customer text, dimension text,
    kind text, channel text, raw text, perceived float8, adequate float8, desired float8, adequate_from text,
    opens boolean, topic text, occurred_at timestamptz, promised_at timestamptz, closed_at timestamptz,
    transfers integer, disputed boolean, causes text[], comment text, received_at timestamptz);
CREATE INDEX ON bench_floor (customer);
CREATE INDEX ON bench_floor (received_at);
"""
UNKNOWN = "\\N\t" * 5
SIGNAL = (
    "calls\t{customer}\toverall\trating\thotline\t{score}\t{perceived}\t61.111\t\\N\tmapped\tt\t\t"
    f"{UNKNOWN}{{{{}}}}\t\t{{at}}\n"
)


@dataclass(frozen=True, slots=True)
class Cost:
    wall: float
    cpu: float


def backend_cpu() -> float:
    """Processor seconds that this connection's server process has used."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cost(work: Callable[[], None]) -> Cost:
    server, client, began = backend_cpu(), time.process_time(), time.perf_counter()
    work()
    return Cost(time.perf_counter() - began, backend_cpu() - server + time.process_time() - client)


def write(path: Path, *, seed: int) -> None:
    chance = random.Random(seed)
    with path.open("w") as opened:
        opened.write("call,customer,day,score,region,phone\n")
        for _row in range(ROWS):
            customer = chance.randrange(CUSTOMERS)
            call, score = uuid.UUID(int=chance.getrandbits(128)), chance.choices(range(1, 11), WEIGHTS)[0]
            day, phone = chance.randrange(1, 29), f"138{customer:08d}"
            opened.write(f"{call},C{customer:07d},2026-04-{day:02d},{score},R{customer % 30},{phone}\n")


def clear() -> None:
    tables = [
        model._meta.db_table for model in (PoolEvent, PoolEntry, Detection, Signal, Import, ContactPoint, Customer)
    ]
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")


def finished(path: Path) -> bytes:
    """The signals of a file as COPY reads them."""
    lines = []
    with path.open() as opened:
        for number, (call, customer, day, score, *_rest) in enumerate(csv.reader(opened)):
            if number:
                perceived = f"{100 * (int(score) - 1) / 9:.6f}"
                rest = SIGNAL.format(customer=customer, score=score, perceived=perceived, at=NOW.isoformat())
                lines.append(f"{call}\t{day}\t{rest}")
    return "".join(lines).encode()


def bare_copy(signals: bytes) -> None:
    with connection.cursor() as cursor:
        cursor.execute(FLOOR)
        with cursor.copy("COPY bench_floor FROM STDIN") as copy:
            for start in range(0, len(signals), 1 << 20):
                copy.write(signals[start : start + (1 << 20)])


def load(path: Path, *, points: str = "") -> None:
    mapping = MAPPING.format(points=points)
    import_file(path=path, mapping_text=mapping, source_code=None, now=NOW, rejects_dir=path.parent)


def show(title: str, costs: dict[str, list[Cost]]) -> None:
    print(f"\n{title}")
    floor = next(iter(costs.values()))
    for name, each in costs.items():
        wall, cpu = (statistics.median(getattr(one, kind) for one in each) for kind in ("wall", "cpu"))
        ratio = statistics.median(f.wall / one.wall for f, one in zip(floor, each, strict=True))
        by_cpu = statistics.median(f.cpu / one.cpu for f, one in zip(floor, each, strict=True))
        rate = ROWS / wall
        print(
            f"  {name:<44}{rate:>9,.0f}/s {wall:7.1f} s {cpu:7.1f} s cpu   {ratio:.2f} × by wall, {by_cpu:.2f} × by cpu"
        )


def test_intake_of_a_large_file(transactional_db: None, tmp_path: Path) -> None:
    ensure_basics()
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    write(first, seed=1)
    write(second, seed=2)
    signals = finished(first)
    names = (
        "bare COPY, three b-trees",
        "import into an empty month",
        "import of known customers",
        "the same file again",
    )
    costs: dict[str, list[Cost]] = {name: [] for name in names}
    for _round in range(ROUNDS):
        clear()
        for name, work in zip(
            names,
            (lambda: bare_copy(signals), lambda: load(first), lambda: load(second), lambda: load(second)),
            strict=True,
        ):
            costs[name].append(cost(work))
    assert Signal.objects.count() == 2 * ROWS
    show(f"Intake of {ROWS:,} answers: de-duplication, customers, signals, detections and pool included", costs)


def test_intake_with_contact_columns(transactional_db: None, tmp_path: Path) -> None:
    ensure_basics()
    path = tmp_path / "first.csv"
    write(path, seed=1)
    costs: dict[str, list[Cost]] = {"bare COPY, three b-trees": [], "without phone": [], "with an encrypted phone": []}
    for points in ("", 'phone = "phone"'):
        clear()
        name = "with an encrypted phone" if points else "without phone"
        costs[name].append(cost(partial(load, path, points=points)))
    costs["bare COPY, three b-trees"].append(cost(lambda: bare_copy(finished(path))))
    show(f"Contact columns, {ROWS:,} rows", costs)
