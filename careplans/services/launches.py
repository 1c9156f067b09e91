"""The launch: the frozen list becomes assignments, holds and cases, exactly once, in one transaction."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from careplans.enums import Arm, CampaignStatus
from careplans.logic.planning import read_out_day
from careplans.models import Assignment, Campaign, Preview
from careplans.selectors import newest_preview
from careplans.selectors.priority import factors_in_force, worth
from loopcare.common.errors import Conflict, Invalid
from loopcare.common.states import move
from loopcare.contact.enums import HoldKind
from loopcare.contact.services import place_holds
from loopcare.customers.enums import ValueTier
from loopcare.staff.enums import AuditAction
from loopcare.staff.models import User
from loopcare.staff.services import audit
from surveys.services import pool

PREVIEW_LIVES = timedelta(hours=24)

ASSIGN = """
INSERT INTO careplans_assignment
    (campaign_id, line_id, customer_id, entry_id, arm, stratum, propensity, snapshot, assigned_at)
SELECT %(campaign)s, m.line_id, m.customer_id, m.entry_id, m.arm, m.stratum, m.propensity,
    jsonb_build_object(
        'gap', e.gap, 'perceived', e.perceived, 'adequate', e.adequate, 'repeat_count', e.repeat_count,
        'value_tier', c.value_tier, 'activity_tier', c.activity_tier),
    %(now)s
