"""What is good enough where an answer states no level, and what customers did after their answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.db.models import F, QuerySet

from loopcare.customers.enums import ValueTier
from surveys.enums import AdequateFrom
from surveys.logic.levels import Score
from surveys.logic.tolerance import Zone
from surveys.models import AdequateLevel, Signal, Source
from surveys.selectors.samples import OutOfTime, limited, share_to_read, tablesample

EVERYBODY = ""
"""The value tier of a level that holds for all who have none of their own."""
TIERS = (EVERYBODY, *ValueTier.values)
LEARN_OVER = timedelta(days=365)
ACT_WITHIN = timedelta(days=30)
"""How long after an answer a complaint or contact counts; answers younger than that say nothing yet."""
RECENT = timedelta(days=28)
READ_AT_MOST = 300_000
ANSWERS_AT_MOST = 50_000
INVERSIONS_SHOWN = 20

Group = tuple[int, str, str]
"""Source id, dimension, value tier."""

# One answer a customer, the latest that is old enough, and whether a complaint, contact, ticket or dispute followed.
# The day of the answer itself does not count: what was rated often happened then.
EVIDENCE = """
WITH rated AS (
    SELECT DISTINCT ON (source_id, dimension, customer_id) source_id, dimension, customer_id, occurred_on,
        round(perceived::numeric, 2)::float8 AS score
    FROM surveys_signal
    WHERE source_id = ANY(%(sources)s) AND opens AND perceived IS NOT NULL AND adequate_from <> 'stated'
        AND (%(dimension)s::text IS NULL OR dimension = %(dimension)s::text)
        AND (%(parts)s = 1 OR hashint8(customer_id) %% %(parts)s = 0)
        AND occurred_on > %(first)s AND occurred_on <= %(last)s
    ORDER BY source_id, dimension, customer_id, occurred_on DESC, id DESC
)
SELECT r.source_id, r.dimension, c.value_tier, r.score, count(*), count(*) FILTER (WHERE EXISTS (
    SELECT FROM surveys_signal AS e
    WHERE e.customer_id = r.customer_id AND (e.kind IN ('complaint', 'contact', 'ticket') OR e.disputed)
        AND e.occurred_on > r.occurred_on AND e.occurred_on <= r.occurred_on + %(within)s
        AND e.occurred_on > %(first)s AND e.occurred_on <= %(last)s + %(within)s))
FROM rated AS r JOIN customers_customer AS c ON c.id = r.customer_id
GROUP BY r.source_id, r.dimension, c.value_tier, r.score
"""

# The dimensions that open, by the first answers of every source that rates.
OPENING = """
SELECT o.id, few.dimension FROM surveys_source AS o CROSS JOIN LATERAL (
    SELECT DISTINCT dimension FROM (
        SELECT dimension FROM surveys_signal WHERE source_id = o.id AND opens AND perceived IS NOT NULL
        ORDER BY source_id, external_id LIMIT 500) AS first
) AS few WHERE o.kind IN ('rating', 'review')
"""

RATED = """
SELECT s.source_id, s.dimension, c.value_tier, s.adequate_from, round(s.perceived::numeric, 2)::float8, count(*),
    count(*) FILTER (WHERE s.perceived < s.adequate), min(s.adequate), max(s.adequate)
FROM surveys_signal AS s {tablesample} JOIN customers_customer AS c ON c.id = s.customer_id
WHERE s.opens AND s.perceived IS NOT NULL AND s.occurred_on BETWEEN %s AND %s
GROUP BY 1, 2, 3, 4, 5
"""

ZONES = """
SELECT source_id, dimension, count(*) FILTER (WHERE stated), avg(perceived) FILTER (WHERE stated),
    avg(adequate) FILTER (WHERE stated), avg(desired) FILTER (WHERE stated),
    count(*) FILTER (WHERE stated AND perceived < adequate), count(*) FILTER (WHERE stated AND adequate > desired),
    count(*) FILTER (WHERE adequate > desired)
