"""An import that is killed, called off, fought over, or left without a broker: every row once, and counted once."""

from __future__ import annotations

import csv
import os
import random
import signal
import subprocess
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import Settings

from loopcare.common import clock
from loopcare.common.due_rows import DueStatus
from loopcare.embedded import binaries
from loopcare.staff.enums import Role
from surveys.models import Detection, Import, ImportReject, PoolEntry, Signal
from surveys.services.rejects import rejects_path
from surveys.services.setup import ensure_basics
from surveys.services.uploads import cancel, keep_upload, queue_import
from tests.factories import make_user
from tests.faults.conftest import Start, wait_for
from tests.faults.test_due_rows import stopped

pytestmark = [pytest.mark.faults, pytest.mark.slow]

ROWS, PART = 9_000, "150"
KILLS = 6
MAPPING = """
source = "hotline"
[columns]
reference = "who"
external_id = "sheet"
occurred_on = "day"
[[rating]]
column = "score"
dimension = "overall"
low = 1
high = 10
adequate = 6.5
opens = true
"""


@pytest.fixture
def home(settings: Settings, tmp_path: Path) -> Path:
    settings.HOME = tmp_path / "home"
    settings.MEDIA_ROOT = settings.HOME / "media"
    return tmp_path / "home"


def is_wrong(n: int) -> bool:
    return n % 17 == 0


def is_repeated(n: int) -> bool:
    return n % 23 == 0 and n > 0 and not is_wrong(n) and not is_wrong(n - 1)


WRONG = sum(is_wrong(n) for n in range(ROWS))
REPEATED = sum(is_repeated(n) for n in range(ROWS))
GOOD = ROWS - WRONG - REPEATED


def queue(rows: int = ROWS) -> Import:
    """Upload a file of good, wrong and repeated rows: a repeated one says again what the row before it said."""
    ensure_basics()
    lines = ["who,sheet,day,score"]
    for n in range(rows):
        said = n - 1 if is_repeated(n) else n
        lines.append(f"C{said % 997},S{said},2026-03-{said % 28 + 1:02},{99 if is_wrong(said) else said % 10 + 1}")
    now = clock.now()
    path = keep_upload(SimpleUploadedFile("scores.csv", "\n".join(lines).encode()), now=now)
    user = make_user(Role.SUPERVISOR)
    return queue_import(path=path, mapping_text=MAPPING, source_code=None, now=now, created_by=user)


class Desk:
    """Importers on the test database, one after the other."""

    def __init__(self, start: Start, home: Path) -> None:
        self._start = start
        self._home = home

    def begin(self, *mode: str) -> subprocess.Popen[bytes]:
        facts = {"LOOPCARE_HOME": str(self._home), "LOOPCARE_IMPORT_PART": PART}
        return self._start("tests.faults.importer", *mode, **facts)


@pytest.fixture
def desk(start: Start, home: Path) -> Desk:
    return Desk(start, home)


def now_of(batch: Import) -> Import:
    return Import.objects.get(pk=batch.pk)


def has_come_beyond(batch: Import, row: int) -> bool:
    return now_of(batch).rows_done > row or is_over(batch)


def is_over(batch: Import) -> bool:
    return now_of(batch).status not in (DueStatus.WAITING, DueStatus.RUNNING)


def end_lease(batch: Import) -> None:
    """As after a minute and a half without a sign of life."""
    now = clock.now()
    Import.objects.filter(pk=batch.pk, status=DueStatus.RUNNING).update(lease_until=now, due_at=now)


def shoot(desk: Desk, batch: Import, mode: str, *, kills: int, seed: int) -> tuple[int, float]:
    """Kill importers with -9 in the middle, then let one finish: (killed, worst seconds until it went on again)."""
    rng, killed, worst = random.Random(seed), 0, 0.0
    while True:
        begun_at = now_of(batch).rows_done
        importer = desk.begin(mode)
        recovery = wait_for(partial(has_come_beyond, batch, begun_at), seconds=40)
        worst = max(worst, recovery if killed else 0.0)
        if killed == kills or is_over(batch):
            break
        time.sleep(rng.uniform(0, 0.25))
        importer.kill()
        importer.wait()
        if is_over(batch):
            break
        killed += 1
        end_lease(batch)
    wait_for(lambda: is_over(batch), seconds=60)
    importer.kill()
    importer.wait()
    return killed, worst


def lines_of(batch: Import) -> list[str]:
    """The rows of the rejects file, by their numbers in the file that was imported."""
    with rejects_path(now_of(batch)).open(encoding="utf-8-sig", newline="") as lines:
        return [line[0] for line in csv.reader(lines)][1:]


def counted(batch: Import) -> dict[str, int]:
    counts = now_of(batch).counts
    return {name: counts[name] for name in ("rows", "accepted", "duplicates", "rejected", "signals")}


WHOLE = {"rows": ROWS, "accepted": GOOD, "duplicates": REPEATED, "rejected": WRONG, "signals": GOOD}
WRONG_ROWS = [str(n + 2) for n in range(ROWS) if is_wrong(n)]


def test_killed_import_goes_on_and_lands_every_row_once(desk: Desk) -> None:
    batch = queue()
    killed, worst = shoot(desk, batch, "due", kills=KILLS, seed=5)
    signals = Signal.objects.count()
    doubled = signals - Signal.objects.values("external_id").distinct().count()
    print(f"killed {killed}, lost {GOOD - signals}, duplicated {doubled}, worst recovery {worst:.1f} s")
    assert (killed, signals, doubled) == (KILLS, GOOD, 0)
    done = now_of(batch)
    assert (done.status, done.rows_done, done.progress, done.holder, done.path) == ("done", ROWS + 1, 1.0, "", "")
    assert counted(batch) == WHOLE
    assert lines_of(batch) == WRONG_ROWS
    assert [str(row) for row in ImportReject.objects.order_by("row").values_list("row", flat=True)] == WRONG_ROWS
    low = Signal.objects.filter(perceived__lt=60).count()
    assert (done.counts["dissatisfied"], Detection.objects.count()) == (low, low)
    assert PoolEntry.objects.count() == done.counts["pool_new"]
    assert not Path(batch.path).exists()


