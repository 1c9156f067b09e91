"""Comments read: every open entry's comment gets its best guess, and entries without a cause the ones that are sure.

What customers chose and agents heard outranks what is read: a read cause stands in an entry's causes only while nobody
named one, and goes when a later reading says otherwise. Each batch is one transaction, so an interrupted run goes on
where it ended, and a second one finds nothing to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import md5
from typing import Any

from django.db import connection, transaction
from django.utils.timezone import get_current_timezone_name

from loopcare.common.errors import Conflict
from surveys.logic.causes.reader import NO_CAUSE, Guess, read
from surveys.models import TextModel
from surveys.selectors.cause_texts import Unread, counts_as, latest_reader, unread
from surveys.services.causes.keeping import load_reader
from surveys.services.causes.training import train_reader
from surveys.services.detecting import POOL_LOCK

BATCH = 2_000

LOCK_ENTRIES = "SELECT id FROM surveys_poolentry WHERE id = ANY(%s) ORDER BY id FOR UPDATE"

# `taken`: what an earlier reading gave and nobody named since, as it counts today; only that may go again. Signals of
# this stay are those found since the day it began; one that is archived may have named anything.
WRITE = """
WITH ends AS MATERIALIZED (
    SELECT * FROM unnest(%(codes)s::text[], %(targets)s::text[]) AS e(code, target)
), guess AS MATERIALIZED (
    SELECT g.*, e.customer_id, e.entered_on, e.causes
    FROM unnest(%(entries)s::bigint[], %(marks)s::text[], %(causes)s::text[], %(accepted)s::boolean[],
        %(confidences)s::float8[]) AS g(entry_id, mark, cause, accepted, confidence)
    JOIN surveys_poolentry AS e ON e.id = g.entry_id AND e.status <> 'left' AND md5(e.comment) = g.mark
), taken AS MATERIALIZED (
    SELECT b.entry_id, b.cause, b.code FROM (
        SELECT g.*, k.cause AS before, coalesce(nullif(ends.target, ''), k.cause) AS code
        FROM guess AS g JOIN surveys_causecode AS k ON k.entry_id = g.entry_id AND k.basis = 'text' AND k.accepted
        LEFT JOIN ends ON ends.code = k.cause
    ) AS b(entry_id, mark, guessed, accepted, confidence, customer_id, entered_on, causes, cause, code)
    CROSS JOIN LATERAL (
        SELECT array_append(array_agg(ends.code), b.code) AS names FROM ends WHERE ends.target = b.code
    ) AS same
    WHERE NOT EXISTS (
        SELECT FROM surveys_causecode AS a
        WHERE a.entry_id = b.entry_id AND a.basis = 'agent' AND a.cause = ANY(same.names))
    AND NOT EXISTS (
        SELECT FROM surveys_detection AS d
        LEFT JOIN surveys_signal AS s ON s.occurred_on = d.signal_on AND s.id = d.signal_no
        WHERE d.customer_id = b.customer_id AND d.detected_at >= b.entered_on::timestamp AT TIME ZONE %(zone)s
            AND (s.id IS NULL OR s.causes::text[] && same.names))
), kept AS (
    INSERT INTO surveys_causecode (entry_id, basis, cause, accepted, confidence, model_id, at)
    SELECT entry_id, 'text', cause, accepted, confidence, %(model)s, %(now)s FROM guess ORDER BY entry_id
    ON CONFLICT (entry_id) WHERE basis = 'text' DO UPDATE SET cause = excluded.cause, accepted = excluded.accepted,
        confidence = excluded.confidence, model_id = excluded.model_id, at = excluded.at
    RETURNING accepted
), goal AS (
    SELECT entry_id, CASE WHEN rest = '{}' AND accepted THEN ARRAY[cause] ELSE rest END AS causes FROM (
        SELECT g.entry_id, g.cause, g.accepted,
            array_remove(array_remove(g.causes::text[], taken.cause::text), taken.code::text) AS rest
        FROM guess AS g LEFT JOIN taken ON taken.entry_id = g.entry_id) AS left_over
), moved AS (
    UPDATE surveys_poolentry AS e SET causes = goal.causes::varchar[] FROM goal
    WHERE e.id = goal.entry_id AND e.causes::text[] <> goal.causes
    RETURNING e.id
)
SELECT (SELECT count(*) FROM kept), (SELECT count(*) FROM kept WHERE accepted), (SELECT count(*) FROM moved)
"""


@dataclass(frozen=True, slots=True)
class Coding:
    """What one run did: the reader's version, comments read, those that were given a cause, entries whose causes
    changed; `more` where the limit ended it before everything was read."""

    version: int
    read: int = 0
    given: int = 0
    changed: int = 0
    more: bool = False


def code_comments(*, now: datetime, limit: int | None = None) -> Coding:
    """Read the open entries' comments that the latest reader has not read, at most `limit` of them.

    Where there is no reader, or none that this installation can load, one is trained first. Raises Invalid where there
    is too little to learn from.
    """
    model, fitted = _reader(now)
    thresholds = {cause["cause"]: cause["threshold"] for cause in model.card["causes"]}
    now_is = counts_as()
    looked, after, counts = 0, 0, (0, 0, 0)
    while limit is None or looked < limit:
        batch = unread(model, after=after, limit=BATCH if limit is None else min(BATCH, limit - looked))
        if not batch:
            break
        guesses = read(fitted, thresholds, [one.comment for one in batch])
        kept, given, changed = _write(batch, guesses, now_is, model, now)
        counts = (counts[0] + kept, counts[1] + given, counts[2] + changed)
        looked, after = looked + len(batch), batch[-1].entry
    more = limit is not None and looked >= limit and bool(unread(model, after=after, limit=1))
    return Coding(model.version, *counts, more)


def _reader(now: datetime) -> tuple[TextModel, Any]:
    model = latest_reader() or train_reader(now=now)
    try:
        return model, load_reader(model)
    except Conflict:
        model = train_reader(now=now)
        return model, load_reader(model)


@transaction.atomic
def _write(
    batch: Sequence[Unread],
    guesses: Sequence[Guess | None],
    now_is: dict[str, str],
    model: TextModel,
    now: datetime,
) -> tuple[int, int, int]:
    """Keep a batch's guesses; returns comments kept, given a cause, and entries changed. A comment that was replaced
    meanwhile is left to the next run. In turn with landings, which write the same rows."""
    lines = [_line(one, guess, now_is) for one, guess in zip(batch, guesses, strict=True)]
    entries, marks, causes, accepted, confidences = (list(column) for column in zip(*lines, strict=True))
    facts: dict[str, Any] = {
        "entries": entries,
        "marks": marks,
        "causes": causes,
        "accepted": accepted,
        "confidences": confidences,
        "codes": list(now_is),
        "targets": list(now_is.values()),
        "zone": get_current_timezone_name(),
        "model": model.pk,
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [POOL_LOCK])
        cursor.execute(LOCK_ENTRIES, [entries])
        cursor.execute(WRITE, facts)
        kept, given, changed = cursor.fetchone()
    return kept, given, changed


def _line(one: Unread, guess: Guess | None, now_is: dict[str, str]) -> tuple[int, str, str, bool, float]:
    """Entry, mark of its comment, cause as it counts today, whether that is given, and the confidence.

    A comment that says nothing is kept as one that names no cause, so that it is not read again.
    """
    mark = md5(one.comment.encode(), usedforsecurity=False).hexdigest()
    if guess is None or guess.cause == NO_CAUSE:
        return one.entry, mark, NO_CAUSE, False, guess.confidence if guess else 0.0
    code = now_is.get(guess.cause, "")
    return one.entry, mark, code or guess.cause, guess.accepted and code != "", guess.confidence
