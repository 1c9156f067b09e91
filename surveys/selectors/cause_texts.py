"""What readers of comments learn from, what they have not read, and what the latest one made of the pool."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.utils.timezone import localdate

from surveys.logic.causes.tree import destinations
from surveys.models import Cause, TextModel

MOST_CASES = 5_000
"""Coded cases that are learned from, the latest ones."""
LEARN_OVER = timedelta(days=365)
LOOKED_AT = 1_000_000
"""Signals that are looked through for coded comments at most, the latest ones."""
IN_FLIGHT = timedelta(hours=1)
"""A landing counts from when it began: what it brought may come so much later."""
SAMPLE_OF = 1_000
MOST_COMPARED = 2_000

# Entries to whom agents gave exactly one cause, with the comment of the latest signal.
BY_AGENTS = """
SELECT e.comment, min(k.cause), e.signal_on, e.signal_no
FROM surveys_causecode AS k JOIN surveys_poolentry AS e ON e.id = k.entry_id
WHERE k.basis = 'agent' AND e.comment <> ''
GROUP BY e.id HAVING count(*) = 1 ORDER BY e.id DESC LIMIT %s
"""

# Comments whose customer chose exactly one cause beside them.
BY_CUSTOMERS = """
SELECT comment, causes[1], occurred_on, id FROM (
    SELECT comment, causes, occurred_on, id FROM surveys_signal WHERE occurred_on BETWEEN %s AND %s
    ORDER BY occurred_on DESC, id DESC LIMIT %s) AS recent
WHERE comment <> '' AND cardinality(causes) = 1 LIMIT %s
"""

# Not read by this model yet, or something came since: another signal, or a cause that an agent heard.
UNREAD = """
SELECT e.id, e.comment FROM surveys_poolentry AS e
WHERE e.status <> 'left' AND e.comment <> '' AND e.id > %(after)s AND NOT EXISTS (
    SELECT FROM surveys_causecode AS k WHERE k.entry_id = e.id AND k.basis = 'text' AND k.model_id = %(model)s
    AND NOT EXISTS (SELECT FROM surveys_detection AS d
        WHERE d.customer_id = e.customer_id AND d.detected_at > k.at - %(in_flight)s)
    AND NOT EXISTS (SELECT FROM surveys_causecode AS a
        WHERE a.entry_id = e.id AND a.basis = 'agent' AND a.at > k.at))
ORDER BY e.id LIMIT %(limit)s
"""

GIVEN = """
SELECT cause, count(*), count(*) FILTER (WHERE accepted) FROM surveys_causecode
WHERE basis = 'text' AND model_id = %s GROUP BY cause
"""

SAMPLE = """
SELECT k.entry_id, e.customer_id, e.comment, k.cause, k.confidence, k.accepted FROM (
    SELECT * FROM surveys_causecode WHERE basis = 'text' AND model_id = %s ORDER BY id DESC LIMIT %s) AS k
JOIN surveys_poolentry AS e ON e.id = k.entry_id
WHERE e.comment <> '' ORDER BY md5(%s::text || k.entry_id) LIMIT %s
"""

COMPARED = """
SELECT e.comment FROM surveys_causecode AS k JOIN surveys_poolentry AS e ON e.id = k.entry_id
WHERE k.basis = 'text' AND k.model_id = %s AND k.accepted = %s AND e.comment <> ''
    AND (k.accepted OR e.causes = '{}')
ORDER BY k.entry_id DESC LIMIT %s
"""


class Unread(NamedTuple):
    """An open entry and its comment."""

    entry: int
    comment: str


class Sampled(NamedTuple):
    """A comment and what was read in it; cause '' is none."""

    entry: int
    customer: int
    comment: str
    cause: str
    confidence: float
    accepted: bool


@dataclass(frozen=True, slots=True)
class Readings:
    """What a reader made of the comments it read: how many, those that were given a cause, those in which it found
    none at all, and by cause (guessed, given)."""

    read: int
    given: int
    nothing: int
    by_cause: dict[str, tuple[int, int]]

    @property
    def unknown(self) -> int:
        return self.read - self.given


def latest_reader() -> TextModel | None:
    """The reader that reads now, its bytes unread; None before the first."""
    return TextModel.objects.defer("fitted").order_by("-version").first()


def counts_as() -> dict[str, str]:
    """Every code → what it counts as today: itself, what it was merged into at last, or '' where that is out of use."""
    rows = list(Cause.objects.values_list("code", "merged_into__code", "retired_at"))
    ends = destinations({code: into for code, into, _retired_at in rows if into})
    in_use = {code for code, _into, retired_at in rows if retired_at is None}
    return {code: end if (end := ends.get(code, code)) in in_use else "" for code, _into, _retired_at in rows}


def coded_cases(*, now: datetime) -> list[tuple[str, str]]:
    """(comment, cause) of the latest cases that somebody coded, agents' before customers'; no comment twice."""
    today = localdate(now)
    with connection.cursor() as cursor:
        cursor.execute(BY_AGENTS, [MOST_CASES])
        agents = cursor.fetchall()
        cursor.execute(BY_CUSTOMERS, [today - LEARN_OVER, today, LOOKED_AT, MOST_CASES])
        customers = cursor.fetchall()
    heard = {(day, number) for _comment, _cause, day, number in agents}
    said = [row for row in customers if (row[2], row[3]) not in heard]
    return [(comment, cause) for comment, cause, _day, _number in [*agents, *said][:MOST_CASES]]


def unread(model: TextModel, *, after: int, limit: int) -> list[Unread]:
    """Open entries behind the number `after` whose comment this reader has not read as it stands, by number."""
    facts: dict[str, Any] = {"model": model.pk, "after": after, "limit": limit, "in_flight": IN_FLIGHT}
    with connection.cursor() as cursor:
        cursor.execute(UNREAD, facts)
        return [Unread(*row) for row in cursor.fetchall()]


def readings_of(model: TextModel) -> Readings:
    """Counts over everything this reader read that was not read anew since."""
    with connection.cursor() as cursor:
        cursor.execute(GIVEN, [model.pk])
        rows = {cause: (n, given) for cause, n, given in cursor.fetchall()}
    nothing, _given = rows.pop("", (0, 0))
    read = nothing + sum(n for n, _given in rows.values())
    return Readings(read, sum(given for _n, given in rows.values()), nothing, rows)


def sample_of(model: TextModel, *, size: int, seed: str) -> list[Sampled]:
    """Some of the latest comments this reader read; the same seed draws the same of the same."""
    with connection.cursor() as cursor:
        cursor.execute(SAMPLE, [model.pk, SAMPLE_OF, seed, size])
        return [Sampled(*row) for row in cursor.fetchall()]


def comments_read(model: TextModel, *, given: bool) -> list[str]:
    """The latest comments that were given a cause, or those of entries whose cause nobody knows."""
    with connection.cursor() as cursor:
        cursor.execute(COMPARED, [model.pk, given, MOST_COMPARED])
        return [comment for (comment,) in cursor.fetchall()]
