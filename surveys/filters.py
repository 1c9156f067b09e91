"""What may be asked of lists, by page and API alike: an allow-list of names, `?` for what is unknown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.forms import DateInput, Select
from django.utils.choices import CallableChoiceIterator
from django.utils.translation import gettext_lazy as _
from django_filters import BooleanFilter, CharFilter, DateFilter, IsoDateTimeFilter, NumberFilter
from django_filters.constants import EMPTY_VALUES
from django_filters.filters import BaseInFilter
from django_filters.rest_framework import FilterSet

from loopcare.common.due_rows import DueStatus
from loopcare.common.rules import Join, Operator, Rule, Test, to_text
from loopcare.contact.enums import Purpose
from loopcare.customers.models import Customer
from surveys.enums import PoolStatus
from surveys.models import Cause, Import, Invitation, PoolEntry
from surveys.selectors import SEGMENT_FIELDS, UNKNOWN, labels

ALL = _("all")


class Choice(Select):
    """A select whose options are read once: asking whether it is required would read them again."""

    def use_required_attribute(self, initial: Any) -> bool:
        return False


def choose(options: Callable[[], Iterable[tuple[str, Any]]], *, unknown: bool = False, without: Any = ALL) -> Select:
    """A list to choose from, read only when a page draws it; `without` says what no choice means."""

    def offered() -> list[tuple[str, Any]]:
        return [("", without), *options(), *([(UNKNOWN, UNKNOWN)] if unknown else [])]

    return Choice(choices=CallableChoiceIterator(offered))


def among(axis: str, *, unknown: bool = False) -> Select:
    """The codes that a field of the pool can hold."""
    return choose(lambda: labels(axis).items(), unknown=unknown)


class CodeFilter(CharFilter):
    """One code; `?` finds the rows where it is not known."""

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        return qs.filter(**{self.field_name: ""}) if value == UNKNOWN else super().filter(qs, value)


class CodesFilter(BaseInFilter, CharFilter):
    """Any of several codes, with commas between them."""


class MissingFilter(BooleanFilter):
    """`true` finds the rows where a code is not known, `false` the others."""

    def filter(self, qs: QuerySet[Any], value: bool | None) -> QuerySet[Any]:
        if value is None:
            return qs
        missing = {self.field_name: ""}
        return qs.filter(**missing) if value else qs.exclude(**missing)


class CausesFilter(CharFilter):
    """Entries with this cause; `?` finds those without any."""

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        if value in EMPTY_VALUES:
            return qs
        return qs.filter(causes__len=0) if value == UNKNOWN else qs.filter(causes__contains=[value])


class AnyCauseFilter(CodesFilter):
    """Entries with at least one of these causes."""

    def filter(self, qs: QuerySet[Any], value: list[str] | None) -> QuerySet[Any]:
        return qs if not value else qs.filter(causes__overlap=value)


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


class CustomerFilter(FilterSet):
    brand = CodeFilter("brand")
    brand__in = CodesFilter("brand")
    brand__isnull = MissingFilter("brand")
    region = CharFilter("region_id")
    region__in = CodesFilter("region_id")
    region__isnull = BooleanFilter("region_id", "isnull")
    value_tier = CodeFilter("value_tier")
    value_tier__in = CodesFilter("value_tier")
    activity_tier = CodeFilter("activity_tier")
    activity_tier__in = CodesFilter("activity_tier")
    created_at__gte = IsoDateTimeFilter("created_at", "gte")
    created_at__lte = IsoDateTimeFilter("created_at", "lte")

    class Meta:
        model = Customer
        fields: list[str] = []


class CauseFilter(FilterSet):
    code = CharFilter("code")
    code__in = CodesFilter("code")

    class Meta:
        model = Cause
        fields: list[str] = []


class ImportFilter(FilterSet):
    status = CharFilter("status", label=_("Status"), widget=choose(lambda: DueStatus.choices))
    status__in = CodesFilter("status", label=_("Statuses"))
    source = CharFilter("source__code", label=_("Source"), widget=among("source"))
    created_at__gte = IsoDateTimeFilter("created_at", "gte", label=_("Uploaded since"))
    created_at__lte = IsoDateTimeFilter("created_at", "lte", label=_("Uploaded until"))

    class Meta:
        model = Import
        fields: list[str] = []


class InvitationFilter(FilterSet):
    questionnaire = CharFilter("questionnaire__code")
    purpose = CharFilter("purpose", widget=choose(lambda: Purpose.choices))
    purpose__in = CodesFilter("purpose")
    customer = NumberFilter("customer_id")
    answered = BooleanFilter("answer", "isnull", exclude=True)
    created_at__gte = IsoDateTimeFilter("created_at", "gte")
    created_at__lte = IsoDateTimeFilter("created_at", "lte")
    expires_at__gte = IsoDateTimeFilter("expires_at", "gte")
    expires_at__lte = IsoDateTimeFilter("expires_at", "lte")

    class Meta:
        model = Invitation
        fields: list[str] = []
