"""Files become signals: read, decode, land; in the foreground, or queued by an upload and drained by a worker."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from loopcare.common.due_rows import Drained, DueStatus, Never, Queue
from loopcare.common.errors import Invalid
from loopcare.customers.enums import PointKind
from loopcare.customers.numbers import normalise
from loopcare.customers.services import merge_points
from loopcare.staff.models import User
from surveys.logic.decoding import Decoded, Decoder, Reject, address
from surveys.logic.mapping import Mapping, parse_mapping
from surveys.logic.observing import Observer
from surveys.models import Import, ImportReject, PoolEntry
from surveys.services.landing import Landed, land
from surveys.services.months import make_months
from surveys.services.reading import Table, open_table
from surveys.services.rejects import RejectsFile
from surveys.services.setup import ensure_causes, resolve_source
from surveys.services.wording import mapping_problems, said

REJECTS_SHOWN = 50
REJECTS_STORED = 10_000  # of one import; the file has all
UPLOADS = "imports"  # under MEDIA_ROOT


@dataclass(frozen=True, slots=True)
class ImportResult:
    """Counts of one import. rows = accepted + duplicates + rejected; the others count what is new in this run."""

    rows: int
    accepted: int
    duplicates: int
    rejected: int
    rejects_file: str | None
    warnings: list[str]
    signals: int
    dissatisfied: int
    pool_new: int
    pool_open: int
    rejects: list[dict[str, Any]] = field(default_factory=list)


def import_file(
    *,
    path: Path,
    mapping_text: str,
    source_code: str | None,
    now: datetime,
    created_by: User | None = None,
    dry_run: bool = False,
    rejects_dir: Path | None = None,
) -> ImportResult:
    """Import one file now, whole or not at all. A dry run does the same work, gives the same counts and undoes it.

    `source_code` overrides the mapping's source and must exist. Rejected rows go to `<name>-rejects.csv` in
    `rejects_dir` (default: `rejects` in the data directory), not in a dry run. Raises Invalid for a file that is no
    table, a mapping that does not fit it, or an unknown source.
    """
    mapping = _mapping(mapping_text)
    prepare_months(path=path, mapping=mapping, now=now)
    with transaction.atomic():
        source = resolve_source(mapping=mapping, code=source_code)
        batch = Import.objects.create(
            source=source,
            file_name=path.name[:200],
            sha256=_sha256(path),
            mapping=mapping_text,
            created_by=created_by,
            created_at=now,
            due_at=now,
            status=DueStatus.DONE,
        )
        rejects = (rejects_dir or settings.HOME / "rejects") / f"{path.stem}-rejects.csv"
        result = _run(batch, path=path, mapping=mapping, rejects=rejects, now=now, keep=not dry_run)
        if dry_run:
            transaction.set_rollback(True)
    return result


def queue_import(
    *, upload: UploadedFile[Any], mapping_text: str, source_code: str | None, now: datetime, created_by: User | None
) -> Import:
    """Keep an uploaded file and queue its import. What can be known from its header is refused here, with Invalid."""
    mapping = _mapping(mapping_text)
    name = Path(upload.name or "upload").name
    short = Path(name).stem[:60] + Path(name).suffix[:10]  # messages repeat it; every file system takes it
    path = Path(settings.MEDIA_ROOT) / UPLOADS / uuid4().hex / short
    path.parent.mkdir(parents=True)
    try:
        with path.open("wb") as kept:
            for chunk in upload.chunks():
                kept.write(chunk)
        with open_table(path) as table:
            _decoder(mapping, table, now)
        with transaction.atomic():
            return Import.objects.create(
                source=resolve_source(mapping=mapping, code=source_code),
                file_name=name[:200],
                path=str(path),
                sha256=_sha256(path),
                mapping=mapping_text,
                created_by=created_by,
                created_at=now,
                due_at=now,
            )
    except BaseException:
        _discard(path)
        raise


def run_due_imports(*, now: datetime | None = None) -> Drained:
    """Import the uploads that wait."""
    return QUEUE.drain(now=now)


def prepare_months(*, path: Path, mapping: Mapping, now: datetime) -> None:
    """Make the partitions a file needs, in a short transaction of their own; also reads whether it fits at all."""
    with open_table(path) as table:
        decoder = _decoder(mapping, table, now)
        if mapping.occurred_on is not None:
            days = {mapping.occurred_on}
        else:
            found = (decoder.day(cells) for _row, cells in table.rows)
            days = {day.replace(day=1) for day in found if day is not None}
    make_months(days=days)


def _months_of_upload(batch: Import, _now: datetime) -> None:
    with _refusing(batch):
        prepare_months(path=Path(batch.path), mapping=_mapping(batch.mapping), now=batch.created_at)


def _import_upload(batch: Import, _now: datetime) -> None:
    """The work of one queued row; the file was received when it was uploaded, so that is its time."""
    path = Path(batch.path)
    rejects = settings.HOME / "rejects" / f"{batch.pk}-{Path(batch.file_name).stem}-rejects.csv"
    with _refusing(batch):
        _run(batch, path=path, mapping=_mapping(batch.mapping), rejects=rejects, now=batch.created_at, keep=True)
    Import.objects.filter(pk=batch.pk).update(path="")
    transaction.on_commit(lambda: _discard(path))


@contextmanager
def _refusing(batch: Import) -> Iterator[None]:
    """A file that cannot be used will be no better in a minute: the row is cancelled, with the sentence in it."""
    try:
        yield
    except Invalid as error:
        _discard(Path(batch.path))
        raise Never(error.message, path="") from error


def _discard(path: Path) -> None:
    """Remove an upload with the folder it has for itself."""
    shutil.rmtree(path.parent, ignore_errors=True)


QUEUE = Queue(Import, _import_upload, outside=_months_of_upload, lease=timedelta(minutes=10))


def _mapping(text: str) -> Mapping:
    with mapping_problems():
        return parse_mapping(text)


def _decoder(mapping: Mapping, table: Table, now: datetime) -> Decoder:
    with mapping_problems():
        return Decoder(mapping, table.header, today=localdate(now))


def _sha256(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _run(batch: Import, *, path: Path, mapping: Mapping, rejects: Path, now: datetime, keep: bool) -> ImportResult:
    """Everything an import does to the database; the caller's transaction decides whether it stays."""
    if mapping.opening.adequate is None and batch.source.adequate is None and not mapping.opening.adequate_column:
        raise Invalid(
            _("Nobody says what is good enough: give adequate in the mapping's opening rating, or for the source."),
            field="mapping",
        )
    ensure_causes(causes=[(cause.code, cause.name_en, cause.name_zh) for cause in mapping.causes])
    with open_table(path) as table:
        stream = _Stream(batch, table, _decoder(mapping, table, now), rejects)
        try:
            landed = land(rows=stream, source=batch.source, now=now, actor_id=batch.created_by_id)
            merge_points(rows=stream.points)
        except BaseException:
            stream.file.close(keep=False)
            raise
    ImportReject.objects.bulk_create(stream.stored, batch_size=2_000)
    result = stream.result(landed, rejects_file=stream.file.close(keep=keep))
    counts = {name: value for name, value in asdict(result).items() if name != "rejects"}
    Import.objects.filter(pk=batch.pk).update(counts=counts)
    return result


