"""Measures of customers as SQL, how they are spread, and which tier customers and the pool are in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection

from surveys.enums import TierKind
from surveys.logic.tiers import ATTRIBUTE, HEARD, MAX_ATTRIBUTE, RECENCY, TIERS, Kind, attribute_of
from surveys.models import TierRule
from surveys.selectors.samples import OutOfTime, limited, tablesample

COLUMNS: Mapping[Kind, str] = {"activity": "activity_tier", "value": "value_tier"}
HEARD_OVER = timedelta(days=90)
MOVES_OVER = timedelta(days=28)
BUCKETS = 30
QUANTILES = (0.01, 0.5, 0.8, 0.95, 0.99)
"""Of the measure: the ends of the histogram, and in between what half, a fifth and a twentieth of customers reach."""
LOOK_AT_MOST = 100_000
"""Customers a page looks at; by one look each at their signals, a tenth of that."""
ROWS_A_PAGE = 20  # of a table that was never analysed
LOOK_FOR_NAMES = 5_000
NAMES_AT_MOST = 40

# Predictions and warehouse scans are our doing: they say nothing of how much somebody is in touch.
HEARD_BY = "kind IN ('rating', 'review', 'complaint', 'contact', 'ticket') AND occurred_on <= %(today)s"
RECENT = f"{HEARD_BY} AND occurred_on > %(today)s::date - %(over)s"
A_NUMBER = "^-?[0-9]+([.][0-9]+)?$"
MAX_DIGITS = 300
"""Longer ones are beyond double precision. A bound within the pattern would make it ten times as slow."""


@dataclass(frozen=True, slots=True)
class Measure:
    """SQL of a measure of the customer `c`, double precision and NULL where there is none.

    `of_all` reads what `join` brings, which is made once for all customers; `of_one` looks customer by customer.
    """

    of_all: str
    of_one: str
    join: str = ""


NUMBER = f"""CASE WHEN length(c.attributes ->> %(attribute)s) < {MAX_DIGITS}
    AND (c.attributes ->> %(attribute)s) ~ '{A_NUMBER}' THEN (c.attributes ->> %(attribute)s)::float8 END"""
MEASURES: Mapping[str, Measure] = {
    ATTRIBUTE: Measure(NUMBER, NUMBER),
    RECENCY: Measure(
        of_all="(s.last - %(today)s::date)::float8",
        of_one=f"""((SELECT max(occurred_on) FROM surveys_signal WHERE customer_id = c.id AND {HEARD_BY})
            - %(today)s::date)::float8""",
        join=f"""LEFT JOIN (SELECT customer_id, max(occurred_on) AS last FROM surveys_signal WHERE {HEARD_BY}
            GROUP BY customer_id) AS s ON s.customer_id = c.id""",
    ),
    HEARD: Measure(
        of_all="coalesce(s.days, 0)::float8",
        of_one=f"""(SELECT count(DISTINCT occurred_on) FROM surveys_signal
            WHERE customer_id = c.id AND {RECENT})::float8""",
        join=f"""LEFT JOIN (SELECT customer_id, count(*) AS days FROM (
            SELECT DISTINCT customer_id, occurred_on FROM surveys_signal WHERE {RECENT}) AS each
            GROUP BY customer_id) AS s ON s.customer_id = c.id""",
    ),
}

SIZE = """
SELECT CASE WHEN reltuples >= 0 AND relpages > 0 THEN reltuples / relpages ELSE %s END
    * pg_relation_size(oid) / current_setting('block_size')::int
FROM pg_class WHERE oid = 'customers_customer'::regclass
"""

# One reading of the customers gives the ends, the columns between them, and who would be in which tier.
SPREAD = """
WITH looked AS MATERIALIZED (
    SELECT c.{column} AS tier, {measure} AS measure FROM customers_customer AS c {tablesample}
), ends AS (
    SELECT percentile_disc(%(quantiles)s::float8[]) WITHIN GROUP (ORDER BY measure) AS at FROM looked
)
SELECT at, tier, width_bucket(measure, %(rising)s::float8[]),
    CASE WHEN measure < at[1] THEN 0 WHEN measure > at[5] THEN %(buckets)s + 1 WHEN at[1] = at[5] THEN 1
        ELSE least(width_bucket(measure, at[1], at[5], %(buckets)s), %(buckets)s) END,
    count(*)
