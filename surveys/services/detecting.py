"""Detection: rules find signals, what they find becomes detections, and detections open or deepen stays in the pool.

One way for what just landed, for promises that time broke, and for a day that is looked at again. Call inside a
transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils.timezone import localdate

from surveys.models import DetectionRule, Watermark
from surveys.selectors.detection import BY_TIME, VIEW, found_by, rules_in_use
from surveys.services.setup import ensure_rules

REPEAT_WINDOW = timedelta(days=90)
"""Dissatisfied again within it counts as a repeat."""
POOL_LOCK = 7_001
"""Whoever enters customers into the pool takes turns under this advisory lock, from the first look to the commit."""
PROMISES = "broken promises"
LOOK_EVERY = timedelta(minutes=1)
LOOK_BACK = timedelta(days=90)

STAGING = """
CREATE TEMPORARY TABLE IF NOT EXISTS intake_hit (
    rule_id bigint, customer_id bigint, occurred_on date, id bigint, day date, source_id bigint, channel text,
    brand text, region text, dimension text, raw text, perceived float8, adequate float8, desired float8,
    causes text[], comment text
) ON COMMIT DELETE ROWS;
DELETE FROM intake_hit;
"""

FIND = """
INSERT INTO intake_hit
SELECT found.rule_id, s.customer_id, s.occurred_on, s.id, coalesce(%s, s.occurred_on), s.source_id, s.channel, s.brand,
    s.region, s.dimension, s.raw, s.perceived, s.adequate, s.desired, s.causes, s.comment
FROM (
    SELECT surveys_sighting.*, {rules} AS rules FROM {sightings} WHERE opens AND {where} AND {anyone}
) AS s CROSS JOIN LATERAL unnest(s.rules) AS found(rule_id)
WHERE (SELECT true FROM surveys_detection AS d
    WHERE d.signal_on = s.occurred_on AND d.signal_no = s.id AND d.rule_id = found.rule_id LIMIT 1) IS NULL