def test_part_that_is_committed_apart_from_its_place_is_counted_wrongly(desk: Desk) -> None:
    """The negative control: the same kills; the rows land once all the same, because they are recognised."""
    batch = queue(2_400)
    shoot(desk, batch, "careless", kills=KILLS, seed=5)
    counts = counted(batch)
    print(f"careless: {Signal.objects.count()} signals, {counts['accepted']} counted")
    assert counts["accepted"] < Signal.objects.count()


def test_import_that_is_called_off_stops_behind_the_part_in_hand(desk: Desk) -> None:
    batch = queue()
    importer = desk.begin("due")
    wait_for(lambda: now_of(batch).rows_done > 0, seconds=40)
    cancel(batch=batch)
    stopped_after = wait_for(lambda: is_over(batch), seconds=20)
    off = now_of(batch)
    print(f"called off after row {off.rows_done} of {ROWS + 1}, {stopped_after:.1f} s later")
    time.sleep(1)
    importer.kill()
    assert (off.status, 1 < off.rows_done < ROWS, off.path) == ("cancelled", True, "")
    assert off.last_error == f"Called off after row {off.rows_done}."
    assert counted(batch) == counted(off)
    seen = range(off.rows_done - 1)
    assert counted(off)["rows"] == len(seen)
    assert Signal.objects.count() == sum(not is_wrong(n) and not is_repeated(n) for n in seen)
    assert not Path(batch.path).exists()


def snapshot(batch: Import) -> list[Any]:
    """Everything that a zombie must leave as it is."""
    rows = list(Import.objects.filter(pk=batch.pk).values())
    files = [file.read_bytes() for file in sorted((settings.HOME / "rejects").glob("*"))]
    signals = list(Signal.objects.order_by("id").values_list("id", "external_id"))
    return [rows, files, signals, ImportReject.objects.count(), PoolEntry.objects.count()]


def changed(before: list[Any], after: list[Any]) -> int:
    return sum(one != other for one, other in zip(before, after, strict=True))


def freeze_and_succeed(desk: Desk, mode: str, at: int) -> tuple[list[Any], list[Any], Import]:
    """An importer frozen before its part `at`; an heir finishes; the zombie goes on: (before, after, import)."""
    batch = queue(3_000)
    zombie = desk.begin(mode, str(at))
    wait_for(partial(stopped, zombie), seconds=40)
    end_lease(batch)
    heir = desk.begin("due")
    wait_for(lambda: is_over(batch), seconds=60)
    heir.kill()
    heir.wait()
    before = snapshot(batch)
    os.kill(zombie.pid, signal.SIGCONT)
    zombie.wait(timeout=40)
    return before, snapshot(batch), batch


@pytest.mark.parametrize("at", [1, 2, 9])
def test_zombie_importer_writes_nothing(desk: Desk, at: int) -> None:
    """Frozen past its lease before its first, second, ninth part; not a row, not a count, not a byte of the rejects."""
    before, after, batch = freeze_and_succeed(desk, "frozen", at)
    print(f"zombie frozen before part {at}: {changed(before, after)} of {len(before)} things changed")
    assert after == before
    assert (now_of(batch).status, now_of(batch).epoch) == ("done", 2)
    wrong = [str(n + 2) for n in range(3_000) if is_wrong(n)]
    assert lines_of(batch) == wrong


def test_zombie_that_does_not_ask_whose_import_it_is_spoils_it(desk: Desk) -> None:
    """The negative control."""
    before, after, _batch = freeze_and_succeed(desk, "reckless", 2)
    print(f"reckless zombie: {changed(before, after)} of {len(before)} things changed")
    assert after != before


def test_import_goes_on_when_the_broker_is_gone(start: Start, home: Path, tmp_path: Path) -> None:
    socket = tmp_path / "valkey.sock"
    options = ("--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(tmp_path))
    broker = subprocess.Popen([str(binaries.valkey()), *options], stdout=subprocess.DEVNULL)
    try:
        wait_for(socket.exists, seconds=10)
        batch = queue()
        worker = (
            "celery",
            "-A",
            "loopcare",
            "worker",
            "--concurrency",
            "1",
            "--loglevel",
            "critical",
            "--without-mingle",
        )
        facts = {"LOOPCARE_HOME": str(home), "LOOPCARE_IMPORT_PART": PART, "REDIS_URL": f"redis+socket://{socket}"}
        start(*worker, **facts)
        wait_for(lambda: now_of(batch).rows_done > 0, seconds=60)
    finally:
        broker.kill()
        broker.wait()
    gone_at = now_of(batch).rows_done
    wait_for(lambda: is_over(batch), seconds=60)
    second = queue(300)
    late = wait_for(lambda: is_over(second), seconds=30)
    print(
        f"broker gone at row {gone_at}: all {ROWS + 1} landed; an import queued without it was done after {late:.1f} s"
    )
    assert gone_at < ROWS
    assert (now_of(batch).status, counted(batch)) == ("done", WHOLE)
    assert now_of(second).counts["duplicates"] == 300 - sum(is_wrong(n) for n in range(300))
