"""Looking at many signals in bounded time: a sample of pages where there are too many, and an end to every statement.

What was sampled says so: a page shows "about", and how many were looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

from django.db import OperationalError, connection, transaction
from psycopg.errors import QueryCanceled

PATIENCE = 5_000
"""Milliseconds that a page waits for one statement."""
ROWS_A_PAGE = 30  # of a partition that was never analysed

# The months that a span of days meets, with their pages and rows; a statistic that is missing is a guess.
PARTITIONS = """
SELECT coalesce(sum(pg_relation_size(c.oid) / current_setting('block_size')::int
    * CASE WHEN c.reltuples > 0 AND c.relpages > 0 THEN c.reltuples / c.relpages ELSE %s END), 0)
FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
WHERE i.inhparent = 'surveys_signal'::regclass AND c.relname BETWEEN %s AND %s
"""


class OutOfTime(Exception):
    """A statement took longer than it may; it was ended, and nothing is known."""


@contextmanager
def limited() -> Iterator[None]:
    """Ends a statement inside that takes longer than PATIENCE, with OutOfTime; what held before holds again after."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('statement_timeout')")
            (before,) = cursor.fetchone()
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(PATIENCE)])
            yield
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [before])
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise OutOfTime from error
        raise


def share_to_read(first: date, last: date, *, most: int) -> float:
    """Percent of the signals' pages to read so that about `most` signals of these days are met; 100 is all of them."""
    if last < first:
        return 100.0
    names = [f"surveys_signal_{day:%Y_%m}" for day in (first, last)]
    with connection.cursor() as cursor:
        cursor.execute(PARTITIONS, [ROWS_A_PAGE, *names])
        (rows,) = cursor.fetchone()
    held = last - first.replace(day=1) + timedelta(days=1)  # the last month goes no further yet
    expected = float(rows) * ((last - first).days + 1) / held.days
    return 100.0 if expected <= most else 100.0 * most / expected


def tablesample(percent: float) -> str:
    """The clause that reads so much of a table, and the same rows each time; empty for all of it."""
    return "" if percent >= 100 else f"TABLESAMPLE SYSTEM ({percent:.6f}) REPEATABLE (1)"
