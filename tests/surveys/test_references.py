"""What points to what, where a statement is asked instead of a row: nothing points nowhere, nothing named goes."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction

from loopcare.common import clock
from tests.surveys.events import event, land_all

NOBODY = 999_999
DAY = date(2026, 5, 4)


@pytest.fixture
def landed(transactional_db: None) -> None:
    """A complaint: a customer, a signal, a detection, an entry and its event."""
    land_all(event("a", "complaint", on=DAY), now=clock.now())


def write(sql: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
        assert cursor.rowcount == 1


# The column is to point to nobody; the others are those of a row that stands, but for what is said.
COPIES = [
    ("surveys_signal", "customer_id", "id = nextval('surveys_signal_id'), external_id = 'b'"),
    ("surveys_signal", "source_id", "id = nextval('surveys_signal_id')"),
    ("surveys_detection", "customer_id", "id = NULL, signal_no = 999"),
    ("surveys_detection", "rule_id", "id = NULL"),
    ("surveys_detection", "source_id", "id = NULL, signal_no = 999"),
    ("surveys_poolentry", "customer_id", "id = NULL"),
    ("surveys_poolentry", "rule_id", "id = NULL, status = 'left', left_at = now(), left_reason = 'expired'"),
    ("surveys_poolentry", "source_id", "id = NULL, status = 'left', left_at = now(), left_reason = 'expired'"),
    ("surveys_poolevent", "entry_id", "id = NULL"),
]


TARGETS = {
    "customer_id": "customers_customer",
    "source_id": "surveys_source",
    "rule_id": "surveys_detectionrule",
    "entry_id": "surveys_poolentry",
}


@pytest.mark.parametrize(("table", "column", "other"), COPIES)
def test_row_that_points_nowhere_is_refused(landed: None, table: str, column: str, other: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_generated = 'NEVER'",
            [table],
        )
        columns = [name for (name,) in cursor.fetchall()]
    changed = dict(part.split(" = ", 1) for part in f"{other}, {column} = {NOBODY}".split(", "))
    kept = [name for name in columns if changed.get(name) != "NULL"]
    values = ", ".join(changed.get(name, name) for name in kept)
    told = f"{table}: there is no {TARGETS[column]} id = {NOBODY}"
    with pytest.raises(IntegrityError, match=told):
        write(f"INSERT INTO {table} ({', '.join(kept)}) SELECT {values} FROM {table} LIMIT 1")


@pytest.mark.parametrize("gone", ["surveys_detection", "surveys_signal", "surveys_poolentry"])
def test_customer_stays_while_one_row_names_them(landed: None, gone: str) -> None:
    for table in {"surveys_detection", "surveys_signal", "surveys_poolentry"} - {gone}:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(f"DELETE FROM {table}")
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    with pytest.raises(IntegrityError, match=gone):
        write("DELETE FROM customers_customer")


def test_entry_stays_while_an_event_names_it(landed: None) -> None:
    with pytest.raises(IntegrityError, match="surveys_poolevent"):
        write("DELETE FROM surveys_poolentry")


def test_customer_lives_in_a_region_that_is_known(landed: None) -> None:
    with pytest.raises(IntegrityError, match="there is no customers_region code = nowhere"):
        write(
            "INSERT INTO customers_customer (reference, brand, region, language, value_tier, activity_tier,"
            " attributes, created_at) VALUES ('b', '', 'nowhere', '', '', '', '{}', now())"
        )
