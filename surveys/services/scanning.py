"""Scans: rules asked of a warehouse, by hand or by the clock; whom they find becomes a signal, and so the pool.

A scan is a due row. It counts first (so that a rule which suddenly finds everybody stops before it fills the pool),
then lands its matches batch by batch in the order of the customer reference. Each batch is one transaction with the
place it reached, guarded by the epoch: a scan that was killed, or whose warehouse went away, goes on behind it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.utils.timezone import get_current_timezone, localdate
from django.utils.translation import gettext as _

from loopcare.common.due_rows import LIVE, Drained, DueStatus, Later, Never, Queue, holder_name
from loopcare.common.errors import Conflict, Invalid, StaleLease
from loopcare.common.leases import RELEASED
from loopcare.common.rules import parse
from loopcare.staff.models import User
from loopcare.warehouse import Asked, Base, Counted, Reader, Unreachable, WarehouseError, connect
from surveys.models import Scan, ScannedRule, ScanRule
from surveys.selectors.scanning import MOST, base_of, fields_of
from surveys.services.matches import land_matches
from surveys.services.pulse import pulse

LEASE = timedelta(seconds=90)
BATCH = 50_000
"""Matches that land at once: a few seconds, after which a scan can be called off."""
A_DAY = re.compile(r"\d{4}-\d\d-\d\d")
GIVEN_UP_AFTER = timedelta(hours=24)
"""How long a warehouse may be away before a scan of it is called off."""

PLACE = """
UPDATE surveys_scan SET after = %(after)s, landed = landed + %(landed)s, unknown = unknown + %(unknown)s,
    signals = signals + %(signals)s, pool_new = pool_new + %(pool_new)s, seconds = seconds + %(seconds)s, misses = 0,
    tries = 1
WHERE id = %(scan)s AND epoch = %(epoch)s AND status = 'running' RETURNING cancel_asked
"""


@transaction.atomic
def queue_scans(*, rules: Sequence[ScanRule], now: datetime, created_by: User | None = None) -> list[Scan]:
    """Queue one pass over each warehouse, for all of its rules together.

    Raises Invalid for a rule that is off, Conflict for one that is being asked already.
    """
    if not rules or not all(rule.enabled for rule in rules):
        raise Invalid(_("This rule is off. Switch it on to scan by it."), field="rule")
    busy = ScannedRule.objects.filter(rule__in=rules, scan__status__in=LIVE).select_related("rule").first()
    if busy is not None:
        raise Conflict(_("%(rule)s is being asked already; wait for that scan.") % {"rule": busy.rule.label})
    return [_queue(group, now=now, created_by=created_by) for group in _by_warehouse(rules)]


def _by_warehouse(rules: Iterable[ScanRule]) -> Iterable[list[ScanRule]]:
    groups: dict[int, list[ScanRule]] = {}
    for rule in rules:
        groups.setdefault(rule.warehouse_id, []).append(rule)
    return groups.values()


def _queue(rules: list[ScanRule], *, now: datetime, created_by: User | None, **facts: Any) -> Scan:
    warehouse = rules[0].warehouse
    scan = Scan.objects.create(
        warehouse=warehouse, day=localdate(now), created_by=created_by, created_at=now, **({"due_at": now} | facts)
    )
    ScannedRule.objects.bulk_create(
        [
            ScannedRule(
                scan=scan,
                rule=rule,
                version=rule.version,
                text=rule.rule,
                since=rule.watermark if warehouse.changed else "",
            )
            for rule in rules
        ]
    )
    return scan


@transaction.atomic
def queue_due_rules(*, now: datetime) -> int:
    """Queue what the rules' own schedules ask for, each slot once, and move them on. Returns how many scans."""
    due = ScanRule.objects.select_for_update(skip_locked=True, of=("self",)).select_related("warehouse")
    rules = list(due.filter(next_due__lte=now).order_by("warehouse", "code"))
    for rule in rules:
        rule.next_due = next_slot(rule, after=now)
        rule.save(update_fields=["next_due"])
    busy = set(ScannedRule.objects.filter(rule__in=rules, scan__status__in=LIVE).values_list("rule", flat=True))
    groups = _by_warehouse(rule for rule in rules if rule.pk not in busy)
    return len([_queue(group, now=now, created_by=None) for group in groups])


def next_slot(rule: ScanRule, *, after: datetime) -> datetime | None:
    """When a rule is due next: its hour of the day, `every_days` days on; None for one that is asked by hand."""
    if not (rule.every_days and rule.enabled):
        return None
    day = localdate(after) + timedelta(days=rule.every_days if rule.next_due else 0)
    slot = at_hour(day, rule.at_hour)
    return slot if slot > after else at_hour(day + timedelta(days=1), rule.at_hour)


