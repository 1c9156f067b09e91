"""The pool beside everybody else of this installation, by what is known of customers: counts only, in one statement."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from surveys.logic.profile import Counted, Read

MOST_READ = 500_000
"""Customers of either group that are read; of more, a random sample of about so many."""
MOST_VALUES = 50
"""Values of an attribute that are compared: the most frequent. What has more is a name rather than a kind."""
FEW_NUMBERS = 10
"""A number that takes at most so many values is compared value by value, any other in ten bands of the base."""
OWN = "own."
"""What stands before the name of an attribute that came with a file, so that it is none of our columns'."""

EVERYBODY = ""
"""The attribute that every customer has: it counts who was read."""

# Whole blocks would be read faster, but customers who came in one file lie side by side and are alike.
SAMPLE = "TABLESAMPLE BERNOULLI ({percent:.6f}) REPEATABLE (1)"

SIZES = """
SELECT (SELECT count(*) FROM customers_customer WHERE NOT starts_with(reference, 'erased-')),
    (SELECT count(*) FROM surveys_poolentry WHERE status <> 'left')
"""

# A number that no float can hold is a text: a reference, not a measure.
FACTS = """
WITH member AS MATERIALIZED (
    SELECT customer_id AS id FROM surveys_poolentry WHERE status <> 'left'
), looked AS (
    SELECT true AS pooled, c.brand, c.region, c.language, c.value_tier, c.activity_tier, c.attributes
    FROM member m JOIN customers_customer c USING (id)
    WHERE %(pool_parts)s = 1 OR hashint8(c.id) %% %(pool_parts)s = 0
    UNION ALL
    SELECT false, c.brand, c.region, c.language, c.value_tier, c.activity_tier, c.attributes
    FROM customers_customer c {sample}
    WHERE NOT EXISTS (SELECT FROM member m WHERE m.id = c.id) AND NOT starts_with(c.reference, 'erased-')
), fact AS (
    SELECT l.pooled, f.attribute, f.value, f.number
    FROM looked l CROSS JOIN LATERAL (
        VALUES ('', 'everybody', NULL::float8), ('brand', l.brand::text, NULL), ('region', l.region, NULL),
            ('language', l.language, NULL), ('value_tier', l.value_tier, NULL), ('activity_tier', l.activity_tier, NULL)
        UNION ALL
        SELECT %(own)s || a.key, a.value #>> '{{}}',
            CASE WHEN jsonb_typeof(a.value) = 'number' AND abs((a.value #>> '{{}}')::numeric) < 1e300
                THEN (a.value #>> '{{}}')::float8 END
        FROM jsonb_each(CASE WHEN jsonb_typeof(l.attributes) = 'object' THEN l.attributes ELSE '{{}}' END) a
        WHERE jsonb_typeof(a.value) IN ('string', 'number', 'boolean')
    ) f (attribute, value, number)
    WHERE f.value <> ''
), tally AS (
    SELECT attribute, coalesce(number::text, value) AS value, number,
        count(*) FILTER (WHERE pooled) AS pool, count(*) FILTER (WHERE NOT pooled) AS rest
    FROM fact GROUP BY attribute, coalesce(number::text, value), number
), kind AS (
    SELECT attribute, sum(pool)::bigint AS pool, sum(rest)::bigint AS rest, count(DISTINCT value) AS values,
        sum(pool + rest) FILTER (WHERE number IS NOT NULL) >= 0.9 * sum(pool + rest)
            AND count(*) FILTER (WHERE number IS NOT NULL) > %(few)s AS banded
    FROM tally GROUP BY attribute
), placed AS (
    SELECT t.*, k.banded AND t.number IS NOT NULL AS banded,
        ceil(10 * (sum(weight) OVER up / sum(weight) OVER whole) - 1e-9) AS band
    FROM (SELECT *, pool * %(pool_weight)s::float8 + rest * %(rest_weight)s::float8 AS weight FROM tally) t
    JOIN kind k USING (attribute)
    WINDOW whole AS (PARTITION BY attribute, t.number IS NULL), up AS (whole ORDER BY t.number)
), value AS (
    SELECT attribute, value, NULL::float8 AS low, NULL::float8 AS high,
        sum(pool)::bigint AS pool, sum(rest)::bigint AS rest,
        row_number() OVER (PARTITION BY attribute ORDER BY sum(weight) DESC, value) AS place
    FROM placed WHERE NOT banded GROUP BY attribute, value
    UNION ALL
    SELECT attribute, 'band ' || band, min(number), max(number), sum(pool)::bigint, sum(rest)::bigint, 0
    FROM placed WHERE banded GROUP BY attribute, band
)
SELECT v.attribute, v.value, v.low, v.high, v.pool, v.rest, k.pool, k.rest, k.values > %(most)s AND NOT k.banded
FROM kind k JOIN value v USING (attribute)
WHERE v.place <= %(most)s
ORDER BY v.attribute, v.low, v.value
"""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the customers of both groups are, as counts: by value, and by attribute how many are known (pool, rest).

    `crowded`: attributes of which only the most frequent values are here.
    """

    counts: list[Counted]
    known: dict[str, tuple[int, int]]
    read: Read
    crowded: list[str]


def facts_of_customers(*, most: int = MOST_READ) -> Facts:
    """The open pool beside all other customers, by brand, region, language, tiers and every attribute of theirs.

    Numbers come in ten bands of the base, in each of which lies about a tenth of those whose number is known. Of more
    than `most` customers in a group a sample is read.
    """
    with connection.cursor() as cursor:
        cursor.execute(SIZES)
        base, pool = cursor.fetchone()
        pool_parts, share = max(1, -(-pool // most)), min(1.0, most / max(1, base - pool))
        params = {
            "own": OWN,
            "few": FEW_NUMBERS,
            "most": MOST_VALUES,
            "pool_parts": pool_parts,
            "pool_weight": float(pool_parts),
            "rest_weight": 1 / share,
        }
        cursor.execute(FACTS.format(sample=SAMPLE.format(percent=100 * share) if share < 1 else ""), params)
        rows = cursor.fetchall()
    counts = [
        Counted(attribute, value, pool=in_pool, rest=in_rest, low=low, high=high)
        for attribute, value, low, high, in_pool, in_rest, *_known in rows
        if attribute
    ]
    known = {row[0]: (row[6], row[7]) for row in rows}
    pool_read, rest_read = known.pop(EVERYBODY, (0, 0))
    # Who came or went between the two statements is no reason to weigh anybody.
    pool = pool_read if pool_parts == 1 else pool
    base = pool + rest_read if share == 1 else max(base, pool + rest_read)
    crowded = sorted({row[0] for row in rows if row[8]})
    return Facts(counts, known, Read(pool, base, pool_read, rest_read), crowded)
