"""Filters of alarms and incidents, by page and API alike, and of the daily counts behind the board."""

from __future__ import annotations

from django.forms import DateInput
from django.utils.translation import gettext_lazy as _
from django_filters import DateFilter, IsoDateTimeFilter, NumberFilter
from django_filters.rest_framework import FilterSet

from surveys.enums import AlarmStatus, IncidentStatus
from surveys.filters.base import CodeFilter, CodesFilter, MissingFilter, among, choose
from surveys.models import Alarm, DailyCount, Incident


class AlarmFilter(FilterSet):
    """`?` finds the cells whose code is not known; cells that mean all have no code and are found without a filter."""

    status = CodeFilter("status", label=_("Status"), widget=choose(lambda: AlarmStatus.choices))
    status__in = CodesFilter("status", label=_("Statuses"))
    day = DateFilter("day", label=_("Day"))
    day__gte = DateFilter("day", "gte", label=_("Since"), widget=DateInput(attrs={"type": "date"}))
    day__lte = DateFilter("day", "lte", label=_("Until"), widget=DateInput(attrs={"type": "date"}))
    source = CodeFilter("source__code", label=_("Source"), widget=among("source"))
    source__in = CodesFilter("source__code", label=_("Sources"))
    brand = CodeFilter("brand", label=_("Brand"), widget=among("brand", unknown=True))
    region = CodeFilter("region", label=_("Region"), widget=among("region", unknown=True))
    channel = CodeFilter("channel", label=_("Channel"), widget=among("channel"))
    incident = NumberFilter("incident_id", label=_("Incident"))

    class Meta:
        model = Alarm
        fields: list[str] = []


class IncidentFilter(FilterSet):
    status = CodeFilter(
        "status", label=_("Status"), widget=choose(lambda: IncidentStatus.choices, without=_("not closed"))
    )
    status__in = CodesFilter("status", label=_("Statuses"))
    owner = NumberFilter("owner_id", label=_("Owner"))
    opened_at__gte = IsoDateTimeFilter("opened_at", "gte", label=_("Opened since"))
    opened_at__lte = IsoDateTimeFilter("opened_at", "lte", label=_("Opened until"))

    class Meta:
        model = Incident
        fields: list[str] = []


class DailyCountFilter(FilterSet):
    """The filters of the pool that a daily count knows too, under the same names."""

    source = CodeFilter("source__code")
    source__in = CodesFilter("source__code")
    brand = CodeFilter("brand")
    brand__in = CodesFilter("brand")
    brand__isnull = MissingFilter("brand")
    region = CodeFilter("region")
    region__in = CodesFilter("region")
    region__isnull = MissingFilter("region")
    channel = CodeFilter("channel")
    channel__in = CodesFilter("channel")

    class Meta:
        model = DailyCount
        fields: list[str] = []
