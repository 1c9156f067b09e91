"""Campaigns with people to ask, for the tests of stage 4."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import connection

from careplans.enums import Arm, CampaignStatus
from careplans.models import Assignment, Campaign
from evaluation.models import FollowUp, PanelMember
from evaluation.services.panel import enrol
from loopcare.contact.enums import Purpose
from loopcare.customers.models import Customer, Region
from loopcare.customers.services import add_customer
from surveys.models import Invitation, Questionnaire
from surveys.services.setup import FOLLOW_UP, ensure_basics
from tests.factories import NOW, make_campaign, make_entry

LAUNCHED = NOW
READ_OUT_ON = date(2026, 6, 17)
READ_OUT = datetime(2026, 6, 17, 4, tzinfo=NOW.tzinfo)


def make_region(code: str, zone: str) -> Region:
    return Region.objects.create(code=code, name=code, time_zone=zone)


def make_addressed(number: int, **fields: Any) -> Customer:
    """A customer who can be asked by e-mail."""
    said: dict[str, Any] = {"reference": f"R{number}", "now": NOW, "email": f"c{number}@example.com"}
    return add_customer(**said | fields)


def assign(
    campaign: Campaign,
    customer: Customer,
    arm: str,
    *,
    perceived: float = 40.0,
    stratum: str = "1/core/1",
    assigned_at: datetime = NOW,
) -> Assignment:
    entry = make_entry(customer, perceived=perceived, adequate=62.5)
    return Assignment.objects.create(
        campaign=campaign,
        line=campaign.lines.get(place=1),
        customer=customer,
        entry=entry,
        arm=arm,
        stratum=stratum,
        propensity=0.5,
        snapshot={"perceived": perceived, "gap": perceived - 62.5},
        assigned_at=assigned_at,
    )


def make_panel(arms: Mapping[str, int], *, campaign: Campaign | None = None, first: int = 1) -> Campaign:
    """A launched campaign whose customers, so many in each arm, are enrolled; levels before care differ."""
    ensure_basics()
    campaign = campaign or make_campaign()
    number = first
    for arm, size in arms.items():
        for place in range(size):
            perceived = 10.0 * (1 + place % 5)
            assign(campaign, make_addressed(number), arm, perceived=perceived, stratum=f"1/core/{place % 2}")
            number += 1
    enrol(now=NOW)
    return campaign


def make_answered(
    arms: Mapping[str, int],
    *,
    effect: float = 0.0,
    share: float = 1.0,
    seed: int = 1,
    status: CampaignStatus = CampaignStatus.LAUNCHED,
) -> Campaign:
    """A panel that was asked three times and answered by `share`; care shifts the answers by `effect` points."""
    campaign = make_panel(arms, campaign=make_campaign(status))
    rng = random.Random(seed)
    questionnaire = Questionnaire.objects.get(code=FOLLOW_UP)
    members = list(PanelMember.objects.filter(campaign=campaign).order_by("pk"))
    for follow_up in FollowUp.objects.filter(member__campaign=campaign).select_related("member"):
        follow_up.invitation = Invitation.objects.create(
            questionnaire=questionnaire,
            customer_id=follow_up.member.customer_id,
            purpose=Purpose.FOLLOW_UP,
            key=f"follow-up:{follow_up.member_id}:{follow_up.wave}",
            token_hash=rng.randbytes(32),
            created_at=follow_up.due_at,
            expires_at=follow_up.due_at,
        )
        follow_up.status = "done"
        follow_up.save()
    for member in members:
        for wave in (1, 2, 3):
            if rng.random() < share:
                shift = effect if member.arm == Arm.CARE else 0.0
                raw = (member.before or 0.0) + 20 + shift + rng.gauss(0, 18)
                setattr(member, f"wave_{wave}", min(100.0, max(0.0, 25.0 * round(raw / 25))))
    PanelMember.objects.bulk_update(members, ["wave_1", "wave_2", "wave_3"])
    return campaign


def panel_rows(campaign: Campaign, wave: int) -> list[tuple[str, str, float, float]]:
    """(arm, stratum, before, answer) of everybody who answered, straight from the table."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT arm, stratum, before, wave_{wave} FROM evaluation_panelmember "
            f"WHERE campaign_id = %s AND wave_{wave} IS NOT NULL ORDER BY id",
            [campaign.pk],
        )
        return [(str(arm), str(stratum), float(x), float(y)) for arm, stratum, x, y in cursor.fetchall()]
