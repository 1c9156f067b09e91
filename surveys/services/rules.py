"""Detection rules: saved as versions, switched on and off, never deleted, since what they found stays."""

from __future__ import annotations

import re
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from loopcare.common.errors import Conflict, Invalid
from loopcare.common.rules import RuleError, parse
from loopcare.staff.enums import AuditAction
from loopcare.staff.models import User
from loopcare.staff.services import audit
from surveys.enums import EntryKind
from surveys.models import DetectionRule, RuleVersion
from surveys.selectors.detection import DETECTION_FIELDS
from surveys.selectors.rules import sample

MAX_RULE = 2_000  # characters
CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
NEARLY_EVERYBODY = 0.9


@transaction.atomic
def save_rule(
    *,
    name: str,
    kind: str,
    rule: str,
    by: User,
    now: datetime,
    row: DetectionRule | None = None,
    code: str = "",
    confirmed: bool = False,
    seen: int | None = None,
) -> DetectionRule:
    """A new rule, in use at once, or another text, name or kind for `row`; it holds for what lands from now on.

    Another text is another version. Raises RuleError with the position for no rule, Invalid for a wrong name, code or
    kind, Conflict for a rule that finds nearly every signal (or takes too long to try) unless `confirmed`, and
    where `seen` is not the version that stands now.
    """
    name = name.strip()
    if not 0 < len(name) <= 80:
        raise Invalid(_("Give the rule a name of at most 80 characters."), field="name")
    if kind not in EntryKind.values:
        raise Invalid(_("A rule is explicit or latent."), field="kind")
    rule = _checked(rule.strip())
    if row is None:
        _look(rule, now=now, confirmed=confirmed)
        return _create(name=name, kind=kind, rule=rule, by=by, now=now, code=code.strip())
    row = DetectionRule.objects.select_for_update().get(pk=row.pk)
    _not_overtaken(row, seen)
    if rule != row.rule:
        _look(rule, now=now, confirmed=confirmed, itself=row.pk)
    return _change(row, name=name, kind=kind, rule=rule, by=by, now=now)


@transaction.atomic
def switch_rule(*, row: DetectionRule, on: bool, by: User, now: datetime, seen: int | None = None) -> DetectionRule:
    """Let a rule detect, or stop; what it found stays. Switching is a version too, so that the history is whole."""
    row = DetectionRule.objects.select_for_update().get(pk=row.pk)
    _not_overtaken(row, seen)
    if row.enabled == on:
        return row
    _keep_first(row, now)
    row.enabled = on
    row.version += 1
    row.save(update_fields=["enabled", "version"])
    _note(row, by=by, now=now, note="switched on" if on else "switched off", versioned=True)
    return row


def _checked(rule: str) -> str:
    if len(rule) > MAX_RULE:
        raise Invalid(_("A rule has at most %(limit)d characters.") % {"limit": MAX_RULE}, field="rule")
    try:
        parse(rule, DETECTION_FIELDS)
    except RuleError as error:
        error.field = "rule"
        raise
    return rule


def _look(rule: str, *, now: datetime, confirmed: bool, itself: int = 0) -> None:
    """Try a rule before it detects: one that finds everybody is more often a slip than meant."""
    if confirmed:
        return
    seen = sample(rule, today=localdate(now), itself=itself)
    if seen.looked is None:
        problem = _("This rule took too long to try. Make it simpler, or confirm that it shall be used untried.")
        raise Conflict(problem, field="confirmed")
    if seen.share is not None and seen.share > NEARLY_EVERYBODY:
        problem = _(
            "This rule finds %(found)s of the %(looked)s signals looked at: nearly everybody would be dissatisfied. "
            "Confirm that this is meant."
        )
        raise Conflict(problem % {"found": seen.found, "looked": seen.looked}, field="confirmed")


def _create(*, name: str, kind: str, rule: str, by: User, now: datetime, code: str) -> DetectionRule:
    if not code:
        code = _free_code()
    elif not CODE.fullmatch(code):
        raise Invalid(_("A code has 1 to 40 small letters, digits and hyphens."), field="code")
    try:
        with transaction.atomic():
            row = DetectionRule.objects.create(code=code, name=name, kind=kind, rule=rule)
    except IntegrityError as error:
        raise Invalid(_("There is already a rule %(code)s.") % {"code": code}, field="code") from error
    _note(row, by=by, now=now, note="created", versioned=True)
    return row


def _change(row: DetectionRule, *, name: str, kind: str, rule: str, by: User, now: datetime) -> DetectionRule:
    asked = {"name": name, "kind": kind, "rule": rule}
    changed = [field for field, value in asked.items() if getattr(row, field) != value]
    if not changed:
        return row
    if "rule" in changed:
        _keep_first(row, now)
        row.version += 1
    row.name, row.kind, row.rule = name, kind, rule
    row.save(update_fields=["name", "kind", "rule", "version"])
    _note(row, by=by, now=now, note=", ".join(changed), versioned="rule" in changed)
    return row


def _free_code() -> str:
    """The next of rule-1, rule-2 …"""
    taken = set(DetectionRule.objects.filter(code__startswith="rule-").values_list("code", flat=True))
    return next(code for number in range(1, len(taken) + 2) if (code := f"rule-{number}") not in taken)


def _not_overtaken(row: DetectionRule, seen: int | None) -> None:
    if seen is not None and seen != row.version:
        problem = _("Somebody saved version %(version)s meanwhile. Look at it, then save yours again.")
        raise Conflict(problem % {"version": row.version}, field="seen", version=row.version)


def _keep_first(row: DetectionRule, now: datetime) -> None:
    """A shipped rule has no row of its first text; it is kept before it is changed, by nobody."""
    if not row.versions.exists():
        RuleVersion.objects.create(
            rule=row, version=row.version, text=row.rule, enabled=row.enabled, saved_by=None, saved_at=now
        )


def _note(row: DetectionRule, *, by: User, now: datetime, note: str, versioned: bool) -> None:
    if versioned:
        RuleVersion.objects.create(
            rule=row, version=row.version, text=row.rule, enabled=row.enabled, saved_by=by, saved_at=now
        )
    said = f"version {row.version}: {note}"
    audit(actor=by, action=AuditAction.CONFIGURE, subject="detection_rule", subject_id=row.pk, note=said, now=now)
