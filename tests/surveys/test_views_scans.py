"""Scans on their pages: a warehouse is connected and its password not shown, rules are tried, scans are watched."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from loopcare.common import clock
from loopcare.common.due_rows import DueStatus
from loopcare.staff.enums import Role
from surveys.models import Scan, ScanRule, Signal, Warehouse
from surveys.services.scanning import queue_scans, run_due_scans
from surveys.services.setup import ensure_basics
from tests.surveys.bases import connected, customers, rule_of, write
from tests.surveys.test_views_pool import signed_in

pytestmark = pytest.mark.django_db

FEW = "contacts_30d in (3, 4)"


@pytest.fixture(autouse=True)
def basics(home: Any) -> None:
    ensure_basics()


@pytest.fixture
def desk() -> Client:
    return signed_in(Role.SUPERVISOR)


def text_of(response: Any) -> str:
    return response.content.decode()  # type: ignore[no-any-return]


def queued(rule: ScanRule) -> Scan:
    (scan,) = queue_scans(rules=[rule], now=clock.now())
    return scan


@pytest.mark.parametrize(
    ("role", "reads", "edits"),
    [
        (Role.AGENT, 403, 403),
        (Role.SUPERVISOR, 200, 200),
        (Role.ANALYST, 200, 403),
        (Role.AUDITOR, 200, 403),
        (Role.ADMINISTRATOR, 200, 200),
    ],
)
def test_scans_open_to_readers_and_are_run_by_editors(role: Role, reads: int, edits: int) -> None:
    house = connected()
    rule = rule_of(house, rule=FEW)
    scan = queued(rule)
    client = signed_in(role)
    pages = ("/scans/", f"/scans/{scan.pk}/", "/scans/warehouses/", f"/scans/warehouses/{house.pk}/")
    assert [client.get(path).status_code for path in (*pages, f"/scans/rules/{rule.pk}/")] == [reads] * 5
    forms = ("/scans/warehouses/new/", f"{pages[3]}connect/", f"{pages[3]}rules/new/")
    assert [client.get(path).status_code for path in forms] == [edits] * 3
    acts = ("save", "switch", "schedule", "scan")
    refused = [client.post(f"/scans/rules/{rule.pk}/{act}/").status_code == 403 for act in acts]
    assert refused == [edits == 403] * 4


# --- connecting ------------------------------------------------------------------------------------------------------
def place_of(page: str) -> str:
    found = re.search(r'name="place" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_warehouse_is_connected_in_two_steps(desk: Client, settings: Settings) -> None:
    write(customers(100, extra=", 7 AS tenure_months"))
    first = text_of(desk.post("/scans/warehouses/new/", {"url": f"parquet://{settings.WAREHOUSE_DIR}"}))
    said = {"place": place_of(first), "name": "Base", "table": "customers", "reference": "msisdn"}
    response = desk.post("/scans/warehouses/new/", said | {"field_contacts_30d": "contacts_30d"})
    house = Warehouse.objects.get()
    assert (response.status_code, response["Location"]) == (302, f"/scans/warehouses/{house.pk}/")
    assert [rule.code for rule in house.rules.all()] == ["contacts-30d"]
    assert (house.url, house.created_by is not None) == (f"parquet://{settings.WAREHOUSE_DIR}", True)


def test_other_table_shows_its_own_columns(desk: Client, settings: Settings) -> None:
    write(customers(5))
    write("SELECT 'x' AS plan_code", name="plans")
    first = text_of(desk.post("/scans/warehouses/new/", {"url": f"parquet://{settings.WAREHOUSE_DIR}"}))
    assert "plan_code" not in first
    other = desk.post("/scans/warehouses/new/", {"place": place_of(first), "table": "plans", "look": "yes"})
    assert "<code>plan_code</code>" in text_of(other)


@pytest.mark.parametrize(
    ("url", "status", "said"),
    [
        ("ftp://host/x", 422, "no address of a warehouse"),
        ("parquet:///etc", 422, "LOOPCARE_WAREHOUSE_DIR"),
        ("postgresql://reader:Tr0ub4dor@127.0.0.1:9/base", 503, "Address"),
    ],
)
def test_place_that_cannot_be_read_is_said_beside_the_address(desk: Client, url: str, status: int, said: str) -> None:
    response = desk.post("/scans/warehouses/new/", {"url": url})
    assert (response.status_code, said in text_of(response), Warehouse.objects.count()) == (status, True, 0)


def test_sealed_address_of_somebody_else_is_refused(desk: Client) -> None:
    response = desk.post("/scans/warehouses/new/", {"place": "gAAAAAB-forged", "table": "customers"})
    assert (response.status_code, Warehouse.objects.count()) == (422, 0)


def test_password_is_on_no_page(desk: Client) -> None:
    house = connected()
    house.url, house.shown = "postgresql://reader:Tr0ub4dor@host/base", "postgresql://reader:•••@host/base"
    house.save()
    rule = rule_of(house, rule=FEW)
    paths = ("/scans/warehouses/", f"/scans/warehouses/{house.pk}/", f"/scans/rules/{rule.pk}/", "/scans/")
    pages = "".join(text_of(desk.get(path)) for path in (*paths, f"/api/v1/warehouses/{house.pk}/"))
    assert ("Tr0ub4dor" in pages, "reader:•••@host" in pages) == (False, True)


def test_warehouse_is_connected_anew_with_another_address(desk: Client, settings: Settings) -> None:
    """As when its password has changed: the rules stay, with their edits."""
    house = connected()
    rule_of(house, rule=FEW)
    path = f"/scans/warehouses/{house.pk}/connect/"
    assert str(settings.WAREHOUSE_DIR) not in text_of(desk.get(path))
    first = text_of(desk.post(path, {"url": f"parquet://{settings.WAREHOUSE_DIR}/customers.parquet"}))
    assert 'value="Base"' in first
    said = {"place": place_of(first), "name": "Renamed", "table": "customers", "reference": "msisdn"}
    assert desk.post(path, said | {"field_contacts_30d": "contacts_30d"}).status_code == 302
    house.refresh_from_db()
    assert (house.name, house.url.endswith("customers.parquet"), house.rules.get().rule) == ("Renamed", True, FEW)


# --- rules -----------------------------------------------------------------------------------------------------------
def test_rule_is_read_in_words_while_it_is_written_and_counted_when_asked(desk: Client) -> None:
    path = f"/scans/warehouses/{connected().pk}/rules/try/"
    words = text_of(desk.post(path, {"rule": FEW}))
    assert ("contacts within 30 days is one of 3, 4" in words, "customers" in words) == (True, False)
    assert "of all 100 customers" in text_of(desk.post(path, {"rule": FEW, "count": "all"}))
    wrong = text_of(desk.post(path, {"rule": "contacts_30d <"}))
    assert "Line 1, column 15" in wrong
    assert 'name="confirmed"' in text_of(desk.post(path, {"rule": "contacts_30d >= 1", "count": "some"}))


def test_rule_is_tried_in_words_where_the_warehouse_is_away(desk: Client, settings: Settings) -> None:
    path = f"/scans/warehouses/{connected().pk}/rules/try/"
    (settings.WAREHOUSE_DIR / "customers.parquet").unlink()
    response = desk.post(path, {"rule": FEW, "count": "some"})
    assert (response.status_code, "There is no Parquet file" in text_of(response)) == (200, True)


def test_rule_is_saved_confirmed_scheduled_and_switched(desk: Client) -> None:
    house = connected()
    path = f"/scans/warehouses/{house.pk}/rules/new/"
    most = {"name": "Most", "rule": "contacts_30d >= 1"}
    assert desk.post(path, most).status_code == 409
    assert desk.post(path, most | {"confirmed": "on"}).status_code == 302
    rule = house.rules.get(code="scan-1")
    assert desk.post(f"/scans/rules/{rule.pk}/save/", {"name": "", "rule": "x ="}).status_code == 422
    assert desk.post(f"/scans/rules/{rule.pk}/schedule/", {"every_days": 1, "at_hour": 24}).status_code == 422
    assert desk.post(f"/scans/rules/{rule.pk}/schedule/", {"every_days": 1, "at_hour": 3}).status_code == 302
    rule.refresh_from_db()
    assert (rule.every_days, rule.next_due is not None) == (1, True)
    desk.post(f"/scans/rules/{rule.pk}/switch/", {"on": "no", "seen": rule.version})
    rule.refresh_from_db()
    assert (rule.enabled, rule.next_due) == (False, None)


# --- scans -----------------------------------------------------------------------------------------------------------
def test_scan_is_started_watched_and_ends(desk: Client) -> None:
    rule = rule_of(connected(), rule=FEW)
    response = desk.post(f"/scans/rules/{rule.pk}/scan/")
    scan = Scan.objects.get()
    assert (response["Location"], scan.status) == (f"/scans/{scan.pk}/", DueStatus.WAITING)
    assert desk.post(f"/scans/rules/{rule.pk}/scan/").status_code == 409
    part = {"HX-Request": "true"}
    waiting = text_of(desk.get(f"/scans/{scan.pk}/", headers=part))
    assert ("every 1s" in waiting, "<html" in waiting) == (True, False)
    run_due_scans()
    done = desk.get(f"/scans/{scan.pk}/", headers=part)
    assert ("every 1s" in text_of(done), "The scan is finished." in text_of(done)) == (False, True)
    assert "The scan is finished." in done["HX-Trigger"]
    assert Signal.objects.count() == 20
    assert f'id="scan-{scan.pk}"' in text_of(desk.get(f"/scans/{scan.pk}/?row", headers=part))


def test_all_rules_in_use_are_one_scan_and_it_is_called_off(desk: Client) -> None:
    house = connected()
    rule_of(house, rule=FEW)
    rule_of(house, "off", enabled=False)
    desk.post(f"/scans/warehouses/{house.pk}/scan/")
    scan = Scan.objects.get()
    assert [one.rule.code for one in scan.rules.all()] == ["contacts-30d"]
    desk.post(f"/scans/{scan.pk}/cancel/")
    scan.refresh_from_db()
    assert scan.status == DueStatus.CANCELLED
    assert "The scan was called off." in text_of(desk.get(f"/scans/{scan.pk}/"))


def test_warehouse_that_is_away_is_told_on_the_scans_page(desk: Client, settings: Settings) -> None:
    scan = queued(rule_of(connected(), rule=FEW))
    (settings.WAREHOUSE_DIR / "customers.parquet").unlink()
    run_due_scans()
    assert "Waiting for the warehouse" in text_of(desk.get(f"/scans/{scan.pk}/"))


LIST_QUERIES = 6


@pytest.mark.parametrize("scans", [1, 3])
def test_list_of_scans_costs_the_same_however_long(
    scans: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    house = connected()
    for number in range(scans):
        queued(rule_of(house, f"rule-{number}", rule=FEW))
    client = signed_in(Role.SUPERVISOR)
    client.get("/scans/")
    with django_assert_num_queries(LIST_QUERIES):
        assert text_of(client.get("/scans/")).count('id="scan-') == scans


# --- the API ---------------------------------------------------------------------------------------------------------
def test_api_lists_warehouses_rules_and_scans(desk: Client) -> None:
    rule = rule_of(connected(), rule=FEW)
    scan = queued(rule)
    run_due_scans()
    (house,) = desk.get("/api/v1/warehouses/").json()["results"]
    assert (house["name"], house["engine"], list(house["fields"])) == ("Base", "duckdb", ["contacts_30d"])
    (row,) = desk.get("/api/v1/scan-rules/").json()["results"]
    assert (row["code"], row["rule"], row["version"]) == ("contacts-30d", FEW, 1)
    told = desk.get(f"/api/v1/scans/{scan.pk}/").json()
    assert (told["status"], told["scanned"], told["matched"], told["signals"], told["progress"]) == (
        *("done", 100, 20, 20),
        1.0,
    )
    assert told["rules"] == [{"rule": "contacts-30d", "version": 1, "text": FEW, "since": "", "matched": 20}]


def test_api_runs_and_calls_off(desk: Client) -> None:
    rule = rule_of(connected(), rule=FEW)
    begun = desk.post(f"/api/v1/scan-rules/{rule.pk}/run/")
    assert (begun.status_code, begun.json()["status"]) == (201, "waiting")
    assert desk.post(f"/api/v1/scan-rules/{rule.pk}/run/").status_code == 409
    off = desk.post(f"/api/v1/scans/{begun.json()['id']}/cancel/")
    assert (off.status_code, off.json()["status"]) == (200, "cancelled")
    assert desk.post(f"/api/v1/scans/{begun.json()['id']}/cancel/").status_code == 409
