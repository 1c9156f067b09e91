"""Work beside the test's own thread, and waiting until it waits: what two do at once, in one known order."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from django.db import connection
from django.utils import timezone

T = TypeVar("T")
PATIENCE = 30  # seconds


class Threads:
    """Work beside this thread, with database connections of its own."""

    def __init__(self, number: int) -> None:
        self._pool = ThreadPoolExecutor(number)

    def __enter__(self) -> Threads:
        return self

    def __exit__(self, *_error: object) -> None:
        self._pool.shutdown()

    def start(self, work: Callable[[], T]) -> Future[T]:
        def alone() -> T:
            try:
                return work()
            finally:
                connection.close()

        return self._pool.submit(alone)


def someone_waits() -> bool:
    """Whether another connection waits for a lock of this one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
        )
        return bool(cursor.fetchone()[0])


def wait_until(true: Callable[[], bool]) -> None:
    until = timezone.now().timestamp() + PATIENCE
    while not true():
        assert timezone.now().timestamp() < until
