"""Drafting, editing, and the life of a campaign after its launch."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from careplans.enums import Arm, CampaignStatus, CaseStatus
from careplans.models import Campaign, CampaignEvent, Case
from careplans.services.campaigns import draft_campaign, edit_campaign, finish, mark_read, pause, resume, stop
from loopcare.common.errors import Conflict, Invalid
from loopcare.contact.enums import HoldKind
from loopcare.contact.models import Hold
from loopcare.contact.services import place_holds
from surveys.enums import PoolStatus
from surveys.models import PoolEntry
from tests.factories import (
    NOW,
    make_assignment,
    make_campaign,
    make_case,
    make_entry,
    make_segment,
    make_strategy,
    make_team,
    make_user,
)

pytestmark = pytest.mark.django_db


def plan(**fields: Any) -> dict[str, Any]:
    return {
        "name": "Spring",
        "team": make_team(),
        "lines": [(make_segment(), make_strategy()), (make_segment(), make_strategy())],
        "starts_on": NOW.date(),
        "ends_on": NOW.date() + timedelta(days=14),
        "hold_out_share": Decimal("0.1"),
        "agents": 3,
        "hours_per_day": Decimal("5.5"),
    } | fields


def test_draft_keeps_its_lines_in_order_and_records_its_birth() -> None:
    given = plan()
    campaign = draft_campaign(**given, by=None, now=NOW)
    assert list(campaign.lines.values_list("place", "segment", "strategy")) == [
        (place, segment.pk, strategy.pk) for place, (segment, strategy) in enumerate(given["lines"], start=1)
    ]
    assert list(CampaignEvent.objects.values_list("from_status", "to_status")) == [("", "draft")]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "  "),
        ("name", "x" * 81),
        ("ends_on", NOW.date() - timedelta(days=1)),
        ("hold_out_share", Decimal("0.501")),
        ("hold_out_share", Decimal("-0.1")),
        ("agents", -1),
        ("hours_per_day", Decimal("24.5")),
        ("lines", []),
    ],
)
def test_plan_that_cannot_be_carried_out_names_its_field(field: str, value: Any) -> None:
    with pytest.raises(Invalid) as caught:
        draft_campaign(**plan(**{field: value}), by=None, now=NOW)
    assert caught.value.field == field
    assert not Campaign.objects.exists()


def test_one_segment_stands_in_a_campaign_once() -> None:
    segment = make_segment()
    with pytest.raises(Invalid, match="once"):
        draft_campaign(**plan(lines=[(segment, make_strategy()), (segment, make_strategy())]), by=None, now=NOW)


def test_taken_name_is_refused_but_ones_own_is_kept() -> None:
    campaign = draft_campaign(**plan(), by=None, now=NOW)
    with pytest.raises(Invalid, match="taken"):
        draft_campaign(**plan(), by=None, now=NOW)
    edited = edit_campaign(campaign=campaign, **plan(agents=9))
    assert (edited.pk, edited.agents, edited.plan_version) == (campaign.pk, 9, 2)


def test_launched_plan_can_no_longer_be_edited() -> None:
    campaign = make_campaign()
    with pytest.raises(Conflict):
        edit_campaign(campaign=campaign, **plan())
    assert Campaign.objects.get(pk=campaign.pk).plan_version == 1


def test_pause_and_resume_leave_their_events() -> None:
    campaign, boss = make_campaign(), make_user()
    pause(campaign=campaign, by=boss, now=NOW, reason="complaints")
    resume(campaign=campaign, by=boss, now=NOW)
    assert list(CampaignEvent.objects.values_list("from_status", "to_status", "reason", "actor")) == [
        ("launched", "paused", "complaints", boss.pk),
        ("paused", "launched", "", boss.pk),
    ]


def test_draft_is_not_launched_by_resuming_it() -> None:
    campaign = make_campaign(CampaignStatus.DRAFT)
    with pytest.raises(Conflict, match="paused"):
        resume(campaign=campaign, by=None, now=NOW)
    assert Campaign.objects.get(pk=campaign.pk).status == CampaignStatus.DRAFT


def test_stop_withdraws_what_waits_and_gives_the_customers_back_to_the_pool() -> None:
    campaign = make_campaign()
    waiting = make_case(campaign, booked_at=NOW + timedelta(days=1))
    in_hand = make_case(campaign, agent=make_user(team=campaign.team))
    place_holds(customer_ids=[waiting.customer_id, in_hand.customer_id], kind=HoldKind.OPEN_CARE)
    assert stop(campaign=campaign, by=None, now=NOW) == 1
    assert list(Case.objects.order_by("pk").values_list("status", "close_reason")) == [
        ("closed", "withdrawn"),
        ("in_hand", ""),
    ]
    assert PoolEntry.objects.get(pk=waiting.entry_id).status == PoolStatus.WAITING
    assert list(Hold.objects.values_list("customer", flat=True)) == [in_hand.customer_id]


def test_finish_waits_for_promised_callbacks() -> None:
    campaign = make_campaign()
    case = make_case(campaign, booked_at=NOW + timedelta(days=1))
    with pytest.raises(Conflict, match="1 callback is still promised"):
        finish(campaign=campaign, by=None, now=NOW)
    Case.objects.filter(pk=case.pk).update(booked_at=None)
    assert finish(campaign=campaign, by=None, now=NOW) == 1
    assert Case.objects.get(pk=case.pk).status == CaseStatus.CLOSED


@pytest.mark.parametrize("status", CampaignStatus)
def test_only_an_ended_campaign_is_read_out(status: CampaignStatus) -> None:
    campaign = make_campaign(status)
    if status in (CampaignStatus.FINISHED, CampaignStatus.STOPPED):
        mark_read(campaign=campaign, by=None, now=NOW)
        assert Campaign.objects.get(pk=campaign.pk).status == CampaignStatus.READ
    else:
        with pytest.raises(Conflict):
            mark_read(campaign=campaign, by=None, now=NOW)
        assert Campaign.objects.get(pk=campaign.pk).status == status


def test_read_out_ends_the_hold_out() -> None:
    campaign = make_campaign(CampaignStatus.FINISHED)
    held = make_assignment(campaign, entry=make_entry(status=PoolStatus.HELD_OUT), arm=Arm.HOLD_OUT)
    cared = make_assignment(campaign, entry=make_entry(status=PoolStatus.IN_CARE))
    mark_read(campaign=campaign, by=None, now=NOW)
    assert dict(PoolEntry.objects.values_list("pk", "status")) == {held.entry_id: "waiting", cared.entry_id: "in_care"}
