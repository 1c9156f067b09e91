"""A sign of life while a warehouse computes: an engine may take longer over one answer than a lease lasts."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import DatabaseError, connection

from loopcare.common.due_rows import DueRow

BEAT = 15.0  # seconds


@contextmanager
def pulse(row: DueRow, *, now: datetime, lease: timedelta, beat: float = BEAT) -> Iterator[None]:
    """Prolong the lease of a running row every few seconds, on a connection of its own, until the block ends.

    Only this process's death ends it, which is what a lease is for. A beat that fails is followed by the next.
    """
    over = threading.Event()
    begun = time.monotonic()
    table = row._meta.db_table

    def prolong() -> None:
        own = connection.copy()
        try:
            while not over.wait(beat):
                until = now + timedelta(seconds=time.monotonic() - begun) + lease
                try:
                    with own.cursor() as cursor:
                        cursor.execute("SET lock_timeout = '5s'")
                        cursor.execute(
                            f"UPDATE {table} SET lease_until = %s, due_at = %s "
                            "WHERE id = %s AND epoch = %s AND status = 'running'",
                            [until, until, row.pk, row.epoch],
                        )
                except DatabaseError:
                    own.close()
        finally:
            own.close()

    heart = threading.Thread(target=prolong, name=f"pulse of {table} {row.pk}", daemon=True)
    heart.start()
    try:
        yield
    finally:
        over.set()
        heart.join()
