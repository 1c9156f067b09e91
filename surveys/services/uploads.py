"""Files that came by a page: kept, tried, then imported by a worker, which can be watched and called off.

A file waits in a folder of its own, whose name is its key, until it is imported, thrown away, or a day old. The dry run
is an import that leaves nothing but its counts; "Import now" makes a second row that follows it, with the same file,
mapping and source. So a file is sent once and imported as it was checked.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, connection, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from loopcare.common import clock
from loopcare.common.due_rows import LIVE, Drained, DueStatus, Never, Queue
from loopcare.common.errors import Conflict, Invalid, NotFound, StaleLease
from loopcare.staff.models import User
from surveys.models import Import
from surveys.services.intake import LEASE, bind, fingerprint, prepare, read_mapping, undone
from surveys.services.mappings import header_fingerprint
from surveys.services.parts import PART, Part, settled
from surveys.services.reading import open_table
from surveys.services.running import Run
from surveys.services.wording import mapping_problems

FOLDER = "imports"  # under MEDIA_ROOT
KEPT_FOR = timedelta(hours=24)
"""How long a file waits for "Import now"."""
TOLD = ("language", "header")
"""Kept among the counts: in which language reasons are written, and the fingerprint of the file's header."""
WATCHED_PART = min(10_000, PART)  # rows that land at once where somebody may be watching, to begin with
PACE = 2.0
"""Seconds: parts grow as long as they land faster, so that there is a sign of life, and a chance to stop, every few."""

BEAT = """
UPDATE surveys_import SET progress = %s, rows_done = greatest(rows_done, %s), lease_until = %s, due_at = %s
WHERE id = %s AND epoch = %s AND status = 'running' RETURNING cancel_asked
"""


def keep_upload(upload: UploadedFile[Any], *, now: datetime) -> Path:
    """The file in a folder of its own, under the user's own name for it, cut to what every file system takes."""
    forget_old_uploads(now=now)
    name = Path(upload.name or "upload").name
    path = _folder() / str(uuid4()) / (Path(name).stem[:60] + Path(name).suffix[:10])
    path.parent.mkdir(parents=True)
    try:
        with path.open("wb") as kept:
            # By this time it is forgotten; the disk's own clock may be another than the installation's.
            os.utime(path.parent, times=(now.timestamp(), now.timestamp()))
            for chunk in upload.chunks():
                kept.write(chunk)
    except BaseException:
        discard(path)
        raise
    return path


def upload_key(path: Path) -> UUID:
    """By what a kept file is asked for."""
    return UUID(path.parent.name)


def upload_path(key: UUID) -> Path:
    """The kept file. Raises NotFound for one that was imported, thrown away or forgotten."""
    found = next((_folder() / str(key)).glob("*"), None)
    if found is None:
        raise NotFound(_("This file is not here any more: it is kept for a day at most. Choose it again."))
    return found


def latest_check(path: Path) -> Import | None:
    """What was last tried with a kept file."""
    return Import.objects.filter(path=str(path), dry_run=True).order_by("-id").first()


@transaction.atomic
def queue_import(
    *,
    path: Path,
    mapping_text: str,
    source_code: str | None,
    now: datetime,
    created_by: User | None,
    dry_run: bool = False,
) -> Import:
    """Queue the import of a kept file, or its dry run, in place of what was tried with it before.

    Raises Invalid for what header, mapping and the first days of the file show to be wrong.
    """
    mapping = read_mapping(mapping_text)
    with open_table(path) as table, mapping_problems():
        settled(bind(mapping, table, now), table.rows)
        header = header_fingerprint(table.header)
    _drop_checks(path)
    return Import.objects.create(
        source=prepare(mapping, source_code),
        file_name=path.name[:200],
        path=str(path),
        sha256=fingerprint(path),
        mapping=mapping_text,
        counts={"language": translation.get_language(), "header": header},
        dry_run=dry_run,
        created_by=created_by,
        created_at=now,
        due_at=now,
    )


def confirm(*, tried: Import, now: datetime, created_by: User) -> Import:
    """Queue the import that a dry run tried. Raises Conflict when that is not finished, or was followed before."""
    if tried.status != DueStatus.DONE or not tried.dry_run:
        raise Conflict(_("This is not a finished dry run; wait for it, or choose the file again."))
    if not Path(tried.path).is_file():
        raise Conflict(_("This file is used or older than a day; choose it again."))
    try:
        with transaction.atomic():
            if not Import.objects.filter(pk=tried.pk).exclude(path="").update(path=""):
                raise Conflict(_("This file is used or older than a day; choose it again."))
            return Import.objects.create(
                source=tried.source,
                file_name=tried.file_name,
                path=tried.path,
                sha256=tried.sha256,
                mapping=tried.mapping,
                counts={name: tried.counts[name] for name in TOLD if name in tried.counts},
                checked=tried,
                created_by=created_by,
                created_at=now,
                due_at=now,
            )
    except IntegrityError as error:
        raise Conflict(_("This file was queued already.")) from error


def cancel(*, batch: Import) -> None:
    """Call an import off: at once while it waits, behind the part in hand while it runs. What landed stays."""
    waiting = Import.objects.filter(pk=batch.pk, status=DueStatus.WAITING)
    called_off = {"status": DueStatus.CANCELLED, "cancel_asked": True, "last_error": _("Called off.")}
    if waiting.update(**called_off, **_without_file(batch)):
        if not batch.dry_run:
            discard(Path(batch.path))
    elif not Import.objects.filter(pk=batch.pk, status=DueStatus.RUNNING).update(cancel_asked=True):
        raise Conflict(_("This import is over."))


