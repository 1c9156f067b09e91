"""A scan lands exactly whom its rules find, once a day, whatever happens on the way."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from loopcare.common.errors import Conflict, Invalid
from loopcare.staff.enums import Role
from loopcare.warehouse import Unreachable
from surveys.enums import UnknownCustomers
from surveys.models import Detection, PoolEntry, Scan, ScanRule, Signal, Source
from surveys.services import scanning
from surveys.services.matches import land_matches
from surveys.services.scanning import cancel_scan, queue_due_rules, queue_scans, run_due_scans, scan_now
from surveys.services.setup import SCANS, ensure_basics, shipped_source
from tests.factories import make_user
from tests.surveys.bases import NOW, connected, customers, references, rule_of, write

pytestmark = pytest.mark.django_db

TODAY = NOW.date()
FIND = [number for number in range(100) if number % 10 >= 3]
HALF = [number for number in range(100) if number % 10 in (3, 4)]
FEW = "contacts_30d >= 3 and contacts_30d <= 4"


@pytest.fixture(autouse=True)
def basics(home: Any) -> None:
    ensure_basics()


def told() -> list[tuple[str, str, date]]:
    rows = Signal.objects.order_by("occurred_on", "dimension", "external_id")
    return list(rows.values_list("external_id", "dimension", "occurred_on"))


def queued(*rules: ScanRule, now: datetime = NOW) -> Scan:
    (scan,) = queue_scans(rules=rules, now=now)
    return scan


def fresh(scan: Scan) -> Scan:
    return Scan.objects.get(pk=scan.pk)


def breaking(monkeypatch: pytest.MonkeyPatch, *, after: int, error: Exception) -> None:
    """The landing fails once, after so many batches."""
    calls = 0

    def landing(**facts: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == after + 1:
            raise error
        return land_matches(**facts)

    monkeypatch.setattr(scanning, "land_matches", landing)


def test_scan_makes_a_latent_pool_entry_of_each_match() -> None:
    scan = scan_now(rules=[rule_of(connected(), rule=FEW)], now=NOW)
    assert told() == [(reference, "contacts-30d", TODAY) for reference in references(HALF)]
    signal = Signal.objects.select_related("source", "customer").first()
    assert signal is not None
    assert (signal.source.code, signal.kind, signal.channel, signal.opens) == ("warehouse-scan", "usage", "scan", True)
    assert (signal.perceived, signal.adequate, signal.customer.reference) == (None, None, "c003")
    assert list(PoolEntry.objects.values_list("kind", "rule__code").distinct()) == [("latent", "warehouse-scan")]
    assert (scan.scanned, scan.matched, scan.landed, scan.signals, scan.pool_new) == (100, 20, 20, 20, 20)
    assert (scan.status, scan.after, scan.holder, scan.progress, scan.seconds > 0) == ("done", "", "", 1.0, True)


def test_rules_of_one_warehouse_are_asked_in_one_pass() -> None:
    house = connected()
    few, some = rule_of(house, rule=FEW), rule_of(house, "many", rule="contacts_30d in (4, 5)")
    scan = scan_now(rules=[few, some], now=NOW)
    others = [number for number in range(100) if number % 10 in (4, 5)]
    wanted = [(one, "contacts-30d", TODAY) for one in references(HALF)]
    assert told() == wanted + [(one, "many", TODAY) for one in references(others)]
    assert [(one.rule.code, one.matched) for one in scan.rules.select_related("rule")] == [
        ("contacts-30d", 20),
        ("many", 20),
    ]
    assert (scan.matched, scan.landed, scan.signals, scan.pool_new, PoolEntry.objects.count()) == (40, 40, 40, 30, 30)


def test_scan_repeated_within_four_weeks_adds_nothing_and_then_one_more_time() -> None:
    rule = rule_of(connected(), rule=FEW)
    scan_now(rules=[rule], now=NOW)
    again = scan_now(rules=[rule], now=NOW + timedelta(hours=2))
    assert (again.matched, again.signals, again.pool_new, Signal.objects.count()) == (20, 0, 0, 20)
    tomorrow = scan_now(rules=[rule], now=NOW + timedelta(days=1))
    assert (tomorrow.matched, tomorrow.signals, Detection.objects.count()) == (20, 0, 20)
    lasting = scan_now(rules=[rule], now=NOW + timedelta(days=28))
    assert (lasting.signals, lasting.pool_new, PoolEntry.objects.count(), Detection.objects.count()) == (20, 0, 20, 40)


def test_scan_goes_on_behind_the_last_batch_that_landed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "BATCH", 6)
    scan = queued(rule_of(connected(), rule=FEW))
    breaking(monkeypatch, after=2, error=RuntimeError("out of memory"))
    assert run_due_scans(now=NOW).failed == 1
    stopped = fresh(scan)
    assert (stopped.status, stopped.tries, stopped.landed, stopped.after) == ("waiting", 1, 12, "c054")
    run_due_scans(now=NOW + timedelta(minutes=1))
    done = fresh(scan)
    assert (done.status, done.landed, done.signals, done.pool_new) == ("done", 20, 20, 20)
    assert told() == [(reference, "contacts-30d", TODAY) for reference in references(HALF)]


def test_batch_and_its_place_land_together_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another holder took the scan while a batch was in hand: nothing of that batch is written."""
    scan = queued(rule_of(connected(), rule=FEW))

    def overtaken(**facts: Any) -> Any:
        Scan.objects.filter(pk=scan.pk).update(epoch=99)
        return land_matches(**facts)

    monkeypatch.setattr(scanning, "land_matches", overtaken)
    run_due_scans(now=NOW)
    assert (Signal.objects.count(), PoolEntry.objects.count(), fresh(scan).landed) == (0, 0, 0)


