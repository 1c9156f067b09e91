"""The page of the profile: who may see it, what it says of nothing, and what stands out on it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import pytest
from django.test import Client
from django.utils.timezone import localdate
from pytest_django import DjangoAssertNumQueries

from loopcare.common import clock
from loopcare.customers.models import Region
from loopcare.staff.enums import Role
from surveys.models import Analysis
from surveys.selectors import matching
from tests.surveys.selectors.test_profile import people
from tests.surveys.test_views_pool import signed_in

pytestmark = pytest.mark.django_db

PAGE, AGAIN = "/analysis/profile/", "/analysis/profile/again/"


def read(*facts: dict[str, Any], pool: int, role: Role = Role.SUPERVISOR) -> Client:
    """A base whose profile was read, and a browser."""
    people(*facts, pool=pool, now=clock.now())
    assert signed_in(Role.SUPERVISOR).post(AGAIN)["Location"] == PAGE
    return signed_in(role)


def split(attribute: str, often: Any, seldom: Any) -> list[dict[str, Any]]:
    """400 customers of whom the first 100 have `often` for the most part."""

    def fact(value: Any) -> dict[str, Any]:
        return (
            {attribute: value}
            if attribute in {"brand", "region_id", "value_tier"}
            else {"attributes": {attribute: value}}
        )

    return [fact(often)] * 60 + [fact(seldom)] * 40 + [fact(often)] * 40 + [fact(seldom)] * 260


def lines(page: Any, name: str) -> list[Any]:
    (found,) = (rows for _title, key, rows in page.context["groups"] if key == name)
    return list(found)


def test_page_before_the_first_reading_says_so() -> None:
    assert "The profile was not read yet." in signed_in(Role.AUDITOR).get(PAGE).content.decode()


def test_page_of_an_empty_pool_says_so() -> None:
    assert "Nobody is in the pool now" in read({"brand": "N"}, pool=0).get(PAGE).content.decode()


def test_page_of_a_base_that_is_all_in_the_pool_says_so() -> None:
    assert "nobody to compare them with" in read({"brand": "N"}, pool=1).get(PAGE).content.decode()


def test_page_of_a_base_of_which_nothing_is_known_says_so() -> None:
    assert "Nothing is known of enough customers" in read({}, {}, pool=1).get(PAGE).content.decode()


def test_page_shows_what_stands_out_and_what_was_tested() -> None:
    client = read(*split("value_tier", "high", "basic"), pool=100, role=Role.ANALYST)
    page = client.get(PAGE)
    (more,), (less,) = lines(page, "more"), lines(page, "less")
    assert (more.attribute, more.value, more.pool, more.base, more.share) == (
        "value tier",
        "high",
        "60",
        "100",
        "60.0%",
    )
    assert (more.lift, less.value, less.lift) == ("2.40", "basic", "0.53")
    text = page.content.decode()
    assert "2 of 2 values tested stand out." in text
    assert "100 in the pool against 400 customers, 25.0%" in text
    assert "need not bring it about" in text
    # Twice as often lies right of the middle, half as often left of it.
    assert float(more.x_low) < float(more.x) < float(more.x_high)
    assert float(less.x) < 84 < float(more.x)


def test_value_leads_to_a_segment_of_whom_it_means() -> None:
    Region.objects.create(code="B'J", name="Beijing", time_zone="Asia/Shanghai")
    client = read(*split("region_id", "B'J", None), pool=100)
    (more,) = lines(client.get(PAGE), "more")
    assert (more.attribute, more.value) == ("region", "Beijing")
    (rule,) = parse_qs(more.segment_query)["rule"]
    assert rule == "region = 'B''J'"
    assert matching(rule).count() == 0  # the entries of this test name no region themselves
    assert client.get(f"/segments/new/?{more.segment_query}").context["form"].initial["rule"] == rule


def test_not_known_leads_to_a_segment_too() -> None:
    facts = [{"brand": ""}] * 60 + [{"brand": "Nova"}, {"brand": "Sol"}] * 20
    client = read(*facts, *[{"brand": "Nova"}, {"brand": "Sol"}] * 130, pool=100)
    (more,) = lines(client.get(PAGE), "more")
    assert (more.attribute, more.value) == ("brand", "not known")
    assert parse_qs(more.segment_query) == {"rule": ["brand is missing"]}


def test_what_rules_do_not_know_leads_nowhere() -> None:
    plan = read(*split("plan 😀 <b>", "S" * 10_000, True), pool=100)
    page = plan.get(PAGE)
    (more,), (less,) = lines(page, "more"), lines(page, "less")
    assert (more.attribute, more.segment_query, less.value) == ("plan 😀 <b>", "", "yes")
    assert "<b>" not in page.content.decode().replace("</b>", "")


def test_auditor_is_offered_no_segment() -> None:
    client = read(*split("brand", "Nova", "Sol"), pool=100, role=Role.AUDITOR)
    (more,) = lines(client.get(PAGE), "more")
    assert more.segment_query == ""
    assert client.post(AGAIN).status_code == 403


def test_bands_are_shown_as_ranges() -> None:
    facts = [{"attributes": {"calls": place}} for place in range(400)]
    client = read(*facts, pool=120)
    more = lines(client.get(PAGE), "more")
    assert [(line.value, line.lift) for line in more] == [("0 – 39", "3.33"), ("40 – 79", "3.33"), ("80 – 119", "3.33")]
    assert all(float(line.x) <= 160 for line in more)


def test_what_does_not_stand_out_is_folded_away_but_there() -> None:
    page = read(*({"brand": "AB"[place % 2]} for place in range(400)), pool=100).get(PAGE)
    assert (lines(page, "more"), lines(page, "less")) == ([], [])
    assert "None of 2 values tested stands out." in page.content.decode()
    assert [(line.value, line.tone, line.lift) for line in page.context["other"]] == [
        ("A", "open", "1.00"),
        ("B", "open", "1.00"),
    ]


def test_sample_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    people(*split("brand", "Nova", "Sol"), pool=100, now=clock.now())
    client = signed_in(Role.SUPERVISOR)
    client.post(AGAIN)
    row = Analysis.objects.get()
    row.figures |= {"base": 20_000_000, "rest_read": 500_123}
    row.save()
    assert "A random sample was read: 100 of the pool and 500,123 others" in client.get(PAGE).content.decode()
    assert row.as_of == localdate(clock.now())


@pytest.mark.parametrize("kinds", [2, 30])
def test_page_costs_the_same_however_many_values(kinds: int, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    client = read(*({"brand": f"b{place % kinds}"} for place in range(1500)), pool=300)
    with django_assert_num_queries(5):
        assert client.get(PAGE).context["figures"]["tested"] == kinds
