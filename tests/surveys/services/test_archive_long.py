"""Months to files and back: byte-equal whatever the rows say, and nothing is dropped that is not safe in its file."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from loopcare.common.errors import Conflict, Invalid, NotFound
from loopcare.customers.models import Customer
from loopcare.staff.enums import Role
from surveys.models import ArchivedMonth, Detection, PoolEntry, Signal
from surveys.services import archive, month_files
from surveys.services.archive import (
    KEPT_AT_LEAST,
    archive_month,
    drop_month,
    folder,
    forget_customer,
    restore_month,
    standing_months,
)
from surveys.services.leaving import leave_pool
from surveys.services.months import make_months
from surveys.services.replay import replay
from tests.factories import make_user, set_clock
from tests.surveys.factories import source
from tests.surveys.facts import happened, hear, rated

MONTH = date(2025, 3, 1)
DAY = date(2025, 3, 3)
NOW = datetime(2025, 3, 3, 4, 0, tzinfo=UTC)
OLD_ENOUGH = datetime(2025, 7, 30, 4, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def rows() -> list[tuple[Any, ...]]:
    """Every byte of every signal, as the database writes it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s::text, s.perceived, s.adequate, s.desired, s.causes, s.comment = '' FROM surveys_signal AS s "
            "ORDER BY occurred_on, id"
        )
        return list(cursor.fetchall())


@contextmanager
def undone() -> Iterator[None]:
    """What an archive does inside is undone; no atomic block, because the archive insists on one of its own."""
    point = transaction.savepoint()
    yield
    transaction.savepoint_rollback(point)


def land_a_month() -> None:
    hear(
        rated("a", 20, on=DAY, comment='slow,\n"very"\r\\.\n\\N', causes=("network.speed", "other")),
        rated("b", 90, on=DAY + timedelta(days=28)),
        now=NOW,
    )
    promised = datetime(2025, 3, 9, 23, 59, 59, 999_999, tzinfo=UTC)
    hear(happened("a", "ticket", on=DAY, facts={"promised_at": promised, "transfers": 2}), now=NOW, by="desk")


# --- byte-equal ------------------------------------------------------------------------------------------------------
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12) | st.sampled_from(
    ["", "\\N", "\\.", '"', "\r\n", "a,b\n\\.\n", "NULL", "{}", "[null]", "'", " ", "\ufeff", "\u2028"]
)
levels = st.none() | st.floats(0, 100) | st.sampled_from([0.1, 100 / 3, 5e-324, -0.0])
FIRST, LAST = (datetime.fromisoformat(text) for text in ("0001-01-02", "9999-12-30"))
known = st.datetimes(FIRST, LAST, timezones=st.just(UTC))
moments = st.none() | known
signals = st.fixed_dictionaries(
    {
        "occurred_on": st.dates(MONTH, date(2025, 3, 31)),
        "dimension": texts,
        "raw": texts,
        "kind": st.sampled_from(["rating", "complaint"]),
        "channel": st.sampled_from(["", "sms"]),
        "adequate_from": st.sampled_from(["", "stated"]),
        "perceived": levels,
        "adequate": levels,
        "desired": levels,
        "opens": st.booleans(),
        "topic": texts,
        "occurred_at": moments,
        "promised_at": moments,
        "closed_at": moments,
        "received_at": known,
        "transfers": st.none() | st.integers(0, 32_767),
        "disputed": st.none() | st.booleans(),
        "causes": st.lists(texts, max_size=3),
        "comment": texts,
    }
)


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(signals, max_size=8))
def test_random_rows_come_back_as_they_were(home: Path, given_signals: list[dict[str, Any]]) -> None:
    with undone():
        make_months(days=[MONTH])
        customer = Customer.objects.create(reference="a", created_at=NOW)
        facts = {"source": source(), "customer": customer}
        Signal.objects.bulk_create(
            [Signal(**facts | each, external_id=f"{n} {each['comment']}") for n, each in enumerate(given_signals)]
        )
        before = rows()
        archived = archive_month(month=MONTH, now=OLD_ENOUGH)
        assert archived.rows == len(given_signals)
        assert drop_month(month=MONTH, now=OLD_ENOUGH) == len(given_signals)
        assert (rows(), standing_months(before=date(2025, 4, 1))) == ([], [])
        assert restore_month(month=MONTH) == len(given_signals)
        assert rows() == before


def test_every_column_of_a_signal_has_a_place_in_the_file() -> None:
    columns = [field.column for field in Signal._meta.concrete_fields if field.column]
    assert sorted(month_files.COLUMNS) == sorted(columns)


