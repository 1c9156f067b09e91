"""The customer's page in a real browser of a phone's size, without script."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect
from pytest_django.live_server_helper import LiveServer

from loopcare.common import clock
from loopcare.contact.enums import Purpose
from loopcare.contact.models import Suppression
from surveys.models import Answer
from surveys.services.sending import invite
from surveys.services.setup import FOLLOW_UP, ensure_basics
from tests.factories import make_customer

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

PHONE = ViewportSize(width=390, height=844)
SMALLEST_ROW, SMALLEST_TARGET = 52, 44  # pixels


@pytest.fixture(params=["light", "dark"])
def phone(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(viewport=PHONE, java_script_enabled=False, color_scheme=request.param, locale="en-GB")
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def url(live_server: LiveServer) -> str:
    ensure_basics()
    now = clock.now()
    _invitation, token = invite(
        customer_id=make_customer(language="en").pk,
        questionnaire=FOLLOW_UP,
        purpose=Purpose.FOLLOW_UP,
        key="e2e",
        now=now,
        expires_at=now + timedelta(days=1),
    )
    return f"{live_server.url}/s/{token}/"


def test_survey_is_answered_and_changed_without_script(phone: Page, url: str) -> None:
    phone.goto(url)
    phone.get_by_text("Dissatisfied", exact=True).click()
    phone.get_by_label("What should we know?").fill("Slow refund")
    phone.get_by_role("button", name="Send").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Thank you")
    assert list(Answer.objects.values_list("score", "comment")) == [(2, "Slow refund")]

    phone.get_by_role("link", name="Change my answer").click()
    expect(phone.get_by_label("What should we know?")).to_have_value("Slow refund")
    phone.get_by_text("Very satisfied").click()
    phone.get_by_role("button", name="Send").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Thank you")
    assert list(Answer.objects.values_list("score", "comment")) == [(5, "Slow refund")]


def test_survey_is_one_request_that_leaves_nothing_behind(phone: Page, url: str) -> None:
    requests: list[str] = []
    complaints: list[str] = []
    phone.on("request", lambda request: requests.append(request.url))
    phone.on("console", lambda message: complaints.append(message.text))
    phone.goto(url)
    assert requests == [url]
    assert complaints == []  # such as a style that the page's own policy refuses
    assert phone.context.cookies() == []
    assert not Answer.objects.exists()


def test_survey_rows_are_easy_to_hit_and_nothing_is_cut_off(phone: Page, url: str) -> None:
    for width in (320, 390):
        phone.set_viewport_size({"width": width, "height": 844})
        phone.goto(url)
        rows = [row.bounding_box() for row in phone.locator(".answer").all()]
        assert len(rows) == 5
        for row in rows:
            assert row is not None
            assert row["height"] >= SMALLEST_ROW
            assert row["x"] >= 0
            assert row["x"] + row["width"] <= width
        phone.get_by_text("Stop contact", exact=True).click()  # so that the button inside counts too
        targets = [target.bounding_box() for target in phone.locator("a, button, summary").all()]
        assert [box["height"] >= SMALLEST_TARGET for box in targets if box] == [True] * 4


def test_survey_is_answered_by_keyboard_alone(phone: Page, url: str) -> None:
    phone.goto(url)
    for key in ("Tab", "Tab", "Space", "ArrowDown", "Tab"):
        phone.keyboard.press(key)
    phone.keyboard.type("By keys")
    phone.keyboard.press("Tab")
    phone.keyboard.press("Enter")
    expect(phone.get_by_role("heading", level=1)).to_have_text("Thank you")
    assert list(Answer.objects.values_list("score", "comment")) == [(4, "By keys")]


def test_language_switch_is_a_link_and_keeps_the_page(phone: Page, url: str) -> None:
    phone.goto(url)
    phone.get_by_role("link", name="简体中文").click()
    assert phone.url == f"{url}?lang=zh-hans"
    expect(phone.locator("html")).to_have_attribute("lang", "zh-hans")
    expect(phone.get_by_role("heading", level=1)).to_have_text("您现在对我们的服务满意吗？")
    phone.get_by_role("link", name="English").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("How satisfied are you with our service now?")


def test_stop_contact_takes_two_deliberate_steps(phone: Page, url: str) -> None:
    phone.goto(url)
    phone.get_by_text("Stop contact", exact=True).click()
    assert not Suppression.objects.exists()
    phone.get_by_role("button", name="Yes, stop contact").click()
    expect(phone.get_by_text("You asked us not to contact you any more.")).to_be_visible()
    assert Suppression.objects.count() == 1
