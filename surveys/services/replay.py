"""A day looked at again: what the rules in use find now in its signals, beside the detections and stays that stand.

The comparison removes the day's detections, detects anew and undoes both. Differences come from rules that were changed
since, from signals that came late and changed the context of others, from edits by hand, or from a defect.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.utils.timezone import get_current_timezone_name

from surveys.models import DetectionRule, PoolEntry, Watermark
from surveys.selectors.detection import BY_TIME, rules_in_use
from surveys.services.archive import refuse_gone
from surveys.services.detecting import LOOK_BACK, POOL_LOCK, PROMISES, detect

EXAMPLES = 20  # differences that are named

TABLES = """
CREATE TEMPORARY TABLE IF NOT EXISTS replay_standing (
    rule_id bigint, signal_no bigint, customer_id bigint, detected_at timestamptz
) ON COMMIT DELETE ROWS;
TRUNCATE replay_standing;
"""
KEEP = """
INSERT INTO replay_standing
SELECT rule_id, signal_no, customer_id, detected_at FROM surveys_detection WHERE signal_on = %(day)s
"""
REMOVE = "DELETE FROM surveys_detection WHERE signal_on = %(day)s"

# One line for each rule and signal that stands or is found. It is covered by a stay that its customer had when it was,
# or would have been, detected. Promises that passed since the last look for them are left out: nobody has looked yet.
PAIRS = """
WITH pair AS (
    SELECT rule_id, signal_no, coalesce(f.customer_id, t.customer_id) AS customer_id, t.detected_at,
        t.rule_id IS NOT NULL AS stands, f.rule_id IS NOT NULL AS is_found
    FROM replay_standing AS t FULL JOIN (
        SELECT rule_id, signal_no, customer_id FROM surveys_detection WHERE signal_on = %(day)s
    ) AS f USING (rule_id, signal_no)
), told AS (
    SELECT p.*, coalesce(p.detected_at, s.received_at) AS at
    FROM pair AS p LEFT JOIN surveys_signal AS s ON s.occurred_on = %(day)s AND s.id = p.signal_no
    WHERE NOT (p.rule_id = ANY(%(by_time)s)
        AND coalesce(s.promised_at > %(looked)s AND s.promised_at <= %(now)s, false))
)
SELECT told.*, CASE WHEN NOT is_found THEN 'extra' WHEN stands THEN 'same' ELSE 'missing' END AS what,
    EXISTS (SELECT FROM surveys_poolentry AS e WHERE e.customer_id = told.customer_id AND e.id <= %(newest)s
        AND e.entered_on <= (told.at AT TIME ZONE %(zone)s)::date AND (e.left_at IS NULL OR e.left_at >= told.at)
    ) AS covered
FROM told
"""
COUNTS = f"""
SELECT r.code, count(*) FILTER (WHERE what = 'same'), count(*) FILTER (WHERE what = 'missing'),
    count(*) FILTER (WHERE what = 'extra')
FROM ({PAIRS}) AS p JOIN surveys_detectionrule AS r ON r.id = p.rule_id GROUP BY r.code ORDER BY r.code
"""
DIFFERENCES = f"""
SELECT what, r.code, signal_no, customer_id FROM ({PAIRS}) AS p JOIN surveys_detectionrule AS r ON r.id = p.rule_id
WHERE what <> 'same' ORDER BY what DESC, r.code, signal_no LIMIT {EXAMPLES}
"""
STAYS = f"""
SELECT count(*) FILTER (WHERE is_found AND covered), count(*) FILTER (WHERE is_found AND NOT covered),
    count(*) FILTER (WHERE NOT is_found AND covered)