"""

# A signal is one time of dissatisfaction, whatever the number of rules that found it; those of the last 90 days are
# counted, the new ones among them become detections.
# One entry per customer is made of the new signals and of the entry that is open already: raw answer, dimension and
# signal are the latest ones', the levels (and so the gap) the worst ones', causes are united, the latest comment stays.
# What a customer told outranks what was only suspected: it takes the entry over, and no later suspicion takes it back.
# Ranked once and grouped once: the planner cannot count the rows of sub-queries, and would join them row by row. What
# stands already is looked up customer by customer (LATERAL with a bound cannot be planned as a scan of it all), because
# how much stands must not matter to one call.
ENTER_POOL = """
WITH who AS MATERIALIZED (
    SELECT DISTINCT customer_id FROM intake_hit
), times AS (
    SELECT customer_id, occurred_on, id, min(day) AS day FROM (
        SELECT customer_id, occurred_on, id, day FROM intake_hit
        UNION ALL
        SELECT d.* FROM who CROSS JOIN LATERAL (
            SELECT customer_id, signal_on, signal_no, day FROM surveys_detection
            WHERE customer_id = who.customer_id AND day > %(earliest)s OFFSET 0) AS d
    ) AS each GROUP BY customer_id, occurred_on, id
), counted AS MATERIALIZED (
    SELECT occurred_on, id, count(*) OVER (
        PARTITION BY customer_id ORDER BY day RANGE BETWEEN %(reach)s::interval PRECEDING AND CURRENT ROW) AS repeats
    FROM times
), detected AS (
    INSERT INTO surveys_detection (rule_id, rule_version, customer_id, signal_on, signal_no, day, source_id, channel,
        brand, region, repeat_count, detected_at)
    SELECT h.rule_id, r.version, h.customer_id, h.occurred_on, h.id, h.day, h.source_id, h.channel, h.brand, h.region,
        c.repeats, %(now)s
    FROM intake_hit AS h JOIN surveys_detectionrule AS r ON r.id = h.rule_id
    JOIN counted AS c ON c.occurred_on = h.occurred_on AND c.id = h.id
    ORDER BY h.occurred_on, h.id, h.rule_id
    ON CONFLICT DO NOTHING
), each AS (
    SELECT DISTINCT ON (h.occurred_on, h.id) h.customer_id, h.occurred_on, h.id, h.rule_id, h.source_id,
        h.channel, h.brand, h.region, h.dimension, h.raw, h.perceived, h.adequate, h.desired, h.causes, h.comment,
        false AS standing, bool_or(r.kind = 'explicit') OVER (PARTITION BY h.occurred_on, h.id) AS explicit, 1 AS least
    FROM intake_hit AS h JOIN surveys_detectionrule AS r ON r.id = h.rule_id ORDER BY h.occurred_on, h.id, r.code
), every AS (
    SELECT * FROM each
    UNION ALL
    SELECT e.* FROM who CROSS JOIN LATERAL (
        SELECT customer_id, signal_on, signal_no, rule_id, source_id, channel, brand, region, dimension, raw,
            perceived, adequate, desired, causes, comment, true, kind = 'explicit', repeat_count
        FROM surveys_poolentry WHERE status <> 'left' AND customer_id = who.customer_id LIMIT 1) AS e
), ranked AS (
    SELECT *,
        row_number() OVER (PARTITION BY customer_id ORDER BY explicit DESC, standing, occurred_on, id) = 1 AS first,
        row_number() OVER (PARTITION BY customer_id ORDER BY explicit DESC, occurred_on DESC, id DESC) = 1 AS latest,
        row_number() OVER (PARTITION BY customer_id ORDER BY occurred_on DESC, id DESC) = 1 AS newest,
        row_number() OVER (PARTITION BY customer_id
            ORDER BY perceived - adequate NULLS LAST, occurred_on DESC, id DESC) = 1 AS worst
    FROM every
), one AS (
    SELECT customer_id, bool_or(explicit) AS explicit,
        max(rule_id) FILTER (WHERE first) AS rule_id, max(source_id) FILTER (WHERE first) AS source_id,
        max(channel) FILTER (WHERE first) AS channel, max(brand) FILTER (WHERE first) AS brand,
        max(region) FILTER (WHERE first) AS region,
        max(dimension) FILTER (WHERE latest) AS dimension, max(raw) FILTER (WHERE latest) AS raw,
        max(occurred_on) FILTER (WHERE latest) AS signal_on, max(id) FILTER (WHERE latest) AS signal_no,
        max(coalesce(repeats, least)) FILTER (WHERE newest) AS repeats,
        max(perceived) FILTER (WHERE worst) AS perceived, max(adequate) FILTER (WHERE worst) AS adequate,
        max(desired) FILTER (WHERE worst) AS desired,
        (array_agg(comment ORDER BY standing, occurred_on DESC, id DESC) FILTER (WHERE comment <> ''))[1] AS comment,
        string_to_array(string_agg(array_to_string(causes, ','), ',') FILTER (WHERE causes <> '{}'), ',') AS causes
    FROM ranked LEFT JOIN counted USING (occurred_on, id) GROUP BY customer_id
), entered AS (
    INSERT INTO surveys_poolentry AS e (customer_id, status, kind, rule_id, source_id, channel, brand, region,
        value_tier, activity_tier, dimension, raw, perceived, adequate, desired, repeat_count, causes, comment,
        signal_on, signal_no, entered_on, left_reason)
    SELECT c.id, 'waiting', CASE WHEN one.explicit THEN 'explicit' ELSE 'latent' END, one.rule_id, one.source_id,
        one.channel, one.brand, one.region, c.value_tier, c.activity_tier, one.dimension, one.raw, one.perceived,
        one.adequate, one.desired, one.repeats,
        CASE WHEN one.causes IS NULL THEN '{}' ELSE ARRAY(
            SELECT DISTINCT cause COLLATE "C" FROM unnest(one.causes) AS cause ORDER BY 1) END,
        coalesce(one.comment, ''), one.signal_on, one.signal_no, %(today)s, ''
    FROM one CROSS JOIN LATERAL (SELECT id, value_tier, activity_tier FROM customers_customer
        WHERE id = one.customer_id LIMIT 1) AS c
    ORDER BY c.id
    ON CONFLICT (customer_id) WHERE status <> 'left' DO UPDATE SET
        (rule_id, source_id, channel) = ROW(
            CASE WHEN e.kind = excluded.kind THEN e.rule_id ELSE excluded.rule_id END,
            CASE WHEN e.kind = excluded.kind THEN e.source_id ELSE excluded.source_id END,
            CASE WHEN e.kind = excluded.kind THEN e.channel ELSE excluded.channel END),
        kind = excluded.kind, dimension = excluded.dimension, raw = excluded.raw, perceived = excluded.perceived,
        adequate = excluded.adequate, desired = excluded.desired, repeat_count = excluded.repeat_count,
        causes = excluded.causes, comment = excluded.comment, signal_on = excluded.signal_on,
        signal_no = excluded.signal_no
    RETURNING e.id, xmax = 0 AS is_new
), noted AS (
    INSERT INTO surveys_poolevent (entry_id, from_status, to_status, reason, actor_id, at)
    SELECT id, '', 'waiting', '', %(actor)s, %(now)s FROM entered WHERE is_new ORDER BY id
)
SELECT count(*) FILTER (WHERE is_new) FROM entered
"""


@dataclass(frozen=True, slots=True)
class Detected:
    """Signals that were found for the first time, and the customers whom that brought into the pool."""

    signals: int = 0
    pool_new: int = 0


def detect(
    *,
    now: datetime,
    where: str = "true",
    params: Sequence[Any] = (),
    sightings: str = VIEW,
    rules: Sequence[DetectionRule] | None = None,
    day: date | None = None,
    actor_id: int | None = None,
    rehearsal: bool = False,
) -> Detected:
    """Look at sightings with all rules in use (or with `rules`), and enter what they find.

    `where` is an SQL condition on the view, whose place `sightings` may take. `day` is the day it counts for, where
    that is not the signal's own. What was found before is not found again. A `rehearsal`, which
    will be undone, takes no turn at the pool: it would keep it to its end.
    """
    rules = _rules() if rules is None else rules
    if not rules:
        return Detected()
    (array, array_params), (anyone, any_params) = found_by(rules)
    with connection.cursor() as cursor:
        cursor.execute(STAGING)
        find = FIND.format(rules=array, sightings=sightings, where=where, anyone=anyone)
        cursor.execute(find, [day, *array_params, *params, *any_params])
        if not cursor.rowcount:
            return Detected()
        if not rehearsal:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [POOL_LOCK])
        cursor.execute("ANALYZE intake_hit")
        return _enter(cursor, now, actor_id)


def _enter(cursor: Any, now: datetime, actor_id: int | None) -> Detected:
    """What was hit becomes detections, and these open or deepen stays in the pool."""
    cursor.execute("SELECT count(DISTINCT (occurred_on, id)), min(day) FROM intake_hit")
    signals, first = cursor.fetchone()
    facts = {
        "now": now,
        "today": localdate(now),
        "actor": actor_id,
        "earliest": first - REPEAT_WINDOW,
        "reach": f"{REPEAT_WINDOW.days - 1} days",
    }
    cursor.execute(ENTER_POOL, facts)
    (pool_new,) = cursor.fetchone()
    return Detected(signals, pool_new)


def _rules() -> list[DetectionRule]:
    """The rules in use; an installation that was never set up begins with the shipped ones."""
    found = rules_in_use()
    if not found and not DetectionRule.objects.exists():
        ensure_rules()
        found = rules_in_use()
    return found


@transaction.atomic
def detect_broken_promises(*, now: datetime) -> Detected:
    """Find what time alone brought about since the last look: promises that passed unkept. Once a minute is enough."""
    if Watermark.objects.filter(name=PROMISES, until__gt=now - LOOK_EVERY).exists():
        return Detected()
    mark, _created = Watermark.objects.select_for_update().get_or_create(
        name=PROMISES, defaults={"until": now - LOOK_BACK}
    )
    rules = [rule for rule in rules_in_use() if BY_TIME in rule.rule]
    if now < mark.until + LOOK_EVERY or not rules:
        return Detected()
    found = detect(
        where="promised_at > %s AND promised_at <= %s AND occurred_on > %s",
        params=[mark.until, now, localdate(now - LOOK_BACK)],
        rules=rules,
        day=localdate(now),
        now=now,
    )
    mark.until = now
    mark.save(update_fields=["until"])
    return found