def test_file_is_where_a_warehouse_looks_for_it() -> None:
    land_a_month()
    archived = archive_month(month=MONTH, now=OLD_ENOUGH)
    assert archived.file.parent == folder() / "year=2025" / "month=03"
    assert sorted(folder().glob("year=*/month=*/*")) == [archived.file]
    assert sorted(path.name for path in folder().iterdir()) == ["year=2025"]
    question = "SELECT year, month, kind, raw, causes FROM read_parquet(?, hive_partitioning = true) ORDER BY ALL"
    with duckdb.connect() as warehouse:
        found = warehouse.execute(question, [str(folder() / "*" / "*" / "*.parquet")]).fetchall()
    assert found == [
        (2025, "03", "rating", "20", ["network.speed", "other"]),
        (2025, "03", "rating", "90", []),
        (2025, "03", "ticket", "", []),
    ]


# --- repeated --------------------------------------------------------------------------------------------------------
def test_archiving_again_writes_only_what_changed(
    django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[list[Any]]],
) -> None:
    land_a_month()
    first = archive_month(month=MONTH, now=OLD_ENOUGH)
    again = archive_month(month=MONTH, now=OLD_ENOUGH)
    assert (first.is_new, again.is_new, again.file) == (True, False, first.file)
    hear(rated("c", 20, on=DAY), now=NOW)
    with django_capture_on_commit_callbacks(execute=True):
        third = archive_month(month=MONTH, now=OLD_ENOUGH)
    assert (third.is_new, third.rows) == (True, 4)
    assert list(folder().rglob("*.parquet")) == [third.file]


def test_dropping_and_restoring_twice_is_once() -> None:
    land_a_month()
    before = rows()
    assert restore_month_of_nothing() == "The month 2025-03 is not archived."
    archive_month(month=MONTH, now=OLD_ENOUGH)
    assert restore_month(month=MONTH) == 0
    assert [drop_month(month=MONTH, now=OLD_ENOUGH) for _ in range(2)] == [3, 0]
    assert archive_month(month=MONTH, now=OLD_ENOUGH).is_new is False
    assert [restore_month(month=MONTH) for _ in range(2)] == [3, 0]
    assert rows() == before
    assert [drop_month(month=MONTH, now=OLD_ENOUGH) for _ in range(2)] == [3, 0]


def restore_month_of_nothing() -> str:
    with pytest.raises(NotFound) as refused:
        restore_month(month=MONTH)
    return refused.value.message


# --- refusals --------------------------------------------------------------------------------------------------------
def test_month_that_is_not_over_or_was_never_there_is_refused() -> None:
    with pytest.raises(Conflict, match="not over"):
        archive_month(month=MONTH, now=datetime(2025, 3, 31, 15, 59, tzinfo=UTC))
    with pytest.raises(NotFound, match="no signals"):
        archive_month(month=MONTH, now=OLD_ENOUGH)
    with pytest.raises(NotFound, match="not archived"):
        drop_month(month=MONTH, now=OLD_ENOUGH)


def test_young_month_stays() -> None:
    """The repeat window of 90 days and 30 more, after the last day of March."""
    land_a_month()
    archive_month(month=MONTH, now=OLD_ENOUGH)
    midnight = datetime(2025, 7, 29, 16, 0, tzinfo=UTC)  # in Shanghai, where days are counted
    assert KEPT_AT_LEAST.days == 120
    with pytest.raises(Conflict, match="too young"):
        drop_month(month=MONTH, now=midnight - timedelta(minutes=1))
    assert drop_month(month=MONTH, now=midnight) == 3


def test_month_that_changed_since_is_not_dropped() -> None:
    land_a_month()
    archive_month(month=MONTH, now=OLD_ENOUGH)
    for change in (
        "UPDATE surveys_signal SET comment = comment || '.'",
        "UPDATE surveys_signal SET transfers = NULL",
        "UPDATE surveys_signal SET perceived = perceived + 1e-13 WHERE perceived = 20",
        "DELETE FROM surveys_signal WHERE kind = 'ticket'",
    ):
        with undone():
            with connection.cursor() as cursor:
                cursor.execute(change)
                assert cursor.rowcount > 0
            with pytest.raises(Conflict, match="archive it again"):
                drop_month(month=MONTH, now=OLD_ENOUGH)
    assert drop_month(month=MONTH, now=OLD_ENOUGH) == 3


