"""The clock of this installation: the database's, so that every process agrees. In a demo world it can run ahead.

`loopcare_now()` is an SQL function made by the first migration of `staff`; it adds the demo offset of the
`Installation` row. Logic and services take `now` as an argument; only edges call `now()` here.
"""

from __future__ import annotations

from datetime import datetime

from django.db import connection
from django.db.models import DateTimeField, Func


class Now(Func):
    """The installation's time as an expression, for statements that should not pay a round trip to learn it."""

    function = "loopcare_now"
    template = "%(function)s()"
    output_field = DateTimeField()


def now() -> datetime:
    """The installation's time, aware, in UTC."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT loopcare_now()")
        (value,) = cursor.fetchone()
    assert isinstance(value, datetime)
    return value
