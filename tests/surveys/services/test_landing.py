"""The set-based core: one row at a time and all at once give the same."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from threading import Barrier, Event
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loopcare.customers.models import Customer
from surveys.enums import SignalKind
from surveys.logic.decoding import Decoded, Rating
from surveys.models import PoolEntry, PoolEvent, Signal
from surveys.services.landing import Landed
from surveys.services.months import make_months, make_months_ahead
from tests.surveys.events import desk, event, land_all
from tests.surveys.factories import land_rows, row, source

NOW = datetime.fromisoformat("2026-05-04T08:00+00:00")
START = date(2025, 11, 1)
DAY = timedelta(days=1)
ENTRY = ("customer__reference", "raw", "perceived", "gap", "repeat_count", "causes", "signal_on", "status", "channel")


def pool() -> list[tuple[object, ...]]:
    return sorted(PoolEntry.objects.values_list(*ENTRY))


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


answers = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.integers(1, 10),
        st.integers(0, 180),
        st.lists(st.sampled_from(["x", "y", "z"]), unique=True, max_size=2),
    ),
    max_size=12,
    unique_by=lambda answer: (answer[0], answer[2]),
)


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(answers)
def test_one_row_at_a_time_equals_all_at_once(given_answers: list[tuple[str, int, int, list[str]]]) -> None:
    rows = [
        row(reference, score, on=START + timedelta(days=day), number=n, causes=causes)
        for n, (reference, score, day, causes) in enumerate(sorted(given_answers, key=lambda answer: answer[2]))
    ]
    with undone():
        together = land_rows(*rows, now=NOW)
        at_once, signals = pool(), Signal.objects.count()
    with undone():
        singly = [land_rows(one, now=NOW) for one in rows]

        assert pool() == at_once
        assert Signal.objects.count() == signals == len(rows)
        assert sum(one.dissatisfied for one in singly) == together.dissatisfied
        assert sum(one.pool_new for one in singly) == together.pool_new == PoolEvent.objects.count()


@pytest.mark.django_db
def test_landing_nothing_lands_nothing(now: datetime) -> None:
    landed = land_rows(now=now)
    assert (landed.accepted, landed.signals, landed.dissatisfied, landed.pool_new) == (0, 0, 0, 0)


@pytest.mark.django_db
def test_exactly_adequate_is_enough(now: datetime) -> None:
    land_rows(row("a", 6, on=now.date()), row("b", 6.5, on=now.date()), row("c", 7, on=now.date()), now=now)
    assert list(PoolEntry.objects.values_list("customer__reference", flat=True)) == ["a"]
    assert Customer.objects.count() == 3


@pytest.mark.django_db
def test_months_are_made_once() -> None:
    days = [date(2041, 2, 28), date(2041, 2, 1), date(2041, 12, 31)]
    assert (make_months(days=days), make_months(days=days)) == (2, 0)


@pytest.mark.django_db
def test_months_are_made_ahead_over_the_turn_of_the_year() -> None:
    assert make_months_ahead(today=date(2041, 11, 30)) == 4
    assert make_months(days=[date(2041, 11, 1), date(2041, 12, 1), date(2042, 1, 1), date(2042, 2, 1)]) == 0


@pytest.mark.django_db(transaction=True)
def test_files_that_meet_take_turns() -> None:
    references = [f"c{number}" for number in range(200)]
    start = Barrier(4)

    def one(file: int) -> Landed:
        rows = [
            row(reference, 2, on=START + timedelta(days=file), number=n)
            for n, reference in enumerate(references if file % 2 else reversed(references))
        ]
        try:
            start.wait()
            with transaction.atomic():
                return land_rows(*rows, now=NOW)
        finally:
            connection.close()

    source()
    make_months(days=[START])
    with ThreadPoolExecutor(4) as threads:
        landed = list(threads.map(one, range(4)))

    assert [each.dissatisfied for each in landed] == [200] * 4
    assert sum(each.pool_new for each in landed) == 200
    assert set(PoolEntry.objects.values_list("repeat_count", "signal_on")) == {(4, START + timedelta(days=3))}


@pytest.mark.django_db(transaction=True)
def test_two_who_tell_how_one_ticket_went_on_lose_nothing_of_each_other() -> None:
    desk()
    land_all(event("a", "ticket", on=START), now=NOW)
    looked, told = Event(), Event()

    def pause(execute: Any, sql: str, *rest: Any) -> Any:
        if "moved AS" in sql:  # behind the look for what is known, before the writing
            looked.set()
            told.wait(10)
        return execute(sql, *rest)

    def first() -> None:
        looked.wait(10)
        try:
            with transaction.atomic():
                land_all(event("a", "ticket", on=START, transfers=2), now=NOW)
                told.set()
                time.sleep(0.3)  # the other one begins to write, and waits for us
        finally:
            connection.close()

    def second() -> Landed:
        try:
            with connection.execute_wrapper(pause), transaction.atomic():
                return land_all(event("a", "ticket", on=START, closed_at=NOW), now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        threads.submit(first)
        assert threads.submit(second).result().updated == 1
    assert Signal.objects.values_list("transfers", "closed_at").get() == (2, NOW)


@pytest.mark.django_db
def test_event_that_is_told_otherwise_does_not_go_on() -> None:
    land_all(event("a", "ticket", on=START, topic="bill"), now=NOW)
    landed = land_all(event("a", "ticket", on=START, topic="network", closed_at=NOW), now=NOW)
    assert (landed.clashes, landed.updated) == ([1], 0)
    assert Signal.objects.values_list("topic", "closed_at").get() == ("bill", None)


@pytest.mark.django_db
def test_event_that_goes_on_is_not_found_again_by_the_same_rule() -> None:
    first = land_all(event("a", "complaint", on=START, topic="bill"), now=NOW)
    again = land_all(event("a", "complaint", on=START, topic="bill", closed_at=NOW), now=NOW)
    assert (first.dissatisfied, again.updated, again.dissatisfied) == (1, 1, 0)


@pytest.mark.django_db
def test_what_was_told_takes_over_what_was_suspected_and_keeps_it() -> None:
    def suspected(on: date) -> None:
        signal = Rating("usage-drop", "", None, None, None, opens=True)
        land_all(
            Decoded(1, "a", "a", on, (signal,)), now=NOW, source=desk("scan", kind=SignalKind.USAGE, channel="scan")
        )

    def entry() -> tuple[Any, ...]:
        told = ("kind", "rule__code", "source__code", "channel", "dimension", "signal_on", "repeat_count")
        return tuple(PoolEntry.objects.values_list(*told).get())

    suspected(START)
    assert entry() == ("latent", "warehouse-scan", "scan", "scan", "usage-drop", START, 1)
    desk("cards", kind=SignalKind.RATING)
    land_rows(row("a", 2, on=START + DAY), now=NOW)
    assert entry() == ("explicit", "low-rating", "cards", "hotline", "overall", START + DAY, 2)
    suspected(START + 2 * DAY)
    assert entry() == ("explicit", "low-rating", "cards", "hotline", "overall", START + DAY, 3)
