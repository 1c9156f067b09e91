"""Funnel, contamination, and which campaigns are still followed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from careplans.enums import Arm, CampaignStatus
from careplans.selectors import Funnel, assigned, campaign_named, campaigns_followed, contaminated, funnel
from careplans.services.cases import record_outcome
from loopcare.common.errors import NotFound
from loopcare.contact.enums import Channel, Purpose
from loopcare.contact.services import record_contact
from tests.factories import NOW, make_assignment, make_campaign, make_case, make_user

pytestmark = pytest.mark.django_db


def test_funnel_narrows_from_assigned_to_solved() -> None:
    campaign = make_campaign()
    outcomes = ("solved", "follow_up", "refused", "cut_off", "no_answer", "wrong_number")
    for n, outcome in enumerate(outcomes):
        agent = make_user(team=campaign.team)
        case = make_case(campaign, agent=agent)
        said: dict[str, Any] = {"cause": "x", "action": "y"} if outcome == "solved" else {}
        record_outcome(case_id=case.pk, agent=agent, epoch=1, outcome=outcome, key=f"k{n}", now=NOW, **said)
    make_assignment(campaign)
    make_assignment(campaign, arm=Arm.HOLD_OUT)
    assert assigned(campaign).count() == 8
    assert funnel(campaign) == Funnel(assigned=7, reached=4, talked=2, solved=1)


def test_contaminated_counts_held_out_customers_once_and_only_for_care_after_the_draw() -> None:
    campaign = make_campaign()
    twice, before, asked, clean = (make_assignment(campaign, arm=Arm.HOLD_OUT).customer_id for _ in range(4))
    cared = make_assignment(campaign).customer_id
    minute = timedelta(minutes=1)
    for n, (customer, purpose, at) in enumerate(
        [
            (twice, Purpose.CARE, NOW + minute),
            (twice, Purpose.CALLBACK, NOW + minute),
            (before, Purpose.CARE, NOW - minute),
            (asked, Purpose.FOLLOW_UP, NOW + minute),
            (cared, Purpose.CARE, NOW + minute),
        ]
    ):
        record_contact(customer_id=customer, channel=Channel.PHONE, purpose=purpose, key=f"c{n}", at=at)
    assert contaminated(campaign) == 1
    assert clean not in (twice, before, asked)


def test_followed_are_the_launched_that_are_not_read_out() -> None:
    by_status = {status: make_campaign(status) for status in CampaignStatus}
    followed = {campaign.status for campaign in campaigns_followed(NOW)}
    assert followed == set(CampaignStatus.values) - {"draft", "read"}
    assert list(campaigns_followed(NOW - timedelta(minutes=1))) == []
    assert len(by_status) == 6


def test_campaign_is_found_by_its_name_or_said_to_be_missing() -> None:
    campaign = make_campaign(name="Spring")
    assert campaign_named("Spring") == campaign
    with pytest.raises(NotFound, match="Summer"):
        campaign_named("Summer")
