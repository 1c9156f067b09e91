"""The analyst's pages: every verdict, what the CSV says, who may read and who may read out."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from careplans.enums import CampaignStatus
from careplans.models import Campaign
from evaluation.models import Estimate, FollowUp
from loopcare.common.charts.scales import signed
from loopcare.staff.enums import Role
from tests.evaluation.panels import make_answered
from tests.factories import make_campaign, make_team, make_user

pytestmark = pytest.mark.django_db

ARMS = {"care": 90, "hold_out": 60}
READERS = [Role.SUPERVISOR, Role.ANALYST, Role.AUDITOR, Role.ADMINISTRATOR]
LATER = date(2126, 1, 1)


def page(client: Client, campaign: Campaign) -> str:
    response = client.get(reverse("evaluation:evaluation", args=[campaign.pk]))
    assert response.status_code == 200
    return response.content.decode()


@pytest.fixture
def analyst(client: Client) -> Client:
    client.force_login(make_user(Role.ANALYST))
    return client


def lopsided() -> Campaign:
    """Half of the hold-out was never asked."""
    campaign = make_answered({"care": 300, "hold_out": 200}, effect=25)
    unasked = campaign.assignments.filter(arm="hold_out").values_list("panel__pk", flat=True)[:100]
    FollowUp.objects.filter(member__in=list(unasked)).update(invitation=None)
    for member in campaign.assignments.filter(panel__pk__in=list(unasked)):
        member.panel.wave_1 = member.panel.wave_2 = member.panel.wave_3 = None
        member.panel.save()
    return campaign


VERDICTS: list[tuple[str, Callable[[], Campaign], str, str]] = [
    ("won", lambda: make_answered(ARMS, effect=25), "badge-good", "Care worked: satisfaction +"),
    ("lost", lambda: make_answered(ARMS, effect=-25), "badge-bad", "Care did harm: satisfaction −"),
    ("no evidence", lambda: make_answered(ARMS, effect=0), "badge", "No evidence that care changed satisfaction: "),
    (
        "not enough data",
        lambda: make_answered({"care": 90, "hold_out": 29}, effect=25),
        "badge",
        "Not enough answers for a verdict: 90 in care and 29 in the hold-out; each needs 30.",
    ),
    ("suspicious", lopsided, "badge-warn", "The numbers cannot be trusted: a check failed, so no effect is claimed."),
    (
        "interim",
        lambda: make_answered(ARMS, effect=25, read_out_on=LATER),
        "badge-accent",
        "Too early for a verdict; so far satisfaction +",
    ),
    ("interim", lambda: make_campaign(read_out_on=LATER), "badge-accent", "Too early: nobody can be compared yet."),
]


@pytest.mark.parametrize(("word", "make", "kind", "sentence"), VERDICTS, ids=[row[3][:30] for row in VERDICTS])
def test_page_says_each_verdict(
    analyst: Client, word: str, make: Callable[[], Campaign], kind: str, sentence: str
) -> None:
    campaign = make()
    shown = page(analyst, campaign)
    assert f'{kind}">{word}</span>' in shown
    assert sentence in shown
    # The list tells the same verdict.
    assert f'{kind}">{word}</span>' in analyst.get(reverse("evaluation:evaluations")).content.decode()


def test_page_before_the_read_out_names_the_date_and_offers_no_button(analyst: Client) -> None:
    shown = page(analyst, make_answered(ARMS, status=CampaignStatus.FINISHED, read_out_on=LATER))
    assert "The verdict is given on 2126-01-01, the date fixed at the launch." in shown
    assert "Read out" not in shown


def test_page_while_care_runs_asks_to_finish_first(analyst: Client) -> None:
    shown = page(analyst, make_answered(ARMS))
    assert "Finish or stop the campaign, then it can be read out." in shown
    assert "data-confirm" not in shown


def test_csv_says_what_the_page_says(analyst: Client) -> None:
    campaign = make_answered(ARMS, effect=12, share=0.8)
    response = analyst.get(reverse("evaluation:effects_csv", args=[campaign.pk]))
    text = response.content.decode()
    assert text.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert [(row["metric"], row["wave"]) for row in rows] == [
        (metric, wave) for metric in ("satisfaction", "satisfied") for wave in "123"
    ]
    shown = page(analyst, campaign)
    for row in rows:
        cells = [signed(float(row[name])) for name in ("effect", "low", "high")] + [row["n_care"], row["n_hold_out"]]
        assert "".join(f'<td class="num">{cell}</td>' for cell in cells) in shown
    assert response["Content-Disposition"] == f'attachment; filename="effects-{campaign.pk}.csv"'


def test_deferred_are_folded_away_and_absent_when_there_are_none(analyst: Client) -> None:
    assert "Deferred: 7 customers who waited" in page(analyst, make_answered({**ARMS, "deferred": 7}))
    assert "Deferred:" not in page(analyst, make_answered(ARMS))


def test_analyst_reads_out_once(analyst: Client) -> None:
    campaign = make_answered(ARMS, effect=25, status=CampaignStatus.FINISHED)
    url = reverse("evaluation:read_out", args=[campaign.pk])
    assert f'action="{url}"' in page(analyst, campaign)
    response = analyst.post(url, follow=True)
    assert response.redirect_chain == [(reverse("evaluation:evaluation", args=[campaign.pk]), 302)]
    shown = response.content.decode()
    assert "Care worked" in shown
    assert f'action="{url}"' not in shown
    assert Estimate.objects.count() == 6
    assert analyst.post(url).status_code == 409
    assert Estimate.objects.count() == 6


@pytest.mark.parametrize("role", Role)
def test_roles_that_may_read_and_read_out(client: Client, role: Role) -> None:
    campaign = make_answered(ARMS, status=CampaignStatus.FINISHED)
    client.force_login(make_user(role, team=campaign.team if role == Role.AGENT else None))
    reading = 200 if role in READERS else 403
    for name, arguments in (("evaluations", []), ("evaluation", [campaign.pk]), ("effects_csv", [campaign.pk])):
        assert client.get(reverse(f"evaluation:{name}", args=arguments)).status_code == reading
    url = reverse("evaluation:read_out", args=[campaign.pk])
    assert client.get(url).status_code in (403, 405)
    assert client.post(url).status_code == (302 if role == Role.ANALYST else 403)


def test_supervisor_of_another_team_finds_nothing(client: Client) -> None:
    campaign = make_answered({"care": 3, "hold_out": 3})
    client.force_login(make_user(Role.SUPERVISOR, team=make_team()))
    assert client.get(reverse("evaluation:evaluation", args=[campaign.pk])).status_code == 404
    assert "No campaign has been launched yet" in client.get(reverse("evaluation:evaluations")).content.decode()


def test_draft_has_no_evaluation(analyst: Client) -> None:
    draft = make_campaign(CampaignStatus.DRAFT)
    assert analyst.get(reverse("evaluation:evaluation", args=[draft.pk])).status_code == 404


@pytest.mark.parametrize(("status", "found"), [("launched", True), ("stopped", False)])
def test_list_narrows_by_status(analyst: Client, status: str, found: bool) -> None:
    campaign = make_campaign(read_out_on=LATER)
    shown = analyst.get(reverse("evaluation:evaluations"), {"status": status}).content.decode()
    assert (campaign.name in shown) == found


def test_list_refuses_an_unknown_status(analyst: Client) -> None:
    assert analyst.get(reverse("evaluation:evaluations"), {"status": "odd"}).status_code == 422


@pytest.mark.parametrize("size", [1, 3])
def test_list_costs_the_same_queries_at_any_length(
    analyst: Client, django_assert_num_queries: DjangoAssertNumQueries, size: int
) -> None:
    for _number in range(size):
        make_campaign(read_out_on=LATER)
    with django_assert_num_queries(8):
        analyst.get(reverse("evaluation:evaluations"))
