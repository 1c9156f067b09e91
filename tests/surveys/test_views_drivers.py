"""The page of drivers, and the button that reads again."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils.timezone import localdate

from loopcare.common import clock
from loopcare.staff.enums import Role
from surveys.models import Analysis
from tests.surveys.events import land_all
from tests.surveys.services.test_drivers import answers, source
from tests.surveys.test_views_pool import signed_in

pytestmark = pytest.mark.django_db

PAGE, AGAIN = "/analysis/drivers/", "/analysis/drivers/again/"


def test_page_before_the_first_reading_says_so() -> None:
    page = signed_in(Role.ANALYST).get(PAGE)
    assert page.status_code == 200
    assert "nothing was read yet" in page.content.decode()


def test_supervisor_reads_and_the_page_shows_it() -> None:
    now = clock.now()
    land_all(*answers(200, on=localdate(now)), source=source(), now=now)
    client = signed_in(Role.SUPERVISOR)
    assert client.post(AGAIN)["Location"] == PAGE
    page = client.get(PAGE)
    assert [row["name"] for row in page.context["drivers"]] == ["coverage", "clarity"]
    assert [(row["rank"], row["ranks"]) for row in page.context["drivers"]] == [(1, "1"), (2, "2")]
    assert "Importance is not causation" in page.content.decode()
    assert "The order is not established" not in page.content.decode()


def test_page_says_why_nothing_can_be_told() -> None:
    now = clock.now()
    land_all(*answers(19, on=localdate(now)), source=source(), now=now)
    client = signed_in(Role.SUPERVISOR)
    client.post(AGAIN)
    assert "19 complete answers so far; 20 are needed" in client.get(PAGE).content.decode()


def test_each_source_has_its_own_reading() -> None:
    now = clock.now()
    for code, n in (("calls", 100), ("shops", 200)):
        land_all(*answers(n, on=localdate(now)), source=source(code), now=now)
    client = signed_in(Role.SUPERVISOR)
    client.post(AGAIN)
    assert Analysis.objects.count() == 2
    assert client.get(PAGE).context["n"] == "100"
    assert client.get(PAGE, {"source": "shops"}).context["n"] == "200"


def test_kind_that_is_none_is_not_found(client: Client) -> None:
    assert signed_in(Role.SUPERVISOR).post("/analysis/else/again/").status_code == 404
