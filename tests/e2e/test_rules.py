"""A rule is written, tried while it is typed, confirmed and switched; a level is set; all in a browser."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.timezone import localdate
from playwright.sync_api import expect

from loopcare.common import clock
from loopcare.staff.enums import Role
from surveys.models import AdequateLevel, DetectionRule
from tests.e2e.conftest import Open
from tests.factories import make_user, set_clock
from tests.surveys.events import event, land_all, rating
from tests.surveys.histories_of_levels import answers, rating_source


@pytest.fixture
def history(transactional_db: None) -> int:
    """A week of contacts, and a year-old habit of contacting again after scores below 50. The customer's id."""
    set_clock()
    now, day = clock.now(), localdate(clock.now())
    answers({20.0: (60, 30), 40.0: (60, 24), 60.0: (100, 5), 80.0: (100, 4)}, on=day - timedelta(days=60), now=now)
    land_all(*(event(f"c{n}", "contact", on=day, transfers=n) for n in range(4)), now=now)
    land_all(rating("c3", 30, adequate=80, desired=60, stated=True, on=day), source=rating_source(adequate=30), now=now)
    customer: int = DetectionRule.objects.get(code="low-rating").detections.get().customer_id
    return customer


def test_rule_is_tried_while_it_is_typed_confirmed_and_switched_off(history: int, open_as: Open) -> None:
    page = open_as(make_user(Role.SUPERVISOR), "/rules/")
    page.get_by_role("link", name="New rule").click()
    page.get_by_label("Name").fill("Contacted again")
    reading = page.locator("#rule-reading")
    page.get_by_role("textbox", name="Rule").fill("transferz >= 3")
    expect(reading.locator("mark")).to_have_text("transferz")
    page.get_by_role("textbox", name="Rule").fill("transfers >= 3")
    expect(reading).to_contain_text("1 of 5 signals of the last 28 days (20.0%)")
    expect(reading).to_contain_text("transfers is at least 3")
    page.get_by_role("textbox", name="Rule").fill("transfers is known or gap < 0")
    page.get_by_label("It is meant to find nearly everybody").check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("h1")).to_have_text("Contacted again")
    page.get_by_role("button", name="Switch off").click()
    expect(page.get_by_role("button", name="Switch on")).to_be_visible()
    rule = DetectionRule.objects.get(name="Contacted again")
    assert (rule.rule, rule.enabled, rule.version) == ("transfers is known or gap < 0", False, 2)


def test_level_is_learned_and_set_over(history: int, open_as: Open) -> None:
    page = open_as(make_user(Role.SUPERVISOR), f"/rules/levels/{rating_source().pk}/?dimension=overall")
    page.get_by_role("button", name="Learn now").click()
    expect(page.locator("figure.chart")).to_contain_text("below the level")
    form = page.get_by_role("form", name="Set a level")
    form.get_by_label("Value tier").select_option("high")
    form.get_by_label("Adequate level").fill("61.1")
    form.get_by_label("Why").fill("as agreed")
    form.get_by_role("button", name="Set", exact=True).click()
    expect(page.locator("tr", has_text="high").get_by_role("button", name="Take back")).to_be_visible()
    assert list(AdequateLevel.objects.values_list("basis", "value_tier", "level").order_by("basis")) == [
        ("learned", "", 50.0),
        ("set", "high", 61.1),
    ]


@pytest.mark.parametrize("width", [320, 390, 1440])
def test_pages_of_rules_and_levels_do_not_scroll_sideways(history: int, open_as: Open, width: int) -> None:
    page = open_as(make_user(Role.SUPERVISOR), "/rules/", width=width)
    for path in (
        "/rules/",
        "/rules/new/",
        f"/rules/{DetectionRule.objects.get(code='low-rating').pk}/",
        "/rules/levels/",
        f"/rules/levels/{rating_source().pk}/",
        f"/customers/{history}/",
    ):
        page.goto(path)
        assert (path, page.evaluate("document.documentElement.scrollWidth")) == (path, width)
