"""One way through the house: a file, the pool, a segment, a campaign, calls, three months, and what changed."""

from __future__ import annotations

import csv
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from careplans.enums import Arm, CaseStatus
from careplans.models import Assignment, Campaign, Case
from careplans.services import strategies
from evaluation.models import PanelMember
from loopcare.common import clock
from loopcare.staff.enums import Role
from loopcare.staff.models import Team, User
from surveys.enums import PoolStatus
from surveys.models import Answer, PoolEntry
from surveys.services.setup import ensure_basics
from tests.e2e.conftest import Open
from tests.factories import make_team, make_user
from tests.mailbox import Mailbox

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
CUSTOMERS = 40


@pytest.fixture
def feedback(tmp_path: Path) -> Path:
    """Forty unhappy customers and two happy ones, in the shape of the shipped example."""
    with (EXAMPLES / "ratings.csv").open(newline="", encoding="utf-8") as file:
        header = next(csv.reader(file))
    path = tmp_path / "ratings.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, header, restval="")
        writer.writeheader()
        for n in range(CUSTOMERS + 2):
            writer.writerow(
                {
                    "Customer no.": f"W{n}",
                    "Call no.": f"call-{n}",
                    "Day": "2026-03-01",
                    "Name": "Li Na",
                    "Phone": f"1380013{n:04d}",
                    "E-mail": f"w{n}@example.com",
                    "Language": "en" if n % 2 else "zh-hans",
                    "Brand": "Nova",
                    "Region": "South",
                    "Tier": "Gold",
                    "Overall (1-5)": "5" if n >= CUSTOMERS else "2",
                    "Wrong bill": "yes",
                }
            )
    return path


@pytest.fixture
def team(transactional_db: None) -> Team:
    ensure_basics()
    strategies.ensure_basics()
    return make_team("Care desk")


def test_from_a_file_to_an_effect(  # noqa: PLR0917 - fixtures, not arguments
    open_as: Open, live_server: LiveServer, team: Team, feedback: Path, mailbox: Mailbox, settings: Settings
) -> None:
    settings.PUBLIC_URL = live_server.url
    supervisor = open_as(make_user(Role.SUPERVISOR, team=team), "/pool/")
    call_command("import_feedback", str(feedback), "--map", str(EXAMPLES / "ratings.toml"))
    assert PoolEntry.objects.filter(status=PoolStatus.WAITING).count() == CUSTOMERS

    campaign = plan_and_launch(supervisor)
    arms = Assignment.objects.filter(campaign=campaign)
    assert (arms.filter(arm=Arm.CARE).count(), arms.filter(arm=Arm.HOLD_OUT).count()) == (32, 8)

    agent = User.objects.filter(role=Role.AGENT).first() or make_user(Role.AGENT, team=team)
    call_two_customers(open_as(agent, "/queue/"))

    for month in (1, 2, 3):
        call_command("advance_clock", "--days", "31")
        answer_everything(mailbox, live_server, open_as, by_browser=month == 1)
    call_command("advance_clock", "--days", "1")
    assert PanelMember.objects.exclude(wave_1=None, wave_2=None, wave_3=None).count() == CUSTOMERS

    read_effects(open_as(make_user(Role.ANALYST), f"/evaluations/{campaign.pk}/"))


def plan_and_launch(page: Page) -> Campaign:
    """The supervisor's part, in the browser."""
    page.goto("/pool/")
    expect(page.get_by_role("main")).to_contain_text("Nova")
    page.goto("/segments/new/")
    page.locator("[name=name]").fill("Wrong bills")
    page.locator("[name=rule]").fill("causes has 'billing.charge' and gap < 0")
    page.get_by_role("button", name="Save").click()
    page.goto("/campaigns/new/")
    page.locator("[name=name]").fill("Put it right")
    page.locator("select[name$=segment]").first.select_option(index=1)
    page.locator("select[name$=strategy]").first.select_option(index=1)
    page.locator("[name=agents]").fill("4")
    page.locator("[name=hold_out_share]").fill("20")
    page.get_by_role("button", name="Save the plan").click()
    page.get_by_role("button", name="Preview").click()
    expect(page.locator(".waterfall")).to_contain_text("8")
    page.locator("form[action$='launch/'] [name=name]").fill("Put it right")
    page.locator("form[action$='launch/'] button").click()
    page.wait_for_url(re.compile(r"/campaigns/\d+/$"))
    campaign = Campaign.objects.get(name="Put it right")
    assert campaign.launched_at is not None
    return campaign


def call_two_customers(page: Page) -> None:
    """The agent's part: one solved, one not reached, by keyboard alone."""
    page.keyboard.press("n")
    page.wait_for_url("**/cases/*/")
    page.locator("[name=cause]").select_option("billing.charge")
    page.locator("[name=action]").fill("Refund")
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    first = page.url
    page.keyboard.press("Control+Enter")
    page.wait_for_url(lambda url: url != first)
    page.keyboard.press("4")
    second = page.url
    page.keyboard.press("Control+Enter")
    page.wait_for_url(lambda url: url != second)
    assert Case.objects.filter(status=CaseStatus.SOLVED).count() == 1


def answer_everything(mailbox: Mailbox, live_server: LiveServer, open_as: Open, *, by_browser: bool) -> None:
    """Every question that was received is opened, which records nothing, and answered; care made people happier."""
    cared = {f"w{pk}" for pk in _references(Arm.CARE)}
    assert len(mailbox.mails) == CUSTOMERS
    before = Answer.objects.count()
    for n, mail in enumerate(mailbox.mails):
        found = re.search(r"/s/[\w-]+/", mail.get_content())
        assert found is not None
        path = found.group()
        client = Client()
        assert [client.get(path).status_code, client.head(path).status_code] == [200, 200]
        assert Answer.objects.count() == before + n
        happy = str(mail["To"]).split("@")[0] in cared
        if by_browser and n == 0:
            page = open_as(None, path, width=390, java_script_enabled=False)
            page.locator("input[name=score]").nth(0 if happy else 4).check(force=True)
            page.locator("button.send").click()
            expect(page.locator("h1")).to_be_visible()
        else:
            assert client.post(path, {"score": (5 - n % 2) if happy else (1 + n % 3)}).status_code == 303
    mailbox.mails.clear()
    assert Answer.objects.count() == before + CUSTOMERS


def _references(arm: Arm) -> list[str]:
    rows = Assignment.objects.filter(arm=arm).values_list("customer__reference", flat=True)
    return [reference.removeprefix("W") for reference in rows]


def read_effects(page: Page) -> None:
    """The analyst's part: three months with intervals, the checks and the funnel."""
    main = page.get_by_role("main")
    for words in ("Month 1", "Month 2", "Month 3", "Assigned", "Split", "Response"):
        expect(main).to_contain_text(re.compile(words, re.IGNORECASE))
    member = PanelMember.objects.filter(arm=Arm.CARE).first()
    assert member is not None
    assert clock.now().date() - member.anchored_on > timedelta(days=90)
