"""Reading campaigns: who is in them, how far the care came, and whether the hold-out stayed untouched."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from careplans.enums import REACHED, TALKED, Arm, CampaignStatus
from careplans.models import Assignment, Campaign, CampaignEvent, Preview
from loopcare.common.errors import NotFound
from loopcare.contact.enums import Purpose


@dataclass(frozen=True, slots=True)
class Funnel:
    """Customers of the care arm, each step a part of the one before."""

    assigned: int
    reached: int
    talked: int
    solved: int


def assigned(campaign: Campaign) -> QuerySet[Assignment]:
    """Everybody who was drawn, whatever the arm."""
    return Assignment.objects.filter(campaign=campaign)


def funnel(campaign: Campaign) -> Funnel:
    """How far the care came: somebody answered, the matter was talked about, the agent called it solved.

    A case that was ever solved counts as solved, whatever the customer said later.
    """
    care = assigned(campaign).filter(arm=Arm.CARE)
    solved = Q(case__solved_at__isnull=False)
    counts = care.aggregate(
        assigned=Count("pk", distinct=True),
        reached=Count("pk", distinct=True, filter=Q(case__attempts__outcome__in=REACHED) | solved),
        talked=Count("pk", distinct=True, filter=Q(case__attempts__outcome__in=TALKED) | solved),
        solved=Count("pk", distinct=True, filter=solved),
    )
    return Funnel(**counts)


def contaminated(campaign: Campaign) -> int:
    """Held-out customers who were contacted with care between the draw and the read-out, which sets them free."""
    read_at = CampaignEvent.objects.filter(campaign=campaign, to_status=CampaignStatus.READ).values("at")
    return (
        assigned(campaign)
        .alias(read_at=Subquery(read_at[:1]))
        .filter(
            Q(read_at=None) | Q(customer__contacts__at__lt=F("read_at")),
            arm=Arm.HOLD_OUT,
            customer__contacts__purpose__in=(Purpose.CARE, Purpose.CALLBACK),
            customer__contacts__at__gte=F("assigned_at"),
        )
        .values("pk")
        .distinct()
        .count()
    )


def campaigns_followed(now: datetime) -> QuerySet[Campaign]:
    """Campaigns whose customers are still asked and read: launched, and not read out yet."""
    waiting = Campaign.objects.exclude(status__in=(CampaignStatus.DRAFT, CampaignStatus.READ))
    return waiting.filter(launched_at__lte=now)


def newest_preview(campaign: Campaign) -> Preview | None:
    """The one frozen list that a launch may assign."""
    return Preview.objects.filter(campaign=campaign).order_by("-pk").first()


def campaign_named(name: str) -> Campaign:
    """The campaign of this name. Raises NotFound."""
    campaign = Campaign.objects.filter(name=name).first()
    if campaign is None:
        raise NotFound(_("There is no campaign called %(name)s.") % {"name": name})
    return campaign
