"""All customers' tiers in one statement, against the bare UPDATE that sets the column of as many rows.

TIERS_CUSTOMERS sets how many; 100,000 by default.
"""

from __future__ import annotations

import os
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils.timezone import localdate

from loopcare.common import clock
from loopcare.staff.enums import Role
from surveys.logic.tiers import Kind
from surveys.selectors.tiers import spread
from surveys.services.months import make_months
from surveys.services.tiers import decide_tier_rule, make_tiers, retier
from tests.factories import make_source, make_user

pytestmark = pytest.mark.bench

CUSTOMERS = int(os.environ.get("TIERS_CUSTOMERS", "100000"))
SIGNALS = 3  # a customer

FILL = """
INSERT INTO customers_customer (reference, brand, language, value_tier, activity_tier, attributes, created_at)
SELECT 'B' || n, '', '', '', '', jsonb_build_object('plan', 'plus', 'arpu', n::bigint * 7919 %% 1000 / 4.0), now()
FROM generate_series(1, %s) AS n
"""
HEARD = """
INSERT INTO surveys_signal (occurred_on, source_id, external_id, dimension, customer_id, kind, channel, raw,
    adequate_from, opens, topic, causes, comment, received_at)
SELECT %s::date - (c.id * (13 + k) %% 60)::int, %s, c.id || '-' || k, 'contact', c.id, 'contact', '', '', '', false, '',
    '{}', '', now()
FROM customers_customer AS c CROSS JOIN generate_series(1, %s) AS k ON CONFLICT DO NOTHING
"""
# As many rows as the rule moves, found by their key, one column set: what no way of telling tiers can save.
FLOOR = "UPDATE customers_customer SET value_tier = 'core'"


def timed(statement: str, *facts: Any) -> float:
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(statement, facts or None)
    return time.perf_counter() - began


def telling(kind: Kind) -> tuple[float, int]:
    began = time.perf_counter()
    (done,) = [one for one in retier(now=clock.now()) if one.kind == kind]
    return time.perf_counter() - began, sum(done.moves.values())


@pytest.mark.django_db(transaction=True)
def test_tiers_of_all_customers() -> None:
    now = clock.now()
    timed(FILL, CUSTOMERS)
    timed("VACUUM ANALYZE customers_customer")
    floor = timed(FLOOR)
    timed("UPDATE customers_customer SET value_tier = ''")
    timed("VACUUM FULL customers_customer")
    timed("ANALYZE customers_customer")
    user = make_user(Role.SUPERVISOR)
    decide_tier_rule(kind="value", measure="attribute:arpu", cuts=[200, 125, 50], by=user, now=now)
    decide_tier_rule(kind="activity", measure="told", cuts=[], by=user, now=now)
    print(f"\nTiers of {CUSTOMERS:,} customers, one statement; bare UPDATE of as many rows {floor:.2f} s")
    for title in ("everybody moves", "nobody moves"):
        seconds, moved = telling("value")
        print(f"  by attribute, {title:<16}{seconds:>7.2f} s   {seconds / floor:.2f} × UPDATE   {moved:,} moved")
    timed("UPDATE customers_customer SET attributes = attributes || '{\"arpu\": 130}' WHERE id % 100 = 0")
    seconds, moved = telling("value")
    print(
        f"  by attribute, {'one in 100 moves':<16}{seconds:>7.2f} s   {seconds / floor:.2f} × UPDATE   {moved:,} moved"
    )
    _by_signals(floor)
    began = time.perf_counter()
    make_tiers(now=now)
    print(f"  counts by tier and moves {time.perf_counter() - began:>10.2f} s")
    _spread("value", "attribute:arpu")
    _spread("activity", "days_since_contact")


def _by_signals(floor: float) -> None:
    today, now = localdate(clock.now()), clock.now()
    make_months(days=[today - timedelta(days=ago) for ago in (0, 30, 60)])
    timed(HEARD, today, make_source().pk, SIGNALS)
    timed("VACUUM ANALYZE surveys_signal")
    user = make_user(Role.SUPERVISOR)
    for measure, cuts in (("days_since_contact", [-10, -20, -30]), ("days_heard_90d", [3, 2, 1])):
        decide_tier_rule(kind="activity", measure=measure, cuts=cuts, by=user, now=now)
        seconds, moved = telling("activity")
        print(f"  by {measure:<26}{seconds:>7.2f} s   {seconds / floor:.2f} × UPDATE   {moved:,} moved")


def _spread(kind: Kind, measure: str) -> None:
    began = time.perf_counter()
    found = spread(kind, measure, [3, 2, 1], today=localdate(clock.now()))
    seconds = time.perf_counter() - began
    assert found is not None
    print(f"  histogram of {measure:<20}{1000 * seconds:>7.0f} ms, {found.n:,} looked at")
