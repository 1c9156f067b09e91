"""The start page, and the way to the next case."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from careplans.enums import CaseStatus
from careplans.models import Case
from loopcare.staff.enums import Role
from tests.careplans.conftest import SignIn
from tests.factories import NOW, make_campaign, make_case, make_team, make_user


def test_queue_shows_the_agent_what_is_due(sign_in: SignIn) -> None:
    agent = make_user()
    campaign = make_campaign(team=agent.team)
    make_case(campaign)
    make_case(campaign, due_at=NOW + timedelta(hours=2), booked_at=NOW + timedelta(hours=2), owner=agent)
    answer = sign_in(agent).get("/queue/")
    home = answer.context["home"]
    assert (answer.status_code, home.due_now, home.team_waiting, home.done_today) == (200, 1, 2, 0)
    assert [(slot.hour, slot.count) for slot in home.booked_today] == [(12, 1)]


def test_queue_shows_a_supervisor_the_callbacks_of_the_team(sign_in: SignIn) -> None:
    agent = make_user()
    later = NOW + timedelta(hours=3)
    make_case(make_campaign(team=agent.team), due_at=later, booked_at=later, owner=agent)
    home = sign_in(make_user(Role.SUPERVISOR, team=agent.team)).get("/queue/").context["home"]
    assert [(slot.hour, slot.count) for slot in home.booked_today] == [(13, 1)]


def test_queue_of_a_supervisor_of_all_teams_offers_no_next_case(sign_in: SignIn) -> None:
    make_case()
    answer = sign_in(make_user(Role.SUPERVISOR)).get("/queue/")
    assert answer.context["home"].due_now == 1
    assert "/queue/next/" not in answer.text


@pytest.mark.parametrize("role", [Role.ANALYST, Role.AUDITOR, Role.ADMINISTRATOR])
def test_queue_is_closed_to_other_roles(sign_in: SignIn, role: Role) -> None:
    assert sign_in(make_user(role)).get("/queue/").status_code == 403


def test_queue_asks_a_stranger_to_sign_in(db: None) -> None:
    assert Client().get("/queue/").headers["Location"] == "/sign-in/?next=/queue/"


@pytest.mark.parametrize("cases", [1, 3])
def test_queue_costs_the_same_for_one_case_and_three(
    sign_in: SignIn, django_assert_num_queries: DjangoAssertNumQueries, cases: int
) -> None:
    agent = make_user()
    campaign = make_campaign(team=agent.team)
    for _ in range(cases):
        make_case(campaign)
    client = sign_in(agent)
    with django_assert_num_queries(10):
        client.get("/queue/")


def test_next_leases_a_case_and_opens_it(sign_in: SignIn) -> None:
    agent = make_user()
    case = make_case(make_campaign(team=agent.team))
    answer = sign_in(agent).post("/queue/next/")
    case.refresh_from_db()
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/cases/{case.pk}/")
    assert (case.status, case.holder) == (CaseStatus.IN_HAND, f"agent:{agent.pk}")


def test_next_pressed_twice_opens_the_same_case(sign_in: SignIn) -> None:
    agent = make_user()
    campaign = make_campaign(team=agent.team)
    make_case(campaign)
    make_case(campaign)
    client = sign_in(agent)
    assert client.post("/queue/next/").headers["Location"] == client.post("/queue/next/").headers["Location"]
    assert Case.objects.filter(status=CaseStatus.IN_HAND).count() == 1


def test_next_without_a_due_case_stays_and_says_so(sign_in: SignIn) -> None:
    answer = sign_in(make_user()).post("/queue/next/", follow=True)
    assert answer.redirect_chain == [("/queue/", 302)]
    assert "No case may be called now: nothing is due" in answer.text


def test_next_needs_a_post(sign_in: SignIn) -> None:
    assert sign_in(make_user()).get("/queue/next/").status_code == 405


def test_next_of_somebody_without_a_team_says_what_to_do(sign_in: SignIn) -> None:
    answer = sign_in(make_user(Role.SUPERVISOR)).post("/queue/next/")
    assert answer.status_code == 422
    assert "ask an administrator for a team" in answer.text


def test_shortcuts_can_be_switched_off_and_on(sign_in: SignIn) -> None:
    agent = make_user(team=make_team())
    client = sign_in(agent)
    assert 'data-shortcuts="off"' in client.post("/queue/shortcuts/", follow=True).text
    assert 'data-shortcuts="on"' in client.post("/queue/shortcuts/", follow=True).text
