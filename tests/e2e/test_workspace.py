"""An agent's day at the workspace, in a browser."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from careplans.enums import CaseStatus, Outcome
from careplans.models import Attempt, Campaign, Case, CaseEvent, Draft
from loopcare.staff.enums import Role
from loopcare.staff.models import User
from surveys.models import Cause
from tests.e2e.conftest import Open
from tests.factories import NOW, make_campaign, make_case, make_user

CASE = "**/cases/*/"


@pytest.fixture
def agent(transactional_db: None) -> User:
    return make_user(name="li.na")


@pytest.fixture
def campaign(agent: User) -> Campaign:
    """A launched campaign with six due cases, the first of the highest priority."""
    Cause.objects.create(code="refund.slow", name_en="Refund too slow")
    campaign = make_campaign(team=agent.team)
    for priority in range(6):
        make_case(campaign, priority=6 - priority)
    return campaign


@pytest.fixture
def at_work(open_as: Open, agent: User, campaign: Campaign) -> Page:
    """The agent's page with the first case in hand."""
    page = open_as(agent, "/queue/")
    page.keyboard.press("n")
    page.wait_for_url(CASE)
    return page


def save(page: Page) -> None:
    """Ctrl+Enter, and the next case is there."""
    here = page.url
    page.keyboard.press("Control+Enter")
    page.wait_for_url(lambda url: url != here)


def write(page: Page, words: str) -> None:
    page.keyboard.press("t")
    page.keyboard.type(words)
    page.keyboard.press("Escape")


def test_five_cases_by_keyboard_alone(at_work: Page, agent: User) -> None:
    page = at_work
    write(page, "Nobody there")
    page.keyboard.press("4")
    save(page)

    page.keyboard.press("5")
    save(page)

    write(page, "Refund promised")
    page.keyboard.press("t")
    page.keyboard.press("Tab")
    page.keyboard.type("Refund")
    page.keyboard.press("Tab")
    page.keyboard.type("Voucher")
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    save(page)

    page.keyboard.press("3")
    page.keyboard.press("b")
    page.keyboard.type("03042026")
    page.keyboard.press("Tab")
    page.keyboard.type("0630PM")
    save(page)

    page.keyboard.press("8")
    save(page)
    assert list(Attempt.objects.values_list("outcome", "notes", "cause", "action", "booked_at")) == [
        (Outcome.NO_ANSWER, "Nobody there", "", "", None),
        (Outcome.BUSY, "", "", "", None),
        (Outcome.SOLVED, "Refund promised", "refund.slow", "Voucher", None),
        (Outcome.CALLBACK, "", "", "", datetime(2026, 3, 4, 10, 30, tzinfo=UTC)),
        (Outcome.REFUSED, "", "", "", None),
    ]
    assert Case.objects.get(status=CaseStatus.IN_HAND).holder == f"agent:{agent.pk}"
    assert not Draft.objects.exists()


def test_effect_is_shown_before_saving(at_work: Page) -> None:
    effect = at_work.locator("[data-effects]")
    expect(effect).to_have_text("Choose an outcome to see what it does.", use_inner_text=True)
    at_work.keyboard.press("9")
    expect(effect).to_have_text("Closed; this customer is never contacted again.", use_inner_text=True)
    at_work.keyboard.press("3")
    expect(at_work.locator("[data-booking]")).to_be_visible()
    assert not Attempt.objects.exists()


def test_enter_while_composing_saves_nothing(at_work: Page) -> None:
    page = at_work
    page.keyboard.press("4")
    page.keyboard.press("t")
    keyboard = page.context.new_cdp_session(page)
    keyboard.send("Input.imeSetComposition", {"text": "退款", "selectionStart": 2, "selectionEnd": 2})
    composing = {"key": "Enter", "code": "Enter", "ctrlKey": True, "bubbles": True, "isComposing": True}
    page.evaluate("init => document.activeElement.dispatchEvent(new KeyboardEvent('keydown', init))", composing)
    keyboard.send("Input.insertText", {"text": "退款"})
    page.locator("[name=action]").focus()
    page.keyboard.press("Enter")
    page.wait_for_timeout(500)
    assert not Attempt.objects.exists()
    save(page)
    assert Attempt.objects.get().notes == "退款"


def test_notes_are_saved_within_a_second_and_survive_a_reload_and_another_device(
    at_work: Page, open_as: Open, agent: User
) -> None:
    page = at_work
    write(page, "Called from the shop")
    expect(page.locator("#draft-state")).to_have_text("saved 10:00", timeout=1_500)
    page.reload()
    expect(page.locator("[name=notes]")).to_have_value("Called from the shop")
    other = open_as(agent, page.url)
    expect(other.locator("[name=notes]")).to_have_value("Called from the shop")


def test_notes_survive_a_reload_before_the_autosave(at_work: Page) -> None:
    at_work.keyboard.press("t")
    at_work.keyboard.insert_text("In a hurry")
    at_work.reload()
    at_work.wait_for_timeout(500)
    at_work.reload()
    expect(at_work.locator("[name=notes]")).to_have_value("In a hurry")


def test_what_cannot_be_saved_keeps_the_text_and_takes_the_focus(at_work: Page) -> None:
    write(at_work, "Almost done")
    at_work.keyboard.press("1")
    at_work.keyboard.press("Control+Enter")
    summary = at_work.locator(".error-summary")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text("Say what the cause was before the case is solved.")
    expect(at_work.locator("[name=notes]")).to_have_value("Almost done")
    expect(at_work.locator("[name=outcome][value=solved]")).to_be_checked()
    at_work.keyboard.press("4")
    expect(at_work.locator(".error-summary, .field-error, [aria-invalid]")).to_have_count(0)
    save(at_work)
    assert Attempt.objects.get().notes == "Almost done"