def test_warehouse_that_is_away_is_asked_again_later_and_no_try_is_charged() -> None:
    scan = queued(rule_of(connected(), rule=FEW))
    path = settings.WAREHOUSE_DIR / "customers.parquet"
    aside = path.rename(path.with_suffix(".away"))
    waits = []
    moment = NOW
    for _try in range(7):
        assert run_due_scans(now=moment).put_off == 1
        away = fresh(scan)
        waits.append((away.due_at - moment).total_seconds())
        moment = away.due_at
    assert waits == [10, 20, 40, 80, 160, 320, 640]
    assert (away.status, away.tries, away.misses, "Parquet" in away.last_error) == ("waiting", 0, 7, True)
    aside.rename(path)
    assert run_due_scans(now=moment).done == 1
    done = fresh(scan)
    assert (done.status, done.signals, done.misses, done.day) == ("done", 20, 0, TODAY)


def test_warehouse_that_goes_away_in_the_middle_lands_every_match_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "BATCH", 6)
    scan = queued(rule_of(connected(), rule=FEW))
    breaking(monkeypatch, after=1, error=Unreachable("gone"))
    assert run_due_scans(now=NOW).put_off == 1
    assert (fresh(scan).landed, fresh(scan).tries, fresh(scan).misses) == (6, 0, 1)
    run_due_scans(now=NOW + timedelta(seconds=10))
    assert (fresh(scan).status, fresh(scan).landed) == ("done", 20)
    assert told() == [(reference, "contacts-30d", TODAY) for reference in references(HALF)]


def test_warehouse_that_stays_away_for_a_day_is_given_up() -> None:
    scan = queued(rule_of(connected(), rule=FEW))
    (settings.WAREHOUSE_DIR / "customers.parquet").unlink()
    run_due_scans(now=NOW)
    run_due_scans(now=NOW + timedelta(hours=25))
    assert (fresh(scan).status, fresh(scan).tries) == ("cancelled", 1)


def test_column_that_vanished_ends_the_scan_with_a_sentence() -> None:
    scan = queued(rule_of(connected(), rule=FEW))
    write("SELECT 'c001' AS msisdn, 5 AS other")
    run_due_scans(now=NOW)
    ended = fresh(scan)
    assert (ended.status, ended.last_error) == ("cancelled", "The table has no column contacts_30d (any more).")


def test_rule_that_finds_more_than_half_is_asked_about_before_anything_lands() -> None:
    rule = rule_of(connected(), rule="contacts_30d >= 3")
    scan = queued(rule)
    run_due_scans(now=NOW)
    ended = fresh(scan)
    assert (ended.status, ended.scanned, ended.landed, Signal.objects.count()) == ("cancelled", 100, 0, 0)
    assert ended.last_error == (
        "Many contacts in a month finds 70 of 100 customers. Confirm in the rule that this is meant."
    )
    with pytest.raises(Conflict):
        scan_now(rules=[rule], now=NOW)
    rule.meant_for_most = True
    rule.save()
    assert scan_now(rules=[rule], now=NOW).signals == len(FIND)


