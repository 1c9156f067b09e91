"""Calls of other systems become signals: read and checked whole, landed, and answered once per idempotency key.

Effect and answer share one transaction, so a call that was cut off left either both or neither, and repeating it is
free: under its idempotency key it gets the same bytes, without one its signals are recognised by their natural key.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import OperationalError, connection, transaction
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from psycopg.errors import DeadlockDetected, LockNotAvailable

from loopcare.common.errors import Conflict, Invalid, Unreadable
from loopcare.common.limits import spend
from loopcare.customers.enums import PointKind
from loopcare.customers.numbers import normalise
from loopcare.customers.points import merge_points
from loopcare.staff.access import Caller
from surveys.logic.decoding import Decoded, Wrong
from surveys.logic.json_rows import Malformed, parse_rows
from surveys.logic.payload import FAULTS, MAX_ROWS, Given, Reader
from surveys.logic.payload_faults import Fault, Faulty
from surveys.logic.sentences import Sentence, gettext_noop
from surveys.models import Cause, IngestReply, Source
from surveys.services.landing import Landed, land
from surveys.services.months import make_months
from surveys.services.wording import said

REPLIES_KEPT = timedelta(days=7)
TRIES = 3
"""How often a call is begun again that met another one in the wrong order."""
AGAIN = {"Retry-After": "2"}
Sources = Mapping[str, Source]
_MADE: set[date] = set()
IDEMPOTENCY_KEY = re.compile(r"[!-~]{1,80}")

# Whoever comes second waits here for the first one's commit, and then finds its answer.
CLAIM = """
INSERT INTO surveys_ingestreply (key_id, idempotency_key, body_sha256, status, reply, created_at)
VALUES (%s, %s, %s, 0, '', %s) ON CONFLICT (key_id, idempotency_key) DO NOTHING RETURNING id
"""

CLASH = gettext_noop("An earlier signal of the same source, external_id, dimension and day says otherwise.")
NOBODY = gettext_noop("Nobody knows this customer, and this source takes known ones only.")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a call is answered: status and bytes, and whether they were said before."""

    status: int
    body: bytes
    replayed: bool = False


def ingest(*, caller: Caller, body: bytes, idempotency_key: str = "", now: datetime) -> Reply:
    """Land the signals of one call, all or none.

    Raises Unreadable for a body that is no JSON, Invalid with `errors` (row, field, value, reason) for signals that
    cannot be used or an idempotency key that named another body, TooMany beyond the caller's rows per minute, and
    Conflict when others keep the same rows busy.
    """
    if idempotency_key and not IDEMPOTENCY_KEY.fullmatch(idempotency_key):
        raise Invalid(_("An Idempotency-Key has 1 to 80 visible ASCII characters."), field="Idempotency-Key")
    call = _Call(caller, idempotency_key, hashlib.sha256(body).hexdigest(), now)
    if earlier := call.earlier():
        return earlier
    sources = {source.code: source for source in Source.objects.all()}
    given = _read(caller, body, sources, now)
    _make_months(given)
    for _attempt in range(TRIES):
        try:
            with transaction.atomic():
                return _once(call, given, sources)
        except OperationalError as error:
            if isinstance(error.__cause__, LockNotAvailable):
                break
            if not isinstance(error.__cause__, DeadlockDetected):
                raise
    raise Conflict(_("Others are writing the same customers; repeat the call in a moment."), headers=AGAIN)


def _once(call: _Call, given: list[Given], sources: Sources) -> Reply:
    if call.is_second() and (earlier := call.earlier()):
        return earlier
    return call.answer(_land(given, sources, call.now), len(given))


def forget_replies(*, now: datetime) -> int:
    """Delete answers so old that nobody repeats their call any more."""
    deleted, _by_model = IngestReply.objects.filter(created_at__lt=now - REPLIES_KEPT).delete()
    return deleted


@dataclass(frozen=True, slots=True)
class _Call:
    """One call under its idempotency key, which may be empty: then every call is a first one."""

    caller: Caller
    key: str
    digest: str
    now: datetime

    def earlier(self) -> Reply | None:
        """The answer this call got before. Raises Invalid where its key came with another body."""
        if not self.key:
            return None
        row = IngestReply.objects.filter(key_id=self.caller.key_id, idempotency_key=self.key).first()
        if row is None:
            return None
        if row.body_sha256 != self.digest:
            raise Invalid(_("This Idempotency-Key came with another body before."), field="Idempotency-Key")
        return Reply(row.status, bytes(row.reply), replayed=True)

    def is_second(self) -> bool:
        """Claim the key, waiting for whoever holds it; True where that one has answered."""
        if not self.key:
            return False
        with connection.cursor() as cursor:
            cursor.execute(CLAIM, [self.caller.key_id, self.key, self.digest, self.now])
            return cursor.fetchone() is None

    def answer(self, landed: Landed, rows: int) -> Reply:
        counts = {
            "accepted": landed.accepted,
            "updated": landed.updated,
            "duplicates": rows - landed.accepted - landed.updated,
            "signals": landed.signals,
            "dissatisfied": landed.dissatisfied,
            "pool_new": landed.pool_new,
        }
        reply = Reply(201 if landed.signals else 200, json.dumps(counts).encode())
        if self.key:
            IngestReply.objects.filter(key_id=self.caller.key_id, idempotency_key=self.key).update(
                status=reply.status, reply=reply.body
            )
        return reply


