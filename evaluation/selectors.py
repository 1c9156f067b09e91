"""Reading the panel: the sums that every estimate is made of, who was asked and who answered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum

from careplans.enums import Arm, CampaignStatus
from careplans.models import Campaign
from evaluation.enums import Wave
from evaluation.logic.readings import Cell
from evaluation.models import Estimate, FollowUp, PanelMember
from loopcare.common.due_rows import DueStatus
from loopcare.contact.models import Message
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


def responses(campaign: Campaign) -> list[Response]:
    """Every arm × wave of a campaign, in the order of the arms and waves."""
    sent = Message.objects.filter(key=OuterRef("invitation__key"), sent_at__isnull=False)
    answered = Q()
    for wave in Wave.values:
        answered |= Q(wave=wave, **{f"member__wave_{wave}__isnull": False})
    rows = (
        FollowUp.objects.filter(member__campaign=campaign)
        .values("wave", arm=F("member__arm"))
        .annotate(
            assigned=Count("pk"),
            asked=Count("invitation"),
            sent=Count("pk", filter=Exists(sent)),
            answered=Count("pk", filter=answered),
            missed=Count("pk", filter=Q(status=DueStatus.CANCELLED, refused="")),
            refused=Count("pk", filter=~Q(refused="")),  # last: from here on the name means the count
        )
    )
    places = {arm: place for place, arm in enumerate(Arm.values)}
    return sorted((Response(**row) for row in rows), key=lambda row: (places[row.arm], row.wave))


def estimates(campaign: Campaign) -> list[Estimate]:
    """What was frozen at the read-out; nothing before it."""
    return list(Estimate.objects.filter(campaign=campaign).order_by("metric", "wave"))