def test_notes_made_taller_do_not_break_the_content_policy(at_work: Page) -> None:
    refused = []
    at_work.on("console", lambda message: refused.append(message.text) if "Security Policy" in message.text else None)
    at_work.locator("[name=notes]").evaluate("notes => { notes.style.height = '300px'; }")
    at_work.keyboard.press("1")
    at_work.keyboard.press("Control+Enter")
    expect(at_work.locator(".error-summary")).to_be_focused()
    at_work.wait_for_timeout(100)
    assert refused == []


def test_case_taken_by_a_colleague_keeps_the_notes(at_work: Page, agent: User) -> None:
    page = at_work
    other = make_user(team=agent.team, name="Zhao Lei")
    case = Case.objects.get(status=CaseStatus.IN_HAND)
    Case.objects.filter(pk=case.pk).update(holder=f"agent:{other.pk}", epoch=2)
    CaseEvent.objects.create(case=case, from_status="queued", to_status="in_hand", actor=other, at=NOW)
    write(page, "My words")
    page.keyboard.press("4")
    page.keyboard.press("Control+Enter")
    bar = page.locator("[data-taken]")
    expect(bar).to_contain_text("Zhao Lei took this case at 10:00. Your notes are kept.")
    expect(bar).to_be_focused()
    expect(page.locator("[name=notes]")).to_have_value("My words")
    page.get_by_role("button", name="Add note").click()
    expect(page.locator("#toasts")).to_contain_text("Your notes stand on the case now")
    assert Draft.objects.get(case=case, agent=agent).notes == "My words"
    page.keyboard.press("n")
    page.wait_for_url(lambda url: not url.endswith(f"/cases/{case.pk}/"))
    assert not Attempt.objects.exists()


def test_double_click_on_save_records_once(at_work: Page) -> None:
    at_work.keyboard.press("4")
    here = at_work.url
    at_work.get_by_role("button", name="Save and next").dblclick(no_wait_after=True)
    at_work.wait_for_url(lambda url: url != here)
    at_work.wait_for_timeout(300)
    assert Attempt.objects.count() == 1


def test_back_after_saving_shows_the_case_as_it_is_now(at_work: Page) -> None:
    at_work.keyboard.press("4")
    save(at_work)
    at_work.go_back()
    expect(at_work.locator("#state-title")).to_be_visible()
    expect(at_work.locator("[name=outcome]")).to_have_count(0)


def test_outcome_sent_without_a_connection_is_sent_again(at_work: Page) -> None:
    page = at_work
    write(page, "On the train")
    expect(page.locator("#draft-state")).to_contain_text("saved")
    page.keyboard.press("4")
    page.context.set_offline(True)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#problem")).to_contain_text("No connection")
    expect(page.locator("[name=notes]")).to_have_value("On the train")
    here = page.url
    page.context.set_offline(False)
    page.keyboard.press("Control+Enter")
    page.wait_for_url(lambda url: url != here)
    assert Attempt.objects.get().notes == "On the train"


def test_skip_asks_why_and_takes_the_next(at_work: Page) -> None:
    page = at_work
    page.keyboard.press("s")
    expect(page.locator("dialog#skip")).to_be_visible()
    page.keyboard.press("2")
    save(page)
    assert CaseEvent.objects.get(to_status=CaseStatus.QUEUED).reason == "language"


def test_number_is_shown_by_its_key(at_work: Page) -> None:
    at_work.keyboard.press("c")
    expect(at_work.locator("a[href^='tel:+86']")).to_be_focused()


def test_guide_ticks_survive_a_reload(open_as: Open, agent: User, campaign: Campaign) -> None:
    strategy = campaign.lines.get().strategy
    strategy.guide_en = "Greet.\nListen.\nMend."
    strategy.save()
    page = open_as(agent, "/queue/")
    page.keyboard.press("n")
    page.wait_for_url(CASE)
    page.get_by_label("Listen.").check()
    expect(page.locator("[data-guide-count]")).to_have_text("1/3")
    page.reload()
    expect(page.get_by_label("Listen.")).to_be_checked()


def test_switched_off_shortcuts_do_nothing(open_as: Open, agent: User, campaign: Campaign) -> None:
    agent.shortcuts = False
    agent.save()
    page = open_as(agent, "/queue/")
    page.keyboard.press("n")
    page.wait_for_timeout(300)
    assert not Case.objects.filter(status=CaseStatus.IN_HAND).exists()


@pytest.mark.parametrize("width", [320, 390])
def test_no_page_scrolls_sideways(open_as: Open, agent: User, campaign: Campaign, width: int) -> None:
    supervisor = make_user(Role.SUPERVISOR, team=agent.team)
    case = make_case(campaign, agent=agent)
    pages = [
        (agent, "/queue/"),
        (agent, f"/cases/{case.pk}/"),
        (supervisor, "/campaigns/"),
        (supervisor, "/campaigns/new/"),
        (supervisor, f"/campaigns/{campaign.pk}/"),
    ]
    widths = {}
    for user, path in pages:
        page = open_as(user, path, width=width)
        widths[path] = page.evaluate("document.documentElement.scrollWidth")
    assert widths == {path: width for _user, path in pages}
