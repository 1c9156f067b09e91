"""Reading the panel: the sums that every estimate is made of, who was asked and who answered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Count, F, Q, QuerySet, Sum

from careplans.enums import Arm, CampaignStatus
from careplans.models import Campaign
from evaluation.enums import Wave
from evaluation.logic.readings import Cell
from evaluation.models import Estimate, PanelMember
from loopcare.staff.models import User

SATISFIED_FROM = 75.0
"""The top two boxes of the five-step question, on the 0–100 scale."""

Cells = dict[int, list[Cell]]
"""Wave → its cells."""


def evaluated(user: User) -> QuerySet[Campaign]:
    """The campaigns that have, or will have, something to read and that this user may see."""
    return Campaign.objects.visible_to(user).exclude(status=CampaignStatus.DRAFT)


def cells(campaigns: Iterable[Campaign]) -> dict[int, Cells]:
    """Campaign id → wave → cells (arm × stratum), from one grouped scan of the panel."""
    sums: dict[str, Any] = {}
    for wave in Wave.values:
        sums |= _sums_of(wave)
    rows = (
        PanelMember.objects.filter(campaign__in=[campaign.pk for campaign in campaigns])
        .values("campaign_id", "stratum", "arm")
        .annotate(assigned=Count("pk"), **sums)
        .order_by("campaign_id", "stratum", "arm")
    )
    found: dict[int, Cells] = defaultdict(lambda: {wave: [] for wave in Wave.values})
    for row in rows:
        for wave in Wave.values:
            found[row["campaign_id"]][wave].append(_cell(row, wave))
    return found


def _sums_of(wave: int) -> dict[str, Any]:
    y, x = F(f"wave_{wave}"), F("before")
    both = Q(**{f"wave_{wave}__isnull": False})
    return {
        f"n_{wave}": Count(y),
        f"sum_y_{wave}": Sum(y),
        f"sum_yy_{wave}": Sum(y * y),
        f"n_before_{wave}": Count(x, filter=both),
        f"sum_x_{wave}": Sum(x, filter=both),
        f"sum_xx_{wave}": Sum(x * x, filter=both),
        f"sum_xy_{wave}": Sum(x * y),
        f"satisfied_{wave}": Count(y, filter=Q(**{f"wave_{wave}__gte": SATISFIED_FROM})),
    }


def _cell(row: Mapping[str, Any], wave: int) -> Cell:
    sums = ("n", "sum_y", "sum_yy", "n_before", "sum_x", "sum_xx", "sum_xy", "satisfied")
    return Cell(
        stratum=row["stratum"],
        arm=row["arm"],
        assigned=row["assigned"],
        **{name: row[f"{name}_{wave}"] or 0 for name in sums},
    )


@dataclass(frozen=True, slots=True)
class Response:
    """One arm at one wave, as counts of customers, each a part of the one before but `refused`.

    `asked` got an invitation, `sent` are those whose message has left, `answered` those whose answer counts; `refused`
    could not be asked (no address, do not contact, consent), and `missed` were not asked in time.
    """

    arm: str
    wave: int
    assigned: int
    asked: int
    sent: int
    answered: int
    refused: int
    missed: int


# The message of an invitation bears its key; joined by hand, because no foreign key says so.
RESPONSES = """
SELECT m.arm, f.wave, count(*) AS assigned, count(f.invitation_id) AS asked, count(s.sent_at) AS sent,
    count(CASE f.wave WHEN 1 THEN m.wave_1 WHEN 2 THEN m.wave_2 ELSE m.wave_3 END) AS answered,
    count(*) FILTER (WHERE f.refused <> '') AS refused,
    count(*) FILTER (WHERE f.status = 'cancelled' AND f.refused = '') AS missed
FROM evaluation_panelmember m
JOIN evaluation_followup f ON f.member_id = m.id
LEFT JOIN surveys_invitation i ON i.id = f.invitation_id
LEFT JOIN contact_message s ON s.key = i.key
WHERE m.campaign_id = %s GROUP BY m.arm, f.wave
"""


def responses(campaign: Campaign) -> list[Response]:
    """Every arm × wave of a campaign, in the order of the arms and waves."""
    with connection.cursor() as cursor:
        cursor.execute(RESPONSES, [campaign.pk])
        rows = [Response(*row) for row in cursor.fetchall()]
    places = {arm: place for place, arm in enumerate(Arm.values)}
    return sorted(rows, key=lambda row: (places[row.arm], row.wave))


def estimates(campaign: Campaign) -> list[Estimate]:
    """What was frozen at the read-out; nothing before it."""
    return list(Estimate.objects.filter(campaign=campaign).order_by("metric", "wave"))
