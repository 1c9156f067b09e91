"""Detections for tests of the watch, made directly: many days of many cells, without the files they would come from."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from typing import Any

from loopcare.customers.models import Customer
from surveys.models import Alarm, Detection, DetectionRule, Source
from tests.factories import NOW, make_customer, make_source

DAY = date(2026, 3, 2)
"""The day before NOW: the last closed one."""

_signal = itertools.count(1)


def somebody() -> Customer:
    return Customer.objects.first() or make_customer()


def make_rule(code: str = "low-rating") -> DetectionRule:
    return DetectionRule.objects.get_or_create(
        code=code, defaults={"name": "Low rating", "kind": "explicit", "rule": "gap < 0"}
    )[0]


def detect(day: date, n: int = 1, *, source: Source | str = "hotline", **fields: Any) -> list[Detection]:
    """`n` signals found on a day, all of one customer unless said otherwise."""
    source = make_source(source) if isinstance(source, str) else source
    defaults = {
        "rule": make_rule(),
        "rule_version": 1,
        "customer": fields.pop("customer", None) or somebody(),
        "day": day,
        "signal_on": day,
        "source": source,
        "channel": source.channel,
        "brand": "A",
        "region": "BJ",
        "repeat_count": 1,
        "detected_at": NOW,
    }
    return Detection.objects.bulk_create([Detection(signal_no=next(_signal), **defaults | fields) for _ in range(n)])


def usual_days(n: int = 10, *, until: date = DAY, days: int = 56, **fields: Any) -> None:
    """`n` a day, one more or less by turns, on the days before `until`."""
    for back in range(1, days + 1):
        detect(until - timedelta(days=back), n + back % 3 - 1, **fields)


def make_alarm(day: date = DAY, **fields: Any) -> Alarm:
    """An alarm of the hotline, brand A in Beijing: 41 instead of 13–35."""
    if "source" not in fields:
        fields |= {"source": make_source(), "brand": fields.get("brand", "A"), "region": fields.get("region", "BJ")}
    numbers = {"observed": 41, "expected": 23.5, "lower": 13, "upper": 35, "p_value": 2e-5, "phi": 1.1}
    return Alarm.objects.create(day=day, raised_at=NOW, **numbers | fields)
