"""The planner: one set-based pass from segments to a frozen list of customers and arms.

A temporary table holds the candidates while the plan is made. Python holds ids and counts, never model instances.

Strata are line × value tier × gap band. Within each, exact counts are drawn by the rank of a hash: the hold-out with
the campaign's seed, and those who wait for lack of capacity with another one. So the propensity of each arm is its
count over the stratum's, and whoever knows the seed can repeat the draw.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _

from careplans.enums import CampaignStatus, PlanWarning
from careplans.logic import planning, power
from careplans.models import Campaign, CampaignLine, Preview, PreviewMember
from loopcare.common.errors import Conflict
from loopcare.contact.enums import Channel, Purpose, Refusal
from loopcare.contact.governor import judge
from loopcare.customers.enums import ValueTier
from loopcare.customers.models import Customer
from surveys.selectors import segment_entries

RESPONSE_RATE = 0.35
"""Share of customers expected to answer the follow-up question; an assumption until a campaign has been read out."""

SATISFIED = 0.5
"""Share of the hold-out expected to be satisfied: the value at which a difference is hardest to see."""

GAP_BANDS = (-30, -10)
"""Bounds of the gap bands, in points below adequate: far below, clearly below, just below."""

EXCLUSIONS = (
    Refusal.SUPPRESSED,
    Refusal.CONSENT,
    Refusal.OPEN_CARE,
    Refusal.HOLD_OUT,
    Refusal.FATIGUE,
    Refusal.NO_POINT,
)
"""In the order in which the waterfall tells them; each customer counts once, under the governor's first reason."""

PLAN = """
DROP TABLE IF EXISTS careplans_plan;
CREATE TEMP TABLE careplans_plan (
    customer_id bigint PRIMARY KEY, entry_id bigint NOT NULL, line_id bigint NOT NULL, stratum text NOT NULL,
    tier text NOT NULL, refused text NOT NULL DEFAULT ''
) ON COMMIT DROP
"""

# A customer in several segments belongs to the first line. The tier is today's; where unknown, that of the entry.
CANDIDATES = """
INSERT INTO careplans_plan (customer_id, entry_id, line_id, stratum, tier)
SELECT e.customer_id, e.id, %s,
    concat_ws('/', %s, coalesce(t.tier, '?'), coalesce(width_bucket(e.gap, %s)::text, '?')), coalesce(t.tier, '')
FROM surveys_poolentry e
JOIN customers_customer c ON c.id = e.customer_id
CROSS JOIN LATERAL (SELECT coalesce(nullif(c.value_tier, ''), nullif(e.value_tier, '')) AS tier) t
WHERE e.id IN ({segment})
ON CONFLICT (customer_id) DO NOTHING
"""

REFUSED = """
UPDATE careplans_plan p SET refused = r.reason
FROM unnest(%s::bigint[], %s::text[]) AS r (customer_id, reason) WHERE p.customer_id = r.customer_id
"""

# The holds say the same; the open cases themselves are asked as well, because they are the truth.
BUSY = """
UPDATE careplans_plan p SET refused = 'open_care'
WHERE refused = '' AND EXISTS (
    SELECT FROM careplans_case k WHERE k.customer_id = p.customer_id AND k.status <> 'closed')
"""

_RANK = planning.HASH_RANK_SQL.format(customer_id="customer_id")

DRAW = f"""
WITH sizes AS (
    SELECT * FROM unnest(%(strata)s::text[], %(n)s::int[], %(hold_out)s::int[], %(deferred)s::int[])
        AS s (stratum, n, hold_out, deferred)
), held AS (
    SELECT p.*, s.n, s.hold_out, s.deferred,
        row_number() OVER (PARTITION BY stratum ORDER BY {_RANK}, customer_id) <= s.hold_out AS is_held
    FROM careplans_plan p JOIN sizes s USING (stratum) WHERE p.refused = ''
), drawn AS (
    SELECT held.*, NOT is_held AND row_number() OVER (
        PARTITION BY stratum, is_held ORDER BY {_RANK.replace("%(seed)s", "%(wait_seed)s")}, customer_id
    ) <= deferred AS waits
    FROM held
)
INSERT INTO careplans_previewmember (preview_id, line_id, customer_id, entry_id, stratum, arm, propensity)
SELECT %(preview)s, line_id, customer_id, entry_id, stratum,
    CASE WHEN is_held THEN 'hold_out' WHEN waits THEN 'deferred' ELSE 'care' END,
    CASE WHEN is_held THEN hold_out WHEN waits THEN deferred ELSE n - hold_out - deferred END / n::float8
FROM drawn
"""


@dataclass(frozen=True, slots=True)
class _Stratum:
    name: str
    line_id: int
    tier: str
    n: int


@transaction.atomic
def preview_campaign(*, campaign: Campaign, now: datetime) -> Preview:
    """Freeze the list that a launch would assign, with its counts and its hash. Raises Conflict once launched."""
    campaign = Campaign.objects.select_for_update().get(pk=campaign.pk)
    if campaign.status != CampaignStatus.DRAFT:
        raise Conflict(_("This campaign is launched already; its list is the one that was assigned."))
    lines = list(campaign.lines.select_related("segment", "strategy"))
    waterfall = _collect(lines, now)
    strata = _strata()
    draws = _draws(campaign, lines, strata)
    # Only the newest list can be launched; older ones keep their counts and drop their people.
    PreviewMember.objects.filter(preview__campaign=campaign).delete()
    preview = Preview.objects.create(campaign=campaign, plan_version=campaign.plan_version, created_at=now)
    _draw(preview, campaign.seed, draws)
    preview.hash = _hash(preview)
    preview.counts = {**_counts(campaign, lines, strata, draws, waterfall), "hash": preview.hash}
    preview.save(update_fields=["hash", "counts"])
    return preview


