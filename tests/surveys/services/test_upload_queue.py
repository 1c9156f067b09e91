"""Kept files and their queue: tried without a trace, imported once, called off between parts, never doubled."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from loopcare.common.due_rows import DueStatus
from loopcare.common.errors import Conflict, Invalid, NotFound
from loopcare.staff.enums import Role
from surveys.models import Import, ImportReject, PoolEntry, Signal
from surveys.services import uploads
from surveys.services.uploads import (
    KEPT_FOR,
    cancel,
    confirm,
    forget_old_uploads,
    keep_upload,
    queue_import,
    run_due_imports,
    throw_away,
    upload_key,
    upload_path,
)
from tests.factories import make_user
from tests.surveys.test_views_imports import MAPPING

pytestmark = pytest.mark.django_db(transaction=True)

TABLE = "Id,Score\n" + "".join(f"C{n},{1 + n % 10}\n" for n in range(50))


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "WATCHED_PART", 10)
    monkeypatch.setattr(uploads, "PACE", 0)


def keep(now: datetime, text: str = TABLE) -> Path:
    return keep_upload(SimpleUploadedFile("cards.csv", text.encode()), now=now)


def queue(path: Path, now: datetime, *, dry_run: bool = True, mapping: str = MAPPING) -> Import:
    return queue_import(path=path, mapping_text=mapping, source_code=None, now=now, created_by=None, dry_run=dry_run)


def landed() -> tuple[int, int, int]:
    return Signal.objects.count(), PoolEntry.objects.count(), ImportReject.objects.count()


class StopsAfter:
    """Calls an import off once so many rows of it were read, as somebody at a page would; remembers the shares."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.shares: list[float] = []
        self.rows_read: list[int] = []

    def __call__(self, execute: object, sql: str, params: object, many: bool, context: object) -> object:
        result = execute(sql, params, many, context)  # type: ignore[operator]
        if "SET progress" in sql and isinstance(params, list):
            self.shares.append(params[0])
            self.rows_read.append(params[1])
            if params[1] > self.rows:
                Import.objects.filter(pk=params[4]).update(cancel_asked=True)
        return result


def test_file_is_found_by_its_key_until_it_is_gone(now: datetime) -> None:
    path = keep(now)
    assert upload_path(upload_key(path)) == path
    throw_away(path=path)
    with pytest.raises(NotFound):
        upload_path(upload_key(path))
    with pytest.raises(NotFound):
        upload_path(uuid4())


def test_file_keeps_a_short_form_of_its_own_name(now: datetime) -> None:
    names = {"März 2026.csv": "März 2026.csv", "x" * 300 + ".parquet": "x" * 60 + ".parquet"}
    assert {name: keep_upload(SimpleUploadedFile(name, b"x"), now=now).name for name in names} == names


def test_dry_run_counts_and_leaves_nothing(now: datetime) -> None:
    batch = queue(keep(now), now)
    run_due_imports(now=now)
    batch.refresh_from_db()
    assert (batch.status, batch.progress, batch.counts["rows"], batch.counts["accepted"]) == ("done", 1, 50, 50)
    assert landed() == (0, 0, 0)


def test_dry_run_that_lost_its_worker_counts_from_the_start(now: datetime) -> None:
    batch = queue(keep(now), now)
    Import.objects.update(rows_done=31, progress=0.6, tries=1)
    run_due_imports(now=now)
    batch.refresh_from_db()
    assert batch.counts["rows"] == 50


def test_import_follows_its_dry_run_once_with_the_same_file(now: datetime) -> None:
    by = make_user(Role.SUPERVISOR)
    tried = queue(keep(now), now)
    with pytest.raises(Conflict):
        confirm(tried=tried, now=now, created_by=by)
    run_due_imports(now=now)
    tried.refresh_from_db()
    batch = confirm(tried=tried, now=now, created_by=by)
    with pytest.raises(Conflict):
        confirm(tried=tried, now=now, created_by=by)
    run_due_imports(now=now)
    batch.refresh_from_db()
    tried.refresh_from_db()
    assert (batch.status, batch.checked_id, batch.path, tried.path) == ("done", tried.pk, "", "")
    assert (batch.sha256, batch.counts["header"]) == (tried.sha256, tried.counts["header"])
    assert landed()[0] == 50


