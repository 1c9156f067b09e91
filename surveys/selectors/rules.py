"""Detection rules as people meet them: what a rule would find, what it found, and how right it was."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from loopcare.common.rules import FieldSet
from surveys.logic.metrics import Share, precision, proportion
from surveys.models import Detection, DetectionRule, RuleText, RuleVersion, ScanRule
from surveys.selectors.detection import DETECTION_FIELDS, condition
from surveys.selectors.pool import labels
from surveys.selectors.samples import OutOfTime, limited, share_to_read, tablesample

RECENT = timedelta(days=28)
LOOKED_AT_MOST = 50_000
READ_AT_MOST = 200_000
KNOWN_FOR = timedelta(days=90)
"""Whom another rule found within it is not news."""
ASKED_WITHIN = timedelta(days=60)
"""An answer later than this says little about the day a rule found its customer."""
PRECISION_OVER = timedelta(days=180)
ASKED_ABOUT_MOST = 5_000
"""Detections of one rule whose customers' answers are looked up; of more, a random part of the customers."""
DETECTIONS_SHOWN = 100

SAMPLE = """
WITH drawn AS MATERIALIZED (
    SELECT occurred_on, id FROM surveys_signal {tablesample} WHERE opens AND occurred_on BETWEEN %(first)s AND %(last)s
), looked AS MATERIALIZED (
    SELECT occurred_on, id FROM drawn ORDER BY hashint8(id) LIMIT %(most)s
), found AS MATERIALIZED (
    -- OFFSET 0: the rule is asked of the signals that were drawn, not of all that might be.
    SELECT customer_id FROM looked AS l CROSS JOIN LATERAL (
        SELECT * FROM surveys_sighting AS s WHERE s.occurred_on = l.occurred_on AND s.id = l.id OFFSET 0
    ) AS surveys_sighting WHERE {rule}
)
SELECT (SELECT count(*) FROM drawn), (SELECT count(*) FROM looked), (SELECT count(*) FROM found),
    (SELECT count(DISTINCT customer_id) FROM found),
    (SELECT count(DISTINCT customer_id) FROM found AS f WHERE NOT EXISTS (
        SELECT FROM surveys_detection AS d
        WHERE d.customer_id = f.customer_id AND d.day > %(known)s AND d.rule_id <> %(itself)s))
"""

FOUND = """
SELECT rule_id, count(*) FILTER (WHERE day > %(recent)s), count(*)
FROM surveys_detection WHERE day > %(earliest)s AND day <= %(today)s GROUP BY rule_id
"""

# Each customer whom a rule found, with the first rating they gave when asked later and before any care reached them.
ANSWERED = """
WITH rule AS (
    SELECT * FROM unnest(%(rules)s::bigint[], %(since)s::int[], %(parts)s::int[]) AS r(id, since, parts)
), found AS (
    SELECT d.rule_id, d.customer_id, d.day FROM surveys_detection AS d
    JOIN rule ON rule.id = d.rule_id AND d.rule_version >= rule.since
    WHERE d.day > %(earliest)s AND d.day < %(today)s
        AND (rule.parts = 1 OR hashint8(d.customer_id) %% rule.parts = 0)
), answered AS (
    SELECT DISTINCT ON (f.rule_id, f.customer_id) f.rule_id, a.perceived < a.adequate AS dissatisfied
    FROM found AS f CROSS JOIN LATERAL (
        SELECT s.occurred_on, s.perceived, s.adequate FROM surveys_signal AS s
        WHERE s.customer_id = f.customer_id AND s.opens AND s.kind = 'rating' AND s.perceived - s.adequate IS NOT NULL
            AND s.occurred_on > f.day AND s.occurred_on <= f.day + %(within)s AND s.occurred_on <= %(today)s
        ORDER BY s.occurred_on, s.id LIMIT 1
    ) AS a
    WHERE NOT EXISTS (
        SELECT FROM surveys_poolentry AS e JOIN surveys_poolevent AS v ON v.entry_id = e.id
        WHERE e.customer_id = f.customer_id AND v.to_status = 'in_care' AND v.at < a.occurred_on + 1
            AND (e.left_at IS NULL OR e.left_at >= f.day))
    ORDER BY f.rule_id, f.customer_id, a.occurred_on, f.day DESC
)
SELECT rule_id, count(*), count(*) FILTER (WHERE dissatisfied) FROM answered GROUP BY rule_id
"""

# Everybody who was asked and answered in the same days, once each, by their first answer.
EVERYBODY = """
SELECT count(*), count(*) FILTER (WHERE dissatisfied) FROM (
    SELECT DISTINCT ON (customer_id) perceived < adequate AS dissatisfied FROM surveys_signal {tablesample}
    WHERE opens AND kind = 'rating' AND perceived - adequate IS NOT NULL AND occurred_on BETWEEN %s AND %s
    ORDER BY customer_id, occurred_on, id
) AS answer
"""


@dataclass(frozen=True, slots=True)
class Sample:
    """What a rule finds among the opening signals of the last 28 days.

    `of` are all opening signals of these days, `looked` those that were looked at, `found` those of them that the rule
    finds; `customers` gave the found ones, and of these no other rule found `unfound` within 90 days. All None when
    the look took too long.
    """

    first: date
    last: date
    of: int | None = None
    looked: int | None = None
    found: int | None = None
    customers: int | None = None
    unfound: int | None = None

    @property
    def share(self) -> float | None:
        """Of the signals that were looked at; None of none."""
        return self.found / self.looked if self.looked and self.found is not None else None

    @property
    def whole(self) -> bool:
        return self.of == self.looked

    @property
    def found_in_all(self) -> int | None:
        """Scaled to all opening signals where only some were looked at, to three digits."""
        if self.whole or self.share is None or self.of is None:
            return self.found
        return _rounded(self.share * self.of)