@transaction.atomic
def throw_away(*, path: Path) -> None:
    """Forget a kept file and what was tried with it. Raises Conflict while it is being imported."""
    if Import.objects.filter(path=str(path), dry_run=False, status__in=LIVE).exists():
        raise Conflict(_("This file is being imported; call the import off instead."))
    _drop_checks(path)
    transaction.on_commit(lambda: discard(path))


def run_due_imports(*, now: datetime | None = None) -> Drained:
    """Import the uploads that wait, try those that want to be tried, forget those that nobody came back for."""
    drained = QUEUE.drain(now=now)
    if any(_folder().glob("*")):
        forget_old_uploads(now=now or clock.now())
    return drained


def forget_old_uploads(*, now: datetime) -> None:
    """Remove the files that have waited for a day, with what was tried with them; none that an import waits for."""
    for folder in _folder().glob("*"):
        try:
            is_old = folder.stat().st_mtime < (now - KEPT_FOR).timestamp()
        except FileNotFoundError:  # another process was faster
            continue
        rows = Import.objects.filter(path__startswith=f"{folder}/")
        if is_old and not rows.filter(status__in=LIVE).exists():
            for path in folder.glob("*"):
                _drop_checks(path)
            rows.update(path="")
            shutil.rmtree(folder, ignore_errors=True)


def discard(path: Path) -> None:
    """Remove an upload with the folder it has for itself."""
    if path.is_relative_to(_folder()) and path.parent != _folder():
        shutil.rmtree(path.parent, ignore_errors=True)


def _folder() -> Path:
    return Path(settings.MEDIA_ROOT) / FOLDER


def _drop_checks(path: Path) -> None:
    """What was tried with a file before goes: with what it found, or by being called off while it runs."""
    checks = Import.objects.filter(path=str(path), dry_run=True)
    checks.filter(status=DueStatus.RUNNING).update(cancel_asked=True, path="")
    for check in checks:
        if rejects := check.counts.get("rejects_file"):
            Path(rejects).unlink(missing_ok=True)
    checks.delete()


def _without_file(batch: Import) -> dict[str, str]:
    """What an import that ends early keeps: a dry run its file, for the next mapping; an import nothing."""
    return {} if batch.dry_run else {"path": ""}


# --- the work of a queued row ----------------------------------------------------------------------------------------
def _land(batch: Import, now: datetime) -> None:
    """Outside the transaction that completes the row, because each part has one of its own."""
    if not batch.path:
        raise Never(_("The command that imported this file was interrupted. Run it again: what is missing is added."))
    if batch.dry_run:
        batch.rows_done = 0  # of a try that was interrupted nothing is left
    path = Path(batch.path)
    rejects = settings.HOME / "rejects" / f"{batch.pk}-{Path(batch.file_name).stem}-rejects.csv"
    speaking = translation.override(batch.counts.get("language"))
    with speaking, _refusing(batch), open_table(path) as table, _pulse(batch, now) as beat, undone(batch.dry_run):
        decoder = bind(read_mapping(batch.mapping), table, batch.created_at)
        run = Run(
            batch,
            table,
            decoder,
            rejects,
            # The file was received when it was uploaded, so that is its time.
            now=batch.created_at,
            keep=True,
            write=not batch.dry_run,
            beat=beat,
            part=WATCHED_PART,
        )
        run.land()
        batch.run = run  # type: ignore[attr-defined]


def _finish(batch: Import, _now: datetime) -> None:
    """Write what the run came to. The file of a dry run stays for the import that may follow."""
    run: Run = batch.run  # type: ignore[attr-defined]
    run.write_rejects()
    Import.objects.filter(pk=batch.pk).update(counts=run.counts, progress=1)
    if not batch.dry_run:
        Import.objects.filter(pk=batch.pk).update(path="")
        transaction.on_commit(lambda: discard(Path(batch.path)))


@contextmanager
def _pulse(batch: Import, now: datetime) -> Iterator[Any]:
    """After each part: show how far it is, keep the lease, and hear whether it is called off.

    A dry run is one transaction, which nobody sees into: its pulse has a connection of its own.
    """
    own = connection.copy() if batch.dry_run else connection
    begun = last = time.monotonic()
    size = WATCHED_PART

    def beat(part: Part) -> int:
        nonlocal last, size
        moment = time.monotonic()
        until = now + timedelta(seconds=moment - begun) + LEASE
        with own.cursor() as cursor:
            cursor.execute(BEAT, [part.share, part.last, until, until, batch.pk, batch.epoch])
            heard = cursor.fetchone()
        if heard is None and not batch.dry_run:
            raise StaleLease(_("Somebody else goes on with this import."))
        if heard and heard[0]:
            raise Never(_("Called off after row %(row)s.") % {"row": part.last}, **_without_file(batch))
        if moment - last < PACE:
            size = min(2 * size, PART)
        last = moment
        return size

    try:
        yield beat
    finally:
        if own is not connection:
            own.close()


@contextmanager
def _refusing(batch: Import) -> Iterator[None]:
    """A file that cannot be used will be no better in a minute: the row is cancelled, with the sentence in it."""
    try:
        yield
    except (Invalid, Never) as error:
        if not batch.dry_run:
            discard(Path(batch.path))
        if isinstance(error, Never):
            raise
        raise Never(error.message, **_without_file(batch)) from error


QUEUE = Queue(Import, _finish, outside=_land, lease=LEASE)
