"""What detection rules may ask of a sighting, and how they are made into SQL."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from loopcare.common.rules import Field, FieldSet, parse, to_q
from loopcare.customers.enums import ActivityTier, ValueTier
from surveys.enums import SignalKind, SourceChannel
from surveys.models import DetectionRule, Sighting

DETECTION_FIELDS = FieldSet(
    Field("kind", "text", _("kind of signal"), choices=dict(SignalKind.choices)),
    Field("source", "text", _("source"), path="source_code"),
    Field("channel", "text", _("channel"), choices=dict(SourceChannel.choices)),
    Field("dimension", "text", _("dimension")),
    Field("topic", "text", _("topic")),
    Field("rating", "number", _("rating as answered")),
    Field("perceived", "number", _("perceived level")),
    Field("adequate", "number", _("adequate level")),
    Field("gap", "number", _("gap to the adequate level")),
    Field("causes", "codes", _("causes")),
    Field("has_comment", "boolean", _("has a comment")),
    Field("disputed", "boolean", _("disputed")),
    Field("transfers", "number", _("transfers")),
    Field("promise_overdue", "boolean", _("promise not kept in time")),
    Field("contacts_7d", "number", _("contacts in 7 days")),
    Field("contacts_30d", "number", _("contacts in 30 days")),
    Field("topic_contacts_30d", "number", _("contacts on this topic in 30 days")),
    Field("channels_1d", "number", _("channels used within a day")),
    Field("brand", "text", _("brand")),
    Field("region", "text", _("region")),
    Field("value_tier", "text", _("value tier"), choices=dict(ValueTier.choices)),
    Field("activity_tier", "text", _("activity tier"), choices=dict(ActivityTier.choices)),
)
BY_TIME = "promise_overdue"
"""The field that changes without a new signal, by the passing of time alone."""

VIEW = "surveys_sighting"
# The view's own text, for looking at signals that a landing has in hand: reading them back would cost as much again.
SIGHTINGS = """(
SELECT s.occurred_on, s.id, s.source_id, s.customer_id,
    (SELECT o.code FROM surveys_source AS o WHERE o.id = s.source_id) AS source_code, s.kind, s.channel, s.dimension,
    s.topic, s.raw,
    CASE WHEN s.raw ~ '^-?[0-9]+(\\.[0-9]+)?$' THEN s.raw::float8 END AS rating,
    s.perceived, s.adequate, s.desired, s.perceived - s.adequate AS gap, s.opens, s.causes, s.comment,
    s.comment <> '' AS has_comment, s.promised_at, s.closed_at, s.received_at, s.transfers, s.disputed,
    CASE WHEN s.promised_at IS NOT NULL THEN s.promised_at < coalesce(s.closed_at, loopcare_now()) END
        AS promise_overdue,
    (SELECT count(*) FROM surveys_signal AS e WHERE e.customer_id = s.customer_id AND e.opens
        AND e.kind IN ('contact', 'ticket', 'complaint')
        AND e.occurred_on > s.occurred_on - 7 AND e.occurred_on <= s.occurred_on) AS contacts_7d,
    (SELECT count(*) FROM surveys_signal AS e WHERE e.customer_id = s.customer_id AND e.opens
        AND e.kind IN ('contact', 'ticket', 'complaint')
        AND e.occurred_on > s.occurred_on - 30 AND e.occurred_on <= s.occurred_on) AS contacts_30d,
    (SELECT count(*) FROM surveys_signal AS e WHERE e.customer_id = s.customer_id AND e.opens
        AND e.kind IN ('contact', 'ticket', 'complaint') AND e.topic = s.topic AND e.topic <> ''
        AND e.occurred_on > s.occurred_on - 30 AND e.occurred_on <= s.occurred_on) AS topic_contacts_30d,
    (SELECT count(DISTINCT e.channel) FROM surveys_signal AS e WHERE e.customer_id = s.customer_id AND e.opens
        AND e.kind IN ('contact', 'ticket', 'complaint') AND e.channel <> ''
        AND e.occurred_on > s.occurred_on - 2 AND e.occurred_on <= s.occurred_on
        AND (e.occurred_at IS NULL OR s.occurred_at IS NULL
            OR e.occurred_at BETWEEN s.occurred_at - interval '1 day' AND s.occurred_at)) AS channels_1d,
    (SELECT c.brand FROM customers_customer AS c WHERE c.id = s.customer_id) AS brand,
    (SELECT coalesce(c.region, '') FROM customers_customer AS c WHERE c.id = s.customer_id) AS region,
    (SELECT c.value_tier FROM customers_customer AS c WHERE c.id = s.customer_id) AS value_tier,
    (SELECT c.activity_tier FROM customers_customer AS c WHERE c.id = s.customer_id) AS activity_tier
FROM {signals} AS s) AS surveys_sighting"""

Found = tuple[str, list[Any]]


def rules_in_use() -> list[DetectionRule]:
    """The rules that detect now, by code."""
    return list(DetectionRule.objects.filter(enabled=True).order_by("code"))


def seen_by(rule: str) -> QuerySet[Sighting]:
    """The opening signals that a rule finds, of all time. Raises RuleError for what is no rule."""
    return Sighting.objects.filter(to_q(parse(rule, DETECTION_FIELDS), DETECTION_FIELDS), opens=True)


@lru_cache(maxsize=256)
def condition(rule: str) -> tuple[str, tuple[Any, ...]]:
    """A rule as an SQL condition on `surveys_sighting`, compiled once. Raises RuleError for what is no rule."""
    query = Sighting.objects.filter(to_q(parse(rule, DETECTION_FIELDS), DETECTION_FIELDS)).query
    sql, params = query.get_compiler(connection=connection).compile(query.where)
    return sql, tuple(params)


def found_by(rules: Iterable[DetectionRule]) -> tuple[Found, Found]:
    """(an array of the ids of the rules that find a sighting, whether any of them does), as SQL with parameters."""
    compiled = [(rule.pk, *condition(rule.rule)) for rule in rules]
    cases = ", ".join(f"CASE WHEN {sql} THEN {int(pk)}::bigint END" for pk, sql, _params in compiled)
    anyone = " OR ".join(f"({sql})" for _pk, sql, _params in compiled)
    params = [value for _pk, _sql, values in compiled for value in values]
    return (f"array_remove(ARRAY[{cases}], NULL)", params), (f"({anyone})", params)
