"""Filters of the pool, and the rule that says what they say."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.forms import DateInput
from django.utils.translation import gettext_lazy as _
from django_filters import DateFilter, NumberFilter
from django_filters.rest_framework import FilterSet

from loopcare.common.rules import Join, Operator, Rule, Test, to_text
from surveys.enums import PoolStatus
from surveys.filters.base import AnyCauseFilter, CausesFilter, CodeFilter, CodesFilter, MissingFilter, among, choose
from surveys.models import PoolEntry
from surveys.selectors import SEGMENT_FIELDS, UNKNOWN


class PoolEntryFilter(FilterSet):
    """Filters of the pool. Those that a rule knows too bear the rule's field names, so that `as_rule` can read them."""

    source = CodeFilter("source__code", label=_("Source"), widget=among("source"))
    source__in = CodesFilter("source__code", label=_("Sources"))
    brand = CodeFilter("brand", label=_("Brand"), widget=among("brand", unknown=True))
    brand__in = CodesFilter("brand", label=_("Brands"))
    brand__isnull = MissingFilter("brand", label=_("Brand unknown"))
    region = CodeFilter("region", label=_("Region"), widget=among("region", unknown=True))
    region__in = CodesFilter("region", label=_("Regions"))
    region__isnull = MissingFilter("region", label=_("Region unknown"))
    channel = CodeFilter("channel", label=_("Channel"), widget=among("channel"))
    channel__in = CodesFilter("channel", label=_("Channels"))
    causes = CausesFilter("causes", label=_("Cause"), widget=among("causes", unknown=True))
    causes__in = AnyCauseFilter("causes", label=_("Causes"))
    kind = CodeFilter("kind", label=_("Kind"), widget=among("kind"))
    dimension = CodeFilter("dimension", label=_("Dimension"))
    value_tier = CodeFilter("value_tier", label=_("Value tier"), widget=among("value_tier", unknown=True))
    value_tier__in = CodesFilter("value_tier", label=_("Value tiers"))
    activity_tier = CodeFilter("activity_tier", label=_("Activity tier"), widget=among("activity_tier", unknown=True))
    activity_tier__in = CodesFilter("activity_tier", label=_("Activity tiers"))
    gap__gte = NumberFilter("gap", "gte", label=_("Gap at least"))
    gap__lte = NumberFilter("gap", "lte", label=_("Gap at most"))
    repeat_count__gte = NumberFilter("repeat_count", "gte", label=_("Times at least"))
    repeat_count__lte = NumberFilter("repeat_count", "lte", label=_("Times at most"))
    entered_on = DateFilter("entered_on", label=_("Entered on"))
    entered_on__gte = DateFilter(
        "entered_on", "gte", label=_("Entered since"), widget=DateInput(attrs={"type": "date"})
    )
    entered_on__lte = DateFilter("entered_on", "lte", label=_("Entered until"))
    signal_on__gte = DateFilter("signal_on", "gte", label=_("Signal since"))
    signal_on__lte = DateFilter("signal_on", "lte", label=_("Signal until"))
    status = CodeFilter(
        "status", label=_("Status"), widget=choose(lambda: PoolStatus.choices, without=_("in the pool"))
    )
    status__in = CodesFilter("status", label=_("Statuses"))
    customer = NumberFilter("customer_id", label=_("Customer"))

    class Meta:
        model = PoolEntry
        fields: list[str] = []


_OPERATORS = {"": Operator.EQUAL, "gte": Operator.AT_LEAST, "lte": Operator.AT_MOST, "in": Operator.IN}
_CAUSE_OPERATORS = {"": Operator.HAS, "in": Operator.HAS_ANY}


def as_rule(cleaned: dict[str, Any]) -> str:
    """The rule that says what the filled filters of the pool say; empty where a rule can say none of it."""
    tests = [
        test
        for name, value in cleaned.items()
        if value not in (None, "", []) and (test := _test(name, value)) is not None
    ]
    if not tests:
        return ""
    rule: Rule = tests[0] if len(tests) == 1 else Join("and", tuple(tests))
    return to_text(rule)


def _test(name: str, value: Any) -> Test | None:
    field, _separator, suffix = name.partition("__")
    if field not in SEGMENT_FIELDS:
        return None
    if suffix == "isnull":
        return Test(field, Operator.MISSING if value else Operator.KNOWN)
    if value == UNKNOWN:
        return Test(field, Operator.MISSING)
    operators = _CAUSE_OPERATORS if field == "causes" else _OPERATORS
    values = tuple(value) if isinstance(value, list) else (_plain(value),)
    return Test(field, operators[suffix], values)


def _plain(value: Any) -> Any:
    """Whole numbers are written without a point, as a rule writes them."""
    return int(value) if isinstance(value, Decimal) and value == int(value) else value