def test_import_of_a_file_that_is_gone_cannot_be_queued(now: datetime) -> None:
    path = keep(now)
    tried = queue(path, now)
    run_due_imports(now=now)
    tried.refresh_from_db()
    path.unlink()
    with pytest.raises(Conflict):
        confirm(tried=tried, now=now, created_by=make_user(Role.SUPERVISOR))
    assert Import.objects.get().path == str(path)


def test_import_called_off_while_it_runs_keeps_whole_parts(now: datetime) -> None:
    path = keep(now)
    batch = queue(path, now, dry_run=False)
    stops = StopsAfter(20)
    with connection.execute_wrapper(stops):
        run_due_imports(now=now)
    batch.refresh_from_db()
    assert (batch.status, batch.last_error) == (DueStatus.CANCELLED, "Called off after row 31.")
    assert (Signal.objects.count(), batch.counts["rows"], path.exists()) == (30, 30, False)
    assert stops.shares == sorted(stops.shares)
    assert len(stops.shares) == 3

    queue(keep(now), now, dry_run=False)
    run_due_imports(now=now)
    counts = Import.objects.get(status=DueStatus.DONE).counts
    assert (counts["accepted"], counts["duplicates"], Signal.objects.count()) == (20, 30, 50)


def test_parts_grow_while_they_land_faster_than_the_pace(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    monkeypatch.setattr(uploads, "PACE", 3600)
    queue(keep(now), now, dry_run=False)
    seen = StopsAfter(1_000)
    with connection.execute_wrapper(seen):
        run_due_imports(now=now)
    assert seen.rows_read == [11, 21, 41, 51]  # a part is read while the one before it lands


def test_import_called_off_while_it_waits_is_over_at_once(now: datetime) -> None:
    path = keep(now)
    batch = queue(path, now, dry_run=False)
    cancel(batch=batch)
    batch.refresh_from_db()
    assert (batch.status, batch.path, path.exists()) == (DueStatus.CANCELLED, "", False)
    with pytest.raises(Conflict):
        cancel(batch=batch)


def test_dry_run_called_off_or_refused_keeps_the_file(now: datetime) -> None:
    path = keep(now)
    cancel(batch=queue(path, now))
    assert path.exists()
    late = TABLE + 'C1,"never closed' + 200_000 * "x"
    path = keep(now, late)
    batch = queue(path, now)
    run_due_imports(now=now)
    batch.refresh_from_db()
    assert (batch.status, path.exists(), batch.path) == (DueStatus.CANCELLED, True, str(path))


def test_refusals_come_before_anything_is_queued(now: datetime) -> None:
    path = keep(now, "Id,Day,Score\nA,03/04/2024,3\nB,05/06/2024,9\n")
    dated = MAPPING.replace("occurred_on = 2026-03-01\n", "").replace(
        'reference = "Id"', 'reference = "Id"\noccurred_on = "Day"'
    )
    for mapping in ("", "x = 1", MAPPING.replace("Score", "Points"), dated):
        with pytest.raises(Invalid):
            queue(path, now, mapping=mapping)
    assert (Import.objects.count(), path.exists()) == (0, True)


def test_file_in_use_cannot_be_thrown_away(now: datetime) -> None:
    path = keep(now)
    queue(path, now, dry_run=False)
    with pytest.raises(Conflict):
        throw_away(path=path)
    assert path.exists()


def test_running_dry_run_of_a_file_thrown_away_ends(now: datetime) -> None:
    path = keep(now)
    batch = queue(path, now)
    Import.objects.update(status=DueStatus.RUNNING, holder="x", lease_until=now)
    throw_away(path=path)
    batch.refresh_from_db()
    assert (batch.cancel_asked, batch.path, path.exists()) == (True, "", False)


@pytest.mark.parametrize(
    ("status", "dry_run", "stays"),
    [
        (DueStatus.WAITING, True, True),
        (DueStatus.WAITING, False, True),
        (DueStatus.DONE, True, False),
        (DueStatus.CANCELLED, True, False),
        (DueStatus.DEAD, False, False),
    ],
)
def test_old_files_are_forgotten_unless_somebody_works_on_them(
    status: DueStatus, dry_run: bool, stays: bool, now: datetime
) -> None:
    path = keep(now)
    queue(path, now, dry_run=dry_run)
    Import.objects.update(status=status)
    forget_old_uploads(now=now + KEPT_FOR)
    assert path.exists()
    forget_old_uploads(now=now + KEPT_FOR + timedelta(seconds=1))
    assert path.exists() == stays
    assert Import.objects.exclude(path="").exists() == stays
    assert Import.objects.exists() == (stays or not dry_run)
