"""Answers with several ratings each, as drivers are read from them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from surveys.models import Source

MOST_ANSWERS = 50_000
"""Answers that drivers are read from; of more, every so-manieth by a hash of its number."""

RATED = """
SELECT source_id, dimension, bool_or(opens), count(*) FROM surveys_signal
WHERE kind IN ('rating', 'review') AND perceived IS NOT NULL AND occurred_on BETWEEN %s AND %s
GROUP BY source_id, dimension ORDER BY source_id, dimension
"""

# One line an answer: its ratings beside each other, in the order of the dimensions that are asked for.
ANSWERS = """
SELECT {columns} FROM surveys_signal
WHERE source_id = %(source)s AND dimension = ANY(%(dimensions)s) AND perceived IS NOT NULL
    AND occurred_on BETWEEN %(first)s AND %(last)s
    AND (%(parts)s = 1 OR hashtext(external_id) %% %(parts)s = 0)
GROUP BY external_id, occurred_on
"""
COLUMN = "max(perceived) FILTER (WHERE dimension = %(d{place})s)"

# Every dimension's gap, where a level was known.
GAPS = """
SELECT dimension, count(*), avg(perceived - adequate), coalesce(var_samp(perceived - adequate), 0)
FROM surveys_signal
WHERE source_id = %s AND perceived - adequate IS NOT NULL AND occurred_on BETWEEN %s AND %s
GROUP BY dimension ORDER BY dimension
"""


@dataclass(frozen=True, slots=True)
class Rated:
    """What a source's answers rate: the dimension that opens entries, and the others; `n` answers of the former."""

    source: Source
    outcome: str
    others: tuple[str, ...]
    n: int


def rated_sources(first: date, last: date) -> list[Rated]:
    """Sources with a rating that opens entries and at least one other, by code."""
    with connection.cursor() as cursor:
        cursor.execute(RATED, [first, last])
        rows = cursor.fetchall()
    found = defaultdict[int, list[tuple[str, bool, int]]](list)
    for source, dimension, opens, n in rows:
        found[source].append((dimension, opens, n))
    rated = []
    for source in Source.objects.filter(pk__in=found).order_by("code"):
        opening = [(n, dimension) for dimension, opens, n in found[source.pk] if opens]
        if opening:
            n, outcome = max(opening)
            others = tuple(dimension for dimension, _opens, _n in found[source.pk] if dimension != outcome)
            rated += [Rated(source, outcome, others, n)] if others else []
    return rated


def answers_of(rated: Rated, first: date, last: date) -> tuple[NDArray[np.float64], int]:
    """Answers × (outcome, others…), NaN where one was not given; and of how many parts one was read."""
    dimensions = [rated.outcome, *rated.others]
    parts = max(1, -(-rated.n // MOST_ANSWERS))
    columns = ", ".join(COLUMN.format(place=place) for place in range(len(dimensions)))
    facts: dict[str, Any] = {
        "source": rated.source.pk,
        "dimensions": dimensions,
        "first": first,
        "last": last,
        "parts": parts,
    }
    with connection.cursor() as cursor:
        cursor.execute(
            ANSWERS.format(columns=columns), facts | {f"d{place}": name for place, name in enumerate(dimensions)}
        )
        rows = cursor.fetchall()
    return np.array(rows, dtype=np.float64).reshape(-1, len(dimensions)), parts


def gaps_of(source: Source, first: date, last: date) -> list[tuple[str, int, float, float]]:
    """By dimension: answers with a level, mean gap to the adequate one, variance of it."""
    with connection.cursor() as cursor:
        cursor.execute(GAPS, [source.pk, first, last])
        return list(cursor.fetchall())
