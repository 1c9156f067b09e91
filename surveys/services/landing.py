"""The set-based core of every intake: rows → staging → customers, signals, detections, pool, one statement each.

A file of a million rows and one survey answer go the same way. Call inside a transaction: it lands whole or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction

from loopcare.customers.services import merge_customers
from surveys.enums import UnknownCustomers
from surveys.logic.decoding import Decoded
from surveys.models import Source
from surveys.selectors.detection import SIGHTINGS
from surveys.selectors.levels import levels_of
from surveys.services.detecting import Detected, detect
from surveys.services.months import make_months
from surveys.services.staging import COPY_CUSTOMERS, COPY_SIGNALS, EMPTY, EMPTY_NOW, TABLES, Staged, send, stage

ERASURE_LOCK = 7_007
"""Landings share this advisory lock, an erasure has it alone: no row comes behind it under somebody known before."""

# Rows of customers nobody knows, where the source takes only known ones.
DROP_UNKNOWN = """
WITH gone AS (
    DELETE FROM intake_signal AS i WHERE i.customer NOT IN (SELECT n.no FROM intake_known AS n) RETURNING row
)
SELECT coalesce(array_agg(DISTINCT row ORDER BY row), '{}') FROM gone
"""

ANALYZE = "ANALYZE intake_signal (external_id, occurred_on, customer), intake_known (no, id)"
ANALYZE_FROM = 5_000
"""Rows from which the planner is told what it has in hand; for fewer, telling costs more than a wrong guess."""

# What of the staged stands there already, as it was landed: one look a row, by the natural key.
EARLIER = """
FROM intake_signal AS i JOIN intake_known AS n ON n.no = i.customer CROSS JOIN LATERAL (
    SELECT * FROM surveys_signal AS s
    WHERE s.source_id = %(source)s AND s.external_id = i.external_id AND s.dimension = i.dimension
        AND s.occurred_on = i.occurred_on AND s.occurred_on BETWEEN %(first)s AND %(last)s LIMIT 1
) AS s WHERE i.known
"""
OTHERWISE = """((s.raw, s.perceived, s.desired, s.opens, s.kind, s.topic, s.customer_id, s.comment, s.causes::text[])
    IS DISTINCT FROM (i.raw, i.perceived, i.desired, i.opens, i.kind, i.topic, n.id, i.comment, i.causes))"""

# A staged row is known when its own number did not land.
MARK_KNOWN = """
UPDATE intake_signal AS i SET known = true WHERE (
    SELECT true FROM surveys_signal AS s
    WHERE s.occurred_on = i.occurred_on AND s.id = i.id AND s.occurred_on BETWEEN %(first)s AND %(last)s LIMIT 1
) IS NULL
"""

# What was landed before adds nothing; a row that says something else than it did then is told.
CLASHES = f"SELECT coalesce(array_agg(DISTINCT i.row ORDER BY i.row), '{{}}') {EARLIER} AND {OTHERWISE}"

# An event goes on after it was first told: it is closed, passed on, promised, disputed. Nothing else of it changes.
# Written over what stands then, not what was seen: another landing may tell of the same event. Rows are locked in one
# order, so that two who do take turns.
PROGRESS = f"""
WITH told AS MATERIALIZED (
    SELECT i.id AS staged, s.occurred_on, s.id, i.promised_at, i.closed_at, i.transfers, i.disputed
    {EARLIER} AND NOT {OTHERWISE}
        AND (coalesce(i.promised_at, s.promised_at), coalesce(i.closed_at, s.closed_at),
             coalesce(i.transfers, s.transfers), coalesce(i.disputed, s.disputed))
            IS DISTINCT FROM (s.promised_at, s.closed_at, s.transfers, s.disputed)
), held AS MATERIALIZED (
    SELECT s.occurred_on, s.id FROM surveys_signal AS s JOIN told ON s.occurred_on = told.occurred_on AND s.id = told.id
    ORDER BY s.id FOR NO KEY UPDATE OF s
), moved AS (
    UPDATE surveys_signal AS s SET
        promised_at = coalesce(told.promised_at, s.promised_at), closed_at = coalesce(told.closed_at, s.closed_at),
        transfers = coalesce(told.transfers, s.transfers), disputed = coalesce(told.disputed, s.disputed)
    FROM told JOIN held USING (occurred_on, id) WHERE s.occurred_on = told.occurred_on AND s.id = told.id
    RETURNING told.staged, s.id
)
UPDATE intake_signal AS i SET id = moved.id, moved = true FROM moved WHERE i.id = moved.staged
"""

# What is good enough: as the customer stated, else as a supervisor set, else as it came with the file, else as it was
# learned, else the source's own.
LEVEL = """
UPDATE intake_signal AS i SET
    adequate = CASE WHEN i.adequate_from = 'mapped' THEN coalesce(l.set_level, i.adequate)
        ELSE coalesce(l.set_level, l.learned_level) END,
    adequate_from = CASE WHEN l.set_level IS NOT NULL THEN 'set' WHEN i.adequate_from = 'mapped' THEN 'mapped'
        ELSE 'learned' END
FROM intake_known AS n, jsonb_to_recordset(%s)
    AS l(dimension text, value_tier text, set_level float8, learned_level float8)
WHERE n.no = i.customer AND l.dimension = i.dimension AND l.value_tier = n.tier
    AND i.perceived IS NOT NULL AND i.adequate_from <> 'stated'
"""

INSERT_SIGNALS = """
INSERT INTO surveys_signal (occurred_on, id, source_id, external_id, dimension, customer_id, kind, channel, raw,
    perceived, adequate, adequate_from, desired, opens, topic, occurred_at, promised_at, closed_at, transfers, disputed,
    causes, comment, received_at)
