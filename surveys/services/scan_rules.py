"""Scan rules: saved as versions, scheduled, switched on and off, never deleted, since what they found stays."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from loopcare.common.errors import Conflict, Invalid
from loopcare.staff.models import User
from surveys.models import ScanRule, Warehouse
from surveys.selectors.scanning import fields_of, try_scan_rule
from surveys.services.rule_texts import (
    checked_code,
    checked_name,
    checked_rule,
    free_code,
    keep_first,
    not_overtaken,
    note,
    taken_code,
)
from surveys.services.scanning import next_slot

MOST_DAYS = 366


@transaction.atomic
def save_scan_rule(
    *,
    warehouse: Warehouse,
    name: str,
    rule: str,
    by: User,
    now: datetime,
    row: ScanRule | None = None,
    code: str = "",
    confirmed: bool = False,
    seen: int | None = None,
) -> ScanRule:
    """A new rule of a warehouse, or another text or name for `row`; another text is another version, and looks anew.

    Raises RuleError with the position for no rule, Invalid for a wrong name or code, WarehouseError for what the
    warehouse does not give, Conflict for a rule that finds more than half of the customers unless `confirmed`, and
    where `seen` is not the version that stands now.
    """
    name, rule = checked_name(name), checked_rule(rule, fields_of(warehouse))
    if row is None:
        most = _finds_most(warehouse, rule, now=now, confirmed=confirmed)
        return _create(warehouse, name=name, rule=rule, by=by, now=now, code=code.strip(), most=most)
    row = _locked(row, seen)
    changed = [field for field, value in (("name", name), ("rule", rule)) if getattr(row, field) != value]
    if "rule" in changed:
        most = _finds_most(warehouse, rule, now=now, confirmed=confirmed)
        keep_first(row, now)
        row.rule, row.meant_for_most, row.watermark, row.version = rule, most, "", row.version + 1
    elif confirmed and not row.meant_for_most:
        row.meant_for_most = True
        changed.append("confirmed")
    row.name = name
    if changed:
        row.save(update_fields=["name", "rule", "meant_for_most", "watermark", "version"])
        note(row, by=by, now=now, what=", ".join(changed), versioned="rule" in changed)
    return row


@transaction.atomic
def switch_scan_rule(*, row: ScanRule, on: bool, by: User, now: datetime, seen: int | None = None) -> ScanRule:
    """Let a rule be asked, or no more; what it found stays."""
    row = _locked(row, seen)
    if row.enabled == on:
        return row
    keep_first(row, now)
    row.enabled, row.next_due = on, None
    row.next_due = next_slot(row, after=now)
    row.version += 1
    row.save(update_fields=["enabled", "next_due", "version"])
    note(row, by=by, now=now, what="switched on" if on else "switched off", versioned=True)
    return row


@transaction.atomic
def schedule_scan_rule(*, row: ScanRule, every_days: int, at_hour: int, by: User, now: datetime) -> ScanRule:
    """Ask a rule every so many days at an hour of the installation's day; 0 days: by hand only."""
    if not 0 <= every_days <= MOST_DAYS:
        raise Invalid(_("Between 0 (by hand) and %(most)s days.") % {"most": MOST_DAYS}, field="every_days")
    if not 0 <= at_hour <= 23:
        raise Invalid(_("An hour is between 0 and 23."), field="at_hour")
    row = _locked(row, None)
    row.every_days, row.at_hour, row.next_due = every_days, at_hour, None
    row.next_due = next_slot(row, after=now)
    row.save(update_fields=["every_days", "at_hour", "next_due"])
    note(row, by=by, now=now, what=f"every {every_days} days at {at_hour}", versioned=False)
    return row


def _finds_most(warehouse: Warehouse, rule: str, *, now: datetime, confirmed: bool) -> bool:
    """Whether a rule is meant to find more than half: only then it need not be tried."""
    if confirmed:
        return True
    tried = try_scan_rule(warehouse, rule, today=localdate(now))
    if tried.is_most:
        problem = _("This rule finds %(found)s of %(looked)s customers looked at: more than half. Confirm it.")
        raise Conflict(problem % {"found": f"{tried.found:,}", "looked": f"{tried.looked:,}"}, field="confirmed")
    return False


def _create(warehouse: Warehouse, *, name: str, rule: str, by: User, now: datetime, code: str, most: bool) -> ScanRule:
    code = checked_code(code) if code else _free_code(warehouse)
    try:
        with transaction.atomic():
            row = ScanRule.objects.create(warehouse=warehouse, code=code, name=name, rule=rule, meant_for_most=most)
    except IntegrityError as error:
        raise taken_code(code) from error
    note(row, by=by, now=now, what="created", versioned=True)
    return row


def _free_code(warehouse: Warehouse) -> str:
    return free_code("scan", set(warehouse.rules.filter(code__startswith="scan-").values_list("code", flat=True)))


def _locked(row: ScanRule, seen: int | None) -> ScanRule:
    row = ScanRule.objects.select_for_update(of=("self",)).select_related("warehouse").get(pk=row.pk)
    not_overtaken(row, seen)
    return row
