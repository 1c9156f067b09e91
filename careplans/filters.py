"""What may be filtered, once for pages and API."""

from __future__ import annotations

import django_filters as filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from careplans.enums import Arm, CampaignStatus, CaseStatus
from careplans.models import Assignment, Campaign, Case, PreviewMember
from loopcare.staff.models import Team


class InList(filters.BaseInFilter, filters.ChoiceFilter):
    """Several choices, separated by commas."""


def _teams(request: object) -> QuerySet[Team]:
    user = getattr(request, "user", None)
    return Team.objects.visible_to(user) if user is not None and user.is_authenticated else Team.objects.none()


class CampaignFilter(filters.FilterSet):
    name = filters.CharFilter(lookup_expr="icontains", label=_("Name"))
    status = filters.ChoiceFilter(choices=CampaignStatus.choices, label=_("Status"), empty_label=_("any"))
    status__in = InList(field_name="status", choices=CampaignStatus.choices)
    team = filters.ModelChoiceFilter(queryset=_teams, label=_("Team"), empty_label=_("any"))

    class Meta:
        model = Campaign
        fields: list[str] = []


class AssignmentFilter(filters.FilterSet):
    campaign = filters.NumberFilter(field_name="campaign_id")
    arm = filters.ChoiceFilter(choices=Arm.choices, label=_("Arm"), empty_label=_("any"))

    class Meta:
        model = Assignment
        fields: list[str] = []


class MemberFilter(filters.FilterSet):
    """The same question to a list that is frozen but not launched."""

    arm = filters.ChoiceFilter(choices=Arm.choices, label=_("Arm"), empty_label=_("any"))

    class Meta:
        model = PreviewMember
        fields: list[str] = []


class CaseFilter(filters.FilterSet):
    campaign = filters.NumberFilter(field_name="campaign_id")
    status = filters.ChoiceFilter(choices=CaseStatus.choices)
    status__in = InList(field_name="status", choices=CaseStatus.choices)
    due_at__gte = filters.IsoDateTimeFilter(field_name="due_at", lookup_expr="gte")
    due_at__lte = filters.IsoDateTimeFilter(field_name="due_at", lookup_expr="lte")
    booked_at__isnull = filters.BooleanFilter(field_name="booked_at", lookup_expr="isnull")

    class Meta:
        model = Case
        fields: list[str] = []
