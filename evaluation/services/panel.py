"""The panel: everybody who was assigned is enrolled, asked three times, and what they answer is taken in."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, TypedDict
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from django.db.models import BigIntegerField, F, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import translation
from django.utils.translation import gettext as _

from careplans.enums import CampaignStatus
from careplans.models import Assignment
from careplans.selectors import campaigns_followed
from evaluation.enums import Wave
from evaluation.logic.waves import due_at
from evaluation.models import FollowUp, PanelMember
from loopcare.common.due_rows import Drained, Later, Never, Queue
from loopcare.contact.enums import Channel, Purpose, Refusal
from loopcare.contact.governor import may_contact
from loopcare.contact.services import note_refusal, queue_message
from loopcare.customers.models import Region
from loopcare.customers.selectors import zone_of
from loopcare.staff.selectors import installation
from surveys.services.news import has_news, take_answers
from surveys.services.sending import invite, survey_url
from surveys.services.setup import FOLLOW_UP


class _About(TypedDict):
    """Whom the governor is asked about."""

    customer_id: int
    channel: Channel
    purpose: Purpose


ANSWER_WINDOW = timedelta(days=28)
"""From the due time of a wave: later an answer would speak of the next month."""

NEW_DAYS = """
SELECT DISTINCT (assigned_at AT TIME ZONE %(zone)s)::date FROM careplans_assignment
WHERE campaign_id = %(campaign)s AND id > %(enrolled)s AND id <= %(newest)s
"""

# One statement: a member never exists without the three follow-ups, and of two runs at once only the one that made the
# member makes them. A region that is not in the list counts as unknown.
ENROL = """
WITH due AS (
    SELECT * FROM unnest(%(days)s::date[], %(regions)s::text[], %(waves)s::int[], %(times)s::timestamptz[])
        AS d (anchored_on, region, wave, due_at)
), member AS (
    INSERT INTO evaluation_panelmember
        (assignment_id, campaign_id, customer_id, arm, stratum, anchored_on, before)
    SELECT id, campaign_id, customer_id, arm, stratum, (assigned_at AT TIME ZONE %(zone)s)::date,
        (snapshot ->> 'perceived')::float8
    FROM careplans_assignment
    WHERE campaign_id = %(campaign)s AND id > %(enrolled)s AND id <= %(newest)s
    ORDER BY id
    ON CONFLICT (assignment_id) DO NOTHING
    RETURNING id, customer_id, anchored_on
), follow_up AS (
    INSERT INTO evaluation_followup
        (member_id, wave, due_at, status, tries, last_error, holder, epoch, refused)
    SELECT m.id, d.wave, d.due_at, 'waiting', 0, '', '', 0, ''
    FROM member m JOIN customers_customer c ON c.id = m.customer_id
    JOIN due d ON d.anchored_on = m.anchored_on
        AND d.region = CASE WHEN c.region = ANY(%(regions)s) THEN c.region ELSE '' END
)
SELECT count(*) FROM member
"""

# A panel that was read out is closed: what was read stays what it was.
ABSORB = """
WITH news AS (
    SELECT f.member_id,
        max(n.score) FILTER (WHERE f.wave = 1) AS wave_1,
        max(n.score) FILTER (WHERE f.wave = 2) AS wave_2,
        max(n.score) FILTER (WHERE f.wave = 3) AS wave_3
    FROM unnest(%s::bigint[], %s::int[]) AS n (invitation_id, score)
    JOIN evaluation_followup f ON f.invitation_id = n.invitation_id
    GROUP BY f.member_id
)
UPDATE evaluation_panelmember m SET
    wave_1 = coalesce((news.wave_1 - 1) * 25, m.wave_1),
    wave_2 = coalesce((news.wave_2 - 1) * 25, m.wave_2),
    wave_3 = coalesce((news.wave_3 - 1) * 25, m.wave_3)
