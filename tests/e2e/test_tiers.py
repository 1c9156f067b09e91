"""Cuts are changed and counted while they are typed, decided, and all customers told anew; in a browser."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.timezone import localdate
from playwright.sync_api import expect

from loopcare.common import clock
from loopcare.customers.models import Customer
from loopcare.staff.enums import Role
from surveys.services.tiers import make_tiers, retier
from tests.e2e.conftest import Open
from tests.factories import make_user, set_clock
from tests.surveys.events import land_all, rating

PAGE = "/analysis/tiers/"


@pytest.fixture
def customers(transactional_db: None) -> None:
    """A hundred customers with an arpu of 1 to 100, last heard of within 200 days; told once, and again after a month
    in which some became less."""
    set_clock()
    now = clock.now()
    earlier, today = now - timedelta(days=20), localdate(now)
    heard = [rating(f"c{n}", 90, on=today - timedelta(days=21 + 2 * n), number=n) for n in range(1, 101)]
    land_all(*heard, now=now)
    rows = list(Customer.objects.order_by("pk"))
    for n, row in enumerate(rows, start=1):
        row.attributes = {"arpu": n, "tenure_months": n % 40}
    Customer.objects.bulk_update(rows, ["attributes"])
    retier(now=earlier)
    for row in rows[70:]:
        row.attributes = {"arpu": row.attributes["arpu"] - 30, "tenure_months": 3}
    Customer.objects.bulk_update(rows, ["attributes"])
    retier(now=now)
    make_tiers(now=now)


def test_counts_follow_the_cuts_and_a_rule_is_decided(customers: None, open_as: Open) -> None:
    page = open_as(make_user(Role.SUPERVISOR), PAGE)
    form = page.locator("form", has=page.locator("#id_value_first"))
    becomes = form.locator("#value-trial tbody").first.locator("tr").first.locator("td").nth(1)
    expect(becomes).to_contain_text("0")
    form.get_by_label("Strategic from").fill("60")
    expect(form.locator("#value-trial")).to_contain_text("Each tier must begin at a better value")
    form.get_by_label("High from").fill("55")
    expect(becomes).to_contain_text("22")  # 60–70, each once as it was and once of those who lost 30
    form.get_by_role("button", name="Let it hold").click()
    expect(page.get_by_text("version 2", exact=False).first).to_be_visible()
    page.get_by_role("button", name="Tell all anew now").click()
    expect(page.get_by_role("region", name="Messages")).to_contain_text("customers moved.")
    assert Customer.objects.filter(value_tier="strategic").count() == 22


@pytest.mark.parametrize("width", [320, 390, 1440])
def test_page_of_tiers_does_not_scroll_sideways(customers: None, open_as: Open, width: int) -> None:
    page = open_as(make_user(Role.SUPERVISOR), PAGE, width=width)
    expect(page.locator("figure.chart")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") == width