FROM (SELECT bool_or(is_found) AS is_found, bool_or(covered) AS covered FROM ({PAIRS}) AS p GROUP BY customer_id) AS c
"""

STAYLESS = f"""
SELECT customer_id FROM ({PAIRS}) AS p GROUP BY customer_id HAVING bool_or(is_found) AND NOT bool_or(covered)
"""
TAKE_BACK = "DELETE FROM surveys_detection WHERE signal_on = %(day)s AND customer_id = ANY(%(stayless)s)"
COUNT = "SELECT count(*) FROM surveys_detection WHERE signal_on = %(day)s"


@dataclass(slots=True)
class Compared:
    """How many are the same, missing (found now, not standing) and extra (standing, not found now)."""

    same: int = 0
    missing: int = 0
    extra: int = 0

    @property
    def equal(self) -> bool:
        return not self.missing and not self.extra


@dataclass(slots=True)
class Replayed:
    """A day beside its replay: detections (also by code of rule), customers with a stay, the first differences.

    `added` detections and `entered` stays are what was missing before, where it was asked to be added.
    """

    day: date
    signals: int = 0
    detections: Compared = field(default_factory=Compared)
    stays: Compared = field(default_factory=Compared)
    by_rule: dict[str, Compared] = field(default_factory=dict)
    differences: list[dict[str, Any]] = field(default_factory=list)
    added: int = 0
    entered: int = 0

    @property
    def equal(self) -> bool:
        return self.detections.equal and self.stays.equal


def replay(*, day: date, now: datetime, apply: bool = False) -> Replayed:
    """Compare what the rules find now in the signals of `day` with what stands. Nothing is changed.

    With `apply` what is missing is added first, as found `now` and counted for its signal's own day; a customer who
    has left since waits again, until the next look at who recovered. What is extra stays. Landings wait meanwhile.
    Raises Conflict for a day whose signals are archived and gone.
    """
    refuse_gone(days=[day])
    with transaction.atomic(), connection.cursor() as cursor:
        # No landing that finds something can commit between the two looks.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [POOL_LOCK])
        added, entered = _add(cursor, _facts(day, now)) if apply else (0, 0)
        with _undone():
            replayed = _compare(cursor, _facts(day, now))
    replayed.added, replayed.entered = added, entered
    return replayed


def _facts(day: date, now: datetime) -> dict[str, Any]:
    mark = Watermark.objects.filter(name=PROMISES).first()
    newest = PoolEntry.objects.order_by("pk").values_list("pk", flat=True).last()
    return {
        "day": day,
        "now": now,
        "zone": get_current_timezone_name(),
        "by_time": [rule.pk for rule in DetectionRule.objects.all() if BY_TIME in rule.rule],
        "looked": mark.until if mark else now - LOOK_BACK,
        "newest": newest or 0,  # a stay that the replay itself makes is none
    }


@contextmanager
def _undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _compare(cursor: Any, facts: dict[str, Any]) -> Replayed:
    _find_again(cursor, facts)
    cursor.execute("SELECT count(*) FROM surveys_signal WHERE occurred_on = %(day)s", facts)
    replayed = Replayed(facts["day"], signals=cursor.fetchone()[0])
    cursor.execute(COUNTS, facts)
    replayed.by_rule = {code: Compared(*counts) for code, *counts in cursor.fetchall()}
    replayed.detections = Compared(
        sum(rule.same for rule in replayed.by_rule.values()),
        sum(rule.missing for rule in replayed.by_rule.values()),
        sum(rule.extra for rule in replayed.by_rule.values()),
    )
    cursor.execute(STAYS, facts)
    replayed.stays = Compared(*cursor.fetchone())
    cursor.execute(DIFFERENCES, facts)
    names = ("what", "rule", "signal_no", "customer")
    replayed.differences = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return replayed


def _find_again(cursor: Any, facts: dict[str, Any]) -> None:
    """Put the day's detections aside and detect anew; call where that is undone."""
    cursor.execute(TABLES)
    cursor.execute(KEEP, facts)
    cursor.execute(REMOVE, facts)
    _detect(facts)


def _detect(facts: dict[str, Any]) -> int:
    """Detect with all rules; returns how many stays that opened."""
    day, looked, now = facts["day"], facts["looked"], facts["now"]
    rules = rules_in_use()
    by_time = [rule for rule in rules if rule.pk in facts["by_time"]]
    others = [rule for rule in rules if rule.pk not in facts["by_time"]]
    found = detect(where="occurred_on = %s", params=[day], rules=others, now=now)
    broken = detect(
        where="occurred_on = %s AND NOT coalesce(promised_at > %s AND promised_at <= %s, false)",
        params=[day, looked, now],
        rules=by_time,
        now=now,
    )
    return found.pool_new + broken.pool_new


def _add(cursor: Any, facts: dict[str, Any]) -> tuple[int, int]:
    """Add what is missing: (detections, stays). A detection without its stay is taken back, and found once more."""
    with _undone():
        _find_again(cursor, facts)
        cursor.execute(STAYLESS, facts)
        stayless = [pk for (pk,) in cursor.fetchall()]
    cursor.execute(COUNT, facts)
    (before,) = cursor.fetchone()
    cursor.execute(TAKE_BACK, facts | {"stayless": stayless})
    entered = _detect(facts)
    cursor.execute(COUNT, facts)
    (after,) = cursor.fetchone()
    return after - before, entered