FROM careplans_previewmember m
JOIN surveys_poolentry e ON e.id = m.entry_id
JOIN customers_customer c ON c.id = m.customer_id
WHERE m.preview_id = %(preview)s
"""

# Worst first among equals: cases of one priority are taken in the order of their ids. A customer who left the pool or
# got a case elsewhere since the preview gets none; the entries are locked until the pool has moved them.
OPEN_CASES = """
WITH wanted AS MATERIALIZED (
    SELECT a.id, a.customer_id, a.entry_id, l.strategy_id, coalesce(w.priority, 0) AS priority, e.gap
    FROM careplans_assignment a
    JOIN careplans_campaignline l ON l.id = a.line_id
    JOIN surveys_poolentry e ON e.id = a.entry_id
    LEFT JOIN unnest(%(lines)s::bigint[], %(tiers)s::text[], %(worth)s::float8[]) AS w (line_id, tier, priority)
        ON w.line_id = a.line_id AND w.tier = a.snapshot ->> 'value_tier'
    WHERE a.campaign_id = %(campaign)s AND a.arm = 'care' AND e.status = 'waiting'
    FOR UPDATE OF e
), opened AS (
    INSERT INTO careplans_case
        (assignment_id, campaign_id, strategy_id, customer_id, entry_id, team_id, status, priority, due_at, opened_at,
         tries, cause, action, close_reason, holder, epoch)
    SELECT id, %(campaign)s, strategy_id, customer_id, entry_id, %(team)s, 'queued', priority, %(now)s, %(now)s,
        0, '', '', '', '', 0
    FROM wanted ORDER BY priority DESC, gap, id
    ON CONFLICT DO NOTHING
    RETURNING id, customer_id, entry_id
), logged AS (
    INSERT INTO careplans_caseevent (case_id, from_status, to_status, reason, actor_id, at)
    SELECT id, '', 'queued', 'launch', %(actor)s, %(now)s FROM opened ORDER BY id
)
SELECT customer_id, entry_id FROM opened
"""

STILL_WAITING = """
SELECT e.id FROM careplans_assignment a JOIN surveys_poolentry e ON e.id = a.entry_id
WHERE a.campaign_id = %s AND a.arm = 'hold_out' AND e.status = 'waiting' FOR UPDATE OF e
"""


@transaction.atomic
def launch_campaign(*, campaign: Campaign, hash: str, by: User | None, now: datetime) -> dict[str, int]:  # noqa: A002
    """Assign exactly the newest frozen list, named by its `hash`, and open the cases of the care arm.

    Returns how many were assigned to each arm (`care`, `hold_out`, `deferred`), `cases` opened, and `no_case`: those
    of the care arm who left the pool or got a case elsewhere since the preview; they keep their arm, because the list
    is frozen. Raises Conflict when the list is not the newest, older than 24 hours, of an edited plan or launched
    already; Invalid when it is empty.
    """
    row = Campaign.objects.select_for_update().get(pk=campaign.pk)
    preview = _checked_preview(row, hash, now)
    today = now.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    actor_id = by.pk if by else None
    move(
        row,
        CampaignStatus.LAUNCHED,
        now=now,
        actor_id=actor_id,
        launched_at=now,
        read_out_on=read_out_day(today),
    )
    with connection.cursor() as cursor:
        cursor.execute(ASSIGN, {"campaign": row.pk, "preview": preview.pk, "now": now})
    opened = _open_cases(row, actor_id, now)
    _leave_alone(row, actor_id, now)
    audit(actor=by, action=AuditAction.LAUNCH, subject="campaign", subject_id=row.pk, note=hash, now=now)
    campaign.refresh_from_db()
    counts = {arm: preview.counts[arm] for arm in Arm.values}
    return {**counts, "cases": opened, "no_case": counts[Arm.CARE] - opened}


def _checked_preview(campaign: Campaign, wanted: str, now: datetime) -> Preview:
    preview = newest_preview(campaign)
    if campaign.status != CampaignStatus.DRAFT:
        raise Conflict(_("This campaign was launched before; nothing was changed."), status_now=campaign.status)
    if preview is None:
        raise Conflict(_("There is no list yet: preview the campaign first."))
    if preview.plan_version != campaign.plan_version:
        raise Conflict(_("The plan was edited after this preview; preview it again."))
    if preview.hash != wanted:
        raise Conflict(_("This is not the newest list of this campaign; look at the newest preview and launch that."))
    if now - preview.created_at > PREVIEW_LIVES:
        raise Conflict(_("This preview is older than 24 hours; preview the campaign again."))
    if not preview.counts["eligible"]:
        raise Invalid(_("Nobody is eligible, so there is nothing to launch; widen a segment and preview again."))
    return preview


def _open_cases(campaign: Campaign, actor_id: int | None, now: datetime) -> int:
    params: dict[str, Any] = {"campaign": campaign.pk, "team": campaign.team_id, "actor": actor_id, "now": now}
    with connection.cursor() as cursor:
        cursor.execute(OPEN_CASES, params | _worth(campaign, now))
        opened = cursor.fetchall()
    pool.take_into_care(entry_ids=[entry for _customer, entry in opened], now=now, actor_id=actor_id)
    place_holds(customer_ids=[customer for customer, _entry in opened], kind=HoldKind.OPEN_CARE)
    return len(opened)


def _leave_alone(campaign: Campaign, actor_id: int | None, now: datetime) -> None:
    """Shut the door to the held-out until the day of the verdict, those who left the pool meanwhile included."""
    held = Assignment.objects.filter(campaign=campaign, arm=Arm.HOLD_OUT).values_list("customer_id", flat=True)
    assert campaign.read_out_on is not None
    until = datetime.combine(campaign.read_out_on, time(0), tzinfo=ZoneInfo(settings.TIME_ZONE))
    place_holds(customer_ids=held.iterator(), kind=HoldKind.HOLD_OUT, until=until)
    with connection.cursor() as cursor:
        cursor.execute(STILL_WAITING, [campaign.pk])
        waiting = [pk for (pk,) in cursor.fetchall()]
    pool.hold_out(entry_ids=waiting, now=now, actor_id=actor_id)


def _worth(campaign: Campaign, now: datetime) -> dict[str, list[Any]]:
    """Expected value per agent minute of every line and value tier, by the factors in force; an unknown tier counts as
    the basic one, and what is not ordered by value as nothing."""
    factors = factors_in_force(now)
    rows = [
        (line.pk, tier, worth(factors, tier, line.strategy).per_minute or 0.0)
        for line in campaign.lines.select_related("strategy")
        for tier in ("", *ValueTier.values)
    ]
    lines, tiers, values = zip(*rows, strict=True)
    return {"lines": list(lines), "tiers": list(tiers), "worth": list(values)}