FROM (
    SELECT source_id, dimension, perceived, adequate, desired, adequate_from = 'stated' AS stated
    FROM surveys_signal {tablesample}
    WHERE perceived - adequate IS NOT NULL AND desired IS NOT NULL AND occurred_on BETWEEN %s AND %s
) AS three GROUP BY source_id, dimension ORDER BY source_id, dimension
"""


@dataclass(frozen=True, slots=True)
class Rated:
    """How many ratings of the last 28 days gave one score, and how they were judged when they landed."""

    tier: str
    basis: str
    score: float
    n: int
    dissatisfied: int
    lowest: float | None
    highest: float | None


def levels_of(source: Source) -> list[dict[str, Any]]:
    """For every dimension that has a level and every value tier ('' is unknown): the set and the learned one that hold.

    A level for the tier goes before one for everybody; None where there is neither.
    """
    rows = AdequateLevel.objects.filter(source=source).values_list("dimension", "value_tier", "basis", "level")
    found = {(dimension, tier, basis): level for dimension, tier, basis, level in rows}

    def holds(dimension: str, tier: str, basis: str) -> float | None:
        return found.get((dimension, tier, basis), found.get((dimension, EVERYBODY, basis)))

    return [
        {
            "dimension": dimension,
            "value_tier": tier,
            "set_level": holds(dimension, tier, AdequateFrom.SET),
            "learned_level": holds(dimension, tier, AdequateFrom.LEARNED),
        }
        for dimension in sorted({dimension for dimension, _tier, _basis in found})
        for tier in TIERS
    ]


def evidence(
    sources: Iterable[Source], *, today: date, dimension: str | None = None, parts: int = 1
) -> dict[Group, list[Score]]:
    """What customers did after their answers of the last year, by group and score; '' is the sum of all tiers.

    One statement, however many customers; `parts` takes one of so many random parts of them. Leaving is not seen yet:
    nothing in the signals tells it.
    """
    last = today - ACT_WITHIN - timedelta(days=1)
    facts = {
        "sources": [source.pk for source in sources],
        "dimension": dimension,
        "parts": parts,
        "first": last - LEARN_OVER,
        "last": last,
        "within": ACT_WITHIN.days,
    }
    with connection.cursor() as cursor:
        cursor.execute(EVIDENCE, facts)
        rows = cursor.fetchall()
    counts = defaultdict[Group, dict[float, tuple[int, int]]](dict)
    for source, name, tier, score, n, acted in rows:
        for group in {(source, name, tier), (source, name, EVERYBODY)}:
            seen = counts[group].get(score, (0, 0))
            counts[group][score] = (seen[0] + n, seen[1] + acted)
    return {group: [Score(score, *by_score[score]) for score in sorted(by_score)] for group, by_score in counts.items()}


def some_evidence(source: Source, dimension: str, *, today: date) -> dict[str, list[Score]] | None:
    """The evidence of one dimension by value tier, for a page that waits: of many customers a random part.

    None when it took too long.
    """
    last = today - ACT_WITHIN
    try:
        with limited():
            rated = Signal.objects.filter(source=source, dimension=dimension, opens=True, perceived__isnull=False)
            answers = rated.filter(occurred_on__gte=last - LEARN_OVER, occurred_on__lt=last).count()
            found = evidence([source], today=today, dimension=dimension, parts=1 + answers // ANSWERS_AT_MOST)
    except OutOfTime:
        return None
    return {tier: scores for (_source, _dimension, tier), scores in found.items()}


def opening() -> list[tuple[int, str]]:
    """(source id, dimension) of what opens pool entries by a rating, with those that only have a level yet."""
    with_level = set(AdequateLevel.objects.values_list("source_id", "dimension"))
    try:
        with limited(), connection.cursor() as cursor:
            cursor.execute(OPENING)
            return sorted(with_level | set(cursor.fetchall()))
    except OutOfTime:
        return sorted(with_level)


def rated(*, today: date) -> dict[tuple[int, str], list[Rated]] | None:
    """The opening ratings of the last 28 days by source and dimension; scaled where not all were read.

    None when it took too long.
    """
    first = today - RECENT + timedelta(days=1)
    percent = share_to_read(first, today, most=READ_AT_MOST)
    try:
        with limited(), connection.cursor() as cursor:
            cursor.execute(RATED.format(tablesample=tablesample(percent)), [first, today])
            rows = cursor.fetchall()
    except OutOfTime:
        return None
    found = defaultdict[tuple[int, str], list[Rated]](list)
    for source, dimension, tier, basis, score, n, dissatisfied, lowest, highest in rows:
        counts = (round(n * 100 / percent), round(dissatisfied * 100 / percent))
        found[source, dimension].append(Rated(tier, basis, score, *counts, lowest, highest))
    return found


def zones(*, today: date) -> dict[tuple[int, str], tuple[Zone | None, int]] | None:
    """By source and dimension: the means of last year's ratings whose customers stated all three levels, if any did,
    and how many ratings have an adequate level above the desired one, whoever set it. None when it took too long.
    """
    first = today - LEARN_OVER
    percent = share_to_read(first, today, most=READ_AT_MOST)
    try:
        with limited(), connection.cursor() as cursor:
            cursor.execute(ZONES.format(tablesample=tablesample(percent)), [first, today])
            rows = cursor.fetchall()
    except OutOfTime:
        return None
    return {
        (source, dimension): (Zone(n, perceived, adequate, desired, below, inverted) if n else None, turned)
        for source, dimension, n, perceived, adequate, desired, below, inverted, turned in rows
    }


def inversions(source: Source, dimension: str, *, today: date) -> QuerySet[Signal]:
    """The latest ratings of a year whose adequate level lies above the desired one."""
    turned = Signal.objects.filter(source=source, dimension=dimension, adequate__gt=F("desired"))
    return turned.filter(occurred_on__gt=today - LEARN_OVER, occurred_on__lte=today).order_by("-occurred_on", "-id")[
        :INVERSIONS_SHOWN
    ]
