"""Files become signals: read, decoded, landed part by part; one that was interrupted goes on behind its last part.

Here is what a file does to the database; `uploads` keeps files that came by a page and has workers run them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from loopcare.common.due_rows import DueStatus, holder_name
from loopcare.common.errors import Invalid
from loopcare.common.leases import RELEASED
from loopcare.staff.models import User
from surveys.logic.decoder import Decoder
from surveys.logic.mapping import Mapping, RatingColumn, parse_mapping
from surveys.models import AdequateLevel, Import, Source
from surveys.services.reading import Table, open_table
from surveys.services.running import ImportResult, Run
from surveys.services.setup import ensure_causes, resolve_source
from surveys.services.wording import mapping_problems

LEASE = timedelta(seconds=90)


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
    """Import one file now, in parts, each whole or not at all; run again, it adds what is missing.

    A dry run does the same work, gives the same counts and undoes all of it. `source_code` overrides the mapping's
    source and must exist. Rejected rows go to `<name>-rejects.csv` in `rejects_dir` (default: `rejects` in the data
    directory), not in a dry run. Raises Invalid for a file that is no table, a mapping that does not fit it, or an
    unknown source.
    """
    mapping = read_mapping(mapping_text)
    rejects = (rejects_dir or settings.HOME / "rejects") / f"{path.stem}-rejects.csv"
    with open_table(path) as table, undone(dry_run):
        decoder = bind(mapping, table, now)
        source = prepare(mapping, source_code)
        batch = _begin(path=path, source=source, text=mapping_text, now=now, created_by=created_by, dry_run=dry_run)
        run = Run(batch, table, decoder, rejects, now=now, keep=not dry_run)
        try:
            run.land()
        except Exception as error:
            _give_up(batch, str(error))
            raise
        Import.objects.filter(pk=batch.pk).update(status=DueStatus.DONE, counts=run.counts, progress=1, **RELEASED)
        return run.result()


def read_mapping(text: str) -> Mapping:
    """The mapping a TOML text describes. Raises Invalid."""
    with mapping_problems():
        return parse_mapping(text)


def bind(mapping: Mapping, table: Table, now: datetime) -> Decoder:
    """A mapping on the header of a file. Raises Invalid for a column the file does not have."""
    with mapping_problems():
        return Decoder(mapping, table.header, now=localtime(now))


@contextmanager
def undone(undo: bool) -> Iterator[None]:
    """With `undo`: all that happens inside is undone at the end."""
    keeping: AbstractContextManager[Any] = transaction.atomic() if undo else nullcontext()
    with keeping:
        yield
        if undo:
            transaction.set_rollback(True)


@transaction.atomic
def prepare(mapping: Mapping, source_code: str | None) -> Source:
    """The source a file counts for, and the causes it names. Raises Invalid where nobody says what is good enough."""
    source = resolve_source(mapping=mapping, code=source_code)
    if not _has_level(source, mapping.opening):
        raise Invalid(
            _("Nobody says what is good enough: give adequate in the mapping's opening rating, or for the source."),
            field="mapping",
        )
    ensure_causes(causes=[(cause.code, cause.name_en, cause.name_zh) for cause in mapping.causes])
    return source


def _has_level(source: Source, opening: RatingColumn | None) -> bool:
    if opening is None or opening.adequate is not None or opening.adequate_column or source.adequate is not None:
        return True
    return AdequateLevel.objects.filter(source=source, dimension=opening.dimension).exists()


def fingerprint(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


@transaction.atomic
def _begin(*, path: Path, source: Source, text: str, now: datetime, created_by: User | None, dry_run: bool) -> Import:
    """The row of an import that this process runs itself: it is held, and has no file a worker could go on with."""
    return Import.objects.create(
        source=source,
        file_name=path.name[:200],
        sha256=fingerprint(path),
        mapping=text,
        created_by=created_by,
        created_at=now,
        dry_run=dry_run,
        status=DueStatus.RUNNING,
        holder=holder_name(),
        lease_until=now + LEASE,
        due_at=now + LEASE,
        epoch=1,
    )


def _give_up(batch: Import, error: str) -> None:
    """An import in which nothing landed leaves no trace; what landed stays, with the error beside it."""
    rows = Import.objects.filter(pk=batch.pk)
    if not batch.rows_done:
        rows.delete()
    else:
        rows.update(status=DueStatus.CANCELLED, last_error=error, **RELEASED)
