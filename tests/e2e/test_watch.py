"""From an alarm on the board to a closed incident, in a browser, by keyboard where it matters."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from loopcare.staff.enums import Role
from surveys.models import Alarm, Incident
from tests.e2e.conftest import Open
from tests.factories import make_customer, make_entry, make_user
from tests.surveys.watching import DAY, detect, make_alarm


@pytest.fixture
def alarm(transactional_db: None) -> Alarm:
    for brand in ("A", "B", "C"):
        make_entry(brand=brand, region="BJ")
    for _ in range(3):
        detect(DAY, 2, customer=make_customer())
    return make_alarm()


def test_alarm_becomes_an_incident_that_is_worked_off(alarm: Alarm, open_as: Open) -> None:
    page = open_as(make_user(Role.SUPERVISOR), "/pool/")
    expect(page.get_by_text("41 vs 13–35").first).to_be_visible()
    page.get_by_role("link", name="Incident", exact=True).click()
    page.get_by_label("Title").fill("Refunds take three weeks")
    page.get_by_role("button", name="Open the incident").click()

    first, second = (page.get_by_role("checkbox").nth(n) for n in (0, 1))
    first.press("Space")
    expect(first).to_be_checked()
    expect(first).to_be_focused()
    second.press("Enter")
    expect(second).to_be_checked()
    second.press("Space")
    expect(second).not_to_be_checked()

    page.get_by_label("Note for the log").fill("Store told.")
    page.get_by_role("button", name="Write").click()
    page.get_by_role("button", name="Mark as contained").click()
    page.locator(".actions").get_by_role("button", name="Close", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    expect(page.locator(".lead").get_by_text("closed", exact=True)).to_be_visible()
    incident = Incident.objects.get()
    assert (incident.status, incident.alarms.get()) == ("closed", alarm)
    assert [note.kind for note in incident.notes.all()] == ["alarm", "done", "done", "undone", "note"]


@pytest.mark.parametrize("width", [320, 390, 1440])
def test_pages_of_the_watch_do_not_scroll_sideways(alarm: Alarm, open_as: Open, width: int) -> None:
    page = open_as(make_user(Role.SUPERVISOR), "/pool/", width=width)
    for path in (
        "/pool/",
        "/pool/alarms/",
        f"/pool/alarms/{alarm.pk}/",
        f"/incidents/new/?alarm={alarm.pk}",
        "/incidents/",
    ):
        page.goto(path)
        assert (path, page.evaluate("document.documentElement.scrollWidth")) == (path, width)
