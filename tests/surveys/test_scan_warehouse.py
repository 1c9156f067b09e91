"""The command that scans, and the task that does it by the clock."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command
from pytest_django import Settings

from loopcare import celery
from surveys.models import Scan, ScanRule, Signal, Warehouse
from surveys.tasks import run_scans
from tests.factories import set_clock
from tests.surveys.bases import NOW, connected, customers, rule_of, write

pytestmark = pytest.mark.django_db


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = 0
    try:
        call_command("scan_warehouse", *arguments, "--now", NOW.isoformat())
    except SystemExit as exit_:
        code = int(exit_.code or 0)
    captured = capsys.readouterr()
    return code, captured.out.strip(), captured.err.strip()


def test_command_connects_the_warehouse_and_scans_by_one_rule(
    capsys: pytest.CaptureFixture[str], settings: Settings
) -> None:
    write(customers(1000, contacts="CASE WHEN i % 20 = 0 THEN 3 ELSE 0 END"))
    place = ("--warehouse", f"parquet://{settings.WAREHOUSE_DIR}")
    said = ("--rule", "contacts-30d", *place, "--table", "customers", "--reference", "msisdn", "--json")
    code, out, _err = run(capsys, *said)
    printed = json.loads(out)
    assert (code, printed.pop("seconds") > 0) == (0, True)
    assert printed == {"rule": "contacts-30d", "engine": "duckdb", "scanned": 1000, "matched": 50, "signals": 50}
    again = json.loads(run(capsys, *said)[1])
    assert (again["matched"], again["signals"], Warehouse.objects.count(), Signal.objects.count()) == (50, 0, 1, 50)
    by_name = json.loads(run(capsys, "--rule", "contacts-30d", "--json")[1])
    assert (by_name["matched"], by_name["signals"]) == (50, 0)


def test_command_asks_all_rules_in_one_pass(capsys: pytest.CaptureFixture[str]) -> None:
    house = connected()
    rule_of(house, rule="contacts_30d = 3")
    rule_of(house, "four", rule="contacts_30d = 4")
    printed = json.loads(run(capsys, "--rule", "all", "--warehouse", "Base", "--json")[1])
    assert (printed["rule"], printed["matched"], Scan.objects.count()) == ("contacts-30d,four", 20, 1)
    assert printed["rules"] == [{"rule": "contacts-30d", "matched": 10}, {"rule": "four", "matched": 10}]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--rule", "nobody"), 2, "There is no scan rule nobody; there are: contacts-30d."),
        (("--rule", "contacts-30d", "--warehouse", "ftp://x"), 2, "This is no address of a warehouse."),
        (("--rule", "contacts-30d", "--warehouse", "parquet:///nowhere"), 1, "There is no Parquet file"),
        (("--rule", "contacts-30d"), 4, "Many contacts in a month finds 70 of 100 customers."),
    ],
)
def test_command_says_what_is_wrong(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: int, said: str
) -> None:
    connected()
    ended, _out, err = run(capsys, *arguments)
    assert (ended, said in err, Signal.objects.count()) == (code, True, 0)


def test_workers_queue_what_is_scheduled_and_scan() -> None:
    set_clock(NOW)
    rule = rule_of(connected(), rule="contacts_30d = 3", every_days=1, at_hour=3, next_due=NOW)
    assert "surveys.tasks.run_scans" in celery.SWEEP
    assert [run_scans(), run_scans()] == [1, 0]
    assert (Signal.objects.count(), ScanRule.objects.get(pk=rule.pk).next_due is not None) == (10, True)