@dataclass(frozen=True, slots=True)
class Record:
    """What a rule found in the last 28 days, and how right it was; None is not known."""

    found: int | None
    precision: Share


def reading_fields() -> FieldSet:
    """`DETECTION_FIELDS` with the names of codes, for reading a rule to people; not for parsing."""
    named = {name: labels(name) for name in ("source", "region", "causes")}
    fields = DETECTION_FIELDS.values()
    return FieldSet(*(replace(field, choices=named.get(field.name, field.choices)) for field in fields))


def sample(rule: str, *, today: date, itself: int = 0) -> Sample:
    """What a rule would have found lately; `itself` is the rule whose own detections are no news.

    At most 50,000 signals are looked at, drawn at random where there are more, for at most five seconds. Raises
    RuleError for what is no rule.
    """
    sql, params = condition(rule)
    first = today - RECENT + timedelta(days=1)
    percent = share_to_read(first, today, most=READ_AT_MOST)
    facts: dict[str, Any] = {
        "first": first,
        "last": today,
        "most": LOOKED_AT_MOST,
        "known": today - KNOWN_FOR,
        "itself": itself,
    }
    asked, values = _named(sql, params)
    try:
        with limited(), connection.cursor() as cursor:
            cursor.execute(SAMPLE.format(tablesample=tablesample(percent), rule=asked), facts | values)
            drawn, looked, found, customers, unfound = cursor.fetchone()
    except OutOfTime:
        return Sample(first, today)
    of = _rounded(drawn * 100 / percent) if percent < 100 else drawn
    return Sample(first, today, max(of, looked), looked, found, customers, unfound)


def records(rules: Sequence[DetectionRule], *, today: date) -> dict[int, Record]:
    """By rule id. Precision looks back 180 days; what takes too long is not known."""
    facts: dict[str, Any] = {"recent": today - RECENT, "earliest": today - PRECISION_OVER, "today": today}
    try:
        with limited(), connection.cursor() as cursor:
            cursor.execute(FOUND, facts)
            found = {rule: (recent, ever) for rule, recent, ever in cursor.fetchall()}
            since = _since(rules)
            facts |= {
                "rules": list(since),
                "since": list(since.values()),
                "parts": [1 + found.get(pk, (0, 0))[1] // ASKED_ABOUT_MOST for pk in since],
                "within": ASKED_WITHIN.days,
            }
            cursor.execute(ANSWERED, facts)
            answered = {rule: (confirmed, n) for rule, n, confirmed in cursor.fetchall()}
    except OutOfTime:
        return {rule.pk: Record(None, Share(None, None, None, 0)) for rule in rules}
    return {rule.pk: Record(found.get(rule.pk, (0, 0))[0], precision(*answered.get(rule.pk, (0, 0)))) for rule in rules}


def everybody(*, today: date) -> Share:
    """The share of dissatisfied among all who were asked and answered in the days that precision looks at."""
    first = today - PRECISION_OVER
    percent = share_to_read(first, today, most=READ_AT_MOST)
    try:
        with limited(), connection.cursor() as cursor:
            cursor.execute(EVERYBODY.format(tablesample=tablesample(percent)), [first, today])
            answered, dissatisfied = cursor.fetchone()
    except OutOfTime:
        return Share(None, None, None, 0)
    return proportion(dissatisfied, answered)


def versions_of(rule: DetectionRule | ScanRule) -> list[RuleText]:
    """The texts of a rule that were kept, the latest first; of one nobody changed, as it was shipped."""
    kept: list[RuleText] = list(rule.versions.select_related("saved_by").order_by("-version", "-id"))
    return kept or [rule.versions.model(version=rule.version, text=rule.rule, enabled=rule.enabled)]


def detections_of(customer_id: int) -> QuerySet[Detection]:
    """Which rules found a customer, and when; the latest first."""
    found = Detection.objects.filter(customer_id=customer_id).select_related("rule", "source")
    return found.order_by("-day", "-id")[:DETECTIONS_SHOWN]


def _named(sql: str, params: Sequence[Any]) -> tuple[str, dict[str, Any]]:
    """A condition whose holes have names, to stand in a statement where all holes have."""
    first, *others = sql.split("%s")
    named = first + "".join(f"%(rule_{place})s{text}" for place, text in enumerate(others))
    return f"({named})", {f"rule_{place}": value for place, value in enumerate(params)}


def _since(rules: Iterable[DetectionRule]) -> dict[int, int]:
    """By rule id: the version since which it has read as it does now. Switching it off and on changes no word."""
    texts = defaultdict[Any, dict[int, str]](dict)
    for version in RuleVersion.objects.filter(rule__in=rules):
        texts[version.rule_id][version.version] = version.text
    since = {}
    for rule in rules:
        first = rule.version
        while first > 1 and texts[rule.pk].get(first - 1) == rule.rule:
            first -= 1
        since[rule.pk] = first
    return since


def _rounded(value: float) -> int:
    """An estimate to three digits: more would claim too much."""
    whole = round(value)
    return round(whole, 3 - len(str(whole))) if whole >= 1000 else whole