def test_waiting_scan_is_called_off_at_once_and_a_running_one_behind_its_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "BATCH", 6)
    rule = rule_of(connected(), rule=FEW)
    waiting = queued(rule)
    cancel_scan(scan=waiting)
    assert (fresh(waiting).status, fresh(waiting).last_error) == ("cancelled", "Called off.")
    running = queued(rule)

    def called_off(**facts: Any) -> Any:
        if Signal.objects.count() == 6:
            cancel_scan(scan=running)
        return land_matches(**facts)

    monkeypatch.setattr(scanning, "land_matches", called_off)
    run_due_scans(now=NOW)
    off = fresh(running)
    assert (off.status, off.landed, off.after) == ("cancelled", 12, "")
    assert off.last_error == "Called off after 12 matches."
    with pytest.raises(Conflict):
        cancel_scan(scan=off)


def test_rule_is_not_asked_twice_at_a_time_and_not_while_it_is_off() -> None:
    rule = rule_of(connected(), rule=FEW)
    queued(rule)
    with pytest.raises(Conflict):
        queued(rule)
    with pytest.raises(Invalid):
        queued(rule_of(rule.warehouse, "off", enabled=False))


CHANGED = ", TIMESTAMP '2026-05-01 10:00' + to_hours(i) AS changed_at"


def test_scan_looks_only_at_what_changed_since_the_last_one() -> None:
    rule = rule_of(connected(customers(100, extra=CHANGED), changed="changed_at"), rule=FEW)
    first = scan_now(rules=[rule], now=NOW)
    rule.refresh_from_db()
    assert (first.scanned, first.signals, rule.watermark) == (100, 20, "2026-05-05T13:00:00")
    write(customers(120, extra=CHANGED))
    second = scan_now(rules=[rule], now=NOW + timedelta(days=1))
    # The row that bears the mark itself is looked at again: another may have been stamped alike behind the scan's back.
    assert (second.scanned, second.matched, second.signals) == (21, 4, 4)
    assert [row[0] for row in told()][20:] == references([103, 104, 113, 114])
    rule.refresh_from_db()
    third = scan_now(rules=[rule], now=NOW + timedelta(days=2))
    assert (third.scanned, third.signals) == (1, 0)


def test_day_that_is_not_over_is_left_to_the_next_scan() -> None:
    dated = ", DATE '2026-05-03' + (i // 50)::integer AS changed_on"
    rule = rule_of(connected(customers(100, extra=dated), changed="changed_on"), rule=FEW)
    first = scan_now(rules=[rule], now=NOW)
    assert (first.until, first.scanned, first.matched) == ("2026-05-03", 50, 10)
    rule.refresh_from_db()
    second = scan_now(rules=[rule], now=NOW + timedelta(days=1))
    assert (second.scanned, second.matched) == (50, 10)
    assert [row[0] for row in told()] == references(HALF)


def test_watermark_of_another_text_is_not_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = rule_of(connected(customers(100, extra=CHANGED), changed="changed_at"), rule=FEW)
    scan = queued(rule)
    ScanRule.objects.filter(pk=rule.pk).update(version=2)
    run_due_scans(now=NOW)
    rule.refresh_from_db()
    assert (fresh(scan).status, rule.watermark) == ("done", "")


def test_source_that_takes_known_customers_only_leaves_out_the_others() -> None:
    rule = rule_of(connected(), rule=FEW)
    scan_now(rules=[rule], now=NOW)
    Source.objects.filter(pk=shipped_source(SCANS).pk).update(unknown_customers=UnknownCustomers.REJECT)
    write(customers(110))
    scan = scan_now(rules=[rule], now=NOW + timedelta(days=28))
    assert (scan.matched, scan.unknown, scan.signals) == (22, 2, 20)


