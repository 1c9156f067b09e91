"""Moves of the pool, over all pairs of states."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

import pytest

from loopcare.common.errors import Conflict
from surveys.enums import LeftReason, PoolStatus
from surveys.models import PoolEntry, PoolEvent
from surveys.services import pool
from tests.surveys.factories import waiting_entry

MOVES: dict[PoolStatus, Callable[..., None]] = {
    PoolStatus.IN_CARE: pool.take_into_care,
    PoolStatus.HELD_OUT: pool.hold_out,
    PoolStatus.WAITING: pool.return_to_waiting,
    PoolStatus.LEFT: partial(pool.leave, reason=LeftReason.RECOVERED),
}
ALLOWED = {
    ("waiting", "in_care"),
    ("waiting", "held_out"),
    ("waiting", "left"),
    ("in_care", "waiting"),
    ("in_care", "left"),
    ("held_out", "waiting"),
    ("held_out", "left"),
}


def entry_in(status: PoolStatus, now: datetime) -> PoolEntry:
    entry = waiting_entry("a", now=now)
    if status != PoolStatus.WAITING:
        MOVES[status](entry_ids=[entry.pk], now=now)
        entry.refresh_from_db()
    return entry


@pytest.mark.django_db
@pytest.mark.parametrize("target", list(PoolStatus))
@pytest.mark.parametrize("start", list(PoolStatus))
def test_entry_moves_only_as_the_table_says(start: PoolStatus, target: PoolStatus, now: datetime) -> None:
    entry = entry_in(start, now)
    before = PoolEvent.objects.count()
    if (start.value, target.value) in ALLOWED:
        MOVES[target](entry_ids=[entry.pk], now=now)
        event = PoolEvent.objects.latest("id")
        assert (event.entry_id, event.from_status, event.to_status, event.at) == (entry.pk, start, target, now)
        assert PoolEvent.objects.count() == before + 1
        entry.refresh_from_db()
        assert entry.status == target
    else:
        with pytest.raises(Conflict):
            MOVES[target](entry_ids=[entry.pk], now=now)
        assert PoolEvent.objects.count() == before
        entry.refresh_from_db()
        assert entry.status == start


@pytest.mark.django_db
def test_leaving_keeps_when_and_why(now: datetime) -> None:
    entry = waiting_entry("a", now=now)
    pool.leave(entry_ids=[entry.pk], reason=LeftReason.EXPIRED, now=now)

    entry.refresh_from_db()
    assert (entry.left_at, entry.left_reason) == (now, "expired")
    assert PoolEvent.objects.latest("id").reason == "expired"


@pytest.mark.django_db
def test_one_entry_that_moved_stops_all(now: datetime) -> None:
    first, second = waiting_entry("a", now=now), waiting_entry("b", now=now)
    pool.hold_out(entry_ids=[second.pk], now=now)
    with pytest.raises(Conflict) as caught:
        pool.take_into_care(entry_ids=[first.pk, second.pk], now=now)

    assert caught.value.message == "1 customers of the pool have moved meanwhile; look again and repeat."
    first.refresh_from_db()
    assert first.status == PoolStatus.WAITING


@pytest.mark.django_db
def test_entries_from_two_states_leave_together(now: datetime) -> None:
    first, second = waiting_entry("a", now=now), waiting_entry("b", now=now)
    pool.hold_out(entry_ids=[second.pk], now=now)
    pool.leave(entry_ids=[first.pk, second.pk, first.pk], reason=LeftReason.RECOVERED, now=now)

    moves = PoolEvent.objects.filter(to_status="left").order_by("entry_id").values_list("entry_id", "from_status")
    assert list(moves) == [(first.pk, "waiting"), (second.pk, "held_out")]


@pytest.mark.django_db
def test_moving_nobody_is_nothing(now: datetime) -> None:
    pool.take_into_care(entry_ids=[], now=now)
    assert PoolEvent.objects.count() == 0
