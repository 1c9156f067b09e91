"""Closed months of signals go to files and come back, and no row is dropped that was not read back from its file.

`HOME/archive/signals/year=YYYY/month=MM/signals-*.parquet`: the row of `ArchivedMonth` names the file that counts, so
that a new one takes the place of an old one by the commit. What a killed process leaves behind is swept by the next.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from secrets import token_hex

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from psycopg.errors import DeadlockDetected, LockNotAvailable, ObjectNotInPrerequisiteState

from loopcare.common.errors import Conflict, NotFound
from surveys.models import ArchivedMonth
from surveys.services.detecting import REPEAT_WINDOW
from surveys.services.month_files import (
    COLUMNS,
    fingerprint,
    forget_in_file,
    holds_customer,
    read_month,
    write_month,
)
from surveys.services.months import make_months

KEPT_AT_LEAST = REPEAT_WINDOW + timedelta(days=30)
"""So long after its end a month stays in the database: repeats are counted in it, and late signals land."""
ARCHIVE_LOCK = 7_005
"""Whoever writes to the archive is alone."""

STANDING = """
SELECT to_date(right(c.relname, 7), 'YYYY_MM') FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
WHERE i.inhparent = 'surveys_signal'::regclass ORDER BY 1
"""
READ_BACK = "CREATE TEMPORARY TABLE archive_read_back (LIKE surveys_signal) ON COMMIT DROP"


@dataclass(frozen=True, slots=True)
class Archived:
    """A month as it stands in the archive; `is_new` when this run wrote its file."""

    month: date
    rows: int
    size: int
    file: Path
    is_new: bool


def folder() -> Path:
    """Where the files are."""
    return Path(settings.HOME) / "archive" / "signals"


def standing_months(*, before: date) -> list[date]:
    """The months before this one whose signals stand in the database, by their first days."""
    with connection.cursor() as cursor:
        cursor.execute(STANDING)
        return [month for (month,) in cursor.fetchall() if month < before.replace(day=1)]


def may_be_dropped(*, month: date, now: datetime) -> bool:
    """Whether a month is old enough to stand in its file only."""
    return _next(month) + KEPT_AT_LEAST <= localdate(now)


def refuse_gone(*, days: Iterable[date]) -> None:
    """Raises Conflict for a day whose signals stand in a file only."""
    months = {day.replace(day=1) for day in days}
    gone = ArchivedMonth.objects.filter(month__in=months).exclude(dropped_at=None).first()
    if gone is not None:
        raise Conflict(
            _("The signals of %(month)s are archived; first run archive_months --restore %(month)s.")
            % {"month": f"{gone.month:%Y-%m}"}
        )


@transaction.atomic(durable=True)
def archive_month(*, month: date, now: datetime) -> Archived:
    """Write a closed month to its file, unless the file that counts has exactly its rows.

    The file is read back into the database and compared before it counts. Raises Conflict for a month that is not
    over, that changed meanwhile, or while somebody else archives; NotFound for one without signals here or in a file.
    """
    if _next(month) > localdate(now):
        raise Conflict(_("The month %(month)s is not over yet.") % {"month": f"{month:%Y-%m}"})
    return _archive(month, now)


def _archive(month: date, now: datetime) -> Archived:
    with _alone() as work:
        known = ArchivedMonth.objects.filter(month=month).first()
        if known is not None and known.dropped_at:
            return _told(known, is_new=False)
        partition = _partition(month)
        rows, checksum = _content(partition)
        if known is not None and _stands(known, rows, checksum):
            return _told(known, is_new=False)
        new = _new_file(month)
        write_month(table=partition, file=new, work=work)
        if _content_of(new, work) != (rows, checksum):
            raise Conflict(_("Signals of %(month)s came meanwhile; repeat.") % {"month": f"{month:%Y-%m}"})
        return _told(_let_count(month, new, rows, checksum, now), is_new=True)


@transaction.atomic(durable=True)
def drop_month(*, month: date, now: datetime) -> int:
    """Drop an archived month from the database; returns its rows, 0 when that was done before.

    Raises Conflict for a month that is too young, not archived as it stands, whose file is not as it was written, or
    that others are reading right now; NotFound for one that was never archived.
    """
    with _alone():
        known = _known(month)
        if not may_be_dropped(month=month, now=now):
            raise Conflict(
                _("The month %(month)s is too young: it stays until %(days)s days after its end.")
                % {"month": f"{month:%Y-%m}", "days": KEPT_AT_LEAST.days}
            )
        _check_file(known)
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT surveys_drop_month(%s)", [month])
                (rows,) = cursor.fetchone()
        except OperationalError as error:
            raise _refusal(error, month) from error
        return int(rows)


@transaction.atomic(durable=True)
def restore_month(*, month: date) -> int:
    """Bring a dropped month back as it was; returns its rows, 0 for one that stands. The file stays.

    Raises NotFound for a month that was never archived, Conflict when its file is damaged or gone.
    """
    with _alone() as work:
        known = _known(month)
        if known.dropped_at is None:
            return 0
        _check_file(known)
        ArchivedMonth.objects.filter(month=month).update(dropped_at=None)
        make_months(days=[month])
        read_month(file=folder() / known.file, table="surveys_signal", work=work)
        if _content(_partition(month)) != (known.rows, known.checksum):
            raise Conflict(_("The archived rows of %(month)s are not what they were.") % {"month": f"{month:%Y-%m}"})
        return known.rows


def forget_customer(*, customer_id: int, now: datetime) -> int:
    """Take comments and external ids of a customer out of every file; returns how many files were replaced.

    Each month is a transaction of its own; harmless to repeat. Rows that stand in the database must be cleared before.
    """
    replaced = 0
    for month, name in list(ArchivedMonth.objects.values_list("month", "file")):
        if holds_customer(file=folder() / name, customer_id=customer_id):
            _forget(month, customer_id, now)
            replaced += 1
    return replaced


@transaction.atomic(durable=True)
def _forget(month: date, customer_id: int, now: datetime) -> None:
    known = _known(month)
    if known.dropped_at is None:
        _archive(month, now)
        return
    with _alone() as work:
        _check_file(known)
        new = _new_file(month)
        forget_in_file(file=folder() / known.file, customer_id=customer_id, new=new)
        rows, checksum = _content_of(new, work)
        if rows != known.rows:
            raise Conflict(_("The archived rows of %(month)s are not what they were.") % {"month": f"{month:%Y-%m}"})
        _let_count(month, new, rows, checksum, now)


# --- rows ------------------------------------------------------------------------------------------------------------
def _known(month: date) -> ArchivedMonth:
    known = ArchivedMonth.objects.select_for_update().filter(month=month).first()
    if known is None:
        raise NotFound(_("The month %(month)s is not archived.") % {"month": f"{month:%Y-%m}"})
    return known


def _partition(month: date) -> str:
    if month not in standing_months(before=_next(month)):
        raise NotFound(_("There are no signals of %(month)s.") % {"month": f"{month:%Y-%m}"})
    return f"surveys_signal_{month:%Y_%m}"


def _content(table: str) -> tuple[int, str]:
    """How many rows, and their checksum, which their order does not change."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM surveys_content(%s::regclass, %s)", [table, list(COLUMNS)])
        rows, checksum = cursor.fetchone()
    return rows, checksum


