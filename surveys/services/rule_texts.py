"""What rules of both kinds share, those that detect and those that scan: names, codes, versions."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TypeAlias

from django.utils.translation import gettext as _

from loopcare.common.errors import Conflict, Invalid
from loopcare.common.rules import FieldSet, RuleError, parse
from loopcare.staff.enums import AuditAction
from loopcare.staff.models import User
from loopcare.staff.services import audit
from surveys.models import DetectionRule, ScanRule

AnyRule: TypeAlias = DetectionRule | ScanRule

MAX_RULE = 2_000  # characters
CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
SUBJECTS = {DetectionRule: "detection_rule", ScanRule: "scan_rule"}


def checked_name(name: str) -> str:
    """Raises Invalid."""
    name = name.strip()
    if not 0 < len(name) <= 80:
        raise Invalid(_("Give the rule a name of at most 80 characters."), field="name")
    return name


def checked_rule(rule: str, fields: FieldSet) -> str:
    """A rule over these fields. Raises Invalid for one that is too long, RuleError with the position for none."""
    rule = rule.strip()
    if len(rule) > MAX_RULE:
        raise Invalid(_("A rule has at most %(limit)d characters.") % {"limit": MAX_RULE}, field="rule")
    try:
        parse(rule, fields)
    except RuleError as error:
        error.field = "rule"
        raise
    return rule


def checked_code(code: str) -> str:
    """Raises Invalid."""
    if not CODE.fullmatch(code):
        raise Invalid(_("A code has 1 to 40 small letters, digits and hyphens."), field="code")
    return code


def taken_code(code: str) -> Invalid:
    """What to raise where the database knows the code already."""
    return Invalid(_("There is already a rule %(code)s.") % {"code": code}, field="code")


def free_code(prefix: str, taken: set[str]) -> str:
    """The next of prefix-1, prefix-2 …"""
    return next(code for number in range(1, len(taken) + 2) if (code := f"{prefix}-{number}") not in taken)


def not_overtaken(row: AnyRule, seen: int | None) -> None:
    """Raises Conflict where `seen` is not the version that stands now."""
    if seen is not None and seen != row.version:
        problem = _("Somebody saved version %(version)s meanwhile. Look at it, then save yours again.")
        raise Conflict(problem % {"version": row.version}, field="seen", version=row.version)


def keep_first(row: AnyRule, now: datetime) -> None:
    """A shipped rule has no row of its first text; it is kept before it is changed, by nobody."""
    if not row.versions.exists():
        _keep(row, by=None, now=now)


def note(row: AnyRule, *, by: User, now: datetime, what: str, versioned: bool) -> None:
    """A change in the audit trail and, where the rule reads or works otherwise now, its version."""
    if versioned:
        _keep(row, by=by, now=now)
    said = f"version {row.version}: {what}"
    audit(actor=by, action=AuditAction.CONFIGURE, subject=SUBJECTS[type(row)], subject_id=row.pk, note=said, now=now)


def _keep(row: AnyRule, *, by: User | None, now: datetime) -> None:
    row.versions.create(version=row.version, text=row.rule, enabled=row.enabled, saved_by=by, saved_at=now)