@pytest.mark.parametrize("damage", ["gone", "cut", "bit"])
def test_month_whose_file_is_damaged_is_neither_dropped_nor_restored(damage: str) -> None:
    land_a_month()
    file = archive_month(month=MONTH, now=OLD_ENOUGH).file
    good = file.read_bytes()

    def hurt() -> None:
        if damage == "gone":
            file.unlink()
        else:
            file.write_bytes(good[:-1] if damage == "cut" else good[:99] + bytes([good[99] ^ 1]) + good[100:])

    hurt()
    with pytest.raises(Conflict, match="not as it was written"):
        drop_month(month=MONTH, now=OLD_ENOUGH)
    file.write_bytes(good)
    drop_month(month=MONTH, now=OLD_ENOUGH)
    hurt()
    with pytest.raises(Conflict, match="not as it was written"):
        restore_month(month=MONTH)
    file.write_bytes(good)
    assert restore_month(month=MONTH) == 3


@pytest.mark.parametrize("damage", ["comment", "rows"])
def test_file_that_does_not_read_back_never_counts(monkeypatch: pytest.MonkeyPatch, damage: str) -> None:
    """The negative control: what writes the file loses something, and the month stays without a file."""
    land_a_month()
    lossy = {
        "comment": month_files.FROM_CSV.replace(", comment,", ", trim(comment) AS comment,"),
        "rows": month_files.FROM_CSV + " LIMIT 2",
    }
    monkeypatch.setattr(month_files, "FROM_CSV", lossy[damage])
    hear(rated("c", 20, on=DAY, comment="x "), now=NOW)
    with pytest.raises(Conflict, match="repeat"):
        archive_month(month=MONTH, now=OLD_ENOUGH)
    assert ArchivedMonth.objects.count() == 0


def test_rows_that_come_back_otherwise_are_refused(gone: None, monkeypatch: pytest.MonkeyPatch) -> None:
    lossy = month_files.TO_CSV.replace(", raw,", ", '' AS raw,")
    with monkeypatch.context() as losing:
        losing.setattr(month_files, "TO_CSV", lossy)
        with pytest.raises(Conflict, match="not what they were"):
            restore_month(month=MONTH)
    assert (rows(), restore_month(month=MONTH)) == ([], 3)


def test_database_refuses_by_itself_what_is_young_changed_or_unknown() -> None:
    def refused() -> str:
        with pytest.raises(DatabaseError) as error, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT surveys_drop_month(%s)", [MONTH])
        return str(error.value).splitlines()[0]

    set_clock(datetime(2025, 7, 28, 23, 59, tzinfo=UTC))
    assert refused() == "The month 2025-03-01 is too young to be dropped."
    set_clock(datetime(2025, 7, 30, 0, 0, tzinfo=UTC))
    assert refused() == "The month 2025-03-01 is not archived."
    land_a_month()
    archive_month(month=MONTH, now=OLD_ENOUGH)
    ArchivedMonth.objects.update(rows=4)
    assert refused() == "The month 2025-03-01 changed since it was archived."
    ArchivedMonth.objects.update(rows=3, columns=[], checksum="0")
    assert refused() == "The month 2025-03-01 changed since it was archived."


@pytest.mark.django_db(transaction=True)
def test_running_role_drops_and_restores_but_may_not_change_the_schema(home: Path) -> None:
    land_a_month()
    before = rows()
    archive_month(month=MONTH, now=OLD_ENOUGH)
    url = make_conninfo(
        "",
        **{
            **conninfo_to_dict(os.environ["LOOPCARE_APP_DATABASE_URL"]),
            "dbname": str(connection.settings_dict["NAME"]),
        },
    )
    with psycopg.connect(url) as app:
        with pytest.raises(psycopg.errors.InsufficientPrivilege), app.transaction():
            app.execute("DROP TABLE surveys_signal_2025_03")
        assert app.execute("SELECT surveys_drop_month('2025-03-17')").fetchone() == (3,)
    assert rows() == []
    assert restore_month(month=MONTH) == 3
    assert rows() == before


# --- without the month -----------------------------------------------------------------------------------------------
@pytest.fixture
def gone(db: None) -> None:
    land_a_month()
    archive_month(month=MONTH, now=OLD_ENOUGH)
    drop_month(month=MONTH, now=OLD_ENOUGH)


def test_nothing_lands_in_a_month_that_stands_in_its_file_only(gone: None) -> None:
    """Its rows would not be recognised: they would count twice."""
    with pytest.raises(Invalid, match="archive_months --restore 2025-03"):
        hear(rated("a", 20, on=DAY), now=OLD_ENOUGH)
    restore_month(month=MONTH)
    assert hear(rated("z", 20, on=DAY), now=OLD_ENOUGH).accepted == 1


