"""Signals stand in monthly partitions, which are made ahead and where an old file needs them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import OperationalError, connection
from django.utils.translation import gettext as _
from psycopg.errors import ObjectNotInPrerequisiteState

from loopcare.common.errors import Invalid

AHEAD = 3  # months
MAKE = "SELECT count(*) FILTER (WHERE surveys_make_month(m)) FROM unnest(%s::date[]) AS m"


def make_months(*, days: Iterable[date]) -> int:
    """The partitions these days fall into. Returns how many were new.

    A new one locks customers and signals for its transaction: call this in a short one of its own, before a long one.
    Raises Invalid for a month that stands in the archive only: what landed in it once would land again.
    """
    months = sorted({day.replace(day=1) for day in days})
    with connection.cursor() as cursor:
        try:
            cursor.execute(MAKE, [months])
        except OperationalError as error:
            if isinstance(error.__cause__, ObjectNotInPrerequisiteState):
                raise _archived(error.__cause__) from error
            raise
        (made,) = cursor.fetchone()
    return int(made)


def make_months_ahead(*, today: date) -> int:
    """This month and the next `AHEAD`."""
    first = today.year * 12 + today.month - 1
    numbers = range(first, first + AHEAD + 1)
    return make_months(days=[date(number // 12, number % 12 + 1, 1) for number in numbers])


def _archived(error: ObjectNotInPrerequisiteState) -> Invalid:
    """The month that the database names, in a sentence that says what to do."""
    return Invalid(
        _(
            "The signals of %(month)s are archived; leave those rows out, or bring the month back with "
            "archive_months --restore %(month)s."
        )
        % {"month": error.diag.message_primary}
    )
