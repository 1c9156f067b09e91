"""The set-based core of every intake: rows → staging → customers, signals, pool, one statement each.

A file of a million rows and one survey answer go the same way. Call inside a transaction: it lands whole or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils.timezone import localdate

from loopcare.customers.encryption import encrypt
from loopcare.customers.services import merge_customers
from surveys.enums import EntryKind
from surveys.logic.decoding import Decoded
from surveys.models import Source
from surveys.services.months import make_months

REPEAT_WINDOW = timedelta(days=90)
"""Dissatisfied again within it counts as a repeat."""

STAGING = """
CREATE TEMPORARY TABLE IF NOT EXISTS intake_row (
    row bigint, reference text COLLATE "C", external_id text COLLATE "C", occurred_on date,
    name_enc bytea, brand text, region text, language text, value_tier text, attributes jsonb,
    causes text[], comment text,
    dimension text[], raw text[], perceived float8[], adequate float8[], desired float8[], opens boolean[]
) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS intake_dissatisfied (
    customer_id bigint, occurred_on date, id bigint, dimension text, raw text,
    perceived float8, adequate float8, desired float8, causes text[], comment text
) ON COMMIT DELETE ROWS;
TRUNCATE intake_row, intake_dissatisfied;
"""

COPY = """
COPY intake_row (row, reference, external_id, occurred_on, name_enc, brand, region, language, value_tier, attributes,
    causes, comment, dimension, raw, perceived, adequate, desired, opens) FROM STDIN
