"""Factors of the priority, set by a supervisor or taken over from closed cases; what is launched later goes by them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext as _

from careplans.enums import FactorBasis, FactorKind
from careplans.models import PriorityFactor
from careplans.models.priority import MOST_VALUE
from careplans.selectors.priority import ALL_FACTORS, Name, factors_version, standings, suggested_effects
from loopcare.common.errors import Conflict, Invalid
from loopcare.staff.enums import AuditAction
from loopcare.staff.models import User
from loopcare.staff.services import audit

RANGES: Mapping[str, tuple[float, float]] = {
    FactorKind.P_LEAVES: (0.0, 1.0),
    FactorKind.VALUE: (0.0, MOST_VALUE),
    FactorKind.EFFECT: (-1.0, 1.0),
}
LONGEST_NOTE = 200
PRIORITY_LOCK = 7_101


def field_of(name: Name) -> str:
    """What a form calls a factor; a refusal names it so."""
    return "-".join(name)


@transaction.atomic
def set_factors(*, values: Mapping[Name, float], seen: int, by: User, now: datetime) -> list[PriorityFactor]:
    """Set factors; those that stay as they are, are left alone. Returns what changed.

    `seen` is the version that was looked at. Raises Conflict when factors were changed since, Invalid for a value out
    of its range or a factor that there is not. Cases that are open keep their priority.
    """
    _alone(seen)
    for name, value in values.items():
        _check(name, value)
    standing = standings()
    changed = {name: value for name, value in values.items() if value != standing[name].value}
    rows = [
        PriorityFactor(kind=kind, of=of, value=value, basis=FactorBasis.SET, version=seen + 1, by=by, at=now)
        for (kind, of), value in changed.items()
    ]
    return _keep(rows, {name: standing[name].value for name in changed}, by=by, now=now)


@transaction.atomic
def adopt_suggestion(*, seen: int, by: User, now: datetime) -> list[PriorityFactor]:
    """Take over what closed cases suggest, for every kind with cases at once: the same measure tells them apart.

    Raises Conflict when factors were changed since `seen`, or nothing is suggested.
    """
    _alone(seen)
    suggested = suggested_effects()
    if not suggested:
        raise Conflict(_("Too few cases are closed to suggest anything."))
    standing = standings()
    rows = [
        PriorityFactor(
            kind=FactorKind.EFFECT,
            of=kind,
            value=found.effect,
            basis=FactorBasis.CALIBRATED,
            evidence=asdict(found),
            version=seen + 1,
            by=by,
            at=now,
        )
        for kind, found in suggested.items()
        if found.effect != standing[FactorKind.EFFECT.value, kind].value
    ]
    before = {(row.kind, row.of): standing[row.kind, row.of].value for row in rows}
    return _keep(rows, before, by=by, now=now)


def _alone(seen: int) -> None:
    """One change at a time, and only by who looked at the factors in force."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [PRIORITY_LOCK])
    if factors_version() != seen:
        raise Conflict(_("Somebody changed the factors meanwhile; look at them again."))


def _check(name: Name, value: float) -> None:
    if name not in ALL_FACTORS:
        raise Invalid(_("There is no factor %(name)s.") % {"name": field_of(name)})
    low, high = RANGES[name[0]]
    if not low <= value <= high:
        facts = {"low": f"{low:g}", "high": f"{high:,.0f}"}
        raise Invalid(_("Between %(low)s and %(high)s.") % facts, field=field_of(name))


def _keep(rows: list[PriorityFactor], before: Mapping[Name, float], *, by: User, now: datetime) -> list[PriorityFactor]:
    if rows:
        PriorityFactor.objects.bulk_create(rows)
        changes = (f"{row.of} {row.kind} {before[row.kind, row.of]:g} → {row.value:g}" for row in rows)
        note = "; ".join(changes)[:LONGEST_NOTE]
        version = rows[0].version
        audit(actor=by, action=AuditAction.CONFIGURE, subject="priority", subject_id=version, note=note, now=now)
    return rows
