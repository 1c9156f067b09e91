"""Campaigns: the list, the planner, the frozen list, the launch, and what may be done afterwards."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from careplans.enums import Arm, CampaignStatus
from careplans.models import Assignment, Campaign, Case, Preview
from careplans.services.campaigns import preview_campaign
from loopcare.staff.enums import Role
from loopcare.staff.models import User
from tests.careplans.conftest import SignIn
from tests.factories import (
    NOW,
    make_assignment,
    make_campaign,
    make_case,
    make_customer,
    make_entry,
    make_segment,
    make_strategy,
    make_team,
    make_user,
)


@pytest.fixture
def supervisor(db: None) -> User:
    return make_user(Role.SUPERVISOR, team=make_team())


def frozen(supervisor: User, people: int = 10, **fields: Any) -> tuple[Campaign, Preview]:
    """A draft with a frozen list of so many customers."""
    for _ in range(people):
        make_entry(make_customer())
    campaign = make_campaign(CampaignStatus.DRAFT, team=supervisor.team, **fields)
    return campaign, preview_campaign(campaign=campaign, now=NOW)


def plan(supervisor: User, **fields: Any) -> dict[str, Any]:
    assert supervisor.team is not None
    return {
        "name": "Spring refunds",
        "team": supervisor.team.pk,
        "starts_on": "2026-03-03",
        "ends_on": "2026-03-20",
        "agents": 3,
        "hours_per_day": "5.5",
        "hold_out_share": "10",
        "lines-TOTAL_FORMS": 2,
        "lines-INITIAL_FORMS": 0,
        "lines-0-segment": "",
        "lines-0-strategy": "",
        "lines-1-segment": "",
        "lines-1-strategy": "",
    } | fields


# --- list ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.AGENT, 403), (Role.SUPERVISOR, 200), (Role.ANALYST, 200), (Role.AUDITOR, 403), (Role.ADMINISTRATOR, 200)],
)
def test_campaigns_are_open_to_their_roles(sign_in: SignIn, role: Role, status: int) -> None:
    assert sign_in(make_user(role)).get("/campaigns/").status_code == status


def test_campaigns_of_another_team_are_not_listed(sign_in: SignIn, supervisor: User) -> None:
    own = make_campaign(team=supervisor.team)
    make_campaign()
    assert list(sign_in(supervisor).get("/campaigns/").context["rows"]) == [own]


def test_campaigns_are_filtered_by_status(sign_in: SignIn, supervisor: User) -> None:
    draft = make_campaign(CampaignStatus.DRAFT, team=supervisor.team)
    make_campaign(team=supervisor.team)
    assert list(sign_in(supervisor).get("/campaigns/?status=draft").context["rows"]) == [draft]


def test_campaigns_filter_that_is_none_is_refused(sign_in: SignIn, supervisor: User) -> None:
    assert sign_in(supervisor).get("/campaigns/?status=lost").status_code == 422


@pytest.mark.parametrize("n", [1, 3])
def test_campaigns_cost_the_same_for_one_and_three(
    sign_in: SignIn, supervisor: User, django_assert_num_queries: DjangoAssertNumQueries, n: int
) -> None:
    for _ in range(n):
        make_campaign(team=supervisor.team)
    client = sign_in(supervisor)
    with django_assert_num_queries(7):
        client.get("/campaigns/")


# --- planner ---------------------------------------------------------------------------------------------------------
def test_plan_is_saved_with_its_lines(sign_in: SignIn, supervisor: User) -> None:
    segment, strategy = make_segment(), make_strategy()
    lines = {"lines-1-segment": segment.pk, "lines-1-strategy": strategy.pk}
    answer = sign_in(supervisor).post("/campaigns/new/", plan(supervisor, **lines))
    campaign = Campaign.objects.get()
    assert answer.headers["Location"] == f"/campaigns/{campaign.pk}/"
    assert (campaign.hold_out_share, campaign.agents, campaign.created_by) == (Decimal("0.1"), 3, supervisor)
    assert [(line.segment, line.strategy) for line in campaign.lines.all()] == [(segment, strategy)]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": ""}, "This field is required."),
        ({"hold_out_share": "60"}, "Ensure this value is less than or equal to 50."),
        ({"ends_on": "2026-03-01"}, "The campaign ends before it starts"),
        ({}, "Choose at least one segment and its strategy."),
        ({"lines-0-strategy": "strategy"}, "Choose whom this strategy is for."),
        ({"lines-0-segment": "segment"}, "Choose how to care for this segment."),
        ({"lines-0-segment": "999"}, "Select a valid choice."),
        ({"team": "999"}, "Select a valid choice."),
    ],
)
def test_plan_that_cannot_be_saved_says_why(
    sign_in: SignIn, supervisor: User, fields: dict[str, Any], words: str
) -> None:
    known = {"segment": make_segment().pk, "strategy": make_strategy().pk}
    fields = {name: known.get(value, value) for name, value in fields.items()}
    if "ends_on" in fields:
        fields |= {"lines-0-segment": known["segment"], "lines-0-strategy": known["strategy"]}
    answer = sign_in(supervisor).post("/campaigns/new/", plan(supervisor, **fields))
    assert (answer.status_code, words in answer.text) == (422, True)
    assert "error-summary" in answer.text
    assert not Campaign.objects.exists()


def test_plan_for_another_team_is_refused(sign_in: SignIn, supervisor: User) -> None:
    assert sign_in(supervisor).post("/campaigns/new/", plan(supervisor, team=make_team().pk)).status_code == 422


def test_more_lines_keeps_what_was_chosen(sign_in: SignIn, supervisor: User) -> None:
    segment = make_segment()
    answer = sign_in(supervisor).post("/campaigns/lines/", plan(supervisor, **{"lines-1-segment": segment.pk}))
    formset = answer.context["lines"]
    assert [str(form["segment"].value() or "") for form in formset] == ["", str(segment.pk), ""]


def test_edit_starts_from_the_plan_and_outdates_the_preview(sign_in: SignIn, supervisor: User) -> None:
    campaign, _preview = frozen(supervisor)
    client = sign_in(supervisor)
    form = client.get(f"/campaigns/{campaign.pk}/edit/").context["form"]
    assert (form["name"].value(), form["hold_out_share"].value()) == (campaign.name, "10")
    line = campaign.lines.get()
    lines = {"lines-0-segment": line.segment_id, "lines-0-strategy": line.strategy_id}
    client.post(f"/campaigns/{campaign.pk}/edit/", plan(supervisor, **lines))
    assert client.get(f"/campaigns/{campaign.pk}/").context["edited"] is True


def test_edit_after_the_launch_is_refused(sign_in: SignIn, supervisor: User) -> None:
    campaign = make_campaign(team=supervisor.team)
    assert sign_in(supervisor).get(f"/campaigns/{campaign.pk}/edit/").status_code == 409


# --- preview and launch ----------------------------------------------------------------------------------------------
def test_draft_without_preview_offers_one(sign_in: SignIn, supervisor: User) -> None:
    campaign = make_campaign(CampaignStatus.DRAFT, team=supervisor.team)
    answer = sign_in(supervisor).get(f"/campaigns/{campaign.pk}/")
    assert (answer.status_code, answer.context["preview"]) == (200, None)


def test_preview_freezes_a_list_and_shows_its_waterfall(sign_in: SignIn, supervisor: User) -> None:
    make_entry(make_customer(phones=0))
    for _ in range(10):
        make_entry(make_customer())
    campaign = make_campaign(CampaignStatus.DRAFT, team=supervisor.team)
    answer = sign_in(supervisor).post(f"/campaigns/{campaign.pk}/preview/", follow=True)
    steps = [(step.label, step.n, step.start, step.kind) for step in answer.context["steps"]]
    assert steps == [
        ("In the segments", 11, 0, ""),
        ("No number or address", 1, 10, "minus"),
        ("Eligible", 10, 0, "total"),
        ("Hold-out", 1, 9, "minus"),
        ("Care", 9, 0, "total"),
    ]
    assert len(answer.context["rows"]) == 10
    assert "Wang**" in answer.text


@pytest.mark.parametrize("people", [1, 3])
def test_draft_costs_the_same_for_one_customer_and_three(
    sign_in: SignIn, supervisor: User, django_assert_num_queries: DjangoAssertNumQueries, people: int
) -> None:
    campaign, _preview = frozen(supervisor, people)
    client = sign_in(supervisor)
    with django_assert_num_queries(12):
        client.get(f"/campaigns/{campaign.pk}/")


def test_frozen_list_is_filtered_by_arm(sign_in: SignIn, supervisor: User) -> None:
    campaign, _preview = frozen(supervisor)
    answer = sign_in(supervisor).get(f"/campaigns/{campaign.pk}/?arm=hold_out")
    assert [row.arm for row, _name, _number in answer.context["rows"]] == [Arm.HOLD_OUT]


def test_frozen_list_is_paged(sign_in: SignIn, supervisor: User) -> None:
    campaign, _preview = frozen(supervisor, 3)
    client = sign_in(supervisor)
    first = client.get(f"/campaigns/{campaign.pk}/?page_size=2").context
    second = client.get(first["pager"].next_url).context
    assert ([len(first["rows"]), len(second["rows"])], second["pager"].next_url) == ([2, 1], "")


def test_launch_assigns_the_frozen_list(sign_in: SignIn, supervisor: User) -> None:
    campaign, preview = frozen(supervisor)
    data = {"hash": preview.hash, "name": campaign.name}
    answer = sign_in(supervisor).post(f"/campaigns/{campaign.pk}/launch/", data, follow=True)
    assert "Launched: 9 cases are open, 1 customers are held out." in answer.text
    assert (Assignment.objects.count(), Case.objects.count()) == (10, 9)
    assert answer.context["progress"].open_cases == 9


def test_launch_wants_the_name_exactly(sign_in: SignIn, supervisor: User) -> None:
    campaign, preview = frozen(supervisor)
    data = {"hash": preview.hash, "name": campaign.name.lower()}
    answer = sign_in(supervisor).post(f"/campaigns/{campaign.pk}/launch/", data)
    assert (answer.status_code, f"Type {campaign.name}, exactly." in answer.text) == (422, True)
    assert not Assignment.objects.exists()


@pytest.mark.parametrize("why", ["edited", "old", "not the newest"])
def test_launch_of_a_list_that_no_longer_counts_is_refused(sign_in: SignIn, supervisor: User, why: str) -> None:
    campaign, preview = frozen(supervisor)
    data = {"hash": preview.hash, "name": campaign.name}
    if why == "edited":
        Campaign.objects.update(plan_version=2)
    elif why == "old":
        Preview.objects.update(created_at=NOW - timedelta(hours=25))
    else:
        data["hash"] = "0" * 64
    answer = sign_in(supervisor).post(f"/campaigns/{campaign.pk}/launch/", data)
    assert (answer.status_code, why in answer.text) == (409, True)
    assert not Assignment.objects.exists()


def test_second_launch_is_refused_and_shows_the_running_campaign(sign_in: SignIn, supervisor: User) -> None:
    campaign, preview = frozen(supervisor)
    client = sign_in(supervisor)
    data = {"hash": preview.hash, "name": campaign.name}
    answers = [client.post(f"/campaigns/{campaign.pk}/launch/", data) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 409]
    assert "This campaign was launched before; nothing was changed." in answers[1].text
    assert "live-numbers" in answers[1].text


# --- launched --------------------------------------------------------------------------------------------------------
def test_live_numbers_follow_the_cases(sign_in: SignIn, supervisor: User) -> None:
    campaign = make_campaign(team=supervisor.team)
    make_case(campaign)
    make_assignment(campaign, arm=Arm.HOLD_OUT)
    progress = sign_in(supervisor).get(f"/campaigns/{campaign.pk}/live/").context["progress"]
    assert progress.arms == [("Care", 1), ("Hold-out", 1), ("Deferred", 0)]
    assert (progress.cases, progress.due, progress.contaminated) == ([("queued", 1)], 1, 0)


@pytest.mark.parametrize("cases", [1, 3])
def test_launched_page_costs_the_same_for_one_customer_and_three(
    sign_in: SignIn, supervisor: User, django_assert_num_queries: DjangoAssertNumQueries, cases: int
) -> None:
    campaign = make_campaign(team=supervisor.team)
    for _ in range(cases):
        make_case(campaign)
    client = sign_in(supervisor)
    with django_assert_num_queries(16):
        client.get(f"/campaigns/{campaign.pk}/")


@pytest.mark.parametrize(
    ("before", "act", "after"),
    [
        (CampaignStatus.LAUNCHED, "pause", CampaignStatus.PAUSED),
        (CampaignStatus.PAUSED, "resume", CampaignStatus.LAUNCHED),
        (CampaignStatus.LAUNCHED, "finish", CampaignStatus.FINISHED),
        (CampaignStatus.PAUSED, "stop", CampaignStatus.STOPPED),
    ],
)
def test_campaign_is_changed(
    sign_in: SignIn, supervisor: User, before: CampaignStatus, act: str, after: CampaignStatus
) -> None:
    campaign = make_campaign(before, team=supervisor.team)
    assert sign_in(supervisor).post(f"/campaigns/{campaign.pk}/{act}/").status_code == 302
    campaign.refresh_from_db()
    assert campaign.status == after


def test_change_that_the_status_forbids_is_refused(sign_in: SignIn, supervisor: User) -> None:
    campaign = make_campaign(team=supervisor.team)
    answer = sign_in(supervisor).post(f"/campaigns/{campaign.pk}/resume/")
    assert (answer.status_code, "Only a paused campaign can be resumed." in answer.text) == (409, True)


def test_unknown_change_is_not_there(sign_in: SignIn, supervisor: User) -> None:
    campaign = make_campaign(team=supervisor.team)
    assert sign_in(supervisor).post(f"/campaigns/{campaign.pk}/explode/").status_code == 404


# --- who may ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("role", [Role.ANALYST, Role.ADMINISTRATOR])
def test_readers_may_look_and_not_touch(sign_in: SignIn, supervisor: User, role: Role) -> None:
    campaign, _preview = frozen(supervisor)
    client = sign_in(make_user(role))
    answer = client.get(f"/campaigns/{campaign.pk}/")
    assert (answer.status_code, "/launch/" in answer.text) == (200, False)
    for path in ("preview/", "launch/", "pause/", "edit/"):
        assert client.post(f"/campaigns/{campaign.pk}/{path}").status_code == 403
    assert client.get("/campaigns/new/").status_code == 403


@pytest.mark.parametrize("path", ["", "live/", "edit/"])
def test_campaign_of_another_team_is_not_there(sign_in: SignIn, supervisor: User, path: str) -> None:
    assert sign_in(supervisor).get(f"/campaigns/{make_campaign().pk}/{path}").status_code == 404


@pytest.mark.parametrize("path", ["preview/", "launch/", "stop/"])
def test_campaign_of_another_team_cannot_be_changed(sign_in: SignIn, supervisor: User, path: str) -> None:
    assert sign_in(supervisor).post(f"/campaigns/{make_campaign().pk}/{path}").status_code == 404
