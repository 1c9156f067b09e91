"""Signals stand in monthly partitions, which are made ahead and where an old file needs them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import connection

AHEAD = 3  # months


def make_months(*, days: Iterable[date]) -> int:
    """The partitions these days fall into. Returns how many were new.

    A new one locks customers and signals for its transaction: call this in a short one of its own, before a long one.
    """
    months = sorted({day.replace(day=1) for day in days})
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FILTER (WHERE surveys_make_month(m)) FROM unnest(%s::date[]) AS m", [months])
        (made,) = cursor.fetchone()
    return int(made)


def make_months_ahead(*, today: date) -> int:
    """This month and the next `AHEAD`."""
    first = today.year * 12 + today.month - 1
    numbers = range(first, first + AHEAD + 1)
    return make_months(days=[date(number // 12, number % 12 + 1, 1) for number in numbers])
