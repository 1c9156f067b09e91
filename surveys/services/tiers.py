"""Tiers of customers: by which rule they are told, all of them told anew, and how many are where."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from loopcare.common.errors import Conflict, Invalid
from loopcare.customers.models import Customer
from loopcare.staff.enums import AuditAction
from loopcare.staff.models import User
from loopcare.staff.services import audit
from surveys.enums import AnalysisKind, TierKind
from surveys.logic.tiers import ATTRIBUTE, CUTS, NO_CUTS, RECENCY, TIERS, TOLD, Kind, NoRule, check, cuts_at_shares
from surveys.models import Analysis, TierRule
from surveys.selectors.tiers import (
    COLUMNS,
    MOVES_OVER,
    facts_of,
    measure_of,
    moves_of,
    numeric_attributes,
    rule_of,
    spread,
    standing,
)
from surveys.services.analyses import keep_analysis
from surveys.services.detecting import POOL_LOCK

KINDS: tuple[Kind, ...] = ("activity", "value")
RECENCY_CUTS = (-30.0, -90.0, -180.0)
"""Heard of within a month is active, within a quarter steady, within half a year fading."""
REVENUE = "arpu"
"""The attribute by which value tiers are shipped, where customers have it: revenue a user and month."""

# Rows are locked in one order, as landings do, so that both take turns; and like a landing this asks for its turn at
# the pool after the customers and before the entries. A customer who was told another tier meanwhile is left alone.
RETIER = """
WITH told AS MATERIALIZED (
    SELECT c.id, c.{column} AS was, (%(tiers)s::text[])[1 + width_bucket({measure}, %(rising)s::float8[])] AS tier
    FROM customers_customer AS c {join}
), held AS MATERIALIZED (
    SELECT c.id, told.was, told.tier FROM customers_customer AS c JOIN told ON told.id = c.id
    WHERE told.tier <> told.was AND c.{column} = told.was ORDER BY c.id FOR NO KEY UPDATE OF c
), moved AS (
    UPDATE customers_customer AS c SET {column} = held.tier FROM held WHERE c.id = held.id
    RETURNING c.id, held.was, held.tier
), turn AS MATERIALIZED (
    SELECT pg_advisory_xact_lock(%(lock)s) FROM (SELECT count(*) FROM moved) AS done
), entries AS (
    UPDATE surveys_poolentry AS e SET {column} = told.tier FROM told CROSS JOIN turn
    WHERE e.customer_id = told.id AND e.status <> 'left' AND e.{column} <> told.tier
    RETURNING 1
), kept AS (
    INSERT INTO surveys_tiermove (customer_id, rule_id, kind, from_tier, to_tier, moved_on)
    SELECT id, %(rule)s, %(kind)s, was, tier, %(today)s FROM moved
)
SELECT was, tier, count(*), (SELECT count(*) FROM entries) FROM moved GROUP BY was, tier
UNION ALL SELECT NULL, NULL, 0, (SELECT count(*) FROM entries)
"""


@dataclass(frozen=True, slots=True)
class Retiered:
    """How many customers went from one tier to another ('' before: they had none), and how many pool entries with
    them."""

    kind: Kind
    moves: Mapping[tuple[str, str], int]
    entries: int


def decide_tier_rule(*, kind: str, measure: str, cuts: Sequence[float], by: User, now: datetime) -> TierRule:
    """Say by which measure a kind of tier is told, from which value each tier on but the last. A new version.

    It holds from the next day's tiers, or from `retier`. The measure is `attribute:<name>`, one of BUILT_IN, or `told`:
    tiers then stay as they are told, and cuts say nothing. What holds already is not decided again. Raises Invalid.
    """
    known, cuts = _kind(kind), NO_CUTS if measure == TOLD else cuts
    try:
        check(measure, cuts, known)
    except NoRule as error:
        raise Invalid(_wrong(error), field=error.field) from error
    before = rule_of(known)
    if before is not None and (before.measure, before.cuts) == (measure, [*cuts]):
        return before
    version = before.version + 1 if before else 1
    try:
        with transaction.atomic():
            row = _keep(known, measure, cuts, version=version, by=by, now=now)
            was = f" (was {_text(before.measure, before.cuts)})" if before else ""
            note = f"{known}: {_text(measure, cuts)}{was}"
            audit(
                actor=by, action=AuditAction.CONFIGURE, subject="tier_rule", subject_id=row.pk, note=note[:200], now=now
            )
    except IntegrityError as error:
        raise Conflict(_("Somebody else has just changed this rule. Look at it and decide again.")) from error
    return row


def ensure_tier_rules(*, now: datetime) -> None:
    """Begin each kind that has no rule and whose tiers nobody told: activity by when customers were last heard of,
    value by the attribute `arpu` at what 5, 20 and 50 percent of them reach, where customers have it."""
    for kind in KINDS:
        if rule_of(kind) is not None or Customer.objects.exclude(**{COLUMNS[kind]: ""}).exists():
            continue
        measure, cuts = (RECENCY, RECENCY_CUTS) if kind == "activity" else _by_revenue(now)
        if cuts is not None:
            TierRule.objects.get_or_create(
                kind=kind, version=1, defaults={"measure": measure, "cuts": [*cuts], "decided_at": now}
            )


def _by_revenue(now: datetime) -> tuple[str, tuple[float, float, float] | None]:
    name = next((name for name, _n in numeric_attributes() if name.lower() == REVENUE), None)
    found = spread("value", f"{ATTRIBUTE}{name}", [0.0] * CUTS, today=localdate(now)) if name else None
    if found is None or not found.quantiles:
        return "", None
    _lowest, half, fifth, twentieth, _highest = found.quantiles
    return f"{ATTRIBUTE}{name}", cuts_at_shares([twentieth, fifth, half])


def retier(*, now: datetime) -> list[Retiered]:
    """Tell the tiers of all customers anew by the rules that hold, one statement a kind; a second time changes nothing.

    Who has no measure keeps the tier they have. Every move is kept with its rule and day.
    """
    ensure_tier_rules(now=now)
    rules = [(kind, rule_of(kind)) for kind in KINDS]
    return [_retier(kind, rule, now) for kind, rule in rules if rule is not None and rule.measure != TOLD]


def _retier(kind: Kind, rule: TierRule, now: datetime) -> Retiered:
    today, measure = localdate(now), measure_of(rule.measure)
    facts = {
        "tiers": [*reversed(TIERS[kind])],
        "rising": sorted(rule.cuts),
        "rule": rule.pk,
        "kind": kind,
        "lock": POOL_LOCK,
        **facts_of(rule.measure, today=today),
    }
    statement = RETIER.format(column=COLUMNS[kind], measure=measure.of_all, join=measure.join)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, facts)
        rows = cursor.fetchall()
    return Retiered(kind, {(was, tier): n for was, tier, n, _entries in rows if n}, rows[-1][-1])


def make_tiers(*, now: datetime) -> list[Analysis]:
    """Read and keep how many customers and open pool entries each tier has, and who moved in the last 28 days.

    `figures`: window of the moves, n customers, and by kind: rule (version, measure, cuts; None where tiers are only
    told), customers and entries by tier ('' is unknown), moves as [from, to, n].
    """
    began, today = time.perf_counter(), localdate(now)
    kinds: dict[str, Any] = {}
    for kind in KINDS:
        rule = rule_of(kind)
        kinds[kind] = {
            "rule": rule and {"version": rule.version, "measure": rule.measure, "cuts": rule.cuts},
            "customers": standing(kind),
            "entries": standing(kind, pool=True),
            "moves": [list(move) for move in moves_of(kind, today=today)],
        }
    figures = {
        "window": [(today - MOVES_OVER + timedelta(days=1)).isoformat(), today.isoformat()],
        "n": sum(kinds[KINDS[0]]["customers"].values()),
        "kinds": kinds,
    }
    seconds = time.perf_counter() - began
    return [keep_analysis(kind=AnalysisKind.TIERS, figures=figures, seconds=seconds, now=now)]


def _keep(kind: Kind, measure: str, cuts: Sequence[float], *, version: int, by: User, now: datetime) -> TierRule:
    return TierRule.objects.create(
        kind=kind, version=version, measure=measure, cuts=[*cuts], decided_by=by, decided_at=now
    )


def _kind(kind: str) -> Kind:
    for known in KINDS:
        if known == kind:
            return known
    problem = _("%(kind)s is no kind of tier; there are: %(kinds)s.")
    raise Invalid(problem % {"kind": kind, "kinds": ", ".join(TierKind.values)}, field="kind")


def _wrong(error: NoRule) -> str:
    if error.field == "measure":
        return _("Choose one of the measures, or attribute:<name> of an attribute with at most 50 characters.")
    return _("Give three numbers, each tier's better than the next one's.")


def _text(measure: str, cuts: Sequence[float]) -> str:
    return f"{measure} {' / '.join(f'{cut:g}' for cut in cuts)}"