SELECT i.occurred_on, i.id, %s, i.external_id, i.dimension, n.id, i.kind, i.channel, i.raw,
    i.perceived, i.adequate, i.adequate_from, i.desired, i.opens, i.topic, i.occurred_at, i.promised_at, i.closed_at,
    i.transfers, i.disputed, i.causes, i.comment, %s
FROM intake_signal AS i JOIN intake_known AS n ON n.no = i.customer
ORDER BY i.external_id, i.dimension, i.occurred_on
"""
OR_KNOWN = "ON CONFLICT (source_id, external_id, dimension, occurred_on) DO NOTHING"

# The signals in hand as rules see them; an event that went on is looked at again.
IN_HAND = SIGHTINGS.format(
    signals="""(
    SELECT i.*, n.id AS customer_id, {source}::bigint AS source_id, now() AS received_at
    FROM intake_signal AS i JOIN intake_known AS n ON n.no = i.customer WHERE NOT i.known OR i.moved)"""
)


@dataclass(frozen=True, slots=True)
class Landed:
    """Counts of one landing. `accepted` rows brought at least one new signal, `updated` told how an event went on.

    `unknown` are the rows whose customer nobody knows (and the source takes only known ones), `clashes` the rows that
    say something else than an earlier one with the same key, which stays; both by row number.
    """

    accepted: int = 0
    signals: int = 0
    updated: int = 0
    dissatisfied: int = 0
    pool_new: int = 0
    unknown: list[int] = field(default_factory=list)
    clashes: list[int] = field(default_factory=list)


def land(*, rows: Iterable[Decoded], source: Source, now: datetime, actor_id: int | None = None) -> Landed:
    """Land rows of one source: new customers, new signals, what rules find in them, and the pool entries of that.

    What was landed before adds nothing. `now` is when the rows were received.
    """
    return land_staged(stage(rows, source), now=now, actor_id=actor_id)


def land_staged(staged: Staged, *, now: datetime, actor_id: int | None = None, rehearsal: bool = False) -> Landed:
    """The same, of rows that are lines already. A `rehearsal`, which will be undone, makes nobody wait their turn."""
    if not staged.signals:
        return Landed(clashes=staged.clashes)
    source = staged.source
    make_months(days=staged.days)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'; SET LOCAL random_page_cost = 1.1")
        if not rehearsal:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [ERASURE_LOCK])
        _copy(cursor, staged, emptied=EMPTY_NOW if rehearsal else EMPTY)
        unknown = _customers(cursor, staged, now)
        if levels := levels_of(source):
            cursor.execute(LEVEL, [json.dumps(levels)])
        signals = _insert(cursor, staged, now)
        if unknown or signals < len(staged.signals):
            accepted, updated, clashes = _known(cursor, staged, signals)
        else:
            accepted, updated, clashes = staged.fresh, 0, []
    found = Detected()
    if signals or updated:
        sightings = IN_HAND.format(source=int(source.pk))
        found = detect(sightings=sightings, now=now, actor_id=actor_id, rehearsal=rehearsal)
    clashes = sorted({*staged.clashes, *clashes})
    return Landed(accepted, signals, updated, found.signals, found.pool_new, unknown, clashes)


def _copy(cursor: Any, staged: Staged, *, emptied: str) -> None:
    cursor.execute(TABLES + emptied)
    with cursor.copy(COPY_SIGNALS) as copy:
        send(staged.signals, copy.write)
    with cursor.copy(COPY_CUSTOMERS) as copy:
        send(staged.lines_of_customers(), copy.write)


def _customers(cursor: Any, staged: Staged, now: datetime) -> list[int]:
    """See to the customers; returns the rows whose customer nobody knows, dropped."""
    found = merge_customers(
        staging="intake_customer",
        known="intake_known",
        rows=len(staged.customers),
        facts=staged.has_facts,
        create=staged.source.unknown_customers == UnknownCustomers.CREATE,
        now=now,
    )
    unknown: list[int] = []
    if found < len(staged.customers):
        cursor.execute(DROP_UNKNOWN)
        (unknown,) = cursor.fetchone()
    if len(staged.signals) >= ANALYZE_FROM:
        cursor.execute(ANALYZE)
    return unknown


def _insert(cursor: Any, staged: Staged, now: datetime) -> int:
    """The signals nobody told before; returns how many. A large part is taken for new until a row of it is known.

    Looking for each row before it is written costs a sixth of writing it; rows go in by key, so that a part that was
    landed before shows itself at once. Whatever else is wrong with a part is so when it is written again.
    """
    facts = [staged.source.pk, now]
    if len(staged.signals) >= ANALYZE_FROM:
        try:
            with transaction.atomic():
                cursor.execute(INSERT_SIGNALS, facts)
                return int(cursor.rowcount)
        except IntegrityError:
            pass
    cursor.execute(INSERT_SIGNALS + OR_KNOWN, facts)
    return int(cursor.rowcount)


def _known(cursor: Any, staged: Staged, signals: int) -> tuple[int, int, list[int]]:
    """What becomes of rows that did not land, being known: (rows accepted, events that went on, rows that clash)."""
    facts = {"source": staged.source.pk, "first": min(staged.days), "last": max(staged.days)}
    cursor.execute(MARK_KNOWN if signals else "UPDATE intake_signal SET known = true", facts)
    cursor.execute(CLASHES, facts)
    (clashes,) = cursor.fetchone()
    updated = 0
    if staged.has_events:
        cursor.execute(PROGRESS, facts)
        updated = cursor.rowcount
    cursor.execute("SELECT count(DISTINCT row) FROM intake_signal WHERE NOT known")
    (accepted,) = cursor.fetchone()
    return accepted, updated, clashes