class _Stream:
    """Decodes rows as they are asked for, and keeps aside what is rejected, remarkable, or a contact point."""

    def __init__(self, batch: Import, table: Table, decoder: Decoder, rejects: Path) -> None:
        columns = decoder.mapping.columns
        personal = {name for name in (columns.name, columns.phone, columns.email) if name}
        hidden = {decoder.position(name) for name in personal}
        self._batch = batch
        self._table = table
        self._decoder = decoder
        self._observer = Observer(address(table.header), hidden={*personal, columns.reference})
        self.file = RejectsFile(rejects, table.header, hidden=hidden)
        self.stored: list[ImportReject] = []
        self.points: list[tuple[str, str, str]] = []
        self.decoded = self.rejected = self._unreadable = 0

    def __iter__(self) -> Iterator[Decoded]:
        for number, cells in self._table.rows:
            self._observer.look(cells)
            row = self._decoder.decode_row(number, cells)
            if isinstance(row, Decoded):
                self.decoded += 1
                self._collect_points(row)
                yield row
            else:
                self.rejected += 1
                self.file.add(row, cells)
                self._store(row)

    def _collect_points(self, row: Decoded) -> None:
        for kind, text in ((PointKind.PHONE, row.phone), (PointKind.EMAIL, row.email)):
            if text:
                try:
                    self.points.append((row.reference, kind.value, normalise(kind, text)))
                except Invalid:
                    self._unreadable += 1

    def _store(self, rejects: list[Reject]) -> None:
        if len(self.stored) < REJECTS_STORED:
            self.stored += [
                ImportReject(
                    batch=self._batch,
                    row=reject.row,
                    column=reject.column[:200],
                    value=reject.value,
                    reason=said(reject.reason)[:200],
                )
                for reject in rejects
            ]

    def result(self, landed: Landed, *, rejects_file: str | None) -> ImportResult:
        warnings = [said(sentence) for sentence in self._observer.warnings()]
        if self._unreadable:
            sentence = _("%(count)s phone numbers or addresses cannot be read and were left out.")
            warnings.append(sentence % {"count": self._unreadable})
        return ImportResult(
            rows=self.decoded + self.rejected,
            accepted=landed.accepted,
            duplicates=self.decoded - landed.accepted,
            rejected=self.rejected,
            rejects_file=rejects_file,
            warnings=warnings,
            signals=landed.signals,
            dissatisfied=landed.dissatisfied,
            pool_new=landed.pool_new,
            pool_open=PoolEntry.objects.open().count(),
            rejects=[
                {"row": reject.row, "column": reject.column, "value": reject.value, "reason": reject.reason}
                for reject in self.stored[:REJECTS_SHOWN]
            ],
        )
