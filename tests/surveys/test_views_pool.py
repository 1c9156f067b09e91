"""The board and the list behind it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils.timezone import localdate
from pytest_django import DjangoAssertNumQueries

from loopcare.common import clock
from loopcare.customers.models import Region
from loopcare.staff.enums import Role
from surveys.enums import LeftReason, PoolStatus
from surveys.filters.pool import PoolEntryFilter, as_rule
from surveys.models import PoolEntry
from surveys.selectors import crossed, headline, matching
from tests.factories import NOW, make_customer, make_entry, make_source, make_user

pytestmark = pytest.mark.django_db


def signed_in(role: Role) -> Client:
    client = Client()
    client.force_login(make_user(role))
    return client


@pytest.mark.parametrize("path", ["/pool/", "/pool/entries/"])
@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.AGENT, 403),
        (Role.SUPERVISOR, 200),
        (Role.ANALYST, 200),
        (Role.AUDITOR, 200),
        (Role.ADMINISTRATOR, 200),
    ],
)
def test_pool_pages_open_to_readers_only(path: str, role: Role, status: int) -> None:
    assert signed_in(role).get(path).status_code == status


def test_pool_pages_ask_strangers_to_sign_in(client: Client) -> None:
    assert client.get("/pool/").headers["Location"] == "/sign-in/?next=/pool/"


def test_headline_counts_stays_by_day_and_status() -> None:
    today = NOW.date()
    make_entry(entered_on=today)
    make_entry(entered_on=today - timedelta(days=1), repeat_count=2)
    make_entry(entered_on=today - timedelta(days=7), status=PoolStatus.IN_CARE)
    make_entry(entered_on=today - timedelta(days=8), status=PoolStatus.HELD_OUT, repeat_count=3)
    make_entry(
        entered_on=today - timedelta(days=30), status=PoolStatus.LEFT, left_at=NOW, left_reason=LeftReason.RECOVERED
    )
    counted = headline(PoolEntry.objects.all(), today=today)
    assert (counted.open, counted.open_week_ago, counted.new_today) == (4, 3, 1)
    assert (counted.waiting, counted.in_care, counted.held_out, counted.repeated) == (2, 1, 1, 2)
    assert counted.new_mean == pytest.approx(2 / 7)


def test_crossed_counts_an_entry_under_each_of_its_causes_and_once_in_the_margin() -> None:
    make_entry(brand="A", causes=["refund", "waiting"])
    make_entry(brand="A", causes=["refund"])
    make_entry(brand="", causes=[])
    counts = crossed(PoolEntry.objects.all(), rows="causes", columns="brand")
    assert counts.rows == [("refund", 2), ("waiting", 1), ("", 1)]
    assert counts.columns == [("A", 2), ("", 1)]
    assert counts.cells == {("refund", "A"): 2, ("waiting", "A"): 1, ("", ""): 1}
    assert counts.total == 3


def test_board_cell_leads_to_exactly_the_entries_it_counts() -> None:
    make_entry(brand="A", source=make_source("sms"))
    make_entry(brand="", source=make_source("sms"))
    make_entry(brand="")
    client = signed_in(Role.ANALYST)
    page = client.get("/pool/")
    heat = page.context["heat"]
    links = {
        (line.head.label, column.label): (cell.text, cell.url)
        for line in heat.lines
        for column, cell in zip(heat.columns, line.cells, strict=True)
    }
    assert [column.label for column in heat.columns] == ["A", "?"]
    for text, url in links.values():
        assert len(client.get(url).context["rows"]) == int(text)
    assert links[("sms", "?")] == ("1", "/pool/entries/?source=sms&brand=%3F")


def test_board_keeps_filters_in_its_links_and_counts() -> None:
    make_entry(brand="A", region="BJ")
    make_entry(brand="A", region="SH")
    page = signed_in(Role.ANALYST).get("/pool/?region=BJ&rows=region&columns=channel")
    assert page.context["heat"].total.text == "1"
    assert page.context["heat"].total.url == "/pool/entries/?region=BJ"


@pytest.mark.parametrize("query", ["rows=source&columns=source", "rows=customer__name", "gap__gte=x"])
def test_board_refuses_what_is_no_board(query: str) -> None:
    make_entry()
    assert signed_in(Role.ANALYST).get(f"/pool/?{query}").status_code == 422


def test_board_without_customers_says_what_to_do() -> None:
    assert "/imports/new/" in signed_in(Role.SUPERVISOR).get("/pool/").content.decode()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"waiting", "in_care"}),
        ("status=left", {"left"}),
        ("status__in=left,waiting", {"left", "waiting"}),
        ("gap__lte=-30", {"waiting"}),
        ("repeat_count__gte=2", {"in_care"}),
        ("causes=refund", {"in_care"}),
        ("causes=%3F", {"waiting"}),
        ("brand=%3F", {"waiting"}),
        ("brand__isnull=false", {"in_care"}),
        ("brand__in=A,B", {"in_care"}),
        ("region=nowhere", set()),
    ],
)
def test_entries_filters_find(query: str, found: set[str]) -> None:
    make_entry(status=PoolStatus.WAITING, perceived=20.0)
    make_entry(
        status=PoolStatus.IN_CARE, perceived=50.0, repeat_count=2, causes=["refund", "waiting"], brand="A", region="BJ"
    )
    make_entry(status=PoolStatus.LEFT, left_at=NOW, left_reason=LeftReason.EXPIRED)
    page = signed_in(Role.AUDITOR).get(f"/pool/entries/?{query}")
    assert {entry.status for entry, _person in page.context["rows"]} == found


def test_entries_show_unknown_as_question_mark_and_people_behind_the_mask() -> None:
    make_entry(make_customer(name="Wang Min"))
    text = signed_in(Role.ANALYST).get("/pool/entries/").content.decode()
    assert "Wang**" in text
    assert "Wang Min" not in text
    assert text.count('<td><span class="unknown">?</span></td>') == 3  # brand, region, causes


def test_entries_refuse_an_unreadable_number_beside_its_field() -> None:
    page = signed_in(Role.ANALYST).get("/pool/entries/?gap__lte=low")
    assert page.status_code == 422
    assert list(page.context["form"].errors) == ["gap__lte"]


@pytest.mark.parametrize("after", ["x", "-1", str(2**63)])
def test_entries_refuse_a_place_that_is_no_number(after: str) -> None:
    assert signed_in(Role.ANALYST).get(f"/pool/entries/?after={after}").status_code == 422


def test_entries_pages_meet_every_entry_once() -> None:
    wanted = {make_entry().pk for _ in range(5)}
    client, url, met = signed_in(Role.ANALYST), "/pool/entries/?page_size=2&kind=explicit", []
    while url:
        page = client.get(url)
        met += [entry.pk for entry, _person in page.context["rows"]]
        url = page.context["pager"].next_url
    assert met == sorted(wanted, reverse=True)


@pytest.mark.parametrize("many", [1, 3])
def test_entries_cost_the_same_queries_for_any_number(
    many: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(many):
        make_entry(region="BJ", causes=["refund"])
    client = signed_in(Role.ANALYST)
    with django_assert_num_queries(15):
        client.get("/pool/entries/")


@pytest.mark.parametrize("many", [1, 3])
def test_board_costs_the_same_queries_for_any_number(
    many: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(many):
        make_entry(region="BJ", brand=f"B{number}", source=make_source(f"s{number}"))
    client = signed_in(Role.ANALYST)
    with django_assert_num_queries(19):
        client.get("/pool/")


@pytest.mark.parametrize(
    ("query", "rule"),
    [
        ("source=sms&brand=%3F", "source = 'sms' and brand is missing"),
        ("gap__lte=-20&repeat_count__gte=2", "gap <= -20 and repeat_count >= 2"),
        ("region__in=BJ,SH&brand__isnull=false", "brand is known and region in ('BJ', 'SH')"),
        ("causes=refund&causes__in=a,b", "causes has 'refund' and causes has any ('a', 'b')"),
        ("causes=%3F", "causes is missing"),
        ("entered_on__gte=2026-01-31", "entered_on >= '2026-01-31'"),
        ("gap__gte=-12.5", "gap >= -12.5"),
        ("status=waiting", ""),
        ("", ""),
    ],
)
def test_as_rule_says_what_the_filter_says(query: str, rule: str) -> None:
    Region.objects.create(pk="BJ", name="Beijing", time_zone="Asia/Shanghai")
    make_entry(region="BJ", brand="A", causes=["refund", "a"], repeat_count=2, source=make_source("sms"))
    make_entry(region="SH", entered_on=localdate(clock.now()), perceived=50.0)
    make_entry(perceived=40.0)
    page = signed_in(Role.ANALYST).get(f"/pool/entries/?{query}")
    filters = PoolEntryFilter(page.wsgi_request.GET, PoolEntry.objects.waiting())
    assert filters.is_valid()
    assert as_rule(filters.form.cleaned_data) == rule
    if rule:
        assert set(matching(rule)) == set(filters.qs)


def test_make_segment_is_offered_to_those_who_may() -> None:
    make_entry()
    assert signed_in(Role.SUPERVISOR).get("/pool/entries/?gap__lte=0").context["segment_query"] == "rule=gap+%3C%3D+0"
    assert signed_in(Role.AUDITOR).get("/pool/entries/?gap__lte=0").context["segment_query"] == ""
