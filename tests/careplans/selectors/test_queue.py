"""The figures of an agent's start page."""

from __future__ import annotations

from datetime import timedelta

import pytest

from careplans.enums import CampaignStatus
from careplans.selectors import HourCount, queue_home
from careplans.services.cases import record_outcome
from loopcare.staff.enums import Role
from tests.factories import NOW, make_campaign, make_case, make_user

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def test_queue_home_counts_the_teams_queue_and_ones_own_promises() -> None:
    agent = make_user()
    campaign = make_campaign(team=agent.team)
    make_case(campaign)
    make_case(campaign, opened_at=NOW - 25 * HOUR)  # first contact was promised within 24 hours
    make_case(campaign, opened_at=NOW - 25 * HOUR, tries=1)
    make_case(campaign, booked_at=NOW - HOUR, owner=agent)
    make_case(campaign, booked_at=NOW + 2 * HOUR, due_at=NOW + 2 * HOUR, owner=agent)
    make_case(campaign, booked_at=NOW + 2 * HOUR, due_at=NOW + 2 * HOUR, owner=make_user(team=agent.team))
    make_case(campaign, booked_at=NOW + 24 * HOUR, due_at=NOW + 24 * HOUR, owner=agent)
    make_case()
    make_case(make_campaign(CampaignStatus.PAUSED, team=agent.team))
    home = queue_home(agent, NOW)
    assert (home.due_now, home.overdue, home.team_waiting) == (4, 2, 7)
    assert home.booked_today == [HourCount(9, 1), HourCount(12, 1)]
    assert (home.done_today, home.in_hand) == (0, None)


def test_queue_home_knows_the_case_in_hand_and_what_is_done_today() -> None:
    agent = make_user()
    case = make_case(agent=agent)
    assert queue_home(agent, NOW).in_hand == case
    record_outcome(case_id=case.pk, agent=agent, epoch=1, outcome="busy", key="k", now=NOW)
    home = queue_home(agent, NOW)
    assert (home.in_hand, home.done_today) == (None, 1)
    assert queue_home(agent, NOW + 24 * HOUR).done_today == 0


def test_queue_home_of_a_supervisor_without_a_team_counts_all_teams() -> None:
    later = NOW + timedelta(hours=2)
    make_case()
    make_case(owner=make_user(), due_at=later, booked_at=later)
    home = queue_home(make_user(Role.SUPERVISOR), NOW)
    assert (home.due_now, home.team_waiting, home.booked_today) == (1, 2, [HourCount(12, 1)])
