"""Who says what is good enough: learned from customers, set by a supervisor, or the source's own.

Every change holds for what lands afterwards; what was judged stays as it was.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from loopcare.common.errors import Conflict, Invalid
from loopcare.customers.enums import ValueTier
from loopcare.staff.enums import AuditAction
from loopcare.staff.models import User
from loopcare.staff.services import audit
from surveys.enums import AdequateFrom, UnknownCustomers
from surveys.logic.levels import Learned, learn_level, to_evidence
from surveys.models import AdequateLevel, Source
from surveys.selectors.levels import EVERYBODY, Group, evidence

MAX_DIMENSION = 40  # characters
MAX_REASON = 200


@dataclass(frozen=True, slots=True)
class Lesson:
    """What was learned of one group, and what it did to its learned level (`before` is None where there was none).

    A level stays where too little was seen to say otherwise, and goes where enough was seen and nothing depends on
    the score any more.
    """

    source: Source
    dimension: str
    tier: str
    learned: Learned
    before: float | None
    level: float | None


@transaction.atomic
def learn_levels(*, now: datetime, sources: Iterable[Source] | None = None, by: User | None = None) -> list[Lesson]:
    """Learn the adequate levels of all dimensions that open, of `sources` or of all, by everybody and by value tier."""
    by_id = {source.pk: source for source in (Source.objects.all() if sources is None else sources)}
    found = evidence(by_id.values(), today=localdate(now))
    kept = AdequateLevel.objects.select_for_update().filter(source__in=by_id, basis=AdequateFrom.LEARNED)
    rows = {(row.source_id, row.dimension, row.value_tier): row for row in kept}
    lessons, everybody = [], dict[tuple[int, str], float | None]()
    for group in sorted(found):  # '' comes first: a tier is compared with everybody
        source_id, dimension, tier = group
        beside = everybody.get((source_id, dimension))
        learned = learn_level(found[group], beside=beside if tier else None)
        row = rows.get(group)
        level = learned.level if learned.level is not None or not learned.too_few or row is None else row.level
        if tier == EVERYBODY:
            everybody[source_id, dimension] = level
        lesson = Lesson(by_id[source_id], dimension, tier, learned, row.level if row else None, level)
        _keep(lesson, group, now=now, by=by)
        lessons.append(lesson)
    return lessons


def _keep(lesson: Lesson, group: Group, *, now: datetime, by: User | None) -> None:
    place: dict[str, Any] = dict(zip(("source_id", "dimension", "value_tier"), group, strict=True))
    rows = AdequateLevel.objects.filter(**place, basis=AdequateFrom.LEARNED)
    if lesson.level is None:
        rows.delete()
    elif lesson.learned.level is not None:
        facts = {"level": lesson.level, "evidence": to_evidence(lesson.learned), "decided_by": by, "decided_at": now}
        rows.update_or_create(**place, basis=AdequateFrom.LEARNED, defaults=facts)
    if lesson.level != lesson.before:
        told = "learned nothing any more" if lesson.level is None else f"learned {lesson.level:.1f}"
        _note(lesson.source, lesson.dimension, lesson.tier, told, lesson.before, by=by, now=now)


@transaction.atomic
def set_level(
    *, source: Source, dimension: str, level: float, reason: str, by: User, now: datetime, tier: str = EVERYBODY
) -> AdequateLevel:
    """Say what is good enough (0–100) where an answer states no level, for one value tier or for everybody.

    It goes before what came with a file, before what was learned and before the source's own. Raises Invalid.
    """
    dimension, reason = dimension.strip(), reason.strip()
    if not 0 < len(dimension) <= MAX_DIMENSION or not dimension.isprintable():
        problem = _("A dimension has 1 to %(limit)d visible characters.")
        raise Invalid(problem % {"limit": MAX_DIMENSION}, field="dimension")
    if tier not in ("", *ValueTier.values):
        raise Invalid(_("%(tier)s is no value tier.") % {"tier": tier}, field="value_tier")
    if not (math.isfinite(level) and 0 <= level <= 100):
        raise Invalid(_("A level lies between 0 and 100."), field="level")
    if not 0 < len(reason) <= MAX_REASON:
        raise Invalid(_("Say why, in at most %(limit)d characters.") % {"limit": MAX_REASON}, field="reason")
    place: dict[str, Any] = {"source": source, "dimension": dimension, "value_tier": tier, "basis": AdequateFrom.SET}
    before = AdequateLevel.objects.select_for_update().filter(**place).values_list("level", flat=True).first()
    facts = {"level": level, "reason": reason, "evidence": {}, "decided_by": by, "decided_at": now}
    row, _created = AdequateLevel.objects.update_or_create(**place, defaults=facts)
    _note(source, dimension, tier, f"set {level:.1f}", before, by=by, now=now)
    return row


@transaction.atomic
def clear_level(*, source: Source, dimension: str, by: User, now: datetime, tier: str = EVERYBODY) -> None:
    """Take back what was set; the file's, the learned or the source's own level holds again. Conflict if none was."""
    rows = AdequateLevel.objects.select_for_update().filter(
        source=source, dimension=dimension, value_tier=tier, basis=AdequateFrom.SET
    )
    row = rows.first()
    if row is None:
        raise Conflict(_("No level is set here any more."))
    row.delete()
    _note(source, dimension, tier, "cleared", row.level, by=by, now=now)


@transaction.atomic
def save_source(*, source: Source, unknown_customers: str, adequate: Decimal | None, by: User, now: datetime) -> Source:
    """What a source does with customers nobody knows, and its own adequate level (0–100, None for none)."""
    if unknown_customers not in UnknownCustomers.values:
        raise Invalid(_("Unknown customers are created or rejected."), field="unknown_customers")
    if adequate is not None and not (adequate.is_finite() and 0 <= adequate <= 100):
        raise Invalid(_("A level lies between 0 and 100."), field="adequate")
    row = Source.objects.select_for_update().get(pk=source.pk)
    asked = {"unknown_customers": unknown_customers, "adequate": adequate}
    changed = [f"{name} {value}" for name, value in asked.items() if getattr(row, name) != value]
    if changed:
        row.unknown_customers, row.adequate = unknown_customers, adequate
        row.save(update_fields=[*asked])
        note = ", ".join(changed)
        audit(actor=by, action=AuditAction.CONFIGURE, subject="source", subject_id=row.pk, note=note, now=now)
    return row


def _note(
    source: Source, dimension: str, tier: str, told: str, before: float | None, *, by: User | None, now: datetime
) -> None:
    was = "" if before is None else f" (was {before:.1f})"
    note = f"{source.code}/{dimension}/{tier or 'everybody'}: {told}{was}"
    audit(actor=by, action=AuditAction.CONFIGURE, subject="adequate_level", subject_id=source.pk, note=note, now=now)
