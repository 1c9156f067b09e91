"""The planner: who is found, who is left out and why, and how the arms are drawn."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from careplans.enums import Arm, CampaignStatus
from careplans.logic.planning import hash_rank
from careplans.logic.power import minimum_detectable_effect
from careplans.models import Campaign, CampaignLine, PreviewMember
from careplans.services.campaigns import preview_campaign
from loopcare.common.errors import Conflict
from loopcare.contact.enums import Channel, HoldKind, Purpose
from loopcare.contact.services import place_holds, record_contact, suppress
from loopcare.customers.models import ContactPoint, Customer
from tests.factories import NOW, make_campaign, make_case, make_customer, make_entry

pytestmark = pytest.mark.django_db


def draft(**fields: Any) -> Campaign:
    """A draft over everybody in the pool, with more capacity than it needs."""
    return make_campaign(CampaignStatus.DRAFT, **{"agents": 50} | fields)


def arms(campaign: Campaign) -> dict[int, str]:
    return dict(PreviewMember.objects.filter(preview__campaign=campaign).values_list("customer_id", "arm"))


def test_waterfall_counts_every_exclusion_once_in_its_order() -> None:
    people = [make_entry().customer for _ in range(12)]
    make_entry(make_customer(phones=0))
    suppress(customer_id=people[0].pk, reason="", now=NOW)
    ContactPoint.objects.filter(customer=people[1]).update(consent="withdrawn")
    place_holds(customer_ids=[people[2].pk], kind=HoldKind.OPEN_CARE)
    place_holds(customer_ids=[people[3].pk], kind=HoldKind.HOLD_OUT)
    for n in range(3):
        record_contact(customer_id=people[4].pk, channel=Channel.PHONE, purpose=Purpose.CARE, key=f"c{n}", at=NOW)
    ContactPoint.objects.filter(customer=people[5]).update(status="dead")
    make_case(entry=make_entry(people[6], status="left", left_at=NOW, left_reason="expired"))
    # Left out for the first reason only.
    suppress(customer_id=people[5].pk, reason="", now=NOW)
    counts = preview_campaign(campaign=draft(), now=NOW).counts
    assert list(counts["exclusions"].items()) == [
        ("suppressed", 2),
        ("consent", 1),
        ("open_care", 2),
        ("hold_out", 1),
        ("fatigue", 1),
        ("no_point", 1),
    ]
    assert (counts["found"], counts["eligible"]) == (13, 5)


def test_night_does_not_exclude_anybody() -> None:
    make_entry()
    assert preview_campaign(campaign=draft(), now=NOW + timedelta(hours=16)).counts["eligible"] == 1


def test_customer_in_two_segments_belongs_to_the_first_line() -> None:
    both, second_only = make_entry(perceived=10.0), make_entry(perceived=50.0)
    campaign = draft(lines=2)
    first, second = CampaignLine.objects.filter(campaign=campaign)
    first.segment.rule = "gap <= -20"
    first.segment.save()
    preview_campaign(campaign=campaign, now=NOW)
    members = PreviewMember.objects.values_list("customer_id", "line_id")
    assert dict(members) == {both.customer_id: first.pk, second_only.customer_id: second.pk}


def test_stratum_is_line_tier_and_gap_band_with_todays_tier_first() -> None:
    today = make_entry(make_customer(value_tier="high"), value_tier="basic", perceived=60.0 - 31)
    entered = make_entry(value_tier="basic", perceived=60.0 - 30)
    unknown = make_entry(perceived=60.0 - 10)
    preview_campaign(campaign=draft(), now=NOW)
    assert dict(PreviewMember.objects.values_list("customer_id", "stratum")) == {
        today.customer_id: "1/high/0",
        entered.customer_id: "1/basic/1",
        unknown.customer_id: "1/?/2",
    }


def test_hold_out_is_the_lowest_ranks_of_the_seed() -> None:
    people = [make_entry().customer_id for _ in range(20)]
    campaign = draft(hold_out_share=Decimal("0.25"))
    preview_campaign(campaign=campaign, now=NOW)
    lowest = sorted(people, key=lambda pk: hash_rank(campaign.seed, pk))[:5]
    assert sorted(pk for pk, arm in arms(campaign).items() if arm == Arm.HOLD_OUT) == sorted(lowest)


def test_short_capacity_defers_by_chance_but_never_a_strategic_customer() -> None:
    for _ in range(10):
        make_entry(make_customer(value_tier="strategic"))
    for _ in range(20):
        make_entry(make_customer(value_tier="core"))
    # One agent, one day, 3 hours: 180 minutes for 20 cases of 9 minutes.
    campaign = draft(agents=1, hours_per_day=Decimal(3), ends_on=NOW.date(), hold_out_share=Decimal(0))
    counts = preview_campaign(campaign=campaign, now=NOW).counts
    assert (counts["care"], counts["deferred"], counts["hold_out"]) == (20, 10, 0)
    assert counts["capacity"] == {"minutes": 180.0, "needed": 270.0, "share": 1.5}
    assert counts["warnings"] == ["no_hold_out", "short"]
    deferred = [pk for pk, arm in arms(campaign).items() if arm == Arm.DEFERRED]
    assert set(Customer.objects.filter(pk__in=deferred).values_list("value_tier", flat=True)) == {"core"}
    core = Customer.objects.filter(value_tier="core").values_list("pk", flat=True)
    assert sorted(deferred) == sorted(sorted(core, key=lambda pk: hash_rank("seed:wait", pk))[:10])


def test_strategic_customers_over_the_capacity_are_told() -> None:
    for _ in range(4):
        make_entry(make_customer(value_tier="strategic"))
    counts = preview_campaign(campaign=draft(agents=0), now=NOW).counts
    assert (counts["care"], counts["deferred"], counts["capacity"]["share"]) == (4, 0, None)
    assert counts["warnings"] == ["too_few", "strategic_over"]


def test_counts_say_cost_capacity_and_smallest_visible_effect() -> None:
    for _ in range(80):
        make_entry()
    campaign = draft(hold_out_share=Decimal("0.5"))
    counts = preview_campaign(campaign=campaign, now=NOW).counts
    assert (counts["care"], counts["hold_out"], counts["cost"]) == (40, 40, 720.0)
    # 35 % of 40 answer.
    visible = minimum_detectable_effect(0.5, 14, 14)
    assert visible is not None
    assert counts["mde"] == round(100 * visible, 1)
    line = campaign.lines.get()
    assert counts["lines"] == [
        {
            "segment": line.segment.name,
            "strategy": line.strategy.name,
            "minutes": 9.0,
            "unit_cost": 18.0,
            "eligible": 80,
            "hold_out": 40,
            "care": 40,
            "deferred": 0,
        }
    ]


def test_same_plan_and_pool_give_the_same_list_and_hash() -> None:
    for _ in range(10):
        make_entry()
    campaign = draft()
    first = preview_campaign(campaign=campaign, now=NOW)
    before = arms(campaign)
    second = preview_campaign(campaign=campaign, now=NOW)
    assert (second.hash, arms(campaign)) == (first.hash, before)
    assert first.members.count() == 0
    make_entry()
    assert preview_campaign(campaign=campaign, now=NOW).hash != second.hash


def test_hash_changes_with_the_version_of_the_plan() -> None:
    make_entry()
    campaign = draft()
    first = preview_campaign(campaign=campaign, now=NOW)
    Campaign.objects.filter(pk=campaign.pk).update(plan_version=2)
    assert preview_campaign(campaign=campaign, now=NOW).hash != first.hash


def test_empty_segment_gives_an_empty_list() -> None:
    counts = preview_campaign(campaign=draft(), now=NOW).counts
    assert (counts["found"], counts["eligible"], counts["care"], counts["mde"]) == (0, 0, 0, None)


def test_launched_campaign_is_not_previewed_again() -> None:
    with pytest.raises(Conflict):
        preview_campaign(campaign=make_campaign(), now=NOW)


def test_preview_costs_the_same_queries_for_one_and_for_thirty() -> None:
    campaign = draft()
    costs = []
    for people in (1, 29):
        for _ in range(people):
            make_entry()
        with CaptureQueriesContext(connection) as queries:
            preview_campaign(campaign=campaign, now=NOW)
        costs.append(len(queries))
    assert costs == [18, 18]