def _read(caller: Caller, body: bytes, sources: Sources, now: datetime) -> list[Given]:
    try:
        rows = parse_rows(body)
    except Malformed as error:
        raise Unreadable(said(error.sentence)) from error
    if len(rows) <= MAX_ROWS:
        _spend_rows(caller, len(rows))
    kinds = {code: source.kind for code, source in sources.items() if not caller.sources or code in caller.sources}
    causes = frozenset(Cause.objects.values_list("code", flat=True)) if b"causes" in body else frozenset()
    try:
        return Reader(sources=kinds, causes=causes, now=localtime(now), contact=_contact).read(rows)
    except Faulty as error:
        raise _unusable(error.faults, error.rows, len(rows)) from error


def _spend_rows(caller: Caller, rows: int) -> None:
    limit = caller.rows_per_minute
    if rows > limit:
        raise Invalid(_("This key may send %(limit)s signals a minute; send fewer in one call.") % {"limit": limit})
    spend(purpose="rows", who=caller.public_id, limit=limit, cost=rows)


def _contact(kind: str, text: str) -> str:
    """The written form of a phone number or address; "" stays "". Raises Wrong."""
    try:
        return normalise(kind, text) if text else ""
    except Invalid as error:
        if kind == PointKind.PHONE:
            raise Wrong(gettext_noop("This is not a phone number.")) from error
        raise Wrong(gettext_noop("This is not an e-mail address.")) from error


def _make_months(given: list[Given]) -> None:
    """The partitions of these days; asked for once a process, because landing makes one that was dropped since."""
    months = {row.signal.occurred_on.replace(day=1) for row in given} - _MADE
    if months:
        make_months(days=months)
        _MADE.update(months)


def _land(given: list[Given], known: Sources, now: datetime) -> Landed:
    """Source by source, in one order, so that two calls of the same sources take turns."""
    by_code: dict[str, list[Decoded]] = defaultdict(list)
    for row in given:
        by_code[row.source].append(row.signal)
    sources = sorted((known[code] for code in by_code), key=lambda source: source.pk)
    parts = [land(rows=_merged(by_code[source.code]), source=source, now=now) for source in sources]
    unknown = {row for part in parts for row in part.unknown}
    clashes = {row for part in parts for row in part.clashes}
    if unknown or clashes:
        faults = [Fault(row, "reference", None, Sentence(NOBODY)) for row in unknown]
        faults += [Fault(row, "external_id", None, Sentence(CLASH)) for row in clashes]
        raise _unusable(sorted(faults, key=lambda fault: fault.row)[:FAULTS], len(unknown | clashes), len(given))
    signals = [row.signal for row in given]
    points = [(row.reference, PointKind.PHONE.value, row.phone) for row in signals if row.phone]
    points += [(row.reference, PointKind.EMAIL.value, row.email) for row in signals if row.email]
    if points:
        merge_points(rows=points)
    return Landed(
        accepted=sum(part.accepted for part in parts),
        signals=sum(part.signals for part in parts),
        updated=sum(part.updated for part in parts),
        dissatisfied=sum(part.dissatisfied for part in parts),
        pool_new=sum(part.pool_new for part in parts),
    )


def _merged(rows: list[Decoded]) -> list[Decoded]:
    """The same, with an event that is told twice in one call as one: as it was first told, and how it went on."""
    first: dict[tuple[Any, ...], int] = {}
    kept: list[Decoded] = []
    for row in rows:
        if row.event is not None:
            place = first.setdefault((row.external_id, row.occurred_on, row.event.kind), len(kept))
            if place < len(kept) and _unmoved(kept[place]) == _unmoved(row):
                kept[place] = _moved(kept[place], row)
                continue
        kept.append(row)
    return kept


def _unmoved(row: Decoded) -> Decoded:
    """An event without its place in the call and what may be told later."""
    assert row.event is not None
    return row._replace(
        row=0, event=row.event._replace(promised_at=None, closed_at=None, transfers=None, disputed=None)
    )


def _moved(earlier: Decoded, later: Decoded) -> Decoded:
    assert earlier.event is not None
    assert later.event is not None
    told = {
        name: value
        for name in ("promised_at", "closed_at", "transfers", "disputed")
        if (value := getattr(later.event, name)) is not None
    }
    return earlier._replace(event=earlier.event._replace(**told))


def _unusable(faults: list[Fault], wrong: int, rows: int) -> Invalid:
    """422: the first faults, row by row; nothing of the call was stored."""
    return Invalid(
        _("%(wrong)s of %(rows)s signals cannot be used; nothing was stored.") % {"wrong": wrong, "rows": rows},
        rows=rows,
        rejected=wrong,
        errors=[
            {"row": fault.row, "field": fault.field, "value": fault.value, "reason": said(fault.reason)}
            for fault in faults
        ],
    )