def _content_of(file: Path, work: Path) -> tuple[int, str]:
    """The same of a file, read back into the database."""
    with connection.cursor() as cursor:
        cursor.execute(READ_BACK)
        read_month(file=file, table="archive_read_back", work=work)
        content = _content("archive_read_back")
        cursor.execute("DROP TABLE archive_read_back")
    return content


def _let_count(month: date, new: Path, rows: int, checksum: str, now: datetime) -> ArchivedMonth:
    """Give the file its name and let it count from the commit on; its predecessor goes after it."""
    file = new.with_name(new.name.removeprefix(".new-"))
    new.rename(file)
    descriptor = os.open(file.parent, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
    former = ArchivedMonth.objects.filter(month=month).values_list("file", flat=True).first()
    facts = {
        "rows": rows,
        "checksum": checksum,
        "columns": list(COLUMNS),
        "file": str(file.relative_to(folder())),
        "sha256": fingerprint(file),
        "size": file.stat().st_size,
        "archived_at": now,
    }
    row, _created = ArchivedMonth.objects.update_or_create(month=month, defaults=facts)
    if former:
        transaction.on_commit(lambda: (folder() / former).unlink(missing_ok=True))
    return row


def _stands(known: ArchivedMonth, rows: int, checksum: str) -> bool:
    """Whether the file that counts has exactly these rows, in the columns of today, and is as it was written."""
    same = (known.rows, known.checksum, known.columns) == (rows, checksum, list(COLUMNS))
    return same and fingerprint(folder() / known.file) == known.sha256


def _told(row: ArchivedMonth, *, is_new: bool) -> Archived:
    return Archived(row.month, row.rows, row.size, folder() / row.file, is_new)


def _refusal(error: OperationalError, month: date) -> Exception:
    """What the database says when it will not drop a month, in a sentence that tells what to do."""
    facts = {"month": f"{month:%Y-%m}"}
    if isinstance(error.__cause__, ObjectNotInPrerequisiteState):
        return Conflict(_("The month %(month)s changed since it was archived; archive it again.") % facts)
    if isinstance(error.__cause__, LockNotAvailable | DeadlockDetected):
        return Conflict(_("Others are using the signals right now; drop %(month)s again in a moment.") % facts)
    return error


# --- files -----------------------------------------------------------------------------------------------------------
@contextmanager
def _alone() -> Iterator[Path]:
    """Work on the archive alone, with a path for what is between; what a killed process left is swept first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [ARCHIVE_LOCK])
        (alone,) = cursor.fetchone()
    if not alone:
        raise Conflict(_("Somebody else is archiving; repeat when that is done."))
    folder().mkdir(parents=True, exist_ok=True)
    counting = set(ArchivedMonth.objects.values_list("file", flat=True))
    for left in [*folder().glob("year=*/month=*/*signals-*.parquet"), *folder().glob(".work-*")]:
        if str(left.relative_to(folder())) not in counting:
            left.unlink(missing_ok=True)
    yield folder() / f".work-{token_hex(4)}"


def _new_file(month: date) -> Path:
    """A name of its own for every file, hidden until the file is whole."""
    place = folder() / f"year={month:%Y}" / f"month={month:%m}"
    place.mkdir(parents=True, exist_ok=True)
    return place / f".new-signals-{token_hex(4)}.parquet"


def _check_file(known: ArchivedMonth) -> None:
    if fingerprint(folder() / known.file) != known.sha256:
        raise Conflict(
            _("The file %(file)s is not as it was written; bring it back from a copy.") % {"file": known.file}
        )


def _next(month: date) -> date:
    """The first day of the month after."""
    return (month.replace(day=1) + timedelta(days=31)).replace(day=1)
