"""Campaigns with people to ask, for the tests of stage 4."""

from __future__ import annotations

import os
import random
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from careplans.enums import Arm, CampaignStatus
from careplans.models import Assignment, Campaign
from evaluation.models import FollowUp, PanelMember
from evaluation.services.panel import enrol
from loopcare.common.due_rows import DueStatus
from loopcare.contact.enums import Purpose
from loopcare.customers.models import Customer, Region
from loopcare.customers.services import add_customer
from surveys.enums import EntryKind, SourceChannel
from surveys.models import Invitation, PoolEntry, Questionnaire
from surveys.services.setup import FOLLOW_UP, ensure_basics
from tests.factories import NOW, make_campaign, make_entry, make_source

READ_OUT = datetime(2026, 6, 17, 4, tzinfo=NOW.tzinfo)
"""Noon in Shanghai on the read-out date of a campaign made by `make_campaign`."""


ENTRY: dict[str, Any] = {
    "kind": EntryKind.EXPLICIT,
    "channel": SourceChannel.HOTLINE,
    "dimension": "overall",
    "signal_on": NOW.date(),
    "signal_no": 1,
    "entered_on": NOW.date(),
}


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
    **fields: Any,
) -> Campaign:
    """A campaign that was asked three times and answered by `share`; care shifts the answers by `effect` points.

    Made in bulk: customers without an address, four strata, levels before care that explain part of the answers.
    """
    ensure_basics()
    campaign = make_campaign(status, **fields)
    rng = random.Random(seed)
    drawn = [arm for arm, size in arms.items() for _place in range(size)]
    customers = Customer.objects.bulk_create(
        Customer(reference=f"{campaign.pk}-{place}", created_at=NOW) for place in range(len(drawn))
    )
    before = [10.0 * rng.randint(1, 6) for _arm in drawn]
    entries = PoolEntry.objects.bulk_create(
        PoolEntry(customer=customer, perceived=level, adequate=62.5, **ENTRY | {"source": make_source()})
        for customer, level in zip(customers, before, strict=True)
    )
    Assignment.objects.bulk_create(
        Assignment(
            campaign=campaign,
            line=campaign.lines.get(place=1),
            customer=entry.customer,
            entry=entry,
            arm=arm,
            stratum=f"1/core/{place % 4}",
            propensity=0.5,
            snapshot={"perceived": entry.perceived},
            assigned_at=NOW,
        )
        for place, (arm, entry) in enumerate(zip(drawn, entries, strict=True))
    )
    enrol(now=NOW)
    _ask_everybody(campaign)
    members = list(PanelMember.objects.filter(campaign=campaign).order_by("pk"))
    for member in members:
        for wave in (1, 2, 3):
            level = (member.before or 0.0) + 20 + (effect if member.arm == Arm.CARE else 0.0) + rng.gauss(0, 18)
            answer = 25.0 * min(4, max(0, round(level / 25)))
            setattr(member, f"wave_{wave}", answer if rng.random() < share else None)
    PanelMember.objects.bulk_update(members, ["wave_1", "wave_2", "wave_3"])
    return campaign


def _ask_everybody(campaign: Campaign) -> None:
    rows = list(FollowUp.objects.filter(member__campaign=campaign).select_related("member"))
    questionnaire = Questionnaire.objects.get(code=FOLLOW_UP)
    invitations = Invitation.objects.bulk_create(
        Invitation(
            questionnaire=questionnaire,
            customer_id=row.member.customer_id,
            purpose=Purpose.FOLLOW_UP,
            key=f"follow-up:{row.member_id}:{row.wave}",
            token_hash=os.urandom(32),
            created_at=row.due_at,
            expires_at=row.due_at,
        )
        for row in rows
    )
    for row, invitation in zip(rows, invitations, strict=True):
        row.invitation, row.status = invitation, DueStatus.DONE
    FollowUp.objects.bulk_update(rows, ["invitation", "status"])


def panel_rows(campaign: Campaign, wave: int) -> list[tuple[str, str, float, float]]:
    """(arm, stratum, before, answer) of everybody who answered, straight from the table."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT arm, stratum, before, wave_{wave} FROM evaluation_panelmember "
            f"WHERE campaign_id = %s AND wave_{wave} IS NOT NULL ORDER BY id",
            [campaign.pk],
        )
        return [(str(arm), str(stratum), float(x), float(y)) for arm, stratum, x, y in cursor.fetchall()]