def at_hour(day: date, hour: int) -> datetime:
    """An hour of the installation's day; one that the change of the clocks skips is the next that exists."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=get_current_timezone())


def cancel_scan(*, scan: Scan) -> None:
    """Call a scan off: at once while it waits, behind the batch in hand while it runs. What landed stays."""
    waiting = Scan.objects.filter(pk=scan.pk, status=DueStatus.WAITING)
    if waiting.update(status=DueStatus.CANCELLED, cancel_asked=True, after="", last_error=_("Called off.")):
        return
    if not Scan.objects.filter(pk=scan.pk, status=DueStatus.RUNNING).update(cancel_asked=True):
        raise Conflict(_("This scan is over."))


def run_due_scans(*, now: datetime | None = None) -> Drained:
    """Run the scans that are due."""
    return QUEUE.drain(now=now)


def scan_now(*, rules: Sequence[ScanRule], now: datetime) -> Scan:
    """Scan at once, in this process. Raises what the warehouse says; the scan is then over, what landed stays."""
    until = now + LEASE
    held = {"status": DueStatus.RUNNING, "holder": holder_name(), "lease_until": until, "due_at": until, "epoch": 1}
    scan = _queue(list(rules), now=now, created_by=None, **held)
    try:
        _scan(scan, now, waits=False)
    except Exception as error:
        Scan.objects.filter(pk=scan.pk, epoch=1).update(
            status=DueStatus.CANCELLED, after="", last_error=str(error)[:2000], **RELEASED
        )
        if isinstance(error, Never):
            raise Conflict(str(error)) from error
        raise
    with transaction.atomic():
        _finish(scan, now)
        Scan.objects.filter(pk=scan.pk, epoch=1).update(status=DueStatus.DONE, **RELEASED)
    scan.refresh_from_db()
    return scan


# --- the work of a queued row ----------------------------------------------------------------------------------------
def _look(scan: Scan, now: datetime) -> None:
    """Outside the transaction that completes the row, because each batch has one of its own."""
    _scan(scan, now, waits=True)


def _scan(scan: Scan, now: datetime, *, waits: bool) -> None:
    asked = list(scan.rules.select_related("rule"))
    begun = time.monotonic()
    with _refusing(scan, now, waits=waits), pulse(scan, now=now, lease=LEASE):
        fields, base = fields_of(scan.warehouse), base_of(scan.warehouse, scan.day)
        rules = {one.rule.code: Asked(parse(one.text, fields), since=one.since) for one in asked}
        with connect(scan.warehouse.url) as reader:
            if scan.matched is None:
                scan.until = _until(reader, base, scan.day) if base.changed else ""
                _count(scan, asked, reader.count(base, rules, fields, until=scan.until))
            for batch in reader.matches(base, rules, fields, after=scan.after, until=scan.until, batch=BATCH):
                begun = _land(scan, batch, list(rules), now=now, begun=begun)
    _mine(scan).update(seconds=F("seconds") + time.monotonic() - begun)


def _mine(scan: Scan) -> QuerySet[Scan]:
    """The row while this claim holds."""
    return Scan.objects.filter(pk=scan.pk, epoch=scan.epoch, status=DueStatus.RUNNING)


def _until(reader: Reader, base: Base, day: date) -> str:
    """How far a scan looks. A day that is not over is left to the next scan: rows may yet change on it."""
    latest = reader.latest(base)
    return min(latest, (day - timedelta(days=1)).isoformat()) if A_DAY.fullmatch(latest) else latest


def _count(scan: Scan, asked: list[ScannedRule], counted: Counted) -> None:
    """Keep how many there are, and how many will be found; a rule that finds most of them must be meant."""
    for one in asked:
        found = one.matched = counted.found[one.rule.code]
        if not one.since and found > MOST * counted.scanned and not one.rule.meant_for_most:
            problem = _("%(rule)s finds %(found)s of %(scanned)s customers. Confirm in the rule that this is meant.")
            facts = {"rule": one.rule.label, "found": f"{found:,}", "scanned": f"{counted.scanned:,}"}
            raise Never(problem % facts, scanned=counted.scanned)
    scan.scanned, scan.matched = counted.scanned, sum(counted.found.values())
    with transaction.atomic():
        ScannedRule.objects.bulk_update(asked, ["matched"])
        if not _mine(scan).update(scanned=scan.scanned, matched=scan.matched, until=scan.until):
            raise StaleLease(_("Somebody else goes on with this scan."))


def _land(scan: Scan, batch: Any, codes: list[str], *, now: datetime, begun: float) -> float:
    """One batch and the place it reached, or neither. Returns the moment from which the next one's time counts."""
    with transaction.atomic():
        landed = land_matches(batch=batch, codes=codes, day=scan.day, now=now, actor_id=scan.created_by_id)
        moment = time.monotonic()
        facts: dict[str, Any] = {
            "after": landed.last,
            "landed": landed.handed,
            "unknown": landed.unknown,
            "signals": landed.signals,
            "pool_new": landed.pool_new,
            "seconds": moment - begun,
            "scan": scan.pk,
            "epoch": scan.epoch,
        }
        with connection.cursor() as cursor:
            cursor.execute(PLACE, facts)
            heard = cursor.fetchone()
        if heard is None:
            raise StaleLease(_("Somebody else goes on with this scan."))
    scan.after = landed.last
    if heard[0]:
        raise Never(_("Called off after %(landed)s matches.") % {"landed": f"{_landed_of(scan):,}"}, after="")
    return moment


def _landed_of(scan: Scan) -> int:
    return Scan.objects.values_list("landed", flat=True).get(pk=scan.pk)


def _finish(scan: Scan, _now: datetime) -> None:
    """The rules have looked so far, unless somebody wrote another text meanwhile; no reference is kept for ever."""
    Scan.objects.filter(pk=scan.pk).update(after="")
    if scan.until:
        for one in scan.rules.all():
            ScanRule.objects.filter(pk=one.rule_id, version=one.version).update(watermark=scan.until)


@contextmanager
def _refusing(scan: Scan, now: datetime, *, waits: bool) -> Iterator[None]:
    """A warehouse that does not answer may do so later, no try is charged; what it has not, it will not have then."""
    try:
        yield
    except Unreachable as error:
        if not waits:
            raise
        if now - scan.created_at > GIVEN_UP_AFTER:
            raise Never(error.message, after="") from error
        misses = min(scan.misses, 10)
        until = now + timedelta(seconds=min(1800, 10 * 2**misses))
        raise Later(until, last_error=error.message, misses=misses + 1) from error
    except (WarehouseError, Invalid) as error:
        if not waits:
            raise
        raise Never(error.message, after="") from error


QUEUE = Queue(Scan, _finish, outside=_look, lease=LEASE)
