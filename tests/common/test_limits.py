"""Limits are exact under threads, forgiving when Redis is gone, and say when to come again."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
import redis
from django.core.cache import cache
from pytest_django import Settings

from loopcare.common import limits
from loopcare.common.errors import TooMany
from loopcare.common.limits import spend

THREADS = 40


@pytest.fixture
def who() -> str:
    return uuid.uuid4().hex


@pytest.fixture(autouse=True)
def awake(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(limits, "_asleep_until", 0.0)
    yield
    limits._script.cache_clear()


def let_through(attempt: Callable[[], bool]) -> int:
    """How many of 40 threads that start at once were let through."""
    gate = Barrier(THREADS)

    def run(_n: int) -> bool:
        gate.wait()
        return attempt()

    with ThreadPoolExecutor(THREADS) as pool:
        return sum(pool.map(run, range(THREADS)))


def test_forty_threads_get_exactly_the_limit(who: str) -> None:
    def attempt() -> bool:
        try:
            spend(purpose="test", who=who, limit=10)
        except TooMany:
            return False
        return True

    assert let_through(attempt) == 10


def test_reading_and_then_writing_lets_more_through(who: str) -> None:
    """The negative control: what a counter without the atomic step does."""
    gate = Barrier(THREADS)

    def attempt() -> bool:
        used = cache.get(who, 0)
        gate.wait()  # every thread has read before any writes, which chance alone does often enough
        cache.set(who, used + 1, 60)
        return bool(used < 10)

    assert let_through(attempt) == 40


def test_refusal_says_when_to_come_again(who: str) -> None:
    spend(purpose="test", who=who, limit=1, seconds=30)
    with pytest.raises(TooMany) as refusal:
        spend(purpose="test", who=who, limit=1, seconds=30)
    assert refusal.value.headers == {"Retry-After": "30"}
    assert refusal.value.extra == {"limit": 1, "window_seconds": 30, "retry_after": 30}


def test_window_ends_by_itself(who: str, settings: Settings) -> None:
    spend(purpose="test", who=who, limit=1)
    client = redis.Redis.from_url(settings.CACHE_URL)
    assert 59_000 < int(client.pttl(f"limit:test:{who}")) <= 60_000
    client.pexpire(f"limit:test:{who}", 1)
    while client.exists(f"limit:test:{who}"):
        pass
    spend(purpose="test", who=who, limit=1)


def test_cost_is_taken_whole_or_not_at_all(who: str) -> None:
    spend(purpose="test", who=who, limit=10, cost=7)
    with pytest.raises(TooMany):
        spend(purpose="test", who=who, limit=10, cost=4)
    spend(purpose="test", who=who, limit=10, cost=3)
    with pytest.raises(TooMany):
        spend(purpose="test", who=who, limit=10, cost=1)


def test_purposes_and_callers_do_not_share(who: str) -> None:
    for purpose, caller in (("calls", who), ("rows", who), ("calls", f"{who}2")):
        spend(purpose=purpose, who=caller, limit=1)
        with pytest.raises(TooMany):
            spend(purpose=purpose, who=caller, limit=1)


def test_everybody_passes_while_redis_is_gone(
    who: str, settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CACHE_URL = f"unix://{tmp_path}/none.sock?db=1"
    with caplog.at_level(logging.WARNING, logger="loopcare.common.limits"):
        for _n in range(3):
            spend(purpose="test", who=who, limit=1)
    assert caplog.messages == ["Redis does not answer; limits are not counted for the next 2 s"]