def test_pool_and_detections_live_on_and_the_page_shows_what_is_there(gone: None, client: Client) -> None:
    entry = PoolEntry.objects.get()
    assert (entry.gap, entry.signal_on, Detection.objects.count()) == (-40.0, DAY, 3)
    client.force_login(make_user(Role.SUPERVISOR))
    page = client.get(f"/customers/{entry.customer_id}/")
    assert page.status_code == 200
    hear(rated("a", 80, on=date(2025, 4, 20)), now=OLD_ENOUGH)
    assert client.get(f"/customers/{entry.customer_id}/").status_code == 200
    assert leave_pool(now=OLD_ENOUGH).recovered == 1


def test_replay_asks_for_the_month_back(gone: None) -> None:
    with pytest.raises(Conflict, match="archive_months --restore 2025-03"):
        replay(day=DAY, now=OLD_ENOUGH)
    restore_month(month=MONTH)
    assert replay(day=DAY, now=OLD_ENOUGH).equal is True


# --- erasure ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("dropped", [True, False])
def test_customer_is_forgotten_in_files_too(dropped: bool) -> None:
    land_a_month()
    archive_month(month=MONTH, now=OLD_ENOUGH)
    if dropped:
        drop_month(month=MONTH, now=OLD_ENOUGH)
    customer = Customer.objects.get(reference="a")
    Signal.objects.filter(customer=customer).update(comment="", external_id="erased")
    assert forget_customer(customer_id=customer.pk, now=OLD_ENOUGH) == 1
    if dropped:
        restore_month(month=MONTH)
        told = sorted(Signal.objects.filter(customer=customer).values_list("comment", "external_id"))
        numbers = sorted(Signal.objects.filter(customer=customer).values_list("id", flat=True))
        assert told == [("", f"erased-{number}") for number in numbers]
        assert forget_customer(customer_id=customer.pk, now=OLD_ENOUGH) == 0
    assert Signal.objects.filter(external_id="x", comment="").count() == 0
    assert Signal.objects.exclude(customer=customer).get().comment == ""
    assert drop_month(month=MONTH, now=OLD_ENOUGH) == 3


# --- killed half-way -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("at", ["write_month", "_content_of", "_let_count", "fingerprint"])
def test_what_was_cut_off_leaves_nothing_that_counts(monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    land_a_month()

    def cut(*_arguments: object, **_named: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as cutting:
        cutting.setattr(archive, at, cut)
        with pytest.raises(KeyboardInterrupt):
            archive_month(month=MONTH, now=OLD_ENOUGH)
    shutil.copy(__file__, folder() / ".work-left")
    assert ArchivedMonth.objects.count() == 0
    archived = archive_month(month=MONTH, now=OLD_ENOUGH)
    assert [path for path in folder().rglob("*") if path.is_file()] == [archived.file]
    assert drop_month(month=MONTH, now=OLD_ENOUGH) == 3


# --- the command -----------------------------------------------------------------------------------------------------
def test_command_archives_drops_and_restores(capsys: pytest.CaptureFixture[str]) -> None:
    land_a_month()
    make_months(days=[date(2025, 6, 1), date(2025, 7, 1)])
    at = ("--now", "2025-07-30T12:00+08:00", "--json")
    call_command("archive_months", "--drop", *at)
    months = json.loads(capsys.readouterr().out)["months"]
    told = [(month["month"], month["rows"], month["done"]) for month in months]
    assert told == [("2025-03", 3, "dropped"), ("2025-06", 0, "archived")]
    call_command("archive_months", "--before", "2025-06", *at)
    assert json.loads(capsys.readouterr().out) == {"months": []}
    call_command("archive_months", "--restore", "2025-03")
    assert capsys.readouterr().out == "2025-03: 3 rows brought back\n"
    call_command("archive_months", "--month", "2025-03", *at)
    assert json.loads(capsys.readouterr().out)["months"][0]["done"] == "unchanged"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--month", "2025-06", "--drop"), 4),
        (("--month", "2025-07"), 4),
        (("--month", "2025-01"), 1),
        (("--restore", "2025-03"), 1),
    ],
)
def test_command_says_what_it_cannot_do_by_its_exit_code(arguments: tuple[str, ...], code: int) -> None:
    land_a_month()
    make_months(days=[date(2025, 6, 1), date(2025, 7, 1)])
    with pytest.raises(SystemExit) as ended:
        call_command("archive_months", *arguments, "--now", "2025-07-30T12:00+08:00")
    assert ended.value.code == code
