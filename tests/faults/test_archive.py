"""Archiving, dropping, restoring under kill -9: at every moment the rows stand in the database or in a whole file."""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import Settings

from loopcare.common import clock
from surveys.models import ArchivedMonth
from surveys.services.archive import archive_month, drop_month, folder, restore_month
from surveys.services.month_files import COLUMNS, fingerprint
from tests.faults.conftest import Start, wait_for
from tests.surveys.facts import hear, rated

pytestmark = [pytest.mark.faults, pytest.mark.slow]

MONTH, ROWS, KILLS = date(2025, 3, 1), 20_000, 20
NOW = datetime(2025, 4, 1, 4, 0, tzinfo=UTC)


@pytest.fixture
def home(settings: Settings, tmp_path: Path) -> Path:
    settings.HOME = tmp_path / "home"
    return tmp_path / "home"


def content() -> tuple[int, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM surveys_content('surveys_signal', %s)", [list(COLUMNS)])
        rows, checksum = cursor.fetchone()
    return rows, checksum


def is_safe(whole: tuple[int, str]) -> bool:
    """All rows stand in the database, or none and a file that counts has exactly them."""
    if content() == whole:
        return True
    row = ArchivedMonth.objects.first()
    if row is None:
        return False
    is_whole = (row.rows, row.checksum) == whole and fingerprint(folder() / row.file) == row.sha256
    return content()[0] == 0 and row.dropped_at is not None and is_whole


def begin(calls: Path) -> None:
    for name in ("child", "done"):
        (calls / name).unlink(missing_ok=True)
    (calls / "go").touch()
    wait_for((calls / "child").exists, seconds=60)


def time_one(calls: Path) -> float:
    """Seconds of one whole piece of work, on this machine now."""
    begin(calls)
    return wait_for((calls / "done").exists, seconds=60)


def kill_one(calls: Path, after: float) -> bool:
    """Let the archivist work for `after` seconds and kill it; False when it was done before."""
    begin(calls)
    time.sleep(after)
    was_at_work = not (calls / "done").exists()
    with suppress(ProcessLookupError):
        os.kill(int((calls / "child").read_text()), signal.SIGKILL)
    wait_for((calls / "done").exists, seconds=60)
    return was_at_work


def land(rows: int) -> tuple[int, str]:
    days = [date(2025, 3, n % 31 + 1) for n in range(rows)]
    hear(*(rated(f"C{n % 700}", n % 101, on=on, comment="x" * (n % 50)) for n, on in enumerate(days)), now=NOW)
    return content()


def test_killed_archive_loses_nothing(start: Start, home: Path, tmp_path: Path) -> None:
    whole, rng, killed, unsafe, moves = land(ROWS), random.Random(3), 0, 0, 0
    start("tests.faults.archivist", str(tmp_path), str(MONTH), LOOPCARE_HOME=str(home))
    longest = {True: time_one(tmp_path), False: time_one(tmp_path)}
    for _n in range(KILLS):
        stood = content() == whole
        killed += kill_one(tmp_path, after=rng.uniform(0, 1.4 * longest[stood]))
        unsafe += not is_safe(whole)
        moves += stood != (content() == whole)
    began = time.monotonic()
    if content() == whole:
        archive_month(month=MONTH, now=clock.now())
        drop_month(month=MONTH, now=clock.now())
    restore_month(month=MONTH)
    recovery = time.monotonic() - began
    left = [path.name for path in folder().rglob("*") if path.is_file()]
    print(
        f"killed {killed} of {KILLS}, lost {whole[0] - content()[0]}, moments without the rows {unsafe}, "
        f"moved {moves} times, worst recovery {recovery:.1f} s"
    )
    assert (unsafe, content(), left) == (0, whole, [Path(ArchivedMonth.objects.get().file).name])
    assert killed > 0
    assert moves > 0


def test_rows_that_are_dropped_before_their_file_is_whole_are_lost(start: Start, home: Path, tmp_path: Path) -> None:
    """The negative control."""
    whole = land(300)
    start("tests.faults.archivist", str(tmp_path), str(MONTH), "careless", LOOPCARE_HOME=str(home))
    begin(tmp_path)
    wait_for(lambda: content() != whole, seconds=60)
    os.kill(int((tmp_path / "child").read_text()), signal.SIGKILL)
    assert (is_safe(whole), content()[0]) == (False, 0)