FROM looked CROSS JOIN ends GROUP BY 1, 2, 3, 4
"""

# How often each attribute is a number.
NAMES = """
SELECT each.key, count(*) FROM (
    SELECT attributes FROM customers_customer {tablesample} LIMIT %s
) AS few CROSS JOIN LATERAL jsonb_each_text(attributes) AS each
WHERE each.value ~ %s AND length(each.key) BETWEEN 1 AND %s
GROUP BY each.key ORDER BY count(*) DESC, each.key LIMIT %s
"""

STANDING = "SELECT {column}, count(*) FROM {table} {where} GROUP BY 1"
MOVES = """
SELECT from_tier, to_tier, count(*) FROM surveys_tiermove
WHERE kind = %s AND moved_on > %s AND moved_on <= %s GROUP BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Spread:
    """How a measure is spread over customers, and into which tiers three cuts would divide them.

    `n` customers were looked at, `percent` of the table's pages; `without` of them have no measure. `quantiles` are
    those of QUANTILES, empty where nobody has the measure. `columns` counts by bucket (0 is below the first quantile,
    BUCKETS + 1 above the last) and tier; `moves` by the tier they have and the tier they would have, the same included.
    """

    n: int
    percent: float
    without: int
    quantiles: tuple[float, ...]
    columns: Mapping[tuple[int, str], int]
    moves: Mapping[tuple[str, str], int]


def rule_of(kind: Kind) -> TierRule | None:
    """The rule that holds; None where tiers are only told."""
    return TierRule.objects.filter(kind=kind).select_related("decided_by").order_by("-version").first()


def facts_of(measure: str, *, today: date) -> dict[str, Any]:
    """What the SQL of a measure asks for."""
    return {"attribute": attribute_of(measure), "today": today, "over": HEARD_OVER.days}


def measure_of(measure: str) -> Measure:
    return MEASURES[ATTRIBUTE if attribute_of(measure) is not None else measure]


def spread(kind: Kind, measure: str, cuts: Sequence[float], *, today: date) -> Spread | None:
    """How a measure is spread over customers, in one statement; None when it took too long.

    Of more than LOOK_AT_MOST customers a part is read, page by page of the table and the same each time.
    """
    by_one = measure_of(measure).of_one
    percent = _share_to_read(LOOK_AT_MOST if attribute_of(measure) is not None else LOOK_AT_MOST // 10)
    facts: dict[str, Any] = {"quantiles": list(QUANTILES), "rising": sorted(cuts), "buckets": BUCKETS}
    statement = SPREAD.format(column=COLUMNS[kind], measure=by_one, tablesample=tablesample(percent))
    try:
        with limited(), connection.cursor() as cursor:
            cursor.execute(statement, facts | facts_of(measure, today=today))
            rows = cursor.fetchall()
    except OutOfTime:
        return None
    return _spread(kind, rows, percent)


def _spread(kind: Kind, rows: Sequence[Sequence[Any]], percent: float) -> Spread:
    columns, moves = defaultdict[tuple[int, str], int](int), defaultdict[tuple[str, str], int](int)
    without, quantiles = 0, tuple[float, ...]()
    for at, tier, reached, bucket, n in rows:
        if reached is None:
            without += n
            continue
        becomes = TIERS[kind][-1 - reached]
        quantiles = tuple(at)
        columns[bucket, becomes] += n
        moves[tier, becomes] += n
    return Spread(without + sum(moves.values()), percent, without, quantiles, dict(columns), dict(moves))


def numeric_attributes() -> list[tuple[str, int]]:
    """Names of attributes that are numbers, the most frequent first, by how many of some customers have them."""
    percent = _share_to_read(10 * LOOK_FOR_NAMES)
    facts: list[Any] = [LOOK_FOR_NAMES, A_NUMBER, MAX_ATTRIBUTE, NAMES_AT_MOST]
    with connection.cursor() as cursor:
        cursor.execute(NAMES.format(tablesample=tablesample(percent)), facts)
        return [(name, n) for name, n in cursor.fetchall()]


def standing(kind: Kind, *, pool: bool = False) -> dict[str, int]:
    """How many customers, or open pool entries, each tier has; '' is unknown."""
    table, where = ("surveys_poolentry", "WHERE status <> 'left'") if pool else ("customers_customer", "")
    with connection.cursor() as cursor:
        cursor.execute(STANDING.format(column=COLUMNS[kind], table=table, where=where))
        return dict(cursor.fetchall())


def moves_of(kind: Kind, *, today: date) -> list[tuple[str, str, int]]:
    """From which tier to which customers went during the last 28 days, and how many; '' is unknown before."""
    tiers = ("", *TIERS[kind])
    with connection.cursor() as cursor:
        cursor.execute(MOVES, [TierKind(kind).value, today - MOVES_OVER, today])
        rows = cursor.fetchall()
    return sorted(rows, key=lambda row: (tiers.index(row[0]), tiers.index(row[1])))


def _share_to_read(most: int) -> float:
    """Percent of the customers' pages to read so that about `most` are met."""
    with connection.cursor() as cursor:
        cursor.execute(SIZE, [ROWS_A_PAGE])
        (rows,) = cursor.fetchone()
    return 100.0 if rows <= most else 100.0 * most / float(rows)
