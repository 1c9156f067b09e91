"""One file on its way into the database: part after part, counted as it goes, what is rejected kept aside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from loopcare.common.errors import Invalid, StaleLease
from loopcare.customers.numbers import normalise
from loopcare.customers.points import merge_points
from surveys.logic.decoder import Decoder
from surveys.logic.decoding import Reject
from surveys.logic.sentences import Sentence, gettext_noop
from surveys.models import Import, ImportReject, PoolEntry
from surveys.services.landing import land_staged
from surveys.services.parts import PART, FileParts, Part
from surveys.services.reading import Table
from surveys.services.rejects import RejectsFile
from surveys.services.wording import mapping_problems, said

REJECTS_SHOWN = 50
REJECTS_STORED = 10_000  # of one import; the file has all
NOBODY = gettext_noop("Nobody is known by this reference, and the source takes known customers only.")

# What is counted while a file lands; kept with each part, so that an import that goes on counts on.
COUNTED = ("rows", "accepted", "duplicates", "rejected", "signals", "updated", "dissatisfied", "pool_new")
ASIDE = ("unreadable", "clashes")

Beat = Callable[[Part], int]
"""Told of each part that landed; says how many rows a part may have from now on."""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """Counts of one import. rows = accepted + duplicates + rejected; the others count what is new in this run.

    `updated` are events that were known and went on: a ticket that was closed. Their rows are known ones.
    """

    rows: int
    accepted: int
    duplicates: int
    rejected: int
    rejects_file: str | None
    warnings: list[str]
    signals: int
    updated: int
    dissatisfied: int
    pool_new: int
    pool_open: int
    rejects: list[dict[str, Any]] = field(default_factory=list)


class Run:
    """One file on its way. `counts` is what is kept of it; `stored` are rejects that are not written yet.

    Without `write` the row of the import is left alone until `write_rejects`: a dry run is one transaction, and whoever
    watches its row must not wait for it.
    """

    def __init__(
        self,
        batch: Import,
        table: Table,
        decoder: Decoder,
        rejects: Path,
        *,
        now: datetime,
        keep: bool,
        write: bool = True,
        beat: Beat | None = None,
        part: int = PART,
    ) -> None:
        self.batch = batch
        self.counts: dict[str, Any] = dict.fromkeys((*COUNTED, *ASIDE), 0) | batch.counts
        self.stored: list[ImportReject] = []
        self._shown: list[ImportReject] = []
        self._now = now
        self._keep = keep
        self._write = write
        self._beat = beat
        with mapping_problems():
            self._parts = FileParts(table, decoder, batch.source, done=batch.rows_done, size=part)
        self._file = RejectsFile(
            rejects, table.header, hidden=self._parts.hidden, keep_bytes=self.counts.get("rejects_bytes", 0)
        )
        self._reference = decoder.mapping.columns.reference

    def land(self) -> None:
        """Land every part that has not landed yet. Raises StaleLease when somebody else goes on with the import."""
        try:
            with closing(iter(self._parts)) as parts:
                for part in parts:
                    self._land(part)
                    if self._beat is not None:
                        self._parts.size = self._beat(part)
        except BaseException:
            self._file.close(keep=bool(self.batch.rows_done) and self._keep)
            raise
        self.counts["rejects_file"] = self._file.close(keep=self._keep)
        self.counts["warnings"] = self._warnings()
        self.counts["pool_open"] = PoolEntry.objects.open().count()

    def result(self) -> ImportResult:
        kept = {name: self.counts[name] for name in (*COUNTED, "rejects_file", "warnings", "pool_open")}
        rejects = [
            {"row": reject.row, "column": reject.column, "value": reject.value, "reason": reject.reason}
            for reject in self._shown
        ]
        return ImportResult(**kept, rejects=rejects)

    def _land(self, part: Part) -> None:
        with transaction.atomic():
            who = self.batch.created_by_id
            landed = land_staged(part.staged, now=self._now, actor_id=who, rehearsal=self.batch.dry_run)
            for row in landed.unknown:
                reject = Reject(row, self._reference, "", Sentence(NOBODY))
                part.rejected.append(([reject], part.cells[row]))
            merge_points(rows=self._readable(part))
            self._count(part, landed.accepted, len(landed.unknown))
            for name in ("signals", "updated", "dissatisfied", "pool_new"):
                self.counts[name] += getattr(landed, name)
            self.counts["clashes"] += len(landed.clashes)
            if self._write:
                self._hold_place()
            self._reject(part)
            if self._write:
                self._keep_place(part)
        self.batch.rows_done = part.last

    def _hold_place(self) -> None:
        """Nobody else takes this import until the part is committed: the file of rejects is not undone with it."""
        mine = Import.objects.select_for_update().filter(pk=self.batch.pk, epoch=self.batch.epoch)
        if not mine.exists():
            raise StaleLease(_("Somebody else goes on with this import."))

    def _keep_place(self, part: Part) -> None:
        """Where to go on, written with the part itself; getting further is no further try."""
        self.write_rejects()
        changes = {"rows_done": part.last, "progress": part.share, "counts": self.counts, "tries": 1}
        Import.objects.filter(pk=self.batch.pk, epoch=self.batch.epoch).update(**changes)

    def _count(self, part: Part, accepted: int, unknown: int) -> None:
        rejected = len(part.rejected)
        self.counts["rows"] += part.staged.rows - unknown + rejected
        self.counts["accepted"] += accepted
        self.counts["rejected"] += rejected
        self.counts["duplicates"] += part.staged.rows - unknown - accepted

    def _reject(self, part: Part) -> None:
        room = REJECTS_STORED - self.counts["rejected"] + len(part.rejected)
        for reasons, cells in part.rejected:
            self._file.add(reasons, cells)
            if room > 0:
                room -= 1
                self.stored += [self._row(reason) for reason in reasons]
        self._shown += self.stored[: REJECTS_SHOWN - len(self._shown)]
        self.counts["rejects_bytes"] = self._file.size()

    def write_rejects(self) -> None:
        ImportReject.objects.bulk_create(self.stored, batch_size=2_000)
        self.stored = []

    def _row(self, reject: Reject) -> ImportReject:
        return ImportReject(
            batch=self.batch,
            row=reject.row,
            column=reject.column[:200],
            value=reject.value,
            reason=said(reject.reason)[:200],
        )

    def _readable(self, part: Part) -> Iterator[tuple[str, str, str]]:
        # Most files repeat their customers, and what was read once need not be read again.
        for reference, kind, text in dict.fromkeys(part.points):
            try:
                yield reference, kind, normalise(kind, text)
            except Invalid:
                self.counts["unreadable"] += 1

    def _warnings(self) -> list[str]:
        warnings = [said(sentence) for sentence in self._parts.warnings()]
        if self.counts["unreadable"]:
            sentence = _("%(count)s phone numbers or addresses cannot be read and were left out.")
            warnings.append(sentence % {"count": self.counts["unreadable"]})
        if self.counts["clashes"]:
            sentence = _("%(count)s rows are known already and say something else now; what was first stays.")
            warnings.append(sentence % {"count": self.counts["clashes"]})
        return warnings