def _collect(lines: Sequence[CampaignLine], now: datetime) -> planning.Waterfall:
    """Fill the table of candidates and mark the refused among them."""
    with connection.cursor() as cursor:
        cursor.execute(PLAN)
        for line in lines:
            segment, params = segment_entries(line.segment).order_by().values("pk").query.sql_with_params()
            cursor.execute(CANDIDATES.format(segment=segment), [line.pk, str(line.place), list(GAP_BANDS), *params])
        cursor.execute("ANALYZE careplans_plan")
        candidates = RawSQL("SELECT customer_id FROM careplans_plan", ())
        refused = judge(Customer.objects.filter(pk__in=candidates), channel=Channel.PHONE, purpose=Purpose.CARE, at=now)
        cursor.execute(REFUSED, [list(refused), [reason.value for reason in refused.values()]])
        cursor.execute(BUSY)
        cursor.execute("SELECT refused, count(*) FROM careplans_plan GROUP BY refused")
        found = dict(cursor.fetchall())
    exclusions = tuple(planning.Exclusion(reason, found.get(reason.value, 0)) for reason in EXCLUSIONS)
    return planning.Waterfall(sum(found.values()), exclusions)


def _strata() -> list[_Stratum]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT stratum, line_id, tier, count(*) FROM careplans_plan WHERE refused = '' "
            "GROUP BY stratum, line_id, tier ORDER BY stratum"
        )
        return [_Stratum(*row) for row in cursor.fetchall()]


def _minutes_available(campaign: Campaign) -> float:
    days = planning.working_days(campaign.starts_on, campaign.ends_on)
    return float(campaign.agents * campaign.hours_per_day * 60 * days)


def _draws(campaign: Campaign, lines: Sequence[CampaignLine], strata: Sequence[_Stratum]) -> dict[str, planning.Draw]:
    minutes = {line.pk: float(line.strategy.minutes) for line in lines}
    return planning.draws(
        {stratum.name: stratum.n for stratum in strata},
        share=float(campaign.hold_out_share),
        minutes={stratum.name: minutes[stratum.line_id] for stratum in strata},
        first=frozenset(stratum.name for stratum in strata if stratum.tier == ValueTier.STRATEGIC),
        minutes_available=_minutes_available(campaign),
    )


def _draw(preview: Preview, seed: str, draws: Mapping[str, planning.Draw]) -> None:
    """Draw the arms and write the list, in one statement."""
    params: dict[str, Any] = {
        "strata": list(draws),
        "n": [draw.n for draw in draws.values()],
        "hold_out": [draw.hold_out for draw in draws.values()],
        "deferred": [draw.deferred for draw in draws.values()],
        "seed": seed,
        "wait_seed": f"{seed}:wait",
        "preview": preview.pk,
    }
    with connection.cursor() as cursor:
        cursor.execute(DRAW, params)


def _hash(preview: Preview) -> str:
    """SHA-256 of the plan's version and its list: another plan, customer, line or arm gives another hash."""
    members = preview.members.values_list("customer_id", "line_id", "arm").iterator(chunk_size=10_000)
    plan = planning.plan_hash((customer, str(line), arm) for customer, line, arm in members)
    return hashlib.sha256(f"{preview.plan_version}:{plan}".encode()).hexdigest()


def _counts(
    campaign: Campaign,
    lines: Sequence[CampaignLine],
    strata: Sequence[_Stratum],
    draws: Mapping[str, planning.Draw],
    waterfall: planning.Waterfall,
) -> dict[str, Any]:
    """Everything the supervisor sees before launching; minutes are agent minutes, `mde` percentage points."""
    table = [_line_counts(line, [draws[s.name] for s in strata if s.line_id == line.pk]) for line in lines]
    total = {arm: sum(row[arm] for row in table) for arm in ("hold_out", "care", "deferred")}
    available = _minutes_available(campaign)
    needed = sum((row["care"] + row["deferred"]) * row["minutes"] for row in table)
    strategic = sum(s.n - draws[s.name].hold_out for s in strata if s.tier == ValueTier.STRATEGIC)
    mde = power.minimum_detectable_effect(
        SATISFIED, int(total["care"] * RESPONSE_RATE), int(total["hold_out"] * RESPONSE_RATE)
    )
    warnings = {
        PlanWarning.NO_HOLD_OUT: not campaign.hold_out_share,
        PlanWarning.TOO_FEW: bool(campaign.hold_out_share) and mde is None,
        PlanWarning.SHORT: total["deferred"] > 0,
        PlanWarning.STRATEGIC_OVER: strategic > 0 and total["deferred"] == 0 and needed > available,
    }
    return {
        "found": waterfall.found,
        "exclusions": {str(step.reason): step.n for step in waterfall.exclusions},
        "eligible": waterfall.eligible,
        **total,
        "capacity": {
            "minutes": available,
            "needed": needed,
            "share": round(needed / available, 4) if available else None,
        },
        "mde": round(100 * mde, 1) if mde is not None else None,
        "cost": float(sum((Decimal(row["care"]) * Decimal(str(row["unit_cost"])) for row in table), Decimal(0))),
        "lines": table,
        "warnings": [warning.value for warning, holds in warnings.items() if holds],
    }


def _line_counts(line: CampaignLine, draws: Sequence[planning.Draw]) -> dict[str, Any]:
    return {
        "segment": line.segment.name,
        "strategy": line.strategy.name,
        "minutes": float(line.strategy.minutes),
        "unit_cost": float(line.strategy.unit_cost),
        "eligible": sum(draw.n for draw in draws),
        "hold_out": sum(draw.hold_out for draw in draws),
        "care": sum(draw.care for draw in draws),
        "deferred": sum(draw.deferred for draw in draws),
    }
