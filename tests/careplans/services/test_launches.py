"""The launch assigns exactly the frozen list, once."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from django.db import connections

from careplans.enums import Arm, CampaignStatus
from careplans.models import Assignment, Campaign, Case, CaseEvent, PreviewMember
from careplans.services.campaigns import edit_campaign, launch_campaign, preview_campaign
from loopcare.common.errors import Conflict, Invalid
from loopcare.contact.enums import HoldKind
from loopcare.contact.models import Hold
from loopcare.customers.models import Customer
from loopcare.staff.enums import AuditAction, Role
from loopcare.staff.models import AuditEntry
from surveys.enums import PoolStatus
from surveys.models import PoolEntry, PoolEvent
from tests.factories import NOW, make_campaign, make_case, make_customer, make_entry, make_user

pytestmark = pytest.mark.django_db


def planned(people: int = 10, **fields: Any) -> Campaign:
    for _ in range(people):
        make_entry()
    plan: dict[str, Any] = {"agents": 50, "hold_out_share": Decimal("0.2")} | fields
    return make_campaign(CampaignStatus.DRAFT, **plan)


def test_launch_assigns_arms_opens_cases_and_shuts_the_door() -> None:
    campaign = planned(10)
    boss = make_user(Role.SUPERVISOR)
    preview = preview_campaign(campaign=campaign, now=NOW)
    counts = launch_campaign(campaign=campaign, hash=preview.hash, by=boss, now=NOW)
    assert counts == {"care": 8, "hold_out": 2, "deferred": 0, "cases": 8, "no_case": 0}
    assert (campaign.status, campaign.launched_at, campaign.read_out_on) == ("launched", NOW, date(2026, 6, 17))
    care = set(Assignment.objects.filter(arm=Arm.CARE).values_list("customer", flat=True))
    held = set(Assignment.objects.filter(arm=Arm.HOLD_OUT).values_list("customer", flat=True))
    assert set(Case.objects.values_list("customer", "status", "due_at", "team")) == {
        (pk, "queued", NOW, campaign.team_id) for pk in care
    }
    assert set(PoolEntry.objects.values_list("customer", "status")) == {(pk, "in_care") for pk in care} | {
        (pk, "held_out") for pk in held
    }
    holds = set(Hold.objects.values_list("customer", "kind"))
    assert holds == {(pk, HoldKind.OPEN_CARE) for pk in care} | {(pk, HoldKind.HOLD_OUT) for pk in held}
    events = CaseEvent.objects.values_list("case", "from_status", "to_status", "reason", "actor")
    assert set(events) == {(pk, "", "queued", "launch", boss.pk) for pk in Case.objects.values_list("pk", flat=True)}
    assert PoolEvent.objects.count() == 10
    audit = AuditEntry.objects.get()
    assert (audit.actor, audit.action, audit.subject_id) == (boss, AuditAction.LAUNCH, campaign.pk)


def test_snapshot_keeps_what_was_known() -> None:
    campaign = planned(0)
    entry = make_entry(make_customer(value_tier="high", activity_tier="fading"), repeat_count=3)
    preview = preview_campaign(campaign=campaign, now=NOW)
    launch_campaign(campaign=campaign, hash=preview.hash, by=None, now=NOW)
    assert Assignment.objects.get(entry=entry).snapshot == {
        "gap": -40,
        "perceived": 20,
        "adequate": 60,
        "repeat_count": 3,
        "value_tier": "high",
        "activity_tier": "fading",
    }


def test_priority_follows_value_and_equals_go_worst_first() -> None:
    campaign = planned(0, hold_out_share=Decimal(0))
    mild = make_entry(perceived=50.0)
    bad = make_entry(perceived=0.0)
    rich = make_entry(make_customer(value_tier="strategic"))
    preview = preview_campaign(campaign=campaign, now=NOW)
    launch_campaign(campaign=campaign, hash=preview.hash, by=None, now=NOW)
    in_order = list(Case.objects.order_by("-priority", "due_at", "pk").values_list("entry", "priority"))
    # (0.08 × 15,000 × 0.30 − 18) / 9 minutes; the unknown tier counts as basic: (0.14 × 600 × 0.30 − 18) / 9
    assert [entry for entry, _priority in in_order] == [rich.pk, bad.pk, mild.pk]
    assert [priority for _entry, priority in in_order] == pytest.approx([38.0, 0.8, 0.8])


def test_who_left_or_got_a_case_since_the_preview_stays_assigned_without_a_second_case() -> None:
    campaign = planned(0, hold_out_share=Decimal(0))
    stays, left, busy = make_entry(), make_entry(), make_entry()
    preview = preview_campaign(campaign=campaign, now=NOW)
    PoolEntry.objects.filter(pk=left.pk).update(status=PoolStatus.LEFT, left_at=NOW, left_reason="recovered")
    elsewhere = make_case(entry=busy)
    counts = launch_campaign(campaign=campaign, hash=preview.hash, by=None, now=NOW)
    assert counts == {"care": 3, "hold_out": 0, "deferred": 0, "cases": 1, "no_case": 2}
    assert Assignment.objects.filter(campaign=campaign).count() == 3
    assert set(Case.objects.values_list("entry", "campaign")) == {
        (stays.pk, campaign.pk),
        (busy.pk, elsewhere.campaign_id),
    }


def test_held_out_customer_who_left_the_pool_is_left_alone_all_the_same() -> None:
    campaign = planned(10, hold_out_share=Decimal("0.5"))
    preview = preview_campaign(campaign=campaign, now=NOW)
    gone = PreviewMember.objects.filter(arm=Arm.HOLD_OUT).earliest("pk")
    PoolEntry.objects.filter(pk=gone.entry_id).update(status=PoolStatus.LEFT, left_at=NOW, left_reason="expired")
    launch_campaign(campaign=campaign, hash=preview.hash, by=None, now=NOW)
    assert Hold.objects.filter(kind=HoldKind.HOLD_OUT).count() == 5
    assert PoolEntry.objects.filter(status=PoolStatus.HELD_OUT).count() == 4


@pytest.mark.parametrize("seed", range(30))
def test_random_plans_are_launched_exactly_as_frozen(seed: int) -> None:
    chance = Random(seed)
    tiers = ["", "strategic", "high", "core", "basic"]
    for _ in range(chance.randint(5, 40)):
        customer = make_customer(value_tier=chance.choice(tiers), phones=chance.choice([1, 1, 1, 0]))
        make_entry(customer, perceived=chance.uniform(0, 59))
    campaign = make_campaign(
        CampaignStatus.DRAFT,
        lines=chance.randint(1, 3),
        seed=f"seed {seed}",
        hold_out_share=Decimal(chance.randint(0, 50)) / 100,
        agents=chance.randint(0, 3),
        hours_per_day=Decimal(1),
        ends_on=NOW.date() + timedelta(days=chance.randint(0, 2)),
    )
    for line in campaign.lines.all():
        line.segment.rule = f"gap < {-chance.randint(0, 40)}"
        line.segment.save()
    preview = preview_campaign(campaign=campaign, now=NOW)
    facts = ("line_id", "customer_id", "entry_id", "arm", "stratum", "propensity")
    frozen = sorted(preview.members.values_list(*facts))
    if not frozen:
        with pytest.raises(Invalid):
            launch_campaign(campaign=campaign, hash=preview.hash, by=None, now=NOW)
        return
    counts = launch_campaign(campaign=campaign, hash=preview.hash, by=None, now=NOW)
    assert sorted(Assignment.objects.values_list(*facts)) == frozen
    by_arm = Counter(row[3] for row in frozen)
    assert {arm: by_arm[arm] for arm in Arm.values} == {arm: counts[arm] for arm in Arm.values}
    assert len({row[1] for row in frozen}) == len(frozen) == preview.counts["eligible"]
    of_stratum, of_arm = Counter(row[4] for row in frozen), Counter((row[4], row[3]) for row in frozen)
    assert all(row[5] == of_arm[row[4], row[3]] / of_stratum[row[4]] for row in frozen)
    deferred = [row[1] for row in frozen if row[3] == Arm.DEFERRED]
    assert not Customer.objects.filter(pk__in=deferred, value_tier="strategic").exists()
    lines = preview.counts["lines"]
    minutes = sum(line["care"] * line["minutes"] for line in lines)
    strategic = Assignment.objects.filter(arm=Arm.CARE, customer__value_tier="strategic").count() * 9
    assert minutes <= max(preview.counts["capacity"]["minutes"], strategic)
    assert counts["cases"] == counts["care"] == Case.objects.count()


def test_second_launch_is_a_conflict_and_changes_nothing() -> None:
    campaign = planned()
    preview = preview_campaign(campaign=campaign, now=NOW)
    launch_campaign(campaign=campaign, hash=preview.hash, by=None, now=NOW)
    with pytest.raises(Conflict, match="launched before"):
        launch_campaign(campaign=campaign, hash=preview.hash, by=None, now=NOW)
    assert (Assignment.objects.count(), Case.objects.count()) == (10, 8)


@pytest.mark.django_db(transaction=True)
def test_launched_eight_times_at_once_there_is_one_set() -> None:
    campaign = planned()
    preview = preview_campaign(campaign=campaign, now=NOW)

    def launch(_n: int) -> str:
        try:
            launch_campaign(campaign=Campaign.objects.get(pk=campaign.pk), hash=preview.hash, by=None, now=NOW)
        except Conflict:
            return "conflict"
        else:
            return "launched"
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as threads:
        results = Counter(threads.map(launch, range(8)))
    assert results == {"launched": 1, "conflict": 7}
    assert (Assignment.objects.count(), Case.objects.count()) == (10, 8)


def test_plan_edited_since_the_preview_is_a_conflict() -> None:
    campaign = planned()
    preview = preview_campaign(campaign=campaign, now=NOW)
    edit_campaign(
        campaign=campaign,
        name=campaign.name,
        team=campaign.team,
        lines=[(line.segment, line.strategy) for line in campaign.lines.all()],
        starts_on=campaign.starts_on,
        ends_on=campaign.ends_on,
        hold_out_share=campaign.hold_out_share,
        agents=campaign.agents + 1,
        hours_per_day=campaign.hours_per_day,
    )
    _refused(campaign, preview.hash, "edited")


def test_hash_that_is_not_the_newest_is_a_conflict() -> None:
    campaign = planned()
    old = preview_campaign(campaign=campaign, now=NOW)
    make_entry()
    preview_campaign(campaign=campaign, now=NOW)
    _refused(campaign, old.hash, "newest")


def test_hash_of_another_campaign_is_a_conflict() -> None:
    campaign, other = planned(), planned(0)
    preview_campaign(campaign=campaign, now=NOW)
    _refused(campaign, preview_campaign(campaign=other, now=NOW).hash, "newest")


def test_launch_without_a_preview_is_a_conflict() -> None:
    _refused(planned(), "", "preview")


def test_preview_older_than_a_day_is_a_conflict() -> None:
    campaign = planned()
    preview = preview_campaign(campaign=campaign, now=NOW - timedelta(hours=24, seconds=1))
    _refused(campaign, preview.hash, "24 hours")


def test_preview_of_exactly_a_day_still_counts() -> None:
    campaign = planned()
    preview = preview_campaign(campaign=campaign, now=NOW - timedelta(hours=24))
    assert launch_campaign(campaign=campaign, hash=preview.hash, by=None, now=NOW)["cases"] == 8


def test_nobody_eligible_is_invalid() -> None:
    campaign = planned(0)
    preview = preview_campaign(campaign=campaign, now=NOW)
    with pytest.raises(Invalid, match="Nobody is eligible"):
        launch_campaign(campaign=campaign, hash=preview.hash, by=None, now=NOW)
    assert Campaign.objects.get(pk=campaign.pk).status == CampaignStatus.DRAFT


def _refused(campaign: Campaign, wanted: str, words: str) -> None:
    with pytest.raises(Conflict, match=words):
        launch_campaign(campaign=campaign, hash=wanted, by=None, now=NOW)
    assert Campaign.objects.get(pk=campaign.pk).status == CampaignStatus.DRAFT
    assert not Assignment.objects.exists()