FROM news, careplans_campaign c
WHERE m.id = news.member_id AND c.id = m.campaign_id AND c.status <> 'read'
"""


def enrol(*, now: datetime) -> int:
    """Make a panel member with three follow-ups of every assignment that has none; returns how many were made.

    Safe to repeat and to run in many places at once. The anchor is the installation's day of the assignment, the day
    from which the read-out date is counted too; each wave is due on the customer's own clock.
    """
    return sum(_enrol(*span) for span in _behind(now))


def _behind(now: datetime) -> list[tuple[int, int, int]]:
    """(campaign, last assignment enrolled, newest assignment) where these differ: two index look-ups a campaign.

    Assignments of one campaign are written under its lock, so that their ids become visible in order.
    """
    newest = Assignment.objects.filter(campaign=OuterRef("pk")).order_by("-pk").values("pk")[:1]
    enrolled = PanelMember.objects.filter(campaign=OuterRef("pk")).order_by("-assignment_id").values("assignment_id")
    return list(
        campaigns_followed(now)
        .annotate(enrolled=Coalesce(Subquery(enrolled[:1]), 0, output_field=BigIntegerField()), newest=Subquery(newest))
        .filter(newest__gt=F("enrolled"))
        .order_by("pk")
        .values_list("pk", "enrolled", "newest")
    )


@transaction.atomic
def _enrol(campaign_id: int, enrolled: int, newest: int) -> int:
    span: dict[str, Any] = {"campaign": campaign_id, "enrolled": enrolled, "newest": newest, "zone": settings.TIME_ZONE}
    with connection.cursor() as cursor:
        cursor.execute(NEW_DAYS, span)
        days = [day for (day,) in cursor.fetchall()]
        cursor.execute(ENROL, span | _due_times(days))
        (made,) = cursor.fetchone()
    return int(made)


def _due_times(days: list[date]) -> dict[str, Any]:
    """The due time of every day × region × wave, as columns; the region '' stands for an unknown one."""
    zones = {"": settings.TIME_ZONE, **dict(Region.objects.values_list("code", "time_zone"))}
    rows = [
        (day, region, wave, due_at(day, wave, ZoneInfo(zone)))
        for day in days
        for region, zone in zones.items()
        for wave in Wave.values
    ]
    names = ("days", "regions", "waves", "times")
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}


def ask_due(*, now: datetime | None = None) -> Drained:
    """Ask the follow-up question wherever it is due and allowed: an invitation and an e-mail in the outbox."""
    return _follow_ups.drain(now=now)


def _permit(follow_up: FollowUp, now: datetime) -> None:
    """Whether this question may be asked now. Runs outside the row's transaction, so that a refusal is kept."""
    member = PanelMember.objects.select_related("campaign", "customer__region").get(pk=follow_up.member_id)
    follow_up.member = member
    if member.campaign.status == CampaignStatus.READ:
        raise Never("The campaign has been read out.")
    if now >= _closes_at(follow_up):
        raise Never("The window has passed.")
    about: _About = {"customer_id": member.customer_id, "channel": Channel.EMAIL, "purpose": Purpose.FOLLOW_UP}
    decision = may_contact(**about, at=now)
    if decision.allowed:
        return
    reason = decision.reason or Refusal.SUPPRESSED
    note_refusal(**about, reason=reason, at=now, next_allowed_at=decision.next_allowed_at)
    if decision.next_allowed_at is None:
        raise Never(reason.value, refused=reason)
    raise Later(decision.next_allowed_at)


def _ask(follow_up: FollowUp, now: datetime) -> None:
    """Invitation and message under one key; both, and the row's completion, or nothing."""
    member, key = follow_up.member, f"follow-up:{follow_up.member_id}:{follow_up.wave}"
    closes_at = _closes_at(follow_up)
    invitation, token = invite(
        customer_id=member.customer_id,
        questionnaire=FOLLOW_UP,
        purpose=Purpose.FOLLOW_UP,
        key=key,
        now=now,
        expires_at=closes_at,
    )
    with translation.override(_language(member.customer.language)):
        subject, body = _words(
            invitation.questionnaire.question, survey_url(token), closes_at, zone_of(member.customer)
        )
    queue_message(
        customer_id=member.customer_id,
        channel=Channel.EMAIL,
        purpose=Purpose.FOLLOW_UP,
        key=key,
        subject=subject,
        body=body,
        now=now,
    )
    FollowUp.objects.filter(pk=follow_up.pk).update(invitation=invitation)


_follow_ups = Queue(FollowUp, _ask, outside=_permit)


def _closes_at(follow_up: FollowUp) -> datetime:
    """Counted from the wave's first due time: the row's own moves with every put-off."""
    member = follow_up.member
    return due_at(member.anchored_on, follow_up.wave, zone_of(member.customer)) + ANSWER_WINDOW


def _language(code: str) -> str:
    """The customer's language among those we write; the installation's when it is unknown."""
    return "zh-hans" if (code or settings.LANGUAGE_CODE).lower().startswith("zh") else "en"


def _words(question: str, url: str, closes_at: datetime, zone: ZoneInfo) -> tuple[str, str]:
    """Subject and body, in the active language."""
    brand = installation().brand
    day = (closes_at.astimezone(zone) - timedelta(days=1)).date().isoformat()
    lines = (
        _("Hello,"),
        question,
        _("Answer with one tap:") + f"\n{url}",
        _("The link is yours alone and works until %(day)s.") % {"day": day},
        _("Thank you.") + f"\n{brand}",
    )
    return _("One question from %(brand)s") % {"brand": brand}, "\n\n".join(lines)


def absorb_answers(*, now: datetime) -> int:
    """Take new and changed answers into the panel, on 0–100; returns how many answers were news.

    Answers to other questionnaires are passed over. Safe to repeat and to run in many places at once.
    """
    if not has_news():
        return 0
    with transaction.atomic():
        news = take_answers()
        with connection.cursor() as cursor:
            cursor.execute(ABSORB, [[pk for pk, _score in news], [score for _pk, score in news]])
    return len(news)
