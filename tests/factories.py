"""Rows for tests: plain functions, one a thing, every value that matters can be said."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from careplans.enums import Arm, CampaignStatus, CaseStatus, StrategyKind
from careplans.models import Assignment, Campaign, CampaignLine, Case, Strategy
from careplans.selectors.queue import holder_of
from loopcare.customers.enums import PointKind
from loopcare.customers.models import ContactPoint, Customer
from loopcare.customers.points import merge_points
from loopcare.staff.enums import Role, World
from loopcare.staff.models import Installation, Team, User
from surveys.enums import EntryKind, PoolStatus, SourceChannel
from surveys.models import PoolEntry, Segment, Source

NOW = datetime(2026, 3, 3, 2, 0, tzinfo=UTC)
"""A Tuesday, ten o'clock in Shanghai."""

_number = itertools.count(1)


def make_team(name: str = "") -> Team:
    return Team.objects.create(name=name or f"Team {next(_number)}")


def make_user(role: Role = Role.AGENT, *, team: Team | None = None, name: str = "") -> User:
    username = name or f"user{next(_number)}"
    if role == Role.AGENT and team is None:
        team = make_team()
    user: User = User.objects.create(username=username, display_name=username, role=role, team=team)
    return user


def make_source(code: str = "hotline", **fields: Any) -> Source:
    defaults = {"name": code, "channel": SourceChannel.HOTLINE}
    return Source.objects.get_or_create(code=code, defaults=defaults | fields)[0]


def make_customer(*, phones: int = 1, **fields: Any) -> Customer:
    """A customer with so many phone numbers, tried in the order in which they were given."""
    n = next(_number)
    customer = Customer.objects.create(**{"reference": f"C{n}", "created_at": NOW, "name": "Wang Min"} | fields)
    numbers = [f"+8613{n:07d}{rank:02d}" for rank in range(phones)]
    merge_points(rows=[(customer.reference, PointKind.PHONE, number) for number in numbers])
    for rank, point in enumerate(ContactPoint.objects.filter(customer=customer).order_by("pk")):
        ContactPoint.objects.filter(pk=point.pk).update(rank=rank)
    return customer


def make_entry(customer: Customer | None = None, **fields: Any) -> PoolEntry:
    """A stay in the pool, 40 points below adequate unless said otherwise."""
    defaults = {
        "customer": customer or make_customer(),
        "kind": EntryKind.EXPLICIT,
        "source": make_source(),
        "channel": SourceChannel.HOTLINE,
        "dimension": "overall",
        "raw": "3",
        "perceived": 20.0,
        "adequate": 60.0,
        "signal_on": NOW.date(),
        "signal_no": next(_number),
        "entered_on": NOW.date(),
    }
    return PoolEntry.objects.create(**defaults | fields)


def make_segment(rule: str = "gap < 0", name: str = "") -> Segment:
    return Segment.objects.create(name=name or f"Segment {next(_number)}", rule=rule, created_at=NOW)


def make_strategy(**fields: Any) -> Strategy:
    defaults = {"name": f"Callback {next(_number)}", "kind": StrategyKind.CALLBACK, "unit_cost": Decimal(18)}
    return Strategy.objects.create(**defaults | fields)


def make_campaign(status: CampaignStatus = CampaignStatus.LAUNCHED, *, lines: int = 1, **fields: Any) -> Campaign:
    """A campaign with its lines, in any status, without people."""
    defaults = {
        "name": f"Campaign {next(_number)}",
        "status": status,
        "starts_on": NOW.date(),
        "ends_on": NOW.date() + timedelta(days=30),
        "seed": "seed",
        "created_at": NOW,
    }
    if status != CampaignStatus.DRAFT:
        defaults |= {"launched_at": NOW, "read_out_on": date(2026, 6, 17)}
    if "team" not in fields:
        fields["team"] = make_team()
    campaign = Campaign.objects.create(**defaults | fields)
    for place in range(1, lines + 1):
        CampaignLine.objects.create(campaign=campaign, segment=make_segment(), strategy=make_strategy(), place=place)
    return campaign


def make_assignment(campaign: Campaign, *, entry: PoolEntry | None = None, arm: Arm = Arm.CARE) -> Assignment:
    entry = entry or make_entry()
    line = campaign.lines.get(place=1)
    return Assignment.objects.create(
        campaign=campaign,
        line=line,
        customer=entry.customer,
        entry=entry,
        arm=arm,
        stratum="1/?/0",
        propensity=0.9,
        assigned_at=NOW,
    )


def make_case(
    campaign: Campaign | None = None, *, entry: PoolEntry | None = None, agent: User | None = None, **fields: Any
) -> Case:
    """A queued case that is due, or with `agent` one in that agent's hand under epoch 1."""
    if campaign is None:
        campaign = make_campaign(team=agent.team) if agent else make_campaign()
    assignment = make_assignment(campaign, entry=entry or make_entry(status=PoolStatus.IN_CARE))
    defaults = {
        "assignment": assignment,
        "campaign": campaign,
        "strategy": assignment.line.strategy,
        "customer": assignment.customer,
        "entry": assignment.entry,
        "team": campaign.team,
        "due_at": NOW,
        "opened_at": NOW,
    }
    if agent:
        defaults |= {
            "status": CaseStatus.IN_HAND,
            "holder": holder_of(agent),
            "lease_until": NOW + timedelta(minutes=5),
            "epoch": 1,
        }
    return Case.objects.create(**defaults | fields)


def set_clock(moment: datetime = NOW) -> None:
    """Let the installation's clock, which every page reads, show `moment` now; only a demo world's may."""
    offset = moment - timezone.now()
    Installation.objects.update_or_create(pk=1, defaults={"world": World.DEMO, "clock_offset": offset})
