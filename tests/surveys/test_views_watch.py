"""The board's marks, lines of days and late feeds; the alarm list and one alarm."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from loopcare.staff.enums import Role
from surveys.enums import AlarmStatus
from surveys.models import Alarm, Incident
from surveys.selectors import matching
from surveys.selectors.monitoring import parts_of, slow_rise
from surveys.services.incidents import open_incident
from surveys.services.monitoring import count_day, monitor
from tests.factories import NOW, make_customer, make_entry, make_source, make_user, set_clock
from tests.surveys.test_views_pool import signed_in
from tests.surveys.watching import DAY, detect, make_alarm, usual_days

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock() -> None:
    set_clock(NOW)


# --- the board -------------------------------------------------------------------------------------------------------
def test_board_draws_the_last_fourteen_closed_days_of_each_cell() -> None:
    make_entry(brand="A")
    detect(DAY, 4)
    detect(DAY - timedelta(days=13), 2)
    detect(DAY - timedelta(days=14), 9)
    detect(NOW.date(), 9)
    monitor(now=NOW)
    [line] = signed_in(Role.ANALYST).get("/pool/").context["heat"].lines
    numbers = "14 days to 2026-03-02: 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4"
    assert [cell.spark.text for cell in (*line.cells, line.total)] == [numbers, numbers]


@pytest.mark.parametrize("query", ["rows=causes", "kind=explicit", "gap__lte=0"])
def test_board_draws_no_days_where_the_counts_cannot_know(query: str) -> None:
    make_entry(brand="A")
    detect(DAY, 4)
    count_day(DAY)
    heat = signed_in(Role.ANALYST).get(f"/pool/?{query}").context["heat"]
    assert [cell.spark for line in heat.lines for cell in line.cells] == [None]


def test_board_days_are_those_of_its_filters() -> None:
    make_entry(brand="A", region="BJ")
    detect(DAY, 4)
    detect(DAY, 7, region="SH")
    count_day(DAY)
    [line] = signed_in(Role.ANALYST).get("/pool/?region=BJ").context["heat"].lines
    assert line.total.spark.text.endswith(", 4")


def test_board_marks_an_alarm_where_it_lies() -> None:
    for brand in ("A", "B"):
        make_entry(brand=brand, region="BJ")
    alarm = make_alarm()
    page = signed_in(Role.SUPERVISOR).get("/pool/")
    [line] = page.context["heat"].lines
    marks = {head.label: cell.mark for head, cell in zip(page.context["heat"].columns, line.cells, strict=True)}
    assert (marks["A"].text, marks["A"].url, marks["B"]) == ("▲ 41", f"/pool/alarms/{alarm.pk}/", None)
    assert marks["A"].title == "2026-03-02: 41 vs 13–35 (same weekday, 8 weeks)"
    text = page.content.decode()
    assert "<strong>41</strong> vs 13–35" in text
    for words in ("same weekday, 8 weeks", "Customers", "Segment", "Incident", "Acknowledge"):
        assert words in text


@pytest.mark.parametrize(
    ("cell", "row_mark", "total_mark"),
    [({"brand": None, "region": None}, True, False), ({"source": None, "brand": None, "region": None}, False, True)],
)
def test_board_marks_a_wider_alarm_in_the_sums(cell: dict[str, Any], row_mark: bool, total_mark: bool) -> None:
    make_entry(brand="A")
    make_alarm(**cell)
    heat = signed_in(Role.SUPERVISOR).get("/pool/").context["heat"]
    assert [heat.lines[0].cells[0].mark is None, heat.lines[0].total.mark is None, heat.total.mark is None] == [
        *(True, not row_mark, not total_mark)
    ]


@pytest.mark.parametrize(
    ("query", "shown"), [("brand=A", 1), ("brand=B", 0), ("brand=%3F", 0), ("source=hotline&region=BJ", 1)]
)
def test_board_shows_the_alarms_within_its_filters(query: str, shown: int) -> None:
    make_alarm()
    assert len(signed_in(Role.SUPERVISOR).get(f"/pool/?{query}").context["lines"]) == shown


@pytest.mark.parametrize(
    ("back", "status", "shown"),
    [
        *((0, AlarmStatus.NEW, 1), (0, AlarmStatus.ACKNOWLEDGED, 1), (6, AlarmStatus.NEW, 1)),
        *((6, AlarmStatus.ACKNOWLEDGED, 0), (7, AlarmStatus.NEW, 0)),
    ],
)
def test_board_forgets_alarms_that_were_seen_or_are_old(back: int, status: AlarmStatus, shown: int) -> None:
    seen = {"acknowledged_by": make_user(Role.SUPERVISOR), "acknowledged_at": NOW} if status != "new" else {}
    make_alarm(DAY - timedelta(days=back), status=status, **seen)
    assert len(signed_in(Role.ANALYST).get("/pool/").context["lines"]) == shown


def test_board_says_which_feed_is_late() -> None:
    usual_days(10)
    usual_days(10, source="sms")
    detect(DAY, 10)
    make_entry(brand="A", source=make_source("sms"))
    monitor(now=NOW)
    page = signed_in(Role.ANALYST).get("/pool/")
    [line] = page.context["heat"].lines
    assert (line.head.late, line.cells[0].spark.text[-3:]) == (True, ", ?")
    assert "feed 10 h late" in page.content.decode()


def test_board_knows_a_feed_that_came_in_the_meantime() -> None:
    usual_days(10)
    monitor(now=NOW)
    assert signed_in(Role.ANALYST).get("/pool/").context["late"] == ["hotline"]
    detect(DAY, 10)
    monitor(now=NOW)
    assert signed_in(Role.ANALYST).get("/pool/").context["late"] == []


def test_board_names_lead_one_level_deeper() -> None:
    make_entry(brand="A", region="")
    client = signed_in(Role.ANALYST)
    heat = client.get("/pool/").context["heat"]
    assert heat.lines[0].head.url == "/pool/?source=hotline&rows=region&columns=brand"
    assert heat.columns[0].url == "/pool/?brand=A&rows=source&columns=region"
    deeper = client.get(heat.lines[0].head.url)
    assert deeper.context["crumbs"] == [
        ("All", "/pool/?rows=region&columns=brand"),
        ("hotline", "/pool/?rows=region&columns=brand&source=hotline"),
    ]
    assert deeper.context["heat"].lines[0].head.url == ("/pool/?source=hotline&region=%3F&rows=channel&columns=brand")


def test_board_counts_by_times_dissatisfied() -> None:
    for times in (1, 2, 3, 9):
        make_entry(repeat_count=times)
    client = signed_in(Role.ANALYST)
    heat = client.get("/pool/?rows=repeat_band").context["heat"]
    found = {line.head.label: (line.total.text, line.total.url) for line in heat.lines}
    assert found == {
        "three times and more": ("2", "/pool/entries/?repeat_count__gte=3"),
        "once": ("1", "/pool/entries/?repeat_count__gte=1&repeat_count__lte=1"),
        "twice": ("1", "/pool/entries/?repeat_count__gte=2&repeat_count__lte=2"),
    }
    for text, url in found.values():
        assert len(client.get(url).context["rows"]) == int(text)


# --- alarms ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("many", [1, 3])
def test_alarms_cost_the_same_queries_for_any_number(
    many: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for back in range(many):
        make_alarm(DAY - timedelta(days=back), source=make_source(f"s{back}"), brand="A")
    client = signed_in(Role.SUPERVISOR)
    with django_assert_num_queries(11):
        client.get("/pool/alarms/")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"A", "", None}),
        ("brand=A", {"A"}),
        ("brand=%3F", {""}),
        ("status=acknowledged", {None}),
        ("status__in=new,incident", {"A", ""}),
        ("day__gte=2026-03-02", {"A", ""}),
        ("source=nobody", set()),
    ],
)
def test_alarms_filters_find(query: str, found: set[str | None]) -> None:
    make_alarm()
    make_alarm(brand="")
    seen = {"acknowledged_by": make_user(Role.SUPERVISOR), "acknowledged_at": NOW, "status": "acknowledged"}
    make_alarm(DAY - timedelta(days=1), brand=None, region=None, **seen)
    page = signed_in(Role.AUDITOR).get(f"/pool/alarms/?{query}")
    assert {line.alarm.brand for line in page.context["lines"]} == found


def test_alarms_refuse_an_unreadable_day() -> None:
    assert signed_in(Role.ANALYST).get("/pool/alarms/?day__gte=soon").status_code == 422


def test_alarms_say_that_there_is_none() -> None:
    assert "No alarm yet" in signed_in(Role.ANALYST).get("/pool/alarms/").content.decode()


def test_alarm_shows_exactly_the_customers_behind_it() -> None:
    here = [make_customer(name=name) for name in ("Wang Min", "Li Na")]
    for customer in here:
        detect(DAY, 2, customer=customer)
    detect(DAY, customer=make_customer(), region="SH")
    detect(DAY - timedelta(days=1), customer=make_customer())
    page = signed_in(Role.ANALYST).get(f"/pool/alarms/{make_alarm().pk}/")
    assert {customer for customer, _person in page.context["rows"]} == set(here)
    text = page.content.decode()
    assert ("Wang**" in text, "Wang Min" in text) == (True, False)


@pytest.mark.parametrize("many", [1, 3])
def test_alarm_costs_the_same_queries_for_any_number(
    many: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(many):
        detect(DAY, customer=make_customer())
    count_day(DAY)
    alarm, client = make_alarm(), signed_in(Role.SUPERVISOR)
    with django_assert_num_queries(15):
        client.get(f"/pool/alarms/{alarm.pk}/")


def test_alarm_parts_say_where_the_rise_is() -> None:
    usual_days(20)
    usual_days(20, brand="B")
    detect(DAY, 20)
    detect(DAY, 55, brand="B")
    monitor(now=NOW)
    alarm = make_alarm(brand=None, region=None, observed=75)
    parts = parts_of(alarm)
    assert [(part.code, part.observed, round(part.expected or 0), part.stands_out) for part in parts["brand"]] == [
        ("B", 55, 20, True),
        ("A", 20, 20, False),
    ]
    assert set(parts) == {"brand", "repeat_band"}


@pytest.mark.parametrize(("rise", "since"), [(0, None), (4, None), (8, 6)])
def test_slow_rise_is_seen_where_each_day_is_too_little(rise: int, since: int | None) -> None:
    days = [(DAY - timedelta(days=56 - n), 20 + n % 3 - 1 + (rise if n >= 42 else 0)) for n in range(57)]
    found = slow_rise(days)
    assert (found and (DAY - found).days) == since


def test_alarm_leads_to_a_segment_of_its_cell() -> None:
    inside = make_entry(brand="A", region="BJ", signal_on=DAY)
    make_entry(brand="A", region="BJ", signal_on=DAY - timedelta(days=1))
    make_entry(brand="B", region="BJ", signal_on=DAY)
    client = signed_in(Role.SUPERVISOR)
    line = client.get(f"/pool/alarms/{make_alarm().pk}/").context["line"]
    form = client.get(line.segment_url).context["form"]
    rule = "brand = 'A' and region = 'BJ' and signal_on >= '2026-03-02' and source = 'hotline'"
    assert sorted(str(form["rule"].value()).split(" and ")) == rule.split(" and ")
    assert list(matching(form["rule"].value())) == [inside]


def test_acknowledge_records_who_and_goes_back() -> None:
    alarm, client = make_alarm(), signed_in(Role.SUPERVISOR)
    answer = client.post(f"/pool/alarms/{alarm.pk}/acknowledge/", {"next": "/pool/?brand=A"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/pool/?brand=A")
    assert Alarm.objects.get().status == AlarmStatus.ACKNOWLEDGED
    assert client.post(f"/pool/alarms/{alarm.pk}/acknowledge/").status_code == 409


@pytest.mark.parametrize("elsewhere", ["https://example.com/", "//example.com", ""])
def test_acknowledge_goes_nowhere_else(elsewhere: str) -> None:
    alarm = make_alarm()
    answer = signed_in(Role.ADMINISTRATOR).post(f"/pool/alarms/{alarm.pk}/acknowledge/", {"next": elsewhere})
    assert answer.headers["Location"] == f"/pool/alarms/{alarm.pk}/"


def test_alarm_joins_a_running_incident() -> None:
    user = make_user(Role.SUPERVISOR)
    incident, alarm = open_incident(title="Refunds", by=user, now=NOW), make_alarm()
    client = signed_in(Role.SUPERVISOR)
    assert client.get(f"/pool/alarms/{alarm.pk}/").context["join"] is not None
    answer = client.post(f"/pool/alarms/{alarm.pk}/incident/", {"incident": incident.pk})
    assert answer.headers["Location"] == f"/incidents/{incident.pk}/"
    assert Incident.objects.get().alarms.get() == alarm
    assert client.get(f"/pool/alarms/{alarm.pk}/").context["join"] is None


def test_alarm_joins_nothing_that_is_not_there() -> None:
    alarm = make_alarm()
    signed_in(Role.SUPERVISOR).post(f"/pool/alarms/{alarm.pk}/incident/", {"incident": 5})
    assert Alarm.objects.get().status == AlarmStatus.NEW


@pytest.mark.parametrize(("role", "buttons"), [(Role.SUPERVISOR, True), (Role.ANALYST, False), (Role.AUDITOR, False)])
def test_only_those_who_may_are_offered_to_act(role: Role, buttons: bool) -> None:
    alarm = make_alarm()
    client = signed_in(role)
    for path in ("/pool/", "/pool/alarms/", f"/pool/alarms/{alarm.pk}/"):
        assert ("/acknowledge/" in client.get(path).content.decode()) is buttons
