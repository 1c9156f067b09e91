"""What is kept for a while only: rejected rows, which hold what people said, and answers to calls of other systems.

Rejected rows wait 30 days to be mended; then their values and their file go, and what was wrong where stays. A person
who is to be erased is taken out of them at once.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TextIO

from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from loopcare.common.due_rows import LIVE
from loopcare.customers.models import Customer
from loopcare.customers.numbers import national
from surveys.logic.rejected_rows import armed
from surveys.models import Import, ImportReject
from surveys.services.daily import once_a_day
from surveys.services.ingest import forget_replies
from surveys.services.rejects import BETWEEN

REJECTS_KEPT = timedelta(days=30)
FORGETTING = "forgetting what is old"
FORGETTING_LOCK = 7_006
DISTINCT = 6
"""A reference so long is looked for inside of texts too; a shorter one would be met everywhere by chance."""


@dataclass(frozen=True, slots=True)
class Words:
    """What names a person: `whole` as a cell of its own, `within` anywhere in one."""

    whole: frozenset[str]
    within: tuple[str, ...]

    def name(self, text: str) -> bool:
        return text in self.whole or any(word in text for word in self.within)


def words_of(customer: Customer) -> Words:
    """Reference, name, numbers and addresses of a customer; call it before they are erased."""
    within = [form for point in customer.points.all() for form in _forms(point.kind, str(point.value))]
    if len(customer.reference) >= DISTINCT:
        within.append(customer.reference)
    whole = {customer.reference, str(customer.name)} if customer.name else {customer.reference}
    return Words(frozenset(whole), tuple(within))


def _forms(kind: str, value: str) -> set[str]:
    return {value, national(value)} if kind == "phone" else {value}


def forget_daily(*, now: datetime) -> int:
    """Once a day, forget what has been kept long enough. Returns how many imports and answers that were."""

    def work() -> int:
        return forget_rejects(now=now) + forget_replies(now=now)

    return once_a_day(work, name=FORGETTING, lock=FORGETTING_LOCK, now=now) or 0


def forget_rejects(*, now: datetime) -> int:
    """Empty the values of rows that were rejected 30 days ago, and delete their files; returns how many imports."""
    old = Import.objects.filter(created_at__lte=now - REJECTS_KEPT).exclude(status__in=LIVE)
    forgotten = 0
    told = Exists(ImportReject.objects.filter(batch=OuterRef("pk")).exclude(value=""))
    for batch in old.filter(Q(counts__rejects_file__isnull=False) | told):
        file = Path(batch.counts.get("rejects_file") or "")
        if file.is_relative_to(_folder()) and _is_still_of(batch, file):
            file.unlink(missing_ok=True)
        batch.rejects.update(value="")
        counts = {name: value for name, value in batch.counts.items() if name != "rejects_file"}
        forgotten += Import.objects.filter(pk=batch.pk).update(counts=counts)
    return forgotten


def _is_still_of(batch: Import, file: Path) -> bool:
    """A file of the same name that was imported later has taken the place of the earlier rejects."""
    later = Import.objects.filter(counts__rejects_file=str(file), pk__gt=batch.pk)
    return not later.exists()


def forget_rejected(*, words: Words) -> int:
    """Take the rows that name a person out of the rejects of every import that is over; returns how many lines.

    An import that runs is still writing its file; what it rejects goes after its 30 days.
    """
    found = Q(value__in=words.whole)
    for word in words.within:
        found |= Q(value__contains=word)
    ImportReject.objects.filter(found).update(value="")
    busy = Import.objects.filter(status__in=LIVE).values_list("file_name", flat=True)
    files = [file for file in _folder().glob("*.csv") if not any(Path(name).stem in file.name for name in busy)]
    return sum(_without(file, words) for file in files)


def _without(file: Path, words: Words) -> int:
    """Write a file anew without the lines that name somebody; returns how many those were."""
    with file.open(encoding="utf-8-sig", newline="") as lines:
        header, *rows = csv.reader(lines)
    kept = [row for row in rows if not any(words.name(part) for cell in row for part in _parts(cell))]
    if len(kept) == len(rows):
        return 0
    new = file.with_name(f".{file.name}.new")
    with new.open("w", encoding="utf-8-sig", newline="") as lines:
        _write(lines, [header, *kept])
    new.replace(file)
    for batch in Import.objects.filter(counts__rejects_file=str(file)):
        batch.counts["rejects_bytes"] = file.stat().st_size
        batch.save(update_fields=["counts"])
    return len(rows) - len(kept)


def _parts(cell: str) -> list[str]:
    """What a cell of the file says: several values of one row stand in one, disarmed for spreadsheets."""
    return [armed(cell), *(armed(part) for part in armed(cell).split(BETWEEN))]


def _write(lines: TextIO, rows: Sequence[Sequence[str]]) -> None:
    csv.writer(lines).writerows(rows)
    lines.flush()
    os.fsync(lines.fileno())


def _folder() -> Path:
    return Path(settings.HOME) / "rejects"
