"""Filters of customers, causes, imports and invitations, by page and API alike."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django_filters import BooleanFilter, CharFilter, IsoDateTimeFilter, NumberFilter
from django_filters.rest_framework import FilterSet

from loopcare.common.due_rows import DueStatus
from loopcare.contact.enums import Purpose
from loopcare.customers.models import Customer
from surveys.filters.base import CodeFilter, CodesFilter, MissingFilter, among, choose
from surveys.models import Cause, Import, Invitation


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