def test_reference_that_is_too_long_or_empty_is_nobody() -> None:
    long = "SELECT repeat('x', 65) AS msisdn, 4 AS contacts_30d UNION ALL SELECT '', 4 UNION ALL SELECT NULL, 4"
    blank = "UNION ALL SELECT 'ok', 4 UNION ALL SELECT 'other' || i, 0 FROM range(20) AS r(i)"
    scan = scan_now(rules=[rule_of(connected(f"{long} {blank}"), rule=FEW)], now=NOW)
    assert (scan.matched, scan.unknown, [row[0] for row in told()]) == (2, 1, ["ok"])


def test_numbers_name_customers_too() -> None:
    query = "SELECT 13800000000 + i AS id, (i % 10)::integer AS contacts_30d FROM range(30) AS r(i)"
    rule = rule_of(connected(query, reference="id"), rule="contacts_30d = 4")
    scan_now(rules=[rule], now=NOW)
    assert [row[0] for row in told()] == ["13800000004", "13800000014", "13800000024"]


# --- by the clock ----------------------------------------------------------------------------------------------------
def scheduled(**facts: Any) -> ScanRule:
    return rule_of(connected(), rule=FEW, every_days=7, at_hour=3, **facts)


def test_schedule_asks_each_slot_once_and_moves_on() -> None:
    slot = datetime.fromisoformat("2026-05-04T03:00+08:00")
    rule = scheduled(next_due=slot)
    assert queue_due_rules(now=slot - timedelta(seconds=1)) == 0
    assert [queue_due_rules(now=slot) for _ in range(3)] == [1, 0, 0]
    rule.refresh_from_db()
    assert rule.next_due == slot + timedelta(days=7)
    assert run_due_scans(now=slot).done == 1
    scan = Scan.objects.get()
    assert (scan.day, scan.created_by, scan.signals) == (TODAY, None, 20)


def test_rules_of_one_warehouse_that_are_due_together_are_one_scan() -> None:
    slot = datetime.fromisoformat("2026-05-04T03:00+08:00")
    rule = scheduled(next_due=slot)
    rule_of(rule.warehouse, "many", rule="contacts_30d = 5", every_days=1, at_hour=3, next_due=slot)
    assert queue_due_rules(now=slot) == 1
    assert [one.rule.code for one in Scan.objects.get().rules.select_related("rule")] == ["contacts-30d", "many"]


def test_slots_that_were_missed_are_made_up_once() -> None:
    slot = datetime.fromisoformat("2026-05-04T03:00+08:00")
    rule = scheduled(next_due=slot)
    late = slot + timedelta(days=30, hours=5)
    assert queue_due_rules(now=late) == 1
    rule.refresh_from_db()
    assert rule.next_due is not None
    assert rule.next_due > late


def test_rule_that_is_being_asked_waits_for_its_next_slot() -> None:
    slot = datetime.fromisoformat("2026-05-04T03:00+08:00")
    rule = scheduled(next_due=slot)
    queued(rule)
    assert queue_due_rules(now=slot) == 0
    rule.refresh_from_db()
    assert (rule.next_due, Scan.objects.count()) == (slot + timedelta(days=7), 1)


# --- what is kept ----------------------------------------------------------------------------------------------------
def test_scan_keeps_its_rule_as_it_read() -> None:
    rule = rule_of(connected(), rule=FEW)
    scan = queued(rule)
    ScanRule.objects.filter(pk=rule.pk).update(rule="contacts_30d = 9", version=2)
    run_due_scans(now=NOW)
    (one,) = scan.rules.all()
    assert (one.text, one.version, one.matched, Signal.objects.count()) == (FEW, 1, 20, 20)


def test_agents_see_neither_warehouses_nor_scans() -> None:
    rule = rule_of(connected(), rule=FEW)
    queued(rule)
    agent, supervisor = make_user(), make_user(Role.SUPERVISOR)
    for rows in (Scan.objects, ScanRule.objects, type(rule.warehouse).objects):
        assert rows.visible_to(agent).count() == 0
        assert rows.visible_to(supervisor).count() > 0


def test_password_of_a_warehouse_is_stored_encrypted() -> None:
    house = connected()
    house.url = "postgresql://reader:Tr0ub4dor@host/base"
    house.save()
    with connection.cursor() as cursor:
        cursor.execute("SELECT url FROM surveys_warehouse")
        ((stored,),) = cursor.fetchall()
    assert b"Tr0ub4dor" not in bytes(stored)
    house.refresh_from_db()
    assert house.url == "postgresql://reader:Tr0ub4dor@host/base"