"""

# The same answer twice in one file is one answer: the first.
DROP_DUPLICATES = """
DELETE FROM intake_row USING (
    SELECT ctid, row_number() OVER (PARTITION BY external_id, occurred_on ORDER BY row) AS nth FROM intake_row
) AS counted
WHERE intake_row.ctid = counted.ctid AND counted.nth > 1
"""

# Causes and comment stand on a row's first signal, which is the opening one where it was answered.
INSERT_SIGNALS = """
WITH landed AS (
    INSERT INTO surveys_signal (occurred_on, source_id, external_id, dimension, customer_id, kind, raw, perceived,
        adequate, desired, opens, causes, comment, received_at)
    SELECT r.occurred_on, %(source)s, r.external_id, s.dimension, c.id, %(kind)s, s.raw, s.perceived,
        coalesce(s.adequate, %(adequate)s), s.desired, s.opens,
        CASE s.nth WHEN 1 THEN r.causes ELSE '{}' END, CASE s.nth WHEN 1 THEN r.comment ELSE '' END, %(now)s
    FROM intake_row AS r
    JOIN customers_customer AS c ON c.reference = r.reference
    CROSS JOIN LATERAL unnest(r.dimension, r.raw, r.perceived, r.adequate, r.desired, r.opens)
        WITH ORDINALITY AS s(dimension, raw, perceived, adequate, desired, opens, nth)
    ORDER BY r.row, s.nth
    ON CONFLICT (source_id, external_id, dimension, occurred_on) DO NOTHING
    RETURNING *
), dissatisfied AS (
    INSERT INTO intake_dissatisfied
    SELECT customer_id, occurred_on, id, dimension, raw, perceived, adequate, desired, causes, comment
    FROM landed WHERE opens AND perceived < adequate
)
SELECT count(DISTINCT (external_id, occurred_on)), count(*), count(*) FILTER (WHERE opens AND perceived < adequate)
FROM landed
"""

# One entry per customer, made of the new signals and of the entry that is open already: raw answer, dimension and
# signal are the latest ones', the levels (and so the gap) the worst ones', causes are united, the latest comment stays.
ENTER_POOL = """
WITH candidate AS (
    SELECT *, false AS standing FROM intake_dissatisfied
    UNION ALL
    SELECT customer_id, signal_on, signal_no, dimension, raw, perceived, adequate, desired, causes, comment, true
    FROM surveys_poolentry
    WHERE status <> 'left' AND customer_id IN (SELECT customer_id FROM intake_dissatisfied)
), latest AS (
    SELECT DISTINCT ON (customer_id) * FROM candidate ORDER BY customer_id, occurred_on DESC, id DESC
), worst AS (
    SELECT DISTINCT ON (customer_id) * FROM candidate
    ORDER BY customer_id, perceived - adequate, occurred_on DESC, id DESC
), told AS (
    SELECT customer_id, (array_agg(comment ORDER BY standing, occurred_on DESC, id DESC)
        FILTER (WHERE comment <> ''))[1] AS comment
    FROM candidate GROUP BY customer_id
), why AS (
    SELECT customer_id, array_agg(DISTINCT cause COLLATE "C" ORDER BY cause COLLATE "C") AS causes
    FROM candidate, unnest(causes) AS cause GROUP BY customer_id
), times AS (
    SELECT l.customer_id, count(*) AS repeats
    FROM latest AS l
    JOIN surveys_signal AS e ON e.customer_id = l.customer_id AND e.opens AND e.perceived < e.adequate
        AND e.occurred_on > l.occurred_on - %(window)s AND e.occurred_on <= l.occurred_on
    WHERE e.occurred_on > %(earliest)s
    GROUP BY l.customer_id
), entered AS (
    INSERT INTO surveys_poolentry (customer_id, status, kind, source_id, channel, brand, region, value_tier,
        activity_tier, dimension, raw, perceived, adequate, desired, repeat_count, causes, comment, signal_on,
        signal_no, entered_on, left_reason)
    SELECT c.id, 'waiting', %(entry_kind)s, %(source)s, %(channel)s, c.brand, coalesce(c.region, ''), c.value_tier,
        c.activity_tier, l.dimension, l.raw, w.perceived, w.adequate, w.desired, t.repeats,
        coalesce(why.causes, '{}'), coalesce(told.comment, ''), l.occurred_on, l.id, %(today)s, ''
    FROM latest AS l
    JOIN customers_customer AS c ON c.id = l.customer_id
    JOIN worst AS w ON w.customer_id = l.customer_id
    JOIN times AS t ON t.customer_id = l.customer_id
    JOIN told ON told.customer_id = l.customer_id
    LEFT JOIN why ON why.customer_id = l.customer_id
    ORDER BY l.occurred_on, l.id
    ON CONFLICT (customer_id) WHERE status <> 'left' DO UPDATE SET
        dimension = excluded.dimension, raw = excluded.raw, perceived = excluded.perceived,
        adequate = excluded.adequate, desired = excluded.desired, repeat_count = excluded.repeat_count,
        causes = excluded.causes, comment = excluded.comment, signal_on = excluded.signal_on,
        signal_no = excluded.signal_no
    RETURNING id, xmax = 0 AS is_new
), noted AS (
    INSERT INTO surveys_poolevent (entry_id, from_status, to_status, reason, actor_id, at)
    SELECT id, '', 'waiting', '', %(actor)s, %(now)s FROM entered WHERE is_new ORDER BY id
)
SELECT count(*) FILTER (WHERE is_new) FROM entered
"""


@dataclass(frozen=True, slots=True)
class Landed:
    """Counts of one landing. `accepted` rows brought at least one new signal."""

    accepted: int
    signals: int
    dissatisfied: int
    pool_new: int


def land(*, rows: Iterable[Decoded], source: Source, now: datetime, actor_id: int | None = None) -> Landed:
    """Land rows of one source: new customers, new signals, and the pool entries they open or deepen.

    What was landed before adds nothing. `now` is when the rows were received.
    """
    with connection.cursor() as cursor:
        cursor.execute(STAGING)
        with cursor.copy(COPY) as copy:
            for row in rows:
                copy.write_row(_staged(row))
        cursor.execute("ANALYZE intake_row")
        cursor.execute("SELECT DISTINCT date_trunc('month', occurred_on)::date FROM intake_row")
        make_months(days=[month for (month,) in cursor.fetchall()])
        cursor.execute(DROP_DUPLICATES)
        # This also locks the file's customers, in the order of their references: intakes that meet take turns from
        # here on, so that the pool is read and written undisturbed.
        merge_customers(staging="intake_row", order="row", now=now)
        facts = _facts(source, now, actor_id)
        cursor.execute(INSERT_SIGNALS, facts)
        accepted, signals, dissatisfied = cursor.fetchone()
        pool_new = 0
        if dissatisfied:
            cursor.execute("SELECT min(occurred_on) FROM intake_dissatisfied")
            (first,) = cursor.fetchone()
            cursor.execute(ENTER_POOL, {**facts, "earliest": first - REPEAT_WINDOW})
            (pool_new,) = cursor.fetchone()
    return Landed(accepted, signals, dissatisfied, pool_new)


def _facts(source: Source, now: datetime, actor_id: int | None) -> dict[str, Any]:
    return {
        "source": source.pk,
        "kind": source.kind,
        "channel": source.channel,
        "adequate": None if source.adequate is None else float(source.adequate),
        "entry_kind": (EntryKind.LATENT if source.latent else EntryKind.EXPLICIT).value,
        "window": REPEAT_WINDOW.days,
        "today": localdate(now),
        "now": now,
        "actor": actor_id,
    }


def _staged(row: Decoded) -> tuple[object, ...]:
    ratings = row.ratings
    return (
        row.row,
        row.reference,
        row.external_id,
        row.occurred_on,
        encrypt(row.name) if row.name else None,
        row.brand,
        row.region,
        row.language,
        row.value_tier,
        json.dumps(row.attributes or {}, ensure_ascii=False),
        list(row.causes),
        row.comment,
        [rating.dimension for rating in ratings],
        [rating.raw for rating in ratings],
        [rating.perceived for rating in ratings],
        [rating.adequate for rating in ratings],
        [rating.desired for rating in ratings],
        [rating.opens for rating in ratings],
    )
