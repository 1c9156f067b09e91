"""Saved rules over the waiting pool."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from loopcare.common.errors import Invalid
from loopcare.common.rules import RuleError, parse
from loopcare.staff.models import User
from surveys.models import Segment
from surveys.selectors import SEGMENT_FIELDS, matching


def save_segment(*, name: str, rule: str, by: User, now: datetime, segment: Segment | None = None) -> Segment:
    """Create a segment, or change `segment`. Raises RuleError for no rule, Invalid for an empty or taken name."""
    name, rule = name.strip(), rule.strip()
    if not name:
        raise Invalid(_("Give the segment a name."), field="name")
    _parse(rule)
    row = segment or Segment(created_by=by, created_at=now)
    row.name, row.rule = name, rule
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise Invalid(_("There is already a segment %(name)s.") % {"name": name}, field="name") from error
    return row


def count_segment(rule: str) -> int:
    """How many waiting entries a rule means. Raises RuleError."""
    _parse(rule)
    return matching(rule).count()


def _parse(rule: str) -> None:
    try:
        parse(rule, SEGMENT_FIELDS)
    except RuleError as error:
        error.field = "rule"
        raise
