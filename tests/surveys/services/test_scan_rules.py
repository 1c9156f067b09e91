"""Warehouses are connected with the shipped rules they can answer; rules are versions, tried and scheduled."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from pytest_django import Settings

from loopcare.common.errors import Conflict, Invalid
from loopcare.common.rules import Field, FieldSet, RuleError, in_words, parse
from loopcare.staff.enums import Role
from loopcare.staff.models import AuditEntry, User
from loopcare.warehouse import Column
from surveys.logic.latent_rules import FIELDS, RULES
from surveys.models import ScanRule, Signal, Warehouse
from surveys.selectors.scanning import fields_of, shipped_for, try_scan_rule
from surveys.services.scan_rules import save_scan_rule, schedule_scan_rule, switch_scan_rule
from surveys.services.scanning import next_slot, scan_now
from surveys.services.setup import ensure_basics
from surveys.services.warehouses import allowed, look, proposed_fields, save_warehouse
from tests.factories import make_user
from tests.surveys.bases import NOW, connected, customers, rule_of, write

pytestmark = pytest.mark.django_db
TODAY = NOW.date()


@pytest.fixture(autouse=True)
def basics(home: Any) -> None:
    ensure_basics()


@pytest.fixture
def supervisor() -> User:
    return make_user(Role.SUPERVISOR)


# --- connecting ------------------------------------------------------------------------------------------------------
def test_shipped_rules_read_over_the_agreed_fields_in_both_languages() -> None:
    fields = FieldSet(*(Field(field.name, field.kind, field.label) for field in FIELDS))
    words = [in_words(parse(rule.text, fields), fields, language) for rule in RULES for language in ("en", "zh-hans")]
    assert (len(RULES), all(words)) == (10, True)


def test_warehouse_gets_the_shipped_rules_whose_fields_it_has() -> None:
    house = connected(customers(10, extra=", 7 AS tenure_months, 0.5 AS usage_ratio_3m"))
    assert [rule.code for rule in house.rules.order_by("code")] == ["contacts-30d", "usage-drop"]
    assert {name: made["kind"] for name, made in house.fields.items()} == {
        "contacts_30d": "number",
        "tenure_months": "number",
        "usage_ratio_3m": "number",
    }


def test_field_of_another_kind_offers_no_rule() -> None:
    house = connected("SELECT 'c1' AS msisdn, 'three' AS contacts_30d")
    assert (list(house.rules.all()), shipped_for(fields_of(house))) == ([], [])


def test_columns_that_mean_an_agreed_field_are_recognised_and_others_keep_their_names() -> None:
    columns = [Column("CUSTCARE", "number", "BIGINT"), Column("Plan Name", "text", "VARCHAR"), Column("x", "", "BLOB")]
    assert proposed_fields(columns) == {
        "contacts_30d": {"kind": "number", "label": "contacts within 30 days", "column": "CUSTCARE"},
        "plan_name": {"kind": "text", "label": "Plan Name", "column": "Plan Name"},
    }
    assert "contacts_30d" not in proposed_fields(columns, {"contacts_30d": {}})


def test_share_and_days_are_made_of_columns() -> None:
    """A drop against the mean of three months, and the days to a date, from a base that has neither."""
    query = "SELECT * FROM (VALUES ('a', 3.0, 10.0, 9, DATE '2026-05-20'), ('b', 4.0, 10.0, 9, DATE '2026-07-01'), \
        ('c', 3.0, 0.0, 9, NULL), ('d', NULL, 10.0, 9, DATE '2026-05-03'), ('e', 9.0, 10.0, 9, NULL)) \
        AS t(msisdn, gb, gb_mean, tenure_months, ends)"
    chosen = {"usage_ratio_3m": {"of": "gb", "to": "gb_mean"}, "contract_days_left": {"until": "ends"}}
    house = connected(query, chosen=chosen)
    drop = rule_of(house, "usage-drop")
    scan_now(rules=[drop], now=NOW)
    near = rule_of(house, "near", rule="contract_days_left >= 0 and contract_days_left <= 30")
    scan_now(rules=[near], now=NOW)
    told = Signal.objects.order_by("dimension", "external_id").values_list("external_id", "dimension")
    assert list(told) == [("a", "near"), ("a", "usage-drop")]


def test_files_outside_the_warehouse_folder_are_not_read_for_a_page(settings: Settings, tmp_path: Any) -> None:
    for url in ("parquet:///etc", f"duckdb://{tmp_path}/x.duckdb", f"parquet://{settings.WAREHOUSE_DIR}/../x.parquet"):
        with pytest.raises(Invalid) as refused:
            look(url=url)
        assert refused.value.field == "url"
    assert allowed("parquet:///etc", anywhere=True).path == "/etc"


def test_database_without_a_user_is_not_read_for_a_page() -> None:
    with pytest.raises(Invalid):
        allowed("postgresql:///loopcare")


def test_address_without_its_password_is_what_is_shown(supervisor: User) -> None:
    assert "secret" not in allowed("postgresql://reader:secret@host/base").shown


@pytest.mark.parametrize(
    ("facts", "field"),
    [({"name": " "}, "name"), ({"reference": "nobody"}, "reference"), ({"changed": "msisdn"}, "changed")],
)
def test_warehouse_that_cannot_be_used_is_refused(facts: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        connected(**facts)
    assert (refused.value.field, Warehouse.objects.count()) == (field, 0)


def test_name_of_a_warehouse_is_taken_once(supervisor: User) -> None:
    connected()
    with pytest.raises(Invalid):
        connected()


def test_reconnected_warehouse_keeps_its_rules_and_their_edits(supervisor: User) -> None:
    house = connected()
    rule_of(house, rule="contacts_30d >= 9")
    write(customers(10, extra=", 700.0 AS weak_coverage_min_30d"))
    again = save_warehouse(
        name="Base", url=house.url, table="customers", reference="msisdn", by=supervisor, now=NOW, row=house
    )
    rules = list(again.rules.order_by("code").values_list("code", "rule"))
    assert rules == [("contacts-30d", "contacts_30d >= 9"), ("weak-coverage", "weak_coverage_min_30d >= 600")]
    assert AuditEntry.objects.filter(subject="warehouse").count() == 1


def test_database_refuses_a_warehouse_that_names_nobody() -> None:
    house = connected()
    with pytest.raises(IntegrityError), transaction.atomic():
        Warehouse.objects.filter(pk=house.pk).update(reference="")


# --- rules -----------------------------------------------------------------------------------------------------------
def new(house: Warehouse, by: User, **said: Any) -> ScanRule:
    facts = {"name": "Few", "rule": "contacts_30d >= 8"}
    return save_scan_rule(warehouse=house, **facts | said, by=by, now=NOW)


def history(row: ScanRule) -> list[tuple[int, str, bool, User | None]]:
    return [(one.version, one.text, one.enabled, one.saved_by) for one in row.versions.order_by("version")]


def test_another_text_is_another_version_and_looks_anew(supervisor: User) -> None:
    house = connected()
    row = new(house, supervisor)
    ScanRule.objects.filter(pk=row.pk).update(watermark="2026-05-01")
    changed = new(house, supervisor, row=row, rule="contacts_30d >= 9", seen=1)
    assert (changed.code, changed.version, changed.rule, changed.watermark) == ("scan-1", 2, "contacts_30d >= 9", "")
    assert history(row) == [(1, "contacts_30d >= 8", True, supervisor), (2, "contacts_30d >= 9", True, supervisor)]
    with pytest.raises(Conflict):
        new(house, supervisor, row=row, rule="contacts_30d = 1", seen=1)


def test_first_text_of_a_shipped_rule_is_kept(supervisor: User) -> None:
    house = connected()
    row = house.rules.get()
    new(house, supervisor, row=row, name=row.name)
    assert history(row) == [(1, "contacts_30d >= 3", True, None), (2, "contacts_30d >= 8", True, supervisor)]


def test_rule_that_finds_more_than_half_must_be_confirmed(supervisor: User) -> None:
    house = connected()
    with pytest.raises(Conflict) as refused:
        new(house, supervisor, rule="contacts_30d >= 3")
    assert (refused.value.field, house.rules.filter(name="Few").count()) == ("confirmed", 0)
    assert "70 of 100" in refused.value.message
    row = new(house, supervisor, rule="contacts_30d >= 3", confirmed=True)
    assert row.meant_for_most
    assert not new(house, supervisor, row=row, rule="contacts_30d >= 7").meant_for_most


def test_no_rule_is_refused_with_its_position(supervisor: User) -> None:
    with pytest.raises(RuleError) as refused:
        new(connected(), supervisor, rule="contacts_30d >=")
    assert (refused.value.field, refused.value.position.column) == ("rule", 16)


def test_rule_is_tried_on_a_sample_and_on_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("surveys.selectors.scanning.LOOKED_AT", 50)
    house = connected()
    some = try_scan_rule(house, "contacts_30d = 1", today=TODAY)
    everybody = try_scan_rule(house, "contacts_30d = 1", today=TODAY, whole=True)
    assert (some.looked, some.whole) == (50, False)
    assert (everybody.looked, everybody.found, everybody.share, everybody.whole) == (100, 10, 0.1, True)


# --- schedules -------------------------------------------------------------------------------------------------------
def test_schedule_begins_at_the_next_hour_and_ends_when_it_is_switched_off(supervisor: User) -> None:
    row = connected().rules.get()
    assert row.next_due is None
    morning = datetime.fromisoformat("2026-05-04T02:00+08:00")
    planned = schedule_scan_rule(row=row, every_days=7, at_hour=3, by=supervisor, now=morning)
    assert planned.next_due == morning + timedelta(hours=1)
    later = schedule_scan_rule(row=row, every_days=7, at_hour=3, by=supervisor, now=NOW)
    assert later.next_due == datetime.fromisoformat("2026-05-05T03:00+08:00")
    off = switch_scan_rule(row=row, on=False, by=supervisor, now=NOW)
    assert (off.next_due, off.version) == (None, 2)
    on = switch_scan_rule(row=row, on=True, by=supervisor, now=NOW)
    assert on.next_due == later.next_due
    by_hand = schedule_scan_rule(row=row, every_days=0, at_hour=3, by=supervisor, now=NOW)
    assert (by_hand.next_due, next_slot(by_hand, after=NOW)) == (None, None)


@pytest.mark.parametrize(
    ("every", "hour", "field"), [(-1, 3, "every_days"), (367, 3, "every_days"), (1, 24, "at_hour")]
)
def test_schedule_outside_a_year_or_a_day_is_refused(supervisor: User, every: int, hour: int, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        schedule_scan_rule(row=connected().rules.get(), every_days=every, at_hour=hour, by=supervisor, now=NOW)
    assert refused.value.field == field


def test_database_refuses_a_due_rule_that_is_off() -> None:
    row = connected().rules.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        ScanRule.objects.filter(pk=row.pk).update(enabled=False, every_days=1, next_due=NOW)
