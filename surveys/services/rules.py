"""Detection rules: saved as versions, switched on and off, never deleted, since what they found stays."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from loopcare.common.errors import Conflict, Invalid
from loopcare.staff.models import User
from surveys.enums import EntryKind
from surveys.models import DetectionRule
from surveys.selectors.detection import DETECTION_FIELDS
from surveys.selectors.rules import sample
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
    name = checked_name(name)
    if kind not in EntryKind.values:
        raise Invalid(_("A rule is explicit or latent."), field="kind")
    rule = checked_rule(rule, DETECTION_FIELDS)
    if row is None:
        _look(rule, now=now, confirmed=confirmed)
        return _create(name=name, kind=kind, rule=rule, by=by, now=now, code=code.strip())
    row = DetectionRule.objects.select_for_update().get(pk=row.pk)
    not_overtaken(row, seen)
    if rule != row.rule:
        _look(rule, now=now, confirmed=confirmed, itself=row.pk)
    return _change(row, name=name, kind=kind, rule=rule, by=by, now=now)


@transaction.atomic
def switch_rule(*, row: DetectionRule, on: bool, by: User, now: datetime, seen: int | None = None) -> DetectionRule:
    """Let a rule detect, or stop; what it found stays. Switching is a version too, so that the history is whole."""
    row = DetectionRule.objects.select_for_update().get(pk=row.pk)
    not_overtaken(row, seen)
    if row.enabled == on:
        return row
    keep_first(row, now)
    row.enabled = on
    row.version += 1
    row.save(update_fields=["enabled", "version"])
    note(row, by=by, now=now, what="switched on" if on else "switched off", versioned=True)
    return row


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
    code = checked_code(code) if code else _free_code()
    try:
        with transaction.atomic():
            row = DetectionRule.objects.create(code=code, name=name, kind=kind, rule=rule)
    except IntegrityError as error:
        raise taken_code(code) from error
    note(row, by=by, now=now, what="created", versioned=True)
    return row


def _change(row: DetectionRule, *, name: str, kind: str, rule: str, by: User, now: datetime) -> DetectionRule:
    asked = {"name": name, "kind": kind, "rule": rule}
    changed = [field for field, value in asked.items() if getattr(row, field) != value]
    if not changed:
        return row
    if "rule" in changed:
        keep_first(row, now)
        row.version += 1
    row.name, row.kind, row.rule = name, kind, rule
    row.save(update_fields=["name", "kind", "rule", "version"])
    note(row, by=by, now=now, what=", ".join(changed), versioned="rule" in changed)
    return row


def _free_code() -> str:
    return free_code("rule", set(DetectionRule.objects.filter(code__startswith="rule-").values_list("code", flat=True)))
